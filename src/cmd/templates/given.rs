//! What a template is tried with: facts from a file of them, those found in a file of media, or samples.
//!
//! Knows where facts come from and nothing of what is printed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use engine::template::Scope;
use serde_json::{Map, Value, json};
use stages::nfo::Found;

use crate::exit::{Exit, Failure};
use crate::project::Project;
use crate::ui::{clean, words};

/// Facts to print where none are given. A kind that is not among them has those of `any`.
const SAMPLES: &str = include_str!("samples.json");

/// Longest file of facts, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// Where the facts of a page come from.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Given {
    /// Take the facts from a file in YAML or JSON, such as the output of `bindery inspect --json`
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    facts: Option<PathBuf>,
    /// Take the facts that are found in a file, such as a book or a video
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

impl Given {
    /// What the template sees: facts, and what a run would give beside them.
    pub fn scope(&self, template: &Found, project: &Project) -> Result<Scope, Failure> {
        let group = project.configurations.iter().rev().find_map(|found| found.config.group.clone());
        let group = group.unwrap_or_else(|| "GRP".to_owned());
        let (facts, source) = match (&self.facts, &self.from) {
            (Some(file), _) => (listed(file)?, None),
            (None, Some(file)) => (found(file)?, Some(file.as_path())),
            (None, None) => (samples(&template.front.kinds), None),
        };
        let mut scope = Scope::new();
        for (name, value) in facts {
            scope.set(&name, value);
        }
        let name = source.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_else(|| "sample.bin".to_owned());
        let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
        scope.set_default(
            "source",
            json!({ "name": &name, "stem": stem, "extension": extension, "count": 1 }),
        );
        let release = if source.is_some() { stem } else { "Sample.Release.2025" };
        scope.set_default("release", format!("{}-{group}", release.replace(' ', ".")));
        // Not the time of day: the same facts make the same page.
        scope.set_default("now", "2026-01-31 12:00:00 +0000");
        scope.set_default("files", files(&group));
        scope.set_default("group", group);
        Ok(scope)
    }
}

/// Three volumes, as a step that archives would give them.
fn files(group: &str) -> Value {
    let stem = format!("{}-sample", group.to_lowercase());
    let volume = |extension: &str, size: u64| json!({ "name": format!("{stem}.{extension}"), "size": size, "from": "rar" });
    json!([volume("rar", 50_000_000), volume("r00", 50_000_000), volume("r01", 12_345_678)])
}

fn samples(kinds: &[String]) -> Map<String, Value> {
    let mut samples: Map<String, Value> = serde_json::from_str(SAMPLES).unwrap_or_default();
    let kind = kinds.iter().find(|kind| samples.contains_key(*kind)).map_or("any", String::as_str);
    match samples.remove(kind) {
        Some(Value::Object(facts)) => facts,
        _ => Map::new(),
    }
}

/// The facts in a file of YAML, of which JSON is a part.
fn listed(path: &Path) -> Result<Map<String, Value>, Failure> {
    let shown = clean(&path.display().to_string());
    let fault = |error: io::Error| {
        if error.kind() == io::ErrorKind::NotFound {
            return Failure::missing(format!("`{shown}` does not exist"));
        }
        Failure::new(Exit::Failed, format!("cannot read `{shown}`: {}", words::reason(&error)))
    };
    if fs::metadata(path).map_err(fault)?.len() > MAX_BYTES {
        return Err(Failure::usage(format!("`{shown}` is longer than {MAX_BYTES} bytes")));
    }
    let text = fs::read_to_string(path).map_err(fault)?;
    let tree = manifests::parse(&manifests::File::new(shown.clone(), text)).clean()?;
    match tree.to_json() {
        Value::Object(mut facts) => match facts.remove("facts") {
            // As `bindery inspect --json` prints them.
            Some(Value::Object(inner)) => Ok(inner),
            Some(other) => {
                facts.insert("facts".to_owned(), other);
                Ok(facts)
            }
            None => Ok(facts),
        },
        _ => Err(Failure::usage(format!("`{shown}` holds no facts"))
            .hint("write them as `name: value`, one a line")),
    }
}

fn found(path: &Path) -> Result<Map<String, Value>, Failure> {
    match stages::inspect(path) {
        Ok(found) => Ok(found.facts),
        Err(error) => {
            let exit = if error.code == "input/missing" { Exit::Missing } else { Exit::Failed };
            Err(error.hint.into_iter().fold(Failure::new(exit, error.message), Failure::hint))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_those_of_the_first_kind_that_has_some() {
        let check = |kinds: &[&str], title: &str| {
            let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
            assert_eq!(samples(&kinds)["title"], title);
        };
        check(&["nosuch", "tv"], "Harbour Lights");
        check(&["ebook"], "The Lighthouse at the End of the Pier");
        check(&[], "The Lighthouse at the End of the Pier");
        assert!(samples(&["ebook".to_owned()]).contains_key("subtitle") && !samples(&[]).contains_key("subtitle"));
    }
}
