//! Everything in a volume that is not file content, once the checksums of its parts are known.
//!
//! Reads and writes nothing: volumes are independent ranges of bytes, and their own CRC-32 is put together from
//! those of their pieces.

use crate::digest::crc32_combine;

use super::{Dialect, Error, Layout, Sums};

/// What to write around the parts of a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Offset in the volume and the bytes that stand there, ascending. Parts lie exactly between them.
    pub pieces: Vec<(u64, Vec<u8>)>,
    /// CRC-32 of the complete volume.
    pub crc32: u32,
}

/// All bytes of a volume but its parts. Needs the sums of the volume's parts, and where a split file ends in it
/// those of that file's earlier parts.
pub fn seal<D: Dialect>(layout: &Layout<D>, index: usize, sums: &D::Sums) -> Result<Sealed, Error> {
    let volume = layout.volume(index)?;
    let last = index + 1 == layout.volumes().len();
    let front = layout.options().front(index);
    let mut crc32 = crc32fast::hash(&front);
    let mut end_at = front.len() as u64;
    let mut pieces = vec![(0, front)];
    for (number, part) in layout.parts_of(volume) {
        let Some(entry) = layout.entries().get(part.entry) else { continue };
        let own = sums.crcs().get(number)?;
        let bytes = layout.options().header(entry, part, &sums.said(layout, number)?);
        crc32 = crc32_combine(crc32, crc32fast::hash(&bytes), bytes.len() as u64);
        crc32 = crc32_combine(crc32, own, part.len);
        pieces.push((part.at - part.header, bytes));
        end_at = part.at + part.len;
    }
    let end = layout.options().end(index, last, crc32);
    crc32 = crc32_combine(crc32, crc32fast::hash(&end), end.len() as u64);
    pieces.push((end_at, end));
    Ok(Sealed { pieces, crc32 })
}

#[cfg(test)]
mod tests {
    use super::super::super::dos_time::DosTime;
    use super::super::super::rar4::{Entry, Layout, Options};
    use super::super::super::split::Part;
    use super::super::PartCrcs;
    use super::*;

    #[test]
    fn pieces_and_parts_tile_the_volume_and_give_its_crc() {
        let content: Vec<u8> = (0..=255).cycle().take(500).collect();
        let entries =
            vec![Entry::file("a", 300, DosTime::EARLIEST), Entry::file("b/c", 200, DosTime::EARLIEST)];
        let options = Options { volume: Some(150), ..Options::default() };
        let layout = Layout::new(entries, "x", options).unwrap();
        let bytes_of = |part: &Part| {
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
