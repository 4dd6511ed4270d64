//! What stored RAR volumes of both generations have in common: their options, and how they are written.

use engine::{Artifact, Forecast, Input, Job, OptionFault, Output, StageError};
use formats::archive::rar::{Dialect, Entry, Error, Host as RarHost, Layout, Sealed as RarSealed};
use formats::archive::volumes::Naming as RarNaming;

use super::volumes::{self, Sealed};
use super::{Archive, Host, Naming, Volume};

/// The smallest volume that is worth having: it holds the headers of any usual name.
const SMALLEST: u64 = 1_000;
/// What `volume: auto` counts in where no `sizes` are given.
const STEP: u64 = 50_000_000;
/// Most volumes of `volume: auto` where no `most` is given: `.rar`, and `.r00` to `.r99`.
const MOST: usize = 101;

/// One generation of RAR: how it is asked for its options and its times.
pub(super) struct Generation<D: Dialect> {
    pub(super) options: fn(&Archive, Option<u64>) -> D,
    pub(super) time: fn(&Archive, &Job<'_>, &Input) -> Result<D::Time, StageError>,
    /// Any time at all: it takes the same room as any other.
    pub(super) some_time: D::Time,
    pub(super) seal: SealOne<D>,
}

/// Seals the volume of that index, given the CRC-32 of each part as far as known.
type SealOne<D> = fn(&Layout<D>, usize, &[Option<u32>]) -> Result<RarSealed, Error>;

pub(super) fn check(options: &Archive) -> Vec<OptionFault> {
    let mut faults = Vec::new();
    match options.volume {
        Some(Volume::Each) => faults.push(
            OptionFault::new("volume", "`each` is for `format: zip`")
                .hint("give the size of a volume, such as `50MB`, or `auto`"),
        ),
        Some(Volume::Size(size)) if size < SMALLEST => faults.push(
            OptionFault::new("volume", format!("a volume of {size} bytes is too small"))
                .hint(format!("the smallest is {SMALLEST} bytes; `15MB` or `50MB` are usual")),
        ),
        Some(Volume::Size(_) | Volume::Auto) | None => {}
    }
    let small = options.sizes.iter().flatten().any(|size| size.bytes() < SMALLEST);
    if small || options.sizes.as_ref().is_some_and(Vec::is_empty) {
        let fault = OptionFault::new("sizes", "names a size that is too small, or none");
        faults.push(fault.hint(format!("the smallest is {SMALLEST} bytes; `15MB` or `50MB` are usual")));
    }
    if options.layout != super::Layout::Plain {
        faults.push(OptionFault::new("layout", "an EPUB is a ZIP").hint("write `format: zip`"));
    }
    for (key, set) in [("level", options.level.is_some()), ("store", options.store.is_some())] {
        if set {
            faults.push(
                OptionFault::new(key, format!("`{key}` is for formats that compress"))
                    .hint("RAR volumes are stored: leave it out"),
            );
        }
    }
    faults
}

/// Lays the inputs out, writes all volumes at once, and gives what was learned of the inputs.
pub(super) fn run<D: Dialect + Sync>(
    generation: &Generation<D>,
    options: &Archive,
    job: &Job<'_>,
) -> Result<Output, StageError>
where
    D::Time: Copy + Sync,
{
    let layout = lay_out(generation, options, &options.base(job)?, job.inputs(), |input| {
        (generation.time)(options, job, input)
    })?;
    let seal = |index: usize, crcs: &[Option<u32>]| {
        let sealed = (generation.seal)(&layout, index, crcs).map_err(fault)?;
        Ok(Sealed { pieces: sealed.pieces, crc32: sealed.crc32 })
    };
    let all = layout.volumes().iter();
    let all = all.map(|volume| volumes::Volume {
        name: volume.name.clone(),
        size: volume.size,
        parts: volume.parts.clone(),
    });
    let laid_out = volumes::Layout { volumes: all.collect(), parts: layout.parts(), seal: &seal };
    let written = volumes::write(job, &laid_out)?;
    Ok(Output { artifacts: written.artifacts, inputs: written.inputs, ..Output::default() })
}

/// The volumes that a run will write: the name of the archive is not part of their bytes.
pub(super) fn forecast<D: Dialect>(
    generation: &Generation<D>,
    options: &Archive,
    inputs: &[Input],
) -> Forecast
where
    D::Time: Copy,
{
    let read = inputs.iter().map(|input| input.artifact.size).sum();
    match lay_out(generation, options, "archive", inputs, |_| Ok(generation.some_time)) {
        Ok(layout) => {
            let volumes = layout.volumes().iter();
            let files = volumes.map(|volume| Artifact::new(&volume.name, "", volume.size)).collect();
            Forecast { read, files, exact: true, ..Forecast::default() }
        }
        // What cannot be laid out is told when it runs.
        Err(_) => Forecast { read, ..Forecast::default() },
    }
}

pub(super) fn lay_out<D: Dialect>(
    generation: &Generation<D>,
    options: &Archive,
    base: &str,
    inputs: &[Input],
    time: impl Fn(&Input) -> Result<D::Time, StageError>,
) -> Result<Layout<D>, StageError>
where
    D::Time: Copy,
{
    let mut entries = Vec::with_capacity(inputs.len());
    for input in inputs {
        entries.push(Entry {
            name: input.artifact.name.clone(),
            size: input.artifact.size,
            directory: false,
            modified: time(input)?,
            mode: 0o100_644,
        });
    }
    let with = |size: Option<u64>| {
        let entries = entries.iter().map(|entry| Entry { name: entry.name.clone(), ..*entry }).collect();
        Layout::new(entries, base, (generation.options)(options, size)).map_err(fault)
    };
    match options.volume {
        Some(Volume::Size(size)) => with(Some(size)),
        Some(Volume::Auto) => auto(options, &entries, with),
        Some(Volume::Each) | None => with(None),
    }
}

/// The layout with the smallest allowed volumes that are not too many.
fn auto<D: Dialect>(
    options: &Archive,
    entries: &[Entry<D::Time>],
    with: impl Fn(Option<u64>) -> Result<Layout<D>, StageError>,
) -> Result<Layout<D>, StageError> {
    let most = options.most.unwrap_or(MOST).max(1);
    let total: u64 = entries.iter().map(|entry| entry.size).sum();
    let least = total.div_ceil(most as u64);
    let mut sizes: Vec<u64> = match &options.sizes {
        Some(sizes) => sizes.iter().map(|size| size.bytes()).collect(),
        // The step that the bytes alone need, and one more for what the headers add.
        None => (0..3).map(|more| (least.div_ceil(STEP).max(1) + more) * STEP).collect(),
    };
    sizes.sort_unstable();
    for size in sizes.into_iter().filter(|size| *size >= least) {
        let layout = with(Some(size))?;
        if layout.volumes().len() <= most {
            return Ok(layout);
        }
    }
    Err(StageError::input(format!("{total} bytes do not fit {most} volumes of any allowed size"))
        .hint("allow larger `sizes`, raise `most`, or give `volume` a size"))
}

pub(super) fn naming(options: &Archive, default: RarNaming) -> RarNaming {
    match options.naming {
        Some(Naming::Old) => RarNaming::Old,
        Some(Naming::Part) => RarNaming::Part,
        None => default,
    }
}

pub(super) fn host(options: &Archive) -> RarHost {
    match options.host {
        Host::Unix => RarHost::Unix,
        Host::Windows => RarHost::Windows,
    }
}

pub(super) fn fault(error: Error) -> StageError {
    match error {
        Error::SourceChanged(_) => StageError::new("input/changed", error.to_string())
            .hint("run again when nothing writes to the source any more"),
        error => StageError::input(error.to_string()),
    }
}
