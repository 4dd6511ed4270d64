//! What a step rests on and that is not as it was.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Open;
use crate::digest::Digest;
use crate::fixed::WANTED;
use crate::reads::View;
use crate::state::record::StepRecord;
use crate::template::Scope;
use crate::{Change, Facts, StepIndex, World};

impl Open<'_> {
    /// Everything that a step rests on and that is not as it was.
    pub(super) fn changes(
        &self,
        index: StepIndex,
        old: &StepRecord,
        facts: &Facts,
        scope: &Scope,
        world: &World,
    ) -> Vec<Change> {
        let fixed = self.plan.shape.fixed(&world.site);
        let id = &self.plan.shape.step(index).id;
        let mut changes = Vec::new();
        if fixed.step(index) != old.fixed {
            let shape = self.past.shape.and_then(|shape| self.plan.keep.as_ref()?.store.shape(shape));
            let before = shape.as_ref().and_then(|shape| shape.get(id));
            differences(before, fixed.parts.get(id), "", &mut changes);
            if changes.is_empty() {
                changes.push(Change::of("how it is written"));
            }
        }
        let taken = self.taken_by(index);
        if taken.digest != old.inputs {
            let before = changes.len();
            self.changed_inputs(index, &mut changes);
            if changes.len() == before {
                changes.push(Change::of("what it takes"));
            }
        }
        let pinned = self.plan.pinned.as_ref().and_then(|pinned| pinned.get(id));
        let view = View { scope, facts, inputs: &taken.inputs, time: self.time, pinned };
        for (name, was) in &old.reads {
            let is = view.one(name);
            // What it takes was compared already, and better.
            if is != *was && !(name == crate::reads::FILES && taken.digest != old.inputs) {
                changes.push(Change::between(what_is_read(name), Some(was), Some(&is)));
            }
        }
        changes
    }

    fn changed_inputs(&self, index: StepIndex, changes: &mut Vec<Change>) {
        let Some(record) = &self.past.record else { return };
        let step = self.plan.shape.step(index);
        if step.from.contains(&crate::From::Source) {
            let old: Vec<(&str, Digest)> =
                record.sources.iter().map(|source| (source.name.as_str(), source.id)).collect();
            let new: Vec<(&str, Digest)> = (self.sources.iter().zip(&self.found))
                .map(|(source, found)| (source.name.as_str(), found.id))
                .collect();
            changed_files("source", &old, &new, changes);
        }
        for giver in self.plan.shape.givers(index) {
            let id = &self.plan.shape.step(giver).id;
            let Some((before, _)) = self.past.step(id) else { continue };
            let old: Vec<(&str, Digest)> =
                before.made.iter().map(|made| (made.artifact.name.as_str(), made.id)).collect();
            let given = &self.given[giver.index()];
            let new: Vec<(&str, Digest)> = given
                .artifacts
                .iter()
                .map(|file| file.name.as_str())
                .zip(given.ids.iter().copied())
                .collect();
            changed_files(&format!("file of `{id}`"), &old, &new, changes);
        }
    }
}

/// What has another value in two trees, or is in one of them alone.
fn differences(old: Option<&Value>, new: Option<&Value>, path: &str, changes: &mut Vec<Change>) {
    if old == new {
        return;
    }
    if let (Some(Value::Object(old)), Some(Value::Object(new))) = (old, new) {
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for key in keys {
            let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            differences(old.get(key), new.get(key), &below, changes);
        }
        return;
    }
    if path.is_empty() {
        return;
    }
    let what = match path.strip_prefix("with.") {
        Some(option) => format!("option `{option}`"),
        None if path.contains(" `") || [WANTED, "version of the stage"].contains(&path) => path.to_owned(),
        None => format!("`{path}`"),
    };
    // The digest of an asset tells a person nothing.
    if path.contains(" `") {
        changes.push(Change::of(what));
    } else if path == WANTED {
        changes.push(Change::between(what, old.or(Some(&Value::Null)), new.or(Some(&Value::Null))));
    } else {
        changes.push(Change::between(what, old, new));
    }
}

fn changed_files(kind: &str, old: &[(&str, Digest)], new: &[(&str, Digest)], changes: &mut Vec<Change>) {
    let known: std::collections::BTreeMap<&str, Digest> = old.iter().copied().collect();
    let mut left: BTreeSet<&str> = known.keys().copied().collect();
    for (name, id) in new {
        left.remove(name);
        match known.get(name) {
            None => changes.push(moved(kind, name, "not there", "there")),
            Some(before) if before != id => changes.push(Change::of(format!("{kind} `{name}`"))),
            Some(_) => {}
        }
    }
    changes.extend(left.into_iter().map(|name| moved(kind, name, "there", "not there")));
}

fn moved(kind: &str, name: &str, old: &str, new: &str) -> Change {
    Change::between(format!("{kind} `{name}`"), Some(&json!(old)), Some(&json!(new)))
}

fn what_is_read(name: &str) -> String {
    match name {
        crate::reads::ALL_FACTS => "the facts".to_owned(),
        crate::reads::TIME => "the time of the release".to_owned(),
        crate::reads::PINNED => "what the lock pins".to_owned(),
        crate::reads::UNSETTLED => "what could not be found out".to_owned(),
        "release" => "the name of the release".to_owned(),
        "now" => "the time of the release as text".to_owned(),
        "group" | "kind" | "vars" | "item" | "source" | "files" => format!("`{name}`"),
        name => format!("fact `{name}`"),
    }
}
