//! Reads OpenDocument files: text, spreadsheets, presentations, drawings, their templates, and the same in one XML file.
//!
//! Looks at metadata, styles and running text; nothing that is embedded is opened.
//! Format: OpenDocument 1.0 to 1.4, and what its predecessor in OpenOffice.org 1 had in common with it.

use super::language::bcp47;
use super::properties::{Properties, fill};
use super::prose::Prose;
use super::xml::{self, Element};
use super::zipped::Container;
use super::{Damage, Found, Head, Limits, ReadError, Source, markup};
use std::io::Read;

/// Formats by what follows in the media type; templates and masters are of the same format.
const KINDS: [(&str, &str); 6] = [
    ("text", "odt"),
    ("writer", "odt"),
    ("spreadsheet", "ods"),
    ("calc", "ods"),
    ("presentation", "odp"),
    ("impress", "odp"),
];
const PREFIXES: [&str; 3] = [
    "application/vnd.oasis.opendocument.",
    "application/x-vnd.oasis.opendocument.",
    "application/vnd.sun.xml.",
];

/// A text document.
#[must_use]
pub fn is_text(head: &Head) -> bool {
    kind(head) == Some("odt")
}

/// A spreadsheet.
#[must_use]
pub fn is_spreadsheet(head: &Head) -> bool {
    kind(head) == Some("ods")
}

/// A presentation.
#[must_use]
pub fn is_presentation(head: &Head) -> bool {
    kind(head) == Some("odp")
}

/// A drawing, or another kind that has no reader of its own.
#[must_use]
pub fn is_other(head: &Head) -> bool {
    kind(head) == Some("odg")
}

/// Reads a document's facts.
///
/// # Errors
/// When it is no ZIP or XML that can be read, or has no metadata and no content.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let head = Head::take(source, limits)?;
    let format = kind(&head).unwrap_or("odt");
    let mut found = Found::new(format);
    if head.bytes.starts_with(b"PK") {
        read_package(source, &mut found, limits)?;
    } else {
        read_flat(source, &mut found, limits)?;
    }
    Ok(found)
}

fn kind(head: &Head) -> Option<&'static str> {
    if head.bytes.starts_with(b"PK") {
        if let Some(media_type) = head.mimetype() {
            return by_media_type(&String::from_utf8_lossy(media_type));
        }
        // A packer that compressed the media type leaves the members to tell.
        return (head.has_member("META-INF/manifest.xml") && head.has_member("content.xml")).then_some("odt");
    }
    if !head.opens_with_tag() {
        return None;
    }
    let text = markup::decode(&head.bytes);
    let (_, root) = text.split_once("<office:document")?;
    let (_, media_type) = root.split_once("office:mimetype=")?;
    by_media_type(media_type.trim_start_matches(['"', '\'']))
}

fn by_media_type(media_type: &str) -> Option<&'static str> {
    let bare = PREFIXES.iter().find_map(|prefix| media_type.strip_prefix(prefix))?;
    Some(KINDS.iter().find(|(name, _)| bare.starts_with(name)).map_or("odg", |(_, format)| format))
}

fn read_package(source: &mut dyn Source, found: &mut Found, limits: &Limits) -> Result<(), ReadError> {
    let format = found.format;
    let mut container =
        Container::open(source, limits).map_err(|damage| ReadError::Unreadable { format, damage })?;
    let manifest = part(&mut container, "META-INF/manifest.xml", limits).map(|part| part.root);
    if let Some(kind) = manifest.as_ref().and_then(|root| kind_in(root)) {
        found.format = kind;
    }
    let mut sealed = Vec::new();
    if let Some(root) = &manifest {
        root.descendants("encryption-data", &mut sealed);
    }
    let encrypted = !sealed.is_empty() || container.is_encrypted();
    found.facts.insert("encrypted".to_owned(), encrypted.into());
    let mut properties = Properties::default();
    let meta = part(&mut container, "meta.xml", limits);
    let has_meta = meta.is_some();
    if let Some(meta) = meta.filter(|meta| !encrypted || meta.damage.is_none()) {
        meta.notes.iter().for_each(|note| found.note(note.as_str()));
        if let Some(damage) = meta.damage {
            found.damaged(Damage::of(format!("`meta.xml`: {damage}")));
        }
        describe(&meta.root, &mut properties);
    }
    if !encrypted {
        let content = container.read("content.xml", limits.entry_bytes);
        if content.is_none() && !has_meta {
            return Err(ReadError::Unreadable {
                format,
                damage: Damage::of("no `content.xml` and no `meta.xml`"),
            });
        }
        let mut prose = Prose::default();
        if let Some(content) = content {
            let whole = content.damage.is_none() && !content.cut;
            if let Some(damage) = content.damage {
                found.damaged(damage);
            }
            take_text(&mut prose, &content.bytes);
            count(&mut properties, &prose, whole, found.format);
        }
        if properties.stated_language().is_none() && found.format != "ods" {
            let default =
                part(&mut container, "styles.xml", limits).and_then(|styles| default_language(&styles.root));
            properties.language = prose.language_or(default).unwrap_or_default();
        }
    }
    properties.put(found, limits);
    Ok(())
}

