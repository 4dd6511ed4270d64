//! Makes the release appear: whole, under its final name, or not at all.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rayon::prelude::*;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::{Artifact, StageError};

/// Files to be put together.
pub(super) struct Assembly {
    /// Where the release is put together, on the file system of `target`.
    pub(super) folder: PathBuf,
    /// Where it appears.
    pub(super) target: PathBuf,
    /// Name inside the release and the file that goes there.
    pub(super) files: Vec<(String, PathBuf)>,
    /// Replace what is there.
    pub(super) replace: bool,
    /// Modification time of every file, in seconds since 1970-01-01 UTC.
    pub(super) time: i64,
}

impl Assembly {
    /// Moves the files together, syncs them, and renames the folder to its final name.
    pub(super) fn finish(self) -> Result<(), StageError> {
        let folder = &self.folder;
        fs::create_dir_all(folder).map_err(|error| StageError::writing(folder, &error))?;
        self.no_clash()?;
        for (name, from) in &self.files {
            let to = folder.join(name);
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent).map_err(|error| StageError::writing(parent, &error))?;
            }
            fs::rename(from, &to).map_err(|error| StageError::writing(&to, &error))?;
        }
        let stamp =
            u64::try_from(self.time).map_or(UNIX_EPOCH, |seconds| UNIX_EPOCH + Duration::from_secs(seconds));
        self.files.par_iter().try_for_each(|(name, _)| {
            let path = folder.join(name);
            let file = File::options().write(true).open(&path);
            file.and_then(|file| file.set_modified(stamp).and_then(|()| file.sync_all()))
                .map_err(|error| StageError::writing(&path, &error))
        })?;
        sync_folders(folder).map_err(|error| StageError::writing(folder, &error))?;
        self.appear()
    }

    /// Two files of one name, or names that differ in case alone, would lose one of them on somebody's disk.
    fn no_clash(&self) -> Result<(), StageError> {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for (name, _) in &self.files {
            if let Some(other) = seen.insert(name.to_lowercase(), name) {
                return Err(StageError::new(
                    "release/clash",
                    format!("two files are called `{other}` and `{name}`"),
                )
                .hint("give one of the steps another `file` or `base`, or an `into` folder"));
            }
        }
        Ok(())
    }

    fn appear(&self) -> Result<(), StageError> {
        let failed = |error: &io::Error| StageError::writing(&self.target, error);
        let plain = renameat_with(CWD, &self.folder, CWD, &self.target, RenameFlags::NOREPLACE);
        match plain.map_err(io::Error::from) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if !self.replace {
                    return Err(exists(&self.target));
                }
                // Both names exist at every moment; the old release ends up in the working folder and goes with it.
                renameat_with(CWD, &self.folder, CWD, &self.target, RenameFlags::EXCHANGE)
                    .map_err(|error| failed(&error.into()))?;
            }
            // A file system without the flag: the plain call refuses a folder that is not empty just as well.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
            {
                if self.target.exists() && self.replace {
                    let old = self.folder.with_extension("old");
                    fs::rename(&self.target, old).map_err(|error| failed(&error))?;
                }
                fs::rename(&self.folder, &self.target).map_err(|error| failed(&error))?;
            }
            Err(error) => return Err(failed(&error)),
        }
        let parent = self.target.parent().unwrap_or(Path::new("."));
        File::open(parent).and_then(|folder| folder.sync_all()).map_err(|error| failed(&error))
    }
}

/// The release is there already.
pub(super) fn exists(target: &Path) -> StageError {
    StageError::new("output/exists", format!("`{}` exists already and is left alone", target.display()))
        .hint("replace it with `--force`, or look at it with `bindery verify`")
}

/// What a release may be called: one path component without separators or control characters.
pub(super) fn release_name(name: &str) -> Result<(), StageError> {
    let bad = if name.is_empty() {
        Some("is empty".to_owned())
    } else if name.len() > 250 {
        Some(format!(
            "has {} bytes, and file systems take no more than 250 with a temporary suffix",
            name.len()
        ))
    } else if name.starts_with('.') {
        Some("begins with a dot".to_owned())
    } else {
        name.chars().find(|&c| c.is_control() || "/\\:*?\"<>|".contains(c)).map(|c| format!("holds {c:?}"))
    };
    bad.map_or(Ok(()), |why| {
        let shown: String = name.chars().take(80).collect();
        Err(StageError::new("release/name", format!("the release name {shown:?} {why}"))
            .hint("use the filters `dots` or `ascii` in the `name` template"))
    })
}

/// A name inside a release: relative, without `..`, and free of control characters.
pub(super) fn inner_name(artifact: &Artifact) -> Result<(), StageError> {
    let name = artifact.name.as_str();
    let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if !plain || name.is_empty() || name.contains('\\') || name.chars().any(char::is_control) {
        return Err(StageError::new(
            "release/escape",
            format!("the file name {name:?} leads out of the release"),
        )
        .hint("a `file`, `base` or `into` is a relative path without `..`"));
    }
    Ok(())
}

fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    File::open(folder)?.sync_all()
}
