//! Equal requests go out once: whoever asks while one is on its way waits for its answer, and later ones get it, too.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::pace::SLICE;
use super::{Answer, Kind, Trouble};

/// How many answers are kept at hand.
const AT_HAND: usize = 512;

type Outcome = Result<Arc<Answer>, Trouble>;

/// The requests of a run.
#[derive(Default)]
pub(super) struct Flights(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    flights: HashMap<String, Arc<Flight>>,
    landed: VecDeque<String>,
}

#[derive(Default)]
struct Flight {
    outcome: Mutex<Option<Outcome>>,
    landed: Condvar,
}

impl Flights {
    /// The answer to the request of this key: one that is known, one that somebody else is getting, or a new one.
    pub(super) fn once(
        &self,
        key: &str,
        stop: &(dyn Fn() -> bool + Sync),
        ask: impl FnOnce() -> Outcome,
    ) -> Outcome {
        let (flight, is_ours) = {
            let mut inner = self.inner();
            match inner.flights.get(key) {
                Some(flight) => (Arc::clone(flight), false),
                None => {
                    let flight = Arc::new(Flight::default());
                    inner.flights.insert(key.to_owned(), Arc::clone(&flight));
                    (flight, true)
                }
            }
        };
        if !is_ours {
            return flight.wait(stop);
        }
        let landing = Landing { flights: self, key, flight: &flight };
        let outcome = ask();
        landing.land(outcome)
    }

    /// Whether the answer to the request of this key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        let flight = self.inner().flights.get(key).cloned();
        let is_landed = |flight: Arc<Flight>| {
            matches!(&*flight.outcome.lock().unwrap_or_else(PoisonError::into_inner), Some(Ok(_)))
        };
        flight.is_some_and(is_landed)
    }

    pub(super) fn forget(&self, key: &str) {
        self.inner().flights.remove(key);
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        // Both lists may differ by an entry after a panic, which costs a request at most.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    fn wait(&self, stop: &(dyn Fn() -> bool + Sync)) -> Outcome {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(outcome) = &*outcome {
                return outcome.clone();
            }
            if stop() {
                return Err(Trouble::stopped());
            }
            outcome = self.landed.wait_timeout(outcome, SLICE).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Lands a flight, also when the asking panics.
struct Landing<'f> {
    flights: &'f Flights,
    key: &'f str,
    flight: &'f Arc<Flight>,
}

impl Landing<'_> {
    fn land(self, outcome: Outcome) -> Outcome {
        if outcome.is_ok() {
            let mut inner = self.flights.inner();
            inner.landed.push_back(self.key.to_owned());
            while inner.landed.len() > AT_HAND {
                let oldest = inner.landed.pop_front();
                oldest.and_then(|key| inner.flights.remove(&key));
            }
        }
        *self.flight.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome.clone());
        outcome
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        let mut outcome = self.flight.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        if outcome.is_none() {
            *outcome = Some(Err(Trouble::new(Kind::Unreachable, "was not asked to the end")));
        }
        if matches!(&*outcome, Some(Err(_))) {
            // Whoever comes later asks again.
            self.flights.forget(self.key);
        }
        self.flight.landed.notify_all();
    }
}
