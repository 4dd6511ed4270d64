//! The first pictures of a comic in a ZIP.

use super::zipped::{Archive, write};
use super::{Cut, CutError};
use crate::archive::dos_time::DosTime;

/// What pages are, by their extension.
const PICTURES: &[&str] = &["jpg", "jpeg", "png", "gif", "webp", "avif", "jxl", "bmp", "tif", "tiff"];

pub(super) fn cut(archive: &mut Archive<'_>, pages: usize, time: DosTime) -> Result<Cut, CutError> {
    let mut names: Vec<String> = archive.names().iter().filter(|name| is_page(name)).cloned().collect();
    if names.is_empty() {
        return Err(CutError::Format);
    }
    names.sort_by_cached_key(|name| natural(name));
    let of = names.len();
    names.truncate(pages.max(1));
    let mut members = Vec::new();
    for name in names {
        let bytes = archive.read(&name)?;
        members.push((name, bytes, false));
    }
    Ok(Cut { extension: "cbz", kept: members.len(), of, bytes: write(&members, time)? })
}

fn is_page(name: &str) -> bool {
    let hidden = name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX");
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    !hidden && extension.is_some_and(|extension| PICTURES.contains(&extension.as_str()))
}

/// A name in the order of people: `page10` behind `page9`.
fn natural(name: &str) -> Vec<(u64, String)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (text, after) = rest.split_at_checked(letters).unwrap_or((rest, ""));
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (number, after) = after.split_at_checked(digits).unwrap_or((after, ""));
        // The text goes before the number it leads up to.
        parts.push((0, text.to_lowercase()));
        parts.push((number.parse().unwrap_or(u64::MAX), String::new()));
        rest = after;
    }
    parts
}
