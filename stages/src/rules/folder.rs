//! A finished release as rules see it: its name and its files, those in its ZIPs included.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use engine::StageError;
use formats::archive::ReadSeek;
use formats::archive::zip::{Listed, Section, list};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Most files that are looked at.
const MOST_FILES: usize = 200_000;
/// How deep folders are followed: rules speak of one level, sane releases have two.
const DEEPEST: usize = 8;

/// A release folder.
pub(super) struct Folder {
    pub(super) name: String,
    pub(super) files: Vec<Item>,
}

/// A file of a release, or a file in a ZIP of one.
pub(super) struct Item {
    /// Its path in the release; of a file in a ZIP, its path in there.
    pub(super) name: String,
    /// Its path in the release; of a file in a ZIP, with the ZIP's path before it.
    pub(super) shown: String,
    pub(super) size: u64,
    path: PathBuf,
    listed: Option<Listed>,
}

impl Item {
    /// The last part of its path.
    pub(super) fn last(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// Opens it. A file in a ZIP must be stored there.
    pub(super) fn open(&self) -> Option<Box<dyn ReadSeek>> {
        let file = BufReader::new(File::open(&self.path).ok()?);
        match &self.listed {
            None => Some(Box::new(file)),
            Some(listed) => {
                let stored = listed.stored.as_ref()?;
                Some(Box::new(BufReader::new(Section::new(file, stored))))
            }
        }
    }

    /// Its bytes, of at most so many; of a file in a ZIP too.
    pub(super) fn bytes(&self, most: u64) -> Option<Vec<u8>> {
        let mut file = BufReader::new(File::open(&self.path).ok()?);
        match &self.listed {
            None => {
                let mut bytes = Vec::new();
                file.take(most).read_to_end(&mut bytes).ok()?;
                Some(bytes)
            }
            Some(listed) => formats::archive::zip::content(&mut file, &listed.name, most),
        }
    }
}

impl Folder {
    pub(super) fn read(path: &Path) -> Result<Self, StageError> {
        let whole = fs::canonicalize(path).map_err(|error| StageError::reading(path, &error))?;
        if !whole.is_dir() {
            return Err(StageError::input(format!("`{}` is no folder", path.display()))
                .hint("rules are about whole releases; name the release's folder"));
        }
        let name = whole.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut files = Vec::new();
        walk(&whole, "", 0, &mut files)?;
        files.sort_by(|one: &Item, other| one.name.cmp(&other.name));
        Ok(Self { name, files })
    }

    /// The files that match.
    pub(super) fn matching(&self, globs: &[String]) -> impl Iterator<Item = &Item> {
        let globs = compile(globs);
        self.files.iter().filter(move |item| takes(&globs, &item.name))
    }

    /// Every ZIP with what is in it.
    pub(super) fn zips(&self) -> Vec<(&Item, Vec<Item>)> {
        let zips = self.files.iter().filter(|item| item.name.to_ascii_lowercase().ends_with(".zip"));
        let inside = |zip: &Item| -> Vec<Item> {
            let Ok(file) = File::open(&zip.path) else { return Vec::new() };
            let listed = list(&mut BufReader::new(file));
            let item = |listed: Listed| Item {
                name: listed.name.clone(),
                shown: format!("{}:{}", zip.name, listed.name),
                size: listed.size,
                path: zip.path.clone(),
                listed: Some(listed),
            };
            listed.into_iter().map(item).collect()
        };
        zips.map(|zip| (zip, inside(zip))).collect()
    }

    /// The files that match, beside the ZIPs or in them.
    pub(super) fn chosen(&self, globs: &[String], zipped: bool) -> Vec<Item> {
        if zipped {
            let set = compile(globs);
            let inside = self.zips().into_iter().flat_map(|(_, inside)| inside);
            return inside.filter(|item| takes(&set, &item.name)).collect();
        }
        self.matching(globs)
            .map(|item| Item {
                name: item.name.clone(),
                shown: item.shown.clone(),
                size: item.size,
                path: item.path.clone(),
                listed: None,
            })
            .collect()
    }
}

/// Globs over paths, without regard to capitals; one that is none matches nothing.
pub(super) fn compile(globs: &[String]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        if let Ok(glob) = GlobBuilder::new(glob).case_insensitive(true).literal_separator(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_default()
}

/// Whether globs take a path.
pub(super) fn takes(globs: &GlobSet, name: &str) -> bool {
    globs.is_match(name)
}

fn walk(root: &Path, folder: &str, depth: usize, files: &mut Vec<Item>) -> Result<(), StageError> {
    let path = root.join(folder);
    let entries = fs::read_dir(&path).map_err(|error| StageError::reading(&path, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| StageError::reading(&path, &error))?;
        let name = format!("{folder}{}", entry.file_name().to_string_lossy());
        // Links are not followed: what they lead to is no part of the release.
        let Ok(found) = entry.metadata() else { continue };
        if found.is_dir() && depth < DEEPEST {
            walk(root, &format!("{name}/"), depth + 1, files)?;
        } else if found.is_file() {
            files.push(Item {
                shown: name.clone(),
                name,
                size: found.len(),
                path: entry.path(),
                listed: None,
            });
        }
        if files.len() > MOST_FILES {
            return Err(StageError::input(format!(
                "`{}` holds more than {MOST_FILES} files",
                root.display()
            )));
        }
    }
    Ok(())
}
