//! `bindery enrich`: what metadata providers know of a thing, with all that each of them says, and nothing packed.

mod choice;
mod shown;
mod sought;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;
use stages::enrich::{Enrichment, State};

use self::sought::Sought;
use crate::args::{Asking, Sets};
use crate::exit::{Exit, Failure};
use crate::project::Surroundings;
use crate::signals;
use crate::ui::{Ui, words};

const AFTER: &str = "\
Examples:
  bindery enrich book.epub
  bindery enrich release.yaml
  bindery enrich Show.S01E01.mkv --providers tmdb,tvdb --choose
  bindery enrich book.epub --record tape && bindery enrich book.epub --replay tape --json";

/// Show what metadata providers know of files, fact by fact, with who says it
///
/// A file is asked about as the manifest of its kind would; a manifest as it says itself. Every candidate of every fact
/// is shown with its source, and where sources contradict each other. The exit code is 1 when what `require` names is
/// not there, or when nothing was found and a provider could not say or has to be looked at.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// Files, or manifests
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The kind whose options apply to files, instead of the one they suggest
    #[arg(long = "type", value_name = "KIND")]
    kind: Option<String>,
    /// The providers to ask, instead of those that the manifest names; of files, by default all that can be asked
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    providers: Vec<String>,
    /// Ask on the terminal which candidate is meant, where that is not sure
    #[arg(long)]
    choose: bool,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    sets: Sets,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

/// What providers know of one release.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "What providers say of a release")]
pub struct Enriched {
    /// The file, or where the release is written down.
    pub file: String,
    /// What they say.
    #[serde(flatten)]
    pub enrichment: Enrichment,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    if args.choose {
        choice::needs_a_terminal()?;
    }
    let surroundings = Surroundings::read()?;
    let interrupt = signals::listen();
    let stop = || interrupt.cancel.is_cancelled();
    let mut exit = Exit::Done;
    let mut number = 0;
    for file in &args.files {
        for sought in sought::all(file, args, &surroundings, &interrupt, ui)? {
            let Sought { label, known, mut options, project } = sought;
            let mut world = project.world();
            args.asking.apply(&mut world)?;
            let mut enrichment = options.look_up(&known, &world, &stop);
            if args.choose && choice::of(&enrichment, &mut options, ui)? {
                enrichment = options.look_up(&known, &world, &stop);
                ui.say(&choice::as_pins(&options));
            }
            if stop() {
                return Ok(Exit::Interrupted);
            }
            if !is_good(&enrichment) || options.satisfied(&enrichment, &known).is_err() {
                exit = Exit::Failed;
            }
            if let (Err(error), false) = (options.satisfied(&enrichment, &known), args.json) {
                ui.say(&format!("{} {error}", ui.err.bad("required:")));
            }
            let enriched = Enriched { file: label, enrichment };
            if args.json {
                ui.json_line(&enriched)?;
            } else {
                ui.data(&shown::human(&enriched, number > 0, ui))?;
            }
            number += 1;
        }
    }
    if number == 0 {
        ui.say(&format!("{} made no release to ask about", words::count(args.files.len(), "file")));
    }
    Ok(exit)
}

/// Whether something was found, or everybody who was asked said that there is nothing.
fn is_good(enrichment: &Enrichment) -> bool {
    let states = || enrichment.providers.iter().map(|outcome| outcome.state);
    states().any(|state| state == State::Found)
        || !states().any(|state| state.is_failure() || state == State::NeedsReview)
}
