//! How a delivery is done: what proves it, what happens to what is there already, in which order files go.

use std::fmt;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How it is proven that what lies there is what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// The far end says the right size.
    Size,
    /// The size, and parts of the file that are read back.
    Sample,
    /// A digest of the whole file, taken by the far end, or of all of it read back where the far end takes none.
    Hash,
}

impl Proof {
    pub(super) fn parse(value: &Value) -> Option<Self> {
        Self::deserialize(value).ok()
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Sample => "sample",
            Self::Hash => "hash",
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What happens where something of the same name is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    #[default]
    /// The same content counts as delivered; anything else is left alone, and the delivery fails.
    Verify,
    /// A file with other content is replaced.
    Replace,
    /// What is there stays, and the release is delivered beside it, as `NAME.2`.
    Rename,
}

/// In which order files are sent: globs, where `*` alone stands for all that no other matches, or `first` or `last` for
/// where checksum files and texts about the release go.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Order {
    /// Where checksum files, NFO and DIZ go.
    Place(Place),
    /// Globs over the names of files.
    Globs(Vec<String>),
}

/// Where checksum files and texts about the release go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Place {
    /// Before everything else.
    First,
    /// When everything else is there.
    Last,
}

/// Checksum files and texts about a release.
const SMALL_ONES: [&str; 9] =
    ["*.sfv", "*.md5", "*.sha1", "*.sha256", "*.sha512", "*.b3", "*.blake3", "*.nfo", "*.diz"];

impl Default for Order {
    fn default() -> Self {
        Self::Globs(Vec::new())
    }
}

impl Order {
    /// Says which turn files take: the same number may go at the same time, lower ones go first.
    pub(super) fn turns(&self) -> Result<Turns, String> {
        let of = |globs: &[String]| globs.iter().map(|glob| set(std::slice::from_ref(glob))).collect();
        let words = || SMALL_ONES.map(str::to_owned);
        Ok(match self {
            Self::Place(Place::First) => Turns { globs: vec![set(&words())?], rest: 1 },
            Self::Place(Place::Last) => Turns { globs: vec![set(&[])?, set(&words())?], rest: 0 },
            Self::Globs(globs) => {
                let rest = globs.iter().position(|glob| glob == "*").unwrap_or(globs.len());
                let sets: Result<Vec<GlobSet>, String> = of(globs);
                let mut sets = sets?;
                if let Some(all) = sets.get_mut(rest) {
                    *all = set(&[])?;
                }
                Turns { globs: sets, rest }
            }
        })
    }
}

/// Which turn files take.
pub(super) struct Turns {
    globs: Vec<GlobSet>,
    rest: usize,
}

impl Turns {
    /// The turn of a file: globs are held against its whole name and against its last part.
    pub(super) fn of(&self, file: &str) -> usize {
        let last = file.rsplit('/').next().unwrap_or(file);
        let found = self.globs.iter().position(|globs| globs.is_match(file) || globs.is_match(last));
        found.unwrap_or(self.rest)
    }
}

fn set(globs: &[String]) -> Result<GlobSet, String> {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        let built = GlobBuilder::new(glob).case_insensitive(true).build();
        builder.add(built.map_err(|error| format!("`{glob}` is no glob: {}", error.kind()))?);
    }
    builder.build().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(order: Value, wanted: [usize; 3]) {
        let order: Order = serde_json::from_value(order).unwrap();
        let turns = order.turns().unwrap();
        assert_eq!(["a.rar", "sub/b.SFV", "c.nfo"].map(|file| turns.of(file)), wanted);
    }

    #[test]
    fn files_take_turns_as_configured() {
        check(serde_json::json!([]), [0, 0, 0]);
        check(serde_json::json!("first"), [1, 0, 0]);
        check(serde_json::json!("last"), [0, 1, 1]);
        check(serde_json::json!(["*.sfv", "*", "*.nfo"]), [1, 0, 2]);
        check(serde_json::json!(["*.nfo", "*.sfv"]), [2, 1, 0]);
        check(serde_json::json!(["sub/*"]), [1, 0, 1]);
    }

    #[test]
    fn a_glob_that_is_none_is_told() {
        assert!(Order::Globs(vec!["[".into()]).turns().is_err_and(|error| error.contains("is no glob")));
    }
}
