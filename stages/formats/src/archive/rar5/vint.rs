//! Numbers of variable length, as RAR 5 writes them: seven bits a byte, the lowest first, the top bit says that
//! more follow.
//!
//! Knows nothing of headers. A number may have more bytes than it needs, up to ten.

use super::super::rar::Fields;

/// Most bytes a number may have.
const MOST: usize = 10;

/// How many bytes `number` needs.
pub fn width(number: u64) -> usize {
    (number.checked_ilog2().unwrap_or(0) / 7 + 1) as usize
}

/// Writes `number` in as few bytes as it needs.
pub fn put(out: &mut Vec<u8>, number: u64) {
    put_wide(out, number, width(number));
}

/// Writes `number` in so many bytes, or more when it needs them.
pub fn put_wide(out: &mut Vec<u8>, mut number: u64, wide: usize) {
    for _ in 1..wide.max(width(number)) {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a number; none when it does not end or has more than 64 bits.
pub fn take(fields: &mut Fields<'_>) -> Option<u64> {
    let mut number = 0;
    for place in 0..MOST {
        let byte = fields.u8()?;
        let bits = u64::from(byte & 0x7f);
        let shifted = bits << (7 * place);
        if shifted >> (7 * place) != bits {
            return None;
        }
        number |= shifted;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(number: u64, wide: usize, want: &[u8]) {
        let mut bytes = Vec::new();
        put_wide(&mut bytes, number, wide);
        assert_eq!(bytes, want);
        assert_eq!(take(&mut Fields(&bytes)), Some(number));
    }

    #[test]
    fn numbers_are_read_back_however_wide_they_are() {
        check(0, 1, &[0]);
        check(0, 2, &[0x80, 0]);
        check(0x37, 2, &[0xb7, 0]);
        check(127, 0, &[127]);
        check(128, 1, &[0x80, 1]);
        check(16_384, 3, &[0x80, 0x80, 1]);
        check(u64::MAX, 1, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
    }

    #[test]
    fn numbers_that_do_not_end_or_do_not_fit_are_none() {
        for bytes in
            [&[][..], &[0x80], &[0x80; 10], &[0x80; 11], &[255, 255, 255, 255, 255, 255, 255, 255, 255, 2]]
        {
            assert_eq!(take(&mut Fields(bytes)), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_number_is_read_back(number: u64, wide in 0usize..=10) {
            let mut bytes = Vec::new();
            put_wide(&mut bytes, number, wide);
            proptest::prop_assert_eq!(bytes.len(), wide.max(width(number)));
            proptest::prop_assert_eq!(take(&mut Fields(&bytes)), Some(number));
        }
    }
}
