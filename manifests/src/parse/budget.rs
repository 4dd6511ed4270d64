//! What a document may take: depth, values and text, counting what its aliases stand for.
//!
//! A small text can stand for a tree that fills all memory, so every part is paid for before it is made.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::node::{File, Place};

/// How deep values may nest.
pub const MAX_DEPTH: usize = 64;
/// How many values a document may have, counting what its aliases stand for.
pub const MAX_NODES: usize = 250_000;
/// How many bytes a document may have.
pub const MAX_BYTES: usize = 4 << 20;

// Boxed: a diagnostic is large, and every step of the walk returns one of these.
pub type Fatal = Box<Diagnostic>;

/// What a sub-tree takes of the budgets.
#[derive(Clone, Copy, Default)]
pub struct Cost {
    pub nodes: usize,
    pub bytes: usize,
}

impl Cost {
    pub fn and(self, other: Self) -> Self {
        Self { nodes: self.nodes.saturating_add(other.nodes), bytes: self.bytes.saturating_add(other.bytes) }
    }

    pub fn check(self, place: &Place) -> Result<(), Fatal> {
        // One long text behind many aliases must not grow without bound either.
        if self.nodes <= MAX_NODES && self.bytes <= 4 * MAX_BYTES {
            return Ok(());
        }
        Err(Diagnostic::error(
            "syntax/too-large",
            format!("a document of more than {MAX_NODES} values or too much text"),
        )
        .at(place)
        .hint("what an alias stands for counts each time it is used")
        .boxed())
    }
}

/// The fault of a text that is too long to be read at all.
pub fn too_long(file: &Arc<File>) -> Diagnostic {
    Diagnostic::error("syntax/too-large", format!("a document of more than {} MiB", MAX_BYTES >> 20))
        .at(&Place::start_of(file))
}

/// The fault of a value that lies too deep.
pub fn too_deep(place: &Place) -> Fatal {
    Diagnostic::error("syntax/too-deep", format!("values nested deeper than {MAX_DEPTH} levels"))
        .at(place)
        .boxed()
}
