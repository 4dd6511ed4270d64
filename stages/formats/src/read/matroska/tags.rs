//! Tags: what they say of the whole film and of single tracks, and how many chapters there are.
//!
//! Of nested tags only the outermost level is read.

use super::ebml::{child, children, text, unsigned};
use super::ids;
use crate::read::Chapter;

/// One tag with what it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tag {
    /// The track it is about; none is the whole.
    pub track: Option<u64>,
    /// 50 is the film or episode, 70 the collection.
    pub level: u64,
    /// The name, in capitals.
    pub name: String,
    /// The text.
    pub text: String,
}

/// How many tags are read.
const MOST: usize = 5_000;
const FILM: u64 = 50;

/// Reads all tags of a part, but those about chapters and attachments.
pub fn read(part: &[u8]) -> Vec<Tag> {
    let mut tags = Vec::new();
    for (_, tag) in children(part).filter(|(id, _)| *id == ids::TAG) {
        let targets = child(tag, ids::TARGETS).unwrap_or_default();
        let about = |id| child(targets, id).and_then(unsigned).filter(|uid| *uid != 0);
        if about(ids::TAG_CHAPTER_UID).or_else(|| about(ids::TAG_ATTACHMENT_UID)).is_some() {
            continue;
        }
        let track = about(ids::TAG_TRACK_UID);
        let level = child(targets, ids::TARGET_TYPE_VALUE).and_then(unsigned).unwrap_or(FILM);
        for (_, simple) in children(tag).filter(|(id, _)| *id == ids::SIMPLE_TAG) {
            if tags.len() >= MOST {
                return tags;
            }
            let part = |id| child(simple, id).map(text).unwrap_or_default();
            tags.push(Tag {
                track,
                level,
                name: part(ids::TAG_NAME).to_uppercase(),
                text: part(ids::TAG_STRING),
            });
        }
    }
    tags
}

/// What the tags of the whole say under a name.
pub fn of_film<'t>(tags: &'t [Tag], name: &str) -> Option<&'t str> {
    let fits = |tag: &&Tag| tag.track.is_none() && tag.level == FILM && tag.name == name;
    tags.iter().find(fits).map(|tag| tag.text.trim()).filter(|text| !text.is_empty())
}

/// A number that a muxer noted of a track. Older ones put the language behind the name.
pub fn statistic(tags: &[Tag], track: u64, name: &str) -> Option<u64> {
    let fits = |tag: &&Tag| {
        let rest = tag.name.strip_prefix(name);
        tag.track == Some(track) && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    tags.iter().find(fits).and_then(|tag| tag.text.trim().parse().ok())
}

/// The chapters of the default edition, or of the first that is not hidden.
pub fn chapters(part: &[u8]) -> Vec<Chapter> {
    let flag =
        |master: &[u8], id, absent| child(master, id).and_then(unsigned).map_or(absent, |flag| flag != 0);
    let mut shown = None;
    for (_, edition) in children(part).filter(|(id, _)| *id == ids::EDITION) {
        if flag(edition, ids::EDITION_HIDDEN, false) {
            continue;
        }
        if flag(edition, ids::EDITION_DEFAULT, false) {
            shown = Some(edition);
            break;
        }
        shown.get_or_insert(edition);
    }
    let chapters = children(shown.unwrap_or_default()).filter(|(id, chapter)| {
        *id == ids::CHAPTER
            && !flag(chapter, ids::CHAPTER_HIDDEN, false)
            && flag(chapter, ids::CHAPTER_ENABLED, true)
    });
    let named = |(_, chapter): (u32, &[u8])| Chapter {
        start_ms: child(chapter, ids::CHAPTER_START).and_then(unsigned).unwrap_or_default() / 1_000_000,
        title: child(chapter, ids::CHAPTER_DISPLAY)
            .and_then(|display| child(display, ids::CHAPTER_NAME))
            .map(text)
            .unwrap_or_default(),
    };
    chapters.map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(track: Option<u64>, name: &str, text: &str) -> Tag {
        Tag { track, level: FILM, name: name.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn statistics_are_those_of_the_track() {
        let tags = [tag(None, "BPS", "1"), tag(Some(7), "BPS-eng", "768000"), tag(Some(8), "BPSX", "2")];
        assert_eq!(statistic(&tags, 7, "BPS"), Some(768_000));
        assert_eq!(statistic(&tags, 8, "BPS"), None);
    }

    #[test]
    fn only_tags_of_the_film_speak_for_it() {
        let collection = Tag { level: 70, ..tag(None, "TITLE", "The Series") };
        let tags = [collection, tag(Some(1), "TITLE", "A track"), tag(None, "TITLE", " The Film ")];
        assert_eq!(of_film(&tags, "TITLE"), Some("The Film"));
    }

    #[test]
    fn hidden_editions_and_chapters_do_not_count() {
        let shown = [0x45, 0xb9, 0x82, 0xb6, 0x80];
        let hidden = [0x45, 0xb9, 0x86, 0x45, 0xbd, 0x81, 1, 0xb6, 0x80];
        let preferred = [0x45, 0xb9, 0x8b, 0x45, 0xdb, 0x81, 1, 0xb6, 0x80, 0xb6, 0x83, 0x98, 0x81, 1];
        assert_eq!(chapters(&[&hidden[..], &shown].concat()).len(), 1);
        assert_eq!(chapters(&[&shown[..], &preferred].concat()).len(), 1);
        assert_eq!(chapters(&hidden), []);
    }

    #[test]
    fn a_chapter_has_a_time_and_a_name() {
        let name = [0x80, 0x85, 0x85, 0x83, b'O', b'n', b'e'];
        let chapter = [&[0xb6, 0x8b, 0x91, 0x82, 0x1e, 0x84][..], &name].concat();
        let edition = [&[0x45, 0xb9, 0x8d][..], &chapter].concat();
        assert_eq!(chapters(&edition), [Chapter { start_ms: 0, title: "One".to_owned() }]);
        let later = [0x45, 0xb9, 0x88, 0xb6, 0x86, 0x91, 0x84, 0x3b, 0x9a, 0xca, 0x00];
        assert_eq!(chapters(&later), [Chapter { start_ms: 1000, title: String::new() }]);
    }
}
