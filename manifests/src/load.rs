//! From a manifest file to the effective manifest: kind, configuration, fragments, file and command line merged and
//! checked as a whole.
//!
//! What is wrong with a layer does not hide what is wrong with the rest: that is compiled all the same.

mod effective;
mod layers;
mod read;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{Registry, Site};

pub use self::effective::Effective;
use self::effective::{Lost, bypassed, gathering};
use self::layers::Layers;
pub use self::read::read_file;
pub(crate) use self::read::{read, read_regular, reason};
use crate::compile::compile;
use crate::config::Configuration;
use crate::diagnostic::{Diagnostic, in_order};
use crate::kinds::Kinds;
use crate::merge::merge;
use crate::node::{File, Node, Place, Value};
use crate::validate::{Mismatch, salvage};
use crate::written::{Written, manifest_schema};

/// What manifests are read against.
pub struct Context<'a> {
    /// The stages there are.
    pub registry: &'a Registry,
    /// Where the manifest stands.
    pub site: Site,
    /// The kinds there are.
    pub kinds: Arc<Kinds>,
    /// Configuration files, weakest first.
    pub configurations: Arc<[Configuration]>,
    /// Assignments of the command line, in order.
    pub set: Vec<String>,
    /// What relative paths of the command line are relative to.
    pub cwd: PathBuf,
    /// The folder in which files lie that were fetched, each in one of its digest.
    pub fetched: PathBuf,
    /// The time of releases that name none, in seconds since 1970-01-01 UTC (`SOURCE_DATE_EPOCH`).
    pub epoch: Option<i64>,
}

/// Reads a manifest file.
pub fn load(path: &Path, shown: &str, context: &Context<'_>) -> Result<Effective, Vec<Diagnostic>> {
    let file = read(path, shown).map_err(|fault| vec![*fault])?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    load_file(&file, folder, Layers::new(context, Some(path)), context)
}

/// Reads a manifest that lies in no file, as if it lay in `folder`.
pub fn load_text(
    text: &str,
    shown: &str,
    folder: &Path,
    context: &Context<'_>,
) -> Result<Effective, Vec<Diagnostic>> {
    load_file(&File::new(shown, text), folder, Layers::new(context, None), context)
}

/// Reads a manifest that is part of a larger document, as if it lay in `folder`. Faults point into the document.
pub fn load_node(
    node: Node,
    shown: &str,
    folder: &Path,
    context: &Context<'_>,
) -> Result<Effective, Vec<Diagnostic>> {
    let mut layers = Layers::new(context, None);
    let root = node.place.clone();
    layers.root(node, folder);
    load_layers(shown, root, folder, layers, context)
}

fn load_file(
    file: &Arc<File>,
    folder: &Path,
    mut layers: Layers<'_, '_>,
    context: &Context<'_>,
) -> Result<Effective, Vec<Diagnostic>> {
    layers.manifest(file, folder);
    let root = layers.found.last().map_or_else(|| Place::start_of(file), |root| root.place.clone());
    load_layers(&file.name, root, folder, layers, context)
}

/// Merges and checks what a manifest rests on; `name` is what it is called, `root` where it begins.
fn load_layers(
    name: &str,
    root: Place,
    folder: &Path,
    mut layers: Layers<'_, '_>,
    context: &Context<'_>,
) -> Result<Effective, Vec<Diagnostic>> {
    layers.set();
    let kind = layers.kind();
    let mut all = std::mem::take(&mut layers.below);
    for layer in context.configurations.iter().flat_map(|configuration| configuration.layers(&kind)) {
        layers.no_extends(&layer, "write it into the manifest");
        all.push(layer);
    }
    let inherited: BTreeSet<String> = step_ids(&all).collect();
    all.append(&mut layers.found);
    let (bypassed, gathering) = (bypassed(&all), gathering(&all, context.registry));
    let is_clean = layers.is_clean();
    let (mut faults, is_torn) = (layers.faults, layers.is_torn);
    // Known by the way from the manifest, wherever the command was typed.
    let here = |name: String| {
        Path::new(&name).strip_prefix(folder).map_or(name.clone(), |name| name.display().to_string())
    };
    let rests_on = layers.files.into_iter().map(|(name, file)| (here(name), file)).collect();
    let Some(mut node) = merge(all) else { return Err(in_order(faults)) };
    // What the manifest lacks is missing there, not on the command line.
    node.place = root;
    if let Value::Mapping(entries) = &mut node.value {
        entries.retain(|(key, _)| key.name != "extends");
    }
    let read = salvage(&node, manifest_schema(), written);
    let Some(written) = read.value else {
        // A file that is no mapping at all has said so; what its absence leaves out is no news.
        if faults.iter().all(|fault| !fault.code.starts_with("syntax/")) {
            faults.extend(read.faults);
        }
        return Err(in_order(faults));
    };
    let is_whole = is_clean && read.faults.is_empty();
    faults.extend(read.faults);
    let output = output(&read.rest, &written, folder, context);
    let lost = Lost { paths: read.lost, is_torn };
    let name = name.to_owned();
    let effective = Effective {
        node: read.rest,
        written,
        name,
        folder: folder.to_owned(),
        rests_on,
        output,
        bypassed,
        gathering,
        inherited,
        lost,
    };
    if is_whole {
        return Ok(effective);
    }
    faults.extend(compile(&effective, context).err().into_iter().flatten());
    Err(in_order(faults))
}

/// Reads what a tree says. A missing version was told already and hides nothing else.
fn written(json: &serde_json::Value) -> Result<Written, Mismatch> {
    match json.as_object() {
        Some(map) if !map.contains_key("release") => {
            let mut map = map.clone();
            map.insert("release".into(), 1.into());
            Mismatch::read(&map.into())
        }
        _ => Mismatch::read(json),
    }
}

/// A path of the command line is relative to where it was typed, one of a configuration file to that file, and any
/// other to the manifest.
fn output(node: &Node, written: &Written, folder: &Path, context: &Context<'_>) -> PathBuf {
    let path = written.output.as_deref().unwrap_or("dist");
    let origin = node.get("output").map(|node| node.place.file.name.as_str()).unwrap_or_default();
    let is_configured = context.configurations.iter().any(|known| known.root.place.file.name == origin);
    if written.output.is_some() && origin == "--set" {
        context.cwd.join(path)
    } else if let Some(configured) =
        Path::new(origin).parent().filter(|_| is_configured && written.output.is_some())
    {
        configured.join(path)
    } else {
        folder.join(path)
    }
}

fn step_ids(layers: &[Node]) -> impl Iterator<Item = String> {
    let steps = layers.iter().filter_map(|layer| layer.get("steps")).flat_map(Node::entries);
    steps.filter(|(_, step)| !step.is_false()).map(|(id, _)| id.name.clone())
}
