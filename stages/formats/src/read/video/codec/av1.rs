//! AV1: profile, size, depth and colours out of the sequence header (AV1 bitstream specification, 5.5).
//!
//! Decodes no picture.

use super::bits::Bits;
use crate::read::video::Video;

const SEQUENCE_HEADER: u8 = 1;
const METADATA: u8 = 5;

/// What a configuration record (`av1C`) tells.
#[must_use]
pub fn configuration(record: &[u8]) -> Option<Video> {
    let &[marker, profile, flags, _] = record.first_chunk::<4>()?;
    if marker != 0x81 {
        return None;
    }
    let mut track = record.get(4..).and_then(obus).unwrap_or_else(|| Video::of("av1"));
    let depth = match (flags & 0x40 != 0, flags & 0x20 != 0) {
        (false, _) => 8,
        (true, false) => 10,
        (true, true) => 12,
    };
    track.fill(Video { profile: profile_name(profile >> 5), bit_depth: Some(depth), ..Video::default() });
    Some(track)
}

/// What the units (OBUs) of a sample tell.
#[must_use]
pub fn obus(stream: &[u8]) -> Option<Video> {
    const MOST: usize = 1000;
    let mut track: Option<Video> = None;
    let (mut mastered, mut dynamic) = (false, false);
    let mut rest = stream;
    for _ in 0..MOST {
        let Some((kind, content, next)) = unit(rest) else { break };
        rest = next;
        match kind {
            SEQUENCE_HEADER if track.is_none() => track = sequence(content),
            METADATA => match leb128(content) {
                Some((2, _)) => mastered = true,
                Some((4, content)) => dynamic |= super::is_dynamic_metadata(content),
                _ => {}
            },
            _ => {}
        }
    }
    let mut track = track?;
    track.mastered = mastered;
    track.hdr = dynamic.then_some("hdr10+");
    Some(track)
}

/// Type and content of the first unit, and what follows it.
fn unit(stream: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (head, mut rest) = stream.split_first()?;
    if head & 4 != 0 {
        rest = rest.get(1..)?;
    }
    let kind = head >> 3 & 15;
    if head & 2 == 0 {
        return Some((kind, rest, &[]));
    }
    let (length, rest) = leb128(rest)?;
    let (content, next) = rest.split_at_checked(length.min(rest.len()))?;
    Some((kind, content, next))
}

fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0usize;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f).checked_shl(u32::try_from(index * 7).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}

fn profile_name(number: u8) -> Option<String> {
    ["Main", "High", "Professional"].get(usize::from(number)).map(|name| (*name).to_owned())
}

fn sequence(bytes: &[u8]) -> Option<Video> {
    let mut bits = Bits::new(bytes);
    let profile = bits.take(3)?;
    bits.flag()?;
    let reduced = bits.flag()?;
    let mut fps = None;
    if reduced {
        bits.skip(5)?;
    } else {
        fps = operating_points(&mut bits)?;
    }
    let (width_bits, height_bits) = (bits.take(4)? + 1, bits.take(4)? + 1);
    let (width, height) = (bits.take(width_bits)?.checked_add(1)?, bits.take(height_bits)?.checked_add(1)?);
    if !reduced {
        bits.skip_if_flagged(7)?;
    }
    bits.skip(3)?;
    if !reduced {
        tools(&mut bits)?;
    }
    bits.skip(3)?;
    let deep = bits.flag()?;
    let deepest = profile == 2 && deep && bits.flag()?;
    if profile != 1 {
        bits.flag()?;
    }
    let mut transfer = None;
    if bits.flag()? {
        bits.skip(8)?;
        transfer = bits.byte().filter(|transfer| *transfer != 2);
    }
    Some(Video {
        profile: u8::try_from(profile).ok().and_then(profile_name),
        width: Some(width),
        height: Some(height),
        fps,
        bit_depth: Some(if deepest {
            12
        } else if deep {
            10
        } else {
            8
        }),
        transfer,
        ..Video::of("av1")
    })
}

/// Timing and operating points; gives the rate when every picture lasts the same.
fn operating_points(bits: &mut Bits<'_>) -> Option<Option<f64>> {
    let mut fps = None;
    let mut delay_bits = None;
    if bits.flag()? {
        let (unit, scale) = (bits.take(32)?, bits.take(32)?);
        if bits.flag()? {
            let ticks = bits.ue()?.checked_add(1)?;
            fps = (unit > 0).then(|| f64::from(scale) / f64::from(unit) / f64::from(ticks));
        }
        if bits.flag()? {
            delay_bits = Some(bits.take(5)? as usize + 1);
            bits.skip(42)?;
        }
    }
    let initial_delay = bits.flag()?;
    for _ in 0..=bits.take(5)? {
        bits.skip(12)?;
        if bits.take(5)? > 7 {
            bits.flag()?;
        }
        if let Some(delay_bits) = delay_bits {
            bits.skip_if_flagged(2 * delay_bits + 1)?;
        }
        if initial_delay {
            bits.skip_if_flagged(4)?;
        }
    }
    Some(fps)
}

/// Which tools the coder may use.
fn tools(bits: &mut Bits<'_>) -> Option<()> {
    bits.skip(4)?;
    let ordered = bits.flag()?;
    if ordered {
        bits.skip(2)?;
    }
    let screen_content = bits.flag()? || bits.flag()?;
    if screen_content && !bits.flag()? {
        bits.flag()?;
    }
    bits.skip(if ordered { 3 } else { 0 })
}
