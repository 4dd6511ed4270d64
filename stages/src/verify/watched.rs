//! Takes digests of a file while somebody else reads it, so that checksum files cost no second reading.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

use formats::digest::Digester;

use crate::files;

/// Digests of files that were read from their first byte to their last.
#[derive(Default)]
pub(super) struct Taken(Mutex<BTreeMap<String, BTreeMap<String, String>>>);

impl Taken {
    /// The digests of a file, if it was read through.
    pub(super) fn of(&self, name: &str) -> Option<BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn keep(&self, name: String, digests: BTreeMap<String, String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, digests);
    }
}

/// Most bytes that are read once more because they were passed over or read before their turn: the directory of an
/// archive at its end, and what stands between its files.
const MOST_AGAIN: u64 = 1 << 20;

/// A reader whose bytes are digested as they pass, each once. What is passed over is made up for where it is little.
pub(super) struct Watched<'a, R: Read + Seek> {
    inner: R,
    at: u64,
    digested: u64,
    size: u64,
    name: String,
    digester: Option<Digester>,
    taken: &'a Taken,
}

impl<'a, R: Read + Seek> Watched<'a, R> {
    /// Watches a file of this size for these digests; where there are none to take it only reads.
    pub(super) fn new(inner: R, size: u64, name: &str, wanted: &BTreeSet<String>, taken: &'a Taken) -> Self {
        let digester = if wanted.is_empty() { None } else { files::digester(wanted).ok() };
        Self { inner, at: 0, digested: 0, size, name: name.to_owned(), digester, taken }
    }

    /// Digests what lies between the last digested byte and `to`, when it is little.
    fn make_up(&mut self, to: u64) -> io::Result<()> {
        let gap = to.saturating_sub(self.digested);
        let Some(digester) = self.digester.as_mut().filter(|_| (1..=MOST_AGAIN).contains(&gap)) else {
            return Ok(());
        };
        self.inner.seek(SeekFrom::Start(self.digested))?;
        let mut block = [0; 8192];
        while self.digested < to {
            let room = usize::try_from(to - self.digested).unwrap_or(usize::MAX).min(block.len());
            let room = block.get_mut(..room).unwrap_or_default();
            let got = self.inner.read(room)?;
            if got == 0 {
                break;
            }
            digester.update(room.get(..got).unwrap_or_default());
            self.digested += got as u64;
        }
        self.inner.seek(SeekFrom::Start(self.at))?;
        Ok(())
    }
}

impl<R: Read + Seek> Drop for Watched<'_, R> {
    fn drop(&mut self) {
        // A file that cannot be read to its end has no digests, and whoever needs them says why.
        let _ = self.make_up(self.size);
        if self.digested == self.size
            && let Some(digester) = self.digester.take()
        {
            self.taken.keep(std::mem::take(&mut self.name), digester.finish());
        }
    }
}

impl<R: Read + Seek> Read for Watched<'_, R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.at > self.digested {
            self.make_up(self.at)?;
        }
        let got = self.inner.read(room)?;
        let end = self.at + got as u64;
        if let Some(digester) = self.digester.as_mut().filter(|_| (self.at..end).contains(&self.digested)) {
            let known = usize::try_from(self.digested - self.at).unwrap_or(usize::MAX);
            digester.update(room.get(known..got).unwrap_or_default());
            self.digested = end;
        }
        self.at = end;
        Ok(got)
    }
}

impl<R: Read + Seek> Seek for Watched<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.inner.seek(to)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn check(len: usize, act: impl FnOnce(&mut Watched<'_, Cursor<&[u8]>>), wanted: bool) {
        let bytes: Vec<u8> = (0..len).map(|at| (at / 7) as u8).collect();
        let taken = Taken::default();
        let wants = BTreeSet::from(["crc32".to_owned()]);
        act(&mut Watched::new(Cursor::new(&*bytes), len as u64, "x", &wants, &taken));
        let digest = taken.of("x").map(|digests| digests["crc32"].clone());
        assert_eq!(digest, wanted.then(|| format!("{:08x}", crc32fast::hash(&bytes))));
    }

    fn read(file: &mut Watched<'_, Cursor<&[u8]>>, from: u64, count: usize) {
        let _ = file.seek(SeekFrom::Start(from));
        let mut room = vec![0; count];
        let _ = file.read_exact(&mut room);
        assert!(room.iter().enumerate().all(|(at, byte)| *byte == ((from as usize + at) / 7) as u8));
    }

    const LONG: usize = 3 << 20;

    #[test]
    fn a_file_that_is_read_through_gives_its_digests_in_whatever_order() {
        check(0, |_| {}, true);
        check(LONG, |file| read(file, 0, LONG), true);
        check(
            LONG,
            |file| [(0, 7), (3, LONG - 3)].iter().for_each(|&(from, count)| read(file, from, count)),
            true,
        );
        // A directory at the end first, then the files in their order with gaps, as a ZIP is read.
        check(
            LONG,
            |file| {
                read(file, LONG as u64 - 900, 900);
                read(file, 30, 2 << 20);
                read(file, (2 << 20) + 500, 700_000);
            },
            true,
        );
    }

    #[test]
    fn a_file_of_which_much_is_passed_over_gives_none() {
        check(LONG, |file| read(file, 0, 5), false);
        check(LONG, |file| read(file, 2 << 20, 1 << 20), false);
    }
}
