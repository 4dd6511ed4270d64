//! Which names a template asks for, where, and whether anything there catches one that nobody knows.
//!
//! Reads the text alone and renders nothing; what is known is the caller's. Names the template makes itself are left out.

use std::collections::BTreeSet;

use super::limits::place;

/// A name that a template asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The name with the names below it, such as `identifiers`, `isbn`.
    pub path: Vec<String>,
    /// Line in the template, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Whether it is used where nothing catches that nobody knows it: no `default` behind it, no condition about it
    /// around it.
    pub needed: bool,
}

/// Every name the template asks for, in the order of the text.
pub(super) fn asked(text: &str) -> Vec<Asked> {
    let mut walk = Walk { text, found: Vec::new(), own: own(text), open: Vec::new() };
    let mut skip: Option<String> = None;
    for Markup { at, tag, body } in markups(text) {
        if let Some(end) = &skip {
            if tag && first_word(body).1 == *end {
                skip = None;
            }
            continue;
        }
        if !tag {
            walk.chain(at, body, true);
            continue;
        }
        let (start, word, rest) = {
            let (offset, word) = first_word(body);
            (at + offset + word.len(), word, body.get(offset + word.len()..).unwrap_or_default())
        };
        match word {
            "raw" | "comment" => skip = Some(super::block::end_of(word)),
            "if" | "unless" | "case" => walk.guard(start, rest, true),
            "elsif" | "when" => walk.guard(start, rest, false),
            "endif" | "endunless" | "endcase" => drop(walk.open.pop()),
            "assign" => {
                let equals = rest.find('=').map_or(rest.len(), |at| at + 1);
                walk.chain(start + equals, rest.get(equals..).unwrap_or_default(), true);
            }
            "for" | "tablerow" => {
                let list = rest.find(" in ").map_or(rest.len(), |at| at + 4);
                let range = rest.get(list..).unwrap_or_default();
                let only = range.split_whitespace().next().unwrap_or_default();
                let offset = range.find(only).unwrap_or(0);
                walk.all(start + list + offset, only, false);
            }
            "capture" | "else" | "increment" | "decrement" | "break" | "continue" => {}
            _ => walk.all(start, rest, false),
        }
    }
    walk.found
}

struct Walk<'t> {
    text: &'t str,
    found: Vec<Asked>,
    own: BTreeSet<String>,
    /// The names that each open condition asks about.
    open: Vec<Vec<Vec<String>>>,
}

impl Walk<'_> {
    /// A value with filters behind it.
    fn chain(&mut self, at: usize, body: &str, printed: bool) {
        let parts = split_outside_quotes(body, '|');
        let caught = parts.iter().skip(1).any(|(_, filter)| first_word(filter).1 == "default");
        for (number, (offset, part)) in parts.iter().enumerate() {
            let arguments = if number == 0 { 0 } else { part.find(':').map_or(part.len(), |at| at + 1) };
            // An argument that nobody knows is one that was not given.
            let needed = printed && number == 0 && !caught;
            self.all(at + offset + arguments, part.get(arguments..).unwrap_or_default(), needed);
        }
    }

    fn guard(&mut self, at: usize, body: &str, opens: bool) {
        let names: Vec<Vec<String>> = paths(body).into_iter().map(|(_, path)| path).collect();
        if opens {
            self.open.push(names);
        } else if let Some(open) = self.open.last_mut() {
            open.extend(names);
        }
        self.all(at, body, false);
    }

    fn all(&mut self, at: usize, body: &str, needed: bool) {
        for (offset, path) in paths(body) {
            let head = path.first().map(String::as_str).unwrap_or_default();
            if self.own.contains(head) {
                continue;
            }
            let (line, column) = place(self.text, at + offset);
            let guarded =
                self.open.iter().flatten().any(|known| path.starts_with(known) || known.starts_with(&path));
            self.found.push(Asked { needed: needed && !guarded, path, line, column });
        }
    }
}

struct Markup<'t> {
    /// Where the body begins.
    at: usize,
    tag: bool,
    body: &'t str,
}

/// Every `{{ … }}` and `{% … %}`.
fn markups(text: &str) -> Vec<Markup<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text
        .get(from..)
        .and_then(|rest| [rest.find("{{"), rest.find("{%")].into_iter().flatten().min().map(|at| from + at))
    {
        let tag = text[start..].starts_with("{%");
        let body = &text[start + 2..];
        let close = if tag { "%}" } else { "}}" };
        let Some(end) = body.find(close) else { break };
        let inner = &body[..end];
        let (open, shut) =
            (usize::from(inner.starts_with('-')), usize::from(inner.len() > 1 && inner.ends_with('-')));
        found.push(Markup { at: start + 2 + open, tag, body: &inner[open..inner.len() - shut] });
        from = start + 2 + end + 2;
    }
    found
}

