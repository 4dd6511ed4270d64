//! Reads RAR 4 headers, our own and those of official `rar` since 1.5.
//!
//! Judges nothing but whether bytes are a header: what headers should say together is `verify`'s business.
//! Bounded: a header has at most 64 KiB, and file content is never read here.

use std::io::Read;

use super::super::rar::{
    ArchiveHeader, Block, EndHeader, Fields, FileHeader, Header, HeaderError, Reading, read_rest,
};
use super::header as bits;
use super::unicode;

/// How RAR 4 is read.
pub const READING: Reading =
    Reading { name: "RAR 4", marker: &bits::MARKER, header: read_header, zeros_fill: false };

/// Bytes that all headers have in common.
const COMMON: usize = 7;

/// Reads the header that begins here; none where the volume ends.
fn read_header(volume: &mut dyn Read, at: u64) -> Result<Option<Header>, HeaderError> {
    let mut bytes = Vec::new();
    match read_rest(volume, &mut bytes, COMMON) {
        Err(HeaderError::Truncated) if bytes.is_empty() => return Ok(None),
        read => read?,
    }
    let mut common = Fields(bytes.get(2..).unwrap_or_default());
    let common = (|| Some((common.u8()?, common.u16()?, common.u16()?)))();
    let (kind, flags, len) = common.ok_or(HeaderError::Truncated)?;
    let malformed = || HeaderError::Malformed { kind: u64::from(kind), len: u64::from(len) };
    if usize::from(len) < COMMON {
        return Err(malformed());
    }
    read_rest(volume, &mut bytes, usize::from(len))?;
    parse(at, kind, flags, bytes).ok_or_else(malformed).map(Some)
}

fn parse(at: u64, kind: u8, flags: u16, bytes: Vec<u8>) -> Option<Header> {
    let has = |flag| flags & flag != 0;
    let mut fields = Fields(bytes.get(COMMON..)?);
    let mut content = 0;
    let mut covered = bytes.len();
    let block = match kind {
        bits::FILE | bits::SERVICE => {
            let (file, len) = file_header(&mut fields, flags)?;
            content = len;
            // A comment of RAR 2 inside the header is not covered by the header's checksum.
            covered -= if has(bits::COMMENT) { fields.0.len() } else { 0 };
            // What the checksum of a service counts is not written anywhere.
            let service = |file| Block::Service(FileHeader { crc32: None, ..file });
            if kind == bits::FILE { Block::File(file) } else { service(file) }
        }
        bits::END => Block::End(EndHeader {
            next: has(bits::END_NEXT),
            volume_crc: if has(bits::END_CRC) { Some(fields.u32()?) } else { None },
            number: if has(bits::END_NUMBER) { Some(u64::from(fields.u16()?)) } else { None },
        }),
        bits::ARCHIVE => {
            covered = if has(bits::ARCHIVE_COMMENT) { covered.min(13) } else { covered };
            Block::Archive(ArchiveHeader {
                volume: has(bits::ARCHIVE_VOLUME),
                number: None,
                has_end: has(bits::ARCHIVE_FIRST),
                encrypted: has(bits::ARCHIVE_ENCRYPTED),
            })
        }
        bits::OWNER => Block::Owner,
        _ => Block::Other,
    };
    let sized = matches!(block, Block::Archive(_) | Block::Owner | Block::Other);
    if sized && has(bits::HAS_CONTENT) {
        content = u64::from(fields.u32()?);
    }
    let sound = is_sound(kind, &bytes, covered);
    Some(Header { at, len: bytes.len() as u64, content, sound, block, bytes })
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
    let altered = match (has(bits::ENCRYPTED), method == bits::STORED) {
        (true, _) => Some("it is encrypted"),
        (false, false) => Some("it is compressed"),
        (false, true) => None,
    };
    let header = FileHeader {
        name,
        size: Some(size),
        crc32: Some(crc32),
        blake2sp: None,
        modified: u64::from(modified),
        attributes: u64::from(attributes),
        host: u64::from(host),
        directory: flags & bits::DIRECTORY == bits::DIRECTORY,
        altered,
        old_version: has(bits::OLD_VERSION),
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

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::super::super::rar::Headers;
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
        let headers: Result<Vec<_>, _> =
            Headers::new(&READING, Box::new(Cursor::new(bytes))).unwrap().collect();
        let headers = headers.unwrap();
        assert!(headers.iter().all(|header| header.sound));
        let file = headers[1].file().unwrap();
        assert_eq!((file.name.as_str(), file.size), ("txt/users_manual4.00.txt", Some(0x0001_334b)));
        assert_eq!((headers[1].at, headers[1].len, headers[1].content), (20, 61, 32_667));
        assert!(file.continues && file.continued && !file.directory);
    }

    proptest! {
        #[test]
        fn foreign_bytes_never_panic(mut bytes: Vec<u8>, marked: bool) {
            if marked {
                bytes.splice(..0, bits::MARKER);
            }
            let _ = Headers::new(&READING, Box::new(Cursor::new(bytes))).map(Iterator::count);
        }
    }
}
