//! Makes lines that fit of what a template printed.
//!
//! Knows columns and no encoding: what its lines may hold is settled by the function it is given.

use formats::text::{draw, width};

/// A text as lines.
pub(super) struct Sheet {
    pub(super) lines: Vec<String>,
    /// How many lines had to be folded.
    pub(super) folded: usize,
}

/// Splits into lines without control characters or trailing space, none wider than `columns` as `written`
/// writes it. Empty lines at the beginning and the end go, since they come from the tags of the template.
pub(super) fn lay_out(text: &str, columns: usize, written: &mut dyn FnMut(&str) -> String) -> Sheet {
    let mut sheet = Sheet { lines: Vec::new(), folded: 0 };
    for line in text.lines() {
        let line = match draw::as_rule(line) {
            Some((pattern, title)) => written(&draw::rule(columns, pattern, Some(title))),
            None => written(&width::clean(&line.replace('\t', "    "))),
        };
        let mut folded = draw::fold(&line, columns);
        sheet.folded += usize::from(folded.len() > 1);
        sheet.lines.append(&mut folded);
    }
    let filled = |line: &String| !line.is_empty();
    let first = sheet.lines.iter().position(filled).unwrap_or(0);
    let last = sheet.lines.iter().rposition(filled).map_or(first, |last| last + 1);
    sheet.lines.truncate(last);
    sheet.lines.drain(..first);
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_with_their_indent_and_control_characters_go() {
        let sheet = lay_out("\n\n  one two three\u{1b}[31m\u{7}\nx\ty  \n\n", 10, &mut str::to_owned);
        assert_eq!(sheet.lines, ["  one two", "  three", "x    y"]);
        assert_eq!(sheet.folded, 1);
    }

    #[test]
    fn an_open_rule_is_as_wide_as_the_page() {
        let sheet = lay_out(&format!("a\n{}\nb", draw::open_rule("=", Some("T"))), 12, &mut str::to_owned);
        assert_eq!(sheet.lines, ["a", "== T =======", "b"]);
    }

    proptest::proptest! {
        #[test]
        fn no_line_passes_the_width(text in "(?s).{0,200}", columns in 20_usize..90) {
            for line in lay_out(&text, columns, &mut str::to_owned).lines {
                proptest::prop_assert!(width::width(&line) <= columns, "{line:?}");
            }
        }
    }
}
