//! Steps with their stages and options, and the shape they make.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::value::shown;
use engine::{AnyStage, From, OptionFault, Pick, PlanFault, Retry, Shape, Step};
use globset::{Glob, GlobSetBuilder};

use super::{Compiler, place_text};
use crate::diagnostic::{Diagnostic, Severity};
use crate::node::{Key, Node};
use crate::suggest::nearest;
use crate::validate::{Mismatch, Segment, decode_with};
use crate::written::{Few, Step as Written, StepEntry};

impl Compiler<'_, '_> {
    /// The shape of all releases of the manifest.
    pub(super) fn shape(&mut self) -> Option<Shape> {
        let effective = self.effective;
        let entries = effective.node.get("steps").map(Node::entries).unwrap_or_default();
        let mut steps = Vec::new();
        let mut whole = true;
        for (key, node) in entries {
            if let Some(StepEntry::Step(written)) = effective.written.steps.get(&key.name) {
                match self.step(key, node, written) {
                    Some(step) => steps.push(step),
                    None => whole = false,
                }
            }
        }
        if steps.is_empty() && whole {
            let fault = Diagnostic::error("manifest/no-steps", "there is nothing to do").at(&effective.node.place);
            self.faults.push(fault.hint("name a `kind`, or write `steps`"));
            return None;
        }
        let ids: BTreeSet<&str> = entries.iter().map(|(key, _)| key.name.as_str()).collect();
        // Steps that could not be made would be missed by those that take from them, which is no fault of theirs.
        if !whole {
            let made: BTreeSet<String> = steps.iter().map(|step| step.id.clone()).collect();
            for step in &mut steps {
                let gone = |id: &str| ids.contains(id) && !made.contains(id);
                step.from.retain(|from| !matches!(from, From::Step(id) if gone(id)));
            }
        }
        match Shape::new(steps) {
            Ok(shape) => whole.then_some(shape),
            Err(faults) => {
                for fault in faults {
                    let fault = self.plan_fault(&fault);
                    self.faults.push(fault);
                }
                None
            }
        }
    }

    fn step(&mut self, key: &Key, node: &Node, written: &Written) -> Option<Step> {
        self.step_id(key);
        if let (Some(condition), Some(node)) = (&written.r#if, node.get("if")) {
            self.condition(condition, node);
        }
        if let (Some(into), Some(node)) = (&written.into, node.get("into")) {
            self.template(into, node);
            self.stays_inside(true, into.text(), node);
        }
        let pick = self.pick(written.pick.as_ref(), node);
        let stage = self.stage(key, node, written)?;
        let retry = written.retry.map_or_else(Retry::default, |retry| Retry {
            times: retry.times,
            delay: retry.delay.map_or(Retry::default().delay, Into::into),
        });
        let from = written.from.clone().unwrap_or_else(|| Few(vec!["source".into()]));
        Some(Step {
            id: key.name.clone(),
            place: place_text(&key.place),
            stage,
            from: self.givers(&from.0),
            pick,
            into: written.into.clone(),
            ship: written.ship.unwrap_or(true),
            optional: written.optional.unwrap_or(false),
            condition: written.r#if.clone(),
            retry,
            timeout: written.timeout.map(Into::into),
        })
    }

