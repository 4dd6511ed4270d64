//! Films made here byte by byte, real ones where there are any, and files that lie.

use super::*;
use crate::read::{corpus, inspect};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::{self, Cursor, Read, Seek, SeekFrom};

/// An element with a size of eight bytes.
fn element(id: u32, body: &[u8]) -> Vec<u8> {
    let id = id.to_be_bytes();
    let id = id.iter().skip_while(|byte| **byte == 0).copied();
    let size = (body.len() as u64 | 1 << 56).to_be_bytes();
    id.chain(size).chain(body.iter().copied()).collect()
}

fn number(id: u32, value: u64) -> Vec<u8> {
    element(id, &value.to_be_bytes())
}

fn header(kind: &str) -> Vec<u8> {
    element(ids::EBML, &element(ids::DOC_TYPE, kind.as_bytes()))
}

fn information(more: &[u8]) -> Vec<u8> {
    element(ids::INFO, &[number(ids::TIMESTAMP_SCALE, 1_000_000), more.to_vec()].concat())
}

/// A VP8 track in 640 by 360 that says nothing of its language, and sound in Brazilian Portuguese.
fn tracks(more: &[u8]) -> Vec<u8> {
    let size = [number(ids::PIXEL_WIDTH, 640), number(ids::PIXEL_HEIGHT, 360)].concat();
    let video = [
        number(ids::TRACK_NUMBER, 1),
        number(ids::TRACK_TYPE, 1),
        element(ids::CODEC_ID, b"V_VP8"),
        element(ids::VIDEO, &size),
        more.to_vec(),
    ];
    let rate = element(ids::SAMPLING_FREQUENCY, &48_000f64.to_be_bytes());
    let audio = [
        number(ids::TRACK_NUMBER, 2),
        number(ids::TRACK_UID, 77),
        number(ids::TRACK_TYPE, 2),
        number(ids::FLAG_DEFAULT, 0),
        element(ids::CODEC_ID, b"A_OPUS"),
        element(ids::LANGUAGE, b"por\0"),
        element(ids::LANGUAGE_BCP_47, b"pt-BR"),
        element(ids::AUDIO, &[rate, number(ids::CHANNELS, 2)].concat()),
    ];
    let subtitle = [
        number(ids::TRACK_NUMBER, 3),
        number(ids::TRACK_TYPE, 17),
        number(ids::FLAG_FORCED, 1),
        element(ids::CODEC_ID, b"S_TEXT/UTF8"),
        element(ids::NAME, b"Signs"),
    ];
    let entry = |parts: &[Vec<u8>]| element(ids::TRACK_ENTRY, &parts.concat());
    element(ids::TRACKS, &[entry(&video), entry(&audio), entry(&subtitle)].concat())
}

/// Frames of the first track, in so many milliseconds.
fn cluster(start: u64, times: &[i16]) -> Vec<u8> {
    const KEY_FRAME: [u8; 10] = [0x50, 0, 0, 0x9d, 1, 0x2a, 0x80, 0x02, 0x68, 0x01];
    let mut body = number(ids::TIMESTAMP, start);
    for time in times {
        let [high, low] = time.to_be_bytes();
        body.extend(element(ids::SIMPLE_BLOCK, &[&[0x81, high, low, 0x80][..], &KEY_FRAME].concat()));
    }
    element(ids::CLUSTER, &body)
}

fn file(kind: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    [header(kind), element(ids::SEGMENT, &parts.concat())].concat()
}

fn duration(ticks: f64) -> Vec<u8> {
    element(ids::DURATION, &ticks.to_be_bytes())
}

fn look(bytes: &[u8]) -> Found {
    inspect(&mut Cursor::new(bytes)).expect("readable")
}

#[test]
fn tracks_are_told_by_container_and_frames_together() {
    let about = [duration(120.0), element(ids::TITLE, b"A Film"), element(ids::WRITING_APP, b"by hand")];
    let bytes = file("webm", &[information(&about.concat()), tracks(&[]), cluster(0, &[0, 40, 80])]);
    let found = look(&bytes);
    assert_eq!((found.format, &found.damage), ("webm", &None));
    let want = json!({
        "size": bytes.len(), "title": "A Film", "duration_ms": 120, "bitrate": bytes.len() * 8000 / 120,
        "writing_app": "by hand", "resolution": "360p",
        "video": [{ "codec": "vp8", "width": 640, "height": 360, "fps": 25, "frame_rate_mode": "cfr", "bit_depth": 8, "language": "en" }],
        "audio": [{ "codec": "opus", "channels": 2, "layout": "L R", "sample_rate": 48000, "language": "pt-BR", "default": false }],
        "subtitles": [{ "codec": "subrip", "language": "en", "title": "Signs", "forced": true, "default": true }],
    });
    assert_eq!(Value::Object(found.facts), want);
}

