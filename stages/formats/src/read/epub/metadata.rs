//! What a package document's metadata says about the book, as facts.
//!
//! Decides what counts as the title, an author, a series; reads nothing but the metadata.

use super::package::{Metadata, Package};
use crate::read::facts::{bounded, number};
use crate::read::identifier::classify;
use crate::read::language::bcp47;
use crate::read::markup::{collapse, plain};
use crate::read::xml::Element;
use crate::read::zipped::printable;
use crate::read::{Found, Limits};
use serde_json::Map;

/// Puts down every fact that the metadata holds.
pub fn describe(package: &Package, found: &mut Found, limits: &Limits) {
    let metadata = package.metadata();
    titles(&metadata, found, limits);
    people(&metadata, found, limits);
    let first = |name: &str| metadata.dublin(name).map(Element::text).find(|text| !text.trim().is_empty());
    if let Some(publisher) = first("publisher") {
        found.set_text("publisher", &publisher, limits);
    }
    if let Some(date) = publication(&metadata) {
        found.set_date(&date);
    }
    if let Some(language) = metadata.dublin("language").find_map(|entry| bcp47(&entry.text())) {
        found.set_text("language", &language, limits);
    }
    if let Some(description) = first("description") {
        found.set_lines("description", &plain(bounded(&description, limits)), limits);
    }
    let subjects: Vec<String> = metadata.dublin("subject").map(Element::text).collect();
    found.set_list("subjects", subjects.iter().map(String::as_str), limits);
    identifiers(package, &metadata, found, limits);
    series(&metadata, found, limits);
    let rights: Vec<String> = metadata.dublin("rights").map(|entry| collapse(&entry.text())).collect();
    found.set_lines("rights", &rights.join("\n"), limits);
}

/// The title is the one refined as main, else the first that is not refined as something else, else the first.
fn titles(metadata: &Metadata<'_>, found: &mut Found, limits: &Limits) {
    let mut titles: Vec<(Option<String>, u32, String)> = metadata
        .dublin("title")
        .map(|entry| {
            (metadata.refinement(entry, "title-type"), metadata.sequence(entry), collapse(&entry.text()))
        })
        .filter(|(_, _, text)| !text.is_empty())
        .collect();
    let title = {
        let of = |kind: Option<&str>| {
            let like = titles.iter().filter(|(known, ..)| known.as_deref() == kind);
            // Several main titles are the odd case that `display-seq` settles; the first of equals stays first.
            like.min_by_key(|(_, sequence, _)| if kind.is_some() { *sequence } else { 0 })
        };
        of(Some("main")).or_else(|| of(None)).or(titles.first()).map(|(_, _, text)| text.clone())
    };
    if let Some(title) = &title {
        found.set_text("title", title, limits);
    }
    titles.retain(|(kind, _, text)| kind.as_deref() == Some("subtitle") && Some(text) != title.as_ref());
    if let Some((_, _, subtitle)) = titles.first() {
        found.set_text("subtitle", subtitle, limits);
    }
}

/// Creators who are authors or whose role nobody names; all other people contributed. Library managers give themselves the
/// role of book producer, which people have too: a version number tells the program.
fn people(metadata: &Metadata<'_>, found: &mut Found, limits: &Limits) {
    let mut creators: Vec<(u32, Vec<String>, String)> = metadata
        .dublin("creator")
        .map(|entry| (metadata.sequence(entry), roles(metadata, entry), entry.text()))
        .collect();
    creators.sort_by_key(|(sequence, ..)| *sequence);
    let is_author = |roles: &[String]| roles.is_empty() || roles.iter().any(|role| role == "aut");
    let (mut authors, mut others): (Vec<_>, Vec<_>) =
        creators.into_iter().partition(|(_, roles, _)| is_author(roles));
    // A book that only has editors is theirs.
    if authors.is_empty() {
        std::mem::swap(&mut authors, &mut others);
    }
    let (programs, contributors): (Vec<_>, Vec<_>) = metadata
        .dublin("contributor")
        .map(|entry| (roles(metadata, entry), entry.text()))
        .partition(|(roles, name)| {
            roles.iter().any(|role| role == "bkp") && name.contains(|c: char| c.is_ascii_digit())
        });
    found.set_list("authors", authors.iter().map(|(_, _, name)| name.as_str()), limits);
    let others = others.iter().map(|(_, _, name)| name).chain(contributors.iter().map(|(_, name)| name));
    found.set_list("contributors", others.map(String::as_str), limits);
    let program = programs.into_iter().map(|(_, name)| name).next();
    if let Some(producer) = metadata.named("generator").map(str::to_owned).or(program) {
        found.set_text("producer", &producer, limits);
    }
}

