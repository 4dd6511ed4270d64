//! Writes text with the characters that an encoding has, and as its bytes.

use std::collections::BTreeSet;

use engine::StageError;
use formats::text::{cp437, transliterate, width};
use serde_json::Value;

use super::Encoding;

/// Most characters that a note names.
const NAMED: usize = 10;

/// Rewrites texts for an encoding and remembers what it lacked.
pub(super) struct Writing<'a> {
    encoding: Encoding,
    language: Option<&'a str>,
    lacked: BTreeSet<char>,
}

impl<'a> Writing<'a> {
    /// The language (BCP 47) settles how some letters are written.
    pub(super) fn new(encoding: Encoding, language: Option<&'a str>) -> Self {
        Self { encoding, language, lacked: BTreeSet::new() }
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
        if natural.missing.is_empty() {
            return natural.text;
        }
        // A mark that joins the letter before it has no look of its own that a note could show.
        self.lacked.extend(
            natural.missing.iter().filter(|c| c.is_alphanumeric() || width::width(&c.to_string()) > 0),
        );
        let mut written = String::with_capacity(text.len());
        let mut foreign = String::new();
        for character in natural.text.chars() {
            if cp437::has(character) {
                written.push_str(&transliterate::ascii(&foreign, self.language));
                foreign.clear();
                written.push(character);
            } else {
                foreign.push(character);
            }
        }
        written.push_str(&transliterate::ascii(&foreign, self.language));
        written
    }
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
                let place = format!("line {}, column {}", number + 1, lacks.column);
                StageError::new(
                    "text/encoding",
                    format!("{place}: code page 437 has no {:?}", lacks.character),
                )
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
        let mut writing = Writing::new(encoding, Some("de"));
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
        check("e\u{301}te\u{301}", Encoding::Cp437, "ete", None);
    }

    #[test]
    fn values_are_rewritten_wherever_their_texts_are() {
        let mut writing = Writing::new(Encoding::Cp437, None);
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

    proptest::proptest! {
        #[test]
        fn any_text_can_be_written_in_any_encoding(text in "\\PC{0,60}") {
            for encoding in [Encoding::Cp437, Encoding::Ascii, Encoding::Utf8] {
                let written = Writing::new(encoding, None).text(&text);
                proptest::prop_assert!(bytes(&[written], encoding, "\n").is_ok());
            }
        }
    }
}
