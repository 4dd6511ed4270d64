//! Packets of elementary streams (PES), as transport and program streams carry them.
//!
//! Knows the header; what a stream holds, the codecs know.

use super::fields::Fields;

/// The header of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// Which kind of stream, and of program streams which one.
    pub stream: u8,
    /// Where the content begins, from the start of the packet.
    pub content: usize,
    /// Where it ends, unless the packet leaves that open.
    pub end: Option<usize>,
    /// When it is presented, in units of 1/90,000 s.
    pub time: Option<u64>,
    pub scrambled: bool,
}

/// Times come back to 0 after this, every 26.5 hours.
pub const WRAP: u64 = 1 << 33;

/// Reads the header of the packet that begins here.
pub fn packet(bytes: &[u8]) -> Option<Packet> {
    let mut fields = Fields(bytes);
    if fields.take(3)? != [0, 0, 1] {
        return None;
    }
    let stream = fields.byte()?;
    let length = usize::from(fields.be16()?);
    let end = (length > 0).then_some(6 + length);
    // Maps, padding, navigation and directories have no further header.
    if matches!(stream, 0xbc | 0xbe | 0xbf | 0xf0 | 0xf1 | 0xf2 | 0xf8 | 0xff) {
        return Some(Packet { stream, content: 6, end, time: None, scrambled: false });
    }
    match bytes.get(6)? >> 6 {
        0b10 => {
            fields.skip(2)?;
            let header = fields.byte()?;
            let (flags, has_time) = (bytes.get(6)?, bytes.get(7)? & 0x80 != 0);
            let time = if has_time { timestamp(fields.0) } else { None };
            let scrambled = flags & 0x30 != 0;
            Some(Packet { stream, content: 9 + usize::from(header), end, time, scrambled })
        }
        _ => Some(mpeg1(bytes, stream, end)),
    }
}

/// MPEG-1's header: stuffing, an optional buffer size, and times without a length of their own.
fn mpeg1(bytes: &[u8], stream: u8, end: Option<usize>) -> Packet {
    let mut at = 6;
    while at < 6 + 16 && bytes.get(at) == Some(&0xff) {
        at += 1;
    }
    if bytes.get(at).is_some_and(|byte| byte >> 6 == 0b01) {
        at += 2;
    }
    let (length, time) = match bytes.get(at).map(|byte| byte >> 4) {
        Some(0b0010) => (5, bytes.get(at..).and_then(timestamp)),
        Some(0b0011) => (10, bytes.get(at..).and_then(timestamp)),
        _ => (1, None),
    };
    Packet { stream, content: at + length, end, time, scrambled: false }
}

/// 33 bits in five bytes.
fn timestamp(bytes: &[u8]) -> Option<u64> {
    let [a, b, c, d, e] = bytes.first_chunk::<5>()?.map(u64::from);
    Some((a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1)
}

/// From one time to a later one, across the point where they begin again.
pub fn elapsed(from: u64, to: u64, wrap: u64) -> u64 {
    if to >= from { to - from } else { to.saturating_add(wrap).saturating_sub(from) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], want: Option<(usize, Option<u64>)>) {
        assert_eq!(packet(bytes).map(|packet| (packet.content, packet.time)), want);
    }

    #[test]
    fn headers_of_both_generations_tell_time_and_content() {
        check(b"\0\0\x01\xe0\0\0\x80\x80\x05\x21\0\x07\xd8\x61rest", Some((14, Some(126_000))));
        check(b"\0\0\x01\xe0\0\x10\x60\x20\x21\0\x07\xd8\x61rest", Some((13, Some(126_000))));
        check(b"\0\0\x01\xc0\0\x10\x0frest", Some((7, None)));
        check(b"\0\0\x01\xbf\x03\xd4\x80rest", Some((6, None)));
    }

    #[test]
    fn other_bytes_are_no_packet() {
        check(b"\0\0\0\x01\x67", None);
        check(b"\0\0\x01", None);
    }

    #[test]
    fn time_goes_on_after_it_began_again() {
        assert_eq!(elapsed(10, 30, WRAP), 20);
        assert_eq!(elapsed(WRAP - 10, 30, WRAP), 40);
    }
}
