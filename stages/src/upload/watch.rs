//! Runs the deliveries of a step side by side, and tells the job what there is to be seen of them.
//!
//! The one place where a delivery meets the job: deliveries themselves know a [`Flow`].

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use engine::{FileProgress, Job, StageError, World};
use formats::archive::name;

use super::Upload;
use super::deliver::{Delivered, Delivery, Release};
use super::destination::Destination;
use super::flow::Flow;
use super::kinds;
use super::source::{Shelf, Source};

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// Most files under way that are told of at a time.
const MOST_FILES: usize = 8;

/// Delivers to all destinations of a step at once. It fails when one of them does, after the others are done.
pub(super) fn deliver(upload: &Upload, job: &Job<'_>) -> Result<(), StageError> {
    let names = upload.names();
    let flow: Arc<Flow> = Arc::default();
    flow.set_second_of_day((job.world().time_of_day)());
    let opened: Result<Vec<_>, StageError> =
        names.iter().map(|name| kinds::open(name, job.world(), &flow)).collect();
    let opened = opened?;
    let sources = sources(job, names.len(), &flow)?;
    let size: u64 = sources.iter().map(|source| source.size).sum();
    flow.total.store(size.saturating_mul(names.len() as u64), Ordering::Relaxed);
    let turns = upload.order.turns().map_err(StageError::input)?;
    let written: Vec<_> = names.iter().map(|name| upload.written(name)).collect();
    let path = job.release_folder().unwrap_or(std::path::Path::new(""));
    let releases: Vec<Release<'_>> = written
        .iter()
        .map(|options| Release {
            name: job.release().unwrap_or_default(),
            path,
            is_file: path.is_file(),
            sources: &sources,
            turns: &turns,
            proof: upload.proof,
            on_conflict: upload.on_conflict,
            options,
            home: job.home(),
            is_shared: names.len() > 1,
        })
        .collect();
    let deliveries: Vec<Delivery<'_>> = opened
        .iter()
        .zip(&releases)
        .map(|(opened, release)| Delivery { release, opened, flow: &flow })
        .collect();
    let outcomes = side_by_side(&deliveries, &flow, job);
    let told = |delivery: &Delivery<'_>, done: &Delivered| job.note(summary(delivery, done));
    deliveries
        .iter()
        .zip(&outcomes)
        .for_each(|(one, outcome)| outcome.iter().for_each(|done| told(one, done)));
    job.count_read(flow.read.load(Ordering::Relaxed));
    job.count_written(flow.sent.load(Ordering::Relaxed));
    together(outcomes)
}

/// The files of the release, each name once.
fn sources(job: &Job<'_>, takers: usize, flow: &Arc<Flow>) -> Result<Vec<Source>, StageError> {
    let shelf: Arc<Shelf> = Arc::default();
    let mut sources: std::collections::BTreeMap<&str, Source> = std::collections::BTreeMap::new();
    for input in job.inputs() {
        let artifact = &input.artifact;
        name::check(&artifact.name).map_err(|why| {
            StageError::new(
                "release/escape",
                format!("no file can be called {:?} there: {why}", artifact.name),
            )
        })?;
        if !sources.contains_key(artifact.name.as_str()) {
            sources.insert(&artifact.name, Source::new(artifact, takers, &shelf, flow)?);
        }
    }
    Ok(sources.into_values().collect())
}

fn side_by_side(
    deliveries: &[Delivery<'_>],
    flow: &Flow,
    job: &Job<'_>,
) -> Vec<Result<Delivered, StageError>> {
    let (tell, hear) = channel();
    thread::scope(|scope| {
        let threads: Vec<_> = deliveries
            .iter()
            .map(|delivery| {
                let tell = tell.clone();
                scope.spawn(move || {
                    let done = delivery.run();
                    // Only somebody who is gone would not hear it.
                    let _ = tell.send(());
                    done
                })
            })
            .collect();
        drop(tell);
        let mut left = threads.len();
        while left > 0 {
            match hear.recv_timeout(LOOK) {
                Ok(()) => left -= 1,
                // A thread that panicked says nothing and is found when it is joined.
                Err(RecvTimeoutError::Disconnected) => left = 0,
                Err(RecvTimeoutError::Timeout) => {}
            }
            look(flow, job);
        }
        let panicked = |_| Err(StageError::new("bug/panic", "a delivery panicked"));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
    })
}

/// Tells the flow what the job knows, and the job what the flow knows.
fn look(flow: &Flow, job: &Job<'_>) {
    if let Err(error) = job.check() {
        flow.stop(&error);
    }
    flow.set_second_of_day((job.world().time_of_day)());
    flow.take_notes().into_iter().for_each(|note| job.note(note));
    let under_way = flow.files().into_iter().take(MOST_FILES);
    let files = under_way.map(|(name, done, total)| FileProgress { name, done, total }).collect();
    let (done, total) = (flow.done.load(Ordering::Relaxed), flow.total.load(Ordering::Relaxed));
    job.progress_of(done, total, "bytes", files);
}

/// Lets something that is no step use destinations: asks `cancelled` now and then, and hands notes to `note`.
pub(super) fn beside<T: Send>(
    world: &World,
    cancelled: &(dyn Fn() -> bool + Sync),
    note: &dyn Fn(String),
    act: impl FnOnce(&Arc<Flow>) -> T + Send,
) -> T {
    let flow: Arc<Flow> = Arc::default();
    flow.set_second_of_day((world.time_of_day)());
    let (tell, hear) = channel::<()>();
    let done = thread::scope(|scope| {
        let flow = &flow;
        let thread = scope.spawn(move || {
            let _tell = tell;
            act(flow)
        });
        while hear.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            if cancelled() {
                flow.stop(&StageError::cancelled());
            }
            flow.set_second_of_day((world.time_of_day)());
            flow.take_notes().into_iter().for_each(note);
        }
        thread.join()
    });
    flow.take_notes().into_iter().for_each(note);
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn summary(delivery: &Delivery<'_>, done: &Delivered) -> String {
    let opened = delivery.opened;
    let count = done.sent + done.found;
    let files = if count == 1 { "file" } else { "files" };
    if opened.common.dry_run {
        return format!(
            "`{}`: a dry run: {} of {count} {files} would be sent to {} as `{}`",
            opened.name,
            done.sent,
            opened.destination.address(),
            done.name
        );
    }
    let before = match (done.sent, done.found) {
        (_, 0) => String::new(),
        (0, _) => ", which was there already".to_owned(),
        (_, 1) => ", 1 of them was there already".to_owned(),
        (_, found) => format!(", {found} of them were there already"),
    };
    let proven = done.reached.as_ref().map_or_else(String::new, |reached| {
        if reached.by == reached.proof.word() {
            format!("; proven by {}", reached.by)
        } else {
            format!("; proven by {} ({})", reached.proof, reached.by)
        }
    });
    let address = opened.destination.address();
    format!("`{}`: {count} {files} at {address} as `{}`{before}{proven}", opened.name, done.name)
}

/// One failure for all that failed. It may pass if all of them may.
fn together(outcomes: Vec<Result<Delivered, StageError>>) -> Result<(), StageError> {
    let mut failures = outcomes.into_iter().filter_map(Result::err);
    let Some(mut first) = failures.next() else { return Ok(()) };
    for more in failures {
        if first.code != "step/cancelled" {
            first.message = format!("{}; {}", first.message, more.message);
            first.retriable &= more.retriable;
        }
    }
    Err(first)
}
