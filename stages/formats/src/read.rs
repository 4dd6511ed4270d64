//! Reads facts out of files: one table of readers, chosen by content alone.
//!
//! Knows bytes and formats; opens no path, sees no file name, and never fails a file for being odd.
//! A new format is a file under `read/`, a `mod` line and a row in [`READERS`].

pub mod avi;
#[cfg(test)]
mod corpus;
pub mod epub;
mod facts;
mod fields;
pub mod identifier;
mod image;
pub mod language;
mod limits;
mod markup;
pub mod matroska;
pub mod mp4;
pub mod mpegps;
pub mod mpegts;
mod pes;
mod seam;
#[cfg(test)]
mod sparse;
pub mod txt;
pub mod video;
mod window;
mod xml;
mod zipped;

pub use limits::Limits;
pub use seam::{Cover, Damage, Found, Head, ReadError, Reader, Source};

/// Every reader, the most particular first: the first one that claims a file reads it.
pub const READERS: &[Reader] = &[
    Reader {
        name: "epub",
        about: "EPUB 2 and 3 books",
        extensions: &["epub"],
        sniff: epub::sniff,
        read: epub::read,
        cover: Some(epub::cover),
    },
    Reader {
        name: "matroska",
        about: "Matroska video and audio",
        extensions: &["mkv", "mka", "mks", "mk3d"],
        sniff: matroska::sniff,
        read: matroska::read,
        cover: None,
    },
    Reader {
        name: "webm",
        about: "WebM video and audio",
        extensions: &["webm", "weba"],
        sniff: matroska::sniff_webm,
        read: matroska::read,
        cover: None,
    },
    Reader {
        name: "mp4",
        about: "MP4, M4V, MOV and 3GP films, M4A and M4B sound",
        extensions: &["mp4", "m4v", "mov", "qt", "m4a", "m4b", "3gp", "3g2", "f4v"],
        sniff: mp4::sniff,
        read: mp4::read,
        cover: Some(mp4::cover),
    },
    Reader {
        name: "avi",
        about: "AVI films",
        extensions: &["avi", "divx"],
        sniff: avi::sniff,
        read: avi::read,
        cover: None,
    },
    Reader {
        name: "mpegps",
        about: "MPEG program streams: MPG and VOB",
        extensions: &["mpg", "mpeg", "vob", "m2p", "evo"],
        sniff: mpegps::sniff,
        read: mpegps::read,
        cover: None,
    },
    Reader {
        name: "mpegts",
        about: "MPEG transport streams: TS, M2TS and MTS",
        extensions: &["ts", "m2ts", "mts", "m2t", "trp", "tp"],
        sniff: mpegts::sniff,
        read: mpegts::read,
        cover: None,
    },
    Reader {
        name: "txt",
        about: "plain text in any encoding",
        extensions: &["txt", "text", "md", "nfo", "diz"],
        sniff: txt::sniff,
        read: txt::read,
        cover: None,
    },
];

/// What [`inspect`] calls a file that no reader claims.
pub const UNKNOWN: &str = "unknown";

/// Reads the facts of a file within the default limits.
///
/// The `size` fact is always there; a file that nobody claims is [`UNKNOWN`] and has no other.
///
/// # Errors
/// When the source cannot be read, or when its reader finds nothing in it that it could tell.
pub fn inspect(source: &mut dyn Source) -> Result<Found, ReadError> {
    inspect_within(source, &Limits::default())
}

/// As [`inspect`], within the caller's limits.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_within(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let head = Head::take(source, limits)?;
    let mut found = match claimant(&head) {
        Some(reader) => (reader.read)(source, limits)?,
        None => Found::new(UNKNOWN),
    };
    found.facts.shift_insert(0, "size".to_owned(), head.size.into());
    Ok(found)
}

/// The cover picture of a file, when its format can carry one and it does.
///
/// # Errors
/// When the source cannot be read or the file is too broken to look for one.
pub fn cover(source: &mut dyn Source) -> Result<Option<Cover>, ReadError> {
    let limits = Limits::default();
    let head = Head::take(source, &limits)?;
    match claimant(&head).and_then(|reader| reader.cover) {
        Some(cover) => cover(source, &limits),
        None => Ok(None),
    }
}

/// The reader whose files usually carry this extension (in any case, without a dot). For callers who know a
/// file's name and want to say that its content is something else; reading itself never asks.
#[must_use]
pub fn named(extension: &str) -> Option<&'static Reader> {
    READERS.iter().find(|reader| reader.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension)))
}

fn claimant(head: &Head) -> Option<&'static Reader> {
    READERS.iter().find(|reader| (reader.sniff)(head))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn check(bytes: &[u8], format: &str) {
        let found = inspect(&mut Cursor::new(bytes)).expect("readable");
        assert_eq!(found.format, format);
        assert_eq!(found.facts.get("size"), Some(&bytes.len().into()));
    }

    #[test]
    fn a_file_that_nobody_claims_has_a_size_and_no_more() {
        check(b"", UNKNOWN);
        check(&[0, 1, 2, 3, 0xff, 0, 0, 7], UNKNOWN);
        check(b"%PDF-1.7\nhello", UNKNOWN);
    }

    #[test]
    fn text_is_known_by_its_content() {
        check(b"Call me Ishmael.\n", "txt");
    }

    #[test]
    fn extensions_name_a_reader_in_any_case() {
        assert_eq!(named("EPUB").map(|reader| reader.name), Some("epub"));
        assert!(named("exe").is_none());
    }

    #[test]
    fn reader_names_are_unique() {
        let mut names: Vec<_> = READERS.iter().map(|reader| reader.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), READERS.len());
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
            let _ = inspect(&mut Cursor::new(&bytes));
            let _ = cover(&mut Cursor::new(&bytes));
        }
    }
}
