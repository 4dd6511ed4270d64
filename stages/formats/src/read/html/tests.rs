//! Pages as tools and people write them, and texts that are none.

use crate::read::{Limits, html, inspect};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Cursor;

fn facts(bytes: &[u8]) -> Value {
    Value::Object(html::read(&mut Cursor::new(bytes), &Limits::default()).expect("readable").facts)
}

fn check(html: &str, want: Value) {
    assert_eq!(facts(html.as_bytes()), want, "{html}");
}

fn format(bytes: &[u8], want: &str) {
    assert_eq!(
        inspect(&mut Cursor::new(bytes)).expect("readable").format,
        want,
        "{}",
        String::from_utf8_lossy(bytes)
    );
}

#[test]
fn a_head_becomes_facts() {
    check(
        "<!DOCTYPE html><html lang=en-gb><head><meta charset=\"utf-8\"><title>The\n Harbour &amp; more</title>\
         <meta name=Author content='Ada Lane; Bo Ek'><meta name=description content=\"What &lt;happened&gt;\">\
         <meta name=keywords content='sea, salt'><meta property='og:title' content='Other'>\
         <meta name=generator content=Maker><style>no words</style></head>\
         <body><h1>Harbour</h1><p>Some <b>wo</b>rds<br>here</p><script>var no;</script><!-- no --></body></html>",
        json!({
            "encoding": "utf-8", "title": "The Harbour & more", "authors": ["Ada Lane", "Bo Ek"],
            "description": "What <happened>", "subjects": ["sea", "salt"], "producer": "Maker", "language": "en-GB", "words": 4,
        }),
    );
}

#[test]
fn a_librarians_title_goes_before_the_browsers() {
    let page = |inside: &str| facts(format!("<html><head>{inside}</head></html>").as_bytes());
    let dublin = page(
        "<title>X | Site</title><meta name='DC.Title' content='X'><meta name='dc.creator' content='Lane, Ada'><meta name='DCTERMS.issued' content='1999-05-01'>",
    );
    assert_eq!(
        (&dublin["title"], &dublin["authors"], &dublin["date"]),
        (&json!("X"), &json!(["Lane, Ada"]), &json!("1999-05-01"))
    );
    let article = page(
        "<meta name=citation_title content=Y><meta name=citation_author content=A><meta name=citation_author content=B><meta name=citation_doi content='10.1/x'><meta name=citation_isbn content='0306406152'>",
    );
    assert_eq!((&article["title"], &article["authors"]), (&json!("Y"), &json!(["A", "B"])));
    assert_eq!(
        (&article["identifiers"]["doi"], &article["isbn"]),
        (&json!("10.1/x"), &json!("9780306406157"))
    );
    assert_eq!(page("<meta property=og:title content=Z>")["title"], "Z");
    assert_eq!(facts(b"<html><body><h1>Head <i>line</i></h1>")["title"], "Head line");
}

#[test]
fn the_encoding_is_the_declared_one_when_it_can_be() {
    let title = |bytes: &[u8]| {
        let facts = facts(bytes);
        (
            facts["encoding"].as_str().expect("a name").to_owned(),
            facts["title"].as_str().expect("a title").to_owned(),
        )
    };
    let check = |bytes: &[u8], encoding: &str| {
        assert_eq!(title(bytes), (encoding.to_owned(), "\u{e9}t\u{e9}".to_owned()))
    };
    check(b"<html><meta http-equiv=Content-Type content='text/html; charset=ISO-8859-1'><title>\xe9t\xe9</title>", "windows-1252");
    check(
        b"<?xml version='1.0' encoding='iso-8859-15'?><html><title>\xe9t\xe9</title></html>",
        "iso-8859-15",
    );
    check(b"<html><meta charset=utf-16><title>\xc3\xa9t\xc3\xa9</title>", "utf-8");
    check(b"\xef\xbb\xbf<html><meta charset=koi8-r><title>\xc3\xa9t\xc3\xa9</title>", "utf-8");
    let wide: Vec<u8> =
        "\u{feff}<html><title>\u{e9}t\u{e9}</title>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(&wide, "utf-16le");
}

#[test]
fn pages_are_claimed_by_what_they_begin_with() {
    format(b"<!doctype HTML>\n<p>x", "html");
    format(b"\xef\xbb\xbf  <!-- saved --><HTML><body>", "html");
    format(
        b"<?xml version='1.0'?><!DOCTYPE html PUBLIC 'x' 'y'><html xmlns='http://www.w3.org/1999/xhtml'/>",
        "html",
    );
    format(b"<head><title>A</title></head><body><p>b</p></body>", "html");
    format(b"<h1>A</h1>\n<p>b</p>\n<p>c</p>", "html");
}

#[test]
fn text_with_angle_brackets_is_no_page() {
    format(b"The element <html> begins a page, <b>bold</b> is bold.\n", "txt");
    format(b"<alice> hi <bob> hello <p>\n", "txt");
    format(b"a < b and c > d\n", "txt");
    format(b"<p> is a tag of <html>\n", "txt");
    format(b"<?xml version='1.0'?><catalog><title>A</title><p>b</p></catalog>", "unknown");
    format(b"<!DOCTYPE svg><svg/>", "unknown");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = facts(&[b"<html>".as_slice(), &bytes].concat());
    }

    #[test]
    fn no_page_panics(html in "(</?(title|meta|h1|script|body|p|html)( (name|content|lang|charset)=('[a-z.;\u{e9}]{0,5}'|[a-z]{0,3}))?>|[a-z<&;\u{e9} ]){0,40}") {
        let _ = facts(html.as_bytes());
    }
}
