//! Reads facts out of files: one table of readers, chosen by content alone.
//!
//! Knows bytes and formats; opens no path, sees no file name, and never fails a file for being odd.
//! A new format is a file under `read/`, a `mod` line and a row in [`READERS`].

pub mod avi;
pub mod cbz;
mod codepage;
#[cfg(test)]
mod corpus;
pub mod djvu;
pub mod epub;
mod facts;
pub mod fb2;
mod fields;
pub mod html;
pub mod identifier;
mod image;
pub mod language;
mod limits;
pub mod markdown;
mod markup;
pub mod matroska;
pub mod mobi;
pub mod mp4;
pub mod mpegps;
pub mod mpegts;
pub mod odf;
pub mod office;
pub mod ole;
pub mod pdf;
mod pes;
mod properties;
mod prose;
pub mod rtf;
mod seam;
#[cfg(test)]
mod sparse;
pub mod txt;
pub mod video;
mod window;
mod xml;
mod zipped;

pub use limits::Limits;
pub use seam::{Chapter, Cover, Damage, Found, Head, ReadError, Reader, Source};

/// Every reader, the most particular first: the first one that claims a file reads it. Films come before all others,
/// since their first bytes are like no other's and cost nothing to look at.
pub const READERS: &[Reader] = &[
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
        name: "epub",
        about: "EPUB 2 and 3 books",
        extensions: &["epub"],
        sniff: epub::sniff,
        read: epub::read,
        cover: Some(epub::cover),
    },
    Reader {
        name: "docx",
        about: "Word documents",
        extensions: &["docx", "docm", "dotx", "dotm"],
        sniff: office::is_word,
        read: office::read_word,
        cover: None,
    },
    Reader {
        name: "pptx",
        about: "PowerPoint presentations",
        extensions: &["pptx", "pptm", "potx", "potm", "ppsx", "ppsm"],
        sniff: office::is_powerpoint,
        read: office::read_powerpoint,
        cover: None,
    },
    Reader {
        name: "xlsx",
        about: "Excel workbooks",
        extensions: &["xlsx", "xlsm", "xltx", "xltm", "xlsb"],
        sniff: office::is_excel,
        read: office::read_excel,
        cover: None,
    },
    Reader {
        name: "ooxml",
        about: "Office documents that are encrypted",
        extensions: &[],
        sniff: ole::is_sealed,
        read: ole::read_sealed,
        cover: None,
    },
    Reader {
        name: "odt",
        about: "OpenDocument texts",
        extensions: &["odt", "ott", "odm", "fodt", "sxw"],
        sniff: odf::is_text,
        read: odf::read,
        cover: None,
    },
    Reader {
        name: "ods",
        about: "OpenDocument spreadsheets",
        extensions: &["ods", "ots", "fods", "sxc"],
        sniff: odf::is_spreadsheet,
        read: odf::read,
        cover: None,
    },
    Reader {
        name: "odp",
        about: "OpenDocument presentations",
        extensions: &["odp", "otp", "fodp", "sxi"],
        sniff: odf::is_presentation,
        read: odf::read,
        cover: None,
    },
    Reader {
        name: "odg",
        about: "OpenDocument drawings, formulas and others",
        extensions: &["odg", "otg", "fodg", "odf", "odc"],
        sniff: odf::is_other,
        read: odf::read,
        cover: None,
    },
    Reader {
        name: "fb2",
        about: "FictionBook 2 books",
        extensions: &["fb2", "fbz"],
        sniff: fb2::sniff,
        read: fb2::read,
        cover: Some(fb2::cover),
    },
    Reader {
        name: "mobi",
        about: "Mobipocket and Kindle books",
        extensions: &["mobi", "azw", "azw3", "prc"],
        sniff: mobi::sniff,
        read: mobi::read,
        cover: Some(mobi::cover),
    },
    Reader {
        name: "pdf",
        about: "PDF documents",
        extensions: &["pdf"],
        sniff: pdf::sniff,
        read: pdf::read,
        cover: None,
    },
    Reader {
        name: "djvu",
        about: "DjVu documents",
        extensions: &["djvu", "djv"],
        sniff: djvu::sniff,
        read: djvu::read,
        cover: None,
    },
    Reader {
        name: "doc",
        about: "Word documents before 2007",
        extensions: &["doc", "dot"],
        sniff: ole::is_word,
        read: ole::read_word,
        cover: None,
    },
    Reader {
        name: "xls",
        about: "Excel workbooks before 2007",
        extensions: &["xls", "xlt"],
        sniff: ole::is_excel,
        read: ole::read_excel,
        cover: None,
    },
    Reader {
        name: "ppt",
        about: "PowerPoint presentations before 2007",
        extensions: &["ppt", "pps", "pot"],
        sniff: ole::is_powerpoint,
        read: ole::read_powerpoint,
        cover: None,
    },
    Reader {
        name: "rtf",
        about: "Rich Text documents",
        extensions: &["rtf"],
        sniff: rtf::sniff,
        read: rtf::read,
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
        name: "cbz",
        about: "comics in a ZIP, with or without ComicInfo.xml",
        extensions: &["cbz"],
        sniff: cbz::sniff,
        read: cbz::read,
        cover: Some(cbz::cover),
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
        name: "html",
        about: "HTML and XHTML pages",
        extensions: &["html", "htm", "xhtml", "xht"],
        sniff: html::sniff,
        read: html::read,
        cover: None,
    },
    Reader {
        name: "markdown",
        about: "Markdown texts",
        extensions: &["md", "markdown", "mkd", "mdown"],
        sniff: markdown::sniff,
        read: markdown::read,
        cover: None,
    },
    Reader {
        name: "txt",
        about: "plain text in any encoding",
        extensions: &["txt", "text", "nfo", "diz"],
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

/// Says that a file is not what its extension promises, when what was found is no likely reading of such a file: plain
/// text or nothing known. Names that plain text goes by as well promise nothing.
#[must_use]
pub fn contradiction(extension: &str, found: &Found) -> Option<Damage> {
    /// Subtitles, code and notes go by these names too.
    const SHARED: [&str; 6] = ["doc", "ts", "mts", "m2ts", "dot", "pot"];
    /// What is a text anyway: a page may be a fragment, a text may be empty.
    const TEXTS: [&str; 3] = ["html", "markdown", "txt"];
    let reader = named(extension)?;
    let is_shared = SHARED.iter().any(|shared| shared.eq_ignore_ascii_case(extension));
    let content = match found.format {
        UNKNOWN if found.facts.get("size") == Some(&0.into()) => "it is empty",
        UNKNOWN => "its content is of no format that is known here",
        "txt" | "markdown" if !is_shared => "its content is plain text",
        _ => return None,
    };
    let is_text = TEXTS.contains(&reader.name)
        && (found.format != UNKNOWN || found.facts.get("size") == Some(&0.into()));
    (!is_text).then(|| Damage::of(format!("named .{} but {content}", extension.to_ascii_lowercase())))
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

    fn check_name(extension: &str, bytes: &[u8], want: Option<&str>) {
        let found = inspect(&mut Cursor::new(bytes)).expect("readable");
        assert_eq!(
            contradiction(extension, &found).map(|damage| damage.what).as_deref(),
            want,
            "{extension}"
        );
    }

    #[test]
    fn a_name_that_promises_another_format_is_contradicted() {
        check_name("epub", b"this is not an epub\n", Some("named .epub but its content is plain text"));
        check_name("EPUB", b"", Some("named .epub but it is empty"));
        check_name(
            "pptx",
            b"PK\x03\x04\0\0",
            Some("named .pptx but its content is of no format that is known here"),
        );
        check_name(
            "txt",
            &[0, 1, 2, 3],
            Some("named .txt but its content is of no format that is known here"),
        );
    }

    #[test]
    fn a_likely_reading_is_no_contradiction() {
        check_name("epub", b"{\\rtf1 text}", None);
        check_name("txt", b"", None);
        check_name("md", b"only words", None);
        check_name("html", b"only words", None);
        check_name("doc", b"only words", None);
        check_name("exe", b"only words", None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
            let _ = inspect(&mut Cursor::new(&bytes));
            let _ = cover(&mut Cursor::new(&bytes));
        }
    }
}
