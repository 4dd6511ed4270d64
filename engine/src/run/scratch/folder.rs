//! One working folder: held by a lock, with a journal of what was done in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::stamp;
use crate::state::record::StepRecord;
use crate::state::{Entries, Log, Outbox};

pub(super) const PREFIX: &str = ".bindery-";
pub(super) const LOCK: &str = "lock";
const JOURNAL: &str = "journal";
/// How many milliseconds work waits for the run that goes on with it; then whoever works beside it takes it away.
const WAITS: i64 = 7 * 24 * 3600 * 1000;

/// The steps that were done of each release.
pub(super) type Done = BTreeMap<Digest, BTreeMap<String, StepRecord>>;

#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    lock: File,
    journal: Option<Log>,
    /// What there was no room for yet.
    unwritten: Outbox,
    /// What runs that ended had done.
    pub(super) done: Done,
    /// Releases of which this run has written something down.
    noted: BTreeSet<Digest>,
    /// Releases whose work waits for the next run.
    waiting: BTreeSet<Digest>,
}

impl Folder {
    /// Makes a folder in `output`, which is made where there is none.
    pub(super) fn make(output: &Path, run: &str) -> io::Result<Self> {
        if !output.exists() {
            fs::create_dir_all(output)?;
            // A release that appears in it must not be lost with it.
            let above =
                output.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(above)?.sync_all()?;
        }
        let path = output.join(format!("{PREFIX}{run}"));
        // Another run that sweeps may take the folder for a left-over until it is locked; then it is made again.
        for _ in 0..16 {
            match fs::create_dir(&path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            let lock = match File::create(path.join(LOCK)) {
                Ok(lock) => lock,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    let _ = fs::remove_dir(&path);
                    return Err(error);
                }
            };
            if lock.try_lock().is_ok() && path.join(LOCK).exists() {
                let folder = Self::held(path, lock, Done::new());
                // Without the word what is done here cannot be taken over, and no more.
                let _ = folder.write_boot();
                return Ok(folder);
            }
        }
        Err(io::Error::other("another run keeps removing the working folder"))
    }

    /// Takes over the folder of a run that ended; nothing where another run has it. One in which nothing was done is
    /// removed. What cannot be removed stays for the next sweep.
    pub(super) fn adopt(path: PathBuf, now: i64) -> Option<Self> {
        let Ok(lock) = File::options().read(true).write(true).open(path.join(LOCK)) else {
            // Made, but not locked yet: removed only if nothing is in it.
            let _ = fs::remove_dir(&path);
            return None;
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return None,
        }
        let done = done(&path, now);
        let folder = Self::held(path, lock, done);
        if folder.done.is_empty() {
            folder.remove();
            return None;
        }
        Some(folder)
    }

    fn held(path: PathBuf, lock: File, done: Done) -> Self {
        let waiting = done.keys().copied().collect();
        Self {
            path,
            lock,
            journal: None,
            unwritten: Outbox::default(),
            done,
            noted: BTreeSet::new(),
            waiting,
        }
    }

    /// Writes down that a step of a release is done.
    pub(super) fn note(&mut self, release: Digest, record: &StepRecord) {
        if let Ok(body) = serde_json::to_vec(record) {
            self.noted.insert(release);
            self.write(release, &body);
        }
    }

    /// Lets what was done of a release wait for the next run, and says whether there is any and it can.
    pub(super) fn keep(&mut self, release: Digest) -> bool {
        if !self.noted.contains(&release) && !self.done.contains_key(&release) {
            return false;
        }
        // Room that was lacking before may be there, now that what is of no use is gone.
        let is_written = self.unwritten.is_empty() || self.flush().is_ok();
        let is_marked = is_from_this_start(&self.path) || self.write_boot().is_ok();
        if is_written && is_marked {
            self.waiting.insert(release);
        }
        is_written && is_marked
    }

    /// Nothing waits of that release any more.
    pub(super) fn forget(&mut self, release: Digest) {
        self.waiting.remove(&release);
        if self.done.remove(&release).is_some() | self.noted.remove(&release) {
            self.write(release, b"");
        }
    }

    /// Ends the work in the folder: what waits for the next run stays, and the rest goes.
    pub(super) fn leave(&self) {
        let waiting: BTreeSet<String> = self.waiting.iter().map(Digest::to_string).collect();
        if waiting.is_empty() {
            return self.remove();
        }
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let stays =
                name.to_str().is_some_and(|name| [LOCK, JOURNAL].contains(&name) || waiting.contains(name));
            if !stays {
                let _ = fs::remove_dir_all(entry.path()).or_else(|_| fs::remove_file(entry.path()));
            }
        }
    }

    /// Removes the folder, the lock last, so that what is left when this is cut off is found by the next run. What
    /// cannot be removed now is swept by it, too.
    pub(super) fn remove(&self) {
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            if entry.file_name() != LOCK {
                let _ = fs::remove_dir_all(entry.path()).or_else(|_| fs::remove_file(entry.path()));
            }
        }
        let _ = fs::remove_dir_all(&self.path);
    }

    /// Adds an entry to the journal, now or as soon as there is room for it.
    fn write(&mut self, release: Digest, body: &[u8]) {
        self.unwritten.push([&release.bytes()[..], body].concat(), false);
        if self.flush().is_err() {
            self.journal = None;
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let journal = match self.journal.take() {
            Some(journal) => journal,
            None => Log::open(&self.path.join(JOURNAL))?.0,
        };
        self.unwritten.flush(self.journal.insert(journal), |_, _| {})
    }

    fn write_boot(&self) -> io::Result<()> {
        use std::os::unix::fs::FileExt;
        self.lock.write_all_at(boot().as_bytes(), 0)
    }
}

/// What was done in a folder and waits there. What was written before the system was started anew may never have
/// reached the disk. `now` is in milliseconds since 1970-01-01 UTC.
pub(super) fn done(path: &Path, now: i64) -> Done {
    let mut done = Done::new();
    let journal = path.join(JOURNAL);
    let written = stamp::at(&journal).map_or(0, |(found, _)| found.modified_seconds() * 1000);
    if now.saturating_sub(written) > WAITS || !is_from_this_start(path) {
        return done;
    }
    for entry in Entries::read(&journal).unwrap_or_default().iter() {
        let Some((key, body)) = entry.split_first_chunk() else { continue };
        let key = Digest::from_bytes(*key);
        if body.is_empty() {
            done.remove(&key);
        } else if let Ok(record) = serde_json::from_slice::<StepRecord>(body) {
            done.entry(key).or_default().insert(record.id.clone(), record);
        }
    }
    done
}

fn is_from_this_start(path: &Path) -> bool {
    let boot = boot();
    !boot.is_empty() && fs::read_to_string(path.join(LOCK)).is_ok_and(|written| written == boot)
}

/// What tells one start of the system from another; nothing where the system does not say.
fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}
