//! Compresses files that fit in memory, one at a time, with room that is used again.
//!
//! Knows nothing of the archive and of where bytes come from, so that it can be done anywhere and in any order: the
//! same file at the same level gives the same bytes.

use libdeflater::{CompressionLvl, Compressor};

use super::record::{DEFLATED, STORED};

/// A file as it will lie in an archive, with all that its header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    size: u64,
    crc32: u32,
    pub(super) method: u16,
    bytes: Vec<u8>,
}

/// Compresses one file after another.
pub struct Packer {
    compressor: Option<Compressor>,
    probe: Probe,
    content: Vec<u8>,
    room: Vec<u8>,
}

/// Tells files apart that are worth compressing, by trying some of their bytes.
#[derive(Default)]
pub struct Probe {
    compressor: Option<Compressor>,
    sample: Vec<u8>,
    room: Vec<u8>,
}

/// Room that is kept from file to file. Most files are smaller, and larger ones pay for their own.
const KEPT: usize = 256 * 1024;
/// Files above this are tried before they are compressed.
const PROBED: usize = 1 << 20;
/// How many places of a file are tried, and how many bytes of each.
const PLACES: usize = 8;
const PLACE: usize = 8 * 1024;

impl Member {
    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// CRC-32 of the file.
    pub fn crc32(&self) -> u32 {
        self.crc32
    }

    /// Its bytes in the archive: compressed if that made them fewer.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Packer {
    /// For a level from 0, which compresses nothing, to 9. Takes up to 9 MB of memory at level 9, and less than 2 MB
    /// below.
    pub fn new(level: u32) -> Self {
        let compressor = (level > 0).then(|| Compressor::new(strength(level)));
        Self { compressor, probe: Probe::default(), content: Vec::new(), room: Vec::new() }
    }

    /// Where the next file's content is to be put. Empty, with room from files before.
    pub fn content(&mut self) -> &mut Vec<u8> {
        self.content.clear();
        &mut self.content
    }

    /// Makes a member of the content. It is stored if compressing is not asked for or makes it no smaller. Takes as
    /// much memory again as the content has.
    pub fn pack(&mut self, compress: bool) -> Member {
        let size = self.content.len() as u64;
        let crc32 = crc32fast::hash(&self.content);
        let packed = if compress { self.compressed() } else { None };
        let method = if packed.is_some() { DEFLATED } else { STORED };
        let bytes = packed.unwrap_or_else(|| taken(&mut self.content));
        self.content.clear();
        self.content.shrink_to(KEPT);
        Member { size, crc32, method, bytes }
    }

    fn compressed(&mut self) -> Option<Vec<u8>> {
        let compressor = self.compressor.as_mut()?;
        // What does not fit in one byte less than the file has did not shrink.
        let limit = self.content.len().checked_sub(1).filter(|limit| *limit > 0)?;
        if limit > PROBED && !self.probe.shrinks(&self.content) {
            return None;
        }
        if self.room.len() < limit {
            self.room.resize(limit, 0);
        }
        let len = compressor.deflate_compress(&self.content, self.room.get_mut(..limit)?).ok();
        if limit <= KEPT {
            return self.room.get(..len?).map(<[u8]>::to_vec);
        }
        let mut packed = std::mem::take(&mut self.room);
        packed.truncate(len?);
        packed.shrink_to_fit();
        Some(packed)
    }
}

impl Probe {
    /// Whether bytes from all over `content` shrink by more than a hundredth.
    pub fn shrinks(&mut self, content: &[u8]) -> bool {
        self.sample.clear();
        let step = (content.len() / PLACES).max(PLACE);
        for place in content.chunks(step) {
            self.sample.extend(place.iter().take(PLACE));
        }
        let enough = self.sample.len() - self.sample.len() / 100;
        self.room.resize(enough, 0);
        let compressor = self.compressor.get_or_insert_with(|| Compressor::new(strength(1)));
        compressor.deflate_compress(&self.sample, &mut self.room).is_ok()
    }
}

