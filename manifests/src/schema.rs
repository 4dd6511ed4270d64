//! The schema of manifests that editors use: the language, with the options of every stage and the steps of every kind.
//!
//! Made from types and data alone; nobody edits it by hand.

use engine::Registry;
use serde_json::{Map, Value, json};

use crate::kinds::Kinds;
use crate::node::Node;
use crate::written::manifest_schema;

/// The schema of a manifest for these stages and kinds.
#[must_use]
pub fn manifest_schema_for(registry: &Registry, kinds: &Kinds) -> Value {
    let mut schema = manifest_schema().clone();
    let Some(defs) = schema.get_mut("$defs").and_then(Value::as_object_mut) else { return schema };
    let mut cases = Vec::new();
    for kind in registry.iter() {
        let name = options(kind.name);
        let mut options = rooted(kind.schema.clone(), &format!("#/$defs/{name}/$defs/"));
        let required = options.as_object_mut().and_then(|options| options.remove("required"));
        defs.insert(name.clone(), options);
        // A step of the kind has its required options already; a step of one's own has to give them.
        let mut with = Map::from_iter([("$ref".to_owned(), json!(format!("#/$defs/{name}")))]);
        with.extend(required.map(|required| ("required".to_owned(), required)));
        cases.push(json!({
            "if": { "properties": { "uses": { "const": kind.name } }, "required": ["uses"] },
            "then": { "properties": { "with": with } },
        }));
    }
    if let Some(step) = defs.get_mut("Step").and_then(Value::as_object_mut) {
        step.insert("allOf".into(), cases.into());
        let names: Vec<&str> = registry.iter().map(|kind| kind.name).collect();
        if let Some(uses) =
            step.get_mut("properties").and_then(|all| all.get_mut("uses")).and_then(Value::as_object_mut)
        {
            uses.insert("enum".into(), names.into_iter().map(Value::from).chain([Value::Null]).collect());
        }
    }
    let listed = kinds.list();
    if let Some(root) = schema.as_object_mut() {
        root.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
        let of_kinds: Vec<Value> = listed.iter().filter_map(|kind| of_kind(kinds, &kind.name)).collect();
        root.insert("allOf".into(), of_kinds.into());
        if let Some(kind) =
            root.get_mut("properties").and_then(|all| all.get_mut("kind")).and_then(Value::as_object_mut)
        {
            kind.insert(
                "examples".into(),
                listed.iter().map(|kind| Value::from(kind.name.as_str())).collect(),
            );
        }
    }
    schema
}

fn options(stage: &str) -> String {
    format!("options-{stage}")
}

/// The steps of a kind, each with the options of its stage.
fn of_kind(kinds: &Kinds, name: &str) -> Option<Value> {
    let read = kinds.load(name);
    let steps = read.as_ref().as_ref().ok()?.root.get("steps").map(Node::entries).unwrap_or_default();
    let typed = steps.iter().filter_map(|(id, step)| {
        let options = options(step.get("uses")?.as_str()?);
        let with = json!({ "anyOf": [{ "$ref": format!("#/$defs/{options}") }, { "type": "null" }] });
        Some((id.name.clone(), json!({ "properties": { "with": with } })))
    });
    let properties: Map<String, Value> = typed.collect();
    Some(json!({
        "if": { "properties": { "kind": { "const": name } }, "required": ["kind"] },
        "then": { "properties": { "steps": { "properties": properties } } },
    }))
}

/// The schema with its references made to hold where it is put.
fn rooted(schema: Value, prefix: &str) -> Value {
    match schema {
        Value::Object(map) => {
            let moved = map.into_iter().map(|(key, value)| match value {
                Value::String(target) if key == "$ref" => {
                    let target = target
                        .strip_prefix("#/$defs/")
                        .map(|name| format!("{prefix}{name}"))
                        .unwrap_or(target);
                    (key, target.into())
                }
                other => (key, rooted(other, prefix)),
            });
            Value::Object(moved.filter(|(key, _)| key != "$schema").collect())
        }
        Value::Array(list) => list.into_iter().map(|item| rooted(item, prefix)).collect(),
        other => other,
    }
}
