//! 7z archives.
//!
//! The beginning of a 7z points to its end and is written last, so the digests of the archive cannot be taken on the
//! way: where later steps want some, it is read once more.

use std::fs::File;
use std::io::BufWriter;

use engine::{Artifact, Forecast, Input, Job, OptionFault, Output, StageError};
use formats::archive::seven_zip;

use super::{Archive, whole};
use crate::files;

/// What 7-Zip calls normal takes about as long and as much memory.
const LEVEL: u32 = 6;

pub(super) fn check(options: &Archive) -> Vec<OptionFault> {
    whole::check(options, 0..=9)
}

/// Reads the archive too, where its digests are wanted.
pub(super) fn forecast(options: &Archive, inputs: &[Input]) -> Forecast {
    let forecast = whole::forecast(options, inputs);
    Forecast { read: forecast.read + forecast.written(), ..forecast }
}

pub(super) fn run(options: &Archive, job: &Job<'_>) -> Result<Output, StageError> {
    let level = options.level.unwrap_or(LEVEL);
    let name = format!("{}.7z", options.base(job)?);
    let path = files::place(job, &name)?;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|error| StageError::writing(parent, &error))?;
    }
    let file = File::create_new(&path).map_err(|error| StageError::writing(&path, &error))?;
    let mut out = BufWriter::with_capacity(256 * 1024, &file);
    let inputs = whole::pack(job, &path, |entries, open, passed| {
        seven_zip::write(entries, job.time(), level, open, &mut out, passed)
    })?;
    drop(out);
    let size = file.metadata().map_err(|error| StageError::reading(&path, &error))?.len();
    job.count_written(size);
    let mut artifact = Artifact::new(&name, &path, size);
    artifact.digests = files::digests(job, &artifact, job.wanted(), |_| {})?;
    Ok(Output { artifacts: vec![artifact], inputs, ..Output::default() })
}
