//! FLAC, Opus and Vorbis: channels and rates out of their first headers (RFC 9639, RFC 7845, Vorbis I).
//!
//! Decodes no sound.

use super::bits::Bits;
use super::layout;
use crate::read::video::Audio;

/// What FLAC's `STREAMINFO` tells, behind `fLaC`, in a `dfLa` box, or bare.
#[must_use]
pub fn flac(bytes: &[u8]) -> Option<Audio> {
    const LENGTH: usize = 34;
    let bytes = bytes.strip_prefix(b"fLaC").unwrap_or(bytes);
    let body = match bytes {
        [kind, 0, 0, 34, body @ ..] if kind & 0x7f == 0 => body,
        [0, 0, 0, 0, kind, 0, 0, 34, body @ ..] if kind & 0x7f == 0 => body,
        _ => bytes,
    };
    let mut bits = Bits::new(body.get(..LENGTH)?);
    bits.skip(16 + 16 + 24 + 24)?;
    let (rate, channels, depth) = (bits.take(20)?, bits.take(3)? + 1, bits.take(5)? + 1);
    (rate > 0).then(|| Audio {
        sample_rate: Some(rate),
        bit_depth: Some(depth),
        ..speakers("flac", channels)
    })
}

/// What an `OpusHead` packet or the body of a `dOps` box tells. Opus always plays at 48 kHz.
#[must_use]
pub fn opus(bytes: &[u8]) -> Option<Audio> {
    let channels = match bytes.strip_prefix(b"OpusHead") {
        Some(head) => head.get(1),
        None => bytes.get(1),
    };
    let channels = channels.copied().filter(|count| *count > 0)?;
    Some(Audio { sample_rate: Some(48_000), ..speakers("opus", channels.into()) })
}

/// What Vorbis's first header tells, bare or laced with the other two.
#[must_use]
pub fn vorbis(bytes: &[u8]) -> Option<Audio> {
    const START: &[u8] = b"\x01vorbis";
    let start =
        bytes.get(..bytes.len().min(1024))?.windows(START.len()).position(|window| window == START)?;
    let header = bytes.get(start + START.len()..)?;
    let number = |at: usize| Some(u32::from_le_bytes(*header.get(at..)?.first_chunk()?));
    let channels = header.get(4).copied().filter(|count| *count > 0)?;
    let rate = number(5).filter(|rate| *rate > 0)?;
    // Unset rates are 0 or -1.
    let nominal = number(13).filter(|rate| (1..0x8000_0000).contains(rate));
    Some(Audio {
        sample_rate: Some(rate),
        bitrate: nominal.map(u64::from),
        ..speakers("vorbis", channels.into())
    })
}

fn speakers(codec: &'static str, channels: u32) -> Audio {
    Audio { channels: Some(channels), layout: layout(channels).map(str::to_owned), ..Audio::of(codec) }
}
