//! EBML (RFC 8794): elements in a file, of which only headers are read, and elements in memory.
//!
//! Believes no size: an element ends at the latest where what holds it ends.

use super::ids;
use crate::read::Source;
use std::io::{self, Read, SeekFrom};

/// Where an element lies in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element {
    /// Its identifier.
    pub id: u32,
    /// Where its header begins.
    pub start: u64,
    /// Where its content begins.
    pub body: u64,
    /// The length of its content, unless it is left open.
    pub size: Option<u64>,
}

impl Element {
    /// Where its content ends, unless it is left open.
    pub fn end(&self) -> Option<u64> {
        self.size.map(|size| self.body.saturating_add(size))
    }
}

/// A file, read forwards and by jumps.
pub struct Stream<'s> {
    source: &'s mut dyn Source,
    at: u64,
    size: u64,
}

impl<'s> Stream<'s> {
    /// Starts at the beginning.
    pub fn new(source: &'s mut dyn Source) -> io::Result<Self> {
        let size = source.seek(SeekFrom::End(0))?;
        source.rewind()?;
        Ok(Self { source, at: 0, size })
    }

    /// Where the next byte is read.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// Length of the file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Goes to an offset, at most to the end of the file.
    pub fn go(&mut self, to: u64) -> io::Result<()> {
        let to = to.min(self.size);
        match i64::try_from(i128::from(to) - i128::from(self.at)) {
            Ok(0) => {}
            // A short way leaves the buffer of the source alone.
            Ok(way) => self.source.seek_relative(way)?,
            Err(_) => self.source.seek(SeekFrom::Start(to)).map(drop)?,
        }
        self.at = to;
        Ok(())
    }

    /// The header of the element that begins here. `None` at the end, and where no element can begin.
    pub fn element(&mut self) -> io::Result<Option<Element>> {
        let start = self.at;
        let Some(id) = self.number(4, false)?.and_then(|id| u32::try_from(id).ok()) else { return Ok(None) };
        let Some(size) = self.number(8, true)? else { return Ok(None) };
        let size = (size != OPEN).then_some(size);
        Ok(Some(Element { id, start, body: self.at, size }))
    }

    /// Up to `most` bytes from here, fewer at the end of the file.
    pub fn bytes(&mut self, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        (&mut *self.source).take(most).read_to_end(&mut bytes)?;
        self.at += bytes.len() as u64;
        Ok(bytes)
    }

