//! What all generations of RAR have in common: volumes of stored files, written and read.
//!
//! Knows no header's bytes. A generation says them twice: as a [`Dialect`] for writing and as a [`Reading`].
//! A [`Layout`] knows names, sizes and places of everything before a byte is written; [`seal`] turns checksums
//! into all bytes that are not file content, so volumes can be written in any order; [`write_volume`] is the plain
//! way to write them front to back.

mod extract;
mod headers;
mod layout;
mod members;
mod scan;
mod seal;
mod sums;
mod verify;
mod volume_check;
mod write;

#[cfg(test)]
pub(super) mod bench;

use std::io;

pub use extract::{ExtractError, extract};
pub use headers::{ArchiveHeader, Block, EndHeader, FileHeader, Header, HeaderError, Headers, Reading};
pub use layout::{Layout, Volume};
pub use seal::{Sealed, seal};
pub use sums::{PartCrcs, Sums};
pub use verify::verify;
pub use write::{Source, VolumeDone, write_volume};

pub(super) use headers::{Fields, read_rest};

use super::name::Unsafe;
use super::split::{Part, SplitError};
use super::volumes::Naming;

/// Bytes a name may have: readers give up on names long before what a header could hold.
pub(super) const MOST_NAME: usize = 4096;

/// What one generation of RAR writes in its own way. Its options implement it.
pub trait Dialect: Sized {
    /// How it tells time.
    type Time;
    /// What its headers need to know of the bytes behind them.
    type Sums: Sums;

    /// Bytes of a volume; without it one archive is made that is no volume.
    fn volume(&self) -> Option<u64>;

    /// How volumes are named.
    fn naming(&self) -> Naming;

    /// What begins the volume with that index.
    fn front(&self, index: usize) -> Vec<u8>;

    /// Bytes of any header of this entry; none when the header could not hold the name.
    fn header_len(&self, entry: &Entry<Self::Time>) -> Option<u64>;

    /// The header before a part.
    fn header(&self, entry: &Entry<Self::Time>, part: &Part, said: &<Self::Sums as Sums>::Said) -> Vec<u8>;

    /// What ends a volume, always of one length. `crc32` is that of everything before it.
    fn end(&self, index: usize, last: bool, crc32: u32) -> Vec<u8>;
}

/// A file or directory to pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<T> {
    /// Path in the archive, with forward slashes.
    pub name: String,
    /// Bytes of the file, 0 for a directory.
    pub size: u64,
    /// Is a directory.
    pub directory: bool,
    /// Time of last change.
    pub modified: T,
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
    /// A volume was to be sealed before the earlier ones of a file were read.
    #[error("the blake2sp for part {0} is not known yet")]
    HashUnknown(usize),
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

impl<T> Entry<T> {
    /// A plain file that everyone may read.
    pub fn file(name: impl Into<String>, size: u64, modified: T) -> Self {
        Self { name: name.into(), size, directory: false, modified, mode: 0o100_644 }
    }

    /// A directory that everyone may enter.
    pub fn directory(name: impl Into<String>, modified: T) -> Self {
        Self { name: name.into(), size: 0, directory: true, modified, mode: 0o040_755 }
    }

    /// Attributes as the host writes them.
    pub(super) fn attributes(&self, host: Host) -> u32 {
        match (host, self.directory) {
            (Host::Unix, _) => self.mode,
            (Host::Windows, true) => 0x10,
            (Host::Windows, false) => 0x20,
        }
    }
}
