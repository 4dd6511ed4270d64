//! Walks the headers of a volume, and what they say whichever generation wrote them.
//!
//! Knows no header's bytes: a [`Reading`] does. File content is skipped, not read.

use std::io::{self, Read, SeekFrom};

use crate::digest::crc32_combine;

use super::super::ReadSeek;

/// How volumes of one generation are read.
pub struct Reading {
    /// What the generation is called.
    pub name: &'static str,
    /// What its volumes begin with.
    pub marker: &'static [u8],
    /// Reads the header that begins here, at this offset; none where the volume ends.
    pub header: fn(&mut dyn Read, u64) -> Result<Option<Header>, HeaderError>,
    /// A volume may be filled up with zero bytes behind its end.
    pub zeros_fill: bool,
}

/// A header and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Offset in the volume.
    pub at: u64,
    /// Bytes of the header itself.
    pub len: u64,
    /// Bytes that follow it and belong to it.
    pub content: u64,
    /// Whether the header's own checksum is right.
    pub sound: bool,
    /// What it says.
    pub block: Block,
    /// All bytes of the header.
    pub(in super::super) bytes: Vec<u8>,
}

/// What a header says, by its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Begins the archive.
    Archive(ArchiveHeader),
    /// Comes before a part of a file.
    File(FileHeader),
    /// Comes before bytes of the archive's own: a comment, recovery, an index.
    Service(FileHeader),
    /// Owner and group, as RAR 2 wrote them: its checksum alone counts what follows the header.
    Owner,
    /// What follows is encrypted and cannot be told from noise.
    Encryption,
    /// Ends the volume.
    End(EndHeader),
    /// Anything else.
    Other,
}

/// What the header of an archive says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveHeader {
    /// It is a volume.
    pub volume: bool,
    /// Number of the volume from 0, where it is said here.
    pub number: Option<u64>,
    /// Whoever wrote it also wrote end blocks.
    pub has_end: bool,
    /// Every header after this one is encrypted.
    pub encrypted: bool,
}

/// What a file header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHeader {
    /// Path, with forward slashes, as found: it may be unsafe.
    pub name: String,
    /// Bytes of the whole file, where they were known.
    pub size: Option<u64>,
    /// CRC-32 of the part, or of the whole file in the last part.
    pub crc32: Option<u32>,
    /// BLAKE2sp of the part, or of the whole file in the last part.
    pub blake2sp: Option<[u8; 32]>,
    /// Time of last change in the form in which it is stored.
    pub modified: u64,
    /// Attributes of the host system.
    pub attributes: u64,
    /// Host system.
    pub host: u64,
    /// Is a directory.
    pub directory: bool,
    /// Why the bytes that follow are not those of the file, where they are not.
    pub altered: Option<&'static str>,
    /// Is an older version of another file of this name.
    pub old_version: bool,
    /// Has earlier parts.
    pub continues: bool,
    /// Has later parts.
    pub continued: bool,
}

/// What the end of a volume says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndHeader {
    /// Another volume follows.
    pub next: bool,
    /// CRC-32 of all before it, where it is said.
    pub volume_crc: Option<u32>,
    /// Number of the volume from 0, where it is said here.
    pub number: Option<u64>,
}

/// Why bytes are no header.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// The volume ends inside the header.
    #[error("the volume ends inside a header")]
    Truncated,
    /// The header claims what no such header has.
    #[error("a header of type {kind:#04x} cannot have {len} bytes")]
    Malformed {
        /// Type.
        kind: u64,
        /// Bytes it claims to have.
        len: u64,
    },
    /// The volume does not begin as its generation does.
    #[error("the file does not begin with the {0} signature")]
    Signature(&'static str),
    /// More headers than are looked at.
    #[error("there are more than {0} headers")]
    TooMany(usize),
    /// Reading failed.
    #[error("{0}")]
    Unreadable(#[source] io::Error),
}

/// Headers looked at in one volume, against files that are headers and nothing else.
pub(super) const MOST_HEADERS: usize = 200_000;

/// The headers of a volume in order, up to the end block or the first bytes that are no header. The signature is
/// not among them. One is held at a time.
pub struct Headers<'a> {
    reading: &'static Reading,
    volume: Box<dyn ReadSeek + 'a>,
    at: u64,
    count: usize,
    done: bool,
}

