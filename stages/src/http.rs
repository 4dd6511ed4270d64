//! The one HTTP client of all stages: asks politely, asks the same thing once, keeps answers, and gives up in words.
//!
//! Knows services by name and address, and nothing of what they say. What it writes anywhere is without secrets.

mod address;
mod cache;
mod cassette;
pub(crate) mod download;
mod flight;
mod pace;
mod request;
mod secrets;
#[cfg(test)]
pub(crate) mod tests;
mod trouble;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::World;

use self::address::Trusted;
use self::cache::Cache;
use self::cassette::Tape;
use self::flight::Flights;
use self::pace::{Desk, Jitter, pause};
pub(crate) use self::request::{Answer, Request, encoded};
use self::secrets::Secrets;
pub(crate) use self::trouble::{Kind, Trouble};
use self::wire::{Fault, Raw, Wire};

/// A service on the network and the manners it is met with.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// Its name, for messages, the cache and recordings.
    pub(crate) name: String,
    /// Where it is; requests are relative to it.
    pub(crate) base: reqwest::Url,
    /// The most requests a second.
    pub(crate) rate: f64,
    /// The most requests in a run.
    pub(crate) budget: u64,
    /// The longest that one attempt may take.
    pub(crate) timeout: Duration,
    /// The longest that all pauses between the attempts of one request may take together.
    pub(crate) patience: Duration,
    /// How long an answer is taken for true without asking again.
    pub(crate) max_age: Duration,
}

/// Who asks: the world with its clock, and whether the work is to stop.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) world: &'a World,
    pub(crate) stop: &'a (dyn Fn() -> bool + Sync),
}

/// The client. There is one in a run.
pub(crate) struct Http {
    wire: Wire,
    cache: Option<Cache>,
    tape: Tape,
    secrets: Secrets,
    desks: Mutex<BTreeMap<String, Arc<Desk>>>,
    flights: Flights,
    jitter: Jitter,
    refresh: bool,
}

/// Most attempts of one request.
const ATTEMPTS: u32 = 5;
/// How long a service that cannot be reached is left alone.
const REST: Duration = Duration::from_secs(30);

impl Http {
    /// The client of a run.
    pub(crate) fn of(world: &World) -> Arc<Self> {
        world.outside.shared.get(|| Self::new(world))
    }

    fn new(world: &World) -> Self {
        let outside = &world.outside;
        Self {
            wire: Wire::new(Arc::new(Trusted::default()), outside.proxy.clone()),
            cache: outside.cache.as_ref().map(|folder| Cache::new(folder.join("http"))),
            tape: Tape::new(outside.record.as_deref(), outside.replay.as_deref()),
            secrets: Secrets::default(),
            desks: Mutex::default(),
            flights: Flights::default(),
            jitter: Jitter::new(outside.seed),
            refresh: outside.refresh,
        }
    }

    /// Lets nothing that is written hold this text.
    pub(crate) fn hide(&self, secret: &str) {
        self.secrets.add(secret);
    }

    /// Whether answers come from a recording.
    pub(crate) fn plays(&self) -> bool {
        self.tape.plays()
    }

    /// How many requests went out to a service in this run.
    pub(crate) fn spent(&self, service: &str) -> u64 {
        self.desk(service).spent()
    }

    /// Asks a service nothing more in this run; whoever tries is told why.
    pub(crate) fn shut(&self, service: &Service, trouble: &Trouble) {
        self.desk(&service.name).shut(None, trouble);
    }

    /// Asks a service, or takes what it said before. Equal requests of a run go out once.
    pub(crate) fn ask(
        &self,
        service: &Service,
        request: &Request,
        caller: Caller<'_>,
    ) -> Result<Arc<Answer>, Trouble> {
        let key = request.key(service);
        self.flights.once(&key, caller.stop, || self.answer(service, request, &key, caller).map(Arc::new))
    }

    /// Whether a request has an answer that holds without asking anybody.
    pub(crate) fn is_at_hand(&self, service: &Service, request: &Request, world: &World) -> bool {
        let key = request.key(service);
        let asks_anew = self.refresh || self.tape.records();
        let is_fresh = |kept: cache::Kept| !asks_anew && kept.is_fresh((world.now)(), service.max_age);
        let kept = || self.cache.as_ref().and_then(|cache| cache.get(&service.name, &key));
        self.flights.has(&key) || kept().is_some_and(is_fresh)
    }

    /// Forgets what was said to a request, so that it is asked again.
    pub(crate) fn forget(&self, service: &Service, request: &Request) {
        self.flights.forget(&request.key(service));
    }

