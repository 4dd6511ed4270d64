//! The bytes of RAR 5 headers, as they are written.
//!
//! Pure: no header knows where it will stand. Reading them is `parse`.

use super::super::rar::MOST_NAME;
use super::super::split::Part;
use super::{Entry, Hash, Host, Options, Said, vint};

/// What every RAR 5 archive begins with.
pub const MARKER: [u8; 8] = *b"Rar!\x1a\x07\x01\x00";

pub const ARCHIVE: u64 = 1;
pub const FILE: u64 = 2;
pub const SERVICE: u64 = 3;
pub const ENCRYPTION: u64 = 4;
pub const END: u64 = 5;

pub const HAS_EXTRA: u64 = 0x01;
pub const HAS_CONTENT: u64 = 0x02;
pub const MAY_SKIP: u64 = 0x04;
pub const SPLIT_BEFORE: u64 = 0x08;
pub const SPLIT_AFTER: u64 = 0x10;

pub const ARCHIVE_VOLUME: u64 = 0x01;
pub const ARCHIVE_NUMBER: u64 = 0x02;

pub const DIRECTORY: u64 = 0x01;
pub const HAS_TIME: u64 = 0x02;
pub const HAS_CRC: u64 = 0x04;
pub const SIZE_UNKNOWN: u64 = 0x08;

pub const RECORD_ENCRYPTION: u64 = 1;
pub const RECORD_HASH: u64 = 2;
pub const RECORD_TIME: u64 = 3;
pub const RECORD_VERSION: u64 = 4;
pub const RECORD_LINK: u64 = 5;

pub const HASH_BLAKE2SP: u64 = 0;
pub const TIME_UNIX: u64 = 0x01;
pub const TIME_MODIFIED: u64 = 0x02;

pub const END_NEXT: u64 = 0x01;

/// Stored, with the smallest dictionary, in the two bytes that official `rar` gives it.
const STORED: [u8; 2] = [0x80, 0x00];
/// Seconds from 1601, where Windows begins to count, to 1970.
const WINDOWS_EPOCH: i64 = 11_644_473_600;

/// The header of the volume with that index, or of an archive that is no volume.
pub fn archive(options: &Options, index: usize) -> Vec<u8> {
    let mut fields = Vec::new();
    match (options.volume, index) {
        (None, _) => vint::put(&mut fields, 0),
        (Some(_), 0) => vint::put(&mut fields, ARCHIVE_VOLUME),
        (Some(_), later) => {
            vint::put(&mut fields, ARCHIVE_VOLUME | ARCHIVE_NUMBER);
            vint::put(&mut fields, later as u64);
        }
    }
    with_crc(ARCHIVE, 0, &[], &fields, &[])
}

/// The header before a part of a file.
pub fn file(entry: &Entry, part: &Part, options: &Options, said: &Said) -> Vec<u8> {
    let wide = size_width(entry.size);
    let mut flags = HAS_CONTENT;
    flags |= if part.continues { SPLIT_BEFORE } else { 0 };
    flags |= if part.continued { SPLIT_AFTER } else { 0 };
    let record_time = has_time_record(options);
    let mut file_flags = if entry.directory { DIRECTORY } else { 0 };
    file_flags |= if record_time { 0 } else { HAS_TIME };
    file_flags |= if matches!(said, Said::Crc32(_)) { HAS_CRC } else { 0 };
    let mut fields = Vec::with_capacity(40 + entry.name.len());
    vint::put(&mut fields, file_flags);
    vint::put_wide(&mut fields, entry.size, wide);
    vint::put(&mut fields, u64::from(entry.attributes(options.host)));
    if !record_time {
        fields.extend((entry.modified.clamp(0, i64::from(u32::MAX)) as u32).to_le_bytes());
    }
    if let Said::Crc32(crc32) = said {
        fields.extend(crc32.to_le_bytes());
    }
    fields.extend(STORED);
    vint::put(&mut fields, if options.host == Host::Unix { 1 } else { 0 });
    vint::put(&mut fields, entry.name.len() as u64);
    fields.extend(entry.name.as_bytes());
    let mut extra = Vec::new();
    if let Said::Blake2sp(hash) = said {
        record(&mut extra, RECORD_HASH, &[&[HASH_BLAKE2SP as u8], hash.as_slice()].concat());
    }
    if record_time {
        let time = windows_time(entry.modified).to_le_bytes();
        record(&mut extra, RECORD_TIME, &[&[TIME_MODIFIED as u8], time.as_slice()].concat());
    }
    let mut content = Vec::new();
    vint::put_wide(&mut content, part.len, wide);
    with_crc(FILE, flags, &content, &fields, &extra)
}

/// Bytes of any header of this entry; none when readers would not take the name.
pub fn file_len(entry: &Entry, options: &Options) -> Option<u64> {
    // No field's width follows from the part, so that parts can be dealt out before they have bytes.
    let part =
        Part { entry: 0, volume: 0, offset: 0, len: 0, at: 0, header: 0, continues: false, continued: false };
    let said = match options.hash {
        Hash::Crc32 => Said::Crc32(0),
        Hash::Blake2sp if entry.directory => Said::Nothing,
        Hash::Blake2sp => Said::Blake2sp([0; 32]),
    };
    (entry.name.len() <= MOST_NAME).then(|| file(entry, &part, options, &said).len() as u64)
}

