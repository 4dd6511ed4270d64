//! What a worker does: one step, with its panic caught, and nothing else.

use std::any::Any;
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::Runner;
use super::assemble::Assembly;
use super::names::inner_name;
use super::open::{Found, Look, Open, changed};
use super::scratch::Resumed;
use crate::digest::{self, Digest, Digesting};
use crate::job::{Place, Said, Stop, template_fault};
use crate::reads::{self, Seen, View};
use crate::stamp::Stamp;
use crate::state::record::{MadeRecord, ReleaseRecord, StepRecord};
use crate::template::{Scope, Template, TemplateError};
use crate::{AnyStage, Artifact, Facts, Input, Job, Output, Pinned, Plan, StageError, StepIndex, Why, World};

/// What a worker tells the coordinator.
pub(super) struct Message<'p> {
    pub(super) release: usize,
    /// `None` for what concerns the whole release.
    pub(super) step: Option<StepIndex>,
    pub(super) heard: Heard<'p>,
}

pub(super) enum Heard<'p> {
    /// What earlier runs left of the release is known.
    Recalled(Result<Recalled<'p>, StageError>),
    /// The sources were looked at.
    Looked(Result<Vec<Found>, StageError>),
    Started,
    Said(Said),
    Finished {
        result: Result<Made, StageError>,
        read: u64,
        written: u64,
    },
    /// The release was put together.
    Assembled(Result<Option<Box<ReleaseRecord>>, StageError>),
}

/// A release with what earlier runs left of it.
pub(super) struct Recalled<'p> {
    pub(super) open: Box<Open<'p>>,
    /// What is to be done if some sources were never seen as they are.
    pub(super) look: Option<Look>,
    /// Nothing has to be done.
    pub(super) stands: bool,
}

/// What a step gave, and what is to be remembered of it.
pub(super) struct Made {
    pub(super) output: Output,
    pub(super) record: Option<Box<StepRecord>>,
}

/// What a worker needs to know to remember a step.
pub(super) struct Remember {
    pub(super) id: String,
    pub(super) fixed: Digest,
    pub(super) inputs: Digest,
    /// The release's working folder, which the places of files are told from.
    pub(super) working: PathBuf,
}

/// A step with all it needs, ready for a worker.
pub(super) struct Task {
    pub(super) release: usize,
    pub(super) step: StepIndex,
    pub(super) id: String,
    pub(super) stage: Arc<dyn AnyStage>,
    pub(super) inputs: Vec<Input>,
    /// What the inputs that are sources looked like, in their order.
    pub(super) stamps: Vec<Stamp>,
    pub(super) facts: Arc<Facts>,
    pub(super) scope: Scope,
    pub(super) remember: Option<Remember>,
    pub(super) wanted: BTreeSet<String>,
    pub(super) carried: Option<BTreeSet<String>>,
    pub(super) folder: PathBuf,
    pub(super) into: Option<Template>,
    pub(super) name: Option<Arc<str>>,
    pub(super) release_folder: Option<PathBuf>,
    pub(super) home: Option<PathBuf>,
    pub(super) time: i64,
    pub(super) pinned: Option<Arc<Pinned>>,
    pub(super) stop: Arc<Stop>,
    /// Whether spans are wanted.
    pub(super) traced: bool,
}

impl Task {
    /// Does the step and says so. A send can only fail when the coordinator is gone, and with it all interest.
    pub(super) fn work(self, world: &World, tell: &Sender<Message<'_>>) {
        let (release, step) = (self.release, Some(self.step));
        let send = |heard| drop(tell.send(Message { release, step, heard }));
        send(Heard::Started);
        let seen = Seen::default();
        let scope = self.scope.clone().noting(seen.clone());
        let into = self.folder_inside(world, &scope);
        let folder = Place::new(&self.folder);
        let begun = Instant::now();
        let job = Job {
            inputs: &self.inputs,
            facts: &self.facts,
            scope: &scope,
            seen: &seen,
            wanted: &self.wanted,
            carried: self.carried.as_ref(),
            folder: &folder,
            into: into.as_ref().ok().and_then(Option::as_deref),
            release: self.name.as_deref(),
            release_folder: self.release_folder.as_deref(),
            home: self.home.as_deref().or(world.home.as_deref()),
            time: self.time,
            world,
            pinned: self.pinned(),
            tell: &|said| send(Heard::Said(said)),
            stop: &self.stop,
            traced: self.traced.then_some(begun),
            read: AtomicU64::new(0),
            written: AtomicU64::new(0),
            shown: AtomicU64::new(u64::MAX),
        };
        let result = caught(|| match &into {
            Ok(_) => self.run(&job).and_then(|output| self.remembered(output, &seen, begun.elapsed())),
            Err(error) => {
                Err(template_fault(self.into.as_ref().unwrap_or(&Template::new("")), error.clone()))
            }
        });
        let (read, written) = (job.read.load(Ordering::Relaxed), job.written.load(Ordering::Relaxed));
        send(Heard::Finished { result, read, written });
    }

    fn pinned(&self) -> Option<&Facts> {
        self.pinned.as_ref()?.get(&self.id)
    }

