//! Tells what a name is the name of.
//!
//! Weighs the tags that count; the facts come from elsewhere.

use super::layout::Layout;
use super::vocabulary::Class;

/// `Artist-Title-WEB-2022-GRP`: hyphens part everything, and the year stands before the group.
fn music_by_form(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let year = parts.iter().rev().nth(1);
    let is_year = year.is_some_and(|year| {
        year.len() == 4
            && (year.starts_with("19") || year.starts_with("20"))
            && year.bytes().take(3).all(|byte| byte.is_ascii_digit())
    });
    parts.len() >= 4 && is_year && !name.contains([' ', '['])
}

/// The kind of a name; `file` is what its extension tells.
pub(super) fn of(layout: &Layout<'_>, file: Option<&str>) -> &'static str {
    let has = |class: Class| layout.of(class).next().is_some();
    let kind_of_book = layout.of(Class::BookType).map(|mark| mark.tag.as_str()).find(|tag| *tag != "ebook");
    let numbered = layout.numbering.is_some() || layout.day.is_some();
    let pictures = has(Class::Video) || has(Class::Resolution) || file == Some("video");
    match kind_of_book {
        Some("magazine") => return "magazine",
        Some("comic") => return "comic",
        Some("audiobook") if !pictures => return "audiobook",
        Some("docs") if !pictures && !numbered => return "docs",
        _ => {}
    }
    if file == Some("comic")
        || (layout.of(Class::BookFormat).any(|mark| matches!(mark.tag.as_str(), "CBZ" | "CBR"))
            && !pictures
            && !has(Class::Audio))
    {
        return "comic";
    }
    if has(Class::BookType)
        || file == Some("book")
        || (has(Class::BookFormat) && !pictures && !has(Class::Audio))
    {
        return "ebook";
    }
    if file == Some("document") {
        return "docs";
    }
    let sound = file == Some("audio") || (has(Class::Audio) && !has(Class::Source)) || has(Class::Music);
    let aired = layout
        .of(Class::Source)
        .any(|mark| !matches!(mark.tag.as_str(), "WEB" | "DVD" | "DSR" | "VHS" | "VOD"));
    if !pictures && !aired && music_by_form(layout.name) {
        return "music";
    }
    let program = has(Class::Game) || has(Class::Version);
    if program && !pictures && !aired && !numbered {
        let platform = layout.of(Class::Game).any(|mark| {
            !matches!(mark.tag.as_str(), "MACOS" | "LINUX" | "WINDOWS" | "INCL" | "ANDROID" | "IOS")
        });
        return if platform { "game" } else { "app" };
    }
    if sound
        && !pictures
        && !aired
        && (file == Some("audio")
            || layout.numbering.as_ref().is_none_or(|number| number.value.seasons.is_empty()))
    {
        return "music";
    }
    if numbered {
        return "tv";
    }
    if pictures || aired || has(Class::Source) || (layout.year.is_some() && has(Class::Language)) {
        let season = layout.of(Class::Flag).any(|mark| mark.tag == "MINISERIES");
        return if season { "tv" } else { "movie" };
    }
    if layout.year.is_some() && file.is_none() { "movie" } else { "unknown" }
}
