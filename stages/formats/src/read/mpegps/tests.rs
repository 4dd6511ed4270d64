//! Whole streams built packet by packet, what is read of them, and what broken ones cost.

use crate::read::inspect;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Cursor;

const PACK: &[u8] = b"\0\0\x01\xba\x44\0\x04\0\x04\x01\0\x01\x8b\xf8";

/// The headers of MPEG-2 that say: main profile, 720 x 576, 25 frames a second, interlaced.
const SEQUENCE: &[u8] = b"\0\0\x01\xb3\x2d\x02\x40\x33\xff\xff\xe0\x18\0\0\x01\xb5\x14\x82\0\x01\0\0\
    \0\0\x01\0\0\x0f\xff\xf8\0\0\x01\xb5\x8f\xff\xf3\x40\0";

fn packet(stream: u8, time: u64, content: &[u8]) -> Vec<u8> {
    let part = |shift: u64, bits: u32| (time >> shift & ((1 << bits) - 1)) as u8;
    let time = [0x21 | part(30, 3) << 1, part(22, 8), part(15, 7) << 1 | 1, part(7, 8), part(0, 7) << 1 | 1];
    let length = (content.len() + 8) as u16;
    [&[0, 0, 1, stream][..], &length.to_be_bytes(), &[0x80, 0x80, 5], &time, content].concat()
}

fn film() -> Vec<u8> {
    [
        PACK,
        &packet(0xe0, 90_000, SEQUENCE),
        &packet(0xbd, 90_000, b"\xa0\x01\0\x04\0\x01\x80samples"),
        &packet(0xbd, 90_000, b"\x20picture"),
        PACK,
        &packet(0xe0, 986_400, SEQUENCE),
    ]
    .concat()
}

fn check(pointer: &str, want: Value) {
    let found = inspect(&mut Cursor::new(film())).expect("readable");
    assert_eq!(found.format, "mpegps");
    let facts = Value::Object(found.facts);
    assert_eq!(facts.pointer(pointer), Some(&want), "{pointer} in {facts}");
}

#[test]
fn packets_tell_the_film() {
    check("/duration_ms", json!(10_000));
    check("/video/0/width", json!(720));
    check("/video/0/scan", json!("interlaced"));
    check("/subtitles", json!([{ "codec": "vobsub" }]));
    check("/audio/0/codec", json!("pcm"));
    check("/audio/0/channels", json!(2));
    check("/audio/0/sample_rate", json!(48_000));
}

#[test]
fn a_stream_that_was_cut_out_of_another_is_known() {
    let bytes = [&[7; 99], PACK, &packet(0xe0, 90_000, SEQUENCE)].concat();
    let found = inspect(&mut Cursor::new(&bytes)).expect("readable");
    assert_eq!((found.format, &found.facts["video"][0]["height"]), ("mpegps", &json!(576)));
}

#[test]
fn a_stream_without_packets_is_unreadable() {
    let error = inspect(&mut Cursor::new(PACK)).expect_err("nothing in it").to_string();
    assert!(error.contains("no packets"), "{error}");
}

proptest! {
    #[test]
    fn no_damaged_stream_panics(place in 0..250_usize, byte: u8, end in 0..300_usize) {
        let mut bytes = film();
        if let Some(there) = bytes.get_mut(place) {
            *there = byte;
        }
        bytes.truncate(end.max(14));
        let _ = inspect(&mut Cursor::new(&bytes));
    }
}
