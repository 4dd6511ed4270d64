//! `bindery run`: makes the releases of manifests.

use std::path::PathBuf;

use engine::Selection;

use crate::args::{Asking, Running, Sets};
use crate::execute::{Order, execute};
use crate::exit::{Exit, Failure};
use crate::lock::Keeping;
use crate::project::Surroundings;
use crate::report::Reports;
use crate::sources;
use crate::ui::Ui;

const AFTER: &str = "\
Examples:
  bindery run
  bindery run releases/*.yaml --jobs 4 --keep-going
  bindery run release.yaml --only nfo
  bindery run release.yaml --locked
  bindery run release.yaml --set group=OTHER --output /srv/releases --progress json
  bindery run releases/*.yaml --progress plain --report junit=report.xml,markdown=report.md
  bindery run release.yaml --trace trace.json";

/// Make the releases that manifests describe
///
/// Each release appears whole in its output folder or not at all. What is up to date is left alone; files that are gone
/// from a release are made again; a release whose inputs changed is replaced if nobody changed its files or added some,
/// and anything else that is there only with `--force`. The paths of the releases go to stdout, one a line; everything
/// else goes to stderr.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The manifests; `release.yaml` when none is named
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,
    #[command(flatten)]
    running: Running,
    /// Go on with what does not depend on a failure
    #[arg(long, short)]
    keep_going: bool,
    /// Run this step alone, with what it needs; its files appear in `<release>.partial`
    #[arg(long, value_name = "STEP", conflicts_with = "until")]
    only: Option<String>,
    /// Run this step and all it needs; all their files appear in `<release>.partial`
    #[arg(long, value_name = "STEP")]
    until: Option<String>,
    /// The folder in which release folders appear; short for `--set output=DIR`
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Make exactly what the lock says, or fail before any work and name what differs
    #[arg(long)]
    locked: bool,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    sets: Sets,
}

pub fn run(args: Args, ui: &Ui) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read()?;
    let mut reports = Reports::open(&args.running, &surroundings)?;
    let paths = sources::find(&args.manifests, &surroundings)?;
    let mut set = args.sets.set;
    if let Some(output) = &args.output {
        set.push(sources::assignment("output", &sources::text(output)?));
    }
    let checked = sources::compile(&paths, &set, &surroundings);
    reports.note(&checked.faults);
    if checked.is_wrong() {
        reports.write_refusal(ui)?;
    }
    let compiled = checked.clean(ui)?;
    let selection = match (args.only, args.until) {
        (Some(only), _) => Selection::Only(only),
        (_, Some(until)) => Selection::Until(until),
        _ => Selection::All,
    };
    let keeping = match (args.locked, args.asking.offline) {
        (true, _) => Keeping::Locked,
        (false, true) => Keeping::Offline,
        (false, false) => Keeping::Time,
    };
    let (keep_going, asking, running) = (args.keep_going, args.asking, args.running);
    let order = Order { compiled, selection, keep_going, keeping, asking, running };
    execute(order, reports, ui)
}
