//! `bindery upload`: takes finished releases to destinations, without a manifest.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::project::Surroundings;
use crate::ui::Ui;
use crate::uploading::{Finished, Showing, deliver, failed, name_of};

const AFTER: &str = "\
Examples:
  bindery upload dist/Some.Release-MYGRP --to nas
  bindery upload dist/* --to nas,mirror --proof hash
  bindery upload dist/Some.Release-MYGRP --to nas --on-conflict replace
  bindery upload dist/Some.Release-MYGRP --to nas --dry-run";

/// Take finished releases to destinations of the configuration
///
/// Files go there under temporary names and get their own when all of them are there and proven. What was cut off goes
/// on where it stopped: with the same command, or with `bindery resume`. What is there already is not sent again.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// Release folders, or single files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Destinations; may be repeated. `bindery destinations` lists them
    #[arg(long, value_name = "NAME,…", required = true, value_delimiter = ',')]
    to: Vec<String>,
    /// How it is proven that what lies there is what was sent; the best that can be had cheaply otherwise
    #[arg(long, value_enum, value_name = "HOW")]
    proof: Option<Word>,
    /// What happens where the release is there already with other content
    #[arg(long, value_enum, value_name = "WHAT")]
    on_conflict: Option<Conflict>,
    /// Globs in the order in which files are sent, `*` for the rest; or `first` or `last`, where checksum files and NFO go
    #[arg(long, value_name = "GLOB,…", value_delimiter = ',')]
    order: Vec<String>,
    /// Look what is there and what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    showing: Showing,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Word {
    /// A digest of every file, taken there or of all of it read back
    Hash,
    /// Parts of every file, read back
    Sample,
    /// The sizes
    Size,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Conflict {
    /// The same content counts as delivered, other content stops the delivery
    Verify,
    /// Files with other content are replaced
    Replace,
    /// It is delivered beside it, as `NAME.2`
    Rename,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read()?;
    let mut project = surroundings.project(Path::new("."))?;
    if args.dry_run {
        args.to.iter().for_each(|name| pretend(&mut project.site.settings, name));
    }
    let project = Arc::new(project);
    let finished: Result<Vec<Finished>, Failure> =
        args.paths.iter().map(|path| args.finished(path)).collect();
    deliver(&finished?, &project, &surroundings, &args.showing, ui)
}

impl Args {
    fn finished(&self, path: &Path) -> Result<Finished, Failure> {
        let (_, whole) = name_of(path)?;
        let files = stages::upload::release_files(&whole).map_err(failed)?;
        if files.is_empty() {
            return Err(Failure::usage(format!("there is nothing in `{}`", path.display())));
        }
        let files = files.into_iter().map(|file| (file.name, file.path)).collect();
        Ok(Finished { path: path.to_owned(), files, options: self.options() })
    }

    fn options(&self) -> Value {
        let mut options = json!({ "to": self.to });
        let mut set = |key: &str, value: Option<Value>| {
            if let (Some(value), Value::Object(options)) = (value, &mut options) {
                options.insert(key.to_owned(), value);
            }
        };
        set("proof", self.proof.and_then(word));
        set("on_conflict", self.on_conflict.and_then(word));
        set(
            "order",
            match self.order.as_slice() {
                [] => None,
                [place] if place == "first" || place == "last" => Some(json!(place)),
                globs => Some(json!(globs)),
            },
        );
        options
    }
}

/// The word of a choice as it stands in manifests.
fn word(choice: impl ValueEnum) -> Option<Value> {
    choice.to_possible_value().map(|value| value.get_name().into())
}

/// Lets a destination only pretend.
fn pretend(settings: &mut serde_json::Map<String, Value>, name: &str) {
    let one = settings.get_mut("destinations").and_then(|all| all.get_mut(name));
    if let Some(Value::Object(one)) = one {
        one.insert("dry_run".to_owned(), true.into());
    }
}