/// Small content is copied, so that its room is kept; large content is handed over.
fn taken(content: &mut Vec<u8>) -> Vec<u8> {
    if content.len() <= KEPT {
        return content.clone();
    }
    let mut content = std::mem::take(content);
    content.shrink_to_fit();
    content
}

/// The level of libdeflate that stands for one of ours. Up to 8, each is faster and packs tighter than zlib's of the
/// same number; 9 takes the time to look for the best.
fn strength(level: u32) -> CompressionLvl {
    const STRENGTHS: [i32; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 9, 12];
    let index = usize::try_from(level).unwrap_or(usize::MAX);
    let strength = STRENGTHS.get(index).or(STRENGTHS.last()).copied().unwrap_or_default();
    CompressionLvl::new(strength).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn pack(packer: &mut Packer, content: &[u8], compress: bool) -> Member {
        packer.content().extend(content);
        packer.pack(compress)
    }

    fn check(packer: &mut Packer, content: &[u8], compress: bool) -> Member {
        let member = pack(packer, content, compress);
        assert_eq!((member.size(), member.crc32()), (content.len() as u64, crc32fast::hash(content)));
        let mut unpacked = Vec::new();
        if member.method == STORED {
            unpacked.extend(member.bytes());
        } else {
            assert!(member.bytes().len() < content.len());
            flate2::read::DeflateDecoder::new(member.bytes()).read_to_end(&mut unpacked).unwrap();
        }
        assert!(unpacked == content, "{} bytes", content.len());
        member
    }

    fn noise(len: usize) -> Vec<u8> {
        let mut reader = blake3::Hasher::new().finalize_xof();
        let mut bytes = vec![0; len];
        reader.fill(&mut bytes);
        bytes
    }

    #[test]
    fn content_comes_back_at_every_size_around_the_limits() {
        let mut packer = Packer::new(6);
        for limit in [0, 1, 2, KEPT, PROBED, PROBED + KEPT] {
            for len in limit.saturating_sub(2)..limit + 3 {
                let text = b"a line that comes again\n".repeat(len / 24 + 1);
                assert_eq!(check(&mut packer, &text[..len], true).method == DEFLATED, len > 20, "{len}");
                assert_eq!(check(&mut packer, &noise(len), true).method, STORED);
                assert_eq!(check(&mut packer, &text[..len], false).method, STORED);
            }
        }
    }

    #[test]
    fn room_of_large_files_is_given_back() {
        let mut packer = Packer::new(1);
        for content in [vec![7; 3 << 20], noise(3 << 20)] {
            let member = pack(&mut packer, &content, true);
            assert!(member.bytes.capacity() <= member.bytes.len() + 4096);
            assert!(packer.content.capacity() + packer.room.capacity() <= 2 * KEPT);
        }
    }

    #[test]
    fn higher_levels_pack_tighter_and_the_lowest_not_at_all() {
        let text: Vec<u8> = (0..60_000u32).flat_map(|at| (at * at % 977).to_string().into_bytes()).collect();
        let len = |level| pack(&mut Packer::new(level), &text, true).bytes().len();
        assert_eq!(len(0), text.len());
        assert!(len(9) < len(6) && len(6) < len(1) && len(1) < text.len());
        assert_eq!(len(9), len(99));
    }

    #[test]
    fn a_probe_looks_everywhere() {
        let mut probe = Probe::default();
        let mut content = noise(2 << 20);
        assert!(!probe.shrinks(&content) && !probe.shrinks(&content[..100]) && !probe.shrinks(b""));
        content[(1 << 20)..].fill(7);
        assert!(probe.shrinks(&content));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_content_comes_back_whatever_came_before(
            files in prop::collection::vec((0usize..300_000, 1u8..=255, any::<bool>()), 1..5), level in 0u32..10,
        ) {
            let mut packer = Packer::new(level);
            for (len, modulus, compress) in files {
                let content: Vec<u8> = noise(len).into_iter().map(|byte| byte % modulus).collect();
                let member = check(&mut packer, &content, compress);
                prop_assert_eq!(&member, &pack(&mut Packer::new(level), &content, compress));
            }
        }
    }
}
