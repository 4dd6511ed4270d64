//! Reads HTML and XHTML pages: their title, what their `meta` elements say, their words.
//!
//! Follows no link and runs no script. Text with a few angle brackets is not a page.

mod tags;

use super::language::bcp47;
use super::properties::{Properties, fill};
use super::prose::Prose;
use super::txt::encoding::{self, Encoding};
use super::{Found, Head, Limits, ReadError, Source};
use std::io::Read;
use tags::{Piece, Pieces, Tag};

const FORMAT: &str = "html";

/// A file whose first element is one that begins a page.
#[must_use]
pub fn sniff(head: &Head) -> bool {
    if !head.opens_with_tag() {
        return false;
    }
    let text = encoding_of(&head.bytes).decoder().decode(&head.bytes);
    let mut elements = 0;
    let mut ends = 0;
    for piece in Pieces::new(&text) {
        match piece {
            Piece::Doctype(name) => return name.eq_ignore_ascii_case("html"),
            Piece::Open(tag) if elements == 0 => match tag.name.as_str() {
                "html" => return true,
                name if !BEGINNINGS.contains(&name) => return false,
                _ => elements += 1,
            },
            Piece::Text(text) if elements == 0 && !text.trim_start_matches('\u{feff}').trim().is_empty() => {
                return false;
            }
            Piece::Open(tag) => elements += usize::from(KNOWN.contains(&tag.name.as_str())),
            Piece::Close(name) => ends += usize::from(KNOWN.contains(&name.as_str())),
            Piece::Text(_) | Piece::Other => {}
        }
        // A page without its outermost element shows by several others.
        if elements >= 3 && ends >= 2 {
            // Markdown may begin with elements, and goes on as what it is.
            return !super::markdown::is_marked_up(&text);
        }
    }
    false
}

/// Elements that a page without `html` begins with.
const BEGINNINGS: &[&str] = &[
    "head", "body", "title", "meta", "link", "style", "script", "base", "h1", "h2", "center", "table", "div",
    "p", "font", "frameset", "main", "article", "header",
];

const KNOWN: &[&str] = &[
    "head",
    "body",
    "title",
    "meta",
    "link",
    "style",
    "script",
    "h1",
    "h2",
    "h3",
    "h4",
    "p",
    "div",
    "span",
    "table",
    "tr",
    "td",
    "th",
    "ul",
    "ol",
    "li",
    "a",
    "b",
    "i",
    "em",
    "strong",
    "br",
    "hr",
    "img",
    "center",
    "font",
    "pre",
    "blockquote",
    "main",
    "article",
    "header",
    "section",
    "nav",
    "footer",
];

/// Reads a page's facts.
///
/// # Errors
/// When the source cannot be read.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let mut found = Found::new(FORMAT);
    source.rewind()?;
    let mut bytes = Vec::new();
    source.take(limits.entry_bytes + 1).read_to_end(&mut bytes)?;
    let cut = bytes.len() as u64 > limits.entry_bytes;
    let encoding = encoding_of(&bytes);
    found.facts.insert("encoding".to_owned(), encoding.name().into());
    let mut decoder = encoding.decoder();
    let mut text = decoder.decode(&bytes);
    text.push_str(&decoder.finish());
    drop(bytes);
    let mut page = Page::default();
    for piece in Pieces::new(&text) {
        page.take(piece);
    }
    if cut {
        found.note(format!("longer than {} bytes: words were not counted", limits.entry_bytes));
    }
    page.properties(cut).put(&mut found, limits);
    Ok(found)
}

