//! The names that templates may ask for: facts, and what a run gives.
//!
//! Whether a fact is known of one release shows only when it is made; a name that no release has is found here before.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use engine::Template;
use engine::template::{Asked, nearest};

use super::front::Fault;
use super::templates::Found;
use crate::facts::Known;

/// What a run gives beside facts.
const GIVEN: &[&str] = &["files", "files_size", "group", "item", "now", "release", "source", "vars"];
/// Facts of videos and of release names, and those that the type of a file's facts lists too.
const FACTS: &[&str] = &[
    "audio",
    "audio_tag",
    "authors",
    "bitrate",
    "chapters",
    "contributors",
    "cover",
    "date",
    "description",
    "duration_ms",
    "edition",
    "encoding",
    "encrypted",
    "episode",
    "episode_title",
    "episodes",
    "flags",
    "format",
    "identifiers",
    "isbn",
    "kind",
    "language",
    "language_tags",
    "pages",
    "producer",
    "publisher",
    "resolution",
    "rights",
    "season",
    "series",
    "series_index",
    "size",
    "source_tag",
    "subjects",
    "subtitle",
    "subtitles",
    "title",
    "video",
    "video_codec_tag",
    "words",
    "writing_app",
    "year",
];
/// What a source is asked for.
const SOURCE: &[&str] = &["name", "stem", "extension", "count"];

static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let schema = schemars::schema_for!(Known).to_value();
    let listed = schema.get("properties").and_then(serde_json::Value::as_object);
    let listed = listed.into_iter().flat_map(|names| names.keys().cloned());
    listed.chain(GIVEN.iter().chain(FACTS).map(|name| (*name).to_owned())).collect()
});

/// Every name that a template may ask for, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(String::as_str)
}

/// A name that nobody will know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Where it stands and what was meant.
    pub fault: Fault,
    /// Whether nothing catches it, so that the page cannot be made.
    pub needed: bool,
}

/// The names a template asks for that neither releases have nor `given` lists (`name`, or `vars.name`), each once.
#[must_use]
pub fn unknown(template: &Found, given: &[String]) -> Vec<Unknown> {
    let mut told = BTreeSet::new();
    let mut found: Vec<Unknown> = Vec::new();
    for asked in Template::new(template.body.as_str()).asks() {
        let Some((name, hint)) = stranger(&asked, given) else { continue };
        let needed = asked.needed;
        if !told.insert((name.clone(), needed)) {
            continue;
        }
        let fault = Fault {
            message: format!("nobody knows `{name}`"),
            line: asked.line + template.above,
            column: asked.column,
            hint: Some(hint),
        };
        found.push(Unknown { fault, needed });
    }
    found
}

/// The name and what to do about it, if nobody knows it.
fn stranger(asked: &Asked, given: &[String]) -> Option<(String, String)> {
    let head = asked.path.first()?;
    let below = asked.path.get(1).map(String::as_str);
    let is_given = |name: &str| given.iter().any(|known| known == name);
    let (name, candidates): (String, Vec<String>) = match (head.as_str(), below) {
        // Without a manifest nobody can tell which variables there are.
        ("vars", Some(below)) if !given.is_empty() => {
            let name = format!("vars.{below}");
            let variables = given.iter().filter(|known| known.starts_with("vars.")).cloned();
            (name, variables.collect())
        }
        ("source", Some(below)) if !SOURCE.contains(&below) => {
            (format!("source.{below}"), SOURCE.iter().map(|name| format!("source.{name}")).collect())
        }
        (head, _) if NAMES.contains(head) => return None,
        (head, _) => {
            let known = NAMES.iter().cloned().chain(given.iter().filter(|name| !name.contains('.')).cloned());
            (head.to_owned(), known.collect())
        }
    };
    if is_given(&name) {
        return None;
    }
    let advice = "set it under `metadata:` or `vars:`, or give it a `| default:`";
    let hint = nearest(&name, candidates.iter().map(String::as_str))
        .map_or_else(|| advice.to_owned(), |meant| format!("did you mean `{meant}`? Otherwise {advice}"));
    Some((name, hint))
}
