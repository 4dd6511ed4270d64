//! From jobs to plans: each job on its own, so that what is wrong with one is lost on no other.

use std::path::{Path, PathBuf};

use manifests::{Diagnostic, Kinds, Node};

use super::Ready;
use super::jobs::{Job, List, What, place_text};
use crate::exit::{Exit, Failure};
use crate::packing::{self, Packing, Stand};
use crate::project::{Project, Projects, Surroundings};
use crate::rules;
use crate::sources::{self, Compiled, relative};

/// Compiles the jobs of one list.
pub struct Compiler<'s> {
    surroundings: &'s Surroundings,
    set: &'s [String],
    projects: Projects,
    list: String,
    folder: PathBuf,
    /// The names of the kinds that jobs may have, once they are asked for.
    kinds: Option<Vec<String>>,
}

/// What one job comes to; nothing when its project is wrong, which was told with an earlier job.
type Done = Result<Option<(Compiled, Vec<Diagnostic>)>, Vec<Diagnostic>>;

impl<'s> Compiler<'s> {
    /// A compiler for the jobs of this list.
    pub fn new(surroundings: &'s Surroundings, set: &'s [String], list: &List) -> Self {
        Self {
            surroundings,
            set,
            projects: Projects::default(),
            list: list.name.clone(),
            folder: list.folder.clone(),
            kinds: None,
        }
    }

    /// Compiles a job; what is right goes to `compiled`.
    pub fn job(&mut self, job: Job, compiled: &mut Vec<Compiled>) -> Ready {
        let Job { number, place, what, mut faults } = job;
        let shown = format!("{}#{number}", self.list);
        let done = match what {
            None => Err(Vec::new()),
            Some(What::Pack(packing)) => self.pack(*packing, &shown),
            Some(What::Document(node)) => self.document(node, &shown),
            Some(What::Manifest(path)) => self.manifest(&path),
        };
        let at = place_text(&place);
        let number = match done {
            Ok(Some((mut done, warnings))) => {
                faults.extend(warnings);
                if done.shown == shown {
                    done.place.clone_from(&at);
                }
                compiled.push(done);
                Some(compiled.len() - 1)
            }
            Ok(None) => {
                let fault =
                    Diagnostic::error("job/invalid", "the configuration that reigns over it is wrong");
                faults.push(fault.at(&place));
                None
            }
            Err(more) => {
                // What has no place of its own is wrong with the job.
                faults.extend(more.into_iter().map(|fault| match fault.place {
                    None => fault.at(&place),
                    Some(_) => fault,
                }));
                None
            }
        };
        Ready { at, faults, compiled: number }
    }

    fn pack(&mut self, mut packing: Packing, shown: &str) -> Done {
        let home = self.surroundings.cwd.clone();
        let Some(project) = self.projects.of(self.surroundings, &home)? else { return Ok(None) };
        for file in &mut packing.files {
            *file = self.found(file);
        }
        let all = || Kinds::new(&project.site.search).list().into_iter().map(|kind| kind.name).collect();
        let kinds = self.kinds.get_or_insert_with(all);
        let configured = packing::has_output(&project);
        let stand = Stand { home: &home, cwd: &home, configured, kinds };
        let node = packing.manifest(&stand).map_err(|failure| diagnostics(failure, &packing))?;
        self.node(node, shown, &relative(&home, &home), project).map(Some)
    }

    fn document(&mut self, node: Node, shown: &str) -> Done {
        let folder = self.folder.clone();
        let Some(project) = self.projects.of(self.surroundings, &folder)? else { return Ok(None) };
        self.node(node, shown, &folder, project).map(Some)
    }

    fn manifest(&mut self, path: &Path) -> Done {
        let found = sources::find(&[self.found(path)], self.surroundings);
        let found = found.map_err(|failure| plain(failure, "job/missing"))?;
        let Some(path) = found.first() else { return Ok(None) };
        sources::compile_one(path, self.set, self.surroundings, &mut self.projects)
    }

    fn node(
        &self,
        node: Node,
        shown: &str,
        folder: &Path,
        project: std::sync::Arc<Project>,
    ) -> Result<(Compiled, Vec<Diagnostic>), Vec<Diagnostic>> {
        let identity = Some(packing::identity(&node));
        let context = self.surroundings.context(&project, self.set);
        let effective = manifests::load_node(node, shown, folder, &context)?;
        let done = manifests::compile(&effective, &context)?;
        let mut warnings = done.warnings;
        warnings.extend(rules::check(&effective, &done.plans, &project)?.warnings);
        Ok((Compiled::own(shown, shown, identity, project, done.plans), warnings))
    }

    /// A path as seen from the current folder, or else from that of the list.
    fn found(&self, path: &Path) -> PathBuf {
        let beside = self.folder.join(path);
        let is_there = |path: &Path| self.surroundings.cwd.join(path).symlink_metadata().is_ok();
        if !is_there(path) && is_there(&beside) { beside } else { path.to_owned() }
    }
}

/// A failure of what was asked for, told where the list says it.
fn diagnostics(failure: Failure, packing: &Packing) -> Vec<Diagnostic> {
    let (code, key) = match &failure {
        Failure::Message { exit: Exit::Missing, .. } => ("job/missing", "source"),
        _ => ("job/invalid", "kind"),
    };
    let place = packing.places.get(key);
    let faults = plain(failure, code).into_iter();
    faults.map(|fault| place.map_or_else(|| fault.clone(), |place| fault.clone().at(place))).collect()
}

fn plain(failure: Failure, code: &'static str) -> Vec<Diagnostic> {
    match failure {
        Failure::Diagnostics(faults) => faults,
        Failure::Message { message, hint, .. } => {
            let fault = Diagnostic::error(code, message);
            vec![match hint {
                Some(hint) => fault.hint(hint),
                None => fault,
            }]
        }
    }
}
