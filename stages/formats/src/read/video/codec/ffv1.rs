//! FFV1: the depth of samples, out of its range-coded header (RFC 9043, 3.8 and 4.2).
//!
//! Decodes no picture.

use crate::read::video::Video;

/// What a configuration record (versions 2 and later) tells.
#[must_use]
pub fn configuration(record: &[u8]) -> Option<Video> {
    header(&mut Coder::new(record)?)
}

/// What a key frame of versions 0 and 1 tells, whose header is in the frame.
#[must_use]
pub fn frame(frame: &[u8]) -> Option<Video> {
    let mut coder = Coder::new(frame)?;
    coder.bit(&mut 128).then_some(())?;
    header(&mut coder)
}

fn header(coder: &mut Coder<'_>) -> Option<Video> {
    let mut states = [128; 32];
    let version = coder.number(&mut states, false)?;
    if version > 4 {
        return None;
    }
    if version >= 3 {
        coder.number(&mut states, false)?;
    }
    // Own tables of states come with coder type 2.
    if coder.number(&mut states, false)? > 1 {
        for _ in 1..256 {
            coder.number(&mut states, true)?;
        }
    }
    coder.number(&mut states, false)?;
    let depth = if version >= 1 { coder.number(&mut states, false)? } else { 0 };
    let depth = if depth == 0 { 8 } else { u32::try_from(depth).ok().filter(|depth| *depth <= 32)? };
    Some(Video { bit_depth: Some(depth), ..Video::of("ffv1") })
}

/// The adaptive binary range decoder.
struct Coder<'b> {
    rest: &'b [u8],
    low: u32,
    range: u32,
    after_one: [u8; 256],
}

impl<'b> Coder<'b> {
    fn new(bytes: &'b [u8]) -> Option<Self> {
        let (start, rest) = bytes.split_first_chunk::<2>()?;
        let low = u32::from(u16::from_be_bytes(*start));
        (low < 0xff00).then(|| Self { rest, low, range: 0xff00, after_one: transitions() })
    }

    fn bit(&mut self, state: &mut u8) -> bool {
        let part = (self.range * u32::from(*state)) >> 8;
        self.range -= part;
        let one = self.low >= self.range;
        if one {
            self.low -= self.range;
            self.range = part;
            *state = self.after(*state);
        } else {
            // Zeros move a state as far as ones move its mirror image.
            *state = 0u8.wrapping_sub(self.after(0u8.wrapping_sub(*state)));
        }
        while self.range < 0x100 {
            let (byte, rest) = self.rest.split_first().unwrap_or((&0, &[]));
            self.rest = rest;
            self.range <<= 8;
            self.low = self.low << 8 | u32::from(*byte);
        }
        one
    }

    fn after(&self, state: u8) -> u8 {
        self.after_one.get(usize::from(state)).copied().unwrap_or(state)
    }

    /// A number: its size in unary, then its bits, each with states of their own.
    fn number(&mut self, states: &mut [u8; 32], signed: bool) -> Option<i64> {
        if self.bit(states.get_mut(0)?) {
            return Some(0);
        }
        let mut size = 0usize;
        while self.bit(states.get_mut(1 + size.min(9))?) {
            size += 1;
            if size > 31 {
                return None;
            }
        }
        let mut value = 1i64;
        for place in (0..size).rev() {
            value = value * 2 + i64::from(self.bit(states.get_mut(22 + place.min(9))?));
        }
        let negative = signed && self.bit(states.get_mut(11 + size.min(10))?);
        Some(if negative { -value } else { value })
    }
}

/// The next state after a one, for each state: RFC 9043's table follows this recurrence, in which a probability gains a
/// twentieth of what it lacks.
fn transitions() -> [u8; 256] {
    const ONE: i64 = 1 << 32;
    const GAIN: i64 = ONE / 20;
    const HIGHEST: i64 = 256 - 8;
    let gained = |probability: i64| probability + (((ONE - probability) * GAIN + ONE / 2) >> 32);
    let rounded = |probability: i64| (256 * probability + ONE / 2) >> 32;
    let mut table = [0u8; 256];
    let mut put = |at: i64, to: i64, over: bool| {
        let place = usize::try_from(at).ok().and_then(|at| table.get_mut(at));
        if let (Some(place), Ok(to)) = (place, u8::try_from(to))
            && (over || *place == 0)
        {
            *place = to;
        }
    };
    let (mut probability, mut last) = (ONE / 2, 0);
    for _ in 0..128 {
        let state = rounded(probability).max(last + 1);
        if last > 0 && last < 256 && state <= HIGHEST {
            put(last, state, true);
        }
        probability = gained(probability);
        last = state;
    }
    for state in 256 - HIGHEST..=HIGHEST {
        let next = rounded(gained((state * ONE + 128) >> 8)).max(state + 1).min(HIGHEST);
        put(state, next, false);
    }
    table
}
