//! What is remembered between runs: of every release, what it rested on and what was made of it.
//!
//! Nothing here is needed to make a release. Where the state is gone, only time is lost; where it cannot be written, a
//! run goes on and says so.

mod index;
mod log;
mod outbox;
pub(crate) mod record;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use self::index::{DELIVERED, EARLY, Index, RELEASE, SHAPE, read};
pub use self::log::{Entries, Log};
pub(crate) use self::outbox::Outbox;
use self::record::{ReleaseRecord, StepRecord};
use crate::Plan;
use crate::digest::{Digest, Digesting};

/// Of which releases the state is, by the folder it lies below, and how it is looked up.
#[derive(Debug)]
pub struct Store {
    /// The project's folder.
    home: PathBuf,
    index: Mutex<Index>,
    /// Held as long as the store may be written to.
    _lock: Option<File>,
}

/// A release's place in a store: what makes it the same release from run to run, however it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReleaseKey(Digest);

/// The folder of all that is kept between runs, below the project's folder.
const HOME: &str = ".bindery";
/// The folder of the state below the project's folder.
const FOLDER: &str = ".bindery/state";
const LOG: &str = "log";
const LOCK: &str = "lock";

impl Store {
    /// Reads the state of a project without changing anything. What cannot be read is as if it were not there.
    #[must_use]
    pub fn read(home: &Path) -> Self {
        let path = home.join(FOLDER).join(LOG);
        // Opened first: what is read then lies in the file that was opened, whoever writes it anew meanwhile.
        let reader = File::open(&path).ok();
        let entries = reader.as_ref().and_then(|reader| Entries::of_file(reader).ok()).unwrap_or_default();
        Self { home: home.to_owned(), index: Mutex::new(Index::of(&entries, reader)), _lock: None }
    }

