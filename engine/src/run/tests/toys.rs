//! Toy stages, and what the engine's tests say of a run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::run::{Cancel, Runner, Selection};
use crate::template::Template;
use crate::{
    Artifact, Code, Event, Fact, Facts, From, Happening, Job, Lane, Output, Phase, Plan, Report, Retry,
    Shape, Stage, StageError, Step, TimeRule, World,
};

/// Finds facts.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Find {
    pub(super) facts: BTreeMap<String, String>,
}

impl Stage for Find {
    const NAME: &'static str = "find";
    const ABOUT: &'static str = "finds facts";
    const PHASE: Phase = Phase::Gather;

    fn run(&self, _: &Job<'_>) -> Result<Output, StageError> {
        let facts =
            self.facts.iter().map(|(k, v)| (k.clone(), Fact::new(v.as_str(), "find", "toy"))).collect();
        Ok(Output { facts, ..Output::default() })
    }
}

/// Writes a file, or misbehaves.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Make {
    pub(super) file: String,
    pub(super) text: String,
    pub(super) fails: u32,
    pub(super) panics: bool,
    pub(super) waits: bool,
    #[serde(skip)]
    pub(super) log: Log,
}

pub(super) type Log = Arc<Mutex<Vec<String>>>;

impl Stage for Make {
    const NAME: &'static str = "make";
    const ABOUT: &'static str = "makes a file";

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        let tries = {
            let mut log = self.log.lock().unwrap();
            log.push(self.file.clone());
            log.iter().filter(|name| **name == self.file).count()
        };
        assert!(!self.panics, "toy panic");
        if self.waits {
            loop {
                job.check()?;
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        if tries <= self.fails as usize {
            return Err(StageError::new("toy/failed", "failed as told").retriable());
        }
        let text = job.render(&Template::new(self.text.as_str()))?;
        let path = job.folder().join("file");
        fs::write(&path, &text).map_err(|error| StageError::writing(&path, &error))?;
        Ok(Output {
            artifacts: vec![Artifact::new(&self.file, path, text.len() as u64)],
            ..Output::default()
        })
    }
}

/// Lists what lies in the finished release.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Deliver {
    #[serde(skip)]
    pub(super) log: Log,
}

impl Stage for Deliver {
    const NAME: &'static str = "deliver";
    const ABOUT: &'static str = "delivers";
    const LANE: Lane = Lane::Net;
    const PHASE: Phase = Phase::Deliver;

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        let folder = job.release_folder().expect("a release");
        for input in job.inputs() {
            assert_eq!(input.artifact.path, folder.join(&input.artifact.name));
            self.log.lock().unwrap().push(format!("delivered {}", input.artifact.name));
        }
        Ok(Output::default())
    }
}

/// Asks somebody outside, who answers something else each time.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Ask {
    #[serde(skip)]
    pub(super) log: Log,
}

impl Stage for Ask {
    const NAME: &'static str = "ask";
    const ABOUT: &'static str = "asks";
    const LANE: Lane = Lane::Net;
    const PHASE: Phase = Phase::Gather;

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        if let Some(pinned) = job.pinned() {
            return Ok(Output { facts: pinned.clone(), ..Output::default() });
        }
        if job.is_offline() {
            return Err(StageError::new("toy/offline", "nobody may be asked"));
        }
        let mut log = self.log.lock().unwrap();
        log.push("asked".into());
        let answer = Fact::new(format!("answer {}", log.len()), "somebody", "https://example.org");
        Ok(Output { facts: [("title".to_owned(), answer)].into_iter().collect(), ..Output::default() })
    }
}

/// Writes to a file while others read it.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Meddle {
    pub(super) path: Option<std::path::PathBuf>,
}

impl Stage for Meddle {
    const NAME: &'static str = "meddle";
    const ABOUT: &'static str = "meddles";

    fn run(&self, _: &Job<'_>) -> Result<Output, StageError> {
        self.path.iter().for_each(|path| fs::write(path, "meddled").unwrap());
        Ok(Output::default())
    }
}

pub(super) fn step(id: &str, stage: impl Stage, from: &[&str]) -> Step {
    let from = from.iter().map(|name| match *name {
        "source" => From::Source,
        other => From::Step(other.into()),
    });
    Step {
        id: id.into(),
        place: "toy.yaml:1:1".into(),
        stage: Arc::new(stage),
        from: from.collect(),
        pick: None,
        into: None,
        ship: true,
        optional: false,
        condition: None,
        retry: Retry::default(),
        timeout: None,
        written: serde_json::Value::Null,
    }
}

