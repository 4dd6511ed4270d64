//! Why there is no answer: kinds that callers tell apart, and a sentence for people.

use std::time::Duration;

use super::wire::Raw;

/// What kind of trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The service wants to be asked less often, or the budget of the run is spent.
    Throttled,
    /// The service refuses the key.
    Unauthorised,
    /// The service answered that it has no such thing.
    NotFound,
    /// The service could not be reached, or breaks down.
    Unreachable,
    /// The service answers something else than what is known of it.
    Changed,
    /// Nobody may be asked, and nothing is kept.
    Offline,
    /// The work was stopped meanwhile.
    Stopped,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trouble {
    pub(crate) kind: Kind,
    /// What the service does, as what follows its name: `refuses the key`. Without secrets.
    pub(crate) message: String,
    /// The status it answered with.
    pub(crate) status: Option<u16>,
    /// How long it wants to be left alone.
    pub(crate) wait: Option<Duration>,
    /// Whether asking again may help.
    pub(crate) may_pass: bool,
}

impl Trouble {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), status: None, wait: None, may_pass: false }
    }

    pub(crate) fn changed(message: impl Into<String>) -> Self {
        Self::new(Kind::Changed, message)
    }

    pub(super) fn stopped() -> Self {
        Self::new(Kind::Stopped, "was not waited for")
    }

    pub(super) fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    pub(super) fn passing(mut self) -> Self {
        self.may_pass = true;
        self
    }

    /// The same, to be tried again when the answer says so.
    pub(super) fn later(mut self, raw: &Raw, now: i64) -> Self {
        self.wait = raw.retry_after.as_deref().and_then(|text| retry_after(text, now));
        if let Some(wait) = self.wait {
            self.message.push_str(&format!(" (again in {} s)", wait.as_secs()));
        }
        self.passing()
    }
}

/// How long `Retry-After` says: seconds, or a day and a time.
pub(super) fn retry_after(text: &str, now: i64) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = http_date(text)?.saturating_mul(1000);
    Some(Duration::from_millis(u64::try_from(at.saturating_sub(now)).unwrap_or(0)))
}

/// Seconds since 1970 of a date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.split_once(", ")?;
    let words: Vec<&str> = rest.split([' ', ':']).collect();
    let &[day, month, year, hour, minute, second, "GMT"] = words.as_slice() else { return None };
    let month = MONTHS.iter().position(|name| *name == month)?;
    let number = |text: &str| text.parse::<i64>().ok().filter(|number| (0..10_000).contains(number));
    let (day, year) = (number(day)?, number(year)?);
    let month = i64::try_from(month).ok()? + 1;
    // Days since 1970 of a civil date, by counting years from March.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let of_year = (153 * m + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * 86_400 + number(hour)? * 3600 + number(minute)? * 60 + number(second)?)
}
