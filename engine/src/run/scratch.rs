//! The place where a run works: a folder beside the releases it makes, so that renaming is all it takes to finish.
//!
//! The folder is held by a lock on a file in it. The system drops the lock when the process ends, however it ends, so
//! the next run knows which folders nobody holds; no person ever has to. What was finished in such a folder is written
//! down in it, and the next run goes on there, after a failure as after a cut. Whatever nobody has a use for is removed.

mod folder;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use self::folder::{Done, Folder, PREFIX};
use crate::ReleaseKey;
use crate::state::record::StepRecord;

/// The working folders of a run in one output folder. Dropping it removes them, but for what waits for the next run.
#[derive(Debug)]
pub(super) struct Scratch {
    output: PathBuf,
    run: String,
    own: Option<Folder>,
    /// Folders of runs that ended, and what was done in them.
    adopted: Vec<Folder>,
}

/// A folder for work that is thrown away, beside the releases of an output folder. Dropping it removes it; if the
/// process is killed, the next run in that folder does.
#[derive(Debug)]
pub struct Workplace(Folder);

impl Workplace {
    /// Makes the folder. The name must be unique on this machine, like that of a run.
    pub fn new(output: &Path, name: &str) -> io::Result<Self> {
        Folder::make(output, name).map(Self)
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

/// The folder in which a run that ended early made a release, and the steps that it had done.
pub(super) type Resumed = (PathBuf, BTreeMap<String, StepRecord>);

/// What runs that ended early have left, by output folder. Each is looked at once, and nothing is held or changed.
#[derive(Debug, Default)]
pub struct Leftovers(Mutex<BTreeMap<PathBuf, Arc<[Left]>>>);

/// A working folder, and what was done in it.
type Left = (PathBuf, Done);

impl Leftovers {
    /// What waits of a release for a run that goes on with it.
    pub(super) fn of(&self, output: &Path, key: ReleaseKey, now: i64) -> Option<Resumed> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let folders = match known.get(output) {
            Some(folders) => Arc::clone(folders),
            None => {
                let found: Vec<Left> = working_folders(output)
                    .map(|path| {
                        let done = folder::done(&path, now);
                        (path, done)
                    })
                    .collect();
                let found = Arc::from(found);
                Arc::clone(known.entry(output.to_owned()).or_insert(found))
            }
        };
        drop(known);
        folders.iter().find_map(|(path, done)| Some((working(path, key), done.get(&key.digest())?.clone())))
    }
}

impl Scratch {
    /// Takes over what runs that ended early have left in `output`. `now` is in milliseconds since 1970-01-01 UTC.
    pub(super) fn new(output: &Path, run: &str, now: i64) -> Self {
        let adopted = working_folders(output).filter_map(|path| Folder::adopt(path, now)).collect();
        Self { output: output.to_owned(), run: run.to_owned(), own: None, adopted }
    }

    /// The folder in which a release is made.
    pub(super) fn folder(&mut self, number: usize, key: Option<ReleaseKey>) -> io::Result<PathBuf> {
        let adopted = key.and_then(|key| self.adopted_for(key)).and_then(|at| self.adopted.get(at));
        let path = match adopted {
            Some(folder) => &folder.path,
            None => &self.own()?.path,
        };
        Ok(key.map_or_else(|| path.join(number.to_string()), |key| working(path, key)))
    }

    /// What a run that ended early had done of a release, and where that lies.
    pub(super) fn resumed(&mut self, key: ReleaseKey) -> Option<Resumed> {
        let folder = self.adopted.get(self.adopted_for(key)?)?;
        Some((working(&folder.path, key), folder.done.get(&key.digest())?.clone()))
    }

    /// Writes down that a step is done. Without that it will only be done once more.
    pub(super) fn note(&mut self, key: ReleaseKey, record: &StepRecord) {
        if let Some(folder) = self.home_of(key) {
            folder.note(key.digest(), record);
        }
    }

    /// Lets what was done of a release wait for the next run, and tells in which folder.
    pub(super) fn keep(&mut self, key: ReleaseKey) -> Option<PathBuf> {
        let folder = self.home_of(key)?;
        folder.keep(key.digest()).then(|| folder.path.clone())
    }

    /// Nothing of a release has to wait for the next run.
    pub(super) fn forget(&mut self, key: ReleaseKey) {
        if let Some(folder) = self.home_of(key) {
            folder.forget(key.digest());
        }
    }

    /// The folder in which a release is made, if there is one already.
    fn home_of(&mut self, key: ReleaseKey) -> Option<&mut Folder> {
        match self.adopted_for(key) {
            Some(at) => self.adopted.get_mut(at),
            None => self.own.as_mut(),
        }
    }

    fn adopted_for(&self, key: ReleaseKey) -> Option<usize> {
        self.adopted.iter().position(|folder| folder.done.contains_key(&key.digest()))
    }

    fn own(&mut self) -> io::Result<&mut Folder> {
        let own = match self.own.take() {
            Some(own) => own,
            None => Folder::make(&self.output, &self.run)?,
        };
        Ok(self.own.insert(own))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.own.iter().chain(&self.adopted).for_each(Folder::leave);
    }
}

/// The folder of a release in a working folder.
fn working(folder: &Path, key: ReleaseKey) -> PathBuf {
    folder.join(key.digest().to_string())
}

/// The working folders in an output folder, whoever has them.
fn working_folders(output: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(output).into_iter().flatten().flatten();
    let works = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    works.map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::folder::LOCK;
    use super::*;

    #[test]
    fn a_held_folder_stays_and_an_abandoned_one_goes() {
        let output = tempfile::tempdir().unwrap();
        let mut held = Scratch::new(output.path(), "a", 0);
        let inside = held.folder(0, None).unwrap();
        let abandoned = output.path().join(".bindery-b");
        fs::create_dir_all(abandoned.join("steps")).unwrap();
        fs::write(abandoned.join(LOCK), "").unwrap();
        let mut own = Scratch::new(output.path(), "c", 0);
        own.folder(0, None).unwrap();
        assert!(inside.parent().unwrap().exists() && !abandoned.exists());
        drop((held, own));
        assert_eq!(fs::read_dir(output.path()).unwrap().count(), 0);
    }

    #[test]
    fn looking_for_left_overs_makes_no_folder() {
        let output = tempfile::tempdir().unwrap();
        let missing = output.path().join("dist");
        drop(Scratch::new(&missing, "a", 0));
        assert!(!missing.exists());
    }
}
