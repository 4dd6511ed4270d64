//! The only door through which a stage reaches the world.

mod span;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Instant;

use serde_json::Value;

pub use self::span::Span;
use crate::reads::{self, Seen};
use crate::template::{Scope, Template, TemplateError};
use crate::{Artifact, Fact, Facts, FileProgress, Site, StageError, World};

/// An input of a step and who gave it.
#[derive(Clone, Debug)]
pub struct Input {
    /// The file.
    pub artifact: Artifact,
    /// The id of the step that made it, `source` for a source file.
    pub from: String,
}

/// One step at work: what it takes, what it may touch, how it tells what it does.
pub struct Job<'a> {
    pub(crate) inputs: &'a [Input],
    pub(crate) facts: &'a Facts,
    pub(crate) scope: &'a Scope,
    pub(crate) seen: &'a Seen,
    pub(crate) wanted: &'a BTreeSet<String>,
    pub(crate) carried: Option<&'a BTreeSet<String>>,
    pub(crate) folder: &'a Place<'a>,
    pub(crate) into: Option<&'a str>,
    pub(crate) release: Option<&'a str>,
    pub(crate) release_folder: Option<&'a Path>,
    pub(crate) home: Option<&'a Path>,
    pub(crate) time: i64,
    pub(crate) world: &'a World,
    pub(crate) pinned: Option<&'a Facts>,
    pub(crate) tell: &'a (dyn Fn(Said) + Sync),
    pub(crate) stop: &'a Stop,
    /// When the step began, if spans are wanted.
    pub(crate) traced: Option<Instant>,
    pub(crate) read: AtomicU64,
    pub(crate) written: AtomicU64,
    pub(crate) shown: AtomicU64,
}

/// The directory of a step, which is made when the step first asks for it.
pub(crate) struct Place<'a> {
    path: &'a Path,
    made: OnceLock<io::Result<()>>,
}

impl<'a> Place<'a> {
    pub(crate) const fn new(path: &'a Path) -> Self {
        Self { path, made: OnceLock::new() }
    }

    /// Why it could not be made, if it could not; whatever the stage says of a missing folder is only what followed.
    pub(crate) fn fault(&self) -> Option<StageError> {
        let error = self.made.get()?.as_ref().err()?;
        Some(StageError::writing(self.path, error))
    }

    fn made(&self) -> &'a Path {
        let _ = self.made.get_or_init(|| make_room(self.path));
        self.path
    }
}

/// Makes a folder, and empties the one that a run that was cut off has left.
fn make_room(folder: &Path) -> io::Result<()> {
    if let Some(above) = folder.parent() {
        fs::create_dir_all(above)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_dir_all(folder)?;
            fs::create_dir(folder)
        }
        made => made,
    }
}

/// What a job says while it runs.
#[derive(Debug)]
pub(crate) enum Said {
    Progress { done: u64, total: u64, unit: &'static str, files: Vec<FileProgress> },
    Note(String),
    Span { name: String, after_us: u64, took_us: u64 },
}

/// Tells a running job to stop, and why.
#[derive(Debug, Default)]
pub(crate) struct Stop(AtomicU8);

impl Stop {
    pub(crate) const CANCELLED: u8 = 1;
    pub(crate) const TIMED_OUT: u8 = 2;

