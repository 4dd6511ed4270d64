//! What a manifest makes one release each of.

use serde_json::{Value, json};

use super::Compiler;
use super::sources::{Found, find};
use crate::diagnostic::Diagnostic;
use crate::written::ForEach;

/// One release of a family, or the only one.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// The manifest makes one release.
    Only,
    /// A match of the glob, or an entry of the list; templates see it as `item`.
    Of(Value),
}

impl Compiler<'_, '_> {
    pub(super) fn items(&mut self) -> Option<Vec<Item>> {
        let (Some(for_each), Some(node)) = (&self.effective.written.for_each, self.node(&["for_each"]).cloned()) else {
            return Some(vec![Item::Only]);
        };
        match for_each {
            ForEach::Entries(entries) => {
                if entries.is_empty() {
                    let fault = Diagnostic::error("manifest/no-items", "this list makes no release").at(&node.place);
                    self.faults.push(fault.hint("add an entry a release, or leave `for_each` out"));
                }
                Some(entries.iter().map(|entry| Item::Of(json!(entry))).collect())
            }
            ForEach::Glob(glob) => {
                let found = self.found(glob, &node)?;
                Some(found.into_iter().map(|found| Item::Of(as_item(&found))).collect())
            }
        }
    }

    /// The files of a glob or path, or a fault at the node that names it.
    pub(super) fn found(&mut self, written: &str, node: &crate::node::Node) -> Option<Vec<Found>> {
        match find(&self.effective.folder, written, &self.output()) {
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
    let last = found.name.rsplit('/').next().unwrap_or_default();
    let (stem, extension) = last.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((last, ""));
    let folder = found.written.rsplit_once('/').map_or("", |(folder, _)| folder);
    json!({ "path": found.written, "name": last, "stem": stem, "extension": extension, "folder": folder })
}
