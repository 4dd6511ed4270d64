//! Files that steps make, with what is known of their bytes.

use std::borrow::Cow;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
    #[serde(default, skip_serializing_if = "Digests::is_empty")]
    pub digests: Digests,
    /// Where the file lies now. Not part of events: it is a place on one machine.
    #[serde(skip)]
    pub path: PathBuf,
}

/// Digests by algorithm (`crc32`, `sha256`, …), in lower-case hexadecimal, sorted by algorithm.
///
/// A list and not a map: an artifact has one or two, and a long run keeps very many of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests(Vec<(String, String)>);

impl Digests {
    /// No digests.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The digest by this algorithm.
    #[must_use]
    pub fn get(&self, algorithm: &str) -> Option<&str> {
        self.iter().find(|(name, _)| *name == algorithm).map(|(_, digest)| digest)
    }

    /// Adds or replaces a digest.
    pub fn insert(&mut self, algorithm: impl Into<String>, digest: impl Into<String>) {
        let (algorithm, digest) = (algorithm.into(), digest.into());
        match self.0.binary_search_by(|(name, _)| name.cmp(&algorithm)) {
            Ok(at) => self.0[at].1 = digest,
            Err(at) => {
                self.0.reserve_exact(1);
                self.0.insert(at, (algorithm, digest));
            }
        }
    }

    /// Every algorithm and its digest.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, digest)| (name.as_str(), digest.as_str()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Digests {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Extend<(String, String)> for Digests {
    fn extend<T: IntoIterator<Item = (String, String)>>(&mut self, iter: T) {
        for (algorithm, digest) in iter {
            self.insert(algorithm, digest);
        }
    }
}

impl FromIterator<(String, String)> for Digests {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(iter: T) -> Self {
        let mut digests = Self::new();
        digests.extend(iter);
        digests
    }
}

impl Serialize for Digests {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (algorithm, digest) in self.iter() {
            map.serialize_entry(algorithm, digest)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Digests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::collections::BTreeMap::deserialize(deserializer)
            .map(|map: std::collections::BTreeMap<_, _>| map.into_iter().collect())
    }
}

impl JsonSchema for Digests {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Digests".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": { "type": "string" } })
    }
}

impl Artifact {
    /// An artifact whose digests nobody took.
    #[must_use]
    pub fn new(name: impl Into<String>, path: impl Into<PathBuf>, size: u64) -> Self {
        Self { name: name.into(), size, digests: Digests::new(), path: path.into() }
    }

    /// The same artifact with these digests.
    #[must_use]
    pub fn with_digests(mut self, digests: impl IntoIterator<Item = (String, String)>) -> Self {
        self.digests.extend(digests);
        self
    }
}
