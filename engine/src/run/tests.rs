//! The engine with toy stages: order, phases, failure, retries, interruption, and that the report is the fold.

mod again;
mod chaos;
mod toys;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::template::{Condition, Template};
use crate::{Fact, PlanFault, Retry, Shape, Source, Status};
use toys::{Deliver, Log, Make, facts, go, go_with, listing, make, output, plan, step};

#[test]
fn a_release_appears_whole_under_the_name_its_facts_give() {
    let dir = output();
    let log = Log::default();
    let mut hidden = step("hidden", Make { text: "{{ title }}".into(), ..make("a.txt") }, &["find"]);
    hidden.ship = false;
    let mut inside =
        step("inside", Make { text: "{{ release }}-{{ now }}".into(), ..make("b.txt") }, &["hidden"]);
    inside.into = Some(Template::new("sub/"));
    let steps = vec![
        step("send", Deliver { log: log.clone() }, &["inside"]),
        inside,
        hidden,
        step("find", facts(&[("title", "One")]), &["source"]),
    ];
    let outcome = go(&[plan(dir.path(), "{{ title }}-{{ group }}", steps)], |_| {});
    assert_eq!(outcome.report.status, Status::Done, "{:#?}", outcome.report);
    assert_eq!(listing(dir.path()), ["One-GRP/sub/b.txt = One-GRP-2001-09-09 01:46:40 +0000"]);
    assert_eq!(*log.lock().unwrap(), ["delivered sub/b.txt"]);
    assert!(outcome.report.releases[0].path.as_ref().unwrap().ends_with("One-GRP"));
}

#[test]
fn a_fact_that_nobody_knows_stops_the_release_before_anything_is_made() {
    let dir = output();
    let log = Log::default();
    let steps =
        vec![step("find", facts(&[]), &[]), step("make", Make { log: log.clone(), ..make("a") }, &["find"])];
    let outcome = go(&[plan(dir.path(), "{{ title }}.{{ year }}", steps)], |_| {});
    let failure = outcome.report.releases[0].failure.clone().unwrap();
    assert_eq!(failure.code, "fact/missing");
    assert!(
        failure.error.contains("`title` and `year`") && failure.error.contains("`find`"),
        "{}",
        failure.error
    );
    assert!(failure.hint.unwrap().contains("metadata:"));
    assert!(log.lock().unwrap().is_empty());
    assert!(listing(dir.path()).is_empty());
}

#[test]
fn metadata_of_the_manifest_wins_and_a_later_step_wins_over_an_earlier() {
    let dir = output();
    let steps = vec![
        step("first", facts(&[("title", "a"), ("year", "1"), ("part", "x")]), &[]),
        step("second", facts(&[("title", "b"), ("part", "y")]), &["first"]),
        step(
            "make",
            Make { text: "{{ title }}{{ year }}{{ part }}".into(), ..make("a") },
            &["second", "first"],
        ),
    ];
    let mut plan = plan(dir.path(), "n", steps);
    plan.metadata.insert("part", Fact::new("z", "manifest", "toy.yaml:1"));
    go(&[plan], |_| {});
    assert_eq!(listing(dir.path()), ["n/a = b1z"]);
}

#[test]
fn an_existing_release_is_left_alone_unless_forced() {
    let dir = output();
    fs::create_dir(dir.path().join("n")).unwrap();
    fs::write(dir.path().join("n/mine"), "precious").unwrap();
    let plans = [plan(dir.path(), "n", vec![step("make", make("a"), &[])])];
    assert_eq!(go(&plans, |_| {}).codes(), ["output/exists"]);
    assert_eq!(listing(dir.path()), ["n/mine = precious"]);
    assert_eq!(go(&plans, |runner| runner.force = true).report.status, Status::Done);
    assert_eq!(listing(dir.path()), ["n/a = a"]);
}

#[test]
fn a_panic_fails_its_step_alone_and_what_needs_it_is_skipped() {
    let dir = output();
    let steps =
        vec![step("bad", Make { panics: true, ..make("a") }, &[]), step("after", make("b"), &["bad"])];
    let plans = [plan(dir.path(), "one", steps), plan(dir.path(), "two", vec![step("make", make("c"), &[])])];
    let outcome = go(&plans, |runner| runner.keep_going = true);
    assert_eq!(outcome.codes(), ["bug/panic"]);
    assert_eq!(outcome.report.releases[0].steps[1].status, Status::Skipped);
    assert_eq!(outcome.report.status, Status::Failed);
    assert_eq!(listing(dir.path()), ["two/c = c"]);
}