impl Reading {
    /// Reads the signature; gives the offset behind it.
    pub(super) fn skip_marker(&self, volume: &mut dyn Read) -> Result<u64, HeaderError> {
        let mut marker = Vec::new();
        let len = self.marker.len() as u64;
        volume.take(len).read_to_end(&mut marker).map_err(HeaderError::Unreadable)?;
        if marker != self.marker {
            return Err(HeaderError::Signature(self.name));
        }
        Ok(len)
    }
}

impl Header {
    /// What a file header says.
    pub fn file(&self) -> Option<&FileHeader> {
        match &self.block {
            Block::File(file) => Some(file),
            _ => None,
        }
    }

    /// Headers after this one cannot be told from noise.
    pub(super) fn hides_the_rest(&self) -> bool {
        match &self.block {
            Block::Archive(archive) => archive.encrypted,
            Block::Encryption => true,
            _ => false,
        }
    }

    /// Whether the checksum fits when the content is known.
    pub(super) fn is_sound_with(&self, content_crc: u32, content_len: u64) -> bool {
        let counted = crc32fast::hash(self.bytes.get(2..).unwrap_or_default());
        let joined = crc32_combine(counted, content_crc, content_len) as u16;
        self.sound || self.block == Block::Owner && self.bytes.starts_with(&joined.to_le_bytes())
    }
}

impl<'a> Headers<'a> {
    /// Reads from the beginning of a volume.
    pub fn new(reading: &'static Reading, mut volume: Box<dyn ReadSeek + 'a>) -> Result<Self, HeaderError> {
        volume.seek(SeekFrom::Start(0)).map_err(HeaderError::Unreadable)?;
        let at = reading.skip_marker(&mut volume)?;
        Ok(Self { reading, volume, at, count: 0, done: false })
    }

    /// The bytes that follow a header, and whatever is behind them.
    pub(super) fn content(&mut self, header: &Header) -> io::Result<&mut dyn Read> {
        self.volume.seek(SeekFrom::Start(header.at.saturating_add(header.len)))?;
        Ok(&mut self.volume)
    }

    fn step(&mut self) -> Result<Option<Header>, HeaderError> {
        if self.count >= MOST_HEADERS {
            return Err(HeaderError::TooMany(MOST_HEADERS));
        }
        self.volume.seek(SeekFrom::Start(self.at)).map_err(HeaderError::Unreadable)?;
        let header = (self.reading.header)(&mut self.volume, self.at)?;
        if let Some(header) = &header {
            self.at = self.at.saturating_add(header.len).saturating_add(header.content);
            self.count += 1;
            self.done = matches!(header.block, Block::End(_)) || header.hides_the_rest();
        }
        Ok(header)
    }
}

impl Iterator for Headers<'_> {
    type Item = Result<Header, HeaderError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let step = self.step().transpose();
        self.done |= !matches!(step, Some(Ok(_)));
        step
    }
}

/// Fills `bytes`, which begin a header, up to `len`.
pub(in super::super) fn read_rest(
    volume: &mut dyn Read,
    bytes: &mut Vec<u8>,
    len: usize,
) -> Result<(), HeaderError> {
    let missing = len.saturating_sub(bytes.len()) as u64;
    volume.take(missing).read_to_end(bytes).map_err(HeaderError::Unreadable)?;
    if bytes.len() < len { Err(HeaderError::Truncated) } else { Ok(()) }
}

/// Little-endian fields taken one after the other.
pub(in super::super) struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    pub fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().map(u16::from_le_bytes).ok()
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().map(u32::from_le_bytes).ok()
    }
}
