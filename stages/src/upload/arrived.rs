//! What arrived of files that were sent, as the far end says.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use engine::StageError;

use super::destination::Connection;
use super::source::Source;

/// Which of these files are there, with their sizes: paths and the sizes they should have. A list holds all that lies in a
/// folder, so it is asked for only where that is `few`.
pub(super) fn arrived_of(
    connection: &mut dyn Connection,
    files: &[(&str, u64)],
    few: bool,
) -> Result<BTreeMap<String, u64>, StageError> {
    let mut found = if few && files.len() > 1 { listed(connection, files) } else { BTreeMap::new() };
    for (path, size) in files {
        // Only a list that says the right size is believed.
        if found.get(*path) != Some(size) {
            found.remove(*path);
            found.extend(connection.stat(path)?.map(|entry| ((*path).to_owned(), entry.size)));
        }
    }
    Ok(found)
}

/// The sizes of files as lists of their folders tell them.
fn listed(connection: &mut dyn Connection, files: &[(&str, u64)]) -> BTreeMap<String, u64> {
    let above = |path: &str| path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let folders: BTreeSet<String> = files.iter().map(|(path, _)| above(path)).collect();
    let mut found = BTreeMap::new();
    for folder in folders {
        // Where nothing can be listed each is asked for.
        let Ok(entries) = connection.glance(&folder) else { continue };
        let at = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let inside = entries.iter().filter(|entry| !entry.folder);
        found.extend(inside.map(|entry| (at(&entry.name), entry.size)));
    }
    found
}

/// Whether more lies there than the far end says, after it confirmed everything.
pub(super) fn has_more(
    connection: &mut dyn Connection,
    path: &str,
    source: &Source,
    says: Option<u64>,
) -> Result<bool, StageError> {
    let says = says.unwrap_or(0);
    if says >= source.size {
        return Ok(true);
    }
    match connection.get(path, says, 1, &mut io::sink()) {
        Ok(count) => Ok(count > 0),
        Err(error) if error.retriable || error.code == "step/cancelled" => Err(error),
        // Behind the end of a file some have nothing to say but no.
        Err(_) => Ok(false),
    }
}
