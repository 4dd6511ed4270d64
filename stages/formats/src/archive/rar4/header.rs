//! The bytes of RAR 4 headers, as they are written.
//!
//! Pure: no header knows where it will stand. Reading them is `parse`.

use super::super::rar::MOST_NAME;
use super::super::split::Part;
use super::{Entry, Host, Naming, Options, unicode};

/// What every RAR 1.5 to 4 archive begins with; it is itself a header without content.
pub const MARKER: [u8; 7] = *b"Rar!\x1a\x07\x00";

pub const ARCHIVE: u8 = 0x73;
pub const FILE: u8 = 0x74;
/// Owner and group, as RAR 2 wrote them.
pub const OWNER: u8 = 0x77;
pub const SERVICE: u8 = 0x7a;
pub const END: u8 = 0x7b;

pub const STORED: u8 = 0x30;
pub const DIRECTORY: u16 = 0x00e0;
pub const SPLIT_BEFORE: u16 = 0x0001;
pub const SPLIT_AFTER: u16 = 0x0002;
pub const ENCRYPTED: u16 = 0x0004;
pub const COMMENT: u16 = 0x0008;
pub const LARGE: u16 = 0x0100;
pub const UNICODE: u16 = 0x0200;
pub const SALT: u16 = 0x0400;
/// A file of which RAR keeps older versions under the same name.
pub const OLD_VERSION: u16 = 0x0800;
pub const EXTENDED_TIME: u16 = 0x1000;
pub const HAS_CONTENT: u16 = 0x8000;

pub const ARCHIVE_VOLUME: u16 = 0x0001;
pub const ARCHIVE_COMMENT: u16 = 0x0002;
pub const ARCHIVE_PART_NAMES: u16 = 0x0010;
pub const ARCHIVE_ENCRYPTED: u16 = 0x0080;
pub const ARCHIVE_FIRST: u16 = 0x0100;

pub const END_NEXT: u16 = 0x0001;
pub const END_CRC: u16 = 0x0002;
pub const END_RESERVED: u16 = 0x0004;
pub const END_NUMBER: u16 = 0x0008;
pub const MAY_SKIP: u16 = 0x4000;

/// A file needs 64-bit fields from 4 GiB on; official `rar` begins below that, and so do we.
const LARGE_FROM: u64 = 1 << 31;
/// Unpacking needs RAR 2.0: what official `rar` writes for stored files.
const VERSION: u8 = 20;
/// Dictionary bits mean nothing for stored files; this is one of the values official `rar` leaves there.
const DICTIONARY: u16 = 0x0020;
/// An extended time of one field, the time of change, with one second added and no finer digits.
const ODD_SECOND: [u8; 2] = [0x00, 0xc0];

/// The archive header of the volume with that index, or of an archive that is no volume.
pub fn archive(options: &Options, index: usize) -> Vec<u8> {
    let mut flags = 0;
    if options.volume.is_some() {
        flags |= ARCHIVE_VOLUME;
        flags |= if options.naming == Naming::Part { ARCHIVE_PART_NAMES } else { 0 };
        flags |= if index == 0 { ARCHIVE_FIRST } else { 0 };
    }
    with_crc(ARCHIVE, flags, &[0; 6])
}

/// The header before a part of a file. `crc` is that of the part, or of the whole file in its last part.
pub fn file(entry: &Entry, part: &Part, options: &Options, crc: u32) -> Vec<u8> {
    let (name, unicode) = unicode::encode(&entry.name);
    let (low, high) = (|size: u64| size as u32, |size: u64| (size >> 32) as u32);
    let odd = keeps_odd_second(entry, options);
    let large = entry.size >= LARGE_FROM;
    let mut flags = HAS_CONTENT | if entry.directory { DIRECTORY } else { DICTIONARY };
    for (set, flag) in [
        (part.continues, SPLIT_BEFORE),
        (part.continued, SPLIT_AFTER),
        (large, LARGE),
        (unicode, UNICODE),
        (odd, EXTENDED_TIME),
    ] {
        flags |= if set { flag } else { 0 };
    }
    let mut body = Vec::with_capacity(40 + name.len());
    body.extend(low(part.len).to_le_bytes());
    body.extend(low(entry.size).to_le_bytes());
    body.push(if options.host == Host::Unix { 3 } else { 2 });
    body.extend(crc.to_le_bytes());
    body.extend(entry.modified.bits().to_le_bytes());
    body.extend([VERSION, STORED]);
    body.extend((name.len() as u16).to_le_bytes());
    body.extend(entry.attributes(options.host).to_le_bytes());
    if large {
        body.extend(high(part.len).to_le_bytes());
        body.extend(high(entry.size).to_le_bytes());
    }
    body.extend(name);
    if odd {
        body.extend(ODD_SECOND);
    }
    with_crc(FILE, flags, &body)
}

