//! Numbers one after the other in a piece of bytes that may end too early.
//!
//! Knows byte orders and no format.

/// What is left of a piece of bytes. Every step is `None` when it does not hold that much any more.
#[derive(Clone, Copy)]
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// The next bytes.
    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// Steps over bytes.
    pub fn skip(&mut self, length: usize) -> Option<()> {
        self.take(length).map(drop)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub fn be16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn be32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn be64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub fn le16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn le32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A four-character code.
    pub fn code(&mut self) -> Option<[u8; 4]> {
        self.array()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_each_other_until_the_bytes_end() {
        let mut fields = Fields(&[1, 0, 2, 0, 0, 0, 3, 4, 0, 5, 0, 0, 0]);
        assert_eq!(fields.byte(), Some(1));
        assert_eq!(fields.be16(), Some(2));
        assert_eq!(fields.be32(), Some(3));
        assert_eq!(fields.le16(), Some(4));
        assert_eq!(fields.be64(), None);
        assert_eq!(fields.le32(), Some(5));
        assert_eq!(fields.byte(), None);
    }
}