pub(super) fn make(file: &str) -> Make {
    Make { file: file.into(), text: file.into(), ..Make::default() }
}

pub(super) fn facts(pairs: &[(&str, &str)]) -> Find {
    Find { facts: pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect() }
}

pub(super) fn plan(output: &Path, name: &str, steps: Vec<Step>) -> Plan {
    Plan {
        shape: Arc::new(Shape::new(steps).unwrap_or_else(|faults| panic!("{faults:?}"))),
        at: "toy.yaml".into(),
        name: Arc::new(Template::new(name)),
        output: Arc::new(output.to_owned()),
        sources: Vec::new(),
        metadata: Facts::new(),
        names: Arc::new(serde_json::Map::from_iter([("group".into(), json!("GRP"))])),
        item: None,
        time: TimeRule::At(1_000_000_000),
        keep: None,
        pinned: None,
    }
}

pub(super) struct Outcome {
    pub(super) report: Report,
    pub(super) events: Vec<Event>,
}

impl Outcome {
    pub(super) fn codes(&self) -> Vec<Code> {
        let codes = self.events.iter().filter_map(|event| match &event.happening {
            Happening::StepFailed { code, .. } => Some(code.clone().into()),
            Happening::ReleaseFinished { failure: Some(failure), .. } => Some(failure.code.clone().into()),
            _ => None,
        });
        codes.collect()
    }
}

pub(super) fn go(plans: &[Plan], change: impl FnOnce(&mut Runner<'_>)) -> Outcome {
    go_with(plans, &Cancel::default(), change)
}

pub(super) fn go_with(plans: &[Plan], cancel: &Cancel, change: impl FnOnce(&mut Runner<'_>)) -> Outcome {
    go_in(plans, cancel, || 0, change)
}

pub(super) fn go_in(
    plans: &[Plan],
    cancel: &Cancel,
    now: fn() -> i64,
    change: impl FnOnce(&mut Runner<'_>),
) -> Outcome {
    go_and_tell(plans, cancel, now, change, |_| {})
}

/// Interrupts the run when that many events were told.
pub(super) fn go_watched(
    plans: &[Plan],
    cancel_at: Option<u64>,
    now: fn() -> i64,
    change: impl FnOnce(&mut Runner<'_>),
) -> Outcome {
    let cancel = Cancel::default();
    go_and_tell(plans, &cancel, now, change, |event| {
        if Some(event.seq) == cancel_at {
            cancel.cancel();
        }
    })
}

fn go_and_tell(
    plans: &[Plan],
    cancel: &Cancel,
    now: fn() -> i64,
    change: impl FnOnce(&mut Runner<'_>),
    mut watch: impl FnMut(&Event),
) -> Outcome {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    // Whoever pins facts asks nobody.
    let offline = plans.iter().any(|plan| plan.pinned.is_some());
    let world = World { offline, now: Box::new(now), ..World::default() };
    let mut runner = Runner {
        id: format!("{}-{}", std::process::id(), RUNS.fetch_add(1, Ordering::Relaxed)),
        jobs: 2,
        net_jobs: 2,
        pool_depth: 1,
        keep_going: false,
        force: false,
        selection: Selection::All,
        traced: false,
        world: &world,
    };
    change(&mut runner);
    let mut events = Vec::new();
    let report = runner
        .run(plans, cancel, &mut |event| {
            watch(event);
            events.push(event.clone());
        })
        .unwrap();
    assert_eq!(Report::from_events(&events), report, "the report is the fold of the events");
    let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
    let lines: Vec<String> = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    let back: Vec<Event> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(back.len(), events.len());
    Outcome { report, events }
}

/// What lies in a folder, `name = content`, sorted, without work that waits for the next run.
pub(super) fn listing(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap().flatten() {
            if entry.path().join("journal").exists() {
                continue;
            }
            if entry.path().is_dir() {
                open.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(folder).unwrap().display().to_string();
                found.push(format!("{name} = {}", fs::read_to_string(entry.path()).unwrap()));
            }
        }
    }
    found.sort();
    found
}

pub(super) fn output() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}
