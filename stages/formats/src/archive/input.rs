//! Files on their way into an archive that is written front to back, each read once.
//!
//! Knows no format, and opens nothing itself: whoever packs hands in something that opens files one at a time.

use std::collections::HashSet;
use std::io::{self, Read};

use super::name::{self, Unsafe};
use super::{Progress, Stop, pump};

/// A file that is to be packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Path in the archive, with forward slashes.
    pub name: &'a str,
    /// Size in bytes. A file that turns out longer or shorter is an error.
    pub size: u64,
}

/// Opens the file of an entry by the entry's index.
pub type Open<'a> = dyn FnMut(usize) -> io::Result<Box<dyn Read + 'a>> + 'a;

/// Why files cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name that must not be in an archive.
    #[error("`{}` cannot be packed: {why}", .name.escape_debug())]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: Unsafe,
    },
    /// Two entries of one name.
    #[error("`{0}` is there twice")]
    Duplicate(String),
    /// More bytes than 64 bits count.
    #[error("the files are too large for one archive")]
    TooLarge,
    /// The source has another size than it had.
    #[error("`{0}` changed while it was packed")]
    SourceChanged(String),
    /// Reading a source.
    #[error("`{name}` cannot be read: {source}")]
    Read {
        /// Name of the entry.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Writing the archive.
    #[error("cannot write the archive: {0}")]
    Write(#[source] io::Error),
    /// The watcher ended the work.
    #[error("stopped: {0}")]
    Stopped(#[source] io::Error),
}

/// Says whether the names are safe and none is there twice; gives the bytes of all files.
pub(super) fn check(entries: &[Entry<'_>]) -> Result<u64, Error> {
    let mut names = HashSet::with_capacity(entries.len());
    let mut total = 0u64;
    for entry in entries {
        let named = || entry.name.to_owned();
        name::check(entry.name).map_err(|why| Error::Name { name: named(), why })?;
        if !names.insert(entry.name) {
            return Err(Error::Duplicate(named()));
        }
        total = total.checked_add(entry.size).ok_or(Error::TooLarge)?;
    }
    Ok(total)
}

/// Gives all bytes of a file to `take`, and tells `progress` of them.
pub(super) fn copy(
    entry: &Entry<'_>,
    index: usize,
    open: &mut Open<'_>,
    take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    progress: &mut Progress<'_>,
) -> Result<(), Error> {
    let reading = |source| Error::Read { name: entry.name.to_owned(), source };
    let settle = |stop| match stop {
        Stop::Reading(source) => reading(source),
        Stop::Taking(error) => error,
    };
    let mut source = open(index).map_err(reading)?;
    let copied = pump(&mut source, entry.size, &mut |bytes| {
        take(bytes).map_err(Error::Write)?;
        progress(bytes.len() as u64).map_err(Error::Stopped)
    });
    let copied = copied.map_err(settle)?;
    let more = pump(&mut source, 1, &mut |_| Ok(())).map_err(settle)?;
    match copied == entry.size && more == 0 {
        true => Ok(()),
        false => Err(Error::SourceChanged(entry.name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_must_not_be_in_an_archive_are_refused() {
        let check = |names: &[&str]| {
            let entries: Vec<Entry<'_>> =
                names.iter().map(|name| Entry { name, size: u64::MAX / 2 }).collect();
            check(&entries).map_err(|error| error.to_string()).err().unwrap_or_default()
        };
        assert_eq!(check(&["a", "b/c"]), "");
        assert_eq!(check(&["../a"]), "`../a` cannot be packed: the name has a `.` or `..` component");
        assert_eq!(check(&["/a"]), "`/a` cannot be packed: the name is absolute");
        assert_eq!(check(&["a", "a"]), "`a` is there twice");
        assert_eq!(check(&["a", "b", "c"]), "the files are too large for one archive");
    }

    #[test]
    fn a_source_that_is_not_as_said_is_an_error() {
        let copy = |size| {
            let mut open = |_| -> io::Result<Box<dyn Read>> { Ok(Box::new(&b"abc"[..])) };
            copy(&Entry { name: "a", size }, 0, &mut open, &mut |_| Ok(()), &mut |_| Ok(()))
        };
        assert!(copy(3).is_ok());
        for size in [0, 2, 4] {
            assert_eq!(copy(size).unwrap_err().to_string(), "`a` changed while it was packed");
        }
    }
}
