//! Reads the numbers, bits and names that a 7z header is made of.
//!
//! Bounded: nothing is made for more things than bytes are left. Knows no part of the header.

use super::super::bounds;

/// What is left of a header.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

/// The header makes no sense.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Nonsense;

impl<'a> Bytes<'a> {
    pub(super) fn name(&mut self) -> Result<String, Nonsense> {
        let mut units = Vec::new();
        loop {
            match u16::from_le_bytes(self.array()?) {
                0 => return Ok(String::from_utf16_lossy(&units)),
                unit => units.push(unit),
            }
        }
    }

    pub(super) fn crcs(&mut self, count: usize) -> Result<Vec<Option<u32>>, Nonsense> {
        let defined = self.defined(count)?;
        let read = |defined: bool| defined.then(|| self.array().map(u32::from_le_bytes)).transpose();
        defined.into_iter().map(read).collect()
    }

    pub(super) fn defined(&mut self, count: usize) -> Result<Vec<bool>, Nonsense> {
        if self.byte()? != 0 { Ok(vec![true; count]) } else { self.bits(count) }
    }

    pub(super) fn bits(&mut self, count: usize) -> Result<Vec<bool>, Nonsense> {
        let bytes = self.take(count.div_ceil(8))?;
        let bit = |at: usize| bytes.get(at / 8).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0);
        Ok((0..count).map(bit).collect())
    }

    /// What follows lies here and not in another stream, which no program has ever written.
    pub(super) fn inside(&mut self) -> Result<(), Nonsense> {
        if self.byte()? == 0 { Ok(()) } else { Err(Nonsense) }
    }

    /// A count of things that take a byte each at least, or that are as few as a release may have.
    pub(super) fn count(&mut self) -> Result<usize, Nonsense> {
        let count = usize::try_from(self.number()?).map_err(|_| Nonsense)?;
        if count <= self.0.len().min(bounds::MOST_FILES) { Ok(count) } else { Err(Nonsense) }
    }

    pub(super) fn sized(&mut self) -> Result<&'a [u8], Nonsense> {
        let len = usize::try_from(self.number()?).map_err(|_| Nonsense)?;
        self.take(len)
    }

    pub(super) fn number(&mut self) -> Result<u64, Nonsense> {
        let first = self.byte()?;
        let more = first.leading_ones();
        let mut value = 0;
        for at in 0..more {
            value |= u64::from(self.byte()?) << (8 * at);
        }
        let top = u64::from(first) & (0x7f_u64 >> more);
        Ok(if more < 8 { value | top << (8 * more) } else { value })
    }

    pub(super) fn byte(&mut self) -> Result<u8, Nonsense> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Nonsense> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Nonsense)?;
        self.0 = rest;
        Ok(*array)
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Nonsense> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Nonsense)?;
        self.0 = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::header::number;
    use super::*;

    #[test]
    fn numbers_take_as_many_bytes_as_they_need() {
        for (value, want) in
            [(0, 1), (0x7f, 1), (0x80, 2), (0x3fff, 2), (0x4000, 3), (1 << 55, 8), (1 << 56, 9)]
        {
            let mut bytes = Vec::new();
            number(&mut bytes, value);
            assert_eq!((bytes.len(), Bytes(&bytes).number()), (want, Ok(value)), "{value:#x}");
        }
        assert_eq!(Bytes(b"\xff\0").number(), Err(Nonsense));
    }

    proptest! {
        #[test]
        fn a_number_is_read_back(value: u64, shift in 0u32..64) {
            let mut bytes = Vec::new();
            number(&mut bytes, value >> shift);
            let mut from = Bytes(&bytes);
            prop_assert_eq!((from.number(), from.0.len()), (Ok(value >> shift), 0));
        }
    }
}
