//! Looks a finished page over: what viewers show badly, and what a reader would miss.
//!
//! Knows lines and columns, and no template. Works on any text, ours or not.

use std::collections::BTreeSet;

use engine::template::Scope;
use formats::text::{cp437, draw, transliterate, width};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::front::Encoding;
use super::page::Page;

/// Something about a page that is worth a look.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Remark {
    /// The line, from 1; 0 where it is about the whole page.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// A stable word: `wide`, `long`, `tab`, `control`, `trailing-space`, `encoding`, `empty-field`, `missing-field`,
    /// `counter`.
    pub code: String,
    /// What is wrong: a lower-case fragment.
    pub message: String,
}

/// What a page has to keep to.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest line, in columns.
    pub width: usize,
    /// Most lines.
    pub lines: Option<usize>,
    /// The characters it may have.
    pub encoding: Encoding,
}

impl Limits {
    /// What a page was made to keep to.
    #[must_use]
    pub fn of(page: &Page) -> Self {
        Self { width: page.width, lines: None, encoding: page.encoding }
    }
}

/// Everything that is worth a look, in the order of the text. Lines may end in either way.
#[must_use]
pub fn lint(text: &str, limits: &Limits) -> Vec<Remark> {
    let lines: Vec<&str> = text.lines().collect();
    let mut remarks = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let mut say = |column: usize, code: &str, message: String| {
            remarks.push(Remark { line: at + 1, column, code: code.to_owned(), message });
        };
        let columns = width::width(line);
        if columns > limits.width {
            say(limits.width + 1, "wide", format!("{columns} columns, where {} are the most", limits.width));
        }
        let mut seen = BTreeSet::new();
        for (column, character) in line.chars().enumerate() {
            let (code, message) = match character {
                '\t' => ("tab", "a tab, which every viewer shows differently".to_owned()),
                c if c.is_control() => ("control", format!("a control code, U+{:04X}", u32::from(c))),
                c if limits.encoding == Encoding::Cp437 && !cp437::has(c) => {
                    ("encoding", super::encoding::lacks(c))
                }
                c if limits.encoding == Encoding::Ascii && !c.is_ascii() => {
                    ("encoding", format!("ASCII has no `{c}`"))
                }
                _ => continue,
            };
            if seen.insert(code) {
                say(column + 1, code, message);
            }
        }
        if line.ends_with([' ', '\t']) {
            say(line.trim_end().chars().count() + 1, "trailing-space", "space at the end of the line".into());
        }
        if let Some(label) = empty_field(&lines, at) {
            say(1, "empty-field", format!("nothing stands behind the label `{label}`"));
        }
    }
    if let Some(most) = limits.lines.filter(|most| lines.len() > *most) {
        let message = format!("{} lines, where {most} are the most", lines.len());
        remarks.push(Remark { line: most + 1, column: 1, code: "long".into(), message });
    }
    remarks
}

/// The facts among `required` that nobody knows or that the page does not show.
#[must_use]
pub fn missing<'a>(text: &str, scope: &Scope, required: impl IntoIterator<Item = &'a String>) -> Vec<Remark> {
    let page = letters(text);
    let mut remarks = Vec::new();
    for name in required {
        let value = name
            .split('.')
            .skip(1)
            .fold(name.split('.').next().and_then(|head| scope.get(head)), |value, part| {
                value.and_then(|value| value.get(part))
            });
        let message = match value {
            None | Some(Value::Null) => format!("nobody knows `{name}`, which the page must show"),
            Some(value) if !shows(&page, value) => format!("the page does not show `{name}`, which it must"),
            Some(_) => continue,
        };
        remarks.push(Remark { line: 0, column: 1, code: "missing-field".into(), message });
    }
    remarks
}

/// Whether a page has a value on it: a beginning of each of its texts, however it was wrapped and written.
fn shows(page: &str, value: &Value) -> bool {
    /// A title that is longer may have been cut.
    const ENOUGH: usize = 16;
    match value {
        Value::Array(list) => list.first().is_none_or(|first| shows(page, first)),
        Value::Object(map) => map.values().next().is_none_or(|first| shows(page, first)),
        other => {
            let wanted: String = letters(&crate::filters::text_of(other)).chars().take(ENOUGH).collect();
            wanted.is_empty() || page.contains(&wanted)
        }
    }
}

