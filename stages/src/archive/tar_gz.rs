//! Tar archives compressed with gzip.

use engine::{Job, OptionFault, Output, StageError};
use formats::archive::tar_gz;

use super::{Archive, whole};

/// What gzip compresses with when nobody says.
const LEVEL: u32 = 6;

pub(super) fn check(options: &Archive) -> Vec<OptionFault> {
    whole::check(options, 0..=9)
}

pub(super) fn run(options: &Archive, job: &Job<'_>) -> Result<Output, StageError> {
    let level = options.level.unwrap_or(LEVEL);
    whole::run(options, job, |entries, open, out, passed| {
        tar_gz::write(entries, job.time(), level, open, out, passed)
    })
}
