//! What steps are going to read and write, as far as sizes alone tell, before anything runs.

use std::collections::BTreeMap;

use crate::{Artifact, From, Input, Plan, StepIndex};

/// What a step is going to read and write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Bytes it reads from files.
    pub read: u64,
    /// Files it makes, with their sizes; their names need not be the final ones.
    pub files: Vec<Artifact>,
    /// Whether the sizes are exact. Otherwise no file is larger than said.
    pub exact: bool,
    /// What else is known beforehand and worth a word, such as how many files are going to be counted.
    pub notes: Vec<String>,
}

impl Forecast {
    /// Bytes it writes to files.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// The forecast of every step of a plan, given its source files, in the order of its steps.
#[must_use]
pub fn forecast(plan: &Plan, sources: &[Artifact]) -> Vec<(StepIndex, Forecast)> {
    let shape = &plan.shape;
    let carried = shape.steps().find_map(|(index, _)| shape.carried(index));
    let mut made: BTreeMap<&str, Vec<Artifact>> = BTreeMap::new();
    let mut forecasts = Vec::with_capacity(shape.len());
    for (index, step) in shape.steps() {
        let mut inputs = Vec::new();
        for from in &step.from {
            let (id, files) = match from {
                From::Source => ("source", sources),
                From::Step(id) => (id.as_str(), made.get(id.as_str()).map(Vec::as_slice).unwrap_or_default()),
            };
            let taken =
                files.iter().filter(|file| step.pick.as_ref().is_none_or(|pick| pick.takes(&file.name)));
            inputs.extend(taken.cloned().map(|mut artifact| {
                // The first reader of the sources gives the others their digests.
                if id == "source" && shape.carried(index).is_none() {
                    artifact.digests.extend(promised(carried.into_iter().flatten()));
                }
                Input { artifact, from: id.to_owned() }
            }));
        }
        let mut forecast = step.stage.forecast(&inputs);
        for file in &mut forecast.files {
            file.digests.extend(promised(shape.wanted(index)));
        }
        made.insert(step.id.as_str(), forecast.files.clone());
        forecasts.push((index, forecast));
    }
    forecasts
}

/// Digests that will be there: their algorithms are known, and that is all a forecast asks.
fn promised<'a>(algorithms: impl IntoIterator<Item = &'a String>) -> impl Iterator<Item = (String, String)> {
    algorithms.into_iter().map(|name| (name.clone(), String::new()))
}
