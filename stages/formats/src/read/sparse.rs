//! Files far larger than a disk, for tests: pieces at places, zeros between, and a count of what was read.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};

/// A file of any size that holds only its pieces.
pub struct Sparse {
    size: u64,
    pieces: Vec<(u64, Vec<u8>)>,
    at: u64,
    /// Bytes that were read of it.
    pub read: Cell<u64>,
}

impl Sparse {
    pub fn new(size: u64, pieces: Vec<(u64, Vec<u8>)>) -> Self {
        Self { size, pieces, at: 0, read: Cell::new(0) }
    }
}

impl Read for Sparse {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = (into.len() as u64).min(self.size.saturating_sub(self.at));
        let into = &mut into[..length as usize];
        into.fill(0);
        for (start, piece) in &self.pieces {
            let from = self.at.max(*start);
            let to = (self.at + length).min(start + piece.len() as u64);
            if from < to {
                let part = &piece[(from - start) as usize..(to - start) as usize];
                into[(from - self.at) as usize..(to - self.at) as usize].copy_from_slice(part);
            }
        }
        self.at += length;
        self.read.set(self.read.get() + length);
        Ok(length as usize)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => self.size.saturating_add_signed(by),
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
        };
        Ok(self.at)
    }
}
