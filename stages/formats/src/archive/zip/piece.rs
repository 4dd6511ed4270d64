//! Deflates a large file piece by piece, each piece on its own, so that pieces joined in order are one stream.
//!
//! Knows nothing of the archive. A piece is compressed with what came right before it at hand, and all but the last
//! end on a byte.

use std::io;

use flate2::{Compress, Compression, FlushCompress, Status};

/// How far back in a file a piece can refer.
pub const REACH: usize = 32 * 1024;

/// Deflates `piece` at a level from 0 to 9. `before` is what the file has right before it; its last [`REACH`] bytes
/// count.
pub fn deflate_piece(before: &[u8], piece: &[u8], last: bool, level: u32) -> io::Result<Vec<u8>> {
    let mut deflate = Compress::new(Compression::new(level.min(9)), false);
    let known = before.get(before.len().saturating_sub(REACH)..).unwrap_or(before);
    if !known.is_empty() {
        deflate.set_dictionary(known).map_err(io::Error::other)?;
    }
    let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
    let mut packed = Vec::with_capacity(piece.len() / 2 + 1024);
    loop {
        let done = usize::try_from(deflate.total_in()).unwrap_or(usize::MAX);
        let rest = piece.get(done..).unwrap_or_default();
        let status = deflate.compress_vec(rest, &mut packed, flush).map_err(io::Error::other)?;
        // All of a flush has come out when there was room left for more.
        if status == Status::StreamEnd || (!last && packed.len() < packed.capacity()) {
            packed.shrink_to_fit();
            return Ok(packed);
        }
        packed.reserve(piece.len() / 4 + 1024);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn check(content: &[u8], cuts: &[usize], level: u32) -> usize {
        let mut stream = Vec::new();
        let ends = cuts.iter().copied().chain([content.len()]);
        let mut start = 0;
        for (index, end) in ends.enumerate() {
            let last = index == cuts.len();
            stream.extend(deflate_piece(&content[..start], &content[start..end], last, level).unwrap());
            start = end;
        }
        let mut unpacked = Vec::new();
        let mut decoder = flate2::bufread::DeflateDecoder::new(stream.as_slice());
        decoder.read_to_end(&mut unpacked).unwrap();
        assert!(unpacked == content);
        assert!(decoder.into_inner().is_empty(), "something lies behind the stream");
        stream.len()
    }

    #[test]
    fn pieces_refer_to_what_came_before() {
        let text: Vec<u8> = (0..9_000u32)
            .flat_map(|at| blake3::hash(&(at % 900).to_le_bytes()).as_bytes()[..8].to_vec())
            .collect();
        let (whole, cut) = (check(&text, &[], 6), check(&text, &[20_000, 40_000, 60_000], 6));
        assert!(cut < whole + 500, "{cut} {whole}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn joined_pieces_are_one_stream(
            content in prop::collection::vec(0u8..9, 0..200_000), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
            noise: bool, level in 0u32..10,
        ) {
            let mut content = content;
            if noise {
                let len = content.len();
                blake3::Hasher::new().finalize_xof().fill(&mut content[len / 2..]);
            }
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.index(content.len() + 1)).collect();
            cuts.sort_unstable();
            check(&content, &cuts, level);
        }
    }
}
