//! The package document as its parts: metadata entries with what refines them, manifest items, guide.
//!
//! Knows the shape of EPUB 2 and 3 packages; what a book is called is decided elsewhere.

use super::container::resolve;
use crate::read::xml::Element;
use std::collections::HashMap;

/// A package document and where it lies.
pub struct Package {
    path: String,
    root: Element,
}

/// Refinements of one entry that are looked at: each entry of one id asks through all of them.
const MOST_REFINEMENTS: usize = 64;

/// One resource of the book.
pub struct Item<'a> {
    pub id: &'a str,
    pub media_type: &'a str,
    /// EPUB 3 properties, separated by spaces.
    pub properties: &'a str,
    /// The member it is in, when its reference stays inside.
    pub path: Option<String>,
}

/// The entries of the metadata and how they refine each other.
pub struct Metadata<'a> {
    entries: Vec<&'a Element>,
    refinements: HashMap<&'a str, Vec<&'a Element>>,
}

impl Package {
    pub fn new(path: String, root: Element) -> Self {
        Self { path, root }
    }

    pub fn metadata(&self) -> Metadata<'_> {
        let mut entries = Vec::new();
        if let Some(metadata) = self.part("metadata") {
            for child in metadata.children() {
                // OEB 1 and early EPUB 2 put the entries one level deeper.
                if child.is("dc-metadata") || child.is("x-metadata") {
                    entries.extend(child.children());
                } else {
                    entries.push(child);
                }
            }
        }
        let mut refinements: HashMap<&str, Vec<&Element>> = HashMap::new();
        for meta in entries.iter().filter(|entry| entry.is("meta")) {
            if let Some(target) = meta.attribute("refines") {
                let known = refinements.entry(target.trim_start_matches('#')).or_default();
                if known.len() < MOST_REFINEMENTS {
                    known.push(meta);
                }
            }
        }
        Metadata { entries, refinements }
    }

    /// The id of the identifier that stands for the book.
    pub fn unique_identifier(&self) -> Option<&str> {
        self.root.child("package")?.attribute("unique-identifier")
    }

    pub fn items(&self) -> Vec<Item<'_>> {
        let items =
            self.part("manifest").into_iter().flat_map(Element::children).filter(|child| child.is("item"));
        items
            .map(|element| Item {
                id: element.attribute("id").unwrap_or_default(),
                media_type: element.attribute("media-type").unwrap_or_default(),
                properties: element.attribute("properties").unwrap_or_default(),
                path: element.attribute("href").and_then(|href| self.resolve(href)),
            })
            .collect()
    }

    /// What the guide of EPUB 2 says is the cover: a page as a rule.
    pub fn guide_cover(&self) -> Option<String> {
        let guide = self.part("guide")?;
        let cover = guide.children().find(|child| {
            child.attribute("type").is_some_and(|kind| kind.to_ascii_lowercase().contains("cover"))
        });
        self.resolve(cover?.attribute("href")?)
    }

    /// What `<meta name="cover">` says: the id of an item, or (wrongly) its reference.
    pub fn meta_cover(&self) -> Option<String> {
        self.metadata().named("cover").map(str::to_owned)
    }

    /// Whether the package claims to have a cover.
    pub fn names_cover(&self) -> bool {
        self.meta_cover().is_some()
            || self
                .items()
                .iter()
                .any(|item| item.properties.split_ascii_whitespace().any(|word| word == "cover-image"))
    }

    /// The member a reference in the package document means.
    pub fn resolve(&self, reference: &str) -> Option<String> {
        resolve(&self.path, reference)
    }

    fn part(&self, name: &str) -> Option<&Element> {
        self.root.child("package")?.child(name)
    }
}

impl<'a> Metadata<'a> {
    /// The Dublin Core elements of this name, in document order.
    pub fn dublin(&self, name: &str) -> impl Iterator<Item = &'a Element> {
        self.entries.iter().copied().filter(move |entry| {
            // An undeclared prefix is a fault that no reader punishes.
            entry.is(name)
                && entry.space.as_deref().is_none_or(|space| space.contains("purl.org/dc/elements"))
        })
    }

    /// The content of `<meta name="…" content="…">`, as EPUB 2 and library managers write it.
    pub fn named(&self, name: &str) -> Option<&'a str> {
        self.metas()
            .find(|meta| meta.attribute("name").is_some_and(|known| known.eq_ignore_ascii_case(name)))?
            .attribute("content")
    }

    /// The entries `<meta property="…">` of EPUB 3 that refine nothing.
    pub fn properties(&self, name: &str) -> impl Iterator<Item = &'a Element> {
        self.metas().filter(move |meta| {
            meta.attribute("property") == Some(name) && meta.attribute("refines").is_none()
        })
    }

    /// The refinements of an entry by a property, in document order.
    pub fn refined(&self, entry: &Element, property: &str) -> impl Iterator<Item = &'a Element> {
        let metas = entry.attribute("id").and_then(|id| self.refinements.get(id));
        metas.into_iter().flatten().copied().filter(move |meta| meta.attribute("property") == Some(property))
    }

    /// The text of the first such refinement.
    pub fn refinement(&self, entry: &Element, property: &str) -> Option<String> {
        self.refined(entry, property)
            .map(Element::text)
            .map(|text| text.trim().to_owned())
            .find(|text| !text.is_empty())
    }

    /// Where an entry stands among its like: `display-seq`, or behind those that have one.
    pub fn sequence(&self, entry: &Element) -> u32 {
        self.refinement(entry, "display-seq").and_then(|text| text.parse().ok()).unwrap_or(u32::MAX)
    }

    fn metas(&self) -> impl Iterator<Item = &'a Element> {
        self.entries.iter().copied().filter(|entry| entry.is("meta"))
    }
}
