//! Writes text with the characters that an encoding has, and as its bytes.

use std::collections::BTreeSet;

use engine::StageError;
use formats::text::{cp437, transliterate, width};
use serde_json::Value;

use super::front::Encoding;
use super::page::Lacking;

/// Most characters that a note names.
const NAMED: usize = 10;

/// Rewrites texts for an encoding and remembers what it lacked.
pub(super) struct Writing<'a> {
    encoding: Encoding,
    lacking: Lacking,
    language: Option<&'a str>,
    lacked: BTreeSet<char>,
}

impl<'a> Writing<'a> {
    /// The language (BCP 47) settles how some letters are written.
    pub(super) fn new(encoding: Encoding, lacking: Lacking, language: Option<&'a str>) -> Self {
        Self { encoding, lacking, language, lacked: BTreeSet::new() }
    }

    /// The text with what the encoding has. Text that was written so stays as it is.
    pub(super) fn text(&mut self, text: &str) -> String {
        match self.encoding {
            Encoding::Utf8 => text.to_owned(),
            Encoding::Ascii => transliterate::ascii(text, self.language),
            Encoding::Cp437 => self.in_cp437(text),
        }
    }

    /// A value with all texts in it rewritten, without what could steer a terminal or tear a page apart.
    pub(super) fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(&tidy(&width::clean(text))).into(),
            Value::Array(list) => list.iter().map(|value| self.value(value)).collect(),
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), self.value(value))).collect(),
            other => other.clone(),
        }
    }

    /// The letters that had to be written with others, some of them if there are many.
    pub(super) fn lacked(&self) -> Option<String> {
        let named: Vec<String> = self.lacked.iter().take(NAMED).map(|c| format!("`{c}`")).collect();
        let more = if self.lacked.len() > NAMED { " and more" } else { "" };
        (!named.is_empty()).then(|| format!("{}{more}", named.join(", ")))
    }

    fn in_cp437(&mut self, text: &str) -> String {
        let natural = transliterate::for_cp437(text);
        if natural.missing.is_empty() || self.lacking == Lacking::Error {
            return natural.text;
        }
        // A mark that joins the letter before it has no look of its own that a note could show.
        self.lacked.extend(
            natural.missing.iter().filter(|c| c.is_alphanumeric() || width::width(&c.to_string()) > 0),
        );
        let mut written = String::with_capacity(text.len());
        let mut foreign = String::new();
        let mut rest = natural.text.as_str();
        while let Some(character) = rest.chars().next() {
            // The page has a few Greek letters as signs; a word with some of them in Latin and some not is none.
            let word = rest.find(|c| !is_greek(c)).unwrap_or(rest.len());
            let taken = if word > 0 { word } else { character.len_utf8() };
            let (head, tail) = rest.split_at(taken);
            if head.chars().all(cp437::has) {
                written.push_str(&transliterate::ascii(&foreign, self.language));
                foreign.clear();
                written.push_str(head);
            } else {
                foreign.push_str(head);
            }
            rest = tail;
        }
        written.push_str(&transliterate::ascii(&foreign, self.language));
        written
    }

    /// A line of the page, of which each character keeps its width: a filter may have made capitals that the encoding
    /// lacks of letters that it has.
    pub(super) fn line(&self, line: &str) -> String {
        if self.encoding == Encoding::Utf8 || self.lacking == Lacking::Error || line.is_ascii() {
            return line.to_owned();
        }
        let lacks = |c: char| if self.encoding == Encoding::Ascii { !c.is_ascii() } else { !cp437::has(c) };
        let mut written = String::with_capacity(line.len());
        for character in line.chars() {
            if lacks(character) {
                let columns = width::width(character.encode_utf8(&mut [0; 4]));
                let letters = transliterate::ascii(character.encode_utf8(&mut [0; 4]), self.language);
                let shown: String = letters.chars().chain("??".chars()).take(columns).collect();
                written.push_str(&shown);
            } else {
                written.push(character);
            }
        }
        written
    }
}

fn is_greek(character: char) -> bool {
    matches!(character, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}')
}

/// That code page 437 lacks a character.
pub(super) fn lacks(character: char) -> String {
    let shown = engine::value::shown(&character.to_string());
    format!("code page 437 has no {shown} (U+{:04X})", u32::from(character))
}

