//! What a run would do with a plan, and why, without doing it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Selection;
use super::open::{Open, State, changed};
use super::scratch::Leftovers;
use crate::digest;
use crate::stamp::Stamp;
use crate::tree::Digested;
use crate::{Plan, StageError, StepIndex, Why, World};

/// What a run would do with a plan.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The name of the release, where what is remembered tells it.
    pub name: Option<String>,
    /// Where the release lies or will lie, where its name is known.
    pub target: Option<PathBuf>,
    /// Why each step runs or stands, in the order of the steps.
    pub steps: Vec<(StepIndex, Why)>,
    /// How long each step took when it ran last, in milliseconds, as far as that is remembered.
    pub took: BTreeMap<StepIndex, u64>,
    /// What lies there and is not as it was made, so that a run leaves it alone.
    pub changed: Option<String>,
}

impl Judgement {
    /// Whether nothing runs.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.changed.is_none() && self.steps.iter().all(|(_, why)| why.is_idle())
    }
}

/// Judges a plan by what is remembered of it. Sources that look new are read for their digests where a run would do so.
pub fn judge(plan: &Plan, world: &World, left: &Leftovers) -> Result<Judgement, StageError> {
    let mut open = Open::new(plan, &Selection::All)?;
    let Some(keep) = &plan.keep else {
        let steps = plan.shape.steps().map(|(index, _)| (index, Why::Never)).collect();
        return Ok(Judgement { name: None, target: None, steps, took: BTreeMap::new(), changed: None });
    };
    open.recall(keep);
    if let Some(look) = open.recognise() {
        open.found(look.closely(world)?);
    }
    if open.stands_whole(world) {
        return Ok(standing(&open));
    }
    open.resume(left.of(&plan.output, keep.key, (world.now)()));
    let whys = open.walk(world, &Selection::All);
    let name = open.name.take();
    let target = name.as_ref().map(|name| plan.output.join(name.as_ref()));
    let standing = target.as_ref().map(|target| open.past.standing_at(target)).unwrap_or_default();
    let changed = standing.fault(whys.iter().flatten().all(Why::is_idle));
    let steps = plan.shape.steps().map(|(index, _)| (index, whys.get(index.index()).cloned().flatten()));
    let steps = steps.filter_map(|(index, why)| Some((index, why?))).collect();
    Ok(Judgement { name: name.map(|name| name.to_string()), target, steps, took: took(&open), changed })
}

/// The sources of a plan as they are now.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The files by their names, with their digests.
    pub files: BTreeMap<String, Digested>,
    /// The one time of the release, as they or the plan give it.
    pub time: i64,
}

/// Looks at the sources of a plan; a digest that is remembered is not taken again.
pub fn look_at_sources(plan: &Plan, world: &World) -> Result<Sources, StageError> {
    let mut open = Open::new(plan, &Selection::All)?;
    if let Some(keep) = &plan.keep {
        open.recall(keep);
        if let Some(look) = open.recognise() {
            open.found(look.closely(world)?);
        }
    }
    let mut digests = BTreeMap::new();
    for (source, found) in open.sources.iter().zip(&open.found) {
        let blake3 = match &found.blake3 {
            Some(blake3) => blake3.clone(),
            None => {
                let failed = |error: &std::io::Error| StageError::reading(&source.path, error);
                let blake3 = digest::of_file(&source.path).map_err(|error| failed(&error))?;
                let after = std::fs::metadata(&source.path).map_err(|error| failed(&error))?;
                if !Stamp::of(&after).same_content(&found.stamp) {
                    return Err(changed(&source.name));
                }
                blake3
            }
        };
        digests.insert(source.name.clone(), Digested { size: found.stamp.size, blake3 });
    }
    Ok(Sources { files: digests, time: open.time })
}

/// How long the steps took when they ran last.
fn took(open: &Open<'_>) -> BTreeMap<StepIndex, u64> {
    let Some(record) = &open.past.record else { return BTreeMap::new() };
    let steps = open.plan.shape.steps();
    steps.filter_map(|(index, step)| Some((index, record.step(&step.id)?.took?))).collect()
}

fn standing(open: &Open<'_>) -> Judgement {
    let record = open.past.record.as_ref();
    let steps = open.plan.shape.steps().filter(|(index, _)| open.state(*index) != State::Left);
    let steps = steps.map(|(index, step)| {
        let was_left_out = record.and_then(|record| record.step(&step.id)?.skipped.as_ref()).is_some();
        let condition = step.condition.as_ref().filter(|_| was_left_out);
        let why = condition
            .map_or(Why::UpToDate, |condition| Why::Condition { condition: condition.text().to_owned() });
        (index, why)
    });
    Judgement {
        name: record.map(|record| record.name.clone()),
        target: open.past.target.clone(),
        steps: steps.collect(),
        took: took(open),
        changed: None,
    }
}
