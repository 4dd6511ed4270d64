//! `bindery rules`: the rule sets that releases may keep, and tests against them.

use std::path::PathBuf;

use clap::Subcommand;
use manifests::Rules;
use serde_json::json;
use stages::rules::{Finding, Severity};

use crate::exit::{Exit, Failure};
use crate::project::Surroundings;
use crate::rules::{Named, RuleSets, shown};
use crate::ui::table::table;
use crate::ui::{Ui, clean, words};

const AFTER: &str = "\
Examples:
  bindery rules list
  bindery rules show ebook
  bindery rules test dist/Some.Release-MYGRP --rules tv-web";

/// List rule sets, print one, or test a release against them
///
/// A rule set is a YAML file of rules with their words, their source and a test. Your own lie in
/// `.bindery/rules/NAME.yaml` of a project or in `rules/` of your configuration folder.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(List),
    Show(Show),
    Test(Test),
}

/// List the rule sets
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Print the rules of a set
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
struct Show {
    /// The set; without its year, the newest of its family
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Test finished release folders against rules
///
/// Looks at names, files, volumes and texts and reads no archive through; `bindery verify --rules` does both. The exit
/// code is 1 when a rule is broken that its source states; rules that are inferred or ambiguous are warnings.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
struct Test {
    /// The release folders
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// The set to test against; may be repeated. The default goes by the name of the folder
    #[arg(long, value_name = "SET")]
    rules: Vec<String>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read()?;
    let project = surroundings.project(&PathBuf::from("."))?;
    let rules = Rules::new(&project.site.search);
    match &args.action {
        None => list(args.json, &rules, ui),
        Some(Action::List(list_args)) => list(list_args.json || args.json, &rules, ui),
        Some(Action::Show(args)) => show(args, &rules, ui),
        Some(Action::Test(args)) => test(args, &project.rules, ui),
    }
}

fn list(json: bool, rules: &Rules, ui: &Ui) -> Result<Exit, Failure> {
    let listed = rules.list();
    if json {
        ui.json(&listed)?;
    } else {
        let row = |info: &manifests::Listed| {
            vec![ui.out.name(&clean(&info.name)), clean(&info.about), ui.out.dim(&clean(&info.from))]
        };
        ui.data(&table(&listed.iter().map(row).collect::<Vec<_>>()))?;
    }
    Ok(Exit::Done)
}

fn show(args: &Show, rules: &Rules, ui: &Ui) -> Result<Exit, Failure> {
    let found = rules.find(&args.name).map_err(|faults| missing(&args.name, faults))?;
    if args.json {
        ui.json(&json!({ "name": found.name, "rules": found.node.to_json() }))?;
    } else {
        ui.data(found.file.text.trim_end())?;
    }
    Ok(Exit::Done)
}

/// A set that does not exist is a thing that does not exist, and no fault of a manifest.
fn missing(name: &str, faults: Vec<manifests::Diagnostic>) -> Failure {
    match faults.first() {
        Some(fault) if fault.code == "manifest/unknown-rules" => {
            let failure = Failure::missing(format!("there is no rule set {}", engine::value::shown(name)));
            fault.hint.iter().fold(failure, |failure, hint| failure.hint(hint.clone()))
        }
        _ => faults.into(),
    }
}

fn test(args: &Test, rules: &RuleSets, ui: &Ui) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for folder in &args.folders {
        if !folder.exists() {
            return Err(Failure::missing(format!("there is no folder `{}`", folder.display())));
        }
        let names =
            if args.rules.is_empty() { vec![by_name(folder)?.to_owned()] } else { args.rules.clone() };
        let sets = rules.load(&names).map_err(|faults| missing(&names.join(", "), faults))?;
        let mut findings: Vec<Finding> = Vec::new();
        for named in &sets {
            let Named { name, set, .. } = &**named;
            let found = set.test(name, folder).map_err(|error| {
                let failure = Failure::new(Exit::Failed, error.message);
                error.hint.into_iter().fold(failure, Failure::hint)
            })?;
            findings.extend(found);
        }
        findings.sort_by(|one, other| {
            (one.severity, &one.code, &one.file).cmp(&(other.severity, &other.code, &other.file))
        });
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        if errors > 0 {
            exit = Exit::Failed;
        }
        let used: Vec<&str> = sets.iter().map(|set| set.name.as_str()).collect();
        if args.json {
            ui.json_line(
                &json!({ "path": folder.display().to_string(), "rules": used, "findings": findings }),
            )?;
        } else {
            let word = match (errors, findings.len() - errors) {
                (0, 0) => ui.out.good("ok"),
                (0, warnings) => ui.out.odd(&words::count(warnings, "warning")),
                (errors, _) => ui.out.bad(&words::count(errors, "error")),
            };
            let head = format!(
                "{}: {word} ({})",
                ui.out.bold(&clean(&folder.display().to_string())),
                used.join(", ")
            );
            let lines = findings.iter().map(|finding| format!("\n{}", shown(finding, ui)));
            ui.data(&std::iter::once(head).chain(lines).collect::<String>())?;
        }
    }
    Ok(exit)
}

/// The rule set that a folder's name asks for.
fn by_name(folder: &std::path::Path) -> Result<&'static str, Failure> {
    let whole = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let name = whole.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let parsed = stages::name::parse(&name);
    let source = parsed.facts.get("source_tag").and_then(serde_json::Value::as_str).unwrap_or_default();
    match parsed.kind {
        "ebook" | "comic" | "magazine" => Ok("ebook"),
        "docs" => Ok("docs"),
        "tv" | "movie" if source.starts_with("WEB") => Ok("tv-web"),
        "tv" => Ok("tv-x264"),
        _ => Err(Failure::usage(format!(
            "the name {} does not tell which rules are meant",
            engine::value::shown(&name)
        ))
        .hint("name a set with `--rules`; `bindery rules` lists them")),
    }
}
