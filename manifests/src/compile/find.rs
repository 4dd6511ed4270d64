//! Finds the files that a path, a folder or a glob names.
//!
//! Knows nothing of manifests. Follows no linked folder, and gives up on trees that never end.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use engine::value::{shown, shown_path};
use globset::{GlobBuilder, GlobMatcher};

use crate::load::reason;
use crate::suggest::nearest;

/// Most files and folders a glob may look at.
const MOST_ENTRIES: usize = 1_000_000;
/// Deepest folder below the first one of a glob.
const MAX_DEPTH: usize = 64;
/// Longest glob, in bytes: the matcher of a longer one could outgrow what its builder allows itself.
pub(super) const LONGEST_GLOB: usize = 4096;

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// Its name inside a release.
    pub(super) name: String,
    /// Its path relative to the manifest, `/` between folders.
    pub(super) written: String,
    /// Where it lies.
    pub(super) path: PathBuf,
}

/// Why nothing was found.
pub(super) struct Missing {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Missing {
    fn new(code: &'static str, message: String) -> Self {
        Self { code, message, hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// The files of a path, a folder or a glob, sorted by name. Nothing hidden is matched unless the glob says so, and
/// nothing below `output`.
pub(super) fn find(folder: &Path, written: &str, output: &Path) -> Result<Vec<Found>, Missing> {
    let normal = written.trim_start_matches("./");
    if written.trim().is_empty() {
        return Err(Missing::new("source/missing", "an empty path".into())
            .hint("write a path or a glob; `.` is this folder"));
    }
    // The path itself comes first: real names may hold the characters of globs.
    let path = folder.join(if normal.is_empty() { "." } else { normal });
    match fs::metadata(&path) {
        Ok(found) if found.is_dir() => {
            let lead = match normal.trim_end_matches('/').trim_end_matches("/.") {
                "" if normal.starts_with('/') => "/",
                "." => "",
                lead => lead,
            };
            return glob(folder, lead, "**", output);
        }
        Ok(found) if !found.is_file() => {
            let message = format!("{} is neither a file nor a folder", shown(written));
            return Err(Missing::new("source/missing", message));
        }
        Ok(_) => {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            return Ok(vec![Found { name, written: normal.to_owned(), path }]);
        }
        Err(_) => {}
    }
    if !normal.contains(is_glob) {
        return Err(missing(&path, written));
    }
    let (lead, rest) = split(folder, normal);
    glob(folder, &lead, &rest, output)
}

fn is_glob(c: char) -> bool {
    matches!(c, '*' | '?' | '[' | '{')
}

/// The folders before the first part that is a glob, and the rest.
fn split(folder: &Path, written: &str) -> (String, String) {
    let parts: Vec<&str> = written.split('/').collect();
    let mut lead = String::new();
    for (at, part) in parts.iter().enumerate() {
        let here = match at {
            0 if part.is_empty() => "/".to_owned(),
            0 => (*part).to_owned(),
            _ => format!("{}/{part}", lead.trim_end_matches('/')),
        };
        let is_last = at + 1 == parts.len();
        if is_last || part.contains(is_glob) && !folder.join(&here).is_dir() {
            return (lead, parts.get(at..).unwrap_or_default().join("/"));
        }
        lead = here;
    }
    (lead, String::new())
}

/// Everything below the folder `lead` that matches `pattern`, which is relative to it.
fn glob(folder: &Path, lead: &str, pattern: &str, output: &Path) -> Result<Vec<Found>, Missing> {
    let matcher = matcher(pattern)?;
    let prefix = if lead.is_empty() { String::new() } else { format!("{}/", lead.trim_end_matches('/')) };
    let wants_hidden = pattern.split('/').any(|part| part.starts_with('.'));
    let mut found = Vec::new();
    let mut seen = 0;
    let mut open = vec![(folder.join(&prefix), String::new(), 0)];
    while let Some((path, below, depth)) = open.pop() {
        let unreadable = |error: &std::io::Error| {
            Missing::new(
                "source/unreadable",
                format!(
                    "cannot read the folder {}: {}",
                    shown_path(&format!("{prefix}{below}")),
                    reason(error)
                ),
            )
        };
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
            Err(error) => return Err(unreadable(&error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&error))?;
            let (file_name, path) = (entry.file_name(), entry.path());
            let name = file_name.to_string_lossy();
            seen += 1;
            if seen > MOST_ENTRIES {
                let message = format!(
                    "{} looks at more than {MOST_ENTRIES} files",
                    shown_path(&format!("{prefix}{pattern}"))
                );
                return Err(Missing::new("source/too-many", message));
            }
            if name.starts_with('.') && !wants_hidden {
                continue;
            }
            let here = format!("{below}{name}");
            let Ok(kind) = fs::metadata(&path) else { continue };
            if kind.is_dir() {
                // A linked folder could lead round in a ring.
                let linked = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                if !linked && depth < MAX_DEPTH && path != output {
                    open.push((path, format!("{here}/"), depth + 1));
                }
            } else if kind.is_file() && matcher.is_match(&here) {
                if file_name.to_str().is_none() {
                    let message = format!(
                        "the name of the file {} is not UTF-8",
                        shown_path(&format!("{prefix}{here}"))
                    );
                    return Err(Missing::new("source/bad-name", message).hint("give the file another name"));
                }
                found.push(Found { written: format!("{prefix}{here}"), name: here, path });
            }
        }
    }
    found.sort();
    if found.is_empty() {
        let message = match pattern {
            "**" => {
                format!(
                    "there is no file in the folder {}",
                    shown_path(if lead.is_empty() { "." } else { lead })
                )
            }
            _ => format!("{} matches no file", shown_path(&format!("{prefix}{pattern}"))),
        };
        let hint = "paths and globs are relative to the manifest; `**` matches folders, and hidden files are left out";
        return Err(Missing::new("source/no-match", message).hint(hint));
    }
    Ok(found)
}

fn matcher(pattern: &str) -> Result<GlobMatcher, Missing> {
    let bad = |why: String| Missing::new("source/bad-glob", format!("{} is no glob: {why}", shown(pattern)));
    if pattern.len() > LONGEST_GLOB {
        return Err(bad(format!("it is longer than {LONGEST_GLOB} bytes")));
    }
    let built = GlobBuilder::new(pattern).literal_separator(true).build();
    built.map(|glob| glob.compile_matcher()).map_err(|error| bad(error.kind().to_string()))
}

/// The path does not exist; perhaps its neighbour was meant.
fn missing(path: &Path, written: &str) -> Missing {
    let entries = path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let names: Vec<String> =
        entries.take(1_000).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let last = written.rsplit('/').next().unwrap_or_default();
    let hint = match nearest(last, names.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean `{}{meant}`?", written.strip_suffix(last).unwrap_or_default()),
        None => "paths are relative to the manifest".to_owned(),
    };
    Missing::new("source/missing", format!("there is no file {}", shown(written))).hint(hint)
}
