//! Collects the layers a manifest rests on: itself, the fragments it extends and the kinds it builds on.
//!
//! Knows where layers are named, not how they merge.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::value::shown;
use serde_json::Value as Json;

use super::Context;
use super::read::read_regular;
use crate::diagnostic::{Diagnostic, Severity};
use crate::kinds::Kind;
use crate::merge::{merge, set_layer};
use crate::node::{File, Node};
use crate::parse::{MAX_BYTES, parse};
use crate::validate::validate;
use crate::written::{fragment_schema, manifest_schema};

/// How deep fragments may extend fragments, and kinds build on kinds.
const MAX_CHAIN: usize = 16;
/// How many fragments one manifest may rest on: a few that each name several are soon more than can be read.
const MAX_FRAGMENTS: usize = 200;

/// Layers, weakest first, and every fault on the way.
pub(super) struct Layers<'a, 'c> {
    context: &'a Context<'c>,
    /// The files that are being read, outermost first.
    chain: Vec<PathBuf>,
    fragments: usize,
    bytes: usize,
    /// Fragments, the manifest and the command line.
    pub(super) found: Vec<Node>,
    /// Kinds.
    pub(super) below: Vec<Node>,
    pub(super) faults: Vec<Diagnostic>,
    /// Every kind and fragment that was read, with the name it is known by.
    pub(super) files: Vec<(String, Arc<File>)>,
    /// A layer could not be read at all, so what it says is not known.
    pub(super) is_torn: bool,
}

impl<'a, 'c> Layers<'a, 'c> {
    pub(super) fn new(context: &'a Context<'c>, path: Option<&Path>) -> Self {
        let chain = path.and_then(|path| path.canonicalize().ok()).into_iter().collect();
        let (found, below, faults) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            context,
            chain,
            fragments: 0,
            bytes: 0,
            found,
            below,
            faults,
            files: Vec::new(),
            is_torn: false,
        }
    }

    /// Reads the manifest itself and the fragments it extends.
    pub(super) fn manifest(&mut self, file: &Arc<File>, folder: &Path) {
        if let Some(root) = self.parsed(file, manifest_schema()) {
            self.extends(&root, folder);
            self.found.push(root);
        }
    }

    /// Takes a manifest that was parsed already, and reads the fragments it extends.
    pub(super) fn root(&mut self, root: Node, folder: &Path) {
        self.faults.extend(validate(&root, manifest_schema()));
        self.extends(&root, folder);
        self.found.push(root);
    }

    /// Reads the assignments of the command line.
    pub(super) fn set(&mut self) {
        let mut layers = Vec::new();
        for assignment in &self.context.set {
            match set_layer(&[assignment]) {
                Ok(layer) => layers.extend(layer),
                Err(faults) => {
                    self.is_torn = true;
                    self.faults.extend(faults);
                }
            }
        }
        if let Some(set) = merge(layers) {
            self.faults.extend(validate(&set, fragment_schema()));
            self.no_extends(&set, "write it into the manifest");
            self.found.push(set);
        }
    }

    /// Reads the kind, and the kinds it builds on, and gives its name.
    pub(super) fn kind(&mut self) -> String {
        let Some(kind) = self.found.iter().rev().find_map(|layer| layer.get("kind")).cloned() else {
            return String::new();
        };
        self.one_kind(&kind, &mut Vec::new());
        kind.as_str().unwrap_or_default().to_owned()
    }

    /// What configuration adds is data of the site: it rests on nothing.
    pub(super) fn no_extends(&mut self, layer: &Node, hint: &str) {
        if let Some((key, _)) = layer.entry("extends") {
            let fault =
                Diagnostic::error("manifest/misplaced", "`extends` has no effect here").at(&key.place);
            self.faults.push(fault.hint(hint));
        }
    }

    fn parsed(&mut self, file: &Arc<File>, schema: &Json) -> Option<Node> {
        let parsed = parse(file);
        self.faults.extend(parsed.faults);
        match &parsed.root {
            Some(root) => self.faults.extend(validate(root, schema)),
            None => self.is_torn = true,
        }
        parsed.root
    }

    fn extends(&mut self, root: &Node, folder: &Path) {
        let Some(extends) = root.get("extends") else { return };
        let paths = extends.items().iter().chain(Some(extends));
        for (node, path) in paths.filter_map(|node| Some((node, node.as_str()?))) {
            if let Err(fault) = self.fragment(&folder.join(path), path, node) {
                self.is_torn = true;
                self.faults.push(*fault);
            }
        }
    }

    fn fragment(&mut self, path: &Path, written: &str, node: &Node) -> Result<(), Box<Diagnostic>> {
        let fail = |code, message: String, hint: &str| {
            Err(Diagnostic::error(code, message).at(&node.place).hint(hint).boxed())
        };
        self.fragments += 1;
        if self.fragments > MAX_FRAGMENTS + 1 {
            return Ok(());
        }
        if self.fragments > MAX_FRAGMENTS || self.chain.len() >= MAX_CHAIN || self.bytes > 4 * MAX_BYTES {
            // Every further file would say the same.
            self.fragments = MAX_FRAGMENTS + 1;
            let hint = format!("at most {MAX_FRAGMENTS} files are read, at most {MAX_CHAIN} deep");
            return fail("manifest/too-many-fragments", "this manifest extends too many files".into(), &hint);
        }
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.chain.contains(&real) {
            let message = format!("{} extends itself, directly or through others", shown(written));
            return fail("manifest/extends-cycle", message, "take one of these files out of an `extends`");
        }
        let file = read_regular(path, &path.display().to_string()).map_err(|fault| {
            fault.at(&node.place).hint("paths in `extends` are relative to the file they stand in").boxed()
        })?;
        self.bytes += file.text.len();
        self.files.push((path.display().to_string(), Arc::clone(&file)));
        if let Some(root) = self.parsed(&file, fragment_schema()) {
            self.chain.push(real);
            self.extends(&root, path.parent().unwrap_or(Path::new(".")));
            self.chain.pop();
            self.found.push(root);
        }
        Ok(())
    }

    fn one_kind(&mut self, named: &Node, chain: &mut Vec<String>) {
        let Some(name) = named.as_str() else { return };
        let is_ring = chain.iter().any(|known| known == name);
        chain.push(name.to_owned());
        if is_ring || chain.len() > MAX_CHAIN {
            let ring = chain.join(" -> ");
            let message = format!("these kinds build on each other: {ring}");
            let fault = Diagnostic::error("manifest/kind-cycle", message).at(&named.place);
            self.faults.push(
                fault.hint("a file in `.bindery/kinds/` takes the place of the built-in kind of its name"),
            );
            self.is_torn = true;
            return;
        }
        match &*self.context.kinds.load(name) {
            Err(faults) => {
                self.is_torn = true;
                let placed = faults.iter().cloned();
                let placed =
                    placed.map(|fault| if fault.place.is_none() { fault.at(&named.place) } else { fault });
                self.faults.extend(placed);
            }
            Ok(Kind { root, faults }) => {
                self.faults.extend(faults.iter().cloned());
                self.no_extends(root, "a kind builds on another one with `kind: <name>`");
                if let Some(parent) = root.get("kind") {
                    self.one_kind(parent, chain);
                }
                self.files.push((format!("kind {name}"), Arc::clone(&root.place.file)));
                self.below.push(root.clone());
            }
        }
    }

    pub(super) fn is_clean(&self) -> bool {
        self.faults.iter().all(|fault| fault.severity != Severity::Error)
    }
}
