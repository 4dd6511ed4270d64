//! The place where a run works: a folder beside the releases it makes, so that renaming is all it takes to finish.
//!
//! The folder is held by a lock on a file in it. The system drops the lock when the process ends, however it ends, so
//! the next run knows which folders nobody holds; no person ever has to. What was finished in such a folder is written
//! down in it, and the next run goes on there. Whatever it has no use for is removed.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::ReleaseKey;
use crate::digest::Digest;
use crate::state::record::StepRecord;
use crate::state::{Entries, Log};

const PREFIX: &str = ".bindery-";
const LOCK: &str = "lock";
const JOURNAL: &str = "journal";

/// The working folders of a run in one output folder. Dropping it removes them.
#[derive(Debug)]
pub(super) struct Scratch {
    output: PathBuf,
    run: String,
    own: Option<Folder>,
    /// Folders of runs that were cut off, and what was done in them.
    adopted: Vec<Folder>,
}

/// A folder for work that is thrown away, beside the releases of an output folder. Dropping it removes it; if the
/// process is killed, the next run in that folder does.
#[derive(Debug)]
pub struct Workplace(Folder);

impl Workplace {
    /// Makes the folder. The name must be unique on this machine, like that of a run.
    pub fn new(output: &Path, name: &str) -> io::Result<Self> {
        make(output, name).map(Self)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        self.0.remove();
    }
}

/// The folder in which a run that was cut off made a release, and the steps that it had done.
pub(super) type Resumed = (PathBuf, BTreeMap<String, StepRecord>);

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    _lock: File,
    journal: Option<Log>,
    done: BTreeMap<Digest, BTreeMap<String, StepRecord>>,
}

impl Scratch {
    /// Takes over what runs that were cut off have left in `output`.
    pub(super) fn new(output: &Path, run: &str) -> Self {
        Self { output: output.to_owned(), run: run.to_owned(), own: None, adopted: adopt(output) }
    }

    /// The folder in which a release is made.
    pub(super) fn folder(&mut self, number: usize, key: Option<ReleaseKey>) -> io::Result<PathBuf> {
        let name = key.map_or_else(|| number.to_string(), |key| key.digest().to_string());
        let adopted = self.adopted_for(key).map(|folder| folder.path.clone());
        Ok(match adopted {
            Some(path) => path.join(name),
            None => self.own()?.path.join(name),
        })
    }

    /// What a run that was cut off had done of a release, and where that lies.
    pub(super) fn resumed(&mut self, key: ReleaseKey) -> Option<Resumed> {
        let folder = self.adopted_for(Some(key))?;
        let done = folder.done.get(&key.digest())?.clone();
        Some((folder.path.join(key.digest().to_string()), done))
    }

    /// Writes down that a step is done. Without that it will only be done once more.
    pub(super) fn note(&mut self, key: ReleaseKey, record: &StepRecord) {
        let folder = match self.adopted_for(Some(key)) {
            Some(folder) => Some(folder),
            None => self.own.as_mut(),
        };
        let Some(folder) = folder else { return };
        if folder.journal.is_none() {
            folder.journal = Log::open(&folder.path.join(JOURNAL)).ok().map(|(log, _)| log);
        }
        let Ok(body) = serde_json::to_vec(record) else { return };
        let entry = [&key.digest().bytes()[..], &body].concat();
        if folder.journal.as_mut().is_some_and(|journal| journal.add(&entry, false).is_err()) {
            folder.journal = None;
        }
    }

    fn adopted_for(&mut self, key: Option<ReleaseKey>) -> Option<&mut Folder> {
        let key = key?.digest();
        self.adopted.iter_mut().find(|folder| folder.done.contains_key(&key))
    }

    fn own(&mut self) -> io::Result<&mut Folder> {
        let own = match self.own.take() {
            Some(own) => own,
            None => make(&self.output, &self.run)?,
        };
        Ok(self.own.insert(own))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for folder in self.own.iter().chain(&self.adopted) {
            folder.remove();
        }
    }
}

impl Folder {
    /// Removes the folder, the lock last, so that what is left when this is cut off is found by the next run. What
    /// cannot be removed now is swept by it, too.
    fn remove(&self) {
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            if entry.file_name() != LOCK {
                let _ = fs::remove_dir_all(entry.path()).or_else(|_| fs::remove_file(entry.path()));
            }
        }
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn make(output: &Path, run: &str) -> io::Result<Folder> {
    if !output.exists() {
        fs::create_dir_all(output)?;
        // A release that appears in it must not be lost with it.
        let above = output.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
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
            // Without the word what is done here cannot be taken over, and no more.
            let _ = fs::write(path.join(LOCK), boot());
            return Ok(Folder { path, _lock: lock, journal: None, done: BTreeMap::new() });
        }
    }
    Err(io::Error::other("another run keeps removing the working folder"))
}

/// Takes over the folders of ended runs in which something was done, and removes the others. What cannot be removed
/// stays for the next sweep.
fn adopt(output: &Path) -> Vec<Folder> {
    let mut adopted = Vec::new();
    for entry in fs::read_dir(output).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let path = entry.path();
        match File::options().read(true).write(true).open(path.join(LOCK)) {
            Ok(lock) => match lock.try_lock() {
                Ok(()) => {
                    let done = done(&path);
                    let folder = Folder { path, _lock: lock, journal: None, done };
                    if folder.done.is_empty() { folder.remove() } else { adopted.push(folder) }
                }
                Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
            },
            // Made, but not locked yet: removed only if nothing is in it.
            Err(_) => {
                let _ = fs::remove_dir(&path);
            }
        }
    }
    adopted
}

/// What was done in a folder. What was written before the system was started anew may never have reached the disk.
fn done(path: &Path) -> BTreeMap<Digest, BTreeMap<String, StepRecord>> {
    let mut done: BTreeMap<Digest, BTreeMap<String, StepRecord>> = BTreeMap::new();
    let boot = boot();
    if boot.is_empty() || fs::read_to_string(path.join(LOCK)).ok().as_deref() != Some(boot.as_str()) {
        return done;
    }
    for entry in Entries::read(&path.join(JOURNAL)).unwrap_or_default().iter() {
        let Some((key, body)) = entry.split_first_chunk() else { continue };
        if let Ok(record) = serde_json::from_slice::<StepRecord>(body) {
            done.entry(Digest::from_bytes(*key)).or_default().insert(record.id.clone(), record);
        }
    }
    done
}

/// What tells one start of the system from another; nothing where the system does not say.
fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_folder_stays_and_an_abandoned_one_goes() {
        let output = tempfile::tempdir().unwrap();
        let mut held = Scratch::new(output.path(), "a");
        let inside = held.folder(0, None).unwrap();
        let abandoned = output.path().join(".bindery-b");
        fs::create_dir_all(abandoned.join("steps")).unwrap();
        fs::write(abandoned.join(LOCK), "").unwrap();
        let mut own = Scratch::new(output.path(), "c");
        own.folder(0, None).unwrap();
        assert!(inside.parent().unwrap().exists() && !abandoned.exists());
        drop((held, own));
        assert_eq!(fs::read_dir(output.path()).unwrap().count(), 0);
    }

    #[test]
    fn looking_for_left_overs_makes_no_folder() {
        let output = tempfile::tempdir().unwrap();
        let missing = output.path().join("dist");
        drop(Scratch::new(&missing, "a"));
        assert!(!missing.exists());
    }
}
