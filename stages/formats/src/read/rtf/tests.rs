//! RTF as Word, WordPad, old and careless programs write it; facts compared with an independent tool where present.

use crate::read::{Found, Limits, corpus, inspect, rtf};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Cursor;

fn read(bytes: &[u8]) -> Found {
    rtf::read(&mut Cursor::new(bytes), &Limits::default()).expect("readable")
}

fn check(rtf: &str, want: Value) {
    let found = read(rtf.as_bytes());
    assert_eq!(Value::Object(found.facts), want, "{rtf}");
}

fn title(inside: &str, want: &str) {
    let rtf = format!("{{\\rtf1\\ansi{{\\info{{\\title {inside}}}}}}}");
    assert_eq!(read(rtf.as_bytes()).facts.get("title"), Some(&json!(want)), "{rtf}");
}

#[test]
fn the_group_of_properties_becomes_facts() {
    check(
        "{\\rtf1\\ansi\\ansicpg1252\\deff0\\deflang2057{\\fonttbl{\\f0\\fswiss Helvetica;}}\
         {\\*\\generator Riched20 10.0;}{\\info{\\title The Harbour}{\\subject Boats}{\\author Ada Lane; Bo Ek}\
         {\\operator Someone Else}{\\keywords sea, salt}{\\doccomm What happened}\
         {\\creatim\\yr2006\\mo5\\dy18\\hr12\\min19}{\\revtim\\yr2010\\mo1\\dy1}\\nofpages3\\nofwords99{\\*\\company Co}}\
         \\pard Text here\\par}",
        json!({
            "title": "The Harbour", "authors": ["Ada Lane", "Bo Ek"], "description": "What happened",
            "subjects": ["Boats", "sea", "salt"], "producer": "Riched20 10.0", "language": "en-GB",
            "date": "2006-05-18", "year": 2006, "pages": 3, "words": 99,
        }),
    );
}

#[test]
fn escapes_are_in_the_code_page_of_the_document() {
    title("caf\\'e9 \\endash  \\ldblquote x\\rdblquote", "caf\u{e9} \u{2013} \u{201c}x\u{201d}");
    title("\\{a\\}\\~b\\\\", "{a} b\\");
    title("a\\\r\nb", "a b");
    let rtf = "{\\rtf1\\ansi\\ansicpg1251{\\info{\\title \\'cf\\'f0\\'e8\\'e2\\'e5\\'f2}}}";
    assert_eq!(read(rtf.as_bytes()).facts["title"], "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}");
    // The second byte of a character may stand for itself.
    let rtf = "{\\rtf1\\ansi\\ansicpg932{\\info{\\title \\'93\\'fa\\'96{\\'7b}\\'83e}}}";
    assert!(read(rtf.as_bytes()).facts["title"].as_str().expect("a text").starts_with('\u{65e5}'));
    let rtf = "{\\rtf1\\mac{\\info{\\title caf\\'8e}}}";
    assert_eq!(read(rtf.as_bytes()).facts["title"], "caf\u{e9}");
}

#[test]
fn unicode_replaces_its_stand_ins() {
    title("\\u8217?x", "\u{2019}x");
    title("\\uc2\\u1055\\'cf\\'f0x", "\u{41f}x");
    title("\\uc0\\u1055x", "\u{41f}x");
    title("{\\uc0\\u1055}\\u1055?x", "\u{41f}\u{41f}x");
    title("\\u-10179?\\u-8704?", "\u{1f600}");
    title("\\u-10179?x", "x");
    title("\\u65?\\u66?", "AB");
    title("{\\upr{no}{\\*\\ud{\\u65?}}}B", "AB");
}

#[test]
fn only_running_text_is_counted() {
    let words = |rtf: &str| read(rtf.as_bytes()).facts.get("words").cloned();
    assert_eq!(words("{\\rtf1 one\\par two\\tab three{\\b  fo}ur}"), Some(json!(4)));
    assert_eq!(
        words(
            "{\\rtf1{\\header no}{\\footnote no}{\\*\\unknown no}{\\pict 00ff}{\\stylesheet{\\s0 no;}}yes}"
        ),
        Some(json!(1))
    );
    assert_eq!(words("{\\rtf1{\\field{\\*\\fldinst HYPERLINK no}{\\fldrslt yes}}}"), Some(json!(1)));
    assert_eq!(words("{\\rtf1{\\pict\\bin5 }}}}}}yes}"), Some(json!(1)));
    assert_eq!(words("{\\rtf1}"), None);
}

