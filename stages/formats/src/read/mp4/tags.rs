//! Tags of a movie or a track: iTunes lists, QuickTime user data and keys, 3GPP texts.
//!
//! Collects what is said; which fact it becomes is settled by the caller.

use super::boxes::{Node, children, first};
use crate::read::fields::Fields;
use crate::read::window::Window;
use crate::read::{Chapter, Damage};
use std::io;

/// What the tags of a file say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tags {
    /// Texts by what they are, in the order of the file.
    texts: Vec<(Key, String)>,
    /// Where the first cover picture lies, and how long it is.
    pub cover: Option<(u64, u64)>,
    /// The chapters of Nero's list.
    pub chapters: Vec<Chapter>,
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Title,
    Artist,
    AlbumArtist,
    Narrator,
    Publisher,
    Date,
    Description,
    LongDescription,
    Genre,
    Encoder,
    Show,
    Season,
    Episode,
    Rights,
}

/// Bytes of one text, and tags of one list.
const TEXT: u64 = 64 << 10;
const TAGS: usize = 1000;

impl Tags {
    /// The first text that is this.
    pub fn text(&self, key: Key) -> Option<&str> {
        self.texts(key).next()
    }

    /// All texts that are this.
    pub fn texts(&self, key: Key) -> impl Iterator<Item = &str> {
        self.texts.iter().filter(move |(known, _)| *known == key).map(|(_, text)| text.as_str())
    }

    fn add(&mut self, key: Option<Key>, text: &str) {
        let text = text.trim_matches(['\0', ' ', '\n', '\r', '\t']);
        if let Some(key) = key.filter(|_| !text.is_empty() && self.texts.len() < TAGS) {
            self.texts.push((key, text.to_owned()));
        }
    }

