//! Hands files to the connections of a destination: turn after turn, large ones to one connection and small ones to the
//! others, so that neither holds up the other.
//!
//! Knows files by number and size.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::flow::lock;

/// Files up to this size are handed out several at a time.
pub(super) const SMALL: u64 = 64 * 1024;
/// How many of those at most, and how many bytes together: no more than may be sent again for a cut.
const HANDFUL: usize = 32;
const HANDFUL_BYTES: u64 = 1024 * 1024;
/// How long a connection waits before it says that it is still there.
const IDLE: Duration = Duration::from_secs(15);

/// The files that a destination still needs.
pub(super) struct Queue {
    inner: Mutex<Inner>,
    changed: Condvar,
}

struct Inner {
    /// By turn: files with their sizes, small ones first.
    turns: BTreeMap<usize, VecDeque<(u64, usize)>>,
    /// Files that were handed out and are not over.
    out: usize,
    over: bool,
}

/// What a connection is to do next.
pub(super) enum Next {
    Files(Vec<usize>),
    /// Nothing yet: those before are not over.
    Wait,
    Nothing,
}

impl Queue {
    /// A queue of files: turn, size and number of each.
    pub(super) fn new(files: impl IntoIterator<Item = (usize, u64, usize)>) -> Self {
        let mut turns: BTreeMap<usize, VecDeque<(u64, usize)>> = BTreeMap::new();
        for (turn, size, number) in files {
            turns.entry(turn).or_default().push_back((size, number));
        }
        turns.values_mut().for_each(|files| files.make_contiguous().sort_unstable());
        Self { inner: Mutex::new(Inner { turns, out: 0, over: false }), changed: Condvar::new() }
    }

    /// The next files for a connection, which takes `large` ones or small ones first.
    pub(super) fn next(&self, large: bool) -> Next {
        let mut inner = lock(&self.inner);
        loop {
            if inner.over {
                return Next::Nothing;
            }
            let Some(mut turn) = inner.turns.first_entry() else { return Next::Nothing };
            let files = turn.get_mut();
            let taken = take(files, large);
            if !taken.is_empty() {
                inner.out += taken.len();
                return Next::Files(taken);
            }
            if inner.out == 0 {
                inner.turns.pop_first();
                continue;
            }
            let waited = self.changed.wait_timeout(inner, IDLE);
            let timeout;
            (inner, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() {
                return Next::Wait;
            }
        }
    }

    /// A file that was handed out is over.
    pub(super) fn done(&self) {
        lock(&self.inner).out -= 1;
        self.changed.notify_all();
    }

    /// Hands out nothing more.
    pub(super) fn end(&self) {
        lock(&self.inner).over = true;
        self.changed.notify_all();
    }

    /// Whether nothing more is handed out.
    pub(super) fn is_over(&self) -> bool {
        lock(&self.inner).over
    }
}

fn take(files: &mut VecDeque<(u64, usize)>, large: bool) -> Vec<usize> {
    let is_small = |(size, _): &(u64, usize)| *size <= SMALL;
    // A single connection has both roles: where all are small it takes them by the handful.
    if large && files.back().is_some_and(|file| !is_small(file)) {
        return files.pop_back().into_iter().map(|(_, number)| number).collect();
    }
    let mut bytes = 0;
    let fits = |file: &&(u64, usize)| {
        bytes += file.0;
        is_small(file) && bytes <= HANDFUL_BYTES
    };
    let few = files.iter().take(HANDFUL).take_while(fits).count();
    files.drain(..few.max(usize::from(!files.is_empty()))).map(|(_, number)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(next: Next) -> Vec<usize> {
        match next {
            Next::Files(files) => files,
            Next::Wait => panic!("waits"),
            Next::Nothing => Vec::new(),
        }
    }

    #[test]
    fn large_files_do_not_hold_up_small_ones() {
        let queue = Queue::new([(0, 5_000_000, 0), (0, 10, 1), (0, 900_000, 2), (0, 20, 3)]);
        assert_eq!(files(queue.next(true)), [0]);
        assert_eq!(files(queue.next(false)), [1, 3]);
        assert_eq!(files(queue.next(false)), [2]);
        for _ in 0..4 {
            queue.done();
        }
        assert_eq!(files(queue.next(true)), [0; 0]);
    }

    #[test]
    fn a_turn_begins_when_the_one_before_it_is_over() {
        let queue = Queue::new([(1, 10, 7), (0, 10, 8)]);
        assert_eq!(files(queue.next(true)), [8]);
        std::thread::scope(|scope| {
            let next = scope.spawn(|| files(queue.next(false)));
            queue.done();
            assert_eq!(next.join().unwrap(), [7]);
        });
    }

    #[test]
    fn an_ended_queue_gives_nothing() {
        let queue = Queue::new([(0, 1, 0)]);
        queue.end();
        assert!(queue.is_over() && files(queue.next(true)).is_empty());
    }
}