#[test]
fn the_failure_of_an_optional_step_is_told_and_the_rest_goes_on() {
    let dir = output();
    let mut bad = step("bad", Make { fails: 9, ..make("a") }, &["find"]);
    bad.optional = true;
    let steps = vec![
        step("find", facts(&[("title", "T")]), &[]),
        bad,
        step("after", Make { text: "{{ title }}{{ files.size }}".into(), ..make("b") }, &["bad"]),
    ];
    let outcome = go(&[plan(dir.path(), "n", steps)], |_| {});
    assert_eq!((outcome.report.status, outcome.codes()), (Status::Done, vec!["toy/failed".into()]));
    assert_eq!(listing(dir.path()), ["n/b = T0"]);
}

#[test]
fn a_condition_that_does_not_hold_skips_its_step_alone() {
    let dir = output();
    let mut no = step("no", make("a"), &["find"]);
    no.condition = Some(Condition::new("language != \"en\""));
    let mut yes = step("yes", make("b"), &["no"]);
    yes.condition = Some(Condition::new("language == \"en\""));
    let steps = vec![step("find", facts(&[("language", "en")]), &[]), no, yes];
    let outcome = go(&[plan(dir.path(), "n", steps)], |_| {});
    assert_eq!(outcome.report.status, Status::Done);
    assert_eq!(listing(dir.path()), ["n/b = b"]);
}

#[test]
fn only_a_failure_that_may_pass_is_tried_again() {
    let dir = output();
    let mut flaky = step("flaky", Make { fails: 2, ..make("a") }, &[]);
    flaky.retry = Retry { times: 3, delay: Duration::from_millis(1) };
    let outcome = go(&[plan(dir.path(), "n", vec![flaky])], |_| {});
    assert_eq!(outcome.report.status, Status::Done);
    assert_eq!(outcome.report.releases[0].steps[0].retries, 2);

    let log = Log::default();
    let mut hopeless =
        step("hopeless", Make { text: "{{ nobody }}".into(), log: log.clone(), ..make("a") }, &[]);
    hopeless.retry = Retry { times: 3, delay: Duration::from_millis(1) };
    let outcome = go(&[plan(dir.path(), "m", vec![hopeless])], |_| {});
    assert_eq!((outcome.codes(), log.lock().unwrap().len()), (vec!["fact/missing".into()], 1));
}

#[test]
fn a_step_out_of_time_fails_with_its_own_code() {
    let dir = output();
    let mut slow = step("slow", Make { waits: true, ..make("a") }, &[]);
    slow.timeout = Some(Duration::from_millis(20));
    assert_eq!(go(&[plan(dir.path(), "n", vec![slow])], |_| {}).codes(), ["step/timeout"]);
    assert!(listing(dir.path()).is_empty());
}

#[test]
fn an_interrupted_run_stops_cleanly_and_leaves_nothing_half_made() {
    let dir = output();
    let plans = [
        plan(
            dir.path(),
            "n",
            vec![step("slow", Make { waits: true, ..make("a") }, &[]), step("x", make("b"), &["slow"])],
        ),
        plan(dir.path(), "m", vec![step("slow", Make { waits: true, ..make("a") }, &[])]),
    ];
    let cancel = Cancel::default();
    let other = cancel.clone();
    let waker = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(80));
        other.cancel();
    });
    let outcome = go_with(&plans, &cancel, |_| {});
    waker.join().unwrap();
    assert_eq!(outcome.report.status, Status::Cancelled);
    assert!(outcome.report.releases.iter().all(|release| release.status == Status::Cancelled));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn two_releases_of_one_name_and_two_files_of_one_name_are_refused() {
    let dir = output();
    let one = || plan(dir.path(), "n", vec![step("make", make("a"), &[])]);
    assert_eq!(go(&[one(), one()], |runner| runner.keep_going = true).codes(), ["release/clash"]);
    let twice = vec![step("a", make("Same"), &[]), step("b", make("same"), &[])];
    assert_eq!(go(&[plan(dir.path(), "m", twice)], |_| {}).codes(), ["release/clash"]);
}

#[test]
fn no_name_leads_out_of_the_release() {
    let dir = output();
    for file in ["../x", "/x", "a/../../x", "a\\x", "", "a\nb"] {
        let outcome = go(&[plan(dir.path(), "n", vec![step("make", make(file), &[])])], |_| {});
        assert_eq!(outcome.codes(), ["release/escape"], "{file:?}");
    }
    for name in ["..", "a/b", "", ".hidden", "a\u{1b}b", &"x".repeat(300)] {
        let outcome = go(&[plan(dir.path(), name, vec![step("make", make("a"), &[])])], |_| {});
        assert_eq!(outcome.codes(), ["release/name"], "{name:?}");
    }
    assert!(listing(dir.path()).is_empty());
}

