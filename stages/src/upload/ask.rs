//! What destinations say of themselves and of what is about to come, without a delivery: listings, and whether login,
//! space and names work out.

use engine::{Site, StageError, World};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{kinds, watch};

/// A destination as the configuration has it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "Destination")]
pub struct Listing {
    /// Its name.
    pub name: String,
    /// Its type.
    pub r#type: String,
    /// Where it leads, without secrets; absent where it cannot be used as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// How many connections are open at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<usize>,
    /// Its settings; secrets are references.
    pub settings: Value,
    /// What is wrong with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// What a destination says of a release that is about to come.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Probe {
    /// The destination's name.
    pub destination: String,
    /// Whether a delivery would begin.
    pub ok: bool,
    /// Bytes that are free there, where the far end says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<u64>,
    /// Whether something of the release's name is there already; absent where the name is not known yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_there: Option<bool>,
    /// Stable word for what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// All destinations of the configuration. Asks none of them, and reads no secret.
#[must_use]
pub fn list(site: &Site) -> Vec<Listing> {
    site.names("destinations").into_iter().filter_map(|name| listing(site, name)).collect()
}

/// One destination of the configuration.
#[must_use]
pub fn listing(site: &Site, name: &str) -> Option<Listing> {
    let settings = site.setting("destinations", name)?.clone();
    let word = settings.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut listing = Listing {
        name: name.to_owned(),
        r#type: word,
        address: None,
        connections: None,
        settings,
        fault: None,
    };
    // A stand-in for secrets: an address is told without them.
    let opened = kinds::find(site, name).map_err(|(message, _)| message).and_then(|(settings, kind)| {
        (kind.open)(settings, &|_| Ok("…".into())).map_err(|error| error.message)
    });
    match opened {
        Ok(destination) => {
            listing.address = Some(destination.address());
            listing.connections = Some(destination.connections());
        }
        Err(fault) => listing.fault = Some(fault),
    }
    Some(listing)
}

/// Asks a destination whether a release of so many bytes can come. It is asked once: nothing is tried again.
#[must_use]
pub fn probe(name: &str, release: Option<&str>, bytes: u64, world: &World) -> Probe {
    let mut probe = Probe {
        destination: name.to_owned(),
        ok: true,
        free: None,
        is_there: None,
        code: None,
        problem: None,
        hint: None,
    };
    if let Err(error) = ask(&mut probe, name, release, bytes, world) {
        probe.ok = false;
        probe.code = Some(error.code.to_string());
        probe.problem = Some(error.message);
        probe.hint = error.hint;
    }
    probe
}

fn ask(
    probe: &mut Probe,
    name: &str,
    release: Option<&str>,
    bytes: u64,
    world: &World,
) -> Result<(), StageError> {
    watch::beside(world, &|| false, &|_| (), |_| {
        let (settings, kind) = kinds::find(&world.site, name)
            .map_err(|(message, hint)| StageError::input(message).hint(hint))?;
        let destination = (kind.open)(settings, &*world.secret)?;
        let mut connection = destination.connect()?;
        probe.free = connection.free()?;
        if let Some(release) = release {
            probe.is_there = Some(connection.stat(release)?.is_some());
        }
        match probe.free {
            Some(free) if free < bytes => Err(super::faults::full(format!(
                "{bytes} bytes are to come, and {free} are free at {}",
                destination.address()
            ))),
            _ => Ok(()),
        }
    })
}
