//! From a manifest file to the effective manifest: kind, configuration, fragments, file and command line merged and
//! checked as a whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::value::shown;
use engine::{Registry, Site};

use crate::config::Configuration;
use crate::diagnostic::{Diagnostic, Severity, in_order};
use crate::kinds::Kinds;
use crate::merge::{merge, set_layer};
use crate::node::{File, Node, Place, Value};
use crate::parse::{MAX_BYTES, parse};
use crate::validate::{decode, validate};
use crate::written::{Written, fragment_schema, manifest_schema};

/// How deep fragments may extend fragments, and kinds build on kinds.
const MAX_CHAIN: usize = 16;

/// What manifests are read against.
pub struct Context<'a> {
    /// The stages there are.
    pub registry: &'a Registry,
    /// Where the manifest stands.
    pub site: Site,
    /// The kinds there are.
    pub kinds: Kinds,
    /// Configuration files, weakest first.
    pub configurations: Vec<Configuration>,
    /// Assignments of the command line, in order.
    pub set: Vec<String>,
    /// What relative paths of the command line are relative to.
    pub cwd: PathBuf,
    /// The time of releases that name none, in seconds since 1970-01-01 UTC (`SOURCE_DATE_EPOCH`).
    pub epoch: Option<i64>,
}

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
    /// What steps took that are left out, by id.
    pub(crate) bypassed: BTreeMap<String, Vec<String>>,
}

impl Effective {
    /// The effective manifest as a manifest of its own: what it extends is in it already.
    #[must_use]
    pub fn expanded(&self) -> Node {
        self.node.clone()
    }
}

/// Reads a manifest file.
pub fn load(path: &Path, shown: &str, context: &Context<'_>) -> Result<Effective, Vec<Diagnostic>> {
    let file = read(path, shown).map_err(|fault| vec![*fault])?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    load_file(&file, folder, context)
}

/// Reads a manifest that lies in no file, as if it lay in `folder`.
pub fn load_text(text: &str, shown: &str, folder: &Path, context: &Context<'_>) -> Result<Effective, Vec<Diagnostic>> {
    load_file(&File::new(shown, text), folder, context)
}

fn load_file(file: &Arc<File>, folder: &Path, context: &Context<'_>) -> Result<Effective, Vec<Diagnostic>> {
    let mut layers = Layers { folder: folder.to_owned(), context, chain: Vec::new(), found: Vec::new(), faults: Vec::new() };
    layers.manifest(file);
    let set = set_layer(&context.set).unwrap_or_else(|faults| {
        layers.faults.extend(faults);
        None
    });
    if let Some(set) = set {
        layers.check(&set, &fragment_schema());
        layers.found.push(set);
    }
    let kind = layers.found.iter().rev().find_map(|layer| layer.get("kind")).cloned();
    let mut below = Vec::new();
    if let Some(kind) = &kind {
        layers.kind(kind, &mut below, 0);
    }
    let name = kind.as_ref().and_then(Node::as_str).unwrap_or_default();
    below.extend(context.configurations.iter().flat_map(|configuration| configuration.layers(name)));
    below.append(&mut layers.found);
    let bypassed = bypassed(&below);
    let mut faults = layers.faults;
    let Some(mut node) = merge(below) else { return Err(faults) };
    if let Value::Mapping(entries) = &mut node.value {
        entries.retain(|(key, _)| key.name != "extends");
    }
    match decode::<Written>(&node, &manifest_schema()) {
        Ok(written) if faults.iter().all(|fault| fault.severity != Severity::Error) => {
            Ok(Effective { node, written, name: file.name.clone(), folder: folder.to_owned(), bypassed })
        }
        Ok(_) => Err(in_order(faults)),
        Err(more) => {
            // A file that is no mapping at all has said so; what its absence leaves out is no news.
            if faults.iter().all(|fault| !fault.code.starts_with("syntax/")) {
                faults.extend(more);
            }
            Err(in_order(faults))
        }
    }
}

