//! What the coordinator does with what earlier runs left: it recalls it, lets steps stand, and writes down what is done.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::assemble::{Over, exists};
use super::super::open::{Found, Open, Reused, Standing, State, find_in};
use super::super::scratch::{Resumed, Scratch};
use super::super::work::Recalled;
use super::Coordinator;
use super::dispatch::{STEPS, folder_name};
use super::release::clash;
use crate::event::Kept;
use crate::state::record::{MadeRecord, StepRecord};
use crate::{Facts, Happening, Plan, StageError, Status, StepIndex, Why};

impl<'scope> Coordinator<'_, '_, 'scope> {
    /// What a run that was cut off had done of a release.
    pub(super) fn resumed(&mut self, plan: &Plan) -> Option<Resumed> {
        let output = plan.output.as_ref();
        if !self.scratch.contains_key(output) {
            let now = (self.runner.world.now)();
            self.scratch.insert(output.clone(), Scratch::new(output, &self.runner.id, now));
        }
        let keep = plan.keep.as_ref().filter(|_| !self.runner.force)?;
        self.scratch.get_mut(output)?.resumed(keep.key)
    }

    /// It is known what earlier runs left of a release.
    pub(super) fn recalled(&mut self, number: usize, recalled: Result<Recalled<'scope>, StageError>) {
        self.recalling -= 1;
        match recalled {
            Err(error) => {
                self.tell_release_failed(number, &error);
                self.after_failure();
            }
            Ok(Recalled { open, .. }) if self.stopping => {
                self.open.insert(number, *open);
                self.abandon(number);
            }
            Ok(Recalled { open, stands: true, .. }) => self.leave_alone(number, *open),
            Ok(Recalled { mut open, look, .. }) => {
                open.busy = look.is_some();
                self.open.insert(number, *open);
                match look {
                    Some(look) => {
                        let (world, tell) = (self.runner.world, self.tell.clone());
                        self.running_cpu += 1;
                        self.cpu.spawn_fifo(move |_| super::super::work::look(number, &look, world, &tell));
                    }
                    None => self.start(number),
                }
            }
        }
    }

    /// The sources are known for what they are.
    pub(super) fn looked(&mut self, number: usize, found: Result<Vec<Found>, StageError>) {
        self.running_cpu -= 1;
        let Some(open) = self.open.get_mut(&number) else { return };
        open.busy = false;
        match found {
            Ok(_) if self.stopping => self.abandon(number),
            Ok(found) => {
                open.found(found);
                if open.stands(self.runner) {
                    let open = self.open.remove(&number);
                    return open.into_iter().for_each(|open| self.leave_alone(number, open));
                }
                self.start(number);
            }
            Err(error) => self.fail_release(number, &error),
        }
    }

    /// Begins with what has to be done.
    fn start(&mut self, number: usize) {
        let Some(open) = self.open.get_mut(&number) else { return };
        let then = open.begin();
        self.follow(number, then);
    }

    /// Tells of a release of which nothing has to be done.
    fn leave_alone(&mut self, number: usize, mut open: Open<'_>) {
        open.remember_sources();
        let plan = open.plan;
        self.forget(plan);
        let (Some(record), Some(target)) = (open.past.record.take(), open.past.target.take()) else { return };
        if !self.targets.insert(target.clone()) {
            self.tell_release_failed(number, &clash(&record.name));
            return self.after_failure();
        }
        self.emit(Happening::ReleaseNamed { release: number, name: record.name.clone() });
        for (index, step) in plan.shape.steps() {
            if open.state(index) == State::Left {
                continue;
            }
            let known = record.step(&step.id);
            let skipped = known.and_then(|step| step.skipped.clone());
            let made = known.into_iter().flat_map(|step| &step.made);
            self.emit(Happening::StepSkipped {
                release: number,
                step: step.id.clone(),
                up_to_date: skipped.is_none(),
                because: skipped.unwrap_or_else(|| Why::UpToDate.to_string()),
                artifacts: made.map(|made| made.artifact.clone()).collect(),
            });
        }
        self.emit(Happening::ReleaseFinished {
            release: number,
            status: Status::UpToDate,
            path: Some(target.display().to_string()),
            failure: None,
            kept: None,
        });
    }

    /// Goes on with what a step gave before.
    pub(super) fn reuse(
        &mut self,
        number: usize,
        index: StepIndex,
        facts: &Facts,
        why: &Why,
        reused: Reused,
    ) {
        let Some(open) = self.open.get_mut(&number) else { return };
        open.give_again(index, facts, &reused);
        let artifacts = reused.record.made.iter().map(|made| made.artifact.clone()).collect();
        open.made[index.index()] = Some(reused.record);
        let step = open.plan.shape.step(index).id.clone();
        self.emit(Happening::StepSkipped {
            release: number,
            step,
            because: why.to_string(),
            up_to_date: true,
            artifacts,
        });
        self.settle(number, index, State::Done);
    }

