//! Finds the files that a manifest names: paths, folders and globs, relative to the manifest.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use engine::value::shown;
use engine::{Source, Template};
use globset::GlobBuilder;
use serde_json::{Map, Value};

use super::items::Item;
use super::templates::fault;
use super::Compiler;
use crate::diagnostic::Diagnostic;
use crate::node::Node;
use crate::suggest::nearest;
use crate::written::{ForEach, Source as Written};

/// Most files a glob or folder may give.
const MOST_FILES: usize = 1_000_000;
/// Deepest folder below the first one of a glob.
const MAX_DEPTH: usize = 64;

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

impl Compiler<'_, '_> {
    /// The source files of one item.
    pub(super) fn sources(&mut self, item: &Item, vars: &Map<String, Value>) -> Option<Vec<Source>> {
        let node = self.node(&["source"]).cloned();
        let glob = match &self.effective.written.for_each {
            Some(ForEach::Glob(glob)) => Some(glob.as_str()),
            _ => None,
        };
        let written = match (&self.effective.written.source, &node) {
            // A glob that makes a release a match gives each the match itself, unless `source` says more.
            (None, _) if glob.is_some() => return Some(vec![self.of_match(item)?]),
            (Some(Written::One(one)), _) if Some(one.as_str()) == glob => return Some(vec![self.of_match(item)?]),
            (Some(written), Some(node)) => (written.clone(), node.clone()),
            _ => {
                let fault = Diagnostic::error("manifest/missing-key", "missing key `source`").at(&self.effective.node.place);
                self.faults.push(fault.hint("add `source: book.epub`: a path or a glob, relative to the manifest"));
                return None;
            }
        };
        let (written, node) = written;
        let names: Vec<(String, Node)> = match written {
            Written::One(one) => vec![(one, node.clone())],
            Written::Many(many) => many.into_iter().zip(node.items().iter().cloned()).collect(),
            Written::Fetched(_) => {
                let message = "this version packs local files only and fetches no `url`";
                self.faults.push(
                    Diagnostic::error("source/url", message).at(&node.place).hint("fetch the file and name its path here"),
                );
                return None;
            }
        };
        let mut files: BTreeMap<String, (Found, Node)> = BTreeMap::new();
        let mut whole = true;
        for (name, node) in names {
            let Some(name) = self.filled(&name, item, vars, &node) else {
                whole = false;
                continue;
            };
            let Some(found) = self.found(&name, &node) else {
                whole = false;
                continue;
            };
            for found in found {
                match files.get(&found.name) {
                    Some((other, _)) if other.path != found.path => {
                        let message = format!("two sources are called {} in the release", shown(&found.name));
                        let fault = Diagnostic::error("source/clash", message).at(&node.place);
                        self.faults.push(fault.hint(format!("they are `{}` and `{}`", other.written, found.written)));
                        whole = false;
                    }
                    _ => drop(files.insert(found.name.clone(), (found, node.clone()))),
                }
            }
        }
        whole.then(|| files.into_values().map(|(found, _)| Source { path: found.path, name: found.name }).collect())
    }

    fn of_match(&self, item: &Item) -> Option<Source> {
        let Item::Of(value) = item else { return None };
        let path = value.get("path").and_then(Value::as_str)?;
        let name = value.get("name").and_then(Value::as_str)?;
        Some(Source { path: self.effective.folder.join(path), name: name.to_owned() })
    }

    fn filled(&mut self, written: &str, item: &Item, vars: &Map<String, Value>, node: &Node) -> Option<String> {
        if !written.contains("{{") && !written.contains("{%") {
            return Some(written.to_owned());
        }
        let template = Template::new(written);
        let scope = self.scope(item, vars);
        match self.context.site.language.render(&template, &scope) {
            Ok(text) => Some(text),
            Err(error) => {
                let found = fault("manifest/bad-template", "in this template: ", &error, written, node);
                self.faults.push(found.hint("`source` may use `item`, `vars` and `group`: facts are not known yet"));
                None
            }
        }
    }
}

/// The files of a path, a folder or a glob, sorted by name. Nothing hidden is matched, and nothing below `output`.
pub(super) fn find(folder: &Path, written: &str, output: &Path) -> Result<Vec<Found>, Missing> {
    let path = folder.join(written);
    if let Ok(found) = fs::metadata(&path) {
        if !found.is_dir() {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            return Ok(vec![Found { name, written: written.to_owned(), path }]);
        }
        let all = format!("{}/**", written.trim_end_matches('/'));
        return glob(folder, &all, written.trim_end_matches('/'), output);
    }
    let is_glob = |c: char| matches!(c, '*' | '?' | '[' | '{');
    if !written.contains(is_glob) {
        return Err(missing(&path, written));
    }
    let fixed: Vec<&str> = written.split('/').take_while(|part| !part.contains(is_glob)).collect();
    glob(folder, written, &fixed.join("/"), output)
}

fn glob(folder: &Path, pattern: &str, fixed: &str, output: &Path) -> Result<Vec<Found>, Missing> {
    let fail = |code, message, hint: Option<&str>| Err(Missing { code, message, hint: hint.map(str::to_owned) });
    let normal = pattern.trim_start_matches("./");
    let built = GlobBuilder::new(normal).literal_separator(true).build();
    let matcher = match built {
        Ok(glob) => glob.compile_matcher(),
        Err(error) => return fail("source/bad-glob", format!("{} is no glob: {}", shown(pattern), error.kind()), None),
    };
    let start = if fixed.is_empty() && !pattern.starts_with('/') { folder.to_owned() } else { folder.join(format!("{fixed}/")) };
    let lead = fixed.trim_start_matches("./");
    let mut found = Vec::new();
    let mut open = vec![(start, if lead.is_empty() && !pattern.starts_with('/') { String::new() } else { format!("{lead}/") }, 0)];
    let wants_hidden = normal.split('/').any(|part| part.starts_with('.') && part != "." && part != "..");
    while let Some((path, written, depth)) = open.pop() {
        let Ok(entries) = fs::read_dir(&path) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') && !wants_hidden {
                continue;
            }
            let (here, path) = (format!("{written}{name}"), entry.path());
            let Ok(kind) = fs::metadata(&path) else { continue };
            if kind.is_dir() {
                // A linked folder could lead round in a ring.
                let linked = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                if !linked && depth < MAX_DEPTH && path != output {
                    open.push((path, format!("{here}/"), depth + 1));
                }
            } else if matcher.is_match(&here) {
                let short = here.strip_prefix(lead).unwrap_or(&here).trim_start_matches('/').to_owned();
                found.push(Found { name: short, written: here, path });
                if found.len() > MOST_FILES {
                    return fail("source/too-many", format!("{} matches more than {MOST_FILES} files", shown(pattern)), None);
                }
            }
        }
    }
    found.sort();
    if found.is_empty() {
        let hint = "paths and globs are relative to the manifest; `**` matches folders, and hidden files are left out";
        return fail("source/no-match", format!("{} matches no file", shown(pattern)), Some(hint));
    }
    Ok(found)
}

/// The path does not exist; perhaps its neighbour was meant.
fn missing(path: &Path, written: &str) -> Missing {
    let entries = path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let names: Vec<String> = entries.take(1_000).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let last = written.rsplit('/').next().unwrap_or_default();
    let hint = match nearest(last, names.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean `{}{meant}`?", written.strip_suffix(last).unwrap_or_default()),
        None => "paths are relative to the manifest".to_owned(),
    };
    Missing { code: "source/missing", message: format!("there is no file {}", shown(written)), hint: Some(hint) }
}
