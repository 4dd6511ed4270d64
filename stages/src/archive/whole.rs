//! Archives that are one file made in one go: what `tar.gz`, `tar.zst` and `7z` have in common.
//!
//! Knows no format: it hands files to whoever packs them, each read once, with the digests later steps want of them.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read};
use std::ops::RangeInclusive;
use std::path::Path;

use engine::{Artifact, Digests, Forecast, Input, Job, OptionFault, Output, StageError};
use formats::archive::Progress;
use formats::archive::input::{Entry, Error, Open};
use formats::digest::Digester;

use super::{Archive, Hash, Host, Layout, Times, go_on};
use crate::files::{self, DigestedFile};

/// Faults of options that such an archive does not take, and of a level beyond its own.
pub(super) fn check(options: &Archive, levels: RangeInclusive<u32>) -> Vec<OptionFault> {
    let format = &options.format;
    let mut faults = Vec::new();
    if options.volume.is_some() {
        faults
            .push(OptionFault::new("volume", format!("a `{format}` is one file")).hint("leave `volume` out"));
    }
    if options.level.is_some_and(|level| !levels.contains(&level)) {
        let (least, most) = levels.into_inner();
        faults.push(OptionFault::new("level", format!("a level of `{format}` is from {least} to {most}")));
    }
    let foreign = [
        ("naming", options.naming.is_some()),
        ("host", options.host != Host::Unix),
        ("times", options.times != Times::Release),
        ("store", options.store.is_some()),
        ("hash", options.hash != Hash::Crc32),
        ("sizes", options.sizes.is_some()),
        ("most", options.most.is_some()),
        ("extended_time", options.extended_time),
        ("layout", options.layout != Layout::Plain),
    ];
    for (key, _) in foreign.iter().filter(|(_, set)| *set) {
        faults.push(
            OptionFault::new(key, format!("`{key}` is not for `format: {format}`")).hint("leave it out"),
        );
    }
    faults
}

/// What the archive is at most: as large as if nothing shrank.
pub(super) fn forecast(options: &Archive, inputs: &[Input]) -> Forecast {
    /// Fixed bytes that a file takes beside its content and its name: the blocks of a tar are the most.
    const EACH: u64 = 4 * 512;
    let read = inputs.iter().map(|input| input.artifact.size).sum();
    let room = |input: &Input| input.artifact.size + 3 * input.artifact.name.len() as u64 + EACH;
    let all: u64 = inputs.iter().map(room).sum();
    // What does not shrink is framed, which takes less than half a percent in all of the formats.
    let size = all + all / 200 + EACH;
    let name = format!("archive.{}", options.format);
    Forecast { read, files: vec![Artifact::new(&name, "", size)], exact: false, ..Forecast::default() }
}

/// Makes an archive that is written front to back by `write`, with its digests taken on the way.
pub(super) fn run(
    options: &Archive,
    job: &Job<'_>,
    write: impl FnOnce(&[Entry<'_>], &mut Open<'_>, &mut DigestedFile, &mut Progress<'_>) -> Result<(), Error>,
) -> Result<Output, StageError> {
    let name = format!("{}.{}", options.base(job)?, options.format);
    let path = files::place(job, &name)?;
    let mut file = files::create(job, &path)?;
    let inputs = pack(job, &path, |entries, open, passed| write(entries, open, &mut file, passed))?;
    let artifact = files::finish(job, &name, &path, file)?;
    Ok(Output { artifacts: vec![artifact], inputs, ..Output::default() })
}

/// Lets `write` pack all inputs into the file at `path`; gives the digests that later steps want of the inputs.
pub(super) fn pack(
    job: &Job<'_>,
    path: &Path,
    write: impl FnOnce(&[Entry<'_>], &mut Open<'_>, &mut Progress<'_>) -> Result<(), Error>,
) -> Result<Vec<Digests>, StageError> {
    let entry = |input: &'_ Input| (input.artifact.name.clone(), input.artifact.size);
    let named: Vec<(String, u64)> = job.inputs().iter().map(entry).collect();
    let entries: Vec<Entry<'_>> = named.iter().map(|(name, size)| Entry { name, size: *size }).collect();
    let total = entries.iter().map(|entry| entry.size).sum();
    let found = RefCell::new(vec![Digests::new(); entries.len()]);
    let mut done = 0;
    let mut passed = |bytes: u64| {
        done += bytes;
        job.progress(done, total, "bytes");
        go_on(job)
    };
    let mut open =
        |index: usize| -> io::Result<Box<dyn Read + '_>> { Ok(Box::new(Reading::new(job, index, &found)?)) };
    write(&entries, &mut open, &mut passed).map_err(|error| fault(job, path, error))?;
    Ok(found.into_inner())
}

/// An input whose digests are taken as it is read.
struct Reading<'a, 'j> {
    job: &'a Job<'j>,
    index: usize,
    file: File,
    digester: Option<Digester>,
    found: &'a RefCell<Vec<Digests>>,
}

impl<'a, 'j> Reading<'a, 'j> {
    fn new(job: &'a Job<'j>, index: usize, found: &'a RefCell<Vec<Digests>>) -> io::Result<Self> {
        let input = job.inputs().get(index).ok_or(io::ErrorKind::NotFound)?;
        let file = File::open(&input.artifact.path)?;
        let wanted = job.wanted_of(input);
        let digester = if wanted.is_empty() { None } else { Some(Digester::new(wanted)) };
        let digester = digester.transpose().map_err(io::Error::other)?;
        Ok(Self { job, index, file, digester, found })
    }
}

impl Read for Reading<'_, '_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let got = self.file.read(room)?;
        let bytes = room.get(..got).unwrap_or_default();
        self.job.count_read(got as u64);
        if let Some(digester) = &mut self.digester {
            digester.update(bytes);
        }
        // Whoever packs reads to the end, to be sure that there is one.
        if got == 0
            && let Some(digester) = self.digester.take()
            && let Some(found) = self.found.borrow_mut().get_mut(self.index)
        {
            found.extend(digester.finish());
        }
        Ok(got)
    }
}

fn fault(job: &Job<'_>, path: &Path, error: Error) -> StageError {
    match error {
        // The codec passes on what the job said; the job says it best.
        Error::Stopped(_) => job.check().err().unwrap_or_else(StageError::cancelled),
        Error::Write(error) => StageError::writing(path, &error),
        Error::Read { ref source, ref name } => {
            let input = job.inputs().iter().find(|input| input.artifact.name == *name);
            input.map_or_else(
                || StageError::new("input/unreadable", error.to_string()),
                |input| StageError::reading(&input.artifact.path, source),
            )
        }
        Error::SourceChanged(_) => StageError::new("input/changed", error.to_string())
            .hint("run again when nothing writes to the source any more"),
        error => StageError::input(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
