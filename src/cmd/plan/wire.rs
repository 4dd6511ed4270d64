//! A plan as programs read it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use engine::{
    Artifact, From, Judgement, Leftovers, Plan, Step, StepIndex, TimeRule, Why, World, forecast, judge,
};
use schemars::JsonSchema;
use serde::Serialize;
use stages::upload::{self, Probe};

use crate::cmd::stages::lane;
use crate::sources::plain;

/// What would be done for one release.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "Plan of a release")]
pub struct PlanListing {
    /// Where it is written down, `file` or `file#item`.
    pub at: String,
    /// The template of the release's name.
    pub name: String,
    /// The release's name, where earlier runs tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Whether nothing would run.
    pub up_to_date: bool,
    /// Why a run would fail before it makes anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The folder in which the release appears.
    pub output: String,
    /// The time that everything in the release bears, in seconds since 1970-01-01 UTC; absent when it is that of the
    /// newest source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<i64>,
    /// Bytes of all source files.
    pub bytes: u64,
    /// Bytes that the steps that run will read, as far as sizes alone tell.
    pub reads: u64,
    /// Bytes that the steps that run will write, as far as sizes alone tell.
    pub writes: u64,
    /// Bytes of these that stay in the release; the rest is gone when it appears.
    pub keeps: u64,
    /// Bytes that are free where the release will appear, for which `writes` is what there is needed; absent when that
    /// cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<u64>,
    /// How long the steps that run took together when they ran last, in milliseconds; absent unless that is known of all
    /// of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took: Option<u64>,
    /// What the destinations say, where they were asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<Probe>,
    /// The source files.
    pub sources: Vec<SourceListing>,
    /// The steps, in an order in which they can run.
    pub steps: Vec<StepListing>,
}

