//! Finds templates by name: the project's first, then the user's, then the built-in ones.
//!
//! Reads files and their front matter; what a template prints is not known here.

use std::fs;
use std::path::{Path, PathBuf};

use engine::value::shown;
use schemars::JsonSchema;
use serde::Serialize;

use super::front::{Encoding, Fault, Front, Newline, split};

/// Longest template file, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// What the file of a template ends with.
const EXTENSION: &str = "liquid";

/// Built-in templates by name. A new one is a file and a row.
const BUILT_IN: &[(&str, &str)] = &[
    ("classic", include_str!("../../templates/classic.liquid")),
    ("diz", include_str!("../../templates/diz.liquid")),
    ("docs", include_str!("../../templates/docs.liquid")),
    ("ebook", include_str!("../../templates/ebook.liquid")),
    ("minimal", include_str!("../../templates/minimal.liquid")),
    ("plain", include_str!("../../templates/plain.liquid")),
    ("tv", include_str!("../../templates/tv.liquid")),
];

/// Where templates are looked up: `<folder>/templates/<name>.liquid` in each folder, first match wins, then among the
/// built-in ones.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    folders: Vec<PathBuf>,
}

/// A template with all that belongs to it.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The name it is asked for by.
    pub name: String,
    /// The file it is in; none for a built-in one.
    pub path: Option<PathBuf>,
    /// The whole text, front matter included.
    pub text: String,
    /// What it says of itself.
    pub front: Front,
    /// The Liquid behind the front matter.
    pub body: String,
    /// How many lines of the text stand before the body.
    pub above: usize,
}

/// A template as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "Template")]
pub struct Listing {
    /// The name that steps use.
    pub name: String,
    /// What it says of itself.
    pub description: String,
    /// The kinds of releases it is made for; none means any.
    pub kinds: Vec<String>,
    /// How its page is written unless a step says otherwise.
    pub encoding: Encoding,
    /// How its lines end unless a step says otherwise.
    pub newline: Newline,
    /// The width of its page in columns unless a step says otherwise.
    pub width: usize,
    /// Most lines its page may have.
    pub lines: Option<usize>,
    /// Facts it must be given.
    pub requires: Vec<String>,
    /// `built in`, or the file it is in.
    pub from: String,
    /// Why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// Why there is no template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfound {
    /// Nothing has this name.
    Missing {
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// It is there and cannot be read.
    Unreadable(String),
    /// Its front matter is wrong.
    Faulty(Fault),
}

impl Templates {
    /// Templates in `<folder>/templates/`, the first folder first, and the built-in ones.
    #[must_use]
    pub fn new(folders: &[PathBuf]) -> Self {
        Self { folders: folders.iter().map(|folder| folder.join("templates")).collect() }
    }

    /// Every name that has a template, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
        for folder in &self.folders {
            let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
            let files = files.filter(|path| path.extension().is_some_and(|found| found == EXTENSION));
            names.extend(files.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())));
        }
        names.retain(|name| is_name(name));
        names.sort();
        names.dedup();
        names
    }

    /// Every template, by name.
    #[must_use]
    pub fn list(&self) -> Vec<Listing> {
        self.names().iter().map(|name| self.listing(name)).collect()
    }

    /// The template of this name; what ends with `.liquid` is the path of a file.
    pub fn find(&self, name: &str) -> Result<Found, Unfound> {
        if is_path(name) {
            return read(Path::new(name), name);
        }
        if !is_name(name) {
            return Err(Unfound::Missing {
                message: format!("{} is no template name", shown(name)),
                hint: "a name without folders; a path ends with `.liquid`".into(),
            });
        }
        if let Some(path) = self.file(name) {
            return read(&path, name);
        }
        let built_in = BUILT_IN.iter().find(|(known, _)| *known == name);
        built_in.map_or_else(|| Err(self.missing(name)), |(name, text)| found(name, None, (*text).to_owned()))
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        let paths = self.folders.iter().map(|folder| folder.join(format!("{name}.{EXTENSION}")));
        paths.into_iter().find(|path| path.is_file())
    }

    fn missing(&self, name: &str) -> Unfound {
        let names = self.names();
        let built_in: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        let hint = engine::template::nearest(name, names.iter().map(String::as_str)).map_or_else(
            || {
                format!(
                    "the built-in ones are {}; your own go to `.bindery/templates/{name}.{EXTENSION}`",
                    built_in.join(", ")
                )
            },
            |meant| format!("did you mean `{meant}`?"),
        );
        Unfound::Missing { message: format!("there is no template {}", shown(name)), hint }
    }

    fn listing(&self, name: &str) -> Listing {
        self.find(name).map_or_else(
            |unfound| {
                let lost = Found { name: name.to_owned(), path: self.file(name), ..Found::default() };
                Listing { fault: Some(unfound.fault()), ..Listing::of(&lost) }
            },
            |found| Listing::of(&found),
        )
    }
}