/// Names the template gives values to.
fn own(text: &str) -> BTreeSet<String> {
    let mut own: BTreeSet<String> = ["forloop", "tablerowloop"].map(str::to_owned).into();
    for markup in markups(text).iter().filter(|markup| markup.tag) {
        let (offset, word) = first_word(markup.body);
        if matches!(word, "assign" | "capture" | "for" | "tablerow" | "increment" | "decrement") {
            let rest = markup.body.get(offset + word.len()..).unwrap_or_default();
            own.insert(first_word(rest).1.to_owned());
        }
    }
    own
}

/// Where the first word begins, and the word.
fn first_word(text: &str) -> (usize, &str) {
    let start = text.len() - text.trim_start().len();
    let rest = &text[start..];
    let end = rest.find(|c: char| !is_letter(c)).unwrap_or(rest.len());
    (start, &rest[..end])
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// The parts of a text between separators, with their offsets.
fn split_outside_quotes(text: &str, separator: char) -> Vec<(usize, &str)> {
    let mut parts = Vec::new();
    let (mut start, mut quote) = (0, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, c) if c == separator => {
                parts.push((start, &text[start..at]));
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push((start, &text[start..]));
    parts
}

/// Every dotted path with its offset; no literals, no words of the language, no names of arguments.
fn paths(text: &str) -> Vec<(usize, Vec<String>)> {
    const WORDS: &[&str] =
        &["true", "false", "nil", "null", "empty", "blank", "and", "or", "contains", "not", "in", "reversed"];
    let mut found = Vec::new();
    let mut quote = None;
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, c) if c.is_ascii_alphabetic() || c == '_' => {
                let tail = &text[at..];
                let end = tail.find(|c: char| !is_letter(c) && c != '.').unwrap_or(tail.len());
                // A range's dots belong to no name.
                let end = tail.find("..").map_or(end, |dots| end.min(dots));
                while rest.next_if(|(next, _)| *next < at + end).is_some() {}
                let names: Vec<String> =
                    tail[..end].split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect();
                let is_argument = tail[end..].trim_start().starts_with(':');
                if !is_argument && !names.first().is_none_or(|head| WORDS.contains(&head.as_str())) {
                    found.push((at, names));
                }
            }
            (None, c) if c.is_ascii_digit() || c == ']' => {
                // The rest of a number, or what stands below an indexed entry.
                let tail = &text[at + 1..];
                let end = tail.find(|c: char| !is_letter(c) && c != '.').unwrap_or(tail.len());
                let end = tail.find("..").map_or(end, |dots| end.min(dots));
                while rest.next_if(|(next, _)| *next < at + 1 + end).is_some() {}
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: &[(&str, usize, usize, bool)]) {
        let found = asked(text);
        let found: Vec<(String, usize, usize, bool)> = found
            .iter()
            .map(|asked| (asked.path.join("."), asked.line, asked.column, asked.needed))
            .collect();
        let found: Vec<(&str, usize, usize, bool)> = found
            .iter()
            .map(|(path, line, column, needed)| (path.as_str(), *line, *column, *needed))
            .collect();
        assert_eq!(found, wanted, "{text}");
    }

    #[test]
    fn names_are_found_where_they_stand() {
        check("a\n {{ title }}", &[("title", 2, 5, true)]);
        check("{{-title | upcase-}}", &[("title", 1, 4, true)]);
        check(
            "{{ identifiers.isbn }}{{ video[0].codec }}",
            &[("identifiers.isbn", 1, 4, true), ("video", 1, 26, true)],
        );
        check("é{{ t | dots: language }}", &[("t", 1, 5, true), ("language", 1, 15, false)]);
        check("{{ \"title\" }}{{ 12 }}{{ true }} { title }", &[]);
    }

    #[test]
    fn what_catches_an_unknown_name_makes_it_unneeded() {
        check("{{ a | default: b | upcase }}", &[("a", 1, 4, false), ("b", 1, 17, false)]);
        check(
            "{% if a and b.c == \"d\" %}{{ a }}{{ b.c }}{{ e }}{% endif %}{{ a }}",
            &[
                ("a", 1, 7, false),
                ("b.c", 1, 13, false),
                ("a", 1, 29, false),
                ("b.c", 1, 36, false),
                ("e", 1, 45, true),
                ("a", 1, 63, true),
            ],
        );
        check(
            "{% for f in files limit: 2 %}{{ f.name }}{{ forloop.index }}{% endfor %}",
            &[("files", 1, 13, false)],
        );
        check("{% box 78, title: t %}{% endbox %}", &[("t", 1, 19, false)]);
    }

    #[test]
    fn names_of_its_own_are_left_out() {
        check(
            "{% assign x = y | default: 1 %}{{ x }}{% capture z %}{% endcapture %}{{ z }}",
            &[("y", 1, 15, false)],
        );
        check(
            "{% raw %}{{ no }}{% endraw %}{% comment %}{{ no }}{% endcomment %}{{ yes }}",
            &[("yes", 1, 70, true)],
        );
        check("{% for i in (1..files.size) %}{% endfor %}", &[("files.size", 1, 17, false)]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "([{}%|.:'\" a-zé-]|if|endif|raw|for|in|assign){0,60}") {
            let _ = asked(&text);
        }
    }
}
