//! Why a step runs, or need not: the one answer that a plan, a run and an explanation give.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why a step runs or does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// What it made stands: nothing that it rests on has changed.
    UpToDate,
    /// It was done when an earlier run failed or was cut off, and nothing that it rests on has changed.
    Resumed,
    /// Its condition does not hold.
    Condition {
        /// The condition.
        condition: String,
    },
    /// It was never done for this release.
    Never,
    /// Everything is made anew on demand.
    Forced,
    /// Something that it rests on has changed.
    Changed {
        /// What changed.
        changes: Vec<Change>,
    },
    /// A step before it runs, and what that gives decides.
    Follows {
        /// The step before it.
        step: String,
    },
    /// A file that it made is not there any more.
    Gone {
        /// The file.
        file: String,
    },
    /// A file that it made was written to, moved or copied since, so nobody knows whether it is as it was made.
    Touched {
        /// The file.
        file: String,
    },
    /// Its files are not kept, and a step that runs takes them.
    Needed {
        /// The step that takes them.
        step: String,
    },
    /// The release has no name, so nothing of it is made.
    Nameless {
        /// What keeps it from having one.
        error: String,
    },
}

/// Something that a step rests on and that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// What it is, such as ``option `volume` `` or ``fact `title` ``.
    pub what: String,
    /// What it was, where that is short enough to be remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// Longest text of a value that is shown.
const LONGEST: usize = 80;

impl Why {
    /// Whether the step does not run.
    #[must_use]
    pub const fn stands(&self) -> bool {
        matches!(self, Self::UpToDate | Self::Resumed | Self::Condition { .. })
    }

    /// Whether nothing at all has to be done for the step. What was taken over has to be put together still.
    pub(crate) fn is_idle(&self) -> bool {
        self.stands() && *self != Self::Resumed
    }
}

impl Change {
    /// Something whose value is not told.
    pub(crate) fn of(what: impl Into<String>) -> Self {
        Self { what: what.into(), old: None, new: None }
    }

    pub(crate) fn between(what: impl Into<String>, old: Option<&Value>, new: Option<&Value>) -> Self {
        let (old, new) = (old.map(text), new.map(text));
        // What both begin with tells nothing, so of long texts the part is shown in which they differ.
        let same = match (&old, &new) {
            (Some(old), Some(new)) => {
                old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count()
            }
            _ => 0,
        };
        let shown = |text: String| shown(&text, same);
        Self { what: what.into(), old: old.map(shown), new: new.map(shown) }
    }
}

/// A value as one would write it.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(map) if map.contains_key(crate::reads::LONG) => "a long value".to_owned(),
        other => other.to_string(),
    }
}

/// A text, or of a long one the part around what comes behind so many characters.
fn shown(text: &str, same: usize) -> String {
    let count = text.chars().count();
    if count <= LONGEST {
        return text.to_owned();
    }
    let from = same.saturating_sub(LONGEST / 4).min(count - LONGEST);
    let begin = if from > 0 { "…" } else { "" };
    let end = if from + LONGEST < count { "…" } else { "" };
    let part: String = text.chars().skip(from).take(LONGEST).collect();
    format!("{begin}{part}{end}")
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpToDate => f.write_str("up to date"),
            Self::Resumed => f.write_str("done before an earlier run failed or was cut off"),
            Self::Condition { condition } => write!(f, "its condition `{condition}` does not hold"),
            Self::Never => f.write_str("never done before"),
            Self::Forced => f.write_str("asked for with `--force`"),
            Self::Changed { changes } => {
                let texts: Vec<String> = changes.iter().take(3).map(ToString::to_string).collect();
                f.write_str(&texts.join("; "))?;
                match changes.len().saturating_sub(3) {
                    0 => Ok(()),
                    more => write!(f, "; and {more} more"),
                }
            }
            Self::Follows { step } => write!(f, "depends on `{step}`, which runs"),
            Self::Gone { file } => write!(f, "its file `{file}` is not there"),
            Self::Touched { file } => write!(f, "its file `{file}` was touched since it was made"),
            Self::Needed { step } => write!(f, "`{step}` takes its files, which are not kept"),
            Self::Nameless { error } => write!(f, "the release has no name: {error}"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.old, &self.new) {
            (None, None) => write!(f, "{} changed", self.what),
            (None, Some(new)) => write!(f, "{} is new: {new}", self.what),
            (Some(old), None) => write!(f, "{} is gone, was {old}", self.what),
            (Some(old), Some(new)) => write!(f, "{}: {old} → {new}", self.what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_long_values_the_part_is_shown_in_which_they_differ() {
        let long = |end: &str| Value::from(format!("{}{end}", "a".repeat(90)));
        let change = Change::between("x", Some(&long("old")), Some(&long("new")));
        let same = "a".repeat(77);
        assert_eq!(change.to_string(), format!("x: …{same}old → …{same}new"));
        let change = Change::between("x", None, Some(&long("")));
        assert_eq!(change.to_string(), format!("x is new: {}…", "a".repeat(80)));
        let change = Change::between("x", Some(&1.into()), Some(&"b".into()));
        assert_eq!(change.to_string(), "x: 1 → b");
    }
}
