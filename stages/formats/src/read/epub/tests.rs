//! Books made here, piece by piece, and the corpus of real ones where it is present.

use super::*;
use crate::read::corpus::{self, cases};
use crate::read::{self, UNKNOWN};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const CONTAINER_XML: &str = "<container xmlns='urn:oasis:names:tc:opendocument:xmlns:container'><rootfiles>\
    <rootfile full-path='OPS/book%20one.opf' media-type='application/oebps-package+xml'/></rootfiles></container>";
const GIF: &[u8] = b"GIF89a\x03\0\x02\0\0\0\0\0\0\0";

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        writer.start_file(*name, options).expect("a member");
        writer.write_all(bytes).expect("in memory");
    }
    writer.finish().expect("a directory").into_inner()
}

fn book(metadata: &str, rest: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let package = format!(
        "<package xmlns='http://www.idpf.org/2007/opf' xmlns:opf='http://www.idpf.org/2007/opf' unique-identifier='id'>\
         <metadata xmlns:dc='http://purl.org/dc/elements/1.1/'>{metadata}</metadata>{rest}</package>"
    );
    let mut members: Vec<(&str, &[u8])> = vec![
        ("mimetype", MIMETYPE),
        (container::CONTAINER, CONTAINER_XML.as_bytes()),
        ("OPS/book one.opf", package.as_bytes()),
    ];
    members.extend(more);
    zipped(&members)
}

fn inspect(bytes: &[u8]) -> Result<Found, ReadError> {
    read::inspect(&mut Cursor::new(bytes))
}

/// The facts named in `want` are as wanted; `null` means absent.
fn check(metadata: &str, want: Value) {
    let found = inspect(&book(metadata, "", &[])).expect("a book");
    assert_eq!(found.damage, None);
    for (name, value) in want.as_object().expect("facts") {
        assert_eq!(found.facts.get(name).unwrap_or(&Value::Null), value, "{name} in {metadata}");
    }
}

#[test]
fn the_first_title_counts_unless_another_is_main() {
    check("<dc:title> A \n B </dc:title><dc:title>C</dc:title>", json!({ "title": "A B", "subtitle": null }));
    check(
        "<dc:title id='s'>Sub</dc:title><meta refines='#s' property='title-type'>subtitle</meta>\
         <dc:title id='m'>Main</dc:title><meta refines='#m' property='title-type'>main</meta>",
        json!({ "title": "Main", "subtitle": "Sub" }),
    );
    check(
        "<dc:title id='s'>S</dc:title><meta refines='#s' property='title-type'>short</meta><dc:title>L</dc:title>",
        json!({ "title": "L" }),
    );
    check("<dc:title/><dc:title>&Eacute;t&#233;</dc:title>", json!({ "title": "\u{c9}t\u{e9}" }));
}

#[test]
fn authors_are_creators_without_another_role_in_display_order() {
    check(
        "<dc:creator id='b'>B</dc:creator><meta refines='#b' property='display-seq'>2</meta>\
         <dc:creator id='a'>A</dc:creator><meta refines='#a' property='display-seq'>1</meta>\
         <meta refines='#a' property='role' scheme='marc:relators'>aut</meta>\
         <dc:creator opf:role='ill'>I</dc:creator><dc:contributor>C</dc:contributor>\
         <dc:contributor opf:role='bkp'>maker 1.0</dc:contributor><dc:contributor opf:role='bkp'>P</dc:contributor>",
        json!({ "authors": ["A", "B"], "contributors": ["I", "C", "P"], "producer": "maker 1.0" }),
    );
    check("<dc:creator opf:role='edt'>E</dc:creator>", json!({ "authors": ["E"], "contributors": null }));
}

#[test]
fn the_publication_is_dated_by_the_right_event() {
    check(
        "<dc:date opf:event='modification'>2020-01-01</dc:date><dc:date opf:event='publication'>1999</dc:date>",
        json!({ "date": "1999", "year": 1999 }),
    );
    check(
        "<dc:title>T</dc:title><dc:date opf:event='modification'>2020</dc:date>",
        json!({ "date": null, "year": null }),
    );
}

#[test]
fn identifiers_are_sorted_by_scheme() {
    check(
        "<dc:identifier id='id'>urn:uuid:00000000-0000-4000-8000-000000000001</dc:identifier>\
         <dc:identifier opf:scheme='ISBN'>978-0-306-40615-8</dc:identifier>\
         <dc:identifier opf:scheme='ISBN'>0-306-40615-2</dc:identifier>\
         <dc:identifier id='d'>10.1000/182</dc:identifier><meta refines='#d' property='identifier-type' scheme='onix:codelist5'>06</meta>",
        json!({
            "isbn": "9780306406157",
            "identifiers": { "uuid": "00000000-0000-4000-8000-000000000001", "isbn": "9780306406157", "doi": "10.1000/182" },
        }),
    );
}