/// Relator codes, as EPUB 2's attribute and EPUB 3's refinements give them.
fn roles(metadata: &Metadata<'_>, entry: &Element) -> Vec<String> {
    let attribute = entry.attribute("role").map(str::to_owned);
    let all = attribute.into_iter().chain(metadata.refined(entry, "role").map(Element::text));
    // Some give the code's full address.
    let codes = all.filter_map(|role| role.trim().rsplit(['/', ':']).next().map(str::to_ascii_lowercase));
    codes
        .map(|code| if code == "author" { "aut".to_owned() } else { code })
        .filter(|code| !code.is_empty())
        .collect()
}

/// The date of publication: EPUB 2 books carry several dates, told apart by an event.
fn publication(metadata: &Metadata<'_>) -> Option<String> {
    let dates: Vec<(Option<String>, String)> = metadata
        .dublin("date")
        .map(|entry| (entry.attribute("event").map(str::to_ascii_lowercase), collapse(&entry.text())))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    let of = |event: Option<&str>| dates.iter().find(|(known, _)| known.as_deref() == event);
    let known = of(Some("publication")).or_else(|| of(None)).or_else(|| {
        dates.iter().find(|(event, _)| event.as_deref().is_some_and(|event| event != "modification"))
    });
    let issued = || {
        metadata.properties("dcterms:issued").map(|meta| collapse(&meta.text())).find(|text| !text.is_empty())
    };
    known.map(|(_, text)| text.clone()).or_else(issued)
}

/// The identifier that stands for the book goes first; of several in one scheme the first that is valid counts.
fn identifiers(package: &Package, metadata: &Metadata<'_>, found: &mut Found, limits: &Limits) {
    let unique = package.unique_identifier();
    let mut entries: Vec<&Element> = metadata.dublin("identifier").take(limits.list_items).collect();
    entries.sort_by_key(|entry| unique.is_none() || entry.attribute("id") != unique);
    let mut map = Map::new();
    for entry in entries {
        let text = collapse(&entry.text());
        match classify(&text, scheme(metadata, entry).as_deref()) {
            Some((key, value)) => {
                let value = bounded(&value, limits).to_owned();
                map.entry(key).or_insert_with(|| value.into());
            }
            None if !text.is_empty() => found.note(format!("`{}` is no ISBN", printable(&text))),
            None => {}
        }
    }
    if let Some(isbn) = map.get("isbn") {
        found.facts.insert("isbn".to_owned(), isbn.clone());
    }
    found.set_map("identifiers", map);
}

/// EPUB 2's attribute, or EPUB 3's refinement, which names a code list as a rule.
fn scheme(metadata: &Metadata<'_>, entry: &Element) -> Option<String> {
    if let Some(scheme) = entry.attribute("scheme") {
        return Some(scheme.to_owned());
    }
    let refinement = metadata.refined(entry, "identifier-type").next()?;
    let code = collapse(&refinement.text());
    let listed = refinement
        .attribute("scheme")
        .is_some_and(|scheme| scheme.to_ascii_lowercase().starts_with("onix:codelist"));
    Some(if listed { format!("onix:{code}") } else { code })
}

/// EPUB 3's collections of type series (or no type), else what a library manager noted.
fn series(metadata: &Metadata<'_>, found: &mut Found, limits: &Limits) {
    let of = |kind: Option<&str>| {
        let mut collections = metadata.properties("belongs-to-collection");
        collections.find(|entry| metadata.refinement(entry, "collection-type").as_deref() == kind)
    };
    let (name, index) = match of(Some("series")).or_else(|| of(None)) {
        Some(entry) => (Some(entry.text()), metadata.refinement(entry, "group-position")),
        None => (
            metadata.named("calibre:series").map(str::to_owned),
            metadata.named("calibre:series_index").map(str::to_owned),
        ),
    };
    let Some(name) = name.filter(|name| !name.trim().is_empty()) else { return };
    found.set_text("series", &name, limits);
    if let Some(index) = index.as_deref().and_then(number) {
        found.facts.insert("series_index".to_owned(), index.into());
    }
}
