//! What is known of a delivery, written down before each step: one row a file, one file of rows a delivery.
//!
//! A log of checked entries that only grows, so that whatever cuts a write off leaves all that was there before. It is
//! held by a lock that the system drops when the process ends. Where it is gone only time is lost: then the far end is
//! asked about everything. Where it cannot be written the delivery goes on and says so.

mod row;

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::{Digest, Entries, Log, StageError};

use self::row::Entry;
pub use self::row::{Head, Row, State};
use super::flow::{Flow, lock};

/// The folder of all ledgers below what a project keeps between runs.
const FOLDER: &str = "uploads";
/// How often it is tried to take a ledger that another process has.
const PAUSE: Duration = Duration::from_millis(100);

/// The ledger of one delivery: one release, one destination.
pub(super) struct Ledger {
    inner: Mutex<Inner>,
    flow: Arc<Flow>,
    /// Held as long as the ledger may be written to.
    _lock: Option<File>,
}

#[derive(Default)]
struct Inner {
    known: Known,
    log: Option<Log>,
}

/// What a ledger says.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What is delivered, and whereto.
    pub head: Option<Head>,
    /// Its files.
    pub rows: BTreeMap<String, Row>,
}

impl Ledger {
    /// Takes the ledger of a delivery, and waits while another process has it. Without a folder nothing is written.
    pub(super) fn open(home: Option<&Path>, head: &Head, flow: &Arc<Flow>) -> Result<Self, StageError> {
        let nothing = || Self { inner: Mutex::default(), flow: Arc::clone(flow), _lock: None };
        let Some(home) = home else { return Ok(nothing()) };
        let opened = path(home, head).and_then(|path| {
            let held = path.with_extension("lock");
            let file = File::options().write(true).create(true).truncate(false).open(held)?;
            Ok((file, path))
        });
        let taken = match opened {
            Ok((file, path)) => {
                wait(&file, head, flow)?.and_then(|()| read(&path)).map(|inner| (file, inner))
            }
            Err(error) => Err(error),
        };
        match taken {
            Ok((file, inner)) => {
                Ok(Self { inner: Mutex::new(inner), flow: Arc::clone(flow), _lock: Some(file) })
            }
            Err(error) => {
                flow.note(trouble(&error));
                Ok(nothing())
            }
        }
    }

    /// What it says.
    pub(super) fn known(&self) -> Known {
        lock(&self.inner).known.clone()
    }

    /// Writes rows down. They are on the disk when this comes back.
    pub(super) fn note(&self, rows: impl IntoIterator<Item = Row>) {
        self.write(rows.into_iter().map(Entry::Row), true);
    }

    /// Writes rows down that need not outlast a power cut: losing them costs a question at the far end.
    pub(super) fn jot(&self, rows: impl IntoIterator<Item = Row>) {
        self.write(rows.into_iter().map(Entry::Row), false);
    }

    /// Writes down where the whole delivery stands, and with it all that was written before.
    pub(super) fn note_head(&self, head: Head) {
        self.write([Entry::Head(head)], true);
    }

    fn write(&self, entries: impl IntoIterator<Item = Entry>, sync: bool) {
        let entries: Vec<Entry> = entries.into_iter().collect();
        let bytes: Vec<Vec<u8>> =
            entries.iter().map(|entry| serde_json::to_vec(entry).unwrap_or_default()).collect();
        if entries.is_empty() {
            return;
        }
        let mut inner = lock(&self.inner);
        let written = inner.log.as_mut().map(|log| log.add_all(bytes.iter().map(Vec::as_slice), sync));
        if let Some(Err(error)) = written {
            inner.log = None;
            self.flow.note(trouble(&error));
        }
        entries.into_iter().for_each(|entry| inner.known.take(entry));
    }
}

impl Known {
    fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Head(head) => self.head = Some(head),
            Entry::Row(row) => drop(self.rows.insert(row.file.clone(), row)),
        }
    }

    fn of(entries: &Entries) -> Self {
        let mut known = Self::default();
        // An entry of another version says nothing; what it said is asked of the far end.
        entries.iter().filter_map(|entry| serde_json::from_slice(entry).ok()).for_each(|one| known.take(one));
        known
    }

    /// Whether all of it is there and proven.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.head.as_ref().is_some_and(|head| head.ended)
    }
}

/// What all ledgers of a project say, by the names of their files.
pub fn all(home: &Path) -> Vec<(String, Known)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(home.join(FOLDER)).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "log")
            && let Ok(entries) = Entries::read(&path)
        {
            let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            found.push((id, Known::of(&entries)));
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

/// The file of a delivery's ledger, in a folder that is no business of version control.
fn path(home: &Path, head: &Head) -> io::Result<PathBuf> {
    let folder = home.join(FOLDER);
    if !folder.exists() {
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(".gitignore"), "*\n")?;
    }
    let what = format!("{}\n{}\n{}", head.release, head.destination, head.address);
    let digest = Digest::of(what.as_bytes()).to_string();
    Ok(folder.join(format!("{}.log", digest.get(..24).unwrap_or(&digest))))
}

fn wait(file: &File, head: &Head, flow: &Flow) -> Result<io::Result<()>, StageError> {
    let mut has_told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Ok(())),
            Err(TryLockError::Error(error)) => return Ok(Err(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        if !std::mem::replace(&mut has_told, true) {
            flow.note(format!(
                "waits for another delivery of `{}` to `{}` to end",
                head.release, head.destination
            ));
        }
        flow.rest(PAUSE)?;
    }
}

/// Reads a ledger, and writes it anew where most of it is of no more use.
fn read(path: &Path) -> io::Result<Inner> {
    let (mut log, entries) = Log::open(path)?;
    let known = Known::of(&entries);
    if entries.iter().count() > 64 + 4 * known.rows.len() {
        let head = known.head.iter().cloned().map(Entry::Head);
        let rows = known.rows.values().cloned().map(Entry::Row);
        let kept: Vec<Vec<u8>> =
            head.chain(rows).map(|entry| serde_json::to_vec(&entry).unwrap_or_default()).collect();
        log.rewrite(kept.iter().map(Vec::as_slice))?;
    }
    Ok(Inner { known, log: Some(log) })
}

fn trouble(error: &io::Error) -> String {
    format!("the ledger cannot be kept ({error}); if this is cut off, the far end is asked about everything")
}

#[cfg(test)]
mod tests;
