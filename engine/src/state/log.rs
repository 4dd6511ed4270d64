//! A file of checked entries that only grows, so that whatever cuts a write off leaves all that was there before.
//!
//! Knows nothing of what an entry means. An entry that is not whole ends the file for the reader, and the next write
//! goes over it.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// What a log begins with; another version of the format has another number.
const MAGIC: &[u8; 16] = b"bindery log 01\r\n";
/// Length and check of an entry.
const HEAD: usize = 12;

/// A log that is written to. Whoever holds one sees to it that nobody else does.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    end: u64,
}

/// The entries of a log, as ranges of its bytes, and where the next one goes.
#[derive(Debug, Default)]
pub struct Entries {
    pub(crate) bytes: Vec<u8>,
    pub(crate) found: Vec<Range<usize>>,
    end: usize,
}

impl Log {
    /// Opens the log at `path`, which is made where there is none, to write behind its last whole entry.
    pub fn open(path: &Path) -> io::Result<(Self, Entries)> {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        let entries = Entries::of(fs::read(path)?);
        let mut log = Self { path: path.to_owned(), file, end: entries.end as u64 };
        // What lies behind must not come to life again when a later entry happens to end where it begins.
        if entries.bytes.len() as u64 > log.end {
            log.file.set_len(log.end)?;
        }
        if log.end == 0 {
            log.put(MAGIC)?;
            if let Some(folder) = path.parent() {
                File::open(folder)?.sync_all()?;
            }
        }
        Ok((log, entries))
    }

    /// Adds an entry. With `sync` it is on the disk when this returns. An entry that cannot be written whole is as if
    /// it had never been begun.
    pub fn add(&mut self, entry: &[u8], sync: bool) -> io::Result<Range<usize>> {
        self.add_all(std::iter::once(entry), sync)?;
        let end = usize::try_from(self.end).map_err(|_| io::ErrorKind::FileTooLarge)?;
        Ok(end - entry.len()..end)
    }

    /// Adds several entries in one write.
    pub fn add_all<'e>(&mut self, entries: impl Iterator<Item = &'e [u8]>, sync: bool) -> io::Result<()> {
        let mut bytes = Vec::new();
        for entry in entries {
            let length = u32::try_from(entry.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
            bytes.reserve(HEAD + entry.len());
            bytes.extend(length.to_le_bytes());
            bytes.extend(check(entry));
            bytes.extend(entry);
        }
        let before = self.end;
        self.put(&bytes).and_then(|()| if sync { self.file.sync_data() } else { Ok(()) }).inspect_err(|_| {
            self.end = before;
            // What stays of it is not whole, or is written over by the next entry.
            let _ = self.file.set_len(before);
        })
    }

    /// The log to read from, at places that were given for entries.
    pub(crate) fn reader(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    pub(crate) fn len(&self) -> u64 {
        self.end
    }

    /// Replaces the log by one with these entries alone. Readers see the old one or the new one.
    pub fn rewrite<'e>(&mut self, entries: impl Iterator<Item = &'e [u8]>) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        let _ = fs::remove_file(&fresh);
        let (mut log, _) = Self::open(&fresh)?;
        entries.into_iter().try_for_each(|entry| log.add(entry, false).map(drop))?;
        log.file.sync_all()?;
        fs::rename(&fresh, &self.path)?;
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        (self.file, self.end) = (log.file, log.end);
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, self.end)?;
        self.end += bytes.len() as u64;
        Ok(())
    }
}

impl Entries {
    /// The entries of a log that is only read; none where there is no log.
    pub fn read(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(bytes) => Ok(Self::of(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// The entries of a log that is open.
    pub(crate) fn of_file(mut file: &File) -> io::Result<Self> {
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut file, &mut bytes)?;
        Ok(Self::of(bytes))
    }

    /// Every entry's bytes.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.found.iter().filter_map(|range| self.bytes.get(range.clone()))
    }

    fn of(bytes: Vec<u8>) -> Self {
        let mut found = Vec::new();
        if !bytes.starts_with(MAGIC) {
            return Self { bytes, found, end: 0 };
        }
        let mut end = MAGIC.len();
        while let Some(range) = next(&bytes, end) {
            end = range.end;
            found.push(range);
        }
        Self { bytes, found, end }
    }
}

/// The entry that begins at `at`, if it is whole.
fn next(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let head = bytes.get(at..at.checked_add(HEAD)?)?;
    let (length, sum) = head.split_at(4);
    let length = usize::try_from(u32::from_le_bytes(length.try_into().ok()?)).ok()?;
    let begin = at.checked_add(HEAD)?;
    let range = begin..begin.checked_add(length)?;
    (check(bytes.get(range.clone())?) == sum).then_some(range)
}

fn check(entry: &[u8]) -> [u8; 8] {
    let hash = blake3::hash(entry);
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(path: &Path) -> Vec<Vec<u8>> {
        Entries::read(path).unwrap().iter().map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn what_was_added_is_there_after_reopening_and_rewriting() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let (mut log, _) = Log::open(&path).unwrap();
        log.add(b"one", false).unwrap();
        log.add(b"", true).unwrap();
        let (mut log, entries) = Log::open(&path).unwrap();
        assert_eq!(entries.iter().collect::<Vec<_>>(), [&b"one"[..], b""]);
        log.rewrite([&b"two"[..]].into_iter()).unwrap();
        log.add(b"three", false).unwrap();
        assert_eq!(read(&path), [b"two".to_vec(), b"three".to_vec()]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_log_of_another_version_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "bindery log 99\r\nwhatever").unwrap();
        let (mut log, entries) = Log::open(&path).unwrap();
        assert_eq!(entries.iter().count(), 0);
        log.add(b"x", false).unwrap();
        assert_eq!(read(&path), [b"x".to_vec()]);
    }

    proptest! {
        #[test]
        fn a_log_cut_off_or_damaged_anywhere_keeps_what_came_before(
            entries in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..8),
            cut in 0_usize..400,
            flip in proptest::option::of(0_usize..400),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log");
            let (mut log, _) = Log::open(&path).unwrap();
            let mut ends = vec![log.len()];
            for entry in &entries {
                log.add(entry, false).unwrap();
                ends.push(log.len());
            }
            let mut bytes = fs::read(&path).unwrap();
            let mut whole = cut.min(bytes.len());
            bytes.truncate(whole);
            if let Some(byte) = flip.and_then(|at| bytes.get_mut(at)) {
                *byte ^= 1;
                whole = whole.min(flip.unwrap_or(whole));
            }
            fs::write(&path, &bytes).unwrap();
            let kept = ends.iter().skip(1).filter(|end| **end <= whole as u64).count();
            let (mut log, found) = Log::open(&path).unwrap();
            prop_assert_eq!(found.iter().collect::<Vec<_>>(), entries.iter().take(kept).collect::<Vec<_>>());
            log.add(b"after", false).unwrap();
            prop_assert_eq!(read(&path).len(), kept + 1);
        }
    }
}
