//! `--set key.path=value` as the strongest layer.
//!
//! Knows how a path and a value are written on a command line, not which keys there are.

use std::sync::Arc;

use super::merge;
use crate::diagnostic::Diagnostic;
use crate::node::{File, Key, Node, Place, Scalar};
use crate::parse::{MAX_DEPTH, parse_text, resolve};
use crate::place::shown;

/// The name under which assignments appear in messages and origins.
const NAME: &str = "--set";

/// Reads assignments, in order, into one layer. No assignments make no layer.
pub fn set_layer(assignments: &[impl AsRef<str>]) -> Result<Option<Node>, Vec<Diagnostic>> {
    let (mut layers, mut faults) = (Vec::new(), Vec::new());
    for assignment in assignments {
        match layer(assignment.as_ref()) {
            Ok(layer) => layers.push(layer),
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() { Ok(merge(layers)) } else { Err(faults) }
}

fn layer(text: &str) -> Result<Node, Vec<Diagnostic>> {
    let file = File::new(NAME, text);
    let Some((path, value)) = text.split_once('=') else {
        let whole = Place::of_bytes(&file, 0..text.len());
        return Err(vec![
            Diagnostic::error("set/assignment", format!("{} is no assignment", shown(text)))
                .at(&whole)
                .hint("write `key=value`, such as `--set steps.rar.with.volume=50MB`"),
        ]);
    };
    let keys = keys(&file, path)?;
    let value = read_value(&file, value, path.len() + 1)?;
    Ok(keys.into_iter().rev().fold(value, |node, key| {
        let place = key.place.clone();
        Node::mapping(vec![(key, node)], place)
    }))
}

fn keys(file: &Arc<File>, path: &str) -> Result<Vec<Key>, Vec<Diagnostic>> {
    let whole = Place::of_bytes(file, 0..path.len());
    let mut keys = Vec::new();
    let mut start = 0;
    for name in path.split('.') {
        let place = Place::of_bytes(file, start..start + name.len());
        if name.trim().is_empty() {
            let fault = Diagnostic::error("set/path", format!("an empty name in the path {}", shown(path)))
                .at(if name.is_empty() { &whole } else { &place })
                .hint("names are parted by single dots: `steps.rar.with.volume`");
            return Err(vec![fault]);
        }
        keys.push(Key { name: name.trim().to_owned(), place });
        start += name.len() + 1;
    }
    if keys.len() >= MAX_DEPTH {
        let fault = Diagnostic::error("set/path", format!("a path of more than {MAX_DEPTH} names"));
        return Err(vec![fault.at(&whole)]);
    }
    Ok(keys)
}

fn read_value(file: &Arc<File>, value: &str, start: usize) -> Result<Node, Vec<Diagnostic>> {
    let trimmed = value.trim();
    let is_template = trimmed.starts_with("{{") || trimmed.starts_with("{%");
    // Only brackets and quotes need a parser. Anything else is taken as it stands: the shell has had its say already.
    if is_template || !trimmed.starts_with(['[', '{', '"', '\'']) {
        let scalar = if is_template { Scalar::String(trimmed.to_owned()) } else { resolve(trimmed) };
        let lead = value.len() - value.trim_start().len();
        let place = Place::of_bytes(file, start + lead..start + lead + trimmed.len());
        return Ok(Node::scalar(scalar, place));
    }
    // Spaces in place of the path keep the columns right.
    let before = file.text.get(..start).map_or(0, |text| text.chars().count());
    parse_text(file, &format!("{}{value}", " ".repeat(before))).clean()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(assignments: &[&str], wanted: serde_json::Value) {
        let layer = set_layer(assignments).unwrap().unwrap();
        assert_eq!(layer.to_json(), wanted);
    }

    fn check_fault(assignment: &str, code: &str, column: usize) {
        let faults = set_layer(&[assignment]).unwrap_err();
        let found: Vec<_> = faults.iter().map(|f| (f.code, f.place.as_ref().unwrap().column)).collect();
        assert_eq!(found, [(code, column)]);
    }

    #[test]
    fn values_are_scalars_lists_and_mappings() {
        check(&["group=GRP"], serde_json::json!({"group": "GRP"}));
        check(&["a.b=1", "a.c=true", "a.b=2"], serde_json::json!({"a": {"b": 2, "c": true}}));
        check(&["steps.rar=false"], serde_json::json!({"steps": {"rar": false}}));
        check(&["a=[x, 'y z']", "b={c: 1}"], serde_json::json!({"a": ["x", "y z"], "b": {"c": 1}}));
        check(&["a="], serde_json::json!({"a": null}));
    }

    #[test]
    fn what_the_shell_left_of_the_quotes_is_kept() {
        check(&["title=Foo: Bar # 2"], serde_json::json!({"title": "Foo: Bar # 2"}));
        check(&["name={{ title }}-{{ group }}"], serde_json::json!({"name": "{{ title }}-{{ group }}"}));
        check(&["a=b=c"], serde_json::json!({"a": "b=c"}));
    }

    #[test]
    fn places_point_into_the_argument() {
        let layer = set_layer(&["é.b=\"x\""]).unwrap().unwrap();
        let (_, node) = layer.get("é").and_then(|node| node.entry("b")).unwrap();
        assert_eq!((node.place.file.name.as_str(), node.place.column), ("--set", 5));
    }

    #[test]
    fn a_bad_path_or_value_is_a_diagnostic() {
        check_fault("group", "set/assignment", 1);
        check_fault("=x", "set/path", 1);
        check_fault("a..b=x", "set/path", 1);
        check_fault("a=[1", "syntax/bracket", 3);
        check_fault(&format!("{}=1", "a.".repeat(99) + "b"), "set/path", 1);
    }
}
