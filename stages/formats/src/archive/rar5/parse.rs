//! Reads RAR 5 headers, our own and those of official `rar`.
//!
//! Judges nothing but whether bytes are a header: what headers should say together is `verify`'s business.
//! Bounded: a header has at most 2 MiB, and file content is never read here.

use std::io::Read;

use super::super::rar::{
    ArchiveHeader, Block, EndHeader, Fields, FileHeader, Header, HeaderError, Reading, read_rest,
};
use super::{header as bits, vint};

/// How RAR 5 is read.
pub const READING: Reading =
    Reading { name: "RAR 5", marker: &bits::MARKER, header: read_header, zeros_fill: true };

/// Bytes of the shortest header, which has a checksum, a size, a type and flags.
const SHORTEST: usize = 7;
/// Bytes of the checksum.
const CHECKSUM: usize = 4;
/// Bytes of a size at most.
const MOST_SIZE: usize = 3;

/// Reads the header that begins here; none where the volume ends.
fn read_header(volume: &mut dyn Read, at: u64) -> Result<Option<Header>, HeaderError> {
    let mut bytes = Vec::new();
    match read_rest(volume, &mut bytes, SHORTEST) {
        Err(HeaderError::Truncated) if bytes.is_empty() => return Ok(None),
        read => read?,
    }
    let malformed = |kind, len| HeaderError::Malformed { kind, len };
    let mut fields = Fields(bytes.get(CHECKSUM..CHECKSUM + MOST_SIZE).unwrap_or_default());
    let size = vint::take(&mut fields).ok_or_else(|| malformed(0, 0))?;
    let begin = CHECKSUM + MOST_SIZE - fields.0.len();
    let len = begin + size as usize;
    if len < SHORTEST {
        return Err(malformed(0, size));
    }
    read_rest(volume, &mut bytes, len)?;
    let mut fields = Fields(bytes.get(begin..).unwrap_or_default());
    let kind = vint::take(&mut fields).ok_or_else(|| malformed(0, size))?;
    let (content, block) = parse(kind, &mut fields).ok_or_else(|| malformed(kind, size))?;
    let counted = crc32fast::hash(bytes.get(CHECKSUM..).unwrap_or_default());
    let sound = bytes.starts_with(&counted.to_le_bytes());
    Ok(Some(Header { at, len: len as u64, content, sound, block, bytes }))
}

/// What a header says, and the bytes that follow it.
fn parse(kind: u64, fields: &mut Fields<'_>) -> Option<(u64, Block)> {
    let flags = vint::take(fields)?;
    let has = |flag| flags & flag != 0;
    let extra_len = if has(bits::HAS_EXTRA) { vint::take(fields)? } else { 0 };
    let content = if has(bits::HAS_CONTENT) { vint::take(fields)? } else { 0 };
    let own_len = fields.0.len().checked_sub(usize::try_from(extra_len).ok()?)?;
    let mut own = Fields(fields.take(own_len)?);
    let block = match kind {
        bits::ARCHIVE => Block::Archive(archive_header(&mut own)?),
        bits::FILE => {
            let mut file = file_header(&mut own, flags)?;
            extra_records(fields, &mut file)?;
            Block::File(file)
        }
        // Official `rar` is known for services whose records are a byte short, so these are not looked at.
        bits::SERVICE => Block::Service(file_header(&mut own, flags)?),
        bits::ENCRYPTION => Block::Encryption,
        bits::END => {
            let flags = vint::take(&mut own)?;
            Block::End(EndHeader { next: flags & bits::END_NEXT != 0, volume_crc: None, number: None })
        }
        _ => Block::Other,
    };
    Some((content, block))
}

fn archive_header(fields: &mut Fields<'_>) -> Option<ArchiveHeader> {
    let flags = vint::take(fields)?;
    let volume = flags & bits::ARCHIVE_VOLUME != 0;
    let number = if flags & bits::ARCHIVE_NUMBER != 0 { vint::take(fields)? } else { 0 };
    Some(ArchiveHeader { volume, number: volume.then_some(number), has_end: true, encrypted: false })
}

/// What a file header says in its own fields.
fn file_header(fields: &mut Fields<'_>, flags: u64) -> Option<FileHeader> {
    let file_flags = vint::take(fields)?;
    let has = |flag| file_flags & flag != 0;
    let size = vint::take(fields)?;
    let attributes = vint::take(fields)?;
    let modified = if has(bits::HAS_TIME) { u64::from(fields.u32()?) } else { 0 };
    let crc32 = if has(bits::HAS_CRC) { Some(fields.u32()?) } else { None };
    let method = vint::take(fields)? >> 7 & 7;
    let host = vint::take(fields)?;
    let name_len = usize::try_from(vint::take(fields)?).ok()?;
    let name = String::from_utf8_lossy(fields.take(name_len)?).into_owned();
    Some(FileHeader {
        name,
        size: (!has(bits::SIZE_UNKNOWN)).then_some(size),
        crc32,
        blake2sp: None,
        modified,
        attributes,
        host,
        directory: has(bits::DIRECTORY),
        altered: (method != 0).then_some("it is compressed"),
        old_version: false,
        continues: flags & bits::SPLIT_BEFORE != 0,
        continued: flags & bits::SPLIT_AFTER != 0,
    })
}

