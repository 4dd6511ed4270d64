//! The manifest language: from text to a checked, merged manifest in which every value knows where it was written.
//!
//! The way of a manifest: [`parse::parse`] makes a tree of it, [`merge::merge`] lays the trees of kind, configuration,
//! fragments, manifest and command line over each other, and [`validate::decode`] turns the result into
//! [`written::Written`] or says everything that is wrong with it. [`emit::emit`] shows the result as text again.

mod compile;
pub mod config;
pub mod diagnostic;
pub mod emit;
mod kinds;
mod load;
pub mod lock;
pub mod merge;
pub mod node;
pub mod parse;
pub mod place;
pub mod rules;
mod schema;
mod shelf;
pub mod suggest;
pub mod toml_source;
pub mod validate;
pub mod written;

pub use compile::{Compiled, compile};
pub use config::{Config, Configuration, SecretRef, Setting, read_config};
pub use diagnostic::{Diagnostic, Severity, Stretch, github, in_order, render, workflow_command};
pub use emit::{emit, emit_with_origins};
pub use kinds::Kinds;
pub use load::{Context, Effective, load, load_node, load_text, read_file};
pub use lock::{Lock, LockDifference, LockedRelease};
pub use merge::{merge, set_layer, without_removed_steps};
pub use node::{File, Key, Node, Place, Scalar, Value};
pub use parse::{Parsed, parse};
pub use rules::Rules;
pub use schema::manifest_schema_for;
pub use shelf::Listed;
pub use toml_source::parse_toml;
pub use validate::{Mismatch, decode, decode_with, schema_of, validate};
pub use written::{Written, fragment_schema, manifest_schema};
