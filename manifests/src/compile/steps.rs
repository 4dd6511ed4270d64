//! Steps, and the shape they make.

use std::collections::BTreeSet;

use engine::value::shown;
use engine::{From, Pick, PlanFault, Retry, Shape, Step};
use globset::{Glob, GlobSet, GlobSetBuilder};

use super::find::LONGEST_GLOB;
use super::{Compiler, place_text};
use crate::diagnostic::Diagnostic;
use crate::node::{Key, Node};
use crate::suggest::nearest;
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
            } else if node.is_false() && !effective.bypassed.contains_key(&key.name) {
                self.nothing_to_leave_out(key);
            }
        }
        if steps.is_empty() && whole {
            if !effective.lost.explains(&["steps"]) {
                let hint = match entries {
                    [] => "name a `kind`, or write `steps`",
                    _ => "every step is left out; keep one, or add one of your own",
                };
                let fault = Diagnostic::error("manifest/no-steps", "there is nothing to do")
                    .at(&effective.node.place);
                self.faults.push(fault.hint(hint));
            }
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
                let news = faults.iter().filter(|fault| !self.is_echo(fault, &faults));
                let told: Vec<Diagnostic> = news.map(|fault| self.plan_fault(fault)).collect();
                self.faults.extend(told);
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
            self.stays_inside(into.text(), node);
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
            from: self.effective.taken(&from.0).into_iter().map(giver).collect(),
            pick,
            into: written.into.clone(),
            ship: written.ship.unwrap_or(true),
            optional: written.optional.unwrap_or(false),
            condition: written.r#if.clone(),
            retry,
            timeout: written.timeout.map(Into::into),
            written: node.to_json(),
        })
    }

    fn step_id(&mut self, key: &Key) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let (message, hint) = if key.name == "source" {
            ("no step can be called `source`".to_owned(), "in a `from`, `source` stands for the source files")
        } else if key.name.is_empty() {
            ("a step without an id".to_owned(), "use letters, digits, `-` and `_`")
        } else if !key.name.chars().all(plain) {
            (format!("{} is no step id", shown(&key.name)), "use letters, digits, `-` and `_`")
        } else {
            return;
        };
        self.faults.push(Diagnostic::error("manifest/bad-id", message).at(&key.place).hint(hint));
    }

    fn pick(&mut self, pick: Option<&Few<String>>, node: &Node) -> Option<Pick> {
        let (globs, node) = pick.zip(node.get("pick"))?;
        let mut all = GlobSetBuilder::new();
        for (at, text) in globs.0.iter().enumerate() {
            match one_glob(text) {
                Ok(glob) => drop(all.add(glob)),
                Err(why) => {
                    let place = node.items().get(at).map_or(&node.place, |item| &item.place);
                    let message = format!("{} is no glob: {why}", shown(text));
                    self.faults.push(Diagnostic::error("manifest/bad-glob", message).at(place));
                }
            }
        }
        match all.build() {
            Ok(set) => Some(Pick(set)),
            Err(error) => {
                let message = format!("these globs are too much: {}", error.kind());
                self.faults.push(Diagnostic::error("manifest/bad-glob", message).at(&node.place));
                None
            }
        }
    }

    fn nothing_to_leave_out(&mut self, key: &Key) {
        if self.effective.lost.explains(&["steps", &key.name]) {
            return;
        }
        let ids: Vec<&str> = self.effective.bypassed.keys().map(String::as_str).collect();
        let hint = match nearest(&key.name, ids.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if ids.is_empty() => "name a `kind` that has it".to_owned(),
            None => format!("the steps are {}", ids.join(", ")),
        };
        let message = format!("there is no step {} to leave out", shown(&key.name));
        self.faults.push(Diagnostic::error("manifest/unknown-step", message).at(&key.place).hint(hint));
    }

    /// Whether another fault says it better, or a fault of the text explains it.
    fn is_echo(&self, fault: &PlanFault, all: &[PlanFault]) -> bool {
        match fault {
            PlanFault::Unknown { from, .. } => self.effective.lost.explains(&["steps", from]),
            PlanFault::Cycle { steps } => all.iter().any(|other| {
                matches!(other, PlanFault::Early { step, from } if steps.contains(step) && steps.contains(from))
            }),
            _ => false,
        }
    }

    fn plan_fault(&self, fault: &PlanFault) -> Diagnostic {
        let steps = self.node(&["steps"]);
        let key = |id: &str| {
            let found = steps.and_then(|steps| steps.entry(id)).map(|(key, _)| key.place.clone());
            found.unwrap_or_else(|| self.effective.node.place.clone())
        };
        let taken = |id: &str, from: &str| {
            let node = steps.and_then(|steps| steps.get(id)?.get("from"));
            let item = node.and_then(|node| {
                node.items().iter().chain(Some(node)).find(|item| item.as_str() == Some(from))
            });
            item.map_or_else(|| key(id), |item| item.place.clone())
        };
        match fault {
            PlanFault::Duplicate { step } => {
                Diagnostic::error("manifest/duplicate-key", format!("two steps are called `{step}`"))
                    .at(&key(step))
            }
            PlanFault::Unknown { step, from } => {
                let ids = self.effective.written.steps.iter();
                let ids = ids.filter(|(id, entry)| *id != step && matches!(entry, StepEntry::Step(_)));
                let ids: Vec<&str> = ids.map(|(id, _)| id.as_str()).collect();
                let hint = match nearest(from, ids.iter().copied().chain(["source"])) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None if ids.is_empty() => "a first step takes from `source`".to_owned(),
                    None => format!("a step takes from `source`, or from one of: {}", ids.join(", ")),
                };
                Diagnostic::error("manifest/unknown-step", format!("there is no step {}", shown(from)))
                    .at(&taken(step, from))
                    .hint(hint)
            }
            PlanFault::Cycle { steps } if steps.len() <= 2 => {
                let step = steps.first().map_or("", String::as_str);
                Diagnostic::error(
                    "manifest/cycle",
                    format!("the step takes from itself: {}", steps.join(" -> ")),
                )
                .at(&taken(step, step))
                .hint("take its own name out of its `from`")
            }
            PlanFault::Cycle { steps } => {
                let ring = steps.join(" -> ");
                let mut found =
                    Diagnostic::error("manifest/cycle", format!("these steps wait for each other: {ring}"));
                for pair in steps.windows(2) {
                    if let [step, from] = pair {
                        found = match found.place {
                            None => found.at(&taken(step, from)),
                            Some(_) => {
                                found.related(&taken(step, from), format!("`{step}` takes from `{from}`"))
                            }
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

fn giver(name: String) -> From {
    if name == "source" { From::Source } else { From::Step(name) }
}

fn one_glob(text: &str) -> Result<Glob, String> {
    if text.len() > LONGEST_GLOB {
        return Err(format!("it is longer than {LONGEST_GLOB} bytes"));
    }
    let glob = Glob::new(text).map_err(|error| error.kind().to_string())?;
    // Some faults show only when the matcher is made.
    GlobSet::builder().add(glob.clone()).build().map_err(|error| error.kind().to_string())?;
    Ok(glob)
}
