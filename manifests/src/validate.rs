//! Holds a tree against a JSON schema and finds every fault, each at its place.
//!
//! Knows the part of JSON Schema that types derive, and nothing of what the keys mean.

mod branch;
mod decode;
mod words;

use schemars::JsonSchema;
use serde_json::{Map, Value as Json};

pub use self::decode::{Mismatch, decode, decode_with};
pub(crate) use self::decode::{locate, salvage};
pub(crate) use self::words::{expected, parts};
use crate::diagnostic::{Diagnostic, in_order};
use crate::node::{Key, Node, Place, Scalar, Value};
use crate::place::shown;
use crate::suggest::nearest;

/// How many faults are told; a document with more of them is not a manifest.
const MAX_FAULTS: usize = 1000;

/// One step of the way from the root to a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// Into a mapping.
    Key(String),
    /// Into a list.
    Item(usize),
}

/// The schema of a type, as its reader sees it.
pub fn schema_of<T: JsonSchema>() -> Json {
    schemars::generate::SchemaSettings::default().into_generator().into_root_schema_for::<T>().to_value()
}

/// Every fault of a tree, in the order of the file.
pub fn validate(node: &Node, schema: &Json) -> Vec<Diagnostic> {
    let faults = faults(node, schema).into_iter().map(|fault| fault.diagnostic).collect();
    in_order(faults)
}

/// A fault with the way to the node that must go for the rest to be looked at, if one must.
struct Fault {
    path: Option<Vec<Segment>>,
    diagnostic: Diagnostic,
}

fn faults(node: &Node, schema: &Json) -> Vec<Fault> {
    let mut walk =
        Walk { root: schema, path: Vec::new(), keys: Vec::new(), used_at: Vec::new(), faults: Vec::new() };
    walk.check(node, schema);
    walk.faults
}

struct Walk<'s, 'n> {
    root: &'s Json,
    path: Vec<Segment>,
    /// Where the keys on the way are written.
    keys: Vec<Option<&'n Place>>,
    /// The aliases on the way.
    used_at: Vec<&'n Place>,
    faults: Vec<Fault>,
}

impl<'s, 'n> Walk<'s, 'n> {
    fn check(&mut self, node: &'n Node, schema: &'s Json) {
        if self.faults.len() >= MAX_FAULTS {
            return;
        }
        self.used_at.extend(node.used_at.as_deref());
        let parts = parts(self.root, schema);
        if schema == &Json::Bool(false) {
            self.fault(
                node,
                Diagnostic::error("manifest/wrong-type", "nothing may stand here").at(&node.place),
            );
        }
        let expected = expected(self.root, schema);
        // A wrong type says it all; what else the parts want would only repeat it.
        let _ = parts.iter().all(|part| self.check_part(node, part, &expected));
        if node.used_at.is_some() {
            self.used_at.pop();
        }
    }

    fn check_part(&mut self, node: &'n Node, part: &'s Map<String, Json>, expected: &str) -> bool {
        if let Some(allowed) = branch::enumeration(self.root, part) {
            return self.check_word(node, &allowed, expected);
        }
        if !branch::type_fits(node, part) {
            self.wrong_type(node, expected);
            return false;
        }
        for branches in
            [part.get("anyOf"), part.get("oneOf")].into_iter().flatten().filter_map(Json::as_array)
        {
            if !self.check_branches(node, branches, expected) {
                return false;
            }
        }
        for schema in part.get("allOf").and_then(Json::as_array).into_iter().flatten() {
            self.check(node, schema);
        }
        match &node.value {
            Value::Mapping(entries) => self.check_mapping(node, entries, part),
            Value::Sequence(items) => self.check_sequence(node, items, part),
            Value::Scalar(scalar) => self.check_bounds(node, scalar, part),
        }
        true
    }

    fn check_mapping(&mut self, node: &'n Node, entries: &'n [(Key, Node)], part: &'s Map<String, Json>) {
        let properties = part.get("properties").and_then(Json::as_object);
        let additional = part.get("additionalProperties");
        for (key, value) in entries {
            if let Some(schema) = properties.and_then(|properties| properties.get(&key.name)) {
                self.down(Segment::Key(key.name.clone()), Some(&key.place), value, schema);
            } else if additional == Some(&Json::Bool(false)) && !part.contains_key("patternProperties") {
                self.path.push(Segment::Key(key.name.clone()));
                self.fault(value, unknown_key(key, properties));
                self.path.pop();
            } else if let Some(schema) = additional {
                self.down(Segment::Key(key.name.clone()), Some(&key.place), value, schema);
            }
        }
        for name in
            part.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
        {
            // A slip of the fingers is one fault, not an unknown key and a missing one.
            let slipped = || {
                entries.iter().any(|(key, _)| {
                    !properties.is_some_and(|all| all.contains_key(&key.name))
                        && nearest(&key.name, [name]).is_some()
                })
            };
            if node.get(name).is_none() && !slipped() {
                let place = self.keys.last().copied().flatten().unwrap_or(&node.place).clone();
                let mut fault =
                    Diagnostic::error("manifest/missing-key", format!("missing key `{name}`")).at(&place);
                let only = properties.and_then(|properties| properties.get(name)?.get("const"));
                if let Some(only) = only {
                    fault = fault.hint(format!("add `{name}: {only}`"));
                }
                self.fault(node, fault);
                // Nothing needs to go, since nothing is there.
                if let Some(fault) = self.faults.last_mut() {
                    fault.path = None;
                }
            }
        }
    }

