//! Reads RAR 4 headers, our own and those of official `rar` since 1.5.
//!
//! Judges nothing but whether bytes are a header: what headers should say together is `verify`'s business.
//! Bounded: a header has at most 64 KiB, and file content is never read here.

use std::io::{self, Read, SeekFrom};

use crate::digest::crc32_combine;

use super::super::ReadSeek;
use super::header as bits;
use super::unicode;

/// A header and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Offset in the volume.
    pub at: u64,
    /// Bytes of the header itself.
    pub len: u64,
    /// Bytes that follow it and belong to it.
    pub content: u64,
    /// Type byte.
    pub kind: u8,
    /// Flags as stored.
    pub flags: u16,
    /// Whether the header's own checksum is right.
    pub sound: bool,
    /// What a file or service header says.
    pub file: Option<FileHeader>,
    /// What an end block says of the CRC-32 before it.
    pub volume_crc: Option<u32>,
    /// What an end block says of its volume's number, from 0.
    pub volume_number: Option<u16>,
    /// All bytes of the header.
    pub(super) bytes: Vec<u8>,
}

/// What a file header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHeader {
    /// Path, with forward slashes, as found: it may be unsafe.
    pub name: String,
    /// Bytes of the whole file.
    pub size: u64,
    /// CRC-32 of the part, or of the whole file in the last part.
    pub crc32: u32,
    /// Packed DOS time.
    pub modified: u32,
    /// Attributes of the host system.
    pub attributes: u32,
    /// Host system.
    pub host: u8,
    /// Method byte; 0x30 is stored.
    pub method: u8,
    /// Is a directory.
    pub directory: bool,
    /// Is encrypted.
    pub encrypted: bool,
    /// Has earlier parts.
    pub continues: bool,
    /// Has later parts.
    pub continued: bool,
}

/// Why bytes are no header.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// The volume ends inside the header.
    #[error("the volume ends inside a header")]
    Truncated,
    /// The header claims a size that no such header has.
    #[error("a header of type {kind:#04x} cannot have {len} bytes")]
    Malformed {
        /// Type byte.
        kind: u8,
        /// Bytes it claims to have.
        len: u64,
    },
    /// The volume does not begin as RAR 4 does.
    #[error("the file does not begin with the RAR 4 signature")]
    Signature,
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
    volume: Box<dyn ReadSeek + 'a>,
    at: u64,
    count: usize,
    done: bool,
}

