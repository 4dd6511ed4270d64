//! The bytes of ZIP headers.
//!
//! Pure, after PKWARE's APPNOTE 6.3.2. No extra fields but ZIP64's, and that only where a number does not fit.

pub const STORED: u16 = 0;
pub const DEFLATED: u16 = 8;

/// Attributes of a plain file that everyone may read, as Unix puts them.
const PLAIN_FILE: u32 = 0o100_644 << 16;
const MADE_BY_UNIX: u16 = 3 << 8;
const UTF8: u16 = 0x0800;
/// Versions needed to unpack.
const NEEDS_NOTHING: u16 = 10;
const NEEDS_DEFLATE: u16 = 20;
const NEEDS_ZIP64: u16 = 45;
/// What stands where a number does not fit.
const MARK_16: u16 = u16::MAX;
const MARK_32: u32 = u32::MAX;

/// What both headers of a file say.
pub struct Record {
    pub name: String,
    pub method: u16,
    pub modified: u32,
    pub crc32: u32,
    /// Bytes in the archive.
    pub packed: u64,
    /// Bytes of the file.
    pub size: u64,
    /// Where in the archive the local header begins.
    pub at: u64,
}

impl Record {
    /// The header right before the file's bytes.
    pub fn local(&self) -> Vec<u8> {
        let large = !fits(self.packed) || !fits(self.size);
        // In a local header both sizes are there or none.
        let extra = if large { zip64_extra(&[self.size, self.packed]) } else { Vec::new() };
        let mut bytes = Vec::from(*b"PK\x03\x04");
        bytes.extend(self.needs(large).to_le_bytes());
        self.common(&mut bytes);
        for size in [self.packed, self.size] {
            bytes.extend(if large { MARK_32 } else { size as u32 }.to_le_bytes());
        }
        bytes.extend((self.name.len() as u16).to_le_bytes());
        bytes.extend((extra.len() as u16).to_le_bytes());
        bytes.extend(self.name.as_bytes());
        bytes.extend(extra);
        bytes
    }

    /// The header in the central directory.
    pub fn central(&self) -> Vec<u8> {
        let numbers = [self.size, self.packed, self.at];
        let beyond: Vec<u64> = numbers.into_iter().filter(|number| !fits(*number)).collect();
        let extra = if beyond.is_empty() { Vec::new() } else { zip64_extra(&beyond) };
        let needs = self.needs(!beyond.is_empty());
        let mut bytes = Vec::from(*b"PK\x01\x02");
        bytes.extend((MADE_BY_UNIX | needs.max(NEEDS_DEFLATE)).to_le_bytes());
        bytes.extend(needs.to_le_bytes());
        self.common(&mut bytes);
        bytes.extend(or_mark(self.packed).to_le_bytes());
        bytes.extend(or_mark(self.size).to_le_bytes());
        bytes.extend((self.name.len() as u16).to_le_bytes());
        bytes.extend((extra.len() as u16).to_le_bytes());
        // No comment, first disk, no internal attributes.
        bytes.extend([0; 6]);
        bytes.extend(PLAIN_FILE.to_le_bytes());
        bytes.extend(or_mark(self.at).to_le_bytes());
        bytes.extend(self.name.as_bytes());
        bytes.extend(extra);
        bytes
    }

    /// Flags, method, time and CRC, which both headers have in the same order.
    fn common(&self, bytes: &mut Vec<u8>) {
        let flags = if self.name.is_ascii() { 0 } else { UTF8 };
        bytes.extend(flags.to_le_bytes());
        bytes.extend(self.method.to_le_bytes());
        bytes.extend(self.modified.to_le_bytes());
        bytes.extend(self.crc32.to_le_bytes());
    }

    fn needs(&self, zip64: bool) -> u16 {
        match (zip64, self.method) {
            (true, _) => NEEDS_ZIP64,
            (_, STORED) => NEEDS_NOTHING,
            _ => NEEDS_DEFLATE,
        }
    }
}

/// What ends an archive of so many files, whose central directory begins at `start` and has `size` bytes.
pub fn end(files: u64, start: u64, size: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let short = u16::try_from(files).unwrap_or(MARK_16);
    if short == MARK_16 || !fits(start) || !fits(size) {
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44u64.to_le_bytes());
        bytes.extend((MADE_BY_UNIX | NEEDS_ZIP64).to_le_bytes());
        bytes.extend(NEEDS_ZIP64.to_le_bytes());
        bytes.extend([0; 8]);
        for number in [files, files, size, start] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(b"PK\x06\x07");
        bytes.extend([0; 4]);
        bytes.extend((start + size).to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
    }
    bytes.extend(b"PK\x05\x06");
    bytes.extend([0; 4]);
    bytes.extend(short.to_le_bytes());
    bytes.extend(short.to_le_bytes());
    bytes.extend(or_mark(size).to_le_bytes());
    bytes.extend(or_mark(start).to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}

/// The largest 32-bit number is itself the mark, so it does not fit.
fn fits(number: u64) -> bool {
    number < u64::from(MARK_32)
}

fn or_mark(number: u64) -> u32 {
    if fits(number) { number as u32 } else { MARK_32 }
}

fn zip64_extra(numbers: &[u64]) -> Vec<u8> {
    let mut extra = vec![1, 0];
    extra.extend((numbers.len() as u16 * 8).to_le_bytes());
    extra.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    extra
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(packed: u64, size: u64, at: u64) -> Record {
        Record { name: "a".to_owned(), method: STORED, modified: 0, crc32: 0, packed, size, at }
    }

    fn check(packed: u64, size: u64, at: u64, local: &[u64], central: &[u64]) {
        let record = record(packed, size, at);
        let extra = |numbers: &[u64]| if numbers.is_empty() { Vec::new() } else { zip64_extra(numbers) };
        assert_eq!(record.local()[31..], extra(local));
        assert_eq!(record.central()[47..], extra(central));
        assert_eq!(record.local()[4], if local.is_empty() { 10 } else { 45 });
    }

    #[test]
    fn zip64_fields_stand_exactly_where_numbers_do_not_fit() {
        let limit = u64::from(u32::MAX);
        check(1, 2, 3, &[], &[]);
        check(limit - 1, limit - 1, limit - 1, &[], &[]);
        check(1, limit, 3, &[limit, 1], &[limit]);
        check(limit, limit + 1, 3, &[limit + 1, limit], &[limit + 1, limit]);
        check(1, 2, limit, &[], &[limit]);
    }

    #[test]
    fn the_zip64_end_stands_exactly_where_numbers_do_not_fit() {
        let limit = u64::from(u32::MAX);
        assert_eq!(end(65_534, limit - 1, limit - 1).len(), 22);
        for (files, start, size) in [(65_535, 0, 0), (1, limit, 0), (1, 0, limit)] {
            assert_eq!(end(files, start, size).len(), 56 + 20 + 22);
        }
    }
}
