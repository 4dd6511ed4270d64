//! A folder on this machine or on a mounted share.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use engine::{Artifact, Digests, Job, StageError};
use serde_json::Value;

use crate::files;

/// What is taken of both sides to prove that they are the same.
const PROOF: &str = "blake3";

pub(super) fn check(settings: &Value) -> Result<(), String> {
    match settings.get("path").and_then(Value::as_str) {
        Some(path) if !path.is_empty() => Ok(()),
        _ => Err("has no `path`".into()),
    }
}

/// Copies the release under a temporary name, reads every copy back, and renames it when all of it is there. A
/// release of the same name that holds the same bytes counts as delivered; any other is left alone.
pub(super) fn send(settings: &Value, job: &Job<'_>) -> Result<(), StageError> {
    let root = PathBuf::from(settings.get("path").and_then(Value::as_str).unwrap_or_default());
    let name = job.release().unwrap_or_default();
    let target = root.join(name);
    fs::create_dir_all(&root).map_err(|error| StageError::writing(&root, &error))?;
    if target.symlink_metadata().is_ok() {
        return same(job, &target);
    }
    let part = root.join(format!(".bindery-{name}.part"));
    // A delivery that was cut off left this behind; its files would be written again anyway.
    let _ = fs::remove_dir_all(&part);
    let delivered = fill(job, &part).and_then(|()| {
        fs::rename(&part, &target).map_err(|error| StageError::writing(&target, &error))?;
        sync_folder(&root)
    });
    if delivered.is_err() {
        // The failure is what counts; what cannot be removed now is removed by the next delivery.
        let _ = fs::remove_dir_all(&part);
    }
    delivered
}

/// Copies everything into `part` and makes sure of it.
fn fill(job: &Job<'_>, part: &Path) -> Result<(), StageError> {
    fs::create_dir_all(part).map_err(|error| StageError::writing(part, &error))?;
    let total: u64 = job.inputs().iter().map(|input| input.artifact.size).sum();
    let mut done = 0;
    for input in job.inputs() {
        let to = part.join(&input.artifact.name);
        let sent = copy(job, &input.artifact, &to, &mut |bytes| {
            done += bytes;
            job.progress(done, total, "bytes");
        })?;
        if digest(job, &to)? != sent {
            return Err(StageError::new(
                "remote/corrupt",
                format!("`{}` was not stored as it was sent", to.display()),
            )
            .hint("check the disk, then deliver again"));
        }
    }
    sync_folder(part)
}

fn same(job: &Job<'_>, target: &Path) -> Result<(), StageError> {
    for input in job.inputs() {
        let there = target.join(&input.artifact.name);
        let size = there.metadata().map(|found| found.len()).ok();
        if size != Some(input.artifact.size) || digest(job, &there)? != digest(job, &input.artifact.path)? {
            return Err(StageError::new(
                "remote/exists",
                format!("`{}` holds something else", target.display()),
            )
            .hint("remove it, or name the release otherwise"));
        }
    }
    job.note(format!("`{}` is there already and holds the same bytes", target.display()));
    Ok(())
}

fn copy(
    job: &Job<'_>,
    artifact: &Artifact,
    to: &Path,
    passed: &mut dyn FnMut(u64),
) -> Result<Digests, StageError> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(|error| StageError::writing(parent, &error))?;
    }
    let mut out = File::create(to).map_err(|error| StageError::writing(to, &error))?;
    let digests = read_through(job, &artifact.path, &mut |block| {
        out.write_all(block).map_err(|error| StageError::writing(to, &error))?;
        job.count_written(block.len() as u64);
        passed(block.len() as u64);
        Ok(())
    })?;
    out.sync_all().map_err(|error| StageError::writing(to, &error))?;
    Ok(digests)
}

fn digest(job: &Job<'_>, path: &Path) -> Result<Digests, StageError> {
    read_through(job, path, &mut |_| Ok(()))
}

fn read_through(
    job: &Job<'_>,
    path: &Path,
    take: &mut dyn FnMut(&[u8]) -> Result<(), StageError>,
) -> Result<Digests, StageError> {
    let mut digester = files::digester(&BTreeSet::from([PROOF.to_owned()]))?;
    files::read_through(path, &mut |block| {
        job.check()?;
        job.count_read(block.len() as u64);
        digester.update(block);
        take(block)
    })?;
    Ok(digester.finish().into_iter().collect())
}

fn sync_folder(folder: &Path) -> Result<(), StageError> {
    File::open(folder).and_then(|file| file.sync_all()).map_err(|error| StageError::writing(folder, &error))
}
