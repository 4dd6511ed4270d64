//! The diagnostics of `check --json` as a type, for their schema.

use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The schema of the whole output.
pub fn schema() -> Value {
    schema_for!(Diagnostics).to_value()
}

/// Everything that is wrong with the manifests that were checked; empty when nothing is.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Diagnostics(Vec<Diagnostic>);

/// One fault.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diagnostic {
    /// How bad it is.
    severity: Severity,
    /// A stable word, such as `manifest/unknown-key`.
    code: String,
    /// What is wrong.
    message: String,
    /// The file it is in. This and the keys up to `source_line` are absent when it has no place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Its line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// Its column, from 1, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    /// How many characters it covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    length: Option<usize>,
    /// The line as written, up to 1000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_line: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// Other places that matter.
    related: Vec<Related>,
}

/// How bad a fault is: only an error keeps manifests from running.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Error,
    Warning,
    Note,
}

/// Another place and what it has to do with the fault.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Related {
    /// What it has to do with the fault.
    message: String,
    /// The file.
    file: String,
    /// The line, from 1.
    line: usize,
    /// The column, from 1, in characters.
    column: usize,
    /// How many characters it covers.
    length: usize,
    /// The line as written, up to 1000 characters.
    source_line: String,
}
