//! A run as reports tell it: what came of it, how long it took, and everything that went wrong with its place.

use engine::{Plan, ReleaseReport, Status, StepReport};
use manifests::{Diagnostic, Severity};

use super::host::Host;
use super::times::Times;
use crate::execute::Outcome;

/// All that a format needs.
pub struct Account<'r> {
    /// What came of the run.
    pub outcome: &'r Outcome,
    /// How long it took.
    pub times: &'r Times,
    /// What went wrong, manifests first.
    pub faults: Vec<Fault>,
    /// What `--json` prints.
    pub json: &'r dyn Fn() -> serde_json::Result<String>,
}

/// Something that went wrong, and where that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// How bad it is.
    pub severity: Severity,
    /// A stable word.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where it is written.
    pub spot: Option<Spot>,
    /// The step that failed and its release, where it is no fault of a manifest.
    pub of: Option<String>,
}

/// A place in a file, as a code host names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file, as seen from the root of the repository.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its column, from 1.
    pub column: usize,
    /// How many characters, 0 when that is not known.
    pub length: usize,
}

impl Account<'_> {
    /// Each release with its number and plan.
    pub fn releases(&self) -> impl Iterator<Item = (usize, &ReleaseReport, &Plan)> {
        let pairs = self.outcome.report.releases.iter().zip(&self.outcome.plans);
        pairs.enumerate().map(|(number, (release, plan))| (number, release, plan))
    }

    /// The faults of manifests.
    pub fn refused(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| fault.of.is_none() && fault.severity == Severity::Error)
    }
}

impl Fault {
    /// What is wrong with the run as a whole.
    pub fn of_message(message: &str, hint: Option<String>) -> Self {
        let (code, message) = ("run/refused".to_owned(), message.to_owned());
        Self { severity: Severity::Error, code, message, hint, spot: None, of: None }
    }

    /// A fault of a manifest.
    pub fn of_diagnostic(fault: &Diagnostic, host: &Host) -> Self {
        let spot = fault.place.as_ref().map(|place| Spot {
            file: host.path(&place.file.name),
            line: place.line,
            column: place.column,
            length: place.len,
        });
        Self {
            severity: fault.severity,
            code: fault.code.to_owned(),
            message: fault.message.clone(),
            hint: fault.hint.clone(),
            spot,
            of: None,
        }
    }
}

/// Everything that failed while releases were made.
pub fn faults(outcome: &Outcome, host: &Host) -> Vec<Fault> {
    let mut faults = Vec::new();
    for ((release, plan), place) in outcome.report.releases.iter().zip(&outcome.plans).zip(&outcome.places) {
        let name = release.name.as_deref().unwrap_or(&release.at);
        let begin = spot(place, host);
        for step in release.steps.iter().filter(|step| step.status == Status::Failed) {
            faults.extend(of_step(step, plan, name, begin.as_ref(), host));
        }
        faults.extend(release.failure.iter().map(|failure| Fault {
            severity: Severity::Error,
            code: failure.code.clone(),
            message: failure.error.clone(),
            hint: failure.hint.clone(),
            spot: begin.clone(),
            of: Some(name.to_owned()),
        }));
    }
    faults
}

fn of_step(step: &StepReport, plan: &Plan, name: &str, begin: Option<&Spot>, host: &Host) -> Option<Fault> {
    let failure = step.failure.as_ref()?;
    let planned = plan.shape.find(&step.step).map(|index| plan.shape.step(index));
    let is_optional = planned.is_some_and(|planned| planned.optional);
    // A step of a built-in kind is written in no file of the user's; then it is the manifest that asked for it.
    let own = planned.filter(|planned| !planned.place.starts_with("kind "));
    Some(Fault {
        severity: if is_optional { Severity::Warning } else { Severity::Error },
        code: failure.code.clone(),
        message: failure.error.clone(),
        hint: failure.hint.clone(),
        spot: own.and_then(|own| spot(&own.place, host)).or_else(|| begin.cloned()),
        of: Some(format!("step `{}` of {name}", step.step)),
    })
}

/// The spot of `file:line:column`, or of a file alone.
fn spot(place: &str, host: &Host) -> Option<Spot> {
    let mut parts = place.rsplitn(3, ':');
    let mut number = || parts.next().and_then(|part| part.parse::<usize>().ok());
    let whole = match (number(), number()) {
        (Some(column), Some(line)) => parts.next().map(|file| (file, line, column)),
        _ => None,
    };
    let (file, line, column) = whole.unwrap_or((place, 1, 1));
    (!file.is_empty()).then(|| Spot { file: host.path(file), line, column, length: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_apart_from_its_end() {
        let check = |place: &str, wanted: (&str, usize, usize)| {
            let found = spot(place, &Host::default()).unwrap();
            assert_eq!((found.file.as_str(), found.line, found.column), wanted);
        };
        check("release.yaml:7:3", ("release.yaml", 7, 3));
        check("a:b.yaml:7:3", ("a:b.yaml", 7, 3));
        check("release.yaml", ("release.yaml", 1, 1));
        check("odd:name", ("odd:name", 1, 1));
    }
}