    /// Reads a user-data box.
    pub fn user_data(
        &mut self,
        window: &mut Window,
        node: Node,
        damage: &mut Option<Damage>,
    ) -> io::Result<()> {
        for node in node.children(window, damage)?.into_iter().take(TAGS) {
            match &node.kind {
                b"meta" => self.metadata(window, node, damage)?,
                b"chpl" => self.chapters = chapter_list(&node.content(window, TEXT)?),
                b"titl" | b"auth" | b"perf" | b"dscp" | b"cprt" | b"gnre" => {
                    let content = node.content(window, TEXT)?;
                    // ISO's copyright box and those of 3GPP begin alike: version, flags, language.
                    self.add(three_gpp(node.kind), &unicode(content.get(6..).unwrap_or_default()));
                }
                [0xa9, ..] => {
                    let content = node.content(window, TEXT)?;
                    self.add(key(&node.kind), &quicktime_text(&content));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads a metadata box with an item list.
    pub fn metadata(
        &mut self,
        window: &mut Window,
        node: Node,
        damage: &mut Option<Damage>,
    ) -> io::Result<()> {
        // ISO's box has a version before its boxes, QuickTime's has not.
        let plain = window.bytes(node.body.saturating_add(4), 4)? == b"hdlr";
        let start = if plain { node.body } else { node.body.saturating_add(4).min(node.end) };
        let parts = children(window, start, node.end, damage)?;
        let names = match first(&parts, b"keys") {
            Some(keys) => key_names(&keys.content(window, TEXT)?),
            None => Vec::new(),
        };
        let Some(list) = first(&parts, b"ilst") else { return Ok(()) };
        for item in list.children(window, damage)?.into_iter().take(TAGS) {
            self.item(window, item, &names, damage)?;
        }
        Ok(())
    }

    fn item(
        &mut self,
        window: &mut Window,
        item: Node,
        names: &[String],
        damage: &mut Option<Damage>,
    ) -> io::Result<()> {
        let parts = item.children(window, damage)?;
        let index = (u32::from_be_bytes(item.kind) as usize).checked_sub(1);
        let key = match (&item.kind, index.and_then(|index| names.get(index))) {
            (_, Some(name)) => named(name),
            (b"----", None) => match first(&parts, b"name") {
                Some(name) => {
                    let content = name.content(window, 256)?;
                    named(&String::from_utf8_lossy(content.get(4..).unwrap_or_default()))
                }
                None => None,
            },
            (kind, None) => key(kind),
        };
        for value in parts.into_iter().filter(|node| node.kind == *b"data").take(TAGS) {
            let start = value.body.saturating_add(8);
            if item.kind == *b"covr" {
                let length = value.end.saturating_sub(start);
                self.cover = self.cover.or((length > 0).then_some((start, length)));
                continue;
            }
            if key.is_none() {
                continue;
            }
            let content = value.content(window, TEXT)?;
            let (kind, bytes) = (content.get(..4), content.get(8..).unwrap_or_default());
            match kind {
                Some([0, 0, 0, 1]) => self.add(key, &String::from_utf8_lossy(bytes)),
                Some([0, 0, 0, 2]) => self.add(key, &utf16(bytes)),
                Some([0, 0, 0, 0 | 21 | 22]) if matches!(key, Some(Key::Season | Key::Episode)) => {
                    self.add(key, &whole(bytes).unwrap_or_default());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A track's own name in its user data.
pub fn track_name(
    window: &mut Window,
    node: Node,
    damage: &mut Option<Damage>,
) -> io::Result<Option<String>> {
    let parts = node.children(window, damage)?;
    let mut tags = Tags::default();
    tags.user_data(window, node, damage)?;
    if let Some(text) = tags.text(Key::Title) {
        return Ok(Some(text.to_owned()));
    }
    let Some(name) = first(&parts, b"name") else { return Ok(None) };
    let content = name.content(window, 1024)?;
    let text = String::from_utf8_lossy(&content).trim_matches(['\0', ' ']).to_owned();
    Ok((!text.is_empty() && !text.chars().any(char::is_control)).then_some(text))
}

fn key(kind: &[u8; 4]) -> Option<Key> {
    Some(match kind {
        b"\xa9nam" => Key::Title,
        b"\xa9ART" | b"\xa9aut" => Key::Artist,
        b"aART" => Key::AlbumArtist,
        b"\xa9nrt" => Key::Narrator,
        b"\xa9pub" => Key::Publisher,
        b"\xa9day" => Key::Date,
        b"desc" | b"\xa9des" => Key::Description,
        b"ldes" => Key::LongDescription,
        b"\xa9gen" => Key::Genre,
        b"\xa9too" | b"\xa9swr" => Key::Encoder,
        b"tvsh" => Key::Show,
        b"tvsn" => Key::Season,
        b"tves" => Key::Episode,
        b"cprt" | b"\xa9cpy" => Key::Rights,
        _ => return None,
    })
}

fn three_gpp(kind: [u8; 4]) -> Option<Key> {
    Some(match &kind {
        b"titl" => Key::Title,
        b"auth" | b"perf" => Key::Artist,
        b"dscp" => Key::Description,
        b"cprt" => Key::Rights,
        b"gnre" => Key::Genre,
        _ => return None,
    })
}

fn named(name: &str) -> Option<Key> {
    let name = name.strip_prefix("com.apple.quicktime.").unwrap_or(name).to_ascii_lowercase();
    Some(match name.as_str() {
        "title" | "displayname" => Key::Title,
        "artist" | "author" => Key::Artist,
        "album_artist" => Key::AlbumArtist,
        "narrator" => Key::Narrator,
        "publisher" => Key::Publisher,
        "date" | "creationdate" | "year" => Key::Date,
        "description" | "synopsis" => Key::Description,
        "genre" => Key::Genre,
        "encoder" | "software" => Key::Encoder,
        "show" => Key::Show,
        "season_number" => Key::Season,
        "episode_sort" => Key::Episode,
        "copyright" => Key::Rights,
        _ => return None,
    })
}

fn key_names(content: &[u8]) -> Vec<String> {
    let mut fields = Fields(content);
    let mut names = Vec::new();
    let (Some(()), Some(count)) = (fields.skip(4), fields.be32()) else { return names };
    while names.len() < TAGS.min(count as usize) {
        let Some(size) = fields.be32().and_then(|size| (size as usize).checked_sub(8)) else { break };
        let (Some(()), Some(name)) = (fields.skip(4), fields.take(size)) else { break };
        names.push(String::from_utf8_lossy(name).into_owned());
    }
    names
}

/// The first text of a QuickTime list of texts, each with its length and language.
fn quicktime_text(content: &[u8]) -> String {
    let mut fields = Fields(content);
    let parse = || {
        let length = fields.be16()?;
        fields.skip(2)?;
        fields.take(usize::from(length).min(fields.0.len()))
    };
    let mut parse = parse;
    let bytes = parse().unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::MACINTOSH.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

fn unicode(bytes: &[u8]) -> String {
    if bytes.starts_with(&[0xfe, 0xff]) {
        utf16(bytes.get(2..).unwrap_or_default())
    } else {
        String::from_utf8_lossy(bytes).into_owned()
    }
}

fn utf16(bytes: &[u8]) -> String {
    encoding_rs::UTF_16BE.decode_without_bom_handling(bytes).0.into_owned()
}

fn whole(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.get(..bytes.len().min(8))?;
    let number = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    (number > 0).then(|| number.to_string())
}

/// The chapters of Nero's list, as far as it can be read.
fn chapter_list(content: &[u8]) -> Vec<Chapter> {
    let mut fields = Fields(content);
    let head = |fields: &mut Fields<'_>| {
        let version = fields.byte()?;
        fields.skip(3 + if version == 1 { 4 } else { 0 })?;
        fields.byte()
    };
    let count = head(&mut fields).unwrap_or_default();
    let mut next = || {
        // Ten million units are a second.
        let start_ms = fields.be64()? / 10_000;
        let len = fields.byte()?;
        let title = String::from_utf8_lossy(fields.take(len.into())?).trim().to_owned();
        Some(Chapter { start_ms, title })
    };
    (0..count).map_while(|_| next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quicktime_texts_are_utf_8_or_of_the_macintosh() {
        assert_eq!(quicktime_text(b"\0\x05\x55\xc4hello rest"), "hello");
        assert_eq!(quicktime_text(b"\0\x04\0\0caf\x8e"), "caf\u{e9}");
        assert_eq!(quicktime_text(b"\xff\xff\0\0ab"), "ab");
        assert_eq!(quicktime_text(b""), "");
    }

    #[test]
    fn keys_are_listed_with_their_sizes() {
        let keys = b"\0\0\0\0\0\0\0\x02\0\0\0\x0dmdtatitle\0\0\0\x0bmdtayou";
        assert_eq!(key_names(keys), ["title", "you"]);
        assert_eq!(key_names(b"\0\0\0\0\xff\xff\xff\xff\0\0\0\x02"), [""; 0]);
    }

    #[test]
    fn chapters_are_listed_in_both_versions() {
        let entries = b"\0\0\0\0\0\0\0\0\x03One\0\0\0\0\0\x98\x96\x80\0";
        let want = [
            Chapter { start_ms: 0, title: "One".to_owned() },
            Chapter { start_ms: 1000, title: String::new() },
        ];
        assert_eq!(chapter_list(&[b"\x01\0\0\0\0\0\0\0\x02", &entries[..]].concat()), want);
        assert_eq!(chapter_list(&[b"\0\0\0\0\x09", &entries[..]].concat()), want, "a count that lies");
        assert_eq!(chapter_list(b"\x01\0"), []);
    }
}
