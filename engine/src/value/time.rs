//! The time a release bears: an RFC 3339 time, or the word `source`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ValueError, shown, text_or_number};

const HINT: &str = "write `source`, or a time with its offset such as `2026-01-31T12:00:00Z`";

/// The time that everything in a release bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Time {
    /// When the newest source was last changed.
    #[default]
    Source,
    /// This time.
    At(Timestamp),
}

/// A moment in milliseconds since 1970-01-01 UTC as RFC 3339, to the second.
#[must_use]
pub fn rfc3339(millis: i64) -> String {
    Timestamp::from_second(millis.div_euclid(1000)).unwrap_or_default().to_string()
}

impl FromStr for Time {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = |why: String| ValueError::new(why, HINT);
        if text == "source" {
            return Ok(Self::Source);
        }
        match shape(text) {
            Shape::Date => Err(ValueError::new(
                format!("the time {} is only a date", shown(text)),
                &format!("add the time of day: `{text}T00:00:00Z`"),
            )),
            Shape::WithoutOffset => Err(ValueError::new(
                format!("the time {} lacks an offset", shown(text)),
                &format!("add `Z` for universal time, or an offset: `{text}Z`"),
            )),
            Shape::Whole => match text.replacen(' ', "T", 1).parse() {
                Ok(time) => Ok(Self::At(time)),
                Err(_) => Err(wrong(format!("the time {} does not exist", shown(text)))),
            },
            Shape::Other => Err(wrong(format!("{} is no time", shown(text)))),
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source => f.write_str("source"),
            Self::At(time) => time.fmt(f),
        }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_number(deserializer, "a time", str::parse, |number| number.to_string().parse())
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A time: the word `source` for the time of the newest source, or an RFC 3339 time with its offset.",
            "type": "string",
            "pattern": "^(source|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2}))$",
            "examples": ["source", "2026-01-31T12:00:00Z"],
            "x-expected": "`source` or a time such as `2026-01-31T12:00:00Z`",
        })
    }
}

enum Shape {
    Date,
    WithoutOffset,
    Whole,
    Other,
}

// RFC 3339 is narrower than what the time library takes, and a person gets better advice per shape.
fn shape(text: &str) -> Shape {
    let fits = |text: &str, pattern: &str| {
        text.len() == pattern.len()
            && text.bytes().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b't' | b' '),
                b'+' => matches!(byte, b'+' | b'-'),
                wanted => byte == wanted,
            })
    };
    if fits(text, "0000-00-00") {
        return Shape::Date;
    }
    const CLOCK: &str = "0000-00-00T00:00:00";
    let Some((clock, rest)) = text.split_at_checked(CLOCK.len()) else { return Shape::Other };
    if !fits(clock, CLOCK) {
        return Shape::Other;
    }
    let offset = match rest.strip_prefix('.') {
        Some(fraction) => {
            let digits = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if digits.len() == fraction.len() {
                return Shape::Other;
            }
            digits
        }
        None => rest,
    };
    match offset {
        "" => Shape::WithoutOffset,
        "Z" | "z" => Shape::Whole,
        _ if fits(offset, "+00:00") => Shape::Whole,
        _ => Shape::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: &str) {
        assert_eq!(text.parse::<Time>().unwrap().to_string(), wanted);
    }

    fn check_fault(text: &str, part: &str) {
        let error = text.parse::<Time>().unwrap_err();
        assert!(error.message.contains(part), "{text}: {}", error.message);
    }

    #[test]
    fn times_are_of_rfc_3339() {
        check("source", "source");
        check("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z");
        check("2026-01-31T12:00:00.5+02:00", "2026-01-31T10:00:00.5Z");
        check("2026-01-31 12:00:00z", "2026-01-31T12:00:00Z");
    }

    #[test]
    fn a_fault_says_what_is_wrong() {
        check_fault("2026-01-31", "only a date");
        check_fault("2026-01-31T12:00:00", "lacks an offset");
        check_fault("2026-02-30T12:00:00Z", "does not exist");
        check_fault("yesterday", "no time");
        check_fault("2026-01-31T12:00:00[Europe/Berlin]", "no time");
        check_fault("", "no time");
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,30}", digits in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z") {
            let _ = (text.parse::<Time>(), digits.parse::<Time>());
        }
    }
}
