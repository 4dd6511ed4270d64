//! What a PDF's information dictionary and its XMP packet say, as facts.
//!
//! The packet is the newer of the two and the one that standards name, so it wins where it says something sane; the
//! dictionary fills in.

use super::file::File;
use super::object::Dictionary;
use super::text;
use super::xmp::{self, BASIC, CALIBRE, DUBLIN_CORE, PDF, PDFX, PRISM, Xmp};
use crate::read::facts::number;
use crate::read::identifier::classify;
use crate::read::language::bcp47;
use crate::read::markup::{collapse, plain};
use crate::read::{Found, Limits};
use serde_json::Map;

/// Puts down what both say.
pub fn describe(
    file: &mut File<'_>,
    information: &Dictionary,
    xmp: &Xmp,
    found: &mut Found,
    limits: &Limits,
) {
    let mut said = |name: &str| {
        let value = file.value(information, name);
        value.text().map(|text| collapse(&text::decode(text))).filter(|text| is_sane(text))
    };
    let packet = |space, name| xmp.first(space, name).filter(|text| is_sane(text));
    let titles = [packet(DUBLIN_CORE, "title"), said("Title")];
    set(found, "title", titles.into_iter().flatten().find(|title| !is_placeholder(title)), limits);
    set(found, "subtitle", xmp.first(PRISM, "subtitle"), limits);
    let authors = authors(xmp.all(DUBLIN_CORE, "creator"), said("Author"));
    found.set_list("authors", authors.iter().map(String::as_str), limits);
    let contributors = xmp.all(DUBLIN_CORE, "contributor");
    found.set_list("contributors", contributors.iter().map(String::as_str), limits);
    set(found, "publisher", xmp.first(DUBLIN_CORE, "publisher"), limits);
    let date = said("CreationDate").and_then(|date| text::date(&date).or(Some(date)));
    let published = ["publicationDate", "coverDate"].iter().find_map(|name| xmp.first(PRISM, name));
    let dates = [published, xmp.first(DUBLIN_CORE, "date"), xmp.first(BASIC, "CreateDate"), date];
    if let Some(date) = dates.into_iter().flatten().find(|date| crate::read::facts::date(date).is_some()) {
        found.set_date(&date);
    }
    if let Some(description) = packet(DUBLIN_CORE, "description").or_else(|| said("Subject")) {
        found.set_lines("description", &plain(&description), limits);
    }
    subjects(said("Keywords"), xmp, found, limits);
    set(found, "producer", packet(PDF, "Producer").or_else(|| said("Producer")), limits);
    set(found, "rights", xmp.first(DUBLIN_CORE, "rights"), limits);
    let named = [("isbn", said("ISBN")), ("doi", said("doi").or_else(|| said("DOI")))];
    identifiers(named, xmp, found, limits);
    if let Some(series) = xmp.property(CALIBRE, "series") {
        let name = xmp::part(series, "value").unwrap_or_else(|| series.text());
        found.set_text("series", &name, limits);
        if let Some(index) = xmp::part(series, "series_index").as_deref().and_then(number) {
            found.facts.insert("series_index".to_owned(), index.into());
        }
    }
}

/// The language of the document's text.
pub fn language(file: &mut File<'_>, catalog: &Dictionary, xmp: &Xmp, found: &mut Found, limits: &Limits) {
    let said = file.value(catalog, "Lang");
    let said = said.text().and_then(|text| bcp47(&text::decode(text)));
    let language = said.or_else(|| xmp.all(DUBLIN_CORE, "language").iter().find_map(|text| bcp47(text)));
    set(found, "language", language, limits);
}

fn set(found: &mut Found, name: &str, text: Option<String>, limits: &Limits) {
    if let Some(text) = text.filter(|text| is_sane(text)) {
        found.set_text(name, &text, limits);
    }
}

/// Text, and not what is left of it after the wrong decoding.
fn is_sane(text: &str) -> bool {
    !text.is_empty() && !text.contains('\u{fffd}')
}

/// What programs write when nobody gave a title.
fn is_placeholder(title: &str) -> bool {
    matches!(title.to_lowercase().as_str(), "untitled" | "unknown" | "none")
        || !title.chars().any(char::is_alphanumeric)
}

/// The packet lists people, the dictionary has them in one text; in both, some programs divide them by semicolons.
fn authors(listed: Vec<String>, said: Option<String>) -> Vec<String> {
    let listed: Vec<String> = listed.iter().map(|name| collapse(name)).filter(|name| is_sane(name)).collect();
    let all = if listed.is_empty() { said.into_iter().collect() } else { listed };
    all.iter().flat_map(|names| divided(names)).collect()
}

fn divided(names: &str) -> Vec<String> {
    names.split(';').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn subjects(said: Option<String>, xmp: &Xmp, found: &mut Found, limits: &Limits) {
    let listed = xmp.all(DUBLIN_CORE, "subject");
    if !listed.is_empty() {
        return found.set_list("subjects", listed.iter().map(String::as_str), limits);
    }
    let words = said.or_else(|| xmp.first(PDF, "Keywords")).unwrap_or_default();
    let mark = if words.contains(';') { ';' } else { ',' };
    found.set_list("subjects", words.split(mark), limits);
}

fn identifiers(named: [(&str, Option<String>); 2], xmp: &Xmp, found: &mut Found, limits: &Limits) {
    let mut said: Vec<(Option<String>, String)> = Vec::new();
    for (scheme, value) in named {
        said.extend(value.map(|value| (Some(scheme.to_owned()), value)));
    }
    for (space, name, scheme) in [
        (PRISM, "isbn", "isbn"),
        (PRISM, "doi", "doi"),
        (PRISM, "issn", "issn"),
        (PRISM, "eIssn", "issn"),
        (PDFX, "isbn", "isbn"),
        (PDFX, "doi", "doi"),
    ] {
        said.extend(xmp.all(space, name).into_iter().map(|value| (Some(scheme.to_owned()), value)));
    }
    for entry in xmp.entries(BASIC, "Identifier") {
        if let Some(value) = xmp::part(entry, "value") {
            said.push((xmp::part(entry, "Scheme"), value));
        }
    }
    said.extend(xmp.all(DUBLIN_CORE, "identifier").into_iter().map(|value| (None, value)));
    let mut map = Map::new();
    for (scheme, value) in said.into_iter().take(limits.list_items) {
        if let Some((key, value)) = classify(&collapse(&value), scheme.as_deref()) {
            map.entry(key).or_insert_with(|| value.into());
        }
    }
    if let Some(isbn) = map.get("isbn") {
        found.facts.insert("isbn".to_owned(), isbn.clone());
    }
    found.set_map("identifiers", map);
}
