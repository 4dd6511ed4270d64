//! Sizes in bytes: `50MB`, `50MiB`, `1.5GB`, or a plain number.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::{ValueError, scaled, shown, text_or_number};

/// Every unit with its bytes. Decimal and binary ones differ on purpose.
const UNITS: [(&str, u64); 10] = [
    ("B", 1),
    ("kB", 1000),
    ("KB", 1000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("TB", 1_000_000_000_000),
    ("TiB", 1 << 40),
];

const HINT: &str =
    "write bytes as a number, or a number with one of kB, KiB, MB, MiB, GB, GiB, TB, TiB, such as `50MB`";

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Size(u64);

impl Size {
    /// So many bytes.
    pub fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = |why: String| ValueError::new(why, HINT);
        let end = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, unit) = text.split_at(end);
        if number.is_empty() {
            return Err(wrong(format!("{} is no size", shown(text))));
        }
        let unit = unit.trim_start();
        let scale = match UNITS.iter().find(|(name, _)| *name == unit) {
            Some((_, scale)) => *scale,
            None if unit.is_empty() => 1,
            None => return Err(wrong(format!("unknown unit {} in the size {}", shown(unit), shown(text)))),
        };
        let Some(bytes) = scaled(number, scale) else {
            return Err(wrong(format!(
                "{} is not a whole number of bytes that 64 bits can hold",
                shown(text)
            )));
        };
        Ok(Self(bytes))
    }
}

impl fmt::Display for Size {
    /// The shortest way to write it exactly.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = |(_, scale): &&(&str, u64)| self.0 >= *scale && self.0.is_multiple_of(*scale);
        match UNITS.iter().filter(exact).max_by_key(|(_, scale)| *scale) {
            Some((unit, scale)) if *scale > 1 => write!(f, "{}{unit}", self.0 / scale),
            _ => write!(f, "{}", self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_number(deserializer, "a size such as `50MB`", str::parse, |bytes| Ok(Self(bytes)))
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A size: a number of bytes, or a number with a unit. `50MB` is 50,000,000 bytes, `50MiB` is 52,428,800.",
            "type": ["string", "integer"],
            "pattern": "^[0-9]+(\\.[0-9]+)? *(B|kB|KB|KiB|MB|MiB|GB|GiB|TB|TiB)?$",
            "minimum": 0,
            "examples": ["50MB", "1.5GB", "100MiB", 50_000_000],
            "x-expected": "a size such as `50MB`",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: u64) {
        assert_eq!(text.parse(), Ok(Size(wanted)), "{text}");
    }

    fn check_fault(text: &str, part: &str) {
        let error = text.parse::<Size>().unwrap_err();
        assert!(error.message.contains(part), "{text}: {}", error.message);
    }

    #[test]
    fn units_are_decimal_or_binary() {
        check("50MB", 50_000_000);
        check("50MiB", 52_428_800);
        check("1.5GB", 1_500_000_000);
        check("1.5 KiB", 1536);
        check("0", 0);
        check("2TiB", 2 << 40);
        check("1.50kB", 1500);
    }

    #[test]
    fn a_fault_says_what_is_wrong() {
        check_fault("", "no size");
        check_fault("big", "no size");
        check_fault("-5", "no size");
        check_fault("5mb", "unknown unit `mb`");
        check_fault("5 parsecs", "unknown unit `parsecs`");
        check_fault("1.5", "not a whole number");
        check_fault("1.0001kB", "not a whole number");
        check_fault("99999999999TB", "64 bits");
        check_fault("1..5MB", "not a whole number");
    }

    #[test]
    fn reads_text_and_numbers() {
        let sizes: Vec<Size> = serde_json::from_str("[50000000, \"50MB\"]").unwrap();
        assert_eq!(sizes, [Size(50_000_000), Size(50_000_000)]);
        let error = serde_json::from_str::<Size>("-1").unwrap_err().to_string();
        assert!(error.contains("`-1` is no size"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_reads_back(bytes in proptest::prelude::any::<u64>(), text in ".{0,12}") {
            assert_eq!(Size(bytes).to_string().parse(), Ok(Size(bytes)));
            assert_eq!(Size(bytes / 1000 * 1000).to_string().parse(), Ok(Size(bytes / 1000 * 1000)));
            let _ = text.parse::<Size>();
        }
    }
}