    fn answer(
        &self,
        service: &Service,
        request: &Request,
        key: &str,
        caller: Caller<'_>,
    ) -> Result<Answer, Trouble> {
        let now = (caller.world.now)();
        if self.tape.plays() {
            return self.try_often(service, request, caller, None);
        }
        let cache = self.cache.as_ref().filter(|_| request.keeps);
        let kept = cache.and_then(|cache| cache.get(&service.name, key));
        if caller.world.offline {
            let kept = kept.ok_or_else(|| {
                Trouble::new(Kind::Offline, "was never asked this, and nobody is asked offline")
            })?;
            return kept.into_answer();
        }
        let asks_anew = self.refresh || self.tape.records();
        if let Some(kept) = kept.as_ref().filter(|kept| !asks_anew && kept.is_fresh(now, service.max_age)) {
            return kept.clone().into_answer();
        }
        match self.try_often(service, request, caller, kept.as_ref().filter(|_| !self.tape.records())) {
            Ok(answer) => {
                if let Some(cache) = cache {
                    cache.put(&service.name, key, &answer);
                }
                Ok(answer)
            }
            Err(trouble) => {
                if let Some(cache) = cache.filter(|_| trouble.kind == Kind::NotFound) {
                    cache.put_absent(&service.name, key, &self.shown(service, request), now);
                }
                match kept.filter(|_| matches!(trouble.kind, Kind::Throttled | Kind::Unreachable)) {
                    // Better an old answer, and a word about it, than none.
                    Some(kept) => kept.into_answer().map(|answer| answer.stale_because(&trouble)),
                    None => Err(trouble),
                }
            }
        }
    }

    /// Tries until there is an answer, or it is no use.
    fn try_often(
        &self,
        service: &Service,
        request: &Request,
        caller: Caller<'_>,
        kept: Option<&cache::Kept>,
    ) -> Result<Answer, Trouble> {
        let desk = self.desk(&service.name);
        let mut waited = Duration::ZERO;
        for attempt in 1.. {
            let trouble = match self.try_once(service, request, caller, kept, &desk) {
                Ok(answer) => return Ok(answer),
                Err(trouble) => trouble,
            };
            if !trouble.may_pass || (caller.stop)() {
                return Err(trouble);
            }
            let wait = trouble.wait.unwrap_or_else(|| self.jitter.back_off(attempt));
            if attempt >= ATTEMPTS || waited + wait > service.patience {
                let rest = trouble.wait.unwrap_or(REST);
                desk.shut(Some(rest), &trouble);
                return Err(trouble);
            }
            if !self.tape.plays() {
                pause(wait, caller.stop)?;
            }
            waited += wait;
        }
        Err(Trouble::new(Kind::Unreachable, "gave no answer"))
    }

    fn try_once(
        &self,
        service: &Service,
        request: &Request,
        caller: Caller<'_>,
        kept: Option<&cache::Kept>,
        desk: &Desk,
    ) -> Result<Answer, Trouble> {
        desk.is_open()?;
        let raw = if self.tape.plays() {
            self.tape.play(service, request)?
        } else {
            desk.turn(service, caller.stop)?;
            let conditions = kept.map(cache::Kept::conditions).unwrap_or_default();
            let sent = self.wire.send(service, request, &conditions, caller.stop);
            let raw = sent.map_err(|fault| self.told(fault))?;
            self.tape.record(service, request, &raw, &self.secrets);
            raw
        };
        let now = (caller.world.now)();
        if let Some(kept) = kept.filter(|_| raw.status == 304) {
            return kept.clone().seen_again(now).into_answer();
        }
        self.judged(service, request, raw, now)
    }

    /// What an answer is worth.
    fn judged(&self, service: &Service, request: &Request, raw: Raw, now: i64) -> Result<Answer, Trouble> {
        let refused = |kind, words: &str| {
            let detail = request::detail(&raw.body).map(|text| format!(": {}", self.secrets.clean(&text)));
            Trouble::new(kind, format!("{words}{}", detail.unwrap_or_default())).status(raw.status)
        };
        match raw.status {
            200..=299 => {}
            401 | 403 if raw.retry_after.is_none() => {
                return Err(refused(Kind::Unauthorised, "refuses the key"));
            }
            404 | 410 => return Err(refused(Kind::NotFound, "does not have it")),
            429 | 403 => return Err(refused(Kind::Throttled, "asks to be asked less often").later(&raw, now)),
            408 | 425 => return Err(refused(Kind::Unreachable, "took too long").later(&raw, now)),
            503 if raw.retry_after.is_some() => {
                return Err(refused(Kind::Throttled, "is too busy").later(&raw, now));
            }
            500..=599 => {
                return Err(refused(Kind::Unreachable, &format!("answers {}", raw.status)).later(&raw, now));
            }
            status => return Err(refused(Kind::Changed, &format!("answers {status}"))),
        }
        request.expect.check(&raw)?;
        // What is kept nowhere may hold a token, even one that is known.
        let body = if request.keeps { self.secrets.clean_bytes(raw.body) } else { raw.body };
        Ok(Answer {
            url: self.shown(service, request),
            status: raw.status,
            media_type: raw.media_type,
            etag: raw.etag,
            modified: raw.modified,
            fetched: now,
            body,
            stale: None,
        })
    }

    /// The address of a request as it may be shown.
    fn shown(&self, service: &Service, request: &Request) -> String {
        self.secrets.clean(&request.shown(service))
    }

    fn told(&self, fault: Fault) -> Trouble {
        match fault {
            Fault::Lost(why) => Trouble::new(Kind::Unreachable, self.secrets.clean(&why)).passing(),
            Fault::Refused(why) => Trouble::new(Kind::Changed, self.secrets.clean(&why)),
            Fault::Stopped => Trouble::stopped(),
        }
    }

    fn desk(&self, service: &str) -> Arc<Desk> {
        // A desk is whole before it is put in.
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(desks.entry(service.to_owned()).or_default())
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}
