//! What a ledger says of a delivery and of one file of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::upload::options::Proof;

/// A delivery: one release, one destination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The release's name.
    pub release: String,
    /// Where it lies on this machine.
    pub path: String,
    /// The destination's name.
    pub destination: String,
    /// Where that leads, without secrets.
    pub address: String,
    /// What the release is called there.
    pub name: String,
    /// How it is delivered, as the step says.
    pub options: Value,
    /// All of it is there under its name, and proven.
    pub ended: bool,
}

/// One file of a delivery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name inside the release.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// The time of its last change, in nanoseconds since 1970-01-01 UTC.
    pub modified: i64,
    /// The digest of its bytes as they were sent, once they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Where it stands.
    #[serde(flatten)]
    pub state: State,
}

/// Where a file stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// It is to be sent.
    Planned,
    /// Bytes from `offset` on are being sent, under a temporary name.
    Sending {
        /// How much of it was there before.
        offset: u64,
    },
    /// All of it was sent, and whether it arrived is not known.
    MayHaveLanded,
    /// The far end has confirmed it, and says the right size.
    Landed,
    /// It is proven that what lies there is what was sent.
    Verified {
        /// How far.
        proof: Proof,
        /// By what: the name of a digest, `read back`, `samples` or `size`.
        by: String,
    },
    /// It could not be delivered.
    Failed {
        /// The stable word for the failure.
        code: String,
    },
}

/// What one entry of the log holds.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    Head(Head),
    Row(Row),
}

impl State {
    /// The word that listings show.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sending { .. } => "sending",
            Self::MayHaveLanded => "may have landed",
            Self::Landed => "landed",
            Self::Verified { .. } => "verified",
            Self::Failed { .. } => "failed",
        }
    }
}
