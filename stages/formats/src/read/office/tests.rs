//! Packages built here in many variants, broken ones, and real files with what other tools read in them.

use crate::read::{Found, Limits, ReadError, corpus, inspect};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const CORE: &str = r#"<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
    xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"><dc:title>The Harbour</dc:title>
    <dc:subject>Boats</dc:subject><dc:creator>Lane, Ada;Bo Ek</dc:creator><cp:keywords>sea, salt</cp:keywords>
    <dc:description>What happened</dc:description><cp:lastModifiedBy>Someone Else</cp:lastModifiedBy>
    <dcterms:created>2020-05-01T10:00:00Z</dcterms:created></cp:coreProperties>"#;
const APP: &str = "<Properties><Application>Maker</Application><Pages>3</Pages><Words>99</Words><Slides>7</Slides></Properties>";
const TEXT: &str = "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>one</w:t><w:t>half</w:t></w:r></w:p><w:p><w:t>two</w:t><w:del><w:delText>no</w:delText></w:del></w:p></w:body></w:document>";

fn package(members: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("[Content_Types].xml", "<Types/>")].iter().chain(members) {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a member");
        zip.write_all(content.as_bytes()).expect("written");
    }
    zip.finish().expect("a package").into_inner()
}

fn read(bytes: &[u8]) -> Found {
    inspect(&mut Cursor::new(bytes)).expect("readable")
}

fn check(members: &[(&str, &str)], format: &str, want: Value) {
    let mut found = read(&package(members));
    found.facts.shift_remove("size");
    assert_eq!((found.format, Value::Object(found.facts)), (format, want));
}

fn described() -> Value {
    json!({
        "encrypted": false, "title": "The Harbour", "authors": ["Lane, Ada", "Bo Ek"], "description": "What happened",
        "subjects": ["Boats", "sea", "salt"], "producer": "Maker", "date": "2020-05-01T10:00:00Z", "year": 2020, "words": 99,
    })
}

fn with(mut facts: Value, name: &str, value: Value) -> Value {
    facts[name] = value;
    facts
}

#[test]
fn properties_become_facts_in_every_family() {
    let properties = [("docProps/core.xml", CORE), ("docProps/app.xml", APP)];
    let of = |part: (&'static str, &'static str)| [properties.as_slice(), &[part]].concat();
    let app = APP.replace("<Slides>7</Slides>", "");
    let word = [("docProps/core.xml", CORE), ("docProps/app.xml", app.as_str()), ("word/document.xml", TEXT)];
    check(&word, "docx", with(described(), "pages", json!(3)));
    check(&of(("ppt/presentation.xml", "<p/>")), "pptx", with(described(), "pages", json!(7)));
    check(&of(("xl/workbook.xml", "<p/>")), "xlsx", with(described(), "pages", json!(7)));
}

#[test]
fn parts_are_found_by_their_relationships() {
    let rels = "<Relationships><Relationship Type='http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument' Target='/word/main.xml'/>\
        <Relationship Type='x/metadata/core-properties' Target='./props/mine.xml'/></Relationships>";
    let core = "<cp:coreProperties><dc:title>Elsewhere</dc:title></cp:coreProperties>";
    check(
        &[("_rels/.rels", rels), ("word/main.xml", TEXT), ("props/mine.xml", core)],
        "docx",
        json!({ "encrypted": false, "title": "Elsewhere", "words": 2 }),
    );
}

#[test]
fn users_properties_may_be_facts() {
    let custom = "<Properties><property name='ISBN'><vt:lpwstr>0-306-40615-2</vt:lpwstr></property><property name='x'><vt:i4>3</vt:i4></property></Properties>";
    check(
        &[("word/document.xml", TEXT), ("docProps/custom.xml", custom)],
        "docx",
        json!({ "encrypted": false, "words": 2, "isbn": "9780306406157", "identifiers": { "isbn": "9780306406157" } }),
    );
}

#[test]
fn the_language_is_stated_or_the_default_unless_the_text_denies_it() {
    let styles = "<w:styles><w:docDefaults><w:rPr><w:lang w:val='en-GB' w:eastAsia='ja-JP'/></w:rPr></w:docDefaults><w:style><w:lang w:val='fr-FR'/></w:style></w:styles>";
    let language = |text: &str, core: &str| {
        let bytes =
            package(&[("word/document.xml", text), ("word/styles.xml", styles), ("docProps/core.xml", core)]);
        read(&bytes).facts.get("language").cloned()
    };
    assert_eq!(language(TEXT, ""), Some(json!("en-GB")));
    assert_eq!(language(TEXT, "<c><dc:language>pt_br</dc:language></c>"), Some(json!("pt-BR")));
    let german = "<w:p><w:t>Der Hafen lag still unter einem d\u{fc}nnen Nebel, als die ersten Boote zur\u{fc}ckkamen. </w:t></w:p>".repeat(5);
    assert_eq!(language(&german, ""), Some(json!("de")));
}

