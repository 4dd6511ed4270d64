//! Containers built here with the library that reads them, property sets by hand, sealed and broken ones.

use super::compound::Compound;
use crate::read::{Found, Limits, inspect};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::{Cursor, Write};

/// A property set of one section whose values are given as their type and bytes.
fn set(values: &[(u32, u32, Vec<u8>)]) -> Vec<u8> {
    let mut table = Vec::new();
    let mut content = Vec::new();
    for (id, kind, bytes) in values {
        table.extend(id.to_le_bytes());
        table.extend(u32::try_from(8 + values.len() * 8 + content.len()).expect("short").to_le_bytes());
        content.extend(kind.to_le_bytes());
        content.extend(bytes);
        content.resize(content.len().next_multiple_of(4), 0);
    }
    let mut section = u32::try_from(8 + table.len() + content.len()).expect("short").to_le_bytes().to_vec();
    section.extend(u32::try_from(values.len()).expect("few").to_le_bytes());
    section.extend(table);
    section.extend(content);
    let mut bytes = vec![0xfe, 0xff, 0, 0, 0, 0, 0, 0];
    bytes.extend([0; 16]);
    bytes.extend(1u32.to_le_bytes());
    bytes.extend([0; 16]);
    bytes.extend(48u32.to_le_bytes());
    bytes.extend(section);
    bytes
}

fn counted(text: &[u8]) -> Vec<u8> {
    let length = u32::try_from(text.len() + 1).expect("short");
    [&length.to_le_bytes(), text, &[0]].concat()
}

fn container(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("a container");
    for (name, bytes) in streams {
        file.create_stream(format!("/{name}")).expect("a stream").write_all(bytes).expect("written");
    }
    file.flush().expect("written");
    file.into_inner().into_inner()
}

fn described() -> Vec<u8> {
    set(&[
        (1, 2, 1251u16.to_le_bytes().to_vec()),
        (2, 0x1e, counted(b"\xcf\xf0\xe8\xe2\xe5\xf2")),
        (4, 0x1e, counted(b"Ada Lane; Bo Ek")),
        (5, 0x1e, counted(b"sea, salt")),
        (12, 0x40, 125_911_583_990_000_000u64.to_le_bytes().to_vec()),
        (14, 3, 3u32.to_le_bytes().to_vec()),
        (15, 3, 99u32.to_le_bytes().to_vec()),
        (18, 0x1e, counted(b"Maker")),
    ])
}

fn read(bytes: &[u8]) -> Found {
    inspect(&mut Cursor::new(bytes)).expect("readable")
}

fn check(streams: &[(&str, &[u8])], format: &str, encrypted: bool) {
    let found = read(&container(streams));
    assert_eq!((found.format, found.facts.get("encrypted")), (format, Some(&json!(encrypted))));
}

#[test]
fn property_sets_become_facts() {
    let set = described();
    let mut found = read(&container(&[("WordDocument", &[0; 64]), ("\u{5}SummaryInformation", &set)]));
    found.facts.shift_remove("size");
    let want = json!({
        "encrypted": false, "title": "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}", "authors": ["Ada Lane", "Bo Ek"],
        "subjects": ["sea", "salt"], "producer": "Maker", "date": "1999-12-31T23:59:59Z", "year": 1999, "pages": 3, "words": 99,
    });
    assert_eq!((found.format, Value::Object(found.facts)), ("doc", want));
}

#[test]
fn streams_tell_the_format_and_whether_it_is_encrypted() {
    let mut flagged = [0; 64];
    flagged[11] = 1;
    check(&[("WordDocument", &flagged)], "doc", true);
    check(&[("Workbook", &[9, 8, 2, 0, 0, 6, 0x2f, 0, 2, 0, 1, 0])], "xls", true);
    check(&[("Book", &[9, 8, 2, 0, 0x2f, 0, 0x0a, 0, 0, 0])], "xls", false);
    check(&[("PowerPoint Document", &[0; 8]), ("Current User", &[0; 20])], "ppt", false);
    let user = [&[0; 12], 0xf3d1_c4df_u32.to_le_bytes().as_slice(), &[0; 8]].concat();
    check(&[("PowerPoint Document", &[0; 8]), ("Current User", &user)], "ppt", true);
    check(&[("EncryptedPackage", &[1; 100]), ("EncryptionInfo", &[2; 10])], "ooxml", true);
    assert_eq!(read(&container(&[("__properties_version1.0", &[0; 8])])).format, "unknown");
}

#[test]
fn tables_that_repeat_a_sector_stay_within_the_budget() {
    let bytes = container(&[("WordDocument", &[0; 5000])]);
    let limits = Limits { directory_bytes: 600, ..Limits::default() };
    assert!(Compound::open(&mut Cursor::new(bytes), &limits).is_err());
}

proptest! {
    #[test]
    fn no_change_of_a_few_bytes_panics(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        keep in any::<prop::sample::Index>(),
    ) {
        let mut bytes = container(&[("WordDocument", &[0; 5000]), ("\u{5}SummaryInformation", &described())]);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = inspect(&mut Cursor::new(&bytes));
        let _ = inspect(&mut Cursor::new(&bytes[..keep.index(bytes.len())]));
    }

    #[test]
    fn no_header_panics(header in proptest::collection::vec(any::<u8>(), 512), at in 0..512usize) {
        let mut bytes = container(&[("WordDocument", &[0; 5000])]);
        bytes[at.max(8)..512].copy_from_slice(&header[at.max(8)..]);
        let _ = inspect(&mut Cursor::new(&bytes));
    }
}
