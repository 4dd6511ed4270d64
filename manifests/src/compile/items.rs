//! What a manifest makes one release each of.

use serde_json::{Value, json};

use super::find::{Found, find};
use super::{Compiler, name_parts};
use crate::diagnostic::Diagnostic;
use crate::node::{Node, Place};
use crate::written::ForEach;

/// One release of a family, or the only one.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// The manifest makes one release.
    Only,
    /// A match of the glob, or an entry of the list.
    Of {
        /// What templates see as `item`.
        value: Value,
        /// Where an entry is written.
        place: Option<Place>,
    },
}

impl Item {
    /// The same fault, pointing at the entry it is found with.
    pub(super) fn blamed(&self, fault: Diagnostic) -> Diagnostic {
        match self {
            Self::Of { place: Some(place), .. } => fault.related(place, "found with this entry"),
            _ => fault,
        }
    }
}

impl Compiler<'_, '_> {
    pub(super) fn items(&mut self) -> Option<Vec<Item>> {
        let (Some(for_each), Some(node)) =
            (&self.effective.written.for_each, self.node(&["for_each"]).cloned())
        else {
            return Some(vec![Item::Only]);
        };
        match for_each {
            ForEach::Entries(entries) => {
                if entries.is_empty() {
                    let fault =
                        Diagnostic::error("manifest/no-items", "this list makes no release").at(&node.place);
                    self.faults.push(fault.hint("add an entry for each release, or leave `for_each` out"));
                }
                let places =
                    node.items().iter().map(|item| Some(item.place.clone())).chain(std::iter::repeat(None));
                Some(
                    entries
                        .iter()
                        .zip(places)
                        .map(|(entry, place)| Item::Of { value: json!(entry), place })
                        .collect(),
                )
            }
            ForEach::Glob(glob) => {
                let found = self.found(glob, &node)?;
                Some(found.iter().map(|found| Item::Of { value: as_item(found), place: None }).collect())
            }
        }
    }

    /// The files of a glob or path, or a fault at the node that names it.
    pub(super) fn found(&mut self, written: &str, node: &Node) -> Option<Vec<Found>> {
        match find(&self.effective.folder, written, &self.effective.output) {
            Ok(found) => Some(found),
            Err(fault) => {
                let mut diagnostic = Diagnostic::error(fault.code, fault.message).at(&node.place);
                diagnostic.hint = fault.hint;
                self.faults.push(diagnostic);
                None
            }
        }
    }
}

/// A matched file as templates see it.
fn as_item(found: &Found) -> Value {
    let (last, stem, extension) = name_parts(&found.name);
    let folder = found.written.rsplit_once('/').map_or(".", |(folder, _)| folder);
    json!({ "path": found.written, "name": last, "stem": stem, "extension": extension, "folder": folder })
}