/// The first character of a template's own text that code page 437 lacks and nothing stands for: line, column and the
/// character. Comments are not written, so that they may say anything.
pub(super) fn lacked_by_437(body: &str) -> Option<(usize, usize, char)> {
    let missing = transliterate::for_cp437(body).missing;
    if missing.is_empty() {
        return None;
    }
    let mut in_comment = false;
    for (number, line) in body.lines().enumerate() {
        for (column, (at, character)) in line.char_indices().enumerate() {
            if line[at..].starts_with("{%") {
                let tag = line[at + 2..].trim_start_matches('-').trim_start();
                in_comment = tag.starts_with("comment") || in_comment && !tag.starts_with("endcomment");
            }
            if !in_comment && missing.contains(&character) {
                return Some((number + 1, column + 1, character));
            }
        }
    }
    None
}

/// The text without space at its lines' ends, empty lines around it, and more than one empty line in a row.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> =
        text.split('\n').map(str::trim_end).skip_while(|line| line.is_empty()).collect();
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    lines.join("\n").trim_end().to_owned()
}

/// The bytes of a text file, each line with its ending.
pub(super) fn bytes(lines: &[String], encoding: Encoding, ending: &str) -> Result<Vec<u8>, StageError> {
    let mut bytes = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        match encoding {
            Encoding::Utf8 | Encoding::Ascii => bytes.extend_from_slice(line.as_bytes()),
            Encoding::Cp437 => bytes.extend(cp437::encode(line).map_err(|lacks| {
                let place = format!("line {}, column {} of the page", number + 1, lacks.column);
                StageError::new("text/encoding", format!("{place}: {}", self::lacks(lacks.character)))
                    .hint("use `encoding: utf-8`, or the filter `ascii` where the text is printed")
            })?),
        }
        bytes.extend_from_slice(ending.as_bytes());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, encoding: Encoding, wanted: &str, lacked: Option<&str>) {
        let mut writing = Writing::new(encoding, Lacking::Latin, Some("de"));
        let written = writing.text(text);
        assert_eq!((written.as_str(), writing.lacked().as_deref()), (wanted, lacked), "{text}");
        assert_eq!(writing.text(&written), wanted, "written twice");
    }

    #[test]
    fn what_the_page_lacks_is_written_with_what_it_has() {
        check("“Łódź” — ═", Encoding::Cp437, "\"Lódz\" - ═", None);
        check("Größe…", Encoding::Cp437, "Größe...", None);
        check("Größe ═", Encoding::Ascii, "Groesse -", None);
        check("“日” Größe", Encoding::Utf8, "“日” Größe", None);
        check("Мир 日 ok", Encoding::Cp437, "Mir Ri ok", Some("`М`, `и`, `р`, `日`"));
        check("Σωκράτης π", Encoding::Cp437, "Sokratis π", Some("`ά`, `η`, `κ`, `ρ`, `ς`, `ω`"));
        check("e\u{301}te\u{301}", Encoding::Cp437, "ete", None);
    }

    #[test]
    fn values_are_rewritten_wherever_their_texts_are() {
        let mut writing = Writing::new(Encoding::Cp437, Lacking::Latin, None);
        let value = serde_json::json!({ "a": ["\u{1b}[31m…", 7], "b": "\n  x \n\n \n\ty\n\n" });
        assert_eq!(writing.value(&value), serde_json::json!({ "a": ["...", 7], "b": "  x\n\n y" }));
    }

    #[test]
    fn lines_become_bytes_with_their_endings() {
        let lines = ["Lódz ═".to_owned(), String::new()];
        assert_eq!(bytes(&lines, Encoding::Cp437, "\r\n").unwrap(), b"L\xa2dz \xcd\r\n\r\n");
        assert_eq!(bytes(&lines, Encoding::Utf8, "\n").unwrap(), "Lódz ═\n\n".as_bytes());
        assert_eq!(bytes(&["日".into()], Encoding::Cp437, "\n").unwrap_err().code, "text/encoding");
    }

    #[test]
    fn what_a_template_says_that_the_page_lacks_is_found_where_it_stands() {
        let check = |body: &str, wanted| assert_eq!(lacked_by_437(body), wanted, "{body}");
        check("ok … ═\na ☃", Some((2, 3, '☃')));
        check("{% comment %}☃\n☃{% endcomment %}é", None);
        check("{%- comment -%}☃{%- endcomment -%}☃", Some((1, 35, '☃')));
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_written_in_any_encoding(text in "\\PC{0,60}") {
            for encoding in [Encoding::Cp437, Encoding::Ascii, Encoding::Utf8] {
                let written = Writing::new(encoding, Lacking::Latin, None).text(&text);
                proptest::prop_assert!(bytes(&[written], encoding, "\n").is_ok());
            }
        }
    }
}
