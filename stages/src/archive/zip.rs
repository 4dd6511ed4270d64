//! ZIP archives: one of everything, or one for each file.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Seek};
use std::path::Path;

use engine::{Artifact, Input, Job, OptionFault, Output, StageError};
use formats::archive::dos_time::DosTime;
use formats::archive::zip::{Error, Writer, pack};
use globset::GlobSet;

use super::{Archive, Host, Naming, Times, Volume, go_on};
use crate::files::{self, DigestedFile};

/// Longest base of an 8.3 name.
const SHORT: usize = 8;

pub(super) fn check(options: &Archive) -> Vec<OptionFault> {
    let mut faults = Vec::new();
    if let Some(Volume::Size(_)) = options.volume {
        faults.push(
            OptionFault::new("volume", "a ZIP is not split")
                .hint("write `each` for an archive a file, or put RAR volumes inside"),
        );
    }
    if options.level.is_some_and(|level| level > 9) {
        faults.push(OptionFault::new("level", "a level is from 0 to 9"));
    }
    let foreign = [
        ("naming", options.naming != Naming::Old),
        ("host", options.host != Host::Unix),
        ("times", options.times != Times::Release),
    ];
    for (key, _) in foreign.iter().filter(|(_, set)| *set) {
        faults.push(OptionFault::new(key, format!("`{key}` is for `format: rar4`")));
    }
    faults
}

pub(super) fn run(options: &Archive, job: &Job<'_>) -> Result<Output, StageError> {
    let base = options.base(job)?;
    let stored = options.stored().map_err(|error| StageError::input(error.to_string()))?;
    let mut work = Work { options, job, stored, done: 0, total: 0 };
    let inputs: Vec<&Input> = job.inputs().iter().collect();
    if options.volume != Some(Volume::Each) {
        work.total = inputs.iter().map(|input| input.artifact.size).sum();
        let artifact = work.archive(&format!("{base}.zip"), &inputs)?;
        return Ok(Output { artifacts: vec![artifact], ..Output::default() });
    }
    let first = inputs.first().map(|input| input.from.as_str());
    let (each, shared): (Vec<&Input>, Vec<&Input>) =
        inputs.iter().partition(|input| Some(input.from.as_str()) == first);
    work.total = each.iter().map(|input| input.artifact.size).sum::<u64>()
        + shared.iter().map(|input| input.artifact.size).sum::<u64>() * each.len() as u64;
    let mut artifacts = Vec::with_capacity(each.len());
    for (number, input) in each.iter().enumerate() {
        let members: Vec<&Input> = std::iter::once(*input).chain(shared.iter().copied()).collect();
        artifacts.push(work.archive(&short_name(&base, number + 1, each.len())?, &members)?);
    }
    Ok(Output { artifacts, ..Output::default() })
}

/// An 8.3 name with a running number: letters and digits of `base`, as many as leave room for the number.
fn short_name(base: &str, number: usize, count: usize) -> Result<String, StageError> {
    let digits = count.to_string().len().max(2);
    let letters: String =
        base.chars().filter(char::is_ascii_alphanumeric).take(SHORT.saturating_sub(digits)).collect();
    if letters.is_empty() {
        return Err(StageError::input(format!("no letter or digit of `{base}` is left for an 8.3 name"))
            .hint("set `base` to a template that gives some, such as `{{ title | ascii }}`"));
    }
    Ok(format!("{}{number:0digits$}.zip", letters.to_ascii_lowercase()))
}

struct Work<'a, 'j> {
    options: &'a Archive,
    job: &'a Job<'j>,
    stored: GlobSet,
    done: u64,
    total: u64,
}

impl Work<'_, '_> {
    fn archive(&mut self, name: &str, members: &[&Input]) -> Result<Artifact, StageError> {
        let job = self.job;
        let path = files::place(job, name)?;
        let file = files::create(job, &path)?;
        let mut writer = Writer::new(file, DosTime::from_unix(job.time()));
        for input in members {
            self.add(&mut writer, input).map_err(|error| self.fault(&path, input, error))?;
        }
        let file = writer.finish().map_err(|error| StageError::writing(&path, &io_of(error)))?;
        files::finish(job, name, &path, file)
    }

    fn add(&mut self, writer: &mut Writer<DigestedFile>, input: &Input) -> Result<(), Failure> {
        let job = self.job;
        let artifact = &input.artifact;
        let file = files::open(&artifact.path)?;
        if self.stored.is_match(&artifact.name) || self.options.level == Some(0) {
            let digests = files::digests(job, artifact, &BTreeSet::from(["crc32".to_owned()]), |_| {})?;
            let crc32 =
                digests.get("crc32").and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or_default();
            job.count_read(artifact.size);
            writer.store(
                &artifact.name,
                artifact.size,
                crc32,
                &mut BufReader::new(file),
                &mut self.passed(),
            )?;
            return Ok(());
        }
        let mut scratch = Scratch::new(job.folder())?;
        let mut source = BufReader::new(file);
        let mut packed =
            pack(&mut source, self.options.level.unwrap_or(6), &mut scratch.0, &mut self.passed())?;
        job.count_read(packed.size());
        if packed.size() != artifact.size {
            return Err(Error::SourceChanged(artifact.name.clone()).into());
        }
        source.rewind().map_err(|error| StageError::reading(&artifact.path, &error))?;
        writer.deflate(&artifact.name, &mut packed, &mut source, &mut |_| go_on(job))?;
        Ok(())
    }

    fn passed(&mut self) -> impl FnMut(u64) -> std::io::Result<()> {
        let (job, total) = (self.job, self.total);
        let done = &mut self.done;
        move |bytes| {
            *done += bytes;
            job.progress(*done, total, "bytes");
            go_on(job)
        }
    }

    fn fault(&self, path: &Path, input: &Input, failure: Failure) -> StageError {
        match failure {
            Failure::Stage(error) => error,
            Failure::Zip(Error::Write(error) | Error::Scratch(error)) => StageError::writing(path, &error),
            Failure::Zip(Error::Read(error)) => StageError::reading(&input.artifact.path, &error),
            Failure::Zip(Error::Stopped(_)) => self.job.check().err().unwrap_or_else(StageError::cancelled),
            Failure::Zip(error @ Error::SourceChanged(_)) => {
                StageError::new("input/changed", error.to_string())
                    .hint("run again when nothing writes to the source any more")
            }
            Failure::Zip(error) => StageError::input(error.to_string()),
        }
    }
}

fn io_of(error: Error) -> std::io::Error {
    match error {
        Error::Write(error) => error,
        other => std::io::Error::other(other.to_string()),
    }
}

enum Failure {
    Stage(StageError),
    Zip(Error),
}

impl From<StageError> for Failure {
    fn from(error: StageError) -> Self {
        Self::Stage(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Zip(error)
    }
}

/// A nameless file: gone when it is closed, however the process ends.
struct Scratch(File);

impl Scratch {
    fn new(folder: &Path) -> Result<Self, StageError> {
        let path = folder.join("scratch");
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path);
        file.and_then(|file| std::fs::remove_file(&path).map(|()| Self(file)))
            .map_err(|error| StageError::writing(&path, &error))
    }
}

#[cfg(test)]
mod tests;