#[test]
fn fonts_name_the_code_page_of_their_text() {
    let text = "{\\rtf1\\ansi\\deflang1033{\\fonttbl{\\f0 A;}{\\f1\\fcharset204 B;}}\\f1 ";
    let cyrillic = "\u{422}\u{438}\u{445}\u{430}\u{44f} \u{433}\u{430}\u{432}\u{430}\u{43d}\u{44c} \u{43b}\u{435}\u{436}\u{430}\u{43b}\u{430} \u{43f}\u{43e}\u{434} \u{443}\u{442}\u{440}\u{435}\u{43d}\u{43d}\u{438}\u{43c} \u{442}\u{443}\u{43c}\u{430}\u{43d}\u{43e}\u{43c}, \u{43a}\u{43e}\u{433}\u{434}\u{430} \u{432}\u{435}\u{440}\u{43d}\u{443}\u{43b}\u{438}\u{441}\u{44c} \u{43b}\u{43e}\u{434}\u{43a}\u{438}. ";
    let escaped: String = encoding_rs::WINDOWS_1251
        .encode(&cyrillic.repeat(6))
        .0
        .iter()
        .map(|byte| format!("\\'{byte:02x}"))
        .collect();
    let found = read(format!("{text}{escaped}}}").as_bytes());
    assert_eq!(found.facts["words"], json!(54));
    // The machine's default language is none that is written so.
    assert_ne!(found.facts.get("language"), Some(&json!("en-US")));
}

#[test]
fn properties_that_users_add_may_be_facts() {
    check(
        "{\\rtf1{\\*\\userprops {\\propname ISBN}\\proptype30{\\staticval 0306406152}{\\propname Other}\\proptype30{\\staticval x}}}",
        json!({ "isbn": "9780306406157", "identifiers": { "isbn": "9780306406157" } }),
    );
}

#[test]
fn a_file_that_ends_early_is_damaged_and_still_read() {
    let found = read(b"{\\rtf1{\\info{\\title Kept}{\\author Hal");
    assert_eq!(found.facts.get("title"), Some(&json!("Kept")));
    assert!(found.damage.expect("damage").what.contains("within a group"));
    assert!(read("{\\rtf1".repeat(50_000).as_bytes()).damage.is_some());
    // What comes behind the document is none of it.
    assert_eq!(read(b"{\\rtf1 a}\n}}{\\info{\\title No}}").damage, None);
}

#[test]
fn the_signature_claims_a_file() {
    let format = |bytes: &[u8]| inspect(&mut Cursor::new(bytes)).expect("readable").format;
    assert_eq!(format(b"{\\rtf1 x}"), "rtf");
    assert_eq!(format(b"\xef\xbb\xbf\r\n{\\rtf x}"), "rtf");
    assert_eq!(format(b"see {\\rtf1 x}"), "txt");
}

#[test]
fn real_files_say_what_another_tool_reads_in_them() {
    for (path, expected) in corpus::cases("office/").into_iter().filter(|(path, _)| path.ends_with(".rtf")) {
        let facts = read(&corpus::bytes(&path)).facts;
        if let Some(title) = expected.get("title") {
            assert_eq!(facts.get("title"), Some(title), "{path}");
        }
        if let Some(author) = expected.get("author") {
            assert_eq!(facts["authors"], json!([author]), "{path}");
        }
        if let Some(pages) = expected.get("pages") {
            assert_eq!(
                facts["pages"].to_string(),
                pages.as_str().map_or(pages.to_string(), str::to_owned),
                "{path}"
            );
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&[b"{\\rtf1".as_slice(), &bytes].concat());
    }

    #[test]
    fn no_tokens_panic(text in "(\\{|\\}|\\\\(u-?[0-9]{1,6}|uc[0-9]|info|title|author|fonttbl|f[0-9]|fcharset[0-9]{1,3}|creatim|yr[0-9]{1,5}|bin[0-9]{1,3}|\\*|'[0-9a-f]{0,2}|ansicpg[0-9]{3,5}) ?|[a-z ;]){0,80}") {
        let _ = read(format!("{{\\rtf1{text}").as_bytes());
    }
}
