//! What the configuration says of a provider, over what is usual for it.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::value::Duration as Written;
use engine::{SecretRef, Site};
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

use super::provider::Provider;
use crate::http::Service;

/// `[providers.NAME]` as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Another address than the service's own.
    pub(crate) url: Option<String>,
    /// Another address for its pictures.
    pub(crate) images: Option<String>,
    pub(crate) key: Option<SecretRef>,
    /// The PIN of a subscriber, where the service has such.
    pub(crate) pin: Option<SecretRef>,
    pub(crate) language: Option<String>,
    /// Requests a second.
    pub(crate) rate: Option<f64>,
    /// Requests a run.
    pub(crate) budget: Option<u64>,
    /// The longest that one attempt takes.
    pub(crate) timeout: Option<Written>,
    /// The longest that pauses of one request take together.
    pub(crate) patience: Option<Written>,
    /// How long answers are taken for true.
    pub(crate) max_age: Option<Written>,
}

/// The names of all settings, for messages.
const NAMES: &str = "key, pin, url, images, language, rate, budget, timeout, patience and max_age";

impl Settings {
    /// The settings of a provider; the error is a fragment that follows its name, without a secret.
    pub(crate) fn of(site: &Site, name: &str) -> Result<Self, String> {
        let Some(written) = site.setting("providers", name) else { return Ok(Self::default()) };
        // A wrong value may be a secret in the wrong place, so it is not repeated.
        let settings: Self = serde_json::from_value(written.clone()).map_err(|_| fault(written))?;
        let address = |url: &Option<String>| url.as_deref().map(base).transpose().map(drop);
        address(&settings.url)
            .and(address(&settings.images))
            .map_err(|why| format!("has an address that {why}"))?;
        if settings.rate.is_some_and(|rate| !(rate > 0.0 && rate <= 1000.0)) {
            return Err("has a `rate` that is not between 0 and 1000 requests a second".into());
        }
        Ok(settings)
    }

    /// The service as the client knows it.
    pub(crate) fn service(&self, provider: &Provider) -> Result<Service, String> {
        let duration =
            |written: Option<Written>, usual: u64| written.map_or(Duration::from_secs(usual), Duration::from);
        Ok(Service {
            name: provider.name.to_owned(),
            base: base(self.url.as_deref().unwrap_or(provider.url))?,
            rate: self.rate.unwrap_or(provider.rate),
            budget: self.budget.unwrap_or(1000),
            timeout: duration(self.timeout, 20),
            patience: duration(self.patience, 30),
            max_age: duration(self.max_age, 24 * 60 * 60),
        })
    }
}

/// What is wrong with settings, by their names alone.
fn fault(written: &Value) -> String {
    let known: Vec<&str> =
        NAMES.split([',', ' ']).filter(|word| !word.is_empty() && *word != "and").collect();
    let entries: BTreeMap<&String, &Value> = written.as_object().into_iter().flatten().collect();
    if let Some(unknown) = entries.keys().find(|name| !known.contains(&name.as_str())) {
        return format!("has a setting `{unknown}` that is not known: there are {NAMES}");
    }
    let is_wrong = |name: &str, value: &Value| {
        let alone = Value::Object([(name.to_owned(), value.clone())].into_iter().collect());
        serde_json::from_value::<Settings>(alone).is_err()
    };
    let wrong =
        entries.iter().find(|(name, value)| is_wrong(name, value)).map_or("?", |(name, _)| name.as_str());
    format!("has a setting `{wrong}` that cannot be read")
}

/// An address that others are relative to.
fn base(text: &str) -> Result<Url, String> {
    let with_end = if text.ends_with('/') { text.to_owned() } else { format!("{text}/") };
    let url = Url::parse(&with_end).map_err(|error| format!("is none: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("begins with neither `https://` nor `http://`".into());
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err("holds more than a place: leave out names, passwords and what follows a `?`".into());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(written: Value, wanted: Result<(), &str>) {
        let settings = [("providers".to_owned(), json!({ "tmdb": written }))].into_iter().collect();
        let found = Settings::of(&Site { settings, ..Site::default() }, "tmdb").map(drop);
        match wanted {
            Ok(()) => assert_eq!(found, Ok(())),
            Err(part) => assert!(found.clone().unwrap_err().contains(part), "{found:?}"),
        }
    }

    #[test]
    fn wrong_settings_are_named_without_their_values() {
        check(
            json!({ "key": { "env": "K" }, "rate": 2, "timeout": "5s", "url": "http://127.0.0.1:1/x" }),
            Ok(()),
        );
        check(json!({ "kee": "s3cr3t" }), Err("`kee`"));
        check(json!({ "key": "s3cr3t" }), Err("`key` that cannot"));
        check(json!({ "rate": 0 }), Err("`rate`"));
        check(json!({ "url": "ftp://x" }), Err("neither"));
        check(json!({ "url": "https://me:pw@x/" }), Err("holds more"));
    }
}
