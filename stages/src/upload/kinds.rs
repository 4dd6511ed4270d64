//! The table of destination types, and how a destination is found in the configuration and opened.
//!
//! Knows no protocol: a row knows how its settings are checked and how it is opened.

use std::sync::Arc;

use engine::{Site, StageError, World};
use serde_json::Value;

use super::destination::Destination;
use super::flow::Flow;
use super::remote::ReadSecret;
use super::retry::Retrying;
use super::settings::Common;
use super::{dry, ftp, limit, local, sftp, window};

/// Makes a destination of its settings; connects to nobody yet.
type Open = fn(&Value, ReadSecret<'_>) -> Result<Box<dyn Destination>, StageError>;

/// A type of destination.
pub(super) struct Kind {
    /// What `type` says.
    pub(super) name: &'static str,
    /// What is wrong with the settings, as a fragment that follows the destination's name: "has no `path`".
    pub(super) check: fn(&Value) -> Result<(), String>,
    /// Makes the destination; connects to nobody yet.
    pub(super) open: Open,
}

/// Every type of destination. A new one is a file, a `mod` line and a row.
pub(super) const KINDS: &[Kind] = &[
    Kind { name: "ftp", check: ftp::check, open: ftp::open },
    Kind { name: "ftps", check: ftp::check_secure, open: ftp::open_secure },
    Kind { name: "local", check: local::check, open: local::open },
    Kind { name: "sftp", check: sftp::check, open: sftp::open },
];

/// A destination that is ready for use, with what the configuration asks for around it.
pub(super) struct Opened {
    pub(super) name: String,
    pub(super) destination: Arc<Retrying>,
    pub(super) common: Common,
}

/// The settings of a destination and its type, or what is wrong with them and a hint.
pub(super) fn find<'s>(site: &'s Site, name: &str) -> Result<(&'s Value, &'static Kind), (String, String)> {
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
    let checked = (kind.check)(settings).and_then(|()| Common::of(settings).map(drop));
    checked.map_err(|error| {
        (format!("the destination `{name}` {error}"), format!("see [destinations.{name}] in `bindery.toml`"))
    })?;
    Ok((settings, kind))
}

/// Opens a destination with everything its settings ask for around it. Connects to nobody yet.
pub(super) fn open(name: &str, world: &World, flow: &Arc<Flow>) -> Result<Opened, StageError> {
    let fault = |(message, hint): (String, String)| StageError::input(message).hint(hint);
    let (settings, kind) = find(&world.site, name).map_err(fault)?;
    let invalid = |error: String| StageError::input(format!("the destination `{name}` {error}"));
    let common = Common::of(settings).map_err(invalid)?;
    let mut destination = (kind.open)(settings, &*world.secret)?;
    if let Some(rate) = common.limit {
        destination = Box::new(limit::Limited::new(destination, rate, Arc::clone(flow)));
    }
    if let Some(window) = common.window {
        destination = Box::new(window::Windowed::new(destination, window, Arc::clone(flow)));
    }
    if common.dry_run {
        destination = Box::new(dry::Dry::new(destination));
    }
    let retrying = Retrying::new(destination, common.retries, common.retry_delay, Arc::clone(flow));
    Ok(Opened { name: name.to_owned(), destination: Arc::new(retrying), common })
}
