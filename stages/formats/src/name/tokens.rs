//! Cuts a release name into words with the marks between them and the brackets around them.
//!
//! Knows no word and no order of words.

/// One word of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// The word as it is written.
    pub text: &'a str,
    /// Where it begins in the name, in bytes.
    pub start: usize,
    /// What stands between the word before and this one.
    pub gap: &'a str,
    /// The bracket it stands in: its number, counted from 1 in order of opening, or 0 for none.
    pub bracket: usize,
    /// How that bracket opens, or a space for none.
    pub opens: char,
}

impl Token<'_> {
    /// Where it ends, in bytes.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether a hyphen stands before it and touches it.
    pub fn hyphen_before(&self) -> bool {
        self.gap.contains(['-', '\u{2013}', '\u{2014}'])
    }

    /// The number it is, if it is nothing but ASCII digits.
    pub fn number(&self) -> Option<u32> {
        let digits = !self.text.is_empty() && self.text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { self.text.parse().ok() } else { None }
    }
}

/// The sign before ordinal numbers in Chinese and Japanese.
const ORDINAL: char = '\u{7b2c}';

/// The words of `name`.
pub(super) fn cut(name: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut brackets = 0;
    let mut begins: Option<usize> = None;
    let mut last_end = 0;
    let mut characters = name.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let within = begins.is_some() && next.is_some_and(char::is_alphanumeric);
        let word = begins.and_then(|start| name.get(start..at)).unwrap_or_default();
        let plus = character == '+' && word.eq_ignore_ascii_case("dd");
        if character == ORDINAL && !word.is_empty() {
            // Chinese and Japanese write no gap before "number two".
            push(&mut tokens, name, (begins.unwrap_or(at), at), &mut last_end, open.last().copied());
            begins = Some(at);
            continue;
        }
        if plus || belongs(character, begins.is_some(), within) {
            begins.get_or_insert(at);
            continue;
        }
        if let Some(start) = begins.take() {
            push(&mut tokens, name, (start, at), &mut last_end, open.last().copied());
        }
        match character {
            '(' | '[' | '{' => {
                brackets += 1;
                open.push((brackets, character));
            }
            ')' | ']' | '}' if open.last().is_some_and(|(_, opened)| closes(*opened, character)) => {
                open.pop();
            }
            _ => {}
        }
    }
    if let Some(start) = begins {
        push(&mut tokens, name, (start, name.len()), &mut last_end, open.last().copied());
    }
    tokens
}

fn push<'a>(
    tokens: &mut Vec<Token<'a>>,
    name: &'a str,
    (start, end): (usize, usize),
    last_end: &mut usize,
    bracket: Option<(usize, char)>,
) {
    let text = name.get(start..end).unwrap_or_default();
    let gap = name.get(*last_end..start).unwrap_or_default();
    let (number, opens) = bracket.unwrap_or((0, ' '));
    *last_end = end;
    if let Some((before, codec)) = glued(text) {
        tokens.push(Token { text: before, start, gap, bracket: number, opens });
        tokens.push(Token { text: codec, start: start + before.len(), gap: "", bracket: number, opens });
        return;
    }
    tokens.push(Token { text, start, gap, bracket: number, opens });
}

/// A codec that somebody glued to the word before it: `HDTVx264`.
fn glued(text: &str) -> Option<(&str, &str)> {
    let (before, codec) = text.split_at_checked(text.len().checked_sub(4)?)?;
    let known = ["x264", "x265", "h264", "h265", "xvid"].iter().any(|name| codec.eq_ignore_ascii_case(name));
    (known && before.len() >= 2 && before.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .then_some((before, codec))
}

fn closes(opened: char, character: char) -> bool {
    matches!((opened, character), ('(', ')') | ('[', ']') | ('{', '}'))
}

/// Whether a character is part of a word. Some marks are, but only beside or between letters.
fn belongs(character: char, inside: bool, within: bool) -> bool {
    match character {
        '\'' | '\u{2019}' | '`' | '\u{b4}' => inside && within,
        '+' => inside && !within,
        '!' | '?' | '%' | '\u{b0}' | '$' | '*' | '@' => inside,
        '&' | '#' => true,
        c => c.is_alphanumeric() || is_joined(c),
    }
}

/// Marks that a letter carries, which Unicode counts as characters of their own.
fn is_joined(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}' | '\u{900}'..='\u{dff}' | '\u{e30}'..='\u{e4f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, wanted: &[(&str, usize)]) {
        let got: Vec<(&str, usize)> = cut(name).iter().map(|token| (token.text, token.bracket)).collect();
        assert_eq!(got, wanted, "{name}");
    }

    #[test]
    fn words_are_cut_at_marks_and_know_their_bracket() {
        check("A.Title_x264-GRP", &[("A", 0), ("Title", 0), ("x264", 0), ("GRP", 0)]);
        check("[Grp] It's (HDR10+ 1)", &[("Grp", 1), ("It's", 0), ("HDR10+", 2), ("1", 2)]);
        check("Counting+Crows", &[("Counting", 0), ("Crows", 0)]);
        check("a)b](c", &[("a", 0), ("b", 0), ("c", 1)]);
        check("", &[]);
    }
}
