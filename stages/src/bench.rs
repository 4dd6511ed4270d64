//! One bench for the tests of all stages: files and facts in, the release and what was said of it out.
//!
//! Every run goes through a real runner, so that a stage is tested as it is used.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use engine::{
    Cancel, Event, Fact, Facts, From, Happening, Job, OptionFault, Output, Phase, Plan, Report, Retry,
    Runner, Selection, Shape, Site, Source, Stage, StageError, Step, Template, TimeRule, World,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The release's name on the bench.
pub(crate) const NAME: &str = "Test.Release-GRP";
/// The release's time: 2020-09-13 12:26:40 UTC.
pub(crate) const TIME: i64 = 1_600_000_000;

/// A release about to be made. Its sources lie in `in`, what it makes appears in `out`.
pub(crate) struct Bench {
    folder: TempDir,
    site: Site,
    sources: Vec<Source>,
    facts: Facts,
    names: serde_json::Map<String, Value>,
    steps: Vec<Step>,
    cancelled: bool,
    jobs: usize,
}

/// What became of it.
pub(crate) struct Done {
    /// The release's files; empty when it did not appear.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// The facts the last step found.
    pub(crate) facts: Facts,
    /// What the last step had to say.
    pub(crate) notes: Vec<String>,
    /// Code, message and hint of the failure.
    pub(crate) failure: Option<(String, String, String)>,
    /// The artifacts of the last step.
    pub(crate) artifacts: Vec<engine::Artifact>,
    pub(crate) read: u64,
    pub(crate) written: u64,
    folder: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["in", "out"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        Self {
            folder,
            site: Site { language: Arc::new(crate::language()), ..Site::default() },
            sources: Vec::new(),
            facts: Facts::new(),
            names: serde_json::Map::from_iter([("group".into(), json!("GRP"))]),
            steps: Vec::new(),
            cancelled: false,
            jobs: 2,
        }
    }

    /// Adds a source file; its modification time is an hour before the release's.
    pub(crate) fn file(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join("in").join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, bytes).expect("a source");
        let modified = UNIX_EPOCH + Duration::from_secs(TIME.unsigned_abs() - 3600);
        fs::File::options()
            .write(true)
            .open(&path)
            .and_then(|file| file.set_modified(modified))
            .expect("a time");
        self.sources.push(Source { path, name: name.to_owned(), origin: None });
        self
    }

    pub(crate) fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name, Fact::new(value, "manifest", ""));
        self
    }

    /// Adds a name that templates see, such as `vars`.
    pub(crate) fn name(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.names.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a destination in the folder `name` beside the release.
    pub(crate) fn destination(mut self, name: &str, settings: Value) -> Self {
        let section = self.site.settings.entry("destinations").or_insert_with(|| json!({}));
        section[name] = settings;
        self
    }

    /// Adds a file of the user's own, such as `templates/x.liquid`.
    pub(crate) fn asset(mut self, name: &str, text: &str) -> Self {
        let root = self.folder.path().join(".bindery");
        fs::create_dir_all(root.join(name).parent().expect("a parent")).expect("a folder");
        fs::write(root.join(name), text).expect("an asset");
        self.site.search = vec![root];
        self
    }

    /// Does something to the folder of sources after the sizes of the sources were taken.
    pub(crate) fn meddle(mut self, act: impl Fn(&Path) + Send + Sync + 'static) -> Self {
        let folder = self.folder.path().join("in");
        let meddle = Meddle { act: Act(Some(Arc::new(move || act(&folder)))) };
        self.steps.push(step("meddle", Arc::new(meddle), &[]));
        self
    }

    /// Interrupts the run as soon as the last step gets on.
    pub(crate) fn cancelled(mut self) -> Self {
        self.cancelled = true;
        self
    }

    /// Sets how many threads there are; two otherwise.
    pub(crate) fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs;
        self
    }

    /// Adds a step; `from` holds step ids or `source`.
    pub(crate) fn step(mut self, id: &str, uses: &str, from: &[&str], with: Value) -> Self {
        let stage = (crate::registry().get(uses).expect("a stage").build)(with).expect("good options");
        assert_eq!(stage.check(&self.site), [], "options of {id}");
        self.steps.push(step(id, stage, from));
        self
    }

    /// Keeps what the last step makes out of the release.
    pub(crate) fn unshipped(mut self) -> Self {
        self.steps.last_mut().expect("a step").ship = false;
        self
    }

    /// Runs one stage over all sources.
    pub(crate) fn run(self, uses: &str, with: Value) -> Done {
        self.step("it", uses, &["source"], with).go()
    }

    /// Runs the steps.
    pub(crate) fn go(self) -> Done {
        let last = self.steps.last().expect("a step");
        // What gathers facts makes no files, and a release without files is none.
        let gathers = last.stage.phase() == Phase::Gather;
        let last = last.id.clone();
        let plan = Plan {
            shape: Arc::new(Shape::new(self.steps).unwrap_or_else(|faults| panic!("{faults:?}"))),
            at: "bench.yaml".into(),
            name: Arc::new(Template::new(NAME)),
            output: Arc::new(self.folder.path().join("out")),
            sources: self.sources,
            metadata: self.facts,
            names: self.names.into(),
            item: None,
            time: TimeRule::At(TIME),
            keep: None,
            pinned: None,
        };
        let world = World { site: self.site, ..World::default() };
        let runner = Runner {
            id: "bench".into(),
            jobs: self.jobs,
            net_jobs: 1,
            pool_depth: 1,
            keep_going: false,
            force: false,
            selection: Selection::All,
            traced: false,
            world: &world,
        };
        let cancel = Cancel::default();
        let mut facts = Facts::new();
        let report = runner.run(&[plan], &cancel, &mut |event: &Event| match &event.happening {
            Happening::StepFinished { step, facts: found, .. } if *step == last => facts = found.clone(),
            Happening::StepProgressed { step, .. } if self.cancelled && *step == last => cancel.cancel(),
            _ => {}
        });
        let mut done = done(&report.expect("threads"), &last, facts, self.folder);
        done.failure = done.failure.filter(|(code, ..)| !gathers || code != "release/empty");
        done
    }
}

