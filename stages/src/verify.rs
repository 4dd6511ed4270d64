//! Tests finished releases, ours or anyone's: every archive, archives in archives, every checksum file.
//!
//! Opens only what lies below the folder it was given, and nothing that a file inside merely names.

mod archives;
mod sums;
mod watched;

use std::fs;
use std::path::{Path, PathBuf};

use engine::StageError;
use schemars::JsonSchema;
use serde::Serialize;

use crate::rules::Finding;
use watched::Taken;

/// What a test of a release found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Verdict {
    /// The folder or file that was tested.
    pub path: String,
    /// Files that lie there.
    pub files: usize,
    /// Archives that were read through, those inside others included; a set of volumes counts once.
    pub archives: usize,
    /// Files that were compared with a checksum.
    pub sums: usize,
    /// What is wrong. Empty when all is well.
    pub faults: Vec<Fault>,
    /// What was seen and could not be tested.
    pub unchecked: Vec<Unchecked>,
    /// Rules that are not kept, where rule sets were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// Something wrong in a release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Fault {
    /// The file, relative to the release.
    pub file: String,
    /// Stable word.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

/// Something that could not be tested.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Unchecked {
    /// The file, relative to the release.
    pub file: String,
    /// Why.
    pub why: String,
}

/// Told the bytes that were read since the last time; its error ends the test.
pub type Progress<'a> = dyn Fn(u64) -> Result<(), StageError> + Sync + 'a;

/// Most files that are looked at: more than any release has.
const MOST_FILES: usize = 200_000;

/// Tests a release folder, or the one file named with all that belongs to it.
pub fn verify(path: &Path, progress: &Progress<'_>) -> Result<Verdict, StageError> {
    let found = fs::metadata(path).map_err(|error| StageError::reading(path, &error))?;
    let mut verdict = Verdict { path: path.display().to_string(), ..Verdict::default() };
    let (root, only) = if found.is_dir() {
        (path.to_owned(), None)
    } else {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        (
            path.parent()
                .filter(|parent| !parent.as_os_str().is_empty())
                .unwrap_or(Path::new("."))
                .to_owned(),
            name,
        )
    };
    let tree = Tree::new(&root, only.is_none(), &mut verdict)?;
    verdict.files = only.as_ref().map_or(tree.files.len(), |_| 1);
    // Checksum files are read first, so that reading an archive serves both.
    let claims = sums::claims(&tree, only.as_deref(), &mut verdict)?;
    let taken = Taken::default();
    archives::test(&tree, only.as_deref(), &claims, &taken, &mut verdict, progress)?;
    sums::test(&tree, &claims, &taken, &mut verdict, progress)?;
    verdict.faults.sort();
    verdict.faults.dedup();
    verdict.unchecked.sort();
    Ok(verdict)
}

impl Verdict {
    /// Adds what another part of the test found.
    fn add(&mut self, other: Self) {
        self.archives += other.archives;
        self.sums += other.sums;
        self.faults.extend(other.faults);
        self.unchecked.extend(other.unchecked);
    }

    fn fault(&mut self, file: &str, code: &str, message: impl Into<String>) {
        self.faults.push(Fault { file: file.to_owned(), code: code.to_owned(), message: message.into() });
    }

    fn unchecked(&mut self, file: &str, why: impl Into<String>) {
        self.unchecked.push(Unchecked { file: file.to_owned(), why: why.into() });
    }
}

/// The files below a folder, by name relative to it, sorted.
struct Tree {
    root: PathBuf,
    files: Vec<String>,
}

impl Tree {
    fn new(root: &Path, deep: bool, verdict: &mut Verdict) -> Result<Self, StageError> {
        let mut files = Vec::new();
        let mut open = vec![String::new()];
        while let Some(folder) = open.pop() {
            let path = root.join(&folder);
            let entries = fs::read_dir(&path).map_err(|error| StageError::reading(&path, &error))?;
            for entry in entries {
                let entry = entry.map_err(|error| StageError::reading(&path, &error))?;
                let kind = entry.file_type().map_err(|error| StageError::reading(&entry.path(), &error))?;
                let name = entry.file_name();
                let Some(name) = name.to_str().map(|name| format!("{folder}{name}")) else {
                    let shown = format!("{folder}{}", name.to_string_lossy());
                    verdict.unchecked(&shown, "has a name that is not UTF-8 and was not opened");
                    continue;
                };
                if kind.is_dir() && deep {
                    open.push(format!("{name}/"));
                } else if kind.is_file() {
                    files.push(name);
                } else if deep {
                    verdict.unchecked(&name, "is no plain file and was not followed");
                }
                if files.len() > MOST_FILES {
                    return Err(StageError::input(format!(
                        "`{}` holds more than {MOST_FILES} files",
                        root.display()
                    )));
                }
            }
        }
        files.sort();
        Ok(Self { root: root.to_owned(), files })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn has(&self, name: &str) -> bool {
        self.files.binary_search_by(|file| file.as_str().cmp(name)).is_ok()
    }
}

/// A name as its folder, with the slash, and its last part.
fn split(name: &str) -> (&str, &str) {
    name.rfind('/').map_or(("", name), |at| name.split_at(at + 1))
}

#[cfg(test)]
mod tests;
