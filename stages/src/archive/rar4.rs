//! Stored RAR 4 volumes.

use engine::{Forecast, Input, Job, OptionFault, Output, StageError};
use formats::archive::dos_time::DosTime;
use formats::archive::rar4::{Naming, Options, PartCrcs, seal};

use super::rar::{self, Generation};
use super::{Archive, Hash};

const RAR4: Generation<Options> = Generation {
    options: |options, volume| Options {
        volume,
        naming: rar::naming(options, Naming::Old),
        host: rar::host(options),
        extended_time: options.extended_time,
    },
    time: |options, job, input| options.seconds_of(job, input).map(DosTime::from_unix),
    some_time: DosTime::EARLIEST,
    seal: |layout, index, known| {
        let mut crcs = PartCrcs::new(layout);
        for (part, crc) in known.iter().enumerate() {
            crc.iter().for_each(|crc| crcs.set(part, *crc));
        }
        seal(layout, index, &crcs)
    },
};

pub(super) fn check(options: &Archive) -> Vec<OptionFault> {
    let mut faults = rar::check(options);
    if options.hash != Hash::Crc32 {
        faults.push(
            OptionFault::new("hash", "RAR 4 knows CRC-32 alone").hint("BLAKE2sp is for `format: rar5`"),
        );
    }
    faults
}

pub(super) fn run(options: &Archive, job: &Job<'_>) -> Result<Output, StageError> {
    rar::run(&RAR4, options, job)
}

pub(super) fn forecast(options: &Archive, inputs: &[Input]) -> Forecast {
    // An odd second takes room in a header with `extended_time`, so such a forecast is as good as exact.
    Forecast { exact: !options.extended_time, ..rar::forecast(&RAR4, options, inputs) }
}

#[cfg(test)]
mod tests;
