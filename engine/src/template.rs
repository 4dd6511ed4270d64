//! Liquid templates over facts: parsed within limits, rendered within limits, and strict about what nobody knows.
//!
//! Knows which names a template asks for, not what they mean. Filters are handed in by the program ([`Language`]).

mod asks;
mod block;
mod bounded;
mod filter;
mod language;
mod limits;
mod names;
mod near;
mod scope;

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

pub use asks::Asked;
pub use block::{Arguments, Block};
pub use filter::Filter;
pub use language::Language;
pub use near::nearest;
pub use scope::Scope;

/// A text with Liquid in it, as written. It is parsed where a [`Language`] is at hand.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Template(String);

impl Template {
    /// A template with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Every dotted name it asks for, sorted. Includes names in branches that may not be taken.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = names::paths(&self.0).into_iter().map(|path| path.join(".")).collect();
        names.sort();
        names.dedup();
        names
    }
}

impl Template {
    /// Every name it asks for with its place, but for those it gives values to itself.
    #[must_use]
    pub fn asks(&self) -> Vec<Asked> {
        asks::asked(&self.0)
    }
}

impl JsonSchema for Template {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "x-template": "liquid"
        })
    }
}

/// A Liquid condition, such as `language != "en"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Condition(String);

impl Condition {
    /// A condition with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The template that prints `1` when the condition holds.
    #[must_use]
    pub fn as_template(&self) -> Template {
        Template(format!("{{% if {} %}}1{{% endif %}}", self.0))
    }

    /// Whether it holds. A name that nobody knows counts as absent, not as a fault.
    pub fn holds(&self, language: &Language, scope: &Scope) -> Result<bool, TemplateError> {
        if self.0.contains("%}") {
            return Err(TemplateError::Syntax {
                message: "`%}` ends the condition".into(),
                line: 1,
                column: 1,
            });
        }
        language.render(&self.as_template(), scope).map(|text| text == "1")
    }
}

impl JsonSchema for Condition {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Condition".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "x-template": "liquid-condition"
        })
    }
}

/// Why a template gives no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateError {
    /// It is not well-formed, or larger than allowed.
    Syntax {
        /// What is wrong.
        message: String,
        /// Line within the template, from 1.
        line: usize,
        /// Column within the template, in characters, from 1.
        column: usize,
    },
    /// It prints names that nobody knows.
    Missing {
        /// The names, as the template writes them.
        names: Vec<String>,
    },
    /// It failed while it was rendered, or printed more than allowed.
    Render {
        /// What happened.
        message: String,
    },
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { message, .. } | Self::Render { message } => f.write_str(message),
            Self::Missing { names } => {
                let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                write!(f, "nobody knows {}", quoted.join(" and "))
            }
        }
    }
}

impl std::error::Error for TemplateError {}