/// What a step took that a stronger layer takes away: the last that any layer says.
fn bypassed(layers: &[Node]) -> BTreeMap<String, Vec<String>> {
    let mut taken = BTreeMap::new();
    for (id, step) in layers.iter().filter_map(|layer| layer.get("steps")).flat_map(Node::entries) {
        let Some(from) = step.get("from") else { continue };
        let names = from.items().iter().chain(Some(from)).filter_map(Node::as_str);
        taken.insert(id.name.clone(), names.map(str::to_owned).collect());
    }
    taken
}

/// Collects layers, weakest first, and every fault on the way.
struct Layers<'a, 'c> {
    folder: PathBuf,
    context: &'a Context<'c>,
    chain: Vec<PathBuf>,
    found: Vec<Node>,
    faults: Vec<Diagnostic>,
}

impl Layers<'_, '_> {
    fn manifest(&mut self, file: &Arc<File>) {
        let parsed = parse(file);
        self.faults.extend(parsed.faults);
        if let Some(root) = parsed.root {
            self.check(&root, &manifest_schema());
            let folder = self.folder.clone();
            self.extends(&root, &folder);
            self.found.push(root);
        }
    }

    fn check(&mut self, root: &Node, schema: &serde_json::Value) {
        self.faults.extend(validate(root, schema));
    }

    fn extends(&mut self, root: &Node, folder: &Path) {
        let Some(extends) = root.get("extends") else { return };
        let paths = extends.items().iter().chain(Some(extends));
        for (node, path) in paths.filter_map(|node| Some((node, node.as_str()?))) {
            self.fragment(&folder.join(path), path, node);
        }
    }

    fn fragment(&mut self, path: &Path, written: &str, node: &Node) {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.chain.contains(&real) || self.chain.len() >= MAX_CHAIN {
            let message = format!("{} extends itself, directly or through others", shown(written));
            self.faults.push(Diagnostic::error("manifest/extends-cycle", message).at(&node.place));
            return;
        }
        match read(path, &path.display().to_string()) {
            Err(fault) => {
                let hint = "paths in `extends` are relative to the file they stand in";
                self.faults.push(Diagnostic { hint: Some(hint.into()), ..fault.at(&node.place) });
            }
            Ok(file) => {
                let parsed = parse(&file);
                self.faults.extend(parsed.faults);
                let Some(root) = parsed.root else { return };
                self.check(&root, &fragment_schema());
                self.chain.push(real);
                self.extends(&root, path.parent().unwrap_or(Path::new(".")));
                self.chain.pop();
                self.found.push(root);
            }
        }
    }

    /// A kind may name another kind that it builds on.
    fn kind(&mut self, named: &Node, below: &mut Vec<Node>, depth: usize) {
        let Some(name) = named.as_str() else { return };
        if depth >= MAX_CHAIN {
            let message = format!("the kind {} builds on itself", shown(name));
            self.faults.push(Diagnostic::error("manifest/kind-cycle", message).at(&named.place));
            return;
        }
        match self.context.kinds.load(name) {
            Err(faults) => {
                let placed = faults.into_iter().map(|fault| if fault.place.is_none() { fault.at(&named.place) } else { fault });
                self.faults.extend(placed);
            }
            Ok(root) => {
                self.check(&root, &fragment_schema());
                if let Some(parent) = root.get("kind").cloned() {
                    self.kind(&parent, below, depth + 1);
                }
                below.push(root);
            }
        }
    }
}

fn read(path: &Path, name: &str) -> Result<Arc<File>, Box<Diagnostic>> {
    let fault = |why: String| {
        let file = File::new(name, "");
        let mut fault = Diagnostic::error("manifest/unreadable", format!("cannot read {}: {why}", shown(name)));
        fault.place = Some(Place::start_of(&file));
        Box::new(fault)
    };
    let size = fs::metadata(path).map_err(|error| fault(reason(&error)))?;
    if size.is_dir() {
        return Err(fault("it is a folder".into()));
    }
    if size.len() > MAX_BYTES as u64 {
        return Err(fault(format!("it is longer than {MAX_BYTES} bytes")));
    }
    let bytes = fs::read(path).map_err(|error| fault(reason(&error)))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        fault(format!("it is not UTF-8 text (byte {} is not)", error.utf8_error().valid_up_to()))
    })?;
    Ok(File::new(name, text))
}

/// The system's words without its number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
