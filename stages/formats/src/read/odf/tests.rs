//! Packages and flat files built here, sealed and broken ones, and real files with what other tools read in them.

use crate::read::{Found, corpus, inspect};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const META: &str = r#"<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"><office:meta>
    <dc:title>The Harbour</dc:title><meta:initial-creator>Ada Lane</meta:initial-creator><dc:creator>Bo Ek</dc:creator>
    <dc:subject>Boats</dc:subject><meta:keyword>sea</meta:keyword><meta:keyword>salt</meta:keyword>
    <dc:description>What happened</dc:description><meta:creation-date>2020-05-01T10:00:00</meta:creation-date>
    <meta:generator>Maker/1</meta:generator><meta:document-statistic meta:page-count="3" meta:word-count="99"/>
    <meta:user-defined meta:name="ISBN">0306406152</meta:user-defined></office:meta></office:document-meta>"#;
const STYLES: &str = r#"<s><style:default-style style:family="graphic"><t fo:language="fr" fo:country="FR"/></style:default-style>
    <style:default-style style:family="paragraph"><style:text-properties fo:language="en" fo:country="GB"/></style:default-style></s>"#;
const CONTENT: &str = "<c><office:body><text:h>one</text:h><text:p>two<text:s/>three <text:span>fo</text:span>ur</text:p></office:body></c>";
const ODT: &str = "application/vnd.oasis.opendocument.text";

fn package(mimetype: &str, members: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in [("mimetype", mimetype)].iter().chain(members) {
        zip.start_file(*name, stored).expect("a member");
        zip.write_all(content.as_bytes()).expect("written");
    }
    zip.finish().expect("a package").into_inner()
}

fn read(bytes: &[u8]) -> Found {
    inspect(&mut Cursor::new(bytes)).expect("readable")
}

fn check(mimetype: &str, members: &[(&str, &str)], format: &str, want: Value) {
    let mut found = read(&package(mimetype, members));
    found.facts.shift_remove("size");
    assert_eq!((found.format, Value::Object(found.facts)), (format, want));
}

#[test]
fn metadata_and_styles_become_facts() {
    check(
        ODT,
        &[("meta.xml", META), ("styles.xml", STYLES), ("content.xml", CONTENT)],
        "odt",
        json!({
            "encrypted": false, "title": "The Harbour", "authors": ["Ada Lane"], "description": "What happened",
            "subjects": ["Boats", "sea", "salt"], "producer": "Maker/1", "language": "en-GB", "date": "2020-05-01", "year": 2020,
            "pages": 3, "words": 99, "isbn": "9780306406157", "identifiers": { "isbn": "9780306406157" },
        }),
    );
}

#[test]
fn what_nobody_counted_is_counted() {
    check(ODT, &[("content.xml", CONTENT)], "odt", json!({ "encrypted": false, "words": 4 }));
}

#[test]
fn the_media_type_names_the_format() {
    let format = |mimetype: &str| read(&package(mimetype, &[("content.xml", CONTENT)])).format;
    assert_eq!(format("application/vnd.oasis.opendocument.text-template"), "odt");
    assert_eq!(format("application/vnd.oasis.opendocument.spreadsheet"), "ods");
    assert_eq!(format("application/vnd.oasis.opendocument.presentation-template"), "odp");
    assert_eq!(format("application/vnd.oasis.opendocument.graphics"), "odg");
    assert_eq!(format("application/vnd.sun.xml.writer"), "odt");
    assert_eq!(format("application/x-other"), "unknown");
    // Without it the manifest tells.
    let manifest = "<m><manifest:file-entry manifest:full-path='/' manifest:media-type='application/vnd.oasis.opendocument.spreadsheet'/></m>";
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("content.xml", CONTENT), ("META-INF/manifest.xml", manifest)] {
        zip.start_file(name, SimpleFileOptions::default()).expect("a member");
        zip.write_all(content.as_bytes()).expect("written");
    }
    assert_eq!(read(&zip.finish().expect("a package").into_inner()).format, "ods");
}

#[test]
fn a_sealed_document_says_so() {
    let manifest = "<m><manifest:file-entry manifest:full-path='content.xml'><manifest:encryption-data/></manifest:file-entry></m>";
    let sealed =
        [("META-INF/manifest.xml", manifest), ("meta.xml", "\u{1}\u{2}<\u{3}"), ("content.xml", "\u{5}")];
    check(ODT, &sealed, "odt", json!({ "encrypted": true }));
}

#[test]
fn one_xml_file_is_read_like_a_package() {
    let flat = format!(
        "<?xml version='1.0'?>\n<office:document office:version='1.2' office:mimetype='{ODT}'>{META}{STYLES}{CONTENT}</office:document>"
    );
    let found = read(flat.as_bytes());
    assert_eq!(
        (found.format, &found.facts["title"], &found.facts["language"]),
        ("odt", &json!("The Harbour"), &json!("en-GB"))
    );
}

#[test]
fn a_broken_part_is_damage() {
    let found = read(&package(
        ODT,
        &[("meta.xml", "<m><office:meta><dc:title>Kept</dc:title><dc:cr"), ("content.xml", CONTENT)],
    ));
    assert_eq!(found.facts["title"], "Kept");
    assert!(found.damage.expect("damage").what.contains("meta.xml"));
    assert!(inspect(&mut Cursor::new(package(ODT, &[]))).is_err());
}

#[test]
fn real_files_say_what_other_tools_read_in_them() {
    for (path, expected) in corpus::cases("office/").into_iter().filter(|(path, _)| path.ends_with(".odt")) {
        let facts = read(&corpus::bytes(&path)).facts;
        assert_eq!(facts.get("title"), expected.get("title"), "{path}");
        assert_eq!(facts["authors"], json!([expected["initial_creator"]]), "{path}");
        for (name, fact) in [("word_count", "words"), ("page_count", "pages")] {
            let want = &expected[name];
            let want = want.as_str().map_or_else(|| want.to_string(), str::to_owned);
            assert_eq!(facts[fact].to_string(), want, "{path}");
        }
    }
}

proptest! {
    #[test]
    fn no_change_of_a_byte_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), keep in any::<prop::sample::Index>()) {
        let mut bytes = package(ODT, &[("meta.xml", META), ("styles.xml", STYLES), ("content.xml", CONTENT)]);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = inspect(&mut Cursor::new(&bytes));
        let _ = inspect(&mut Cursor::new(&bytes[..keep.index(bytes.len())]));
    }
}
