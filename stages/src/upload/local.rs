//! A folder on this machine or on a mounted share, as a destination.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use engine::StageError;
use formats::digest::algorithm;
use serde_json::Value;

use super::destination::{Connection, Destination, Entry};
use super::faults;
use super::remote::{self, ReadSecret};
use super::settings;
use crate::files;

/// How much is written or read at a time.
const BLOCK: usize = 256 * 1024;
/// How many files are written at a time unless the settings say.
const CONNECTIONS: usize = 2;

pub(super) fn check(settings: &Value) -> Result<(), String> {
    settings::text(settings, "path").map(drop)
}

pub(super) fn open(settings: &Value, _: ReadSecret<'_>) -> Result<Box<dyn Destination>, StageError> {
    let root = settings::text(settings, "path").map_err(StageError::input)?.into();
    let connections = settings::connections(settings, CONNECTIONS).map_err(StageError::input)?;
    Ok(Box::new(Local { root, connections }))
}

struct Local {
    root: PathBuf,
    connections: usize,
}

impl Destination for Local {
    fn connect(&self) -> Result<Box<dyn Connection>, StageError> {
        fs::create_dir_all(&self.root).map_err(|error| fault("cannot make", &self.root, &error))?;
        Ok(Box::new(Folder { root: self.root.clone() }))
    }

    fn address(&self) -> String {
        self.root.display().to_string()
    }

    fn connections(&self) -> usize {
        self.connections
    }
}

struct Folder {
    root: PathBuf,
}

impl Folder {
    fn at(&self, path: &str) -> Result<PathBuf, StageError> {
        let path = remote::place("", path)?;
        Ok(if path.is_empty() { self.root.clone() } else { self.root.join(path) })
    }
}

impl Connection for Folder {
    fn stat(&mut self, path: &str) -> Result<Option<Entry>, StageError> {
        let at = self.at(path)?;
        match fs::metadata(&at) {
            Ok(found) => Ok(Some(entry(path.rsplit('/').next().unwrap_or(path), &found))),
            // A link that leads nowhere has the name all the same.
            Err(error) if is_absent(&error) => Ok(at
                .symlink_metadata()
                .ok()
                .map(|found| entry(path.rsplit('/').next().unwrap_or(path), &found))),
            Err(error) => Err(fault("cannot look at", &at, &error)),
        }
    }

    fn list(&mut self, folder: &str) -> Result<Vec<Entry>, StageError> {
        let at = self.at(folder)?;
        let wrong = |error: &io::Error| fault("cannot list", &at, error);
        let mut found = Vec::new();
        for one in fs::read_dir(&at).map_err(|error| wrong(&error))? {
            let one = one.map_err(|error| wrong(&error))?;
            // What vanished while it was listed is not there.
            let Ok(metadata) = fs::metadata(one.path()).or_else(|_| one.metadata()) else { continue };
            found.push(entry(&one.file_name().to_string_lossy(), &metadata));
        }
        Ok(found)
    }

    fn make_folder(&mut self, folder: &str) -> Result<(), StageError> {
        let at = self.at(folder)?;
        fs::create_dir_all(&at).map_err(|error| fault("cannot make", &at, &error))
    }

    fn put(&mut self, path: &str, offset: u64, from: &mut dyn Read) -> Result<u64, StageError> {
        let at = self.at(path)?;
        let wrong = |error: &io::Error| fault("cannot write", &at, error);
        let file = File::options().write(true).create(true).truncate(offset == 0).open(&at);
        let file = file.map_err(|error| wrong(&error))?;
        let (mut block, mut sent) = (vec![0; BLOCK], 0);
        loop {
            let count = remote::fill(from, &mut block)?;
            if count == 0 {
                break;
            }
            let bytes = block.get(..count).unwrap_or_default();
            file.write_all_at(bytes, offset + sent).map_err(|error| wrong(&error))?;
            sent += count as u64;
        }
        file.sync_all().map_err(|error| wrong(&error))?;
        Ok(sent)
    }

