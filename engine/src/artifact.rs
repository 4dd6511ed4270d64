//! Files that steps make, with what is known of their bytes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file that a step made, or a source file as a step sees it.
///
/// Invariant: never overwritten once a step has given it; it lies in its step's own directory until the release is
/// assembled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// Name inside the release, `/` between folders.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// Digests taken while the bytes were written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digests: Digests,
    /// Where the file lies now. Not part of events: it is a place on one machine.
    #[serde(skip)]
    pub path: PathBuf,
}

/// Digests by algorithm (`crc32`, `sha256`, …), in lower-case hexadecimal.
pub type Digests = BTreeMap<String, String>;

impl Artifact {
    /// An artifact whose digests nobody took.
    #[must_use]
    pub fn new(name: impl Into<String>, path: impl Into<PathBuf>, size: u64) -> Self {
        Self { name: name.into(), size, digests: Digests::new(), path: path.into() }
    }

    /// The same artifact with these digests.
    #[must_use]
    pub fn with_digests(mut self, digests: Digests) -> Self {
        self.digests = digests;
        self
    }
}
