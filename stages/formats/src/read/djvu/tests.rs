//! Documents built of chunks here, of one page and of many, and ones whose lengths lie.

use crate::read::{Found, inspect};
use proptest::prelude::*;
use serde_json::json;
use std::io::Cursor;

fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut bytes = [name, &u32::try_from(content.len()).expect("short").to_be_bytes(), content].concat();
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

fn form(kind: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
    chunk(b"FORM", &[kind, &chunks.concat()].concat())
}

fn document(kind: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
    [b"AT&T".to_vec(), form(kind, chunks)].concat()
}

fn bundle() -> Vec<u8> {
    let notes = chunk(b"ANTa", br#"(background #fff) (metadata (title "The \"Harbour\"") (author "Ada Lane and Bo Ek") (year "1999") (other "x"))"#);
    let page = || form(b"DJVU", &[chunk(b"INFO", &[0; 10])]);
    document(b"DJVM", &[chunk(b"DIRM", &[0x81, 0, 3, 0]), form(b"DJVI", &[notes]), page(), page()])
}

fn read(bytes: &[u8]) -> Found {
    inspect(&mut Cursor::new(bytes)).expect("readable")
}

fn check(bytes: &[u8], pages: u64) {
    let found = read(bytes);
    assert_eq!((found.format, found.facts.get("pages")), ("djvu", Some(&json!(pages))));
}

#[test]
fn pages_are_counted() {
    check(&bundle(), 2);
    check(&document(b"DJVU", &[chunk(b"INFO", &[0; 10])]), 1);
    // An indirect document holds the directory alone.
    check(&document(b"DJVM", &[chunk(b"DIRM", &[1, 0, 7, 0])]), 7);
}

#[test]
fn annotations_become_facts() {
    let facts = read(&bundle()).facts;
    assert_eq!(
        (&facts["title"], &facts["authors"], &facts["year"]),
        (&json!("The \"Harbour\""), &json!(["Ada Lane", "Bo Ek"]), &json!(1999))
    );
}

#[test]
fn a_length_that_lies_is_damage() {
    let mut bytes = bundle();
    bytes[8] = 0x7f;
    let found = read(&bytes);
    assert!(found.damage.is_some());
    assert_eq!(found.facts["pages"], 2);
}

proptest! {
    #[test]
    fn no_change_of_a_few_bytes_panics(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = bundle();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = inspect(&mut Cursor::new(&bytes));
    }
}
