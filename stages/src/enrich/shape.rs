//! Reads answers: what may be missing is missing, and what has to be there and is not is told as another shape.

use serde_json::Value;

use super::query::text_of;
use crate::http::Trouble;

/// Longest text that is taken from an answer, in characters.
const LONGEST: usize = 20_000;
/// Most entries of a list that are taken.
const MOST: usize = 200;

/// The list at a place of an answer that has to have one.
pub(super) fn array<'v>(answer: &'v Value, at: &str) -> Result<&'v [Value], Trouble> {
    answer.pointer(at).and_then(Value::as_array).map(Vec::as_slice).ok_or_else(|| other(at))
}

/// A text that has to be there.
pub(super) fn needed(answer: &Value, at: &str) -> Result<String, Trouble> {
    text(answer, at).ok_or_else(|| other(at))
}

/// An answer is not as it is known to be.
pub(super) fn other(at: &str) -> Trouble {
    let name = at.trim_start_matches('/').replace('/', ".");
    Trouble::changed(format!("answers in another shape than is known: there is no `{name}`"))
}

/// A text, or a number as text.
pub(super) fn text(answer: &Value, at: &str) -> Option<String> {
    let text = text_of(answer.pointer(at)?)?;
    // Some services write that they know nothing.
    let is_none = matches!(text.as_str(), "N/A" | "null" | "0000-00-00");
    (!is_none).then(|| text.chars().take(LONGEST).collect())
}

/// A whole number, or a text that is one.
pub(super) fn number(answer: &Value, at: &str) -> Option<i64> {
    let value = answer.pointer(at)?;
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// The texts of a list, or of one key of its entries.
pub(super) fn texts(answer: &Value, at: &str, key: &str) -> Vec<String> {
    let list = answer.pointer(at).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let one = |entry: &Value| if key.is_empty() { text_of(entry) } else { text(entry, key) };
    list.iter().filter_map(one).take(MOST).collect()
}

/// The same as a value; nothing when there are none.
pub(super) fn list(answer: &Value, at: &str, key: &str) -> Option<Value> {
    Some(texts(answer, at, key)).filter(|list| !list.is_empty()).map(Value::from)
}

/// A text that is split at commas, as a value.
pub(super) fn split(answer: &Value, at: &str) -> Option<Value> {
    let text = text(answer, at)?;
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.into())
}

/// A text without the marks of HTML.
pub(super) fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut tag: Option<String> = None;
    for c in text.chars() {
        match (&mut tag, c) {
            (None, '<') => tag = Some(String::new()),
            (None, c) => out.push(c),
            (Some(name), '>') => {
                let name = name.trim_matches('/').trim().to_ascii_lowercase();
                if matches!(name.as_str(), "br" | "p" | "li" | "div") && !out.ends_with('\n') {
                    out.push('\n');
                }
                tag = None;
            }
            (Some(name), c) => name.push(c),
        }
    }
    // What only looks like a mark is text.
    out.extend(tag.map(|rest| format!("<{rest}")));
    let plain =
        [("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
            .iter()
            .fold(out, |text, (entity, plain)| text.replace(entity, plain));
    plain.trim().to_owned()
}

/// The day at the beginning of a text in ISO 8601, as precise as it is.
pub(super) fn date(text: &str) -> Option<String> {
    let day: String = text.trim().chars().take(10).collect();
    let parts: Vec<&str> = day.split('-').collect();
    let is_number =
        |text: &&str, digits: usize| text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    let lengths: &[usize] = &[4, 2, 2];
    let fits = parts.len() <= 3 && parts.iter().zip(lengths).all(|(part, digits)| is_number(part, *digits));
    (fits && !day.starts_with("0000")).then_some(day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_stands_for_nothing_is_nothing() {
        let answer =
            json!({ "a": "N/A", "b": " x ", "c": 3, "d": "", "e": [{ "n": "p" }, {}, { "n": null }] });
        assert_eq!(
            (text(&answer, "/a"), text(&answer, "/b"), text(&answer, "/c")),
            (None, Some("x".into()), Some("3".into()))
        );
        assert_eq!((text(&answer, "/d"), texts(&answer, "/e", "/n")), (None, vec!["p".to_owned()]));
        assert_eq!(
            (date("2011-04-17T00:00"), date("2011"), date("May 5")),
            (Some("2011-04-17".into()), Some("2011".into()), None)
        );
        assert_eq!(prose("<p>A &amp; <b>B</b><br>c &lt; d</p> 1 < 2"), "A & B\nc < d\n 1 < 2");
    }

    proptest! {
        #[test]
        fn any_text_is_read(raw in ".{0,60}") {
            prose(&raw);
            date(&raw);
        }
    }
}
