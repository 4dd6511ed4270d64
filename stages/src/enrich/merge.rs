//! One fact out of what several sources say: by a policy that is declared, whoever answered first.
//!
//! Every result is one of the candidates or is made of them, and all candidates stay with it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use engine::{Candidate, Fact};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::matching;
use super::query::texts;

/// How one value is made of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// What the first of these sources says that says anything; then the others in their order.
    Prefer(Vec<String>),
    /// The longest text or list.
    Longest,
    /// The shortest.
    Shortest,
    /// All entries of all lists, each once.
    Union,
    /// The earliest date or the smallest number; of one date the most precise form.
    Earliest,
    /// What most sources say.
    Majority,
}

/// The words for policies that need no more.
const WORDS: [(&str, Policy); 5] = [
    ("earliest", Policy::Earliest),
    ("longest", Policy::Longest),
    ("majority", Policy::Majority),
    ("shortest", Policy::Shortest),
    ("union", Policy::Union),
];

/// What may be written, for messages.
const WRITTEN: &str = "`prefer(tvdb, tmdb)`, `longest`, `shortest`, `union`, `earliest` or `majority`";

impl Policy {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some((_, policy)) = WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(policy.clone());
        }
        let list = text.strip_prefix("prefer").map(str::trim_start);
        let list = list.and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')'));
        let names = |list: &str| list.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>();
        match list.map(names) {
            Some(names) if names.iter().all(|name| !name.is_empty()) => Ok(Self::Prefer(names)),
            _ => Err(format!("there is no way of merging {}: write {WRITTEN}", engine::value::shown(text))),
        }
    }

    /// The sources that it names.
    pub(crate) fn names(&self) -> &[String] {
        match self {
            Self::Prefer(names) => names,
            _ => &[],
        }
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fault = |message: String| serde::de::Error::custom(message);
        match Value::deserialize(deserializer)? {
            Value::String(text) => Self::parse(&text).map_err(fault),
            Value::Object(map) if map.len() == 1 => match map.get("prefer").and_then(Value::as_array) {
                Some(list) if !list.is_empty() && list.iter().all(Value::is_string) => {
                    Ok(Self::Prefer(texts(Some(&Value::Array(list.clone())))))
                }
                _ => Err(fault(format!("write {WRITTEN}"))),
            },
            _ => Err(fault(format!("write {WRITTEN}"))),
        }
    }
}

impl JsonSchema for Policy {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Policy".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "pattern": "^(prefer *\\(.+\\)|longest|shortest|union|earliest|majority)$" },
                {
                    "type": "object",
                    "properties": { "prefer": { "type": "array", "items": { "type": "string" }, "minItems": 1 } },
                    "required": ["prefer"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

/// Merges what is said of one fact. `order` ranks the sources that a policy does not name.
pub(crate) fn merge(policy: &Policy, said: &[Candidate], order: &[&str]) -> Option<Fact> {
    let rank = |name: &str| {
        let named = policy.names().iter().position(|known| known == name);
        let known = || order.iter().position(|known| *known == name).unwrap_or(order.len());
        named.unwrap_or_else(|| policy.names().len() + known())
    };
    let mut said: Vec<Candidate> = said.iter().filter(|one| !is_empty(&one.value)).cloned().collect();
    // One order, whoever answered first.
    said.sort_by_cached_key(|one| (rank(&one.from), one.from.clone(), one.id.clone(), one.value.to_string()));
    let by_size = |one: &&Candidate, other: &&Candidate| size(&one.value).cmp(&size(&other.value));
    let best = match policy {
        Policy::Prefer(_) => said.first(),
        // Of equals the first one.
        Policy::Longest => said.iter().rev().max_by(by_size),
        Policy::Shortest => said.iter().min_by(by_size),
        Policy::Earliest => said.iter().min_by(|one, other| earlier(&one.value, &other.value)),
        Policy::Majority => majority(&said),
        Policy::Union => return union(said),
    };
    let best = best?.clone();
    let fact = Fact { score: best.score, ..Fact::new(best.value, best.from, best.at) };
    Some(Fact { candidates: said, ..fact })
}

/// Whether sources contradict each other.
pub(crate) fn conflict(policy: &Policy, said: &[Candidate]) -> bool {
    let mut plain = said.iter().map(|one| plain(&one.value));
    let Some(first) = plain.next() else { return false };
    *policy != Policy::Union && plain.any(|other| other != first)
}

/// A value as it is compared: without marks, capitals and order.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let words = matching::words(text, None).join(" ");
            // What has no letters is compared as it is.
            if words.is_empty() { text.clone() } else { words }
        }
        Value::Array(list) => {
            let mut all: Vec<String> = list.iter().map(plain).collect();
            all.sort();
            all.join("|")
        }
        Value::Number(number) => number.as_f64().map_or_else(String::new, |number| number.to_string()),
        other => other.to_string(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(list) => list.len(),
        Value::Object(map) => map.len(),
        _ => value.to_string().len(),
    }
}

/// Which of two dates or numbers is earlier. `2009` and `2009-10-07` are one date, and the latter says more.
fn earlier(one: &Value, other: &Value) -> Ordering {
    if let (Some(one), Some(other)) = (one.as_f64(), other.as_f64()) {
        return one.total_cmp(&other);
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (one, other) = (text(one), text(other));
    if one.starts_with(&other) || other.starts_with(&one) {
        return other.len().cmp(&one.len());
    }
    one.cmp(&other)
}

/// What most sources say; of as many, what the first of them says.
fn majority(said: &[Candidate]) -> Option<&Candidate> {
    let mut votes: BTreeMap<String, usize> = BTreeMap::new();
    for one in said {
        *votes.entry(plain(&one.value)).or_default() += 1;
    }
    let most = votes.values().max().copied()?;
    said.iter().find(|one| votes.get(&plain(&one.value)) == Some(&most))
}

fn union(said: Vec<Candidate>) -> Option<Fact> {
    let value = if said.iter().any(|one| one.value.is_object()) {
        let mut all = Map::new();
        for (name, value) in said.iter().filter_map(|one| one.value.as_object()).flatten() {
            all.entry(name.clone()).or_insert_with(|| value.clone());
        }
        Value::Object(all)
    } else {
        let mut all: Vec<Value> = Vec::new();
        for one in &said {
            let entries = match &one.value {
                Value::Array(list) => list.clone(),
                value => vec![value.clone()],
            };
            for entry in entries {
                if !all.iter().any(|known| plain(known) == plain(&entry)) {
                    all.push(entry);
                }
            }
        }
        Value::Array(all)
    };
    let first = said.first()?;
    let mut names: Vec<&str> = Vec::new();
    for one in &said {
        if !names.contains(&one.from.as_str()) {
            names.push(&one.from);
        }
    }
    let fact = Fact { score: first.score, ..Fact::new(value, names.join("+"), first.at.clone()) };
    Some(Fact { candidates: said, ..fact })
}

#[cfg(test)]
mod tests;