#[test]
fn a_part_of_a_release_appears_beside_it() {
    let dir = output();
    let steps =
        || vec![step("a", make("a"), &[]), step("b", make("b"), &["a"]), step("c", make("c"), &["b"])];
    go(&[plan(dir.path(), "n", steps())], |runner| runner.selection = Selection::Until("b".into()));
    assert_eq!(listing(dir.path()), ["n.partial/a = a", "n.partial/b = b"]);
    go(&[plan(dir.path(), "n", steps())], |runner| runner.selection = Selection::Only("b".into()));
    assert_eq!(listing(dir.path()), ["n.partial/b = b"]);
    let outcome =
        go(&[plan(dir.path(), "n", steps())], |runner| runner.selection = Selection::Only("z".into()));
    assert_eq!(outcome.codes(), ["step/unknown"]);
}

#[test]
fn a_missing_source_is_told_before_anything_else() {
    let dir = output();
    let mut plan = plan(dir.path(), "n", vec![step("make", make("a"), &[])]);
    plan.sources = vec![Source { path: dir.path().join("gone"), name: "gone".into(), origin: None }];
    assert_eq!(go(&[plan], |_| {}).codes(), ["input/missing"]);
}

#[test]
fn what_makes_no_plan_is_said_all_at_once() {
    let steps = vec![
        step("a", make("a"), &["c", "nobody"]),
        step("b", make("b"), &["a"]),
        step("c", make("c"), &["b"]),
        step("c", make("c"), &[]),
        step("find", facts(&[]), &["a"]),
    ];
    let faults = Shape::new(steps).err().unwrap();
    assert!(faults.contains(&PlanFault::Duplicate { step: "c".into() }));
    assert!(faults.contains(&PlanFault::Unknown { step: "a".into(), from: "nobody".into() }));
    assert!(faults.contains(&PlanFault::Early { step: "find".into(), from: "a".into() }));
    let steps =
        vec![step("a", make("a"), &["c"]), step("b", make("b"), &["a"]), step("c", make("c"), &["b"])];
    let faults = Shape::new(steps).err().unwrap();
    let [PlanFault::Cycle { steps }] = faults.as_slice() else { panic!("{faults:?}") };
    assert_eq!((steps.len(), steps.first()), (4, steps.last()));
}

#[test]
fn many_releases_share_the_pools_and_leave_nothing_open() {
    let dir = output();
    let shape =
        Arc::new(Shape::new(vec![step("a", make("a"), &[]), step("b", make("b"), &["a"])]).ok().unwrap());
    let plans: Vec<Plan> = (0..200)
        .map(|number| Plan { shape: Arc::clone(&shape), ..plan(dir.path(), &format!("r{number}"), vec![]) })
        .collect();
    let outcome = go(&plans, |runner| runner.jobs = 3);
    assert_eq!(outcome.report.count(Status::Done), 200);
    assert_eq!(listing(dir.path()).len(), 400);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn any_plan_keeps_order_runs_each_step_once_and_ends(
        edges in proptest::collection::vec((0_usize..8, 0_usize..8), 0..14),
        failing in proptest::collection::vec(any::<bool>(), 8),
        jobs in 1_usize..4,
        keep_going in any::<bool>(),
    ) {
        let dir = output();
        let log = Log::default();
        let steps = (0..8).map(|number| {
            let from: Vec<String> =
                edges.iter().filter(|(a, b)| a < b && *b == number).map(|(a, _)| format!("s{a}")).collect();
            let names: Vec<&str> = from.iter().map(String::as_str).collect();
            let fails = if failing[number] && number % 3 == 0 { 99 } else { 0 };
            step(&format!("s{number}"), Make { fails, log: log.clone(), ..make(&format!("s{number}")) }, &names)
        });
        let plans = [plan(dir.path(), "n", steps.collect())];
        let outcome = go(&plans, |runner| { runner.jobs = jobs; runner.keep_going = keep_going; });
        let ran = log.lock().unwrap().clone();
        let mut once = ran.clone();
        once.sort();
        once.dedup();
        prop_assert_eq!(once.len(), ran.len());
        for (a, b) in edges.iter().filter(|(a, b)| a < b) {
            let place = |n: &usize| ran.iter().position(|name| *name == format!("s{n}"));
            if let Some(later) = place(b) {
                prop_assert!(place(a).is_some_and(|earlier| earlier < later));
            }
        }
        let any_failed = (0..8).any(|n| failing[n] && n % 3 == 0);
        prop_assert_eq!(outcome.report.status, if any_failed { Status::Failed } else { Status::Done });
        prop_assert_eq!(listing(dir.path()).len(), if any_failed { 0 } else { 8 });
        for step in &outcome.report.releases[0].steps {
            prop_assert!(step.status != Status::Unfinished);
        }
    }
}
