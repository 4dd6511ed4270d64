//! Files that are known by name, such as kinds and rule sets: those of the project and the user come before the
//! built-in ones.
//!
//! Knows where they lie and what they are called, not what is in them.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::load::read_regular;
use crate::place::File;

/// Where files of one sort are looked up.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    /// What one is called before its name: `kind ebook`.
    word: &'static str,
    built_in: &'static [(&'static str, &'static str)],
    folders: Vec<PathBuf>,
}

/// A file as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The name that manifests use.
    pub name: String,
    /// Its first line of comment.
    pub about: String,
    /// `built in`, or the file it is in.
    pub from: String,
}

impl Shelf {
    /// Files in `<folder>/<below>/`, the first folder first, and the built-in ones.
    pub(crate) fn new(
        word: &'static str,
        built_in: &'static [(&'static str, &'static str)],
        below: &str,
        folders: &[PathBuf],
    ) -> Self {
        Self { word, built_in, folders: folders.iter().map(|folder| folder.join(below)).collect() }
    }

    /// Every file, by name.
    pub(crate) fn list(&self) -> Vec<Listed> {
        let files = self.names().into_iter().filter_map(|name| Some((self.file(&name).ok()??, name)));
        files
            .map(|(file, name)| {
                let first = file.text.lines().next().unwrap_or_default();
                let about = first.strip_prefix('#').unwrap_or_default().trim().to_owned();
                let from =
                    if file.name == self.own(&name) { "built in".to_owned() } else { file.name.clone() };
                Listed { name, about, from }
            })
            .collect()
    }

    /// Every name, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.built_in.iter().map(|(name, _)| (*name).to_owned()).collect();
        for folder in &self.folders {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let files = entries.map(|entry| entry.path());
            let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
            names.extend(files.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())));
        }
        names.sort();
        names.dedup();
        names
    }

    /// The file of this name, if there is one.
    pub(crate) fn file(&self, name: &str) -> Result<Option<Arc<File>>, Box<Diagnostic>> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || !name.chars().all(plain) {
            return Ok(None);
        }
        for folder in &self.folders {
            let path = folder.join(format!("{name}.yaml"));
            if path.exists() {
                return read_regular(&path, &path.display().to_string()).map(Some);
            }
        }
        let built_in = self.built_in.iter().find(|(known, _)| *known == name);
        Ok(built_in.map(|(name, text)| File::new(self.own(name), *text)))
    }

    /// What a built-in file is called in messages.
    fn own(&self, name: &str) -> String {
        format!("{} {name}", self.word)
    }
}
