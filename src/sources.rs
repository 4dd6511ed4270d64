//! Finds the manifests a command is for, and compiles them, telling all faults of all of them.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use engine::Plan;
use manifests::{Diagnostic, Effective, File, Lock, Severity};
use rayon::prelude::*;

use crate::exit::{Exit, Failure};
use crate::lock;
use crate::project::{Project, Projects, Surroundings};
use crate::rules;
use crate::ui::{Ui, words};

/// What a manifest is called when none is named.
const DEFAULTS: [&str; 2] = ["release.yaml", "release.yml"];

/// A manifest that was compiled.
pub struct Compiled {
    /// Its path as a person knows it.
    pub shown: String,
    /// Where it begins, `file` or `file:line:column`.
    pub place: String,
    /// What it is called in the state of the project; nothing where releases are not remembered.
    pub identity: Option<String>,
    /// The manifest itself, if it lies in a file.
    pub path: Option<PathBuf>,
    /// What it says with all that it rests on.
    pub effective: serde_json::Value,
    /// The kinds, fragments and rule sets it rests on.
    pub rests_on: Vec<(String, Arc<File>)>,
    /// Its lock, if it has one.
    pub lock: Option<Lock>,
    /// The project it belongs to.
    pub project: Arc<Project>,
    /// One plan a release.
    pub plans: Vec<Plan>,
}

/// What became of all manifests of a command.
#[derive(Default)]
pub struct Checked {
    /// Those that are right.
    pub compiled: Vec<Compiled>,
    /// Everything that is wrong with the others, and warnings.
    pub faults: Vec<Diagnostic>,
}

impl Compiled {
    /// A manifest that lies in no file of its own, and so has no lock.
    pub fn own(
        shown: &str,
        place: &str,
        identity: Option<String>,
        project: Arc<Project>,
        mut plans: Vec<Plan>,
    ) -> Self {
        // A folder has one name in a run, whichever manifest speaks of it.
        let mut last: Option<(Arc<PathBuf>, Arc<PathBuf>)> = None;
        for plan in &mut plans {
            let (_, output) = last
                .take()
                .filter(|(written, _)| *written == plan.output)
                .unwrap_or_else(|| (Arc::clone(&plan.output), Arc::new(direct(&plan.output))));
            last = Some((std::mem::replace(&mut plan.output, Arc::clone(&output)), output));
        }
        Self {
            shown: shown.to_owned(),
            place: place.to_owned(),
            identity,
            path: None,
            effective: serde_json::Value::Null,
            rests_on: Vec::new(),
            lock: None,
            project,
            plans,
        }
    }
}

/// The manifests that were named, or the one that lies here.
pub fn find(named: &[PathBuf], surroundings: &Surroundings) -> Result<Vec<PathBuf>, Failure> {
    if named.is_empty() {
        let here = DEFAULTS.iter().map(PathBuf::from).find(|file| surroundings.cwd.join(file).is_file());
        return here.map(|file| vec![file]).ok_or_else(|| {
            Failure::missing("there is no `release.yaml` here")
                .hint("name a manifest, or write one with `bindery init FILE`")
        });
    }
    let mut found: Vec<PathBuf> = Vec::new();
    for path in named {
        let file = in_folder(path)?;
        if !found.contains(&file) {
            found.push(file);
        }
    }
    Ok(found)
}

/// Finds the manifests that were named and compiles them.
pub fn check(named: &[PathBuf], set: &[String]) -> Result<Checked, Failure> {
    let surroundings = Surroundings::read()?;
    let paths = find(named, &surroundings)?;
    Ok(compile(&paths, set, &surroundings))
}

/// Loads one manifest.
pub fn load(
    path: &Path,
    set: &[String],
    surroundings: &Surroundings,
    projects: &mut Projects,
) -> Result<Option<(Effective, Arc<Project>)>, Vec<Diagnostic>> {
    let Some(project) = projects.of(surroundings, above(path))? else { return Ok(None) };
    let context = surroundings.context(&project, set);
    let effective = manifests::load(path, &path.display().to_string(), &context)?;
    Ok(Some((effective, project)))
}

/// What one manifest comes to; nothing when its project is wrong, which was told before.
type Done = Result<Option<(Compiled, Vec<Diagnostic>)>, Vec<Diagnostic>>;

/// Compiles all manifests on all cores; a fault in one hides none in another, and all are told in the order given.
pub fn compile(paths: &[PathBuf], set: &[String], surroundings: &Surroundings) -> Checked {
    let mut projects = Projects::default();
    // One after the other, so that the faults of a project are told once, with the first manifest of it.
    let known: Vec<_> = paths.iter().map(|path| (path, projects.of(surroundings, above(path)))).collect();
    let one = |(path, project): (&PathBuf, Result<Option<Arc<Project>>, _>)| match project? {
        Some(project) => compile_in(path, set, surroundings, project).map(Some),
        None => Ok(None),
    };
    let done: Vec<Done> = match known.len() {
        0..FEW => known.into_iter().map(one).collect(),
        _ => known.into_par_iter().map(one).collect(),
    };
    let mut checked = Checked::default();
    for one in done {
        match one {
            Ok(None) => {}
            Ok(Some((compiled, warnings))) => {
                checked.compiled.push(compiled);
                checked.faults.extend(warnings);
            }
            Err(faults) => checked.faults.extend(faults),
        }
    }
    checked
}

/// So few manifests are read faster than threads are made.
const FEW: usize = 4;

/// Compiles one manifest, and gives its warnings.
pub fn compile_one(
    path: &Path,
    set: &[String],
    surroundings: &Surroundings,
    projects: &mut Projects,
) -> Done {
    let Some(project) = projects.of(surroundings, above(path))? else { return Ok(None) };
    compile_in(path, set, surroundings, project).map(Some)
}

