//! Tests of a release before it is made: its name, as far as it is known, the options of its steps, and its pages as
//! they would be with usual facts.
//!
//! Knows no manifest; it is told what one says.

use engine::template::Scope;
use engine::{Site, Stage};
use serde_json::{Map, Value};

use super::texts;
use super::{Finding, Found, OptionTest, RuleSet, Severity, Test, TextTest};
use crate::nfo::Nfo;

/// A release that is not made yet.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Its name, if that is known without reading its files.
    pub name: Option<String>,
    /// The facts that its name will tell.
    pub named: Vec<String>,
    /// What templates will see, as far as it is known.
    pub known: Scope,
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

/// A page of a draft.
struct DraftPage<'d> {
    step: &'d str,
    file: String,
    text: String,
}

impl RuleSet {
    /// What can be told before a run. The file of a finding about an option is `step/option`.
    #[must_use]
    pub fn test_draft(&self, set: &str, draft: &Draft, site: &Site) -> Vec<Finding> {
        let mut findings = draft.name.as_ref().map_or_else(Vec::new, |name| self.test_name(set, name));
        let has_texts = self.rules.iter().any(|rule| matches!(rule.test, Test::Text(_)));
        let pages = if has_texts { pages(draft, site) } else { Vec::new() };
        for rule in &self.rules {
            match &rule.test {
                Test::Option(test) => findings.extend(self.findings(set, rule, options(test, draft))),
                Test::Text(test) => {
                    let found = self.findings(set, rule, looks(test, draft, &pages));
                    // The facts of the release may be others, and its page with them.
                    findings.extend(
                        found.into_iter().map(|found| Finding { severity: Severity::Warning, ..found }),
                    );
                }
                _ => {}
            }
        }
        findings
    }
}

/// Options that are not as a rule wants them.
fn options(test: &OptionTest, draft: &Draft) -> Vec<Found> {
    let steps = draft.steps.iter().filter(|step| step.stage == test.stage);
    let wrong = steps.filter_map(|step| {
        let value = step.options.get(&test.option)?;
        let template = value.as_str().is_some_and(|text| text.contains("{{") || text.contains("{%"));
        (!template && !test.one_of.contains(value)).then(|| {
            let allowed: Vec<String> = test.one_of.iter().map(shown).collect();
            let message =
                format!("`{}` is {}, and {} allowed", test.option, shown(value), allowed.join(" or "));
            Found::new(format!("{}/{}", step.id, test.option), message)
        })
    });
    wrong.collect()
}

/// The pages that steps of a draft would make of usual facts.
fn pages<'d>(draft: &'d Draft, site: &Site) -> Vec<DraftPage<'d>> {
    let made = draft.steps.iter().filter(|step| step.stage == Nfo::NAME).filter_map(|step| {
        let options: Nfo = serde_json::from_value(Value::Object(step.options.clone())).ok()?;
        let (file, text) = options.usual(site, draft.known.clone())?;
        Some(DraftPage { step: &step.id, file, text })
    });
    made.collect()
}

/// Pages that would not be as a rule wants them.
fn looks(test: &TextTest, draft: &Draft, pages: &[DraftPage<'_>]) -> Vec<Found> {
    let told = texts::is_needless(test, |fact| draft.named.iter().any(|name| name == fact));
    let found = pages.iter().flat_map(|page| {
        let found = texts::page(test, &page.file, &page.text, told);
        found.into_iter().map(|found| {
            let message = format!("with usual facts the page {}", found.message);
            Found::new(format!("{}/template", page.step), message)
        })
    });
    found.collect()
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
