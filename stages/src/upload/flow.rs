//! What the threads of a delivery share with the one that watches over it: when to stop, what time it is, what there is
//! to say.
//!
//! Connections outlive borrows of a job, so they get this instead. Whoever holds the job keeps it up to date.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engine::StageError;

/// How long anything sleeps before it looks whether it should stop.
const NAP: Duration = Duration::from_millis(20);

/// What the threads of a delivery share.
#[derive(Debug, Default)]
pub(super) struct Flow {
    stopped: AtomicBool,
    why: Mutex<Option<(String, String, bool)>>,
    second: AtomicU32,
    notes: Mutex<Vec<String>>,
    /// Bytes read from files, and bytes sent.
    pub(super) read: AtomicU64,
    pub(super) sent: AtomicU64,
    /// Bytes that are to be at all destinations, and that are.
    pub(super) total: AtomicU64,
    pub(super) done: AtomicU64,
    /// Files under way: what of them is there, and their size.
    under_way: Mutex<BTreeMap<String, (u64, u64)>>,
}

impl Flow {
    /// Lets everything end with this error as soon as it looks.
    pub(super) fn stop(&self, error: &StageError) {
        let why = (error.code.to_string(), error.message.clone(), error.retriable);
        lock(&self.why).get_or_insert(why);
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Fails if everything is to stop.
    pub(super) fn check(&self) -> Result<(), StageError> {
        if !self.stopped.load(Ordering::Relaxed) {
            return Ok(());
        }
        let (code, message, retriable) = lock(&self.why).clone().unwrap_or_default();
        let error = StageError::new(code, message);
        Err(if retriable { error.retriable() } else { error })
    }

    /// Sleeps, unless everything is to stop.
    pub(super) fn rest(&self, pause: Duration) -> Result<(), StageError> {
        let until = Instant::now() + pause;
        loop {
            self.check()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(NAP));
        }
    }

    /// Seconds since midnight where the user is.
    pub(super) fn second_of_day(&self) -> u32 {
        self.second.load(Ordering::Relaxed)
    }

    pub(super) fn set_second_of_day(&self, second: u32) {
        self.second.store(second, Ordering::Relaxed);
    }

    /// Says something that is no failure.
    pub(super) fn note(&self, message: impl Into<String>) {
        lock(&self.notes).push(message.into());
    }

    /// What was said since this was asked last.
    pub(super) fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.notes))
    }

    /// How far a file is.
    pub(super) fn far(&self, file: &str, done: u64, size: u64) {
        let mut files = lock(&self.under_way);
        match files.get_mut(file) {
            Some(entry) => *entry = (done, size),
            None => drop(files.insert(file.to_owned(), (done, size))),
        }
    }

    /// A file is no longer under way.
    pub(super) fn over(&self, file: &str) {
        lock(&self.under_way).remove(file);
    }

    /// Files under way with what of them is there and their size, by name.
    pub(super) fn files(&self) -> Vec<(String, u64, u64)> {
        lock(&self.under_way).iter().map(|(name, (done, size))| (name.clone(), *done, *size)).collect()
    }
}

/// A panic elsewhere leaves nothing here half-changed.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
