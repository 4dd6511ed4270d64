//! What a step is given: the facts that reach it, the files it takes, what its templates see.

use std::collections::HashMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;

use super::Open;
use crate::digest::{Digest, Digesting};
use crate::plan::From;
use crate::stamp::Stamp;
use crate::template::Scope;
use crate::{Digests, Facts, Input, Phase, StepIndex};

/// The files that a step takes.
#[derive(Default)]
pub(in crate::run) struct Taken {
    pub(in crate::run) inputs: Vec<Input>,
    /// What those of them that are sources looked like when they were found, in their order.
    pub(in crate::run) stamps: Vec<Stamp>,
    /// What stands for all of them.
    pub(in crate::run) digest: Digest,
}

impl Open<'_> {
    /// The facts that reach a step: what its givers know, the later step in the plan winning, and `metadata` over all.
    pub(in crate::run) fn facts_for(&self, step: StepIndex) -> Facts {
        let mut givers: Vec<StepIndex> = self.plan.shape.givers(step).collect();
        givers.sort_by_key(|&giver| self.plan.shape.position(giver));
        self.merged(givers)
    }

    /// Everything that was gathered.
    pub(in crate::run) fn facts_gathered(&self) -> Facts {
        let gathering = self.plan.shape.steps().filter(|(_, step)| step.stage.phase() == Phase::Gather);
        self.merged(gathering.map(|(index, _)| index))
    }

    fn merged(&self, givers: impl IntoIterator<Item = StepIndex>) -> Facts {
        let mut facts = Facts::new();
        for index in givers {
            facts.overlay(&self.given[index.index()].facts);
        }
        facts.overlay(&self.plan.metadata);
        facts
    }

    /// The files that a step takes.
    pub(in crate::run) fn taken_by(&self, step: StepIndex) -> Taken {
        let step = self.plan.shape.step(step);
        let delivers = step.stage.phase() == Phase::Deliver;
        let minds_times = step.stage.minds_times();
        let mut taken = Taken::default();
        let mut digesting = Digesting::default();
        for from in &step.from {
            let giver = match from {
                From::Source => None,
                From::Step(id) => Some(id),
            };
            // What is delivered is the release: files made for other steps alone are not in it.
            let takes = |index: &StepIndex| !delivers || self.plan.shape.step(*index).ship;
            let given = giver.and_then(|id| self.plan.shape.find(id)).filter(takes);
            let given = given.map(|index| &self.given[index.index()]);
            let (artifacts, ids) = match (giver, given) {
                (None, _) => (self.sources.as_slice(), None),
                (Some(_), Some(given)) => (given.artifacts.as_slice(), Some(given.ids.as_slice())),
                (Some(_), None) => continue,
            };
            let id = giver.map_or("source", String::as_str);
            for (at, artifact) in artifacts.iter().enumerate() {
                if step.pick.as_ref().is_some_and(|pick| !pick.takes(&artifact.name)) {
                    continue;
                }
                if self.plan.keep.is_some() {
                    let found = self.found.get(at).filter(|_| giver.is_none());
                    let content = found.map(|found| found.id).or_else(|| ids?.get(at).copied());
                    digesting.part(id.as_bytes()).part(artifact.name.as_bytes());
                    digesting.part(&content.unwrap_or_default().bytes());
                    let time = found.filter(|_| minds_times).map(|found| found.stamp.modified_seconds());
                    digesting.part(&time.unwrap_or_default().to_le_bytes());
                }
                if giver.is_none() {
                    taken.stamps.extend(self.found.get(at).map(|found| found.stamp));
                }
                taken.inputs.push(Input { artifact: artifact.clone(), from: id.to_owned() });
            }
        }
        taken.digest = digesting.finish();
        taken
    }

    /// Keeps what a step learned of the sources while it read them.
    pub(in crate::run) fn learn(&mut self, step: StepIndex, digests: Vec<Digests>) {
        if digests.is_empty() {
            return;
        }
        let inputs = self.taken_by(step).inputs;
        let places: HashMap<PathBuf, usize> =
            self.plan.sources.iter().enumerate().map(|(at, source)| (source.path.clone(), at)).collect();
        for (input, digests) in inputs.iter().zip(digests).filter(|(input, _)| input.from == "source") {
            let place = places.get(&input.artifact.path);
            if let Some(source) = place.and_then(|&at| self.sources.get_mut(at)) {
                source.digests.extend(digests);
            }
        }
    }

    /// What templates see.
    pub(in crate::run) fn scope(&self, facts: &Facts) -> Scope {
        let mut scope = Scope::new();
        for (name, fact) in facts.iter() {
            scope.set(name, fact.value.clone());
        }
        let vars = self.plan.names.get("vars").and_then(serde_json::Value::as_object);
        for (name, value) in vars.into_iter().flatten() {
            scope.set_default(name, value.clone());
        }
        for (name, value) in self.plan.names.iter() {
            scope.set(name, value.clone());
        }
        if let Some(item) = &self.plan.item {
            scope.set("item", item.clone());
        }
        if let Some(first) = self.plan.sources.first() {
            let last = first.name.rsplit('/').next().unwrap_or_default();
            let (stem, extension) =
                last.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((last, ""));
            let count = self.plan.sources.len();
            scope.set(
                "source",
                json!({ "name": first.name, "stem": stem, "extension": extension, "count": count }),
            );
        }
        if let Some(name) = &self.name {
            scope.set("release", name.as_ref());
        }
        scope.set(
            "now",
            Timestamp::from_second(self.time).unwrap_or_default().strftime("%F %T +0000").to_string(),
        );
        scope
    }
}

impl crate::Pick {
    /// Whether it takes a file of this name: the glob is held against the whole name and against its last part.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        self.0.is_match(name) || name.rsplit('/').next().is_some_and(|last| self.0.is_match(last))
    }
}