impl Listing {
    /// What a template says of itself.
    #[must_use]
    pub fn of(found: &Found) -> Self {
        let front = found.front.clone();
        Self {
            name: found.name.clone(),
            description: front.description,
            kinds: front.kinds,
            encoding: front.encoding.unwrap_or_default(),
            newline: front.newline.unwrap_or_default(),
            width: front.width.unwrap_or(super::WIDTH),
            lines: front.lines,
            requires: front.requires,
            from: found
                .path
                .as_ref()
                .map_or_else(|| "built in".to_owned(), |path| path.display().to_string()),
            fault: None,
        }
    }
}

impl Unfound {
    /// What is wrong, at the place that is known best.
    #[must_use]
    pub fn fault(self) -> Fault {
        let at_start = |message: String, hint: Option<String>| Fault { message, line: 1, column: 1, hint };
        match self {
            Self::Missing { message, hint } => at_start(message, Some(hint)),
            Self::Unreadable(message) => at_start(message, None),
            Self::Faulty(fault) => fault,
        }
    }
}

/// Whether a text names the file of a template rather than a template.
#[must_use]
pub fn is_path(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == EXTENSION) && !name.contains('\0')
}

/// Whether a text can be the name of a template.
#[must_use]
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']) && name.len() <= 100
}

fn read(path: &Path, name: &str) -> Result<Found, Unfound> {
    let unreadable =
        |why: String| Unfound::Unreadable(format!("{}: {why}", shown(&path.display().to_string())));
    let metadata = path.metadata().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Unfound::Missing {
            message: format!("there is no file {}", shown(&path.display().to_string())),
            hint: "a path is relative to the manifest".into(),
        },
        _ => unreadable(error.to_string()),
    })?;
    if !metadata.is_file() {
        return Err(unreadable("it is no file".into()));
    }
    if metadata.len() > MAX_BYTES {
        return Err(unreadable(format!("it is longer than {MAX_BYTES} bytes")));
    }
    let text = fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => unreadable("it is not UTF-8".into()),
        _ => unreadable(error.to_string()),
    })?;
    found(name, Some(path.to_owned()), text)
}

fn found(name: &str, path: Option<PathBuf>, text: String) -> Result<Found, Unfound> {
    let (front, body, above) = split(&text).map_err(Unfound::Faulty)?;
    Ok(Found { name: name.to_owned(), path, front, body: body.to_owned(), above, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projects_template_wins_over_the_users_and_that_over_a_built_in_one() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().join("project"), folder.path().join("user")];
        let text = |folders: &[PathBuf]| Templates::new(folders).find("plain").unwrap().body;
        assert!(text(&folders).contains("{{ title"));
        for (folder, own) in folders.iter().zip(["mine", "---\nname: x\n---\nours"]).rev() {
            fs::create_dir_all(folder.join("templates")).unwrap();
            fs::write(folder.join("templates/plain.liquid"), own).unwrap();
            assert_eq!(text(&folders), own.rsplit('\n').next().unwrap());
        }
        fs::write(folders[1].join("templates/own.liquid"), "x").unwrap();
        let templates = Templates::new(&folders);
        assert!(templates.names().contains(&"own".to_owned()));
        let listed = templates.list();
        let from = |name: &str| listed.iter().find(|listing| listing.name == name).unwrap().from.clone();
        assert_eq!(from("tv"), "built in");
        assert!(from("plain").ends_with("project/templates/plain.liquid"));
    }

    #[test]
    fn a_path_is_one_that_ends_as_templates_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.liquid");
        fs::write(&path, "x").unwrap();
        assert_eq!(Templates::default().find(&path.display().to_string()).unwrap().body, "x");
        for name in ["../../etc/passwd", "/etc/passwd", "", "..", "a\\b", "nosuch.liquid"] {
            assert!(matches!(Templates::default().find(name), Err(Unfound::Missing { .. })), "{name:?}");
        }
        let Err(Unfound::Missing { hint, .. }) = Templates::default().find("nosuch") else { panic!("found") };
        assert!(hint.contains("ebook"));
        fs::write(&path, [0xff]).unwrap();
        assert!(matches!(
            Templates::default().find(&path.display().to_string()),
            Err(Unfound::Unreadable(_))
        ));
    }

    #[test]
    fn every_built_in_template_says_what_it_is() {
        for listing in Templates::default().list() {
            assert_eq!(listing.fault, None);
            assert!(!listing.description.is_empty(), "{}", listing.name);
        }
    }
}
