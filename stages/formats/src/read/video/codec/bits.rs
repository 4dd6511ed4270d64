//! Reads bits, most significant first, and the variable-length numbers of video streams.
//!
//! Every read beyond the end is `None`: no caller needs to ask how much is left.

/// A place in bytes, counted in bits.
#[derive(Debug, Clone)]
pub struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Bits<'b> {
    /// Starts at the first bit.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// One bit.
    pub fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// A number of up to 32 bits.
    pub fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0u32;
        for _ in 0..count.min(32) {
            value = value << 1 | u32::from(self.flag()?);
        }
        Some(value)
    }

    /// A number of up to 8 bits.
    pub fn byte(&mut self) -> Option<u8> {
        self.take(8).and_then(|value| u8::try_from(value).ok())
    }

    /// Passes over bits.
    pub fn skip(&mut self, count: usize) -> Option<()> {
        self.at = self.at.checked_add(count)?;
        (self.at <= self.bytes.len().saturating_mul(8)).then_some(())
    }

    /// Passes over as many bits as follow a set flag, and tells the flag.
    pub fn skip_if_flagged(&mut self, count: usize) -> Option<bool> {
        let flag = self.flag()?;
        if flag {
            self.skip(count)?;
        }
        Some(flag)
    }

    /// An unsigned Exp-Golomb number.
    pub fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        let rest = self.take(zeros)?;
        (1u32 << zeros).checked_sub(1)?.checked_add(rest)
    }

    /// A signed Exp-Golomb number.
    pub fn se(&mut self) -> Option<i32> {
        let value = i64::from(self.ue()?);
        let half = (value + 1) / 2;
        i32::try_from(if value % 2 == 0 { -half } else { half }).ok()
    }

    /// Moves to the next whole byte.
    pub fn align(&mut self) {
        self.at = self.at.div_ceil(8).saturating_mul(8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read_bit_by_bit() {
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0011]);
        assert_eq!((bits.flag(), bits.take(2), bits.ue()), (Some(true), Some(1), Some(5)));
        assert_eq!((bits.se(), bits.take(9)), (Some(1), None));
    }

    #[test]
    fn signed_numbers_alternate() {
        // 1, 010, 011, 00100, 00101
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        assert_eq!([(); 5].map(|()| bits.se()), [Some(0), Some(1), Some(-1), Some(2), Some(-2)]);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_reading_ends(bytes in proptest::collection::vec(any::<u8>(), 0..40), widths in proptest::collection::vec(0..70u32, 0..40)) {
            let mut bits = Bits::new(&bytes);
            for width in widths {
                let _ = (bits.take(width), bits.ue(), bits.se(), bits.skip(width as usize));
            }
            let mut bits = Bits::new(&bytes);
            let mut read = 0;
            while bits.flag().is_some() { read += 1; }
            prop_assert_eq!(read, bytes.len() * 8);
        }
    }
}
