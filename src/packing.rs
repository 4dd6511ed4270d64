//! A release straight from files: the manifest that `bindery pack` and each job of `bindery batch` stand for.
//!
//! Knows neither command: what they were told is handed in, and what is wrong comes back as a failure.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use manifests::{Node, Place};

use crate::exit::Failure;
use crate::project::Project;
use crate::sources::{self, relative};
use crate::ui::words;
use crate::yaml::{Maker, literal};

/// What the manifest is called in messages while it lies in no file.
pub const NAME: &str = "pack";

/// What is to be packed, and how.
#[derive(Debug, Default)]
pub struct Packing {
    /// The kind, in any case.
    pub kind: String,
    /// Files, folders and globs.
    pub files: Vec<PathBuf>,
    /// The group whose name the release bears.
    pub group: Option<String>,
    /// The name of the release.
    pub release_name: Option<String>,
    /// The folder in which the release appears.
    pub output: Option<PathBuf>,
    /// The template of the NFO.
    pub template: Option<String>,
    /// Ask no metadata provider.
    pub no_enrich: bool,
    /// Variables for templates.
    pub vars: Vec<(&'static str, String)>,
    /// Where the keys of the manifest were written, so that faults of theirs are told there.
    pub places: BTreeMap<&'static str, Place>,
}

/// Where the manifest stands.
pub struct Stand<'s> {
    /// The folder it lies in, or would lie in.
    pub home: &'s Path,
    /// The folder that the paths of the packing are seen from.
    pub cwd: &'s Path,
    /// Whether the configuration says where releases appear.
    pub configured: bool,
    /// The names of the kinds there are.
    pub kinds: &'s [String],
}

impl Packing {
    /// The manifest.
    pub fn manifest(&self, stand: &Stand<'_>) -> Result<Node, Failure> {
        let kind = kind(&self.kind, stand.kinds)?;
        let source = self.source(stand)?;
        let seen_from_home = |path: &Path| sources::text(&relative(&stand.cwd.join(path), stand.home));
        let output = self.output(stand).map(|output| seen_from_home(&output)).transpose()?;
        let make = |key: &str| self.maker(key);
        let whole = make("");
        let template = self.template.as_deref().map(|name| make("template").text(name));
        let nfo = template.map(|name| whole.mapping([("template", Some(name))]));
        let nfo = nfo.map(|with| whole.mapping([("with", Some(with))]));
        let enrich = self.no_enrich.then(|| make("enrich").bool(false));
        let steps = (nfo.is_some() || enrich.is_some())
            .then(|| make("steps").mapping([("enrich", enrich), ("nfo", nfo)]));
        let vars = self.vars.iter().map(|(name, value)| (*name, Some(make(name).text(&literal(value)))));
        let vars = (!self.vars.is_empty()).then(|| whole.mapping(vars));
        Ok(whole.mapping([
            ("release", Some(whole.number(1))),
            ("kind", Some(make("kind").text(&kind))),
            ("group", self.group.as_deref().map(|group| make("group").text(group))),
            ("name", self.release_name.as_deref().map(|name| make("name").text(&literal(name)))),
            ("source", Some(make("source").few(&source))),
            ("vars", vars),
            ("output", output.as_deref().map(|output| make("output").text(output))),
            ("steps", steps),
        ]))
    }

    /// The sources as templates that find them from the manifest's folder.
    fn source(&self, stand: &Stand<'_>) -> Result<Vec<String>, Failure> {
        let one = |file: &PathBuf| {
            let text = sources::text(file)?;
            let path = stand.cwd.join(file);
            if !is_glob(&text) && path.symlink_metadata().is_err() {
                return Err(Failure::missing(format!("there is no file `{text}`")));
            }
            Ok(literal(&sources::text(&relative(&path, stand.home))?))
        };
        self.files.iter().map(one).collect()
    }

    /// Without a word the release appears where the command was typed, also when the manifest lies elsewhere.
    fn output(&self, stand: &Stand<'_>) -> Option<PathBuf> {
        let elsewhere = stand.home != stand.cwd && !stand.configured;
        self.output.clone().or_else(|| elsewhere.then(|| PathBuf::from("dist")))
    }

    fn maker(&self, key: &str) -> Maker {
        let place = self.places.get(key).or_else(|| self.places.get(""));
        place.map_or_else(|| Maker::new(NAME), |place| Maker::at(place.clone()))
    }
}

/// Whether a path stands for what it matches.
pub fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '[', '{'])
}

/// What a release that no manifest file describes is called in the state of its project: what tells it from other
/// releases, so that it is known again when its options change.
pub fn identity(manifest: &Node) -> String {
    let tells = |key: &str| ["kind", "group", "name", "source", "for_each", "output"].contains(&key);
    let entries = manifest.entries().iter().filter(|(key, _)| tells(&key.name)).cloned().collect();
    format!("{NAME} {}", manifests::emit(&Node::mapping(entries, manifest.place.clone())))
}

/// Whether a configuration says where releases appear.
pub fn has_output(project: &Project) -> bool {
    project.configurations.iter().any(|known| known.config.output.is_some())
}

/// The kind of this name in any case.
fn kind(typed: &str, known: &[String]) -> Result<String, Failure> {
    let found = known
        .iter()
        .find(|name| *name == typed)
        .or_else(|| known.iter().find(|name| name.eq_ignore_ascii_case(typed)));
    found.cloned().ok_or_else(|| {
        let lower = typed.to_lowercase();
        Failure::usage(format!("there is no kind {}", engine::value::shown(typed)))
            .hint(words::did_you_mean(&lower, known.iter().map(String::as_str)))
    })
}
