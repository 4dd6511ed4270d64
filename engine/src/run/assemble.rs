//! Makes the release appear: whole, under its final name, or not at all.

mod remembered;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rayon::prelude::*;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::digest::Digest;
use crate::state::record::ReleaseRecord;
use crate::{Keep, StageError, tree};

/// Files to be put together.
pub(super) struct Assembly {
    /// Where the release is put together, on the file system of `target`.
    pub(super) folder: PathBuf,
    /// Where it appears.
    pub(super) target: PathBuf,
    pub(super) files: Vec<Piece>,
    pub(super) over: Over,
    /// Modification time of every file, in seconds since 1970-01-01 UTC.
    pub(super) time: i64,
    /// Whether files of an earlier release bear that time already.
    pub(super) same_time: bool,
    /// What is to be remembered of the release, and where.
    pub(super) keep: Option<(Keep, Box<ReleaseRecord>)>,
}

/// A file of a release.
pub(super) struct Piece {
    /// Name inside the release.
    pub(super) name: String,
    /// Where it lies.
    pub(super) path: PathBuf,
    /// It belongs to an earlier release, which must stay whole until the new one is there.
    pub(super) stays: bool,
    /// What stands for its bytes, where the release is remembered.
    pub(super) id: Digest,
}

/// What happens to a release that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// It stays, and the new one does not appear.
    Refuse,
    /// It gives way.
    Replace,
    /// It stays if it holds the same bytes, and counts as the new one.
    Compare,
}

/// The folder in a release's working folder in which it is put together.
pub(super) const FOLDER: &str = "release";

impl Assembly {
    /// Moves the files together, syncs them, and renames the folder to its final name. Gives what is remembered.
    pub(super) fn finish(mut self) -> Result<Option<Box<ReleaseRecord>>, StageError> {
        let folder = &self.folder;
        self.no_clash()?;
        self.clear()?;
        for piece in &self.files {
            let to = folder.join(&piece.name);
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent).map_err(|error| StageError::writing(parent, &error))?;
            }
            self.bring(piece, &to)?;
        }
        let stamp =
            u64::try_from(self.time).map_or(UNIX_EPOCH, |seconds| UNIX_EPOCH + Duration::from_secs(seconds));
        self.files.par_iter().try_for_each(|piece| {
            let path = folder.join(&piece.name);
            let failed = |error: &io::Error| StageError::writing(&path, error);
            let file = File::options().write(true).open(&path).map_err(|error| failed(&error))?;
            file.set_modified(stamp).map_err(|error| failed(&error))?;
            // A system that could not write bytes down may forget them and say afterwards that all is well. So what
            // was made is not trusted any more, and the next run makes it anew.
            file.sync_all().map_err(|error| {
                let _ = fs::remove_dir_all(folder);
                failed(&error)
            })
        })?;
        sync_folders(folder).map_err(|error| StageError::writing(folder, &error))?;
        // What lies there already, byte for byte, is remembered as ours and need not appear again.
        let is_there = self.over == Over::Compare
            && tree::differences(folder, &self.target).is_ok_and(|differences| differences.is_empty());
        let lies = if is_there { self.target.clone() } else { folder.clone() };
        let mut keep = self.keep.take();
        if let Some((keep, record)) = &mut keep {
            remembered::look(record, &lies, &self.files)
                .map_err(|error| StageError::writing(&lies, &error))?;
            // Before the folder appears: a release that nobody remembers could not be told from a stranger's.
            keep.store.keep(keep.key, record);
        }
        if !is_there {
            self.appear()?;
        }
        Ok(keep.map(|(_, record)| record))
    }

    /// Removes what a run that was cut off put together and this one does not use.
    fn clear(&self) -> Result<(), StageError> {
        let used: BTreeSet<&Path> = self.files.iter().map(|piece| piece.path.as_path()).collect();
        let mut open = vec![self.folder.clone()];
        fs::create_dir_all(&self.folder).map_err(|error| StageError::writing(&self.folder, &error))?;
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    open.push(path);
                } else if !used.contains(path.as_path()) {
                    fs::remove_file(&path).map_err(|error| StageError::writing(&path, &error))?;
                }
            }
        }
        Ok(())
    }

    /// Brings a file to its place. One that stays where it is gets a second name; a copy where it is to bear another
    /// time, since both names share one.
    fn bring(&self, piece: &Piece, to: &Path) -> Result<(), StageError> {
        let failed = |error: &io::Error| StageError::writing(to, error);
        if !piece.stays {
            return if piece.path == to {
                Ok(())
            } else {
                fs::rename(&piece.path, to).map_err(|error| failed(&error))
            };
        }
        if self.same_time && fs::hard_link(&piece.path, to).is_ok() {
            return Ok(());
        }
        fs::copy(&piece.path, to).map(drop).map_err(|error| failed(&error))
    }

    /// Two files of one name, or names that differ in case alone, would lose one of them on somebody's disk.
    fn no_clash(&self) -> Result<(), StageError> {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for Piece { name, .. } in &self.files {
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
                if self.over != Over::Replace {
                    return Err(exists(&self.target, None));
                }
                // Both names exist at every moment; the old release ends up in the working folder and goes with it.
                renameat_with(CWD, &self.folder, CWD, &self.target, RenameFlags::EXCHANGE)
                    .map_err(|error| failed(&error.into()))?;
            }
            // A file system without the flag: the plain call refuses a folder that is not empty just as well.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
            {
                if self.target.exists() && self.over == Over::Replace {
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

/// Something is there already that is not what was made there.
pub(super) fn exists(target: &Path, why: Option<&str>) -> StageError {
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    StageError::new("output/exists", format!("`{}` exists already and is left alone{why}", target.display()))
        .hint("replace it with `--force`, or look at it with `bindery verify`")
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
