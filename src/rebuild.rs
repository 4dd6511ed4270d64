//! Makes the releases of a manifest once more, in a place that is thrown away, and delivers nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use engine::{Event, Facts, Happening, Plan, Report, Runner, Selection, Status, Workplace};

use crate::args::{Asking, Running};
use crate::execute::{Shown, jobs, run_id, show};
use crate::exit::{Exit, Failure};
use crate::project::Project;
use crate::signals::Interrupt;
use crate::ui::{Ui, summary, words};

/// Releases that were made once more. Dropping it removes them.
pub struct Rebuilt {
    /// One entry a plan.
    pub releases: Vec<Release>,
    place: Option<Workplace>,
    /// The output folder, which may not have been there before.
    output: PathBuf,
}

/// A release that was made once more.
pub struct Release {
    /// Its name.
    pub name: String,
    /// Where it lies.
    pub folder: PathBuf,
    /// What steps were told that ask the world outside, by step.
    pub facts: BTreeMap<String, Facts>,
}

impl Drop for Rebuilt {
    fn drop(&mut self) {
        drop(self.place.take());
        // It goes only if nothing is in it.
        let _ = fs::remove_dir(&self.output);
    }
}

/// Makes all releases of one manifest once more. Nothing that is remembered of them is used, nor changed.
pub fn rebuild(
    plans: &[Plan],
    project: &Project,
    running: &Running,
    asking: &Asking,
    renew: Option<&str>,
    interrupt: &Interrupt,
    ui: &Ui,
) -> Result<Rebuilt, Failure> {
    let Some(output) = plans.first().map(|plan| plan.output.as_ref().clone()) else {
        return Ok(Rebuilt { releases: Vec::new(), place: None, output: PathBuf::new() });
    };
    let id = run_id();
    let place = Workplace::new(&output, &id).map_err(|error| {
        let why = words::reason(&error);
        Failure::new(Exit::Failed, format!("cannot write to `{}`: {why}", output.display()))
    })?;
    let folder = Arc::new(place.path().join("releases"));
    let mut rebuilt = Rebuilt { releases: Vec::new(), place: Some(place), output };
    let mut again: Vec<Plan> = plans.to_vec();
    for plan in &mut again {
        plan.output = Arc::clone(&folder);
        plan.keep = None;
    }
    let mut world = project.world();
    asking.apply(&mut world)?;
    world.outside.renew = renew.map(str::to_owned);
    let runner = Runner { selection: Selection::Make, ..Runner::new(id, jobs(running, project), &world) };
    let mut facts: BTreeMap<usize, BTreeMap<String, Facts>> = BTreeMap::new();
    let mut note = |event: &Event| {
        if let Happening::StepFinished { release, step, facts: told, .. } = &event.happening {
            let plan = again.get(*release);
            let asks = plan.and_then(|plan| Some(plan.shape.step(plan.shape.find(step)?).asks_outside()));
            if asks == Some(true) && !told.is_empty() {
                facts.entry(*release).or_default().insert(step.clone(), told.settled());
            }
        }
    };
    let shown = Shown { progress: running.progress, interrupt, ui };
    let report = show(&runner, &again, &shown, &mut note)?;
    if report.status != Status::Done {
        return Err(failed(plans, &report, ui));
    }
    for (number, release) in report.releases.into_iter().enumerate() {
        rebuilt.releases.push(Release {
            name: release.name.unwrap_or_default(),
            folder: release.path.map(PathBuf::from).unwrap_or_default(),
            facts: facts.remove(&number).unwrap_or_default(),
        });
    }
    Ok(rebuilt)
}

fn failed(plans: &[Plan], report: &Report, ui: &Ui) -> Failure {
    let all: Vec<&Plan> = plans.iter().collect();
    ui.say(&summary::summary(&all, report, &Selection::Make, ui.err));
    let exit = if report.status == Status::Cancelled { Exit::Interrupted } else { Exit::Failed };
    Failure::new(exit, "the releases could not be made once more")
}
