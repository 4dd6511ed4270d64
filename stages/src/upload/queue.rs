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
/// How many files may have been sent without a look at what arrived of them, and what share of all of them.
const UNSEEN: usize = 1024;
const UNSEEN_SHARE: usize = 4;
/// How long a connection waits before it says that it is still there.
const IDLE: Duration = Duration::from_secs(15);

/// The files that a destination still needs.
pub(super) struct Queue {
    inner: Mutex<Inner>,
    changed: Condvar,
    /// How many files there were at the beginning.
    count: usize,
}

#[derive(Default)]
struct Inner {
    /// By turn: files with their sizes, small ones first.
    turns: BTreeMap<usize, VecDeque<(u64, usize)>>,
    /// Files that were handed out and are not over.
    out: usize,
    /// Handfuls that are being sent.
    sending: usize,
    /// Files that were sent and are to be looked for.
    unseen: Vec<usize>,
    /// Some of these could not be sent: why shows once they are looked for.
    hurry: bool,
    /// Those that were looked for.
    seen: VecDeque<usize>,
    over: bool,
}

/// What a connection is to do next.
pub(super) enum Next {
    /// A file from its beginning to its end.
    One(usize),
    /// Small files that are only sent.
    Send(Vec<usize>),
    /// All those that were sent: what arrived of them is to be found out.
    Look(Vec<usize>),
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
        let count = turns.values().map(VecDeque::len).sum();
        let inner = Inner { turns, ..Inner::default() };
        Self { inner: Mutex::new(inner), changed: Condvar::new(), count }
    }

    /// How many files there were at the beginning.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// What a connection does next, which takes `large` files or small ones first.
    pub(super) fn next(&self, large: bool) -> Next {
        let mut inner = lock(&self.inner);
        loop {
            if inner.over {
                return Next::Nothing;
            }
            if let Some(file) = inner.seen.pop_front() {
                return Next::One(file);
            }
            if inner.hurry || inner.unseen.len() >= UNSEEN.max(self.count / UNSEEN_SHARE) {
                inner.hurry = false;
                return Next::Look(std::mem::take(&mut inner.unseen));
            }
            let mut turn = inner.turns.first_entry();
            let taken = turn.as_mut().map_or_else(Vec::new, |turn| take(turn.get_mut(), large));
            if !taken.is_empty() {
                inner.out += taken.len();
                if let [file] = taken.as_slice() {
                    return Next::One(*file);
                }
                inner.sending += 1;
                return Next::Send(taken);
            }
            // One look at what all connections have sent costs less than one for each.
            if !inner.unseen.is_empty() && inner.sending == 0 {
                return Next::Look(std::mem::take(&mut inner.unseen));
            }
            if inner.out == 0 {
                if inner.turns.pop_first().is_none() {
                    return Next::Nothing;
                }
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

    /// Files were sent, as far as all went `well`, and are to be looked for.
    pub(super) fn sent(&self, files: &[usize], well: bool) {
        let mut inner = lock(&self.inner);
        inner.sending -= 1;
        inner.unseen.extend(files);
        inner.hurry |= !well;
        drop(inner);
        self.changed.notify_all();
    }

    /// Files were looked for.
    pub(super) fn seen(&self, files: &[usize]) {
        lock(&self.inner).seen.extend(files);
        self.changed.notify_all();
    }

    /// A file that was handed out is over.
    pub(super) fn done(&self) {
        let mut inner = lock(&self.inner);
        inner.out -= 1;
        // Before that whoever waits for the next turn has nothing to do.
        let is_over = inner.out == 0;
        drop(inner);
        if is_over {
            self.changed.notify_all();
        }
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
            Next::One(file) => vec![file],
            Next::Send(files) => files,
            Next::Look(_) => panic!("looks"),
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
    fn what_all_have_sent_is_looked_for_at_once_and_then_handed_out() {
        let queue = Queue::new((0..70).map(|number| (usize::from(number == 69), 10, number)));
        let (first, second, third) =
            (files(queue.next(false)), files(queue.next(false)), files(queue.next(false)));
        assert_eq!((first.len(), second.len(), third.len()), (HANDFUL, HANDFUL, 5));
        queue.sent(&first, true);
        queue.sent(&third, true);
        std::thread::scope(|scope| {
            let look = scope.spawn(|| queue.next(false));
            queue.sent(&second, true);
            let Next::Look(sent) = look.join().unwrap() else { panic!("no look") };
            assert_eq!(sent.len(), 69);
            queue.seen(&sent);
        });
        for _ in 0..69 {
            assert!(matches!(queue.next(true), Next::One(file) if file < 69));
        }
        (0..69).for_each(|_| queue.done());
        assert_eq!(files(queue.next(true)), [69]);
    }

    #[test]
    fn a_large_file_under_way_keeps_nobody_from_looking_for_small_ones() {
        let queue = Queue::new([(0, 10, 0), (0, 10, 1), (0, 900_000, 2)]);
        assert_eq!(files(queue.next(true)), [2]);
        let small = files(queue.next(false));
        queue.sent(&small, true);
        assert!(matches!(queue.next(false), Next::Look(files) if files == small));
    }

    #[test]
    fn of_many_files_some_are_looked_for_before_all_are_sent() {
        let queue = Queue::new((0..10 * UNSEEN).map(|number| (0, 10, number)));
        let mut sent = 0;
        loop {
            match queue.next(false) {
                Next::Send(files) => {
                    sent += files.len();
                    queue.sent(&files, true);
                }
                Next::Look(files) => break assert_eq!(files.len(), sent),
                _ => panic!("neither"),
            }
        }
        assert!((10 * UNSEEN / UNSEEN_SHARE..10 * UNSEEN).contains(&sent));
    }

    #[test]
    fn a_look_comes_at_once_where_something_went_wrong() {
        let queue = Queue::new((0..100).map(|number| (0, 10, number)));
        let sent = files(queue.next(false));
        queue.sent(&sent, false);
        assert!(matches!(queue.next(false), Next::Look(files) if files == sent));
        assert!(matches!(queue.next(false), Next::Send(_)));
    }

    #[test]
    fn an_ended_queue_gives_nothing() {
        let queue = Queue::new([(0, 1, 0)]);
        queue.end();
        assert!(queue.is_over() && files(queue.next(true)).is_empty());
    }
}
