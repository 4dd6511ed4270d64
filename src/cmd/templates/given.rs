//! What a template is tried with: sample facts, those of a file of media, or those in a file of facts.
//!
//! Knows where facts come from and nothing of what is printed.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use engine::template::Scope;
use serde_json::{Map, Value};
use stages::nfo::samples::{SAMPLES, Sample, given};

use super::failed;
use crate::exit::{Exit, Failure};
use crate::ui::{clean, words};

/// Longest file of facts, in bytes.
const MAX_FACTS: u64 = 16 * 1024 * 1024;

/// Where the facts of a page come from.
#[derive(Debug, clap::Args)]
pub struct Given {
    /// The set of sample facts: short, long, foreign, empty or hostile
    #[arg(long, value_name = "NAME", default_value = "short", conflicts_with_all = ["facts", "from"])]
    sample: String,
    /// The file whose facts are shown, as `bindery inspect` finds them
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// JSON with facts: a mapping, or what `bindery inspect --json` prints; `-` reads it from stdin. A file that ends in
    /// `.yaml` or `.yml` is read as YAML
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    facts: Option<PathBuf>,
    /// Set a value over the facts; JSON, or else a text
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// The group that signs the page
    #[arg(long)]
    group: Option<String>,
}

impl Given {
    /// What the template sees: facts, and what a run would give beside them.
    pub fn scope(&self) -> Result<Scope, Failure> {
        let facts = match (&self.from, &self.facts) {
            (Some(file), _) => Some(Value::Object(inspected(file)?)),
            (_, Some(file)) => Some(read(file)?),
            _ => None,
        };
        let mut scope = match facts {
            Some(facts) => over_given(facts)?,
            None => sample(&self.sample)?.scope(),
        };
        for assignment in &self.set {
            let (name, value) = assignment.split_once('=').ok_or_else(|| {
                Failure::usage(format!("`--set {}` is not of the form NAME=VALUE", clean(assignment)))
            })?;
            scope.set(name, serde_json::from_str::<Value>(value).unwrap_or_else(|_| value.into()));
        }
        if let Some(group) = &self.group {
            scope.set("group", group.as_str());
        }
        Ok(scope)
    }
}

fn over_given(facts: Value) -> Result<Scope, Failure> {
    let facts = facts.get("facts").filter(|facts| facts.is_object()).cloned().unwrap_or(facts);
    let Value::Object(facts) = facts else {
        return Err(Failure::usage("facts are a mapping of names to values"));
    };
    let mut scope = Scope::new();
    given().into_iter().chain(facts).for_each(|(name, value)| scope.set(&name, value));
    Ok(scope)
}

fn sample(name: &str) -> Result<&'static Sample, Failure> {
    Sample::find(name).ok_or_else(|| {
        let names: Vec<&str> = SAMPLES.iter().map(|sample| sample.name).collect();
        Failure::usage(format!("there is no sample {}", engine::value::shown(name)))
            .hint(format!("there are {}", names.join(", ")))
    })
}

fn inspected(file: &Path) -> Result<Map<String, Value>, Failure> {
    let found = stages::inspect(file).map_err(|error| {
        let exit = if error.code == "input/missing" { Exit::Missing } else { Exit::Failed };
        failed(exit, error)
    })?;
    let mut facts = found.facts;
    facts.entry("format").or_insert_with(|| found.format.into());
    Ok(facts)
}

fn read(file: &Path) -> Result<Value, Failure> {
    let shown = clean(&file.display().to_string());
    let fault = |error: io::Error| {
        let missing = error.kind() == io::ErrorKind::NotFound;
        let exit = if missing { Exit::Missing } else { Exit::Failed };
        Failure::new(exit, format!("cannot read `{shown}`: {}", words::reason(&error)))
    };
    let mut text = String::new();
    let read = if file == Path::new("-") {
        io::stdin().lock().take(MAX_FACTS + 1).read_to_string(&mut text)
    } else {
        fs::File::open(file).and_then(|file| file.take(MAX_FACTS + 1).read_to_string(&mut text))
    };
    read.map_err(fault)?;
    if text.len() as u64 > MAX_FACTS {
        return Err(Failure::usage(format!("`{shown}` is too long for facts")));
    }
    if file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
        return Ok(manifests::parse(&manifests::File::new(shown, text)).clean()?.to_json());
    }
    serde_json::from_str(&text).map_err(|error| Failure::usage(format!("`{shown}` is no JSON: {error}")))
}
