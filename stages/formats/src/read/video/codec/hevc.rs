//! HEVC: profile, size, depth, rate and dynamic range out of parameter sets and messages (ITU-T H.265, 7.3 and annex E).
//!
//! Decodes no picture.

mod sets;

use super::bits::Bits;
use super::nal::{self, messages, sized, unescaped};
use super::vui::{Signal, signal};
use crate::read::video::Video;

const PARAMETERS: u8 = 33;
const MESSAGES: u8 = 39;
const DOLBY_VISION: u8 = 62;

/// What a decoder configuration record (`hvcC`, ISO/IEC 14496-15) tells.
#[must_use]
pub fn configuration(record: &[u8]) -> Option<Video> {
    let seen = Seen::of(units_of(record));
    if seen.track.is_some() {
        return seen.finish();
    }
    // A record may leave the parameter sets to the stream; its own fields tell profile and depth.
    let mut bits = Bits::new(record);
    bits.skip(8)?;
    let (profile, scan) = profile(&mut bits)?;
    let depth = u32::from(record.get(17)? & 7) + 8;
    (record.first() == Some(&1)).then(|| Video { profile, scan, bit_depth: Some(depth), ..Video::of("hevc") })
}

/// What a sample tells, whose units have lengths as the record says, or start codes when there is no record.
#[must_use]
pub fn frame(record: &[u8], sample: &[u8]) -> Option<Video> {
    if record.first() != Some(&1) {
        return Seen::of(nal::annex_b(record).chain(nal::annex_b(sample))).finish();
    }
    let length_bytes = usize::from(record.get(21)? & 3) + 1;
    Seen::of(units_of(record).into_iter().chain(sized(sample, length_bytes))).finish()
}

/// What a stream with start codes tells.
#[must_use]
pub fn annex_b(stream: &[u8]) -> Option<Video> {
    Seen::of(nal::annex_b(stream)).finish()
}

/// What a Dolby Vision configuration (`dvcC`, `dvvC`) adds to a track.
#[must_use]
pub fn dolby_vision(record: &[u8]) -> Option<Video> {
    (*record.first()? > 0 && record.len() >= 5)
        .then(|| Video { hdr: Some("dolby-vision"), ..Video::default() })
}

/// The parameter sets and messages of a record.
fn units_of(record: &[u8]) -> Vec<&[u8]> {
    let mut units = Vec::new();
    let (Some(count), Some(mut rest)) = (record.get(22), record.get(23..)) else { return units };
    for _ in 0..*count {
        let Some((&[_, high, low], mut sets)) = rest.split_first_chunk::<3>() else { break };
        for _ in 0..u16::from_be_bytes([high, low]) {
            let Some((length, after)) = sets.split_first_chunk::<2>() else { return units };
            let Some((unit, next)) = after.split_at_checked(u16::from_be_bytes(*length).into()) else {
                return units;
            };
            units.push(unit);
            sets = next;
        }
        rest = sets;
    }
    units
}

#[derive(Default)]
struct Seen {
    track: Option<Video>,
    mastered: bool,
    dynamic: bool,
    dolby_vision: bool,
    preferred_transfer: Option<u8>,
}

impl Seen {
    fn of<'u>(units: impl IntoIterator<Item = &'u [u8]>) -> Self {
        let mut seen = Self::default();
        units.into_iter().for_each(|unit| seen.see(unit));
        seen
    }

    fn see(&mut self, unit: &[u8]) {
        let Some((&[head, _], content)) = unit.split_first_chunk::<2>() else { return };
        match head >> 1 & 0x3f {
            PARAMETERS if self.track.is_none() => self.track = parameters(&unescaped(content)),
            MESSAGES => {
                for (kind, content) in messages(&unescaped(content)) {
                    self.mastered |= kind == 137;
                    self.dynamic |= kind == 4 && super::is_dynamic_metadata(content);
                    if kind == 147 {
                        self.preferred_transfer = content.first().copied();
                    }
                }
            }
            DOLBY_VISION => self.dolby_vision = true,
            _ => {}
        }
    }

    fn finish(self) -> Option<Video> {
        let mut track = self.track.unwrap_or_else(|| Video::of("hevc"));
        track.mastered = self.mastered;
        track.transfer = self.preferred_transfer.or(track.transfer);
        track.hdr = if self.dolby_vision { Some("dolby-vision") } else { self.dynamic.then_some("hdr10+") };
        (track != Video::of("hevc")).then_some(track)
    }
}