    pub(crate) fn set(&self, why: u8) {
        self.0.store(why, Ordering::Relaxed);
    }
}

impl Job<'_> {
    /// What the step takes, in the order of its `from`.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        self.inputs
    }

    /// The facts that reach the step. The step counts as resting on all of them; where one is enough, see
    /// [`Job::fact`].
    #[must_use]
    pub fn facts(&self) -> &Facts {
        self.seen.note(reads::ALL_FACTS);
        self.facts
    }

    /// The value of one fact that reaches the step.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&Value> {
        self.seen.note(name);
        self.facts.value(name)
    }

    /// One fact that reaches the step, with its provenance.
    #[must_use]
    pub fn known(&self, name: &str) -> Option<&Fact> {
        self.seen.note(name);
        self.facts.get(name)
    }

    /// The algorithms of the digests that later steps want of what this one writes.
    #[must_use]
    pub fn wanted(&self) -> &BTreeSet<String> {
        self.wanted
    }

    /// The algorithms of the digests that later steps want of an input, which this step is to give
    /// ([`Output::inputs`](crate::Output::inputs)) if it can.
    #[must_use]
    pub fn wanted_of(&self, input: &Input) -> &BTreeSet<String> {
        const NONE: &BTreeSet<String> = &BTreeSet::new();
        if input.from == "source" { self.carried.unwrap_or(NONE) } else { NONE }
    }

    /// The step's own directory: it exists, is empty, and lies on the file system of the output. It is made when it
    /// is asked for; a step that does not ask has none.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.made()
    }

    /// The folder inside the release in which the step's files will lie, without a `/` at its end.
    #[must_use]
    pub fn into(&self) -> Option<&str> {
        self.into
    }

    /// The release's name; none while facts are still being gathered.
    #[must_use]
    pub fn release(&self) -> Option<&str> {
        self.seen.note("release");
        self.release
    }

    /// Where the finished release lies; none before it is delivered.
    #[must_use]
    pub fn release_folder(&self) -> Option<&Path> {
        self.release_folder
    }

    /// The folder in which a stage may keep things between runs (`.bindery`); none where nothing is to be left behind.
    #[must_use]
    pub fn home(&self) -> Option<&Path> {
        self.home
    }

    /// The one time of the release, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn time(&self) -> i64 {
        self.seen.note(reads::TIME);
        self.time
    }

    /// Where the manifest stands.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.world.site
    }

    /// The facts that the step gave once and that it is to give again as they are, instead of asking anybody.
    #[must_use]
    pub fn pinned(&self) -> Option<&Facts> {
        self.seen.note(reads::PINNED);
        self.pinned
    }

    /// Whether nobody outside may be asked for anything.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.world.offline
    }

    /// The world outside, for secrets.
    #[must_use]
    pub fn world(&self) -> &World {
        self.world
    }

    /// What templates see: facts, `vars`, `group`, `release`, `now`, `files` (the inputs) and `item`.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let mut scope = self.scope.clone();
        scope.set(reads::FILES, reads::files(self.inputs));
        scope
    }

    /// Renders a template over [`Job::scope`].
    pub fn render(&self, template: &Template) -> Result<String, StageError> {
        self.site().language.render(template, &self.scope()).map_err(|error| template_fault(template, error))
    }

    /// Says how far the work is. Cheap to call often: what would not be seen is not told.
    pub fn progress(&self, done: u64, total: u64, unit: &'static str) {
        self.progress_of(done, total, unit, Vec::new());
    }

    /// The same, with how far single files are.
    pub fn progress_of(&self, done: u64, total: u64, unit: &'static str, files: Vec<FileProgress>) {
        let share = done.saturating_mul(200).checked_div(total).map_or(done >> 23, |share| share + 1);
        if self.shown.swap(share, Ordering::Relaxed) != share {
            (self.tell)(Said::Progress { done, total, unit, files });
        }
    }

    /// Says something that is no failure.
    pub fn note(&self, message: impl Into<String>) {
        (self.tell)(Said::Note(message.into()));
    }

    /// Counts bytes read from files.
    pub fn count_read(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts bytes written to files.
    pub fn count_written(&self, bytes: u64) {
        self.written.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Fails if the step should stop: cancelled, or out of time. Long work asks at least every few megabytes.
    pub fn check(&self) -> Result<(), StageError> {
        match self.stop.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            Stop::TIMED_OUT => {
                Err(StageError::new("step/timeout", "took longer than its `timeout`").retriable())
            }
            _ => Err(StageError::cancelled()),
        }
    }
}

/// Says which fact a template misses, where it was looked for, and how to set it.
pub(crate) fn template_fault(template: &Template, error: TemplateError) -> StageError {
    let text: String = template.text().chars().take(120).collect();
    match error {
        TemplateError::Missing { names } => {
            let first = names.first().map_or("…", String::as_str);
            let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            StageError::new(
                "fact/missing",
                format!("nobody knows {}, which `{text}` needs", quoted.join(" and ")),
            )
            .hint(format!("set it under `metadata:` (`{first}: …`), or give the template a `| default:`"))
        }
        error => StageError::new("template/invalid", format!("`{text}`: {error}")),
    }
}
