//! `bindery reproduce`: makes releases once more and holds them against what is there, byte for byte.

use std::path::{Path, PathBuf};

use engine::tree::{self, Difference, How};
use engine::{Plan, Selection};
use manifests::LockedRelease;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{Asking, Running};
use crate::exit::{Exit, Failure};
use crate::fetch::{Manner, fetch};
use crate::lock::{self, Keeping, outputs};
use crate::rebuild::{Release, rebuild};
use crate::signals;
use crate::sources;
use crate::state;
use crate::ui::{Ui, clean, words};

const AFTER: &str = "\
Examples:
  bindery reproduce release.yaml
  bindery reproduce releases/*.yaml --json";

/// Make releases once more and compare them byte for byte
///
/// Makes each release in a place that is thrown away and compares it with the one in the output folder, or with the
/// lock where the release is not there. The exit code is 1 when anything differs.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The manifests; `release.yaml` when none is named
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,
    #[command(flatten)]
    running: Running,
}

/// What making a release once more came to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "Reproduction of a release")]
pub struct Reproduction {
    /// Where the release is written down, `file` or `file#item`.
    pub at: String,
    /// Its name.
    pub name: String,
    /// What it was compared with: `release` or `lock`.
    pub with: String,
    /// How many files were made.
    pub files: usize,
    /// Whether every byte is the same.
    pub same: bool,
    /// Every file that differs: the first is what is there, the second what was made now.
    pub differences: Vec<Difference>,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let mut compiled = sources::check(&args.manifests, &[])?.clean(ui)?;
    let interrupt = signals::listen();
    fetch(&compiled, Manner { offline: false, keep_going: false }, &interrupt, ui)?;
    state::look(&mut compiled, &Selection::All);
    lock::pin(&mut compiled, Keeping::Locked);
    let mut found = Vec::new();
    for manifest in &compiled {
        let rebuilt = rebuild(
            &manifest.plans,
            &manifest.project,
            &args.running,
            &Asking::default(),
            None,
            &interrupt,
            ui,
        )?;
        for (plan, made) in manifest.plans.iter().zip(&rebuilt.releases) {
            let locked = manifest.lock.as_ref().and_then(|lock| lock.release(plan.item_id().as_deref()));
            found.push(compare(plan, made, locked)?);
        }
    }
    if args.running.json {
        ui.json(&found)?;
    } else {
        let lines: Vec<String> = found.iter().map(|one| human(one, ui)).collect();
        ui.data(&lines.join("\n"))?;
    }
    Ok(if found.iter().all(|one| one.same) { Exit::Done } else { Exit::Failed })
}

fn compare(plan: &Plan, made: &Release, locked: Option<&LockedRelease>) -> Result<Reproduction, Failure> {
    let there = plan.output.join(&made.name);
    let unreadable = |error: std::io::Error| {
        Failure::new(Exit::Failed, format!("cannot read `{}`: {}", there.display(), words::reason(&error)))
    };
    let (with, differences) = if there.is_dir() {
        ("release", tree::differences(&there, &made.folder).map_err(unreadable)?)
    } else if let Some(locked) = locked {
        ("lock", against_lock(locked, &made.folder)?)
    } else {
        return Err(Failure::missing(format!(
            "there is neither a release `{}` nor a lock to compare with",
            there.display()
        ))
        .hint("make the release with `bindery run`, or write a lock with `bindery lock`"));
    };
    Ok(Reproduction {
        at: plan.at.clone(),
        name: made.name.clone(),
        with: with.to_owned(),
        files: tree::files(&made.folder).map_err(unreadable)?.len(),
        same: differences.is_empty(),
        differences,
    })
}

fn against_lock(locked: &LockedRelease, folder: &Path) -> Result<Vec<Difference>, Failure> {
    let mut made = outputs(folder)?;
    let mut found = Vec::new();
    for (file, wanted) in &locked.outputs {
        let how = match made.remove(file) {
            None => How::Missing,
            Some(one) if one == *wanted => continue,
            Some(one) if one.size != wanted.size => How::Size { one: wanted.size, other: one.size },
            Some(_) => How::Digest,
        };
        found.push(Difference { file: file.clone(), how });
    }
    found.extend(made.into_keys().map(|file| Difference { file, how: How::Extra }));
    Ok(found)
}

fn human(one: &Reproduction, ui: &Ui) -> String {
    let name = ui.out.bold(&clean(&one.name));
    if one.same {
        let files = words::count(one.files, "file");
        return format!(
            "{name}: {} ({files}, compared with the {})",
            ui.out.good("the same bytes"),
            one.with
        );
    }
    let lines = one.differences.iter().map(|difference| format!("\n  {}", clean(&difference.to_string())));
    format!(
        "{name}: {}{}",
        ui.out.bad(&words::count(one.differences.len(), "difference")),
        lines.collect::<String>()
    )
}
