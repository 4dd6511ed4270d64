//! Tries a destination: what a delivery will need, one thing after the other, with what it takes.
//!
//! Leaves nothing behind but folders of the destination's own path.

use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

use engine::{StageError, World};
use schemars::JsonSchema;
use serde::Serialize;

use super::destination::{Connection, Destination};
use super::{faults, kinds};

/// What came of trying a destination.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[schemars(title = "Trial of a destination")]
pub struct Trial {
    /// Its name.
    pub destination: String,
    /// Its type.
    pub r#type: String,
    /// Where it leads, without secrets.
    pub address: String,
    /// Whether a delivery would find all it needs.
    pub ok: bool,
    /// Milliseconds that one question and its answer take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_trip_ms: Option<f64>,
    /// Bytes that are free there, where the far end says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<u64>,
    /// The digest that the far end takes of files; absent where it takes none, and files are proven by what is read back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// What was tried, in order; nothing is tried after a failure that the rest hangs on.
    pub checks: Vec<Check>,
}

/// One thing that was tried.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Check {
    /// `login`, `write`, `resume`, `rename`, `read`, `hash`, `delete` or `space`.
    pub name: String,
    /// Whether it worked.
    pub ok: bool,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// What was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Stable word for the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Bytes of the file that is written.
const SIZE: usize = 64 * 1024;
/// How many round trips are measured.
const TRIPS: usize = 3;

/// Tries a destination. It fails only where the destination cannot be tried at all: everything else is in the trial.
pub fn test(name: &str, world: &World) -> Result<Trial, StageError> {
    let (settings, kind) =
        kinds::find(&world.site, name).map_err(|(message, hint)| StageError::input(message).hint(hint))?;
    let mut trial = Trial { destination: name.into(), r#type: kind.name.into(), ..Trial::default() };
    match (kind.open)(settings, &*world.secret) {
        Ok(destination) => trial.run(destination.as_ref()),
        Err(error) => {
            let failed: Result<(Option<String>, ()), _> = Err(error);
            trial.note("login", 0, failed);
        }
    }
    trial.ok = trial.checks.iter().all(|check| check.ok);
    Ok(trial)
}

impl Trial {
    fn run(&mut self, destination: &dyn Destination) {
        self.address = destination.address();
        let Some(mut connection) = self.check("login", || Ok((None, destination.connect()?))) else { return };
        let connection = connection.as_mut();
        let folder = format!(".bindery-test-{:016x}", RandomState::new().hash_one(0));
        let (first, second) = (format!("{folder}/first.bin"), format!("{folder}/second.bin"));
        let bytes: Vec<u8> = (0..SIZE).map(|at| (at * 31 % 251) as u8).collect();
        let (half, rest) = bytes.split_at(SIZE / 2);
        let written = self.check("write", || {
            connection.make_folder(&folder)?;
            connection.put(&first, 0, &mut &*half)?;
            Ok((None, sized(connection, &first, half.len())?))
        });
        if written.is_some() {
            self.check("resume", || {
                connection.put(&first, half.len() as u64, &mut &*rest)?;
                Ok((None, sized(connection, &first, SIZE)?))
            });
            let renamed = self.check("rename", || Ok((None, connection.rename(&first, &second)?)));
            let file = if renamed.is_some() { &second } else { &first };
            self.check("read", || {
                let mut back = Vec::new();
                connection.get(file, 0, SIZE as u64, &mut back)?;
                if back != bytes {
                    return Err(faults::corrupt("what was read back is not what was written"));
                }
                Ok((None, ()))
            });
            let algorithms = ["sha256", "sha512", "blake3", "sha1", "md5", "crc32"];
            self.hash = self
                .check("hash", || {
                    let found = connection.hash(file, &algorithms)?.map(|(algorithm, _)| algorithm);
                    Ok((Some(found.clone().unwrap_or_else(|| "none".into())), found))
                })
                .flatten();
            self.round_trip_ms = round_trip(connection, file);
        }
        // Whatever was written goes, also where something failed.
        self.check("delete", || {
            for file in [&first, &second] {
                connection.remove(file)?;
            }
            Ok((None, connection.remove_folder(&folder)?))
        });
        self.free = self
            .check("space", || {
                let free = connection.free()?;
                Ok((Some(free.map_or_else(|| "the far end does not say".into(), |f| f.to_string())), free))
            })
            .flatten();
    }

    fn check<T>(
        &mut self,
        name: &str,
        act: impl FnOnce() -> Result<(Option<String>, T), StageError>,
    ) -> Option<T> {
        let begun = Instant::now();
        let done = act();
        self.note(name, u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX), done)
    }

    fn note<T>(
        &mut self,
        name: &str,
        took_ms: u64,
        done: Result<(Option<String>, T), StageError>,
    ) -> Option<T> {
        let check = Check {
            name: name.into(),
            ok: done.is_ok(),
            took_ms,
            found: None,
            code: None,
            error: None,
            hint: None,
        };
        let (check, value) = match done {
            Ok((found, value)) => (Check { found, ..check }, Some(value)),
            Err(error) => {
                let code = Some(error.code.to_string());
                (Check { code, error: Some(error.message), hint: error.hint, ..check }, None)
            }
        };
        self.checks.push(check);
        value
    }
}

fn sized(connection: &mut dyn Connection, file: &str, wanted: usize) -> Result<(), StageError> {
    match connection.stat(file)? {
        Some(found) if found.size == wanted as u64 => Ok(()),
        found => {
            let size = found.map_or(0, |found| found.size);
            Err(faults::size(format!("{wanted} bytes were written, and the far end says {size}")))
        }
    }
}

fn round_trip(connection: &mut dyn Connection, file: &str) -> Option<f64> {
    let trip = || {
        let begun = Instant::now();
        connection.stat(file).ok().map(|_| begun.elapsed().as_secs_f64() * 1000.0)
    };
    let trips: Option<Vec<f64>> = std::iter::repeat_with(trip).take(TRIPS).collect();
    trips?.into_iter().reduce(f64::min).map(|shortest| (shortest * 100.0).round() / 100.0)
}