    fn check_sequence(&mut self, node: &'n Node, items: &'n [Node], part: &'s Map<String, Json>) {
        let first = part.get("prefixItems").and_then(Json::as_array);
        for (at, item) in items.iter().enumerate() {
            let schema = first.and_then(|first| first.get(at)).or_else(|| part.get("items"));
            if let Some(schema) = schema {
                self.down(Segment::Item(at), None, item, schema);
            }
        }
        let bound = |name: &str| part.get(name).and_then(Json::as_u64);
        let count = items.len() as u64;
        if let Some(least) = bound("minItems").filter(|least| count < *least) {
            self.out_of_range(node, format!("a list of at least {least} is needed, found {count}"));
        }
        if let Some(most) = bound("maxItems").filter(|most| count > *most) {
            self.out_of_range(node, format!("a list of at most {most} is needed, found {count}"));
        }
    }

    fn check_bounds(&mut self, node: &'n Node, scalar: &Scalar, part: &'s Map<String, Json>) {
        match scalar {
            Scalar::Number(number) => {
                let Some(value) = number.as_f64() else { return };
                let bound = |name: &str| part.get(name).filter(|bound| bound.is_number());
                let below =
                    bound("minimum").filter(|least| least.as_f64().is_some_and(|least| value < least));
                let above = bound("maximum").filter(|most| most.as_f64().is_some_and(|most| value > most));
                if let Some(least) = below {
                    self.out_of_range(node, format!("{number} is less than {least}, the least allowed"));
                } else if let Some(most) = above {
                    self.out_of_range(node, format!("{number} is more than {most}, the most allowed"));
                }
            }
            Scalar::String(text) => {
                let least = part.get("minLength").and_then(Json::as_u64).unwrap_or(0);
                if (text.chars().count() as u64) < least {
                    self.out_of_range(
                        node,
                        "a text is needed here, found an empty or too short one".to_owned(),
                    );
                }
            }
            Scalar::Null | Scalar::Bool(_) => {}
        }
    }

    fn check_word(&mut self, node: &'n Node, allowed: &[&Json], expected: &str) -> bool {
        if allowed.contains(&&node.to_json()) {
            return true;
        }
        let words: Vec<&str> = allowed.iter().filter_map(|word| word.as_str()).collect();
        match node.as_str() {
            Some(text) if !words.is_empty() => {
                let fault =
                    Diagnostic::error("manifest/unknown-value", format!("unknown value {}", shown(text)));
                self.fault(node, fault.at(&node.place).hint(did_you_mean(text, &words, "use one of")));
            }
            None if words.is_empty() && matches!(node.value, Value::Scalar(Scalar::Number(_))) => {
                let message = format!("expected {expected}, found `{}`", node.to_json());
                self.fault(node, Diagnostic::error("manifest/unknown-value", message).at(&node.place));
            }
            _ => self.wrong_type(node, expected),
        }
        false
    }

    fn down(&mut self, segment: Segment, key: Option<&'n Place>, node: &'n Node, schema: &'s Json) {
        self.path.push(segment);
        self.keys.push(key);
        self.check(node, schema);
        self.keys.pop();
        self.path.pop();
    }

    fn wrong_type(&mut self, node: &'n Node, expected: &str) {
        let message = format!("expected {expected}, found {}", words::found(node));
        let mut fault = Diagnostic::error("manifest/wrong-type", message).at(&node.place);
        let is_bare = matches!(node.value, Value::Scalar(Scalar::Bool(_) | Scalar::Number(_)));
        if is_bare && words::wants_text(expected) {
            fault = fault.hint(format!("quote it: `\"{}\"`", node.place.written()));
        }
        self.fault(node, fault);
    }

    fn out_of_range(&mut self, node: &'n Node, message: String) {
        self.fault(node, Diagnostic::error("manifest/out-of-range", message).at(&node.place));
    }

    fn fault(&mut self, node: &'n Node, mut diagnostic: Diagnostic) {
        if self.faults.len() >= MAX_FAULTS {
            return;
        }
        if let Some(used_at) = node.used_at.as_deref().or_else(|| self.used_at.last().copied()) {
            diagnostic = diagnostic.related(used_at, "used through this alias");
        }
        self.faults.push(Fault { path: Some(self.path.clone()), diagnostic });
    }
}

fn unknown_key(key: &Key, properties: Option<&Map<String, Json>>) -> Diagnostic {
    let known: Vec<&str> = properties.into_iter().flat_map(Map::keys).map(String::as_str).collect();
    let fault =
        Diagnostic::error("manifest/unknown-key", format!("unknown key {}", shown(&key.name))).at(&key.place);
    if known.is_empty() { fault } else { fault.hint(did_you_mean(&key.name, &known, "known keys")) }
}

fn did_you_mean(word: &str, known: &[&str], list: &str) -> String {
    match nearest(word, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => {
            format!("{list}: {}", known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
        }
    }
}
