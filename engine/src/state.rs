//! What is remembered between runs: of every release, what it rested on and what was made of it.
//!
//! Nothing here is needed to make a release. Where the state is gone, only time is lost; where it cannot be written, a
//! run goes on and says so.

mod log;
pub(crate) mod record;

use std::collections::{HashMap, VecDeque};
use std::fs::{self, File, TryLockError};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::log::{Entries, Log};
use self::record::{ReleaseRecord, StepRecord};
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
    /// What the places below are places in.
    reader: Option<Arc<File>>,
    /// The last entries of a release, newest last. There are two, since the newest may tell of a release that was
    /// about to appear when the run ended.
    releases: HashMap<Digest, Vec<Range<usize>>>,
    /// What was delivered of the release that appeared last.
    delivered: HashMap<Digest, Range<usize>>,
    /// Steps that found facts for a release that was not made.
    early: HashMap<Digest, Range<usize>>,
    shapes: HashMap<Digest, Range<usize>>,
    log: Option<Log>,
    /// Entries that could not be written yet, oldest first.
    unwritten: VecDeque<Unwritten>,
    trouble: Option<String>,
}

/// An entry that could not be written, and whether it has to outlast a power cut.
#[derive(Debug)]
struct Unwritten {
    kind: u8,
    digest: Digest,
    body: Vec<u8>,
    sync: bool,
}

/// The folder of all that is kept between runs, below the project's folder.
const HOME: &str = ".bindery";
/// The folder of the state below the project's folder.
const FOLDER: &str = ".bindery/state";
const LOG: &str = "log";
const LOCK: &str = "lock";
/// The first byte of an entry.
const RELEASE: u8 = b'R';
const DELIVERED: u8 = b'D';
const EARLY: u8 = b'E';
const SHAPE: u8 = b'S';
/// How many bytes of entries that are no more of use are kept before the log is written anew.
const SLACK: u64 = 1 << 20;

