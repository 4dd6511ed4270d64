//! The name of a release, from the facts that were gathered.

use std::path::PathBuf;

use super::Open;
use crate::job::template_fault;
use crate::run::Selection;
use crate::run::names::release_name;
use crate::{Language, Phase, StageError};

impl Open<'_> {
    /// The release's name and the folder it appears in.
    pub(in crate::run) fn named(
        &self,
        language: &Language,
        selection: &Selection,
    ) -> Result<(String, PathBuf), StageError> {
        let scope = self.scope(&self.facts_gathered());
        let named = language.render(&self.plan.name, &scope).map_err(|error| {
            let mut fault = template_fault(&self.plan.name, error);
            if fault.code == "fact/missing" {
                fault.message = format!("{}; {}", fault.message, self.looked());
            }
            fault
        })?;
        let name = named.trim().to_owned();
        release_name(&name)?;
        let suffix = match selection {
            Selection::All | Selection::Make | Selection::Deliver => "",
            Selection::Only(_) | Selection::Until(_) => ".partial",
        };
        let target = self.plan.output.join(format!("{name}{suffix}"));
        Ok((name, target))
    }

    /// Where facts were looked for.
    fn looked(&self) -> String {
        let gathering: Vec<String> = self
            .plan
            .shape
            .steps()
            .filter(|(_, step)| step.stage.phase() == Phase::Gather)
            .map(|(_, step)| format!("`{}`", step.id))
            .collect();
        let files: Vec<&str> = self.sources.iter().take(3).map(|source| source.name.as_str()).collect();
        let found = if gathering.is_empty() {
            String::new()
        } else {
            format!(" and in what {} found in `{}`", gathering.join(", "), files.join("`, `"))
        };
        format!("looked in `metadata:`, `vars:`{found}")
    }
}
