//! Runs compiled manifests and tells how it goes: what `run`, `pack` and `batch` have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use engine::{Event, Plan, Report, Runner, Selection, Status};

use crate::args::{Asking, Progress, Running};
use crate::exit::{Exit, Failure};
use crate::fetch::{Manner, fetch};
use crate::lock::{self, Held, Keeping};
use crate::project::{self, Project};
use crate::report::Reports;
use crate::signals::{self, Interrupt};
use crate::sources::{self, Compiled};
use crate::state;
use crate::ui::bar::Bar;
use crate::ui::plain::Plain;
use crate::ui::{Ui, json, paint, summary, words};

/// What is run, and how far.
pub struct Order {
    /// The manifests.
    pub compiled: Vec<Compiled>,
    /// Which steps.
    pub selection: Selection,
    /// Go on with what does not depend on a failure.
    pub keep_going: bool,
    /// How far it keeps to locks.
    pub keeping: Keeping,
    /// How metadata providers are asked.
    pub asking: Asking,
    /// How it runs and is shown.
    pub running: Running,
}

/// What came of an order.
#[derive(Default)]
pub struct Outcome {
    /// One entry a release.
    pub report: Report,
    /// The plans of the releases.
    pub plans: Vec<Plan>,
    /// Which manifest of the order each release is of.
    pub manifests: Vec<usize>,
    /// Where the manifest of each release begins.
    pub places: Vec<String>,
    /// The locks that the releases are to keep to.
    pub locks: Vec<Held>,
}

/// Plans that share a world.
struct Batch {
    project: Arc<Project>,
    plans: Vec<Plan>,
    /// Which manifest of the order each plan is of, and where that begins.
    manifests: Vec<(usize, String)>,
}

/// Runs everything, tells what came of it, and gives the code to end with.
pub fn execute(order: Order, mut reports: Reports, ui: &Ui) -> Result<Exit, Failure> {
    let (running, selection) = (order.running.clone(), order.selection.clone());
    let outcome = match perform(order, &mut reports, ui) {
        Ok(Some(outcome)) => outcome,
        Ok(None) => return Ok(Exit::Interrupted),
        Err(failure) => {
            reports.note_failure(&failure);
            reports.write_refusal(ui)?;
            return Err(failure);
        }
    };
    let report = &outcome.report;
    let differs =
        if selection.is_whole() { lock::hold_releases_against(&outcome.locks, report).err() } else { None };
    differs.iter().for_each(|failure| reports.note_failure(failure));
    reports.write(&outcome, &|| serde_json::to_string_pretty(report), ui)?;
    // Where a delivered release lies here was known before.
    if selection != Selection::Deliver || running.json {
        tell(report, &running, ui)?;
    }
    differs.map_or_else(|| Ok(exit(report)), Err)
}

/// Runs everything and shows how it goes; nothing when it was interrupted before it began.
pub fn perform(order: Order, reports: &mut Reports, ui: &Ui) -> Result<Option<Outcome>, Failure> {
    let Order { compiled, selection, keep_going, keeping, asking, running } = order;
    if running.json && running.progress == Progress::Json {
        return Err(Failure::usage("`--json` and `--progress json` both write to stdout")
            .hint("the last event of `--progress json` holds the report"));
    }
    match &selection {
        Selection::All | Selection::Make | Selection::Deliver => {}
        Selection::Only(step) => known_step("--only", &compiled, step)?,
        Selection::Until(step) => known_step("--until", &compiled, step)?,
    }
    let interrupt = signals::listen();
    let mut compiled = compiled;
    if selection != Selection::Deliver {
        fetch(&compiled, Manner { offline: asking.offline, keep_going }, &interrupt, ui)?;
    }
    let Some(stores) = state::hold(&mut compiled, &selection, &interrupt.cancel, ui) else {
        return Ok(None);
    };
    one_name(&mut compiled);
    let locks = if keeping == Keeping::Locked { lock::hold_against(&compiled)? } else { Vec::new() };
    lock::pin(&mut compiled, keeping);
    let batches = batches(compiled);
    let shown = Shown { progress: running.progress, interrupt: &interrupt, ui };
    let mut report = Report::default();
    for batch in &batches {
        let mut world = batch.project.world();
        world.offline = keeping != Keeping::Time;
        asking.apply(&mut world)?;
        // Releases that manifests describe are remembered with the state of their project.
        world.home = (selection == Selection::Deliver).then(|| batch.project.state_folder());
        let runner = Runner {
            keep_going,
            force: running.force,
            selection: selection.clone(),
            traced: running.trace.is_some(),
            ..Runner::new(run_id(), jobs(&running, &batch.project), &world)
        };
        let more = show(&runner, &batch.plans, &shown, &mut |event| reports.hear(event))?;
        let over = more.status == Status::Cancelled || (more.status == Status::Failed && !keep_going);
        add(&mut report, more);
        if over {
            break;
        }
    }
    let plans: Vec<&Plan> = batches.iter().flat_map(|batch| &batch.plans).collect();
    // Batches that were never begun are part of what was asked for.
    report.releases.resize_with(plans.len(), Default::default);
    for (release, plan) in report.releases.iter_mut().zip(&plans).filter(|(release, _)| release.at.is_empty())
    {
        release.at.clone_from(&plan.at);
    }
    let text = summary::summary(&plans, &report, &selection, ui.err);
    if !text.is_empty() {
        ui.say(&text);
    }
    state::tell_trouble(&stores, ui);
    let (mut all, mut manifests, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for batch in batches {
        all.extend(batch.plans);
        for (manifest, place) in batch.manifests {
            manifests.push(manifest);
            places.push(place);
        }
    }
    Ok(Some(Outcome { report, plans: all, manifests, places, locks }))
}

/// How many steps run at once.
pub fn jobs(running: &Running, project: &Project) -> usize {
    let jobs = running.jobs.or_else(|| project.jobs()).and_then(|jobs| usize::try_from(jobs).ok());
    jobs.or_else(|| std::thread::available_parallelism().ok().map(usize::from)).unwrap_or(1)
}

/// How a run is shown.
pub struct Shown<'s> {
    /// With which display.
    pub progress: Progress,
    /// What interrupts it.
    pub interrupt: &'s Interrupt,
    /// Where to.
    pub ui: &'s Ui,
}

