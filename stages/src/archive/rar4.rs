//! Stored RAR 4 volumes.

use engine::{Job, OptionFault, Output, StageError};
use formats::archive::rar4::{self, Entry, Error, Layout, Options, PartCrcs};

use super::volumes::{self, Sealed};
use super::{Archive, Host, Naming, Volume};

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
    let layout = Layout::new(entries, &options.base(job)?, rar_options(options)).map_err(fault)?;
    let seal = |index: usize, known: &[Option<u32>]| {
        let mut crcs = PartCrcs::new(&layout);
        for (part, crc) in known.iter().enumerate() {
            crc.iter().for_each(|crc| crcs.set(part, *crc));
        }
        let sealed = rar4::seal(&layout, index, &crcs).map_err(fault)?;
        Ok(Sealed { pieces: sealed.pieces, crc32: sealed.crc32 })
    };
    let volumes = layout.volumes().iter();
    let volumes = volumes.map(|volume| volumes::Volume {
        name: volume.name.clone(),
        size: volume.size,
        parts: volume.parts.clone(),
    });
    let laid_out = volumes::Layout { volumes: volumes.collect(), parts: layout.parts(), seal: &seal };
    let written = volumes::write(job, &laid_out)?;
    Ok(Output { artifacts: written.artifacts, inputs: written.inputs, ..Output::default() })
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

fn fault(error: Error) -> StageError {
    match error {
        Error::SourceChanged(_) => StageError::new("input/changed", error.to_string())
            .hint("run again when nothing writes to the source any more"),
        error => StageError::input(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
