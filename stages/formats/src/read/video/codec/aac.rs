//! AAC: profile, channels and rate out of its configuration and of ADTS headers (ISO/IEC 14496-3, 1.6.2 and 1.A.2).
//!
//! Decodes no sound. What a stream may add silently (implicit SBR) is not guessed.

use super::bits::Bits;
use super::layout;
use crate::read::video::Audio;

const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
const SBR: u32 = 5;
const PS: u32 = 29;

/// What an `AudioSpecificConfig` tells.
#[must_use]
pub fn configuration(bytes: &[u8]) -> Option<Audio> {
    let mut bits = Bits::new(bytes);
    let mut object = object_type(&mut bits)?;
    let mut rate = sample_rate(&mut bits)?;
    let mut channels = channel_count(bits.take(4)?);
    let extension = object;
    if matches!(object, SBR | PS) {
        rate = sample_rate(&mut bits)?;
        object = object_type(&mut bits)?;
    }
    let mut profile = profile_name(extension);
    if matches!(object, 1..=4 | 6 | 7) {
        let own_layout = channels.is_none();
        general(&mut bits, object, own_layout.then_some(&mut channels));
        // Old decoders stop here; a marked extension follows for new ones.
        if extension == object
            && bits.take(11) == Some(0x2b7)
            && object_type(&mut bits) == Some(SBR)
            && bits.flag() == Some(true)
        {
            rate = sample_rate(&mut bits).unwrap_or(rate);
            profile = profile_name(SBR);
            if bits.take(11) == Some(0x548) && bits.flag() == Some(true) {
                profile = profile_name(PS);
            }
        }
    }
    // Parametric stereo makes two channels of one.
    if profile.as_deref() == Some("HE-AACv2") && channels == Some(1) {
        channels = Some(2);
    }
    Some(track(profile, channels, rate))
}

/// What the first ADTS frame in a piece of a stream tells.
#[must_use]
pub fn adts(stream: &[u8]) -> Option<Audio> {
    stream.windows(9).find_map(|header| {
        let mut bits = Bits::new(header);
        let synced = bits.take(12)? == 0xfff;
        bits.flag()?;
        if !synced || bits.take(2)? != 0 {
            return None;
        }
        bits.flag()?;
        let object = bits.take(2)? + 1;
        let rate = *RATES.get(bits.take(4)? as usize)?;
        bits.flag()?;
        let channels = channel_count(bits.take(3)?);
        Some(track(profile_name(object), channels, rate))
    })
}

fn track(profile: Option<String>, channels: Option<u32>, rate: u32) -> Audio {
    let layout = channels.and_then(layout).map(str::to_owned);
    Audio { profile, channels, layout, sample_rate: (rate > 0).then_some(rate), ..Audio::of("aac") }
}

fn profile_name(object: u32) -> Option<String> {
    let name = match object {
        1 => "Main",
        2 => "LC",
        3 => "SSR",
        4 => "LTP",
        SBR => "HE-AAC",
        23 => "LD",
        PS => "HE-AACv2",
        39 => "ELD",
        42 => "xHE-AAC",
        _ => return None,
    };
    Some(name.to_owned())
}

fn object_type(bits: &mut Bits<'_>) -> Option<u32> {
    match bits.take(5)? {
        31 => Some(32 + bits.take(6)?),
        object => Some(object),
    }
}

fn sample_rate(bits: &mut Bits<'_>) -> Option<u32> {
    match bits.take(4)? {
        15 => bits.take(24),
        index => RATES.get(index as usize).copied(),
    }
}

/// `None` is a layout that is described elsewhere.
fn channel_count(configuration: u32) -> Option<u32> {
    match configuration {
        1..=6 => Some(configuration),
        7 | 12 | 14 => Some(8),
        11 => Some(7),
        _ => None,
    }
}

/// Passes over what general coding needs, and counts the channels of a layout of its own.
fn general(bits: &mut Bits<'_>, object: u32, own_layout: Option<&mut Option<u32>>) -> Option<()> {
    bits.flag()?;
    bits.skip_if_flagged(14)?;
    let extended = bits.flag()?;
    if let Some(channels) = own_layout {
        *channels = Some(elements(bits)?).filter(|count| *count > 0);
    }
    if object == 6 {
        bits.skip(3)?;
    }
    if extended {
        bits.flag()?;
    }
    Some(())
}

/// A program configuration element: counts its channels.
fn elements(bits: &mut Bits<'_>) -> Option<u32> {
    bits.skip(4 + 2 + 4)?;
    let [front, side, back] = [bits.take(4)?, bits.take(4)?, bits.take(4)?];
    let low = bits.take(2)?;
    let (associated, coupling) = (bits.take(3)?, bits.take(4)?);
    bits.skip_if_flagged(4)?;
    bits.skip_if_flagged(4)?;
    bits.skip_if_flagged(3)?;
    let mut channels = low;
    for _ in 0..front + side + back {
        channels += if bits.flag()? { 2 } else { 1 };
        bits.skip(4)?;
    }
    bits.skip((4 * low + 4 * associated + 5 * coupling) as usize)?;
    bits.align();
    let comment = bits.byte()?;
    bits.skip(usize::from(comment) * 8)?;
    Some(channels)
}
