//! The report of a run: a fold over its events and nothing else.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{Failure, Kept};
use crate::{Artifact, Event, Happening, Status};

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The run's id.
    pub run: String,
    /// How it ended.
    pub status: Status,
    /// One entry a release, in the order of the run.
    pub releases: Vec<ReleaseReport>,
}

/// What became of one release.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseReport {
    /// Where it is written down.
    pub at: String,
    /// Its name, once known.
    pub name: Option<String>,
    /// How it ended.
    pub status: Status,
    /// Where it lies.
    pub path: Option<String>,
    /// Why it was not made, where that is not a step's failure.
    pub failure: Option<Failure>,
    /// What was done of it and waits for the next run, if it was not made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
    /// Its steps.
    pub steps: Vec<StepReport>,
    /// Where each step stands, while there are events to come.
    #[doc(hidden)]
    #[serde(skip)]
    pub places: Places,
}

/// Where each step stands in its release. It is made of the steps, so it is no part of what is compared.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct Places(HashMap<String, usize>);

impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What became of one step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepReport {
    /// The step.
    pub step: String,
    /// How it ended.
    pub status: Status,
    /// How often it was tried again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: u32,
    /// The files it made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    /// Bytes it read from files.
    #[serde(default)]
    pub bytes_read: u64,
    /// Bytes it wrote to files.
    #[serde(default)]
    pub bytes_written: u64,
    /// What it had to say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why it failed or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// From so many steps on a release knows where each of them stands.
const MANY: usize = 32;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Report {
    /// Folds a whole log.
    #[must_use]
    pub fn from_events<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut report = Self::default();
        for event in events {
            report.apply(event);
        }
        report
    }

    /// Takes one more event into account. Events that name an unknown release or step change nothing.
    pub fn apply(&mut self, event: &Event) {
        if self.run.is_empty() {
            self.run.clone_from(&event.run);
        }
        match &event.happening {
            Happening::RunStarted { releases } => self.releases.resize_with(*releases, Default::default),
            Happening::ReleaseStarted { release, at, steps } => {
                if let Some(entry) = self.releases.get_mut(*release) {
                    entry.at.clone_from(at);
                    entry.steps = steps.iter().map(|step| StepReport::new(step)).collect();
                    // A few steps are found as quickly without.
                    let places = steps.iter().cloned().enumerate().filter(|_| steps.len() > MANY);
                    entry.places = Places(places.map(|(place, step)| (step, place)).collect());
                }
            }
            Happening::ReleaseNamed { release, name } => {
                if let Some(entry) = self.releases.get_mut(*release) {
                    entry.name = Some(name.clone());
                }
            }
            Happening::ReleaseFinished { release, status, path, failure, kept } => {
                if let Some(entry) = self.releases.get_mut(*release) {
                    entry.places = Places::default();
                    entry.status = *status;
                    entry.path.clone_from(path);
                    entry.failure.clone_from(failure);
                    entry.kept.clone_from(kept);
                }
            }
            Happening::RunFinished { status, .. } => self.status = *status,
            Happening::StepStarted { .. }
            | Happening::StepProgressed { .. }
            | Happening::StepSpanned { .. } => {}
            Happening::StepNoted { release, step, message } => {
                self.with_step(*release, step, |entry| entry.notes.push(message.clone()));
            }
            Happening::StepRetried { release, step, .. } => {
                self.with_step(*release, step, |entry| entry.retries += 1);
            }
            Happening::StepFinished { release, step, artifacts, bytes_read, bytes_written, .. } => {
                self.with_step(*release, step, |entry| {
                    entry.status = Status::Done;
                    entry.artifacts.clone_from(artifacts);
                    entry.bytes_read = *bytes_read;
                    entry.bytes_written = *bytes_written;
                });
            }
            Happening::StepFailed { release, step, code, error, hint, .. } => {
                let failure = Failure { code: code.clone(), error: error.clone(), hint: hint.clone() };
                let status = if code == "step/cancelled" { Status::Cancelled } else { Status::Failed };
                self.with_step(*release, step, |entry| {
                    entry.status = status;
                    entry.failure = Some(failure);
                });
            }
            Happening::StepSkipped { release, step, up_to_date: true, artifacts, .. } => {
                self.with_step(*release, step, |entry| {
                    entry.status = Status::UpToDate;
                    entry.artifacts.clone_from(artifacts);
                });
            }
            Happening::StepSkipped { release, step, because, .. } => {
                let failure = Failure { code: "step/skipped".into(), error: because.clone(), hint: None };
                self.with_step(*release, step, |entry| {
                    entry.status = Status::Skipped;
                    entry.failure = Some(failure);
                });
            }
        }
    }

    /// How many releases ended so.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.releases.iter().filter(|release| release.status == status).count()
    }

    fn with_step(&mut self, release: usize, step: &str, change: impl FnOnce(&mut StepReport)) {
        let Some(release) = self.releases.get_mut(release) else { return };
        let found = match release.places.0.get(step) {
            Some(place) => release.steps.get_mut(*place),
            None => release.steps.iter_mut().find(|entry| entry.step == step),
        };
        if let Some(entry) = found {
            change(entry);
        }
    }
}

impl StepReport {
    fn new(step: &str) -> Self {
        Self { step: step.to_owned(), ..Self::default() }
    }
}
