//! Stored RAR 4 volumes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use engine::{Artifact, Job, OptionFault, Output, StageError};
use formats::archive::rar4::{self, Entry, Error, Layout, Options, PartCrcs, write_volume};

use super::{Archive, Host, Naming, Volume, go_on};
use crate::files;

/// The smallest volume that is worth having: it holds the headers of any name.
const SMALLEST: u64 = 1_000;

pub(super) fn check(options: &Archive) -> Vec<OptionFault> {
    let mut faults = Vec::new();
    match options.volume {
        Some(Volume::Each) => faults.push(
            OptionFault::new("volume", "`each` is for `format: zip`")
                .hint("give the size of a volume, such as `50MB`"),
        ),
        Some(Volume::Size(size)) if size < SMALLEST => faults.push(
            OptionFault::new("volume", format!("a volume of {size} bytes is too small"))
                .hint(format!("the smallest is {SMALLEST} bytes; `15MB` or `50MB` are usual")),
        ),
        Some(Volume::Size(_)) | None => {}
    }
    for (key, set) in [("level", options.level.is_some()), ("store", options.store.is_some())] {
        if set {
            faults.push(
                OptionFault::new(key, format!("`{key}` is for `format: zip`"))
                    .hint("RAR volumes are stored: leave it out"),
            );
        }
    }
    faults
}

pub(super) fn run(options: &Archive, job: &Job<'_>) -> Result<Output, StageError> {
    let mut entries = Vec::with_capacity(job.inputs().len());
    for input in job.inputs() {
        let modified = options.time_of(job, input)?;
        entries.push(Entry::file(&input.artifact.name, input.artifact.size, modified));
    }
    let layout =
        Layout::new(entries, &options.base(job)?, rar_options(options)).map_err(|error| fault(job, error))?;
    let mut sources = Sources { job, open: None };
    let total = job.inputs().iter().map(|input| input.artifact.size).sum();
    let mut done = 0;
    let mut crcs = PartCrcs::new(&layout);
    let mut artifacts = Vec::with_capacity(layout.volumes().len());
    for (index, volume) in layout.volumes().iter().enumerate() {
        let path = files::place(job, &volume.name)?;
        let mut file = files::create(job, &path)?;
        let mut read = |entry: usize, offset: u64, room: &mut [u8]| sources.read(entry, offset, room);
        let mut passed = |bytes: u64| {
            done += bytes;
            job.progress(done, total, "bytes");
            go_on(job)
        };
        let written =
            write_volume(&layout, index, &mut crcs, &mut read, &mut file, &mut passed).map_err(|error| {
                match error {
                    Error::Write(error) => StageError::writing(&path, &error),
                    error => fault(job, error),
                }
            })?;
        let mut artifact: Artifact = files::finish(job, &volume.name, &path, file)?;
        artifact.digests.insert("crc32", format!("{:08x}", written.crc32));
        artifacts.push(artifact);
    }
    Ok(Output { artifacts, ..Output::default() })
}

/// The sources, one open at a time: there may be more of them than a process may have open.
struct Sources<'a, 'j> {
    job: &'a Job<'j>,
    open: Option<(usize, File)>,
}

impl Sources<'_, '_> {
    fn read(&mut self, entry: usize, offset: u64, room: &mut [u8]) -> io::Result<()> {
        if self.open.as_ref().is_none_or(|(at, _)| *at != entry) {
            self.open = Some((entry, self.fresh(entry)?));
        }
        if let Some((_, file)) = &self.open {
            file.read_exact_at(room, offset)?;
        }
        self.job.count_read(room.len() as u64);
        Ok(())
    }

    /// A file that is longer or shorter than it was would be packed in part without a word.
    fn fresh(&self, entry: usize) -> io::Result<File> {
        let input = self.job.inputs().get(entry).ok_or(io::ErrorKind::NotFound)?;
        let file = File::open(&input.artifact.path)?;
        if file.metadata()?.len() != input.artifact.size {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "its size changed"));
        }
        Ok(file)
    }
}

fn rar_options(options: &Archive) -> Options {
    Options {
        volume: match options.volume {
            Some(Volume::Size(size)) => Some(size),
            Some(Volume::Each) | None => None,
        },
        naming: match options.naming {
            Naming::Old => rar4::Naming::Old,
            Naming::Part => rar4::Naming::Part,
        },
        host: match options.host {
            Host::Unix => rar4::Host::Unix,
            Host::Windows => rar4::Host::Windows,
        },
        extended_time: false,
    }
}

fn fault(job: &Job<'_>, error: Error) -> StageError {
    match error {
        // The codec passes on what the job said; the job says it best.
        Error::Stopped(_) => job.check().err().unwrap_or_else(StageError::cancelled),
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
