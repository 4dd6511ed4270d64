//! How fast a long step is and how long it will take, and which of its files are under way.
//!
//! Pure: amounts and times in, words out.

use engine::FileProgress;

use super::{clean, words};

/// Over how many milliseconds a rate is taken, so that it follows what happens and does not jump.
const SPAN: u64 = 20_000;
/// Most files that are named.
const MOST_FILES: usize = 3;
/// The longest name of a file that is shown whole.
const LONGEST: usize = 32;

/// Amounts at two times, from which a rate is taken.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// When it is measured from, and how much was done then.
    from: (u64, u64),
    /// The next such time.
    next: (u64, u64),
    /// Whether anything was told yet: what was there before anything was sent is no pace.
    begun: bool,
}

impl Pace {
    /// A pace that begins at a time in milliseconds.
    pub fn new(now: u64) -> Self {
        Self { from: (now, 0), next: (now, 0), begun: false }
    }

    /// The rate and the time that is left, as words behind how far it is; nothing for what is no stream of bytes.
    pub fn at(&mut self, now: u64, done: u64, total: u64, unit: &str) -> String {
        if !std::mem::replace(&mut self.begun, true) {
            (self.from.1, self.next.1) = (done, done);
        }
        if now.saturating_sub(self.next.0) >= SPAN {
            (self.from, self.next) = (self.next, (now, done));
        }
        let (ms, more) = (now.saturating_sub(self.from.0), done.saturating_sub(self.from.1));
        if unit != "bytes" || ms < 500 || more == 0 {
            return String::new();
        }
        let rate = u64::try_from(u128::from(more) * 1000 / u128::from(ms)).unwrap_or(u64::MAX).max(1);
        let left = u128::from(total.saturating_sub(done)) * 1000 / u128::from(rate);
        let left = u64::try_from(left).unwrap_or(u64::MAX);
        format!(", {}/s, {} left", words::bytes(rate), words::duration(left))
    }
}

/// The files under way, as words behind how far the whole is.
pub fn of_files(files: &[FileProgress]) -> String {
    let one = |file: &FileProgress| {
        let percent = (u128::from(file.done) * 100).checked_div(u128::from(file.total)).unwrap_or(100);
        format!("{} {percent}%", words::short(&clean(&file.name), LONGEST))
    };
    let named: Vec<String> = files.iter().take(MOST_FILES).map(one).collect();
    match (named.is_empty(), files.len().saturating_sub(MOST_FILES)) {
        (true, _) => String::new(),
        (false, 0) => format!(" ({})", named.join(", ")),
        (false, more) => format!(" ({}, and {more} more)", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_tells_the_rate_and_the_time_left() {
        let mut pace = Pace::new(0);
        assert_eq!(pace.at(0, 400, 2_000_400, "bytes"), "", "what was there before is no pace");
        assert_eq!(pace.at(1000, 500_400, 2_000_400, "bytes"), ", 500.0 kB/s, 3.0 s left");
        assert_eq!(pace.at(1000, 3, 9, "pages"), "");
        // The rate of an hour ago says nothing any more.
        let mut slow = Pace::new(0);
        slow.at(0, 0, 100_000, "bytes");
        slow.at(20_000, 40_000, 100_000, "bytes");
        slow.at(40_000, 40_020, 100_000, "bytes");
        assert_eq!(slow.at(41_000, 40_021, 100_000, "bytes"), ", 1 byte/s, 16 h 39 min left");
    }

    #[test]
    fn files_under_way_are_named_and_counted() {
        let file = |name: &str, done| FileProgress { name: name.into(), done, total: 200 };
        assert_eq!(of_files(&[]), "");
        assert_eq!(of_files(&[file("a\u{1b}.rar", 50)]), " (a\\u{1b}.rar 25%)");
        let many: Vec<FileProgress> = ["a", "b", "c", "d", "e"].map(|name| file(name, 200)).into();
        assert_eq!(of_files(&many), " (a 100%, b 100%, c 100%, and 2 more)");
    }
}
