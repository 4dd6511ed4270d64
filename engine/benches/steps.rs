//! What the engine itself costs: steps that do nothing, in shapes of different sorts, remembered and not.
//!
//! In process and without a framework: each figure is the median of several runs, with the least and the most.
//! `tests/bench` measures the program as a whole beside others.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use bindery_engine::{
    AnyStage, Artifact, Cancel, From, Job, Keep, Output, Plan, Registry, Report, Retry, Runner, Shape, Stage,
    StageError, Status, Step, Store, Template, TimeRule, World,
};
use schemars::JsonSchema;
use serde::Deserialize;

const STEPS: usize = 100_000;
const RUNS: usize = 5;

fn main() {
    println!("{:<44} {:>8} {:>8} {:>8}", "µs a step", "median", "least", "most");
    let before = |n: usize| n.checked_sub(1).into_iter().collect();
    let layers =
        |n: usize| (1..=3).filter_map(|back| n.checked_sub(100 * back + n % 7)).collect::<Vec<usize>>();
    measure("all at once, in one release", &[Arc::new(shape(STEPS, &|_| Vec::new()))], false);
    measure("one after the other, in one release", &[Arc::new(shape(STEPS, &before))], false);
    measure("each from three before it, in one release", &[Arc::new(shape(STEPS, &layers))], false);
    let many = std::iter::repeat_n(Arc::new(shape(STEPS / 100, &before)), 100).collect::<Vec<_>>();
    measure("one after the other, in a hundred releases", &many, false);
    measure("the same, remembered", &many, true);
    println!("peak memory: {} MiB", peak());
}

/// Does nothing.
#[derive(Deserialize, JsonSchema)]
struct Nothing {}

impl Stage for Nothing {
    const NAME: &'static str = "nothing";
    const ABOUT: &'static str = "does nothing";

    fn run(&self, _: &Job<'_>) -> Result<Output, StageError> {
        Ok(Output::default())
    }
}

/// Makes the one file without which a release does not appear.
#[derive(Deserialize, JsonSchema)]
struct File {}

impl Stage for File {
    const NAME: &'static str = "file";
    const ABOUT: &'static str = "writes an empty file";

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        let path = job.folder().join("file");
        std::fs::write(&path, "").map_err(|error| StageError::writing(&path, &error))?;
        Ok(Output { artifacts: vec![Artifact::new("file", path, 0)], ..Output::default() })
    }
}

/// So many steps and one that makes a file; `from` tells which others a step takes from.
fn shape(steps: usize, from: &dyn Fn(usize) -> Vec<usize>) -> Shape {
    let registry = Registry::new().with::<Nothing>().with::<File>();
    let stage = |name: &str| -> Arc<dyn AnyStage> {
        (registry.get(name).expect("a stage").build)(serde_json::json!({}))
            .unwrap_or_else(|_| panic!("it has no options"))
    };
    let nothing = stage("nothing");
    let step = |id: String, stage: Arc<dyn AnyStage>, from: Vec<From>| Step {
        id,
        place: String::new(),
        stage,
        from,
        pick: None,
        into: None,
        ship: true,
        optional: false,
        condition: None,
        retry: Retry::default(),
        timeout: None,
        written: serde_json::Value::Null,
    };
    let empty = (0..steps).map(|number| {
        let from = from(number).into_iter().map(|other| From::Step(format!("s{other}"))).collect();
        step(format!("s{number}"), Arc::clone(&nothing), from)
    });
    let file = step("file".into(), stage("file"), Vec::new());
    Shape::new(empty.chain([file]).collect()).unwrap_or_else(|_| panic!("a shape"))
}

fn measure(name: &str, shapes: &[Arc<Shape>], keep: bool) {
    let mut figures: Vec<f64> = (0..RUNS)
        .map(|_| {
            let folder = tempfile::tempdir().expect("a folder");
            run(folder.path(), shapes, keep)
        })
        .collect();
    figures.sort_unstable_by(f64::total_cmp);
    println!("{name:<44} {:>8.2} {:>8.2} {:>8.2}", figures[RUNS / 2], figures[0], figures[RUNS - 1]);
}

/// Microseconds a step.
fn run(folder: &Path, shapes: &[Arc<Shape>], keep: bool) -> f64 {
    let output = Arc::new(folder.join("out"));
    let store = keep.then(|| Arc::new(Store::hold(folder, || false).expect("nobody else has it")));
    let plans: Vec<Plan> = shapes
        .iter()
        .enumerate()
        .map(|(number, shape)| {
            let mut plan = Plan {
                shape: Arc::clone(shape),
                at: format!("bench#{number}"),
                name: Arc::new(Template::new(format!("r{number}"))),
                output: Arc::clone(&output),
                sources: Vec::new(),
                metadata: Default::default(),
                names: Default::default(),
                item: Some(number.into()),
                time: TimeRule::At(1_000_000_000),
                keep: None,
                pinned: None,
            };
            let key = store.as_ref().map(|store| (Arc::clone(store), store.key("bench", &plan)));
            plan.keep = key.map(|(store, key)| Keep { store, key });
            plan
        })
        .collect();
    let world = World::default();
    let runner = Runner::new("bench".into(), 2, &world);
    let begun = Instant::now();
    let report: Report = runner.run(&plans, &Cancel::default(), &mut |_| {}).expect("threads");
    let took = begun.elapsed();
    assert_eq!(report.status, Status::Done, "{:?}", report.releases.first());
    took.as_secs_f64() * 1e6 / STEPS as f64
}

/// The peak of this process's memory, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or(0) >> 10
}
