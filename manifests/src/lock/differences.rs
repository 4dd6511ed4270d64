//! Where two locks differ, thing by thing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use engine::Fact;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Lock, LockedFile, LockedRelease};

/// Something that is not in one lock what it is in another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "Change of a lock")]
pub struct LockDifference {
    /// What it is, such as ``source `book.epub` of The.Tale-GRP``.
    pub what: String,
    /// What it is in the first lock; absent where that has no such thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What it is in the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

impl Lock {
    /// Everything in which another lock differs from this one.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<LockDifference> {
        let mut found = Found::default();
        found.value("Bindery", Some(&self.bindery), Some(&other.bindery));
        found.value("the manifest language", Some(&self.language), Some(&other.language));
        found.all(
            &self.manifest,
            &other.manifest,
            |key| format!("`{key}` of the manifest"),
            |digest| short(digest),
        );
        found.all(&self.files, &other.files, |file| format!("file `{file}`"), |digest| short(digest));
        found.all(&self.assets, &other.assets, str::to_owned, |digest| short(digest));
        found.all(&self.stages, &other.stages, |stage| format!("stage `{stage}`"), ToString::to_string);
        let items: BTreeSet<Option<&str>> =
            self.releases.iter().chain(&other.releases).map(|release| release.item.as_deref()).collect();
        for item in items {
            found.release(self.release(item), other.release(item));
        }
        found.0
    }
}

impl LockedRelease {
    /// Everything in which another release differs from this one.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<LockDifference> {
        let mut found = Found::default();
        found.release(Some(self), Some(other));
        found.0
    }
}

#[derive(Default)]
struct Found(Vec<LockDifference>);

impl Found {
    fn release(&mut self, old: Option<&LockedRelease>, new: Option<&LockedRelease>) {
        let (Some(old), Some(new)) = (old, new) else {
            let title = |release: Option<&LockedRelease>| release.map(|release| release.name.clone());
            let item = old.or(new).and_then(|release| release.item.clone());
            let what = item.map_or_else(|| "release".into(), |item| format!("release of `{item}`"));
            return self.value(&what, title(old).as_ref(), title(new).as_ref());
        };
        let of = format!(" of {}", if old.name.is_empty() { &new.name } else { &old.name });
        self.value(&format!("name{of}"), Some(&old.name), Some(&new.name));
        self.value(&format!("time{of}"), Some(&old.time), Some(&new.time));
        self.all(&old.sources, &new.sources, |name| format!("source `{name}`{of}"), file);
        let (before, after) = (facts(old), facts(new));
        self.all(&before, &after, |name| format!("fact {name}{of}"), |known| fact(known));
        self.all(&old.outputs, &new.outputs, |name| format!("file `{name}`{of}"), file);
    }

    fn all<T: PartialEq>(
        &mut self,
        old: &BTreeMap<String, T>,
        new: &BTreeMap<String, T>,
        what: impl Fn(&str) -> String,
        text: impl Fn(&T) -> String,
    ) {
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let (before, after) = (old.get(name), new.get(name));
            if before != after {
                self.value(&what(name), before.map(&text).as_ref(), after.map(&text).as_ref());
            }
        }
    }

    fn value<T: ToString + PartialEq>(&mut self, what: &str, old: Option<&T>, new: Option<&T>) {
        if old != new {
            let (old, new) = (old.map(ToString::to_string), new.map(ToString::to_string));
            self.0.push(LockDifference { what: what.to_owned(), old, new });
        }
    }
}

/// The facts of a release by step and name.
fn facts(release: &LockedRelease) -> BTreeMap<String, &Fact> {
    let all = release.facts.iter().flat_map(|(step, facts)| {
        facts.iter().map(move |(name, fact)| (format!("`{name}` of step `{step}`"), fact))
    });
    all.collect()
}

fn fact(fact: &Fact) -> String {
    let at = if fact.at.is_empty() { String::new() } else { format!(" at {}", fact.at) };
    format!("{} (from {}{at})", fact.value, fact.from)
}

fn file(file: &LockedFile) -> String {
    format!("{} bytes, {}", file.size, short(&file.blake3))
}

/// Enough of a digest for people.
fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

impl fmt::Display for LockDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) if old == new => write!(f, "{} differs", self.what),
            (Some(old), Some(new)) => write!(f, "{}: {old} → {new}", self.what),
            (Some(old), None) => write!(f, "{} is gone, was {old}", self.what),
            (None, Some(new)) => write!(f, "{} is new: {new}", self.what),
            (None, None) => write!(f, "{}", self.what),
        }
    }
}
