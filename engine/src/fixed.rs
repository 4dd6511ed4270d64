//! What is fixed of a step before any file or fact is looked at: its stage, its options, and the assets it uses.
//!
//! Knows no option by name; a step is compared as it is written, so that a change can be told as it was written.

use serde_json::{Map, Value, json};

use crate::digest::{Digest, Digesting};
use crate::plan::From;
use crate::{Shape, Site, StepIndex};

/// What is fixed of the steps of a shape.
#[derive(Debug)]
pub(crate) struct Fixed {
    /// Of all steps together, with what does not change their bytes but the release: what is shipped, what is optional.
    pub(crate) digest: Digest,
    /// By the number of the step.
    steps: Vec<Digest>,
    /// By id, as it is remembered.
    pub(crate) parts: Value,
}

/// Keys of a step that change nothing of what it gives.
const WITHOUT_EFFECT: [&str; 5] = ["ship", "optional", "retry", "timeout", "from"];

/// What is told of a step when other steps want other digests of it.
pub(crate) const WANTED: &str = "digests wanted of it";

impl Fixed {
    pub(crate) fn of(shape: &Shape, site: &Site) -> Self {
        let mut steps = vec![Digest::default(); shape.len()];
        let mut parts = Map::new();
        let mut whole = Digesting::default();
        for (index, step) in shape.steps() {
            let fixed = of_step(shape, index, site);
            if let Some(place) = steps.get_mut(index.index()) {
                *place = Digesting::default().json(&fixed).finish();
            }
            whole.part(step.id.as_bytes()).json(&fixed).json(&[step.ship, step.optional]);
            parts.insert(step.id.clone(), fixed);
        }
        Self { digest: whole.finish(), steps, parts: Value::Object(parts) }
    }

    pub(crate) fn step(&self, index: StepIndex) -> Digest {
        self.steps.get(index.index()).copied().unwrap_or_default()
    }
}

fn of_step(shape: &Shape, index: StepIndex, site: &Site) -> Value {
    let step = shape.step(index);
    let mut fixed = Map::new();
    for (key, value) in step.written.as_object().into_iter().flatten() {
        if !WITHOUT_EFFECT.contains(&key.as_str()) && !value.is_null() {
            fixed.insert(key.clone(), value.clone());
        }
    }
    let from = step.from.iter().map(|from| match from {
        From::Source => "source",
        From::Step(id) => id.as_str(),
    });
    fixed.insert("from".into(), from.collect());
    fixed.insert("uses".into(), step.stage.name().into());
    fixed.insert("version of the stage".into(), step.stage.version().into());
    let wanted: Vec<&String> =
        shape.wanted(index).iter().chain(shape.carried(index).into_iter().flatten()).collect();
    if !wanted.is_empty() {
        fixed.insert(WANTED.into(), json!(wanted));
    }
    for asset in step.stage.assets(site) {
        fixed.insert(asset.name, asset.digest.to_string().into());
    }
    Value::Object(fixed)
}
