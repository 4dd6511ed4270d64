//! Reads PDF files: what they say about themselves, and how many pages they have.
//!
//! Reads objects where they lie and never the whole file, unless its cross-reference is broken. Draws nothing.
//! Format: ISO 32000-2, and what programs wrote before and beside it.

mod crypt;
mod describe;
mod file;
mod filter;
mod object;
mod pages;
mod parse;
mod rebuild;
mod text;
mod xmp;
mod xref;

use super::{Damage, Found, Head, Limits, ReadError, Source};
use crypt::Crypt;
use file::File;
use object::{Dictionary, Object};
use xmp::Xmp;

const FORMAT: &str = "pdf";
const HEADER: &[u8] = b"%PDF-";

/// Bytes before the header that readers put up with.
const MOST_JUNK: usize = 1024;

/// A file that begins with a header, or has one behind some junk with objects to follow.
#[must_use]
pub fn sniff(head: &Head) -> bool {
    let Some(at) = header(&head.bytes) else { return false };
    let rest = head.bytes.get(at + HEADER.len()..).unwrap_or_default();
    let version = rest.first().is_some_and(u8::is_ascii_digit);
    at == 0 || version && rest.windows(4).any(|word| word == b" obj")
}

/// Reads a document's facts.
///
/// # Errors
/// When the source cannot be read, or when there is no catalogue in the file and nothing that describes it.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let mut found = Found::new(FORMAT);
    let head = Head::start(source)?;
    let shift = header(&head.bytes).unwrap_or_default() as u64;
    let mut file = File::new(source, head.size, shift, limits);
    let catalog = open(&mut file);
    if file.seen.is_some() {
        found.note("the cross-reference is broken; the objects were looked for");
    }
    let encrypted = file.crypt.is_some();
    let trailer = file.trailer.clone();
    let information = match file.value(&trailer, "Info") {
        Object::Dictionary(information) => information,
        _ => Dictionary::default(),
    };
    let xmp = catalog.as_ref().and_then(|catalog| packet(&mut file, catalog, limits)).unwrap_or_default();
    describe::describe(&mut file, &information, &xmp, &mut found, limits);
    if let Some(catalog) = &catalog {
        describe::language(&mut file, catalog, &xmp, &mut found, limits);
        match pages::count(&mut file, catalog) {
            Some(pages) => {
                found.facts.insert("pages".to_owned(), pages.into());
            }
            None if encrypted => {}
            None => found.damaged(Damage::of("its pages were not found; the file may be cut off")),
        }
    }
    if file.crypt.as_ref().is_some_and(|crypt| !crypt.is_open()) {
        found.note("encrypted with a password, without which its texts cannot be read");
    }
    if let Some(failure) = file.failure.take() {
        return Err(failure.into());
    }
    if catalog.is_none() && !encrypted {
        let damage = Damage::of("no catalogue of the document was found");
        if found.facts.is_empty() {
            return Err(ReadError::Unreadable { format: FORMAT, damage });
        }
        found.damaged(damage);
    }
    if file.budget == 0 {
        found.damaged(Damage::of("reading it takes more than is allowed"));
    }
    found.facts.insert("encrypted".to_owned(), encrypted.into());
    Ok(found)
}

fn header(bytes: &[u8]) -> Option<usize> {
    bytes.windows(HEADER.len()).take(MOST_JUNK).position(|word| word == HEADER)
}

/// Finds the objects and the key. Gives the catalogue.
fn open(file: &mut File<'_>) -> Option<Dictionary> {
    if !xref::read(file) {
        rebuild::rebuild(file);
    }
    file.crypt = Crypt::open(file);
    let catalog = |file: &mut File<'_>| {
        let root = file.trailer.get("Root").clone();
        file.resolve(&root).dictionary().filter(|root| !root.is_empty()).cloned()
    };
    let like = |catalog: &Dictionary| {
        !matches!(catalog.get("Pages"), Object::Null) || catalog.names("Type", "Catalog")
    };
    if let Some(catalog) = catalog(file).filter(like) {
        return Some(catalog);
    }
    // Without the key, a catalogue in an object stream stays hidden, however one looks for it.
    if file.seen.is_none() && file.crypt.as_ref().is_none_or(Crypt::is_open) {
        rebuild::rebuild(file);
    }
    catalog(file).filter(like)
}

fn packet(file: &mut File<'_>, catalog: &Dictionary, limits: &Limits) -> Option<Xmp> {
    let id = catalog.get("Metadata").reference()?;
    let loaded = file.load(id.number);
    let bytes = file.stream(&loaded)?;
    Some(Xmp::parse(&bytes, limits))
}

#[cfg(test)]
mod tests;
