//! Reads comics in a ZIP: their pages, the first of which is the cover, and what is noted beside them.
//!
//! Looks at one picture and at no other page. Notes are ComicInfo.xml, or what ComicBookLover leaves in the comment.

mod comic_info;
mod natural;

use super::zipped::Container;
use super::{Cover, Damage, Found, Head, Limits, ReadError, Source, image, xml};

const FORMAT: &str = "cbz";

/// Where other formats in a ZIP say what they are; a comic has none of these.
const OTHERS: [&str; 6] =
    ["mimetype", "[content_types].xml", "meta-inf/", "androidmanifest.xml", "package.json", "index.html"];

/// A ZIP with pictures and next to nothing else, or one with notes on a comic and a picture.
#[must_use]
pub fn sniff(head: &Head) -> bool {
    if head.members.is_empty() || head.members.iter().any(|name| is_of_another(name)) {
        return false;
    }
    let files = head.members.iter().filter(|name| !name.ends_with('/') && !is_clutter(name));
    let (mut pictures, mut others, mut noted) = (0_usize, 0_usize, false);
    for name in files {
        match () {
            () if is_picture(name) => pictures += 1,
            () if is_notes(name) => noted = true,
            () => others += 1,
        }
    }
    // Scanners leave a text or a folder picture with their pages.
    pictures > 0 && (noted || others <= 1 + pictures / 10)
}

/// Reads a comic's facts.
///
/// # Errors
/// When it is no ZIP that can be read.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let mut found = Found::new(FORMAT);
    let mut container = Container::open(source, limits).map_err(unreadable)?;
    let pages = pages(&container);
    let notes = container.names().filter(|name| is_notes(name)).min_by_key(|name| name.matches('/').count());
    if let Some(name) = notes.map(str::to_owned)
        && let Some(member) = container.read(&name, limits.entry_bytes)
    {
        let document = xml::parse(&member.bytes, limits);
        let damage = member.damage.map(|damage| damage.what).or(document.damage.map(|damage| damage.what));
        if let Some(what) = damage {
            found.damaged(Damage::of(format!("the notes on the comic: {what}")));
        }
        comic_info::describe(&document.root, &mut found, limits);
    } else {
        comic_info::describe_comment(container.comment(), &mut found, limits);
    }
    found.facts.insert("pages".to_owned(), pages.len().into());
    found.facts.insert("encrypted".to_owned(), container.is_encrypted().into());
    match first_page(&mut container, &pages, limits) {
        Some(cover) => {
            found.facts.insert("cover".to_owned(), cover.fact());
        }
        None if container.is_encrypted() => {}
        None => found.note("its first page is no picture that can be read"),
    }
    Ok(found)
}

/// Reads a comic's first page.
///
/// # Errors
/// As [`read`].
pub fn cover(source: &mut dyn Source, limits: &Limits) -> Result<Option<Cover>, ReadError> {
    let mut container = Container::open(source, limits).map_err(unreadable)?;
    let pages = pages(&container);
    Ok(first_page(&mut container, &pages, limits))
}

/// The pages in the order in which people count.
fn pages(container: &Container<'_>) -> Vec<String> {
    let mut pages: Vec<String> =
        container.names().filter(|name| is_picture(name) && !is_clutter(name)).map(str::to_owned).collect();
    pages.sort_by(|one, other| natural::compare(one, other));
    pages
}

fn first_page(container: &mut Container<'_>, pages: &[String], limits: &Limits) -> Option<Cover> {
    let member = container.read(pages.first()?, limits.cover_bytes)?;
    let bytes = (!member.cut && member.damage.is_none()).then_some(member.bytes)?;
    let picture = image::look(&bytes)?;
    Some(Cover { media_type: picture.media_type, bytes })
}

fn is_picture(name: &str) -> bool {
    const EXTENSIONS: [&str; 11] =
        ["jpg", "jpeg", "png", "gif", "webp", "avif", "bmp", "jxl", "tif", "tiff", "heic"];
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension))
}

fn is_notes(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    file.eq_ignore_ascii_case("ComicInfo.xml") && !is_clutter(name)
}

/// What file managers leave behind: hidden files, resource forks, thumbnails.
fn is_clutter(name: &str) -> bool {
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let hidden = name.split(['/', '\\']).any(|part| part.starts_with('.') || part == "__MACOSX");
    hidden || file.eq_ignore_ascii_case("Thumbs.db") || file.eq_ignore_ascii_case("desktop.ini")
}

fn is_of_another(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    OTHERS.iter().any(|other| lower == *other || other.ends_with('/') && lower.starts_with(other))
}

fn unreadable(damage: Damage) -> ReadError {
    ReadError::Unreadable { format: FORMAT, damage }
}

#[cfg(test)]
mod tests;
