//! Files as stages use them: opened with an error that says which, read with digests, written with digests.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Read};
use std::path::{Path, PathBuf};

use engine::{Artifact, Digests, Job, StageError};
use formats::archive::name;
use formats::digest::{Digester, Hashing};
use rustix::fs::{FallocateFlags, fallocate, fstatfs, statvfs};
use rustix::io::Errno;

/// How much is read at a time.
const BLOCK: usize = 256 * 1024;

/// Opens a file to read it.
pub(crate) fn open(path: &Path) -> Result<File, StageError> {
    File::open(path).map_err(|error| StageError::reading(path, &error))
}

/// A file that takes digests of what is written to it.
pub(crate) type DigestedFile = Hashing<BufWriter<File>>;

/// Where a file of the release is made. Names come from templates and those from foreign facts, so a name that leads
/// out of the step's directory is refused before anything is written.
pub(crate) fn place(job: &Job<'_>, name: &str) -> Result<PathBuf, StageError> {
    name::check(name).map_err(|why| {
        StageError::new("release/escape", format!("no file of a release can be called {name:?}: {why}"))
            .hint("a `file` or `base` is a relative path without `..`; the filters `dots` and `ascii` make one of any text")
    })?;
    Ok(job.folder().join(name))
}

/// Makes a file in the step's directory that takes the digests later steps want.
pub(crate) fn create(job: &Job<'_>, path: &Path) -> Result<DigestedFile, StageError> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|error| StageError::writing(parent, &error))?;
    }
    let file = File::create_new(path).map_err(|error| StageError::writing(path, &error))?;
    Ok(Hashing::new(BufWriter::with_capacity(BLOCK, file), digester(job.wanted())?))
}

/// Flushes the file and gives its artifact.
pub(crate) fn finish(
    job: &Job<'_>,
    name: &str,
    path: &Path,
    file: DigestedFile,
) -> Result<Artifact, StageError> {
    let (out, size, digests) = file.finish();
    out.into_inner().map_err(|error| StageError::writing(path, error.error()))?;
    job.count_written(size);
    Ok(Artifact::new(name, path, size).with_digests(digests))
}

/// Fails unless so many bytes are free where the step writes.
pub(crate) fn reserve(folder: &Path, bytes: u64) -> Result<(), StageError> {
    let Ok(found) = statvfs(folder) else { return Ok(()) };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    if free >= bytes {
        return Ok(());
    }
    let missing = bytes - free;
    Err(StageError::new(
        "disk/full",
        format!("`{}` lacks {missing} bytes of {bytes}: no space left on device", folder.display()),
    )
    .hint("free some space, or set `output` to a folder on another disk"))
}

/// Takes the space of a file before its first byte is written, where the file system can without writing zeros.
pub(crate) fn allocate(path: &Path, file: &File, size: u64) -> Result<(), StageError> {
    const TMPFS: i64 = 0x0102_1994;
    let in_memory = fstatfs(file).is_ok_and(|found| found.f_type == TMPFS);
    if in_memory || size == 0 {
        return Ok(());
    }
    match fallocate(file, FallocateFlags::empty(), 0, size) {
        Err(Errno::NOSPC | Errno::DQUOT) => {
            Err(StageError::writing(path, &std::io::ErrorKind::StorageFull.into()))
        }
        // A file system that cannot promise space says so when it is full.
        _ => Ok(()),
    }
}

/// Writes a small file whole.
pub(crate) fn write(job: &Job<'_>, name: &str, bytes: &[u8]) -> Result<Artifact, StageError> {
    let path = place(job, name)?;
    let mut file = create(job, &path)?;
    std::io::Write::write_all(&mut file, bytes).map_err(|error| StageError::writing(&path, &error))?;
    finish(job, name, &path, file)
}

/// The artifact of a file that a foreign program wrote, with the digests that later steps want.
pub(crate) fn adopt(job: &Job<'_>, name: &str, path: &Path) -> Result<Artifact, StageError> {
    let size = std::fs::metadata(path).map_err(|error| StageError::writing(path, &error))?.len();
    let artifact = Artifact::new(name, path, size);
    let digests = digests(job, &artifact, job.wanted(), |_| {})?;
    job.count_written(size);
    Ok(artifact.with_digests(digests))
}

/// The digests of an input: those that were given, and the rest by reading the file once.
pub(crate) fn digests(
    job: &Job<'_>,
    artifact: &Artifact,
    wanted: &BTreeSet<String>,
    mut passed: impl FnMut(u64),
) -> Result<Digests, StageError> {
    let missing: BTreeSet<String> =
        wanted.iter().filter(|name| artifact.digests.get(name).is_none()).cloned().collect();
    let mut digests = artifact.digests.clone();
    if missing.is_empty() {
        passed(artifact.size);
        return Ok(digests);
    }
    let mut digester = digester(&missing)?;
    read_through(&artifact.path, &mut |block| {
        job.check()?;
        digester.update(block);
        job.count_read(block.len() as u64);
        passed(block.len() as u64);
        Ok(())
    })?;
    digests.extend(digester.finish());
    Ok(digests)
}

/// Reads a file once from its beginning to its end and gives it to `take` block by block.
pub(crate) fn read_through(
    path: &Path,
    take: &mut dyn FnMut(&[u8]) -> Result<(), StageError>,
) -> Result<(), StageError> {
    let mut file = open(path)?;
    let mut block = vec![0; BLOCK];
    loop {
        let count = match file.read(&mut block) {
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(StageError::reading(path, &error)),
        };
        if count == 0 {
            return Ok(());
        }
        take(block.get(..count).unwrap_or_default())?;
    }
}

pub(crate) fn digester(names: &BTreeSet<String>) -> Result<Digester, StageError> {
    Digester::new(names).map_err(|error| StageError::input(error.to_string()))
}
