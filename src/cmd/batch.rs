//! `bindery batch`: many releases from one list of jobs, in one run.

mod compile;
mod jobs;
pub mod wire;

use std::path::PathBuf;

use engine::{Selection, Status};
use manifests::{Diagnostic, Severity};

use self::compile::Compiler;
use self::wire::BatchReport;
use crate::args::{Asking, Running, Sets};
use crate::execute::{self, Order, Outcome};
use crate::exit::{Exit, Failure};
use crate::lock::Keeping;
use crate::project::Surroundings;
use crate::report::Reports;
use crate::sources;
use crate::ui::{Ui, words};

const AFTER: &str = "\
A job is a mapping with the keys `type`, `file`, and optionally `group`, `release_name`, `source`, `profile`,
`nfo_template`, `link`, `enable_api` and `output_dir`; or a manifest; or the path of one.

Examples:
  bindery batch --file jobs.json
  bindery batch --file jobs.yaml --jobs 4 --report junit=report.xml
  bindery batch --file jobs.json --resume --json
  make-jobs | bindery batch --file -";

/// Make many releases from a list of jobs, in JSON or YAML
///
/// A job is what `bindery pack` would do, or a manifest. A job that fails keeps no other from being made, and one whose
/// release is up to date is not made again, so a batch that was cut off is finished by the same command. Paths are
/// seen from the current folder, or else from that of the list.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The list of jobs; `-` reads it from stdin
    #[arg(long, short, value_name = "FILE")]
    file: PathBuf,
    /// Go on with the other jobs when one fails, which is what happens anyway
    #[arg(long, short)]
    keep_going: bool,
    /// Begin nothing if a job is wrong, and stop when one fails
    #[arg(long, conflicts_with = "keep_going")]
    fail_fast: bool,
    /// Go on with a batch that was cut off: what is up to date stays, so this does not go with `--force`
    #[arg(long, conflicts_with = "force")]
    resume: bool,
    /// The folder in which release folders appear, whatever the jobs say; short for `--set output=DIR`
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    running: Running,
    #[command(flatten)]
    sets: Sets,
}

/// What became of a job before anything ran.
pub struct Ready {
    /// Where it is written, `file:line:column`.
    pub at: String,
    /// What is wrong with it.
    pub faults: Vec<Diagnostic>,
    /// Its number among the manifests that run, if it is right.
    pub compiled: Option<usize>,
}

pub fn run(args: Args, ui: &Ui) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read()?;
    let mut reports = Reports::open(&args.running, &surroundings)?;
    let mut set = args.sets.set;
    if let Some(output) = &args.output {
        set.push(sources::assignment("output", &sources::text(output)?));
    }
    let list = jobs::read(&args.file, &surroundings)?;
    let mut compiler = Compiler::new(&surroundings, &set, &list);
    let (mut ready, mut compiled) = (Vec::new(), Vec::new());
    for job in list.jobs {
        ready.push(compiler.job(job, &mut compiled));
    }
    let faults: Vec<Diagnostic> =
        list.faults.into_iter().chain(ready.iter().flat_map(|job| job.faults.iter().cloned())).collect();
    reports.note(&faults);
    let wrong = faults.iter().any(|fault| fault.severity == Severity::Error);
    if !faults.is_empty() {
        Failure::from(faults).tell(ui);
    }
    let refuses = wrong && args.fail_fast;
    let begins = !compiled.is_empty() && !refuses;
    let (keep_going, running) = (!args.fail_fast, args.running.clone());
    let outcome = if begins {
        let keeping = Keeping::default();
        let asking = args.asking.clone();
        let order = Order { compiled, selection: Selection::All, keep_going, keeping, asking, running };
        let Some(outcome) = execute::perform(order, &mut reports, ui)? else { return Ok(Exit::Interrupted) };
        outcome
    } else {
        Outcome::default()
    };
    let report = BatchReport::of(&list.name, &ready, &outcome);
    reports.write(&outcome, &|| serde_json::to_string_pretty(&report), ui)?;
    tell(&report, &outcome, &args.running, ui)?;
    Ok(match execute::exit(&outcome.report) {
        _ if !begins => {
            if wrong {
                Exit::Usage
            } else {
                Exit::Done
            }
        }
        Exit::Done if wrong => Exit::Failed,
        exit => exit,
    })
}

fn tell(report: &BatchReport, outcome: &Outcome, running: &Running, ui: &Ui) -> Result<(), Failure> {
    ui.say(&counts(report));
    if running.json { ui.json(report) } else { execute::tell_paths(&outcome.report, running, ui) }
}

/// How many jobs there were and how they ended.
fn counts(report: &BatchReport) -> String {
    let statuses = [Status::Done, Status::UpToDate, Status::Failed, Status::Cancelled, Status::Unfinished];
    let count = |status: Status| report.jobs.iter().filter(|job| job.status == status).count();
    let counted = statuses.map(|status| (count(status), words::status(status)));
    let parts: Vec<String> = counted
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    format!("{}{parts}", words::count(report.jobs.len(), "job"))
}
