//! Stored RAR 5 volumes.

use std::fs::File;
use std::os::unix::fs::FileExt;

use engine::{Forecast, Input, Job, OptionFault, Output, StageError};
use formats::archive::rar5::{self, Error, Naming, Options, PartSums, seal, write_volume};

use super::rar::{self, Generation};
use super::{Archive, Hash, go_on};
use crate::files;

const RAR5: Generation<Options> = Generation {
    options: |options, volume| Options {
        volume,
        naming: rar::naming(options, Naming::Part),
        host: rar::host(options),
        hash: match options.hash {
            Hash::Crc32 => rar5::Hash::Crc32,
            Hash::Blake2sp => rar5::Hash::Blake2sp,
        },
        extended_time: options.extended_time,
    },
    time: |options, job, input| options.seconds_of(job, input),
    some_time: 0,
    seal: |layout, index, known| {
        let mut sums = PartSums::new(layout);
        for (part, crc) in known.iter().enumerate() {
            crc.iter().for_each(|crc| sums.crcs.set(part, *crc));
        }
        seal(layout, index, &sums)
    },
};

pub(super) fn check(options: &Archive) -> Vec<OptionFault> {
    rar::check(options)
}

pub(super) fn run(options: &Archive, job: &Job<'_>) -> Result<Output, StageError> {
    match options.hash {
        Hash::Crc32 => rar::run(&RAR5, options, job),
        Hash::Blake2sp => in_order(options, job),
    }
}

pub(super) fn forecast(options: &Archive, inputs: &[Input]) -> Forecast {
    let forecast = rar::forecast(&RAR5, options, inputs);
    let passes = if options.hash == Hash::Blake2sp { 2 } else { 1 };
    Forecast { read: forecast.read * passes, ..forecast }
}

/// A file's BLAKE2sp cannot be put together from those of its parts, and it stands before them: so volumes are
/// written one after the other, and each part is read for its hash before it is copied.
fn in_order(options: &Archive, job: &Job<'_>) -> Result<Output, StageError> {
    let layout = rar::lay_out(&RAR5, options, &options.base(job)?, job.inputs(), |input| {
        options.seconds_of(job, input)
    })?;
    files::reserve(job.folder(), layout.volumes().iter().map(|volume| volume.size).sum())?;
    let total = job.inputs().iter().map(|input| input.artifact.size).sum();
    let mut open: Option<(usize, File)> = None;
    let mut failed = None;
    let mut done = 0;
    let mut sums = PartSums::new(&layout);
    let mut artifacts = Vec::with_capacity(layout.volumes().len());
    for (index, volume) in layout.volumes().iter().enumerate() {
        let path = files::place(job, &volume.name)?;
        let mut file = files::create(job, &path)?;
        let mut read = |entry: usize, offset: u64, room: &mut [u8]| {
            let result = read_at(job, &mut open, entry, offset, room);
            result.map_err(|error| std::io::Error::other(failed.insert(error).message.clone()))
        };
        let mut passed = |bytes: u64| {
            done += bytes;
            job.progress(done, total, "bytes");
            go_on(job)
        };
        let written = write_volume(&layout, index, &mut sums, &mut read, &mut file, &mut passed);
        let written = written.map_err(|error| match error {
            Error::Write(error) => StageError::writing(&path, &error),
            Error::Stopped(_) => job.check().err().unwrap_or_else(StageError::cancelled),
            error => failed.take().unwrap_or_else(|| rar::fault(error)),
        })?;
        let mut artifact = files::finish(job, &volume.name, &path, file)?;
        artifact.digests.insert("crc32", format!("{:08x}", written.crc32));
        artifacts.push(artifact);
    }
    Ok(Output { artifacts, ..Output::default() })
}

fn read_at(
    job: &Job<'_>,
    open: &mut Option<(usize, File)>,
    entry: usize,
    offset: u64,
    room: &mut [u8],
) -> Result<(), StageError> {
    let Some(input) = job.inputs().get(entry) else { return Err(StageError::input("no such source")) };
    let path = &input.artifact.path;
    let kept = open.take().filter(|(kept, _)| *kept == entry);
    let (_, file) = match kept {
        Some(kept) => open.insert(kept),
        None => open.insert((entry, files::open(path)?)),
    };
    if file.metadata().is_ok_and(|found| found.len() != input.artifact.size) {
        let message = format!("`{}` changed while it was packed", input.artifact.name);
        return Err(StageError::new("input/changed", message)
            .hint("run again when nothing writes to the source any more"));
    }
    job.count_read(room.len() as u64);
    file.read_exact_at(room, offset).map_err(|error| StageError::reading(path, &error))
}

#[cfg(test)]
mod tests;
