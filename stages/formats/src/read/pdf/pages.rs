//! How many pages a PDF has.
//!
//! Believes the count that the page tree gives, and counts leaves where it gives none that can be.

use super::file::File;
use super::object::{Dictionary, Object};
use std::collections::BTreeSet;

/// More pages than any book has.
const MOST: u64 = 10_000_000;

/// Nodes of a page tree that are looked at when it has no count.
const MOST_NODES: usize = 20_000;

/// The number of pages, when there is a page tree.
pub fn count(file: &mut File<'_>, catalog: &Dictionary) -> Option<u64> {
    let top = match file.value(catalog, "Pages") {
        Object::Dictionary(top) => top,
        _ => return None,
    };
    // No page is without an object of its own.
    let most = file.trailer.get("Size").whole().unwrap_or(MOST).min(MOST);
    let said = file.value(&top, "Count").whole().filter(|said| (1..=most).contains(said));
    said.or_else(|| Some(leaves(file, catalog.get("Pages").clone())).filter(|count| *count > 0))
}

/// Each node counts once, so that a tree that bites its tail ends.
fn leaves(file: &mut File<'_>, top: Object) -> u64 {
    let mut visited = BTreeSet::new();
    let mut open = vec![top];
    let mut count = 0;
    while let Some(node) = open.pop() {
        if let Some(id) = node.reference()
            && (visited.len() >= MOST_NODES || !visited.insert(id.number))
        {
            continue;
        }
        let node = file.resolve(&node);
        let Some(node) = node.dictionary() else { continue };
        match file.value(node, "Kids") {
            Object::Array(kids) => open.extend(kids),
            _ if node.names("Type", "Pages") => {}
            _ => count += 1,
        }
    }
    count
}
