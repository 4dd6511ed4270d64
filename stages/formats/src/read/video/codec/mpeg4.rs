//! MPEG-4 part 2 (`XviD`, `DivX`): size and scan out of the video object layer (ISO/IEC 14496-2, 6.2).
//!
//! Decodes no picture.

use super::bits::Bits;
use super::nal::codes;
use crate::read::video::Video;

const SEQUENCE: u8 = 0xb0;

/// What a stream tells, or its headers alone.
#[must_use]
pub fn stream(stream: &[u8]) -> Option<Video> {
    let mut track: Option<Video> = None;
    let mut profile = None;
    for (code, content) in codes(stream) {
        match code {
            SEQUENCE => profile = content.first().and_then(|level| profile_name(*level)),
            0x20..=0x2f if track.is_none() => track = layer(content),
            _ => {}
        }
    }
    let mut track = track?;
    track.profile = profile.or(track.profile);
    Some(track)
}

fn profile_name(level: u8) -> Option<String> {
    let name = match level {
        1..=9 => "Simple",
        0x11..=0x1f => "Simple Scalable",
        0x21..=0x2f => "Core",
        0x32..=0x34 => "Main",
        0x42 => "N-bit",
        0x91..=0x94 => "Advanced Real Time Simple",
        0xb1..=0xb4 => "Advanced Coding Efficiency",
        0xc1 | 0xc2 => "Advanced Core",
        0xe1..=0xef => "Studio",
        0xf0..=0xf7 => "Advanced Simple",
        0xf8..=0xff => "Fine Granularity Scalable",
        _ => return None,
    };
    Some(name.to_owned())
}

fn layer(content: &[u8]) -> Option<Video> {
    const RECTANGULAR: u32 = 0;
    const EXTENDED_ASPECT: u32 = 15;
    let mut bits = Bits::new(content);
    bits.skip(1)?;
    let object = bits.take(8)?;
    let mut version = 1;
    if bits.flag()? {
        version = bits.take(4)?;
        bits.skip(3)?;
    }
    if bits.take(4)? == EXTENDED_ASPECT {
        bits.skip(16)?;
    }
    if bits.flag()? {
        bits.skip(3)?;
        bits.skip_if_flagged(79)?;
    }
    let shape = bits.take(2)?;
    if shape == 3 && version != 1 {
        bits.skip(4)?;
    }
    bits.skip(1)?;
    let resolution = bits.take(16).filter(|resolution| *resolution > 0)?;
    bits.skip(1)?;
    let width_of_time = (32 - (resolution - 1).leading_zeros()).max(1);
    let mut fps = None;
    if bits.flag()? {
        let step = bits.take(width_of_time)?;
        fps = (step > 0).then(|| f64::from(resolution) / f64::from(step));
    }
    if shape != RECTANGULAR {
        return None;
    }
    bits.skip(1)?;
    let width = bits.take(13)?;
    bits.skip(1)?;
    let height = bits.take(13)?;
    bits.skip(1)?;
    let interlaced = bits.flag()?;
    Some(Video {
        profile: match object {
            1 => Some("Simple".to_owned()),
            17 => Some("Advanced Simple".to_owned()),
            _ => None,
        },
        width: Some(width),
        height: Some(height),
        fps,
        bit_depth: Some(8),
        scan: Some(if interlaced { "interlaced" } else { "progressive" }),
        ..Video::of("mpeg4asp")
    })
}
