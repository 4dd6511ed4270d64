//! Takes a finished release to destinations that the configuration names.

#[cfg_attr(not(test), expect(dead_code, reason = "the table of destinations takes it in next"))]
mod destination;
#[cfg_attr(not(test), expect(dead_code, reason = "the table of destinations takes it in next"))]
mod ftp;
mod local;
#[cfg_attr(not(test), expect(dead_code, reason = "the table of destinations takes it in next"))]
mod remote;
#[cfg_attr(not(test), expect(dead_code, reason = "the table of destinations takes it in next"))]
mod sftp;

use engine::{
    Artifact, Asset, Forecast, Input, Job, Lane, OptionFault, Output, Phase, Site, Stage, StageError,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// Takes the finished release to one destination or several.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Upload {
    /// The name of a destination (`[destinations.NAME]` in the configuration), or a list of names. Without any the
    /// release stays where it was made.
    to: Destinations,
}

/// One destination or a list of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Destinations {
    One(String),
    More(Vec<String>),
}

impl Default for Destinations {
    fn default() -> Self {
        Self::More(Vec::new())
    }
}

/// A type of destination.
struct Kind {
    name: &'static str,
    check: fn(&Value) -> Result<(), String>,
    send: fn(&Value, &Job<'_>) -> Result<(), StageError>,
}

/// Every type of destination. A new one is a file, a `mod` line and a row.
const KINDS: &[Kind] = &[Kind { name: "local", check: local::check, send: local::send }];

impl Upload {
    fn names(&self) -> &[String] {
        match &self.to {
            Destinations::One(name) => std::slice::from_ref(name),
            Destinations::More(names) => names,
        }
    }
}

/// The settings of a destination and its type, or what is wrong with them and a hint.
fn find<'s>(site: &'s Site, name: &str) -> Result<(&'s Value, &'static Kind), (String, String)> {
    let Some(settings) = site.setting("destinations", name) else {
        let known = site.names("destinations");
        let hint = if known.is_empty() {
            format!("define it in `bindery.toml`: [destinations.{name}] with `type` and `path`")
        } else {
            format!("the configuration has {}", known.join(", "))
        };
        return Err((format!("there is no destination `{name}`"), hint));
    };
    let types: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let word = settings.get("type").and_then(Value::as_str).unwrap_or_default();
    let Some(kind) = KINDS.iter().find(|kind| kind.name == word) else {
        return Err((
            format!("the destination `{name}` has the type `{word}`, which this version cannot reach"),
            format!("it knows {}", types.join(", ")),
        ));
    };
    (kind.check)(settings).map_err(|error| {
        (format!("the destination `{name}` {error}"), format!("see [destinations.{name}] in `bindery.toml`"))
    })?;
    Ok((settings, kind))
}

impl Stage for Upload {
    const NAME: &'static str = "upload";
    const ABOUT: &'static str = "takes the finished release to destinations";
    const LANE: Lane = Lane::Net;
    const PHASE: Phase = Phase::Deliver;

    fn check(&self, site: &Site) -> Vec<OptionFault> {
        let faults = self.names().iter().filter_map(|name| find(site, name).err());
        faults.map(|(message, hint)| OptionFault::new("to", message).hint(hint)).collect()
    }

    fn pools(&self) -> Vec<String> {
        self.names().iter().map(|name| format!("destination:{name}")).collect()
    }

    fn forecast(&self, inputs: &[Input]) -> Forecast {
        let size: u64 = inputs.iter().map(|input| input.artifact.size).sum();
        let files = self.names().iter().map(|name| Artifact::new(name, "", size)).collect();
        // Each copy is read back.
        Forecast { read: 2 * size * self.names().len() as u64, files, exact: true, ..Forecast::default() }
    }

    fn assets(&self, site: &Site) -> Vec<Asset> {
        let settings = |name: &String| {
            let settings = site.setting("destinations", name).map(ToString::to_string).unwrap_or_default();
            Asset::new(format!("destination `{name}`"), settings)
        };
        self.names().iter().map(settings).collect()
    }

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        if self.names().is_empty() {
            job.note("no destination: the release stays where it is");
        }
        for name in self.names() {
            let (settings, kind) =
                find(job.site(), name).map_err(|(message, hint)| StageError::input(message).hint(hint))?;
            (kind.send)(settings, job)?;
        }
        Ok(Output::default())
    }
}

#[cfg(test)]
mod conformance_tests;
#[cfg(test)]
mod far_tests;
#[cfg(test)]
mod tests;