/// A source file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SourceListing {
    /// Its name inside a release.
    pub name: String,
    /// Where it lies.
    pub path: String,
    /// Its size in bytes; absent when it cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// A step.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StepListing {
    /// Its id.
    pub id: String,
    /// The stage it uses.
    pub uses: String,
    /// Where it is written down, `file:line:column`.
    pub place: String,
    /// When it runs: `gather`, `make` or `deliver`.
    pub phase: String,
    /// Which pool it runs in: `cpu` or `net`.
    pub lane: String,
    /// What it takes: ids of steps, or `source`.
    pub from: Vec<String>,
    /// Whether it takes only files that match its `pick`.
    pub picks: bool,
    /// The folder inside the release for what it makes, a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub into: Option<String>,
    /// Whether what it makes belongs to the release.
    pub ship: bool,
    /// Whether the release goes on when it fails.
    pub optional: bool,
    /// When it runs at all, a condition.
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// How often it is tried again.
    pub retries: u32,
    /// How long it may take, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// The destinations it delivers to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<String>,
    /// The digests that later steps want of what it makes, by algorithm.
    pub digests: Vec<String>,
    /// Bytes it will read from files, as far as sizes alone tell.
    pub reads: u64,
    /// Bytes it will write to files, as far as sizes alone tell.
    pub writes: u64,
    /// Files it will make, as far as sizes alone tell.
    pub files: usize,
    /// Whether these figures are exact; otherwise it writes no more than they say, or too little to count.
    pub exact: bool,
    /// Whether it need not run, so that none of this is read or written.
    pub up_to_date: bool,
    /// Why it would run, or why not.
    pub because: String,
    /// The same in parts.
    pub why: Why,
    /// What else is known beforehand, such as how many files a page is going to count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl PlanListing {
    /// Whether there is less space than it takes to make the release.
    pub fn lacks_space(&self) -> bool {
        self.free.is_some_and(|free| free < self.writes)
    }

    /// The listing of a plan, with the sizes of its sources as they are now.
    pub fn of(plan: &Plan, world: &World, left: &Leftovers) -> Self {
        let sources: Vec<SourceListing> = plan
            .sources
            .iter()
            .map(|source| SourceListing {
                name: source.name.clone(),
                path: plain(&source.path.display().to_string()),
                size: fs::metadata(&source.path).ok().map(|found| found.len()),
            })
            .collect();
        let files: Vec<Artifact> = sources
            .iter()
            .map(|source| Artifact::new(&source.name, &source.path, source.size.unwrap_or_default()))
            .collect();
        let forecasts = forecast(plan, &files);
        let (judgement, problem) = match judge(plan, world, left) {
            Ok(judgement) => (Some(judgement), None),
            Err(error) => (None, Some(error.message)),
        };
        let whys: BTreeMap<StepIndex, &Why> =
            judgement.iter().flat_map(|judgement| judgement.steps.iter().map(|(i, why)| (*i, why))).collect();
        let why = |index: &StepIndex| whys.get(index).copied().cloned().unwrap_or(Why::Never);
        let running = || forecasts.iter().filter(|(index, _)| !why(index).stands());
        let steps = forecasts.iter().map(|(index, forecast)| StepListing {
            up_to_date: why(index).stands(),
            because: why(index).to_string(),
            why: why(index),
            digests: plan.shape.wanted(*index).iter().cloned().collect(),
            reads: forecast.read,
            writes: forecast.written(),
            files: forecast.files.len(),
            exact: forecast.exact,
            notes: forecast.notes.clone(),
            ..StepListing::of(plan.shape.step(*index))
        });
        Self {
            at: plan.at.clone(),
            name: plan.name.text().to_owned(),
            output: plain(&plan.output.display().to_string()),
            time: match plan.time {
                TimeRule::At(time) => Some(time),
                TimeRule::NewestSource => None,
            },
            release: judgement.as_ref().and_then(|judgement| judgement.name.clone()),
            up_to_date: judgement.as_ref().is_some_and(Judgement::stands),
            problem: problem.or_else(|| judgement.as_ref()?.changed.clone()),
            reads: running().map(|(_, forecast)| forecast.read).sum(),
            writes: running().map(|(_, forecast)| forecast.written()).sum(),
            keeps: running()
                .filter(|(index, _)| plan.shape.step(*index).ship)
                .map(|(_, forecast)| forecast.written())
                .sum(),
            free: free(&plan.output),
            took: running()
                .map(|(index, _)| judgement.as_ref()?.took.get(index).copied())
                .sum::<Option<u64>>()
                .filter(|took| *took > 0),
            bytes: sources.iter().filter_map(|source| source.size).sum(),
            probes: Vec::new(),
            sources,
            steps: steps.collect(),
        }
    }

    /// Asks the destinations of the release whether it can come.
    pub fn probe(&mut self, world: &World) {
        let mut asked: BTreeMap<&str, u64> = BTreeMap::new();
        for step in &self.steps {
            for name in &step.destinations {
                // What it writes is the release, once for each destination.
                let bytes = step.writes / step.destinations.len().max(1) as u64;
                asked.entry(name).and_modify(|known| *known = bytes.max(*known)).or_insert(bytes);
            }
        }
        let release = self.release.as_deref();
        self.probes = asked.iter().map(|(name, bytes)| upload::probe(name, release, *bytes, world)).collect();
    }
}

/// Bytes that are free for us where a folder is, or will be.
fn free(folder: &Path) -> Option<u64> {
    let folder = std::path::absolute(folder).ok()?;
    let there = folder.ancestors().find(|above| above.is_dir())?;
    let found = rustix::fs::statvfs(there).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

/// The destinations of a step, by the pools it works in.
fn destinations(step: &Step) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for pool in step.stage.pools() {
        if let Some(name) = pool.strip_prefix("destination:")
            && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
    }
    names
}

impl StepListing {
    fn of(step: &Step) -> Self {
        let from = step.from.iter().map(|from| match from {
            From::Source => "source".to_owned(),
            From::Step(id) => id.clone(),
        });
        Self {
            id: step.id.clone(),
            uses: step.stage.name().to_owned(),
            place: step.place.clone(),
            phase: step.stage.phase().word().to_owned(),
            lane: lane(step.stage.lane()).to_owned(),
            from: from.collect(),
            picks: step.pick.is_some(),
            into: step.into.as_ref().map(|into| into.text().to_owned()),
            ship: step.ship,
            optional: step.optional,
            condition: step.condition.as_ref().map(|condition| condition.text().to_owned()),
            retries: step.retry.times,
            timeout_ms: step.timeout.and_then(|timeout| u64::try_from(timeout.as_millis()).ok()),
            destinations: destinations(step),
            digests: Vec::new(),
            reads: 0,
            writes: 0,
            files: 0,
            exact: false,
            up_to_date: false,
            because: String::new(),
            why: Why::Never,
            notes: Vec::new(),
        }
    }
}
