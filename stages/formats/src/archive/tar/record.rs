//! Reads one header block, and the records of an extended header.
//!
//! Takes what POSIX, GNU tar and their elders write; refuses to judge names and sizes.

/// A header as it stands, before extended headers lay over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: u8,
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) size: u64,
    /// More headers of a sparse file follow.
    pub(super) extended: bool,
}

/// Why a block is no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoHeader {
    #[error("a header has another checksum than it says")]
    Checksum,
    #[error("a header has a size that is no number")]
    Size,
}

/// Reads a header of 512 bytes.
pub(super) fn header(block: &[u8]) -> Result<Header, NoHeader> {
    let field = |from: usize, len: usize| block.get(from..from + len).unwrap_or_default();
    let stated = number(field(148, 8)).ok_or(NoHeader::Checksum)?;
    let bytes =
        || block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { b' ' } else { *byte });
    let unsigned: u64 = bytes().map(u64::from).sum();
    // Some old programs took bytes for signed.
    let signed: i64 = bytes().map(|byte| i64::from(byte.cast_signed())).sum();
    if stated != unsigned && i64::try_from(stated) != Ok(signed) {
        return Err(NoHeader::Checksum);
    }
    let kind = field(156, 1).first().copied().unwrap_or_default();
    let mut name = text(field(0, 100)).to_vec();
    // Only POSIX has a folder there; GNU tar keeps times in that place.
    let prefix = text(field(345, 155));
    if field(257, 6) == b"ustar\0" && !prefix.is_empty() {
        name = [prefix, b"/", &name].concat();
    }
    let extended = kind == b'S' && field(482, 1) != b"\0";
    let size = number(field(124, 12)).ok_or(NoHeader::Size)?;
    Ok(Header { kind, name, link: text(field(157, 100)).to_vec(), size, extended })
}

/// Calls `take` with each key and value; false when they are not as they must be.
pub(super) fn records(mut bytes: &[u8], take: &mut dyn FnMut(&[u8], &[u8])) -> bool {
    while !bytes.is_empty() {
        let Some(space) = bytes.iter().take(20).position(|byte| *byte == b' ') else { return false };
        let digits = bytes.get(..space).and_then(|digits| std::str::from_utf8(digits).ok());
        let Some(len) = digits.and_then(|digits| digits.parse::<usize>().ok()) else { return false };
        let Some(record) = bytes.get(space + 1..len) else { return false };
        let Some((b'\n', record)) = record.split_last() else { return false };
        let Some(equals) = record.iter().position(|byte| *byte == b'=') else { return false };
        take(record.get(..equals).unwrap_or_default(), record.get(equals + 1..).unwrap_or_default());
        bytes = bytes.get(len..).unwrap_or_default();
    }
    true
}

/// A field up to its first NUL.
pub(super) fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Octal digits between spaces and NULs, or bytes where the first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if *first == 0x80 {
        return rest
            .iter()
            .try_fold(0u64, |sum, byte| sum.checked_mul(256).map(|sum| sum | u64::from(*byte)));
    }
    let digits: Vec<u8> = field
        .iter()
        .copied()
        .skip_while(|byte| *byte == b' ')
        .take_while(|byte| !b" \0".contains(byte))
        .collect();
    digits.iter().try_fold(0u64, |sum, digit| {
        let value = digit.checked_sub(b'0').filter(|value| *value < 8)?;
        sum.checked_mul(8)?.checked_add(u64::from(value))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_octal_or_bytes() {
        for (field, want) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"  12 \0", Some(0o12)),
            (b"\0\0\0", Some(0)),
            (b"\x80\0\0\x01\0", Some(256)),
            (b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"\xff\xff\xff\xff", None),
            (b"129", None),
            (b"777777777777777777777777", None),
        ] {
            assert_eq!(number(field), want, "{field:?}");
        }
    }

    #[test]
    fn records_are_read_or_refused() {
        let read = |bytes: &[u8]| {
            let mut found = Vec::new();
            let good = records(bytes, &mut |key, value| found.push((key.to_vec(), value.to_vec())));
            good.then_some(found)
        };
        let pair = |key: &str, value: &str| (key.as_bytes().to_vec(), value.as_bytes().to_vec());
        assert_eq!(read(b"9 path=a\n9 size=9\n"), Some(vec![pair("path", "a"), pair("size", "9")]));
        assert_eq!(read(b"11 path=a=\n"), Some(vec![pair("path", "a=")]));
        for bad in [&b"8 path=a\n"[..], b"99 path=a\n", b"path", b"0 a=b\n", b"2 ", b"-1 a=b\n", b"5 abc"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_readers(mut bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = (header(&bytes), records(&bytes, &mut |_, _| {}));
            bytes.resize(512, 0);
            let sum: u64 = bytes.iter().enumerate().filter(|(at, _)| !(148..156).contains(at)).map(|(_, byte)| u64::from(*byte)).sum();
            bytes.splice(148..156, format!("{:06o}\0 ", sum + 256).bytes());
            prop_assert_ne!(header(&bytes), Err(NoHeader::Checksum));
        }
    }
}
