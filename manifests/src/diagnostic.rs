//! What is wrong, where, and what to do about it.
//!
//! Knows nothing of the language: whoever finds a fault words it.

mod github;
mod render;

use std::collections::HashSet;

use serde::{Serialize, Serializer};

pub use self::github::{Stretch, github, workflow_command};
pub use self::render::render;
use crate::node::Place;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing runs until it is put right.
    Error,
    /// It runs, but probably not as meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// One fault of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable word for programs, such as `manifest/unknown-key`.
    pub code: &'static str,
    /// What is wrong: a lower-case fragment without full stop.
    pub message: String,
    /// Where it is wrong, when it is wrong somewhere.
    pub place: Option<Place>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Other places that matter, each with what it has to do with the fault.
    pub related: Vec<(Place, String)>,
}

impl Diagnostic {
    /// A fault that stops everything.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            place: None,
            hint: None,
            related: Vec::new(),
        }
    }

    /// A fault that stops nothing.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// The same, at a place.
    #[must_use]
    pub fn at(mut self, place: &Place) -> Self {
        self.place = Some(place.clone());
        self
    }

    /// The same, with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, pointing at one more place.
    #[must_use]
    pub fn related(mut self, place: &Place, what: impl Into<String>) -> Self {
        self.related.push((place.clone(), what.into()));
        self
    }

    pub(crate) fn boxed(self) -> Box<Self> {
        Box::new(self)
    }
}

/// Sorts by file, in the order they appear, and by line, and drops what is said twice because an alias was used twice.
pub fn in_order(faults: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut files: Vec<String> = Vec::new();
    let mut keyed: Vec<_> = faults
        .into_iter()
        .map(|fault| {
            let place = fault.place.as_ref().map_or((0, 0, 0), |place| {
                let known = files.iter().position(|name| *name == place.file.name);
                let file = known.unwrap_or_else(|| {
                    files.push(place.file.name.clone());
                    files.len() - 1
                });
                (file, place.line, place.column)
            });
            (place, fault)
        })
        .collect();
    keyed.sort_by_key(|(place, _)| *place);
    let mut said = HashSet::new();
    keyed.retain(|(place, fault)| said.insert((*place, fault.code, fault.message.clone())));
    keyed.into_iter().map(|(_, fault)| fault).collect()
}

#[derive(Serialize)]
struct Wire<'d> {
    severity: Severity,
    code: &'d str,
    message: &'d str,
    #[serde(flatten)]
    place: Option<WirePlace<'d>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'d str>,
    related: Vec<WireRelated<'d>>,
}

#[derive(Serialize)]
struct WirePlace<'d> {
    file: &'d str,
    line: usize,
    column: usize,
    length: usize,
    source_line: String,
}

#[derive(Serialize)]
struct WireRelated<'d> {
    message: &'d str,
    #[serde(flatten)]
    place: WirePlace<'d>,
}

impl<'d> From<&'d Place> for WirePlace<'d> {
    fn from(place: &'d Place) -> Self {
        // A line of megabytes would be repeated with every fault on it.
        const LONGEST: usize = 1000;
        Self {
            file: &place.file.name,
            line: place.line,
            column: place.column,
            length: place.len,
            source_line: place.source_line().chars().take(LONGEST).collect(),
        }
    }
}

impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let related =
            self.related.iter().map(|(place, message)| WireRelated { message, place: place.into() });
        Wire {
            severity: self.severity,
            code: self.code,
            message: &self.message,
            place: self.place.as_ref().map(WirePlace::from),
            hint: self.hint.as_deref(),
            related: related.collect(),
        }
        .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::File;

    #[test]
    fn programs_read_a_flat_object() {
        let file = File::new("release.yaml", "release: 1\nsorce: x\n");
        let place = Place { file, line: 2, column: 1, len: 5 };
        let found = Diagnostic::error("manifest/unknown-key", "unknown key `sorce`").at(&place).hint("look");
        assert_eq!(
            serde_json::to_value(&found).unwrap(),
            serde_json::json!({
                "severity": "error", "code": "manifest/unknown-key", "message": "unknown key `sorce`",
                "file": "release.yaml", "line": 2, "column": 1, "length": 5, "source_line": "sorce: x",
                "hint": "look", "related": [],
            })
        );
    }
}