/// Profile and scan, from the start of `profile_tier_level`: 88 bits are read.
fn profile(bits: &mut Bits<'_>) -> Option<(Option<String>, Option<&'static str>)> {
    bits.skip(3)?;
    let number = bits.take(5)?;
    let compatible = bits.take(32)?;
    let (progressive, interlaced) = (bits.flag()?, bits.flag()?);
    bits.skip(2 + 44)?;
    // A stream that names no profile of its own is what it says it is compatible with.
    let number = if number == 0 { compatible.leading_zeros() } else { number };
    let name = match number {
        1 => "Main",
        2 => "Main 10",
        3 => "Main Still",
        4 => "Format Range",
        5 => "High Throughput",
        6 => "Multiview Main",
        7 => "Scalable Main",
        8 => "3D Main",
        9 => "Screen Content",
        10 => "Scalable Format Range",
        11 => "High Throughput Screen Content",
        _ => "",
    };
    let scan = match (progressive, interlaced) {
        (true, false) => Some("progressive"),
        (false, true) => Some("interlaced"),
        _ => None,
    };
    Some(((!name.is_empty()).then(|| name.to_owned()), scan))
}

/// A sequence parameter set.
fn parameters(bytes: &[u8]) -> Option<Video> {
    let mut bits = Bits::new(bytes);
    bits.skip(4)?;
    let layers = bits.take(3)?;
    bits.flag()?;
    let (profile, scan) = profile(&mut bits)?;
    bits.skip(8)?;
    sets::sub_layers(&mut bits, layers)?;
    bits.ue()?;
    let chroma = bits.ue()?;
    let separate_planes = chroma == 3 && bits.flag()?;
    let (mut width, mut height) = (bits.ue()?, bits.ue()?);
    if bits.flag()? {
        let unit_x = if matches!(chroma, 1 | 2) && !separate_planes { 2 } else { 1 };
        let unit_y = if chroma == 1 && !separate_planes { 2 } else { 1 };
        width = super::avc::cropped(width, bits.ue()?, bits.ue()?, unit_x)?;
        height = super::avc::cropped(height, bits.ue()?, bits.ue()?, unit_y)?;
    }
    let bit_depth = bits.ue()?.checked_add(8).filter(|depth| *depth <= 16)?;
    bits.ue()?;
    let mut track = Video {
        profile,
        scan,
        width: Some(width),
        height: Some(height),
        bit_depth: Some(bit_depth),
        ..Video::of("hevc")
    };
    if let Some((signal, fps, fields)) = usability(&mut bits, layers) {
        track.display = signal.display(width, height);
        track.transfer = signal.transfer;
        track.fps = fps;
        if fields {
            track.scan = Some("interlaced");
        }
    }
    Some(track)
}

/// How to show the pictures, how many a second, and whether each is a field.
fn usability(bits: &mut Bits<'_>, layers: u32) -> Option<(Signal, Option<f64>, bool)> {
    sets::before_usability(bits, layers)?;
    if !bits.flag()? {
        return None;
    }
    let signal = signal(bits)?;
    bits.flag()?;
    let fields = bits.flag()?;
    bits.flag()?;
    if bits.flag()? {
        (0..4).try_for_each(|_| bits.ue().map(drop))?;
    }
    if bits.flag() != Some(true) {
        return Some((signal, None, fields));
    }
    let fps = bits.take(32).zip(bits.take(32)).filter(|(unit, scale)| *unit > 0 && *scale > 0);
    Some((signal, fps.map(|(unit, scale)| f64::from(scale) / f64::from(unit)), fields))
}
