//! H.264: profile, size, depth, rate and scan out of parameter sets (ITU-T H.264, 7.3.2.1 and annex E).
//!
//! Decodes no picture; of a slice only the bits that tell fields from frames are read.

use super::bits::Bits;
use super::nal::{self, messages, sized, unescaped};
use super::vui::{Signal, signal};
use crate::read::video::Video;

const SLICE: u8 = 1;
const KEY_SLICE: u8 = 5;
const MESSAGES: u8 = 6;
const PARAMETERS: u8 = 7;

/// What a decoder configuration record (`avcC`, ISO/IEC 14496-15) tells.
#[must_use]
pub fn configuration(record: &[u8]) -> Option<Video> {
    Some(parameters_of(record)?.track(&Pictures::default()))
}

/// What a sample tells, whose units have lengths as the record says, or start codes when there is no record.
#[must_use]
pub fn frame(record: &[u8], sample: &[u8]) -> Option<Video> {
    if record.first() != Some(&1) {
        return annex_b_within(sample, parameters_among(nal::annex_b(record)));
    }
    let length_bytes = usize::from(record.get(4)? & 3) + 1;
    let parameters = parameters_of(record).or_else(|| parameters_among(sized(sample, length_bytes)))?;
    let mut pictures = Pictures::default();
    sized(sample, length_bytes).for_each(|unit| pictures.see(unit, &parameters));
    Some(parameters.track(&pictures))
}

/// What a stream with start codes tells.
#[must_use]
pub fn annex_b(stream: &[u8]) -> Option<Video> {
    annex_b_within(stream, None)
}

fn annex_b_within(stream: &[u8], known: Option<Parameters>) -> Option<Video> {
    let parameters = parameters_among(nal::annex_b(stream)).or(known)?;
    let mut pictures = Pictures::default();
    nal::annex_b(stream).for_each(|unit| pictures.see(unit, &parameters));
    Some(parameters.track(&pictures))
}

fn parameters_of(record: &[u8]) -> Option<Parameters> {
    let count = record.get(5)? & 0x1f;
    let sets = record.get(6..)?;
    (record.first() == Some(&1) && count > 0).then(|| parameters_among(sized(sets, 2))).flatten()
}

fn parameters_among<'u>(mut units: impl Iterator<Item = &'u [u8]>) -> Option<Parameters> {
    units.find_map(|unit| {
        let (head, content) = unit.split_first()?;
        (head & 0x1f == PARAMETERS).then(|| Parameters::read(&unescaped(content))).flatten()
    })
}

/// What is kept of a sequence parameter set.
#[derive(Debug)]
struct Parameters {
    profile: u8,
    constraints: u8,
    bit_depth: u32,
    separate_planes: bool,
    frame_number_bits: u32,
    frames_only: bool,
    adaptive: bool,
    width: u32,
    height: u32,
    signal: Signal,
    /// Ticks a second and whether the rate is fixed.
    timing: Option<(f64, bool)>,
}

