//! The part of video usability information that H.264 and HEVC write alike (ITU-T H.264 and H.265, annex E).
//!
//! Stops where the two part ways.

use super::bits::Bits;

/// How decoded samples are to be shown.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Signal {
    /// Width and height of one sample.
    pub aspect: Option<(u32, u32)>,
    /// Transfer characteristics as in H.273.
    pub transfer: Option<u8>,
}

impl Signal {
    /// The size on the screen, when samples are not square.
    pub fn display(&self, width: u32, height: u32) -> Option<(u32, u32)> {
        let (x, y) = self.aspect.filter(|(x, y)| x != y && *x > 0 && *y > 0)?;
        let shown = u64::from(width).checked_mul(x.into())?.checked_div(y.into())?;
        u32::try_from(shown).ok().map(|shown| (shown, height))
    }
}

/// Reads up to and including the place of chroma samples.
pub fn signal(bits: &mut Bits<'_>) -> Option<Signal> {
    /// The aspects that have a number, from 1.
    const ASPECTS: [(u32, u32); 16] = [
        (1, 1),
        (12, 11),
        (10, 11),
        (16, 11),
        (40, 33),
        (24, 11),
        (20, 11),
        (32, 11),
        (80, 33),
        (18, 11),
        (15, 11),
        (64, 33),
        (160, 99),
        (4, 3),
        (3, 2),
        (2, 1),
    ];
    let mut signal = Signal::default();
    if bits.flag()? {
        signal.aspect = match bits.take(8)? {
            255 => Some((bits.take(16)?, bits.take(16)?)),
            number => ASPECTS.get((number as usize).wrapping_sub(1)).copied(),
        };
    }
    bits.skip_if_flagged(1)?;
    if bits.flag()? {
        bits.skip(4)?;
        if bits.flag()? {
            bits.skip(8)?;
            // 2 is "unspecified".
            signal.transfer = bits.byte().filter(|transfer| *transfer != 2);
            bits.skip(8)?;
        }
    }
    if bits.flag()? {
        bits.ue()?;
        bits.ue()?;
    }
    Some(signal)
}
