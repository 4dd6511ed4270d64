//! Kinds: named sets of defaults, each a YAML file. Those of the project and the user come before the built-in ones.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use engine::value::shown;

use crate::diagnostic::Diagnostic;
use crate::load::read_regular;
use crate::node::{File, Node};
use crate::parse::parse;
use crate::suggest::nearest;

/// The kinds that come with the program.
const BUILT_IN: &[(&str, &str)] = &[
    ("docs", include_str!("../kinds/docs.yaml")),
    ("ebook", include_str!("../kinds/ebook.yaml")),
    ("generic", include_str!("../kinds/generic.yaml")),
    ("tv", include_str!("../kinds/tv.yaml")),
];

/// Where kinds are looked up.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    folders: Vec<PathBuf>,
}

/// A kind as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct KindInfo {
    /// The name that manifests use.
    pub name: String,
    /// Its first line of comment.
    pub about: String,
    /// `built in`, or the file it is in.
    pub from: String,
}

impl Kinds {
    /// Kinds in `<folder>/kinds/`, the first folder first, and the built-in ones.
    #[must_use]
    pub fn new(folders: &[PathBuf]) -> Self {
        Self { folders: folders.iter().map(|folder| folder.join("kinds")).collect() }
    }

    /// Every kind, by name.
    #[must_use]
    pub fn list(&self) -> Vec<KindInfo> {
        let mut names: Vec<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
        for folder in &self.folders {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let files = entries
                .map(|entry| entry.path())
                .filter(|path| path.extension().is_some_and(|e| e == "yaml"));
            names.extend(files.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())));
        }
        names.sort();
        names.dedup();
        let known = names.into_iter().filter_map(|name| Some((self.file(&name).ok()??, name)));
        known
            .map(|(file, name)| {
                let first = file.text.lines().next().unwrap_or_default();
                let about = first.strip_prefix('#').unwrap_or_default().trim().to_owned();
                let from =
                    if file.name.starts_with("kind ") { "built in".to_owned() } else { file.name.clone() };
                KindInfo { name, about, from }
            })
            .collect()
    }

    /// The text of a kind.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.file(name).ok().flatten().map(|file| file.text.clone())
    }

    /// The tree of a kind; the fault is for whoever named it.
    pub(crate) fn load(&self, name: &str) -> Result<Node, Vec<Diagnostic>> {
        match self.file(name) {
            Err(fault) => Err(vec![*fault]),
            Ok(Some(file)) => parse(&file).clean(),
            Ok(None) => {
                let names: Vec<String> = self.list().into_iter().map(|kind| kind.name).collect();
                let meant = nearest(name, names.iter().map(String::as_str));
                let hint = meant.map_or_else(
                    || {
                        format!(
                            "the kinds are {}; your own go to `.bindery/kinds/<name>.yaml`",
                            names.join(", ")
                        )
                    },
                    |meant| format!("did you mean `{meant}`?"),
                );
                let message = format!("there is no kind {}", shown(name));
                Err(vec![Diagnostic::error("manifest/unknown-kind", message).hint(hint)])
            }
        }
    }

    fn file(&self, name: &str) -> Result<Option<Arc<File>>, Box<Diagnostic>> {
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
        let built_in = BUILT_IN.iter().find(|(known, _)| *known == name);
        Ok(built_in.map(|(name, text)| File::new(format!("kind {name}"), *text)))
    }
}
