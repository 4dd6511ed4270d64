//! A file of any length, read as it comes.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use engine::StageError;
use reqwest::Url;
use reqwest::blocking::Response;
use reqwest::header::{CONTENT_RANGE, HeaderMap};

use super::pace::pause;
use super::request::Request;
use super::trouble::{Kind, Trouble, http_date};
use super::wire::{Raw, head};
use super::{Caller, Http, Service};

/// A file on its way here.
pub(crate) struct Stream {
    response: Response,
    /// The byte it begins with.
    pub(crate) from: u64,
    /// How long the whole file is, where that is told.
    pub(crate) total: Option<u64>,
    /// When it was last written to, in seconds since 1970, where that is told.
    pub(crate) modified: Option<i64>,
}

impl Http {
    /// Asks for a file from a byte of it on. A server may give the whole of it all the same. `None` where it says that
    /// there is nothing from there on.
    pub(crate) fn open(&self, url: &Url, from: u64, caller: Caller<'_>) -> Result<Option<Stream>, Trouble> {
        let service = service(url);
        let response = self
            .wire
            .open(&service, &Request::file(url.as_str(), from), &[])
            .map_err(|fault| self.told(fault))?;
        let raw = head(&response);
        let is_part = match raw.status {
            200 => false,
            206 if from > 0 => true,
            416 if from > 0 => return Ok(None),
            _ => return Err(refusal(&raw, (caller.world.now)())),
        };
        let from = if is_part { begin(response.headers(), from)? } else { 0 };
        let total = response.content_length().and_then(|length| length.checked_add(from));
        let modified = raw.modified.as_deref().and_then(http_date);
        Ok(Some(Stream { response, from, total, modified }))
    }

    /// Waits before something is tried again after so many attempts, or gives up.
    pub(crate) fn wait(
        &self,
        trouble: Trouble,
        attempt: u32,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), Trouble> {
        const LONGEST: Duration = Duration::from_secs(120);
        let wait = trouble.wait.unwrap_or_else(|| self.jitter.back_off(attempt));
        if !trouble.may_pass || attempt >= super::ATTEMPTS || wait > LONGEST {
            return Err(trouble);
        }
        pause(wait, stop)
    }
}

impl Stream {
    /// Reads on; nothing at the end. An end that comes too early is trouble.
    pub(crate) fn read(&mut self, block: &mut [u8]) -> Result<usize, Trouble> {
        let breaks_off = |why: &str| Trouble::new(Kind::Unreachable, why).passing();
        loop {
            match self.response.read(block) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    return Err(breaks_off("stops in the middle of the file"));
                }
                Err(_) => return Err(breaks_off("breaks off in the middle of the file")),
            }
        }
    }
}

/// What keeps a file from coming, as the failure of what wanted it.
pub(crate) fn failure(name: &str, url: &Url, trouble: &Trouble) -> StageError {
    let (code, hint) = match (trouble.kind, trouble.status) {
        (Kind::Stopped, _) => return StageError::cancelled(),
        (Kind::NotFound, _) => ("remote/missing", "look at the address, or name another that has the file"),
        (Kind::Unauthorised, _) => {
            ("remote/denied", "fetch the file yourself, and name its path as the source")
        }
        (Kind::Throttled, _) => ("remote/rate-limited", "try again later: what came is kept"),
        (Kind::Changed, _) => ("remote/refused", "look at the address"),
        (Kind::Unreachable | Kind::Offline, _) => {
            ("remote/unreachable", "look at the address and the network, then try again: what came is kept")
        }
    };
    let host = url.host_str().unwrap_or_default();
    StageError::new(code, format!("cannot fetch `{name}`: `{host}` {}", trouble.message)).hint(hint)
}

fn service(url: &Url) -> Service {
    Service {
        name: url.host_str().unwrap_or_default().to_owned(),
        base: url.clone(),
        rate: 1000.0,
        budget: u64::MAX,
        timeout: Duration::from_secs(30),
        patience: Duration::from_secs(120),
        max_age: Duration::ZERO,
    }
}

fn refusal(raw: &Raw, now: i64) -> Trouble {
    let trouble = |kind, words: &str| Trouble::new(kind, words).status(raw.status);
    match raw.status {
        401 | 403 | 407 => trouble(Kind::Unauthorised, "does not give it to everybody"),
        404 | 410 => trouble(Kind::NotFound, "does not have it"),
        429 => trouble(Kind::Throttled, "asks to be asked less often").later(raw, now),
        408 | 425 => trouble(Kind::Unreachable, "took too long").later(raw, now),
        status @ 500..=599 => trouble(Kind::Unreachable, &format!("answers {status}")).later(raw, now),
        status => trouble(Kind::Changed, &format!("answers {status}")),
    }
}

/// Where a part begins by its own account, which must be no later than what is here already ends.
fn begin(headers: &HeaderMap, wanted: u64) -> Result<u64, Trouble> {
    let text = headers.get(CONTENT_RANGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let from = text.trim().strip_prefix("bytes ").and_then(|rest| rest.split('-').next());
    match from.and_then(|from| from.trim().parse().ok()) {
        Some(from) if from <= wanted => Ok(from),
        _ => Err(Trouble::changed("answers with another part than was asked for")),
    }
}
