//! What is remembered between runs: of every release, what it rested on and what was made of it.
//!
//! Nothing here is needed to make a release. Where the state is gone, only time is lost; where it cannot be written, a
//! run goes on and says so.

mod log;
pub(crate) mod record;

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

pub(crate) use self::log::{Entries, Log};
use self::record::ReleaseRecord;
use crate::Plan;
use crate::digest::{Digest, Digesting};

/// Of which releases the state is, by the folder it lies below, and how it is looked up.
#[derive(Debug)]
pub struct Store {
    /// The project's folder.
    home: PathBuf,
    inner: Mutex<Inner>,
    /// Held as long as the store may be written to.
    _lock: Option<File>,
}

/// A release's place in a store: what makes it the same release from run to run, however it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReleaseKey(Digest);

#[derive(Debug, Default)]
struct Inner {
    bytes: Vec<u8>,
    /// The last entries of a release, newest last. There are two, since the newest may tell of a release that was
    /// about to appear when the run ended.
    releases: HashMap<Digest, Vec<Range<usize>>>,
    shapes: HashMap<Digest, Range<usize>>,
    log: Option<Log>,
    trouble: Option<String>,
}

/// The folder of the state below the project's folder.
const FOLDER: &str = ".bindery/state";
const LOG: &str = "log";
const LOCK: &str = "lock";
/// The first byte of an entry.
const RELEASE: u8 = b'R';
const SHAPE: u8 = b'S';
/// How many bytes of entries that are no more of use are kept before the log is written anew.
const SLACK: u64 = 1 << 20;

impl Store {
    /// Reads the state of a project without changing anything. What cannot be read is as if it were not there.
    #[must_use]
    pub fn read(home: &Path) -> Self {
        let entries = Entries::read(&home.join(FOLDER).join(LOG)).unwrap_or_default();
        Self { home: home.to_owned(), inner: Mutex::new(Inner::of(entries)), _lock: None }
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
            Ok((log, entries)) => {
                let mut inner = Inner::of(entries);
                inner.log = Some(log);
                inner.tidy(home);
                Some(Self { home: home.to_owned(), inner: Mutex::new(inner), _lock: Some(lock) })
            }
            Err(error) => Some(Self::without(home, &error)),
        }
    }

    /// Why the state is not kept, if it is not.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.inner().trouble.clone()
    }

    /// The key of a release of the manifest that `manifest` stands for.
    #[must_use]
    pub fn key(&self, manifest: &str, plan: &Plan) -> ReleaseKey {
        let mut digesting = Digesting::default();
        let output = self.inside(&plan.output);
        digesting.part(manifest.as_bytes()).part(output.as_bytes());
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
        let inner = self.inner();
        let records = inner.records(key.0);
        let lies = |record: &ReleaseRecord| {
            crate::stamp::at(&self.outside(&record.target))
                .is_some_and(|(stamp, _)| stamp.inode == record.folder.inode)
        };
        let mut records = records.into_iter().rev();
        let last = records.next()?;
        if lies(&last) { Some(last) } else { records.find(lies).or(Some(last)) }
    }

    /// Remembers a release, so that it outlasts a power cut.
    pub(crate) fn keep(&self, key: ReleaseKey, record: &ReleaseRecord) {
        let mut inner = self.inner();
        if let Some(range) = inner.add(RELEASE, key.0, &serde_json::to_vec(record).unwrap_or_default(), true)
        {
            inner.remember(key.0, range);
        }
    }

    /// The steps of a shape as they were written.
    pub(crate) fn shape(&self, digest: Digest) -> Option<Value> {
        let inner = self.inner();
        serde_json::from_slice(inner.bytes.get(inner.shapes.get(&digest)?.clone())?).ok()
    }

    /// Remembers how the steps of a shape are written, to tell later what changed.
    pub(crate) fn keep_shape(&self, digest: Digest, shape: &Value) {
        let mut inner = self.inner();
        if inner.shapes.contains_key(&digest) {
            return;
        }
        if let Some(range) = inner.add(SHAPE, digest, &serde_json::to_vec(shape).unwrap_or_default(), false) {
            inner.shapes.insert(digest, range);
        }
    }

    fn without(home: &Path, error: &io::Error) -> Self {
        let folder = home.join(FOLDER);
        let trouble = crate::StageError::writing(&folder, error).message;
        let inner = Inner { trouble: Some(trouble), ..Inner::default() };
        Self { home: home.to_owned(), inner: Mutex::new(inner), _lock: None }
    }

    /// A panic elsewhere cannot leave an index of finished entries half-changed.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReleaseKey {
    pub(crate) const fn digest(self) -> Digest {
        self.0
    }
}

