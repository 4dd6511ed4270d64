//! Sample tables of a track: how long samples last, how large they are, and where the first one lies.
//!
//! Tables are read up to a bound and folded into a few numbers; no sample is read here.

use super::boxes::{Node, first};
use crate::read::fields::Fields;
use crate::read::window::Window;
use std::io;

/// How long the samples of a track last, in units of its time scale.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timing {
    pub frames: u64,
    pub duration: u64,
    /// Shortest and longest duration of a sample that counts: one odd sample at either end does not.
    pub spread: Option<(u32, u32)>,
}

/// Where a sample lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub at: u64,
    pub length: u64,
}

/// What the tables of one track tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples {
    pub timing: Timing,
    pub count: u64,
    /// Bytes of all samples, when the table is short enough to be added up.
    pub bytes: Option<u64>,
    pub first: Option<Place>,
}

/// Bytes that are read of one table: 6 hours at 60 frames a second.
const TABLE: u64 = 6 << 20;

impl Timing {
    /// Adds samples that last equally long.
    pub fn add(&mut self, samples: u64, each: u32) {
        self.frames = self.frames.saturating_add(samples);
        self.duration = self.duration.saturating_add(samples.saturating_mul(each.into()));
    }

    /// Adds what another table of the same track counted.
    pub fn add_all(&mut self, other: &Self) {
        self.frames = self.frames.saturating_add(other.frames);
        self.duration = self.duration.saturating_add(other.duration);
        for each in other.spread.iter().flat_map(|(least, most)| [*least, *most]) {
            self.count(each);
        }
    }

    /// Takes a duration into the spread.
    pub fn count(&mut self, each: u32) {
        let (least, most) = self.spread.unwrap_or((each, each));
        self.spread = Some((least.min(each), most.max(each)));
    }

    /// Frames a second, and whether they come at a constant rate.
    pub fn rate(&self, scale: u32) -> Option<(f64, &'static str)> {
        let (least, most) = self.spread.filter(|(least, _)| *least > 0)?;
        let scale = f64::from(scale);
        let (fastest, slowest) = (scale / f64::from(least), scale / f64::from(most));
        if fastest - slowest < 0.001 {
            return Some((slowest, "cfr"));
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of frames and ticks are far below 2^52")]
        let average = self.frames as f64 / self.duration as f64 * scale;
        Some((average, "vfr"))
    }
}

impl Samples {
    /// Reads the tables in a sample table box. `sizes` asks for the bytes of all samples too.
    pub fn read(window: &mut Window, tables: &[Node], sizes: bool) -> io::Result<Self> {
        let mut samples = Self::default();
        if let Some(table) = first(tables, b"stts") {
            samples.timing = timing(&table.content(window, TABLE)?);
        }
        if let Some(table) = first(tables, b"stsz").or_else(|| first(tables, b"stz2")) {
            samples.sizes(window, table, sizes)?;
        }
        let offset = match first(tables, b"stco") {
            Some(table) => table.content(window, 12)?.get(8..12).and_then(|mut bytes| number(&mut bytes)),
            None => match first(tables, b"co64") {
                Some(table) => table.content(window, 16)?.get(8..16).and_then(|mut bytes| number(&mut bytes)),
                None => None,
            },
        };
        let length = samples.first.map_or(0, |place| place.length);
        samples.first = offset.map(|at| Place { at, length }).filter(|_| samples.count > 0);
        Ok(samples)
    }

    fn sizes(&mut self, window: &mut Window, table: Node, all: bool) -> io::Result<()> {
        let bytes = table.content(window, if all { TABLE } else { 16 })?;
        let mut fields = Fields(&bytes);
        let (Some(()), Some(each), Some(count)) = (fields.skip(4), fields.be32(), fields.be32()) else {
            return Ok(());
        };
        self.count = count.into();
        let mut first = u64::from(each);
        if table.kind == *b"stz2" {
            // Compact sizes are rare and tiny; only their number is of use.
            first = 0;
        } else if each > 0 {
            self.bytes = Some(u64::from(each).saturating_mul(count.into()));
        } else {
            first = Fields(fields.0).be32().unwrap_or(0).into();
            let whole = fields.0.len() as u64 / 4 >= u64::from(count);
            self.bytes = whole.then(|| {
                let entries = fields.0.as_chunks::<4>().0.iter().take(count as usize);
                entries.map(|entry| u64::from(u32::from_be_bytes(*entry))).fold(0, u64::saturating_add)
            });
        }
        self.first = Some(Place { at: 0, length: first });
        Ok(())
    }
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut fields = Fields(bytes);
    if bytes.len() == 4 { fields.be32().map(u64::from) } else { fields.be64() }
}

/// A sample that is alone at the start or the end of the table lasts longer or shorter for technical reasons and says
/// nothing about the rate.
fn timing(table: &[u8]) -> Timing {
    let mut fields = Fields(table);
    let mut timing = Timing::default();
    let (Some(()), Some(count)) = (fields.skip(4), fields.be32()) else { return timing };
    let entries: Vec<_> = fields
        .0
        .as_chunks::<8>()
        .0
        .iter()
        .take(count as usize)
        .filter_map(|entry| {
            let mut entry = Fields(entry);
            Some((entry.be32()?, entry.be32()?))
        })
        .collect();
    let last = entries.len().saturating_sub(1);
    let short = matches!(last, 1 | 2);
    for (index, (samples, each)) in entries.iter().copied().enumerate() {
        timing.add(samples.into(), each);
        let lone = samples == 1 && short && (index == 0 || index == last);
        if !lone {
            timing.count(each);
        }
    }
    if timing.spread.is_none() {
        entries.iter().for_each(|(_, each)| timing.count(*each));
    }
    timing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entries: &[(u32, u32)], scale: u32, want: Option<(f64, &'static str)>) {
        let mut table = vec![0; 4];
        table.extend((entries.len() as u32).to_be_bytes());
        for (samples, each) in entries {
            table.extend(samples.to_be_bytes());
            table.extend(each.to_be_bytes());
        }
        let rate = timing(&table).rate(scale).map(|(rate, mode)| ((rate * 1000.0).round() / 1000.0, mode));
        assert_eq!(rate, want, "{entries:?}");
    }

    #[test]
    fn equal_samples_have_a_constant_rate() {
        check(&[(50, 512)], 12800, Some((25.0, "cfr")));
        check(&[(24, 1001)], 24000, Some((23.976, "cfr")));
    }

    #[test]
    fn one_odd_sample_at_an_end_does_not_make_a_rate_variable() {
        check(&[(49, 512), (1, 700)], 12800, Some((25.0, "cfr")));
        check(&[(1, 400), (49, 512)], 12800, Some((25.0, "cfr")));
    }

    #[test]
    fn different_samples_have_an_average_rate() {
        check(&[(20, 512), (10, 1536)], 12800, Some((15.0, "vfr")));
    }

    #[test]
    fn no_samples_have_no_rate() {
        check(&[], 12800, None);
        check(&[(3, 0)], 12800, None);
        assert_eq!(timing(b"\0\0\0\0\xff\xff\xff\xff\0\0"), Timing::default());
    }
}
