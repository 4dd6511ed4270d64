//! `bindery check`: everything that is wrong with manifests, without running anything.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::args::Sets;
use crate::exit::{Exit, Failure};
use crate::sources;
use crate::ui::{Ui, clean, words};

const AFTER: &str = "\
Examples:
  bindery check
  bindery check releases/*.yaml --format github
  bindery check release.yaml --set steps.rar.with.volume=100MB";

/// Say everything that is wrong with manifests
///
/// Checks syntax, options, templates, source files and the names of destinations, and touches no network. All faults
/// of all manifests are told at once; the exit code is 2 when there are any.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The manifests; `release.yaml` when none is named
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,
    /// How faults are told: for people on stderr, or on stdout as JSON or as workflow commands of GitHub
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t, conflicts_with = "json")]
    format: Format,
    /// The same as `--format json`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sets: Sets,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Human,
    Json,
    Github,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let checked = sources::check(&args.manifests, &args.sets.set)?;
    let exit = if checked.is_wrong() { Exit::Usage } else { Exit::Done };
    match if args.json { Format::Json } else { args.format } {
        Format::Json => ui.json(&checked.faults)?,
        Format::Github => {
            let lines: Vec<String> = checked.faults.iter().map(manifests::github).collect();
            if !lines.is_empty() {
                ui.data(&lines.join("\n"))?;
            }
        }
        Format::Human => {
            for good in &checked.compiled {
                let count = words::count(good.plans.len(), "release");
                ui.say(&format!("{}: {} {count}", clean(&good.shown), ui.err.good("ok:")));
            }
            if !checked.faults.is_empty() {
                Failure::from(checked.faults).tell(ui);
            }
        }
    }
    Ok(exit)
}
