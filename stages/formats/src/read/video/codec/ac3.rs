//! AC-3 and E-AC-3: channels, rate and Atmos out of sync frames and configuration boxes (ETSI TS 102 366).
//!
//! Decodes no sound.

mod enhanced;

use super::bits::Bits;
use crate::read::video::Audio;

const RATES: [u32; 3] = [48_000, 44_100, 32_000];
/// Thousands of bits a second, by half the code.
const BITRATES: [u64; 19] =
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

/// What the frames in a piece of a stream tell, from the first sync word on.
#[must_use]
pub fn frames(stream: &[u8]) -> Option<Audio> {
    let start = stream.windows(6).position(|head| head.starts_with(&[0x0b, 0x77]))?;
    let first = stream.get(start..)?;
    // The same bits hold the version of the syntax in both.
    match first.get(5)? >> 3 {
        0..=10 => plain(first),
        11..=16 => enhanced::frames(first),
        _ => None,
    }
}

/// What an AC-3 configuration (`dac3`) tells.
#[must_use]
pub fn configuration(body: &[u8]) -> Option<Audio> {
    let mut bits = Bits::new(body.get(..3)?);
    let rate = RATES.get(bits.take(2)? as usize).copied();
    bits.skip(5 + 3)?;
    let (mode, low, code) = (bits.take(3)?, bits.flag()?, bits.take(5)?);
    let bitrate = BITRATES.get(code as usize).map(|rate| rate * 1000);
    Some(Audio { sample_rate: rate, bitrate, ..speakers("ac3", mode, low) })
}

/// What an E-AC-3 configuration (`dec3`) tells.
#[must_use]
pub fn enhanced_configuration(body: &[u8]) -> Option<Audio> {
    enhanced::configuration(body)
}

fn plain(frame: &[u8]) -> Option<Audio> {
    let mut bits = Bits::new(frame);
    bits.skip(32)?;
    let (rate, size) = (bits.take(2)?, bits.take(6)?);
    let version = bits.take(5)?;
    bits.skip(3)?;
    let mode = bits.take(3)?;
    if mode & 1 != 0 && mode != 1 {
        bits.skip(2)?;
    }
    if mode & 4 != 0 {
        bits.skip(2)?;
    }
    if mode == 2 {
        bits.skip(2)?;
    }
    let low = bits.flag()?;
    // Versions above 8 halve rates.
    let half = version.saturating_sub(8);
    Some(Audio {
        sample_rate: RATES.get(rate as usize).map(|rate| rate >> half),
        bitrate: BITRATES.get(size as usize / 2).map(|rate| (rate * 1000) >> half),
        ..speakers("ac3", mode, low)
    })
}

/// Channels and speakers of a mode.
fn speakers(codec: &'static str, mode: u32, low: bool) -> Audio {
    const MODES: [(u32, &str); 8] = [
        (2, "M M"),
        (1, "M"),
        (2, "L R"),
        (3, "L R C"),
        (3, "L R Cb"),
        (4, "L R C Cb"),
        (4, "L R Ls Rs"),
        (5, "L R C Ls Rs"),
    ];
    let Some((count, names)) = MODES.get(mode as usize) else { return Audio::of(codec) };
    let layout = match (low, names.split_once(" C")) {
        (false, _) => (*names).to_owned(),
        // The low frequencies come after the speakers in front.
        (true, Some((front, back))) if !back.starts_with('b') => format!("{front} C LFE{back}"),
        (true, _) if *count > 2 => format!("L R LFE{}", names.get(3..).unwrap_or_default()),
        (true, _) => format!("{names} LFE"),
    };
    Audio { channels: Some(count + u32::from(low)), layout: Some(layout), ..Audio::of(codec) }
}
