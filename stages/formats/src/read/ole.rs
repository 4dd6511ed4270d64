//! Reads Office files of before 2007, and sees that newer ones are encrypted: both are OLE 2 containers.
//!
//! Looks at property sets and the few bytes that tell encryption; macros and embedded objects are never touched.
//! Format: MS-CFB, MS-OLEPS, and of MS-DOC, MS-XLS and MS-PPT what says that a document is encrypted.

pub(super) mod compound;
mod property_set;

use super::properties::{Properties, fill};
use super::{Damage, Found, Head, Limits, ReadError, Source};
use compound::Compound;
use property_set::Value;

/// A Word document.
#[must_use]
pub fn is_word(head: &Head) -> bool {
    is(head, &["WordDocument"])
}

/// An Excel workbook.
#[must_use]
pub fn is_excel(head: &Head) -> bool {
    is(head, &["Workbook", "Book"])
}

/// A PowerPoint presentation.
#[must_use]
pub fn is_powerpoint(head: &Head) -> bool {
    is(head, &["PowerPoint Document"])
}

/// A newer document of whatever kind, sealed with a password.
#[must_use]
pub fn is_sealed(head: &Head) -> bool {
    is(head, &["EncryptedPackage"])
}

/// Reads a document's facts.
///
/// # Errors
/// When the container cannot be read.
pub fn read_word(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    read("doc", word_is_encrypted, source, limits)
}

/// Reads a workbook's facts.
///
/// # Errors
/// As [`read_word`].
pub fn read_excel(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    read("xls", excel_is_encrypted, source, limits)
}

/// Reads a presentation's facts.
///
/// # Errors
/// As [`read_word`].
pub fn read_powerpoint(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    read("ppt", powerpoint_is_encrypted, source, limits)
}

/// Reads what a sealed document still tells, which is little.
///
/// # Errors
/// As [`read_word`].
pub fn read_sealed(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    read("ooxml", |_| true, source, limits)
}

fn is(head: &Head, names: &[&str]) -> bool {
    head.bytes.starts_with(compound::SIGNATURE) && names.iter().any(|name| head.has_member(name))
}

fn read(
    format: &'static str,
    is_encrypted: fn(&mut Compound<'_>) -> bool,
    source: &mut dyn Source,
    limits: &Limits,
) -> Result<Found, ReadError> {
    let mut found = Found::new(format);
    let mut compound =
        Compound::open(source, limits).map_err(|damage: Damage| ReadError::Unreadable { format, damage })?;
    found.facts.insert("encrypted".to_owned(), is_encrypted(&mut compound).into());
    let mut properties = Properties::default();
    if let Some(bytes) = compound.read("\u{5}SummaryInformation", limits.entry_bytes) {
        property_set::read(&bytes).into_iter().for_each(|(id, value)| summary(id, value, &mut properties));
    }
    if let Some(bytes) = compound.read("\u{5}DocumentSummaryInformation", limits.entry_bytes) {
        for (id, value) in property_set::read(&bytes) {
            match (id, value) {
                (2, Value::Text(category)) => properties.topics.push(category),
                (7, Value::Number(slides)) if format == "ppt" => {
                    properties.pages = u64::try_from(slides).ok()
                }
                _ => {}
            }
        }
        for (name, value) in property_set::read_named(&bytes) {
            properties.custom(&name, &value);
        }
    }
    properties.put(&mut found, limits);
    Ok(found)
}

fn summary(id: u32, value: Value, properties: &mut Properties) {
    match (id, value) {
        (2, Value::Text(title)) => fill(&mut properties.title, &title),
        (3, Value::Text(subject)) => properties.topics.push(subject),
        (4, Value::Text(author)) => properties.authors.push(author),
        (5, Value::Text(keywords)) => properties.keywords.push(keywords),
        (6, Value::Text(comments)) => fill(&mut properties.description, &comments),
        (12, Value::Moment(created)) => fill(&mut properties.date, &created),
        (14, Value::Number(pages)) => properties.pages = u64::try_from(pages).ok(),
        (15, Value::Number(words)) => properties.words = u64::try_from(words).ok(),
        (18, Value::Text(program)) => fill(&mut properties.producer, &program),
        _ => {}
    }
}

/// A flag in the header of the document's stream.
fn word_is_encrypted(compound: &mut Compound<'_>) -> bool {
    let header = compound.read("WordDocument", 32).unwrap_or_default();
    header.get(11).is_some_and(|flags| flags & 1 != 0)
}

/// A record among the first of the workbook's.
fn excel_is_encrypted(compound: &mut Compound<'_>) -> bool {
    const FILE_PASS: u16 = 0x2f;
    let start = compound.read("Workbook", 4096).or_else(|| compound.read("Book", 4096)).unwrap_or_default();
    let mut rest = start.as_slice();
    while let [low, high, short, long, after @ ..] = rest {
        if u16::from_le_bytes([*low, *high]) == FILE_PASS {
            return true;
        }
        rest = after.get(usize::from(u16::from_le_bytes([*short, *long]))..).unwrap_or_default();
    }
    false
}

/// The stream that names the current user has another signature then.
fn powerpoint_is_encrypted(compound: &mut Compound<'_>) -> bool {
    const ENCRYPTED: [u8; 4] = 0xf3d1_c4df_u32.to_le_bytes();
    let user = compound.read("Current User", 32).unwrap_or_default();
    user.get(12..16) == Some(ENCRYPTED.as_slice())
}

#[cfg(test)]
mod tests;
