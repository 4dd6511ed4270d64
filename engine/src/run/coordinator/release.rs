//! The ends of a release: it gets its name, it is put together, it is given up, it is closed.

use std::fs;

use super::super::Selection;
use super::super::assemble::{Assembly, exists, release_name};
use super::super::open::{Open, State};
use super::super::work::assemble;
use super::Coordinator;
use crate::event::Failure;
use crate::job::template_fault;
use crate::{Happening, Phase, StageError, Status, StepIndex};

impl Coordinator<'_, '_, '_> {
    /// Gives the release its name, and with it its place, before anything of it is made.
    pub(super) fn name(&mut self, number: usize) {
        let Some(open) = self.open.get_mut(&number) else { return };
        let scope = open.scope(&open.facts_gathered());
        let language = &self.runner.world.site.language;
        let named = language.render(&open.plan.name, &scope).map_err(|error| {
            let mut fault = template_fault(&open.plan.name, error);
            if fault.code == "fact/missing" {
                fault.message = format!("{}; {}", fault.message, looked(open));
            }
            fault
        });
        let named =
            named.map(|name| name.trim().to_owned()).and_then(|name| release_name(&name).map(|()| name));
        let named = named.and_then(|name| {
            let suffix = if self.runner.selection == Selection::All { "" } else { ".partial" };
            let target = open.plan.output.join(format!("{name}{suffix}"));
            if suffix.is_empty() && !self.runner.force && target.symlink_metadata().is_ok() {
                return Err(exists(&target));
            }
            if !self.targets.insert(target.clone()) {
                return Err(StageError::new(
                    "release/clash",
                    format!("this run makes two releases called `{name}`"),
                )
                .hint("give the `name` template a fact that tells them apart"));
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
        let selection = &self.runner.selection;
        let mut files = Vec::new();
        for (index, step) in open.plan.shape.steps() {
            let ships = match selection {
                Selection::All => step.ship,
                Selection::Only(id) => step.id == *id,
                Selection::Until(_) => true,
            };
            let given = &open.given[index.index()].artifacts;
            files.extend(given.iter().filter(|_| ships).map(|a| (a.name.clone(), a.path.clone())));
        }
        if files.is_empty() {
            if *selection == Selection::All {
                let error = StageError::new("release/empty", "the release has no files")
                    .hint("a step without `ship: false` has to make one");
                return self.fail_release(number, &error);
            }
            open.target = None;
            return self.close(number);
        }
        let Some(target) = open.target.clone() else { return };
        let replace = self.runner.force || *selection != Selection::All;
        let assembly =
            Assembly { folder: open.folder.join("release"), target, files, replace, time: open.time };
        let tell = self.tell.clone();
        open.assembling = true;
        self.running_cpu += 1;
        self.cpu.spawn_fifo(move |_| assemble(number, assembly, &tell));
    }

    pub(super) fn assembly_over(&mut self, number: usize, result: Result<(), StageError>) {
        self.running_cpu -= 1;
        let Some(open) = self.open.get_mut(&number) else { return };
        open.assembling = false;
        match result {
            Ok(()) => {
                open.assembled = true;
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
            let waiting: Vec<StepIndex> = self
                .ready
                .iter()
                .map(|&(n, _, i)| (n, i))
                .chain(self.paused.iter().map(|&(_, n, i)| (n, i)))
                .filter(|&(n, _)| n == number)
                .map(|(_, i)| i)
                .collect();
            self.ready.retain(|&(n, _, _)| n != number);
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
            self.emit(Happening::StepSkipped { release: number, step: id, because: because.to_owned() });
        }
        if self.open.get(&number).is_some_and(|open| open.is_over() && !open.assembling) {
            self.close(number);
        }
    }

    pub(super) fn close(&mut self, number: usize) {
        let Some(open) = self.open.remove(&number) else { return };
        // What cannot be removed goes with the run's working folder.
        let _ = fs::remove_dir_all(&open.folder);
        let status = if !open.is_lost() {
            Status::Done
        } else if self.cancel.is_cancelled() {
            Status::Cancelled
        } else {
            Status::Failed
        };
        let path = open.target.as_ref().filter(|_| open.assembled).map(|path| path.display().to_string());
        self.emit(Happening::ReleaseFinished { release: number, status, path, failure: open.failure });
    }
}

/// Where facts were looked for.
fn looked(open: &Open<'_>) -> String {
    let gathering: Vec<String> = open
        .plan
        .shape
        .steps()
        .filter(|(_, step)| step.stage.phase() == Phase::Gather)
        .map(|(_, step)| format!("`{}`", step.id))
        .collect();
    let files: Vec<&str> = open.sources.iter().take(3).map(|source| source.name.as_str()).collect();
    let found = if gathering.is_empty() {
        String::new()
    } else {
        format!(" and in what {} found in `{}`", gathering.join(", "), files.join("`, `"))
    };
    format!("looked in `metadata:`, `vars:`{found}")
}