/// Runs plans with the display that was asked for, and lets `also` hear what happens.
pub fn show(
    runner: &Runner<'_>,
    plans: &[Plan],
    shown: &Shown<'_>,
    also: &mut dyn FnMut(&Event),
) -> Result<Report, Failure> {
    let Shown { progress, interrupt, ui } = *shown;
    let moves = match progress {
        Progress::Bar => true,
        Progress::Auto => stderr().is_terminal() && !paint::is_dumb(),
        Progress::Plain | Progress::Json => false,
    };
    let doing = if runner.selection == Selection::Deliver { "delivering" } else { "making" };
    let mut sink: Box<dyn FnMut(&Event)> = if progress == Progress::Json {
        Box::new(json::lines())
    } else if moves {
        let mut bar = Bar::new(Plain::new(ui.err, false).doing(doing));
        interrupt.say_through(bar.say());
        Box::new(move |event| bar.show(event))
    } else {
        let (mut plain, ui) = (Plain::new(ui.err, true).doing(doing), *ui);
        Box::new(move |event| plain.line(event).into_iter().for_each(|line| ui.say(&line)))
    };
    let mut both = |event: &Event| {
        also(event);
        sink(event);
    };
    let report = runner.run(plans, &interrupt.cancel, &mut both);
    interrupt.say_through(crate::ui::say_plainly);
    report.map_err(|error| Failure::new(Exit::Failed, error.to_string()))
}

/// Writes what scripts read: the report, or the path of each release.
fn tell(report: &Report, running: &Running, ui: &Ui) -> Result<(), Failure> {
    if running.json { ui.json(report) } else { tell_paths(report, running, ui) }
}

/// Writes the path of each release, unless events have stdout.
pub fn tell_paths(report: &Report, running: &Running, ui: &Ui) -> Result<(), Failure> {
    if running.progress == Progress::Json {
        return Ok(());
    }
    let made = report.releases.iter().filter_map(|release| release.path.as_deref());
    let paths: Vec<String> = made.map(sources::plain).collect();
    if paths.is_empty() { Ok(()) } else { ui.data(&paths.join("\n")) }
}

/// The code to end with.
pub fn exit(report: &Report) -> Exit {
    match report.status {
        _ if summary::has_bug(report) => Exit::Bug,
        Status::Done | Status::UpToDate => Exit::Done,
        Status::Cancelled => Exit::Interrupted,
        Status::Failed | Status::Skipped | Status::Unfinished => Exit::Failed,
    }
}

/// The step that an option names must be in every manifest.
pub fn known_step(option: &str, compiled: &[Compiled], step: &str) -> Result<(), Failure> {
    for manifest in compiled {
        let Some(plan) = manifest.plans.iter().find(|plan| plan.shape.find(step).is_none()) else { continue };
        let known: BTreeSet<&str> = plan.shape.steps().map(|(_, step)| step.id.as_str()).collect();
        let shown = engine::value::shown(step);
        return Err(Failure::usage(format!("`{option}`: `{}` has no step {shown}", manifest.shown))
            .hint(words::did_you_mean(step, known)));
    }
    Ok(())
}

/// Gives an output folder the name by which the first manifest speaks of it, since a run knows folders by their names.
fn one_name(compiled: &mut [Compiled]) {
    let mut known: BTreeMap<PathBuf, Arc<PathBuf>> = BTreeMap::new();
    for plan in compiled.iter_mut().flat_map(|manifest| &mut manifest.plans) {
        let Ok(absolute) = std::path::absolute(&*plan.output) else { continue };
        plan.output =
            Arc::clone(known.entry(sources::direct(&absolute)).or_insert_with(|| Arc::clone(&plan.output)));
    }
}

/// Manifests of one project, and those of none at all, share a run.
fn batches(compiled: Vec<Compiled>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for (number, Compiled { project, plans, place, .. }) in compiled.into_iter().enumerate() {
        let of = plans.iter().map(|_| (number, place.clone()));
        let same = |batch: &&mut Batch| {
            let (one, other) = (&batch.project.site, &project.site);
            one.settings == other.settings && one.search == other.search
        };
        match batches.iter_mut().find(same) {
            Some(batch) => {
                batch.manifests.extend(of);
                batch.plans.extend(plans);
            }
            None => batches.push(Batch { manifests: of.collect(), project, plans }),
        }
    }
    batches
}

fn add(report: &mut Report, more: Report) {
    if report.run.is_empty() {
        report.run = more.run;
    }
    // The worst so far: a later batch that went well does not undo a failure.
    if matches!(report.status, Status::Unfinished | Status::Done) {
        report.status = more.status;
    }
    report.releases.extend(more.releases);
}

/// Unique on this machine, and in the order of time.
pub fn run_id() -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let (run, now) = (RUNS.fetch_add(1, Ordering::Relaxed), project::now());
    format!("{now:x}-{:x}-{run}", std::process::id())
}
