//! One step as it is written.

use std::fmt;

use engine::{Condition, Template};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

use super::{Few, nothing_is_empty};
use engine::value::Duration;

/// A step, or `false` to leave a step of the kind out.
#[derive(Clone, Debug)]
pub enum StepEntry {
    /// The step of this id is left out.
    Removed,
    /// What the step is, or what of it changes.
    Step(Box<Step>),
}

/// One step of the release: which stage does it, what it takes, and with which options.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The stage that does the work. A step of the kind has one already.
    pub uses: Option<String>,
    /// What it takes: ids of other steps, or `source` for the files of the manifest's `source`.
    #[serde(default)]
    #[schemars(with = "Option<Few<String>>", extend("x-expected" = "a list of step ids"))]
    pub from: Option<Few<String>>,
    /// A glob, or several, over the names of the files it takes; what matches none is passed by.
    #[serde(default)]
    #[schemars(with = "Option<Few<String>>", extend("x-expected" = "a glob or a list of globs"))]
    pub pick: Option<Few<String>>,
    /// The options of the stage.
    #[serde(default, deserialize_with = "nothing_is_empty")]
    #[schemars(with = "Option<IndexMap<String, Value>>", extend("x-expected" = "a mapping of the stage's options"))]
    pub with: IndexMap<String, Value>,
    /// The step runs only when this condition over the facts holds.
    pub r#if: Option<Condition>,
    /// A folder inside the release in which the step's files appear.
    pub into: Option<Template>,
    /// Whether the step's files are part of the release. Set it to `false` for files that are made only for other steps.
    pub ship: Option<bool>,
    /// Whether the release may go on without this step: its failure is reported, and what hangs on it goes on without it.
    pub optional: Option<bool>,
    /// How often the step is tried again when it fails for a reason that may pass.
    pub retry: Option<Retry>,
    /// How long the step may take before it counts as failed.
    pub timeout: Option<Duration>,
}

/// How often a step is tried again: a number, or a number with the delay before the first further try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How many further tries there are.
    pub times: u32,
    /// How long to wait before the first of them.
    pub delay: Option<Duration>,
}

/// How often a step is tried again, and after which delay.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RetryForm {
    /// How many further tries there are.
    #[schemars(range(max = 100))]
    times: u32,
    /// How long to wait before the first of them; each further wait is longer.
    delay: Option<Duration>,
}

impl JsonSchema for StepEntry {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StepEntry".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let step = generator.subschema_for::<Step>();
        schemars::json_schema!({
            "description": "A step, or `false` to leave a step of the kind out.",
            "anyOf": [step, { "type": "boolean", "const": false }],
            "x-expected": "a step (a mapping) or `false`",
        })
    }
}

impl JsonSchema for Retry {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Retry".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let form = generator.subschema_for::<RetryForm>();
        schemars::json_schema!({
            "description": "How often a step is tried again: a number, or `{ times, delay }`.",
            "anyOf": [{ "type": "integer", "minimum": 0, "maximum": 100 }, form],
            "x-expected": "a number or `{ times, delay }`",
        })
    }
}

impl<'de> Deserialize<'de> for StepEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;
        impl<'de> Visitor<'de> for Forms {
            type Value = StepEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a step (a mapping) or `false`")
            }

            fn visit_bool<E: Error>(self, on: bool) -> Result<StepEntry, E> {
                if on { Err(E::custom("a step is a mapping, or `false`")) } else { Ok(StepEntry::Removed) }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<StepEntry, A::Error> {
                Step::deserialize(MapAccessDeserializer::new(map)).map(|step| StepEntry::Step(Box::new(step)))
            }
        }
        deserializer.deserialize_any(Forms)
    }
}

impl<'de> Deserialize<'de> for Retry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;
        impl<'de> Visitor<'de> for Forms {
            type Value = Retry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or `{ times, delay }`")
            }

            fn visit_u64<E: Error>(self, times: u64) -> Result<Retry, E> {
                let times = u32::try_from(times).map_err(|_| E::custom("too many further tries"))?;
                Ok(Retry { times, delay: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Retry, A::Error> {
                let RetryForm { times, delay } = RetryForm::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Retry { times, delay })
            }
        }
        deserializer.deserialize_any(Forms)
    }
}
