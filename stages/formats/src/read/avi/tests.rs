//! Whole files built chunk by chunk, what is read of them, and what broken ones cost.

use crate::read::inspect;
use crate::read::sparse::Sparse;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Cursor;

fn chunked(kind: &[u8; 4], content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let padding: &[u8] = if content.len() % 2 == 1 { &[0] } else { &[] };
    [&kind[..], &(content.len() as u32).to_le_bytes(), &content, padding].concat()
}

fn list(kind: &[u8; 4], content: &[&[u8]]) -> Vec<u8> {
    chunked(b"LIST", &[kind, &content.concat()])
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn stream_header(kind: &[u8; 4], code: &[u8; 4], scale: u32, rate: u32, length: u32) -> Vec<u8> {
    chunked(b"strh", &[kind, code, &numbers(&[0, 0, 0, scale, rate, 0, length, 0, 0, 0, 0, 0])])
}

fn picture(code: &[u8; 4], length: u32) -> Vec<u8> {
    let format = [&numbers(&[40, 640, 352]), &b"\x01\0\x18\0"[..], code, &numbers(&[0; 5])].concat();
    list(b"strl", &[&stream_header(b"vids", code, 1001, 24000, length), &chunked(b"strf", &[&format])])
}

fn sound(tag: u16, name: &str) -> Vec<u8> {
    let format =
        [&tag.to_le_bytes()[..], b"\x02\0", &numbers(&[48_000, 192_000]), b"\x04\0\x10\0\0\0"].concat();
    let name = chunked(b"strn", &[name.as_bytes(), b"\0"]);
    list(
        b"strl",
        &[&stream_header(b"auds", &[0; 4], 1, 48_000, 96_000), &chunked(b"strf", &[&format]), &name],
    )
}

fn file(streams: &[Vec<u8>], more: &[u8], film: &[u8]) -> Vec<u8> {
    let main = chunked(b"avih", &[&numbers(&[41_708, 0, 0, 0, 48])]);
    let headers = list(b"hdrl", &[&main, &streams.concat()]);
    chunked(b"RIFF", &[b"AVI ", &headers, more, &list(b"movi", &[film])])
}

fn check(bytes: &[u8], pointer: &str, want: Value) {
    let facts = Value::Object(inspect(&mut Cursor::new(bytes)).expect("readable").facts);
    assert_eq!(facts.pointer(pointer), Some(&want).filter(|want| !want.is_null()), "{pointer} in {facts}");
}

/// The headers of MPEG-4 ASP that say: simple profile, 640 x 352, not interlaced.
const VISUAL: &[u8] =
    b"\0\0\x01\xb0\x01\0\0\x01\xb5\x89\x13\0\0\x01\0\0\0\x01\x20\0\xc4\x8d\x88\0\x65\x14\x05\x84\x14\x63";

#[test]
fn streams_tell_codec_size_and_rate() {
    let bytes = file(&[picture(b"cvid", 48), sound(1, "")], b"", b"");
    check(&bytes, "/duration_ms", json!(2002));
    let want =
        json!([{ "codec": "cinepak", "width": 640, "height": 352, "fps": 23.976, "scan": "progressive" }]);
    check(&bytes, "/video", want);
    let want = json!([{ "codec": "pcm", "channels": 2, "sample_rate": 48000, "bit_depth": 16, "bitrate": 1_536_000 }]);
    check(&bytes, "/audio", want);
}

#[test]
fn the_first_frame_tells_what_headers_do_not() {
    let film = [chunked(b"01wb", &[b"...."]), chunked(b"00dc", &[VISUAL])].concat();
    let bytes = file(&[picture(b"XVID", 48)], b"", &film);
    check(&bytes, "/video/0/codec", json!("mpeg4asp"));
    check(&bytes, "/video/0/profile", json!("Simple"));
    check(&bytes, "/video/0/bit_depth", json!(8));
}

#[test]
fn tags_become_facts() {
    let tags = list(
        b"INFO",
        &[
            &chunked(b"INAM", &[b"Caf\xe9\0"]),
            &chunked(b"ISFT", &[b"Writer 1"]),
            &chunked(b"ICRD", &[b"2003"]),
            &chunked(b"IAS1", &[b"eng\0"]),
        ],
    );
    let bytes = file(&[picture(b"cvid", 48), sound(1, "Talk")], &tags, b"");
    check(&bytes, "/title", json!("Caf\u{e9}"));
    check(&bytes, "/writing_app", json!("Writer 1"));
    check(&bytes, "/year", json!(2003));
    check(&bytes, "/audio/0/language", json!("en"));
    check(&bytes, "/audio/0/title", json!("Talk"));
}

#[test]
fn the_extended_header_counts_all_frames() {
    let extended = list(b"odml", &[&chunked(b"dmlh", &[&numbers(&[240_000])])]);
    let bytes = file(&[picture(b"cvid", 48), extended], b"", b"");
    check(&bytes, "/duration_ms", json!(10_010_000));
}

#[test]
fn the_film_is_never_read_through() {
    let small = file(&[picture(b"XVID", 48)], b"", &chunked(b"00dc", &[VISUAL]));
    let mut start = small.clone();
    let at = start.windows(4).position(|part| part == b"movi").unwrap();
    start[at - 4..at].copy_from_slice(&(4_u32 << 28).to_le_bytes());
    start[4..8].copy_from_slice(&(4_u32 << 28).to_le_bytes());
    let mut sparse = Sparse::new(20 << 30, vec![(0, start)]);
    let found = inspect(&mut sparse).unwrap();
    assert_eq!(found.facts["video"][0]["codec"], json!("mpeg4asp"));
    assert!(sparse.read.get() < 1 << 20, "{} bytes were read", sparse.read.get());
}

#[test]
fn a_cut_file_tells_what_it_has_and_that_it_is_cut() {
    let mut bytes = file(&[picture(b"cvid", 48)], b"", &[0; 500]);
    bytes.truncate(bytes.len() - 100);
    let found = inspect(&mut Cursor::new(&bytes)).unwrap();
    assert_eq!(found.facts["video"][0]["width"], json!(640));
    assert!(found.damage.is_some());
    let error = inspect(&mut Cursor::new(b"RIFF\x04\0\0\0AVI ")).expect_err("no headers").to_string();
    assert!(error.contains("hdrl"), "{error}");
}

proptest! {
    #[test]
    fn no_damaged_file_panics(place in 0..600_usize, byte: u8, end in 0..800_usize) {
        let mut bytes = file(&[picture(b"XVID", 48), sound(0x55, "x")], b"", &chunked(b"00dc", &[VISUAL]));
        if let Some(there) = bytes.get_mut(place) {
            *there = byte;
        }
        bytes.truncate(end.max(12));
        let _ = inspect(&mut Cursor::new(&bytes));
    }
}