    fn step_id(&mut self, key: &Key) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let why = if key.name == "source" {
            "is the name of the source files"
        } else if key.name.is_empty() || !key.name.chars().all(plain) {
            "is no step id"
        } else {
            return;
        };
        let fault = Diagnostic::error("manifest/bad-id", format!("{} {why}", shown(&key.name))).at(&key.place);
        self.faults.push(fault.hint("use letters, digits, `-` and `_`"));
    }

    /// What a step takes. A step that is left out is passed by: what takes from it takes what it took.
    fn givers(&self, names: &[String]) -> Vec<From> {
        let mut result: Vec<From> = Vec::new();
        let mut passed: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&str> = names.iter().rev().map(String::as_str).collect();
        while let Some(name) = open.pop() {
            let removed = matches!(self.effective.written.steps.get(name), Some(StepEntry::Removed));
            if removed {
                if passed.insert(name) {
                    let took = self.effective.bypassed.get(name).map(Vec::as_slice).unwrap_or_default();
                    open.extend(took.iter().rev().map(String::as_str));
                }
                continue;
            }
            let from = if name == "source" { From::Source } else { From::Step(name.to_owned()) };
            if !result.contains(&from) {
                result.push(from);
            }
        }
        result
    }

    fn pick(&mut self, pick: Option<&Few<String>>, node: &Node) -> Option<Pick> {
        let (globs, node) = pick.zip(node.get("pick"))?;
        let mut set = GlobSetBuilder::new();
        for (at, text) in globs.0.iter().enumerate() {
            match Glob::new(text) {
                Ok(glob) => drop(set.add(glob)),
                Err(error) => {
                    let place = node.items().get(at).map_or(&node.place, |item| &item.place);
                    let message = format!("{} is no glob: {}", shown(text), error.kind());
                    self.faults.push(Diagnostic::error("manifest/bad-glob", message).at(place));
                }
            }
        }
        set.build().ok().map(Pick)
    }

    fn stage(&mut self, key: &Key, node: &Node, written: &Written) -> Option<Arc<dyn AnyStage>> {
        let Some(name) = &written.uses else {
            let ids = self.effective.written.steps.keys().map(String::as_str).filter(|id| *id != key.name);
            let hint = match nearest(&key.name, ids) {
                Some(meant) => format!("did you mean the step `{meant}`? A step of your own needs `uses: <stage>`"),
                None => format!("add `uses`, one of: {}", self.stage_names().join(", ")),
            };
            let message = format!("the step `{}` does not say which stage it uses", key.name);
            self.faults.push(Diagnostic::error("manifest/missing-key", message).at(&key.place).hint(hint));
            return None;
        };
        let Some(kind) = self.context.registry.get(name) else {
            let place = node.get("uses").map_or(&key.place, |node| &node.place).clone();
            let names = self.stage_names();
            let hint = nearest(name, names.iter().copied())
                .map_or_else(|| format!("the stages are {}", names.join(", ")), |meant| format!("did you mean `{meant}`?"));
            let message = format!("there is no stage {}", shown(name));
            self.faults.push(Diagnostic::error("manifest/unknown-stage", message).at(&place).hint(hint));
            return None;
        };
        let empty = Node::mapping(Vec::new(), key.place.clone());
        let with = node.get("with").filter(|with| !with.is_null()).unwrap_or(&empty);
        let schema = (kind.schema)();
        let before = self.faults.len();
        self.templates_in(with, &schema, &schema);
        let built = decode_with(with, &schema, |json| (kind.build)(json.clone()).map_err(mismatch));
        let stage = match built {
            Ok(stage) => stage,
            Err(faults) => {
                self.faults.extend(faults);
                return None;
            }
        };
        for fault in stage.check(&self.context.site) {
            let place = fault.path.iter().try_fold(with, |node, name| node.get(name)).unwrap_or(with).place.clone();
            let mut found = Diagnostic::error("manifest/bad-option", fault.message).at(&place);
            found.hint = fault.hint;
            self.faults.push(found);
        }
        let broken = self.faults.iter().skip(before).any(|fault| fault.severity == Severity::Error);
        (!broken).then_some(stage)
    }

    fn stage_names(&self) -> Vec<&'static str> {
        self.context.registry.iter().map(|kind| kind.name).collect()
    }

    fn plan_fault(&self, fault: &PlanFault) -> Diagnostic {
        let steps = self.node(&["steps"]);
        let key = |id: &str| {
            let found = steps.and_then(|steps| steps.entry(id)).map(|(key, _)| key.place.clone());
            found.unwrap_or_else(|| self.effective.node.place.clone())
        };
        let taken = |id: &str, from: &str| {
            let node = steps.and_then(|steps| steps.get(id)?.get("from"));
            let item = node.and_then(|node| node.items().iter().chain(Some(node)).find(|item| item.as_str() == Some(from)));
            item.map_or_else(|| key(id), |item| item.place.clone())
        };
        match fault {
            PlanFault::Duplicate { step } => {
                Diagnostic::error("manifest/duplicate-key", format!("two steps are called `{step}`")).at(&key(step))
            }
            PlanFault::Unknown { step, from } => {
                let ids = self.effective.written.steps.keys().map(String::as_str).chain(["source"]);
                let ids: Vec<&str> = ids.filter(|id| id != step).collect();
                let hint = nearest(from, ids.iter().copied())
                    .map_or_else(|| format!("the steps are {}", ids.join(", ")), |meant| format!("did you mean `{meant}`?"));
                Diagnostic::error("manifest/unknown-step", format!("there is no step {}", shown(from)))
                    .at(&taken(step, from))
                    .hint(hint)
            }
            PlanFault::Cycle { steps } => {
                let ring = steps.join(" -> ");
                let mut found = Diagnostic::error("manifest/cycle", format!("these steps wait for each other: {ring}"));
                for pair in steps.windows(2) {
                    if let [step, from] = pair {
                        found = match found.place {
                            None => found.at(&taken(step, from)),
                            Some(_) => found.related(&taken(step, from), format!("`{step}` takes from `{from}`")),
                        };
                    }
                }
                found.hint("take one of these names out of a `from`")
            }
            PlanFault::Early { step, from } => {
                let message = format!("`{step}` runs before `{from}` and cannot take from it");
                Diagnostic::error("manifest/early", message)
                    .at(&taken(step, from))
                    .hint("facts are gathered first, then files are made, then the release is delivered")
            }
        }
    }
}

/// Where a stage's constructor found a fault in its options.
fn mismatch(fault: OptionFault) -> Mismatch {
    let segment = |part: &String| match part.strip_prefix('[').and_then(|part| part.strip_suffix(']')?.parse().ok()) {
        Some(index) => Segment::Item(index),
        None => Segment::Key(part.clone()),
    };
    let message = match fault.hint {
        Some(hint) => format!("{}\nhelp: {hint}", fault.message),
        None => fault.message,
    };
    Mismatch { path: fault.path.iter().map(segment).collect(), message }
}
