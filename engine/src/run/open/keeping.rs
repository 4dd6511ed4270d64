//! How a release is recalled from the state, and what of it is kept there.

use std::path::Path;

use super::{Found, Look, Open, Past, State, sources};
use crate::digest::Digest;
use crate::reads::UNSETTLED;
use crate::run::assemble::Piece;
use crate::run::scratch::Resumed;
use crate::run::{Runner, Selection};
use crate::state::record::{FolderRecord, ReleaseRecord, StepRecord};
use crate::{Keep, Phase, StepIndex, Why, World};

impl Open<'_> {
    /// Recalls what is known of the release.
    pub(in crate::run) fn recall(&mut self, keep: &Keep) {
        let record = keep.store.release(keep.key);
        // The output folder is part of the key, so the release lies in it whatever way it is written now.
        let name = record.as_ref().and_then(|record| Path::new(&record.target).file_name());
        let target = name.map(|name| self.plan.output.join(name));
        let (shape, early) = keep.store.early(keep.key).unzip();
        let shape = shape.or_else(|| record.as_ref().map(|record| record.shape));
        let resumed = early.into_iter().flatten().map(|step| (step.id.clone(), step)).collect();
        self.past = Past { record, target, shape, resumed, ..Past::default() };
        self.past.look();
    }

    /// Goes on with what a run that ended early had done.
    pub(in crate::run) fn resume(&mut self, resumed: Option<Resumed>) {
        if let Some((working, done)) = resumed {
            self.past.working = Some(working);
            self.past.resumed.extend(done);
        }
    }

    /// Whether nothing has to be done. Otherwise it is judged which steps run for the sake of others.
    pub(in crate::run) fn stands(&mut self, runner: &Runner<'_>) -> bool {
        if self.plan.keep.is_none() || runner.force {
            return false;
        }
        if self.stands_whole(runner.world) {
            return true;
        }
        let whys = self.walk(runner.world, &runner.selection);
        self.name = None;
        self.idle = whys.iter().flatten().all(Why::is_idle);
        self.must = whys.into_iter().map(|why| why.filter(is_call)).collect();
        false
    }

    /// Recognises the sources; gives what is to be done if some were never seen as they are.
    pub(in crate::run) fn recognise(&mut self) -> Option<Look> {
        self.plan.keep.as_ref()?;
        let known = self.past.record.as_ref().map(|record| record.sources.as_slice());
        sources::recognise(self.plan, &mut self.found, known.unwrap_or_default())
    }

    /// Takes over what a closer look at the sources showed.
    pub(in crate::run) fn found(&mut self, found: Vec<Found>) {
        for (source, found) in self.sources.iter_mut().zip(&found) {
            source.size = found.stamp.size;
        }
        self.found = found;
        self.time = sources::time(self.plan, &self.found);
    }

    /// Whether all that the release rests on is as it was, and all of it is there.
    pub(in crate::run) fn stands_whole(&self, world: &World) -> bool {
        let Some(record) = &self.past.record else { return false };
        let has_all = || {
            let mut steps = self.plan.shape.steps().filter(|(index, _)| self.state(*index) != State::Left);
            steps.all(|(_, step)| record.step(&step.id).is_some())
        };
        let is_open = |step: &StepRecord| step.reads.contains_key(UNSETTLED);
        let asks = || self.plan.shape.steps().any(|(_, step)| step.asks_outside());
        self.past.standing.is_whole()
            && record.whole == self.whole(world)
            && has_all()
            && !record.steps.iter().any(is_open)
            && !(world.outside.refresh && asks())
    }

    /// The files of the release and where each of them lies.
    pub(in crate::run) fn pieces(&self, selection: &Selection) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (index, step) in self.plan.shape.steps() {
            let ships = match selection {
                Selection::All | Selection::Make => step.ship,
                Selection::Deliver => false,
                Selection::Only(id) => step.id == *id,
                Selection::Until(_) => true,
            };
            let given = &self.given[index.index()];
            for (at, artifact) in given.artifacts.iter().enumerate().filter(|_| ships) {
                pieces.push(Piece {
                    name: artifact.name.clone(),
                    path: artifact.path.clone(),
                    stays: self.is_of_the_past(&artifact.path),
                    id: given.ids.get(at).copied().unwrap_or_default(),
                });
            }
        }
        pieces
    }

    /// Whether the release lies there with these very files, so that it need not be put together.
    pub(in crate::run) fn is_there_already(&self, pieces: &[Piece]) -> bool {
        let Some(record) = &self.past.record else { return false };
        self.past.standing.is_whole()
            && self.past.target == self.target
            && record.time == self.time
            && record.files.len() == pieces.len()
            && pieces.iter().all(|piece| piece.stays)
    }

    /// What is to be remembered of the release, but for what its folder will look like.
    pub(in crate::run) fn remembered(&self, world: &World) -> Option<Box<ReleaseRecord>> {
        let keep = self.plan.keep.as_ref()?;
        Some(Box::new(ReleaseRecord {
            name: self.name.as_deref().unwrap_or_default().to_owned(),
            target: keep.store.inside(self.target.as_deref().unwrap_or(Path::new(""))),
            folder: FolderRecord { name: String::new(), inode: 0, modified: 0 },
            folders: Vec::new(),
            files: Vec::new(),
            time: self.time,
            whole: self.whole(world),
            shape: self.keep_shape(keep, world),
            sources: self.sources_seen(),
            steps: self.steps_made(),
        }))
    }

    /// Keeps what was delivered after the release appeared, and what else has changed of one that did not have to.
    pub(in crate::run) fn remember_deliveries(&self, world: &World) {
        let Some(keep) = self.plan.keep.as_ref().filter(|_| self.assembled) else { return };
        let delivers = |step: &StepRecord| {
            let index = self.plan.shape.find(&step.id);
            index.is_some_and(|index| self.plan.shape.step(index).stage.phase() == Phase::Deliver)
        };
        let mut steps = self.steps_made();
        match (&self.record, &self.past.record) {
            (Some(record), _) => {
                steps.retain(delivers);
                if !steps.is_empty() {
                    keep.store.keep_delivered(keep.key, record.folder.inode, &steps);
                }
            }
            (None, Some(past)) => {
                if let Some(mut record) = self.remembered(world) {
                    record.folder = past.folder.clone();
                    record.folders.clone_from(&past.folders);
                    record.files.clone_from(&past.files);
                    keep.store.keep(keep.key, &record);
                }
            }
            (None, None) => {}
        }
    }

    /// Keeps sources that were recognised by their bytes, so that they are recognised at sight the next time.
    pub(in crate::run) fn remember_sources(&mut self) {
        let (Some(keep), Some(record)) = (&self.plan.keep, &self.past.record) else { return };
        let seen = self.sources_seen();
        let is_known = seen
            .iter()
            .zip(&record.sources)
            .all(|(seen, known)| (seen.stamp, seen.sure) == (known.stamp, known.sure));
        if !is_known {
            let record = ReleaseRecord { sources: seen, ..record.clone() };
            keep.store.keep(keep.key, &record);
        }
    }

    /// The steps that were done, in this run or in one before it that ended early, and whose files lie in the working
    /// folder, or whose facts are not remembered of the release as it was made last.
    pub(in crate::run) fn steps_done(&self) -> impl Iterator<Item = (StepIndex, &StepRecord)> {
        self.plan.shape.steps().filter_map(|(index, step)| {
            let made = self.made[index.index()].as_ref().or_else(|| self.past.resumed.get(&step.id))?;
            let known = || self.past.record.as_ref().and_then(|record| record.step(&step.id));
            let is_new = match made.made.as_slice() {
                [] => known().is_none_or(|known| known.print() != made.print()),
                files => files.iter().any(|file| file.lies.is_some()),
            };
            (is_new && made.skipped.is_none()).then_some((index, made))
        })
    }

    /// Remembers how the steps are written, to tell later what changed, and gives the digest of that.
    pub(in crate::run) fn keep_shape(&self, keep: &Keep, world: &World) -> Digest {
        let fixed = self.plan.shape.fixed(&world.site);
        keep.store.keep_shape(fixed.digest, &fixed.parts);
        fixed.digest
    }

    /// What is remembered of every step, sorted by id. Where files lie in the working folder is of no more use.
    fn steps_made(&self) -> Vec<StepRecord> {
        let mut steps: Vec<StepRecord> = self.made.iter().flatten().cloned().collect();
        steps.iter_mut().flat_map(|step| &mut step.made).for_each(|made| made.lies = None);
        steps.sort_by(|one, other| one.id.cmp(&other.id));
        steps
    }

    fn is_of_the_past(&self, path: &Path) -> bool {
        self.past.target.as_ref().is_some_and(|target| path.starts_with(target))
    }
}

/// Whether a step runs for the sake of others, whatever is known of it.
fn is_call(why: &Why) -> bool {
    matches!(why, Why::Needed { .. } | Why::Forced)
}
