//! Brings sources here that are to be fetched, before anything is made of them.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use engine::{Origin, StageError, World};
use indicatif::ProgressBar;
use stages::fetch::Fetch;

use crate::exit::{Exit, Failure};
use crate::signals::Interrupt;
use crate::sources::Compiled;
use crate::ui::{Ui, bar, clean, paint, words};

/// How many files come at once.
const AT_ONCE: usize = 4;

/// The code of what was interrupted.
const CANCELLED: &str = "step/cancelled";

/// What sources are to be here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Nobody is asked for them.
    pub offline: bool,
    /// Those that come are of use without the others.
    pub keep_going: bool,
}

/// A source that lies here.
#[derive(Clone, Debug)]
pub struct Here {
    /// Its name in the release.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Where it lies.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether it came just now.
    pub is_new: bool,
}

/// Brings all sources of manifests here that are fetched. Where others are of use without them, those that do not come
/// are only told: whatever needs them fails then.
pub fn fetch(
    compiled: &[Compiled],
    manner: Manner,
    interrupt: &Interrupt,
    ui: &Ui,
) -> Result<Vec<Here>, Failure> {
    let mut wanted: BTreeMap<&Path, (&str, &Origin, &Compiled)> = BTreeMap::new();
    for manifest in compiled {
        for source in manifest.plans.iter().flat_map(|plan| &plan.sources) {
            if let Some(origin) = source.origin.as_deref() {
                wanted.insert(&source.path, (&source.name, origin, manifest));
            }
        }
    }
    let (mut here, mut missing) = (Vec::new(), Vec::new());
    let mut worlds: BTreeMap<&Path, World> = BTreeMap::new();
    for (_, _, manifest) in wanted.values() {
        worlds.entry(&manifest.project.home).or_insert_with(|| manifest.project.world());
    }
    let stop = || interrupt.cancel.is_cancelled();
    for (path, (name, origin, manifest)) in wanted {
        let Some(world) = worlds.get(manifest.project.home.as_path()) else { continue };
        let one = Fetch { name, origin, path, world, stop: &stop };
        if one.is_here().map_err(failure)? {
            here.push(found(&one, false));
        } else if manner.offline {
            let message = format!("`{}` was not fetched from {} yet", clean(name), clean(&origin.url));
            let fault = Failure::new(Exit::Failed, message)
                .hint("`bindery fetch` fetches it while there is a network");
            may_go_on(fault, manner, ui)?;
        } else {
            missing.push(one);
        }
    }
    for (one, came) in missing.iter().zip(all(&missing, manner, ui)) {
        match came {
            Some(Ok(_)) => here.push(found(one, true)),
            Some(Err(error)) if error.code == CANCELLED => return Err(failure(error)),
            Some(Err(error)) => may_go_on(failure(error), manner, ui)?,
            // It was not begun, since another did not come.
            None => {}
        }
    }
    Ok(here)
}

fn may_go_on(fault: Failure, manner: Manner, ui: &Ui) -> Result<(), Failure> {
    if !manner.keep_going {
        return Err(fault);
    }
    fault.tell(ui);
    Ok(())
}

fn found(one: &Fetch<'_>, is_new: bool) -> Here {
    Here {
        name: one.name.to_owned(),
        origin: one.origin.clone(),
        path: one.path.to_owned(),
        bytes: one.path.metadata().map(|found| found.len()).unwrap_or_default(),
        is_new,
    }
}

fn failure(error: StageError) -> Failure {
    if error.code == CANCELLED {
        return Failure::new(Exit::Interrupted, "fetching was interrupted")
            .hint("what came is kept: the next time it goes on there");
    }
    let failure = Failure::new(Exit::Failed, format!("{} [{}]", clean(&error.message), error.code));
    error.hint.into_iter().fold(failure, Failure::hint)
}

/// Fetches files, a few at once; gives what came of each.
fn all(missing: &[Fetch<'_>], manner: Manner, ui: &Ui) -> Vec<Option<Result<u64, StageError>>> {
    let came: Vec<Mutex<Option<Result<u64, StageError>>>> =
        missing.iter().map(|_| Mutex::default()).collect();
    let moving = (stderr().is_terminal() && !paint::is_dumb()).then(|| bar::spinner("fetching"));
    let (next, done) = (AtomicUsize::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(missing.len()) {
            scope.spawn(|| {
                while let Some((one, came)) = Some(next.fetch_add(1, Ordering::Relaxed))
                    .and_then(|at| missing.get(at).zip(came.get(at)))
                {
                    let result = one_file(one, moving.as_ref(), &done, ui);
                    if result.is_err() && !manner.keep_going {
                        next.store(missing.len(), Ordering::Relaxed);
                    }
                    *came.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                }
            });
        }
    });
    if let Some(bar) = moving {
        bar.finish_and_clear();
    }
    came.into_iter().map(|one| one.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}

fn one_file(
    one: &Fetch<'_>,
    moving: Option<&ProgressBar>,
    done: &AtomicU64,
    ui: &Ui,
) -> Result<u64, StageError> {
    let say = |text: &str| match moving {
        Some(bar) => bar.suspend(|| ui.say(text)),
        None => ui.say(text),
    };
    if moving.is_none() {
        say(&format!("fetching {}", clean(&one.origin.url)));
    }
    // What was here before is no news.
    let mut before = None;
    let result = one.fetch(&mut |bytes, _| {
        let known = before.get_or_insert(bytes);
        let more = bytes.saturating_sub(*known);
        *known = bytes;
        let sum = done.fetch_add(more, Ordering::Relaxed) + more;
        moving.iter().for_each(|bar| bar.set_position(sum));
    });
    if let Ok(bytes) = &result {
        say(&format!("fetched {} ({})", clean(one.name), words::bytes(*bytes)));
    }
    result
}
