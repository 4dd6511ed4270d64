//! The front matter of a template: a few lines `key: value` between two lines of `---`, before the page itself.
//!
//! Knows which keys there are and what they may say; neither Liquid nor where templates lie.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How text is written to a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    #[default]
    /// Code page 437 of the IBM PC, which viewers of NFO files expect.
    Cp437,
    /// UTF-8 without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// ASCII.
    Ascii,
}

/// How lines end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Newline {
    #[default]
    /// Carriage return and line feed.
    Crlf,
    /// Line feed alone.
    Lf,
}

/// Narrowest page, in columns.
pub const NARROWEST: usize = 20;
/// Widest page, in columns.
pub const WIDEST: usize = 1_000;
/// Most lines that front matter may have.
const MOST_LINES: usize = 60;

/// What a template says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Front {
    /// What it is called, where that is not the name of its file.
    pub name: Option<String>,
    /// One line about it.
    pub description: String,
    /// The kinds of releases it is made for; none means any.
    pub kinds: Vec<String>,
    /// How its page is written, unless the step says otherwise.
    pub encoding: Option<Encoding>,
    /// How lines end, unless the step says otherwise.
    pub newline: Option<Newline>,
    /// The width it is drawn for, in columns, unless the step says otherwise.
    pub width: Option<usize>,
    /// Most lines the page may have.
    pub lines: Option<usize>,
    /// Facts that the page must have.
    pub requires: Vec<String>,
}

/// What is wrong in a template, and where: line and column of its file, in characters, from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fault {
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

const KEYS: &[&str] = &["description", "encoding", "kinds", "lines", "name", "newline", "requires", "width"];

/// Takes the front matter off a template; with it come the body and how many lines stand before that.
pub(super) fn split(text: &str) -> Result<(Front, &str, usize), Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split_inclusive('\n');
    if lines.next().is_none_or(|first| first.trim_end() != "---") {
        return Ok((Front::default(), text, 0));
    }
    let mut front = Front::default();
    let mut seen = Vec::new();
    let mut used = text.find('\n').map_or(text.len(), |at| at + 1);
    for (number, line) in lines.enumerate() {
        let number = number + 2;
        used += line.len();
        let said = line.trim();
        if line.trim_end() == "---" {
            return Ok((front, text.get(used..).unwrap_or_default(), number));
        }
        if number > MOST_LINES {
            break;
        }
        if said.is_empty() || said.starts_with('#') {
            continue;
        }
        let fault = |message: String| Fault { message, line: number, column: 1, hint: None };
        let (key, value) = said
            .split_once(':')
            .ok_or_else(|| fault("front matter has lines of the form `key: value`".into()))?;
        let (key, value) = (key.trim(), value.trim());
        if seen.contains(&key) {
            return Err(fault(format!("`{key}` stands here for the second time")));
        }
        seen.push(key);
        set(&mut front, key, unquoted(value)).map_err(|(message, hint)| Fault { hint, ..fault(message) })?;
    }
    Err(Fault {
        message: "the front matter has no end".into(),
        line: 1,
        column: 1,
        hint: Some("close it with a line `---`".into()),
    })
}

fn set(front: &mut Front, key: &str, value: &str) -> Result<(), (String, Option<String>)> {
    let one_of = |words: &str| (format!("`{key}` is one of {words}"), None);
    match key {
        "name" => front.name = Some(value.to_owned()).filter(|name| !name.is_empty()),
        "description" => front.description = value.to_owned(),
        "kinds" => front.kinds = list(value),
        "requires" => front.requires = list(value),
        "encoding" => {
            front.encoding = Some(encoding(value).ok_or_else(|| one_of("`cp437`, `utf-8`, `ascii`"))?);
        }
        "newline" => front.newline = Some(newline(value).ok_or_else(|| one_of("`crlf`, `lf`"))?),
        "width" => front.width = Some(number(key, value, NARROWEST)?),
        "lines" => front.lines = Some(number(key, value, 1)?),
        other => {
            let meant = engine::template::nearest(other, KEYS.iter().copied());
            let hint = meant.map_or_else(
                || format!("the keys are {}", KEYS.join(", ")),
                |meant| format!("did you mean `{meant}`?"),
            );
            return Err((format!("front matter has no key {}", engine::value::shown(other)), Some(hint)));
        }
    }
    Ok(())
}

fn number(key: &str, value: &str, least: usize) -> Result<usize, (String, Option<String>)> {
    let number = value.parse().ok().filter(|number| (least..=WIDEST).contains(number));
    number.ok_or_else(|| (format!("`{key}` is a number from {least} to {WIDEST}"), None))
}

/// The encoding of this name.
#[must_use]
pub fn encoding(word: &str) -> Option<Encoding> {
    match word.to_ascii_lowercase().as_str() {
        "cp437" => Some(Encoding::Cp437),
        "utf-8" | "utf8" => Some(Encoding::Utf8),
        "ascii" => Some(Encoding::Ascii),
        _ => None,
    }
}

/// The line ending of this name.
#[must_use]
pub fn newline(word: &str) -> Option<Newline> {
    match word.to_ascii_lowercase().as_str() {
        "crlf" => Some(Newline::Crlf),
        "lf" => Some(Newline::Lf),
        _ => None,
    }
}

/// `a, b` or `[a, b]`.
fn list(value: &str) -> Vec<String> {
    let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(value);
    inner.split(',').map(|word| unquoted(word.trim()).to_owned()).filter(|word| !word.is_empty()).collect()
}

fn unquoted(value: &str) -> &str {
    let stripped = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    stripped('"').or_else(|| stripped('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_is_read_and_its_lines_are_counted() {
        let text = "---\n# ours\nname: box\nkinds: [ebook, \"tv\"]\nwidth: 72\nencoding: UTF-8\nlines: 10\n---\r\n{{ title }}\n";
        let (front, body, lines) = split(text).unwrap();
        assert_eq!((body, lines), ("{{ title }}\n", 8));
        assert_eq!(front.kinds, ["ebook", "tv"]);
        assert_eq!((front.width, front.encoding, front.lines), (Some(72), Some(Encoding::Utf8), Some(10)));
        assert_eq!(split("no front\n").unwrap(), (Front::default(), "no front\n", 0));
        assert_eq!(split("----\nx").unwrap().2, 0);
    }

    #[test]
    fn a_fault_has_its_line_and_advice() {
        let check = |text: &str, line: usize, message: &str, hint: Option<&str>| {
            let fault = split(text).unwrap_err();
            assert_eq!((fault.line, fault.message.as_str(), fault.hint.as_deref()), (line, message, hint));
        };
        check("---\nwitdh: 70\n---\n", 2, "front matter has no key `witdh`", Some("did you mean `width`?"));
        check("---\n\nwidth: 7\n---\n", 3, "`width` is a number from 20 to 1000", None);
        check("---\nencoding: latin1\n---\n", 2, "`encoding` is one of `cp437`, `utf-8`, `ascii`", None);
        check("---\nwords\n---\n", 2, "front matter has lines of the form `key: value`", None);
        check("---\nname: a\nname: b\n---\n", 3, "`name` stands here for the second time", None);
        check("---\nname: a\n", 1, "the front matter has no end", Some("close it with a line `---`"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(---\n)?([a-z]{0,6}: ?[a-z0-9,\\[\\]\"]{0,6}\n){0,4}(---)?.{0,20}") {
            let _ = split(&text);
        }
    }
}
