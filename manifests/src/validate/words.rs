//! What a schema wants, in words.

use serde_json::{Map, Value as Json};

use super::branch::enumeration;
use crate::node::{Node, Scalar, Value};

/// The schema and what it refers to, outermost first.
pub fn parts<'s>(root: &'s Json, schema: &'s Json) -> Vec<&'s Map<String, Json>> {
    // References of references end somewhere, unless somebody wrote a circle.
    const LONGEST: usize = 16;
    let mut parts = Vec::new();
    let mut next = Some(schema);
    while let Some(part) = next.and_then(Json::as_object).filter(|_| parts.len() < LONGEST) {
        parts.push(part);
        let reference = part.get("$ref").and_then(Json::as_str).and_then(|name| name.strip_prefix('#'));
        next = reference.and_then(|pointer| root.pointer(pointer));
    }
    parts
}

/// What the schema wants: its own words for it if it has any (`x-expected`), else its types.
pub fn expected(root: &Json, schema: &Json) -> String {
    let mut wanted = Vec::new();
    collect(root, schema, &mut wanted, 0);
    wanted.retain(|word| word != "nothing");
    wanted.dedup();
    match wanted.split_last() {
        None => "something else".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// Whether quotes would make a bare number or word fit.
pub fn wants_text(expected: &str) -> bool {
    expected.contains("a string") || expected.contains("a path") || expected.contains("a name")
}

/// What was found instead.
pub fn found(node: &Node) -> String {
    match &node.value {
        Value::Scalar(Scalar::Null) => "nothing".to_owned(),
        Value::Scalar(Scalar::Bool(bool)) => format!("`{bool}`"),
        Value::Scalar(Scalar::Number(number)) if number.is_f64() => "a number with a fraction".to_owned(),
        Value::Scalar(Scalar::Number(_)) => "a number".to_owned(),
        Value::Scalar(Scalar::String(_)) => "a string".to_owned(),
        Value::Sequence(_) => "a list".to_owned(),
        Value::Mapping(_) => "a mapping".to_owned(),
    }
}

fn collect(root: &Json, schema: &Json, wanted: &mut Vec<String>, depth: usize) {
    for part in parts(root, schema) {
        if let Some(words) = part.get("x-expected").and_then(Json::as_str) {
            wanted.push(words.to_owned());
            return;
        }
        if let Some(allowed) = enumeration(root, part).filter(|allowed| !allowed.is_empty()) {
            let words: Vec<_> = allowed
                .iter()
                .map(|word| word.as_str().map_or_else(|| format!("`{word}`"), |text| format!("`{text}`")))
                .collect();
            let one_of = if words.len() == 1 { "" } else { "one of " };
            wanted.push(format!("{one_of}{}", words.join(", ")));
            return;
        }
        match part.get("type") {
            Some(Json::String(name)) => wanted.push(type_words(name).to_owned()),
            Some(Json::Array(names)) => {
                wanted.extend(names.iter().filter_map(Json::as_str).map(|name| type_words(name).to_owned()));
            }
            _ => {}
        }
        for branches in
            [part.get("anyOf"), part.get("oneOf")].into_iter().flatten().filter_map(Json::as_array)
        {
            for branch in branches.iter().filter(|_| depth < 8) {
                collect(root, branch, wanted, depth + 1);
            }
        }
    }
}

fn type_words(name: &str) -> &str {
    match name {
        "string" => "a string",
        "number" => "a number",
        "integer" => "a whole number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a mapping",
        "null" => "nothing",
        other => other,
    }
}
