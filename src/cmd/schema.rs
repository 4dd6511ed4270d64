//! `bindery schema`: the JSON Schemas of everything that is written for programs or read from people.

mod diagnostics;

use std::fs;
use std::path::{Path, PathBuf};

use manifests::Kinds;
use schemars::schema_for;
use serde_json::Value;

use super::batch::wire::BatchReport;
use super::explain::Explanation;
use super::plan::wire::PlanListing;
use super::reproduce::Reproduction;
use crate::exit::{Exit, Failure};
use crate::ui::{Ui, words};

const AFTER: &str = "\
Names:
  manifest     what a release.yaml may say, with the options of every stage
  config       bindery.toml and the user's config.toml
  events       one line of `bindery run --progress json`
  report       the output of `bindery run --json`
  batch        the output of `bindery batch --json`
  note         the output of `bindery nfo show --json`
  plan         one entry of `bindery plan --json`
  enrichment   one line of `bindery enrich --json`
  provider     one entry of `bindery providers --json`
  facts        one line of `bindery inspect --json`
  name         one line of `bindery name parse --json`
  rules        a file in `.bindery/rules`
  verdict      one line of `bindery verify --json`
  destination  one entry of `bindery destinations list --json`
  trial        one line of `bindery destinations test --json`
  explanation  one entry of `bindery explain --json`
  fetched      one entry of `bindery fetch --json`
  changes      one entry of `bindery lock update --json`
  reproduction one entry of `bindery reproduce --json`
  diagnostics  the output of `bindery check --json`
  template     one entry of `bindery templates list --json`
  page         the output of `bindery templates render --json`
  templates    one entry of `bindery templates check --json`

Examples:
  bindery schema manifest > release.schema.json
  bindery schema --all schemas";

/// Print the JSON Schema of a file or an output
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER, arg_required_else_help = true)]
pub struct Args {
    /// The schema to print
    #[arg(required_unless_present = "all")]
    name: Option<String>,
    /// Write all schemas to a folder, `NAME.json` each
    #[arg(long, value_name = "DIR", conflicts_with = "name")]
    all: Option<PathBuf>,
}

/// A schema and how it is made.
struct Row {
    name: &'static str,
    make: fn() -> Value,
}

/// Every schema, by name.
const SCHEMAS: &[Row] = &[
    Row { name: "batch", make: || schema_for!(BatchReport).to_value() },
    Row { name: "changes", make: || schema_for!(manifests::LockDifference).to_value() },
    Row { name: "config", make: manifests::config::config_schema },
    Row { name: "destination", make: || schema_for!(stages::upload::Listing).to_value() },
    Row { name: "diagnostics", make: diagnostics::schema },
    Row { name: "enrichment", make: || schema_for!(super::enrich::Enriched).to_value() },
    Row { name: "events", make: || schema_for!(engine::Event).to_value() },
    Row { name: "explanation", make: || schema_for!(Explanation).to_value() },
    Row { name: "fetched", make: || schema_for!(super::fetch::Fetched).to_value() },
    Row { name: "facts", make: || schema_for!(stages::facts::Inspection).to_value() },
    // The built-in kinds alone, so that the schema is the same wherever it is made.
    Row { name: "manifest", make: || manifests::manifest_schema_for(&stages::registry(), &Kinds::default()) },
    Row { name: "name", make: || schema_for!(stages::facts::NameFacts).to_value() },
    Row { name: "note", make: || schema_for!(super::nfo::show::Shown).to_value() },
    Row { name: "page", make: || schema_for!(super::templates::render::Rendered).to_value() },
    Row { name: "plan", make: || schema_for!(PlanListing).to_value() },
    Row { name: "reproduction", make: || schema_for!(Reproduction).to_value() },
    Row { name: "provider", make: || schema_for!(stages::enrich::Listing).to_value() },
    Row { name: "report", make: || schema_for!(engine::Report).to_value() },
    Row { name: "rules", make: || schema_for!(stages::rules::RuleSet).to_value() },
    Row { name: "template", make: || schema_for!(stages::nfo::Listing).to_value() },
    Row { name: "templates", make: || schema_for!(super::templates::check::Checked).to_value() },
    Row { name: "trial", make: || schema_for!(stages::upload::Trial).to_value() },
    Row { name: "verdict", make: || schema_for!(stages::verify::Verdict).to_value() },
];

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    if let Some(folder) = &args.all {
        for row in SCHEMAS {
            let path = folder.join(format!("{}.json", row.name));
            write(&path, &(row.make)())?;
            ui.data(&path.display().to_string())?;
        }
        return Ok(Exit::Done);
    }
    let name = args.name.as_deref().unwrap_or_default();
    let Some(row) = SCHEMAS.iter().find(|row| row.name == name) else {
        return Err(Failure::usage(format!("there is no schema {}", engine::value::shown(name)))
            .hint(words::did_you_mean(name, SCHEMAS.iter().map(|row| row.name))));
    };
    ui.json(&(row.make)())?;
    Ok(Exit::Done)
}

fn write(path: &Path, schema: &Value) -> Result<(), Failure> {
    let text = format!("{schema:#}\n");
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).and_then(|()| fs::write(path, text)).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot write `{}`: {}", path.display(), words::reason(&error)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_says_what_it_is_and_is_in_the_help() {
        for row in SCHEMAS {
            let schema = (row.make)();
            assert!(schema.get("$schema").is_some() && schema.get("title").is_some(), "{}", row.name);
            assert!(AFTER.contains(&format!("\n  {} ", row.name)), "{}", row.name);
        }
    }

    #[test]
    fn the_schema_of_diagnostics_fits_what_is_written() {
        let file = manifests::File::new("release.yaml", "release: 1\n");
        let place = manifests::Place::start_of(&file);
        let fault =
            manifests::Diagnostic::error("a/b", "wrong").at(&place).hint("look").related(&place, "here");
        let written = serde_json::to_value([fault]).unwrap();
        let read: Vec<diagnostics::Diagnostic> = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), written);
    }
}