#[test]
fn series_are_collections_or_what_a_library_manager_noted() {
    check(
        "<meta property='belongs-to-collection' id='x'>List</meta><meta refines='#x' property='collection-type'>set</meta>\
         <meta property='belongs-to-collection' id='c'>Saga</meta><meta refines='#c' property='collection-type'>series</meta>\
         <meta refines='#c' property='group-position'>2.5</meta>",
        json!({ "series": "Saga", "series_index": 2.5 }),
    );
    check(
        "<meta name='calibre:series' content='Caf&eacute;s'/><meta name='calibre:series_index' content='3.0'/>",
        json!({ "series": "Caf\u{e9}s", "series_index": 3 }),
    );
}

#[test]
fn descriptions_lose_their_markup_and_languages_their_case() {
    check(
        "<dc:description>&lt;p&gt;One &lt;i&gt;two&lt;/i&gt;&lt;/p&gt;&lt;p&gt;a &amp;amp; b&lt;/p&gt;</dc:description>\
         <dc:language>EN_us</dc:language><dc:subject>X</dc:subject><dc:subject>Y, Z</dc:subject><dc:rights> none </dc:rights>",
        json!({ "description": "One two\na & b", "language": "en-US", "subjects": ["X", "Y, Z"], "rights": "none" }),
    );
}

#[test]
fn covers_are_found_by_property_meta_guide_or_page() {
    let item = |more: &str| {
        format!("<manifest><item id='pic' href='a%20b.gif' media-type='image/gif' {more}/></manifest>")
    };
    let page = "<guide><reference type='cover' href='page.xhtml'/></guide>";
    let cases = [
        ("", item("properties='svg cover-image'")),
        ("<meta name='cover' content='pic'/>", item("")),
        ("<meta name='cover' content='a%20b.gif'/>", String::new()),
        ("", page.to_owned()),
        ("", "<manifest><item id='cover' href='a b.gif' media-type='image/gif'/></manifest>".to_owned()),
    ];
    let members: [(&str, &[u8]); 2] = [
        ("OPS/a b.gif", GIF),
        ("OPS/page.xhtml", b"<html><body><p><img src='a%20b.gif'/></p></body></html>"),
    ];
    for (metadata, rest) in cases {
        let bytes = book(&format!("<dc:title>T</dc:title>{metadata}"), &rest, &members);
        let found = inspect(&bytes).expect("a book");
        let want = json!({ "media_type": "image/gif", "width": 3, "height": 2, "bytes": GIF.len() });
        assert_eq!(found.facts.get("cover"), Some(&want), "{metadata}{rest}");
        let cover = read::cover(&mut Cursor::new(bytes)).expect("a book");
        assert_eq!(cover, Some(Cover { media_type: "image/gif", bytes: GIF.to_vec() }));
    }
}

#[test]
fn pages_are_said_or_listed() {
    check("<dc:title>T</dc:title><meta property='schema:numberOfPages'>321</meta>", json!({ "pages": 321 }));
    check("<dc:title>T</dc:title><meta property='dcterms:extent'>12 pages</meta>", json!({ "pages": 12 }));
    check("<dc:title>T</dc:title>", json!({ "pages": null }));
    let nav = "<manifest><item href='nav.xhtml' properties='nav'/></manifest>";
    let list = b"<html><nav epub:type='toc'><a/></nav><nav epub:type='page-list'><ol><li><a/></li><li><a/></li></ol></nav></html>";
    let older = "<manifest><item href='toc.ncx' media-type='application/x-dtbncx+xml'/></manifest>";
    let targets = b"<ncx><pageList><pageTarget/><pageTarget/></pageList></ncx>";
    for (rest, member) in
        [(nav, ("OPS/nav.xhtml", list.as_slice())), (older, ("OPS/toc.ncx", targets.as_slice()))]
    {
        let found = inspect(&book("<dc:title>T</dc:title>", rest, &[member])).expect("a book");
        assert_eq!(found.facts.get("pages"), Some(&json!(2)), "{rest}");
    }
}

#[test]
fn a_cover_outside_the_book_is_none() {
    let rest = "<manifest><item id='c' href='../../../etc/passwd' properties='cover-image'/></manifest>";
    let found = inspect(&book("<dc:title>T</dc:title>", rest, &[])).expect("a book");
    assert_eq!(found.facts.get("cover"), None);
    assert_eq!(found.notes.len(), 1);
}

