//! The table of stages that a program offers.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use crate::{AnyStage, Lane, Phase, Stage};

/// Every stage a manifest may use, by name.
#[derive(Clone, Default)]
pub struct Registry {
    kinds: BTreeMap<&'static str, Arc<Kind>>,
}

/// One stage as the registry knows it.
pub struct Kind {
    /// The name that manifests use.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Which pool it runs in.
    pub lane: Lane,
    /// When it runs.
    pub phase: Phase,
    /// The JSON Schema of its options, made when it is first asked for.
    pub schema: LazyLock<Value>,
    /// Makes the stage from its options.
    pub build: fn(Value) -> Result<Arc<dyn AnyStage>, OptionFault>,
}

/// An option that a stage cannot use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionFault {
    /// Where in the options, as keys and indices.
    pub path: Vec<String>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

impl OptionFault {
    /// A fault of the option `key`.
    pub fn new(key: &str, message: impl Into<String>) -> Self {
        Self { path: vec![key.into()], message: message.into(), hint: None }
    }

    /// Adds what would be right.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Registry {
    /// A registry without stages.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a stage. The name must not be taken: a second stage of one name is a bug, found by the first test that
    /// builds the registry.
    #[must_use]
    pub fn with<S: Stage>(mut self) -> Self {
        let kind = Kind {
            name: S::NAME,
            about: S::ABOUT,
            lane: S::LANE,
            phase: S::PHASE,
            schema: LazyLock::new(|| schemars::schema_for!(S).to_value()),
            build: build::<S>,
        };
        let before = self.kinds.insert(S::NAME, Arc::new(kind));
        debug_assert!(before.is_none(), "two stages are called `{}`", S::NAME);
        self
    }

    /// The stage of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name).map(AsRef::as_ref)
    }

    /// Every stage, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.values().map(AsRef::as_ref)
    }
}

fn build<S: Stage>(options: Value) -> Result<Arc<dyn AnyStage>, OptionFault> {
    match serde_path_to_error::deserialize::<_, S>(options) {
        Ok(stage) => Ok(Arc::new(stage)),
        Err(error) => {
            let path = error.path().iter().map(ToString::to_string).filter(|part| part != "?").collect();
            Err(OptionFault { path, message: error.into_inner().to_string(), hint: None })
        }
    }
}
