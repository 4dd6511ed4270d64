//! The enhanced syntax (ETSI TS 102 366, annexes E to G), whose substreams add channels and whose extension is Atmos.
//!
//! Reads a frame's header up to the additional information at its end, and nothing of its blocks.

use super::{RATES, speakers};
use crate::read::video::Audio;
use crate::read::video::codec::bits::Bits;

const DEPENDENT: u32 = 1;

/// What independent and dependent frames tell together, up to the next independent frame.
pub fn frames(stream: &[u8]) -> Option<Audio> {
    const MOST: usize = 9;
    let first = Frame::read(stream)?;
    let mut track = Audio {
        sample_rate: Some(first.rate),
        bitrate: first.bitrate(),
        ..speakers("eac3", first.mode, first.low)
    };
    let mut atmos = first.atmos;
    let mut at = first.size;
    for _ in 0..MOST {
        let Some(frame) = stream.get(at..).and_then(Frame::read) else { break };
        if frame.kind != DEPENDENT {
            break;
        }
        atmos |= frame.atmos;
        if let Some(map) = frame.map {
            widen(&mut track, map);
        }
        let rate = frame.bitrate();
        track.bitrate = track.bitrate.zip(rate).map(|(sum, more)| sum + more);
        at = at.saturating_add(frame.size);
    }
    track.profile = atmos.then(|| "JOC".to_owned());
    Some(track)
}

/// A dependent substream replaces the surround channels of the independent one by those of its map.
fn widen(track: &mut Audio, map: u32) {
    /// Speakers by the bits of a map, the highest first.
    const SPEAKERS: [&str; 16] = [
        "L", "C", "R", "Ls", "Rs", "Lc Rc", "Lb Rb", "Cb", "Tc", "Lsd Rsd", "Lw Rw", "Tfl Tfr", "Tfc",
        "Lts Rts", "LFE2", "LFE",
    ];
    let mut names: Vec<&str> = Vec::new();
    let layout = track.layout.take().unwrap_or_default();
    names.extend(layout.split_ascii_whitespace());
    for (bit, speakers) in SPEAKERS.iter().enumerate() {
        if map & 0x8000 >> bit != 0 {
            names.extend(
                speakers.split_ascii_whitespace().filter(|name| !layout.split(' ').any(|one| one == *name)),
            );
        }
    }
    track.channels = u32::try_from(names.len()).ok();
    track.layout = Some(names.join(" "));
}

/// What an E-AC-3 configuration (`dec3`) tells.
pub fn configuration(body: &[u8]) -> Option<Audio> {
    let mut bits = Bits::new(body);
    let bitrate = u64::from(bits.take(13)?) * 1000;
    let independent = bits.take(3)? + 1;
    let mut track: Option<Audio> = None;
    for _ in 0..independent {
        let rate = bits.take(2)?;
        bits.skip(5 + 1 + 1 + 3)?;
        let (mode, low) = (bits.take(3)?, bits.flag()?);
        bits.skip(3)?;
        let mut one = Audio {
            sample_rate: RATES.get(rate as usize).copied(),
            bitrate: Some(bitrate),
            ..speakers("eac3", mode, low)
        };
        if bits.take(4)? > 0 {
            let place = bits.take(9)?;
            widen(&mut one, map_of(place));
        } else {
            bits.skip(1)?;
        }
        track.get_or_insert(one);
    }
    let mut track = track?;
    if bits.skip(7).is_some() && bits.flag() == Some(true) {
        track.profile = Some("JOC".to_owned());
    }
    Some(track)
}

/// The map of a frame for the place in a configuration, whose bits are, from the lowest: `Lc Rc`, `Lb Rb`, `Cb`, `Tc`,
/// `Lsd Rsd`, `Lw Rw`, `Tfl Tfr`, `Tfc`, `LFE2`.
fn map_of(place: u32) -> u32 {
    const MAP: [u32; 9] = [0x0400, 0x0200, 0x0100, 0x0080, 0x0040, 0x0020, 0x0010, 0x0008, 0x0002];
    MAP.iter().enumerate().filter(|(bit, _)| place >> bit & 1 == 1).fold(0, |map, (_, bit)| map | bit)
}

