//! The configuration files: where to upload, whom to ask, and defaults for manifests.
//!
//! Knows no destination type and no provider: their keys are checked by whoever uses them.

mod keys;
mod mask;
mod secrets;

use std::sync::Arc;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub use self::secrets::{SecretRef, Setting, is_secret_name};
use crate::diagnostic::{Diagnostic, in_order};
use crate::node::{File, Node};
use crate::toml_source::parse_toml;
use crate::validate::{decode, schema_of, validate};
use crate::written::fragment_schema;

/// Configuration of Bindery, in `bindery.toml` or the user's own `config.toml`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Bindery configuration")]
pub struct Config {
    /// The group whose name releases bear, unless a manifest says otherwise.
    pub group: Option<String>,
    /// The folder in which release folders appear, unless a manifest says otherwise.
    pub output: Option<String>,
    /// How many steps run at once. The default is the number of processors.
    #[schemars(range(min = 1, max = 1024))]
    pub jobs: Option<u32>,
    /// Places to upload to, by name.
    #[serde(default)]
    pub destinations: IndexMap<String, Destination>,
    /// Settings of the metadata providers, by name.
    #[serde(default)]
    pub providers: IndexMap<String, IndexMap<String, Setting>>,
    /// Parts of manifests, by kind: they are laid over the kind and under the manifest.
    #[serde(default)]
    #[schemars(extend("x-expected" = "a table of parts of manifests, by kind"))]
    pub defaults: IndexMap<String, IndexMap<String, Value>>,
}

/// A place to upload to.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(transform = keys::describe)]
pub struct Destination {
    /// How it is reached: `local`, `ftp`, `ftps`, `sftp`, or another type that `bindery destinations` knows.
    pub r#type: String,
    /// Everything else, as the type needs it.
    #[serde(flatten)]
    pub settings: IndexMap<String, Setting>,
}

/// A configuration file that was read and found right.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What it says.
    pub config: Config,
    /// Where it says it.
    pub root: Node,
}

impl Configuration {
    /// What it adds to a manifest of a kind, weakest first: `group` and `output`, then the defaults of the kind.
    pub fn layers(&self, kind: &str) -> Vec<Node> {
        let general = ["group", "output"].into_iter().filter_map(|name| self.root.entry(name).cloned());
        let general: Vec<_> = general.collect();
        let defaults = self.root.get("defaults").and_then(|defaults| defaults.get(kind)).cloned();
        let general = (!general.is_empty()).then(|| Node::mapping(general, self.root.place.clone()));
        general.into_iter().chain(defaults).collect()
    }
}

/// The schema of a configuration file.
pub fn config_schema() -> Value {
    schema_of::<Config>()
}

/// Reads a configuration file. No diagnostic shows a secret, not even in the line it quotes.
pub fn read_config(file: &Arc<File>) -> Result<Configuration, Vec<Diagnostic>> {
    let parsed = parse_toml(file);
    let (Some(mut root), true) = (parsed.root, parsed.faults.is_empty()) else {
        // The text is broken, so where its secrets end is a guess: hide too much rather than too little.
        return Err(mask::faults(parsed.faults, file, &mask::broken_text(file)));
    };
    let found = secrets::check(&mut root);
    let masked = mask::places(file, &found.hidden);
    mask::tree(&mut root, file, &masked);
    let mut faults = mask::faults(found.faults, file, &masked);
    for (_, defaults) in root.get("defaults").into_iter().flat_map(Node::entries) {
        faults.extend(validate(defaults, fragment_schema()));
    }
    match decode(&root, &config_schema()) {
        Ok(config) if faults.is_empty() => Ok(Configuration { config, root }),
        Ok(_) => Err(in_order(faults)),
        Err(more) => {
            faults.extend(more.into_iter().map(in_config));
            Err(in_order(faults))
        }
    }
}

/// The same fault under the word for configuration files.
fn in_config(mut fault: Diagnostic) -> Diagnostic {
    const WORDS: [(&str, &str); 6] = [
        ("manifest/unknown-key", "config/unknown-key"),
        ("manifest/missing-key", "config/missing-key"),
        ("manifest/wrong-type", "config/wrong-type"),
        ("manifest/unknown-value", "config/unknown-value"),
        ("manifest/out-of-range", "config/out-of-range"),
        ("manifest/bad-value", "config/bad-value"),
    ];
    let word = WORDS.iter().find(|(word, _)| *word == fault.code);
    fault.code = word.map_or(fault.code, |(_, word)| word);
    fault
}
