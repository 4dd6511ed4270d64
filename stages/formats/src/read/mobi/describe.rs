//! What a book's header and its EXTH records say, as facts.
//!
//! Decides what counts as the title, an author, a program; reads no bytes of the file.

use super::exth::{self, Exth};
use super::header::Header;
use super::locale;
use super::palm::Database;
use crate::read::identifier::{classify, isbn13};
use crate::read::language::bcp47;
use crate::read::markup::{collapse, decode_references, plain};
use crate::read::{Found, Limits};
use serde_json::Map;

/// Puts down every fact that the headers hold.
pub fn describe(header: &Header, database: &Database<'_>, found: &mut Found, limits: &Limits) {
    let exth = &header.exth;
    let decode = |bytes: &[u8]| {
        let text = header.encoding.decode_without_bom_handling(bytes).0;
        decode_references(text.trim_matches(|c: char| c.is_whitespace() || c == '\0')).into_owned()
    };
    let texts = |kind: u32| exth.all(kind).map(decode).filter(|text| !text.is_empty()).collect::<Vec<_>>();
    let long = texts(exth::TITLE).pop();
    let title =
        long.or_else(|| header.full_name.as_deref().map(decode)).filter(|title| !title.trim().is_empty());
    // A database's name has neither spaces nor accents, as a rule.
    let title = title.unwrap_or_else(|| decode(&database.name).replace('_', " "));
    found.set_text("title", &title, limits);
    let authors: Vec<String> = texts(exth::AUTHOR).iter().flat_map(|names| people(names)).collect();
    found.set_list("authors", authors.iter().map(String::as_str), limits);
    let (programs, contributors): (Vec<_>, Vec<_>) =
        texts(exth::CONTRIBUTOR).into_iter().partition(|name| is_program(name));
    found.set_list("contributors", contributors.iter().map(String::as_str), limits);
    if let Some(producer) = programs.first() {
        found.set_text("producer", producer, limits);
    }
    if let Some(publisher) = texts(exth::PUBLISHER).pop().filter(|name| name != "Unknown") {
        found.set_text("publisher", &publisher, limits);
    }
    if let Some(date) = texts(exth::PUBLISHED).pop() {
        found.set_date(&date);
    }
    let language = texts(exth::LANGUAGE).iter().find_map(|text| bcp47(text));
    if let Some(language) = language.or_else(|| header.locale.and_then(locale::tag)) {
        found.set_text("language", &language, limits);
    }
    if let Some(description) = texts(exth::DESCRIPTION).pop() {
        found.set_lines("description", &plain(&description), limits);
    }
    let subjects = texts(exth::SUBJECT);
    found.set_list("subjects", subjects.iter().flat_map(|subject| subject.split(';')), limits);
    if let Some(rights) = texts(exth::RIGHTS).first() {
        found.set_text("rights", rights, limits);
    }
    identifiers(&texts, found);
    found.facts.insert("encrypted".to_owned(), (header.encrypted || is_locked(exth)).into());
}

/// The people in one record: divided by `;` or ` & `, and each put back in the order of speech when it stands in that of
/// a catalogue, `Doe, Jane`.
fn people(names: &str) -> Vec<String> {
    let each =
        names.split(';').flat_map(|names| names.split(" & ")).map(collapse).filter(|name| !name.is_empty());
    each.map(|name| match name.split_once(", ") {
        Some((last, first))
            if !first.contains(',') && !last.trim().is_empty() && !first.trim().is_empty() =>
        {
            format!("{} {}", first.trim(), last.trim())
        }
        _ => name,
    })
    .filter(|name| name != "Unknown")
    .collect()
}

/// Conversion programs put themselves down as contributors; a version number tells them from people.
fn is_program(name: &str) -> bool {
    name.contains("://") || name.contains(" (") && name.contains(|c: char| c.is_ascii_digit())
}

/// A record with the key of a lock, and not one with nothing in it.
fn is_locked(exth: &Exth) -> bool {
    exth::LOCKS.iter().any(|lock| exth.all(*lock).any(|value| value.len() > 4))
}

fn identifiers(texts: &dyn Fn(u32) -> Vec<String>, found: &mut Found) {
    let mut map = Map::new();
    if let Some(isbn) = texts(exth::ISBN).iter().find_map(|isbn| isbn13(isbn.trim_start_matches("urn:isbn:")))
    {
        map.insert("isbn".to_owned(), isbn.into());
    }
    for source in texts(exth::SOURCE) {
        let named = source.starts_with("calibre:") || source.to_ascii_lowercase().starts_with("urn:");
        if let Some((key, value)) = classify(&source, None).filter(|_| named) {
            map.entry(key).or_insert_with(|| value.into());
        }
    }
    // Conversion programs put an identifier of their own where the shop has its number.
    for asin in texts(exth::ASIN).into_iter().chain(texts(exth::ASIN_OF_OLD)) {
        let scheme = Some("asin").filter(|_| is_asin(&asin));
        if let Some((key, value)) = classify(&asin, scheme) {
            map.entry(key).or_insert_with(|| value.into());
        }
    }
    if let Some(isbn) = map.get("isbn") {
        found.facts.insert("isbn".to_owned(), isbn.clone());
    }
    found.set_map("identifiers", map);
}

fn is_asin(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}
