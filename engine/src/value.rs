//! Values with a unit: sizes, durations and times.
//!
//! Knows how they are written, not where they stand.

mod duration;
mod size;
mod time;

use std::fmt::{self, Write as _};

use serde::de::{Deserializer, Error, Visitor};

pub use self::duration::Duration;
pub use self::size::Size;
pub use self::time::{Time, rfc3339};

/// What parts the message of a fault from its advice when both must pass through one text.
const HELP: &str = "\nhelp: ";

/// A text that is not the value it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// How to write it.
    pub hint: String,
}

impl ValueError {
    fn new(message: String, hint: &str) -> Self {
        Self { message, hint: hint.to_owned() }
    }

    /// Parts the text of an error into message and advice. Errors of other types have no advice.
    pub fn split(text: &str) -> (&str, Option<&str>) {
        text.split_once(HELP).map_or((text, None), |(message, hint)| (message, Some(hint)))
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{HELP}{}", self.message, self.hint)
    }
}

impl std::error::Error for ValueError {}

/// Foreign text made fit for a message: in backquotes, on one line, not too long.
pub fn shown(text: &str) -> String {
    within(text, 60)
}

/// A path made fit for a message: as [`shown`], but whole unless it is absurdly long, since its end tells most.
pub fn shown_path(path: &str) -> String {
    within(path, 1_000)
}

fn within(text: &str, longest: usize) -> String {
    let mut out = String::from("`");
    for (count, c) in text.chars().enumerate() {
        if count == longest {
            out.push('…');
            break;
        }
        if is_printable(c) {
            out.push(c);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "{}", c.escape_unicode());
        }
    }
    out.push('`');
    out
}

/// Whether a terminal shows the character as itself and nothing else happens.
pub fn is_printable(c: char) -> bool {
    let steers_direction =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks_lines = matches!(c, '\u{2028}' | '\u{2029}');
    let has_no_glyph =
        matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    !(c.is_control() || steers_direction || breaks_lines || has_no_glyph)
}

/// Reads a value that is written as text or as a plain number.
fn text_or_number<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &'static str,
    of_text: fn(&str) -> Result<T, ValueError>,
    of_number: fn(u64) -> Result<T, ValueError>,
) -> Result<T, D::Error> {
    struct Either<T> {
        expected: &'static str,
        of_text: fn(&str) -> Result<T, ValueError>,
        of_number: fn(u64) -> Result<T, ValueError>,
    }

    impl<T> Visitor<'_> for Either<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.expected)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            (self.of_text)(text).map_err(E::custom)
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
            (self.of_number)(number).map_err(E::custom)
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
            match u64::try_from(number) {
                Ok(number) => self.visit_u64(number),
                Err(_) => self.visit_str(&number.to_string()),
            }
        }
    }

    deserializer.deserialize_any(Either { expected, of_text, of_number })
}

/// A decimal number as so many `scale`ths: `1.5` of 1000 is 1500. Nothing if it is no number, not whole, or too large.
fn scaled(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || number.ends_with('.') {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let parts = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let fraction =
        if fraction.is_empty() { 0 } else { fraction.parse::<u128>().ok()?.checked_mul(scale.into())? };
    if fraction % parts != 0 {
        return None;
    }
    let whole = whole.parse::<u128>().ok()?.checked_mul(scale.into())?;
    u64::try_from(whole.checked_add(fraction / parts)?).ok()
}