fn compile_in(
    path: &Path,
    set: &[String],
    surroundings: &Surroundings,
    project: Arc<Project>,
) -> Result<(Compiled, Vec<Diagnostic>), Vec<Diagnostic>> {
    let shown = path.display().to_string();
    let context = surroundings.context(&project, set);
    let effective = manifests::load(path, &shown, &context)?;
    let done = manifests::compile(&effective, &context)?;
    let held = rules::check(&effective, &done.plans, &project)?;
    let warnings = done.warnings.into_iter().chain(held.warnings).collect();
    let sets = held.sets.iter().map(|set| (format!("rules {}", set.name), Arc::clone(&set.file)));
    let identity = Some(identity(path, &project.home, surroundings));
    let compiled = Compiled {
        path: Some(path.to_owned()),
        effective: effective.node.to_json(),
        rests_on: effective.rests_on.into_iter().chain(sets).collect(),
        lock: lock::read(&lock::path_of(path))?,
        ..Compiled::own(&shown, &shown, identity, project, done.plans)
    };
    Ok((compiled, warnings))
}

/// The folder of a manifest.
fn above(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// The path of a manifest as seen from the folder of its project, however it was typed.
fn identity(path: &Path, home: &Path, surroundings: &Surroundings) -> String {
    let path = surroundings.cwd.join(path);
    let path = fs::canonicalize(&path).unwrap_or(path);
    path.strip_prefix(home).unwrap_or(&path).display().to_string()
}

impl Checked {
    /// Whether nothing of it can run.
    pub fn is_wrong(&self) -> bool {
        self.faults.iter().any(|fault| fault.severity == Severity::Error)
    }

    /// The manifests, if all of them are right; warnings are said on the way.
    pub fn clean(self, ui: &Ui) -> Result<Vec<Compiled>, Failure> {
        if self.is_wrong() {
            return Err(self.faults.into());
        }
        if !self.faults.is_empty() {
            Failure::from(self.faults).tell(ui);
        }
        Ok(self.compiled)
    }
}

/// A path as text for a manifest.
pub fn text(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Failure::usage(format!("`{}` is not UTF-8, which manifests are", path.display())))
}

/// A path as seen from a folder; both are absolute. What leaves the folder goes up with `..`, what shares nothing with
/// it but the root stays absolute.
pub fn relative(path: &Path, folder: &Path) -> PathBuf {
    let (path, folder) = (normal(path), normal(folder));
    let shared = path.components().zip(folder.components()).take_while(|(one, other)| one == other).count();
    if shared <= 1 {
        return path;
    }
    let up = folder.components().skip(shared).map(|_| Component::ParentDir);
    let relative: PathBuf = up.chain(path.components().skip(shared)).collect();
    if relative.as_os_str().is_empty() { PathBuf::from(".") } else { relative }
}

/// The folder in which a file is about to be written; it is made when it is not there, since paths that lead out of it
/// could not be followed otherwise.
pub fn folder_of(file: &Path) -> Result<PathBuf, Failure> {
    let folder = normal(file.parent().unwrap_or(Path::new("/")));
    fs::create_dir_all(&folder).map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("cannot write to `{}`: {}", folder.display(), words::reason(&error)),
        )
    })?;
    Ok(folder)
}

/// A path without `.` at its beginning and without detours, as one would type it.
pub fn plain(path: &str) -> String {
    direct(Path::new(path)).display().to_string()
}

/// The same as a path.
pub fn direct(path: &Path) -> PathBuf {
    let normal = normal(path);
    if normal.as_os_str().is_empty() { PathBuf::from(".") } else { normal }
}

/// The path without `.`, and without `..` where the folder before it is a real one.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        let linked = || normal.symlink_metadata().is_ok_and(|found| found.is_symlink());
        let leaves = matches!(normal.components().next_back(), Some(Component::Normal(_)));
        match part {
            Component::CurDir => {}
            Component::ParentDir if leaves && !linked() => drop(normal.pop()),
            part => normal.push(part),
        }
    }
    normal
}

/// An assignment that gives a key this very text, whatever characters are in it.
pub fn assignment(key: &str, value: &str) -> String {
    format!("{key}={}", serde_json::Value::from(value))
}

/// A manifest by its path or by the folder it lies in.
fn in_folder(path: &Path) -> Result<PathBuf, Failure> {
    match path.metadata() {
        Ok(found) if found.is_dir() => {
            DEFAULTS.iter().map(|name| path.join(name)).find(|file| file.is_file()).ok_or_else(|| {
                Failure::missing(format!("there is no `release.yaml` in `{}`", path.display()))
                    .hint("name the manifest itself")
            })
        }
        Ok(_) => Ok(path.to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Failure::missing(format!("there is no manifest `{}`", path.display()))
                .hint("write one with `bindery init FILE`"))
        }
        Err(error) => Err(Failure::new(
            Exit::Usage,
            format!("cannot read `{}`: {}", path.display(), words::reason(&error)),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_where_the_manifest_lies() {
        let check = |path: &str, folder: &str, wanted: &str| {
            assert_eq!(relative(Path::new(path), Path::new(folder)), Path::new(wanted));
        };
        check("/p/a/book.epub", "/p/a", "book.epub");
        check("/p/./a/../b.epub", "/p/x/y", "../../b.epub");
        check("/p/a", "/p/a", ".");
        check("/q/b", "/p/a", "/q/b");
    }

    #[test]
    fn an_assignment_keeps_its_text() {
        assert_eq!(assignment("output", "a \"b\""), r#"output="a \"b\"""#);
    }
}
