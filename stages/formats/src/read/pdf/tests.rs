//! Documents made here object by object, and the corpus of real ones where it is present.

use super::*;
use crate::read;
use crate::read::corpus::{self, cases};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::{Cursor, Write};

const PLAIN: &[&str] = &[
    "<</Type/Catalog/Pages 2 0 R/Lang(en-GB)/Metadata 5 0 R>>",
    "<</Type/Pages/Count 2/Kids[4 0 R 4 0 R]>>",
    "<</Title(T\\351t\\(e\\))/Author(A One; B Two)/Producer<FEFF0050>/CreationDate(D:20070915110231+02'00')/Keywords(x, y)>>",
    "<</Type/Page/Parent 2 0 R>>",
];

fn packet(properties: &str) -> String {
    let packet = format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
         <rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/' \
         xmlns:prism='http://prismstandard.org/namespaces/basic/2.0/'>{properties}</rdf:Description></rdf:RDF></x:xmpmeta>"
    );
    format!("<</Type/Metadata/Subtype/XML/Length {}>>\nstream\n{packet}\nendstream", packet.len())
}

/// A document of these objects, numbered from 1, with a table.
fn with_table(objects: &[&str], trailer: &str) -> Vec<u8> {
    let mut bytes = b"%PDF-1.4\n%\xe2\xe3\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", bytes.len()));
        bytes.extend(format!("{} 0 obj\n{object}\nendobj\n", number + 1).bytes());
    }
    let start = bytes.len();
    bytes.extend(
        format!("{table}trailer\n<</Root 1 0 R/Info 3 0 R{trailer}>>\nstartxref\n{start}\n%%EOF\n").bytes(),
    );
    bytes
}

/// The same objects in one object stream, with a cross-reference stream.
fn with_streams(objects: &[&str]) -> Vec<u8> {
    let deflated = |bytes: &[u8]| {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).expect("in memory");
        encoder.finish().expect("in memory")
    };
    let mut bytes = b"%PDF-1.5\n".to_vec();
    let (mut index, mut body) = (String::new(), String::new());
    let mut entries = vec![[0_u8; 4]];
    for (at, object) in objects.iter().enumerate() {
        index.push_str(&format!("{} {} ", at + 1, body.len()));
        body.push_str(object);
        entries.push([2, 0, 10, u8::try_from(at).expect("few")]);
    }
    let mut stream = |number: u32, dictionary: &str, content: &[u8]| {
        let at = bytes.len();
        bytes.extend(
            format!("{number} 0 obj<<{dictionary}/Filter/FlateDecode/Length {}>>stream\r\n", content.len())
                .bytes(),
        );
        bytes.extend(content);
        bytes.extend(b"\r\nendstream\nendobj\n");
        at
    };
    let packed = deflated(format!("{index}{body}").as_bytes());
    let at = stream(10, &format!("/Type/ObjStm/N {}/First {}", objects.len(), index.len()), &packed);
    let offset = u16::try_from(at).expect("small").to_be_bytes();
    // Rows predicted from the row above, as most writers do.
    let mut rows = Vec::new();
    let mut above = [0_u8; 4];
    for entry in entries.iter().chain([&[1, offset[0], offset[1], 0]]) {
        rows.push(2);
        rows.extend(entry.iter().zip(above).map(|(byte, up)| byte.wrapping_sub(up)));
        above = *entry;
    }
    let index = format!("[0 {} 10 1]", objects.len() + 1);
    let start = stream(
        11,
        &format!(
            "/Type/XRef/Size 12/W[1 2 1]/Index{index}/Root 1 0 R/Info 3 0 R/DecodeParms<</Predictor 12/Columns 4>>"
        ),
        &deflated(&rows),
    );
    bytes.extend(format!("startxref\n{start}\n%%EOF").bytes());
    bytes
}

fn inspect(bytes: &[u8]) -> Result<Found, ReadError> {
    read::inspect(&mut Cursor::new(bytes))
}

