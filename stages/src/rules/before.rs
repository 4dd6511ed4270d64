//! Tests of a release before it is made: its name, as far as it is known, and the options of its steps.
//!
//! Knows no manifest; it is told what one says.

use serde_json::{Map, Value};

use super::{Finding, Found, RuleSet, Test};

/// A release that is not made yet.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Its name, if that is known without reading its files.
    pub name: Option<String>,
    /// Its steps.
    pub steps: Vec<DraftStep>,
}

/// A step of a draft.
#[derive(Clone, Debug, Default)]
pub struct DraftStep {
    /// Its id.
    pub id: String,
    /// The stage it uses.
    pub stage: String,
    /// Its options as far as they are written down.
    pub options: Map<String, Value>,
}

impl RuleSet {
    /// What can be told before a run. The file of a finding about an option is `step/option`.
    #[must_use]
    pub fn test_draft(&self, set: &str, draft: &Draft) -> Vec<Finding> {
        let mut findings = draft.name.as_ref().map_or_else(Vec::new, |name| self.test_name(set, name));
        for rule in &self.rules {
            let Test::Option(test) = &rule.test else { continue };
            let steps = draft.steps.iter().filter(|step| step.stage == test.stage);
            let wrong = steps.filter_map(|step| {
                let value = step.options.get(&test.option)?;
                let template = value.as_str().is_some_and(|text| text.contains("{{") || text.contains("{%"));
                (!template && !test.one_of.contains(value)).then(|| {
                    let allowed: Vec<String> = test.one_of.iter().map(shown).collect();
                    let message = format!(
                        "`{}` is {}, and {} allowed",
                        test.option,
                        shown(value),
                        allowed.join(" or ")
                    );
                    Found::new(format!("{}/{}", step.id, test.option), message)
                })
            });
            findings.extend(self.findings(set, rule, wrong.collect()));
        }
        findings
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
