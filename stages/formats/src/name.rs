//! Release names, both ways: `parse` reads facts from a name, `build` writes a name from facts.
//!
//! Works on text alone: no file is opened and no network asked, and no name is too odd to be read. The words of the
//! grammar are the text files under `name/vocabulary`.

mod book;
mod build;
mod cursor;
mod date;
mod dots;
mod group;
mod kind;
pub mod language;
mod layout;
mod marks;
mod music;
mod numbering;
mod path;
mod title;
mod tokens;
mod video;
mod vocabulary;

use serde_json::{Map, Value};

pub use build::{BuildError, KINDS, LONGEST, LONGEST_BOOK, build};
pub use dots::{dots, truncate};

/// Longest name that is read, in bytes; the rest of a longer one is left out. It is the longest path that systems take,
/// and bounds the time that a hostile name can cost.
const LONGEST_NAME: usize = 4_096;

/// What a name tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// What it is the name of: `tv`, `movie`, `ebook`, `comic`, `magazine`, `docs`, `music`, `game`, `app`, …, `unknown`.
    pub kind: &'static str,
    /// The facts by name.
    pub facts: Map<String, Value>,
}

/// Reads the name of a release, or of a file in one, with or without the folders it lies in.
#[must_use]
pub fn parse(name: &str) -> Parsed {
    let name = floor(name, LONGEST_NAME);
    path::parse(&path::parts(name)).unwrap_or_else(|| read(name))
}

/// Reads a name without folders.
fn read(name: &str) -> Parsed {
    let (stem, extension) = split_extension(name);
    let file = extension.and_then(|extension| vocabulary::container(&extension.to_lowercase()));
    let layout = layout::lay_out(stem, file == Some("video"));
    let maker = group::find(&layout);
    let kind = kind::of(&layout, file);
    let mut facts = video::facts(&layout, &maker);
    if let Some(extension) = extension {
        facts.insert("container".into(), extension.to_lowercase().into());
    }
    match kind {
        "ebook" | "comic" | "magazine" | "docs" => book::amend(&layout, kind, &mut facts),
        "music" | "audiobook" => music::amend(&layout, &mut facts),
        "game" | "app" => music::amend_program(&layout, &mut facts),
        _ => {}
    }
    Parsed { kind, facts }
}

/// The beginning of a text, of at most `most` bytes.
fn floor(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

/// A name and its extension, if it has one that files have.
fn split_extension(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('.') {
        Some((stem, extension))
            if !stem.is_empty() && vocabulary::container(&extension.to_lowercase()).is_some() =>
        {
            (stem, Some(extension))
        }
        _ => (name, None),
    }
}

#[cfg(test)]
mod tests;
