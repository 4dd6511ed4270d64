//! What a release and a file in it may be called.

use std::path::{Component, Path};

use crate::{Artifact, StageError};

/// What a release may be called: one path component without separators or control characters.
pub(super) fn release_name(name: &str) -> Result<(), StageError> {
    let bad = if name.is_empty() {
        Some("is empty".to_owned())
    } else if name.len() > 250 {
        Some(format!(
            "has {} bytes, and file systems take no more than 250 with a temporary suffix",
            name.len()
        ))
    } else if name.starts_with('.') {
        Some("begins with a dot".to_owned())
    } else {
        name.chars().find(|&c| c.is_control() || "/\\:*?\"<>|".contains(c)).map(|c| format!("holds {c:?}"))
    };
    bad.map_or(Ok(()), |why| {
        let shown: String = name.chars().take(80).collect();
        Err(StageError::new("release/name", format!("the release name {shown:?} {why}"))
            .hint("use the filters `dots` or `ascii` in the `name` template"))
    })
}

/// A name inside a release: relative, without `..`, and free of control characters.
pub(super) fn inner_name(artifact: &Artifact) -> Result<(), StageError> {
    let name = artifact.name.as_str();
    let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if !plain || name.is_empty() || name.contains('\\') || name.chars().any(char::is_control) {
        return Err(StageError::new(
            "release/escape",
            format!("the file name {name:?} leads out of the release"),
        )
        .hint("a `file`, `base` or `into` is a relative path without `..`"));
    }
    Ok(())
}
