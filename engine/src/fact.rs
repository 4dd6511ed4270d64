//! Named pieces of metadata and where each came from.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One fact with its provenance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fact {
    /// The value.
    pub value: Value,
    /// Who says so: `manifest`, `extract`, a provider's name.
    pub from: String,
    /// File or URL it was found at, without secrets.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// How sure the source is, 0 to 1, where it can say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Everything that was said of it, in the order of the sources, where several were asked. The value is one of
    /// them, or is made of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
}

/// What one source says of a fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// The value.
    pub value: Value,
    /// Who says so.
    pub from: String,
    /// What the source calls the thing that it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// File or URL it was found at, without secrets.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// When the source was asked, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// How sure it is that the source speaks of the same thing, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

impl Fact {
    /// A fact without a score.
    pub fn new(value: impl Into<Value>, from: impl Into<String>, at: impl Into<String>) -> Self {
        Self { value: value.into(), from: from.into(), at: at.into(), score: None, candidates: Vec::new() }
    }
}

/// Facts by name, sorted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Facts(BTreeMap<String, Fact>);

impl Facts {
    /// No facts.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The fact of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Fact> {
        self.0.get(name)
    }

    /// The value of the fact of this name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).map(|fact| &fact.value)
    }

    /// Adds or replaces a fact. Null and empty values are not facts and are left out.
    pub fn insert(&mut self, name: impl Into<String>, fact: Fact) {
        let empty = match &fact.value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        };
        if !empty {
            self.0.insert(name.into(), fact);
        }
    }

    /// Takes over what `stronger` says; its facts replace ours.
    pub fn overlay(&mut self, stronger: &Self) {
        for (name, fact) in &stronger.0 {
            self.0.insert(name.clone(), fact.clone());
        }
    }

    /// Takes over only what is not yet known here.
    pub fn underlay(&mut self, weaker: &Self) {
        for (name, fact) in &weaker.0 {
            self.0.entry(name.clone()).or_insert_with(|| fact.clone());
        }
    }

    /// The same facts without what else was said of them.
    #[must_use]
    pub fn settled(&self) -> Self {
        let settled = |(name, fact): (&String, &Fact)| {
            let fact = Fact { score: fact.score, ..Fact::new(fact.value.clone(), &fact.from, &fact.at) };
            (name.clone(), fact)
        };
        Self(self.0.iter().map(settled).collect())
    }

    /// Every fact, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.0.iter().map(|(name, fact)| (name.as_str(), fact))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<(String, Fact)> for Facts {
    fn from_iter<T: IntoIterator<Item = (String, Fact)>>(iter: T) -> Self {
        let mut facts = Self::new();
        for (name, fact) in iter {
            facts.insert(name, fact);
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_is_no_fact() {
        let mut facts = Facts::new();
        facts.insert("title", Fact::new("", "extract", "a"));
        facts.insert("authors", Fact::new(Vec::<String>::new(), "extract", "a"));
        facts.insert("encrypted", Fact::new(false, "extract", "a"));
        assert_eq!(facts.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["encrypted"]);
    }

    #[test]
    fn a_stronger_layer_replaces_and_a_weaker_one_fills_gaps() {
        let mut facts = Facts::from_iter([("a".into(), Fact::new(1, "extract", ""))]);
        facts.underlay(&Facts::from_iter([
            ("a".into(), Fact::new(2, "name", "")),
            ("b".into(), Fact::new(2, "name", "")),
        ]));
        facts.overlay(&Facts::from_iter([("b".into(), Fact::new(3, "manifest", ""))]));
        assert_eq!(facts.value("a"), Some(&Value::from(1)));
        assert_eq!(facts.value("b"), Some(&Value::from(3)));
    }
}
