//! Splits HTML into tags and text as browsers do, as far as facts need it.
//!
//! Knows which elements hold no markup; builds no tree.

use crate::read::markup::decode_references;

/// A piece of a page.
#[derive(Debug, PartialEq)]
pub enum Piece<'a> {
    Doctype(&'a str),
    Open(Tag),
    /// An end tag's name in lower case.
    Close(String),
    Text(&'a str),
    /// Comments and instructions.
    Other,
}

/// A start tag.
#[derive(Debug, PartialEq)]
pub struct Tag {
    /// In lower case.
    pub name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    /// An attribute's value; names are in lower case.
    pub fn attribute(&self, name: &str) -> Option<String> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim().to_owned())
    }
}

/// The pieces of a page, in order.
pub struct Pieces<'a> {
    rest: &'a str,
    /// The element whose text goes on until its end tag, whatever it looks like.
    raw: Option<&'static str>,
    titles: usize,
}

const RAW: [&str; 5] = ["script", "style", "title", "textarea", "xmp"];

impl<'a> Pieces<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { rest: text, raw: None, titles: 0 }
    }

    /// Everything before `at`, which is left as the rest.
    fn until(&mut self, at: usize) -> &'a str {
        let (before, rest) = self.rest.split_at_checked(at).unwrap_or((self.rest, ""));
        self.rest = rest;
        before
    }

    /// Everything before `end`, which is skipped; all there is when there is no end.
    fn through(&mut self, end: &str) -> &'a str {
        let (before, rest) = self.rest.split_once(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        before
    }

    fn markup(&mut self, after: &'a str) -> Piece<'a> {
        if after.starts_with("!--") {
            self.rest = after.get(3..).unwrap_or_default();
            self.through("-->");
            return Piece::Other;
        }
        self.rest = after;
        match after.as_bytes().first() {
            Some(b'!') => {
                let inside = self.through(">");
                let mut words = inside.split_ascii_whitespace();
                match words.next() {
                    Some(word) if word.eq_ignore_ascii_case("!doctype") => {
                        Piece::Doctype(words.next().unwrap_or_default())
                    }
                    _ => Piece::Other,
                }
            }
            Some(b'?') => {
                self.through(">");
                Piece::Other
            }
            Some(b'/') => {
                let name = self.through(">").trim_start_matches('/');
                let name = name.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
                Piece::Close(local(name))
            }
            _ => self.open(),
        }
    }

    fn open(&mut self) -> Piece<'a> {
        /// No honest tag has more; the rest of them cost time only.
        const MOST: usize = 64;
        let end =
            self.rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).unwrap_or(self.rest.len());
        let name = local(self.until(end));
        let mut attributes = Vec::new();
        loop {
            let blank = self.rest.find(|c: char| !c.is_whitespace() && c != '/').unwrap_or(self.rest.len());
            self.until(blank);
            match self.rest.as_bytes().first() {
                None => break,
                Some(b'>') => {
                    self.until(1);
                    break;
                }
                Some(_) => {
                    let (name, value) = self.attribute();
                    if attributes.len() < MOST && !name.is_empty() {
                        attributes.push((name.to_ascii_lowercase(), decode_references(value).into_owned()));
                    }
                }
            }
        }
        self.titles += usize::from(name == "title");
        // A title without an end costs a look through the page, so there may not be many.
        self.raw = RAW.into_iter().find(|raw| *raw == name && (name != "title" || self.titles <= 8));
        Piece::Open(Tag { name, attributes })
    }

    fn attribute(&mut self) -> (&'a str, &'a str) {
        let stops = |c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/');
        // A name may begin with `=`, which is then no sign.
        let first = self.rest.chars().next().map_or(0, char::len_utf8);
        let length = self.rest.get(first..).and_then(|rest| rest.find(stops));
        let name = self.until(length.map_or(self.rest.len(), |length| first + length));
        let after = self.rest.trim_start();
        let Some(value) = after.strip_prefix('=') else { return (name, "") };
        self.rest = value.trim_start();
        match self.rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                self.until(1);
                (name, self.through(quote.encode_utf8(&mut [0; 4])))
            }
            _ => {
                let length =
                    self.rest.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(self.rest.len());
                (name, self.until(length))
            }
        }
    }

    /// The text of an element that holds no markup. Without an end tag everything belongs to it, but a title that is
    /// never closed ends with its line.
    fn raw_text(&mut self, name: &str) -> Piece<'a> {
        let mut from = 0;
        while let Some(at) = self.rest.get(from..).and_then(|rest| rest.find("</")).map(|at| from + at) {
            let found = self.rest.get(at + 2..).and_then(|rest| rest.get(..name.len()));
            if found.is_some_and(|found| found.eq_ignore_ascii_case(name)) {
                return Piece::Text(self.until(at));
            }
            from = at + 2;
        }
        let end = if name == "title" { self.rest.find('\n') } else { None };
        Piece::Text(self.until(end.unwrap_or(self.rest.len())))
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if let Some(name) = self.raw.take() {
            return Some(self.raw_text(name));
        }
        if self.rest.is_empty() {
            return None;
        }
        let opens = |after: &str| {
            after.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
        };
        if let Some(after) = self.rest.strip_prefix('<').filter(|after| opens(after)) {
            return Some(self.markup(after));
        }
        // A bracket that opens no tag is text.
        let first = self.rest.chars().next().map_or(0, char::len_utf8);
        let length = self.rest.get(first..).and_then(|rest| rest.find('<'));
        Some(Piece::Text(self.until(length.map_or(self.rest.len(), |length| first + length))))
    }
}

/// A name in lower case and without a prefix, which XHTML in odd dress has.
fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(html: &str, want: &[&str]) {
        let shown = Pieces::new(html).map(|piece| match piece {
            Piece::Doctype(name) => format!("!{name}"),
            Piece::Open(tag) => tag
                .attributes
                .iter()
                .fold(format!("<{}", tag.name), |shown, (name, value)| format!("{shown} {name}={value}")),
            Piece::Close(name) => format!("/{name}"),
            Piece::Text(text) => text.to_owned(),
            Piece::Other => "?".to_owned(),
        });
        assert_eq!(shown.collect::<Vec<_>>(), want);
    }

    #[test]
    fn tags_are_told_from_text() {
        check("a < b <B>c</B >", &["a ", "< b ", "<b", "c", "/b"]);
        check("<!DOCTYPE html><!-- <p> --><?xml ?>", &["!html", "?", "?"]);
        check("<p", &["<p"]);
        check("</", &["/"]);
    }

    #[test]
    fn attributes_are_read_in_every_dress() {
        check("<meta name=a CONTENT='x > y' b=\"&amp;\" c/>", &["<meta name=a content=x > y b=& c="]);
        check("<a =b href = c>", &["<a =b= href=c"]);
    }

    #[test]
    fn scripts_hold_no_tags() {
        check("<script>if (a</b) '<p>'</SCRIPT>x", &["<script", "if (a</b) '<p>'", "/script", "x"]);
        check("<title>A\n<p>b", &["<title", "A", "\n", "<p", "b"]);
    }

    proptest! {
        #[test]
        fn every_page_comes_to_an_end(html in "(<[a-z!/?=-]{0,4}|[a-z= '\"\u{e9}]|>|</title|<script>){0,80}") {
            prop_assert!(Pieces::new(&html).count() <= 2 * html.len() + 1);
        }
    }
}
