//! The lock of a manifest: what its releases were made of and what came out, so that another machine, or another year,
//! makes the same bytes.
//!
//! Written to be read and compared by people: sorted, one thing a line. Knows how a lock is written and where two
//! differ, and nothing of how its contents are found.

mod differences;
mod text;

use std::collections::BTreeMap;

use engine::Facts;
use engine::tree::Digested;
use engine::value::shown;
use serde::{Deserialize, Serialize};

pub use self::differences::LockDifference;
use crate::diagnostic::Diagnostic;
use crate::place::{File, Place};

/// The version of the lock's own format.
const VERSION: u32 = 1;
/// Longest lock that is read, in bytes. Ten thousand releases take a tenth of it.
pub const MAX_LOCK: u64 = 256 << 20;

/// Everything that a run rests on, and what it gives.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The version of this format.
    version: u32,
    /// The version of Bindery that made the releases.
    pub bindery: String,
    /// The version of the manifest language.
    pub language: u32,
    /// The keys of the effective manifest, each with a digest of what it says.
    #[serde(default)]
    pub manifest: BTreeMap<String, String>,
    /// The kinds, fragments and rule sets it rests on, with their digests.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// What stages use beside options and inputs, such as templates, with digests.
    #[serde(default)]
    pub assets: BTreeMap<String, String>,
    /// The stages, with the versions of what they do.
    #[serde(default)]
    pub stages: BTreeMap<String, u32>,
    /// The releases, sorted by item.
    #[serde(default, rename = "release")]
    pub releases: Vec<LockedRelease>,
}

/// One release.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedRelease {
    /// Its name.
    pub name: String,
    /// What it is made of in its family.
    #[serde(default)]
    pub item: Option<String>,
    /// Its one time, RFC 3339.
    pub time: String,
    /// The source files.
    #[serde(default)]
    pub sources: BTreeMap<String, LockedFile>,
    /// What steps that ask the world outside were told, by step.
    #[serde(default)]
    pub facts: BTreeMap<String, Facts>,
    /// The files of the release.
    #[serde(default)]
    pub outputs: BTreeMap<String, LockedFile>,
}

/// A file by its size and its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedFile {
    /// Size in bytes.
    pub size: u64,
    /// BLAKE3 digest, in hexadecimal.
    pub blake3: String,
}

impl From<Digested> for LockedFile {
    fn from(file: Digested) -> Self {
        Self { size: file.size, blake3: file.blake3 }
    }
}

impl Lock {
    /// A lock that locks nothing yet.
    #[must_use]
    pub fn new(bindery: &str, language: u32) -> Self {
        Self { version: VERSION, bindery: bindery.to_owned(), language, ..Self::default() }
    }

    /// Reads a lock.
    pub fn read(file: &std::sync::Arc<File>) -> Result<Self, Box<Diagnostic>> {
        let fault = |message: String, place: &Place| {
            Diagnostic::error("lock/invalid", message)
                .at(place)
                .hint("a lock is written by `bindery lock`; take it from version control, or write it anew")
                .boxed()
        };
        let mut lock: Self = toml::from_str(&file.text).map_err(|error| {
            let range = error.span().unwrap_or(0..0);
            fault(
                error.message().lines().next().unwrap_or_default().to_owned(),
                &Place::of_bytes(file, range),
            )
        })?;
        if lock.version != VERSION {
            let message = format!("unknown version {} of the lock's format", lock.version);
            return Err(fault(message, &Place::start_of(file)));
        }
        let wrong = lock.releases.iter().find(|release| release.seconds().is_none());
        if let Some(release) = wrong {
            let message = format!("the release {} has no time that can be read", shown(&release.name));
            return Err(fault(message, &Place::start_of(file)));
        }
        lock.sort();
        Ok(lock)
    }

    /// Puts the releases in their order.
    pub fn sort(&mut self) {
        self.releases.sort_by(|one, other| (&one.item, &one.name).cmp(&(&other.item, &other.name)));
    }

    /// The release that is made of this item.
    #[must_use]
    pub fn release(&self, item: Option<&str>) -> Option<&LockedRelease> {
        let at = self.releases.binary_search_by(|release| release.item.as_deref().cmp(&item)).ok()?;
        self.releases.get(at)
    }

    /// The lock as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        text::write(self)
    }
}

impl LockedRelease {
    /// Its one time, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn seconds(&self) -> Option<i64> {
        self.time.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
    }

    /// Sets its one time.
    pub fn set_seconds(&mut self, seconds: i64) {
        self.time = jiff::Timestamp::from_second(seconds).unwrap_or_default().to_string();
    }
}

#[cfg(test)]
mod tests;