impl Store {
    /// Reads the state of a project without changing anything. What cannot be read is as if it were not there.
    #[must_use]
    pub fn read(home: &Path) -> Self {
        let path = home.join(FOLDER).join(LOG);
        // Opened first: what is read then lies in the file that was opened, whoever writes it anew meanwhile.
        let reader = File::open(&path).ok();
        let entries = reader.as_ref().and_then(|reader| Entries::of_file(reader).ok()).unwrap_or_default();
        Self { home: home.to_owned(), inner: Mutex::new(Inner::of(&entries, reader)), _lock: None }
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
                let mut inner = Inner::of(&entries, log.reader().ok());
                if inner.tidy(home, &entries, &mut log) {
                    let entries = Entries::read(&home.join(FOLDER).join(LOG)).unwrap_or_default();
                    inner = Inner::of(&entries, log.reader().ok());
                }
                inner.log = Some(log);
                Some(Self { home: home.to_owned(), inner: Mutex::new(inner), _lock: Some(lock) })
            }
            Err(error) => Some(Self::without(home, &error)),
        }
    }

    /// Why the state is not kept, if it is not. What could not be written is tried once more first: a run that is over
    /// has given its room back.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let mut inner = self.inner();
        if !inner.unwritten.is_empty() {
            inner.flush();
        }
        inner.trouble.clone()
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
            let inner = self.inner();
            let records = inner.releases.get(&key.0).cloned().unwrap_or_default();
            (inner.reader.clone()?, records, inner.delivered.get(&key.0).cloned())
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
        self.inner().add(RELEASE, key.0, serde_json::to_vec(record).unwrap_or_default(), true);
    }

    /// Remembers what was delivered of the release in that folder. If that is lost, it is only delivered once more.
    pub(crate) fn keep_delivered(&self, key: ReleaseKey, folder: u64, steps: &[StepRecord]) {
        let body = serde_json::to_vec(&(folder, steps)).unwrap_or_default();
        self.inner().add(DELIVERED, key.0, body, false);
    }

    /// Remembers the steps that were done of a release that was not made and of which no file waits. If that is lost,
    /// they are only done once more. Says whether they are remembered.
    pub(crate) fn keep_early(&self, key: ReleaseKey, steps: &[&StepRecord]) -> bool {
        let mut inner = self.inner();
        inner.add(EARLY, key.0, serde_json::to_vec(steps).unwrap_or_default(), false);
        inner.log.is_some() && inner.unwritten.is_empty()
    }

    /// The steps that were done of a release, if no run has made it since.
    pub(crate) fn early(&self, key: ReleaseKey) -> Vec<StepRecord> {
        let (reader, range) = {
            let inner = self.inner();
            (inner.reader.clone(), inner.early.get(&key.0).cloned())
        };
        reader.zip(range).and_then(|(reader, range)| read(&reader, &range)).unwrap_or_default()
    }

    /// The steps of a shape as they were written.
    pub(crate) fn shape(&self, digest: Digest) -> Option<Value> {
        let inner = self.inner();
        read(inner.reader.as_ref()?, inner.shapes.get(&digest)?)
    }

    /// Remembers how the steps of a shape are written, to tell later what changed.
    pub(crate) fn keep_shape(&self, digest: Digest, shape: &Value) {
        let mut inner = self.inner();
        if !inner.shapes.contains_key(&digest) {
            inner.add(SHAPE, digest, serde_json::to_vec(shape).unwrap_or_default(), false);
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

impl Inner {
    fn of(entries: &Entries, reader: Option<File>) -> Self {
        let mut inner = Self { reader: reader.map(Arc::new), ..Self::default() };
        for range in &entries.found {
            let Some((kind, digest)) = head(&entries.bytes, range) else { continue };
            inner.place(kind, digest, range.start + 17..range.end);
        }
        inner
    }

    /// Takes note of where the body of an entry lies.
    fn place(&mut self, kind: u8, digest: Digest, body: Range<usize>) {
        match kind {
            RELEASE => {
                self.delivered.remove(&digest);
                self.early.remove(&digest);
                let known = self.releases.entry(digest).or_default();
                known.push(body);
                if known.len() > 2 {
                    known.remove(0);
                }
            }
            DELIVERED => drop(self.delivered.insert(digest, body)),
            EARLY => drop(self.early.insert(digest, body)),
            SHAPE => drop(self.shapes.insert(digest, body)),
            _ => {}
        }
    }

    /// Adds an entry to the log, now or as soon as that is possible.
    fn add(&mut self, kind: u8, digest: Digest, body: Vec<u8>, sync: bool) {
        if self.log.is_some() {
            self.unwritten.push_back(Unwritten { kind, digest, body, sync });
            self.flush();
        }
    }

    /// Writes what is not written yet, in its order.
    fn flush(&mut self) {
        self.trouble = None;
        while let (Some(log), Some(Unwritten { kind, digest, body, sync })) =
            (&mut self.log, self.unwritten.pop_front())
        {
            let entry: Vec<u8> = [&[kind], &digest.bytes()[..], &body].concat();
            match log.add(&entry, sync) {
                Ok(place) => self.place(kind, digest, place.end - body.len()..place.end),
                Err(error) => {
                    self.trouble = Some(crate::StageError::writing(Path::new(FOLDER), &error).message);
                    return self.unwritten.push_front(Unwritten { kind, digest, body, sync });
                }
            }
        }
    }

    /// Writes the log anew when most of it is of no more use, and says whether it did. Releases that somebody took away
    /// are forgotten then, and so is what was found for releases that were not made.
    fn tidy(&mut self, home: &Path, entries: &Entries, log: &mut Log) -> bool {
        let kept = self.delivered.values().chain(self.shapes.values());
        let used: usize = self.releases.values().flatten().chain(kept).map(Range::len).sum();
        if log.len() < SLACK + 2 * used as u64 {
            return false;
        }
        let bytes = &entries.bytes;
        let stays = |range: &Range<usize>| {
            let record: Option<ReleaseRecord> = serde_json::from_slice(bytes.get(range.clone())?).ok();
            record.filter(|record| home.join(&record.target).exists())
        };
        self.releases.retain(|_, ranges| ranges.iter().any(|range| stays(range).is_some()));
        let releases =
            self.releases.iter().flat_map(|(key, all)| all.iter().map(|range| (RELEASE, *key, range)));
        let delivered = self.delivered.iter().map(|(key, range)| (DELIVERED, *key, range));
        let shapes = self.shapes.iter().map(|(digest, range)| (SHAPE, *digest, range));
        let kept: Vec<Vec<u8>> = shapes
            .chain(releases)
            .chain(delivered)
            .filter_map(|(kind, digest, range)| {
                Some([&[kind], &digest.bytes()[..], bytes.get(range.clone())?].concat())
            })
            .collect();
        // The old log stays where the new one cannot be written; it is only larger than it need be.
        log.rewrite(kept.iter().map(Vec::as_slice)).is_ok()
    }
}

/// What an entry holds.
fn read<T: DeserializeOwned>(reader: &File, range: &Range<usize>) -> Option<T> {
    let mut bytes = vec![0; range.len()];
    reader.read_exact_at(&mut bytes, range.start as u64).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn head(bytes: &[u8], range: &Range<usize>) -> Option<(u8, Digest)> {
    let (kind, rest) = bytes.get(range.clone())?.split_first()?;
    Some((*kind, Digest::from_bytes(*rest.first_chunk()?)))
}

#[cfg(test)]
mod tests;
