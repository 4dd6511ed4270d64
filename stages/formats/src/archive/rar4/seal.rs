//! Everything in a volume that is not file content, once the CRCs of its parts are known.
//!
//! Reads and writes nothing: volumes are independent ranges of bytes, and their own CRC-32 is put together from
//! those of their pieces.

use crate::digest::crc32_combine;

use super::{Error, Layout, header};

/// The CRC-32 of each part of a layout, as far as known. They may become known in any order.
#[derive(Debug, Clone)]
pub struct PartCrcs(Vec<Option<u32>>);

/// What to write around the parts of a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Offset in the volume and the bytes that stand there, ascending. Parts lie exactly between them.
    pub pieces: Vec<(u64, Vec<u8>)>,
    /// CRC-32 of the complete volume.
    pub crc32: u32,
}

impl PartCrcs {
    /// Nothing is known yet.
    pub fn new(layout: &Layout) -> Self {
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
    pub fn whole_file(&self, layout: &Layout, last: usize) -> Result<u32, Error> {
        let parts = layout.parts().get(..=last).unwrap_or_default();
        let entry = parts.last().map(|part| part.entry);
        // The parts of one file follow each other, so they begin behind the last part of another one.
        let first = parts.iter().rposition(|part| Some(part.entry) != entry).map_or(0, |other| other + 1);
        let own = parts.iter().enumerate().skip(first);
        own.into_iter().try_fold(0, |crc, (index, part)| Ok(crc32_combine(crc, self.get(index)?, part.len)))
    }
}

/// All bytes of a volume but its parts. Needs the CRCs of the volume's parts, and where a split file ends in it
/// those of that file's earlier parts.
pub fn seal(layout: &Layout, index: usize, crcs: &PartCrcs) -> Result<Sealed, Error> {
    let volume = layout.volume(index)?;
    let last = index + 1 == layout.volumes().len();
    let front = [header::MARKER.as_slice(), &header::archive(layout.options(), index)].concat();
    let mut crc32 = crc32fast::hash(&front);
    let mut pieces = vec![(0, front)];
    let mut end_at = header::FRONT;
    for (number, part) in layout.parts_of(volume) {
        let Some(entry) = layout.entries().get(part.entry) else { continue };
        let own = crcs.get(number)?;
        let written = if part.continued { own } else { crcs.whole_file(layout, number)? };
        let bytes = header::file(entry, part, layout.options(), written);
        crc32 = crc32_combine(crc32, crc32fast::hash(&bytes), bytes.len() as u64);
        crc32 = crc32_combine(crc32, own, part.len);
        pieces.push((part.at - part.header, bytes));
        end_at = part.at + part.len;
    }
    let end = header::end(layout.options(), index, last, crc32);
    crc32 = crc32_combine(crc32, crc32fast::hash(&end), end.len() as u64);
    pieces.push((end_at, end));
    Ok(Sealed { pieces, crc32 })
}

#[cfg(test)]
mod tests {
    use super::super::super::dos_time::DosTime;
    use super::super::{Entry, Options};
    use super::*;

    #[test]
    fn pieces_and_parts_tile_the_volume_and_give_its_crc() {
        let content: Vec<u8> = (0..=255).cycle().take(500).collect();
        let entries =
            vec![Entry::file("a", 300, DosTime::EARLIEST), Entry::file("b/c", 200, DosTime::EARLIEST)];
        let options = Options { volume: Some(150), ..Options::default() };
        let layout = Layout::new(entries, "x", options).unwrap();
        let bytes_of = |part: &super::super::super::split::Part| {
            let from = part.entry * 300 + part.offset as usize;
            &content[from..from + part.len as usize]
        };
        let mut crcs = PartCrcs::new(&layout);
        assert!(matches!(seal(&layout, 0, &crcs), Err(Error::CrcUnknown(0))));
        for (index, part) in layout.parts().iter().enumerate().rev() {
            crcs.set(index, crc32fast::hash(bytes_of(part)));
        }
        for (index, volume) in layout.volumes().iter().enumerate().rev() {
            let sealed = seal(&layout, index, &crcs).unwrap();
            let mut bytes = vec![None; volume.size as usize];
            let parts = layout.parts_of(volume).map(|(_, part)| (part.at, bytes_of(part).to_vec()));
            for (at, piece) in sealed.pieces.iter().cloned().chain(parts) {
                for (place, byte) in bytes[at as usize..].iter_mut().zip(piece) {
                    assert_eq!(place.replace(byte), None);
                }
            }
            let bytes: Option<Vec<u8>> = bytes.into_iter().collect();
            assert_eq!(crc32fast::hash(&bytes.expect("every byte is given")), sealed.crc32);
        }
        assert_eq!(
            crcs.whole_file(&layout, layout.parts().len() - 1).unwrap(),
            crc32fast::hash(&content[300..])
        );
    }
}
