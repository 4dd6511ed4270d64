//! Reads FictionBook 2 books, bare or alone in a ZIP: title, people, series, publisher, cover.
//!
//! The description is read as a tree; text and pictures are streamed past.

mod binary;

use super::markup::{self, collapse, plain};
use super::properties::{Properties, fill};
use super::prose::Prose;
use super::xml::{self, Element};
use super::zipped::Container;
use super::{Cover, Damage, Found, Head, Limits, ReadError, Source, image};
use serde_json::{Map, Value};
use std::io::Read;

const FORMAT: &str = "fb2";

/// A book by its outermost element, or a ZIP that holds one and little else.
#[must_use]
pub fn sniff(head: &Head) -> bool {
    if head.bytes.starts_with(b"PK") {
        return head.members.len() <= 3 && member(head.members.iter().map(String::as_str)).is_some();
    }
    if !head.opens_with_tag() {
        return false;
    }
    let text = markup::decode(&head.bytes);
    let start = text.trim_start_matches('\u{feff}').trim_start();
    start.starts_with('<') && start.contains("<FictionBook") || {
        // A prefix for the namespace is odd and allowed.
        start.starts_with("<?xml")
            && start.contains(":FictionBook")
            && start.contains("gribuser.ru/xml/fictionbook")
    }
}

/// Reads a book's facts.
///
/// # Errors
/// When it has no description that could be read.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let mut found = Found::new(FORMAT);
    let text = text(source, &mut found, limits)?;
    let (front, _) = split(&text);
    let document = xml::parse_text(front, limits);
    document.notes.iter().for_each(|note| found.note(note.as_str()));
    let mut descriptions = Vec::new();
    document.root.descendants("description", &mut descriptions);
    let Some(description) = descriptions.first() else {
        let damage = document.damage.unwrap_or_else(|| Damage::of("no `description`"));
        return Err(ReadError::Unreadable { format: FORMAT, damage });
    };
    let mut properties = describe(description);
    let whole =
        text.trim_end().ends_with('>') && text.contains("</FictionBook>") || text.contains(":FictionBook>");
    if !whole {
        found.damaged(Damage::of(format!(
            "the book ends at byte {} of the markup within an element",
            text.len()
        )));
    }
    let mut prose = Prose::default();
    prose.take_markup(
        &text,
        &["body"],
        &["p", "v", "subtitle", "title", "text-author", "td", "th", "empty-line"],
    );
    properties.words = whole.then(|| prose.words());
    if properties.stated_language().is_none() {
        properties.language = prose.language().unwrap_or_default();
    }
    properties.put(&mut found, limits);
    if let Some(picture) = find_cover(&text, description, limits) {
        found.facts.insert("cover".to_owned(), cover_fact(&picture));
    }
    Ok(found)
}

/// Reads a book's cover picture.
///
/// # Errors
/// When the source cannot be read.
pub fn cover(source: &mut dyn Source, limits: &Limits) -> Result<Option<Cover>, ReadError> {
    let text = text(source, &mut Found::new(FORMAT), limits)?;
    let document = xml::parse_text(split(&text).0, limits);
    Ok(find_cover(&text, &document.root, limits))
}

fn member<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut books = names.filter(|name| name.len() > 4 && name.to_ascii_lowercase().ends_with(".fb2"));
    books.next().filter(|_| books.next().is_none())
}

/// The whole book as text, as far as the limit for pictures goes.
fn text(source: &mut dyn Source, found: &mut Found, limits: &Limits) -> Result<String, ReadError> {
    let head = Head::start(source)?;
    let mut bytes = Vec::new();
    if head.bytes.starts_with(b"PK") {
        let unreadable = |damage| ReadError::Unreadable { format: FORMAT, damage };
        let mut container = Container::open(source, limits).map_err(unreadable)?;
        let name = member(container.names()).map(str::to_owned).unwrap_or_default();
        let member = container.read(&name, limits.cover_bytes);
        let member = member.ok_or_else(|| unreadable(Damage::of("no book in the ZIP")))?;
        if let Some(damage) = member.damage {
            found.damaged(damage);
        }
        bytes = member.bytes;
    } else {
        source.take(limits.cover_bytes).read_to_end(&mut bytes)?;
    }
    Ok(markup::decode(&bytes).into_owned())
}

