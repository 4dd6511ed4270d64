//! Finds a book's cover picture by every way that books point at one.
//!
//! Judges a picture by its bytes, not by what the manifest calls it.

use super::package::{Item, Package};
use crate::read::zipped::Container;
use crate::read::{Cover, Limits, image, xml};

/// The first candidate that is there and is a picture.
pub fn find(container: &mut Container<'_>, package: &Package, limits: &Limits) -> Option<Cover> {
    /// What items are called in books that point at no cover.
    const USUAL_IDS: [&str; 4] = ["cover", "cover-image", "coverimage", "cover-img"];
    let items = package.items();
    let by_property =
        first(&items, |item| item.properties.split_ascii_whitespace().any(|word| word == "cover-image"));
    let by_meta = package
        .meta_cover()
        .and_then(|content| first(&items, |item| item.id == content).or_else(|| package.resolve(&content)));
    let by_id = || {
        first(&items, |item| {
            item.media_type.starts_with("image/")
                && USUAL_IDS.iter().any(|usual| usual.eq_ignore_ascii_case(item.id))
        })
    };
    let candidates = [by_property, by_meta, package.guide_cover(), by_id()];
    candidates.into_iter().flatten().find_map(|path| picture(container, &path, limits))
}

fn first(items: &[Item<'_>], wanted: impl Fn(&Item<'_>) -> bool) -> Option<String> {
    items.iter().find(|item| wanted(item)).and_then(|item| item.path.clone())
}

/// The picture in a member, or the first one on the page that is there.
fn picture(container: &mut Container<'_>, path: &str, limits: &Limits) -> Option<Cover> {
    let bytes = whole(container, path, limits.cover_bytes)?;
    if let Some(picture) = image::look(&bytes) {
        return Some(Cover { media_type: picture.media_type, bytes });
    }
    let page = bytes.get(..bytes.len().min(usize::try_from(limits.entry_bytes).unwrap_or(usize::MAX)))?;
    let page = xml::parse(page, limits);
    let on_page = image_reference(&page.root)?;
    let bytes = whole(container, &super::container::resolve(path, &on_page)?, limits.cover_bytes)?;
    image::look(&bytes).map(|picture| Cover { media_type: picture.media_type, bytes })
}

/// `<img src>` of HTML or `<image xlink:href>` of an SVG in it.
fn image_reference(page: &xml::Element) -> Option<String> {
    page.children().find_map(|child| {
        let reference = match () {
            () if child.is("img") => child.attribute("src"),
            () if child.is("image") => child.attribute("href"),
            () => None,
        };
        reference.map(str::to_owned).or_else(|| image_reference(child))
    })
}

fn whole(container: &mut Container<'_>, path: &str, limit: u64) -> Option<Vec<u8>> {
    let member = container.read(path, limit)?;
    (!member.cut && member.damage.is_none()).then_some(member.bytes)
}
