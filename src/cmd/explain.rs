//! `bindery explain`: why one step would run, or why not.

use std::path::PathBuf;

use engine::{Judgement, Leftovers, Plan, Selection, StepIndex, Why, World, judge};
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::Sets;
use crate::execute::known_step;
use crate::exit::{Exit, Failure};
use crate::lock::{self, Keeping};
use crate::sources;
use crate::state;
use crate::ui::{Ui, clean, words};

const AFTER: &str = "\
Examples:
  bindery explain release.yaml nfo
  bindery explain release.yaml rar --set steps.rar.with.volume=50MB
  bindery explain release.yaml zip --json";

/// Most releases that are explained when not all are asked for.
const MOST: usize = 20;

/// Say why a step would run, or why not
///
/// Names each option, file and fact that is not what it was when the step was done last. Runs nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The manifest
    #[arg(value_name = "MANIFEST")]
    manifest: PathBuf,
    /// The step
    #[arg(value_name = "STEP")]
    step: String,
    /// Print a list in JSON, with one entry for every release
    #[arg(long)]
    json: bool,
    /// Explain every release of a large family
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    sets: Sets,
}

/// Why a step of a release would run, or why not.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "Explanation of a step")]
pub struct Explanation {
    /// Where the release is written down, `file` or `file#item`.
    pub at: String,
    /// The release's name, where earlier runs tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The step.
    pub step: String,
    /// Whether it need not run.
    pub up_to_date: bool,
    /// Why, as a sentence.
    pub because: String,
    /// The same in parts.
    pub why: Why,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let named = std::slice::from_ref(&args.manifest);
    let mut compiled = sources::check(named, &args.sets.set)?.clean(ui)?;
    known_step("STEP", &compiled, &args.step)?;
    state::look(&mut compiled, &Selection::All);
    lock::pin(&mut compiled, Keeping::Time);
    let mut explained = Vec::new();
    let left = Leftovers::default();
    for manifest in &compiled {
        let world = manifest.project.world();
        for plan in &manifest.plans {
            if let Some(index) = plan.shape.find(&args.step) {
                explained.push(explain(plan, index, &world, &left)?);
            }
        }
    }
    if args.json {
        ui.json(&explained)?;
        return Ok(Exit::Done);
    }
    let shown = if args.all { explained.len() } else { explained.len().min(MOST) };
    let texts: Vec<String> = explained.iter().take(shown).map(|one| human(one, ui)).collect();
    ui.data(&texts.join("\n"))?;
    if explained.len() > shown {
        let more = words::count(explained.len() - shown, "more release");
        ui.say(&format!("and {more} (`--all` explains them)"));
    }
    Ok(Exit::Done)
}

fn explain(plan: &Plan, index: StepIndex, world: &World, left: &Leftovers) -> Result<Explanation, Failure> {
    let Judgement { name, steps, .. } = judge(plan, world, left).map_err(|error| {
        let failure = Failure::new(Exit::Failed, error.message);
        error.hint.into_iter().fold(failure, Failure::hint)
    })?;
    let why = steps.into_iter().find(|(step, _)| *step == index).map_or(Why::Never, |(_, why)| why);
    Ok(Explanation {
        at: plan.at.clone(),
        release: name,
        step: plan.shape.step(index).id.clone(),
        up_to_date: why.stands(),
        because: why.to_string(),
        why,
    })
}

fn human(one: &Explanation, ui: &Ui) -> String {
    let release = one.release.as_ref().map_or_else(String::new, |name| format!(" ({})", clean(name)));
    let head = format!("{} in {}{release}", ui.out.bold(&one.step), clean(&one.at));
    match &one.why {
        Why::Changed { changes } => {
            let lines: Vec<String> =
                changes.iter().map(|change| format!("\n  {}", clean(&change.to_string()))).collect();
            format!("{head} runs:{}", lines.concat())
        }
        why if why.stands() => format!("{head} does not run: {}", ui.out.good(&clean(&one.because))),
        _ => format!("{head} runs: {}", clean(&one.because)),
    }
}
