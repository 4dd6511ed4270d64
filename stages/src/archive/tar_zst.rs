//! Tar archives compressed with Zstandard.

use engine::{Job, OptionFault, Output, StageError};
use formats::archive::tar_zst;

use super::{Archive, whole};

/// A release is packed once and fetched often: a little slower and smaller than the program's own 3.
const LEVEL: u32 = 9;

pub(super) fn check(options: &Archive) -> Vec<OptionFault> {
    whole::check(options, 1..=19)
}

pub(super) fn run(options: &Archive, job: &Job<'_>) -> Result<Output, StageError> {
    let level = options.level.unwrap_or(LEVEL);
    whole::run(options, job, |entries, open, out, passed| {
        tar_zst::write(entries, job.time(), level, open, out, passed)
    })
}
