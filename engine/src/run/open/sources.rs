//! The sources of a release: what they look like, and whether they are what they were.
//!
//! A file is recognised by its stamp without being read. What is not recognised is read for its digest where that is
//! cheap, or where it can save work; a large file that is seen for the first time is known by its stamp alone, so that
//! no byte of it is read twice.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::digest::{self, Digest, Digesting};
use crate::stamp::Stamp;
use crate::state::record::SourceRecord;
use crate::{Artifact, Plan, Source, StageError, TimeRule, World};

/// What a source looked like.
#[derive(Clone, Debug)]
pub(in crate::run) struct Found {
    pub(in crate::run) stamp: Stamp,
    /// Whether an equal stamp will mean equal bytes.
    pub(in crate::run) sure: bool,
    /// What stands for its bytes.
    pub(in crate::run) id: Digest,
    pub(in crate::run) blake3: Option<String>,
    pub(in crate::run) crc32: Option<String>,
}

impl Found {
    const fn new(stamp: Stamp, sure: bool) -> Self {
        Self { stamp, sure, id: Digest::from_bytes([0; 16]), blake3: None, crc32: None }
    }
}

/// Sources that have to be looked at more closely than stamps allow, on a worker.
pub(in crate::run) struct Look {
    sources: Vec<(Source, Option<SourceRecord>)>,
}

/// Sources that are no more than this in all are read for their digests when they are seen for the first time.
const SMALL: u64 = 16 << 20;
/// How often a file is waited for that changes again and again.
const TRIES: usize = 8;

/// The source files as they are now.
pub(super) fn at_first_sight(plan: &Plan) -> Result<(Vec<Artifact>, Vec<Found>), StageError> {
    let mut artifacts = Vec::with_capacity(plan.sources.len());
    let mut found = Vec::with_capacity(plan.sources.len());
    for source in &plan.sources {
        let stamp = stamp(source)?;
        artifacts.push(Artifact::new(&source.name, &source.path, stamp.size));
        found.push(Found::new(stamp, false));
    }
    Ok((artifacts, found))
}

/// The one time of the release.
pub(super) fn time(plan: &Plan, found: &[Found]) -> i64 {
    match plan.time {
        TimeRule::At(time) => time,
        TimeRule::NewestSource => {
            found.iter().map(|found| found.stamp.modified_seconds()).max().unwrap_or_default().max(0)
        }
    }
}

/// Recognises the sources that an earlier run has seen; gives what is to be done if there are others.
pub(super) fn recognise(plan: &Plan, found: &mut [Found], known: &[SourceRecord]) -> Option<Look> {
    let by_name = |name: &str, at: usize| {
        // Sources keep their order, so the one at the same place is nearly always the one.
        let same = known.get(at).filter(|record| record.name == name);
        same.or_else(|| known.iter().find(|record| record.name == name))
    };
    let mut all_known = true;
    let mut sources = Vec::new();
    for (at, (source, found)) in plan.sources.iter().zip(found).enumerate() {
        let record = by_name(&source.name, at);
        match record.filter(|record| record.sure && record.stamp == found.stamp) {
            Some(record) => take_over(found, record),
            None => all_known = false,
        }
        sources.push((source.clone(), record.cloned()));
    }
    (!all_known).then_some(Look { sources })
}

impl Look {
    /// Waits until changes of the files would show, and reads what has to be read.
    pub(in crate::run) fn closely(&self, world: &World) -> Result<Vec<Found>, StageError> {
        let mut found = Vec::with_capacity(self.sources.len());
        for (source, _) in &self.sources {
            let (stamp, sure) = settled(source, world)?;
            found.push(Found::new(stamp, sure));
        }
        let is_small = found.iter().map(|found| found.stamp.size).sum::<u64>() <= SMALL;
        for ((source, record), found) in self.sources.iter().zip(&mut found) {
            if let Some(record) = record.as_ref().filter(|record| record.sure && record.stamp == found.stamp)
            {
                take_over(found, record);
                continue;
            }
            let known = record.as_ref().filter(|record| record.stamp.size == found.stamp.size);
            if is_small || known.is_some_and(|known| known.blake3.is_some()) {
                let blake3 = read(source, found, digest::of_file)?;
                found.id = Digest::of(blake3.as_bytes());
                found.blake3 = Some(blake3);
            } else {
                // What may have changed unseen is like nothing that was or will be.
                let once = if found.sure { 0 } else { (world.now)() };
                found.id = Digesting::default().json(&found.stamp).json(&once).finish();
                if known.is_some_and(|known| known.crc32.is_some()) {
                    found.crc32 = Some(read(source, found, digest::crc32_of_file)?);
                }
            }
            // A large file that is seen for the first time is known by its stamp; what it held is known by now.
            let same = |known: &&SourceRecord| {
                known.blake3.as_ref().map_or_else(
                    || known.crc32.is_some() && known.crc32 == found.crc32,
                    |blake3| found.blake3.as_ref() == Some(blake3),
                )
            };
            if let Some(known) = known.filter(same) {
                found.id = known.id;
            }
        }
        Ok(found)
    }
}

fn take_over(found: &mut Found, record: &SourceRecord) {
    found.sure = true;
    found.id = record.id;
    found.blake3.clone_from(&record.blake3);
    found.crc32.clone_from(&record.crc32);
}

/// The stamp of a source once no change of it can hide, and whether that could be waited for.
fn settled(source: &Source, world: &World) -> Result<(Stamp, bool), StageError> {
    let mut found = stamp(source)?;
    for _ in 0..TRIES {
        match found.settles_in((world.now)()) {
            None => return Ok((found, false)),
            Some(Duration::ZERO) => return Ok((found, true)),
            Some(left) => thread::sleep(left),
        }
        found = stamp(source)?;
    }
    Ok((found, false))
}

/// Reads a source for a digest.
fn read(
    source: &Source,
    found: &Found,
    digest: fn(&Path) -> io::Result<String>,
) -> Result<String, StageError> {
    let digest = digest(&source.path).map_err(|error| StageError::reading(&source.path, &error))?;
    if !stamp(source)?.same_content(&found.stamp) {
        return Err(changed(&source.name));
    }
    Ok(digest)
}

/// A source is no more what it was when the run began.
pub(in crate::run) fn changed(name: &str) -> StageError {
    StageError::new("input/changed", format!("`{name}` changed while it was read"))
        .hint("run again when nothing writes to the source any more")
}

fn stamp(source: &Source) -> Result<Stamp, StageError> {
    let found = std::fs::metadata(&source.path).map_err(|error| match &source.origin {
        Some(origin) if error.kind() == ErrorKind::NotFound => {
            let message = format!("`{}` was not fetched from {} yet", source.name, origin.url);
            StageError::new("input/missing", message)
                .hint("`bindery fetch` fetches it, and so does `bindery run`")
        }
        _ => StageError::reading(&source.path, &error),
    })?;
    if !found.is_file() {
        return Err(StageError::new(
            "input/unreadable",
            format!("`{}` is not a file", source.path.display()),
        ));
    }
    Ok(Stamp::of(&found))
}
