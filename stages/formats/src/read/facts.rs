//! How readers put facts down: trimmed, bounded, and absent rather than empty.
//!
//! Knows the shape of values, not where they came from.

use super::markup::collapse;
use super::{Cover, Found, Limits, image};
use serde_json::{Map, Number, Value};

impl Found {
    /// Something odd; past a screenful nobody reads on.
    pub(super) fn note(&mut self, what: impl Into<String>) {
        const MOST: usize = 20;
        if self.notes.len() < MOST {
            self.notes.push(what.into());
        }
    }

    /// A text on one line.
    pub(super) fn set_text(&mut self, name: &str, text: &str, limits: &Limits) {
        self.set_lines(name, &collapse(text), limits);
    }

    /// A text whose line breaks mean something.
    pub(super) fn set_lines(&mut self, name: &str, text: &str, limits: &Limits) {
        let text = bounded(text.trim(), limits);
        if !text.is_empty() {
            self.facts.insert(name.to_owned(), text.into());
        }
    }

    /// A list of texts in this order, each once.
    pub(super) fn set_list<'a>(
        &mut self,
        name: &str,
        texts: impl IntoIterator<Item = &'a str>,
        limits: &Limits,
    ) {
        let mut list: Vec<String> = Vec::new();
        for text in texts.into_iter().take(limits.list_items) {
            let text = bounded(&collapse(text), limits).to_owned();
            if !text.is_empty() && !list.contains(&text) {
                list.push(text);
            }
        }
        if !list.is_empty() {
            self.facts.insert(name.to_owned(), list.into());
        }
    }

    /// A mapping, unless it is empty.
    pub(super) fn set_map(&mut self, name: &str, map: Map<String, Value>) {
        if !map.is_empty() {
            self.facts.insert(name.to_owned(), Value::Object(map));
        }
    }

    /// A date and the year it is in; a text that tells neither is noted.
    pub(super) fn set_date(&mut self, text: &str) {
        match date(text) {
            Some((date, year)) => {
                self.facts.insert("date".to_owned(), date.into());
                self.facts.insert("year".to_owned(), year.into());
            }
            None => self.note(format!("the date `{}` tells nothing", super::zipped::printable(text))),
        }
    }
}

impl Cover {
    /// What its header tells, as the `cover` fact.
    pub(super) fn fact(&self) -> Value {
        let mut fact = Map::new();
        fact.insert("media_type".to_owned(), self.media_type.into());
        if let Some((width, height)) = image::look(&self.bytes).and_then(|picture| picture.size) {
            fact.insert("width".to_owned(), width.into());
            fact.insert("height".to_owned(), height.into());
        }
        fact.insert("bytes".to_owned(), self.bytes.len().into());
        Value::Object(fact)
    }
}

/// A number that is whole when it can be: `3`, not `3.0`.
pub fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    let value: f64 =
        text.replace(',', ".").parse().ok().filter(|value: &f64| value.is_finite() && value.abs() < 1e9)?;
    #[expect(clippy::cast_possible_truncation, reason = "a whole number below 1e9 fits")]
    if value.fract() == 0.0 { Some((value as i64).into()) } else { Number::from_f64(value) }
}

/// A date as ISO 8601 writes it, as precise as the text is, and its year. A text in another order (`10/07/2009`) could
/// mean two days, so only its year is taken.
pub fn date(text: &str) -> Option<(String, u16)> {
    let text = text.trim();
    let (date, year) = iso(text).or_else(|| {
        let mut years = text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == 4);
        let year = years.next().filter(|year| ("1000".."3000").contains(year))?;
        years.all(|other| other == year).then(|| (year.to_owned(), year))
    })?;
    let year = year.parse().ok()?;
    // Year 101 is how a widely used library manager writes "no date".
    if matches!(year, 0 | 101) { None } else { Some((date, year)) }
}

