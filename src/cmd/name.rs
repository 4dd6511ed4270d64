//! `bindery name`: the grammar of release names, both ways.

use std::io::{BufRead, stdin};
use std::path::PathBuf;

use clap::Subcommand;
use engine::template::{Scope, TemplateError};
use manifests::Kinds;
use serde_json::{Map, Value};
use stages::name::{self, BuildError, KINDS};

use super::inspect::rows;
use crate::exit::{Exit, Failure};
use crate::project::Surroundings;
use crate::ui::table::table;
use crate::ui::{Ui, clean, words};

const AFTER: &str = "\
Examples:
  bindery name parse Some.Show.S01E02.1080p.WEB.H264-GRP
  ls dist | bindery name parse --json -
  bindery name build --kind movie --set title='The Late Tide' --set year=2026 --set group=GRP";

/// Read facts from release names, or build a name from facts
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Parse(Parse),
    Build(Build),
}

/// Tell what release names say
///
/// Reads the names of ebooks, comics, magazines, series, films and documents, and title, year and group of others. The
/// names need not belong to files that exist.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
struct Parse {
    /// The names; `-` reads them from stdin, one a line
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

/// Build the name that a release with these facts gets
///
/// A kind with a manifest of defaults uses its `name` template, as a run does; for other kinds the grammar writes it.
/// Values of `--set` are read as YAML: `episodes=[1, 2]` is a list.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
struct Build {
    /// What it is: a kind of `bindery kinds`, or comic, magazine or movie
    #[arg(long)]
    kind: String,
    /// A fact; may be repeated
    #[arg(long = "set", value_name = "FACT=VALUE")]
    set: Vec<String>,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    match &args.action {
        Action::Parse(args) => parse(args, ui),
        Action::Build(args) => build(args, ui),
    }
}

fn parse(args: &Parse, ui: &Ui) -> Result<Exit, Failure> {
    let mut apart = false;
    for given in &args.names {
        if given != "-" {
            tell(given, args.json, &mut apart, ui)?;
            continue;
        }
        for line in stdin().lock().lines() {
            let line = line.map_err(|error| {
                Failure::new(Exit::Failed, format!("cannot read the names: {}", words::reason(&error)))
            })?;
            if !line.trim().is_empty() {
                tell(&line, args.json, &mut apart, ui)?;
            }
        }
    }
    Ok(Exit::Done)
}

fn tell(name: &str, json: bool, apart: &mut bool, ui: &Ui) -> Result<(), Failure> {
    let parsed = name::parse(name);
    let seen = stages::facts::NameFacts {
        input: name.to_owned(),
        kind: parsed.kind.to_owned(),
        facts: parsed.facts,
    };
    if json {
        return ui.json_line(&seen);
    }
    let gap = if std::mem::replace(apart, true) { "\n" } else { "" };
    let rows = rows(&seen.facts, "", &|name| ui.out.name(name));
    let facts = table(&rows).lines().map(|line| format!("\n  {line}")).collect::<String>();
    ui.data(&format!("{gap}{}: {}{facts}", ui.out.bold(&clean(&seen.input)), seen.kind))
}

fn build(args: &Build, ui: &Ui) -> Result<Exit, Failure> {
    let set = manifests::set_layer(&args.set)?;
    let facts = match set.map(|set| set.to_json()) {
        Some(Value::Object(facts)) => facts,
        _ => Map::new(),
    };
    let built = match by_template(&args.kind, &facts)? {
        Some(built) => built,
        None => name::build(&args.kind, &facts).map_err(|error| refused(&error))?,
    };
    if args.json {
        ui.json_line(&Built { kind: &args.kind, name: &built })?;
    } else {
        ui.data(&built)?;
    }
    Ok(Exit::Done)
}

/// What `name build --json` prints.
#[derive(serde::Serialize)]
struct Built<'a> {
    kind: &'a str,
    name: &'a str,
}

/// The name as a run would make it, if the kind has a template for names.
fn by_template(kind: &str, facts: &Map<String, Value>) -> Result<Option<String>, Failure> {
    let surroundings = Surroundings::read()?;
    let project = surroundings.project(&PathBuf::from("."))?;
    let kinds = Kinds::new(&project.site.search).list();
    if !kinds.iter().any(|known| known.name == kind) {
        let known: Vec<&str> =
            kinds.iter().map(|kind| kind.name.as_str()).chain(KINDS.iter().map(|kind| kind.name)).collect();
        return if known.contains(&kind) {
            Ok(None)
        } else {
            Err(Failure::usage(format!("there is no kind {}", engine::value::shown(kind)))
                .hint(words::did_you_mean(kind, known)))
        };
    }
    let context = surroundings.context(&project, &[]);
    let text = format!("release: 1\nkind: {}\n", Value::from(kind));
    let effective = manifests::load_text(&text, "name", &surroundings.cwd, &context)?;
    let Some(template) = &effective.written.name else { return Ok(None) };
    let mut scope = Scope::new();
    for (name, value) in &effective.written.vars {
        scope.set(name, value.clone());
    }
    if let Some(group) = &effective.written.group {
        scope.set("group", group.as_str());
    }
    for (name, value) in facts {
        scope.set(name, value.clone());
    }
    let built = project.site.language.render(template, &scope).map_err(|error| match error {
        TemplateError::Missing { names } => {
            Failure::usage(format!("a name of the kind `{kind}` needs {}", list(&names)))
                .hint(format!("add `--set {}=…`", names.first().map_or("title", String::as_str)))
        }
        error => Failure::usage(format!("the name template of the kind `{kind}`: {error}")),
    })?;
    Ok(Some(built.trim().to_owned()))
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}

fn refused(error: &BuildError) -> Failure {
    let failure = Failure::usage(error.to_string());
    match error {
        BuildError::Missing { fact, .. } | BuildError::Empty(fact) => {
            failure.hint(format!("add `--set {fact}=…`"))
        }
        _ => failure,
    }
}
