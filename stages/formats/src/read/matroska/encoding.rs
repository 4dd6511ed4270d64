//! How a track's frames and private bytes are packed: with a common start left out, deflated, or encrypted.
//!
//! Undoes the first two within bounds; an encrypted track is left alone.

use super::ebml::{child, children, unsigned};
use super::ids;
use std::io::Read;

/// The way a track is packed. By default it is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encoding {
    /// Whether it is encrypted.
    pub encrypted: bool,
    packings: Vec<Packing>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Packing {
    scope: u64,
    method: Method,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Method {
    /// Every frame begins with these bytes, which were left out.
    Start(Vec<u8>),
    Deflated,
    Unknown,
}

const FRAMES: u64 = 1;
const PRIVATE: u64 = 2;

impl Encoding {
    /// Reads `ContentEncodings`.
    pub fn read(encodings: &[u8]) -> Self {
        const MOST: usize = 8;
        const ENCRYPTION: u64 = 1;
        let mut encoding = Self::default();
        for (_, one) in children(encodings).filter(|(id, _)| *id == ids::CONTENT_ENCODING).take(MOST) {
            if child(one, ids::ENCODING_TYPE).and_then(unsigned) == Some(ENCRYPTION) {
                encoding.encrypted = true;
                continue;
            }
            let scope = child(one, ids::ENCODING_SCOPE).and_then(unsigned).unwrap_or(FRAMES);
            let compression = child(one, ids::COMPRESSION).unwrap_or_default();
            let settings = child(compression, ids::COMPRESSION_SETTINGS).unwrap_or_default();
            let method = match child(compression, ids::COMPRESSION_ALGORITHM).and_then(unsigned).unwrap_or(0)
            {
                0 => Method::Deflated,
                3 => Method::Start(settings.to_vec()),
                _ => Method::Unknown,
            };
            encoding.packings.push(Packing { scope, method });
        }
        encoding
    }

    /// Private bytes as the codec wants them; none when that cannot be done.
    pub fn private(&self, bytes: &[u8]) -> Vec<u8> {
        if bytes.is_empty() { Vec::new() } else { self.undo(bytes, PRIVATE).unwrap_or_default() }
    }

    /// A frame as the codec wants it.
    pub fn frame(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.encrypted { None } else { self.undo(bytes, FRAMES) }
    }

    fn undo(&self, bytes: &[u8], scope: u64) -> Option<Vec<u8>> {
        let mut bytes = bytes.to_vec();
        for packing in self.packings.iter().filter(|packing| packing.scope & scope != 0) {
            bytes = match &packing.method {
                Method::Start(start) => [start, bytes.as_slice()].concat(),
                Method::Deflated => inflate(&bytes),
                Method::Unknown => return None,
            };
        }
        Some(bytes)
    }
}

/// What can be inflated: a frame may have been read in part only.
fn inflate(bytes: &[u8]) -> Vec<u8> {
    const MOST: u64 = 2 << 20;
    let mut plain = Vec::new();
    // A cut stream ends in an error after it gave what it had.
    let _ = flate2::read::ZlibDecoder::new(bytes).take(MOST).read_to_end(&mut plain);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn encodings(scope: u8, algorithm: u8, settings: &[u8]) -> Vec<u8> {
        let length = |body: &[u8]| 0x80 | u8::try_from(body.len()).expect("short");
        let compression =
            [&[0x42, 0x54, 0x81, algorithm, 0x42, 0x55, length(settings)][..], settings].concat();
        let one = [&[0x50, 0x32, 0x81, scope, 0x50, 0x34, length(&compression)][..], &compression].concat();
        [&[0x62, 0x40, length(&one)][..], &one].concat()
    }

    #[test]
    fn a_start_that_was_left_out_comes_back() {
        let encoding = Encoding::read(&encodings(1, 3, b"ab"));
        assert_eq!(encoding.frame(b"cd").as_deref(), Some(&b"abcd"[..]));
        assert_eq!(encoding.private(b"cd"), b"cd");
    }

    #[test]
    fn deflated_bytes_are_inflated_as_far_as_they_go() {
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::none());
        packed.write_all(b"hello, this is a frame").expect("memory");
        let packed = packed.finish().expect("memory");
        let encoding = Encoding::read(&encodings(3, 0, b""));
        assert_eq!(encoding.private(&packed), b"hello, this is a frame");
        assert!(encoding.frame(&packed[..packed.len() - 9]).is_some_and(|frame| frame.starts_with(b"hello")));
    }

    #[test]
    fn what_cannot_be_unpacked_is_not_looked_at() {
        assert_eq!(Encoding::read(&encodings(1, 1, b"")).frame(b"x"), None);
        let encrypted = Encoding::read(&[0x62, 0x40, 0x84, 0x50, 0x33, 0x81, 1]);
        assert!(encrypted.encrypted && encrypted.frame(b"x").is_none());
    }
}
