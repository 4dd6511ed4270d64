//! MPEG audio: layer, channels and rates out of frame headers (ISO/IEC 11172-3, 2.4 and 13818-3).
//!
//! Decodes no sound.

use super::layout;
use crate::read::video::Audio;

/// What the first frame in a piece of a stream tells. A second header where the first says it ends makes it sure.
#[must_use]
pub fn frames(stream: &[u8]) -> Option<Audio> {
    let mut starts = stream.windows(4).enumerate().filter_map(|(at, head)| {
        let (track, size) = header(head.try_into().ok()?)?;
        let next = stream.get(at + size..at + size + 4);
        let agrees = |next: &[u8]| {
            next.try_into().ok().and_then(header).is_some_and(|(next, _)| next.codec == track.codec)
        };
        next.is_none_or(agrees).then_some(track)
    });
    starts.next()
}

/// Track and size of a frame.
fn header(head: [u8; 4]) -> Option<(Audio, usize)> {
    const RATES: [u32; 3] = [44_100, 48_000, 32_000];
    /// Thousands of bits a second: version 1 by layers, then the lower versions.
    const BITRATES: [[u64; 15]; 5] = [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let [sync, kind, rates, mode] = head;
    if sync != 0xff || kind & 0xe0 != 0xe0 {
        return None;
    }
    let half = match kind >> 3 & 3 {
        3 => 0,
        2 => 1,
        0 => 2,
        _ => return None,
    };
    let (codec, layer) = match kind >> 1 & 3 {
        3 => ("mp1", 1),
        2 => ("mp2", 2),
        1 => ("mp3", 3),
        _ => return None,
    };
    let row = match (half, layer) {
        (0, layer) => layer - 1,
        (_, 1) => 3,
        _ => 4,
    };
    let bitrate = BITRATES.get(row)?.get(usize::from(rates >> 4)).copied().filter(|rate| *rate > 0)? * 1000;
    let sample_rate = RATES.get(usize::from(rates >> 2 & 3))? >> half;
    let padding = u64::from(rates >> 1 & 1);
    let size = match (layer, half) {
        (1, _) => (12 * bitrate / u64::from(sample_rate) + padding) * 4,
        (3, 1 | 2) => 72 * bitrate / u64::from(sample_rate) + padding,
        _ => 144 * bitrate / u64::from(sample_rate) + padding,
    };
    let channels = if mode >> 6 == 3 { 1 } else { 2 };
    let track = Audio {
        channels: Some(channels),
        layout: layout(channels).map(str::to_owned),
        sample_rate: Some(sample_rate),
        bitrate: Some(bitrate),
        ..Audio::of(codec)
    };
    Some((track, usize::try_from(size).ok()?))
}
