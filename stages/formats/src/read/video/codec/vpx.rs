//! VP8 and VP9: profile, size and depth out of key frames and configuration records.
//!
//! Decodes no picture.

use super::bits::Bits;
use crate::read::video::Video;

/// What a VP9 configuration (the body of `vpcC` after its version, or Matroska's list of features) tells.
#[must_use]
pub fn vp9_configuration(record: &[u8]) -> Option<Video> {
    match record {
        // A full box of version 1: profile, level, depth and chroma, primaries, transfer, matrix.
        [1, 0, 0, 0, profile, _, depth, _, transfer, ..] => Some(Video {
            profile: Some(profile.to_string()),
            bit_depth: Some(u32::from(depth >> 4)).filter(|depth| matches!(depth, 8 | 10 | 12)),
            transfer: Some(*transfer).filter(|transfer| *transfer != 2),
            ..Video::of("vp9")
        }),
        _ => features(record),
    }
}

/// Matroska's form: number, length and value of each feature.
fn features(record: &[u8]) -> Option<Video> {
    let mut track = Video::of("vp9");
    let mut rest = record;
    while let [number, 1, value, next @ ..] = rest {
        match number {
            1 => track.profile = Some(value.to_string()),
            3 => track.bit_depth = Some(u32::from(*value)).filter(|depth| matches!(depth, 8 | 10 | 12)),
            _ => {}
        }
        rest = next;
    }
    (rest.is_empty() && track != Video::of("vp9")).then_some(track)
}

/// What a VP9 key frame tells.
#[must_use]
pub fn vp9(frame: &[u8]) -> Option<Video> {
    const SYNC: u32 = 0x49_83_42;
    const RGB: u32 = 7;
    let mut bits = Bits::new(frame);
    let marked = bits.take(2)? == 2;
    let profile = bits.take(1)? | bits.take(1)? << 1;
    if profile == 3 {
        bits.flag()?;
    }
    let (again, inter) = (bits.flag()?, bits.flag()?);
    bits.skip(2)?;
    if !marked || again || inter || bits.take(24)? != SYNC {
        return None;
    }
    let bit_depth = match profile {
        0 | 1 => 8,
        _ if bits.flag()? => 12,
        _ => 10,
    };
    let odd = matches!(profile, 1 | 3);
    if bits.take(3)? == RGB {
        bits.skip(usize::from(odd))?;
    } else {
        bits.skip(if odd { 4 } else { 1 })?;
    }
    Some(Video {
        profile: Some(profile.to_string()),
        width: Some(bits.take(16)? + 1),
        height: Some(bits.take(16)? + 1),
        bit_depth: Some(bit_depth),
        ..Video::of("vp9")
    })
}

/// What a VP8 key frame tells (RFC 6386, 9.1).
#[must_use]
pub fn vp8(frame: &[u8]) -> Option<Video> {
    let &[tag, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1] = frame.first_chunk::<10>()? else { return None };
    (tag & 1 == 0).then(|| Video {
        width: Some(u32::from(u16::from_le_bytes([w0, w1]) & 0x3fff)),
        height: Some(u32::from(u16::from_le_bytes([h0, h1]) & 0x3fff)),
        bit_depth: Some(8),
        ..Video::of("vp8")
    })
}
