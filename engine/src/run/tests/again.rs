//! Runs that come after others: what stands is left alone, what rests on a change runs again, and both say why.

mod any;
mod early;
mod lies;
mod unsettled;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::toys::{self, Deliver, Log, Make, Outcome, facts, go_in, listing, make, output, plan, step};
use super::*;
use crate::template::Condition;
use crate::{Fact, Happening, Keep, Source, Status, Step, Store};

/// A project with one source and one release.
struct Project {
    folder: tempfile::TempDir,
    log: Log,
}

impl Project {
    fn new() -> Self {
        let folder = output();
        fs::write(folder.path().join("in.txt"), "one").unwrap();
        Self { folder, log: Log::default() }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Gathers a title, makes `hidden` of the source and ships `a` of it and `b` of the title.
    fn steps(&self, title: &str) -> Vec<Step> {
        let make = |file: &str, text: &str, from: &[&str]| {
            let stage = Make { text: text.into(), log: self.log.clone(), ..make(file) };
            let mut step = step(file, stage, from);
            step.written = json!({ "with": { "text": text } });
            step
        };
        let mut hidden = make("hidden", "{{ files.size }}", &["source"]);
        hidden.ship = false;
        let mut find = step("find", facts(&[("title", title), ("other", "x")]), &["source"]);
        find.written = json!({ "with": { "title": title } });
        vec![find, hidden, make("a", "{{ files.size }}", &["hidden"]), make("b", "{{ title }}", &["find"])]
    }

    fn run(&self, steps: Vec<Step>, change: impl FnOnce(&mut Runner<'_>)) -> Outcome {
        self.go(self.plan(steps), change)
    }

    fn go(&self, plan: Plan, change: impl FnOnce(&mut Runner<'_>)) -> Outcome {
        self.log.lock().unwrap().clear();
        go_in(&[plan], &Cancel::default(), now, change)
    }

    fn plan(&self, steps: Vec<Step>) -> Plan {
        let mut plan = plan(&self.path("out"), "n", steps);
        plan.sources = vec![Source { path: self.path("in.txt"), name: "in.txt".into(), origin: None }];
        let store = Arc::new(Store::hold(self.folder.path(), || panic!("nobody has it")).unwrap());
        let key = store.key("toy.yaml", &plan);
        plan.keep = Some(Keep { store, key });
        plan
    }

    /// Why each step would run or not.
    fn judge(&self, steps: Vec<Step>) -> Vec<(String, String)> {
        let plan = self.plan(steps);
        let judged = judge(&plan, &world(), &Leftovers::default()).unwrap();
        let told = judged.steps.iter();
        told.map(|(index, why)| (plan.shape.step(*index).id.clone(), why.to_string())).collect()
    }

    /// What the makers made since the last run began.
    fn ran(&self) -> Vec<String> {
        let mut ran = self.log.lock().unwrap().clone();
        ran.sort();
        ran
    }
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn world() -> World {
    World { now: Box::new(now), ..World::default() }
}

/// Why a step was skipped.
fn because(outcome: &Outcome, id: &str) -> String {
    let mut whys = outcome.events.iter().filter_map(|event| match &event.happening {
        Happening::StepSkipped { step, because, .. } if step == id => Some(because.clone()),
        _ => None,
    });
    whys.next().unwrap_or_default()
}

fn touch(path: &Path) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_500_000_000)).unwrap();
}

#[test]
fn a_release_that_stands_is_left_alone() {
    let project = Project::new();
    assert_eq!(project.run(project.steps("T"), |_| {}).report.status, Status::Done);
    let before = fs::metadata(project.path("out/n/a")).unwrap().modified().unwrap();
    let again = project.run(project.steps("T"), |_| {});
    assert_eq!(project.ran(), [""; 0]);
    let release = &again.report.releases[0];
    assert_eq!((release.status, release.name.as_deref()), (Status::UpToDate, Some("n")));
    assert!(release.path.as_ref().unwrap().ends_with("out/n"));
    assert!(release.steps.iter().all(|step| step.status == Status::UpToDate));
    assert_eq!(release.steps[2].artifacts[0].name, "a");
    assert_eq!(because(&again, "a"), "up to date");
    assert_eq!(fs::metadata(project.path("out/n/a")).unwrap().modified().unwrap(), before);
    assert_eq!(fs::read_dir(project.path("out")).unwrap().count(), 1);
}

#[test]
fn only_what_rests_on_a_change_runs_again() {
    let project = Project::new();
    project.run(project.steps("T"), |_| {});
    // The option of one step.
    let mut steps = project.steps("T");
    steps[3] = step("b", Make { text: "new".into(), log: project.log.clone(), ..make("b") }, &["find"]);
    steps[3].written = json!({ "with": { "text": "new" } });
    project.run(steps, |_| {});
    assert_eq!(project.ran(), ["b"]);
    assert_eq!(listing(&project.path("out")), ["n/a = 1", "n/b = new"]);
    // A fact that one step looked at.
    project.run(project.steps("U"), |_| {});
    assert_eq!(project.ran(), ["b"]);
    // The source: all that was made of it, but nothing that came out the same makes others run.
    fs::write(project.path("in.txt"), "two").unwrap();
    project.run(project.steps("U"), |_| {});
    assert_eq!(project.ran(), ["hidden"]);
    assert_eq!(listing(&project.path("out")), ["n/a = 1", "n/b = U"]);
}

#[test]
fn a_touched_source_is_known_by_its_bytes() {
    let project = Project::new();
    project.run(project.steps("T"), |_| {});
    touch(&project.path("in.txt"));
    assert_eq!(project.run(project.steps("T"), |_| {}).report.releases[0].status, Status::UpToDate);
    assert_eq!(project.ran(), [""; 0]);
    // Written over within one tick of the clock, with the size and the time it had before.
    fs::write(project.path("in.txt"), "two").unwrap();
    touch(&project.path("in.txt"));
    project.run(project.steps("T"), |_| {});
    assert_eq!(project.ran(), ["hidden"]);
}

#[test]
fn a_condition_that_did_not_hold_keeps_a_release_up_to_date() {
    let project = Project::new();
    let steps = || {
        let mut steps = project.steps("T");
        steps[3].condition = Some(Condition::new("title == 'U'"));
        steps
    };
    project.run(steps(), |_| {});
    let again = project.run(steps(), |_| {});
    assert_eq!(again.report.releases[0].status, Status::UpToDate);
    assert_eq!(again.report.releases[0].steps[3].status, Status::Skipped);
    assert_eq!(because(&again, "b"), "its condition `title == 'U'` does not hold");
}

#[test]
fn what_was_delivered_is_not_delivered_twice_and_what_failed_is() {
    let project = Project::new();
    let sent = Log::default();
    let steps = || {
        let mut steps = project.steps("T");
        steps.push(step("send", Deliver { log: sent.clone() }, &["b"]));
        steps
    };
    project.run(steps(), |_| {});
    project.run(steps(), |_| {});
    assert_eq!(*sent.lock().unwrap(), ["delivered b"]);

    let other = Project::new();
    let steps = |fails: u32| {
        let mut steps = other.steps("T");
        let mut late = step("late", Make { fails, log: other.log.clone(), ..make("late") }, &["b"]);
        late.optional = true;
        late.ship = false;
        steps.push(late);
        steps
    };
    other.run(steps(9), |_| {});
    let outcome = other.run(steps(0), |_| {});
    assert_eq!((outcome.report.status, other.ran()), (Status::Done, vec!["late".into()]));
}

#[test]
fn a_part_of_a_release_stands_too() {
    let project = Project::new();
    let only = |runner: &mut Runner<'_>| runner.selection = Selection::Only("a".into());
    project.run(project.steps("T"), only);
    assert_eq!(listing(&project.path("out")), ["n.partial/a = 1"]);
    project.run(project.steps("T"), only);
    assert_eq!(project.ran(), [""; 0]);
}

#[test]
fn a_release_that_is_asked_for_twice_is_made_once() {
    let dir = output();
    let store = Arc::new(Store::hold(dir.path(), || false).unwrap());
    let one = || {
        let mut plan = plan(&dir.path().join("out"), "n", vec![step("a", make("a"), &[])]);
        plan.keep = Some(Keep { key: store.key("toy.yaml", &plan), store: Arc::clone(&store) });
        plan
    };
    let outcome = go_in(&[one(), one()], &Cancel::default(), now, |runner| runner.keep_going = true);
    assert_eq!(outcome.codes(), ["release/clash"]);
    assert_eq!(outcome.report.releases[0].status, Status::Done);
    assert_eq!(listing(&dir.path().join("out")), ["n/a = a"]);
}

#[test]
fn a_source_that_changes_while_it_is_read_fails_its_step() {
    let project = Project::new();
    let path = project.path("in.txt");
    let mut steps = project.steps("T");
    let meddle = toys::Meddle { path: Some(path.clone()) };
    // Behind the other reader of the source, which would see the change, too.
    steps.push(step("meddle", meddle, &["source", "a"]));
    let outcome = project.run(steps, |_| {});
    assert_eq!(outcome.codes(), ["input/changed"]);
    assert!(listing(&project.path("out")).is_empty());
}

#[test]
fn a_clock_that_was_set_back_costs_time_and_nothing_else() {
    let project = Project::new();
    let run = |steps| {
        let mut plan = plan(&project.path("out"), "n", steps);
        plan.sources = vec![Source { path: project.path("in.txt"), name: "in.txt".into(), origin: None }];
        let store = Arc::new(Store::hold(project.folder.path(), || false).unwrap());
        let key = store.key("toy.yaml", &plan);
        plan.keep = Some(Keep { store, key });
        project.log.lock().unwrap().clear();
        go_in(&[plan], &Cancel::default(), || 1_000, |_| {})
    };
    assert_eq!(run(project.steps("T")).report.status, Status::Done);
    assert_eq!(run(project.steps("T")).report.releases[0].status, Status::UpToDate);
    fs::write(project.path("in.txt"), "two").unwrap();
    run(project.steps("T"));
    assert_eq!(project.ran(), ["hidden"]);
}

#[test]
fn pinned_facts_are_given_again_and_nobody_is_asked() {
    let (dir, asked) = (output(), Log::default());
    let run = |pinned: Option<&str>| {
        let steps = vec![
            step("ask", toys::Ask { log: asked.clone() }, &[]),
            step("a", Make { text: "{{ title }}".into(), ..make("a") }, &["ask"]),
        ];
        let mut plan = plan(&dir.path().join("out"), "n", steps);
        let store = Arc::new(Store::hold(dir.path(), || false).unwrap());
        let key = store.key("toy.yaml", &plan);
        plan.keep = Some(Keep { store, key });
        let facts =
            |title: &str| [("title".to_owned(), Fact::new(title, "somebody", ""))].into_iter().collect();
        plan.pinned = pinned.map(|title| Arc::new([("ask".to_owned(), facts(title))].into()));
        go_in(&[plan], &Cancel::default(), now, |_| {})
    };
    run(None);
    assert_eq!(listing(&dir.path().join("out")), ["n/a = answer 1"]);
    // What was told once stands, and is not asked for again.
    assert_eq!(run(None).report.releases[0].status, Status::UpToDate);
    assert_eq!(run(Some("pinned")).report.status, Status::Done);
    assert_eq!(listing(&dir.path().join("out")), ["n/a = pinned"]);
    assert_eq!(run(Some("pinned")).report.releases[0].status, Status::UpToDate);
    assert_eq!(asked.lock().unwrap().len(), 1);
}