fn tag(targets: &[u8], name: &str, text: &str) -> Vec<u8> {
    let simple =
        [element(ids::TAG_NAME, name.as_bytes()), element(ids::TAG_STRING, text.as_bytes())].concat();
    element(ids::TAG, &[element(ids::TARGETS, targets), element(ids::SIMPLE_TAG, &simple)].concat())
}

/// An index whose one entry points behind everything else.
fn index(id: u32, position: u64) -> Vec<u8> {
    let entry = [element(ids::SEEK_ID, &id.to_be_bytes()), number(ids::SEEK_POSITION, position)].concat();
    element(ids::SEEK_HEAD, &element(ids::SEEK, &entry))
}

#[test]
fn tags_at_the_end_are_found_through_the_index() {
    let body = [information(&[]), tracks(&[]), cluster(0, &[0])].concat();
    let length = index(ids::TAGS, 0).len() + body.len();
    let tags = [
        tag(&number(ids::TAG_TRACK_UID, 77), "BPS", "96000"),
        tag(&[], "TITLE", "From a Tag"),
        tag(&[], "IMDB", "tt0133093"),
    ];
    let tags = element(ids::TAGS, &tags.concat());
    let found = look(&file("matroska", &[index(ids::TAGS, length as u64), body, tags]));
    assert_eq!((found.format, found.damage), ("matroska", None));
    assert_eq!(found.facts["title"], "From a Tag");
    assert_eq!(found.facts["audio"][0]["bitrate"], 96_000);
    assert_eq!(found.facts["identifiers"], json!({ "imdb": "tt0133093" }));
}

#[test]
fn sizes_may_be_left_open() {
    let open = |id: u32, body: &[u8]| [&id.to_be_bytes()[..], &[0xff], body].concat();
    let frames: Vec<u8> = [0, 1].map(|at| open(ids::CLUSTER, &cluster(at * 500, &[0, 250])[12..])).concat();
    let body = [information(&[]), tracks(&[]), frames].concat();
    let found = look(&[header("matroska"), open(ids::SEGMENT, &body)].concat());
    assert_eq!(found.damage, None);
    // What was never finished is as long as its frames.
    assert_eq!((&found.facts["duration_ms"], &found.facts["video"][0]["fps"]), (&json!(750), &json!(4)));
}

#[test]
fn a_track_may_be_encrypted() {
    let encryption = [number(ids::ENCODING_TYPE, 1)].concat();
    let encodings = element(ids::CONTENT_ENCODINGS, &element(ids::CONTENT_ENCODING, &encryption));
    let found = look(&file("webm", &[information(&[]), tracks(&encodings), cluster(0, &[0])]));
    assert_eq!(found.facts["encrypted"], true);
    assert_eq!(found.facts["video"][0].get("bit_depth"), None);
}

#[test]
fn a_film_that_was_cut_off_says_so_and_tells_what_it_can() {
    let whole = file("matroska", &[information(&duration(1000.0)), tracks(&[]), cluster(0, &[0; 20])]);
    let found = look(&whole[..whole.len() - 100]);
    let damage = found.damage.expect("damage");
    assert!(damage.what.contains("ends 100 bytes before"), "{damage}");
    assert_eq!(found.facts["duration_ms"], 1000);
}

#[test]
fn a_size_that_lies_is_not_believed() {
    let mut info = information(&duration(1000.0));
    // Nothing is as long as this, and nothing but this follows.
    info[4..12].copy_from_slice(&[1, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    let found = look(&[header("matroska"), element(ids::SEGMENT, &info)].concat());
    assert!(found.damage.expect("damage").what.contains("claims"), "{:?}", found.notes);
    assert_eq!(found.facts["duration_ms"], 1000);
}

#[test]
fn nothing_to_tell_is_an_error_that_says_what_is_missing() {
    let check = |bytes: &[u8], want: &str| {
        let error = inspect(&mut Cursor::new(bytes)).expect_err("an error").to_string();
        assert!(error.contains(want), "{error}");
    };
    check(&header("matroska"), "it has no segment");
    check(&file("matroska", &[]), "neither tracks nor information");
}

#[test]
fn other_kinds_of_ebml_are_not_claimed() {
    assert_eq!(look(&header("fieldnotes")).format, crate::read::UNKNOWN);
}

/// A file that is mostly a hole: its start, its end, and how much was read of it.
struct Sparse {
    start: Vec<u8>,
    end: Vec<u8>,
    size: u64,
    at: u64,
    read: u64,
}

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let length = buffer.len().min(left);
        let end = self.size - self.end.len() as u64;
        for (at, byte) in (self.at..).zip(&mut buffer[..length]) {
            let start = usize::try_from(at).ok().and_then(|at| self.start.get(at));
            let tail = || usize::try_from(at.checked_sub(end)?).ok().and_then(|at| self.end.get(at));
            *byte = start.or_else(tail).copied().unwrap_or_default();
        }
        self.at += length as u64;
        self.read += length as u64;
        Ok(length)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => self.size.saturating_add_signed(by),
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
        };
        Ok(self.at)
    }
}