impl<'a> Headers<'a> {
    /// Reads from the beginning of a volume.
    pub fn new(mut volume: Box<dyn ReadSeek + 'a>) -> Result<Self, HeaderError> {
        volume.seek(SeekFrom::Start(0)).map_err(HeaderError::Unreadable)?;
        let at = read_marker(&mut volume)?;
        Ok(Self { volume, at, count: 0, done: false })
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
        let header = read_header(&mut self.volume, self.at)?;
        if let Some(header) = &header {
            self.at = self.at.saturating_add(header.len).saturating_add(header.content);
            self.count += 1;
            self.done = header.kind == bits::END || header.hides_the_rest();
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

/// Reads the signature; gives the offset behind it.
pub(super) fn read_marker(volume: &mut dyn Read) -> Result<u64, HeaderError> {
    let mut marker = Vec::new();
    volume.take(7).read_to_end(&mut marker).map_err(HeaderError::Unreadable)?;
    if marker != bits::MARKER {
        return Err(HeaderError::Signature);
    }
    Ok(marker.len() as u64)
}

/// Reads the header that begins here; none where the volume ends.
pub(super) fn read_header(volume: &mut dyn Read, at: u64) -> Result<Option<Header>, HeaderError> {
    let mut bytes = Vec::new();
    volume.take(7).read_to_end(&mut bytes).map_err(HeaderError::Unreadable)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let mut common = Fields(bytes.get(2..).unwrap_or_default());
    let (kind, flags, len) = common.common().ok_or(HeaderError::Truncated)?;
    if len < 7 {
        return Err(HeaderError::Malformed { kind, len: u64::from(len) });
    }
    volume.take(u64::from(len) - 7).read_to_end(&mut bytes).map_err(HeaderError::Unreadable)?;
    if bytes.len() < usize::from(len) {
        return Err(HeaderError::Truncated);
    }
    let malformed = HeaderError::Malformed { kind, len: u64::from(len) };
    parse(at, kind, flags, bytes).ok_or(malformed).map(Some)
}

impl Header {
    /// Headers after this one are encrypted and cannot be told from noise.
    pub(super) fn hides_the_rest(&self) -> bool {
        self.kind == bits::ARCHIVE && self.flags & bits::ARCHIVE_ENCRYPTED != 0
    }

    /// Whether the checksum fits when the content is known. The owner blocks of RAR 2 count theirs in.
    pub(super) fn is_sound_with(&self, content_crc: u32, content_len: u64) -> bool {
        let counted = crc32fast::hash(self.bytes.get(2..).unwrap_or_default());
        let joined = crc32_combine(counted, content_crc, content_len) as u16;
        self.sound || self.kind == bits::OWNER && self.bytes.starts_with(&joined.to_le_bytes())
    }

    pub(super) fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }
}

fn parse(at: u64, kind: u8, flags: u16, bytes: Vec<u8>) -> Option<Header> {
    let mut fields = Fields(bytes.get(7..)?);
    let (mut file, mut volume_crc, mut volume_number) = (None, None, None);
    let mut content = 0;
    let mut covered = bytes.len();
    match kind {
        bits::FILE | bits::SERVICE => {
            let (header, len) = file_header(&mut fields, flags)?;
            content = len;
            // A comment of RAR 2 inside the header is not covered by the header's checksum.
            covered -= if flags & bits::COMMENT != 0 { fields.0.len() } else { 0 };
            file = Some(header);
        }
        bits::END => {
            volume_crc = if flags & bits::END_CRC != 0 { Some(fields.u32()?) } else { None };
            volume_number = if flags & bits::END_NUMBER != 0 { Some(fields.u16()?) } else { None };
        }
        _ if flags & bits::HAS_CONTENT != 0 => content = u64::from(fields.u32()?),
        bits::ARCHIVE if flags & bits::ARCHIVE_COMMENT != 0 => covered = covered.min(13),
        _ => {}
    }
    let sound = is_sound(kind, &bytes, covered);
    let len = bytes.len() as u64;
    Some(Header { at, len, content, kind, flags, sound, file, volume_crc, volume_number, bytes })
}

/// What a file header says, and the bytes that follow it.
fn file_header(fields: &mut Fields<'_>, flags: u16) -> Option<(FileHeader, u64)> {
    let has = |flag| flags & flag != 0;
    let mut content = u64::from(fields.u32()?);
    let mut size = u64::from(fields.u32()?);
    let host = fields.u8()?;
    let (crc32, modified) = (fields.u32()?, fields.u32()?);
    let _version = fields.u8()?;
    let (method, name_len, attributes) = (fields.u8()?, fields.u16()?, fields.u32()?);
    if has(bits::LARGE) {
        content |= u64::from(fields.u32()?) << 32;
        size |= u64::from(fields.u32()?) << 32;
    }
    let name = unicode::decode(fields.take(usize::from(name_len))?, has(bits::UNICODE));
    if has(bits::SALT) {
        fields.take(8)?;
    }
    if has(bits::EXTENDED_TIME) {
        skip_extended_time(fields)?;
    }
    let header = FileHeader {
        name,
        size,
        crc32,
        modified,
        attributes,
        host,
        method,
        directory: flags & bits::DIRECTORY == bits::DIRECTORY,
        encrypted: has(bits::ENCRYPTED),
        continues: has(bits::SPLIT_BEFORE),
        continued: has(bits::SPLIT_AFTER),
    };
    Some((header, content))
}

/// Four nibbles from the top: present, add a second, and how many finer bytes. Only the first has no DOS time.
fn skip_extended_time(fields: &mut Fields<'_>) -> Option<()> {
    let kinds = fields.u16()?;
    for place in 0..4 {
        let nibble = kinds >> (12 - 4 * place) & 15;
        if nibble & 8 != 0 {
            let own_time = if place == 0 { 0 } else { 4 };
            fields.take(own_time + usize::from(nibble & 3))?;
        }
    }
    Some(())
}

/// Whether the checksum fits. The auxiliary blocks of RAR 2 count varying beginnings of themselves.
fn is_sound(kind: u8, bytes: &[u8], covered: usize) -> bool {
    let stored = bytes.first_chunk().map(|first| u16::from_le_bytes(*first));
    let fits = |len: usize| bytes.get(2..len).map(|part| crc32fast::hash(part) as u16) == stored;
    let auxiliary = (0x75..=0x79).contains(&kind);
    fits(covered) || auxiliary && (13..=15).any(fits)
}

/// Little-endian fields taken one after the other.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().map(u16::from_le_bytes).ok()
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().map(u32::from_le_bytes).ok()
    }

    /// Type, flags and size.
    fn common(&mut self) -> Option<(u8, u16, u16)> {
        Some((self.u8()?, self.u16()?, self.u16()?))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_a_header_of_official_rar_with_extended_time() {
        let header = "526172211a0700f1fb7301000d00000000000000\
                      ff0f7423903d009b7f00004b33010002e893b59d2387563e1430180020000000";
        let mut bytes: Vec<u8> = (0..header.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&header[at..at + 2], 16).unwrap())
            .collect();
        bytes.extend(b"txt\\users_manual4.00.txt");
        bytes.extend([0x00, 0xf0, 0xaa, 0x56, 0x7a]);
        let headers: Result<Vec<_>, _> = Headers::new(Box::new(Cursor::new(bytes))).unwrap().collect();
        let headers = headers.unwrap();
        assert!(headers.iter().all(|header| header.sound));
        let file = headers[1].file.as_ref().unwrap();
        assert_eq!((file.name.as_str(), file.size), ("txt/users_manual4.00.txt", 0x0001_334b));
        assert_eq!((headers[1].at, headers[1].len, headers[1].content), (20, 61, 32_667));
        assert!(file.continues && file.continued && !file.directory);
    }

    proptest! {
        #[test]
        fn foreign_bytes_never_panic(mut bytes: Vec<u8>, marked: bool) {
            if marked {
                bytes.splice(..0, bits::MARKER);
            }
            let _ = Headers::new(Box::new(Cursor::new(bytes))).map(Iterator::count);
        }
    }
}
