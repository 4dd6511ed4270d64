//! DTS and its extensions: channels, rate and profile out of core and extension headers (ETSI TS 102 114).
//!
//! Decodes no sound. Extensions inside a substream are known by their sync words.

use super::bits::Bits;
use super::layout;
use crate::read::video::Audio;

const CORE: [u8; 4] = [0x7f, 0xfe, 0x80, 0x01];
const SUBSTREAM: [u8; 4] = [0x64, 0x58, 0x20, 0x25];

/// What the frames in a piece of a stream tell, from the first sync word on.
#[must_use]
pub fn frames(stream: &[u8]) -> Option<Audio> {
    let start = stream.windows(4).position(|word| word == CORE || word == SUBSTREAM)?;
    let stream = stream.get(start..)?;
    let (mut track, core_size) =
        if stream.starts_with(&CORE) { core(stream)? } else { (Audio::of("dts"), 0) };
    let extension = stream.get(core_size..).unwrap_or_default();
    if extension.starts_with(&SUBSTREAM) {
        track.profile = profile(extension).map(str::to_owned);
        let (rate, channels) = substream(extension).unwrap_or_default();
        track.sample_rate = rate.or(track.sample_rate);
        if let Some(channels) = channels.filter(|channels| track.channels.is_none_or(|core| *channels > core))
        {
            track.channels = Some(channels);
            track.layout = layout(channels).map(str::to_owned);
        }
        // The rate in the core's header is the core's alone.
        track.bitrate = None;
    }
    Some(track)
}

fn core(frame: &[u8]) -> Option<(Audio, usize)> {
    const RATES: [u32; 16] = [
        0, 8_000, 16_000, 32_000, 0, 0, 11_025, 22_050, 44_100, 0, 0, 12_000, 24_000, 48_000, 96_000, 192_000,
    ];
    const BITRATES: [u64; 25] = [
        32, 56, 64, 96, 112, 128, 192, 224, 256, 320, 384, 448, 512, 576, 640, 768, 960, 1024, 1152, 1280,
        1344, 1408, 1411, 1472, 1536,
    ];
    const MODES: [(u32, &str); 10] = [
        (1, "M"),
        (2, "M M"),
        (2, "L R"),
        (2, "L R"),
        (2, "Lt Rt"),
        (3, "C L R"),
        (3, "L R Cs"),
        (4, "C L R Cs"),
        (4, "L R Ls Rs"),
        (5, "C L R Ls Rs"),
    ];
    let mut bits = Bits::new(frame);
    bits.skip(32 + 1 + 5 + 1 + 7)?;
    let size = bits.take(14)? as usize + 1;
    let (mode, rate, bitrate) = (bits.take(6)?, bits.take(4)?, bits.take(5)?);
    bits.skip(5)?;
    let (extension, extended) = (bits.take(3)?, bits.flag()?);
    bits.flag()?;
    let low = bits.take(2)? != 0;
    let (mut count, mut names) = match MODES.get(mode as usize) {
        Some((count, names)) => (*count, Some((*names).to_owned())),
        None => ([6, 6, 6, 7, 8, 8].get((mode as usize).checked_sub(10)?).copied()?, None),
    };
    // One more channel behind, which old decoders do not see.
    if extended && extension == 0 {
        count += 1;
        names = names.map(|names| format!("{names} Cb"));
    }
    if low {
        count += 1;
        names = names.map(|names| format!("{names} LFE"));
    }
    let profile = match (extended, extension) {
        (true, 0) => Some("ES"),
        (true, 2) => Some("96/24"),
        _ => None,
    };
    let rate = RATES.get(rate as usize).copied().filter(|rate| *rate > 0)?;
    let track = Audio {
        profile: profile.map(str::to_owned),
        channels: Some(count),
        layout: names,
        sample_rate: Some(if profile == Some("96/24") { rate * 2 } else { rate }),
        bitrate: BITRATES.get(bitrate as usize).map(|rate| rate * 1000),
        ..Audio::of("dts")
    };
    Some((track, size))
}

fn profile(extension: &[u8]) -> Option<&'static str> {
    /// Sync words, the richest first.
    const WORDS: [([u8; 4], &str); 6] = [
        ([0x02, 0x00, 0x08, 0x50], "X"),
        ([0xf1, 0x40, 0x00, 0xd0], "X"),
        ([0x41, 0xa2, 0x95, 0x47], "MA"),
        ([0x65, 0x5e, 0x31, 0x5e], "HRA"),
        ([0x1d, 0x95, 0xf2, 0x62], "96/24"),
        ([0x0a, 0x80, 0x19, 0x21], "Express"),
    ];
    WORDS.iter().find(|(word, _)| extension.windows(4).any(|four| four == word)).map(|(_, name)| *name)
}

/// Rate and channels of the first asset of an extension substream.
fn substream(extension: &[u8]) -> Option<(Option<u32>, Option<u32>)> {
    const RATES: [u32; 16] = [
        8_000, 16_000, 32_000, 64_000, 128_000, 22_050, 44_100, 88_200, 176_400, 352_800, 12_000, 24_000,
        48_000, 96_000, 192_000, 384_000,
    ];
    let mut bits = Bits::new(extension);
    bits.skip(32 + 8)?;
    let index = bits.take(2)?;
    let long = bits.flag()?;
    let (header_bits, size_bits) = if long { (12, 20) } else { (8, 16) };
    bits.skip(header_bits + size_bits)?;
    let fixed = bits.flag()?;
    let mut assets = 1;
    if fixed {
        bits.skip(2 + 3)?;
        bits.skip_if_flagged(36)?;
        let presentations = bits.take(3)? + 1;
        assets = bits.take(3)? + 1;
        presentation_masks(&mut bits, presentations, index)?;
        if bits.flag()? {
            bits.skip(2)?;
            let mask_bits = (bits.take(2)? as usize + 1) * 4;
            let configurations = bits.take(2)? as usize + 1;
            bits.skip(mask_bits * configurations)?;
        }
    }
    bits.skip(size_bits * assets as usize)?;
    bits.skip(9 + 3)?;
    if !fixed {
        return None;
    }
    bits.skip_if_flagged(4)?;
    bits.skip_if_flagged(24)?;
    if bits.flag()? {
        let length = bits.take(10)? as usize + 1;
        bits.skip(length * 8)?;
    }
    bits.skip(5)?;
    let rate = RATES.get(bits.take(4)? as usize).copied();
    Some((rate, Some(bits.take(8)? + 1)))
}

/// Which substreams and assets each presentation uses.
fn presentation_masks(bits: &mut Bits<'_>, presentations: u32, index: u32) -> Option<()> {
    let mut masks = Vec::new();
    for _ in 0..presentations {
        masks.push(bits.take(index + 1)?);
    }
    for mask in masks {
        bits.skip(8 * mask.count_ones() as usize)?;
    }
    Some(())
}
