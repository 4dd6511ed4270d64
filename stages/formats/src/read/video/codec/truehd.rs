//! Dolby TrueHD and MLP: channels, rate and Atmos out of the major sync.
//!
//! Decodes no sound. Follows Dolby's published description of the bitstream.

use super::bits::Bits;
use crate::read::video::Audio;

const TRUEHD: [u8; 4] = [0xf8, 0x72, 0x6f, 0xba];
const MLP: [u8; 4] = [0xf8, 0x72, 0x6f, 0xbb];

/// What the first major sync in a piece of a stream tells.
#[must_use]
pub fn frames(stream: &[u8]) -> Option<Audio> {
    let at = stream.windows(4).position(|word| word == TRUEHD || word == MLP)?;
    let sync = stream.get(at + 4..)?;
    if stream.get(at..at + 4)? == MLP {
        let mut bits = Bits::new(sync);
        bits.skip(8)?;
        return Some(Audio { sample_rate: rate(bits.take(4)?), ..Audio::of("mlp") });
    }
    let mut bits = Bits::new(sync);
    let rate = rate(bits.take(4)?);
    bits.skip(4 + 2 + 2)?;
    let six = bits.take(5)?;
    bits.skip(2)?;
    let eight = bits.take(13)?;
    bits.skip(16 + 16 + 16 + 1 + 15)?;
    let substreams = bits.take(4)?;
    bits.skip(4)?;
    let parts = bits.take(8)?;
    let places = if eight != 0 { eight } else { six };
    let (channels, layout) = speakers(places);
    Some(Audio {
        // The fourth substream, when it is used, is the one of objects.
        profile: (substreams >= 4 && parts & 0x80 != 0).then(|| "Atmos".to_owned()),
        channels: Some(channels).filter(|count| *count > 0),
        layout: Some(layout).filter(|layout| !layout.is_empty()),
        sample_rate: rate,
        ..Audio::of("truehd")
    })
}

fn rate(code: u32) -> Option<u32> {
    let base = if code & 8 == 0 { 48_000 } else { 44_100 };
    (code & 7 < 3).then(|| base << (code & 7))
}

fn speakers(places: u32) -> (u32, String) {
    /// By bits from the lowest.
    const PLACES: [&str; 13] = [
        "L R", "C", "LFE", "Ls Rs", "Tfl Tfr", "Lsc Rsc", "Lb Rb", "Cb", "Tc", "Lsd Rsd", "Lw Rw", "Tfc",
        "LFE2",
    ];
    let set = PLACES.iter().enumerate().filter(|(bit, _)| places >> bit & 1 == 1).map(|(_, names)| *names);
    let names = set.collect::<Vec<_>>().join(" ");
    (u32::try_from(names.split_ascii_whitespace().count()).unwrap_or_default(), names)
}
