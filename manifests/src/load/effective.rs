//! The effective manifest: what all layers say together.
//!
//! Knows how steps that are left out are passed by, and what a manifest of its own would say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use engine::{Phase, Registry};

use crate::node::{File, Node, Scalar, Value};
use crate::validate::Segment;
use crate::written::{StepEntry, Written};

/// A manifest with everything it rests on, checked.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The merged tree.
    pub node: Node,
    /// What it says.
    pub written: Written,
    /// The manifest's name as messages show it.
    pub name: String,
    /// The folder of the manifest: relative paths start here.
    pub folder: PathBuf,
    /// The kinds and fragments it rests on, by the names they are known by, with their texts.
    pub rests_on: Vec<(String, Arc<File>)>,
    /// Where releases appear.
    pub(crate) output: PathBuf,
    /// What each step takes, or took before it was left out, by id.
    pub(crate) bypassed: BTreeMap<String, Vec<String>>,
    /// The steps that gather facts, those that are left out included.
    pub(crate) gathering: BTreeSet<String>,
    /// The steps of the kind and of configuration, which a manifest has without saying so.
    pub(crate) inherited: BTreeSet<String>,
    /// What could not be read of it; nothing, unless it is only looked at for further faults.
    pub(crate) lost: Lost,
}

/// What could not be read of a manifest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lost {
    /// The way to each value that was left out.
    pub(crate) paths: Vec<Vec<Segment>>,
    /// A whole layer is missing.
    pub(crate) is_torn: bool,
}

impl Lost {
    pub(crate) fn is_empty(&self) -> bool {
        self.paths.is_empty() && !self.is_torn
    }

    /// Whether a value may be missing only because it, or a misspelt neighbour of it, could not be read.
    pub(crate) fn explains(&self, path: &[&str]) -> bool {
        let is = |segment: &Segment, name: &str| matches!(segment, Segment::Key(key) if key == name);
        let fits = |lost: &Vec<Segment>| {
            let same = lost.iter().zip(path).take_while(|(segment, name)| is(segment, name)).count();
            same == lost.len() || lost.len() == path.len() && same + 1 == path.len()
        };
        self.is_torn || self.paths.iter().any(fits)
    }
}

impl Effective {
    /// The effective manifest as a manifest of its own, to lie in the same folder: what it extends and what the
    /// command line says is in it already.
    #[must_use]
    pub fn expanded(&self) -> Node {
        let mut node = self.node.clone();
        if let Value::Mapping(entries) = &mut node.value {
            for (key, value) in entries {
                match key.name.as_str() {
                    "steps" => self.expand_steps(value),
                    "output"
                        if value.as_str().is_some_and(|output| self.folder.join(output) != self.output) =>
                    {
                        let output =
                            relative(&self.output, &self.folder).unwrap_or_else(|| self.output.clone());
                        value.value = Value::Scalar(Scalar::String(output.to_string_lossy().into_owned()));
                    }
                    _ => {}
                }
            }
        }
        node
    }

    /// What a step takes that names these. A step that gathers facts and is left out is passed by: what takes from it
    /// takes what it took. One that makes files gives none when it is left out, but the facts that reached it still
    /// reach those behind it.
    pub(crate) fn taken(&self, names: &[String]) -> Vec<String> {
        let mut result: Vec<String> = Vec::new();
        let mut passed: BTreeSet<(&str, bool)> = BTreeSet::new();
        let mut open: Vec<(&str, bool)> = names.iter().rev().map(|name| (name.as_str(), false)).collect();
        while let Some((name, facts_only)) = open.pop() {
            let gathers = self.gathering.contains(name);
            let removed = self.is_removed(name);
            let stays = !removed && (gathers || !facts_only);
            if stays {
                if !result.iter().any(|known| known == name) {
                    result.push(name.to_owned());
                }
            } else if passed.insert((name, facts_only)) {
                let took = self.bypassed.get(name).map(Vec::as_slice).unwrap_or_default();
                open.extend(took.iter().rev().map(|name| (name.as_str(), facts_only || !gathers)));
            }
        }
        result
    }

    fn is_removed(&self, id: &str) -> bool {
        matches!(self.written.steps.get(id), Some(StepEntry::Removed))
    }

    /// Steps that were left out need saying only where the kind would bring them back.
    fn expand_steps(&self, steps: &mut Node) {
        let Value::Mapping(entries) = &mut steps.value else { return };
        entries.retain(|(key, step)| !step.is_false() || self.inherited.contains(&key.name));
        for (_, step) in entries {
            let Value::Mapping(keys) = &mut step.value else { continue };
            let Some((_, from)) = keys.iter_mut().find(|(key, _)| key.name == "from") else { continue };
            let names: Vec<String> =
                from.items().iter().chain(Some(&*from)).filter_map(Node::as_str).map(str::to_owned).collect();
            if names.iter().any(|name| self.is_removed(name)) {
                let taken = self.taken(&names).into_iter();
                let items =
                    taken.map(|name| Node::scalar(Scalar::String(name), from.place.clone())).collect();
                from.value = Value::Sequence(items);
            }
        }
    }
}

/// What a step took that a stronger layer takes away: the last that any layer says.
pub(super) fn bypassed(layers: &[Node]) -> BTreeMap<String, Vec<String>> {
    let mut taken = BTreeMap::new();
    for (id, step) in layers.iter().filter_map(|layer| layer.get("steps")).flat_map(Node::entries) {
        if let Some(from) = step.get("from") {
            let names = from.items().iter().chain(Some(from)).filter_map(Node::as_str);
            taken.insert(id.name.clone(), names.map(str::to_owned).collect());
        } else if matches!(step.value, Value::Mapping(_)) {
            taken.entry(id.name.clone()).or_insert_with(|| vec!["source".to_owned()]);
        }
    }
    taken
}

/// The steps of all layers whose stage gathers facts.
pub(super) fn gathering(layers: &[Node], registry: &Registry) -> BTreeSet<String> {
    let steps = layers.iter().filter_map(|layer| layer.get("steps")).flat_map(Node::entries);
    let uses = steps.filter_map(|(id, step)| Some((id, registry.get(step.get("uses")?.as_str()?)?)));
    uses.filter(|(_, kind)| kind.phase == Phase::Gather).map(|(id, _)| id.name.clone()).collect()
}

/// The way from a folder to a path, by their names alone.
fn relative(path: &Path, folder: &Path) -> Option<PathBuf> {
    let plain = |path: &Path| {
        path.components()
            .filter(|part| *part != Component::CurDir)
            .map(|part| part.as_os_str().to_owned())
            .collect::<Vec<_>>()
    };
    let (to, from) = (plain(path), plain(folder));
    let same = to.iter().zip(&from).take_while(|(left, right)| left == right).count();
    let up = from.get(same..)?;
    if path.is_absolute() != folder.is_absolute() || up.iter().any(|part| part == "..") {
        return None;
    }
    Some(up.iter().map(|_| "..".into()).chain(to.into_iter().skip(same)).collect())
}
