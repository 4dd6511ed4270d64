//! `bindery plan`: what would run, in which order, over how many bytes.

mod graph;
mod tree;
pub mod wire;

use std::path::PathBuf;

use clap::ValueEnum;
use engine::{Leftovers, Selection};
use rayon::prelude::*;

use crate::args::Sets;
use crate::exit::{Exit, Failure};
use crate::lock::{self, Keeping};
use crate::sources;
use crate::state;
use crate::ui::{Ui, words};

const AFTER: &str = "\
Examples:
  bindery plan
  bindery plan releases/*.yaml --format json | jq '.[].bytes'
  bindery plan release.yaml --format dot | dot -Tsvg -o plan.svg
  bindery plan release.yaml --format mermaid
  bindery plan release.yaml --probe";

/// Most releases that are drawn when not all are asked for.
const MOST: usize = 20;

/// Show what would run, what is up to date, and why
///
/// Lists the steps of each release in the order in which they can run, with what they take, why they run or need not,
/// and how many bytes there are to read and write. Runs nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The manifests; `release.yaml` when none is named
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,
    /// How the plan is shown: a tree for people, JSON for programs, or a graph as DOT or Mermaid
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t, conflicts_with = "json")]
    format: Format,
    /// The same as `--format json`
    #[arg(long)]
    json: bool,
    /// Also ask the destinations whether login, space and names will work out
    #[arg(long)]
    probe: bool,
    /// Show every release of a large family
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    sets: Sets,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Tree,
    Json,
    Dot,
    Mermaid,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let mut compiled = sources::check(&args.manifests, &args.sets.set)?.clean(ui)?;
    state::look(&mut compiled, &Selection::All);
    lock::pin(&mut compiled, Keeping::Time);
    let mut plans: Vec<wire::PlanListing> = Vec::new();
    let left = Leftovers::default();
    for manifest in &compiled {
        let world = manifest.project.world();
        plans.par_extend(manifest.plans.par_iter().map(|plan| wire::PlanListing::of(plan, &world, &left)));
        if args.probe {
            let from = plans.len() - manifest.plans.len();
            plans.get_mut(from..).into_iter().flatten().for_each(|plan| plan.probe(&world));
        }
    }
    let refused = plans.iter().flat_map(|plan| &plan.probes).any(|probe| !probe.ok);
    let exit = if refused { Exit::Failed } else { Exit::Done };
    let format = if args.json { Format::Json } else { args.format };
    if format == Format::Json {
        ui.json(&plans)?;
        return Ok(exit);
    }
    let shown = if args.all || plans.len() <= MOST { plans.len() } else { MOST.min(plans.len()) };
    let part = plans.get(..shown).unwrap_or(&plans);
    match format {
        Format::Tree | Format::Json => ui.data(&tree::draw(part, ui.out))?,
        Format::Dot => ui.data(&graph::dot(part))?,
        Format::Mermaid => ui.data(&graph::mermaid(part))?,
    }
    if plans.len() > 1 {
        let bytes = plans.iter().map(|plan| plan.bytes).sum();
        let rest = plans.len() - shown;
        let more =
            if rest > 0 { format!(", {rest} of them not shown (`--all` shows them)") } else { String::new() };
        let standing = plans.iter().filter(|plan| plan.up_to_date).count();
        ui.say(&format!(
            "{}, {standing} up to date, {} of sources{}{more}",
            words::count(plans.len(), "release"),
            words::bytes(bytes),
            space(&plans, ui),
        ));
    }
    Ok(exit)
}

/// What all releases together need, where the least is free.
fn space(plans: &[wire::PlanListing], ui: &Ui) -> String {
    let writing = || plans.iter().filter(|plan| plan.writes > 0);
    let Some(free) = writing().filter_map(|plan| plan.free).min() else { return String::new() };
    // What does not stay is there for a few releases at a time.
    let passing = writing().map(|plan| plan.writes.saturating_sub(plan.keeps)).max().unwrap_or(0);
    let open = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64 * 2);
    let open = open.min(writing().count() as u64);
    let kept: u64 = writing().map(|plan| plan.keeps).sum();
    let needed = kept.saturating_add(passing.saturating_mul(open));
    let text = format!("; needs about {}, {} free", words::bytes(needed), words::bytes(free));
    if needed > free { ui.err.bad(&text) } else { text }
}
