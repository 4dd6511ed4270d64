//! Takes a finished release to destinations that the configuration names.
//!
//! Knows no protocol: a type of destination is a row in `upload/kinds.rs`. What there is to be seen of a delivery goes
//! through the job.

mod arrived;
mod ask;
mod crew;
mod deliver;
mod destination;
mod dry;
mod far;
mod faults;
mod flow;
mod ftp;
mod kinds;
pub mod ledger;
mod limit;
mod local;
mod options;
mod proof;
mod queue;
mod remote;
mod retry;
mod send;
mod settings;
mod sftp;
mod source;
mod trial;
mod walk;
mod watch;
mod window;
mod work;

use std::path::Path;

use engine::{
    Artifact, Asset, Forecast, Input, Job, Lane, OptionFault, Output, Phase, Site, Stage, StageError,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::ask::{Listing, Probe, list, listing, probe};
use self::kinds::find;
use self::options::Order;
pub use self::options::{OnConflict, Proof};
pub use self::trial::{Check, Trial, test};
pub use self::walk::{Remote, verify};

/// Takes the finished release to one destination or several.
///
/// Files go there under temporary names and are renamed when all of them are there and proven. What was cut off goes on
/// where it stopped.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Upload {
    /// The name of a destination (`[destinations.NAME]` in the configuration), or a list of names. Without any the
    /// release stays where it was made.
    to: Destinations,
    /// How it is proven that what lies there is what was sent: `hash`, a digest of the whole file that the far end takes,
    /// or all of it read back where it takes none; `sample`, parts of it read back; `size`. Without a word it is the best
    /// that can be had without reading everything back.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<Proof>,
    /// What happens where the release is there already: `verify`, the same content counts as delivered and anything else
    /// stops the delivery; `replace`, files with other content are replaced; `rename`, it is delivered beside it, as
    /// `NAME.2`.
    on_conflict: OnConflict,
    /// In which order files are sent: a list of globs, where `*` stands for all that no other matches, such as `["*.sfv",
    /// "*", "*.nfo"]`; or `first` or `last` for where checksum files, NFO and DIZ go. Files that take the same turn go at
    /// the same time.
    order: Order,
}

/// One destination or a list of them.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
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

impl Upload {
    /// The names of the destinations, each once.
    fn names(&self) -> Vec<&str> {
        let all = match &self.to {
            Destinations::One(name) => std::slice::from_ref(name),
            Destinations::More(names) => names,
        };
        let mut names: Vec<&str> = Vec::new();
        for name in all {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// The options for one destination, to go on with later.
    fn written(&self, name: &str) -> Value {
        let mut written = serde_json::to_value(self).unwrap_or_default();
        if let Some(to) = written.get_mut("to") {
            *to = name.into();
        }
        written
    }
}

/// The files of a finished release, or the one file that it is, by name.
pub fn release_files(path: &Path) -> Result<Vec<Artifact>, StageError> {
    let found = std::fs::metadata(path).map_err(|error| StageError::reading(path, &error))?;
    if !found.is_dir() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        return Ok(vec![Artifact::new(name, path, found.len())]);
    }
    let mut files = Vec::new();
    let mut open = vec![(path.to_owned(), String::new())];
    while let Some((folder, below)) = open.pop() {
        let wrong = |error: &std::io::Error| StageError::reading(&folder, error);
        for entry in std::fs::read_dir(&folder).map_err(|error| wrong(&error))? {
            let entry = entry.map_err(|error| wrong(&error))?;
            let Some(name) = entry.file_name().to_str().map(|name| format!("{below}{name}")) else {
                let shown = entry.path();
                return Err(StageError::input(format!("`{}` has a name that is not UTF-8", shown.display())));
            };
            let found = entry.metadata().map_err(|error| wrong(&error))?;
            if found.is_dir() {
                open.push((entry.path(), format!("{name}/")));
            } else if found.is_file() {
                files.push(Artifact::new(name, entry.path(), found.len()));
            } else {
                return Err(StageError::input(format!("`{name}` is no plain file"))
                    .hint("a release is made of files and folders: replace the link by what it leads to"));
            }
        }
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

impl Stage for Upload {
    const NAME: &'static str = "upload";
    const ABOUT: &'static str = "takes the finished release to destinations";
    const VERSION: u32 = 2;
    const LANE: Lane = Lane::Net;
    const PHASE: Phase = Phase::Deliver;

    fn check(&self, site: &Site) -> Vec<OptionFault> {
        let faults = self.names().into_iter().filter_map(|name| find(site, name).err());
        let mut faults: Vec<OptionFault> =
            faults.map(|(message, hint)| OptionFault::new("to", message).hint(hint)).collect();
        faults.extend(self.order.turns().err().map(|message| OptionFault::new("order", message)));
        faults
    }

    fn wants(&self) -> std::collections::BTreeSet<String> {
        self.names().first().map(|_| source::DIGEST.to_owned()).into_iter().collect()
    }

    /// A destination's pool is named twice, so that a delivery has it to itself: `connections` is meant for all that goes
    /// there at a time.
    fn pools(&self) -> Vec<String> {
        let names = self.names();
        names.iter().chain(&names).map(|name| format!("destination:{name}")).collect()
    }

    fn forecast(&self, inputs: &[Input]) -> Forecast {
        let size: u64 = inputs.iter().map(|input| input.artifact.size).sum();
        let files = self.names().into_iter().map(|name| Artifact::new(name, "", size)).collect();
        // It is read once for all destinations that keep pace.
        let read = if self.names().is_empty() { 0 } else { size };
        Forecast { read, files, exact: true, ..Forecast::default() }
    }

    fn assets(&self, site: &Site) -> Vec<Asset> {
        let settings = |name: &str| {
            let settings = site.setting("destinations", name).map(ToString::to_string).unwrap_or_default();
            Asset::new(format!("destination `{name}`"), settings)
        };
        self.names().into_iter().map(settings).collect()
    }

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        if self.names().is_empty() {
            job.note("no destination: the release stays where it is");
            return Ok(Output::default());
        }
        watch::deliver(self, job)?;
        Ok(Output::default())
    }
}

#[cfg(test)]
mod tests;