/// Bytes of any header of this entry; none when the header could not hold the name.
pub fn file_len(entry: &Entry, options: &Options) -> Option<u64> {
    let name = unicode::encode(&entry.name).0.len();
    let large = if entry.size >= LARGE_FROM { 8 } else { 0 };
    let odd = if keeps_odd_second(entry, options) { ODD_SECOND.len() } else { 0 };
    (name <= MOST_NAME).then_some((32 + large + name + odd) as u64)
}

/// The block that ends a volume. `crc` is that of everything before it.
pub fn end(options: &Options, index: usize, last: bool, crc: u32) -> Vec<u8> {
    if options.volume.is_none() {
        return with_crc(END, MAY_SKIP, &[]);
    }
    let mut body = Vec::from(crc.to_le_bytes());
    body.extend((index as u16).to_le_bytes());
    body.extend([0; 7]);
    let next = if last { 0 } else { END_NEXT };
    with_crc(END, MAY_SKIP | END_CRC | END_RESERVED | END_NUMBER | next, &body)
}

fn keeps_odd_second(entry: &Entry, options: &Options) -> bool {
    options.extended_time && entry.modified.is_odd()
}

/// Puts the seven common bytes before `body`, the checksum among them.
fn with_crc(kind: u8, flags: u16, body: &[u8]) -> Vec<u8> {
    let size = (7 + body.len()) as u16;
    let mut counted = vec![kind];
    counted.extend(flags.to_le_bytes());
    counted.extend(size.to_le_bytes());
    counted.extend(body);
    let mut bytes = Vec::from((crc32fast::hash(&counted) as u16).to_le_bytes());
    bytes.extend(counted);
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::DosTime;
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn options(naming: Naming) -> Options {
        Options { volume: Some(1000), naming, ..Options::default() }
    }

    #[test]
    fn archive_headers_are_those_of_official_rar() {
        for (options, index, want) in [
            (Options::default(), 0, "cf907300000d00000000000000"),
            (options(Naming::Old), 0, "b2ef7301010d00000000000000"),
            (options(Naming::Old), 1, "f1fb7301000d00000000000000"),
            (options(Naming::Part), 0, "5a6e7311010d00000000000000"),
            (options(Naming::Part), 7, "197a7311000d00000000000000"),
        ] {
            assert_eq!(hex(&archive(&options, index)), want);
        }
    }

    #[test]
    fn end_blocks_are_those_of_official_rar() {
        let volumes = options(Naming::Old);
        assert_eq!(hex(&end(&Options::default(), 0, true, 0)), "c43d7b00400700");
        assert_eq!(
            hex(&end(&volumes, 1, false, 0x8d53_a67e)),
            "735b7b0f4014007ea6538d010000000000000000",
            "a middle volume"
        );
        assert_eq!(end(&volumes, 1, true, 0).len(), end(&volumes, 1, false, 0).len());
        assert_eq!(hex(&end(&volumes, 1, true, 0))[4..10], *"7b0e40");
    }

    #[test]
    fn large_fields_begin_at_2_gib() {
        let options = options(Naming::Old);
        for (size, large) in [((1 << 31) - 1, false), (1 << 31, true), (5 << 32, true)] {
            let entry = Entry::file("a", size, DosTime::EARLIEST);
            let part = Part {
                entry: 0,
                volume: 0,
                offset: 0,
                len: size,
                at: 0,
                header: 0,
                continues: false,
                continued: false,
            };
            let bytes = file(&entry, &part, &options, 0);
            assert_eq!(bytes.len() as u64, file_len(&entry, &options).unwrap());
            assert_eq!(bytes[4] & 1 == 1, large, "{size}");
            if large {
                assert_eq!(bytes[36..40], ((size >> 32) as u32).to_le_bytes());
            }
        }
    }
}