    /// The step's `into`, filled in.
    fn folder_inside(&self, world: &World, scope: &Scope) -> Result<Option<String>, TemplateError> {
        let Some(into) = &self.into else { return Ok(None) };
        let text = world.site.language.render(into, scope)?;
        Ok(Some(text.trim_end_matches('/').to_owned()).filter(|text| !text.is_empty()))
    }

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        job.check()?;
        let output = self.stage.run(job);
        let mut output = match job.folder.fault() {
            Some(fault) => return Err(fault),
            None => output?,
        };
        self.unchanged_sources()?;
        for artifact in &mut output.artifacts {
            if let Some(folder) = job.into() {
                artifact.name = format!("{folder}/{}", artifact.name);
            }
            inner_name(artifact)?;
        }
        Ok(output)
    }

    /// What was made of a source that changed meanwhile is made of neither its old bytes nor its new ones.
    fn unchanged_sources(&self) -> Result<(), StageError> {
        let sources = self.inputs.iter().filter(|input| input.from == "source");
        for (source, stamp) in sources.zip(&self.stamps) {
            let path = &source.artifact.path;
            let found = fs::metadata(path).map_err(|error| StageError::reading(path, &error))?;
            if !Stamp::of(&found).same_content(stamp) {
                return Err(changed(&source.artifact.name));
            }
        }
        Ok(())
    }

    /// Adds what is to be remembered of the step.
    fn remembered(&self, output: Output, seen: &Seen, took: Duration) -> Result<Made, StageError> {
        let Some(remember) = &self.remember else { return Ok(Made { output, record: None }) };
        let view = View {
            scope: &self.scope,
            facts: &self.facts,
            inputs: &self.inputs,
            time: self.time,
            pinned: self.pinned(),
        };
        let mut record = StepRecord {
            id: remember.id.clone(),
            fixed: remember.fixed,
            inputs: remember.inputs,
            reads: view.all(seen.names()),
            facts: output.facts.clone(),
            learned: output.inputs.clone(),
            took: u64::try_from(took.as_millis()).ok(),
            ..StepRecord::default()
        };
        if let Some(what) = &output.unsettled {
            record.reads.insert(reads::UNSETTLED.to_owned(), what.as_str().into());
        }
        let print = record.print();
        let made = output.artifacts.iter().map(|artifact| made(artifact, print, &remember.working));
        record.made = made.collect::<Result<_, _>>()?;
        Ok(Made { output, record: Some(Box::new(record)) })
    }
}

/// A file that a step made, as it is remembered. A small one is known by its bytes, so that what hangs on it need not
/// run again when they come out the same; a large one by what it rests on.
fn made(artifact: &Artifact, print: Digest, working: &Path) -> Result<MadeRecord, StageError> {
    let id = digest::of_small_file(&artifact.path, artifact.size).unwrap_or_else(|| {
        Digesting::default()
            .part(&print.bytes())
            .part(artifact.name.as_bytes())
            .json(&artifact.digests)
            .finish()
    });
    let place = artifact.path.strip_prefix(working).ok().and_then(Path::to_str);
    let found =
        fs::symlink_metadata(&artifact.path).map_err(|error| StageError::reading(&artifact.path, &error))?;
    let lies = place.map(|place| (place.to_owned(), Stamp::of(&found).inode));
    Ok(MadeRecord { artifact: artifact.clone(), id, lies })
}

/// Recalls what is known of a release and says so. Where everything is made anew, nothing stands.
pub(super) fn recall<'p>(
    release: usize,
    plan: &'p Plan,
    resumed: Option<Resumed>,
    runner: &Runner<'_>,
    tell: &Sender<Message<'p>>,
) {
    let recalled = caught(|| {
        let mut open = Box::new(Open::new(plan, &runner.selection)?);
        if let Some(keep) = &plan.keep {
            open.recall(keep);
        }
        if runner.force {
            open.must.fill(Some(Why::Forced));
        } else {
            open.resume(resumed);
        }
        let look = open.recognise();
        let stands = look.is_none() && open.stands(runner);
        Ok(Recalled { open, look, stands })
    });
    drop(tell.send(Message { release, step: None, heard: Heard::Recalled(recalled) }));
}

/// Looks closely at the sources of a release and says what they are.
pub(super) fn look(release: usize, look: &Look, world: &World, tell: &Sender<Message<'_>>) {
    let found = caught(|| look.closely(world));
    drop(tell.send(Message { release, step: None, heard: Heard::Looked(found) }));
}

/// Puts a release together and says so.
pub(super) fn assemble(release: usize, assembly: Assembly, tell: &Sender<Message<'_>>) {
    let result = caught(|| assembly.finish());
    drop(tell.send(Message { release, step: None, heard: Heard::Assembled(result) }));
}

/// A panic is a bug in a stage: it fails that step alone.
fn caught<T>(work: impl FnOnce() -> Result<T, StageError>) -> Result<T, StageError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        Err(StageError::new("bug/panic", format!("panicked: {}", words(panic.as_ref())))
            .hint("this is a bug in Bindery: please report it with the manifest"))
    })
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
