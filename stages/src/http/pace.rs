//! How often a service is asked: a rate, a budget, pauses that grow, and doors that are shut for a while.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Kind, Service, Trouble};

/// How often the wish to stop is looked at while nothing happens.
pub(super) const SLICE: Duration = Duration::from_millis(40);
/// The first pause between two attempts, which doubles with each.
const FIRST: Duration = Duration::from_millis(400);
/// The longest pause that is chosen here.
const LONGEST: Duration = Duration::from_secs(8);

/// What is known of one service in this run.
#[derive(Debug, Default)]
pub(super) struct Desk {
    spent: AtomicU64,
    next: Mutex<Option<Instant>>,
    shut: Mutex<Option<(Option<Instant>, Trouble)>>,
}

impl Desk {
    pub(super) fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }

    /// Fails while the service is left alone, with the reason.
    pub(super) fn is_open(&self) -> Result<(), Trouble> {
        let mut shut = self.shut.lock().unwrap_or_else(PoisonError::into_inner);
        match &*shut {
            Some((until, trouble)) if until.is_none_or(|until| Instant::now() < until) => {
                let mut trouble = trouble.clone();
                trouble.may_pass = false;
                Err(trouble)
            }
            _ => {
                *shut = None;
                Ok(())
            }
        }
    }

    /// Leaves the service alone for so long, or for the rest of the run.
    pub(super) fn shut(&self, rest: Option<Duration>, trouble: &Trouble) {
        let until = rest.map(|rest| Instant::now().checked_add(rest).unwrap_or_else(Instant::now));
        *self.shut.lock().unwrap_or_else(PoisonError::into_inner) = Some((until, trouble.clone()));
    }

    /// Waits for its turn and counts the request.
    pub(super) fn turn(&self, service: &Service, stop: &(dyn Fn() -> bool + Sync)) -> Result<(), Trouble> {
        if self.spent.fetch_add(1, Ordering::Relaxed) >= service.budget {
            self.spent.fetch_sub(1, Ordering::Relaxed);
            let budget = service.budget;
            return Err(Trouble::new(
                Kind::Throttled,
                format!("was asked {budget} times in this run, which is its budget"),
            ));
        }
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = next.unwrap_or_else(Instant::now).max(Instant::now());
            *next = turn.checked_add(Duration::from_secs_f64(1.0 / service.rate.clamp(0.01, 1000.0)));
            turn
        };
        pause(turn.saturating_duration_since(Instant::now()), stop)
    }
}

/// Waits, unless the work is to stop.
pub(super) fn pause(time: Duration, stop: &(dyn Fn() -> bool + Sync)) -> Result<(), Trouble> {
    let begun = Instant::now();
    loop {
        if stop() {
            return Err(Trouble::stopped());
        }
        match time.saturating_sub(begun.elapsed()) {
            Duration::ZERO => return Ok(()),
            left => std::thread::sleep(left.min(SLICE)),
        }
    }
}

/// Lets pauses of many that failed together not end together.
#[derive(Debug)]
pub(super) struct Jitter(AtomicU64);

impl Jitter {
    pub(super) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The pause after so many attempts: between half and all of what doubles each time.
    pub(super) fn back_off(&self, attempt: u32) -> Duration {
        let whole = FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(10)).min(LONGEST);
        let share = self.next() % 1000;
        whole / 2 + whole.mul_f64(share as f64 / 2000.0)
    }

    /// A number that looks like chance (SplitMix64).
    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
