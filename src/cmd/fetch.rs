//! `bindery fetch`: brings the sources here that manifests name by address.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::args::Sets;
use crate::exit::{Exit, Failure};
use crate::fetch::{Here, Manner, fetch};
use crate::signals;
use crate::sources;
use crate::ui::{Ui, clean};

const AFTER: &str = "\
Examples:
  bindery fetch
  bindery fetch releases/*.yaml && bindery run releases/*.yaml --offline
  bindery fetch release.yaml --json";

/// Fetch the sources that manifests name by address
///
/// `source: { url, sha256 }` names a file somewhere else and the digest it must have. It is kept in the user's cache by
/// its digest, so that it comes once, whatever manifests want it, and a fetch that was cut off goes on where it ended.
/// `bindery run` fetches what is missing by itself.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The manifests; `release.yaml` when none is named
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,
    /// Print a list in JSON, with one entry for every file
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sets: Sets,
}

/// A source that was fetched, now or before.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Fetched source")]
pub struct Fetched {
    /// Its name in the release.
    pub name: String,
    /// Where it comes from.
    pub url: String,
    /// The digest it has.
    pub sha256: String,
    /// Where it lies.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether it came just now.
    pub new: bool,
}

impl From<Here> for Fetched {
    fn from(here: Here) -> Self {
        let path = here.path.display().to_string();
        let (url, sha256) = (here.origin.url, here.origin.sha256);
        Self { name: here.name, url, sha256, path, bytes: here.bytes, new: here.is_new }
    }
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let compiled = sources::check(&args.manifests, &args.sets.set)?.clean(ui)?;
    let interrupt = signals::listen();
    let here = fetch(&compiled, Manner::default(), &interrupt, ui)?;
    let here: Vec<Fetched> = here.into_iter().map(Fetched::from).collect();
    if args.json {
        ui.json(&here)?;
    } else if here.is_empty() {
        ui.say("no source of these manifests is fetched");
    } else {
        let paths: Vec<String> = here.iter().map(|one| clean(&one.path)).collect();
        ui.data(&paths.join("\n"))?;
    }
    Ok(Exit::Done)
}
