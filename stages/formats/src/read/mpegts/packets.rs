//! The packets of a transport stream: how long they are, where they begin, what their headers say.
//!
//! Knows 188 bytes, the 192 of Blu-ray and cameras, and the 204 with error correction.

/// How packets lie in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lie {
    /// Where the first sync byte is.
    pub first: usize,
    /// From one sync byte to the next.
    pub stride: usize,
}

/// Bytes of a packet itself.
pub const PACKET: usize = 188;
const SYNC: u8 = 0x47;

/// Finds how packets lie in bytes from anywhere in a file. The end of the bytes may cut the last packet.
pub fn lie(bytes: &[u8]) -> Option<Lie> {
    let usual = [(0, PACKET), (4, 192), (0, 204)];
    let searched = (0..204).flat_map(|first| [PACKET, 192, 204].map(|stride| (first, stride)));
    let usual = usual.into_iter().find(|(first, stride)| holds(bytes, *first, *stride, 5));
    let found =
        usual.or_else(|| searched.into_iter().find(|(first, stride)| holds(bytes, *first, *stride, 10)));
    found.map(|(first, stride)| Lie { first, stride })
}

/// Whether sync bytes stand where they would. Short files have fewer, but three are the least to believe.
fn holds(bytes: &[u8], first: usize, stride: usize, enough: usize) -> bool {
    const LEAST: usize = 3;
    let there = bytes.len().saturating_sub(first).div_ceil(stride).min(enough);
    there >= LEAST && (0..there).all(|n| bytes.get(first + n * stride) == Some(&SYNC))
}

/// One packet.
#[derive(Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Where it begins, from the start of the bytes that were looked at.
    pub at: usize,
    pub pid: u16,
    /// Whether a section or a packet of a stream begins in it.
    pub starts: bool,
    pub scrambled: bool,
    /// The program's clock, in units of 1/27,000,000 s.
    pub clock: Option<u64>,
    pub payload: &'a [u8],
}

/// Clocks begin again after this.
pub const CLOCK_WRAP: u64 = (1 << 33) * 300;

/// The packets in a part of a file, those that are none left out.
pub fn packets(bytes: &[u8], lie: Lie) -> impl Iterator<Item = Packet<'_>> {
    let mut at = lie.first;
    std::iter::from_fn(move || {
        loop {
            let bytes = bytes.get(at..at.checked_add(PACKET)?)?;
            if bytes.first() == Some(&SYNC) {
                let found = packet(bytes, at);
                at += lie.stride;
                if found.is_some() {
                    return found;
                }
            } else {
                // Lost bytes move all that follow; the next packet is where two sync bytes are a stride apart.
                at += 1;
            }
        }
    })
}

fn packet(bytes: &[u8], at: usize) -> Option<Packet<'_>> {
    let [_, high, low, flags, ..] = *bytes else { return None };
    let pid = u16::from(high & 0x1f) << 8 | u16::from(low);
    if high & 0x80 != 0 {
        return None;
    }
    let mut payload = bytes.get(4..)?;
    let mut clock = None;
    if flags & 0x20 != 0 {
        let (length, rest) = payload.split_first()?;
        let (adaptation, rest) = rest.split_at_checked((*length).into())?;
        clock = clock_of(adaptation);
        payload = rest;
    }
    if flags & 0x10 == 0 {
        payload = &[];
    }
    Some(Packet { at, pid, starts: high & 0x40 != 0, scrambled: flags & 0xc0 != 0, clock, payload })
}

fn clock_of(adaptation: &[u8]) -> Option<u64> {
    let [flags, a, b, c, d, e, f, ..] = *adaptation else { return None };
    let [a, b, c, d, e, f] = [a, b, c, d, e, f].map(u64::from);
    let base = a << 25 | b << 17 | c << 9 | d << 1 | e >> 7;
    (flags & 0x10 != 0).then_some(base * 300 + ((e & 1) << 8 | f))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(first: usize, stride: usize, packets: usize, want: Option<Lie>) {
        let mut bytes = vec![0; first + stride * packets];
        (0..packets).for_each(|n| bytes[first + n * stride] = SYNC);
        assert_eq!(lie(&bytes), want, "{first} {stride}");
    }

    #[test]
    fn packets_are_found_in_their_three_lengths() {
        check(0, 188, 10, Some(Lie { first: 0, stride: 188 }));
        check(4, 192, 10, Some(Lie { first: 4, stride: 192 }));
        check(0, 204, 10, Some(Lie { first: 0, stride: 204 }));
        check(77, 188, 12, Some(Lie { first: 77, stride: 188 }));
        check(0, 188, 3, Some(Lie { first: 0, stride: 188 }));
        check(0, 188, 2, None);
    }

    #[test]
    fn the_clock_is_in_the_adaptation_field() {
        let mut bytes = [0xff; PACKET];
        bytes[..12].copy_from_slice(&[0x47, 0x41, 0x00, 0x30, 7, 0x10, 0, 0, 0, 1, 0x80, 5]);
        let packet = packet(&bytes, 0).unwrap();
        assert_eq!((packet.pid, packet.starts, packet.clock), (0x100, true, Some(3 * 300 + 5)));
        assert_eq!(packet.payload.len(), PACKET - 12);
    }

    #[test]
    fn bytes_between_packets_are_stepped_over() {
        let mut bytes = vec![0; 188 * 2 + 7];
        (bytes[0], bytes[3], bytes[195], bytes[198]) = (SYNC, 0x10, SYNC, 0x10);
        assert_eq!(packets(&bytes, Lie { first: 0, stride: 188 }).count(), 2);
    }
}
