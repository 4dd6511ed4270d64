//! What a run may know of the world outside: settings, search folders, secrets, the time.

use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::outside::Outside;
use crate::template::Language;

/// Where a manifest stands: what stages may look up while options are checked and while steps run.
#[derive(Clone, Default)]
pub struct Site {
    /// Named settings by section (`destinations` → name → settings), secrets as references only.
    pub settings: serde_json::Map<String, Value>,
    /// Folders that are searched for a user's own assets, first match wins.
    pub search: Vec<PathBuf>,
    /// Names that the manifest at hand gives to templates itself: `title` for a fact it sets, `vars.house` and `house` for
    /// a variable. Empty where there is no manifest.
    pub given: Vec<String>,
    /// Filters of the template language.
    pub language: Arc<Language>,
}

impl Site {
    /// The setting `name` of a section.
    #[must_use]
    pub fn setting(&self, section: &str, name: &str) -> Option<&Value> {
        self.settings.get(section)?.get(name)
    }

    /// The names that a section defines.
    #[must_use]
    pub fn names(&self, section: &str) -> Vec<&str> {
        let map = self.settings.get(section).and_then(Value::as_object);
        map.map(|map| map.keys().map(String::as_str).collect()).unwrap_or_default()
    }

    /// The first file called `relative` in the search folders.
    #[must_use]
    pub fn find(&self, relative: &str) -> Option<PathBuf> {
        self.search.iter().map(|folder| folder.join(relative)).find(|path| path.is_file())
    }
}

/// A reference to a secret; the value itself never stands in a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecretRef {
    /// The environment variable of this name.
    Env(String),
    /// The first line of this file.
    File(PathBuf),
    /// An entry of the encrypted store.
    Stored(String),
}

/// What the caller of a run hands in so that the engine asks nobody else.
pub struct World {
    /// Where the manifests stand.
    pub site: Site,
    /// Wall clock, in milliseconds since 1970-01-01 UTC.
    pub now: Box<dyn Fn() -> i64 + Send + Sync>,
    /// Seconds since midnight where the user is.
    pub time_of_day: Box<dyn Fn() -> u32 + Send + Sync>,
    /// Nobody outside may be asked for anything.
    pub offline: bool,
    /// The folder in which stages may keep things between runs of plans that are not remembered; none where nothing is
    /// to be left behind. See [`Job::home`](crate::Job::home).
    pub home: Option<PathBuf>,
    /// Reads a secret by its reference; the error is a fragment without the secret.
    pub secret: Box<ReadSecret>,
    /// How the world outside is asked.
    pub outside: Outside,
}

/// A world without settings, secrets or a clock that moves.
impl Default for World {
    fn default() -> Self {
        Self {
            site: Site::default(),
            now: Box::new(|| 0),
            time_of_day: Box::new(|| 0),
            offline: false,
            home: None,
            secret: Box::new(|_| Err("there is none".into())),
            outside: Outside::default(),
        }
    }
}

/// Reads a secret by its reference.
pub type ReadSecret = dyn Fn(&SecretRef) -> Result<String, String> + Send + Sync;
