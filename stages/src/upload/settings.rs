//! Settings that every destination may have, whatever its type, and how single settings are read.

use std::time::Duration;

use engine::value;
use serde::Deserialize;
use serde_json::Value;

use super::options::Proof;
use super::window::Window;

/// What every destination may say of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Common {
    /// Bytes a second, for all connections together.
    pub(super) limit: Option<u64>,
    /// When anything may be sent.
    pub(super) window: Option<Window>,
    /// How often something is tried again that may pass by itself.
    pub(super) retries: u32,
    /// The first pause before that; it doubles.
    pub(super) retry_delay: Duration,
    /// How it is proven what lies there, unless the step says.
    pub(super) proof: Option<Proof>,
    /// Only pretends to send.
    pub(super) dry_run: bool,
}

/// Most connections to one destination.
const MOST_CONNECTIONS: u64 = 32;

impl Common {
    /// Reads them, or says what is wrong as a fragment that follows the destination's name.
    pub(super) fn of(settings: &Value) -> Result<Self, String> {
        let limit = given(settings, "limit", rate, "a size such as `2MB`, by the second")?;
        if limit == Some(0) {
            return Err("has a `limit` of 0, which lets nothing through".into());
        }
        connections(settings, 1)?;
        Ok(Self {
            limit,
            window: given(settings, "window", Window::parse, "two times such as `22:00-06:00`")?,
            retries: given(settings, "retries", |v| v.as_u64()?.try_into().ok(), "a number")?.unwrap_or(5),
            retry_delay: given(settings, "retry_delay", pause, "a duration such as `2s`")?
                .unwrap_or(Duration::from_secs(1)),
            proof: given(settings, "proof", Proof::parse, "`hash`, `sample` or `size`")?,
            dry_run: given(settings, "dry_run", Value::as_bool, "true or false")?.unwrap_or(false),
        })
    }
}

/// Bytes a second, with or without `/s` behind them.
fn rate(value: &Value) -> Option<u64> {
    let plain = value.as_str().map(|text| text.trim_end_matches("/s").into());
    value::Size::deserialize(plain.as_ref().unwrap_or(value)).ok().map(value::Size::bytes)
}

fn pause(value: &Value) -> Option<Duration> {
    value::Duration::deserialize(value).ok().map(Duration::from)
}

/// How many connections may be open at once.
pub(super) fn connections(settings: &Value, usual: usize) -> Result<usize, String> {
    let read = |value: &Value| value.as_u64().filter(|number| (1..=MOST_CONNECTIONS).contains(number));
    let number = given(settings, "connections", read, "a number from 1 to 32")?;
    Ok(number.and_then(|number| usize::try_from(number).ok()).unwrap_or(usual))
}

/// A setting, if it is there.
pub(super) fn given<T>(
    settings: &Value,
    key: &str,
    read: impl Fn(&Value) -> Option<T>,
    wanted: &str,
) -> Result<Option<T>, String> {
    match settings.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value).map(Some).ok_or_else(|| format!("has a `{key}` that is not {wanted}")),
    }
}

/// A text that must be there and not be empty.
pub(super) fn text<'s>(settings: &'s Value, key: &str) -> Result<&'s str, String> {
    let found = settings.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    found.ok_or_else(|| format!("has no `{key}`"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_read_with_their_units() {
        let read = Common::of(&json!({ "limit": "2MB", "retry_delay": "10ms", "window": "22:00-06:00" }));
        let read = read.unwrap();
        assert_eq!((read.limit, read.retry_delay), (Some(2_000_000), Duration::from_millis(10)));
        assert_eq!((read.retries, read.dry_run, read.proof), (5, false, None));
        assert_eq!(connections(&json!({}), 3), Ok(3));
        assert_eq!(connections(&json!({ "connections": 8 }), 3), Ok(8));
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let check = |settings: Value, wanted: &str| {
            assert_eq!(Common::of(&settings).unwrap_err(), wanted);
        };
        check(json!({ "limit": "fast" }), "has a `limit` that is not a size such as `2MB`, by the second");
        check(json!({ "limit": 0 }), "has a `limit` of 0, which lets nothing through");
        check(json!({ "window": "22-6" }), "has a `window` that is not two times such as `22:00-06:00`");
        check(json!({ "proof": "maybe" }), "has a `proof` that is not `hash`, `sample` or `size`");
        check(json!({ "connections": 0 }), "has a `connections` that is not a number from 1 to 32");
        check(json!({ "dry_run": "yes" }), "has a `dry_run` that is not true or false");
    }
}
