//! The checksums that RAR 5 headers carry: the CRC-32 of parts, or their BLAKE2sp.
//!
//! The CRC-32 of a split file is put together from those of its parts, which may be read in any order. No BLAKE2sp
//! can: it is carried from part to part, so the parts of one file must be read in theirs.

use blake2s_simd::blake2sp;

use super::super::rar::{self, Dialect, Error, PartCrcs, Sums};
use super::super::split::Part;
use super::{Hash, Layout};

/// What a file header says of bytes: those of its part, or of the whole file in its last part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// CRC-32.
    Crc32(u32),
    /// BLAKE2sp.
    Blake2sp([u8; 32]),
    /// Nothing: a directory has no bytes.
    Nothing,
}

/// The checksums of each part of a layout, as far as known.
#[derive(Debug, Clone)]
pub struct PartSums {
    /// CRC-32 of each part, which the CRC-32 of a volume is put together from.
    pub crcs: PartCrcs,
    hashes: Option<Vec<Option<[u8; 32]>>>,
    running: Option<Running>,
    own: blake2sp::State,
}

/// The BLAKE2sp of a file up to some offset.
#[derive(Debug, Clone)]
struct Running {
    entry: usize,
    offset: u64,
    state: blake2sp::State,
}

impl PartSums {
    /// Nothing is known yet.
    pub fn new(layout: &Layout) -> Self {
        let hashes = (layout.options().hash == Hash::Blake2sp).then(|| vec![None; layout.parts().len()]);
        Self { crcs: PartCrcs::new(layout), hashes, running: None, own: blake2sp::State::new() }
    }

    /// Notes the BLAKE2sp that the header of a part is to carry: that of the part's bytes when the file goes on
    /// behind it, that of the whole file when it ends with it. Without BLAKE2sp in the options it is not needed.
    pub fn set_hash(&mut self, part: usize, blake2sp: [u8; 32]) {
        if let Some(place) = self.hashes.as_mut().and_then(|hashes| hashes.get_mut(part)) {
            *place = Some(blake2sp);
        }
    }
}

impl Sums for PartSums {
    type Said = Said;

    fn crcs(&self) -> &PartCrcs {
        &self.crcs
    }

    fn said<D: Dialect>(&self, layout: &rar::Layout<D>, part: usize) -> Result<Said, Error> {
        match &self.hashes {
            None => Ok(Said::Crc32(self.crcs.said(layout, part)?)),
            Some(_) if is_directory(layout, part) => Ok(Said::Nothing),
            Some(hashes) => {
                let hash = hashes.get(part).copied().flatten();
                Ok(Said::Blake2sp(hash.ok_or(Error::HashUnknown(part))?))
            }
        }
    }

    fn begin(&mut self, number: usize, part: &Part) -> Result<(), Error> {
        if self.hashes.is_none() {
            return Ok(());
        }
        self.own = blake2sp::State::new();
        if part.offset == 0 {
            self.running = Some(Running { entry: part.entry, offset: 0, state: blake2sp::State::new() });
        }
        let here = |running: &Running| (running.entry, running.offset) == (part.entry, part.offset);
        match self.running.as_ref().is_some_and(here) {
            true => Ok(()),
            false => Err(Error::HashUnknown(number)),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        if let Some(running) = self.hashes.as_ref().and(self.running.as_mut()) {
            running.state.update(bytes);
            running.offset += bytes.len() as u64;
            self.own.update(bytes);
        }
    }

    fn finish(&mut self, number: usize, part: &Part, crc32: u32) {
        self.crcs.set(number, crc32);
        if let Some(running) = &self.running {
            let said = if part.continued { &self.own } else { &running.state };
            let hash = *said.finalize().as_array();
            self.set_hash(number, hash);
        }
    }
}

fn is_directory<D: Dialect>(layout: &rar::Layout<D>, part: usize) -> bool {
    let entry = layout.parts().get(part).and_then(|part| layout.entries().get(part.entry));
    entry.is_some_and(|entry| entry.directory)
}

#[cfg(test)]
mod tests {
    use super::super::{Entry, Options, seal, write_volume};
    use super::*;

    fn layout(hash: Hash) -> Layout {
        let options = Options { volume: Some(1000), hash, ..Options::default() };
        let entries = vec![Entry::directory("d", 0), Entry::file("d/a", 2000, 0), Entry::file("b", 100, 0)];
        Layout::new(entries, "x", options).unwrap()
    }

    fn content(part: &Part) -> Vec<u8> {
        (part.offset..part.offset + part.len).map(|place| (place >> 3) as u8).collect()
    }

    fn written(layout: &Layout, sums: &mut PartSums, index: usize) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        let mut source = |entry, offset, room: &mut [u8]| {
            let part = Part { offset, len: room.len() as u64, entry, ..layout.parts()[0].clone() };
            room.copy_from_slice(&content(&part));
            Ok(())
        };
        write_volume(layout, index, sums, &mut source, &mut out, &mut |_| Ok(()))?;
        Ok(out)
    }

    #[test]
    fn sums_given_by_hand_seal_what_a_writer_seals() {
        for hash in [Hash::Crc32, Hash::Blake2sp] {
            let layout = layout(hash);
            let mut by_hand = PartSums::new(&layout);
            for (number, part) in layout.parts().iter().enumerate().rev() {
                let bytes = content(part);
                by_hand.crcs.set(number, crc32fast::hash(&bytes));
                let whole = Part { offset: 0, len: layout.entries()[part.entry].size, ..part.clone() };
                let told = if part.continued { bytes } else { content(&whole) };
                by_hand.set_hash(number, *blake2sp::blake2sp(&told).as_array());
            }
            let mut sums = PartSums::new(&layout);
            for index in 0..layout.volumes().len() {
                let bytes = written(&layout, &mut sums, index).unwrap();
                let sealed = seal(&layout, index, &by_hand).unwrap();
                assert_eq!(sealed.crc32, crc32fast::hash(&bytes));
                for (at, piece) in sealed.pieces {
                    assert_eq!(bytes[at as usize..][..piece.len()], piece);
                }
            }
        }
    }

    #[test]
    fn volumes_out_of_order_are_refused_where_the_hash_is_carried() {
        let layout = layout(Hash::Blake2sp);
        let mut sums = PartSums::new(&layout);
        let error = written(&layout, &mut sums, 1).unwrap_err();
        assert_eq!(error.to_string(), "the blake2sp for part 2 is not known yet");
        written(&layout, &mut sums, 0).unwrap();
        written(&layout, &mut sums, 0).unwrap();
        written(&layout, &mut sums, 1).unwrap();
        assert!(matches!(written(&layout, &mut sums, 1), Err(Error::HashUnknown(2))));
    }
}
