//! The one walk that decides which steps run and says why: for a plan, for an explanation, and for a run.
//!
//! It goes along the steps with what is remembered of each, as if it were running them, and back again for the files
//! that are not kept. Where a step runs, what hangs on it cannot be judged before that is done; then [`Open::judge`]
//! is asked once more.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Given, Open, State};
use crate::digest::{Digest, Digesting};
use crate::run::Selection;
use crate::state::record::{SourceRecord, StepRecord};
use crate::template::Scope;
use crate::{Change, Facts, Phase, StepIndex, Why, World};

/// What became of asking about a step whose inputs and facts are known.
pub(in crate::run) enum Verdict {
    /// What it gave before stands, and here it is.
    Stands(Why, Box<Reused>),
    /// It runs.
    Runs(Why),
}

/// What a step gave before.
pub(in crate::run) struct Reused {
    pub(in crate::run) record: StepRecord,
    pub(in crate::run) paths: Vec<Option<PathBuf>>,
}

impl Open<'_> {
    /// Says of every step why it runs or stands; nothing of steps that are not selected.
    pub(in crate::run) fn walk(&mut self, world: &World, selection: &Selection) -> Vec<Option<Why>> {
        let shape = Arc::clone(&self.plan.shape);
        let mut whys: Vec<Option<Why>> = vec![None; shape.len()];
        let (mut nameless, mut unnamed) = (None, None);
        // The first step on whose doing it hangs what this one is given.
        let mut open: Vec<Option<String>> = vec![None; shape.len()];
        for (index, step) in shape.steps() {
            if self.state(index) == State::Left {
                continue;
            }
            let gathers = step.stage.phase() == Phase::Gather;
            let waits_for = shape.awaited(index).find_map(|giver| open[giver.index()].clone());
            let waits_for = waits_for.or_else(|| unnamed.clone().filter(|_| !gathers));
            if waits_for.is_none() && !gathers && self.name.is_none() {
                nameless = nameless.or_else(|| match self.named(&world.site.language, selection) {
                    Ok((name, _)) => {
                        self.name = Some(name.as_str().into());
                        None
                    }
                    Err(error) => Some(error.message),
                });
            }
            let why = match (&nameless, waits_for) {
                (Some(error), _) => {
                    open[index.index()] = Some(step.id.clone());
                    Why::Nameless { error: error.clone() }
                }
                (None, Some(giver)) => {
                    open[index.index()] = Some(giver.clone());
                    let known = self.past.step(&step.id).is_some();
                    if known { Why::Follows { step: giver } } else { Why::Never }
                }
                (None, None) => {
                    let (why, is_known) = self.walk_over(index, world);
                    open[index.index()] = (!is_known).then(|| step.id.clone());
                    why
                }
            };
            whys[index.index()] = Some(why);
            // The name comes from all facts, so what is made waits for whatever gathers.
            if gathers && unnamed.is_none() {
                unnamed.clone_from(&open[index.index()]);
            }
        }
        self.call_for_files(&mut whys);
        self.given.iter_mut().for_each(|given| *given = Given::default());
        whys
    }

    /// Judges a step all of whose givers are known, and takes over what it gave if that is what it would give.
    fn walk_over(&mut self, index: StepIndex, world: &World) -> (Why, bool) {
        let facts = self.facts_for(index);
        let scope = self.scope(&facts);
        let step = self.plan.shape.step(index);
        if let Some(condition) = &step.condition
            && matches!(condition.holds(&world.site.language, &scope), Ok(false))
        {
            self.given[index.index()].facts = Arc::new(facts);
            return (Why::Condition { condition: condition.text().to_owned() }, true);
        }
        match self.judge(index, &facts, &scope, world) {
            Verdict::Runs(why) => {
                // Files that are gone are made again as they were, so what hangs on them can be judged.
                let known = matches!(why, Why::Gone { .. } | Why::Touched { .. });
                let record = self.past.step(&step.id).filter(|_| known).map(|(record, _)| record.clone());
                if let Some(record) = record {
                    let paths = vec![None; record.made.len()];
                    self.give_again(index, &facts, &Reused { record, paths });
                }
                (why, known)
            }
            Verdict::Stands(why, reused) => {
                self.give_again(index, &facts, &reused);
                (why, true)
            }
        }
    }

    /// Whether a step runs, now that all it is given is known. The facts and the scope are those that reach it.
    pub(in crate::run) fn judge(
        &self,
        index: StepIndex,
        facts: &Facts,
        scope: &Scope,
        world: &World,
    ) -> Verdict {
        let step = self.plan.shape.step(index);
        let Some((old, resumed)) = self.past.step(&step.id) else { return Verdict::Runs(Why::Never) };
        if old.skipped.is_some() {
            return Verdict::Runs(Why::Never);
        }
        let mut changes = self.changes(index, old, facts, scope, world);
        if world.outside.refresh && step.asks_outside() {
            changes.push(Change::of("what is known outside, which is asked for anew"));
        }
        if !changes.is_empty() {
            return Verdict::Runs(Why::Changed { changes });
        }
        let paths: Vec<Option<PathBuf>> = old.made.iter().map(|made| self.past.find(made)).collect();
        let gone = old.made.iter().zip(&paths).find(|(_, path)| path.is_none());
        if let Some((made, _)) = gone.filter(|_| step.ship) {
            return Verdict::Runs(self.past.missing(made));
        }
        let why = if resumed { Why::Resumed } else { Why::UpToDate };
        Verdict::Stands(why, Box::new(Reused { record: old.clone(), paths }))
    }

    /// Takes over what a step gave before.
    pub(in crate::run) fn give_again(&mut self, index: StepIndex, facts: &Facts, reused: &Reused) {
        let Reused { record, paths } = reused;
        let mut all = facts.clone();
        all.overlay(&record.facts);
        all.overlay(&self.plan.metadata);
        self.learn(index, record.learned.clone());
        let artifacts = record.made.iter().zip(paths).map(|(made, path)| {
            let mut artifact = made.artifact.clone();
            artifact.path = path.clone().unwrap_or_default();
            artifact
        });
        self.given[index.index()] = Given {
            artifacts: artifacts.collect(),
            ids: record.made.iter().map(|made| made.id).collect(),
            facts: Arc::new(all),
        };
    }

    /// Lets steps run whose files are not kept, where a step that runs takes them.
    fn call_for_files(&self, whys: &mut [Option<Why>]) {
        let shape = &self.plan.shape;
        let order: Vec<StepIndex> = shape.steps().map(|(index, _)| index).collect();
        for &index in order.iter().rev() {
            let runs = whys[index.index()].as_ref().is_some_and(|why| !why.stands());
            if !runs || shape.step(index).stage.phase() == Phase::Deliver {
                continue;
            }
            for giver in shape.givers(index) {
                let stands = matches!(whys[giver.index()], Some(Why::UpToDate | Why::Resumed));
                let made = self.past.step(&shape.step(giver).id).map(|(record, _)| &record.made);
                if stands && made.into_iter().flatten().any(|made| self.past.find(made).is_none()) {
                    whys[giver.index()] = Some(Why::Needed { step: shape.step(index).id.clone() });
                }
            }
        }
    }

    /// Everything that the release rests on, in one digest.
    pub(in crate::run) fn whole(&self, world: &World) -> Digest {
        let plan = self.plan;
        let mut digesting = Digesting::default();
        digesting.part(&plan.shape.fixed(&world.site).digest.bytes());
        digesting.part(plan.name.text().as_bytes()).json(&plan.metadata).json(&*plan.names).json(&plan.item);
        digesting.part(&self.time.to_le_bytes()).json(&plan.pinned.as_deref());
        for (source, found) in self.sources.iter().zip(&self.found) {
            digesting.part(source.name.as_bytes()).part(&found.id.bytes());
            digesting.part(&found.stamp.modified_seconds().to_le_bytes());
        }
        digesting.finish()
    }

    /// The sources as they are remembered.
    pub(in crate::run) fn sources_seen(&self) -> Vec<SourceRecord> {
        let one = |(source, found): (&crate::Artifact, &super::Found)| {
            let or_learned = |known: &Option<String>, algorithm| {
                known.clone().or_else(|| source.digests.get(algorithm).map(str::to_owned))
            };
            let blake3 = or_learned(&found.blake3, "blake3");
            let crc32 = or_learned(&found.crc32, "crc32").filter(|_| blake3.is_none());
            let (stamp, sure, id) = (found.stamp, found.sure, found.id);
            SourceRecord { name: source.name.clone(), stamp, sure, id, blake3, crc32 }
        };
        self.sources.iter().zip(&self.found).map(one).collect()
    }
}