/// The markup up to the end of the description, and the rest.
fn split(text: &str) -> (&str, &str) {
    const END: &str = "description>";
    const LONGEST: usize = 64;
    let end = text.match_indices("</").find_map(|(at, _)| {
        let name = text.as_bytes().get(at + 2..)?;
        let length = name.iter().take(LONGEST).position(|byte| *byte == b'>')? + 1;
        name.get(..length)?.ends_with(END.as_bytes()).then_some(at + 2 + length)
    });
    // A description has no pictures in it, so one that never ends is cut where no real one reaches.
    let mut end = end.unwrap_or(text.len()).min(4 << 20);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.split_at(end)
}

fn describe(description: &Element) -> Properties {
    let mut properties = Properties::default();
    let empty = Element::default();
    let of = |name: &str| description.child(name).unwrap_or(&empty);
    let (title, publish) = (of("title-info"), of("publish-info"));
    let text = |part: &Element, name: &str| {
        part.child(name).map(|entry| collapse(&entry.text())).unwrap_or_default()
    };
    properties.title = text(title, "book-title");
    let people = |name: &str| title.children().filter(|child| child.is(name)).map(person).collect::<Vec<_>>();
    properties.authors = people("author");
    properties.contributors = people("translator");
    properties.topics = title.children().filter(|child| child.is("genre")).map(Element::text).collect();
    properties.keywords.push(text(title, "keywords"));
    properties.language = text(title, "lang");
    properties.description = title.child("annotation").map(lines).unwrap_or_default();
    let sequences = title.children().chain(publish.children()).filter(|child| child.is("sequence"));
    if let Some(sequence) = sequences.into_iter().find(|sequence| sequence.attribute("name").is_some()) {
        sequence.attribute("name").unwrap_or_default().clone_into(&mut properties.series);
        sequence.attribute("number").unwrap_or_default().clone_into(&mut properties.series_index);
    }
    properties.publisher = text(publish, "publisher");
    // The edition's year is in plain digits; the work's date has a value for programs.
    let written = title.child("date").and_then(|date| date.attribute("value").map(str::to_owned));
    properties.date = text(publish, "year");
    fill(&mut properties.date, &written.unwrap_or_default());
    fill(&mut properties.date, &text(title, "date"));
    // Of several numbers in one field the first is that of this edition.
    let isbn = text(publish, "isbn");
    let isbn = isbn.split([',', ';']).next().unwrap_or_default();
    properties.identifiers.push((isbn.to_owned(), Some("isbn".to_owned())));
    properties.producer = text(of("document-info"), "program-used");
    properties
}

/// A name in the order it is spoken in, or what stands in for one.
fn person(entry: &Element) -> String {
    let part = |name: &str| entry.child(name).map(|part| collapse(&part.text())).unwrap_or_default();
    let name = collapse(&[part("first-name"), part("middle-name"), part("last-name")].join(" "));
    if name.is_empty() { part("nickname") } else { name }
}

/// The paragraphs of an annotation on lines of their own.
fn lines(annotation: &Element) -> String {
    let paragraphs: Vec<String> =
        annotation.children().map(|child| collapse(&child.text())).filter(|line| !line.is_empty()).collect();
    if paragraphs.is_empty() { plain(&annotation.text()) } else { paragraphs.join("\n") }
}

fn find_cover(text: &str, description: &Element, limits: &Limits) -> Option<Cover> {
    let mut pages = Vec::new();
    description.descendants("coverpage", &mut pages);
    let mut images = Vec::new();
    pages.iter().for_each(|page| page.descendants("image", &mut images));
    let id = images.into_iter().find_map(|image| image.attribute("href")?.strip_prefix('#'))?;
    let bytes = binary::find(text, id, limits)?;
    image::look(&bytes).map(|picture| Cover { media_type: picture.media_type, bytes })
}

fn cover_fact(cover: &Cover) -> Value {
    let mut fact = Map::new();
    fact.insert("media_type".to_owned(), cover.media_type.into());
    if let Some((width, height)) = image::look(&cover.bytes).and_then(|picture| picture.size) {
        fact.insert("width".to_owned(), width.into());
        fact.insert("height".to_owned(), height.into());
    }
    fact.insert("bytes".to_owned(), cover.bytes.len().into());
    Value::Object(fact)
}

#[cfg(test)]
mod tests;