    /// Goes on without a step.
    pub(super) fn leave_out(&mut self, number: usize, index: StepIndex, why: &Why) {
        let Some(open) = self.open.get_mut(&number) else { return };
        let step = open.plan.shape.step(index).id.clone();
        let because = why.to_string();
        let record = StepRecord { id: step.clone(), skipped: Some(because.clone()), ..StepRecord::default() };
        open.made[index.index()] = Some(record);
        self.emit(Happening::StepSkipped {
            release: number,
            step,
            because,
            up_to_date: false,
            artifacts: Vec::new(),
        });
        self.settle(number, index, State::Skipped);
    }

    /// Writes down that a step is done, so that it need not be done again if this run is cut off.
    pub(super) fn note(&mut self, number: usize, index: StepIndex, record: Option<Box<StepRecord>>) {
        let Some(open) = self.open.get_mut(&number) else { return };
        let (Some(keep), Some(record)) = (&open.plan.keep, record) else { return };
        if let Some(scratch) = self.scratch.get_mut(open.plan.output.as_ref()) {
            scratch.note(keep.key, &record);
        }
        open.made[index.index()] = Some(*record);
    }

    /// Nothing that was done of a release has to wait for the next run.
    pub(super) fn forget(&mut self, plan: &Plan) {
        let scratch = self.scratch.get_mut(plan.output.as_ref());
        if let (Some(keep), Some(scratch)) = (&plan.keep, scratch) {
            scratch.forget(keep.key);
        }
    }

    /// Lets what was done of a release that was not made wait for the next run: files in the working folder, and facts,
    /// where there is nothing else, in the state. What was begun and is not done goes: it is of no use, and a full disk
    /// needs the room.
    pub(super) fn keep(&mut self, open: &Open<'_>) -> Option<Kept> {
        let keep = open.plan.keep.as_ref()?;
        let done: Vec<(StepIndex, &StepRecord)> = open.steps_done().collect();
        let working = open.folder.as_ref().or(open.past.working.as_ref());
        let is_there = |made: &&MadeRecord| working.is_some_and(|working| find_in(working, made).is_some());
        let files: Vec<&MadeRecord> = done.iter().flat_map(|(_, step)| &step.made).filter(is_there).collect();
        let steps = working.map(|working| fs::read_dir(working.join(STEPS)));
        for entry in steps.into_iter().flatten().flatten().flatten() {
            if !done.iter().any(|(index, step)| entry.file_name() == *folder_name(&step.id, *index)) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        if done.is_empty() {
            return None;
        }
        let facts: Vec<&StepRecord> =
            done.iter().map(|(_, step)| *step).filter(|step| step.made.is_empty()).collect();
        let shape = open.keep_shape(keep, self.runner.world);
        let is_known = keep.store.keep_early(keep.key, shape, &facts);
        if files.is_empty() && is_known {
            return None;
        }
        let folder = self.scratch.get_mut(open.plan.output.as_ref())?.keep(keep.key)?;
        let bytes = files.iter().map(|made| made.artifact.size).sum();
        Some(Kept { folder: folder.display().to_string(), bytes })
    }

    /// The folder in which a release is made.
    pub(super) fn working(&mut self, number: usize) -> Result<PathBuf, StageError> {
        let missing = || StageError::new("bug/release", "no such release");
        let open = self.open.get_mut(&number).ok_or_else(missing)?;
        if let Some(folder) = &open.folder {
            return Ok(folder.clone());
        }
        let output = Arc::clone(&open.plan.output);
        let scratch = self.scratch.get_mut(output.as_ref()).ok_or_else(missing)?;
        let folder = scratch
            .folder(number, open.plan.keep.as_ref().map(|keep| keep.key))
            .map_err(|error| StageError::writing(&output, &error))?;
        Ok(open.folder.insert(folder).clone())
    }
}

impl super::Runner<'_> {
    /// What happens to what lies where the release belongs, or that it must not be touched.
    pub(super) fn over(&self, open: &Open<'_>, target: &std::path::Path) -> Result<Over, StageError> {
        if self.force || !self.selection.is_whole() {
            return Ok(Over::Replace);
        }
        if open.plan.keep.is_none() {
            let is_there = target.symlink_metadata().is_ok();
            return if is_there { Err(exists(target, None)) } else { Ok(Over::Refuse) };
        }
        let standing = open.past.standing_at(target);
        if let Some(why) = standing.fault(open.idle) {
            return Err(exists(target, Some(&why)));
        }
        Ok(match standing {
            Standing::Absent | Standing::Unsure => Over::Compare,
            Standing::Ours | Standing::Incomplete => Over::Replace,
            Standing::Joined(_) | Standing::Changed(_) => Over::Refuse,
        })
    }
}

/// A release is asked for a second time.
pub(super) fn twice() -> StageError {
    StageError::new("release/clash", "this run makes the same release twice")
        .hint("name each manifest once, and give each entry of a `for_each` something of its own")
}
