//! The seam behind which a type of destination lies: how it is reached, and what one connection can do.
//!
//! Knows no protocol, no ledger and no release. Paths are relative to the destination's own `path`, with `/` between
//! folders, and are checked by the caller: no `..`, no empty part, nothing absolute.

use std::io::{Read, Write};

use engine::StageError;

/// A place that releases are taken to, with its settings checked.
pub(super) trait Destination: Send + Sync {
    /// Opens a connection and logs in.
    fn connect(&self) -> Result<Box<dyn Connection>, StageError>;

    /// Where it leads, without secrets, such as `sftp://me@example.org:22/srv/incoming`.
    fn address(&self) -> String;

    /// How many connections may be open at once.
    fn connections(&self) -> usize;
}

/// One open connection. Dropping it closes it without waiting for the far end.
pub(super) trait Connection: Send {
    /// What lies at a path; none if nothing does.
    fn stat(&mut self, path: &str) -> Result<Option<Entry>, StageError>;

    /// What lies in a folder, in no order, without `.` and `..`.
    fn list(&mut self, folder: &str) -> Result<Vec<Entry>, StageError>;

    /// The same in whatever way costs the far end least. What it tells wrong, or not at all, has to be asked for again.
    fn glance(&mut self, folder: &str) -> Result<Vec<Entry>, StageError> {
        self.list(folder)
    }

    /// Makes a folder and those above it; one that is there already is fine.
    fn make_folder(&mut self, folder: &str) -> Result<(), StageError>;

    /// Writes a file from `offset` on, which is its length so far (0 replaces it), and gives the bytes sent. It comes
    /// back when the far end has confirmed that it has them all, or with an error that says why it has not.
    fn put(&mut self, path: &str, offset: u64, from: &mut dyn Read) -> Result<u64, StageError>;

    /// The same for a whole file whose size the caller looks up himself, so that it need not be asked for here. The far
    /// end may still be at it when this comes back; an error may be of such a file sent before.
    fn put_unconfirmed(&mut self, path: &str, from: &mut dyn Read) -> Result<u64, StageError> {
        self.put(path, 0, from)
    }

    /// Waits until the far end is through with all that was sent unconfirmed.
    fn settle(&mut self) -> Result<(), StageError> {
        Ok(())
    }

    /// Reads at most `length` bytes of a file from `offset` on, and gives how many there were.
    fn get(&mut self, path: &str, offset: u64, length: u64, to: &mut dyn Write) -> Result<u64, StageError>;

    /// Renames a file or folder. Something that has the new name already is an error (`remote/exists`) where the
    /// protocol can tell; callers look first.
    fn rename(&mut self, from: &str, to: &str) -> Result<(), StageError>;

    /// Removes a file; one that is not there is fine.
    fn remove(&mut self, path: &str) -> Result<(), StageError>;

    /// Removes an empty folder; one that is not there is fine.
    fn remove_folder(&mut self, folder: &str) -> Result<(), StageError>;

    /// The digest of a whole file, taken by the far end with one of these algorithms (`sha256`, `sha1`, `md5`,
    /// `crc32`, …, best first), as the algorithm and lower-case hexadecimal digits. None where it takes none of them.
    fn hash(&mut self, path: &str, algorithms: &[&str]) -> Result<Option<(String, String)>, StageError>;

    /// Cuts a file to this length, for a tail that is not ours. False where the protocol cannot.
    fn truncate(&mut self, path: &str, length: u64) -> Result<bool, StageError>;

    /// Bytes that are free; none where the far end does not say.
    fn free(&mut self) -> Result<Option<u64>, StageError>;

    /// Keeps an idle connection open.
    fn keep_alive(&mut self) -> Result<(), StageError>;
}

/// What lies at a path of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name, without folders.
    pub name: String,
    /// Whether it is a folder; links count as what they lead to.
    pub folder: bool,
    /// Bytes; 0 for folders.
    pub size: u64,
}
