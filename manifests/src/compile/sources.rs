//! The source files of one release.

use std::collections::BTreeMap;

use engine::value::shown;
use engine::{Source, Template};
use serde_json::{Map, Value};

use super::Compiler;
use super::find::Found;
use super::items::Item;
use super::templates::fault;
use crate::diagnostic::Diagnostic;
use crate::node::Node;
use crate::written::{ForEach, Source as Written};

impl Compiler<'_, '_> {
    /// The source files of one item; nothing after a fault.
    pub(super) fn sources(&mut self, item: &Item, vars: &Map<String, Value>) -> Option<Vec<Source>> {
        let effective = self.effective;
        let glob = match &effective.written.for_each {
            Some(ForEach::Glob(glob)) => Some(glob.as_str()),
            _ => None,
        };
        let (written, node) = match (&effective.written.source, effective.node.get("source")) {
            // A glob that makes a release a match gives each the match itself, unless `source` says more.
            (None, _) if glob.is_some() => return Some(vec![self.of_match(item)?]),
            (Some(Written::One(one)), _) if Some(one.as_str()) == glob => {
                return Some(vec![self.of_match(item)?]);
            }
            (Some(written), Some(node)) => (written, node),
            _ => {
                if !effective.lost.explains(&["source"]) {
                    let fault = Diagnostic::error("manifest/missing-key", "missing key `source`")
                        .at(&effective.node.place);
                    self.faults.push(
                        fault.hint("add `source: book.epub`: a path or a glob, relative to the manifest"),
                    );
                }
                return None;
            }
        };
        match written {
            Written::One(one) => self.all(std::iter::once((one, node)), item, vars),
            Written::Many(many) => self.all(many.iter().zip(node.items()), item, vars),
            Written::Fetched(fetched) => Some(vec![self.fetched(fetched, node, item, vars)?]),
        }
    }

    fn all<'n>(
        &mut self,
        names: impl Iterator<Item = (&'n String, &'n Node)>,
        item: &Item,
        vars: &Map<String, Value>,
    ) -> Option<Vec<Source>> {
        let before = self.faults.len();
        let mut files: BTreeMap<String, Found> = BTreeMap::new();
        for (name, node) in names {
            let found = self.filled(name, item, vars, node).and_then(|name| self.found(&name, node));
            for found in found.into_iter().flatten() {
                match files.get(&found.name) {
                    Some(other) if other.path != found.path => {
                        let message = format!("two sources are called {} in the release", shown(&found.name));
                        let hint =
                            format!("they are {} and {}", shown(&other.written), shown(&found.written));
                        self.faults
                            .push(Diagnostic::error("source/clash", message).at(&node.place).hint(hint));
                    }
                    Some(_) => {}
                    None => drop(files.insert(found.name.clone(), found)),
                }
            }
        }
        let sources =
            files.into_values().map(|found| Source { path: found.path, name: found.name, origin: None });
        (self.faults.len() == before).then(|| sources.collect())
    }

    fn of_match(&self, item: &Item) -> Option<Source> {
        let Item::Of { value, .. } = item else { return None };
        let path = value.get("path").and_then(Value::as_str)?;
        let name = value.get("name").and_then(Value::as_str)?;
        Some(Source { path: self.effective.folder.join(path), name: name.to_owned(), origin: None })
    }

    pub(super) fn filled(
        &mut self,
        written: &str,
        item: &Item,
        vars: &Map<String, Value>,
        node: &Node,
    ) -> Option<String> {
        if !written.contains("{{") && !written.contains("{%") {
            return Some(written.to_owned());
        }
        let template = Template::new(written);
        match self.context.site.language.render(&template, &self.scope(item, vars)) {
            Ok(text) => Some(text),
            Err(error) => {
                let found = fault("manifest/bad-template", "in this template: ", &error, written, node);
                let hint = "`source` may use `item`, `vars` and `group`: facts are not known yet";
                self.unfilled(&error, item.blamed(found.hint(hint)));
                None
            }
        }
    }
}