#[test]
fn of_twenty_gigabytes_a_few_are_read_and_the_end_is_found() {
    const SIZE: u64 = 20 << 30;
    let tags = element(ids::TAGS, &tag(&[], "TITLE", "At the End"));
    let head = header("matroska");
    let segment_body = head.len() as u64 + 12;
    let place = SIZE - tags.len() as u64 - segment_body;
    let body = [index(ids::TAGS, place), information(&duration(7_200_000.0)), tracks(&[])].concat();
    let open = |id: u32, size: u64| [&id.to_be_bytes()[..], &(size | 1 << 56).to_be_bytes()].concat();
    let hole = SIZE - segment_body - body.len() as u64 - 12 - tags.len() as u64;
    let start = [head, open(ids::SEGMENT, SIZE - segment_body), body, open(ids::CLUSTER, hole)].concat();
    let mut source = Sparse { start, end: tags, size: SIZE, at: 0, read: 0 };
    let mut buffered = io::BufReader::new(&mut source);
    let found = inspect(&mut buffered).expect("readable");
    assert_eq!((&found.facts["title"], &found.damage), (&json!("At the End"), &None));
    assert_eq!(found.facts["duration_ms"], 7_200_000);
    assert!(source.read < 1 << 20, "{} bytes were read", source.read);
}

/// Whether two values say the same: numbers by and large, words in any case.
fn agree(want: &Value, got: &Value) -> bool {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_lowercase);
    match (text(want).parse::<f64>(), text(got).parse::<f64>()) {
        (Ok(want), Ok(got)) => (want - got).abs() <= want * 0.01,
        _ => text(want) == text(got),
    }
}

#[test]
fn real_films_are_what_other_programs_read_in_them() {
    for (path, expected) in corpus::cases("video/") {
        if !matches!(expected["container"].as_str(), Some("Matroska" | "WebM")) {
            continue;
        }
        let found = look(&corpus::bytes(&path));
        assert_eq!(found.damage, None, "{path}");
        let facts = Value::Object(found.facts);
        for (key, pointer) in [
            ("v0_codec_canon", "/video/0/codec"),
            ("v0_width", "/video/0/width"),
            ("v0_height", "/video/0/height"),
            ("v0_fps", "/video/0/fps"),
            ("v0_bit_depth", "/video/0/bit_depth"),
            ("v0_fps_mode", "/video/0/frame_rate_mode"),
            ("v0_scan", "/video/0/scan"),
            ("v0_profile", "/video/0/profile"),
            ("a0_codec_canon", "/audio/0/codec"),
            ("a0_channels", "/audio/0/channels"),
            ("a0_rate", "/audio/0/sample_rate"),
            ("a0_bitrate", "/audio/0/bitrate"),
            ("t0_title", "/subtitles/0/title"),
            ("writing_application", "/writing_app"),
            ("title", "/title"),
        ] {
            let Some(want) = expected.get(key) else { continue };
            let got = facts.pointer(pointer).unwrap_or(&Value::Null);
            assert!(agree(want, got), "{path} {key}: {got} is not {want}");
        }
    }
}

proptest! {
    #[test]
    fn changed_bytes_never_panic_nor_read_for_ever(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let tags = element(ids::TAGS, &tag(&[], "TITLE", "T"));
        let parts = [index(ids::TAGS, 900), information(&[]), tracks(&[]), cluster(0, &[0, 40, 80]), tags];
        let mut bytes = file("matroska", &parts);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + bytes.len() / 2);
        let size = bytes.len() as u64;
        let mut source = Sparse { start: bytes, end: Vec::new(), size, at: 0, read: 0 };
        let _ = inspect(&mut source);
        prop_assert!(source.read < 200_000, "{} bytes were read", source.read);
    }
}