struct Frame {
    kind: u32,
    size: usize,
    rate: u32,
    blocks: u32,
    mode: u32,
    low: bool,
    map: Option<u32>,
    atmos: bool,
}

impl Frame {
    fn read(stream: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(stream);
        if bits.take(16)? != 0x0b77 {
            return None;
        }
        let kind = bits.take(2)?;
        bits.skip(3)?;
        let size = (bits.take(11)? as usize + 1) * 2;
        let rate_code = bits.take(2)?;
        let more = bits.take(2)?;
        let (rate, block_code) = match RATES.get(rate_code as usize) {
            Some(rate) => (*rate, more),
            // Half rates always have six blocks.
            None => (RATES.get(more as usize)? / 2, 3),
        };
        let (mode, low) = (bits.take(3)?, bits.flag()?);
        if !(11..=16).contains(&bits.take(5)?) {
            return None;
        }
        let blocks = [1, 2, 3, 6].get(block_code as usize).copied()?;
        let mut frame = Self { kind, size, rate, blocks, mode, low, map: None, atmos: false };
        // What cannot be read to its end leaves the rest unknown.
        frame.extension(&mut bits, rate_code);
        Some(frame)
    }

    fn bitrate(&self) -> Option<u64> {
        let bits = u64::try_from(self.size).ok()? * 8 * u64::from(self.rate);
        bits.checked_div(u64::from(self.blocks) * 256)
    }

    /// The rest of the header, up to the additional information.
    fn extension(&mut self, bits: &mut Bits<'_>, rate_code: u32) -> Option<()> {
        let twice = if self.mode == 0 { 2 } else { 1 };
        for _ in 0..twice {
            bits.skip(5)?;
            bits.skip_if_flagged(8)?;
        }
        if self.kind == DEPENDENT && bits.flag()? {
            self.map = Some(bits.take(16)?);
        }
        if bits.flag()? {
            self.mixing(bits)?;
        }
        if bits.flag()? {
            self.service(bits, rate_code)?;
        }
        if self.kind == 0 && self.blocks != 6 {
            bits.flag()?;
        }
        if self.kind == 2 && (self.blocks == 6 || bits.flag()?) {
            bits.skip(6)?;
        }
        if bits.flag()? {
            // Seven reserved bits, then the flag of the extension for objects.
            bits.skip(6 + 7)?;
            self.atmos = bits.flag()?;
        }
        Some(())
    }

    /// How channels are mixed down.
    fn mixing(&self, bits: &mut Bits<'_>) -> Option<()> {
        let mode = self.mode;
        if mode > 2 {
            bits.skip(2)?;
        }
        if mode & 1 != 0 && mode > 2 {
            bits.skip(6)?;
        }
        if mode & 4 != 0 {
            bits.skip(6)?;
        }
        if self.low {
            bits.skip_if_flagged(5)?;
        }
        if self.kind != 0 {
            return Some(());
        }
        bits.skip_if_flagged(6)?;
        if mode == 0 {
            bits.skip_if_flagged(6)?;
        }
        bits.skip_if_flagged(6)?;
        match bits.take(2)? {
            1 => bits.skip(5)?,
            2 => bits.skip(12)?,
            3 => {
                let length = bits.take(5)? as usize;
                bits.skip(8 * (length + 2))?;
            }
            _ => {}
        }
        for _ in mode..2 {
            bits.skip_if_flagged(14)?;
        }
        if bits.flag()? {
            if self.blocks == 1 {
                return bits.skip(5);
            }
            for _ in 0..self.blocks {
                bits.skip_if_flagged(5)?;
            }
        }
        Some(())
    }

    /// What service the sound is.
    fn service(&self, bits: &mut Bits<'_>, rate_code: u32) -> Option<()> {
        bits.skip(5)?;
        match self.mode {
            2 => bits.skip(4)?,
            6 | 7 => bits.skip(2)?,
            _ => {}
        }
        for _ in 0..if self.mode == 0 { 2 } else { 1 } {
            bits.skip_if_flagged(8)?;
        }
        bits.skip(usize::from(rate_code < 3))
    }
}
