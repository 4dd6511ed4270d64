//! The tree every document becomes: values that know where they were written.
//!
//! Knows neither YAML nor TOML nor what a manifest may hold.

use serde_json::Number;

pub use crate::place::{File, Place};

/// A value that stands alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `null`, `~`, or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole or broken number that 64 bits can hold.
    Number(Number),
    /// Everything else.
    String(String),
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A value that stands alone.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Named values in the order they were written. Invariant: no name twice.
    Mapping(Vec<(Key, Node)>),
}

/// The name of a value in a mapping.
#[derive(Clone, Debug)]
pub struct Key {
    /// The name itself.
    pub name: String,
    /// Where it was written.
    pub place: Place,
}

/// A value and where it was written. Two nodes are equal when their values are.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it holds.
    pub value: Value,
    /// Where that is written.
    pub place: Place,
    /// Where an alias called for it, when it came through one.
    pub used_at: Option<Box<Place>>,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Node {
    /// A node that came through no alias.
    pub fn new(value: Value, place: Place) -> Self {
        Self { value, place, used_at: None }
    }

    /// A mapping of the entries.
    pub fn mapping(entries: Vec<(Key, Self)>, place: Place) -> Self {
        Self::new(Value::Mapping(entries), place)
    }

    /// A scalar.
    pub fn scalar(scalar: Scalar, place: Place) -> Self {
        Self::new(Value::Scalar(scalar), place)
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[(Key, Self)] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a mapping's key.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.entry(name).map(|(_, node)| node)
    }

    /// The key and the value of a mapping's entry.
    pub fn entry(&self, name: &str) -> Option<&(Key, Self)> {
        self.entries().iter().find(|(key, _)| key.name == name)
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(Scalar::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether it is the scalar `false`.
    pub fn is_false(&self) -> bool {
        self.value == Value::Scalar(Scalar::Bool(false))
    }

    /// Whether it is `null` or was left empty.
    pub fn is_null(&self) -> bool {
        self.value == Value::Scalar(Scalar::Null)
    }

    /// The same value without its places.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Scalar(Scalar::Null) => serde_json::Value::Null,
            Value::Scalar(Scalar::Bool(bool)) => (*bool).into(),
            Value::Scalar(Scalar::Number(number)) => serde_json::Value::Number(number.clone()),
            Value::Scalar(Scalar::String(text)) => text.as_str().into(),
            Value::Sequence(items) => items.iter().map(Self::to_json).collect(),
            Value::Mapping(entries) => {
                entries.iter().map(|(key, node)| (key.name.clone(), node.to_json())).collect()
            }
        }
    }
}
