//! Compares files with the checksum files of a release, each file read once for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use engine::StageError;
use formats::checksum::{self, Line};

use super::{Progress, Tree, Verdict, split};
use crate::files;

/// Longest checksum file, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// What checksum files say of one file: which of them, by which algorithm, and the digest.
type Claims = Vec<(String, &'static str, String)>;

pub(super) fn test(
    tree: &Tree,
    only: Option<&str>,
    verdict: &mut Verdict,
    progress: &mut Progress<'_>,
) -> Result<(), StageError> {
    let mut claims: BTreeMap<String, Claims> = BTreeMap::new();
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
    for (name, claims) in claims {
        compare(tree, &name, &claims, verdict, progress)?;
    }
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
    verdict: &mut Verdict,
    progress: &mut Progress<'_>,
) -> Result<(), StageError> {
    if !tree.has(name) {
        for (by, ..) in claims {
            verdict.fault(name, "missing-file", format!("is missing, but `{by}` names it"));
        }
        return Ok(());
    }
    let algorithms: BTreeSet<String> =
        claims.iter().map(|(_, algorithm, _)| (*algorithm).to_owned()).collect();
    let mut digester = files::digester(&algorithms)?;
    let mut stopped = false;
    let read = files::read_through(&tree.path(name), &mut |block| {
        digester.update(block);
        progress(block.len() as u64).inspect_err(|_| stopped = true)
    });
    verdict.sums += 1;
    if let Err(error) = read {
        if stopped {
            return Err(error);
        }
        verdict.fault(name, "unreadable", error.message);
        return Ok(());
    }
    let digests = digester.finish();
    for (by, algorithm, wanted) in claims {
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
