//! The values a template sees, with a stand-in for every name it asks for that nobody knows.
//!
//! Liquid makes an unknown name an error that no `default` can catch, and a nil one an empty text that nobody
//! notices. The stand-in is false and empty to conditions; where it is printed or given to a filter it is a text
//! between two marks, which survives the filters and is found in what was printed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use liquid::model::{DisplayCow, KStringCow, Object, State, Value as Liquid};
use liquid::{ObjectView, ValueView};
use serde_json::Value;

use crate::reads;

/// Values by name. Clones share the note of what was looked at.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    values: serde_json::Map<String, Value>,
    seen: Option<reads::Seen>,
}

impl Scope {
    /// A scope without names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a name, over what it was.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// Sets a name unless it is set.
    pub fn set_default(&mut self, name: &str, value: impl Into<Value>) {
        self.values.entry(name.to_owned()).or_insert_with(|| value.into());
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.note(name);
        self.values.get(name)
    }

    /// Every name that is set.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str).inspect(|name| self.note(name))
    }

    /// The same names with other values, or without those that become nothing. What is looked at in the result is noted as
    /// if it were looked at here; what `change` sees is not.
    #[must_use]
    pub fn map(&self, mut change: impl FnMut(&Value) -> Option<Value>) -> Self {
        let values = self.values.iter();
        let values = values.filter_map(|(name, value)| Some((name.clone(), change(value)?))).collect();
        Self { values, seen: self.seen.clone() }
    }

    /// Notes from now on what is looked at.
    pub(crate) fn noting(mut self, seen: reads::Seen) -> Self {
        self.seen = Some(seen);
        self
    }

    /// The value of a name, without a note of it.
    pub(crate) fn peek(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    fn note(&self, name: &str) {
        if let Some(seen) = &self.seen {
            seen.note(name);
        }
    }

    /// The view for one rendering, with stand-ins for `wanted` paths that lead nowhere. Names in `looped` are
    /// empty lists instead: a loop over what nobody knows has nothing to do.
    ///
    /// An entry of a list has no stand-ins, since Liquid copies it for each round: what it lacks of the names `below` is
    /// nil there.
    pub(super) fn view(
        &self,
        wanted: &[Vec<String>],
        looped: &[Vec<String>],
        below: &BTreeSet<&str>,
    ) -> (Node, Absent) {
        wanted.iter().chain(looped).filter_map(|path| path.first()).for_each(|name| self.note(name));
        let absent = Absent::default();
        let mut root =
            Node::Map(self.values.iter().map(|(k, v)| (k.clone(), Node::from_json(v, below))).collect());
        for path in looped {
            root.stand_in(path, 0, &|_| Node::Plain(Liquid::Array(Vec::new())));
        }
        for path in wanted {
            root.stand_in(path, 0, &|name| Node::Missing(absent.number(name), absent.clone()));
        }
        (root, absent)
    }
}

/// Begins a stand-in in printed text.
const OPEN: char = '\u{f8f0}';
/// Ends it.
const CLOSE: char = '\u{f8f1}';

/// Whether the text holds a stand-in, whole or in part.
pub(super) fn is_absent(text: &str) -> bool {
    text.contains([OPEN, CLOSE])
}

/// The names that stand-ins of one rendering stand for, and those that were looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Absent(Rc<RefCell<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    names: Vec<String>,
    asked: BTreeSet<usize>,
}

impl Absent {
    fn number(&self, name: &str) -> usize {
        let mut seen = self.0.borrow_mut();
        seen.names.push(name.to_owned());
        seen.names.len() - 1
    }

    /// The names whose stand-ins are in the text. A stand-in that a filter has cut up still tells that one of those
    /// that were looked at was printed.
    pub(super) fn printed(&self, text: &str) -> Vec<String> {
        if !is_absent(text) {
            return Vec::new();
        }
        let seen = self.0.borrow();
        let mut names: Vec<String> = Vec::new();
        for piece in text.split(OPEN).skip(1) {
            let number = piece.split_once(CLOSE).and_then(|(number, _)| number.parse::<usize>().ok());
            if let Some(name) = number.and_then(|number| seen.names.get(number))
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        }
        if names.is_empty() { self.asked() } else { names }
    }

    /// Names that were looked at in any way.
    pub(super) fn asked(&self) -> Vec<String> {
        let seen = self.0.borrow();
        seen.asked.iter().filter_map(|&number| seen.names.get(number).cloned()).collect()
    }
}

/// A value as a template sees it.
#[derive(Debug)]
pub(super) enum Node {
    /// A value, with all below it.
    Plain(Liquid),
    /// Names and what they mean.
    Map(BTreeMap<String, Node>),
    /// The stand-in for a name nobody knows.
    Missing(usize, Absent),
}

impl Node {
    fn from_json(value: &Value, below: &BTreeSet<&str>) -> Self {
        match value {
            Value::Object(map) => {
                Self::Map(map.iter().map(|(k, v)| (k.clone(), Self::from_json(v, below))).collect())
            }
            other => Self::Plain(liquid_value(other, below)),
        }
    }

    /// `size` is Liquid's own name for a part of a value, so it is left to it.
    fn stand_in(&mut self, path: &[String], depth: usize, make: &dyn Fn(&str) -> Self) {
        let (Self::Map(map), Some(head)) = (self, path.get(depth)) else { return };
        if depth > 0 && head == "size" {
            return;
        }
        // A name below one that nobody knows is known no better, so all of it is the name.
        let child = map.entry(head.clone()).or_insert_with(|| {
            if depth + 1 == path.len() { make(&path.join(".")) } else { Self::Map(BTreeMap::new()) }
        });
        child.stand_in(path, depth + 1, make);
    }

