//! What will happen: a DAG of steps that exists only if it can run.

mod order;
mod shape;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use globset::GlobSet;
use serde_json::Value;

pub use self::shape::{Shape, StepIndex};
use crate::state::{ReleaseKey, Store};
use crate::template::{Condition, Template};
use crate::{AnyStage, Facts, Phase};

/// One release to be made: a shape it may share with many others, and what is its own.
#[derive(Clone)]
pub struct Plan {
    /// The steps.
    pub shape: Arc<Shape>,
    /// Where it is written down, `file` or `file#item`.
    pub at: String,
    /// The template of the release's name.
    pub name: Arc<Template>,
    /// The folder in which the release appears.
    pub output: Arc<PathBuf>,
    /// The source files.
    pub sources: Vec<Source>,
    /// Facts that win over whatever is found (`metadata`).
    pub metadata: Facts,
    /// Further names that templates see, such as `group`, `kind` and `vars`; shared by the releases of a family.
    pub names: Arc<serde_json::Map<String, Value>>,
    /// What the release is made of in its family; templates see it as `item`.
    pub item: Option<Value>,
    /// How the one time of the release is found.
    pub time: TimeRule,
    /// Where what is made of it is remembered, if it is.
    pub keep: Option<Keep>,
    /// Facts that steps give as they were given once, instead of asking anybody.
    pub pinned: Option<Arc<Pinned>>,
}

/// Facts that steps gave once, by the id of the step.
pub type Pinned = BTreeMap<String, Facts>;

/// Where a release is remembered from run to run.
#[derive(Clone, Debug)]
pub struct Keep {
    /// The state of the project.
    pub store: Arc<Store>,
    /// The release's place in it.
    pub key: ReleaseKey,
}

/// A source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it lies.
    pub path: PathBuf,
    /// Its name inside a release, `/` between folders.
    pub name: String,
    /// Where it comes from, if it is to be fetched before it lies there.
    pub origin: Option<Box<Origin>>,
}

/// Where a source is fetched from, and what proves that it is the one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its address.
    pub url: String,
    /// Its SHA-256 digest: 64 hexadecimal digits in lower case.
    pub sha256: String,
}

/// How the one time of a release is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeRule {
    /// The newest modification time of the sources.
    NewestSource,
    /// This one, in seconds since 1970-01-01 UTC.
    At(i64),
}

/// One step as it will run.
pub struct Step {
    /// Its id, unique in the shape.
    pub id: String,
    /// Where it is written down, `file:line:column`.
    pub place: String,
    /// The stage with its options.
    pub stage: Arc<dyn AnyStage>,
    /// What it takes, in this order.
    pub from: Vec<From>,
    /// Which of the files it takes.
    pub pick: Option<Pick>,
    /// A folder inside the release for what it makes.
    pub into: Option<Template>,
    /// Whether what it makes belongs to the release.
    pub ship: bool,
    /// Whether the release goes on when it fails.
    pub optional: bool,
    /// When it runs at all.
    pub condition: Option<Condition>,
    /// What is done when it fails in a way that may pass.
    pub retry: Retry,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// The step as it is written, so that it can be told what of it changed; null where it is not written down.
    pub written: Value,
}

/// Something a step takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// The source files.
    Source,
    /// What the step of this id made.
    Step(String),
}

/// Globs over the names of files; one that matches is enough.
#[derive(Clone, Debug)]
pub struct Pick(pub GlobSet);

/// How often and when a step is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often, beyond the first time.
    pub times: u32,
    /// The first pause; it doubles from try to try.
    pub delay: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { times: 0, delay: Duration::from_secs(1) }
    }
}

/// Why steps make no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanFault {
    /// Two steps have the same id.
    Duplicate {
        /// The id.
        step: String,
    },
    /// A step takes from a step that does not exist.
    Unknown {
        /// The step that takes.
        step: String,
        /// What it takes from.
        from: String,
    },
    /// Steps take from each other in a ring.
    Cycle {
        /// The ids, the first again at the end.
        steps: Vec<String>,
    },
    /// A step takes from one that runs in a later phase.
    Early {
        /// The step that takes.
        step: String,
        /// What it takes from.
        from: String,
    },
}

impl Plan {
    /// What the release is made of in its family, as text: the path of a match, else the entry as JSON.
    #[must_use]
    pub fn item_id(&self) -> Option<String> {
        let item = self.item.as_ref()?;
        let path = item.get("path").and_then(Value::as_str);
        Some(path.map_or_else(|| item.to_string(), str::to_owned))
    }
}

impl Step {
    /// Whether it asks the world outside for facts, so that these may differ from day to day.
    #[must_use]
    pub fn asks_outside(&self) -> bool {
        self.stage.phase() == Phase::Gather && self.stage.asks()
    }
}
