//! Parts of a large file, read where they lie, a bounded number of bytes in all.
//!
//! Knows no format. A place past the end, and one past the budget, gives fewer bytes than were asked for.

use super::Source;
use std::io::{self, Read as _, SeekFrom};

/// A view of a source that keeps the last page, so that many small looks at neighbours cost one read.
pub struct Window<'a> {
    source: &'a mut dyn Source,
    size: u64,
    page: Vec<u8>,
    page_at: u64,
    left: u64,
}

/// Bytes that a small look reads at once.
const PAGE: usize = 4096;

impl<'a> Window<'a> {
    /// A window that reads at most `budget` bytes of the source.
    pub fn open(source: &'a mut dyn Source, budget: u64) -> io::Result<Self> {
        let size = source.seek(SeekFrom::End(0))?;
        Ok(Self { source, size, page: Vec::new(), page_at: 0, left: budget })
    }

    /// Length of the whole file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether the budget is used up, so that what follows was not looked at.
    pub fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// Up to `length` bytes at this place.
    pub fn bytes(&mut self, at: u64, length: usize) -> io::Result<Vec<u8>> {
        if length > PAGE / 2 {
            return self.fetch(at, length);
        }
        let mut part = self.kept(at, length);
        if part.is_none() && at < self.size {
            self.page = self.fetch(at, PAGE)?;
            self.page_at = at;
            part = self.kept(at, length);
        }
        Ok(part.unwrap_or_default())
    }

    /// Exactly this many bytes at this place, if they are there.
    pub fn array<const N: usize>(&mut self, at: u64) -> io::Result<Option<[u8; N]>> {
        Ok(self.bytes(at, N)?.try_into().ok())
    }

    fn kept(&self, at: u64, length: usize) -> Option<Vec<u8>> {
        let start = usize::try_from(at.checked_sub(self.page_at)?).ok()?;
        let tail = self.page.get(start..).filter(|tail| !tail.is_empty())?;
        let ends = self.page_at.saturating_add(self.page.len() as u64) >= self.size;
        match tail.get(..length) {
            Some(part) => Some(part.to_vec()),
            None if ends => Some(tail.to_vec()),
            None => None,
        }
    }

    fn fetch(&mut self, at: u64, length: usize) -> io::Result<Vec<u8>> {
        let length = (length as u64).min(self.left).min(self.size.saturating_sub(at));
        let mut bytes = Vec::new();
        if length > 0 {
            self.source.seek(SeekFrom::Start(at))?;
            io::Read::take(&mut *self.source, length).read_to_end(&mut bytes)?;
            self.left -= length;
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn check(at: u64, length: usize, want: &[u8]) {
        let mut source = Cursor::new((0..10_000).map(|n| (n % 251) as u8).collect::<Vec<_>>());
        let mut window = Window::open(&mut source, 1 << 20).unwrap();
        window.bytes(9_000, 2).unwrap();
        assert_eq!(window.bytes(at, length).unwrap(), want, "{at}+{length}");
        assert_eq!(window.bytes(at, length).unwrap(), want, "{at}+{length} again");
    }

    #[test]
    fn gives_what_lies_at_a_place() {
        check(0, 3, &[0, 1, 2]);
        check(252, 2, &[1, 2]);
        check(9_001, 2, &[216, 217]);
    }

    #[test]
    fn gives_less_at_the_end_and_nothing_behind_it() {
        check(9_998, 5, &[209, 210]);
        check(10_000, 5, &[]);
        check(u64::MAX, 5, &[]);
    }

    #[test]
    fn stops_at_the_budget() {
        let mut source = Cursor::new(vec![7; 100_000]);
        let mut window = Window::open(&mut source, 5000).unwrap();
        assert_eq!(window.bytes(0, 4000).unwrap().len(), 4000);
        assert_eq!(window.bytes(50_000, 4000).unwrap().len(), 1000);
        assert!(window.is_spent());
        assert_eq!(window.bytes(70_000, 4).unwrap(), b"");
    }
}
