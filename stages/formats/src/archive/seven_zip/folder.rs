//! Folders of a 7z header: which coders they have, and in which order those are undone.
//!
//! Knows coders one after another; a folder whose coders branch is told from nonsense and left alone.

use super::bytes::{Bytes, Nonsense};
use super::coders::Coder;
use super::parse::Stream;

/// Packed streams that are unpacked together.
#[derive(Debug, Default)]
pub(super) struct Folder {
    /// Coders in the order in which they are undone; none when they are not one after another.
    pub(super) chain: Option<Vec<Coder>>,
    /// How many packed streams it takes.
    pub(super) packed: usize,
    /// Bytes that come out.
    pub(super) size: u64,
    pub(super) crc32: Option<u32>,
    pub(super) streams: Vec<Stream>,
}

/// Most coders of one folder, as 7-Zip has it.
const MOST_CODERS: usize = 32;

/// The coders of a folder, before it is known how much comes out of each.
pub(super) struct Coded {
    pub(super) coders: Vec<Coder>,
    /// Which coder's input is which coder's output.
    binds: Vec<(u64, u64)>,
    ins: usize,
    packed: usize,
    /// Each coder has one input.
    simple: bool,
}

impl Bytes<'_> {
    /// Reads the coders of a folder.
    pub(super) fn folder(&mut self) -> Result<Coded, Nonsense> {
        let count = usize::try_from(self.number()?).map_err(|_| Nonsense)?;
        if count == 0 || count > MOST_CODERS {
            return Err(Nonsense);
        }
        let mut coded = Coded::default();
        for _ in 0..count {
            let flags = self.byte()?;
            let id = self.take(usize::from(flags & 0x0f))?.to_vec();
            let (mut ins, mut outs) = (1, 1);
            if flags & 0x10 != 0 {
                (ins, outs) = (self.number()?, self.number()?);
            }
            if outs != 1 || !(1..=MOST_CODERS as u64).contains(&ins) || flags & 0x80 != 0 {
                return Err(Nonsense);
            }
            let properties = if flags & 0x20 != 0 { self.sized()?.to_vec() } else { Vec::new() };
            coded.simple &= ins == 1;
            coded.ins += ins as usize;
            coded.coders.push(Coder { id, properties, size: 0 });
        }
        for _ in 1..count {
            coded.binds.push((self.number()?, self.number()?));
        }
        let packed = coded.ins.checked_sub(count - 1).filter(|packed| *packed > 0).ok_or(Nonsense)?;
        if packed > 1 {
            for _ in 0..packed {
                self.number()?;
            }
        }
        Ok(Coded { packed, ..coded })
    }
}

impl Default for Coded {
    fn default() -> Self {
        Self { coders: Vec::new(), binds: Vec::new(), ins: 0, packed: 0, simple: true }
    }
}

impl Coded {
    /// The folder, once the sizes of what comes out of each coder are known.
    pub(super) fn with(mut self, sizes: &[u64]) -> Result<Folder, Nonsense> {
        for (coder, size) in self.coders.iter_mut().zip(sizes) {
            coder.size = *size;
        }
        let bound = |out: usize| self.binds.iter().any(|(_, bound)| *bound == out as u64);
        let last = (0..self.coders.len()).find(|out| !bound(*out)).ok_or(Nonsense)?;
        let size = sizes.get(last).copied().ok_or(Nonsense)?;
        let chain = if self.simple { Some(self.chain(last)?) } else { None };
        Ok(Folder { chain, packed: self.packed, size, ..Folder::default() })
    }

    /// The coders from the one that takes packed bytes to the `last`.
    fn chain(&self, last: usize) -> Result<Vec<Coder>, Nonsense> {
        let mut chain = Vec::new();
        let mut at = Some(last);
        while let Some(index) = at {
            chain.push(self.coders.get(index).cloned().ok_or(Nonsense)?);
            if chain.len() > self.coders.len() {
                return Err(Nonsense);
            }
            let before = self.binds.iter().find(|(bound, _)| *bound == index as u64);
            at = before.map(|(_, out)| usize::try_from(*out).map_err(|_| Nonsense)).transpose()?;
        }
        chain.reverse();
        if chain.len() == self.coders.len() { Ok(chain) } else { Err(Nonsense) }
    }
}