    fn get(&mut self, path: &str, offset: u64, length: u64, to: &mut dyn Write) -> Result<u64, StageError> {
        let at = self.at(path)?;
        let wrong = |error: &io::Error| fault("cannot read", &at, error);
        let file = File::open(&at).map_err(|error| wrong(&error))?;
        let (mut block, mut got) = (vec![0; BLOCK], 0);
        while got < length {
            let most = usize::try_from(length - got).unwrap_or(BLOCK).min(BLOCK);
            let room = block.get_mut(..most).unwrap_or_default();
            let count = match file.read_at(room, offset + got) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(wrong(&error)),
            };
            let taken = to.write_all(block.get(..count).unwrap_or_default());
            taken.map_err(|error| faults::lost(format!("what is read back is not taken: {error}")))?;
            got += count as u64;
        }
        Ok(got)
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), StageError> {
        let (from, to) = (self.at(from)?, self.at(to)?);
        // The system replaces a file without a word.
        if to.symlink_metadata().is_ok() {
            return Err(faults::exists(format!("`{}` is there already", to.display())));
        }
        fs::rename(&from, &to).map_err(|error| fault("cannot rename to", &to, &error))?;
        let folders = [from.parent(), to.parent()];
        folders.into_iter().flatten().try_for_each(|folder| {
            File::open(folder)
                .and_then(|file| file.sync_all())
                .map_err(|error| fault("cannot write", folder, &error))
        })
    }

    fn remove(&mut self, path: &str) -> Result<(), StageError> {
        let at = self.at(path)?;
        gone(fs::remove_file(&at)).map_err(|error| fault("cannot remove", &at, &error))
    }

    fn remove_folder(&mut self, folder: &str) -> Result<(), StageError> {
        let at = self.at(folder)?;
        gone(fs::remove_dir(&at)).map_err(|error| fault("cannot remove", &at, &error))
    }

    fn hash(&mut self, path: &str, algorithms: &[&str]) -> Result<Option<(String, String)>, StageError> {
        // Of those that other far ends take as well, so that a ledger is of use wherever it is held against.
        let is_known = |name: &&&str| **name != "blake3" && algorithm(name).is_some();
        let Some(name) = algorithms.iter().find(is_known) else { return Ok(None) };
        let at = self.at(path)?;
        let mut digester = files::digester(&BTreeSet::from([(*name).to_owned()]))?;
        let mut file = File::open(&at).map_err(|error| fault("cannot read", &at, &error))?;
        let mut block = vec![0; BLOCK];
        loop {
            match file.read(&mut block) {
                Ok(0) => break,
                Ok(count) => digester.update(block.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(fault("cannot read", &at, &error)),
            }
        }
        Ok(digester.finish().into_iter().next())
    }

    fn truncate(&mut self, path: &str, length: u64) -> Result<bool, StageError> {
        let at = self.at(path)?;
        let cut = File::options().write(true).open(&at).and_then(|file| file.set_len(length));
        cut.map(|()| true).map_err(|error| fault("cannot cut", &at, &error))
    }

    fn free(&mut self) -> Result<Option<u64>, StageError> {
        let found = rustix::fs::statvfs(&self.root).ok();
        Ok(found.and_then(|found| found.f_bavail.checked_mul(found.f_frsize)))
    }

    fn keep_alive(&mut self) -> Result<(), StageError> {
        Ok(())
    }
}

fn entry(name: &str, found: &fs::Metadata) -> Entry {
    let folder = found.is_dir();
    Entry { name: name.to_owned(), folder, size: if folder { 0 } else { found.len() } }
}

/// Whether nothing is there; a file in the place of a folder above it means the same.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if is_absent(&error) => Ok(()),
        other => other,
    }
}

fn fault(doing: &str, at: &Path, error: &io::Error) -> StageError {
    faults::of_io(&format!("{doing} `{}`", at.display()), error)
}
