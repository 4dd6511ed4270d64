//! How many printed pages a book stands for, where it says so.
//!
//! Believes a number in the metadata, and else counts the entries of the page list. Counts no words.

use super::package::{Metadata, Package};
use crate::read::Limits;
use crate::read::facts::number;
use crate::read::xml::{self, Element};
use crate::read::zipped::Container;

/// The number of pages, if the book tells it.
pub fn count(container: &mut Container<'_>, package: &Package, limits: &Limits) -> Option<u64> {
    said(&package.metadata()).or_else(|| listed(container, package, limits)).filter(|pages| *pages > 0)
}

/// What the metadata says: of one vocabulary, or an extent in words.
fn said(metadata: &Metadata<'_>) -> Option<u64> {
    let property = metadata.properties("schema:numberOfPages").map(Element::text).next();
    let named = || {
        metadata.named("schema:numberOfPages").or_else(|| metadata.named("numberOfPages")).map(str::to_owned)
    };
    let extent = || {
        let extents = metadata.properties("dcterms:extent").map(Element::text);
        extents.filter_map(|extent| Some(extent.trim().strip_suffix("pages")?.to_owned())).next()
    };
    number(&property.or_else(named).or_else(extent)?)?.as_u64()
}

/// The entries of the page list, in the navigation document of EPUB 3 or in the older one.
fn listed(container: &mut Container<'_>, package: &Package, limits: &Limits) -> Option<u64> {
    let items = package.items();
    let navigation =
        items.iter().find(|item| item.properties.split_ascii_whitespace().any(|word| word == "nav"));
    let older = items.iter().find(|item| item.media_type == "application/x-dtbncx+xml");
    let mut targets = |path: Option<&str>, word: &[u8], count: fn(&Element) -> usize| {
        let member = container.read(path?, limits.entry_bytes)?;
        // Most books have none, and need no parsing.
        member.bytes.windows(word.len()).any(|window| window == word).then_some(())?;
        let pages = count(&xml::parse(&member.bytes, limits).root);
        u64::try_from(pages).ok().filter(|pages| *pages > 0)
    };
    let in_navigation = targets(navigation.and_then(|item| item.path.as_deref()), b"page-list", |root| {
        let mut lists = Vec::new();
        root.descendants("nav", &mut lists);
        let list = lists.into_iter().find(|list| list.attribute("type") == Some("page-list"));
        let mut links = Vec::new();
        if let Some(list) = list {
            list.descendants("a", &mut links);
        }
        links.len()
    });
    in_navigation.or_else(|| {
        targets(older.and_then(|item| item.path.as_deref()), b"pageTarget", |root| {
            let mut entries = Vec::new();
            root.descendants("pageTarget", &mut entries);
            entries.len()
        })
    })
}
