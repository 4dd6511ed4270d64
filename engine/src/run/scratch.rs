//! The place where a run works: a folder beside the releases it makes, so that renaming is all it takes to finish.
//!
//! The folder is held by a lock on a file in it. The system drops the lock when the process ends, however it ends, so
//! the next run knows which folders nobody holds and removes them; no person ever has to.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

const PREFIX: &str = ".bindery-";
const LOCK: &str = "lock";

/// A folder of this run. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Makes a folder in `output`, which is made too, after removing what ended runs have left there.
    pub(super) fn new(output: &Path, run: &str) -> io::Result<Self> {
        fs::create_dir_all(output)?;
        sweep(output);
        let folder = output.join(format!("{PREFIX}{run}"));
        // Another run that sweeps may take the folder for a left-over until it is locked; then it is made again.
        for _ in 0..16 {
            match fs::create_dir(&folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            let Ok(lock) = File::create(folder.join(LOCK)) else { continue };
            if lock.try_lock().is_ok() && folder.join(LOCK).exists() {
                return Ok(Self { folder, _lock: lock });
            }
        }
        Err(io::Error::other("another run keeps removing the working folder"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is swept by the next run.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes the folders of ended runs. What cannot be removed stays for the next sweep.
fn sweep(output: &Path) {
    let Ok(entries) = fs::read_dir(output) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let folder = entry.path();
        match File::open(folder.join(LOCK)) {
            Ok(lock) => match lock.try_lock() {
                Ok(()) => {
                    let _ = fs::remove_dir_all(&folder);
                }
                Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
            },
            // Made, but not locked yet: removed only if nothing is in it.
            Err(_) => {
                let _ = fs::remove_dir(&folder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_folder_stays_and_an_abandoned_one_goes() {
        let output = tempfile::tempdir().unwrap();
        let held = Scratch::new(output.path(), "a").unwrap();
        let abandoned = output.path().join(".bindery-b");
        fs::create_dir_all(abandoned.join("steps")).unwrap();
        fs::write(abandoned.join(LOCK), "").unwrap();
        let own = Scratch::new(output.path(), "c").unwrap();
        assert!(held.path().exists() && own.path().exists() && !abandoned.exists());
        drop((held, own));
        assert_eq!(fs::read_dir(output.path()).unwrap().count(), 0);
    }
}
