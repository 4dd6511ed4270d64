//! Office documents that are one XML file: flat packages, and the markup that Word 2003 and Excel 2003 wrote.
//!
//! Tells them by their namespaces and the processing instruction that names the program.

use super::package::{core, extended};
use super::take_text;
use crate::read::properties::{Properties, fill};
use crate::read::prose::Prose;
use crate::read::xml::{self, Element};
use crate::read::{Damage, Found, Head, Limits, ReadError, Source, markup};
use std::io::Read;

/// A flat package begins with this namespace.
const FLAT: &str = "http://schemas.microsoft.com/office/2006/xmlPackage";

pub fn is_word(head: &Head) -> bool {
    is(head, "word", "http://schemas.microsoft.com/office/word/2003/wordml")
}

pub fn is_powerpoint(head: &Head) -> bool {
    is(head, "powerpoint", "presentationml.presentation.main")
}

pub fn is_excel(head: &Head) -> bool {
    is(head, "excel", "urn:schemas-microsoft-com:office:spreadsheet")
}

fn is(head: &Head, program: &str, namespace: &str) -> bool {
    if !head.opens_with_tag() {
        return false;
    }
    let text = markup::decode(&head.bytes);
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if !start.starts_with("<?xml") && !start.starts_with("<?mso") && !start.starts_with("<pkg:package") {
        return false;
    }
    let lower = start.to_ascii_lowercase();
    let named = ["\"", "'"].iter().any(|quote| lower.contains(&format!("progid={quote}{program}.")));
    let flat = start.contains(FLAT);
    named || start.contains(namespace) || flat && lower.contains(&format!("/{}", folder(program)))
}

/// Where a package keeps the document of this program.
fn folder(program: &str) -> &str {
    match program {
        "word" => "word/document.xml",
        "powerpoint" => "ppt/presentation.xml",
        _ => "xl/workbook.xml",
    }
}

/// Puts down what such a file says.
pub fn describe(source: &mut dyn Source, found: &mut Found, limits: &Limits) -> Result<(), ReadError> {
    source.rewind()?;
    let mut bytes = Vec::new();
    source.take(limits.entry_bytes + 1).read_to_end(&mut bytes)?;
    let cut = bytes.len() as u64 > limits.entry_bytes;
    let document = xml::parse(&bytes, limits);
    for note in document.notes {
        found.note(note);
    }
    let mut properties = Properties::default();
    let root = document.root.children().find(|child| child.content.len() + child.attributes.len() > 0);
    let Some(root) = root else {
        let damage = document.damage.unwrap_or_else(|| Damage::of("no element"));
        return Err(ReadError::Unreadable { format: found.format, damage });
    };
    match document.damage {
        // A document that ends where we stopped is not broken.
        Some(_) if cut => {
            found.note(format!("longer than {} bytes: the rest was not looked at", limits.entry_bytes))
        }
        Some(damage) => found.damaged(damage),
        None => {}
    }
    if root.is("package") {
        parts(root, &mut properties)
    } else {
        office_2003(root, &mut properties)
    }
    let mut prose = Prose::default();
    if found.format == "docx" {
        take_text(&mut prose, &bytes);
        if !cut && properties.words.is_none_or(|words| words == 0) {
            properties.words = Some(prose.words());
        }
    }
    if properties.stated_language().is_none() && found.format == "docx" {
        let mut languages = Vec::new();
        root.descendants("docDefaults", &mut languages);
        let defaults = languages.pop().and_then(|defaults| {
            let mut languages = Vec::new();
            defaults.descendants("lang", &mut languages);
            languages.first()?.attribute("val").and_then(crate::read::language::bcp47)
        });
        properties.language = prose.language_or(defaults).unwrap_or_default();
    }
    found.facts.insert("encrypted".to_owned(), false.into());
    properties.put(found, limits);
    Ok(())
}

fn parts(root: &Element, properties: &mut Properties) {
    for part in root.children().filter(|child| child.is("part")) {
        let Some(content) = part.child("xmlData") else { continue };
        match part.attribute("name").unwrap_or_default().to_ascii_lowercase().as_str() {
            "/docprops/core.xml" => core(content, properties),
            "/docprops/app.xml" => extended(content, properties),
            _ => {}
        }
    }
}

fn office_2003(root: &Element, properties: &mut Properties) {
    let Some(entries) = root.child("DocumentProperties") else { return };
    let count = |text: &str| text.trim().parse::<u64>().ok();
    for entry in entries.children() {
        let text = entry.text();
        match entry.name.as_str() {
            "Title" => fill(&mut properties.title, &text),
            "Author" => properties.authors.push(text),
            "Subject" | "Category" => properties.topics.push(text),
            "Keywords" => properties.keywords.push(text),
            "Description" => fill(&mut properties.description, &text),
            "Created" => fill(&mut properties.date, &text),
            "Pages" => properties.pages = count(&text),
            "Words" => properties.words = count(&text),
            "AppName" => fill(&mut properties.producer, &text),
            _ => {}
        }
    }
    if let Some(entries) = root.child("CustomDocumentProperties") {
        for entry in entries.children() {
            properties.custom(&entry.name, &entry.text());
        }
    }
}
