//! What is to be asked about: of a manifest its releases, of another file the release that `pack` would make of it.

use std::path::Path;
use std::sync::Arc;

use engine::{Facts, Plan};
use manifests::{Kinds, merge, set_layer};
use stages::enrich::{Enrich, suited};

use super::Args;
use crate::cmd::init::guess;
use crate::exit::{Exit, Failure};
use crate::fetch::{Manner, fetch};
use crate::packing::{self, Packing, Stand};
use crate::project::{Project, Projects, Surroundings};
use crate::signals::Interrupt;
use crate::sources;
use crate::ui::Ui;

/// One thing to ask about.
pub struct Sought {
    /// How it is called on the screen.
    pub label: String,
    /// What is known of it.
    pub known: Facts,
    /// How it is asked.
    pub options: Enrich,
    /// The project it belongs to.
    pub project: Arc<Project>,
}

/// Everything that one argument stands for.
pub fn all(
    file: &Path,
    args: &Args,
    surroundings: &Surroundings,
    interrupt: &Interrupt,
    ui: &Ui,
) -> Result<Vec<Sought>, Failure> {
    let is_manifest = file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    if !file.exists() {
        return Err(Failure::missing(format!("there is no file `{}`", file.display())));
    }
    let (plans, project, own_label) = if is_manifest && args.kind.is_none() {
        let checked = sources::compile(&[file.to_owned()], &args.sets.set, surroundings);
        let compiled = checked.clean(ui)?;
        fetch(&compiled, Manner { offline: args.asking.offline, keep_going: false }, interrupt, ui)?;
        let compiled = compiled.into_iter().next();
        let compiled = compiled.ok_or_else(|| Failure::missing("there is no such manifest"))?;
        (compiled.plans, compiled.project, None)
    } else {
        let (plans, project) = of_file(file, args, surroundings)?;
        (plans, project, Some(file.display().to_string()))
    };
    let one = |plan: &Plan| {
        let known = known(plan)?;
        let options = options(plan)?.with_providers(&args.providers);
        let usual = if own_label.is_some() && options.providers().is_empty() {
            suited(&known, &project.site)
        } else {
            Vec::new()
        };
        let options = options.with_providers(&usual);
        if let Some(fault) = engine::Stage::check(&options, &project.site).into_iter().next() {
            let failure = Failure::usage(format!("`enrich`: {}: {}", fault.path.join("."), fault.message));
            return Err(fault.hint.into_iter().fold(failure, Failure::hint));
        }
        let label = own_label.clone().unwrap_or_else(|| plan.at.clone());
        Ok(Sought { label, known, options, project: Arc::clone(&project) })
    };
    plans.iter().map(one).collect()
}

/// The release that the kind would make of a file.
fn of_file(
    file: &Path,
    args: &Args,
    surroundings: &Surroundings,
) -> Result<(Vec<Plan>, Arc<Project>), Failure> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let home = surroundings.cwd.join(folder);
    let Some(project) = Projects::default().of(surroundings, &home)? else {
        return Err(Failure::usage("the configuration is wrong"));
    };
    let kinds: Vec<String> =
        Kinds::new(&project.site.search).list().into_iter().map(|kind| kind.name).collect();
    let guessed = || guess::kind(&[file.to_owned()]).to_owned();
    let packing = Packing {
        kind: args.kind.clone().unwrap_or_else(guessed),
        files: vec![file.to_owned()],
        // Nothing is made, so the name that a release would bear does not matter.
        group: Some("NOGRP".to_owned()),
        release_name: Some("release".to_owned()),
        ..Packing::default()
    };
    let stand = Stand { home: &home, cwd: &surroundings.cwd, configured: true, kinds: &kinds };
    let own = packing.manifest(&stand)?;
    let set = set_layer(&args.sets.set)?;
    let own =
        merge([own].into_iter().chain(set)).ok_or_else(|| Failure::usage("there is nothing to ask about"))?;
    let context = surroundings.context(&project, &[]);
    let effective = manifests::load_text(&manifests::emit(&own), packing::NAME, folder, &context)?;
    Ok((manifests::compile(&effective, &context)?.plans, project))
}

/// What the sources of a release and its manifest say.
fn known(plan: &Plan) -> Result<Facts, Failure> {
    let mut known = Facts::new();
    for source in &plan.sources {
        let found = stages::facts_of(&source.path, &source.name).map_err(|error| {
            let failure = Failure::new(Exit::Failed, error.message);
            error.hint.into_iter().fold(failure, Failure::hint)
        })?;
        known.underlay(&found);
    }
    known.overlay(&plan.metadata);
    Ok(known)
}

/// How the release asks: what its step says that uses the stage.
fn options(plan: &Plan) -> Result<Enrich, Failure> {
    let step = plan.shape.steps().map(|(_, step)| step).find(|step| step.stage.name() == "enrich");
    let with = step.and_then(|step| step.written.get("with")).filter(|with| !with.is_null());
    let read = |with: &serde_json::Value| serde_json::from_value(with.clone());
    with.map(read)
        .transpose()
        .map(Option::unwrap_or_default)
        .map_err(|error| Failure::usage(error.to_string()))
}
