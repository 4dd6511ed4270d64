//! Kinds: named sets of defaults, each a YAML file. Those of the project and the user come before the built-in ones.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use engine::value::shown;

use crate::diagnostic::Diagnostic;
use crate::node::Node;
use crate::parse::parse;
use crate::shelf::{Listed, Shelf};
use crate::suggest::nearest;
use crate::validate::validate;
use crate::written::fragment_schema;

/// The kinds that come with the program.
const BUILT_IN: &[(&str, &str)] = &[
    ("docs", include_str!("../kinds/docs.yaml")),
    ("ebook", include_str!("../kinds/ebook.yaml")),
    ("generic", include_str!("../kinds/generic.yaml")),
    ("tv", include_str!("../kinds/tv.yaml")),
];

/// Where kinds are looked up.
#[derive(Debug)]
pub struct Kinds {
    shelf: Shelf,
    /// Those that were asked for: a thousand manifests of one kind read it once.
    read: Mutex<BTreeMap<String, Arc<Read>>>,
}

/// What reading a kind came to; the faults are for whoever named it.
pub(crate) type Read = Result<Kind, Vec<Diagnostic>>;

/// A kind that was read.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Its tree.
    pub(crate) root: Node,
    /// What is wrong with it.
    pub(crate) faults: Vec<Diagnostic>,
}

impl Default for Kinds {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Kinds {
    /// Kinds in `<folder>/kinds/`, the first folder first, and the built-in ones.
    #[must_use]
    pub fn new(folders: &[PathBuf]) -> Self {
        Self { shelf: Shelf::new("kind", BUILT_IN, "kinds", folders), read: Mutex::default() }
    }

    /// Every kind, by name.
    #[must_use]
    pub fn list(&self) -> Vec<Listed> {
        self.shelf.list()
    }

    /// The text of a kind.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.shelf.file(name).ok().flatten().map(|file| file.text.clone())
    }

    /// A kind, which is read when it is first asked for.
    pub(crate) fn load(&self, name: &str) -> Arc<Read> {
        // A panic elsewhere cannot leave a map of finished entries half-changed.
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(name) {
            return Arc::clone(known);
        }
        let kind = Arc::new(self.read(name));
        read.insert(name.to_owned(), Arc::clone(&kind));
        kind
    }

    fn read(&self, name: &str) -> Read {
        match self.shelf.file(name) {
            Err(fault) => Err(vec![*fault]),
            Ok(Some(file)) => {
                let root = parse(&file).clean()?;
                let faults = validate(&root, fragment_schema());
                Ok(Kind { root, faults })
            }
            Ok(None) => Err(vec![self.unknown(name)]),
        }
    }

    fn unknown(&self, name: &str) -> Diagnostic {
        let names = self.shelf.names();
        let meant = nearest(name, names.iter().map(String::as_str));
        let hint = meant.map_or_else(
            || format!("the kinds are {}; your own go to `.bindery/kinds/<name>.yaml`", names.join(", ")),
            |meant| format!("did you mean `{meant}`?"),
        );
        let message = format!("there is no kind {}", shown(name));
        Diagnostic::error("manifest/unknown-kind", message).hint(hint)
    }
}
