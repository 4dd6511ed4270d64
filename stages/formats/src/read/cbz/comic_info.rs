//! Notes on a comic as facts: ComicInfo.xml, and ComicBookLover's JSON.
//!
//! Formats: the ComicInfo schema 2.1 of the Anansi Project, and ComicBookInfo 1.0.

use crate::read::facts::number;
use crate::read::identifier::{classify, isbn13};
use crate::read::language::bcp47;
use crate::read::markup::plain;
use crate::read::xml::Element;
use crate::read::{Found, Limits};
use serde_json::{Map, Value};

/// Who contributed without writing, in the order of the schema.
const OTHERS: [&str; 7] =
    ["Penciller", "Inker", "Colorist", "Letterer", "CoverArtist", "Editor", "Translator"];

/// Puts down what ComicInfo.xml says.
pub fn describe(root: &Element, found: &mut Found, limits: &Limits) {
    let Some(notes) = root.child("ComicInfo") else { return };
    let of = |name: &str| notes.child(name).map(Element::text).filter(|text| !text.trim().is_empty());
    for (name, fact) in [("Title", "title"), ("Series", "series"), ("Publisher", "publisher")] {
        if let Some(text) = of(name) {
            found.set_text(fact, &text, limits);
        }
    }
    if let Some(index) = of("Number").as_deref().and_then(number) {
        found.facts.insert("series_index".to_owned(), index.into());
    }
    let writers = of("Writer").unwrap_or_default();
    let others: Vec<String> = OTHERS.iter().filter_map(|name| of(name)).collect();
    found.set_list("authors", divided(&writers), limits);
    found.set_list("contributors", others.iter().flat_map(|names| divided(names)), limits);
    date(of("Year"), of("Month"), of("Day"), found);
    if let Some(language) = of("LanguageISO").and_then(|text| bcp47(&text)) {
        found.set_text("language", &language, limits);
    }
    if let Some(summary) = of("Summary") {
        found.set_lines("description", &summary_lines(&summary), limits);
    }
    let subjects: Vec<String> = ["Genre", "Tags"].iter().filter_map(|name| of(name)).collect();
    found.set_list("subjects", subjects.iter().flat_map(|words| divided(words)), limits);
    if let Some(manga) = of("Manga").map(|manga| manga.trim().to_ascii_lowercase()) {
        found.facts.insert("manga".to_owned(), manga.starts_with("yes").into());
    }
    identifiers(of("GTIN"), of("Web"), found);
}

/// Puts down what ComicBookLover left in the comment of the archive, if it did.
pub fn describe_comment(comment: &[u8], found: &mut Found, limits: &Limits) {
    let Ok(Value::Object(comment)) = serde_json::from_slice(comment) else { return };
    let Some(notes) =
        comment.iter().find(|(name, _)| name.starts_with("ComicBookInfo/")).map(|(_, notes)| notes)
    else {
        return;
    };
    let of = |name: &str| match notes.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    for (name, fact) in [("title", "title"), ("series", "series"), ("publisher", "publisher")] {
        if let Some(text) = of(name) {
            found.set_text(fact, &text, limits);
        }
    }
    if let Some(index) = of("issue").as_deref().and_then(number) {
        found.facts.insert("series_index".to_owned(), index.into());
    }
    let credits = notes.get("credits").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let people = credits.iter().filter_map(|credit| {
        let role = credit.get("role").and_then(Value::as_str).unwrap_or_default();
        Some((role.to_ascii_lowercase().contains("writer"), credit.get("person")?.as_str()?))
    });
    let (writers, others): (Vec<_>, Vec<_>) = people.partition(|(writes, _)| *writes);
    found.set_list("authors", writers.into_iter().map(|(_, name)| name), limits);
    found.set_list("contributors", others.into_iter().map(|(_, name)| name), limits);
    date(of("publicationYear"), of("publicationMonth"), of("publicationDay"), found);
    if let Some(language) = of("language").and_then(|text| bcp47(&text)) {
        found.set_text("language", &language, limits);
    }
    if let Some(text) = of("comments") {
        found.set_lines("description", &summary_lines(&text), limits);
    }
    let tags = notes.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let genre = of("genre");
    found.set_list(
        "subjects",
        genre.as_deref().into_iter().chain(tags.iter().filter_map(Value::as_str)),
        limits,
    );
}

fn divided(names: &str) -> impl Iterator<Item = &str> {
    names.split([',', ';']).map(str::trim).filter(|name| !name.is_empty())
}

/// A date as precise as its parts are there.
fn date(year: Option<String>, month: Option<String>, day: Option<String>, found: &mut Found) {
    let part = |text: Option<String>, most: u16| {
        text.and_then(|text| text.trim().parse::<u16>().ok()).filter(|part| (1..=most).contains(part))
    };
    let Some(year) = part(year, 2999) else { return };
    let date = match (part(month, 12), part(day, 31)) {
        (Some(month), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
        (Some(month), None) => format!("{year:04}-{month:02}"),
        _ => format!("{year:04}"),
    };
    found.set_date(&date);
}

/// A summary is text whose lines count; some programs put HTML there.
fn summary_lines(text: &str) -> String {
    let is_html = ["<p>", "<br", "<div", "<i>", "<b>"].iter().any(|tag| text.contains(tag));
    if is_html { plain(text) } else { text.trim().replace("\r\n", "\n") }
}

fn identifiers(gtin: Option<String>, web: Option<String>, found: &mut Found) {
    let mut map = Map::new();
    if let Some(gtin) = gtin.map(|gtin| gtin.trim().to_owned()).filter(|gtin| !gtin.is_empty()) {
        match isbn13(&gtin) {
            Some(isbn) => {
                found.facts.insert("isbn".to_owned(), isbn.clone().into());
                map.insert("isbn".to_owned(), isbn.into());
            }
            None => {
                map.insert("gtin".to_owned(), gtin.into());
            }
        }
    }
    if let Some((key, value)) = web.as_deref().and_then(|web| classify(web.split_whitespace().next()?, None))
    {
        map.insert(key, value.into());
    }
    found.set_map("identifiers", map);
}
