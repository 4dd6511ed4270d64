//! Durations: `500ms`, `30s`, `5m`, `1h30m`, or a plain number of seconds.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ValueError, scaled, shown, text_or_number};

/// Every unit with its milliseconds, largest first.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

const HINT: &str = "write a number with one of d, h, m, s, ms, such as `30s` or `1h30m`";

/// A stretch of time, in whole milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

impl Duration {
    /// So many milliseconds.
    pub fn from_millis(millis: u64) -> Self {
        Self(millis)
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        Self::from_millis(duration.0)
    }
}

impl FromStr for Duration {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = |why: String| Err(ValueError::new(why, HINT));
        let (mut rest, mut total, mut last) = (text.trim(), 0u64, u64::MAX);
        if !rest.starts_with(|c: char| c.is_ascii_digit()) {
            return wrong(format!("{} is no duration", shown(text)));
        }
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
            let (number, after) = rest.split_at(digits);
            let letters = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
            let (unit, after) = after.split_at(letters);
            if unit.is_empty() {
                return wrong(format!("the duration {} lacks a unit", shown(text)));
            }
            let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
                return wrong(format!("unknown unit {} in the duration {}", shown(unit.trim()), shown(text)));
            };
            if *scale >= last {
                return wrong(format!("the units of the duration {} are not in falling order", shown(text)));
            }
            let Some(sum) = scaled(number, *scale).and_then(|millis| total.checked_add(millis)) else {
                return wrong(format!(
                    "{} is not a whole number of milliseconds that 64 bits can hold",
                    shown(text)
                ));
            };
            (rest, total, last) = (after, sum, *scale);
        }
        Ok(Self(total))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, scale) in UNITS {
            if rest >= scale {
                write!(f, "{}{unit}", rest / scale)?;
                rest %= scale;
            }
        }
        Ok(())
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_number(deserializer, "a duration such as `30s`", str::parse, |seconds| {
            let millis = seconds.checked_mul(1000);
            millis
                .map(Self)
                .ok_or_else(|| ValueError::new("a duration that 64 bits cannot hold".to_owned(), HINT))
        })
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A duration: numbers with the units `d`, `h`, `m`, `s` and `ms`, largest first. A plain number means seconds.",
            "type": ["string", "integer"],
            "pattern": "^([0-9]+(\\.[0-9]+)?(d|h|m|s|ms))+$",
            "minimum": 0,
            "examples": ["30s", "5m", "1h30m", "500ms"],
            "x-expected": "a duration such as `30s`",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: u64) {
        assert_eq!(text.parse(), Ok(Duration(wanted)), "{text}");
    }

    fn check_fault(text: &str, part: &str) {
        let error = text.parse::<Duration>().unwrap_err();
        assert!(error.message.contains(part), "{text}: {}", error.message);
    }

    #[test]
    fn units_add_up() {
        check("30s", 30_000);
        check("5m", 300_000);
        check("1h30m", 5_400_000);
        check("500ms", 500);
        check("1.5s", 1500);
        check("1d1ms", 86_400_001);
    }

    #[test]
    fn a_fault_says_what_is_wrong() {
        check_fault("", "no duration");
        check_fault("soon", "no duration");
        check_fault("-5s", "no duration");
        check_fault("30", "lacks a unit");
        check_fault("5 parsecs", "unknown unit `");
        check_fault("30s1h", "falling order");
        check_fault("1s1s", "falling order");
        check_fault("0.0001s", "whole number");
        check_fault("99999999999999999999d", "64 bits");
    }

    #[test]
    fn a_plain_number_means_seconds() {
        assert_eq!(serde_json::from_str::<Duration>("90").unwrap(), Duration(90_000));
        assert!(serde_json::from_str::<Duration>("18446744073709551615").is_err());
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_reads_back(millis in proptest::prelude::any::<u64>(), text in ".{0,12}") {
            assert_eq!(Duration(millis).to_string().parse(), Ok(Duration(millis)));
            let _ = text.parse::<Duration>();
        }
    }
}
