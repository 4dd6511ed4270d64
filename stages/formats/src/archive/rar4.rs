//! RAR 4 archives and volumes whose files are stored, not compressed.
//!
//! Written from the public RAR 4.00 technote and from bytes of archives. Knows what only RAR 4 has: its headers,
//! its names beyond ASCII, and an end block that carries the CRC-32 of the volume.

mod header;
mod parse;
mod unicode;

#[cfg(test)]
mod foreign_tests;
#[cfg(test)]
mod set_tests;

use std::io::{self, Write};

pub use header::MARKER;
pub use parse::READING;

use super::dos_time::DosTime;
use super::rar::{self, Dialect};
pub use super::rar::{
    Error, ExtractError, Host, PartCrcs, Sealed, Source, Volume, VolumeDone, seal, write_volume,
};
use super::split::Part;
pub use super::volumes::Naming;
use super::{Progress, Verdict, Volumes};

/// A file or directory to pack.
pub type Entry = rar::Entry<DosTime>;

/// The volumes of a set and what lies where in them.
pub type Layout = rar::Layout<Options>;

/// How to pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Bytes of a volume; without it one archive is made that is no volume.
    pub volume: Option<u64>,
    /// How volumes are named.
    pub naming: Naming,
    /// The system the archive says it comes from.
    pub host: Host,
    /// Keeps odd seconds as official `rar` on Linux does. Without it they are rounded down.
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
        Self { volume: None, naming: Naming::Old, host: Host::Unix, extended_time: false }
    }
}

impl Dialect for Options {
    type Time = DosTime;
    type Sums = PartCrcs;

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

    fn header(&self, entry: &Entry, part: &Part, said: &u32) -> Vec<u8> {
        header::file(entry, part, self, *said)
    }

    fn end(&self, index: usize, last: bool, crc32: u32) -> Vec<u8> {
        header::end(self, index, last, crc32)
    }
}
