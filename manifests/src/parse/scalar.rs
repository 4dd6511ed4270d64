//! What a plain scalar means: the core schema of YAML 1.2, narrowed to what people expect.
//!
//! `no`, `on`, `0755`, `1_000`, `12:30` and dates are text here, and so is a number that 64 bits cannot hold.

use serde_json::Number;

use crate::node::Scalar;

/// The value of a scalar that was written without quotes.
pub fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" => Scalar::Null,
        "true" => Scalar::Bool(true),
        "false" => Scalar::Bool(false),
        _ => number(text).map_or_else(|| Scalar::String(text.to_owned()), Scalar::Number),
    }
}

/// Whether another YAML reader, of version 1.1 or 1.2, might see something else than text.
pub fn is_ambiguous(text: &str) -> bool {
    const WORDS: [&str; 12] = ["true", "false", "null", "~", "yes", "no", "on", "off", "y", "n", "=", "<<"];
    let lower = text.to_ascii_lowercase();
    if text.is_empty() || WORDS.contains(&lower.as_str()) {
        return true;
    }
    let digits = lower.trim_start_matches(['+', '-']).trim_start_matches('.');
    // Numbers in every base and with every mark, times of day, dates and times.
    let like_a_number = match digits.strip_prefix("0x") {
        Some(hex) => hex.chars().all(|c| c.is_ascii_hexdigit() || c == '_'),
        None => {
            digits.starts_with(|c: char| c.is_ascii_digit())
                && digits.chars().all(|c| "0123456789._:+-eotz ".contains(c))
        }
    };
    like_a_number || matches!(digits, "inf" | "nan") || !matches!(resolve(text), Scalar::String(_))
}

fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, rest) = split_digits(digits);
    // A leading zero means octal to some and nothing to others, so it is text to all.
    if whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    if rest.is_empty() && !whole.is_empty() {
        let plain = text.strip_prefix('+').unwrap_or(text);
        return plain
            .parse::<i64>()
            .map(Number::from)
            .or_else(|_| plain.parse::<u64>().map(Number::from))
            .ok();
    }
    let (fraction, exponent) = match rest.strip_prefix('.') {
        Some(rest) => split_digits(rest),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() || !is_exponent(exponent) {
        return None;
    }
    text.parse::<f64>().ok().and_then(Number::from_f64)
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

fn is_exponent(text: &str) -> bool {
    let Some(power) = text.strip_prefix(['e', 'E']) else { return text.is_empty() };
    let power = power.strip_prefix(['+', '-']).unwrap_or(power);
    !power.is_empty() && power.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: serde_json::Value) {
        let found = match resolve(text) {
            Scalar::Null => serde_json::Value::Null,
            Scalar::Bool(bool) => bool.into(),
            Scalar::Number(number) => serde_json::Value::Number(number),
            Scalar::String(text) => text.into(),
        };
        assert_eq!(found, wanted, "{text}");
    }

    #[test]
    fn only_plain_words_and_decimal_numbers_are_typed() {
        check("", serde_json::Value::Null);
        check("~", serde_json::Value::Null);
        check("true", true.into());
        check("-12", (-12).into());
        check("+7", 7.into());
        check("18446744073709551615", u64::MAX.into());
        check("1.5", 1.5.into());
        check(".5", 0.5.into());
        check("6.", 6.0.into());
        check("1e3", 1000.0.into());
    }

    #[test]
    fn what_looks_like_a_number_to_others_is_text() {
        for text in "no on yes True NULL 0755 00 1_000 12:30 2024-01-31 0x1f 0o17 .inf .nan . + - 1e 1e400 \
                     99999999999999999999 1.2.3 -"
            .split_whitespace()
        {
            check(text, text.into());
        }
    }

    #[test]
    fn other_readers_are_kept_in_mind() {
        for text in ["no", "0755", "12:30", "2024-01-31", ".INF", "0x1F", "1_000", "", "~", "Null", "1e3"] {
            assert!(is_ambiguous(text), "{text}");
        }
        for text in ["nope", "a1", "x:y", "release", "9f86d081884c7d65", "50MB"] {
            assert!(!is_ambiguous(text), "{text}");
        }
    }
}
