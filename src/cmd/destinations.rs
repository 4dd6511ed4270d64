//! `bindery destinations`: the places to upload to, listed, shown and tried.

use std::path::Path;

use clap::Subcommand;
use engine::World;
use serde_json::Value;
use stages::upload::{self, Listing, Trial};

use crate::exit::{Exit, Failure};
use crate::project::{self, Surroundings};
use crate::ui::table::table;
use crate::ui::{Ui, clean, words};
use crate::uploading::failed;

const AFTER: &str = "\
Examples:
  bindery destinations list
  bindery destinations show nas
  bindery destinations test nas
  bindery destinations test --json";

/// List destinations, show one, or try whether uploads will work
///
/// Destinations are configuration: `[destinations.NAME]` in `bindery.toml` or in the user's own `config.toml`.
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

/// List the destinations
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Show the settings of a destination, secrets as the references they are
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
struct Show {
    /// The destination
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Try what an upload needs: login, write, go on behind what is there, rename, read back, digest, delete, space
///
/// Writes a small file into a folder of its own and removes both. The exit code is 1 when anything of it does not work.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
struct Test {
    /// The destinations; all of them when none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read()?;
    let site = surroundings.project(Path::new("."))?.site;
    let world = project::world(site);
    match &args.action {
        None => list(args.json, &world, ui),
        Some(Action::List(list_args)) => list(list_args.json || args.json, &world, ui),
        Some(Action::Show(show_args)) => show(show_args, show_args.json || args.json, &world, ui),
        Some(Action::Test(test_args)) => test(test_args, test_args.json || args.json, &world, ui),
    }
}

fn list(json: bool, world: &World, ui: &Ui) -> Result<Exit, Failure> {
    let all = upload::list(&world.site);
    if json {
        ui.json(&all)?;
        return Ok(Exit::Done);
    }
    if all.is_empty() {
        ui.say("no destinations: define them in `bindery.toml` as [destinations.NAME]");
        return Ok(Exit::Done);
    }
    let row = |one: &Listing| {
        let last = one.address.as_ref().map(|address| clean(address));
        let last = last.unwrap_or_else(|| ui.out.bad(&clean(one.fault.as_deref().unwrap_or_default())));
        vec![ui.out.name(&clean(&one.name)), ui.out.dim(&clean(&one.r#type)), last]
    };
    ui.data(&table(&all.iter().map(row).collect::<Vec<_>>()))?;
    Ok(Exit::Done)
}

fn show(args: &Show, json: bool, world: &World, ui: &Ui) -> Result<Exit, Failure> {
    let one = upload::listing(&world.site, &args.name).ok_or_else(|| unknown(&args.name, world))?;
    if json {
        ui.json(&one)?;
    } else {
        let mut rows =
            vec![vec![ui.out.bold(&clean(&one.name)), one.address.as_deref().map_or(String::new(), clean)]];
        for (key, value) in one.settings.as_object().into_iter().flatten() {
            rows.push(vec![format!("  {}", clean(key)), clean(&setting(value))]);
        }
        ui.data(&table(&rows))?;
    }
    if let Some(fault) = &one.fault {
        ui.say(&format!("{} {}", ui.err.bad("error:"), clean(fault)));
    }
    Ok(if one.fault.is_none() { Exit::Done } else { Exit::Usage })
}

/// A setting as one would write it.
fn setting(value: &Value) -> String {
    let reference = value.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next());
    match (reference, value) {
        (Some((key, name)), _) => format!("{{ {key} = {name} }}"),
        (None, Value::String(text)) => text.clone(),
        (None, other) => other.to_string(),
    }
}

fn test(args: &Test, json: bool, world: &World, ui: &Ui) -> Result<Exit, Failure> {
    let all: Vec<String> = world.site.names("destinations").into_iter().map(str::to_owned).collect();
    if let Some(name) = args.names.iter().find(|name| !all.contains(name)) {
        return Err(unknown(name, world));
    }
    let names = if args.names.is_empty() { &all } else { &args.names };
    if names.is_empty() {
        ui.say("no destinations: define them in `bindery.toml` as [destinations.NAME]");
    }
    let mut exit = Exit::Done;
    for name in names {
        let trial = upload::test(name, world).map_err(failed)?;
        if json {
            ui.json_line(&trial)?;
        } else {
            ui.data(&page(&trial, ui))?;
        }
        if !trial.ok {
            exit = Exit::Failed;
        }
    }
    Ok(exit)
}

fn page(trial: &Trial, ui: &Ui) -> String {
    let word = if trial.ok { ui.out.good("ok") } else { ui.out.bad("does not work") };
    let name = ui.out.bold(&clean(&trial.destination));
    let head = format!("{name}: {word} ({})", clean(&trial.address));
    let mut rows = Vec::new();
    for check in &trial.checks {
        let word = if check.ok { ui.out.good("ok") } else { ui.out.bad("failed") };
        let found = match (&check.error, &check.found) {
            (Some(error), _) => format!("{} [{}]", clean(error), check.code.as_deref().unwrap_or_default()),
            (None, Some(found)) if check.name == "space" => free(found),
            (None, Some(found)) => clean(found),
            (None, None) => String::new(),
        };
        let took = ui.out.dim(&words::duration(check.took_ms));
        rows.push(vec![format!("  {}", check.name), word, took, found]);
        if let Some(hint) = &check.hint {
            rows.push(vec![String::new(), String::new(), String::new(), format!("help: {}", clean(hint))]);
        }
    }
    if let Some(trip) = trial.round_trip_ms {
        rows.push(vec!["  round trip".into(), String::new(), ui.out.dim(&format!("{trip} ms"))]);
    }
    format!("{head}\n{}", table(&rows))
}

fn free(found: &str) -> String {
    found.parse().map_or_else(|_| found.to_owned(), |free| format!("{} free", words::bytes(free)))
}

fn unknown(name: &str, world: &World) -> Failure {
    let failure = Failure::missing(format!("there is no destination {}", engine::value::shown(name)));
    let known = world.site.names("destinations");
    if known.is_empty() {
        failure.hint(format!("define it in `bindery.toml`: [destinations.{name}] with `type` and `path`"))
    } else {
        failure.hint(words::did_you_mean(name, known))
    }
}