/// What a file header says in the records behind its fields.
fn extra_records(area: &mut Fields<'_>, file: &mut FileHeader) -> Option<()> {
    while !area.0.is_empty() {
        let len = usize::try_from(vint::take(area)?).ok()?;
        let mut record = Fields(area.take(len)?);
        match vint::take(&mut record)? {
            bits::RECORD_ENCRYPTION => file.altered = Some("it is encrypted"),
            bits::RECORD_HASH if vint::take(&mut record)? == bits::HASH_BLAKE2SP => {
                file.blake2sp = Some(record.take(32)?.try_into().ok()?);
            }
            bits::RECORD_TIME => file.modified = modified(&mut record)?.unwrap_or(file.modified),
            bits::RECORD_VERSION => file.old_version = true,
            bits::RECORD_LINK => file.altered = Some("it is a link"),
            _ => {}
        }
    }
    Some(())
}

/// The time of last change in a record of times, which comes first where it is there.
fn modified(record: &mut Fields<'_>) -> Option<Option<u64>> {
    let flags = vint::take(record)?;
    if flags & bits::TIME_MODIFIED == 0 {
        return Some(None);
    }
    if flags & bits::TIME_UNIX != 0 {
        return Some(Some(u64::from(record.u32()?)));
    }
    let low = u64::from(record.u32()?);
    Some(Some(u64::from(record.u32()?) << 32 | low))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::super::super::rar::Headers;
    use super::*;

    fn headers(bytes: Vec<u8>) -> Result<Vec<Header>, HeaderError> {
        Headers::new(&READING, Box::new(Cursor::new(bytes)))?.collect()
    }

    fn marked(headers: &[&str]) -> Vec<u8> {
        let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        let bytes = headers.concat().into_bytes();
        bits::MARKER.into_iter().chain(bytes.chunks(2).map(byte)).collect()
    }

    #[test]
    fn reads_headers_of_official_rar() {
        // A first volume with an index and recovery, and the end of the last.
        let found = headers(marked(&["3eaf92081101050d090c0103fc81868000c682868000", "1d77565103050400"]));
        let found = found.unwrap();
        assert!(found.iter().all(|header| header.sound));
        let archive = ArchiveHeader { volume: true, number: Some(0), has_end: true, encrypted: false };
        assert_eq!(found[0].block, Block::Archive(archive));
        let end = EndHeader { next: false, volume_crc: None, number: None };
        assert_eq!((found[1].at, found[1].len, &found[1].block), (30, 8, &Block::End(end)));
    }

    #[test]
    fn reads_a_file_header_of_official_rar_with_its_records() {
        let found = headers(marked(&["9149ef635702033e8010008010a483028000010a737465737432\
             2e7478742202007cd5c1ac31f0cf58844a57fb9072c44768dbea\
             1456e37c21e491f4853982ede01a030e80cc2097e628cc018016\
             e3120ab4d101807045150ab4d101"]));
        let header = found.unwrap().remove(0);
        let file = header.file().unwrap();
        assert!(header.sound);
        assert_eq!((header.len, header.content), (92, 2048));
        assert_eq!((file.name.as_str(), file.size, file.crc32), ("stest2.txt", Some(2048), None));
        assert_eq!(file.blake2sp.unwrap()[..4], [0x7c, 0xd5, 0xc1, 0xac]);
        assert_eq!((file.modified, file.attributes, file.host), (0x01cc_28e6_9720_cc80, 0o100_644, 1));
        assert_eq!((file.altered, file.continues, file.continued), (None, false, false));
    }

    #[test]
    fn hostile_lengths_are_malformed_or_cut() {
        for (bytes, want) in [
            ("00000000ffffff01", "a header of type 0x00 cannot have 0 bytes"),
            ("00000000000000", "a header of type 0x00 cannot have 0 bytes"),
            ("00000000ffff7f0000", "the volume ends inside a header"),
            ("000000000201", "the volume ends inside a header"),
            ("00000000020201", "a header of type 0x02 cannot have 2 bytes"),
            ("000000000401017f00", "a header of type 0x01 cannot have 4 bytes"),
            ("000000000c0200ffffffffffffffffff7f", "a header of type 0x02 cannot have 12 bytes"),
            ("000000000d02000000000000ffffffff0f", "the volume ends inside a header"),
            ("000000000c02000000000000ffffffff0f", "a header of type 0x02 cannot have 12 bytes"),
        ] {
            assert_eq!(headers(marked(&[bytes])).unwrap_err().to_string(), want, "{bytes}");
        }
    }

    #[test]
    fn content_beyond_all_volumes_ends_the_reading() {
        let found = headers(marked(&["000000000d0702ffffffffffffffffff0100"])).unwrap();
        assert_eq!((found.len(), found[0].content), (1, u64::MAX));
    }

    proptest! {
        #[test]
        fn foreign_bytes_never_panic(mut bytes: Vec<u8>, begins in 0usize..4) {
            let begin = ["", "00000000", "532a344503010001", "0000000020"][begins];
            bytes.splice(..0, marked(&[begin]));
            let _ = headers(bytes);
        }
    }
}
