//! Reads RTF: the group of properties, the running text in whatever code pages its fonts are in.
//!
//! Objects, pictures and fields are skipped by their braces, never looked into.
//! Format: RTF 1.9.1, and what older and careless writers leave out.

mod document;
mod tokens;
mod words;

use super::properties::{Properties, fill};
use super::{Damage, Found, Head, Limits, ReadError, Source, codepage};
use document::Document;
use std::io::Read;

const FORMAT: &str = "rtf";
const SIGNATURE: &[u8] = b"{\\rtf";

/// A file that begins with the first group, after white space or a mark that does not belong there.
#[must_use]
pub fn sniff(head: &Head) -> bool {
    let start = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head.bytes);
    start.trim_ascii_start().starts_with(SIGNATURE)
}

/// Reads a document's facts.
///
/// # Errors
/// When the source cannot be read.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let mut found = Found::new(FORMAT);
    source.rewind()?;
    let mut bytes = Vec::new();
    source.take(limits.entry_bytes + 1).read_to_end(&mut bytes)?;
    let cut = bytes.len() as u64 > limits.entry_bytes;
    let document = Document::parse(&bytes, limits);
    if document.is_open && cut {
        found.note(format!("longer than {} bytes: words were not counted", limits.entry_bytes));
    } else if document.is_open {
        let what = format!("the file ends at byte {} within a group", bytes.len());
        found.damaged(Damage { what, at: Some(bytes.len() as u64) });
    }
    if document.is_too_deep {
        found.damaged(Damage::of("groups nested too deep"));
    }
    let default = document.language.and_then(codepage::language).map(str::to_owned);
    let mut properties: Properties = document.properties;
    if properties.words.is_none_or(|words| words == 0) && !document.is_open {
        properties.words = Some(document.prose.words());
    }
    let language = document.prose.language_or(default).unwrap_or_default();
    fill(&mut properties.language, &language);
    properties.put(&mut found, limits);
    Ok(found)
}

#[cfg(test)]
mod tests;
