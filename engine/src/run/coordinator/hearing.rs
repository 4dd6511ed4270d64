//! What the coordinator does with what workers tell it.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::open::{Consequence, State};
use super::super::work::{Heard, Made, Message};
use super::Coordinator;
use super::dispatch::{STEPS, folder_name};
use crate::job::Said;
use crate::{Happening, Phase, StageError, StepIndex};

/// The longest pause before a step is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

impl<'scope> Coordinator<'_, '_, 'scope> {
    pub(super) fn hear(&mut self, message: Message<'scope>) {
        let Message { release, step, heard } = message;
        let id = |this: &Self| {
            let shape = this.plans.get(release).map(|plan| &plan.shape);
            shape.zip(step).map(|(shape, step)| shape.step(step).id.clone()).unwrap_or_default()
        };
        match heard {
            Heard::Started => {
                if let (Some(plan), Some(step)) = (self.plans.get(release), step) {
                    let stage = plan.shape.step(step).stage.name().to_owned();
                    self.emit(Happening::StepStarted { release, step: id(self), stage });
                }
            }
            Heard::Said(Said::Note(message)) => {
                self.emit(Happening::StepNoted { release, step: id(self), message });
            }
            Heard::Said(Said::Progress { done, total, unit, files }) => {
                self.emit(Happening::StepProgressed {
                    release,
                    step: id(self),
                    done,
                    total,
                    unit: unit.to_owned(),
                    files,
                });
            }
            Heard::Said(Said::Span { name, after_us, took_us }) => {
                self.emit(Happening::StepSpanned { release, step: id(self), name, after_us, took_us });
            }
            Heard::Finished { result, read, written } => {
                if let Some(step) = step {
                    self.step_over(release, step, result, read, written);
                }
            }
            Heard::Recalled(recalled) => self.recalled(release, recalled),
            Heard::Looked(found) => self.looked(release, found),
            Heard::Assembled(result) => self.assembly_over(release, result),
        }
    }

    pub(super) fn step_over(
        &mut self,
        number: usize,
        index: StepIndex,
        result: Result<Made, StageError>,
        read: u64,
        written: u64,
    ) {
        let Some(open) = self.open.get_mut(&number) else { return };
        let step = open.plan.shape.step(index);
        let lane = step.stage.lane();
        for pool in step.stage.pools() {
            if let Some(count) = self.pools.get_mut(&pool) {
                *count -= 1;
            }
        }
        self.deadlines.retain(|&(_, n, i)| (n, i) != (number, index));
        *self.running(lane) -= 1;
        let Some(open) = self.open.get_mut(&number) else { return };
        match result {
            Ok(Made { output, record }) => {
                let mut facts = open.facts_for(index);
                facts.overlay(&output.facts);
                facts.overlay(&open.plan.metadata);
                open.learn(index, output.inputs);
                let given = &mut open.given[index.index()];
                given.facts = Arc::new(facts);
                given.artifacts.clone_from(&output.artifacts);
                given.ids = record.iter().flat_map(|record| record.made.iter().map(|made| made.id)).collect();
                let mut artifacts = output.artifacts;
                // Where a file lies for now is no part of what happened.
                artifacts.iter_mut().for_each(|artifact| artifact.path = PathBuf::new());
                // Before anybody hears of it: a step that is told to be done is not done again.
                self.note(number, index, record);
                self.emit(Happening::StepFinished {
                    release: number,
                    step: step.id.clone(),
                    artifacts,
                    facts: output.facts,
                    bytes_read: read,
                    bytes_written: written,
                });
                self.settle(number, index, State::Done);
            }
            Err(error) => {
                let tried = &mut open.attempts[index.index()];
                if error.retriable && *tried < step.retry.times && !self.stopping {
                    *tried += 1;
                    let attempt = *tried;
                    let pause =
                        step.retry.delay.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST_PAUSE);
                    // What the failed attempt left behind must not meet the next one.
                    let folder = open.folder.as_ref().map(|folder| folder.join(STEPS));
                    let _ = folder.map(|steps| fs::remove_dir_all(steps.join(folder_name(&step.id, index))));
                    self.paused.push((Instant::now() + pause, number, index));
                    self.emit(Happening::StepRetried {
                        release: number,
                        step: step.id.clone(),
                        attempt,
                        delay_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                        code: error.code.to_string(),
                        error: error.message,
                    });
                } else {
                    self.fail(number, index, &error);
                }
            }
        }
    }

    pub(super) fn fail(&mut self, number: usize, index: StepIndex, error: &StageError) {
        let Some(open) = self.open.get_mut(&number) else { return };
        let step = open.plan.shape.step(index);
        let cancelled = error.code == "step/cancelled";
        let optional = step.optional && !cancelled;
        if optional {
            open.given[index.index()].facts = Arc::new(open.facts_for(index));
        }
        self.emit(Happening::StepFailed {
            release: number,
            step: step.id.clone(),
            code: error.code.to_string(),
            error: error.message.clone(),
            hint: error.hint.clone(),
            optional,
        });
        if !optional {
            self.after_failure();
        }
        self.settle(number, index, if optional { State::Skipped } else { State::Lost });
    }

    pub(super) fn settle(&mut self, number: usize, index: StepIndex, end: State) {
        if let Some(open) = self.open.get_mut(&number) {
            let then = open.settle(index, end);
            self.follow(number, then);
        }
    }

    /// Does what follows from a step being over.
    pub(super) fn follow(&mut self, number: usize, then: Consequence) {
        for (step, because) in then.lost {
            let id = self.id(number, step);
            self.emit(Happening::StepSkipped {
                release: number,
                step: id,
                because: format!("`{because}` failed"),
                up_to_date: false,
                artifacts: Vec::new(),
            });
        }
        then.ready.into_iter().for_each(|step| self.make_ready(number, step));
        let Some(open) = self.open.get_mut(&number) else { return };
        // A release whose files are all made appears even if another one failed meanwhile.
        let complete = then.ended == Some(Phase::Make) && !open.is_lost() && !self.cancel.is_cancelled();
        if self.stopping && !complete {
            self.abandon(number);
            return;
        }
        match then.ended {
            None => {}
            Some(_) if open.is_lost() => self.abandon(number),
            Some(Phase::Gather) => self.name(number),
            Some(Phase::Make) => self.assemble(number),
            Some(Phase::Deliver) => self.close(number),
        }
    }
}
