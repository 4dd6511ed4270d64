//! What the file system says of a file without reading it, and how far that can be trusted.
//!
//! A file that was written a moment ago may be written again within the same tick of the file system's clock, and
//! nobody could tell. So such a file is looked at again a tick later, before anything is read of it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Size, times and inode of a file. Files of equal stamps hold the same bytes, if the stamp is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, i64, i64, u64)", into = "(u64, i64, i64, u64)")]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    /// When it was last written to, in nanoseconds since 1970.
    pub(crate) modified: i64,
    /// When anything about it last changed, which nobody can set.
    pub(crate) changed: i64,
    pub(crate) inode: u64,
}

/// The tick of a clock that counts nanoseconds: kernels stamp files at their own ticks, 100 to 1000 a second.
const TICK: i64 = 20_000_000;
/// The tick of a clock that counts whole seconds; the coarsest counts every second one.
const COARSE_TICK: i64 = 2_000_000_000;

impl Stamp {
    pub(crate) fn of(found: &Metadata) -> Self {
        let nanoseconds =
            |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            size: found.len(),
            modified: nanoseconds(found.mtime(), found.mtime_nsec()),
            changed: nanoseconds(found.ctime(), found.ctime_nsec()),
            inode: found.ino(),
        }
    }

    /// Seconds since 1970 at which it was last written to.
    pub(crate) const fn modified_seconds(&self) -> i64 {
        self.modified.div_euclid(1_000_000_000)
    }

    /// How long it takes until a change of the file would show in its stamp. Nothing when the file comes from a time
    /// that is yet to be: then no waiting helps.
    pub(crate) fn settles_in(&self, now_ms: i64) -> Option<Duration> {
        let now = now_ms.saturating_mul(1_000_000);
        let last = self.changed.max(self.modified.min(now));
        let tick = if self.changed % 1_000_000_000 == 0 { COARSE_TICK } else { TICK };
        // Wall clock and file stamps come from the same clock, but the latter may be a tick behind.
        if last > now.saturating_add(TICK) {
            return None;
        }
        let left = last.saturating_add(tick).saturating_sub(now).max(0);
        // The clock at hand counts milliseconds: a part of one would be waited for again and again.
        Some(Duration::from_millis(left.unsigned_abs().div_ceil(1_000_000)))
    }

    /// Whether it is still the same file as far as writing goes. Links and permissions are no part of that.
    pub(crate) fn same_content(&self, other: &Self) -> bool {
        (self.size, self.modified, self.inode) == (other.size, other.modified, other.inode)
    }
}

impl From<(u64, i64, i64, u64)> for Stamp {
    fn from((size, modified, changed, inode): (u64, i64, i64, u64)) -> Self {
        Self { size, modified, changed, inode }
    }
}

impl From<Stamp> for (u64, i64, i64, u64) {
    fn from(stamp: Stamp) -> Self {
        (stamp.size, stamp.modified, stamp.changed, stamp.inode)
    }
}

/// The stamp of whatever lies at the path itself, if anything does.
pub(crate) fn at(path: &Path) -> Option<(Stamp, bool)> {
    let found = path.symlink_metadata().ok()?;
    Some((Stamp::of(&found), found.is_dir()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_this_very_moment_is_not_trusted_yet() {
        let check = |changed: i64, now_ms: i64, wanted: Option<u128>| {
            let stamp = Stamp { size: 1, modified: changed, changed, inode: 1 };
            let found = stamp.settles_in(now_ms).map(|left| left.as_millis());
            assert_eq!(found, wanted, "{changed} {now_ms}");
        };
        // A nanosecond too late for 20 ms, as far as a clock of milliseconds tells.
        check(5_000_000_001, 5_000, Some(21));
        check(5_000_000_000 - 15_000_000, 5_000, Some(5));
        check(1_000_000_001, 5_000, Some(0));
        // Whole seconds come from a coarse clock.
        check(5_000_000_000, 5_500, Some(1_500));
        // The clock was set back: the file is from tomorrow.
        check(86_400_000_000_001, 5_000, None);
    }

    #[test]
    fn a_modification_time_in_the_future_is_no_fault_of_the_clock() {
        let stamp = Stamp { size: 1, modified: i64::MAX, changed: 1_000_000_001, inode: 1 };
        assert_eq!(stamp.settles_in(5_000), Some(Duration::from_millis(20)));
    }
}
