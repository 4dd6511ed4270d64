//! Units of H.264 and HEVC streams, between start codes or after their lengths, and start codes of older streams.
//!
//! Knows no unit's content.

/// How many units of one piece of a stream are looked at.
const MOST: usize = 4096;

/// The units of an Annex B stream, without start codes.
pub fn annex_b(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_start(stream);
    std::iter::from_fn(move || {
        let unit = rest?;
        let end = start_code(unit).unwrap_or(unit.len());
        let (this, next) = unit.split_at_checked(end)?;
        rest = after_start(next);
        Some(this)
    })
    .take(MOST)
}

/// The units of a sample in which each has its length in front, in so many bytes.
pub fn sized(sample: &[u8], length_bytes: usize) -> impl Iterator<Item = &[u8]> {
    let mut rest = sample;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_at_checked(length_bytes.clamp(1, 4))?;
        let length = length.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
        // A frame may have been read in part only: what is there of its last unit still counts.
        let (unit, next) = after.split_at_checked(length.min(after.len()))?;
        rest = next;
        (!unit.is_empty()).then_some(unit)
    })
    .take(MOST)
}

/// A unit's content without the bytes that keep start codes out of it.
pub fn unescaped(unit: &[u8]) -> Vec<u8> {
    /// Parameter sets and messages are far smaller.
    const MOST: usize = 64 << 10;
    let mut content = Vec::with_capacity(unit.len().min(MOST));
    let mut zeros = 0;
    for byte in unit.iter().take(MOST) {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        content.push(*byte);
    }
    content
}

/// The parts of a stream with start codes `00 00 01 xx`: the code and what follows it up to the next.
pub fn codes(stream: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    annex_b(stream).filter_map(|part| part.split_first().map(|(code, content)| (*code, content)))
}

/// Messages (SEI) of a unit whose header is gone: type and content.
pub fn messages(unit: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = unit;
    std::iter::from_fn(move || {
        // Less than this is the trailing bit alone.
        if rest.len() < 3 {
            return None;
        }
        let (kind, after) = long_number(rest)?;
        let (length, after) = long_number(after)?;
        let (content, next) = after.split_at_checked(usize::try_from(length).ok()?)?;
        rest = next;
        Some((kind, content))
    })
    .take(MOST)
}

/// Bytes of 255 add up until a smaller one ends the number.
fn long_number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let full = bytes.iter().take_while(|byte| **byte == 0xff).count();
    let last = *bytes.get(full)?;
    let number = u32::try_from(full).ok()?.checked_mul(255)?.checked_add(u32::from(last))?;
    Some((number, bytes.get(full + 1..)?))
}

fn start_code(bytes: &[u8]) -> Option<usize> {
    bytes.windows(3).position(|window| window == [0, 0, 1])
}

fn after_start(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(start_code(bytes)? + 3..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn units_lie_between_start_codes() {
        let stream = [9, 0, 0, 1, 7, 8, 0, 0, 1, 5, 0, 0, 0, 1, 6];
        let units: Vec<_> = annex_b(&stream).collect();
        assert_eq!(units, [&[7, 8][..], &[5, 0], &[6]]);
    }

    #[test]
    fn the_last_unit_of_a_cut_sample_counts() {
        let units: Vec<_> = sized(&[0, 0, 0, 2, 7, 8, 0, 0, 9, 9, 1], 4).collect();
        assert_eq!(units, [&[7, 8][..], &[1]]);
    }

    #[test]
    fn escapes_go() {
        assert_eq!(unescaped(&[0, 0, 3, 1, 0, 0, 3, 0, 0, 3]), [0, 0, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn messages_have_long_types_and_lengths() {
        let unit = [255, 1, 2, 10, 11, 5, 1, 9, 0x80];
        let found: Vec<_> = messages(&unit).collect();
        assert_eq!(found, [(256, &[10, 11][..]), (5, &[9])]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic_or_go_on_for_ever(bytes in proptest::collection::vec(0..4u8, 0..300), length in 0..6usize) {
            prop_assert!(annex_b(&bytes).count() <= bytes.len());
            prop_assert!(sized(&bytes, length).count() <= bytes.len());
            prop_assert!(messages(&bytes).count() <= bytes.len());
            prop_assert!(unescaped(&bytes).len() <= bytes.len());
        }
    }
}
