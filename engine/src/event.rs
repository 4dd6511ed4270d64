//! What happened in a run: owned, serialisable, in the past tense, and silent about display.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Artifact, Facts, Report};

/// One thing that happened. Events of a run are numbered without gaps, in the order they are told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Number within the run, from 1.
    pub seq: u64,
    /// The run's id.
    pub run: String,
    /// RFC 3339, UTC.
    pub time: String,
    /// What happened.
    #[serde(flatten)]
    pub happening: Happening,
}

/// Everything that can happen. `release` is the number of the release within the run, from 0; `step` its step's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happening {
    /// The run began.
    RunStarted {
        /// How many releases it will make.
        releases: usize,
    },
    /// Work on a release began.
    ReleaseStarted {
        /// Number of the release.
        release: usize,
        /// Where it is written down, `file` or `file#item`.
        at: String,
        /// Its steps, in an order in which they can run.
        steps: Vec<String>,
    },
    /// All facts are gathered and the release has its name.
    ReleaseNamed {
        /// Number of the release.
        release: usize,
        /// The name.
        name: String,
    },
    /// A step began.
    StepStarted {
        /// Number of the release.
        release: usize,
        /// The step.
        step: String,
        /// The stage it uses.
        stage: String,
    },
    /// A step got on.
    StepProgressed {
        /// Number of the release.
        release: usize,
        /// The step.
        step: String,
        /// How much is done.
        done: u64,
        /// How much there is, 0 when unknown.
        total: u64,
        /// What is counted, such as `bytes`.
        unit: String,
        /// Files under way, where the step tells of them one by one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<FileProgress>,
    },
    /// A stretch of a step's work is over, such as one volume. Told only where a trace is asked for. Stretches may
    /// overlap, and are told in the order of their ends.
    StepSpanned {
        /// Number of the release.
        release: usize,
        /// The step.
        step: String,
        /// What was worked on, such as the name of the volume.
        name: String,
        /// Microseconds from the beginning of the step to that of the stretch.
        after_us: u64,
        /// Microseconds that the stretch took.
        took_us: u64,
    },
    /// A step has something to say that is no failure.
    StepNoted {
        /// Number of the release.
        release: usize,
        /// The step.
        step: String,
        /// A sentence.
        message: String,
    },
    /// A step is done.
    StepFinished {
        /// Number of the release.
        release: usize,
        /// The step.
        step: String,
        /// The files it made.
        artifacts: Vec<Artifact>,
        /// The facts it found.
        facts: Facts,
        /// Bytes it read from files.
        bytes_read: u64,
        /// Bytes it wrote to files.
        bytes_written: u64,
    },
    /// A step failed for good.
    StepFailed {
        /// Number of the release.
        release: usize,
        /// The step.
        step: String,
        /// Stable word for the failure.
        code: String,
        /// What happened.
        error: String,
        /// What to do about it.
        hint: Option<String>,
        /// The release goes on without it.
        optional: bool,
    },
    /// A step did not run.
    StepSkipped {
        /// Number of the release.
        release: usize,
        /// The step.
        step: String,
        /// Why.
        because: String,
        /// What it made before stands, so the release goes on as if it had run.
        #[serde(default, skip_serializing_if = "is_false")]
        up_to_date: bool,
        /// The files it made before, if they stand.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        artifacts: Vec<Artifact>,
    },
    /// A step failed and will be tried again.
    StepRetried {
        /// Number of the release.
        release: usize,
        /// The step.
        step: String,
        /// How often it was tried.
        attempt: u32,
        /// Milliseconds until it is tried again.
        delay_ms: u64,
        /// Stable word for the failure.
        code: String,
        /// What happened.
        error: String,
    },
    /// A release is done, one way or the other.
    ReleaseFinished {
        /// Number of the release.
        release: usize,
        /// How it ended.
        status: Status,
        /// Where it lies, if it was made.
        path: Option<String>,
        /// Why it was not made, where that is not a step's failure.
        failure: Option<Failure>,
        /// What was done of it and waits for the next run, if it was not made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<Kept>,
    },
    /// The run is over.
    RunFinished {
        /// How it ended.
        status: Status,
        /// The fold of all events before this one.
        report: Box<Report>,
    },
}

/// How far a file is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileProgress {
    /// Its name.
    pub name: String,
    /// How much of it is done.
    pub done: u64,
    /// How much there is of it.
    pub total: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// What was done of a release that was not made, and is taken over by the next run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// The working folder that holds it, perhaps with that of other releases.
    pub folder: String,
    /// Bytes of its files.
    pub bytes: u64,
}

/// Why a release was not made although no step of its failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Stable word for the failure.
    pub code: String,
    /// What happened.
    pub error: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// How a step, a release or a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not over, or never begun.
    #[default]
    Unfinished,
    /// All went well.
    Done,
    /// What was made before stands, and nothing was done.
    UpToDate,
    /// Something that had to work did not.
    Failed,
    /// Left out, for a stated reason.
    Skipped,
    /// Interrupted by the user.
    Cancelled,
}
