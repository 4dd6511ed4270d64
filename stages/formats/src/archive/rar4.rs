//! RAR 4 archives and volumes whose files are stored, not compressed.
//!
//! Written from the public RAR 4.00 technote and from bytes of archives. A [`Layout`] knows names, sizes and
//! places of everything before a byte is written; [`seal`] turns CRCs into all bytes that are not file content, so
//! volumes can be written in any order; [`write_volume`] is the plain way to write them front to back.

mod extract;
mod header;
mod layout;
mod parse;
mod seal;
mod unicode;
mod verify;
mod volume_check;
mod write;

#[cfg(test)]
mod foreign_tests;
#[cfg(test)]
mod set_tests;

use std::io;

pub use extract::{ExtractError, extract};
pub use header::MARKER;
pub use layout::{Layout, Volume};
pub use parse::{FileHeader, Header, HeaderError, Headers};
pub use seal::{PartCrcs, Sealed, seal};
pub use verify::verify;
pub use write::{Source, VolumeDone, write_volume};

use super::dos_time::DosTime;
use super::name::Unsafe;
use super::split::SplitError;
pub use super::volumes::Naming;

/// A file or directory to pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path in the archive, with forward slashes.
    pub name: String,
    /// Bytes of the file, 0 for a directory.
    pub size: u64,
    /// Is a directory.
    pub directory: bool,
    /// Time of last change.
    pub modified: DosTime,
    /// Unix mode including the file type; only written for [`Host::Unix`].
    pub mode: u32,
}

/// The system an archive says it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// Attributes are a Unix mode.
    Unix,
    /// Attributes are those of DOS.
    Windows,
}

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

/// Why something cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing to pack.
    #[error("there is nothing to pack")]
    Empty,
    /// A name that must not be in an archive.
    #[error("`{}` cannot be packed: {why}", .name.escape_debug())]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: Unsafe,
    },
    /// A name that the header cannot hold.
    #[error("`{0}` is too long a name for the archive")]
    NameTooLong(String),
    /// Two entries of one name.
    #[error("`{0}` is there twice")]
    Duplicate(String),
    /// A directory with bytes.
    #[error("directory `{0}` has a size")]
    DirectoryWithSize(String),
    /// The files do not fit the volumes.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// A volume that the layout does not have.
    #[error("there is no volume {0}")]
    NoSuchVolume(usize),
    /// A volume was to be sealed too early.
    #[error("the crc-32 of part {0} is not known yet")]
    CrcUnknown(usize),
    /// Two readings of a source differ.
    #[error("`{0}` changed while it was packed")]
    SourceChanged(String),
    /// Reading a source.
    #[error("cannot read `{name}`: {source}")]
    Read {
        /// Name of the entry.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// Writing the volume.
    #[error("cannot write the volume: {0}")]
    Write(#[source] io::Error),
    /// The watcher ended the work.
    #[error("stopped: {0}")]
    Stopped(#[source] io::Error),
}

impl Entry {
    /// A plain file that everyone may read.
    pub fn file(name: impl Into<String>, size: u64, modified: DosTime) -> Self {
        Self { name: name.into(), size, directory: false, modified, mode: 0o100_644 }
    }

    /// A directory that everyone may enter.
    pub fn directory(name: impl Into<String>, modified: DosTime) -> Self {
        Self { name: name.into(), size: 0, directory: true, modified, mode: 0o040_755 }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { volume: None, naming: Naming::Old, host: Host::Unix, extended_time: false }
    }
}
