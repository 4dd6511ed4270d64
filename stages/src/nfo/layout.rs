//! Makes lines that fit of what a template printed.
//!
//! Knows columns and no encoding: what its lines may hold is settled by the function it is given.

use formats::text::width;

/// A text as lines.
pub(super) struct Page {
    pub(super) lines: Vec<String>,
    /// How many lines had to be wrapped.
    pub(super) wrapped: usize,
}

/// Splits into lines without control characters or trailing space, none wider than `columns` as `written`
/// writes it. Empty lines at the beginning and the end go, since they come from the tags of the template.
pub(super) fn lay_out(text: &str, columns: usize, written: &mut dyn FnMut(&str) -> String) -> Page {
    let mut page = Page { lines: Vec::new(), wrapped: 0 };
    for line in text.lines() {
        let line = written(&width::clean(&line.replace('\t', "    ")));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_wrapped_with_their_indent_and_control_characters_go() {
        let page = lay_out("\n\n  one two three\u{1b}[31m\u{7}\nx\ty  \n\n", 10, &mut str::to_owned);
        assert_eq!(page.lines, ["  one two", "  three", "x    y"]);
        assert_eq!(page.wrapped, 1);
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
