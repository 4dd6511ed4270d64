//! Reads plain text: its encoding, how many words it has, its language and a title that cannot be missed.
//!
//! Knows no markup but the first heading of a Markdown file. A format with a signature of its own is not plain text.

pub(crate) mod encoding;

use super::markup::collapse;
use super::prose::{Words, language};
use super::{Found, Head, Limits, ReadError, Source};
use encoding::Decoder;
use std::io::Read;

const FORMAT: &str = "txt";

/// Whether the file begins like text: printable in some encoding, and not in another format's clothes.
#[must_use]
pub fn sniff(head: &Head) -> bool {
    /// Formats that are made of text and are not plain text.
    const SIGNATURES: [&[u8]; 8] =
        [b"%pdf-", b"%!ps", b"{\\rtf", b"<?xml", b"<!doctype", b"<html", b"<svg", b"<fictionbook"];
    let bytes = &head.bytes;
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let begins = |signature: &[u8]| {
        start.get(..signature.len()).is_some_and(|start| start.eq_ignore_ascii_case(signature))
    };
    !bytes.is_empty() && !SIGNATURES.iter().any(|signature| begins(signature)) && encoding::is_text(bytes)
}

/// Reads a text's facts.
///
/// # Errors
/// When the source cannot be read.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let mut found = Found::new(FORMAT);
    source.rewind()?;
    let mut sample = Vec::new();
    source.take(limits.sample_bytes as u64).read_to_end(&mut sample)?;
    let encoding = encoding::detect(&sample);
    found.facts.insert("encoding".to_owned(), encoding.name().into());
    let mut decoder = encoding.decoder();
    let text = decoder.decode(&sample);
    if let Some(title) = heading(&text) {
        found.set_text("title", &title, limits);
    }
    if let Some(language) = language(&text) {
        found.set_text("language", &language, limits);
    }
    let mut words = Words::default();
    words.take(&text);
    drop((sample, text));
    if count_rest(source, &mut decoder, &mut words, limits)? {
        found.facts.insert("words".to_owned(), words.count().into());
    } else {
        found.note(format!("longer than {} bytes: words were not counted", limits.stream_bytes));
    }
    if decoder.is_damaged() {
        found.note(format!("some bytes mean nothing in {}", encoding.name()));
    }
    Ok(found)
}

/// Counts on to the end; false when the end lies beyond the limit.
fn count_rest(
    source: &mut dyn Source,
    decoder: &mut Decoder,
    words: &mut Words,
    limits: &Limits,
) -> Result<bool, ReadError> {
    let mut left = limits.stream_bytes.saturating_sub(limits.sample_bytes as u64);
    let mut piece = vec![0; 64 << 10];
    loop {
        let length = source.read(&mut piece)?;
        let Some(bytes) = piece.get(..length).filter(|bytes| !bytes.is_empty()) else { break };
        let Some(rest) = left.checked_sub(length as u64) else { return Ok(false) };
        left = rest;
        words.take(&decoder.decode(bytes));
    }
    words.take(&decoder.finish());
    Ok(true)
}

/// A Markdown heading of the first level on the first line that is not empty.
fn heading(text: &str) -> Option<String> {
    let line =
        text.lines().map(|line| line.trim_start_matches('\u{feff}').trim()).find(|line| !line.is_empty())?;
    let title = collapse(line.strip_prefix("# ")?.trim().trim_end_matches('#'));
    // A comment of a script is no title, and a title has a letter in it.
    (title.chars().any(char::is_alphanumeric) && title.chars().count() <= 200).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::corpus;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::io::Cursor;

    const ENGLISH: &str = "The harbour lay quiet under a thin morning mist when the first boats came back with their catch. \
        Nobody on the pier had slept much, yet everyone wanted to know whether the lights seen beyond the lighthouse had been \
        another vessel. An old woman who sold coffee from a wooden cart said that she had watched them until sunrise, and \
        that they were certainly not stars, because stars do not answer when somebody waves a lantern.";

    fn facts(bytes: &[u8]) -> Value {
        Value::Object(read(&mut Cursor::new(bytes), &Limits::default()).expect("readable").facts)
    }

    fn check(bytes: &[u8], want: Value) {
        assert_eq!(facts(bytes), want);
    }

    #[test]
    fn words_are_counted_and_lines_drawn_are_none() {
        check(b"one two\r\n--- * three-and-a-half", json!({ "encoding": "utf-8", "words": 3 }));
    }

    #[test]
    fn the_language_needs_enough_text() {
        assert_eq!(facts(ENGLISH.as_bytes()).get("language"), Some(&json!("en")));
        assert_eq!(facts(b"It was the best of times").get("language"), None);
    }

    #[test]
    fn only_a_heading_is_a_title() {
        assert_eq!(facts(b"\n\n#  The  Title #\ntext").get("title"), Some(&json!("The Title")));
        assert_eq!(facts(b"The Title\n=========\n").get("title"), None);
        assert_eq!(facts(b"#!/bin/sh\n").get("title"), None);
        assert_eq!(facts(b"## Second\n").get("title"), None);
    }

    #[test]
    fn words_are_counted_across_pieces() {
        let text = "na\u{ef}ve ".repeat(400_000);
        assert_eq!(facts(text.as_bytes()).get("words"), Some(&json!(400_000)));
    }

    #[test]
    fn a_text_beyond_the_limit_has_no_count() {
        let limits = Limits { sample_bytes: 10, stream_bytes: 100, ..Limits::default() };
        let found = read(&mut Cursor::new(vec![b'a'; 1000]), &limits).expect("readable");
        assert_eq!(found.facts.get("words"), None);
        assert_eq!(found.notes.len(), 1);
    }

    #[test]
    fn real_texts_are_in_the_encoding_they_were_written_in() {
        for (path, expected) in corpus::cases("txt/").into_iter().chain(corpus::cases("nfo/")) {
            let facts = facts(&corpus::bytes(&path));
            // The corpus speaks Python's names, which the WHATWG knows as labels; ASCII alone is valid UTF-8.
            let label = expected["encoding"].as_str().expect("a name");
            let name = if expected["non_ascii"] == 0 { "utf-8" } else { label };
            let name = encoding_rs::Encoding::for_label(name.as_bytes())
                .map(|encoding| encoding.name().to_ascii_lowercase());
            assert_eq!(facts["encoding"].as_str().map(str::to_owned), name, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = facts(&bytes);
        }

        #[test]
        fn words_agree_with_a_simple_count(text in "[a-z\\-\u{e9}\u{4e00} \n\t]{0,200}") {
            let want = text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
            prop_assert_eq!(&facts(text.as_bytes())["words"], &json!(want));
        }
    }
}
