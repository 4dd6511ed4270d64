//! Runs that fail or are interrupted: what they had done waits for the next one, and for nobody longer than a week.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::super::toys::{Make, Outcome, go_watched, listing, make, step};
use super::{Project, because, now, world};
use crate::run::{Leftovers, judge};
use crate::{Happening, Job, Kept, Output, Phase, Stage, StageError, Status, Step, Why};

/// `a` and `b` as usual, and a step behind them that fails so often.
fn failing(project: &Project, fails: u32) -> Vec<Step> {
    let mut steps = project.steps("T");
    let late = Make { fails, text: "late".into(), log: project.log.clone(), ..make("late") };
    steps.push(step("late", late, &["a", "b"]));
    steps
}

fn finished(outcome: &Outcome) -> BTreeSet<String> {
    let done = outcome.events.iter().filter_map(|event| match &event.happening {
        Happening::StepFinished { step, .. } => Some(step.clone()),
        _ => None,
    });
    done.collect()
}

fn started(outcome: &Outcome) -> BTreeSet<String> {
    let begun = outcome.events.iter().filter_map(|event| match &event.happening {
        Happening::StepStarted { step, .. } => Some(step.clone()),
        _ => None,
    });
    begun.collect()
}

/// The working folders that lie in the output folder, and nothing else does.
fn left(project: &Project) -> Vec<PathBuf> {
    let entries = fs::read_dir(project.path("out")).unwrap().flatten();
    let names: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    let is_working = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(".bindery-");
    assert!(names.iter().all(is_working), "{names:?}");
    names
}

#[test]
fn what_was_done_before_a_failure_is_not_done_again() {
    let project = Project::new();
    let failed = project.run(failing(&project, 9), |_| {});
    let folders = left(&project);
    let [folder] = folders.as_slice() else { panic!("{folders:?}") };
    let kept = Kept { folder: folder.display().to_string(), bytes: 3 };
    assert_eq!(failed.report.releases[0].kept, Some(kept));
    // It fails once more, and then it does not.
    assert_eq!(project.run(failing(&project, 9), |_| {}).report.status, Status::Failed);
    assert_eq!((project.ran(), left(&project)), (vec!["late".into()], folders.clone()));
    let done = project.run(failing(&project, 0), |_| {});
    assert_eq!((done.report.status, project.ran()), (Status::Done, vec!["late".into()]));
    assert_eq!(because(&done, "a"), "done before an earlier run failed or was cut off");
    assert_eq!(done.report.releases[0].kept, None);
    assert_eq!(listing(&project.path("out")), ["n/a = 1", "n/b = T", "n/late = late"]);
    assert_eq!(fs::read_dir(project.path("out")).unwrap().count(), 1);
}

#[test]
fn what_rests_on_a_change_is_done_again_after_a_failure_too() {
    let project = Project::new();
    project.run(failing(&project, 9), |_| {});
    fs::write(project.path("in.txt"), "a longer one").unwrap();
    let done = project.run(failing(&project, 0), |_| {});
    // `hidden` comes out as it was, so `a` stands.
    assert_eq!((done.report.status, project.ran()), (Status::Done, vec!["hidden".into(), "late".into()]));
    assert_eq!(listing(&project.path("out")), ["n/a = 1", "n/b = T", "n/late = late"]);
}

#[test]
fn what_was_made_again_of_a_release_that_was_taken_away_waits_too() {
    let project = Project::new();
    project.run(failing(&project, 0), |_| {});
    fs::remove_dir_all(project.path("out/n")).unwrap();
    assert_eq!(project.run(failing(&project, 9), |_| {}).report.status, Status::Failed);
    assert_eq!(project.ran(), ["a", "b", "hidden", "late"]);
    let kept = project.run(failing(&project, 9), |_| {}).report.releases[0].kept.clone();
    assert_eq!((kept.map(|kept| kept.bytes), project.ran()), (Some(3), vec!["late".into()]));
}

#[test]
fn with_force_everything_is_made_anew_and_nothing_waits_any_more() {
    let project = Project::new();
    project.run(failing(&project, 9), |_| {});
    let forced = project.run(failing(&project, 0), |runner| runner.force = true);
    assert_eq!((forced.report.status, project.ran().len()), (Status::Done, 4));
    assert_eq!(fs::read_dir(project.path("out")).unwrap().count(), 1);
}

/// Delivers nothing.
#[derive(Deserialize, JsonSchema)]
struct Refuse {}

impl Stage for Refuse {
    const NAME: &'static str = "refuse";
    const ABOUT: &'static str = "refuses";
    const PHASE: Phase = Phase::Deliver;