/// The block that ends a volume.
pub fn end(last: bool) -> Vec<u8> {
    let mut fields = Vec::new();
    vint::put(&mut fields, if last { 0 } else { END_NEXT });
    with_crc(END, MAY_SKIP, &[], &fields, &[])
}

/// Bytes of a size and of the sizes of its parts. Official `rar` gives two at least to any but
/// none.
fn size_width(size: u64) -> usize {
    if size == 0 { 1 } else { vint::width(size).max(2) }
}

fn has_time_record(options: &Options) -> bool {
    options.extended_time && options.host == Host::Windows
}

/// Seconds since 1970 as Windows counts time: in tenths of microseconds since 1601.
fn windows_time(seconds: i64) -> u64 {
    u64::try_from(seconds.saturating_add(WINDOWS_EPOCH)).unwrap_or(0).saturating_mul(10_000_000)
}

/// Appends one record of an extra area.
fn record(out: &mut Vec<u8>, kind: u64, bytes: &[u8]) {
    vint::put(out, (vint::width(kind) + bytes.len()) as u64);
    vint::put(out, kind);
    out.extend(bytes);
}

/// Puts checksum, size, type and flags before the fields of a header. `content` is the size of what follows it,
/// as it is to be written.
pub fn with_crc(kind: u64, flags: u64, content: &[u8], fields: &[u8], extra: &[u8]) -> Vec<u8> {
    let mut counted = Vec::with_capacity(16 + fields.len() + extra.len());
    vint::put(&mut counted, kind);
    vint::put(&mut counted, flags | if extra.is_empty() { 0 } else { HAS_EXTRA });
    if !extra.is_empty() {
        vint::put(&mut counted, extra.len() as u64);
    }
    counted.extend(content);
    counted.extend(fields);
    counted.extend(extra);
    let mut sized = Vec::with_capacity(3 + counted.len());
    vint::put(&mut sized, counted.len() as u64);
    sized.extend(counted);
    let mut bytes = Vec::from(crc32fast::hash(&sized).to_le_bytes());
    bytes.extend(sized);
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::Naming;
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn part(len: u64, continues: bool, continued: bool) -> Part {
        Part { entry: 0, volume: 0, offset: 0, len, at: 0, header: 0, continues, continued }
    }

    #[test]
    fn archive_headers_are_as_short_as_can_be_and_grow_with_the_number() {
        let volumes = Options { volume: Some(1000), naming: Naming::Part, ..Options::default() };
        assert_eq!(hex(&archive(&volumes, 0)), "532a344503010001");
        assert_eq!(hex(&archive(&volumes, 1)), "ed5534d70401000301");
        for (index, len) in [(0, 8), (1, 9), (127, 9), (128, 10), (16_383, 10), (16_384, 11)] {
            assert_eq!(archive(&volumes, index).len(), len, "{index}");
        }
        assert_eq!(archive(&Options::default(), 0)[4..], [3, 1, 0, 0]);
    }

    #[test]
    fn end_blocks_are_those_of_official_rar() {
        assert_eq!(hex(&end(false)), "8b47512603050401");
        assert_eq!(hex(&end(true)), "1d77565103050400");
    }

    #[test]
    fn file_headers_are_those_of_official_rar() {
        let options = Options { volume: Some(102_400), ..Options::default() };
        let entry = Entry { mode: 0o100_664, ..Entry::file("vols/bigfile.txt", 205_000, 1_464_079_357) };
        let bytes = file(&entry, &part(98_489, false, true), &options, &Said::Crc32(0x5b40_4837));
        assert_eq!(
            hex(&bytes[4..]),
            "280212b98106\
             06c8c10cb48302fd134457\
             3748405b80000110766f6c732f62696766696c652e747874"
        );
    }

    #[test]
    fn every_header_of_a_file_has_one_length() {
        for size in [0, 1, 127, 128, 16_383, 16_384, 1 << 32, u64::MAX] {
            for hash in [Hash::Crc32, Hash::Blake2sp] {
                for (host, extended_time) in
                    [(Host::Unix, true), (Host::Windows, false), (Host::Windows, true)]
                {
                    let options = Options { host, hash, extended_time, ..Options::default() };
                    let entry = Entry::file("ж/é", size, 1_464_079_357);
                    let said = match hash {
                        Hash::Crc32 => Said::Crc32(7),
                        Hash::Blake2sp => Said::Blake2sp([7; 32]),
                    };
                    for len in [0, 1, size / 2, size] {
                        let bytes = file(&entry, &part(len, len > 1, len < size), &options, &said);
                        assert_eq!(Some(bytes.len() as u64), file_len(&entry, &options));
                    }
                }
            }
        }
        assert_eq!(file_len(&Entry::file("x".repeat(5000), 1, 0), &Options::default()), None);
    }

    #[test]
    fn windows_counts_from_1601() {
        assert_eq!(windows_time(0), 116_444_736_000_000_000);
        assert_eq!(windows_time(i64::MIN), 0);
        assert_eq!(windows_time(i64::MAX), u64::MAX);
    }
}
