//! Text in columns: how wide it shows, wrapped, padded, cut.
//!
//! A width is the sum of its characters' widths (East Asian wide ones count two, combining ones none), so that it adds up
//! whatever a terminal makes of sequences. What could steer a terminal never comes through: every function cleans first.

use unicode_width::UnicodeWidthChar;

/// Columns that a text takes on one line.
#[must_use]
pub fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// A text without escape sequences, control characters, and characters that reorder or hide what is shown. Line ends
/// remain, as `\n`; a tab becomes a space.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let length = match character {
            '\u{1b}' | '\u{9b}' => escape_sequence(rest),
            '\r' if rest.starts_with("\r\n") => 1,
            _ => character.len_utf8(),
        };
        match character {
            '\n' => clean.push('\n'),
            '\r' if length == 1 && !rest.starts_with("\r\n") => clean.push('\n'),
            '\t' => clean.push(' '),
            _ if is_unseen(character) => {}
            _ => clean.push(character),
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    clean
}

/// Breaks a text into lines of at most `width` columns (at least one), between words where that is possible. Line ends of
/// the text remain, empty lines too; runs of spaces become one, and those at a line's ends go.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let most = width.max(1);
    let mut lines = Vec::new();
    for paragraph in clean(text).split('\n') {
        let mut line = Line::new(most);
        for word in paragraph.split(is_breaking_space).filter(|word| !word.is_empty()) {
            line.put_word(word, &mut lines);
        }
        lines.push(line.text);
    }
    lines
}

/// A text on one line, with spaces on its left up to `width` columns.
#[must_use]
pub fn pad_left(text: &str, width: usize) -> String {
    padded(text, width, |missing| missing)
}

/// A text on one line, with spaces on its right up to `width` columns.
#[must_use]
pub fn pad_right(text: &str, width: usize) -> String {
    padded(text, width, |_| 0)
}

/// A text on one line, with spaces on both sides up to `width` columns; an odd one goes to the right.
#[must_use]
pub fn center(text: &str, width: usize) -> String {
    padded(text, width, |missing| missing / 2)
}

/// A text on one line, cut behind the last character that ends within `width` columns.
#[must_use]
pub fn truncate(text: &str, width: usize) -> String {
    let mut used = 0;
    let line = one_line(text);
    let fits = line.chars().take_while(|&character| {
        used += columns(character);
        used <= width
    });
    fits.collect()
}

struct Line {
    text: String,
    used: usize,
    most: usize,
}

impl Line {
    fn new(most: usize) -> Self {
        Self { text: String::new(), used: 0, most }
    }

    fn put_word(&mut self, word: &str, lines: &mut Vec<String>) {
        let needed = width(word);
        if self.used > 0 && self.used + 1 + needed <= self.most {
            self.put(' ', lines);
        } else if !self.text.is_empty() {
            self.finish(lines);
        }
        for character in word.chars() {
            // A wide character has no place on a line of one column.
            let shown = if columns(character) > self.most { '?' } else { character };
            self.put(shown, lines);
        }
    }

    fn put(&mut self, character: char, lines: &mut Vec<String>) {
        let needed = columns(character);
        if self.used + needed > self.most {
            self.finish(lines);
        }
        self.text.push(character);
        self.used += needed;
    }

    fn finish(&mut self, lines: &mut Vec<String>) {
        lines.push(std::mem::take(&mut self.text));
        self.used = 0;
    }
}

fn padded(text: &str, wanted: usize, left: impl Fn(usize) -> usize) -> String {
    let line = one_line(text);
    let missing = wanted.saturating_sub(width(&line));
    let left = left(missing);
    format!("{}{line}{}", " ".repeat(left), " ".repeat(missing - left))
}

fn one_line(text: &str) -> String {
    clean(text).replace('\n', " ")
}

pub(crate) fn columns(character: char) -> usize {
    character.width().unwrap_or(0)
}

fn is_breaking_space(character: char) -> bool {
    character.is_whitespace() && !matches!(character, '\u{a0}' | '\u{2007}' | '\u{202f}')
}