impl Done {
    /// The folder in which `in` and `out` lie.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The release's folder.
    pub(crate) fn release(&self) -> PathBuf {
        self.folder().join("out").join(NAME)
    }

    /// The names of the release's files.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.files.keys().map(String::as_str).collect()
    }

    /// The file of this name as text.
    pub(crate) fn text(&self, name: &str) -> &str {
        let bytes = self
            .files
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {:?}: {:?}", self.names(), self.failure));
        std::str::from_utf8(bytes).expect("UTF-8")
    }

    /// The same, for a release that must be there.
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.failure, None);
        self
    }

    /// The code of the failure, of a release that must not be there.
    pub(crate) fn code(&self) -> &str {
        assert!(self.files.is_empty(), "{:?}", self.names());
        self.failure.as_ref().map_or("no failure", |(code, ..)| code.as_str())
    }
}

/// What is wrong with the options of a stage, `key: message (hint)`, with `settings` as the destinations.
pub(crate) fn faults(uses: &str, with: Value) -> Vec<String> {
    let site = Site { language: Arc::new(crate::language()), ..Site::default() };
    faults_at(&site, uses, with)
}

pub(crate) fn faults_at(site: &Site, uses: &str, with: Value) -> Vec<String> {
    let built = (crate::registry().get(uses).expect("a stage").build)(with);
    let faults = built.map_or_else(|fault| vec![fault], |stage| stage.check(site));
    let shown = |OptionFault { path, message, hint }| {
        let hint = hint.map_or_else(String::new, |hint: String| format!(" ({hint})"));
        format!("{}: {message}{hint}", path.join("."))
    };
    faults.into_iter().map(shown).collect()
}

/// Runs a foreign program; none, and a word about it, when it is not there.
pub(crate) fn foreign(program: &str, arguments: &[&str], folder: &Path) -> Option<(bool, String)> {
    match Command::new(program).args(arguments).current_dir(folder).output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            Some((output.status.success(), text + &String::from_utf8_lossy(&output.stderr)))
        }
        Err(_) => {
            eprintln!("SKIPPED: {program} is not installed");
            None
        }
    }
}

/// Bytes that do not compress and differ from seed to seed.
pub(crate) fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..len).map(|_| next()).collect()
}

/// Every file below a folder.
pub(crate) fn listing(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below it").to_string_lossy().into_owned();
                files.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    files
}

/// Meddles with the world while facts are gathered.
#[derive(Deserialize, JsonSchema)]
struct Meddle {
    #[serde(skip)]
    act: Act,
}

#[derive(Clone, Default)]
struct Act(Option<Arc<dyn Fn() + Send + Sync>>);

impl Stage for Meddle {
    const NAME: &'static str = "meddle";
    const ABOUT: &'static str = "meddles";
    const PHASE: Phase = Phase::Gather;

    fn run(&self, _: &Job<'_>) -> Result<Output, StageError> {
        self.act.0.iter().for_each(|act| act());
        Ok(Output::default())
    }
}

fn step(id: &str, stage: Arc<dyn engine::AnyStage>, from: &[&str]) -> Step {
    let from = from.iter().map(|name| match *name {
        "source" => From::Source,
        other => From::Step(other.into()),
    });
    Step {
        id: id.into(),
        place: "bench.yaml:1:1".into(),
        stage,
        from: from.collect(),
        pick: None,
        into: None,
        ship: true,
        optional: false,
        condition: None,
        retry: Retry::default(),
        timeout: None,
        written: Value::Null,
    }
}

fn done(report: &Report, last: &str, facts: Facts, folder: TempDir) -> Done {
    let release = report.releases.first().expect("a release");
    let step = release.steps.iter().find(|step| step.step == last).expect("the step").clone();
    let failures =
        release.steps.iter().filter_map(|step| step.failure.clone()).chain(release.failure.clone());
    let failure = failures.into_iter().find(|failure| failure.code != "step/skipped");
    Done {
        files: listing(&folder.path().join("out").join(NAME)),
        facts,
        notes: step.notes,
        failure: failure.map(|failure| (failure.code, failure.error, failure.hint.unwrap_or_default())),
        artifacts: step.artifacts,
        read: step.bytes_read,
        written: step.bytes_written,
        folder,
    }
}
