//! MPEG-1 and MPEG-2 video: size, rate and scan out of headers (ISO/IEC 13818-2, 6.2).
//!
//! Decodes no picture.

use super::bits::Bits;
use super::nal::codes;
use crate::read::video::Video;

const SEQUENCE: u8 = 0xb3;
const EXTENSION: u8 = 0xb5;

/// What a stream tells, or its headers alone. Without an extension it is MPEG-1.
#[must_use]
pub fn stream(stream: &[u8]) -> Option<Video> {
    let mut sequence = None;
    let mut extension = None;
    let mut pictures = Pictures::default();
    for (code, content) in codes(stream) {
        match code {
            SEQUENCE if sequence.is_none() => sequence = Sequence::read(content),
            EXTENSION => match content.first().map(|byte| byte >> 4) {
                Some(1) if extension.is_none() => extension = Extension::read(content),
                Some(8) => pictures.see(content),
                _ => {}
            },
            _ => {}
        }
    }
    Some(track(&sequence?, extension.as_ref(), &pictures))
}

struct Sequence {
    width: u32,
    height: u32,
    aspect: u32,
    fps: Option<f64>,
}

impl Sequence {
    fn read(content: &[u8]) -> Option<Self> {
        const NTSC: f64 = 1000.0 / 1001.0;
        const RATES: [f64; 8] = [24.0 * NTSC, 24.0, 25.0, 30.0 * NTSC, 30.0, 50.0, 60.0 * NTSC, 60.0];
        let mut bits = Bits::new(content);
        let (width, height, aspect) = (bits.take(12)?, bits.take(12)?, bits.take(4)?);
        let rate = (bits.take(4)? as usize).checked_sub(1);
        Some(Self { width, height, aspect, fps: rate.and_then(|rate| RATES.get(rate)).copied() })
    }
}

struct Extension {
    profile: u32,
    progressive: bool,
    width: u32,
    height: u32,
    rate: f64,
}

impl Extension {
    fn read(content: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(content);
        bits.skip(4)?;
        let profile = bits.take(8)? >> 4 & 7;
        let progressive = bits.flag()?;
        bits.skip(2)?;
        let (width, height) = (bits.take(2)? << 12, bits.take(2)? << 12);
        bits.skip(12 + 1 + 8 + 1)?;
        let rate = f64::from(bits.take(2)? + 1) / f64::from(bits.take(5)? + 1);
        Some(Self { profile, progressive, width, height, rate })
    }
}

/// What pictures said of themselves.
#[derive(Default)]
struct Pictures {
    progressive: usize,
    interlaced: usize,
}

impl Pictures {
    fn see(&mut self, content: &[u8]) {
        // After four codes for the range of vectors, the progressive flag is the first bit of the fifth byte.
        match content.get(4).map(|byte| byte & 0x80 != 0) {
            Some(true) => self.progressive += 1,
            Some(false) => self.interlaced += 1,
            None => {}
        }
    }
}

fn track(sequence: &Sequence, extension: Option<&Extension>, pictures: &Pictures) -> Video {
    const PROFILES: [Option<&str>; 8] = [
        None,
        Some("High"),
        Some("Spatially Scalable"),
        Some("SNR Scalable"),
        Some("Main"),
        Some("Simple"),
        None,
        None,
    ];
    let Some(extension) = extension else {
        return Video {
            width: Some(sequence.width),
            height: Some(sequence.height),
            fps: sequence.fps,
            bit_depth: Some(8),
            scan: Some("progressive"),
            ..Video::of("mpeg1")
        };
    };
    let (width, height) = (sequence.width | extension.width, sequence.height | extension.height);
    let progressive = extension.progressive || (pictures.progressive > 0 && pictures.interlaced == 0);
    let unknown = !progressive && pictures.interlaced == 0;
    let ratio = match sequence.aspect {
        2 => Some((4, 3)),
        3 => Some((16, 9)),
        _ => None,
    };
    Video {
        profile: PROFILES.get(extension.profile as usize).copied().flatten().map(str::to_owned),
        width: Some(width),
        height: Some(height),
        display: ratio.map(|(x, y)| (height * x / y, height)).filter(|(shown, _)| shown.abs_diff(width) > 2),
        fps: sequence.fps.map(|fps| fps * extension.rate),
        bit_depth: Some(8),
        // Headers alone, with no picture, leave a sequence that may be interlaced undecided.
        scan: (!unknown).then_some(if progressive { "progressive" } else { "interlaced" }),
        ..Video::of("mpeg2")
    }
}
