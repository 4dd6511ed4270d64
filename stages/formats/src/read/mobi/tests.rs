//! Books made here record by record, and the corpus of real ones where it is present.

use super::*;
use crate::read;
use crate::read::corpus::{self, cases};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Cursor;

const GIF: &[u8] = b"GIF89a\x03\0\x02\0\0\0\0\0\0\0";

/// What the header of a book in the making says.
struct Book<'a> {
    version: u32,
    code_page: u32,
    locale: u32,
    encryption: u16,
    name: &'a [u8],
    exth: &'a [(u32, &'a [u8])],
}

impl Default for Book<'_> {
    fn default() -> Self {
        Self { version: 6, code_page: 65001, locale: 9, encryption: 0, name: b"Full name", exth: &[] }
    }
}

fn book(book: &Book<'_>) -> Vec<u8> {
    let mut records = Vec::new();
    for (kind, value) in book.exth {
        records.extend(kind.to_be_bytes());
        records.extend(u32::try_from(value.len() + 8).expect("short").to_be_bytes());
        records.extend(*value);
    }
    let mut exth =
        [b"EXTH".as_slice(), &u32::try_from(records.len() + 12).expect("short").to_be_bytes()].concat();
    exth.extend(u32::try_from(book.exth.len()).expect("few").to_be_bytes());
    exth.extend(records);
    let mut header = vec![0_u8; 248];
    let mut put = |at: usize, value: u32| header[at..at + 4].copy_from_slice(&value.to_be_bytes());
    put(20, 232);
    put(28, book.code_page);
    put(36, book.version);
    put(84, u32::try_from(248 + exth.len()).expect("short"));
    put(88, u32::try_from(book.name.len()).expect("short"));
    put(92, book.locale);
    put(108, 1);
    put(128, 0x40);
    header[12..14].copy_from_slice(&book.encryption.to_be_bytes());
    header[16..20].copy_from_slice(b"MOBI");
    database(b"BOOKMOBI", &[&[header, exth, book.name.to_vec()].concat(), b"not a picture", GIF])
}

fn database(kind: &[u8], records: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![0_u8; 78];
    bytes[..11].copy_from_slice(b"Short_name\0");
    bytes[60..68].copy_from_slice(kind);
    bytes[76..78].copy_from_slice(&u16::try_from(records.len()).expect("few").to_be_bytes());
    let mut start = 78 + 8 * records.len();
    for record in records {
        bytes.extend(u32::try_from(start).expect("short").to_be_bytes());
        bytes.extend([0; 4]);
        start += record.len();
    }
    [bytes, records.concat()].concat()
}

fn inspect(bytes: &[u8]) -> Result<Found, ReadError> {
    read::inspect(&mut Cursor::new(bytes))
}

/// The facts named in `want` are as wanted; `null` means absent.
fn check(bytes: &[u8], format: &str, want: &Value) {
    let found = inspect(bytes).expect("a book");
    assert_eq!((found.format, &found.damage), (format, &None));
    for (name, value) in want.as_object().expect("facts") {
        assert_eq!(found.facts.get(name).unwrap_or(&Value::Null), value, "{name}");
    }
}

#[test]
fn records_of_metadata_are_facts() {
    let exth: &[(u32, &[u8])] = &[
        (100, b"Doe, Jane"),
        (100, "J\u{f6}rg M\u{fc}ller & Zo\u{eb}".as_bytes()),
        (101, b"Press"),
        (103, b"<p>One</p><p>Two &amp; three</p>"),
        (104, b"978-0-306-40615-7"),
        (105, b"a; b"),
        (105, b"c"),
        (106, b"2015-06-30T00:00:00+00:00"),
        (108, b"maker (6.1) [http://example.org]"),
        (108, b"A Translator"),
        (109, b"all"),
        (112, b"calibre:00000000-0000-4000-8000-00000000000a"),
        (113, b"B000FA5ZEG"),
        (201, &[0, 0, 0, 1]),
        (503, b"The Long &amp; Winding Title"),
        (524, b"de-AT"),
    ];
    let want = json!({
        "title": "The Long & Winding Title", "authors": ["Jane Doe", "J\u{f6}rg M\u{fc}ller", "Zo\u{eb}"],
        "publisher": "Press", "description": "One\nTwo & three", "isbn": "9780306406157",
        "subjects": ["a", "b", "c"], "date": "2015-06-30T00:00:00+00:00", "year": 2015,
        "producer": "maker (6.1) [http://example.org]", "contributors": ["A Translator"], "rights": "all",
        "identifiers": { "isbn": "9780306406157", "uuid": "00000000-0000-4000-8000-00000000000a", "asin": "B000FA5ZEG" },
        "language": "de-AT", "encrypted": false,
        "cover": { "media_type": "image/gif", "width": 3, "height": 2, "bytes": GIF.len() },
    });
    let bytes = book(&Book { exth, ..Book::default() });
    check(&bytes, "mobi", &want);
    let cover = read::cover(&mut Cursor::new(bytes)).expect("a book");
    assert_eq!(cover, Some(Cover { media_type: "image/gif", bytes: GIF.to_vec() }));
}

