//! `bindery providers`: the metadata providers, and whether they answer.

use std::path::Path;

use clap::Subcommand;
use stages::enrich::{self, NeedsKey, State};

use crate::args::Asking;
use crate::exit::{Exit, Failure};
use crate::project::{Project, Surroundings};
use crate::signals;
use crate::ui::table::table;
use crate::ui::{Ui, clean, words};

const AFTER: &str = "\
Examples:
  bindery providers
  bindery providers list --json
  bindery providers test openlibrary tmdb";

/// List the metadata providers, or test whether they answer
///
/// A key is configured as a reference: `[providers.tmdb]` with `key = { env = \"TMDB_KEY\" }`.
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
    Test(Test),
}

/// List the providers and what they need
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Ask providers the smallest thing, to see whether they answer and take the key
///
/// The exit code is 1 when one of them does not.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
struct Test {
    /// The providers; all that can be asked when none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    asking: Asking,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read()?;
    let project = surroundings.project(Path::new("."))?;
    match &args.action {
        None => list(args.json, &project, ui),
        Some(Action::List(list_args)) => list(list_args.json || args.json, &project, ui),
        Some(Action::Test(test_args)) => test(test_args, args.json, &project, ui),
    }
}

fn list(json: bool, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let listed = enrich::list(&project.site);
    if json {
        ui.json(&listed)?;
        return Ok(Exit::Done);
    }
    let row = |listing: &enrich::Listing| {
        let key = match (&listing.fault, listing.needs_key, listing.has_key) {
            (Some(fault), ..) => ui.out.bad(&clean(fault)),
            (None, NeedsKey::No, _) => ui.out.good("needs no key"),
            (None, _, true) => ui.out.good("has a key"),
            (None, NeedsKey::Optional, false) => ui.out.good("may have a key"),
            (None, NeedsKey::Yes, false) => ui.out.odd("needs a key"),
        };
        vec![ui.out.name(&listing.name), key, clean(&listing.about), ui.out.dim(&clean(&listing.url))]
    };
    ui.data(&table(&listed.iter().map(row).collect::<Vec<_>>()))?;
    Ok(Exit::Done)
}

fn test(args: &Test, json: bool, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let listed = enrich::list(&project.site);
    let known: Vec<&str> = listed.iter().map(|listing| listing.name.as_str()).collect();
    if let Some(name) = args.names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(Failure::missing(format!("there is no provider {}", engine::value::shown(name)))
            .hint(words::did_you_mean(name, known)));
    }
    let usable = listed.iter().filter(|listing| listing.usable).map(|listing| listing.name.clone());
    let names = if args.names.is_empty() { usable.collect() } else { args.names.clone() };
    let interrupt = signals::listen();
    let stop = || interrupt.cancel.is_cancelled();
    let mut world = project.world();
    args.asking.apply(&mut world)?;
    // What was said before tells nothing of today.
    world.outside.refresh |= !args.asking.offline;
    let mut exit = Exit::Done;
    for name in &names {
        let Some(test) = enrich::test(name, &world, &stop) else { continue };
        if stop() {
            return Ok(Exit::Interrupted);
        }
        if test.state != State::Found {
            exit = Exit::Failed;
        }
        if json || args.json {
            ui.json_line(&test)?;
        } else {
            let word =
                if test.state == State::Found { ui.out.good("ok") } else { ui.out.bad(test.state.word()) };
            ui.data(&format!("{}: {word}, {}", ui.out.name(&test.name), clean(&test.message)))?;
        }
    }
    Ok(exit)
}
