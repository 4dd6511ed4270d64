//! The ends of a release: it gets its name, it is put together, it is given up, it is closed.

use std::fs;

use super::super::assemble::{Assembly, FOLDER};
use super::super::open::State;
use super::super::work::assemble;
use super::Coordinator;
use crate::event::Failure;
use crate::state::record::ReleaseRecord;
use crate::{Happening, Phase, Selection, StageError, Status};

impl Coordinator<'_, '_, '_> {
    /// Gives the release its name, and with it its place, before anything of it is made.
    pub(super) fn name(&mut self, number: usize) {
        let Some(open) = self.open.get_mut(&number) else { return };
        let selection = &self.runner.selection;
        let named = open.named(&self.runner.world.site.language, selection).and_then(|(name, target)| {
            open.over = self.runner.over(open, &target)?;
            if !self.targets.insert(target.clone()) {
                return Err(clash(&name));
            }
            open.target = Some(target);
            Ok(name)
        });
        match named {
            Ok(name) => {
                open.name = Some(name.as_str().into());
                let then = open.open_phase(Phase::Make);
                self.emit(Happening::ReleaseNamed { release: number, name });
                self.follow(number, then);
            }
            Err(error) => self.fail_release(number, &error),
        }
    }

    pub(super) fn assemble(&mut self, number: usize) {
        let Some(open) = self.open.get_mut(&number) else { return };
        let pieces = open.pieces(&self.runner.selection);
        if self.runner.selection == Selection::Deliver {
            open.assembled = true;
            let then = open.open_phase(Phase::Deliver);
            return self.follow(number, then);
        }
        if pieces.is_empty() {
            if self.runner.selection.is_whole() {
                let error = StageError::new("release/empty", "the release has no files")
                    .hint("a step without `ship: false` has to make one");
                return self.fail_release(number, &error);
            }
            open.target = None;
            return self.close(number);
        }
        let Some(target) = open.target.clone() else { return };
        if open.is_there_already(&pieces) {
            open.assembled = true;
            let then = open.open_phase(Phase::Deliver);
            return self.follow(number, then);
        }
        let folder = match self.working(number) {
            Ok(working) => working.join(FOLDER),
            Err(error) => return self.fail_release(number, &error),
        };
        let Some(open) = self.open.get_mut(&number) else { return };
        open.ran += 1;
        let record = open.remembered(self.runner.world);
        let assembly = Assembly {
            folder,
            target,
            files: pieces,
            over: open.over,
            time: open.time,
            same_time: open.past.record.as_ref().is_some_and(|record| record.time == open.time),
            keep: open.plan.keep.clone().zip(record),
        };
        let tell = self.tell.clone();
        open.busy = true;
        self.running_cpu += 1;
        self.cpu.spawn_fifo(move |_| assemble(number, assembly, &tell));
    }

    pub(super) fn assembly_over(
        &mut self,
        number: usize,
        result: Result<Option<Box<ReleaseRecord>>, StageError>,
    ) {
        self.running_cpu -= 1;
        let Some(open) = self.open.get_mut(&number) else { return };
        open.busy = false;
        match result {
            Ok(record) => {
                open.assembled = true;
                open.record = record;
                if let Some(target) = &open.target {
                    for given in &mut open.given {
                        for artifact in &mut given.artifacts {
                            let inside = target.join(&artifact.name);
                            if !artifact.path.exists() && inside.exists() {
                                artifact.path = inside;
                            }
                        }
                    }
                }
                let then = open.open_phase(Phase::Deliver);
                self.follow(number, then);
            }
            Err(error) => self.fail_release(number, &error),
        }
    }

    pub(super) fn fail_release(&mut self, number: usize, error: &StageError) {
        if let Some(open) = self.open.get_mut(&number) {
            open.failure = Some(Failure {
                code: error.code.to_string(),
                error: error.message.clone(),
                hint: error.hint.clone(),
            });
        }
        self.after_failure();
        self.abandon(number);
    }

    pub(super) fn tell_release_failed(&mut self, number: usize, error: &StageError) {
        let failure =
            Failure { code: error.code.to_string(), error: error.message.clone(), hint: error.hint.clone() };
        self.emit(Happening::ReleaseFinished {
            release: number,
            status: Status::Failed,
            path: None,
            failure: Some(failure),
            kept: None,
        });
    }

    pub(super) fn after_failure(&mut self) {
        if !self.runner.keep_going {
            self.stopping = true;
        }
    }

    /// Ends what has not begun of a release, and the release itself once nothing of it runs.
    pub(super) fn abandon(&mut self, number: usize) {
        let Some(open) = self.open.get_mut(&number) else { return };
        let mut ended = open.abandon();
        if self.stopping || open.is_lost() {
            // Steps that are ready or paused have not begun either.
            let mut waiting = self.ready.take(number);
            waiting.extend(self.paused.iter().filter(|&&(_, n, _)| n == number).map(|&(_, _, step)| step));
            self.paused.retain(|&(_, n, _)| n != number);
            for step in waiting {
                // Nothing that follows can be ready: all the rest was just abandoned.
                let _ = open.settle(step, State::Lost);
                ended.push(step);
            }
        }
        let because = match self.open.get(&number) {
            _ if self.cancel.is_cancelled() => "the run was interrupted",
            Some(open) if open.failure.is_some() => "the release failed",
            _ => "the run stopped at a failure",
        };
        for step in ended {
            let id = self.id(number, step);
            self.emit(Happening::StepSkipped {
                release: number,
                step: id,
                because: because.to_owned(),
                up_to_date: false,
                artifacts: Vec::new(),
            });
        }
        if self.open.get(&number).is_some_and(|open| open.is_over() && !open.busy) {
            self.close(number);
        }
    }

    pub(super) fn close(&mut self, number: usize) {
        let Some(open) = self.open.remove(&number) else { return };
        open.remember_deliveries(self.runner.world);
        // A run that is interrupted between the last file and the appearance has lost no step, and made no release.
        let is_whole = open.assembled || (open.name.is_some() && open.target.is_none());
        let status = if is_whole && !open.is_lost() {
            if open.ran == 0 && open.plan.keep.is_some() { Status::UpToDate } else { Status::Done }
        } else if self.cancel.is_cancelled() {
            Status::Cancelled
        } else {
            Status::Failed
        };
        let path = open.target.as_ref().filter(|_| open.assembled).map(|path| path.display().to_string());
        let kept = if matches!(status, Status::Failed | Status::Cancelled) && !open.assembled {
            self.keep(&open)
        } else {
            None
        };
        if kept.is_none() {
            self.forget(open.plan);
            // What cannot be removed goes with the run's working folder.
            let _ = open.folder.as_ref().map(fs::remove_dir_all);
        }
        self.emit(Happening::ReleaseFinished { release: number, status, path, failure: open.failure, kept });
    }
}

pub(super) fn clash(name: &str) -> StageError {
    StageError::new("release/clash", format!("this run makes two releases called `{name}`"))
        .hint("give the `name` template a fact that tells them apart")
}
