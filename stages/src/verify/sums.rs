//! Compares files with the checksum files of a release, each file read once for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use engine::StageError;
use formats::checksum::{self, Line};

use rayon::prelude::*;

use super::watched::Taken;
use super::{Progress, Tree, Verdict, split};
use crate::files;

/// Longest checksum file, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// What checksum files say of one file: which of them, by which algorithm, and the digest.
type Claim = (String, &'static str, String);

/// What checksum files say of the files of a release, by file.
pub(super) type Claims = BTreeMap<String, Vec<Claim>>;

/// Reads the checksum files.
pub(super) fn claims(tree: &Tree, only: Option<&str>, verdict: &mut Verdict) -> Result<Claims, StageError> {
    let mut claims = Claims::new();
    for file in tree.files.iter().filter(|file| only.is_none_or(|only| only == file.as_str())) {
        let Some(format) = checksum::format_of(file) else { continue };
        for line in read(tree, file, format, verdict)? {
            match line.safe_name() {
                Ok(name) => {
                    let target = format!("{}{name}", split(file).0);
                    claims.entry(target).or_default().push((
                        file.clone(),
                        format.algorithm,
                        line.hex.clone(),
                    ));
                }
                Err(why) => {
                    verdict.fault(
                        file,
                        "unsafe-name",
                        format!("names `{}`: {why}", line.name.escape_debug()),
                    );
                }
            }
        }
    }
    Ok(claims)
}

/// The algorithms by which a file is claimed.
pub(super) fn algorithms(claims: &Claims, name: &str) -> BTreeSet<String> {
    claims.get(name).into_iter().flatten().map(|(_, algorithm, _)| (*algorithm).to_owned()).collect()
}

/// Compares every file with what is said of it, on all threads.
pub(super) fn test(
    tree: &Tree,
    claims: &Claims,
    taken: &Taken,
    verdict: &mut Verdict,
    progress: &Progress<'_>,
) -> Result<(), StageError> {
    let files: Vec<&String> = claims.keys().collect();
    let found: Vec<Verdict> = files
        .into_par_iter()
        .map(|name| {
            let mut verdict = Verdict::default();
            compare(tree, name, claims, taken, &mut verdict, progress).map(|()| verdict)
        })
        .collect::<Result<_, _>>()?;
    found.into_iter().for_each(|found| verdict.add(found));
    Ok(())
}

fn read(
    tree: &Tree,
    file: &str,
    format: &checksum::Format,
    verdict: &mut Verdict,
) -> Result<Vec<Line>, StageError> {
    let path = tree.path(file);
    let size = path.metadata().map_err(|error| StageError::reading(&path, &error))?.len();
    if size > MAX_BYTES {
        verdict.unchecked(file, format!("is a checksum file of more than {MAX_BYTES} bytes"));
        return Ok(Vec::new());
    }
    let bytes = fs::read(&path).map_err(|error| StageError::reading(&path, &error))?;
    let lines = format.parse(&bytes).unwrap_or_else(|error| {
        verdict.fault(file, "bad-checksum-file", error.to_string());
        Vec::new()
    });
    if lines.is_empty() && !verdict.faults.iter().any(|fault| fault.file == file) {
        verdict.fault(file, "empty-checksum-file", "names no file");
    }
    Ok(lines)
}

fn compare(
    tree: &Tree,
    name: &str,
    claims: &Claims,
    taken: &Taken,
    verdict: &mut Verdict,
    progress: &Progress<'_>,
) -> Result<(), StageError> {
    let own = claims.get(name).map(Vec::as_slice).unwrap_or_default();
    if !tree.has(name) {
        for (by, ..) in own {
            verdict.fault(name, "missing-file", format!("is missing, but `{by}` names it"));
        }
        return Ok(());
    }
    verdict.sums += 1;
    let digests = match taken.of(name) {
        Some(digests) => digests,
        None => {
            let mut digester = files::digester(&algorithms(claims, name))?;
            let mut stopped = false;
            let read = files::read_through(&tree.path(name), &mut |block| {
                digester.update(block);
                progress(block.len() as u64).inspect_err(|_| stopped = true)
            });
            if let Err(error) = read {
                if stopped {
                    return Err(error);
                }
                verdict.fault(name, "unreadable", error.message);
                return Ok(());
            }
            digester.finish()
        }
    };
    for (by, algorithm, wanted) in own {
        let found = digests.get(*algorithm).map_or("", String::as_str);
        if !found.eq_ignore_ascii_case(wanted) {
            verdict.fault(
                name,
                "checksum-mismatch",
                format!("`{by}` wants {algorithm} {wanted}, the file has {found}"),
            );
        }
    }
    Ok(())
}
