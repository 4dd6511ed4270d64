//! Reads Mobipocket and Kindle books: MOBI, AZW3 (KF8), files that hold both, and plain PalmDOC texts.
//!
//! Reads the headers and the cover's record, never the text. Unlocks nothing.
//! Format: Palm database, PalmDOC, MOBI and EXTH headers as the MobileRead community describes them.

mod describe;
mod exth;
mod header;
mod locale;
mod palm;

use super::{Cover, Damage, Found, Head, Limits, ReadError, Source, image};
use header::Header;
use palm::Database;

const MOBI: &str = "mobi";

/// A Palm database whose type and creator say that it is a book.
#[must_use]
pub fn sniff(head: &Head) -> bool {
    head.bytes
        .get(60..68)
        .is_some_and(|kind| palm::KINDS.iter().any(|(known, _)| kind.eq_ignore_ascii_case(known)))
}

/// Reads a book's facts.
///
/// # Errors
/// When the source cannot be read, or when the file ends before anything in it tells what it is.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let mut database =
        Database::open(source)?.ok_or_else(|| unreadable("it ends within its list of records"))?;
    let Some(header) = Header::parse(&database.record(0, limits.entry_bytes)?) else {
        return Err(unreadable("its first record, which describes it, is missing or cut off"));
    };
    let mut found = Found::new(if database.is_text { "pdb" } else { header.format() });
    describe::describe(&header, &database, &mut found, limits);
    if let Some(damage) = database.damage() {
        found.damaged(damage);
    }
    if let Some(cover) = cover_record(&mut database, &header, limits)? {
        found.facts.insert("cover".to_owned(), cover.fact());
    }
    Ok(found)
}

/// Reads a book's cover picture.
///
/// # Errors
/// As [`read`].
pub fn cover(source: &mut dyn Source, limits: &Limits) -> Result<Option<Cover>, ReadError> {
    let mut database =
        Database::open(source)?.ok_or_else(|| unreadable("it ends within its list of records"))?;
    let Some(header) = Header::parse(&database.record(0, limits.entry_bytes)?) else { return Ok(None) };
    cover_record(&mut database, &header, limits)
}

/// The picture that is named as the cover, else the thumbnail.
fn cover_record(
    database: &mut Database<'_>,
    header: &Header,
    limits: &Limits,
) -> Result<Option<Cover>, ReadError> {
    let Some(first) = header.first_image else { return Ok(None) };
    for kind in [exth::COVER, exth::THUMBNAIL] {
        let Some(offset) = header.exth.number(kind).filter(|offset| *offset != u32::MAX) else { continue };
        let Some(index) = first.checked_add(offset).and_then(|index| usize::try_from(index).ok()) else {
            continue;
        };
        let bytes = database.record(index, limits.cover_bytes)?;
        if let Some(picture) = image::look(&bytes) {
            return Ok(Some(Cover { media_type: picture.media_type, bytes }));
        }
    }
    Ok(None)
}

fn unreadable(what: &str) -> ReadError {
    ReadError::Unreadable { format: MOBI, damage: Damage::of(what) }
}

#[cfg(test)]
mod tests;
