//! RAR 5 archives and volumes whose files are stored, not compressed.
//!
//! Written from the public RAR 5.0 technote and from bytes of archives. Knows what only RAR 5 has: its headers,
//! whose first one grows with the number of the volume, and BLAKE2sp in place of CRC-32.

mod header;
mod parse;
mod sums;
mod vint;

#[cfg(test)]
mod foreign_tests;
#[cfg(test)]
mod set_tests;

use std::io::{self, Write};

pub use header::MARKER;
pub use parse::READING;
pub use sums::{PartSums, Said};

use super::rar::{self, Dialect};
pub use super::rar::{
    Error, ExtractError, Host, PartCrcs, Sealed, Source, Sums, Volume, VolumeDone, seal, write_volume,
};
use super::split::Part;
pub use super::volumes::Naming;
use super::{Progress, Verdict, Volumes};

/// A file or directory to pack. Times are seconds since 1970 UTC; what a header cannot hold becomes the nearest
/// that it can.
pub type Entry = rar::Entry<i64>;

/// The volumes of a set and what lies where in them.
pub type Layout = rar::Layout<Options>;

/// What files are checked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// Four bytes.
    Crc32,
    /// Thirty-two bytes. A file that is split must be read in its order.
    Blake2sp,
}

/// How to pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Bytes of a volume; without it one archive is made that is no volume.
    pub volume: Option<u64>,
    /// How volumes are named. RAR 5 only ever names them in parts: of old names 7-Zip finds the next volume, others
    /// do not.
    pub naming: Naming,
    /// The system the archive says it comes from.
    pub host: Host,
    /// What files are checked with.
    pub hash: Hash,
    /// Puts the time of [`Host::Windows`] in a record of its own, as official `rar` on Windows does. On Unix it
    /// does so for fractions of a second alone, which these times have not.
    pub extended_time: bool,
}

/// Checks the volumes, given in the order of their names.
pub fn verify(volumes: &dyn Volumes, progress: &mut Progress<'_>) -> io::Result<Verdict> {
    rar::verify(&READING, volumes, progress)
}

/// Writes the content of the file called `name` to `sink`; gives its size. What was written before an error is to
/// be thrown away.
pub fn extract(volumes: &dyn Volumes, name: &str, sink: &mut dyn Write) -> Result<u64, ExtractError> {
    rar::extract(&READING, volumes, name, sink)
}

impl Default for Options {
    fn default() -> Self {
        Self { volume: None, naming: Naming::Part, host: Host::Unix, hash: Hash::Crc32, extended_time: false }
    }
}

impl Dialect for Options {
    type Time = i64;
    type Sums = PartSums;

    fn volume(&self) -> Option<u64> {
        self.volume
    }

    fn naming(&self) -> Naming {
        self.naming
    }

    fn front(&self, index: usize) -> Vec<u8> {
        [MARKER.as_slice(), &header::archive(self, index)].concat()
    }

    fn header_len(&self, entry: &Entry) -> Option<u64> {
        header::file_len(entry, self)
    }

    fn header(&self, entry: &Entry, part: &Part, said: &Said) -> Vec<u8> {
        header::file(entry, part, self, said)
    }

    fn end(&self, _: usize, last: bool, _: u32) -> Vec<u8> {
        header::end(last)
    }
}
