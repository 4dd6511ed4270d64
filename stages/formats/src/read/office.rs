//! Reads Word, PowerPoint and Excel files: packages of Office Open XML with or without macros, and the same in one XML file.
//!
//! Looks at properties and running text; formulas, macros and pictures are never touched.
//! Format: ECMA-376 (transitional and strict), flat OPC, and the XML that Word 2003 and Excel 2003 wrote.

mod flat;
mod package;

use super::prose::Prose;
use super::zipped::Container;
use super::{Damage, Found, Head, Limits, ReadError, Source, markup};
use package::Package;

const CONTENT_TYPES: &str = "[Content_Types].xml";

/// A text document, of whatever variant.
#[must_use]
pub fn is_word(head: &Head) -> bool {
    is_package(head, "word/") || flat::is_word(head)
}

/// A presentation, of whatever variant.
#[must_use]
pub fn is_powerpoint(head: &Head) -> bool {
    is_package(head, "ppt/") || flat::is_powerpoint(head)
}

/// A workbook, of whatever variant.
#[must_use]
pub fn is_excel(head: &Head) -> bool {
    is_package(head, "xl/") || flat::is_excel(head)
}

/// Reads a text document's facts.
///
/// # Errors
/// When it is no ZIP that can be read, or has neither properties nor text.
pub fn read_word(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    read("docx", source, limits)
}

/// Reads a presentation's facts.
///
/// # Errors
/// As [`read_word`].
pub fn read_powerpoint(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    read("pptx", source, limits)
}

/// Reads a workbook's facts.
///
/// # Errors
/// As [`read_word`].
pub fn read_excel(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    read("xlsx", source, limits)
}

fn is_package(head: &Head, folder: &str) -> bool {
    let within = |name: &str| {
        name.trim_start_matches(['/', '\\'])
            .get(..folder.len())
            .is_some_and(|start| start.replace('\\', "/").eq_ignore_ascii_case(folder))
    };
    if head.members.is_empty() {
        // A package whose directory is lost still begins with the members that every one has.
        let holds = |needle: &str| head.bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
        return head.bytes.starts_with(b"PK\x03\x04") && holds(CONTENT_TYPES) && holds(folder);
    }
    let has_types = head.members.iter().any(|name| name.eq_ignore_ascii_case(CONTENT_TYPES));
    has_types && head.members.iter().any(|name| within(name))
}

fn read(format: &'static str, source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let mut found = Found::new(format);
    if !Head::start(source)?.bytes.starts_with(b"PK") {
        flat::describe(source, &mut found, limits)?;
        return Ok(found);
    }
    let unreadable = |damage| ReadError::Unreadable { format, damage };
    let container = Container::open(source, limits).map_err(unreadable)?;
    found.facts.insert("encrypted".to_owned(), container.is_encrypted().into());
    let mut package = Package::open(container, limits);
    let mut properties = package.properties(&mut found, limits);
    let (prose, whole) = package.prose(format, &mut found, limits);
    if format == "pptx" && properties.pages.is_none_or(|pages| pages == 0) {
        properties.pages = Some(package.slides());
    }
    // Some programs write the properties of an empty document whatever is in it.
    if format != "xlsx" && whole && properties.words.is_none_or(|words| words == 0) {
        properties.words = Some(prose.words());
    }
    if properties.stated_language().is_none() && format != "xlsx" {
        let default = package.default_language(limits);
        properties.language = prose.language_or(default).unwrap_or_default();
    }
    properties.put(&mut found, limits);
    match found.damage.take() {
        Some(damage) if found.facts.len() == 1 && prose.words() == 0 => Err(unreadable(damage)),
        damage => {
            found.damage = damage;
            Ok(found)
        }
    }
}

/// Takes in the text of Word's or PowerPoint's markup.
fn take_text(prose: &mut Prose, bytes: &[u8]) {
    prose.take_markup(&markup::decode(bytes), &["t"], &["p", "br", "tab", "cr"]);
}

fn cut_short(name: &str, limits: &Limits) -> Damage {
    Damage::of(format!("`{}` is longer than {} bytes", super::zipped::printable(name), limits.entry_bytes))
}

#[cfg(test)]
mod tests;