/// Controls, and what reorders, hides or restyles its neighbours. The joiners that some scripts are spelled with are not
/// among them.
pub(crate) fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Bytes of the escape sequence that a text begins with. One that never ends is just its first character.
pub(crate) fn escape_sequence(text: &str) -> usize {
    /// A longer string is no command.
    const LONGEST: usize = 4096;
    let bytes = text.as_bytes();
    let (introducer, kind) = match bytes {
        [0x1b, kind @ (b'[' | b']' | b'P' | b'X' | b'^' | b'_'), ..] => (2, *kind),
        [0x1b, 0x20..=0x2f, 0x30..=0x7e, ..] => return 3,
        [0x1b, 0x30..=0x7e, ..] => return 2,
        [0x1b, ..] => return 1,
        _ => (2, b'['),
    };
    let body = bytes.get(introducer..bytes.len().min(LONGEST)).unwrap_or_default();
    if kind == b'[' {
        let length = body.iter().take_while(|byte| (0x20..=0x3f).contains(*byte)).count();
        let ends = body.get(length).is_some_and(|byte| (0x40..=0x7e).contains(byte));
        return introducer + length + usize::from(ends);
    }
    let bell = body.iter().position(|&byte| byte == 7).map(|at| at + 1);
    let terminator = body.windows(2).position(|pair| pair == b"\x1b\\").map(|at| at + 2);
    introducer + bell.into_iter().chain(terminator).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    fn check(text: &str, width: usize, want: &[&str]) {
        assert_eq!(wrap(text, width), want);
    }

    #[test]
    fn lines_break_between_words() {
        check("the quick  brown fox", 10, &["the quick", "brown fox"]);
        check("one\n\ntwo\r\nthree", 10, &["one", "", "two", "three"]);
        check("", 10, &[""]);
    }

    #[test]
    fn a_word_longer_than_the_line_is_broken() {
        check("a abcdefgh b", 5, &["a", "abcde", "fgh b"]);
        check("abc", 0, &["a", "b", "c"]);
    }

    #[test]
    fn wide_characters_count_two() {
        assert_eq!(width("\u{6f22}\u{5b57}"), 4);
        check("\u{6f22}\u{5b57}\u{6f22}", 5, &["\u{6f22}\u{5b57}", "\u{6f22}"]);
        check("\u{6f22}", 1, &["?"]);
        assert_eq!(truncate("\u{6f22}\u{5b57}", 3), "\u{6f22}");
        assert_eq!(pad_right("\u{6f22}", 4), "\u{6f22}  ");
    }

    #[test]
    fn combining_marks_stay_with_their_letter() {
        check("e\u{301}e\u{301}e\u{301}", 2, &["e\u{301}e\u{301}", "e\u{301}"]);
    }

    #[test]
    fn no_space_is_no_place_to_break() {
        check("5\u{a0}km away", 5, &["5\u{a0}km", "away"]);
    }

    #[test]
    fn padding_is_by_columns() {
        assert_eq!(center("ab", 5), " ab  ");
        assert_eq!(pad_left("ab", 4), "  ab");
        assert_eq!(pad_left("abcdef", 4), "abcdef");
    }

    #[test]
    fn nothing_steers_a_terminal() {
        assert_eq!(clean("\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}x\u{1b}]8;;u\u{1b}\\y"), "red xy");
        assert_eq!(clean("a\u{202e}b\u{2066}c\u{9b}1md\u{0}\u{7f}\t!"), "abcd !");
        assert_eq!(clean("\u{1b}]0;never ended"), "0;never ended");
        assert_eq!(clean("a\r\nb\rc"), "a\nb\nc");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_asked(text in any::<String>(), most in 1..30usize) {
            for line in wrap(&text, most) {
                prop_assert!(width(&line) <= most);
                prop_assert!(UnicodeWidthStr::width(line.as_str()) <= most);
                prop_assert!(!line.chars().any(char::is_control));
            }
        }

        #[test]
        fn wrapping_again_changes_nothing(text in "([a-z\u{6f22}\u{301}\\x1b\\[ \n]|\\PC){0,80}", most in 1..20usize) {
            let lines = wrap(&text, most);
            prop_assert_eq!(wrap(&lines.join("\n"), most), lines);
        }

        #[test]
        fn words_survive_wrapping(text in "[a-z ]{0,80}") {
            let want: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
            let got: Vec<_> = wrap(&text, 80).join(" ").split_whitespace().map(str::to_owned).collect();
            prop_assert_eq!(got, want);
        }

        #[test]
        fn cleaning_is_done_once(text in any::<String>()) {
            let once = clean(&text);
            prop_assert!(!once.chars().any(|c| c.is_control() && c != '\n'));
            prop_assert_eq!(clean(&once), once);
        }

        #[test]
        fn padded_text_has_its_width(text in "\\PC{0,30}", wanted in 0..40usize) {
            for padded in [center(&text, wanted), pad_left(&text, wanted), pad_right(&truncate(&text, wanted), wanted)] {
                prop_assert!(width(&padded) >= wanted);
            }
            prop_assert_eq!(width(&pad_right(&truncate(&text, wanted), wanted)), wanted);
        }
    }
}
