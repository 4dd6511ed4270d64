//! What is remembered of a release: what each step rested on and gave, and what lies in the release's folder.
//!
//! Knows no place on disk but those it is told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::Digest;
use crate::stamp::Stamp;
use crate::{Artifact, Digests, Facts};

/// A release as it was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ReleaseRecord {
    pub(crate) name: String,
    /// Its folder, relative to the project where it lies below it.
    pub(crate) target: String,
    /// The folder as it was when the release appeared.
    pub(crate) folder: FolderRecord,
    /// Folders inside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) folders: Vec<FolderRecord>,
    /// Its files, sorted by name.
    pub(crate) files: Vec<FileRecord>,
    pub(crate) time: i64,
    /// All that the release rests on, in one digest.
    pub(crate) whole: Digest,
    /// The steps as they were written.
    pub(crate) shape: Digest,
    pub(crate) sources: Vec<SourceRecord>,
    /// Its steps, sorted by id.
    pub(crate) steps: Vec<StepRecord>,
}

/// A source file as it was when it was packed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SourceRecord {
    pub(crate) name: String,
    pub(crate) stamp: Stamp,
    /// Whether an equal stamp means equal bytes.
    pub(crate) sure: bool,
    /// What stands for its bytes: a digest of them where one was taken, else of its stamp.
    pub(crate) id: Digest,
    /// The BLAKE3 digest of its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) blake3: Option<String>,
    /// The CRC-32 of its bytes, where a step took it and nothing better is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) crc32: Option<String>,
}

/// A folder of a release. Its modification time changes when a name in it comes or goes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FolderRecord {
    /// Name inside the release; empty for the release's own folder.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) name: String,
    pub(crate) inode: u64,
    pub(crate) modified: i64,
}

/// A file of a release as it was when the release appeared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    pub(crate) name: String,
    pub(crate) stamp: Stamp,
    /// What stands for its bytes.
    pub(crate) id: Digest,
}

/// What a step rested on, and what it gave.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct StepRecord {
    pub(crate) id: String,
    /// The stage, its options and all else that is written down of the step.
    pub(crate) fixed: Digest,
    /// The files it took.
    pub(crate) inputs: Digest,
    /// The names it looked at, with what they stood for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) reads: BTreeMap<String, Value>,
    /// Why it was left out, if its condition did not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) skipped: Option<String>,
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub(crate) facts: Facts,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) made: Vec<MadeRecord>,
    /// The digests it took of its inputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) learned: Vec<Digests>,
    /// How long it took, in milliseconds. Nothing rests on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) took: Option<u64>,
}

/// A file that a step made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MadeRecord {
    #[serde(flatten)]
    pub(crate) artifact: Artifact,
    /// What stands for its bytes.
    pub(crate) id: Digest,
    /// Where it lies in the working folder, and its inode there; nothing once the release was put together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lies: Option<(String, u64)>,
}

impl StepRecord {
    /// The digest of all it rested on: what it gives is the same as long as this is.
    pub(crate) fn print(&self) -> Digest {
        let mut digesting = crate::digest::Digesting::default();
        digesting.part(&self.fixed.bytes()).part(&self.inputs.bytes()).json(&self.reads).finish()
    }
}

impl ReleaseRecord {
    /// Adds steps, over what was known of them.
    pub(crate) fn add(&mut self, steps: Vec<StepRecord>) {
        for step in steps {
            let place = self.steps.binary_search_by(|known| known.id.cmp(&step.id));
            let at = place.unwrap_or_else(|at| at);
            if place.is_ok() {
                self.steps.remove(at);
            }
            self.steps.insert(at, step);
        }
    }

    pub(crate) fn step(&self, id: &str) -> Option<&StepRecord> {
        let at = self.steps.binary_search_by(|step| step.id.as_str().cmp(id)).ok()?;
        self.steps.get(at)
    }
}
