//! What a step looked at while it ran: names that templates see, and what it asked its job for.
//!
//! The next run holds these against what they stand for then. A stage that is given the same gives the same, so the
//! first thing it would see differently is among them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::digest::Digesting;
use crate::template::Scope;
use crate::{Facts, Input};

/// Names that were looked at. Clones note into the same set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<Mutex<BTreeSet<String>>>);

/// The key of a value that is too long to be remembered and stands there as a digest.
pub(crate) const LONG: &str = "digest";
/// Longest value that is remembered as it is, in bytes of JSON.
const LONGEST: usize = 96;

/// Stands for all facts at once.
pub(crate) const ALL_FACTS: &str = "@facts";
/// Stands for the release's time.
pub(crate) const TIME: &str = "@time";
/// Stands for the facts that a step is to give again as they are.
pub(crate) const PINNED: &str = "@pinned";
/// Stands for what a step could not find out; it is known of no step that is yet to run.
pub(crate) const UNSETTLED: &str = "@unsettled";
/// Stands for the files that a step takes, as templates see them.
pub(crate) const FILES: &str = "files";

impl Seen {
    pub(crate) fn note(&self, name: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.contains(name) {
            seen.insert(name.to_owned());
        }
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// What a step can look at.
pub(crate) struct View<'a> {
    pub(crate) scope: &'a Scope,
    pub(crate) facts: &'a Facts,
    pub(crate) inputs: &'a [Input],
    pub(crate) time: i64,
    pub(crate) pinned: Option<&'a Facts>,
}

impl View<'_> {
    /// What these names stand for.
    pub(crate) fn all(&self, names: impl IntoIterator<Item = String>) -> BTreeMap<String, Value> {
        names.into_iter().map(|name| (self.one(&name), name)).map(|(value, name)| (name, value)).collect()
    }

    /// What a name stands for, or a digest of that.
    pub(crate) fn one(&self, name: &str) -> Value {
        let value = match name {
            ALL_FACTS => return json!({ LONG: Digesting::default().json(&self.facts.settled()).finish() }),
            TIME => self.time.into(),
            PINNED => match self.pinned {
                Some(pinned) => return json!({ LONG: Digesting::default().json(pinned).finish() }),
                None => Value::Null,
            },
            FILES => files(self.inputs),
            UNSETTLED => Value::Null,
            name => self.scope.peek(name).cloned().unwrap_or_default(),
        };
        let is_short = match &value {
            Value::Null | Value::Bool(_) | Value::Number(_) => true,
            Value::String(text) => text.len() <= LONGEST,
            other => other.to_string().len() <= LONGEST,
        };
        if is_short { value } else { json!({ LONG: Digesting::default().json(&value).finish() }) }
    }
}

/// The files that a step takes, as templates see them.
pub(crate) fn files(inputs: &[Input]) -> Value {
    let file = |input: &Input| json!({ "name": input.artifact.name, "size": input.artifact.size, "from": input.from });
    inputs.iter().map(file).collect()
}