impl Parameters {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(bytes);
        let (profile, constraints) = (bits.byte()?, bits.byte()?);
        bits.skip(8)?;
        bits.ue()?;
        let (mut chroma, mut bit_depth, mut separate_planes) = (1, 8, false);
        if matches!(profile, 44 | 83 | 86 | 100 | 110 | 118 | 122 | 128 | 134 | 135 | 138 | 139 | 244) {
            chroma = bits.ue()?;
            separate_planes = chroma == 3 && bits.flag()?;
            bit_depth = bits.ue()?.checked_add(8).filter(|depth| *depth <= 14)?;
            bits.ue()?;
            bits.flag()?;
            if bits.flag()? {
                scaling_lists(&mut bits, if chroma == 3 { 12 } else { 8 })?;
            }
        }
        let frame_number_bits = bits.ue()?.checked_add(4).filter(|bits| *bits <= 16)?;
        picture_order(&mut bits)?;
        bits.ue()?;
        bits.flag()?;
        let (wide, high) = (bits.ue()?.checked_add(1)?, bits.ue()?.checked_add(1)?);
        let frames_only = bits.flag()?;
        let adaptive = !frames_only && bits.flag()?;
        bits.flag()?;
        let fields = if frames_only { 1 } else { 2 };
        let (mut width, mut height) = (wide.checked_mul(16)?, high.checked_mul(16)?.checked_mul(fields)?);
        if bits.flag()? {
            let unit_x = if matches!(chroma, 1 | 2) && !separate_planes { 2 } else { 1 };
            let unit_y = if chroma == 1 && !separate_planes { 2 * fields } else { fields };
            width = cropped(width, bits.ue()?, bits.ue()?, unit_x)?;
            height = cropped(height, bits.ue()?, bits.ue()?, unit_y)?;
        }
        let mut parameters = Self {
            profile,
            constraints,
            bit_depth,
            separate_planes,
            frame_number_bits,
            frames_only,
            adaptive,
            width,
            height,
            signal: Signal::default(),
            timing: None,
        };
        // What follows is not needed: a cut set has told the size already.
        if bits.flag() == Some(true) {
            parameters.signal = signal(&mut bits).unwrap_or_default();
            parameters.timing = timing(&mut bits);
        }
        Some(parameters)
    }

    fn track(&self, pictures: &Pictures) -> Video {
        let fixed = self.timing.filter(|(_, fixed)| *fixed);
        Video {
            profile: self.profile_name(),
            width: Some(self.width),
            height: Some(self.height),
            display: self.signal.display(self.width, self.height),
            // Two ticks make a frame.
            fps: fixed.map(|(ticks, _)| ticks / 2.0),
            frame_rate_mode: self.timing.map(|(_, fixed)| if fixed { "cfr" } else { "vfr" }),
            bit_depth: Some(self.bit_depth),
            scan: self.scan(pictures),
            transfer: pictures.preferred_transfer.or(self.signal.transfer),
            mastered: pictures.mastered,
            hdr: pictures.dynamic.then_some("hdr10+"),
            ..Video::of("h264")
        }
    }

    /// Frames may be all that a stream holds that could hold fields.
    fn scan(&self, pictures: &Pictures) -> Option<&'static str> {
        if self.frames_only {
            return Some("progressive");
        }
        match (self.adaptive, pictures.fields, pictures.frames) {
            (true, ..) | (_, true, _) => Some("interlaced"),
            (false, false, true) => Some("progressive"),
            (false, false, false) => None,
        }
    }

    fn profile_name(&self) -> Option<String> {
        let intra = self.constraints & 0x10 != 0;
        let name = match self.profile {
            66 if self.constraints & 0x40 != 0 => "Constrained Baseline",
            66 => "Baseline",
            77 => "Main",
            88 => "Extended",
            100 => "High",
            110 if intra => "High 10 Intra",
            110 => "High 10",
            122 if intra => "High 4:2:2 Intra",
            122 => "High 4:2:2",
            144 => "High 4:4:4",
            244 if intra => "High 4:4:4 Intra",
            244 => "High 4:4:4 Predictive",
            44 => "CAVLC 4:4:4 Intra",
            118 => "Multiview High",
            128 => "Stereo High",
            138 => "Multiview Depth High",
            _ => return None,
        };
        Some(name.to_owned())
    }
}

/// What pictures and messages told.
#[derive(Default)]
struct Pictures {
    frames: bool,
    fields: bool,
    mastered: bool,
    dynamic: bool,
    preferred_transfer: Option<u8>,
}

impl Pictures {
    fn see(&mut self, unit: &[u8], parameters: &Parameters) {
        let Some((head, content)) = unit.split_first() else { return };
        match head & 0x1f {
            SLICE | KEY_SLICE => {
                let start = content.get(..content.len().min(64)).unwrap_or_default();
                match is_field(&unescaped(start), parameters) {
                    Some(true) => self.fields = true,
                    Some(false) => self.frames = true,
                    None => {}
                }
            }
            MESSAGES => {
                for (kind, content) in messages(&unescaped(content)) {
                    self.mastered |= kind == 137;
                    self.dynamic |= kind == 4 && super::is_dynamic_metadata(content);
                    if kind == 147 {
                        self.preferred_transfer = content.first().copied();
                    }
                }
            }
            _ => {}
        }
    }
}

fn is_field(slice: &[u8], parameters: &Parameters) -> Option<bool> {
    let mut bits = Bits::new(slice);
    bits.ue()?;
    bits.ue()?;
    bits.ue()?;
    bits.skip(if parameters.separate_planes { 2 } else { 0 })?;
    bits.take(parameters.frame_number_bits)?;
    Some(!parameters.frames_only && bits.flag()?)
}

fn scaling_lists(bits: &mut Bits<'_>, count: usize) -> Option<()> {
    for list in 0..count {
        if !bits.flag()? {
            continue;
        }
        let (mut last, mut next) = (8i32, 8i32);
        for _ in 0..if list < 6 { 16 } else { 64 } {
            if next != 0 {
                next = last.checked_add(bits.se()?)?.rem_euclid(256);
            }
            if next != 0 {
                last = next;
            }
        }
    }
    Some(())
}

fn picture_order(bits: &mut Bits<'_>) -> Option<()> {
    match bits.ue()? {
        0 => {
            bits.ue()?;
        }
        1 => {
            bits.flag()?;
            bits.se()?;
            bits.se()?;
            for _ in 0..bits.ue().filter(|count| *count < 256)? {
                bits.se()?;
            }
        }
        _ => {}
    }
    Some(())
}

/// The ticks of a second, and whether every frame takes two of them.
fn timing(bits: &mut Bits<'_>) -> Option<(f64, bool)> {
    if !bits.flag()? {
        return None;
    }
    let (unit, scale, fixed) = (bits.take(32)?, bits.take(32)?, bits.flag()?);
    (unit > 0 && scale > 0).then(|| (f64::from(scale) / f64::from(unit), fixed))
}

pub(super) fn cropped(length: u32, before: u32, after: u32, unit: u32) -> Option<u32> {
    let cut = before.checked_add(after)?.checked_mul(unit)?;
    length.checked_sub(cut).filter(|length| *length > 0)
}
