//! `bindery expand`: the manifest with everything it rests on.

use std::path::PathBuf;

use crate::args::Sets;
use crate::exit::{Exit, Failure};
use crate::project::{Projects, Surroundings};
use crate::sources;
use crate::ui::Ui;

const AFTER: &str = "\
Examples:
  bindery expand
  bindery expand release.yaml --origins
  bindery expand release.yaml --json --set group=OTHER";

/// Print the effective manifest: kind, configuration, fragments and file in one
///
/// What is printed is a manifest of its own and makes the same release.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The manifest; `release.yaml` when none is named
    manifest: Option<PathBuf>,
    /// Add to each value the file and line it came from
    #[arg(long, conflicts_with = "json")]
    origins: bool,
    /// Print JSON instead of YAML
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sets: Sets,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read()?;
    let named: Vec<PathBuf> = args.manifest.iter().cloned().collect();
    for path in sources::find(&named, &surroundings)? {
        let loaded = sources::load(&path, &args.sets.set, &surroundings, &mut Projects::default())?;
        let Some((effective, _)) = loaded else { continue };
        let node = effective.expanded();
        if args.json {
            ui.json(&node.to_json())?;
            continue;
        }
        let text = if args.origins { manifests::emit_with_origins(&node) } else { manifests::emit(&node) };
        ui.data(text.trim_end_matches('\n'))?;
    }
    Ok(Exit::Done)
}
