//! Reads MP4, MOV, M4V, M4A, M4B and 3GP: ISO base media files and their ancestor QuickTime.
//!
//! Takes in headers, tables and one sample a track; media data is never read through.

mod boxes;
mod descriptor;
mod entry;
mod fragment;
mod language;
mod movie;
mod samples;
mod sound;
mod tags;
#[cfg(test)]
mod tests;
mod track;

use super::window::Window;
use super::{Cover, Damage, Found, Head, Limits, ReadError, Source, image};
use movie::Movie;
use serde_json::Map;
use tags::{Key, Tags};

/// Bytes that may be read of one file, all boxes and samples together.
const BUDGET: u64 = 48 << 20;

/// Claims files whose first box is one that such files begin with, but not pictures in the same container.
#[must_use]
pub fn sniff(head: &Head) -> bool {
    const PICTURES: [&[u8]; 12] = [
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis", b"crx ",
        b"jp2 ",
    ];
    let (Some(size), Some(kind)) = (head.bytes.first_chunk::<4>(), head.bytes.get(4..8)) else {
        return false;
    };
    let size = u64::from(u32::from_be_bytes(*size));
    match kind {
        b"ftyp" => head.bytes.get(8..12).is_none_or(|brand| !PICTURES.contains(&brand)),
        b"moov" | b"mdat" => matches!(size, 0 | 1) || (8..=head.size).contains(&size),
        b"free" | b"skip" | b"wide" | b"pnot" | b"styp" | b"sidx" | b"moof" => {
            (8..=head.size).contains(&size)
        }
        _ => false,
    }
}

/// Reads tracks, durations and tags.
///
/// # Errors
/// When the source cannot be read, or has no movie box.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let mut window = Window::open(source, BUDGET)?;
    let mut movie = Movie::read(&mut window, limits)?;
    let format = if movie.quicktime { "mov" } else { "mp4" };
    if !movie.present {
        let missing = "it has no `moov` box, which describes the tracks";
        let damage = match movie.damage {
            Some(Damage { what, at }) => Damage { what: format!("{missing}; {what}"), at },
            None => Damage::of(missing),
        };
        return Err(ReadError::Unreadable { format, damage });
    }
    let mut found = Found::new(format);
    let size = window.size();
    std::mem::take(&mut movie.film).tell(&mut found, size, limits);
    tell_tags(&movie.tags, &mut found, limits);
    tell_cover(&mut window, &movie.tags, &mut found, limits)?;
    if window.is_spent() {
        found.note("there is more in its headers than is read of one file");
    }
    if let Some(damage) = movie.damage {
        found.damaged(damage);
    }
    Ok(found)
}

/// The cover picture among the tags.
///
/// # Errors
/// When the source cannot be read.
pub fn cover(source: &mut dyn Source, limits: &Limits) -> Result<Option<Cover>, ReadError> {
    let mut window = Window::open(source, BUDGET.saturating_add(limits.cover_bytes))?;
    let tags = Movie::read(&mut window, limits)?.tags;
    let Some((at, length)) = tags.cover.filter(|(_, length)| *length <= limits.cover_bytes) else {
        return Ok(None);
    };
    let bytes = window.bytes(at, usize::try_from(length).unwrap_or(usize::MAX))?;
    Ok(image::look(&bytes).map(|picture| Cover { media_type: picture.media_type, bytes }))
}

fn tell_tags(tags: &Tags, found: &mut Found, limits: &Limits) {
    let authors: Vec<_> = match tags.texts(Key::Artist).collect::<Vec<_>>() {
        none if none.is_empty() => tags.texts(Key::AlbumArtist).collect(),
        some => some,
    };
    found.set_list("authors", authors, limits);
    found.set_list("contributors", tags.texts(Key::Narrator), limits);
    found.set_list("subjects", tags.texts(Key::Genre), limits);
    let described = tags.text(Key::LongDescription).or(tags.text(Key::Description));
    for (name, text) in [
        ("publisher", tags.text(Key::Publisher)),
        ("rights", tags.text(Key::Rights)),
        ("series", tags.text(Key::Show)),
    ] {
        if let Some(text) = text {
            found.set_text(name, text, limits);
        }
    }
    if let Some(text) = described {
        found.set_lines("description", text, limits);
    }
    for (name, key) in [("season", Key::Season), ("episode", Key::Episode)] {
        if let Some(number) = tags.text(key).and_then(|text| text.parse::<u32>().ok()) {
            found.facts.insert(name.to_owned(), number.into());
        }
    }
}

fn tell_cover(window: &mut Window, tags: &Tags, found: &mut Found, limits: &Limits) -> Result<(), ReadError> {
    /// A picture's size stands near its start, though behind its own metadata.
    const LOOK: u64 = 256 << 10;
    let Some((at, length)) = tags.cover.filter(|(_, length)| *length <= limits.cover_bytes) else {
        return Ok(());
    };
    let start = window.bytes(at, usize::try_from(length.min(LOOK)).unwrap_or_default())?;
    let Some(picture) = image::look(&start) else { return Ok(()) };
    let mut map = Map::new();
    map.insert("media_type".to_owned(), picture.media_type.into());
    if let Some((width, height)) = picture.size {
        map.insert("width".to_owned(), width.into());
        map.insert("height".to_owned(), height.into());
    }
    map.insert("bytes".to_owned(), length.into());
    found.set_map("cover", map);
    Ok(())
}