#[test]
fn mangled_fonts_are_not_encryption() {
    let encryption = |algorithm: &str| {
        format!(
            "<encryption xmlns:enc='x'><enc:EncryptedData><enc:EncryptionMethod Algorithm='{algorithm}'/></enc:EncryptedData></encryption>"
        )
    };
    for (algorithm, encrypted) in
        [("http://www.idpf.org/2008/embedding", false), ("http://www.w3.org/2001/04/xmlenc#aes128-cbc", true)]
    {
        let xml = encryption(algorithm);
        let found =
            inspect(&book("<dc:title>T</dc:title>", "", &[("META-INF/encryption.xml", xml.as_bytes())]))
                .expect("a book");
        assert_eq!(found.facts.get("encrypted"), Some(&json!(encrypted)), "{algorithm}");
    }
}

#[test]
fn a_broken_book_tells_what_it_can() {
    let whole = book("<dc:title>Kept</dc:title><dc:creator>A</dc:creator>", "", &[]);
    let found = inspect(&zipped(&[
        (container::CONTAINER, CONTAINER_XML.as_bytes()),
        ("OPS/book one.opf", b"<package><metadata><dc:title>Kept</dc:title><dc:creator>Lo"),
    ]))
    .expect("half a book");
    assert_eq!(found.facts.get("title"), Some(&json!("Kept")));
    assert!(found.damage.is_some());
    let error = inspect(&whole[..whole.len() / 2]).expect_err("no directory");
    assert!(matches!(error, ReadError::Unreadable { format: "epub", .. }), "{error}");
    let stray = inspect(&zipped(&[
        ("mimetype", MIMETYPE),
        ("a.opf", b"<package><metadata><title>T</title></metadata></package>"),
    ]));
    let stray = stray.expect("a package document");
    assert_eq!((stray.facts.get("title"), stray.damage.is_some()), (Some(&json!("T")), true));
}

#[test]
fn another_zip_is_no_book() {
    assert_eq!(inspect(&zipped(&[("a.txt", b"epub")])).expect("a file").format, UNKNOWN);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn damaged_books_never_panic(at in 0..4000usize, byte in any::<u8>(), end in 0..4000usize) {
        let mut bytes = book("<dc:title>T</dc:title><meta name='cover' content='pic'/>", "<manifest><item id='pic' href='a.gif'/></manifest>", &[("OPS/a.gif", GIF)]);
        let (at, end) = (at % bytes.len(), end % bytes.len());
        bytes[at] = byte;
        let _ = (inspect(&bytes), read::cover(&mut Cursor::new(&bytes)), inspect(&bytes[..end]));
    }

    #[test]
    fn no_metadata_panics(metadata in "(<(dc:title|dc:creator|dc:identifier|dc:date|meta|dc:description)( (id|refines|property|name|content|scheme)='[#a-z0-9:-]{0,9}')?/?>|&[a-z#0-9]{0,6};|\\PC){0,12}") {
        let _ = inspect(&book(&metadata, "", &[]));
    }
}

#[test]
fn real_books_say_what_other_readers_say() {
    for (path, expected) in cases("epub/") {
        let found = inspect(&corpus::bytes(&path)).expect("a book");
        assert_eq!((found.format, &found.damage), (FORMAT, &None), "{path}");
        for (theirs, ours) in [
            ("title", "title"),
            ("language", "language"),
            ("publisher", "publisher"),
            ("year", "year"),
            ("isbn", "isbn"),
            ("subjects", "subjects"),
            ("creators", "authors"),
            ("contributors", "contributors"),
            ("series", "series"),
        ] {
            assert_eq!(found.facts.get(ours), expected.get(theirs), "{ours} of {path}");
        }
        let rights = expected.get("rights").map(|rights| rights[0].clone());
        assert_eq!(found.facts.get("rights"), rights.as_ref(), "rights of {path}");
        assert_eq!(
            found.facts.contains_key("cover"),
            expected.get("cover_path").is_some(),
            "cover of {path}"
        );
        if let Some(start) = expected.get("description_prefix").and_then(Value::as_str) {
            let description = found.facts.get("description").and_then(Value::as_str);
            assert!(
                description.is_some_and(|text| text.starts_with(start.trim_end())),
                "{path}: {description:?}"
            );
        }
    }
}

#[test]
fn hostile_books_are_survived() {
    for (path, expected) in cases("hostile/").into_iter().filter(|(path, _)| path.ends_with(".epub")) {
        let found = inspect(&corpus::bytes(&path));
        let told = format!("{found:?}");
        let refused = |found: &Found| read::named("epub").is_none_or(|reader| reader.name != found.format);
        match expected["must"].as_str() {
            Some("clean_error") => assert!(found.as_ref().map_or(true, refused), "{path}: {told}"),
            Some("no_leak") => {
                assert!(!told.contains(expected["forbid_output"].as_str().expect("text")), "{path}")
            }
            _ => {}
        }
        if let Some(title) = expected.get("ok_title") {
            assert_eq!(found.expect("a book").facts.get("title"), Some(title), "{path}");
        }
    }
}
