//! The manifest as it is written. These types are the reference of the language: their comments become its schema.
//!
//! Knows no kind and no stage by name, and checks nothing that depends on them.

mod few;
mod source;
mod step;

use std::sync::LazyLock;

use engine::Template;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

pub use self::few::Few;
pub use self::source::{Fetched, ForEach, Rules, Sha256, Source};
pub use self::step::{Retry, Step, StepEntry};
use crate::validate::schema_of;
use engine::value::Time;

/// A manifest describes one release, or a family of releases.
///
/// It is laid over its kind, the configuration and the fragments it extends; what it says wins.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Bindery manifest")]
pub struct Written {
    /// The version of the manifest language. It is 1.
    pub release: Version,
    /// The set of defaults to start from: a built-in kind such as `ebook`, or the name of a file in `.bindery/kinds/`.
    pub kind: Option<String>,
    /// Fragments that are merged under this file, in order; the paths are relative to this file.
    #[serde(default)]
    #[schemars(with = "Option<Few<String>>", extend("x-expected" = "a path or a list of paths"))]
    pub extends: Few<String>,
    /// The group whose name the release bears.
    pub group: Option<String>,
    /// The name of the release, and of its folder.
    pub name: Option<Template>,
    /// What is packed. Paths are relative to the manifest.
    pub source: Option<Source>,
    /// Makes one release for each file that matches, or for each entry of a list. Templates see the match or the entry as `item`.
    pub for_each: Option<ForEach>,
    /// Your own variables, for use in templates.
    #[serde(default, deserialize_with = "nothing_is_empty")]
    #[schemars(with = "Option<IndexMap<String, Value>>")]
    pub vars: IndexMap<String, Value>,
    /// Facts that win over what is extracted from the source or fetched from a provider.
    #[serde(default, deserialize_with = "nothing_is_empty")]
    #[schemars(with = "Option<IndexMap<String, Value>>")]
    pub metadata: IndexMap<String, Value>,
    /// The rule set or sets that the release must keep, or `false` for none.
    pub rules: Option<Rules>,
    /// The folder in which the release folder appears. The default is `dist`.
    pub output: Option<String>,
    /// The time that everything in the release bears. The default is `source`: the time of the newest source.
    pub time: Option<Time>,
    /// Steps by id, laid over the steps of the kind. `false` leaves a step of the kind out.
    #[serde(default, deserialize_with = "nothing_is_empty")]
    #[schemars(with = "Option<IndexMap<String, StepEntry>>", extend("x-expected" = "a mapping of step ids"))]
    pub steps: IndexMap<String, StepEntry>,
}

/// The version of the manifest language. It is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub struct Version;

impl TryFrom<u64> for Version {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, String> {
        if number == 1 { Ok(Self) } else { Err(format!("unknown version {number} of the manifest language")) }
    }
}

impl JsonSchema for Version {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "const": 1, "x-expected": "the version of the manifest language, 1" })
    }
}

/// The schema of a whole manifest, made once.
pub fn manifest_schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(schema_of::<Written>);
    &SCHEMA
}

/// The schema of a part of a manifest: a kind, a fragment, or defaults in configuration. Nothing is required.
pub fn fragment_schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        let mut schema = manifest_schema().clone();
        if let Value::Object(schema) = &mut schema {
            schema.remove("required");
        }
        schema
    });
    &SCHEMA
}

/// A key with nothing below it is an emptied block.
fn nothing_is_empty<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
