//! Reads lists of jobs: in the older packer's shape, as manifests, or as paths of manifests.
//!
//! Knows what a job says and where, not whether it can be done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use manifests::suggest::nearest;
use manifests::{Diagnostic, Node, Place, Scalar, Value};

use crate::exit::Failure;
use crate::packing::Packing;
use crate::project::Surroundings;

/// A list of jobs.
pub struct List {
    /// What it is called in messages.
    pub name: String,
    /// The folder it lies in.
    pub folder: PathBuf,
    /// The jobs.
    pub jobs: Vec<Job>,
    /// What is wrong with the list itself and stops nothing.
    pub faults: Vec<Diagnostic>,
}

/// One job.
pub struct Job {
    /// Its number, from 1.
    pub number: usize,
    /// Where it is written.
    pub place: Place,
    /// What it asks for, unless that cannot be told.
    pub what: Option<What>,
    /// What is wrong with it.
    pub faults: Vec<Diagnostic>,
}

/// What a job asks for.
pub enum What {
    /// What `bindery pack` does.
    Pack(Box<Packing>),
    /// A manifest that is part of the list.
    Document(Node),
    /// A manifest in a file of its own.
    Manifest(PathBuf),
}

/// A key of a job. `place` names the key of the manifest that it becomes.
struct Key {
    names: &'static [&'static str],
    place: &'static str,
    expected: &'static str,
    set: fn(&mut Packing, &Node) -> Option<()>,
}

/// Every key of a job in the older packer's shape.
const KEYS: &[Key] = &[
    Key { names: &["type"], place: "kind", expected: TEXT, set: |p, n| set(&mut p.kind, text(n)?) },
    Key {
        names: &["file", "file_path"],
        place: "source",
        expected: FILES,
        set: |p, n| set(&mut p.files, files(n)?),
    },
    Key { names: &["group"], place: "group", expected: TEXT, set: |p, n| set(&mut p.group, Some(text(n)?)) },
    Key {
        names: &["enable_api"],
        place: "enrich",
        expected: BOOL,
        set: |p, n| set(&mut p.no_enrich, !bool(n)?),
    },
    Key {
        names: &["source", "source_type"],
        place: "source_tag",
        expected: TEXT,
        set: |p, n| var(p, "source_tag", n),
    },
    Key {
        names: &["release_name"],
        place: "name",
        expected: TEXT,
        set: |p, n| set(&mut p.release_name, Some(text(n)?)),
    },
    Key { names: &["profile"], place: "profile", expected: TEXT, set: |p, n| var(p, "profile", n) },
    Key {
        names: &["nfo_template"],
        place: "template",
        expected: TEXT,
        set: |p, n| set(&mut p.template, Some(text(n)?)),
    },
    Key { names: &["link"], place: "link", expected: TEXT, set: |p, n| var(p, "link", n) },
    Key {
        names: &["output_dir"],
        place: "output",
        expected: TEXT,
        set: |p, n| set(&mut p.output, Some(text(n)?.into())),
    },
];

const TEXT: &str = "a text";
const FILES: &str = "a path or a list of paths";
const BOOL: &str = "`true` or `false`";

/// Reads the list; what is wrong with one job is told with that job.
pub fn read(file: &Path, surroundings: &Surroundings) -> Result<List, Failure> {
    let is_stdin = file == Path::new("-");
    if !is_stdin && !surroundings.cwd.join(file).exists() {
        return Err(Failure::missing(format!("there is no list of jobs `{}`", file.display())));
    }
    let name = if is_stdin { "stdin".to_owned() } else { file.display().to_string() };
    let text = manifests::read_file(file, &name)?;
    let root = manifests::parse(&text).clean()?;
    let folder = if is_stdin { None } else { file.parent() };
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    let mut faults = Vec::new();
    let jobs = items(&root, &mut faults)?.into_iter().enumerate().map(|(at, node)| Job::of(at + 1, node));
    Ok(List { name, folder, jobs: jobs.collect(), faults })
}

/// A place as `file:line:column`.
pub fn place_text(place: &Place) -> String {
    format!("{}:{}:{}", place.file.name, place.line, place.column)
}