fn iso(text: &str) -> Option<(String, &str)> {
    let year = text.get(..4).filter(|year| year.bytes().all(|byte| byte.is_ascii_digit()))?;
    let rest = text.get(4..)?;
    let digits = |range: std::ops::Range<usize>, most: u8| -> bool {
        let number = rest.get(range).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        number.and_then(|digits| digits.parse::<u8>().ok()).is_some_and(|number| (1..=most).contains(&number))
    };
    let dash = |at: usize| rest.as_bytes().get(at) == Some(&b'-');
    let ends = |at: usize| rest.as_bytes().get(at).is_none_or(|byte| !byte.is_ascii_digit());
    if rest.len() == 4 && digits(0..2, 12) && digits(2..4, 31) {
        return Some((format!("{year}-{}-{}", rest.get(..2)?, rest.get(2..)?), year));
    }
    if !ends(0) {
        return None;
    }
    if !(dash(0) && digits(1..3, 12) && ends(3)) {
        return rest.trim_matches('-').is_empty().then(|| (year.to_owned(), year));
    }
    if !(dash(3) && digits(4..6, 31) && ends(6)) {
        return Some((text.get(..7)?.to_owned(), year));
    }
    let day = text.get(..10)?;
    let moment = rest
        .get(7..)
        .filter(|time| rest.as_bytes().get(6).is_some_and(|byte| b"Tt ".contains(byte)) && is_time(time));
    Some((moment.map_or_else(|| day.to_owned(), |time| format!("{day}T{time}")), year))
}

/// `hh:mm[:ss[.fff]]` with `Z` or an offset.
fn is_time(text: &str) -> bool {
    let Some((clock, zone)) = text.find(['Z', '+', '-']).and_then(|at| text.split_at_checked(at)) else {
        return false;
    };
    let two =
        |part: &str, below: u8| part.len() == 2 && part.parse::<u8>().is_ok_and(|number| number < below);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':');
    let hours =
        parts.next().is_some_and(|part| two(part, 24)) && parts.next().is_some_and(|part| two(part, 60));
    let offset =
        || zone.get(1..).and_then(|zone| zone.split_once(':')).is_some_and(|(h, m)| two(h, 24) && two(m, 60));
    hours
        && parts.next().is_none_or(|seconds| two(seconds, 61))
        && parts.next().is_none()
        && fraction.len() <= 9
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
        && (zone == "Z" || offset())
}

/// A text up to the limit.
pub fn bounded<'a>(text: &'a str, limits: &Limits) -> &'a str {
    let end = text.char_indices().nth(limits.text_chars).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default().trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, want: Option<(&str, u16)>) {
        assert_eq!(date(text), want.map(|(date, year)| (date.to_owned(), year)), "{text}");
    }

    #[test]
    fn dates_are_as_precise_as_the_text() {
        check("2009", Some(("2009", 2009)));
        check("2009-10", Some(("2009-10", 2009)));
        check("2009-10-07", Some(("2009-10-07", 2009)));
        check("20091007", Some(("2009-10-07", 2009)));
        check("2018-05-08T02:24:50Z", Some(("2018-05-08T02:24:50Z", 2018)));
        check("2018-05-08 02:24:50.5+01:00", Some(("2018-05-08T02:24:50.5+01:00", 2018)));
        check("2018-05-08 whenever", Some(("2018-05-08", 2018)));
    }

    #[test]
    fn an_ambiguous_day_leaves_the_year() {
        check("10/07/2009", Some(("2009", 2009)));
        check("May 1999", Some(("1999", 1999)));
        check("1999 or 2001", None);
    }

    #[test]
    fn no_date_stays_no_date() {
        check("0101-01-01T00:00:00+00:00", None);
        check("0000-00-00", None);
        check("soon", None);
        check("2009-13-40", Some(("2009", 2009)));
    }

    #[test]
    fn numbers_are_whole_when_they_can_be() {
        assert_eq!(number("3.0"), Some(3.into()));
        assert_eq!(number("1.5"), Number::from_f64(1.5));
        assert_eq!(number("NaN"), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = (date(&text), number(&text));
        }
    }
}
