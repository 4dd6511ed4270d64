//! Asks providers for facts. There are none yet, and the stage says so instead of pretending.

use engine::{Job, OptionFault, Output, Phase, Site, Stage, StageError};
use schemars::JsonSchema;
use serde::Deserialize;

/// Completes facts from metadata providers.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Enrich {
    /// Which providers to ask. This version has none, so the list is empty.
    providers: Vec<String>,
}

impl Stage for Enrich {
    const NAME: &'static str = "enrich";
    const ABOUT: &'static str = "completes facts from metadata providers";
    const PHASE: Phase = Phase::Gather;

    fn check(&self, _: &Site) -> Vec<OptionFault> {
        let faults = self.providers.iter().map(|name| {
            OptionFault::new("providers", format!("there is no provider `{name}`"))
                .hint("this version has no providers: write `providers: []` and put facts under `metadata:`")
        });
        faults.collect()
    }

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        job.note("no provider was asked: the facts stay as they were extracted");
        Ok(Output::default())
    }
}
