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

/// A reader whose bytes are digested as they pass, each once, as long as none is passed over.
pub(super) struct Watched<'a, R> {
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
}

impl<R: Read + Seek> Read for Watched<'_, R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(room)?;
        let end = self.at + got as u64;
        if self.at > self.digested {
            self.digester = None;
        } else if let (Some(digester), true) = (&mut self.digester, end > self.digested) {
            let known = usize::try_from(self.digested - self.at).unwrap_or(usize::MAX);
            digester.update(room.get(known..got).unwrap_or_default());
            self.digested = end;
        }
        self.at = end;
        if self.digested == self.size
            && let Some(digester) = self.digester.take()
        {
            self.taken.keep(std::mem::take(&mut self.name), digester.finish());
        }
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

    fn check(act: impl FnOnce(&mut Watched<'_, Cursor<&[u8]>>), wanted: bool) {
        let bytes = b"some bytes of a file".as_slice();
        let taken = Taken::default();
        let wants = BTreeSet::from(["crc32".to_owned()]);
        act(&mut Watched::new(Cursor::new(bytes), bytes.len() as u64, "x", &wants, &taken));
        let digest = taken.of("x").map(|digests| digests["crc32"].clone());
        assert_eq!(digest, wanted.then(|| format!("{:08x}", crc32fast::hash(bytes))));
    }

    #[test]
    fn a_file_that_is_read_through_gives_its_digests_however_it_is_read() {
        let mut all = Vec::new();
        check(|file| drop(file.read_to_end(&mut all)), true);
        check(
            |file| {
                let mut few = [0; 7];
                let _ = file.read_exact(&mut few);
                let _ = file.seek(SeekFrom::Start(3));
                let _ = file.read_to_end(&mut Vec::new());
            },
            true,
        );
    }

    #[test]
    fn a_file_that_is_read_in_part_gives_none() {
        check(|file| drop(file.read(&mut [0; 5])), false);
        check(
            |file| {
                let _ = file.seek(SeekFrom::Start(4));
                let _ = file.read_to_end(&mut Vec::new());
            },
            false,
        );
    }
}
