//! Writes what the bytes of a 7z archive are: the header behind them and the start before them.
//!
//! Source: `7zFormat.txt` of the LZMA SDK, which is in the public domain.

use super::SIGNATURE;

/// A file that was packed.
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) size: u64,
    pub(super) crc32: u32,
}

/// How the one stream was packed.
#[derive(Clone, Copy)]
pub(super) enum Coder {
    Copy,
    /// The byte tells the size of the dictionary.
    Lzma2(u8),
}

/// Names of the parts of a header.
pub(super) mod part {
    pub(in super::super) const END: u64 = 0x00;
    pub(in super::super) const HEADER: u64 = 0x01;
    pub(in super::super) const ARCHIVE_PROPERTIES: u64 = 0x02;
    pub(in super::super) const MAIN_STREAMS: u64 = 0x04;
    pub(in super::super) const FILES: u64 = 0x05;
    pub(in super::super) const PACKED: u64 = 0x06;
    pub(in super::super) const UNPACKED: u64 = 0x07;
    pub(in super::super) const SUBSTREAMS: u64 = 0x08;
    pub(in super::super) const SIZES: u64 = 0x09;
    pub(in super::super) const CRCS: u64 = 0x0a;
    pub(in super::super) const FOLDERS: u64 = 0x0b;
    pub(in super::super) const UNPACKED_SIZES: u64 = 0x0c;
    pub(in super::super) const SUBSTREAM_COUNTS: u64 = 0x0d;
    pub(in super::super) const EMPTY_STREAMS: u64 = 0x0e;
    pub(in super::super) const EMPTY_FILES: u64 = 0x0f;
    pub(in super::super) const NAMES: u64 = 0x11;
    pub(in super::super) const MODIFIED: u64 = 0x14;
    pub(in super::super) const ATTRIBUTES: u64 = 0x15;
    pub(in super::super) const ENCODED_HEADER: u64 = 0x17;
}

/// A plain file of mode 0644, as 7-Zip on Unix writes it.
const ATTRIBUTES: u32 = 0o100_644 << 16 | 0x8000 | 0x20;

/// The header of an archive whose `packed` bytes hold all files.
pub(super) fn header(files: &[File<'_>], modified: i64, coder: Coder, packed: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let full: Vec<&File<'_>> = files.iter().filter(|file| file.size > 0).collect();
    number(&mut out, part::HEADER);
    if !full.is_empty() {
        streams(&mut out, &full, coder, packed);
    }
    number(&mut out, part::FILES);
    number(&mut out, files.len() as u64);
    if full.len() < files.len() {
        property(&mut out, part::EMPTY_STREAMS, &bits(files.iter().map(|file| file.size == 0)));
        let empty = files.len() - full.len();
        property(&mut out, part::EMPTY_FILES, &bits(std::iter::repeat_n(true, empty)));
    }
    let mut names = vec![0];
    for file in files {
        names.extend(file.name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
    }
    property(&mut out, part::NAMES, &names);
    let time = file_time(modified).to_le_bytes();
    let all = |bytes: &[u8]| [&[1, 0], bytes.repeat(files.len()).as_slice()].concat();
    property(&mut out, part::MODIFIED, &all(&time));
    property(&mut out, part::ATTRIBUTES, &all(&ATTRIBUTES.to_le_bytes()));
    number(&mut out, part::END);
    number(&mut out, part::END);
    out
}

/// What an archive begins with, for the header that follows `packed` bytes.
pub(super) fn start(packed: u64, header: &[u8]) -> Vec<u8> {
    let mut place = Vec::with_capacity(20);
    place.extend(packed.to_le_bytes());
    place.extend((header.len() as u64).to_le_bytes());
    place.extend(crc32fast::hash(header).to_le_bytes());
    // Version 0.4 is what 7-Zip has written since 2003.
    [SIGNATURE, &[0, 4], &crc32fast::hash(&place).to_le_bytes(), &place].concat()
}

/// One stream in one folder, cut into files.
fn streams(out: &mut Vec<u8>, full: &[&File<'_>], coder: Coder, packed: u64) {
    number(out, part::MAIN_STREAMS);
    number(out, part::PACKED);
    for value in [0, 1, part::SIZES, packed, part::END] {
        number(out, value);
    }
    number(out, part::UNPACKED);
    for value in [part::FOLDERS, 1, 0, 1] {
        number(out, value);
    }
    match coder {
        Coder::Copy => out.extend([0x01, 0x00]),
        // A name of one byte, and properties of one byte.
        Coder::Lzma2(dictionary) => out.extend([0x21, 0x21, 0x01, dictionary]),
    }
    number(out, part::UNPACKED_SIZES);
    number(out, full.iter().map(|file| file.size).sum());
    number(out, part::END);
    number(out, part::SUBSTREAMS);
    if full.len() != 1 {
        number(out, part::SUBSTREAM_COUNTS);
        number(out, full.len() as u64);
        number(out, part::SIZES);
        // The last size is what is left.
        for file in full.iter().take(full.len().saturating_sub(1)) {
            number(out, file.size);
        }
    }
    number(out, part::CRCS);
    out.push(1);
    out.extend(full.iter().flat_map(|file| file.crc32.to_le_bytes()));
    number(out, part::END);
    number(out, part::END);
}

fn property(out: &mut Vec<u8>, part: u64, bytes: &[u8]) {
    number(out, part);
    number(out, bytes.len() as u64);
    out.extend(bytes);
}

/// A number in as many bytes as it takes: ones at the top of the first count the bytes that follow.
pub(super) fn number(out: &mut Vec<u8>, value: u64) {
    let more = (0..8).find(|more| value < 1 << (7 * (more + 1))).unwrap_or(8);
    let ones = !(0xffu32 >> more) as u8;
    let top = if more < 8 { (value >> (8 * more)) as u8 } else { 0 };
    out.push(ones | top);
    out.extend(value.to_le_bytes().iter().take(more as usize));
}

/// Bits from the top of each byte down.
fn bits(flags: impl Iterator<Item = bool>) -> Vec<u8> {
    let flags: Vec<bool> = flags.collect();
    let byte = |eight: &[bool]| {
        let set = eight.iter().enumerate().filter(|(_, flag)| **flag);
        set.fold(0u8, |byte, (at, _)| byte | 0x80 >> at)
    };
    flags.chunks(8).map(byte).collect()
}

/// Seconds since 1970 as tenths of a microsecond since 1601.
fn file_time(seconds: i64) -> u64 {
    const BETWEEN: i64 = 11_644_473_600;
    u64::try_from(seconds.saturating_add(BETWEEN)).unwrap_or_default().saturating_mul(10_000_000)
}
