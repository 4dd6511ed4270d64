//! Which of several schemas a node was meant for.
//!
//! A person wants the faults of the form they chose, not of all the forms there are.

use serde_json::{Map, Value as Json};

use super::{Segment, Walk, did_you_mean, words};
use crate::diagnostic::Diagnostic;
use crate::node::{Node, Scalar, Value};
use crate::place::shown;

/// The values a schema allows, when it is a plain list of them.
pub fn enumeration<'s>(root: &'s Json, part: &'s Map<String, Json>) -> Option<Vec<&'s Json>> {
    if let Some(only) = part.get("const") {
        return Some(vec![only]);
    }
    if let Some(Json::Array(allowed)) = part.get("enum") {
        return Some(allowed.iter().collect());
    }
    let branches = part.get("oneOf").or_else(|| part.get("anyOf"))?.as_array()?;
    let mut allowed = Vec::new();
    for branch in branches {
        allowed.extend(words::parts(root, branch).into_iter().find_map(|part| enumeration(root, part))?);
    }
    Some(allowed)
}

/// Whether the node is of one of the types the schema names, if it names any.
pub fn type_fits(node: &Node, part: &Map<String, Json>) -> bool {
    match part.get("type") {
        Some(Json::String(name)) => is_of_type(node, name),
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).any(|name| is_of_type(node, name)),
        _ => true,
    }
}

impl<'s, 'n> Walk<'s, 'n> {
    /// Checks against the branch that was meant; says whether there is one.
    pub(super) fn check_branches(&mut self, node: &'n Node, branches: &'s [Json], expected: &str) -> bool {
        if let Some(tagged) = self.check_tagged(node, branches) {
            return tagged;
        }
        let fitting: Vec<&Json> = branches.iter().filter(|branch| self.fits(node, branch)).collect();
        match fitting.as_slice() {
            [] => {
                self.wrong_type(node, expected);
                false
            }
            [only] => {
                self.check(node, only);
                true
            }
            several => {
                let trials = several.iter().map(|branch| {
                    let mut trial = Walk {
                        root: self.root,
                        path: self.path.clone(),
                        keys: self.keys.clone(),
                        used_at: self.used_at.clone(),
                        faults: Vec::new(),
                    };
                    trial.check(node, branch);
                    trial.faults
                });
                let best = trials.min_by_key(Vec::len).unwrap_or_default();
                self.faults.extend(best);
                true
            }
        }
    }

    /// Mappings that tell themselves apart by one key, such as `type`: that key alone decides.
    fn check_tagged(&mut self, node: &'n Node, branches: &'s [Json]) -> Option<bool> {
        let Value::Mapping(_) = &node.value else { return None };
        let (tag, _) = tag_of(self.root, branches.first()?)?;
        let tags: Option<Vec<_>> = branches
            .iter()
            .map(|branch| {
                tag_of(self.root, branch).filter(|(name, _)| *name == tag).map(|(_, word)| (word, branch))
            })
            .collect();
        let tags = tags?;
        let (_, value) = node.entry(tag)?;
        let word = value.as_str()?;
        if let Some((_, branch)) = tags.iter().find(|(name, _)| *name == word) {
            self.check(node, branch);
            return Some(true);
        }
        let names: Vec<&str> = tags.iter().map(|(name, _)| *name).collect();
        let fault = Diagnostic::error("manifest/unknown-value", format!("unknown value {}", shown(word)));
        self.path.push(Segment::Key(tag.to_owned()));
        self.fault(value, fault.at(&value.place).hint(did_you_mean(word, &names, "use one of")));
        self.path.pop();
        Some(false)
    }

    fn fits(&self, node: &Node, schema: &Json) -> bool {
        if let Json::Bool(any) = schema {
            return *any;
        }
        words::parts(self.root, schema).iter().all(|part| {
            // Of words the type decides, so that a misspelt one is told from a wrong type.
            let words = ["const", "enum"].into_iter().filter_map(|name| part.get(name));
            let words_fit = words.into_iter().all(|allowed| match allowed {
                Json::String(_) => node.as_str().is_some(),
                Json::Array(all) => {
                    all.contains(&node.to_json())
                        || node.as_str().is_some() && all.iter().any(Json::is_string)
                }
                only => *only == node.to_json(),
            });
            let any = |name: &str| part.get(name).and_then(Json::as_array);
            let branches = any("anyOf").or_else(|| any("oneOf"));
            words_fit
                && type_fits(node, part)
                && branches.is_none_or(|branches| branches.iter().any(|branch| self.fits(node, branch)))
        })
    }
}

/// The key and the word by which a branch is told from its siblings.
fn tag_of<'s>(root: &'s Json, branch: &'s Json) -> Option<(&'s str, &'s str)> {
    words::parts(root, branch).into_iter().find_map(|part| {
        let properties = part.get("properties")?.as_object()?;
        properties.iter().find_map(|(name, schema)| Some((name.as_str(), schema.get("const")?.as_str()?)))
    })
}

fn is_of_type(node: &Node, name: &str) -> bool {
    match &node.value {
        Value::Scalar(Scalar::Null) => name == "null",
        Value::Scalar(Scalar::Bool(_)) => name == "boolean",
        Value::Scalar(Scalar::Number(number)) => name == "number" || name == "integer" && !number.is_f64(),
        Value::Scalar(Scalar::String(_)) => name == "string",
        Value::Sequence(_) => name == "array",
        Value::Mapping(_) => name == "object",
    }
}