fn read_flat(source: &mut dyn Source, found: &mut Found, limits: &Limits) -> Result<(), ReadError> {
    source.rewind()?;
    let mut bytes = Vec::new();
    source.take(limits.entry_bytes + 1).read_to_end(&mut bytes)?;
    let cut = bytes.len() as u64 > limits.entry_bytes;
    let document = xml::parse(&bytes, limits);
    document.notes.iter().for_each(|note| found.note(note.as_str()));
    match document.damage {
        Some(_) if cut => {
            found.note(format!("longer than {} bytes: the rest was not looked at", limits.entry_bytes))
        }
        Some(damage) => found.damaged(damage),
        None => {}
    }
    found.facts.insert("encrypted".to_owned(), false.into());
    let mut properties = Properties::default();
    describe(&document.root, &mut properties);
    let mut prose = Prose::default();
    take_text(&mut prose, &bytes);
    count(&mut properties, &prose, !cut, found.format);
    if properties.stated_language().is_none() && found.format != "ods" {
        properties.language = prose.language_or(default_language(&document.root)).unwrap_or_default();
    }
    properties.put(found, limits);
    Ok(())
}

/// Cells and shapes are no running text, so words are only counted where a document is read from end to end.
fn count(properties: &mut Properties, prose: &Prose, whole: bool, format: &str) {
    if format == "odt" && whole && properties.words.is_none() {
        properties.words = Some(prose.words());
    }
}

fn take_text(prose: &mut Prose, bytes: &[u8]) {
    prose.take_markup(&markup::decode(bytes), &["p", "h"], &["p", "h", "s", "tab", "line-break"]);
}

fn part(container: &mut Container<'_>, name: &str, limits: &Limits) -> Option<xml::Document> {
    let member = container.read(name, limits.entry_bytes)?;
    let mut document = xml::parse(&member.bytes, limits);
    document.damage = member.damage.or(document.damage);
    Some(document)
}

/// The manifest names the media type of the whole package.
fn kind_in(manifest: &Element) -> Option<&'static str> {
    let mut entries = Vec::new();
    manifest.descendants("file-entry", &mut entries);
    let root = entries.into_iter().find(|entry| entry.attribute("full-path") == Some("/"))?;
    by_media_type(root.attribute("media-type")?)
}

fn describe(root: &Element, properties: &mut Properties) {
    let mut metas = Vec::new();
    root.descendants("meta", &mut metas);
    let mut last_editor = String::new();
    for entry in metas.into_iter().flat_map(Element::children) {
        let text = entry.text();
        match entry.name.as_str() {
            "title" => fill(&mut properties.title, &text),
            "initial-creator" => properties.authors.push(text),
            "creator" => fill(&mut last_editor, &text),
            "contributor" => properties.contributors.push(text),
            "publisher" => fill(&mut properties.publisher, &text),
            "rights" => fill(&mut properties.rights, &text),
            "subject" => properties.topics.push(text),
            "keyword" => properties.keywords.push(text),
            // OpenOffice.org 1 kept keywords in one element more.
            "keywords" => properties.keywords.extend(entry.children().map(Element::text)),
            "description" => fill(&mut properties.description, &text),
            "language" => fill(&mut properties.language, &text),
            "identifier" => properties.identifiers.push((text, None)),
            "creation-date" => fill(&mut properties.date, &text),
            "generator" => fill(&mut properties.producer, &text),
            "document-statistic" => {
                let number = |name: &str| entry.attribute(name).and_then(|text| text.parse::<u64>().ok());
                properties.pages = number("page-count").or_else(|| number("slide-count"));
                properties.words = number("word-count");
            }
            "user-defined" => properties.custom(entry.attribute("name").unwrap_or_default(), &text),
            _ => {}
        }
    }
    // Who saved a document last wrote it, as far as anyone knows, when nobody is said to have begun it.
    if properties.authors.iter().all(|name| name.trim().is_empty()) {
        properties.authors = vec![last_editor];
    }
}

/// The language of the default paragraph style, which text has when it says nothing else.
fn default_language(root: &Element) -> Option<String> {
    let mut styles = Vec::new();
    root.descendants("default-style", &mut styles);
    styles.sort_by_key(|style| style.attribute("family") != Some("paragraph"));
    styles.into_iter().find_map(|style| {
        let text = style.children().find(|child| child.attribute("language").is_some())?;
        let language = text.attribute("language").filter(|&language| language != "none")?;
        let country = text.attribute("country").filter(|&country| country != "none");
        bcp47(&country.map_or_else(|| language.to_owned(), |country| format!("{language}-{country}")))
    })
}

#[cfg(test)]
mod tests;
