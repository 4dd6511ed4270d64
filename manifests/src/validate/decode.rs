//! A tree into a typed value, with every fault that stands in the way.
//!
//! A reader stops at its first fault. So the node at fault is taken out and the rest is read again.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_path_to_error::Segment as Serde;

use super::{Segment, faults};
use crate::diagnostic::{Diagnostic, in_order};
use crate::node::{Node, Place, Value};
use engine::value::ValueError;

/// How often the rest is read again.
const MAX_ROUNDS: usize = 50;

/// A value that a reader did not take.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// The way to it, as far as known.
    pub path: Vec<Segment>,
    /// Why not; advice may follow after `help: ` on a line of its own.
    pub message: String,
}

impl Mismatch {
    /// Reads a typed value from JSON, keeping the way to what does not fit.
    pub fn read<T: DeserializeOwned>(json: &Json) -> Result<T, Self> {
        serde_path_to_error::deserialize(json).map_err(|error| {
            let segments = error.path().iter().map_while(|segment| match segment {
                Serde::Map { key } => Some(Segment::Key(key.clone())),
                Serde::Seq { index } => Some(Segment::Item(*index)),
                Serde::Enum { variant } => Some(Segment::Key(variant.clone())),
                Serde::Unknown => None,
            });
            Self { path: segments.collect(), message: error.inner().to_string() }
        })
    }
}

/// Validates a tree against the schema of `T`, then reads it.
pub fn decode<T: DeserializeOwned>(node: &Node, schema: &Json) -> Result<T, Vec<Diagnostic>> {
    decode_with(node, schema, Mismatch::read)
}

/// Validates a tree against a schema, then hands it to a reader.
pub fn decode_with<T>(
    node: &Node,
    schema: &Json,
    read: impl FnMut(&Json) -> Result<T, Mismatch>,
) -> Result<T, Vec<Diagnostic>> {
    let salvaged = salvage(node, schema, read);
    match salvaged.value {
        Some(value) if salvaged.faults.is_empty() => Ok(value),
        _ => Err(in_order(salvaged.faults)),
    }
}

/// What could be read of a tree, and what stood in the way.
pub(crate) struct Salvaged<T> {
    /// What the reader made of the rest.
    pub(crate) value: Option<T>,
    /// The tree without what is at fault.
    pub(crate) rest: Node,
    /// The way to everything that was taken out.
    pub(crate) lost: Vec<Vec<Segment>>,
    /// What is wrong.
    pub(crate) faults: Vec<Diagnostic>,
}

/// Reads as much of a tree as can be read.
pub(crate) fn salvage<T>(
    node: &Node,
    schema: &Json,
    mut read: impl FnMut(&Json) -> Result<T, Mismatch>,
) -> Salvaged<T> {
    let (mut lost, mut found) = (Vec::new(), Vec::new());
    for fault in faults(node, schema) {
        lost.extend(fault.path);
        found.push(fault.diagnostic);
    }
    let mut rest = node.clone();
    // From the back, so that taking out one item of a list does not move the others.
    lost.sort();
    lost.dedup();
    if !lost.iter().rev().all(|path| remove(&mut rest, path)) {
        return Salvaged { value: None, rest, lost, faults: found };
    }
    for _ in 0..MAX_ROUNDS {
        let mismatch = match read(&rest.to_json()) {
            Ok(value) => return Salvaged { value: Some(value), rest, lost, faults: found },
            Err(mismatch) => mismatch,
        };
        let (path, place) = locate(&rest, &mismatch.path);
        // What is missing now may be what was taken out before.
        let is_echo = !found.is_empty() && mismatch.message.starts_with("missing field");
        if !is_echo {
            found.push(diagnostic(&mismatch.message, &place));
        }
        if !remove(&mut rest, &path) {
            break;
        }
        lost.push(path);
    }
    Salvaged { value: None, rest, lost, faults: found }
}

fn diagnostic(text: &str, place: &Place) -> Diagnostic {
    let (message, hint) = ValueError::split(text);
    let fault = match message.strip_prefix("missing field ") {
        Some(name) => Diagnostic::error("manifest/missing-key", format!("missing key {name}")),
        None => Diagnostic::error("manifest/bad-value", message),
    };
    let fault = fault.at(place);
    match hint {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}

/// The node at the end of the way, or the last one on it that exists.
pub(crate) fn locate(tree: &Node, path: &[Segment]) -> (Vec<Segment>, Place) {
    let (mut node, mut walked, mut place) = (tree, Vec::new(), tree.place.clone());
    for segment in path {
        let next = match segment {
            Segment::Key(name) => node.entry(name).map(|(key, next)| (next, key.place.clone())),
            Segment::Item(at) => node.items().get(*at).map(|next| (next, next.place.clone())),
        };
        let Some((next, key)) = next else { break };
        walked.push(segment.clone());
        // A block has nothing of its own to point at, so its key stands for it.
        place = if next.place.len == 0 { key } else { next.place.clone() };
        node = next;
    }
    (walked, place)
}

/// Takes a node out of the tree. The root stays, and what is gone already is no loss.
fn remove(tree: &mut Node, path: &[Segment]) -> bool {
    let Some((last, way)) = path.split_last() else { return false };
    let mut node = tree;
    for segment in way {
        let next = match (segment, &mut node.value) {
            (Segment::Key(name), Value::Mapping(entries)) => {
                entries.iter_mut().find(|(key, _)| key.name == *name).map(|(_, next)| next)
            }
            (Segment::Item(at), Value::Sequence(items)) => items.get_mut(*at),
            _ => None,
        };
        let Some(next) = next else { return true };
        node = next;
    }
    match (last, &mut node.value) {
        (Segment::Key(name), Value::Mapping(entries)) => entries.retain(|(key, _)| key.name != *name),
        (Segment::Item(at), Value::Sequence(items)) if *at < items.len() => drop(items.remove(*at)),
        _ => {}
    }
    true
}
