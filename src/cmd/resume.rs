//! `bindery resume`: finishes every delivery that the ledger says is unfinished.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use stages::upload::ledger::{self, Known};

use crate::exit::{Exit, Failure};
use crate::project::Surroundings;
use crate::ui::{Ui, clean, words};
use crate::uploading::{Finished, Showing, deliver};

const AFTER: &str = "\
Examples:
  bindery resume
  bindery resume Some.Release-MYGRP";

/// Finish the deliveries that were cut off
///
/// Asks the far end about everything that is in doubt before a byte is sent, and sends only what is missing. A plain
/// `bindery run` does the same for the releases of its manifests.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The release to finish, by its name, its path or the number of its delivery; all of them otherwise
    #[arg(value_name = "JOB")]
    job: Option<String>,
    #[command(flatten)]
    showing: Showing,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read()?;
    let project = Arc::new(surroundings.project(Path::new("."))?);
    let all = ledger::all(&project.state_folder());
    let asked: Vec<&Known> = all
        .iter()
        .filter(|(id, known)| is_asked(args.job.as_deref(), id, known))
        .map(|(_, known)| known)
        .collect();
    if let (Some(job), true) = (&args.job, asked.is_empty()) {
        let names: Vec<&str> =
            all.iter().filter_map(|(_, known)| Some(known.head.as_ref()?.release.as_str())).collect();
        let failure = Failure::missing(format!("no delivery of {} is known here", engine::value::shown(job)));
        return Err(if names.is_empty() { failure } else { failure.hint(words::did_you_mean(job, names)) });
    }
    let unfinished: Vec<&Known> = asked.into_iter().filter(|known| !known.is_finished()).collect();
    if unfinished.is_empty() {
        ui.say("nothing to resume: every delivery is finished");
        return Ok(Exit::Done);
    }
    let mut worst = Exit::Done;
    let mut rounds: Vec<BTreeMap<PathBuf, Finished>> = Vec::new();
    for known in unfinished {
        match finished(known) {
            Ok(finished) => place(&mut rounds, finished),
            Err(failure) => worst = failure.tell(ui),
        }
    }
    for round in rounds {
        let finished: Vec<Finished> = round.into_values().collect();
        let exit = deliver(&finished, &project, &surroundings, &args.showing, ui)?;
        if exit == Exit::Interrupted {
            return Ok(exit);
        }
        if (worst as u8) < (exit as u8) {
            worst = exit;
        }
    }
    Ok(worst)
}

fn is_asked(job: Option<&str>, id: &str, known: &Known) -> bool {
    let Some(head) = &known.head else { return false };
    job.is_none_or(|job| {
        let same_path = || Path::new(job).canonicalize().is_ok_and(|path| path == Path::new(&head.path));
        head.release == job || id == job || same_path()
    })
}

/// A delivery as it was begun, with the files it was begun with.
fn finished(known: &Known) -> Result<Finished, Failure> {
    let missing = |path: &Path| {
        Failure::new(Exit::Failed, format!("`{}` is gone from here", clean(&path.display().to_string())))
            .hint("make the release again, or remove `.bindery/uploads` to forget the delivery")
    };
    let head = known.head.as_ref().ok_or_else(|| missing(Path::new("")))?;
    let path = PathBuf::from(&head.path);
    let place = |file: &String| if path.is_dir() { path.join(file) } else { path.clone() };
    let files: Vec<(String, PathBuf)> = known.rows.keys().map(|file| (file.clone(), place(file))).collect();
    if let Some((_, gone)) = files.iter().find(|(_, file)| !file.is_file()) {
        return Err(missing(gone));
    }
    Ok(Finished { path, files, options: head.options.clone() })
}

/// Puts a delivery where it can go with others: with one of the same release to elsewhere if they are alike, and never
/// beside one that is not, since a run delivers a release once.
fn place(rounds: &mut Vec<BTreeMap<PathBuf, Finished>>, finished: Finished) {
    for round in &mut *rounds {
        match round.get_mut(&finished.path) {
            None => {
                round.insert(finished.path.clone(), finished);
                return;
            }
            Some(other) if is_alike(other, &finished) => {
                let mut to = names(&other.options);
                to.extend(names(&finished.options));
                if let Some(all) = other.options.get_mut("to") {
                    *all = Value::Array(to);
                }
                return;
            }
            Some(_) => {}
        }
    }
    rounds.push(BTreeMap::from([(finished.path.clone(), finished)]));
}

fn is_alike(one: &Finished, other: &Finished) -> bool {
    let rest = |options: &Value| {
        let mut rest = options.clone();
        rest.as_object_mut().map(|rest| rest.remove("to"));
        rest
    };
    one.files == other.files && rest(&one.options) == rest(&other.options)
}

fn names(options: &Value) -> Vec<Value> {
    match options.get("to") {
        Some(Value::Array(names)) => names.clone(),
        Some(name) => vec![name.clone()],
        None => Vec::new(),
    }
}