    fn number(&mut self, longest: u32, unmarked: bool) -> io::Result<Option<u64>> {
        let mut bytes = [0; 8];
        let Some((first, rest)) = bytes.split_first_mut() else { return Ok(None) };
        if !self.fill(std::slice::from_mut(first))? {
            return Ok(None);
        }
        let length = first.leading_zeros() + 1;
        if length > longest {
            return Ok(None);
        }
        let rest = rest.get_mut(..length as usize - 1).unwrap_or_default();
        if !self.fill(rest)? {
            return Ok(None);
        }
        Ok(number(bytes.get(..length as usize).unwrap_or_default(), unmarked).map(|(value, _)| value))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<bool> {
        match self.source.read_exact(bytes) {
            Ok(()) => {
                self.at += bytes.len() as u64;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                // How far a read went that came to the end is not told.
                self.at = self.size;
                self.source.seek(SeekFrom::Start(self.at))?;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

/// What stands for a size that is left open, whatever its length was.
const OPEN: u64 = u64::MAX;

/// A number of variable length, and how many bytes it has.
pub fn number(bytes: &[u8], unmarked: bool) -> Option<(u64, usize)> {
    let length = bytes.first()?.leading_zeros() as usize + 1;
    let all = bytes.get(..length).filter(|_| length <= 8)?;
    let value = all.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    if !unmarked {
        return Some((value, length));
    }
    let marker = 1u64 << (7 * length);
    let value = value & (marker - 1);
    Some((if value == marker - 1 { OPEN } else { value }, length))
}

/// The elements in a piece of memory. What follows bytes that begin no element is not read.
pub fn children(bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (id, length) = number(rest, false).filter(|(_, length)| *length <= 4)?;
        let after = rest.get(length..)?;
        let (size, length) = number(after, true)?;
        let after = after.get(length..)?;
        let size = usize::try_from(size).unwrap_or(usize::MAX).min(after.len());
        let (body, next) = after.split_at_checked(size)?;
        rest = next;
        Some((u32::try_from(id).ok()?, body))
    })
    .filter(|(id, _)| !matches!(*id, ids::VOID | ids::CRC_32))
}

/// The first child of that kind.
pub fn child(bytes: &[u8], id: u32) -> Option<&[u8]> {
    children(bytes).find(|(found, _)| *found == id).map(|(_, body)| body)
}

/// An unsigned number; an empty element is zero.
pub fn unsigned(body: &[u8]) -> Option<u64> {
    (body.len() <= 8).then(|| body.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// A number with a point.
pub fn float(body: &[u8]) -> Option<f64> {
    let value = match body.len() {
        4 => f64::from(f32::from_be_bytes(body.try_into().ok()?)),
        8 => f64::from_be_bytes(body.try_into().ok()?),
        _ => return None,
    };
    value.is_finite().then_some(value)
}

/// A text, up to the first zero byte.
pub fn text(body: &[u8]) -> String {
    let end = body.iter().position(|byte| *byte == 0).unwrap_or(body.len());
    String::from_utf8_lossy(body.get(..end).unwrap_or_default()).into_owned()
}

/// Whether the checksum at the start of a master element, if there is one, is that of the rest.
pub fn is_whole(body: &[u8]) -> bool {
    match body {
        [0xbf, 0x84, a, b, c, d, rest @ ..] => checksum(rest) == u32::from_le_bytes([*a, *b, *c, *d]),
        _ => true,
    }
}

/// The CRC-32 of a body. A small one is summed bit by bit: a library looks first for what the processor can do, and on
/// virtual machines that question takes longer than the rest of reading a file.
fn checksum(body: &[u8]) -> u32 {
    const SMALL: usize = 8 * 1024;
    const POLYNOMIAL: u32 = 0xedb8_8320;
    if body.len() > SMALL {
        return crc32fast::hash(body);
    }
    let bit = |sum: u32| (sum >> 1) ^ if sum & 1 == 1 { POLYNOMIAL } else { 0 };
    !body.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| bit(sum)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    #[test]
    fn a_checksum_is_the_same_however_long_the_body() {
        for length in [0, 1, 9, 1000, 8192, 8193] {
            let body: Vec<u8> = (0..length).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect();
            assert_eq!(checksum(&body), crc32fast::hash(&body), "{length}");
        }
    }

    #[test]
    fn numbers_have_their_length_in_front() {
        assert_eq!(number(&[0x81], true), Some((1, 1)));
        assert_eq!(number(&[0x40, 0x02], true), Some((2, 2)));
        assert_eq!(number(&[0x1a, 0x45, 0xdf, 0xa3], false), Some((0x1a45_dfa3, 4)));
        assert_eq!(number(&[0xff], true), Some((OPEN, 1)));
        assert_eq!(number(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], true), Some((OPEN, 8)));
        assert_eq!(number(&[0], true), None);
        assert_eq!(number(&[0x40], true), None);
    }

    #[test]
    fn children_end_with_what_holds_them() {
        let bytes = [0xec, 0x81, 9, 0x86, 0x82, b'a', b'b', 0x42, 0x82, 0xbf, b'c'];
        let found: Vec<_> = children(&bytes).collect();
        assert_eq!(found, [(ids::CODEC_ID, &b"ab"[..]), (ids::DOC_TYPE, b"c")]);
    }

    #[test]
    fn a_checksum_that_does_not_fit_is_seen() {
        let rest = [0x86, 0x81, b'x'];
        let mut body = [&[0xbf, 0x84][..], &crc32fast::hash(&rest).to_le_bytes(), &rest].concat();
        assert!(is_whole(&body) && is_whole(&rest));
        body[8] = b'y';
        assert!(!is_whole(&body));
    }

    proptest! {
        #[test]
        fn a_stream_and_memory_agree(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(children(&bytes).count() <= bytes.len());
            let mut cursor = Cursor::new(&bytes);
            let mut stream = Stream::new(&mut cursor).expect("memory");
            let element = stream.element().expect("memory");
            let id = number(&bytes, false).filter(|(_, length)| *length <= 4);
            let same = id.and_then(|(id, length)| Some((id, number(bytes.get(length..)?, true)?.0)));
            prop_assert_eq!(element.map(|element| (u64::from(element.id), element.size.unwrap_or(OPEN))), same);
        }
    }
}