    /// Takes the state of a project for a run; one run has it at a time. `wait` is asked again and again while another
    /// run has it, and ends the waiting with false: then there is no store.
    ///
    /// Where the state cannot be kept the store remembers nothing and says why ([`Store::trouble`]).
    pub fn hold(home: &Path, mut wait: impl FnMut() -> bool) -> Option<Self> {
        let lock = match lock(&home.join(FOLDER)) {
            Ok(lock) => lock,
            Err(error) => return Some(Self::without(home, &error)),
        };
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if wait() => {}
                Err(TryLockError::WouldBlock) => return None,
                Err(TryLockError::Error(error)) => return Some(Self::without(home, &error)),
            }
        }
        match Log::open(&home.join(FOLDER).join(LOG)) {
            Ok((mut log, entries)) => {
                let mut index = Index::of(&entries, log.reader().ok());
                if index.tidy(home, &entries, &mut log) {
                    let entries = Entries::read(&home.join(FOLDER).join(LOG)).unwrap_or_default();
                    index = Index::of(&entries, log.reader().ok());
                }
                index.log = Some(log);
                Some(Self { home: home.to_owned(), index: Mutex::new(index), _lock: Some(lock) })
            }
            Err(error) => Some(Self::without(home, &error)),
        }
    }

    /// Why the state is not kept, if it is not. What could not be written is tried once more first: a run that is over
    /// has given its room back.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let mut index = self.index();
        index.flush();
        index.trouble.clone()
    }

    /// The folder that holds the state, and what stages keep beside it.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.home.join(HOME)
    }

    /// The key of a release of the manifest that `manifest` stands for.
    #[must_use]
    pub fn key(&self, manifest: &str, plan: &Plan) -> ReleaseKey {
        let mut digesting = Digesting::default();
        let output = self.inside(&plan.output);
        digesting.part(manifest.as_bytes()).part(output.as_bytes());
        // Two projects may share an output folder outside of both.
        if Path::new(&output).is_absolute() {
            digesting.part(self.home.as_os_str().as_encoded_bytes());
        }
        // A match of a glob is the same release wherever it stands in the list.
        digesting.json(&plan.item_id());
        ReleaseKey(digesting.finish())
    }

    /// A path as the state writes it: relative to the project where it lies below it.
    pub(crate) fn inside(&self, path: &Path) -> String {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let home = std::path::absolute(&self.home).unwrap_or_else(|_| self.home.clone());
        let inside = absolute.strip_prefix(&home).unwrap_or(&absolute);
        inside.to_string_lossy().into_owned()
    }

    /// The path that the state wrote.
    pub(crate) fn outside(&self, path: &str) -> PathBuf {
        self.home.join(path)
    }

    /// What is known of a release: of the last two times it was about to appear, the one that lies there; else the
    /// last.
    pub(crate) fn release(&self, key: ReleaseKey) -> Option<ReleaseRecord> {
        // Read without holding the state, so that many releases are recalled at once.
        let (reader, records, delivered) = {
            let index = self.index();
            let records = index.releases.get(&key.0).cloned().unwrap_or_default();
            (index.reader.clone()?, records, index.delivered.get(&key.0).cloned())
        };
        let mut records = records.iter().rev().filter_map(|range| read::<ReleaseRecord>(&reader, range));
        let lies = |record: &ReleaseRecord| {
            crate::stamp::at(&self.outside(&record.target))
                .is_some_and(|(stamp, _)| stamp.inode == record.folder.inode)
        };
        let last = records.next()?;
        let mut record = if lies(&last) { last } else { records.find(lies).unwrap_or(last) };
        if let Some(range) = delivered
            && let Some((folder, steps)) = read::<(u64, Vec<StepRecord>)>(&reader, &range)
            && folder == record.folder.inode
        {
            record.add(steps);
        }
        Some(record)
    }

    /// Remembers a release, so that it outlasts a power cut.
    pub(crate) fn keep(&self, key: ReleaseKey, record: &ReleaseRecord) {
        self.index().add(RELEASE, key.0, &serde_json::to_vec(record).unwrap_or_default(), true);
    }

    /// Remembers what was delivered of the release in that folder. If that is lost, it is only delivered once more.
    pub(crate) fn keep_delivered(&self, key: ReleaseKey, folder: u64, steps: &[StepRecord]) {
        let body = serde_json::to_vec(&(folder, steps)).unwrap_or_default();
        self.index().add(DELIVERED, key.0, &body, false);
    }

    /// Remembers the steps without files that were done of a release that was not made, and the digest of the shape it
    /// had. If that is lost, they are only done once more. Says whether it is remembered.
    pub(crate) fn keep_early(&self, key: ReleaseKey, shape: Digest, steps: &[&StepRecord]) -> bool {
        let mut index = self.index();
        index.add(EARLY, key.0, &serde_json::to_vec(&(shape, steps)).unwrap_or_default(), false);
        index.is_written()
    }

    /// What [`Store::keep_early`] remembered of a release, if no run has made it since.
    pub(crate) fn early(&self, key: ReleaseKey) -> Option<(Digest, Vec<StepRecord>)> {
        let (reader, range) = {
            let index = self.index();
            (index.reader.clone(), index.early.get(&key.0).cloned())
        };
        reader.zip(range).and_then(|(reader, range)| read(&reader, &range))
    }

    /// The steps of a shape as they were written.
    pub(crate) fn shape(&self, digest: Digest) -> Option<Value> {
        let index = self.index();
        read(index.reader.as_ref()?, index.shapes.get(&digest)?)
    }

    /// Remembers how the steps of a shape are written, to tell later what changed.
    pub(crate) fn keep_shape(&self, digest: Digest, shape: &Value) {
        let mut index = self.index();
        if !index.shapes.contains_key(&digest) {
            index.add(SHAPE, digest, &serde_json::to_vec(shape).unwrap_or_default(), false);
        }
    }

    fn without(home: &Path, error: &io::Error) -> Self {
        let folder = home.join(FOLDER);
        let trouble = crate::StageError::writing(&folder, error).message;
        let mut index = Index::default();
        index.trouble = Some(trouble);
        Self { home: home.to_owned(), index: Mutex::new(index), _lock: None }
    }

    /// A panic elsewhere cannot leave an index of finished entries half-changed.
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReleaseKey {
    pub(crate) const fn digest(self) -> Digest {
        self.0
    }
}

/// Makes the folder of the state, which is no business of version control, and the file whose lock holds it.
fn lock(folder: &Path) -> io::Result<File> {
    if !folder.exists() {
        fs::create_dir_all(folder)?;
        // What is kept in it must not be lost with it.
        let above = folder.ancestors().skip(1).take(2);
        above.map(File::open).try_for_each(|above| above.and_then(|above| above.sync_all()))?;
    }
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        fs::write(ignore, "*\n")?;
    }
    File::options().write(true).create(true).truncate(false).open(folder.join(LOCK))
}

#[cfg(test)]
mod tests;