/// Makes the folder of the state, which is no business of version control, and the file whose lock holds it.
fn lock(folder: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        fs::write(ignore, "*\n")?;
    }
    File::options().write(true).create(true).truncate(false).open(folder.join(LOCK))
}

impl Inner {
    fn of(entries: Entries) -> Self {
        let mut inner = Self::default();
        for range in &entries.found {
            let Some((kind, digest)) = head(&entries.bytes, range) else { continue };
            let body = range.start + 17..range.end;
            match kind {
                RELEASE => inner.remember(digest, body),
                SHAPE => drop(inner.shapes.insert(digest, body)),
                _ => {}
            }
        }
        inner.bytes = entries.bytes;
        inner
    }

    fn remember(&mut self, key: Digest, range: Range<usize>) {
        let known = self.releases.entry(key).or_default();
        known.push(range);
        if known.len() > 2 {
            known.remove(0);
        }
    }

    fn records(&self, key: Digest) -> Vec<ReleaseRecord> {
        let ranges = self.releases.get(&key).map(Vec::as_slice).unwrap_or_default();
        let read = |range: &Range<usize>| serde_json::from_slice(self.bytes.get(range.clone())?).ok();
        ranges.iter().filter_map(read).collect()
    }

    /// Adds an entry to the log and gives the place of its body in what is held in memory.
    fn add(&mut self, kind: u8, digest: Digest, body: &[u8], sync: bool) -> Option<Range<usize>> {
        let log = self.log.as_mut()?;
        let entry: Vec<u8> = [&[kind], &digest.bytes()[..], body].concat();
        if let Err(error) = log.add(&entry, sync) {
            self.trouble = Some(crate::StageError::writing(Path::new(FOLDER), &error).message);
            return None;
        }
        let start = self.bytes.len();
        self.bytes.extend(body);
        Some(start..self.bytes.len())
    }

    /// Writes the log anew when most of it is of no more use. Releases that somebody took away are forgotten then.
    fn tidy(&mut self, home: &Path) {
        let Some(log) = self.log.as_mut() else { return };
        let used: usize = self.releases.values().flatten().chain(self.shapes.values()).map(Range::len).sum();
        if log.len() < SLACK + 2 * used as u64 {
            return;
        }
        let bytes = &self.bytes;
        let stays = |range: &Range<usize>| {
            let record: Option<ReleaseRecord> = serde_json::from_slice(bytes.get(range.clone())?).ok();
            record.filter(|record| home.join(&record.target).exists())
        };
        self.releases.retain(|_, ranges| ranges.iter().any(|range| stays(range).is_some()));
        let releases =
            self.releases.iter().flat_map(|(key, all)| all.iter().map(|range| (RELEASE, *key, range)));
        let shapes = self.shapes.iter().map(|(digest, range)| (SHAPE, *digest, range));
        let entries: Vec<Vec<u8>> = shapes
            .chain(releases)
            .filter_map(|(kind, digest, range)| {
                Some([&[kind], &digest.bytes()[..], bytes.get(range.clone())?].concat())
            })
            .collect();
        // The old log stays where the new one cannot be written; it is only larger than it need be.
        let _ = log.rewrite(entries.iter().map(Vec::as_slice));
    }
}

fn head(bytes: &[u8], range: &Range<usize>) -> Option<(u8, Digest)> {
    let (kind, rest) = bytes.get(range.clone())?.split_first()?;
    Some((*kind, Digest::from_bytes(*rest.first_chunk()?)))
}

#[cfg(test)]
mod tests;
