//! Has finished volumes written to the disk while the next ones are made.
//!
//! A release is synced before it appears. Kernels hold back gigabytes until then, so without this the disk idles while
//! volumes are made and everything idles while the disk writes. Knows files and nothing of what they hold.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use engine::StageError;

/// Sets smaller than this reach the disk in a moment.
const WORTH_IT: u64 = 64 << 20;

/// Sees which volumes are complete.
pub(super) struct Settling {
    left: Vec<AtomicU64>,
    complete: Mutex<Option<Sender<usize>>>,
}

impl Settling {
    /// For volumes with so many bytes of parts each. The receiver gives the volumes in the order of their completion.
    pub(super) fn new(bytes: impl Iterator<Item = u64>) -> (Self, Receiver<usize>) {
        let left: Vec<AtomicU64> = bytes.map(AtomicU64::new).collect();
        let worth_it = left.iter().map(|left| left.load(Ordering::Relaxed)).sum::<u64>() >= WORTH_IT;
        let (complete, completed) = channel();
        (Self { left, complete: Mutex::new(worth_it.then_some(complete)) }, completed)
    }

    /// So many bytes of the volume's parts have been written. Says whether that were the last.
    pub(super) fn written(&self, volume: usize, bytes: u64) -> bool {
        let Some(left) = self.left.get(volume) else { return false };
        let is_complete = left.fetch_sub(bytes, Ordering::AcqRel) == bytes;
        if is_complete && let Some(complete) = &*self.complete.lock().unwrap_or_else(PoisonError::into_inner)
        {
            // Nobody listens any more when the set has failed.
            let _ = complete.send(volume);
        }
        is_complete
    }

    /// When this is dropped, by a panic as well, no volume is completed any more and [`settle`] ends.
    pub(super) fn ending(&self) -> Ending<'_> {
        Ending(self)
    }
}

/// See [`Settling::ending`].
pub(super) struct Ending<'a>(&'a Settling);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        *self.0.complete.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Syncs completed volumes until there are no more.
pub(super) fn settle(paths: &[PathBuf], completed: Receiver<usize>) -> Result<(), StageError> {
    for path in completed.into_iter().filter_map(|volume| paths.get(volume)) {
        let synced = File::open(path).and_then(|file| file.sync_data());
        synced.map_err(|error| StageError::writing(path, &error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_complete_once_its_last_byte_is_written_and_small_sets_are_left_alone() {
        let (settling, completed) = Settling::new([WORTH_IT, 10].into_iter());
        let complete =
            [(1, 4), (0, WORTH_IT), (1, 6), (7, 1)].map(|(volume, bytes)| settling.written(volume, bytes));
        assert_eq!(complete, [false, true, true, false]);
        drop(settling.ending());
        assert_eq!(completed.iter().collect::<Vec<_>>(), [0, 1]);
        let (settling, completed) = Settling::new([10].into_iter());
        assert!(settling.written(0, 10));
        assert_eq!(completed.iter().count(), 0);
    }
}
