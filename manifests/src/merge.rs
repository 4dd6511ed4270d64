//! Lays trees over each other: mappings merge by key, everything else replaces.
//!
//! Knows one thing of manifests: where `false` takes a step away. Every value keeps its place.

mod set;

use std::collections::HashMap;

pub use self::set::set_layer;
use crate::node::{Node, Scalar, Value};

/// Merges layers, weakest first. No layers merge to nothing.
pub fn merge(layers: impl IntoIterator<Item = Node>) -> Option<Node> {
    layers.into_iter().reduce(overlay)
}

/// Lays `over` upon `base`.
///
/// A mapping with nothing over it stays as it is, since a key with nothing below it is how an emptied block looks.
pub fn overlay(base: Node, over: Node) -> Node {
    match (base.value, over.value) {
        (Value::Mapping(mut entries), Value::Mapping(more)) => {
            let mut at: HashMap<String, usize> =
                entries.iter().enumerate().map(|(at, (key, _))| (key.name.clone(), at)).collect();
            for (key, node) in more {
                match at.get(&key.name).and_then(|at| entries.get_mut(*at)) {
                    Some(entry) => {
                        let weaker = std::mem::replace(&mut entry.1, hollow(&node));
                        // The name goes with the value that won, so that origins name the line that decided.
                        *entry = (key, overlay(weaker, node));
                    }
                    None => {
                        at.insert(key.name.clone(), entries.len());
                        entries.push((key, node));
                    }
                }
            }
            Node { value: Value::Mapping(entries), place: over.place, used_at: over.used_at }
        }
        (value @ Value::Mapping(_), Value::Scalar(Scalar::Null)) => {
            Node { value, place: base.place, used_at: base.used_at }
        }
        (_, value) => Node { value, place: over.place, used_at: over.used_at },
    }
}

/// Drops the steps that were taken away with `false`.
#[must_use]
pub fn without_removed_steps(mut manifest: Node) -> Node {
    if let Value::Mapping(entries) = &mut manifest.value {
        for (_, node) in entries.iter_mut().filter(|(key, _)| key.name == "steps") {
            if let Value::Mapping(steps) = &mut node.value {
                steps.retain(|(_, step)| !step.is_false());
            }
        }
    }
    manifest
}

fn hollow(node: &Node) -> Node {
    Node::scalar(Scalar::Null, node.place.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::File;
    use crate::parse::parse;

    fn check(layers: &[&str], wanted: &str) {
        let nodes = layers.iter().map(|text| parse(&File::new("f", *text)).clean().unwrap());
        let wanted = parse(&File::new("w", wanted)).clean().unwrap();
        assert_eq!(merge(nodes), Some(wanted));
    }

    #[test]
    fn mappings_merge_and_the_rest_replaces() {
        check(
            &["{a: {x: 1, y: [1]}, b: 2}", "{a: {y: [2], z: 3}, c: {}}"],
            "{a: {x: 1, y: [2], z: 3}, b: 2, c: {}}",
        );
        check(&["{a: {x: 1}}", "{a: text}", "{a: {y: 1}}"], "{a: {y: 1}}");
    }

    #[test]
    fn nothing_over_a_mapping_changes_nothing() {
        check(&["{steps: {rar: {}}, group: A}", "{steps: , group: ~}"], "{steps: {rar: {}}, group: ~}");
    }

    #[test]
    fn false_stays_until_it_is_dropped() {
        let kind = parse(&File::new("kind", "steps: {rar: {uses: archive}, nfo: {}}")).clean().unwrap();
        let own = parse(&File::new("own", "steps:\n  rar: false")).clean().unwrap();
        let merged = merge([kind, own]).unwrap();
        let rar = merged.get("steps").and_then(|steps| steps.get("rar")).unwrap();
        assert!(rar.is_false());
        assert_eq!((rar.place.file.name.as_str(), rar.place.line), ("own", 2));
        assert_eq!(without_removed_steps(merged).to_json(), serde_json::json!({"steps": {"nfo": {}}}));
    }
}
