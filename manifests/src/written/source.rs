//! What a release is made of, how often, and which rules it keeps.

use std::fmt;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// What is packed: a path, a glob, a list of them, or a file to fetch.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(untagged, extend("x-expected" = "a path, a glob, a list of them, or `{ url, sha256 }`"))]
pub enum Source {
    /// A path or a glob.
    One(String),
    /// Several paths or globs.
    Many(Vec<String>),
    /// A file that is fetched and must have this digest.
    Fetched(Fetched),
}

/// A file that is fetched before it is packed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fetched {
    /// Where it is fetched from: an `https:` or `http:` address, or a template of one.
    pub url: String,
    /// The SHA-256 digest it must have, as 64 hexadecimal digits, or a template of it.
    pub sha256: Sha256,
    /// Its name in the release; the last part of the address when absent.
    #[serde(default)]
    pub name: Option<String>,
}

/// A SHA-256 digest as 64 hexadecimal digits, or a template of one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, extend("pattern" = r"^[0-9A-Fa-f]{64}$|\{\{|\{%"))]
pub struct Sha256(String);

impl Sha256 {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits in lower case, if a text is such a digest.
    pub(crate) fn digits(text: &str) -> Option<String> {
        let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_digest.then(|| text.to_ascii_lowercase())
    }
}

impl TryFrom<String> for Sha256 {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if Self::digits(&text).is_some() || text.contains("{{") || text.contains("{%") {
            Ok(Self(text))
        } else {
            Err("a SHA-256 digest has 64 hexadecimal digits".to_owned())
        }
    }
}

/// What a manifest makes one release each of.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(untagged, extend("x-expected" = "a glob or a list of mappings"))]
pub enum ForEach {
    /// Every file that matches.
    Glob(String),
    /// Every entry of a list of mappings.
    Entries(Vec<IndexMap<String, Value>>),
}

/// The rule sets a release must keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rules {
    /// None.
    Off,
    /// All of these.
    Sets(Vec<String>),
}

impl JsonSchema for Rules {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rules".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The rule set or sets that a release must keep, or `false` for none.",
            "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" } },
                { "type": "boolean", "const": false },
            ],
            "x-expected": "the name of a rule set, a list of names, or `false`",
        })
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;
        impl<'de> Visitor<'de> for Forms {
            type Value = Source;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path, a glob, a list of them, or `{ url, sha256 }`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Source, E> {
                Ok(Source::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Source, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(Source::Many)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Source, A::Error> {
                Fetched::deserialize(MapAccessDeserializer::new(map)).map(Source::Fetched)
            }
        }
        deserializer.deserialize_any(Forms)
    }
}

impl<'de> Deserialize<'de> for ForEach {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;
        impl<'de> Visitor<'de> for Forms {
            type Value = ForEach;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a glob or a list of mappings")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<ForEach, E> {
                Ok(ForEach::Glob(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<ForEach, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(ForEach::Entries)
            }
        }
        deserializer.deserialize_any(Forms)
    }
}

impl<'de> Deserialize<'de> for Rules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;
        impl<'de> Visitor<'de> for Forms {
            type Value = Rules;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a rule set, a list of names, or `false`")
            }

            fn visit_bool<E: Error>(self, on: bool) -> Result<Rules, E> {
                if on { Err(E::custom("rules are named, or `false`")) } else { Ok(Rules::Off) }
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Rules, E> {
                Ok(Rules::Sets(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Rules, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(Rules::Sets)
            }
        }
        deserializer.deserialize_any(Forms)
    }
}