/// The facts named in `want` are as wanted; `null` means absent.
fn check(bytes: &[u8], want: &Value) {
    let found = inspect(bytes).expect("a document");
    assert_eq!((found.format, &found.damage), (FORMAT, &None));
    for (name, value) in want.as_object().expect("facts") {
        assert_eq!(found.facts.get(name).unwrap_or(&Value::Null), value, "{name}");
    }
}

fn plain_facts() -> Value {
    json!({
        "title": "T\u{e9}t(e)", "authors": ["A One", "B Two"], "producer": "P", "pages": 2, "language": "en-GB",
        "date": "2007-09-15T11:02:31+02:00", "year": 2007, "subjects": ["x", "y"], "encrypted": false,
    })
}

#[test]
fn tables_and_streams_lead_to_the_same_facts() {
    check(&with_table(PLAIN, ""), &plain_facts());
    check(&with_streams(PLAIN), &plain_facts());
}

#[test]
fn a_broken_cross_reference_is_made_up_for() {
    let whole = with_table(PLAIN, "");
    check(&whole[..whole.len() - 40], &plain_facts());
    check(&[b"junk \x00\r\n", whole.as_slice()].concat(), &plain_facts());
    let text = String::from_utf8_lossy(&whole).replace("%PDF-1.4\n", "%PDF-1.4\n%moved\n");
    check(text.as_bytes(), &json!({ "title": "T\u{e9}t(e)", "pages": 2 }));
    let streams = with_streams(PLAIN);
    check(&streams[..streams.len() - 30], &plain_facts());
}

#[test]
fn an_update_hides_what_it_replaces() {
    let mut bytes = with_table(PLAIN, "");
    let previous = bytes.windows(5).rposition(|word| word == b"xref\n").map(|at| at - 5).expect("a start");
    let table = bytes.windows(7).position(|word| word == b"xref\n0 ").expect("a table");
    assert!(previous > table);
    let at = bytes.len();
    bytes.extend(b"3 0 obj<</Title(New)>>endobj\n");
    let start = bytes.len();
    bytes.extend(
        format!("xref\n3 1\n{at:010} 00000 n\r\ntrailer<</Root 1 0 R/Info 3 0 R/Prev {table}>>\nstartxref\n{start}\n%%EOF").bytes(),
    );
    check(&bytes, &json!({ "title": "New", "authors": null, "pages": 2 }));
}

#[test]
fn the_packet_wins_and_the_dictionary_fills_in_what_it_leaves_out() {
    let packet = packet(
        "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>From XMP</rdf:li></rdf:Alt></dc:title>\
         <dc:creator><rdf:Seq><rdf:li>A</rdf:li><rdf:li>B</rdf:li></rdf:Seq></dc:creator>\
         <prism:isbn>978-0-306-40615-7</prism:isbn><prism:doi>10.1000/182</prism:doi>\
         <dc:identifier>urn:uuid:00000000-0000-4000-8000-00000000000A</dc:identifier>",
    );
    let mut objects = PLAIN.to_vec();
    objects[2] = "<</Title()/Author(A)>>";
    objects.push(&packet);
    let want = json!({
        "title": "From XMP", "authors": ["A", "B"], "isbn": "9780306406157",
        "identifiers": { "isbn": "9780306406157", "doi": "10.1000/182", "uuid": "00000000-0000-4000-8000-00000000000a" },
    });
    check(&with_table(&objects, ""), &want);
    objects[2] = "<</Title(Own)/Author(C)/Subject(What it is)>>";
    let want = json!({ "title": "From XMP", "authors": ["A", "B"], "description": "What it is" });
    check(&with_table(&objects, ""), &want);
    let bare = "<</Type/Metadata/Subtype/XML/Length 0>>stream\n\nendstream";
    let last = objects.len() - 1;
    objects[last] = bare;
    check(&with_table(&objects, ""), &json!({ "title": "Own", "authors": ["C"] }));
}

#[test]
fn a_page_tree_that_bites_its_tail_ends() {
    let mut objects = PLAIN.to_vec();
    objects[1] = "<</Type/Pages/Kids[2 0 R 4 0 R 2 0 R]>>";
    check(&with_table(&objects, ""), &json!({ "pages": 1 }));
    objects[1] = "<</Type/Pages/Count -3/Kids[4 0 R]>>";
    check(&with_table(&objects, ""), &json!({ "pages": 1 }));
}

