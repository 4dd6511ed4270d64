//! VC-1 and WMV 9: profile, size, rate and scan out of the sequence header (SMPTE ST 421, 6.1 and annex J).
//!
//! Decodes no picture.

use super::bits::Bits;
use super::nal::codes;
use crate::read::video::Video;

const SEQUENCE: u8 = 0x0f;
const ADVANCED: u32 = 3;

/// What a stream tells, or the private bytes of a container.
#[must_use]
pub fn stream(stream: &[u8]) -> Option<Video> {
    let advanced =
        codes(stream).find(|(code, _)| *code == SEQUENCE).and_then(|(_, content)| sequence(content));
    advanced.or_else(|| {
        // The simpler profiles have four bytes without a start code.
        let name = match stream.first()? >> 6 {
            0 => "Simple",
            1 => "Main",
            _ => return None,
        };
        (4..=8).contains(&stream.len()).then(|| Video {
            profile: Some(name.to_owned()),
            bit_depth: Some(8),
            scan: Some("progressive"),
            ..Video::of("vc-1")
        })
    })
}

fn sequence(content: &[u8]) -> Option<Video> {
    let mut bits = Bits::new(content);
    if bits.take(2)? != ADVANCED {
        return None;
    }
    bits.skip(3 + 2 + 3 + 5 + 1)?;
    let (width, height) = ((bits.take(12)? + 1) * 2, (bits.take(12)? + 1) * 2);
    bits.flag()?;
    let interlaced = bits.flag()?;
    bits.skip(4)?;
    Some(Video {
        profile: Some("Advanced".to_owned()),
        width: Some(width),
        height: Some(height),
        fps: rate(&mut bits),
        bit_depth: Some(8),
        scan: Some(if interlaced { "interlaced" } else { "progressive" }),
        ..Video::of("vc-1")
    })
}

/// The rate, which is part of the hints for display.
fn rate(bits: &mut Bits<'_>) -> Option<f64> {
    const WHOLE: [u32; 7] = [24, 25, 30, 50, 60, 48, 72];
    const OWN_ASPECT: u32 = 15;
    if !bits.flag()? {
        return None;
    }
    bits.skip(28)?;
    if bits.flag()? && bits.take(4)? == OWN_ASPECT {
        bits.skip(16)?;
    }
    if !bits.flag()? {
        return None;
    }
    if bits.flag()? {
        return Some(f64::from(bits.take(16)? + 1) / 32.0);
    }
    let whole = WHOLE.get((bits.take(8)? as usize).checked_sub(1)?)?;
    match bits.take(4)? {
        1 => Some(f64::from(*whole)),
        2 => Some(f64::from(*whole) * 1000.0 / 1001.0),
        _ => None,
    }
}
