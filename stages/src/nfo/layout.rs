//! Makes lines that fit of what a template printed, and bytes of the lines.

use engine::StageError;
use formats::text::{cp437, transliterate, width};

use super::Encoding;

/// A text as lines.
pub(super) struct Page {
    pub(super) lines: Vec<String>,
    /// How many lines had to be wrapped.
    pub(super) wrapped: usize,
}

/// Splits into lines without control characters or trailing space, none wider than `columns`. Empty lines at the
/// beginning and the end go, since they come from the tags of the template.
pub(super) fn lay_out(text: &str, columns: usize) -> Page {
    let mut page = Page { lines: Vec::new(), wrapped: 0 };
    for line in text.lines() {
        let line = width::clean(&line.replace('\t', "    "));
        let line = line.trim_end();
        if width::width(line) <= columns {
            page.lines.push(line.to_owned());
            continue;
        }
        page.wrapped += 1;
        let indent: String = line.chars().take_while(|c| *c == ' ').take(columns / 2).collect();
        for part in width::wrap(line.trim_start(), columns - indent.len()) {
            page.lines.push(format!("{indent}{part}").trim_end().to_owned());
        }
    }
    let filled = |line: &String| !line.is_empty();
    let first = page.lines.iter().position(filled).unwrap_or(0);
    let last = page.lines.iter().rposition(filled).map_or(first, |last| last + 1);
    page.lines.truncate(last);
    page.lines.drain(..first);
    page
}

/// The bytes of a text file, each line with its ending.
pub(super) fn encode(lines: &[String], encoding: Encoding, ending: &str) -> Result<Vec<u8>, StageError> {
    let mut bytes = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        match encoding {
            Encoding::Utf8 => bytes.extend_from_slice(line.as_bytes()),
            Encoding::Ascii => bytes.extend_from_slice(transliterate::ascii(line, None).as_bytes()),
            Encoding::Cp437 => {
                let text = transliterate::for_cp437(line).text;
                let encoded = cp437::encode(&text).map_err(|lacks| {
                    StageError::new(
                        "text/encoding",
                        format!("line {}, column {}: code page 437 has no {:?}", number + 1, lacks.column, lacks.character),
                    )
                    .hint("use `encoding: utf-8`, or the filter `ascii` where the text is printed")
                })?;
                bytes.extend_from_slice(&encoded);
            }
        }
        bytes.extend_from_slice(ending.as_bytes());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_wrapped_with_their_indent_and_control_characters_go() {
        let page = lay_out("\n\n  one two three\u{1b}[31m\u{7}\nx\ty  \n\n", 10);
        assert_eq!(page.lines, ["  one two", "  three", "x    y"]);
        assert_eq!(page.wrapped, 1);
    }

    #[test]
    fn what_the_page_lacks_is_transliterated_or_told() {
        let lines = ["“Łódź” — ═".to_owned()];
        assert_eq!(encode(&lines, Encoding::Cp437, "\r\n").unwrap(), b"\"L\xa2dz\" - \xcd\r\n");
        assert_eq!(encode(&lines, Encoding::Utf8, "\n").unwrap(), "“Łódź” — ═\n".as_bytes());
        let error = encode(&["ab日".to_owned()], Encoding::Cp437, "\n").unwrap_err();
        assert_eq!((error.code.as_ref(), error.message.as_str()), ("text/encoding", "line 1, column 3: code page 437 has no '日'"));
    }

    proptest::proptest! {
        #[test]
        fn no_line_passes_the_width(text in "(?s).{0,200}", columns in 20_usize..90) {
            for line in lay_out(&text, columns).lines {
                proptest::prop_assert!(width::width(&line) <= columns, "{line:?}");
            }
        }
    }
}