#[test]
fn without_the_password_a_document_is_encrypted_and_shows_no_noise() {
    let objects = [PLAIN, &["(unused)", "<</Filter/Standard/V 1/R 2/O<00>/U<00>/P -4>>"]].concat();
    let want = json!({ "encrypted": true, "title": null, "authors": null, "producer": null, "pages": 2 });
    check(&with_table(&objects, "/Encrypt 6 0 R"), &want);
}

#[test]
fn what_is_no_document_says_so() {
    for bytes in [b"%PDF-1.7\nhello".to_vec(), b"%PDF-".to_vec(), with_table(PLAIN, "")[..100].to_vec()] {
        let told = inspect(&bytes);
        let unreadable = matches!(told, Err(ReadError::Unreadable { format: FORMAT, .. }));
        assert!(unreadable || told.as_ref().is_ok_and(|found| found.damage.is_some()), "{told:?}");
    }
    assert_ne!(inspect(b"A text about %PDF- files.").expect("text").format, FORMAT);
}

#[test]
fn a_cross_reference_that_promises_too_much_costs_nothing() {
    let table =
        "%PDF-1.4\nxref\n0 4000000000\n0000000000 65535 f \ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF";
    assert!(inspect(table.as_bytes()).is_err());
    let stream = "%PDF-1.5\n1 0 obj<</Type/XRef/W[8 8 8]/Index[0 4294967295 4294967295 9]/Size 4294967295/Root 2 0 R/Length 4>>stream\nabcd\nendstream endobj\nstartxref\n9\n%%EOF";
    assert!(inspect(stream.as_bytes()).is_err());
    let deep = format!("%PDF-1.4\n1 0 obj {}", "[<</A".repeat(50_000));
    assert!(inspect(deep.as_bytes()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn damaged_documents_never_panic(streams in any::<bool>(), changes in proptest::collection::vec((0..5000_usize, any::<u8>()), 0..4), end in 0..9000_usize) {
        let mut bytes = if streams { with_streams(PLAIN) } else { with_table(PLAIN, "/Encrypt<</Filter/Standard/V 5/R 6/U<00>/UE<00>>>") };
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        bytes.truncate(end);
        let _ = inspect(&bytes);
    }

    #[test]
    fn no_objects_panic(objects in proptest::collection::vec("(<<|>>|/(Kids|Count|Pages|Type|Length|Title|ObjStm|XRef|W)|[0-9]{1,3} 0 R|\\[|\\]|\\(|\\)|<|>|[0-9.+-]{1,12}|stream\n| |\\PC){0,16}", 1..6)) {
        let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
        let _ = inspect(&with_table(&objects, ""));
        let _ = inspect(&with_streams(&objects));
    }
}

#[test]
fn real_documents_say_what_other_readers_say() {
    for (path, expected) in cases("pdf/") {
        let found = inspect(&corpus::bytes(&path)).expect("a document");
        assert_eq!((found.format, &found.damage), (FORMAT, &None), "{path}");
        let fact = |name: &str| found.facts.get(name);
        assert_eq!(fact("pages"), expected.get("pages"), "pages of {path}");
        assert_eq!(fact("encrypted"), Some(&json!(expected["encrypted"] == "yes")), "{path}");
        if expected.get("user_password").is_none() {
            assert_eq!(fact("title"), expected.get("title"), "title of {path}");
            assert_eq!(fact("producer"), expected.get("producer"), "producer of {path}");
            assert_eq!(
                fact("authors").and_then(|authors| authors.get(0)),
                expected.get("author"),
                "author of {path}"
            );
        }
    }
}

#[test]
fn hostile_documents_are_survived() {
    for (path, _) in cases("hostile/").into_iter().filter(|(path, _)| path.ends_with(".pdf")) {
        let found = inspect(&corpus::bytes(&path)).expect("a document");
        assert_eq!(found.facts.get("title"), Some(&json!("Loop")), "{path}");
    }
}
