//! A stage with the options of one step.
//!
//! Knows no option by name: what there is and what is right, the stage says.

use std::path::Path;
use std::sync::Arc;

use engine::value::shown;
use engine::{AnyStage, OptionFault};
use serde_json::Value;

use super::Compiler;
use crate::diagnostic::{Diagnostic, Severity};
use crate::node::{Key, Node, Place};
use crate::suggest::nearest;
use crate::validate::{Mismatch, Segment, decode_with, expected, locate};
use crate::written::Step as Written;

impl Compiler<'_, '_> {
    /// The stage of a step; nothing after a fault.
    pub(super) fn stage(&mut self, key: &Key, node: &Node, written: &Written) -> Option<Arc<dyn AnyStage>> {
        let Some(name) = &written.uses else {
            self.no_stage(key);
            return None;
        };
        let Some(kind) = self.context.registry.get(name) else {
            let place = node.get("uses").map_or(&key.place, |node| &node.place).clone();
            let names = self.stage_names();
            let hint = match nearest(name, names.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the stages are {}", names.join(", ")),
            };
            let message = format!("there is no stage {}", shown(name));
            self.faults.push(Diagnostic::error("manifest/unknown-stage", message).at(&place).hint(hint));
            return None;
        };
        let entry = node.entry("with").filter(|(_, with)| !with.is_null());
        let empty = Node::mapping(Vec::new(), key.place.clone());
        let (key, with) = entry.map_or((key, &empty), |(key, with)| (key, with));
        let schema = &*kind.schema;
        let before = self.faults.len();
        self.templates_in(with, schema, schema);
        let folder = &self.effective.folder;
        let build = |json: &Value| (kind.build)(anchored(json, schema, folder)).map_err(mismatch);
        let built = decode_with(with, schema, build);
        let stage = match built {
            Ok(stage) => stage,
            Err(faults) => {
                self.faults.extend(
                    faults.into_iter().map(|fault| in_options(fault, &with.place, key, name, schema)),
                );
                return None;
            }
        };
        for fault in stage.check(&self.site) {
            let (walked, place) = locate(with, &path(&fault.path));
            let place = if walked.is_empty() { &key.place } else { &place };
            let mut found = Diagnostic::error("manifest/bad-option", fault.message).at(place);
            found.hint = fault.hint;
            self.faults.push(found);
        }
        let broken = self.faults.iter().skip(before).any(|fault| fault.severity == Severity::Error);
        (!broken).then_some(stage)
    }

    fn no_stage(&mut self, key: &Key) {
        if self.effective.lost.explains(&["steps", &key.name, "uses"]) {
            return;
        }
        let ids = self.effective.written.steps.keys().map(String::as_str).filter(|id| *id != key.name);
        let names = self.stage_names().join(", ");
        let hint = match nearest(&key.name, ids) {
            Some(meant) => {
                format!("did you mean the step `{meant}`? A step of your own needs `uses`, one of: {names}")
            }
            None => format!("a step of your own needs `uses`, one of: {names}"),
        };
        let message = format!("the step {} does not say which stage it uses", shown(&key.name));
        self.faults.push(Diagnostic::error("manifest/missing-key", message).at(&key.place).hint(hint));
    }

    fn stage_names(&self) -> Vec<&'static str> {
        self.context.registry.iter().map(|kind| kind.name).collect()
    }
}

/// Options with the paths of files among them as seen from here: they are written relative to the manifest. Which options
/// may be paths the schema says, with what such a path ends in.
fn anchored(options: &Value, schema: &Value, folder: &Path) -> Value {
    let mut options = options.clone();
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        let Some(extension) = property.get("x-file").and_then(Value::as_str) else { continue };
        let Some(Value::String(path)) = options.get_mut(name) else { continue };
        if Path::new(path.as_str()).extension().is_some_and(|found| found == extension) {
            *path = folder.join(&*path).display().to_string();
        }
    }
    options
}

/// A required option that is missing has no place of its own; where it belongs has.
fn in_options(fault: Diagnostic, with: &Place, key: &Key, stage: &str, schema: &Value) -> Diagnostic {
    let name = fault.message.strip_prefix("missing key `").and_then(|rest| rest.strip_suffix('`'));
    let Some(name) = name.filter(|_| fault.place.as_ref() == Some(with)) else { return fault };
    let property = schema.get("properties").and_then(|properties| properties.get(name));
    let wanted = property.map_or_else(String::new, |property| format!(": {}", expected(schema, property)));
    Diagnostic::error(
        "manifest/missing-key",
        format!("missing option `{name}`, which the stage `{stage}` needs"),
    )
    .at(&key.place)
    .hint(format!("add `{name}` under `with`{wanted}"))
}

/// Where a stage's constructor found a fault in its options.
fn mismatch(fault: OptionFault) -> Mismatch {
    let message = match fault.hint {
        Some(hint) => format!("{}\nhelp: {hint}", fault.message),
        None => fault.message,
    };
    Mismatch { path: path(&fault.path), message }
}

fn path(parts: &[String]) -> Vec<Segment> {
    let segment =
        |part: &String| match part.strip_prefix('[').and_then(|part| part.strip_suffix(']')?.parse().ok()) {
            Some(index) => Segment::Item(index),
            None => Segment::Key(part.clone()),
        };
    parts.iter().map(segment).collect()
}