/// What a page's elements gave so far.
#[derive(Default)]
struct Page {
    properties: Properties,
    /// Titles by how much they are meant as the title of the work.
    work_title: String,
    title: String,
    shared_title: String,
    heading: String,
    shared_description: String,
    content_language: String,
    lang: String,
    updated: String,
    within: Within,
    prose: Prose,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Within {
    #[default]
    Body,
    Title,
    Heading,
    /// An element whose text nobody reads.
    Hidden,
}

impl Page {
    fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Open(tag) => self.open(&tag),
            Piece::Close(name) => self.close(&name),
            Piece::Text(text) => self.text(text),
            Piece::Doctype(_) | Piece::Other => {}
        }
    }

    fn open(&mut self, tag: &Tag) {
        match tag.name.as_str() {
            "html" => {
                let lang = tag.attribute("lang").or_else(|| tag.attribute("xml:lang")).unwrap_or_default();
                fill(&mut self.lang, &lang);
            }
            "body" if self.lang.is_empty() => self.lang = tag.attribute("lang").unwrap_or_default(),
            "meta" => self.meta(tag),
            "title" if self.title.trim().is_empty() && self.heading.is_empty() => self.within = Within::Title,
            "h1" if self.heading.trim().is_empty() => self.within = Within::Heading,
            "script" | "style" | "title" | "noscript" | "template" => self.within = Within::Hidden,
            name if !INLINE.contains(&name) => self.prose.take(" "),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "script" | "style" | "title" | "noscript" | "template" => self.within = Within::Body,
            "h1" if self.within == Within::Heading => {
                self.within = Within::Body;
                self.prose.take("\n");
            }
            name if !INLINE.contains(&name) => self.prose.take("\n"),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        let text = super::markup::decode_references(text);
        match self.within {
            Within::Title => self.title.push_str(&text),
            Within::Heading => {
                self.heading.push_str(&text);
                self.prose.take(&text);
            }
            Within::Body => self.prose.take(&text),
            Within::Hidden => {}
        }
    }

    fn meta(&mut self, tag: &Tag) {
        let Some(content) = tag.attribute("content").filter(|content| !content.trim().is_empty()) else {
            return;
        };
        let name = ["name", "property", "itemprop", "http-equiv"].iter().find_map(|key| tag.attribute(key));
        let name = name.unwrap_or_default().trim().to_ascii_lowercase();
        let properties = &mut self.properties;
        // Dublin Core comes as `DC.`, `DC:` and `dcterms.`.
        let key = ["dcterms.", "dcterms:", "dc.", "dc:"].iter().find_map(|prefix| name.strip_prefix(prefix));
        if let Some(key) = key {
            match key {
                "title" => fill(&mut self.work_title, &content),
                "creator" => properties.authors.push(content),
                "contributor" => properties.contributors.push(content),
                "publisher" => fill(&mut properties.publisher, &content),
                "description" | "abstract" => fill(&mut properties.description, &content),
                "subject" => properties.keywords.push(content),
                "language" => fill(&mut properties.language, &content),
                "date" | "issued" | "created" | "date.issued" | "date.created" => {
                    fill(&mut properties.date, &content)
                }
                "rights" => fill(&mut properties.rights, &content),
                "identifier" => properties.identifiers.push((content, tag.attribute("scheme"))),
                _ => {}
            }
            return;
        }
        match name.as_str() {
            "citation_title" => fill(&mut self.work_title, &content),
            "og:title" | "twitter:title" | "title" => fill(&mut self.shared_title, &content),
            "author" | "citation_author" | "book:author" | "creator" => properties.authors.push(content),
            "article:author" if !content.contains("://") => properties.authors.push(content),
            "citation_publisher" | "publisher" => fill(&mut properties.publisher, &content),
            "description" => fill(&mut properties.description, &content),
            "og:description" | "twitter:description" => fill(&mut self.shared_description, &content),
            "keywords" | "citation_keywords" | "book:tag" | "article:tag" => {
                properties.keywords.push(content)
            }
            "citation_publication_date"
            | "citation_date"
            | "date"
            | "article:published_time"
            | "book:release_date"
            | "datepublished" => fill(&mut properties.date, &content),
            "citation_isbn" | "book:isbn" | "isbn" => {
                properties.identifiers.push((content, Some("isbn".to_owned())))
            }
            "citation_doi" | "doi" => properties.identifiers.push((content, Some("doi".to_owned()))),
            "citation_language" => fill(&mut properties.language, &content),
            "language" | "content-language" => fill(&mut self.content_language, &content),
            "copyright" | "rights" => fill(&mut properties.rights, &content),
            "generator" => fill(&mut properties.producer, &content),
            "created" | "creation_date" => fill(&mut self.updated, &content),
            _ => {}
        }
    }

    fn properties(mut self, cut: bool) -> Properties {
        let properties = &mut self.properties;
        for title in [&self.work_title, &self.title, &self.shared_title, &self.heading] {
            fill(&mut properties.title, title);
        }
        fill(&mut properties.description, &self.shared_description);
        fill(&mut properties.date, &self.updated);
        // The element's language is what browsers go by; a header may list several.
        let listed = self.content_language.split(',').next().unwrap_or_default();
        let told = [self.lang.as_str(), properties.language.as_str(), listed].into_iter().find_map(bcp47);
        properties.language = told.or_else(|| self.prose.language()).unwrap_or_default();
        properties.words = (!cut).then(|| self.prose.words());
        self.properties
    }
}

/// Elements that stand within a word or a line.
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var",
    "wbr",
];

/// The encoding by its mark, by what the page declares, else by its bytes.
fn encoding_of(bytes: &[u8]) -> Encoding {
    /// Browsers look no further for a declaration; pages with long heads need a little more.
    const FRONT: usize = 4096;
    let front = bytes.get(..bytes.len().min(FRONT)).unwrap_or_default();
    let detected = || encoding::detect(bytes.get(..bytes.len().min(64 << 10)).unwrap_or_default());
    if encoding_rs::Encoding::for_bom(bytes).is_some()
        || front.iter().filter(|byte| **byte == 0).count() * 4 > front.len()
    {
        return detected();
    }
    let front = String::from_utf8_lossy(front);
    let label = xml_declaration(&front).or_else(|| {
        Pieces::new(&front).find_map(|piece| match piece {
            Piece::Open(tag) if tag.name == "meta" => {
                let content = tag.attribute("content").unwrap_or_default().to_ascii_lowercase();
                tag.attribute("charset")
                    .or_else(|| content.split_once("charset=").map(|(_, label)| label.to_owned()))
            }
            _ => None,
        })
    });
    let label = label.unwrap_or_default();
    let label = label.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';'));
    match encoding_rs::Encoding::for_label(label.as_bytes()) {
        // What could be read as ASCII is not UTF-16, whatever it says.
        Some(encoding) if encoding.is_ascii_compatible() => Encoding::Web(encoding),
        Some(_) => Encoding::Web(encoding_rs::UTF_8),
        None => detected(),
    }
}

fn xml_declaration(front: &str) -> Option<String> {
    let declaration = front.trim_start().strip_prefix("<?xml")?.split("?>").next()?;
    let value = declaration.split_once("encoding")?.1.trim_start_matches([' ', '=']);
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(value.get(1..)?.split(quote).next()?.to_owned())
}

#[cfg(test)]
mod tests;
