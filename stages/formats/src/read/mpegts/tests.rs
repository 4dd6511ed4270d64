//! Whole streams built packet by packet, what is read of them, and what broken ones cost.

use super::packets::PACKET;
use super::*;
use crate::read::inspect;
use crate::read::sparse::Sparse;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Cursor;

/// A packet with this payload, filled up with an adaptation field; `clock` in units of 1/90,000 s.
fn packet(pid: u16, starts: bool, clock: Option<u64>, payload: &[u8]) -> Vec<u8> {
    let mut field = match clock {
        Some(clock) => {
            let clock = clock % (1 << 33);
            let mut field = vec![0x10];
            field.extend(&((clock << 15) | 0x7e00).to_be_bytes()[2..]);
            field
        }
        None => vec![0],
    };
    field.resize(PACKET - 5 - payload.len(), 0xff);
    let flags = [0x47, u8::from(starts) << 6 | (pid >> 8) as u8, pid as u8, 0x30, field.len() as u8];
    [&flags[..], &field, payload].concat()
}

fn section(table: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() + 9) as u16 | 0xb000;
    [&[0, table][..], &length.to_be_bytes(), b"\0\x01\xc1\0\0", body, &[0; 4]].concat()
}

fn row(kind: u8, pid: u16, told: &[u8]) -> Vec<u8> {
    [&[kind][..], &(pid | 0xe000).to_be_bytes(), &(told.len() as u16 | 0xf000).to_be_bytes(), told].concat()
}

/// The headers of MPEG-2 that say: main profile, 720 x 576, 25 frames a second, interlaced.
const SEQUENCE: &[u8] = b"\0\0\x01\xb3\x2d\x02\x40\x33\xff\xff\xe0\x18\0\0\x01\xb5\x14\x82\0\x01\0\0\
    \0\0\x01\0\0\x0f\xff\xf8\0\0\x01\xb5\x8f\xff\xf3\x40\0";

fn stream(rows: &[Vec<u8>], first: u64, last: u64) -> Vec<Vec<u8>> {
    let map = [&b"\xe1\0\xf0\0"[..], &rows.concat()].concat();
    let header = b"\0\0\x01\xe0\0\0\x80\0\0";
    let mut packets = vec![
        packet(0, true, None, &section(0, b"\0\x01\xf0\0")),
        packet(0x1000, true, None, &section(2, &map)),
    ];
    for n in 0..8 {
        let clock = [Some(first), None, None, None, None, None, None, Some(last)][n];
        packets.push(packet(0x100, true, clock, &[&header[..], SEQUENCE].concat()));
    }
    packets
}

fn check(bytes: &[u8], pointer: &str, want: Value) {
    let found = inspect(&mut Cursor::new(bytes)).expect("readable");
    assert_eq!(found.format, "mpegts");
    let facts = Value::Object(found.facts);
    assert_eq!(facts.pointer(pointer), Some(&want).filter(|want| !want.is_null()), "{pointer} in {facts}");
}

#[test]
fn tables_clock_and_headers_tell_the_film() {
    let rows = [
        row(0x02, 0x100, b""),
        row(0x81, 0x101, b"\x0a\x04fra\0"),
        row(0x06, 0x102, b"\x59\x10deu\x10\0\x01\0\x01eng\x10\0\x02\0\x02"),
    ];
    let bytes = stream(&rows, 90_000, 990_000).concat();
    check(&bytes, "/duration_ms", json!(10_000));
    let want = json!([{ "codec": "mpeg2", "profile": "Main", "width": 720, "height": 576, "fps": 25,
        "bit_depth": 8, "scan": "interlaced" }]);
    check(&bytes, "/video", want);
    check(&bytes, "/audio", json!([{ "codec": "ac3", "language": "fr" }]));
    check(
        &bytes,
        "/subtitles",
        json!([{ "codec": "dvb", "language": "de" }, { "codec": "dvb", "language": "en" }]),
    );
}

#[test]
fn the_clock_may_begin_again() {
    let bytes = stream(&[row(0x02, 0x100, b"")], (1 << 33) - 90_000, (1 << 33) + 90_000).concat();
    check(&bytes, "/duration_ms", json!(2000));
}

#[test]
fn packets_of_192_and_204_bytes_are_read_too() {
    let packets = stream(&[row(0x02, 0x100, b"")], 0, 90_000);
    let bluray: Vec<u8> = packets.iter().flat_map(|packet| [&[0; 4][..], packet].concat()).collect();
    check(&bluray, "/duration_ms", json!(1000));
    let corrected: Vec<u8> = packets.iter().flat_map(|packet| [packet, &[0; 16][..]].concat()).collect();
    check(&corrected, "/video/0/width", json!(720));
}

#[test]
fn scrambled_streams_are_encrypted() {
    let mut packets = stream(&[row(0x02, 0x100, b"")], 0, 90_000);
    packets.iter_mut().skip(2).for_each(|packet| packet[3] |= 0x80);
    check(&packets.concat(), "/encrypted", json!(true));
    check(&packets.concat(), "/video", json!([{ "codec": "mpeg2" }]));
}

#[test]
fn only_the_start_and_the_end_are_read() {
    let size = 188 * (20 << 30) / 188 / 188 * 188;
    let start = stream(&[row(0x02, 0x100, b"")], 0, 0).concat();
    let mut end = vec![packet(0x100, false, None, b"."); 3000];
    end[2990] = packet(0x100, false, Some(90_000 * 3600), b".");
    let end = end.concat();
    let mut sparse = Sparse::new(size, vec![(0, start), (size - end.len() as u64, end)]);
    let found = inspect(&mut sparse).unwrap();
    assert_eq!(found.facts["duration_ms"], json!(3_600_000));
    assert!(sparse.read.get() < 4 << 20, "{} bytes were read", sparse.read.get());
}

#[test]
fn text_that_repeats_a_letter_is_no_stream() {
    let found = inspect(&mut Cursor::new(vec![b'G'; 2000])).expect("readable");
    assert_eq!(found.format, "txt");
}

#[test]
fn a_stream_without_tables_is_unreadable() {
    let bytes = vec![packet(0x100, false, None, b"."); 20].concat();
    let error = inspect(&mut Cursor::new(&bytes)).expect_err("no tables").to_string();
    assert!(error.contains("PMT"), "{error}");
}

#[test]
fn the_simplest_multiplex_of_aac_tells_its_configuration() {
    let frame = b"\x56\xe0\x20\x20\0\x11\x90\0\0";
    let audio = latm(frame).unwrap();
    assert_eq!((&*audio.codec, audio.channels, audio.sample_rate), ("aac", Some(2), Some(48_000)));
    assert_eq!(latm(b"\x56\xe0"), None);
}

proptest! {
    #[test]
    fn no_damaged_stream_panics(place in 0..1880_usize, bytes in proptest::collection::vec(any::<u8>(), 1..20)) {
        let mut stream = stream(&[row(0x02, 0x100, b""), row(0x0f, 0x101, b"\x0a\x04fra\0")], 0, 90_000).concat();
        let end = stream.len();
        let there = place.min(end)..(place + bytes.len()).min(end);
        stream[there.clone()].copy_from_slice(&bytes[..there.len()]);
        let _ = inspect(&mut Cursor::new(&stream));
    }
}