#[test]
fn slides_are_pages_and_their_words_are_counted() {
    let slide = "<p:sld><a:p><a:r><a:t>two words</a:t></a:r></a:p></p:sld>";
    check(
        &[
            ("ppt/presentation.xml", ""),
            ("ppt/slides/slide1.xml", slide),
            ("ppt/slides/slide2.xml", slide),
            ("ppt/slides/_rels/slide1.xml.rels", ""),
        ],
        "pptx",
        json!({ "encrypted": false, "pages": 2, "words": 4 }),
    );
}

#[test]
fn one_xml_file_is_read_like_a_package() {
    let flat = format!(
        "<?xml version='1.0'?><?mso-application progid=\"Word.Document\"?><pkg:package xmlns:pkg='http://schemas.microsoft.com/office/2006/xmlPackage'>\
         <pkg:part pkg:name='/docProps/core.xml'><pkg:xmlData>{CORE}</pkg:xmlData></pkg:part>\
         <pkg:part pkg:name='/word/document.xml'><pkg:xmlData>{TEXT}</pkg:xmlData></pkg:part></pkg:package>"
    );
    let found = read(flat.as_bytes());
    assert_eq!(
        (found.format, &found.facts["title"], &found.facts["words"]),
        ("docx", &json!("The Harbour"), &json!(2))
    );
    let old = "<?xml version='1.0'?><w:wordDocument xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml' xmlns:o='urn:schemas-microsoft-com:office:office'>\
        <o:DocumentProperties><o:Title>Old</o:Title><o:Author>Ada Lane</o:Author><o:LastAuthor>No</o:LastAuthor><o:Pages>2</o:Pages></o:DocumentProperties></w:wordDocument>";
    let found = read(old.as_bytes());
    assert_eq!(
        (found.format, &found.facts["title"], &found.facts["authors"]),
        ("docx", &json!("Old"), &json!(["Ada Lane"]))
    );
    let sheet = "<?xml version='1.0'?><?mso-application progid='Excel.Sheet'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'/>";
    assert_eq!(read(sheet.as_bytes()).format, "xlsx");
}

#[test]
fn foreign_entities_are_left_out() {
    let core = "<!DOCTYPE c [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><c><dc:title>a &x; b</dc:title></c>";
    let found = read(&package(&[("word/document.xml", TEXT), ("docProps/core.xml", core)]));
    assert_eq!(found.facts["title"], "a b");
    assert_eq!(found.notes.len(), 1);
}

#[test]
fn broken_parts_are_damage_and_the_rest_is_read() {
    let found = read(&package(&[
        ("word/document.xml", TEXT),
        ("docProps/core.xml", "<c><dc:title>Kept</dc:title><dc:cr"),
    ]));
    assert_eq!(found.facts["title"], "Kept");
    assert!(found.damage.expect("damage").what.contains("core.xml"));
    let cut = package(&[("word/document.xml", TEXT)]);
    let error = inspect(&mut Cursor::new(&cut[..cut.len() - 30])).expect_err("no directory");
    assert!(matches!(error, ReadError::Unreadable { format: "docx", .. }), "{error}");
}

#[test]
fn a_part_that_is_far_too_long_is_cut() {
    let limits = Limits { entry_bytes: 64, ..Limits::default() };
    let bytes = package(&[("word/document.xml", &TEXT.repeat(100))]);
    let found = super::read_word(&mut Cursor::new(bytes), &limits).expect("readable");
    assert_eq!(found.facts.get("words"), None);
    assert!(found.notes.iter().any(|note| note.contains("longer than 64 bytes")), "{:?}", found.notes);
}

#[test]
fn other_packages_are_not_office() {
    assert_eq!(read(&package(&[("3D/model.xml", "")])).format, "unknown");
}

#[test]
fn real_files_say_what_other_tools_read_in_them() {
    for (path, expected) in corpus::cases("office/").into_iter().filter(|(path, _)| path.ends_with(".docx")) {
        let found = read(&corpus::bytes(&path));
        assert_eq!(found.format, "docx", "{path}");
        if let Some(title) = expected.get("title") {
            assert_eq!(found.facts.get("title"), Some(title), "{path}");
        }
        let authors: Vec<&str> = expected["author"].as_str().expect("authors").split(';').collect();
        assert_eq!(found.facts["authors"], json!(authors), "{path}");
        assert_eq!(found.facts["producer"], expected["app_application"], "{path}");
    }
}

proptest! {
    #[test]
    fn no_change_of_a_byte_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), keep in any::<prop::sample::Index>()) {
        let mut bytes = package(&[("docProps/core.xml", CORE), ("docProps/app.xml", APP), ("word/document.xml", TEXT)]);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = inspect(&mut Cursor::new(&bytes));
        let _ = inspect(&mut Cursor::new(&bytes[..keep.index(bytes.len())]));
    }
}
