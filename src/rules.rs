//! Rule sets for commands: found by name, read, and held against manifests before a run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use engine::Plan;
use engine::template::Scope;
use manifests::written::StepEntry;
use manifests::{Diagnostic, Effective, File, Place, Rules, decode, written};
use schemars::schema_for;
use stages::rules::{Draft, DraftStep, Finding, RuleSet, Severity};

use crate::exit::Failure;
use crate::project::{Project, Surroundings};
use crate::ui::{Ui, clean};

/// Most releases of a manifest whose names are tested before a run.
const MOST_NAMES: usize = 1_000;

/// A rule set that was read.
#[derive(Debug)]
pub struct Named {
    /// Its whole name.
    pub name: String,
    /// The file it is in.
    pub file: Arc<File>,
    /// Its rules.
    pub set: RuleSet,
}

/// The rule sets of a project. Each is read once, however many manifests name it.
#[derive(Debug, Default)]
pub struct RuleSets {
    rules: Rules,
    read: Mutex<BTreeMap<String, Read>>,
}

/// A set, or what is wrong with it.
type Read = Result<Arc<Named>, Vec<Diagnostic>>;

impl RuleSets {
    /// Rule sets in these folders, and the built-in ones.
    pub fn new(folders: &[PathBuf]) -> Self {
        Self { rules: Rules::new(folders), read: Mutex::default() }
    }

    /// The rule sets of these names.
    pub fn load(&self, names: &[String]) -> Result<Vec<Arc<Named>>, Vec<Diagnostic>> {
        names.iter().map(|name| self.one(name)).collect()
    }

    fn one(&self, name: &str) -> Read {
        // A panic elsewhere cannot leave a map of finished entries half-changed.
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(name) {
            return known.clone();
        }
        let set = self.rules.find(name).and_then(|found| {
            let set = decode::<RuleSet>(&found.node, &schema_for!(RuleSet).to_value())?;
            Ok(Arc::new(Named { name: found.name, file: found.file, set }))
        });
        read.insert(name.to_owned(), set.clone());
        set
    }
}

/// The rule sets of these names, as the project of the current folder has them.
pub fn here(names: &[String]) -> Result<Vec<Arc<Named>>, Failure> {
    let surroundings = Surroundings::read()?;
    let project = surroundings.project(&PathBuf::from("."))?;
    Ok(project.rules.load(names)?)
}

/// What came of holding a manifest against its rules.
#[derive(Default)]
pub struct Held {
    /// What is worth a look and stops nothing.
    pub warnings: Vec<Diagnostic>,
    /// The sets it was held against.
    pub sets: Vec<Arc<Named>>,
}

/// Holds a manifest against the rule sets it names, or says everything that breaks a rule.
pub fn check(effective: &Effective, plans: &[Plan], project: &Project) -> Result<Held, Vec<Diagnostic>> {
    let Some(written::Rules::Sets(names)) = &effective.written.rules else { return Ok(Held::default()) };
    let place = effective.node.get("rules").map_or(&effective.node.place, |node| &node.place);
    let sets = project.rules.load(names).map_err(|faults| {
        // A fault of the name is the manifest's; one in the set has a place of its own.
        faults
            .into_iter()
            .map(|fault| if fault.place.is_none() { fault.at(place) } else { fault })
            .collect::<Vec<_>>()
    })?;
    let known = plans.first().map(known).unwrap_or_default();
    let named = plans.first().map(|plan| plan.name.names()).unwrap_or_default();
    let draft = Draft { name: None, named, known, steps: steps(effective) };
    let mut names: Vec<String> =
        plans.iter().take(MOST_NAMES).filter_map(|plan| known_name(plan, project)).collect();
    names.dedup();
    let mut found = Vec::new();
    for named in &sets {
        let Named { name, set, .. } = &**named;
        let drafted = set.test_draft(name, &draft, &project.site);
        found.extend(drafted.iter().map(|finding| diagnostic(finding, effective, place)));
        let named = names.iter().flat_map(|release| {
            set.test_name(name, release).into_iter().map(move |mut finding| {
                finding.message = format!("{} in {}", finding.message, engine::value::shown(release));
                finding
            })
        });
        found.extend(named.map(|finding| diagnostic(&finding, effective, place)));
    }
    if found.iter().any(|fault| fault.severity == manifests::Severity::Error) {
        Err(found)
    } else {
        Ok(Held { warnings: found, sets })
    }
}

/// A finding as a person reads it.
pub fn shown(finding: &Finding, ui: &Ui) -> String {
    let word = match finding.severity {
        Severity::Error => ui.out.bad("error:"),
        Severity::Warning => ui.out.odd("warning:"),
    };
    let file = if finding.file.is_empty() { String::new() } else { format!("{} ", clean(&finding.file)) };
    let code = ui.out.dim(&format!("[{}]", clean(&finding.code)));
    format!(
        "  {word} {file}{} {code}\n    rule: {} ({})\n    help: {}",
        clean(&finding.message),
        clean(&finding.rule),
        clean(&finding.source),
        clean(&finding.advice),
    )
}

/// The steps with the options that are written down.
fn steps(effective: &Effective) -> Vec<DraftStep> {
    let step = |(id, entry): (&String, &StepEntry)| {
        let StepEntry::Step(step) = entry else { return None };
        let options = step.with.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        Some(DraftStep { id: id.clone(), stage: step.uses.clone()?, options })
    };
    effective.written.steps.iter().filter_map(step).collect()
}

/// What templates of a release will see, as far as it is known before a run.
fn known(plan: &Plan) -> Scope {
    let mut scope = Scope::new();
    for (name, value) in variables(plan).into_iter().flatten() {
        scope.set(name, value.clone());
    }
    for (name, fact) in plan.metadata.iter() {
        scope.set(name, fact.value.clone());
    }
    for (name, value) in plan.names.iter() {
        scope.set(name, value.clone());
    }
    if let Some(item) = &plan.item {
        scope.set("item", item.clone());
    }
    scope
}

fn variables(plan: &Plan) -> Option<&serde_json::Map<String, serde_json::Value>> {
    plan.names.get("vars").and_then(serde_json::Value::as_object)
}

/// The name of a release if it needs no fact that only a run finds.
fn known_name(plan: &Plan, project: &Project) -> Option<String> {
    let scope = known(plan);
    let vars = variables(plan);
    let asks = plan.name.names();
    let is_known = |name: &String| {
        plan.metadata.get(name).is_some()
            || plan.names.contains_key(name)
            || vars.is_some_and(|vars| vars.contains_key(name))
    };
    // What a run might still find would change the name, so nothing may be open.
    asks.iter()
        .all(is_known)
        .then(|| project.site.language.render(&plan.name, &scope).ok())?
        .map(|name| name.trim().to_owned())
}

fn diagnostic(finding: &Finding, effective: &Effective, rules: &Place) -> Diagnostic {
    let (step, option) = finding.file.split_once('/').unwrap_or_default();
    let node = ["steps", step, "with", option].iter().try_fold(&effective.node, |node, name| node.get(name));
    let place = node.map_or(rules, |node| &node.place);
    let rule = finding.rule.trim_end_matches('.');
    let message = format!("{}, against `{}`: {rule} ({})", finding.message, finding.code, finding.source);
    let fault = match finding.severity {
        Severity::Error => Diagnostic::error("rules/broken", message),
        Severity::Warning => Diagnostic::warning("rules/uncertain", message),
    };
    let fault = fault.at(place).hint(finding.advice.clone());
    if node.is_some() { fault.related(rules, "the rules") } else { fault }
}