/// The jobs of a list, or of the mapping around it.
fn items(root: &Node, faults: &mut Vec<Diagnostic>) -> Result<Vec<Node>, Vec<Diagnostic>> {
    let wrong = |node: &Node| {
        let fault = Diagnostic::error("job/no-list", "there is no list of jobs here").at(&node.place);
        Err(vec![fault.hint(
            "write `{\"jobs\": [{\"type\": \"EBOOK\", \"file\": \"book.epub\"}]}`, or a list of manifests",
        )])
    };
    let list = ["jobs", "manifests"].into_iter().find_map(|key| root.get(key));
    match (&root.value, list) {
        (Value::Sequence(items), _) => Ok(items.clone()),
        (Value::Mapping(entries), Some(list)) => {
            let others = entries.iter().filter(|(_, node)| !std::ptr::eq(node, list));
            faults.extend(others.map(|(key, _)| unknown(&key.name, &key.place, &["jobs", "manifests"])));
            if matches!(list.value, Value::Sequence(_)) { Ok(list.items().to_vec()) } else { wrong(list) }
        }
        // One job needs no list around it.
        (Value::Mapping(_), None) if root.get("release").or_else(|| root.get("type")).is_some() => {
            Ok(vec![root.clone()])
        }
        _ => wrong(root),
    }
}

impl Job {
    fn of(number: usize, node: Node) -> Self {
        let place = node.place.clone();
        let mut faults = Vec::new();
        let what = match &node.value {
            Value::Scalar(Scalar::String(path)) => Some(What::Manifest(PathBuf::from(path))),
            Value::Mapping(_) if node.get("release").is_some() => Some(What::Document(node)),
            Value::Mapping(_) => packing(&node, &mut faults).map(|packing| What::Pack(Box::new(packing))),
            _ => {
                let fault = Diagnostic::error("job/invalid", "a job is a mapping, or the path of a manifest");
                faults.push(fault.at(&place));
                None
            }
        };
        Self { number, place, what, faults }
    }
}

/// Reads a job in the older packer's shape, unless something of it is wrong.
fn packing(node: &Node, faults: &mut Vec<Diagnostic>) -> Option<Packing> {
    let places = BTreeMap::from([("", node.place.clone())]);
    let mut packing = Packing { places, ..Packing::default() };
    let mut is_wrong = false;
    let mut fail = |message: String, hint: Option<&str>, place: &Place| {
        let fault = Diagnostic::error("job/invalid", message).at(place);
        faults.push(match hint {
            Some(hint) => fault.hint(hint),
            None => fault,
        });
        is_wrong = true;
    };
    for key in KEYS {
        let written =
            node.entries().iter().filter(|(k, n)| key.names.contains(&k.name.as_str()) && !n.is_null());
        let written: Vec<_> = written.collect();
        if let [(first, _), (second, _), ..] = written.as_slice() {
            fail(
                format!("`{}` and `{}` say the same", first.name, second.name),
                Some("keep one of them"),
                &second.place,
            );
        }
        if let Some((name, value)) = written.first() {
            packing.places.insert(key.place, value.place.clone());
            if (key.set)(&mut packing, value).is_none() {
                fail(format!("`{}` must be {}", name.name, key.expected), None, &value.place);
            }
        }
    }
    for (key, place) in [("type", "kind"), ("file", "source")] {
        if !packing.places.contains_key(place) {
            fail(format!("the job has no `{key}`"), Some("a job needs `type` and `file`"), &node.place);
        }
    }
    let known: Vec<&str> = KEYS.iter().flat_map(|key| key.names.iter().copied()).collect();
    let odd = node.entries().iter().filter(|(key, _)| !known.contains(&key.name.as_str()));
    faults.extend(odd.map(|(key, _)| unknown(&key.name, &key.place, &known)));
    (!is_wrong).then_some(packing)
}

fn unknown(name: &str, place: &Place, known: &[&str]) -> Diagnostic {
    let shown = engine::value::shown(name);
    let fault = Diagnostic::warning("job/unknown-key", format!("unknown key {shown}, which has no effect"));
    let hint = nearest(name, known.iter().copied()).map_or_else(
        || format!("known keys: {}", known.join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    fault.at(place).hint(hint)
}

fn set<T>(field: &mut T, value: T) -> Option<()> {
    *field = value;
    Some(())
}

fn var(packing: &mut Packing, name: &'static str, node: &Node) -> Option<()> {
    packing.vars.push((name, text(node)?));
    Some(())
}

/// A text, or a number as it would be written.
fn text(node: &Node) -> Option<String> {
    match &node.value {
        Value::Scalar(Scalar::String(text)) if !text.is_empty() => Some(text.clone()),
        Value::Scalar(Scalar::Number(number)) => Some(number.to_string()),
        _ => None,
    }
}

fn bool(node: &Node) -> Option<bool> {
    match &node.value {
        Value::Scalar(Scalar::Bool(bool)) => Some(*bool),
        _ => None,
    }
}

fn files(node: &Node) -> Option<Vec<PathBuf>> {
    match &node.value {
        Value::Sequence(items) if !items.is_empty() => {
            items.iter().map(|item| text(item).map(PathBuf::from)).collect()
        }
        _ => Some(vec![PathBuf::from(text(node)?)]),
    }
}
