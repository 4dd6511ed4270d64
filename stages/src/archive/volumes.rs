//! Writes the volumes of a set, each byte of the sources read once and each byte of the volumes written once.
//!
//! Knows no format: it is handed where every part lies and a way to seal a volume once the CRCs of its parts are
//! known. Volumes are independent ranges, so all threads of the pool copy, each at its own place.
//!
//! Without digests beside CRC-32 the copy has no order at all ([`unordered`]). Digests such as SHA-256 want the bytes
//! of a volume in order, header first, and the header holds the CRC of what follows; so a volume's bytes are kept
//! until it is sealed, in a pool of blocks that does not grow ([`ordered`]). Volumes too large for the pool are read
//! once more beforehand for their CRCs.

mod ordered;
mod settle;
mod unordered;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::{Artifact, Digests, Job, Span, StageError};
use formats::archive::split::Part;

use crate::files;
use settle::{Settling, settle};

/// A set of volumes as laid out.
pub(super) struct Layout<'a> {
    pub(super) volumes: Vec<Volume>,
    /// All parts of all volumes, in their order.
    pub(super) parts: &'a [Part],
    /// What stands around the parts of a volume, given the CRC-32 of each part as far as known.
    pub(super) seal: &'a Seal<'a>,
}

/// Seals the volume of that index, given the CRC-32 of each part as far as known.
pub(super) type Seal<'a> = dyn Fn(usize, &[Option<u32>]) -> Result<Sealed, StageError> + Sync + 'a;

/// One volume of a layout.
pub(super) struct Volume {
    pub(super) name: String,
    pub(super) size: u64,
    /// Its parts, as a range of [`Layout::parts`].
    pub(super) parts: std::ops::Range<usize>,
}

/// What stands around the parts of a volume.
#[derive(Default)]
pub(super) struct Sealed {
    /// Offset and bytes, ascending.
    pub(super) pieces: Vec<(u64, Vec<u8>)>,
    /// CRC-32 of the complete volume.
    pub(super) crc32: u32,
}

/// What was written, and what was learned of the inputs on the way.
pub(super) struct Written {
    pub(super) artifacts: Vec<Artifact>,
    pub(super) inputs: Vec<Digests>,
}

/// How much is copied at a time.
const BLOCK: u64 = 256 * 1024;