    fn ask(&self) {
        if let Self::Missing(number, absent) = self {
            absent.0.borrow_mut().asked.insert(*number);
        }
    }

    /// Whether anything is known here, and not stand-ins alone.
    fn is_known(&self) -> bool {
        match self {
            Self::Plain(_) => true,
            Self::Map(map) => map.is_empty() || map.values().any(Self::is_known),
            Self::Missing(..) => false,
        }
    }
}

static NIL: Liquid = Liquid::Nil;

impl ValueView for Node {
    fn as_debug(&self) -> &dyn std::fmt::Debug {
        self
    }

    fn render(&self) -> DisplayCow<'_> {
        self.ask();
        match self {
            Self::Plain(value) => value.render(),
            Self::Map(_) => DisplayCow::Owned(Box::new(self.to_value().render().to_string())),
            Self::Missing(..) => NIL.render(),
        }
    }

    fn source(&self) -> DisplayCow<'_> {
        self.render()
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Plain(value) => value.type_name(),
            Self::Map(_) => "object",
            Self::Missing(..) => "nil",
        }
    }

    fn query_state(&self, state: State) -> bool {
        self.ask();
        match self {
            Self::Plain(value) => value.query_state(state),
            Self::Map(map) => match state {
                State::Truthy => self.is_known(),
                State::DefaultValue | State::Empty | State::Blank => map.is_empty(),
            },
            Self::Missing(..) => NIL.query_state(state),
        }
    }

    fn to_kstr(&self) -> KStringCow<'_> {
        self.ask();
        match self {
            Self::Plain(value) => value.to_kstr(),
            Self::Map(_) => KStringCow::from_string(self.to_value().to_kstr().into_string()),
            Self::Missing(..) => NIL.to_kstr(),
        }
    }

    fn to_value(&self) -> Liquid {
        self.ask();
        match self {
            Self::Plain(value) => value.clone(),
            Self::Map(map) => Liquid::Object(
                map.iter()
                    .filter(|(_, node)| node.is_known())
                    .map(|(k, v)| (k.clone().into(), v.to_value()))
                    .collect(),
            ),
            Self::Missing(number, _) => Liquid::scalar(format!("{OPEN}{number}{CLOSE}")),
        }
    }

    fn as_scalar(&self) -> Option<liquid::model::ScalarCow<'_>> {
        self.ask();
        match self {
            Self::Plain(value) => value.as_scalar(),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<&dyn liquid::model::ArrayView> {
        self.ask();
        match self {
            Self::Plain(value) => value.as_array(),
            _ => None,
        }
    }

    fn as_object(&self) -> Option<&dyn ObjectView> {
        match self {
            // What stands below a name that nobody knows is known no better.
            Self::Map(_) | Self::Missing(..) => Some(self),
            Self::Plain(value) => value.as_object(),
        }
    }

    fn is_nil(&self) -> bool {
        self.ask();
        matches!(self, Self::Missing(..)) || matches!(self, Self::Plain(value) if value.is_nil())
    }
}

impl ObjectView for Node {
    fn as_value(&self) -> &dyn ValueView {
        self
    }

    fn size(&self) -> i64 {
        i64::try_from(self.known().count()).unwrap_or(i64::MAX)
    }

    fn keys<'k>(&'k self) -> Box<dyn Iterator<Item = KStringCow<'k>> + 'k> {
        Box::new(self.known().map(|(key, _)| KStringCow::from_ref(key)))
    }

    fn values<'k>(&'k self) -> Box<dyn Iterator<Item = &'k dyn ValueView> + 'k> {
        Box::new(self.known().map(|(_, node)| node as &dyn ValueView))
    }

    fn iter<'k>(&'k self) -> Box<dyn Iterator<Item = (KStringCow<'k>, &'k dyn ValueView)> + 'k> {
        Box::new(self.known().map(|(key, node)| (KStringCow::from_ref(key), node as &dyn ValueView)))
    }

    fn contains_key(&self, index: &str) -> bool {
        self.get(index).is_some()
    }

    fn get<'s>(&'s self, index: &str) -> Option<&'s dyn ValueView> {
        match self {
            Self::Map(map) => map.get(index).map(|node| node as &dyn ValueView),
            Self::Missing(..) => Some(self),
            Self::Plain(value) => value.as_object().and_then(|object| object.get(index)),
        }
    }
}

impl Node {
    fn known(&self) -> impl Iterator<Item = (&str, &Self)> {
        let map = if let Self::Map(map) = self { Some(map) } else { None };
        map.into_iter().flatten().filter(|(_, node)| node.is_known()).map(|(key, node)| (key.as_str(), node))
    }
}

/// A value for Liquid. One that holds the marks by chance or malice must not pass for a stand-in.
fn liquid_value(value: &Value, below: &BTreeSet<&str>) -> Liquid {
    match value {
        Value::String(text) if is_absent(text) => Liquid::scalar(text.replace([OPEN, CLOSE], "\u{fffd}")),
        Value::Array(list) => Liquid::Array(list.iter().map(|value| liquid_value(value, below)).collect()),
        Value::Object(map) => {
            let known = map.iter().map(|(key, value)| (key.clone().into(), liquid_value(value, below)));
            let lacking = below.iter().filter(|name| !map.contains_key(**name));
            lacking
                .map(|name| ((*name).to_owned().into(), Liquid::Nil))
                .chain(known)
                .collect::<Object>()
                .into()
        }
        other => super::filter::liquid(other),
    }
}
