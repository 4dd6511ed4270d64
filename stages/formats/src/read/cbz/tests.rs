//! Comics made here page by page, and the corpus of real ones where it is present.

use super::*;
use crate::read::corpus::{self, cases};
use crate::read::{self, UNKNOWN};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const GIF: &[u8] = b"GIF89a\x03\0\x02\0\0\0\0\0\0\0";

fn zipped(members: &[(&str, &[u8])], comment: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        writer.start_file(*name, options).expect("a member");
        writer.write_all(bytes).expect("in memory");
    }
    writer.set_comment(comment).expect("a short comment");
    writer.finish().expect("a directory").into_inner()
}

fn inspect(bytes: &[u8]) -> Result<Found, ReadError> {
    read::inspect(&mut Cursor::new(bytes))
}

/// The facts named in `want` are as wanted; `null` means absent.
fn check(bytes: &[u8], want: &Value) {
    let found = inspect(bytes).expect("a comic");
    assert_eq!((found.format, &found.damage), (FORMAT, &None));
    for (name, value) in want.as_object().expect("facts") {
        assert_eq!(found.facts.get(name).unwrap_or(&Value::Null), value, "{name}");
    }
}

#[test]
fn notes_on_the_comic_are_facts() {
    let notes = "<?xml version='1.0'?><ComicInfo><Title>One</Title><Series>S</Series><Number>1.5</Number><Writer>A, B</Writer>\
        <Penciller>C</Penciller><Inker>C, D</Inker><Year>2020</Year><Month>4</Month><Publisher>P</Publisher><Genre>G, H</Genre>\
        <Tags>T</Tags><LanguageISO>JPN</LanguageISO><Summary>Text &lt;here&gt;</Summary><Manga>YesAndRightToLeft</Manga>\
        <GTIN>978-0-306-40615-7</GTIN></ComicInfo>";
    let want = json!({
        "title": "One", "series": "S", "series_index": 1.5, "authors": ["A", "B"], "contributors": ["C", "D"],
        "date": "2020-04", "year": 2020, "publisher": "P", "subjects": ["G", "H", "T"], "language": "ja",
        "description": "Text <here>", "manga": true, "isbn": "9780306406157", "pages": 1, "encrypted": false,
    });
    check(&zipped(&[("ComicInfo.xml", notes.as_bytes()), ("1.gif", GIF)], ""), &want);
    check(&zipped(&[("book/1.gif", GIF), ("book/comicinfo.XML", notes.as_bytes())], ""), &want);
}

#[test]
fn notes_in_the_comment_are_facts() {
    let comment = r#"{"appID":"x","ComicBookInfo/1.0":{"series":"S","title":"T","publisher":"P","issue":3,"publicationYear":1999,
        "publicationMonth":12,"credits":[{"person":"W","role":"Writer"},{"person":"I","role":"Artist"}],"tags":["a"],"language":"English"}}"#;
    let want = json!({
        "title": "T", "series": "S", "series_index": 3, "authors": ["W"], "contributors": ["I"], "date": "1999-12",
        "language": "en", "subjects": ["a"],
    });
    check(&zipped(&[("1.gif", GIF)], comment), &want);
    check(&zipped(&[("1.gif", GIF)], "just words"), &json!({ "title": null }));
}

#[test]
fn pages_are_pictures_and_the_cover_is_the_first_as_people_count() {
    let other: &[u8] = b"GIF89a\x09\0\x09\0\0\0\0\0\0\0";
    let bytes = zipped(
        &[
            ("ch/page10.gif", other),
            ("ch/page2.gif", GIF),
            ("__MACOSX/ch/._page1.gif", b"fork"),
            ("ch/.hidden.gif", b"x"),
            ("ch/Thumbs.db", b"x"),
        ],
        "",
    );
    let cover = json!({ "media_type": "image/gif", "width": 3, "height": 2, "bytes": GIF.len() });
    check(&bytes, &json!({ "pages": 2, "cover": cover, "title": null }));
    let cover = read::cover(&mut Cursor::new(bytes)).expect("a comic").expect("a cover");
    assert_eq!(cover.bytes, GIF);
}

#[test]
fn other_archives_are_no_comics() {
    for (members, format) in [
        (vec![("a.txt", GIF)], UNKNOWN),
        (vec![("a.gif", GIF), ("b.c", GIF), ("c.c", GIF)], UNKNOWN),
        (vec![("[Content_Types].xml", GIF), ("word/media/1.gif", GIF)], "docx"),
        (vec![("mimetype", GIF), ("Pictures/1.png", GIF)], UNKNOWN),
        (vec![], UNKNOWN),
    ] {
        assert_eq!(inspect(&zipped(&members, "")).expect("a file").format, format, "{members:?}");
    }
}

#[test]
fn broken_notes_leave_the_pages() {
    let bytes = zipped(&[("ComicInfo.xml", b"<ComicInfo><Title>T</Title><Series>"), ("1.gif", GIF)], "");
    let found = inspect(&bytes).expect("a comic");
    assert_eq!((found.facts.get("title"), found.facts.get("pages")), (Some(&json!("T")), Some(&json!(1))));
    assert!(found.damage.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn damaged_comics_never_panic(at in 0..4000_usize, byte in any::<u8>(), end in 0..4000_usize) {
        let mut bytes = zipped(&[("ComicInfo.xml", b"<ComicInfo><Number>1</Number></ComicInfo>"), ("1.gif", GIF)], "{}");
        let (at, end) = (at % bytes.len(), end % bytes.len());
        bytes[at] = byte;
        let _ = (inspect(&bytes), read::cover(&mut Cursor::new(&bytes)), inspect(&bytes[..end]));
    }

    #[test]
    fn no_notes_panic(notes in "(<(Number|Year|Month|GTIN|Web|Manga)>[0-9a-z.:/-]{0,8}</[A-Z][a-z]{0,5}>|\\PC){0,8}", comment in "\\{\"ComicBookInfo/1.0\":\\{(\"(credits|issue|tags)\":[0-9\\[\\]\"{}a-z]{0,8},?){0,3}\\}\\}") {
        let notes = format!("<ComicInfo>{notes}</ComicInfo>");
        let _ = inspect(&zipped(&[("ComicInfo.xml", notes.as_bytes()), ("1.gif", GIF)], ""));
        let _ = inspect(&zipped(&[("1.gif", GIF)], &comment));
    }
}

#[test]
fn real_comics_say_what_their_notes_say() {
    for (path, expected) in cases("comic/") {
        let found = inspect(&corpus::bytes(&path)).expect("a comic");
        assert_eq!((found.format, &found.damage), (FORMAT, &None), "{path}");
        for (theirs, ours) in [
            ("Title", "title"),
            ("Series", "series"),
            ("Publisher", "publisher"),
            ("LanguageISO", "language"),
            ("Summary", "description"),
            ("image_count", "pages"),
            ("GTIN", "isbn"),
        ] {
            assert_eq!(found.facts.get(ours), expected.get(theirs), "{ours} of {path}");
        }
    }
}
