//! From the effective manifest to plans: steps, sources and items, with everything that is wrong found at once.
//!
//! Knows no stage by name: what a stage takes and checks, the registry says.

mod fetched;
mod find;
mod items;
mod options;
mod sources;
mod steps;
mod templates;

use std::sync::Arc;

use engine::value::Time;
use engine::{Fact, Facts, Plan, Site, Template, TimeRule};
use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Severity, in_order};
use crate::load::{Context, Effective};
use crate::node::{Node, Place};
use items::Item;

/// What a manifest compiles to.
#[derive(Clone)]
pub struct Compiled {
    /// One plan a release.
    pub plans: Vec<Plan>,
    /// Faults that stop nothing.
    pub warnings: Vec<Diagnostic>,
}

/// Compiles a manifest, or says everything that is wrong with it.
pub fn compile(effective: &Effective, context: &Context<'_>) -> Result<Compiled, Vec<Diagnostic>> {
    let site = site(effective, context);
    let mut compiler = Compiler { effective, context, site, faults: Vec::new() };
    let plans = compiler.plans();
    let faults = in_order(compiler.faults);
    let (errors, warnings): (Vec<_>, Vec<_>) =
        faults.into_iter().partition(|fault| fault.severity == Severity::Error);
    match (plans, errors.is_empty()) {
        (Some(plans), true) => Ok(Compiled { plans, warnings }),
        _ => Err(in_order(errors.into_iter().chain(warnings).collect())),
    }
}

/// After so many faults of items the rest is not looked at.
const MOST_FAULTS: usize = 200;

struct Compiler<'a, 'c> {
    effective: &'a Effective,
    context: &'a Context<'c>,
    /// Where the manifest stands, with the names that it gives to templates.
    site: Site,
    faults: Vec<Diagnostic>,
}

fn site(effective: &Effective, context: &Context<'_>) -> Site {
    let written = &effective.written;
    let vars = written.vars.keys().flat_map(|name| [name.clone(), format!("vars.{name}")]);
    let given = vars.chain(written.metadata.keys().cloned()).collect();
    Site { given, ..context.site.clone() }
}

impl Compiler<'_, '_> {
    fn plans(&mut self) -> Option<Vec<Plan>> {
        let name = self.name();
        self.group();
        let shape = self.shape().map(Arc::new);
        let items = self.items();
        let output = Arc::new(self.effective.output.clone());
        let time = self.time();
        let mut plans = Vec::new();
        let mut shared = Arc::new(Map::new());
        let many = self.effective.written.for_each.is_some();
        for (number, item) in items?.into_iter().enumerate() {
            // The same fault in a thousand items is one fault.
            if self.faults.len() > MOST_FAULTS {
                break;
            }
            let Some((sources, vars, metadata)) = self.of_item(&item) else { continue };
            let (Some(shape), Some(name)) = (&shape, &name) else { continue };
            let at = if many {
                format!("{}#{}", self.effective.name, number + 1)
            } else {
                self.effective.name.clone()
            };
            // Most families have the same names in every release: they share them.
            let names = self.names(vars);
            if *shared != names {
                shared = Arc::new(names);
            }
            let item = match item {
                Item::Of { value, .. } => Some(value),
                Item::Only => None,
            };
            plans.push(Plan {
                shape: Arc::clone(shape),
                at,
                name: Arc::clone(name),
                output: Arc::clone(&output),
                sources,
                metadata,
                names: Arc::clone(&shared),
                item,
                time,
                keep: None,
                pinned: None,
            });
        }
        Some(plans)
    }

    /// What is a release's own: its sources, variables and facts.
    fn of_item(&mut self, item: &Item) -> Option<(Vec<engine::Source>, Map<String, Value>, Facts)> {
        let before = self.faults.len();
        let vars = self.rendered("vars", item, &Map::new());
        let sources = self.sources(item, &vars)?;
        let metadata = self.rendered("metadata", item, &vars);
        let at = |key: &str| {
            let node = self.node(&["metadata", key]);
            node.map_or_else(|| self.effective.name.clone(), |node| place_text(&node.place))
        };
        let fact = |(key, value): (String, Value)| {
            let fact = Fact::new(value, "manifest", at(&key));
            (key, fact)
        };
        let facts = metadata.into_iter().map(fact).collect();
        (self.faults.len() == before).then_some((sources, vars, facts))
    }

    fn names(&self, vars: Map<String, Value>) -> Map<String, Value> {
        let mut names = Map::new();
        let written = &self.effective.written;
        if let Some(group) = &written.group {
            names.insert("group".into(), group.as_str().into());
        }
        if let Some(kind) = &written.kind {
            names.insert("kind".into(), kind.as_str().into());
        }
        names.insert("vars".into(), vars.into());
        names
    }

    fn name(&mut self) -> Option<Arc<Template>> {
        let Some(name) = &self.effective.written.name else {
            if !self.effective.lost.explains(&["name"]) {
                let fault = Diagnostic::error("manifest/missing-key", "missing key `name`")
                    .at(&self.effective.node.place);
                self.faults.push(
                    fault.hint("add `name: \"{{ title | dots }}-{{ group }}\"`, or a `kind` that has one"),
                );
            }
            return None;
        };
        let node = self.node(&["name"]).cloned();
        if let Some(node) = node {
            self.template(name, &node);
        }
        Some(Arc::new(name.clone()))
    }

    fn group(&mut self) {
        let written = &self.effective.written;
        // A template that asks whether there is a group goes on without one.
        let asks =
            |text: &str| ["if group", "unless group", "group | default"].iter().any(|ask| text.contains(ask));
        let prints_group =
            |name: &Template| name.names().iter().any(|name| name == "group") && !asks(name.text());
        let has_group = written.group.is_some() || self.effective.lost.explains(&["group"]);
        if !has_group && written.name.as_ref().is_some_and(prints_group) {
            let place = self.node(&["name"]).map_or(&self.effective.node.place, |node| &node.place).clone();
            self.faults.push(
                Diagnostic::error(
                    "manifest/missing-key",
                    "missing key `group`, which the name of the release needs",
                )
                .at(&self.effective.node.place)
                .related(&place, "the name")
                .hint("add `group: MYGRP`, or set `group` in `bindery.toml`"),
            );
        }
    }

    fn time(&self) -> TimeRule {
        match (self.effective.written.time, self.context.epoch) {
            (Some(Time::At(time)), _) => TimeRule::At(time.as_second()),
            (None, Some(epoch)) => TimeRule::At(epoch),
            _ => TimeRule::NewestSource,
        }
    }

    /// The node at the end of a way through mappings.
    fn node(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(&self.effective.node, |node, name| node.get(name))
    }
}

/// The last part of a name, and that without and with only its extension.
fn name_parts(name: &str) -> (&str, &str, &str) {
    let last = name.rsplit('/').next().unwrap_or_default();
    let (stem, extension) = last.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((last, ""));
    (last, stem, extension)
}

/// `file:line:column`.
fn place_text(place: &Place) -> String {
    format!("{}:{}:{}", place.file.name, place.line, place.column)
}
