//! Reads EPUB 2 and 3 books: the container, its package document, the cover.
//!
//! Opens members by name alone and writes nothing, so no name in a book can lead out of it.
//! Format: EPUB 3.3 (OCF and package document), OPF 2.0.1, and what library managers add to them.

mod container;
mod cover;
mod metadata;
mod package;
mod pages;

use super::xml;
use super::zipped::{Container, Member};
use super::{Cover, Damage, Found, Head, Limits, ReadError, Source};
use package::Package;

const FORMAT: &str = "epub";
const MIMETYPE: &[u8] = b"application/epub+zip";

/// A ZIP that calls itself an EPUB or has an OCF container in it; a damaged one is known by its first members.
#[must_use]
pub fn sniff(head: &Head) -> bool {
    let holds = |needle: &[u8]| head.bytes.windows(needle.len()).any(|window| window == needle);
    head.bytes.starts_with(b"PK")
        && (head.mimetype() == Some(MIMETYPE)
            || head.has_member(container::CONTAINER)
            || head.members.is_empty()
                && (holds(container::CONTAINER.as_bytes()) || holds(b"mimetypeapplication/epub+zip")))
}

/// Reads a book's facts.
///
/// # Errors
/// When it is no ZIP, or holds no package document with metadata in it.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let mut found = Found::new(FORMAT);
    let mimetype_is_first = Head::start(source)?.mimetype() == Some(MIMETYPE);
    if !mimetype_is_first {
        found.note("the first member is not a stored `mimetype`");
    }
    let mut container = Container::open(source, limits).map_err(unreadable)?;
    let package = open_package(&mut container, &mut found, limits)?;
    metadata::describe(&package, &mut found, limits);
    if let Some(pages) = pages::count(&mut container, &package, limits) {
        found.facts.insert("pages".to_owned(), pages.into());
    }
    let told = !found.facts.is_empty();
    let encrypted = container::is_encrypted(&mut container, limits);
    found.facts.insert("encrypted".to_owned(), encrypted.into());
    if let Some(picture) = cover::find(&mut container, &package, limits) {
        found.facts.insert("cover".to_owned(), picture.fact());
    } else if package.names_cover() {
        found.note("the cover it names is not there or no picture");
    }
    // That a book is encrypted is worth telling even when nothing else can be.
    if told || encrypted {
        return Ok(found);
    }
    Err(unreadable(found.damage.unwrap_or_else(|| Damage::of("the package document has no metadata"))))
}

/// Reads a book's cover picture.
///
/// # Errors
/// When it is no ZIP, or holds no package document.
pub fn cover(source: &mut dyn Source, limits: &Limits) -> Result<Option<Cover>, ReadError> {
    let mut container = Container::open(source, limits).map_err(unreadable)?;
    let package = open_package(&mut container, &mut Found::new(FORMAT), limits)?;
    Ok(cover::find(&mut container, &package, limits))
}

fn open_package(
    container: &mut Container<'_>,
    found: &mut Found,
    limits: &Limits,
) -> Result<Package, ReadError> {
    let path = container::package_path(container, found, limits).map_err(unreadable)?;
    let member = container.read(&path, limits.entry_bytes);
    let Some(Member { bytes, damage, cut }) = member else {
        return Err(unreadable(Damage::of(format!(
            "the package document `{}` is missing",
            super::zipped::printable(&path)
        ))));
    };
    if let Some(damage) = damage {
        found.damaged(damage);
    }
    if cut {
        found
            .damaged(Damage::of(format!("the package document is longer than {} bytes", limits.entry_bytes)));
    }
    let document = xml::parse(&bytes, limits);
    found.notes.extend(document.notes);
    if let Some(damage) = document.damage {
        found.damaged(Damage::of(format!("the package document: {damage}")));
    }
    Ok(Package::new(path, document.root))
}

fn unreadable(damage: Damage) -> ReadError {
    ReadError::Unreadable { format: FORMAT, damage }
}

#[cfg(test)]
mod tests;