/// Writes all volumes into the step's directory.
pub(super) fn write(job: &Job<'_>, layout: &Layout<'_>) -> Result<Written, StageError> {
    let (settling, completed) = Settling::new(layout.volumes.iter().map(|volume| {
        layout.parts.get(volume.parts.clone()).unwrap_or_default().iter().map(|part| part.len).sum()
    }));
    let work = Work::new(job, layout, settling)?;
    let (volumes, mut inputs) = std::thread::scope(|scope| {
        let paths = &work.paths;
        let settled = scope.spawn(move || settle(paths, completed));
        let ending = work.settling.ending();
        let written = copy(&work);
        drop(ending);
        match settled.join() {
            Ok(settled) => settled.and(written),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })?;
    let crcs = work.crcs();
    for (entry, digests) in inputs.iter_mut().enumerate() {
        let parts = layout.parts.iter().zip(&crcs).filter(|(part, _)| part.entry == entry);
        let crc = parts.fold(0, |crc, (part, own)| {
            formats::digest::crc32_combine(crc, own.unwrap_or_default(), part.len)
        });
        digests.insert("crc32", format!("{crc:08x}"));
    }
    let artifacts = layout.volumes.iter().zip(volumes).zip(&work.paths).map(|((volume, digests), path)| {
        job.count_written(volume.size);
        Artifact::new(&volume.name, path, volume.size).with_digests(digests)
    });
    Ok(Written { artifacts: artifacts.collect(), inputs })
}

/// Copies everything; gives the digests of each volume and of each input.
fn copy(work: &Work<'_, '_>) -> Result<(Vec<Digests>, Vec<Digests>), StageError> {
    let job = work.job;
    let of_volumes = job.wanted().iter().any(|name| name != "crc32");
    let of_inputs = job.inputs().iter().any(|input| job.wanted_of(input).iter().any(|name| name != "crc32"));
    if of_volumes || of_inputs {
        ordered::write(work, of_volumes)
    } else {
        Ok((unordered::write(work)?, vec![Digests::new(); job.inputs().len()]))
    }
}

/// What all threads share.
struct Work<'a, 'j> {
    job: &'a Job<'j>,
    layout: &'a Layout<'a>,
    paths: Vec<PathBuf>,
    crcs: Mutex<Vec<Option<u32>>>,
    settling: Settling,
    /// The span of each volume that is being written; none where nobody wants to hear of them.
    spans: Vec<Mutex<Option<Span<'a>>>>,
    total: u64,
    done: AtomicU64,
}

impl<'a, 'j> Work<'a, 'j> {
    fn new(job: &'a Job<'j>, layout: &'a Layout<'a>, settling: Settling) -> Result<Self, StageError> {
        let sizes: Vec<u64> = layout.volumes.iter().map(|volume| volume.size).collect();
        files::reserve(job.folder(), sizes.iter().sum())?;
        let paths: Vec<PathBuf> =
            layout.volumes.iter().map(|volume| files::place(job, &volume.name)).collect::<Result<_, _>>()?;
        for (path, size) in paths.iter().zip(&sizes) {
            let file = File::create_new(path).map_err(|error| StageError::writing(path, &error))?;
            files::allocate(path, &file, *size)?;
        }
        let total = layout.parts.iter().map(|part| part.len).sum();
        let crcs = Mutex::new(vec![None; layout.parts.len()]);
        let traced = if job.is_traced() { sizes.len() } else { 0 };
        let spans = std::iter::repeat_with(Mutex::default).take(traced).collect();
        Ok(Self { job, layout, paths, crcs, settling, spans, total, done: AtomicU64::new(0) })
    }

    fn crcs(&self) -> Vec<Option<u32>> {
        self.crcs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn crc(&self, part: usize) -> Option<u32> {
        self.crcs.lock().unwrap_or_else(PoisonError::into_inner).get(part).copied().flatten()
    }

    fn set_crc(&self, part: usize, crc: u32) {
        if let Some(place) = self.crcs.lock().unwrap_or_else(PoisonError::into_inner).get_mut(part) {
            *place = Some(crc);
        }
    }

    fn seal(&self, volume: usize) -> Result<Sealed, StageError> {
        (self.layout.seal)(volume, &self.crcs())
    }

    /// Opens a source. Few are open at a time, however many there are.
    fn source(&self, entry: usize) -> Result<File, StageError> {
        let input = self.job.inputs().get(entry);
        input.map_or_else(
            || Err(StageError::input("no such source")),
            |input| files::open(&input.artifact.path),
        )
    }

    fn volume(&self, index: usize) -> Result<File, StageError> {
        let path = self.paths.get(index).cloned().unwrap_or_default();
        File::options().write(true).open(&path).map_err(|error| StageError::writing(&path, &error))
    }

    /// Fills `block` from a source that must still be as long as it was.
    fn read(&self, source: &File, entry: usize, offset: u64, block: &mut [u8]) -> Result<(), StageError> {
        let path =
            || self.job.inputs().get(entry).map(|input| input.artifact.path.clone()).unwrap_or_default();
        source.read_exact_at(block, offset).map_err(|error| changed(StageError::reading(&path(), &error)))?;
        self.job.count_read(block.len() as u64);
        Ok(())
    }

    /// A source that grew would be packed in part.
    fn ended(&self, source: &File, entry: usize) -> Result<(), StageError> {
        let input = self.job.inputs().get(entry);
        let size = source.metadata().map(|found| found.len()).ok();
        match input {
            Some(input) if size != Some(input.artifact.size) => Err(changed(StageError::new(
                "input/changed",
                format!("`{}` changed while it was packed", input.artifact.name),
            ))),
            _ => Ok(()),
        }
    }

    fn put(&self, volume: &File, index: usize, at: u64, bytes: &[u8]) -> Result<(), StageError> {
        volume
            .write_all_at(bytes, at)
            .map_err(|error| StageError::writing(&self.paths.get(index).cloned().unwrap_or_default(), &error))
    }

    /// Parts of a volume are about to be written.
    fn begun(&self, volume: usize) {
        let (Some(span), Some(of)) = (self.spans.get(volume), self.layout.volumes.get(volume)) else {
            return;
        };
        let mut span = span.lock().unwrap_or_else(PoisonError::into_inner);
        span.get_or_insert_with(|| self.job.span(|| of.name.clone()));
    }

    /// So many bytes of a part are in their volume.
    fn passed(&self, volume: usize, bytes: u64) -> Result<(), StageError> {
        if self.settling.written(volume, bytes)
            && let Some(span) = self.spans.get(volume)
        {
            drop(span.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.job.progress(done, self.total, "bytes");
        self.job.check()
    }

    /// Reads all parts once for their CRCs, each piece on any thread.
    fn take_crcs(&self) -> Result<(), StageError> {
        unordered::copy(self, false)
    }
}

fn changed(error: StageError) -> StageError {
    error.hint("run again when nothing writes to the source any more")
}
