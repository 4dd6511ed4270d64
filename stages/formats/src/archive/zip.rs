//! Writes ZIP archives front to back, the same bytes for the same input.
//!
//! Needs no data descriptors: sizes and CRC are known before a header is written, or the header is left out and put in
//! when the file has passed ([`Gap`]). Compressing ([`Packer`], [`deflate_piece`]) knows nothing of the archive, so that
//! it can be done elsewhere and in any order; adding to the archive is done in one place, in the order asked for.

mod member;
mod ocf;
mod piece;
mod record;
mod stored;
mod verify;

#[cfg(test)]
mod size_tests;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io::{self, Read, Write};

pub use member::{Member, Packer, Probe};
pub use ocf::{MIMETYPE, MIMETYPE_NAME, NameFault, check_names};
pub use piece::{REACH, deflate_piece};
pub use stored::{Listed, Section, Stored, content, list, stored};
pub use verify::{Limits, verify, verify_within};

use super::dos_time::DosTime;
use super::name::Unsafe;
use super::{Progress, Stop, name, pump};
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

/// Something to write to that can leave bytes out and be given them later. One gap is open at a time.
pub trait Gap: Write {
    /// Leaves out so many bytes; what is written from now on comes after them.
    fn leave_gap(&mut self, len: u64) -> io::Result<()>;
    /// Puts the bytes in that were left out.
    fn fill_gap(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Takes back the gap and all that was written after it.
    fn withdraw_gap(&mut self) -> io::Result<()>;
}

/// How a file lies in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// As it is.
    Stored,
    /// As a raw deflate stream.
    Deflated,
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

    /// Adds a file that was made ready before.
    pub fn add(&mut self, name: &str, member: &Member) -> Result<(), Error> {
        let packed = member.bytes().len() as u64;
        let record = self.record(name, member.method, packed, member.size(), member.crc32())?;
        self.begin(&record)?;
        self.out.write_all(member.bytes()).map_err(Error::Write)?;
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

impl<W: Gap + Send> Writer<W> {
    /// Adds a file of `size` bytes whose CRC is known when it has passed. `pour` writes its bytes in the archive and
    /// gives its CRC-32. Gives `false`, and adds nothing, if deflating made it no smaller.
    pub fn pour<E: From<Error>>(
        &mut self,
        name: &str,
        size: u64,
        method: Method,
        pour: impl FnOnce(&mut (dyn Write + Send)) -> Result<u32, E>,
    ) -> Result<bool, E> {
        let method = match method {
            Method::Stored => record::STORED,
            Method::Deflated => record::DEFLATED,
        };
        // Whether the header has room for large numbers hangs on the size alone, since more than that is not kept.
        let mut record = self.record(name, method, size, size, 0)?;
        let header = record.local().len() as u64;
        self.out.leave_gap(header).map_err(Error::Write)?;
        let mut counted = Counted { out: &mut self.out, bytes: 0 };
        record.crc32 = pour(&mut counted)?;
        record.packed = counted.bytes;
        if method == record::STORED && record.packed != size {
            return Err(Error::SourceChanged(name.to_owned()).into());
        }
        if method == record::DEFLATED && record.packed >= size {
            self.out.withdraw_gap().map_err(Error::Write)?;
            return Ok(false);
        }
        self.out.fill_gap(&record.local()).map_err(Error::Write)?;
        self.at += header;
        self.end(record);
        Ok(true)
    }
}

/// Counts what passes.
struct Counted<'a, W> {
    out: &'a mut W,
    bytes: u64,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes)?;
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
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
