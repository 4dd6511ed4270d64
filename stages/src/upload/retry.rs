//! Tries again what may pass by itself, with pauses that double and differ, over connections that are opened anew.
//!
//! A file that is being written is not sent again here: whoever sends it looks first how much of it is there. Nor is a
//! rename: whoever asked for it looks first whether it was done.

use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::StageError;

use super::destination::{Connection, Destination, Entry};
use super::flow::Flow;

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(60);
/// How often a far end that never answered is tried again: a wrong address does not mend itself.
const WITHOUT_ANSWER: u32 = 2;

/// A destination whose connections come back.
pub(super) struct Retrying {
    inner: Arc<Inner>,
}

struct Inner {
    destination: Box<dyn Destination>,
    retries: u32,
    delay: Duration,
    flow: Arc<Flow>,
    /// Whether a connection was ever made.
    answered: AtomicBool,
}

/// A connection that is opened when it is needed.
struct Again {
    inner: Arc<Inner>,
    open: Option<Box<dyn Connection>>,
}

impl Retrying {
    pub(super) fn new(
        destination: Box<dyn Destination>,
        retries: u32,
        delay: Duration,
        flow: Arc<Flow>,
    ) -> Self {
        let answered = AtomicBool::new(false);
        Self { inner: Arc::new(Inner { destination, retries, delay, flow, answered }) }
    }

    /// Opens one more connection. That is tried once: a far end that allows fewer says so at once, and the others do the
    /// work.
    pub(super) fn connect_once(&self) -> Result<Box<dyn Connection>, StageError> {
        let mut again = Again { inner: Arc::clone(&self.inner), open: None };
        again.once(&mut |_| Ok(()))?;
        Ok(Box::new(again))
    }
}

impl Destination for Retrying {
    fn connect(&self) -> Result<Box<dyn Connection>, StageError> {
        let mut again = Again { inner: Arc::clone(&self.inner), open: None };
        again.surely(|_| Ok(()))?;
        Ok(Box::new(again))
    }

    fn address(&self) -> String {
        self.inner.destination.address()
    }

    fn connections(&self) -> usize {
        self.inner.destination.connections()
    }
}

/// The pause before a try, from 1: it doubles, and no two are alike, so that many who were cut off together do not come
/// back together.
pub(super) fn pause(delay: Duration, attempt: u32) -> Duration {
    let whole = delay.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST);
    let chance = RandomState::new().hash_one(attempt) % 1000;
    whole.mul_f64(0.5 + f64::from(u32::try_from(chance).unwrap_or(0)) / 1000.0)
}

impl Again {
    /// Does something over a connection; a failure that may pass costs the connection.
    fn once<T>(
        &mut self,
        act: &mut dyn FnMut(&mut dyn Connection) -> Result<T, StageError>,
    ) -> Result<T, StageError> {
        let mut connection = match self.open.take() {
            Some(open) => open,
            None => {
                let open = self.inner.destination.connect()?;
                self.inner.answered.store(true, Ordering::Relaxed);
                open
            }
        };
        let done = act(connection.as_mut());
        if !done.as_ref().is_err_and(|error| error.retriable) {
            self.open = Some(connection);
        }
        done
    }

    fn surely<T>(
        &mut self,
        mut act: impl FnMut(&mut dyn Connection) -> Result<T, StageError>,
    ) -> Result<T, StageError> {
        let mut attempt = 0;
        loop {
            self.inner.flow.check()?;
            let error = match self.once(&mut act) {
                Err(error) if error.retriable => error,
                done => return done,
            };
            attempt += 1;
            let nobody = error.code == "remote/unreachable" && !self.inner.answered.load(Ordering::Relaxed);
            let most = if nobody { self.inner.retries.min(WITHOUT_ANSWER) } else { self.inner.retries };
            if attempt > most {
                return Err(error);
            }
            self.inner.flow.rest(pause(self.inner.delay, attempt))?;
        }
    }

    /// Makes sure that there is a connection, for what is tried once on it.
    fn opened(&mut self) -> Result<(), StageError> {
        if self.open.is_none() { self.surely(|_| Ok(())) } else { Ok(()) }
    }
}

impl Connection for Again {
    fn stat(&mut self, path: &str) -> Result<Option<Entry>, StageError> {
        self.surely(|connection| connection.stat(path))
    }

    fn list(&mut self, folder: &str) -> Result<Vec<Entry>, StageError> {
        self.surely(|connection| connection.list(folder))
    }

    fn glance(&mut self, folder: &str) -> Result<Vec<Entry>, StageError> {
        self.surely(|connection| connection.glance(folder))
    }

    fn make_folder(&mut self, folder: &str) -> Result<(), StageError> {
        self.surely(|connection| connection.make_folder(folder))
    }

    fn put(&mut self, path: &str, offset: u64, from: &mut dyn Read) -> Result<u64, StageError> {
        self.opened()?;
        self.once(&mut |connection| connection.put(path, offset, from))
    }

    fn put_unconfirmed(&mut self, path: &str, from: &mut dyn Read) -> Result<u64, StageError> {
        self.opened()?;
        self.once(&mut |connection| connection.put_unconfirmed(path, from))
    }

    fn settle(&mut self) -> Result<(), StageError> {
        // What a connection had not confirmed when it was lost is looked for like all else.
        if self.open.is_none() { Ok(()) } else { self.once(&mut |connection| connection.settle()) }
    }

    fn get(&mut self, path: &str, offset: u64, length: u64, to: &mut dyn Write) -> Result<u64, StageError> {
        // What came before the cut was taken already; only the rest is asked for again.
        let mut got = 0;
        self.surely(|connection| {
            let mut counted = Counted { to: &mut *to, count: 0 };
            let done = connection.get(path, offset + got, length - got, &mut counted);
            got += counted.count;
            done.map(|_| ())
        })?;
        Ok(got)
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), StageError> {
        self.opened()?;
        self.once(&mut |connection| connection.rename(from, to))
    }

    fn remove(&mut self, path: &str) -> Result<(), StageError> {
        self.surely(|connection| connection.remove(path))
    }

    fn remove_folder(&mut self, folder: &str) -> Result<(), StageError> {
        self.surely(|connection| connection.remove_folder(folder))
    }

    fn hash(&mut self, path: &str, algorithms: &[&str]) -> Result<Option<(String, String)>, StageError> {
        self.surely(|connection| connection.hash(path, algorithms))
    }

    fn truncate(&mut self, path: &str, length: u64) -> Result<bool, StageError> {
        self.surely(|connection| connection.truncate(path, length))
    }

    fn free(&mut self) -> Result<Option<u64>, StageError> {
        self.surely(|connection| connection.free())
    }

    fn keep_alive(&mut self) -> Result<(), StageError> {
        self.surely(|connection| connection.keep_alive())
    }
}

/// Counts what passes.
struct Counted<'w> {
    to: &'w mut dyn Write,
    count: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.to.write(bytes)?;
        self.count += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_differ_within_bounds() {
        let second = Duration::from_secs(1);
        for attempt in 1..40 {
            let whole = second.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST);
            let pause = pause(second, attempt);
            assert!(pause >= whole.mul_f64(0.5) && pause < whole.mul_f64(1.5), "{attempt}: {pause:?}");
        }
        let few: std::collections::BTreeSet<Duration> = (0..20).map(|_| pause(second, 3)).collect();
        assert!(few.len() > 1, "{few:?}");
    }
}
