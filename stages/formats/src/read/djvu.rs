//! Reads DjVu documents: how many pages, how large the first is, what the annotations say.
//!
//! Walks chunks by their lengths; no picture is decoded. Metadata that is compressed stays unread.
//! Format: DjVu 3 (IFF chunks, `DIRM`, `INFO`, `ANTa`).

use super::properties::{Properties, fill};
use super::{Damage, Found, Head, Limits, ReadError, Source};
use std::io::{Read, SeekFrom};

const FORMAT: &str = "djvu";
const SIGNATURE: &[u8] = b"AT&TFORM";

/// A form of one page or of many.
#[must_use]
pub fn sniff(head: &Head) -> bool {
    head.bytes.starts_with(SIGNATURE)
        && head.bytes.get(12..16).is_some_and(|kind| matches!(kind, b"DJVM" | b"DJVU"))
}

/// Reads a document's facts.
///
/// # Errors
/// When the source cannot be read, or has no directory and no page.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    /// More chunks than this before the first page are none of a real document.
    const MOST: usize = 10_000;
    let head = Head::start(source)?;
    let mut found = Found::new(FORMAT);
    let mut properties = Properties::default();
    let is_bundle = head.bytes.get(12..16) == Some(b"DJVM".as_slice());
    let declared = head.bytes.get(8..12).and_then(long).unwrap_or_default();
    let end = head.size.min(u64::from(declared).saturating_add(12));
    if u64::from(declared).saturating_add(12) > head.size {
        found.damaged(Damage { what: "the file is shorter than it says".to_owned(), at: Some(head.size) });
    }
    let mut at = 16;
    let mut pages = 0;
    let mut directory = None;
    for _ in 0..MOST {
        let Some((name, length)) = chunk(source, at, end)? else { break };
        let content = at + 8;
        match &name {
            b"DIRM" => {
                directory = bytes(source, content, 3)?
                    .get(1..3)
                    .map(|count| u64::from(u16::from_be_bytes([count[0], count[1]])))
            }
            b"ANTa" => annotations(
                &bytes(source, content, u64::from(length).min(limits.entry_bytes))?,
                &mut properties,
            ),
            b"FORM" => {
                let kind = bytes(source, content, 4)?;
                pages += u64::from(kind == b"DJVU");
                if kind == b"DJVU" || kind == b"DJVI" {
                    inner(
                        source,
                        content + 4,
                        content.saturating_add(u64::from(length)).min(end),
                        &mut properties,
                        limits,
                    )?;
                }
            }
            _ => {}
        }
        at = content.saturating_add(u64::from(length)).saturating_add(u64::from(length & 1));
    }
    // The directory counts shared parts too, so pages that were seen count more.
    properties.pages = match (is_bundle, pages) {
        (false, _) => Some(1),
        (true, 0) => directory,
        (true, pages) => Some(pages),
    };
    properties.put(&mut found, limits);
    if found.facts.is_empty() {
        let damage = found.damage.unwrap_or_else(|| Damage::of("no directory and no page"));
        return Err(ReadError::Unreadable { format: FORMAT, damage });
    }
    Ok(found)
}

/// Annotations within a page or a part that pages share.
fn inner(
    source: &mut dyn Source,
    mut at: u64,
    end: u64,
    properties: &mut Properties,
    limits: &Limits,
) -> Result<(), ReadError> {
    const MOST: usize = 16;
    for _ in 0..MOST {
        let Some((name, length)) = chunk(source, at, end)? else { break };
        if &name == b"ANTa" {
            annotations(&bytes(source, at + 8, u64::from(length).min(limits.entry_bytes))?, properties);
        }
        at = at.saturating_add(8 + u64::from(length) + u64::from(length & 1));
    }
    Ok(())
}

/// The name and length of the chunk at this place, when it begins before `end`.
fn chunk(source: &mut dyn Source, at: u64, end: u64) -> Result<Option<([u8; 4], u32)>, ReadError> {
    if at.saturating_add(8) > end {
        return Ok(None);
    }
    let header = bytes(source, at, 8)?;
    let (Some(name), Some(length)) = (header.first_chunk::<4>(), header.get(4..8).and_then(long)) else {
        return Ok(None);
    };
    Ok(Some((*name, length)))
}

fn bytes(source: &mut dyn Source, at: u64, count: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    source.seek(SeekFrom::Start(at))?;
    source.take(count).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn long(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// `(metadata (title "A") (author "B"))` among other expressions.
fn annotations(bytes: &[u8], properties: &mut Properties) {
    let text = String::from_utf8_lossy(bytes);
    let Some((_, metadata)) = text.split_once("(metadata") else { return };
    let mut rest = metadata;
    while let Some((_, entry)) = rest.split_once('(') {
        let Some((key, after)) = entry.split_once('"') else { return };
        let (value, after) = quoted(after);
        let field = match key.trim().to_ascii_lowercase().as_str() {
            "title" | "booktitle" => Some(&mut properties.title),
            "publisher" => Some(&mut properties.publisher),
            "year" | "date" | "creationdate" => Some(&mut properties.date),
            "producer" => Some(&mut properties.producer),
            "note" | "description" => Some(&mut properties.description),
            "series" => Some(&mut properties.series),
            "language" => Some(&mut properties.language),
            _ => None,
        };
        match (field, key.trim().to_ascii_lowercase().as_str()) {
            (Some(field), _) => fill(field, &value),
            (None, "author") => properties.authors.push(value.replace(" and ", "; ")),
            (None, "subject") => properties.topics.push(value),
            (None, "keywords") => properties.keywords.push(value),
            (None, key @ ("isbn" | "doi")) => properties.identifiers.push((value, Some(key.to_owned()))),
            _ => {}
        }
        rest = after;
    }
}

/// A text up to its quotation mark, with escapes undone, and what follows.
fn quoted(text: &str) -> (String, &str) {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    loop {
        match rest {
            [] | [b'"', ..] => break,
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] => {
                bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = after;
            }
            [b'\\', b'n' | b't' | b'r', after @ ..] => {
                bytes.push(b' ');
                rest = after;
            }
            [b'\\', byte, after @ ..] | [byte, after @ ..] => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    let end = text.len() - rest.len().saturating_sub(1);
    (String::from_utf8_lossy(&bytes).into_owned(), text.get(end..).unwrap_or_default())
}

#[cfg(test)]
mod tests;
