//! Writes ZIP archives front to back, the same bytes for the same input.
//!
//! Only ever appends: sizes and CRC are known before a header is written, so digests of the archive can be taken
//! on the way and no data descriptors are needed. Compressing ([`pack`]) knows nothing of the archive, so that it
//! can be done elsewhere and in any order; adding to the archive is done in one place, in the order asked for.

mod pack;
mod record;
mod stored;
mod verify;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io::{self, Read, SeekFrom, Write};

pub use pack::{Packed, Scratch, pack};
pub use stored::{Section, Stored, stored};
pub use verify::{Limits, verify, verify_within};

use super::dos_time::DosTime;
use super::name::Unsafe;
use super::{Progress, ReadSeek, Stop, name, pump};
use record::Record;

/// A file, or an archive with nothing in it.
pub const MAGIC: &[&[u8]] = &[b"PK\x03\x04", b"PK\x05\x06"];

/// Appends files to a ZIP archive.
pub struct Writer<W: Write> {
    out: W,
    modified: DosTime,
    at: u64,
    records: Vec<Record>,
    names: HashSet<String>,
}

/// Why a file cannot be added.
#[derive(Debug, thiserror::Error)]
pub enum Error {
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
    /// The source is not what it was said to be, or two readings of it differ.
    #[error("`{0}` changed while it was packed")]
    SourceChanged(String),
    /// Reading the source.
    #[error("cannot read the source: {0}")]
    Read(#[source] io::Error),
    /// Keeping compressed bytes aside.
    #[error("cannot use scratch space: {0}")]
    Scratch(#[source] io::Error),
    /// Writing the archive.
    #[error("cannot write the archive: {0}")]
    Write(#[source] io::Error),
    /// The watcher ended the work.
    #[error("stopped: {0}")]
    Stopped(#[source] io::Error),
}

impl<W: Write> Writer<W> {
    /// Begins an archive in which everything was changed at the same time. An odd second is rounded down.
    pub fn new(out: W, modified: DosTime) -> Self {
        Self { out, modified, at: 0, records: Vec::new(), names: HashSet::new() }
    }

    /// Adds a file as it is. Its size and CRC-32 are known from earlier; a source that differs is an error, after
    /// which the archive is to be thrown away.
    pub fn store(
        &mut self,
        name: &str,
        size: u64,
        crc32: u32,
        source: &mut dyn Read,
        progress: &mut Progress<'_>,
    ) -> Result<(), Error> {
        let record = self.record(name, record::STORED, size, size, crc32)?;
        self.begin(&record)?;
        let mut crc = crc32fast::Hasher::new();
        let copied = pump(source, size, &mut |bytes| {
            crc.update(bytes);
            self.out.write_all(bytes).map_err(Error::Write)?;
            progress(bytes.len() as u64).map_err(Error::Stopped)
        });
        let copied = copied.map_err(|stop| stop.or_else(Error::Read))?;
        let more = pump(source, 1, &mut |_| Ok(())).map_err(|stop| stop.or_else(Error::Read))?;
        if copied != size || more > 0 || crc.finalize() != crc32 {
            return Err(Error::SourceChanged(name.to_owned()));
        }
        self.end(record);
        Ok(())
    }

    /// Adds a file that was compressed before, or stores it when that made it no smaller; then it is read from
    /// its beginning once more.
    pub fn deflate(
        &mut self,
        name: &str,
        packed: &mut Packed<'_>,
        source: &mut dyn ReadSeek,
        progress: &mut Progress<'_>,
    ) -> Result<(), Error> {
        if !packed.shrank() {
            source.seek(SeekFrom::Start(0)).map_err(Error::Read)?;
            return self.store(name, packed.size(), packed.crc32(), source, progress);
        }
        let record = self.record(name, record::DEFLATED, packed.len(), packed.size(), packed.crc32())?;
        self.begin(&record)?;
        packed.read(&mut |bytes| {
            self.out.write_all(bytes).map_err(Error::Write)?;
            progress(bytes.len() as u64).map_err(Error::Stopped)
        })?;
        self.end(record);
        Ok(())
    }

    /// Writes the central directory; gives back what was written to.
    pub fn finish(mut self) -> Result<W, Error> {
        let start = self.at;
        for record in &self.records {
            let bytes = record.central();
            self.out.write_all(&bytes).map_err(Error::Write)?;
            self.at += bytes.len() as u64;
        }
        let end = record::end(self.records.len() as u64, start, self.at - start);
        self.out.write_all(&end).map_err(Error::Write)?;
        Ok(self.out)
    }

    fn record(&self, file: &str, method: u16, packed: u64, size: u64, crc32: u32) -> Result<Record, Error> {
        name::check(file).map_err(|why| Error::Name { name: file.to_owned(), why })?;
        if file.len() > usize::from(u16::MAX) {
            return Err(Error::NameTooLong(file.to_owned()));
        }
        if self.names.contains(file) {
            return Err(Error::Duplicate(file.to_owned()));
        }
        let (name, modified) = (file.to_owned(), self.modified.bits());
        Ok(Record { name, method, modified, crc32, packed, size, at: self.at })
    }

    fn begin(&mut self, record: &Record) -> Result<(), Error> {
        let header = record.local();
        self.out.write_all(&header).map_err(Error::Write)?;
        self.at += header.len() as u64;
        Ok(())
    }

    fn end(&mut self, record: Record) {
        self.at += record.packed;
        self.names.insert(record.name.clone());
        self.records.push(record);
    }
}

impl Stop<Error> {
    fn or_else(self, reading: fn(io::Error) -> Error) -> Error {
        match self {
            Self::Reading(error) => reading(error),
            Self::Taking(error) => error,
        }
    }
}
