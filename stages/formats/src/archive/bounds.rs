//! What is still taken for an archive and not for a bomb.
//!
//! Knows no format: only how much comes out for how much went in.

/// Most files of an archive that is looked at: more than any release has, and few enough to remember their names.
pub(super) const MOST_FILES: usize = 1_000_000;
/// Most bytes of all names together.
pub(super) const MOST_NAMES: usize = 256 << 20;

/// Any archive may unpack to that much: long runs of zeros are honest, and take minutes at most.
const FREE: u64 = 64 << 30;
/// Above that, as much for a byte as deflate can do.
const RATIO: u64 = 1100;
/// More than any archive that a person makes.
const TOTAL: u64 = 16 << 40;

/// Most bytes that an archive of `size` bytes may unpack to.
pub(super) fn unpacked(size: u64) -> u64 {
    size.saturating_mul(RATIO).clamp(FREE, TOTAL)
}