    fn run(&self, _: &Job<'_>) -> Result<Output, StageError> {
        Err(StageError::new("toy/refused", "refused as told"))
    }
}

#[test]
fn a_failed_delivery_leaves_no_work_since_the_release_is_there() {
    let project = Project::new();
    let mut steps = project.steps("T");
    steps.push(step("send", Refuse {}, &["b"]));
    let failed = project.run(steps, |_| {});
    assert_eq!((failed.codes(), failed.report.releases[0].kept.clone()), (vec!["toy/refused".into()], None));
    assert_eq!(listing(&project.path("out")), ["n/a = 1", "n/b = T"]);
    assert_eq!(fs::read_dir(project.path("out")).unwrap().count(), 1);
}

#[test]
fn a_plan_says_what_waits() {
    let project = Project::new();
    project.run(failing(&project, 9), |_| {});
    let plan = project.plan(failing(&project, 0));
    let judgement = judge(&plan, &world(), &Leftovers::default()).unwrap();
    let whys: Vec<&Why> = judgement.steps.iter().map(|(_, why)| why).collect();
    assert_eq!(whys, [&Why::Resumed, &Why::Resumed, &Why::Resumed, &Why::Resumed, &Why::Never]);
    // What was done still has to become a release.
    assert!(!judgement.stands());
    drop(plan);
    let mut steps = failing(&project, 0);
    steps[0].written = json!({ "with": { "title": "T", "more": 1 } });
    let judgement = judge(&project.plan(steps), &world(), &Leftovers::default()).unwrap();
    assert_eq!(judgement.steps[0].1.to_string(), "option `more` is new: 1");
}

#[test]
fn work_waits_for_its_own_release_and_for_a_week() {
    let project = Project::new();
    project.run(failing(&project, 9), |_| {});
    let other = |name: &str| {
        let mut plan = project.plan(project.steps("T"));
        plan.item = Some(name.into());
        plan.name = std::sync::Arc::new(crate::Template::new(name));
        plan.keep.as_mut().unwrap().key = plan.keep.as_ref().unwrap().store.key("other.yaml", &plan);
        project.go(plan, |_| {})
    };
    assert_eq!(other("x").report.status, Status::Done);
    let working = || {
        let names = fs::read_dir(project.path("out")).unwrap().flatten().map(|entry| entry.path());
        names.filter(|path| path.join("journal").exists()).collect::<Vec<_>>()
    };
    let [folder] = working().try_into().unwrap();
    let journal = fs::File::options().write(true).open(folder.join("journal")).unwrap();
    let week = Duration::from_secs(7 * 24 * 3600);
    journal.set_modified(SystemTime::now() - week + Duration::from_secs(600)).unwrap();
    other("y");
    assert!(folder.exists());
    journal.set_modified(SystemTime::now() - week - Duration::from_secs(600)).unwrap();
    other("z");
    assert!(!folder.exists() && working().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn whatever_ends_a_run_early_the_next_one_repeats_nothing_that_was_told_to_be_done(
        edges in proptest::collection::vec((0_usize..6, 0_usize..6), 0..9),
        fails in proptest::collection::vec(proptest::bool::weighted(0.2), 6),
        hidden in proptest::collection::vec(any::<bool>(), 6),
        interrupted in proptest::option::of(1_u64..24),
    ) {
        let project = Project::new();
        let steps = |fail: bool| {
            let made = (0..6).map(|number| {
                let from: Vec<String> =
                    edges.iter().filter(|(a, b)| a < b && *b == number).map(|(a, _)| format!("s{a}")).collect();
                let mut from: Vec<&str> = from.iter().map(String::as_str).collect();
                from.push("source");
                let text = format!("{number}{{{{ files.size }}}}");
                let fails = if fail && fails[number] { 9 } else { 0 };
                let stage = Make { text, fails, log: project.log.clone(), ..make(&format!("f{number}")) };
                Step { ship: number == 0 || !hidden[number], ..step(&format!("s{number}"), stage, &from) }
            });
            made.collect::<Vec<Step>>()
        };
        let early = go_watched(&[project.plan(steps(true))], interrupted, now, |_| {});
        let is_there = early.report.releases[0].path.is_some();
        let next = project.run(steps(false), |_| {});
        prop_assert_eq!(next.codes(), Vec::<crate::Code>::new());
        let again = &started(&next) & &finished(&early);
        prop_assert!(again.is_empty(), "{again:?}");
        prop_assert!(!is_there || started(&next).is_empty());
        let first = Project::new();
        first.run(steps(false), |_| {});
        prop_assert_eq!(listing(&project.path("out")), listing(&first.path("out")));
        prop_assert_eq!(fs::read_dir(project.path("out")).unwrap().count(), 1);
    }
}
