//! Copies pieces of parts to their places in any order, on all threads, and seals every volume at the end.

use engine::{Digests, StageError};
use formats::digest::crc32_combine;
use rayon::prelude::*;

use super::{BLOCK, Work};

/// How much of a part one task copies: enough for a disk, and small enough that no thread waits long for another.
const PIECE: u64 = 8 << 20;

/// A range of a part.
struct Piece {
    part: usize,
    start: u64,
    len: u64,
}

/// Writes all volumes; gives the digests of each.
pub(super) fn write(work: &Work<'_, '_>) -> Result<Vec<Digests>, StageError> {
    copy(work, true)?;
    (0..work.layout.volumes.len())
        .into_par_iter()
        .map(|index| {
            let sealed = work.seal(index)?;
            let volume = work.volume(index)?;
            for (at, bytes) in &sealed.pieces {
                work.put(&volume, index, *at, bytes)?;
            }
            Ok(Digests::from_iter([("crc32".to_owned(), format!("{:08x}", sealed.crc32))]))
        })
        .collect()
}

/// Passes over all parts and takes their CRCs; with `put`, copies them to their places.
pub(super) fn copy(work: &Work<'_, '_>, put: bool) -> Result<(), StageError> {
    let pieces: Vec<Piece> = work
        .layout
        .parts
        .iter()
        .enumerate()
        .flat_map(|(part, own)| {
            let starts = (0..own.len.div_ceil(PIECE).max(1)).map(|number| number * PIECE);
            starts.map(move |start| Piece { part, start, len: (own.len - start).min(PIECE) })
        })
        .collect();
    let crcs: Vec<u32> = pieces
        .par_iter()
        .map_init(Vec::new, |block, piece| one(work, piece, block, put))
        .collect::<Result<_, _>>()?;
    let mut whole: Vec<u32> = vec![0; work.layout.parts.len()];
    for (piece, crc) in pieces.iter().zip(crcs) {
        if let Some(own) = whole.get_mut(piece.part) {
            *own = crc32_combine(*own, crc, piece.len);
        }
    }
    whole.into_iter().enumerate().for_each(|(part, crc)| work.set_crc(part, crc));
    Ok(())
}

fn one(work: &Work<'_, '_>, piece: &Piece, block: &mut Vec<u8>, put: bool) -> Result<u32, StageError> {
    let Some(part) = work.layout.parts.get(piece.part) else { return Ok(0) };
    let source = work.source(part.entry)?;
    let volume = if put { Some(work.volume(part.volume)?) } else { None };
    if put {
        work.begun(part.volume);
    }
    let mut crc = crc32fast::Hasher::new();
    let mut done = 0;
    while done < piece.len {
        block.resize(usize::try_from((piece.len - done).min(BLOCK)).unwrap_or_default(), 0);
        work.read(&source, part.entry, part.offset + piece.start + done, block)?;
        crc.update(block);
        if let Some(volume) = &volume {
            work.put(volume, part.volume, part.at + piece.start + done, block)?;
            work.passed(part.volume, block.len() as u64)?;
        } else {
            work.job.check()?;
        }
        done += block.len() as u64;
    }
    if !part.continued && piece.start + piece.len == part.len {
        work.ended(&source, part.entry)?;
    }
    Ok(crc.finalize())
}
