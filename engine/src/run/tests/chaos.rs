//! Random plans with failures, retries, optional steps and interruption: whatever happens, the order holds, nothing is
//! done twice, everything ends, and nothing is left behind.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use proptest::prelude::*;

use super::toys::{Log, Make, Outcome, go_watched, listing, make, output, plan, step};
use super::*;
use crate::{Happening, Retry, Status, Step};

/// What befalls one step.
#[derive(Clone, Debug)]
struct Fate {
    /// How often it fails before it works.
    fails: u32,
    /// How often it is tried again.
    retries: u32,
    optional: bool,
    ship: bool,
}

const STEPS: usize = 7;

fn fate() -> impl Strategy<Value = Fate> {
    (0_u32..3, 0_u32..3, any::<bool>(), any::<bool>()).prop_map(|(fails, retries, optional, ship)| Fate {
        // Most steps work.
        fails: if fails == 2 { 2 } else { 0 },
        retries,
        optional,
        ship,
    })
}

fn steps(fates: &[Fate], edges: &[(usize, usize)], prefix: &str, log: &Log) -> Vec<Step> {
    let one = |(number, fate): (usize, &Fate)| {
        let from: Vec<String> =
            edges.iter().filter(|(a, b)| a < b && *b == number).map(|(a, _)| format!("s{a}")).collect();
        let from: Vec<&str> = from.iter().map(String::as_str).collect();
        let file = format!("{prefix}{number}");
        let mut step =
            step(&format!("s{number}"), Make { fails: fate.fails, log: log.clone(), ..make(&file) }, &from);
        step.retry = Retry { times: fate.retries, delay: Duration::from_micros(10) };
        step.optional = fate.optional;
        step.ship = fate.ship || number == 0;
        step
    };
    fates.iter().enumerate().map(one).collect()
}

/// How often each kind of thing was told of each step.
fn told(outcome: &Outcome) -> BTreeMap<(usize, String), [u32; 4]> {
    let mut told: BTreeMap<(usize, String), [u32; 4]> = BTreeMap::new();
    for event in &outcome.events {
        let (release, step, kind) = match &event.happening {
            Happening::StepStarted { release, step, .. } => (release, step, 0),
            Happening::StepFinished { release, step, .. } => (release, step, 1),
            Happening::StepFailed { release, step, .. } => (release, step, 2),
            Happening::StepSkipped { release, step, .. } => (release, step, 3),
            _ => continue,
        };
        told.entry((*release, step.clone())).or_default()[kind] += 1;
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn whatever_befalls_a_run_it_keeps_its_promises(
        fates in proptest::collection::vec(fate(), STEPS),
        edges in proptest::collection::vec((0..STEPS, 0..STEPS), 0..10),
        releases in 1_usize..4,
        jobs in 1_usize..4,
        keep_going in any::<bool>(),
        cancel_at in proptest::option::of(1_u64..40),
    ) {
        let dir = output();
        let log = Log::default();
        let plans: Vec<Plan> = (0..releases)
            .map(|number| plan(dir.path(), &format!("r{number}"), steps(&fates, &edges, &format!("{number}-"), &log)))
            .collect();
        let outcome = go_watched(&plans, cancel_at, || 0, |runner| {
            runner.jobs = jobs;
            runner.keep_going = keep_going;
        });
        let ran = log.lock().unwrap().clone();
        for ((release, step), [started, finished, failed, skipped]) in told(&outcome) {
            let number: usize = step[1..].parse().unwrap();
            let fate = &fates[number];
            let attempts = ran.iter().filter(|name| **name == format!("{release}-{number}")).count();
            prop_assert!(finished + failed + skipped == 1, "{step} of {release} has {finished}+{failed}+{skipped} ends");
            prop_assert!(attempts <= fate.retries as usize + 1);
            prop_assert!(attempts <= started as usize);
            if finished == 1 {
                prop_assert_eq!(attempts, fate.fails as usize + 1);
            }
            if fate.fails > fate.retries {
                prop_assert_eq!(finished, 0);
            }
        }
        for release in 0..releases {
            let place = |number: usize| {
                let name = format!("{release}-{number}");
                (ran.iter().position(|ran| *ran == name), ran.iter().rposition(|ran| *ran == name))
            };
            for (giver, taker) in edges.iter().filter(|(a, b)| a < b) {
                // The last try of one comes before the first of the other.
                if let ((_, Some(last)), (Some(first), _)) = (place(*giver), place(*taker)) {
                    prop_assert!(last < first, "{giver} before {taker}");
                }
            }
            let report = &outcome.report.releases[release];
            let appears = dir.path().join(format!("r{release}")).exists();
            prop_assert_eq!(report.status == Status::Done, appears);
            let is_doomed = (0..STEPS).any(|n| fates[n].fails > fates[n].retries && !fates[n].optional);
            prop_assert!(!(is_doomed && appears));
            // Without `keep_going` the failure of one ends them all.
            let is_ended = !keep_going && outcome.report.releases.iter().any(|one| one.failure.is_some());
            let is_known = report.failure.is_some() || is_ended;
            prop_assert!(cancel_at.is_some() || is_doomed || appears || is_known, "{:?}", report);
        }
        let left = fs::read_dir(dir.path()).unwrap().flatten();
        prop_assert!(left.into_iter().all(|entry| entry.file_name().to_string_lossy().starts_with('r')));
        let _ = listing(dir.path());
    }
}
