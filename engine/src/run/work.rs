//! What a worker does: one step, with its panic caught, and nothing else.

use std::any::Any;
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;

use super::assemble::{Assembly, inner_name};
use crate::job::{Said, Stop, template_fault};
use crate::template::{Scope, Template, TemplateError};
use crate::{AnyStage, Facts, Input, Job, Output, StageError, StepIndex, World};

/// What a worker tells the coordinator.
pub(super) struct Message {
    pub(super) release: usize,
    /// `None` for the assembly of the release.
    pub(super) step: Option<StepIndex>,
    pub(super) heard: Heard,
}

pub(super) enum Heard {
    Started,
    Said(Said),
    Finished { result: Result<Output, StageError>, read: u64, written: u64 },
}

/// A step with all it needs, ready for a worker.
pub(super) struct Task {
    pub(super) release: usize,
    pub(super) step: StepIndex,
    pub(super) stage: Arc<dyn AnyStage>,
    pub(super) inputs: Vec<Input>,
    pub(super) facts: Arc<Facts>,
    pub(super) scope: Scope,
    pub(super) wanted: BTreeSet<String>,
    pub(super) carried: Option<BTreeSet<String>>,
    pub(super) folder: PathBuf,
    pub(super) into: Option<Template>,
    pub(super) name: Option<Arc<str>>,
    pub(super) release_folder: Option<PathBuf>,
    pub(super) time: i64,
    pub(super) stop: Arc<Stop>,
}

impl Task {
    /// Does the step and says so. A send can only fail when the coordinator is gone, and with it all interest.
    pub(super) fn work(self, world: &World, tell: &Sender<Message>) {
        let (release, step) = (self.release, Some(self.step));
        let send = |heard: Heard| drop(tell.send(Message { release, step, heard }));
        send(Heard::Started);
        let into = self.folder_inside(world);
        let job = Job {
            inputs: &self.inputs,
            facts: &self.facts,
            scope: &self.scope,
            wanted: &self.wanted,
            carried: self.carried.as_ref(),
            folder: &self.folder,
            into: into.as_ref().ok().and_then(Option::as_deref),
            release: self.name.as_deref(),
            release_folder: self.release_folder.as_deref(),
            time: self.time,
            world,
            tell: &|said| send(Heard::Said(said)),
            stop: &self.stop,
            read: AtomicU64::new(0),
            written: AtomicU64::new(0),
            shown: AtomicU64::new(u64::MAX),
        };
        let result = caught(|| match &into {
            Ok(_) => self.run(&job),
            Err(error) => {
                Err(template_fault(self.into.as_ref().unwrap_or(&Template::new("")), error.clone()))
            }
        });
        let (read, written) = (job.read.load(Ordering::Relaxed), job.written.load(Ordering::Relaxed));
        send(Heard::Finished { result, read, written });
    }

    /// The step's `into`, filled in.
    fn folder_inside(&self, world: &World) -> Result<Option<String>, TemplateError> {
        let Some(into) = &self.into else { return Ok(None) };
        let text = world.site.language.render(into, &self.scope)?;
        Ok(Some(text.trim_end_matches('/').to_owned()).filter(|text| !text.is_empty()))
    }

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        job.check()?;
        fs::create_dir_all(&self.folder).map_err(|error| StageError::writing(&self.folder, &error))?;
        let mut output = self.stage.run(job)?;
        for artifact in &mut output.artifacts {
            if let Some(folder) = job.into() {
                artifact.name = format!("{folder}/{}", artifact.name);
            }
            inner_name(artifact)?;
        }
        Ok(output)
    }
}

/// Puts a release together and says so.
pub(super) fn assemble(release: usize, assembly: Assembly, tell: &Sender<Message>) {
    let result = caught(|| assembly.finish().map(|()| Output::default()));
    let heard = Heard::Finished { result, read: 0, written: 0 };
    drop(tell.send(Message { release, step: None, heard }));
}

/// A panic is a bug in a stage: it fails that step alone.
fn caught(work: impl FnOnce() -> Result<Output, StageError>) -> Result<Output, StageError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        Err(StageError::new("bug/panic", format!("panicked: {}", words(panic.as_ref())))
            .hint("this is a bug in Bindery: please report it with the manifest"))
    })
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
