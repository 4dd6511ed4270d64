//! A page for a terminal: as plain text, or with the escape sequences of its colours.
//!
//! Knows the sequences that every terminal knows, and none that moves the cursor.

use super::Page;
use super::canvas::{Colour, Look};

/// The page as lines of text, each with a line break.
#[must_use]
pub fn plain(page: &Page) -> String {
    page.lines().into_iter().flat_map(|line| [line, "\n".to_owned()]).collect()
}

/// The page in UTF-8 with colours. Every line ends in the colours of the terminal, so that it can be cut anywhere.
#[must_use]
pub fn ansi(page: &Page) -> String {
    let mut text = String::new();
    for row in &page.rows {
        let runs = row.runs(|one, other| one.look == other.look);
        let last = runs.len().saturating_sub(1);
        for (number, run) in runs.into_iter().enumerate() {
            let is_seen = run.look.ground != Colour::Default || run.look.reverse || run.look.underline;
            let shown = if number == last && !is_seen { run.text.trim_end() } else { &run.text };
            if run.look == Look::default() || shown.is_empty() {
                text.push_str(shown);
            } else {
                text.extend(["\u{1b}[", &codes(run.look), "m", shown, "\u{1b}[0m"]);
            }
        }
        text.push('\n');
    }
    text
}

/// The numbers of a look.
fn codes(look: Look) -> String {
    let styles = [
        (look.bold, "1"),
        (look.faint, "2"),
        (look.italic, "3"),
        (look.underline, "4"),
        (look.blink, "5"),
        (look.reverse, "7"),
        (look.concealed, "8"),
    ];
    let styles = styles.into_iter().filter(|(is_on, _)| *is_on).map(|(_, code)| code.to_owned());
    let colours = [colour(look.ink, 30), colour(look.ground, 40)];
    styles.chain(colours.into_iter().flatten()).collect::<Vec<_>>().join(";")
}

fn colour(colour: Colour, first: u8) -> Option<String> {
    match colour {
        Colour::Default => None,
        Colour::Palette(index @ 0..=7) => Some((first + index).to_string()),
        Colour::Palette(index) => Some((first + 52 + (index & 15)).to_string()),
        Colour::Rgb(red, green, blue) => Some(format!("{};2;{red};{green};{blue}", first + 8)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Reading, read};

    fn check(text: &str, want: &str) {
        assert_eq!(ansi(&read(text.as_bytes(), &Reading::default()).unwrap()), want, "{text:?}");
    }

    #[test]
    fn colours_are_written_and_end_with_what_they_colour() {
        check("plain  \r\ntext", "plain\ntext\n");
        check("\u{1b}[1;31mred \u{1b}[0mx", "\u{1b}[1;31mred \u{1b}[0mx\n");
        check("\u{1b}[95;44mx", "\u{1b}[95;44mx\u{1b}[0m\n");
        check("\u{1b}[38;2;1;2;3m\u{1b}[48;5;9mx", "\u{1b}[38;2;1;2;3;101mx\u{1b}[0m\n");
        check("\u{1b}[31ma\r\n\r\nb", "\u{1b}[31ma\u{1b}[0m\n\n\u{1b}[31mb\u{1b}[0m\n");
    }

    #[test]
    fn what_is_written_reads_as_the_same_page() {
        let text = "\u{1b}[1;31;44m╔══╗\u{1b}[0m plain \u{1b}[38;5;200mx\u{1b}[7my\u{1b}[0m\r\n日本 e\u{301}";
        let first = read(text.as_bytes(), &Reading::default()).unwrap();
        let again = read(ansi(&first).as_bytes(), &Reading::default()).unwrap();
        assert_eq!(first.rows, again.rows);
    }
}
