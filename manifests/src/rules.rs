//! Rule sets by name: those of the project and the user before the built-in ones, and the newest of a family.
//!
//! Knows where they lie and what they are called, not what is in them.

use std::path::PathBuf;
use std::sync::Arc;

use engine::value::shown;

use crate::diagnostic::Diagnostic;
use crate::node::{File, Node};
use crate::parse::parse;
use crate::shelf::{Listed, Shelf};
use crate::suggest::nearest;

/// The rule sets that come with the program.
const BUILT_IN: &[(&str, &str)] = &[
    ("docs", include_str!("../rules/docs.yaml")),
    ("ebook-2022", include_str!("../rules/ebook-2022.yaml")),
    ("tv-web-2020", include_str!("../rules/tv-web-2020.yaml")),
    ("tv-x264-2016", include_str!("../rules/tv-x264-2016.yaml")),
    ("tv-x265-2020", include_str!("../rules/tv-x265-2020.yaml")),
];

/// Where rule sets are looked up. Without its year a name stands for the newest of its family.
#[derive(Clone, Debug)]
pub struct Rules(Shelf);

/// A rule set that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its whole name.
    pub name: String,
    /// The file it is in.
    pub file: Arc<File>,
    /// Its tree.
    pub node: Node,
}

impl Default for Rules {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Rules {
    /// Rule sets in `<folder>/rules/`, the first folder first, and the built-in ones.
    #[must_use]
    pub fn new(folders: &[PathBuf]) -> Self {
        Self(Shelf::new("rules", BUILT_IN, "rules", folders))
    }

    /// Every rule set, by name.
    #[must_use]
    pub fn list(&self) -> Vec<Listed> {
        self.0.list()
    }

    /// The rule set of that name, or the newest whose name goes on with a year: `tv-web` is `tv-web-2020`.
    pub fn find(&self, name: &str) -> Result<Found, Vec<Diagnostic>> {
        let names = self.0.names();
        let whole = if names.iter().any(|known| known == name) { Some(name) } else { newest(&names, name) };
        let Some(whole) = whole else {
            return Err(vec![unknown(name, &names)]);
        };
        match self.0.file(whole) {
            Err(fault) => Err(vec![*fault]),
            Ok(None) => Err(vec![unknown(name, &names)]),
            Ok(Some(file)) => {
                let node = parse(&file).clean()?;
                Ok(Found { name: whole.to_owned(), file, node })
            }
        }
    }
}

/// The newest name that is `family` and a year.
fn newest<'n>(names: &'n [String], family: &str) -> Option<&'n str> {
    let year = |name: &'n String| {
        let year = name.strip_prefix(family)?.strip_prefix('-')?;
        let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
        is_year.then_some((year, name.as_str()))
    };
    names.iter().filter_map(year).max().map(|(_, name)| name)
}

fn unknown(name: &str, names: &[String]) -> Diagnostic {
    let families =
        names.iter().map(|name| name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-'));
    let meant = nearest(name, names.iter().map(String::as_str).chain(families));
    let hint = meant.map_or_else(
        || format!("the rule sets are {}; your own go to `.bindery/rules/<name>.yaml`", names.join(", ")),
        |meant| format!("did you mean `{meant}`?"),
    );
    Diagnostic::error("manifest/unknown-rules", format!("there is no rule set {}", shown(name))).hint(hint)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_family_is_its_newest_rule_set() {
        let folder = tempfile::tempdir().unwrap();
        let rules = Rules::new(&[folder.path().to_owned()]);
        let check = |name: &str, wanted: Option<&str>| {
            assert_eq!(rules.find(name).ok().map(|found| found.name).as_deref(), wanted, "{name}");
        };
        check("tv-web", Some("tv-web-2020"));
        check("ebook-2022", Some("ebook-2022"));
        check("tv", None);
        check("../docs", None);
        fs::create_dir(folder.path().join("rules")).unwrap();
        fs::write(folder.path().join("rules/tv-web-2031.yaml"), "# Ours\ntitle: T\nsource: s\nrules: []\n")
            .unwrap();
        check("tv-web", Some("tv-web-2031"));
        assert!(rules.list().iter().any(|info| info.name == "tv-web-2031" && info.about == "Ours"));
    }

    #[test]
    fn a_slip_of_the_fingers_is_told() {
        let fault = Rules::default().find("tv-wbe").unwrap_err().remove(0);
        assert_eq!(fault.hint.as_deref(), Some("did you mean `tv-web`?"));
    }
}