#[test]
fn without_records_the_header_tells() {
    let latin =
        Book { code_page: 1252, name: b"Caf\xe9 \x93x\x94", locale: 0x416, version: 8, ..Book::default() };
    check(
        &book(&latin),
        "azw3",
        &json!({ "title": "Caf\u{e9} \u{201c}x\u{201d}", "language": "pt-BR", "authors": null, "cover": null }),
    );
    check(&book(&Book { name: b"", ..Book::default() }), "mobi", &json!({ "title": "Short name" }));
    check(&database(b"TEXtREAd", &[&[0; 16], b"text"]), "pdb", &json!({ "title": "Short name" }));
}

#[test]
fn a_locked_book_is_encrypted() {
    check(&book(&Book { encryption: 2, ..Book::default() }), "mobi", &json!({ "encrypted": true }));
    check(
        &book(&Book { exth: &[(208, b"a key of a lock")], ..Book::default() }),
        "mobi",
        &json!({ "encrypted": true }),
    );
}

#[test]
fn a_book_that_is_cut_off_tells_what_it_can() {
    let whole = book(&Book { exth: &[(503, b"Kept")], ..Book::default() });
    let found = inspect(&whole[..whole.len() - GIF.len() - 1]).expect("most of a book");
    assert_eq!(found.facts.get("title"), Some(&json!("Kept")));
    assert!(found.damage.is_some());
    for end in [70, 90, 104] {
        assert!(matches!(inspect(&whole[..end]), Err(ReadError::Unreadable { format: MOBI, .. })), "{end}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn damaged_books_never_panic(changes in proptest::collection::vec((0..600_usize, any::<u8>()), 0..6), end in 60..900_usize) {
        let mut bytes = book(&Book { exth: &[(100, b"A"), (201, &[0, 0, 0, 1]), (503, b"T"), (524, b"en")], ..Book::default() });
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        bytes.truncate(end);
        let _ = (inspect(&bytes), read::cover(&mut Cursor::new(&bytes)));
    }

    #[test]
    fn no_records_panic(exth in proptest::collection::vec((prop_oneof![100..114_u32, 200..210_u32, 500..530_u32], proptest::collection::vec(any::<u8>(), 0..30)), 0..8)) {
        let exth: Vec<(u32, &[u8])> = exth.iter().map(|(kind, value)| (*kind, value.as_slice())).collect();
        let told = inspect(&book(&Book { exth: &exth, ..Book::default() }));
        prop_assert!(told.is_ok());
    }
}

#[test]
fn real_books_say_what_other_readers_say() {
    for (path, expected) in cases("mobi/") {
        let found = inspect(&corpus::bytes(&path)).expect("a book");
        let format = path.rsplit('.').next().expect("an extension");
        assert_eq!((found.format, &found.damage), (format, &None), "{path}");
        let fact = |name: &str| found.facts.get(name);
        assert_eq!(fact("title"), expected.get("calibre_title"), "title of {path}");
        assert_eq!(fact("publisher"), expected.get("calibre_publisher"), "publisher of {path}");
        let authors: Option<Vec<&str>> =
            expected["calibre_authors"].as_str().map(|names| names.split(" & ").collect());
        assert_eq!(fact("authors"), Some(&json!(authors)), "authors of {path}");
        assert_eq!(fact("language"), expected.get("exiftool_Language"), "language of {path}");
    }
}
