//! What became of a batch, as programs read it.

use engine::{ReleaseReport, Status};
use manifests::Severity;
use schemars::JsonSchema;
use serde::Serialize;

use super::Ready;
use crate::execute::Outcome;

/// What became of a list of jobs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "Report of a batch")]
pub struct BatchReport {
    /// The list.
    pub file: String,
    /// The id of the run that made the releases; empty when nothing was begun.
    pub run: String,
    /// How it ended: `done` when no job failed.
    pub status: Status,
    /// One entry a job, in the order of the list.
    pub jobs: Vec<JobReport>,
}

/// What became of one job.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct JobReport {
    /// Its number in the list, from 1.
    pub job: usize,
    /// Where it is written, `file:line:column`.
    pub at: String,
    /// How it ended.
    pub status: Status,
    /// What is wrong with the job itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<JobFault>,
    /// Its releases: one, or those of a family.
    pub releases: Vec<ReleaseReport>,
}

/// Something that is wrong with a job.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct JobFault {
    /// `error`, or `warning` for what keeps nothing from being made.
    pub severity: String,
    /// A stable word.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where it is written, `file:line:column`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

impl BatchReport {
    /// Joins the jobs to what the run made of them.
    pub fn of(file: &str, ready: &[Ready], outcome: &Outcome) -> Self {
        let mut releases: Vec<Vec<ReleaseReport>> = Vec::new();
        for (release, manifest) in outcome.report.releases.iter().zip(&outcome.manifests) {
            if releases.len() <= *manifest {
                releases.resize_with(manifest + 1, Vec::new);
            }
            releases.get_mut(*manifest).into_iter().for_each(|of| of.push(release.clone()));
        }
        let jobs: Vec<JobReport> = ready
            .iter()
            .enumerate()
            .map(|(number, job)| {
                let mut take = || Some(std::mem::take(releases.get_mut(job.compiled?)?));
                JobReport::of(number + 1, job, take().unwrap_or_default())
            })
            .collect();
        let is_over = |job: &JobReport| matches!(job.status, Status::Done | Status::UpToDate);
        let status = match outcome.report.status {
            Status::Cancelled => Status::Cancelled,
            _ if jobs.iter().all(is_over) => Status::Done,
            _ => Status::Failed,
        };
        Self { file: file.to_owned(), run: outcome.report.run.clone(), status, jobs }
    }
}

impl JobReport {
    fn of(number: usize, job: &Ready, releases: Vec<ReleaseReport>) -> Self {
        let faults = job.faults.iter().map(|fault| JobFault {
            severity: if fault.severity == Severity::Error { "error" } else { "warning" }.to_owned(),
            code: fault.code.to_owned(),
            message: fault.message.clone(),
            hint: fault.hint.clone(),
            at: fault.place.as_ref().map(super::jobs::place_text),
        });
        let status = if job.compiled.is_none() { Status::Failed } else { worst(&releases) };
        Self { job: number, at: job.at.clone(), status, faults: faults.collect(), releases }
    }
}

/// How a family ended: as the worst of its releases did. One without releases has nothing to make.
fn worst(releases: &[ReleaseReport]) -> Status {
    let order = [
        Status::Failed,
        Status::Cancelled,
        Status::Unfinished,
        Status::Skipped,
        Status::Done,
        Status::UpToDate,
    ];
    let has = |status: &Status| releases.iter().any(|release| release.status == *status);
    order.into_iter().find(has).unwrap_or(Status::Unfinished)
}
