//! What earlier runs left of a release: what is remembered, what a run that was cut off had done, what lies there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Why;
use crate::digest::{self, Digest};
use crate::run::assemble::FOLDER;
use crate::stamp::{self, Stamp};
use crate::state::record::{FileRecord, FolderRecord, MadeRecord, ReleaseRecord, StepRecord};

/// What earlier runs left of a release.
#[derive(Default)]
pub(in crate::run) struct Past {
    /// The release as it was made last.
    pub(in crate::run) record: Option<ReleaseRecord>,
    /// Where it was made.
    pub(in crate::run) target: Option<PathBuf>,
    /// What lies there.
    pub(in crate::run) standing: Standing,
    /// The digest of how the steps were written then, or when a run ended early since.
    pub(in crate::run) shape: Option<Digest>,
    /// Steps that a run had done when it ended early, and the working folder they lie in.
    pub(in crate::run) resumed: BTreeMap<String, StepRecord>,
    pub(in crate::run) working: Option<PathBuf>,
}

/// What lies where a release belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::run) enum Standing {
    /// Nothing.
    #[default]
    Absent,
    /// The release as it was made.
    Ours,
    /// The release as it was made, and a file that was put into it.
    Joined(String),
    /// The release as it was made, without some of its files. Nothing is lost when it is made whole again.
    Incomplete,
    /// A folder that may hold what would be made: nothing is remembered of it.
    Unsure,
    /// A folder that is not as it was made.
    Changed(String),
}

impl Standing {
    /// Whether every file is there as it was made.
    pub(in crate::run) const fn is_whole(&self) -> bool {
        matches!(self, Self::Ours | Self::Joined(_))
    }

    /// Why what lies there is in the way. A file that was put into it is in nobody's where nothing has to be done.
    pub(in crate::run) fn fault(&self, idle: bool) -> Option<String> {
        match self {
            Self::Joined(name) if !idle => Some(put_into(name)),
            Self::Changed(why) => Some(why.clone()),
            Self::Absent | Self::Ours | Self::Joined(_) | Self::Incomplete | Self::Unsure => None,
        }
    }
}

fn put_into(name: &str) -> String {
    format!("`{name}` was put into it")
}

impl Past {
    /// Looks at what lies where the release was made.
    pub(in crate::run) fn look(&mut self) {
        let Some(target) = &self.target else { return };
        self.standing = standing(self.record.as_ref(), target);
    }

    /// What lies where the release belongs now.
    pub(in crate::run) fn standing_at(&self, target: &Path) -> Standing {
        if self.target.as_deref() == Some(target) { self.standing.clone() } else { standing(None, target) }
    }

    /// What is remembered of a step, and whether that is of a run that was cut off.
    pub(in crate::run) fn step(&self, id: &str) -> Option<(&StepRecord, bool)> {
        let resumed = self.resumed.get(id).map(|step| (step, true));
        resumed.or_else(|| Some((self.record.as_ref()?.step(id)?, false)))
    }

    /// Where a file that a step made lies now, if it does.
    pub(in crate::run) fn find(&self, made: &MadeRecord) -> Option<PathBuf> {
        let name = &made.artifact.name;
        if let Some(path) = self.working.as_ref().and_then(|working| find_in(working, made)) {
            return Some(path);
        }
        let record = self.record.as_ref()?;
        let at = record.files.binary_search_by(|file| file.name.as_str().cmp(name)).ok()?;
        let file = record.files.get(at).filter(|file| file.id == made.id)?;
        let path = self.target.as_ref()?.join(name);
        let is_it = self.standing.is_whole()
            || stamp::at(&path).is_some_and(|(found, _)| is_as_it_was(&path, &found, file));
        is_it.then_some(path)
    }

    /// Why a file that a step made is not found.
    pub(in crate::run) fn missing(&self, made: &MadeRecord) -> Why {
        let file = made.artifact.name.clone();
        let is_there = self.target.as_ref().is_some_and(|target| stamp::at(&target.join(&file)).is_some());
        if is_there { Why::Touched { file } } else { Why::Gone { file } }
    }
}

/// Where a file that a step made lies in a working folder. One that was put together already lies in the
/// release's folder-to-be.
pub(in crate::run) fn find_in(working: &Path, made: &MadeRecord) -> Option<PathBuf> {
    let (place, inode) = made.lies.as_ref()?;
    let is_it = |path: &PathBuf| {
        stamp::at(path).is_some_and(|(found, _)| found.inode == *inode && found.size == made.artifact.size)
    };
    let places = [working.join(place), working.join(FOLDER).join(&made.artifact.name)];
    places.into_iter().find(is_it)
}

/// What lies at `target`, held against what was made there. A file whose stamp differs and whose digest is not known
/// may be the same still.
fn standing(record: Option<&ReleaseRecord>, target: &Path) -> Standing {
    let Some((found, is_folder)) = stamp::at(target) else { return Standing::Absent };
    let Some(record) = record else { return Standing::Unsure };
    if !is_folder {
        return Standing::Changed("it is no folder".into());
    }
    let mut is_sure = found.inode == record.folder.inode;
    let mut gone = None;
    for file in &record.files {
        let path = target.join(&file.name);
        let Some((found, _)) = stamp::at(&path) else {
            gone = gone.or(Some(&file.name));
            continue;
        };
        if found.size != file.stamp.size {
            return Standing::Changed(format!("`{}` is not as it was made", file.name));
        }
        is_sure &= is_as_it_was(&path, &found, file);
    }
    let has_all = |folder: &FolderRecord| {
        let found = stamp::at(&target.join(&folder.name));
        found.is_some_and(|(found, _)| found.modified == folder.modified && found.inode == folder.inode)
    };
    if !std::iter::once(&record.folder).chain(&record.folders).all(has_all)
        && let Some(name) = foreign(target, record)
    {
        return if is_sure && gone.is_none() {
            Standing::Joined(name)
        } else {
            Standing::Changed(put_into(&name))
        };
    }
    match gone {
        None if is_sure => Standing::Ours,
        None => Standing::Unsure,
        Some(_) if is_sure => Standing::Incomplete,
        Some(name) => {
            Standing::Changed(format!("`{name}` is gone from it, and not all others are as they were made"))
        }
    }
}

/// Whether a file holds what was made. One that was touched is read where its bytes are what is remembered of it.
fn is_as_it_was(path: &Path, found: &Stamp, file: &FileRecord) -> bool {
    found.same_content(&file.stamp)
        || found.size == file.stamp.size && digest::of_small_file(path, found.size) == Some(file.id)
}

/// A file in a folder that was not made there.
fn foreign(target: &Path, record: &ReleaseRecord) -> Option<String> {
    let mut open = vec![String::new()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(target.join(&folder)).ok()?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(name);
            } else if record.files.binary_search_by(|file| file.name.as_str().cmp(&name)).is_err() {
                return Some(name);
            }
        }
    }
    None
}