/// Letters and digits alone, in ASCII and lower case.
fn letters(text: &str) -> String {
    let mut plain = transliterate::ascii(text, None);
    plain.retain(|c| c.is_ascii_alphanumeric());
    plain.make_ascii_lowercase();
    plain
}

/// The label of a line that has one and nothing behind it, and no text below that it could be the heading of.
fn empty_field<'a>(lines: &[&'a str], at: usize) -> Option<&'a str> {
    let bare = |at: usize| lines.get(at).map(|line| unframed(line)).unwrap_or_default();
    let line = bare(at);
    let label = line.trim().strip_suffix(':')?;
    let name = label.trim_end_matches(['.', ' ', '_', '-']);
    if name.is_empty()
        || name.chars().count() > 30
        || !name.chars().all(|c| c.is_alphanumeric() || " /#-".contains(c))
    {
        return None;
    }
    let indent = |line: &str| line.len() - line.trim_start().len();
    let below = bare(at + 1);
    let continues = !below.trim().is_empty() && indent(below) > indent(line);
    // A bare word with a colon is a heading, unless labels around it have their text on the same line.
    let padded = label.len() > name.len();
    let among = [at.checked_sub(1).map(bare), Some(below)];
    let among_fields = among.into_iter().flatten().any(|other| {
        other
            .split_once(": ")
            .is_some_and(|(label, rest)| !rest.trim().is_empty() && !label.trim().contains(". "))
    });
    (!continues && (padded || among_fields)).then_some(name)
}

/// A line without the frame around it.
fn unframed(line: &str) -> &str {
    let side = |c: char| draw::FRAMES.iter().any(|frame| frame.sides.contains(&c));
    let line = line.strip_prefix(side).unwrap_or(line);
    line.strip_suffix(side).unwrap_or(line).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { width: 20, lines: Some(3), encoding: Encoding::Cp437 };

    fn check(text: &str, wanted: &[(usize, usize, &str)]) {
        let found = lint(text, &LIMITS);
        let found: Vec<(usize, usize, &str)> =
            found.iter().map(|remark| (remark.line, remark.column, remark.code.as_str())).collect();
        assert_eq!(found, wanted, "{text:?}");
    }

    #[test]
    fn what_viewers_show_badly_is_found_where_it_stands() {
        check("fine\r\nfine ═\r\n", &[]);
        check("a\tb", &[(1, 2, "tab")]);
        check("a\nb\u{1b}[0m\u{7}", &[(2, 2, "control")]);
        check("a  \n", &[(1, 2, "trailing-space")]);
        check("123456789012345678901", &[(1, 21, "wide")]);
        check("日本語日本語日本語日本語", &[(1, 21, "wide"), (1, 1, "encoding")]);
        check("1\n2\n3\n4\n", &[(4, 1, "long")]);
    }

    #[test]
    fn a_label_with_nothing_behind_it_is_found() {
        check("Title ....:", &[(1, 1, "empty-field")]);
        check("║ Title :        ║", &[(1, 1, "empty-field")]);
        check("Title:\nYear: 1999", &[(1, 1, "empty-field")]);
        check("Notes:\nSome text.", &[]);
        check("Title ....:\n   Below it", &[]);
        check("Title ....: x", &[]);
        check("====:", &[]);
    }

    #[test]
    fn a_fact_that_must_be_shown_is_missed() {
        let mut scope = Scope::new();
        scope.set("title", "Łódź, a long title of a city");
        scope.set("authors", serde_json::json!(["Ann", "Bob"]));
        scope.set("identifiers", serde_json::json!({ "isbn": "9780000000002" }));
        let check = |text: &str, name: &str, wanted: Option<&str>| {
            let found = missing(text, &scope, [&name.to_owned()]);
            assert_eq!(found.first().map(|remark| remark.message.as_str()), wanted);
        };
        check("Title: Lódz, a long\n  title of ...", "title", None);
        check("by Ann", "authors", None);
        check("x", "title", Some("the page does not show `title`, which it must"));
        check("x", "identifiers.isbn", Some("the page does not show `identifiers.isbn`, which it must"));
        check("x", "year", Some("nobody knows `year`, which the page must show"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_looked_over(text in "(?s).{0,200}") {
            let _ = lint(&text, &LIMITS);
        }
    }
}
