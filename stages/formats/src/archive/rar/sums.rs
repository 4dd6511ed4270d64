//! The checksums that headers carry, as far as they are known.
//!
//! Reads nothing: whoever has the bytes says what they sum up to.

use crate::digest::crc32_combine;

use super::super::split::Part;
use super::{Dialect, Error, Layout};

/// What the headers of a generation need to know of the bytes behind them. All need the CRC-32 of each part, which
/// the CRC-32 of a volume is put together from.
pub trait Sums {
    /// What the header before a part says.
    type Said;

    /// The CRC-32 of the parts.
    fn crcs(&self) -> &PartCrcs;

    /// What the header before the part with that index says.
    fn said<D: Dialect>(&self, layout: &Layout<D>, part: usize) -> Result<Self::Said, Error>;

    /// The bytes of a part are about to come. The parts of one file come in their order.
    fn begin(&mut self, _number: usize, _part: &Part) -> Result<(), Error> {
        Ok(())
    }

    /// The next bytes of the part.
    fn update(&mut self, _bytes: &[u8]) {}

    /// All bytes of the part have come; their CRC-32 was taken on the way.
    fn finish(&mut self, number: usize, part: &Part, crc32: u32);
}

/// The CRC-32 of each part of a layout, as far as known. They may become known in any order.
#[derive(Debug, Clone)]
pub struct PartCrcs(Vec<Option<u32>>);

impl PartCrcs {
    /// Nothing is known yet.
    pub fn new<D: Dialect>(layout: &Layout<D>) -> Self {
        Self(vec![None; layout.parts().len()])
    }

    /// Notes the CRC-32 of a part's bytes, by its index in [`Layout::parts`].
    pub fn set(&mut self, part: usize, crc32: u32) {
        if let Some(place) = self.0.get_mut(part) {
            *place = Some(crc32);
        }
    }

    /// The CRC-32 of a part's bytes.
    pub fn get(&self, part: usize) -> Result<u32, Error> {
        self.0.get(part).copied().flatten().ok_or(Error::CrcUnknown(part))
    }

    /// The CRC-32 of the file whose last part has that index, put together from all its parts.
    pub fn whole_file<D: Dialect>(&self, layout: &Layout<D>, last: usize) -> Result<u32, Error> {
        let parts = layout.parts().get(..=last).unwrap_or_default();
        let entry = parts.last().map(|part| part.entry);
        // The parts of one file follow each other, so they begin behind the last part of another one.
        let first = parts.iter().rposition(|part| Some(part.entry) != entry).map_or(0, |other| other + 1);
        let own = parts.iter().enumerate().skip(first);
        own.into_iter().try_fold(0, |crc, (index, part)| Ok(crc32_combine(crc, self.get(index)?, part.len)))
    }
}

/// The CRC-32 of the part, or of the whole file where it ends.
impl Sums for PartCrcs {
    type Said = u32;

    fn crcs(&self) -> &PartCrcs {
        self
    }

    fn said<D: Dialect>(&self, layout: &Layout<D>, part: usize) -> Result<u32, Error> {
        match layout.parts().get(part).is_some_and(|part| part.continued) {
            true => self.get(part),
            false => self.whole_file(layout, part),
        }
    }

    fn finish(&mut self, number: usize, _: &Part, crc32: u32) {
        self.set(number, crc32);
    }
}
