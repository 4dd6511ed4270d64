//! Books built here, bare and packed, in old encodings, and broken ones.

use crate::read::{Found, cover, inspect};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const BOOK: &str = r##"<?xml version="1.0" encoding="utf-8"?>
<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0" xmlns:l="http://www.w3.org/1999/xlink"><description><title-info>
<genre>sf</genre><genre>prose</genre><author><first-name>Ada</first-name><middle-name>B.</middle-name><last-name>Lane</last-name></author>
<author><nickname>bo</nickname></author><book-title>The Harbour</book-title><annotation><p>What happened.</p><p>And when.</p></annotation>
<keywords>sea, salt</keywords><date value="1999-05-01">May 1999</date><coverpage><image l:href="#c.gif"/></coverpage><lang>en</lang>
<translator><first-name>Tom</first-name><last-name>Ross</last-name></translator><sequence name="Boats" number="2"/></title-info>
<document-info><program-used>Maker</program-used></document-info>
<publish-info><publisher>House</publisher><year>2009</year><isbn>0-306-40615-2, 5-17</isbn></publish-info></description>
<body><title><p>One</p></title><section><p>Two <emphasis>thr</emphasis>ee</p></section></body>
<binary id="other" content-type="image/png">AAAA</binary><binary id="c.gif" content-type="image/gif">R0lGODlhAwACAAAA
AAA=</binary></FictionBook>"##;

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a member");
        zip.write_all(content).expect("written");
    }
    zip.finish().expect("a ZIP").into_inner()
}

fn read(bytes: &[u8]) -> Found {
    inspect(&mut Cursor::new(bytes)).expect("readable")
}

fn check(bytes: &[u8]) {
    let mut found = read(bytes);
    found.facts.shift_remove("size");
    let want = json!({
        "title": "The Harbour", "authors": ["Ada B. Lane", "bo"], "contributors": ["Tom Ross"], "publisher": "House",
        "description": "What happened.\nAnd when.", "subjects": ["sf", "prose", "sea", "salt"], "producer": "Maker",
        "language": "en", "date": "2009", "year": 2009, "series": "Boats", "series_index": 2, "words": 3,
        "isbn": "9780306406157", "identifiers": { "isbn": "9780306406157" },
        "cover": { "media_type": "image/gif", "width": 3, "height": 2, "bytes": 14 },
    });
    assert_eq!((found.format, Value::Object(found.facts), found.damage), ("fb2", want, None));
    let picture = cover(&mut Cursor::new(bytes)).expect("readable").expect("a cover");
    assert_eq!((picture.media_type, picture.bytes.len()), ("image/gif", 14));
}

#[test]
fn a_description_becomes_facts_bare_and_packed() {
    check(BOOK.as_bytes());
    check(&zipped(&[("a.fb2", BOOK.as_bytes())]));
}

#[test]
fn old_encodings_are_read() {
    let russian = BOOK
        .replace("utf-8", "windows-1251")
        .replace("The Harbour", "\u{413}\u{430}\u{432}\u{430}\u{43d}\u{44c}");
    let bytes = encoding_rs::WINDOWS_1251.encode(&russian).0.into_owned();
    assert_eq!(read(&bytes).facts["title"], "\u{413}\u{430}\u{432}\u{430}\u{43d}\u{44c}");
    let wide: Vec<u8> = format!("\u{feff}{BOOK}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&wide).facts["title"], "The Harbour");
}

#[test]
fn a_book_that_ends_early_is_damaged_and_still_read() {
    let found = read(&BOOK.as_bytes()[..BOOK.len() - 100]);
    assert_eq!(found.facts["title"], "The Harbour");
    assert!(found.damage.is_some());
    assert!(inspect(&mut Cursor::new(b"<?xml version='1.0'?><FictionBook><body/></FictionBook>")).is_err());
}

#[test]
fn other_archives_are_no_books() {
    assert_eq!(read(&zipped(&[("a.fb2", b"x"), ("b.fb2", b"y")])).format, "unknown");
    assert_eq!(read(&zipped(&[("a.txt", b"x")])).format, "unknown");
}

proptest! {
    #[test]
    fn no_change_of_a_byte_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), keep in any::<prop::sample::Index>()) {
        for mut bytes in [BOOK.as_bytes().to_vec(), zipped(&[("a.fb2", BOOK.as_bytes())])] {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = inspect(&mut Cursor::new(&bytes));
            let _ = cover(&mut Cursor::new(&bytes[..keep.index(bytes.len())]));
        }
    }
}
