//! Whole files built box by box, what is read of them, and what broken ones cost.

use super::*;
use crate::read::sparse::Sparse;
use crate::read::{inspect, inspect_within};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Cursor;

fn boxed(kind: &[u8; 4], content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    [&(content.len() as u32 + 8).to_be_bytes(), &kind[..], &content].concat()
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

const TYPE: &[u8] = b"\0\0\0\x14ftypisom\0\0\x02\0isom";

fn movie_header(scale: u32, duration: u32) -> Vec<u8> {
    boxed(b"mvhd", &[&numbers(&[0, 0, 0, scale, duration]), &[0; 80]])
}

/// A track: its number, flags, handler, packed language, name, time scale, sample entry and tables.
struct Built<'a> {
    id: u32,
    flags: u32,
    handler: &'a [u8; 4],
    language: u16,
    name: &'a str,
    scale: u32,
    entry: Vec<u8>,
    durations: &'a [(u32, u32)],
    references: Vec<u8>,
}

impl Default for Built<'_> {
    fn default() -> Self {
        Self {
            id: 1,
            flags: 3,
            handler: b"vide",
            language: 0x55c4,
            name: "VideoHandler",
            scale: 12_800,
            entry: picture(b"vp09", &[]),
            durations: &[(50, 512)],
            references: Vec::new(),
        }
    }
}

impl Built<'_> {
    fn track(&self) -> Vec<u8> {
        let duration: u32 = self.durations.iter().map(|(samples, each)| samples * each).sum();
        let header = boxed(b"tkhd", &[&numbers(&[self.flags, 0, 0, self.id, 0, 0]), &[0; 60]]);
        let language = [self.language.to_be_bytes(), [0, 0]].concat();
        let media = boxed(b"mdhd", &[&numbers(&[0, 0, 0, self.scale, duration]), &language]);
        let handler = boxed(b"hdlr", &[&[0; 8], self.handler, &[0; 12], self.name.as_bytes(), b"\0"]);
        let entries = boxed(b"stsd", &[&numbers(&[0, 1]), &self.entry]);
        let rows: Vec<u32> = self.durations.iter().flat_map(|(samples, each)| [*samples, *each]).collect();
        let times = boxed(b"stts", &[&numbers(&[0, self.durations.len() as u32]), &numbers(&rows)]);
        let samples: u32 = self.durations.iter().map(|(samples, _)| samples).sum();
        let sizes = boxed(b"stsz", &[&numbers(&[0, 100, samples])]);
        let places = boxed(b"stco", &[&numbers(&[0, 1, 1_000_000])]);
        let tables = boxed(b"stbl", &[&entries, &times, &sizes, &places]);
        let inner = boxed(b"minf", &[&tables]);
        boxed(b"trak", &[&header, &self.references, &boxed(b"mdia", &[&media, &handler, &inner])])
    }
}

fn picture(code: &[u8; 4], boxes: &[&[u8]]) -> Vec<u8> {
    let size = [640_u16.to_be_bytes(), 360_u16.to_be_bytes()].concat();
    boxed(code, &[&[0, 0, 0, 0, 0, 0, 0, 1], &[0; 16], &size, &[0; 46], b"\0\x18\xff\xff", &boxes.concat()])
}

fn sound(code: &[u8; 4], boxes: &[&[u8]]) -> Vec<u8> {
    let shape = b"\0\x02\0\x10\0\0\0\0\xbb\x80\0\0";
    boxed(code, &[&[0, 0, 0, 0, 0, 0, 0, 1], &[0; 8], shape, &boxes.concat()])
}

fn file(tracks: &[Built], more: &[Vec<u8>]) -> Vec<u8> {
    let tracks: Vec<u8> = tracks.iter().flat_map(Built::track).collect();
    [TYPE, &boxed(b"moov", &[&movie_header(1000, 2000), &tracks, &more.concat()])].concat()
}

fn facts(bytes: &[u8]) -> Value {
    let found = inspect(&mut Cursor::new(bytes)).expect("readable");
    Value::Object(found.facts)
}

fn check(bytes: &[u8], pointer: &str, want: Value) {
    let facts = facts(bytes);
    assert_eq!(facts.pointer(pointer), Some(&want).filter(|want| !want.is_null()), "{pointer} in {facts}");
}

#[test]
fn a_track_tells_size_rate_and_scan() {
    let bytes = file(&[Built::default()], &[]);
    check(&bytes, "/duration_ms", json!(2000));
    let want = json!({
        "codec": "vp9", "width": 640, "height": 360, "fps": 25, "frame_rate_mode": "cfr", "scan": "progressive"
    });
    check(&bytes, "/video", json!([want]));
}

#[test]
fn uneven_samples_are_a_variable_rate() {
    let bytes = file(&[Built { durations: &[(20, 512), (10, 1536)], ..Built::default() }], &[]);
    check(&bytes, "/video/0/frame_rate_mode", json!("vfr"));
    check(&bytes, "/video/0/fps", json!(15));
}

#[test]
fn sound_has_language_title_and_default() {
    let track = |flags, language, name| Built {
        flags,
        language,
        name,
        handler: b"soun",
        entry: sound(b"sowt", &[]),
        scale: 48_000,
        durations: &[(96_000, 1)],
        ..Built::default()
    };
    let bytes = file(&[track(3, 0x15c7, "SoundHandler"), track(2, 0x2a0e, "Commentary")], &[]);
    let want = json!([
        { "codec": "pcm", "channels": 2, "sample_rate": 48000, "bit_depth": 16, "bitrate": 1_536_000,
          "language": "en", "default": true },
        { "codec": "pcm", "channels": 2, "sample_rate": 48000, "bit_depth": 16, "bitrate": 1_536_000,
          "language": "ja", "title": "Commentary", "default": false },
    ]);
    check(&bytes, "/audio", want);
}

#[test]
fn text_tracks_are_subtitles_unless_they_are_chapters() {
    let text = |id, flags: u32| Built {
        id,
        handler: b"sbtl",
        entry: boxed(b"tx3g", &[&[0; 8], &flags.to_be_bytes()]),
        durations: &[(3, 500)],
        ..Built::default()
    };
    let references = boxed(b"tref", &[&boxed(b"chap", &[&numbers(&[7])])]);
    let film = Built { references, ..Built::default() };
    let bytes = file(&[film, text(2, 0x8000_0000), text(7, 0)], &[]);
    check(&bytes, "/chapters", json!(3));
    check(&bytes, "/subtitles", json!([{ "codec": "mov_text", "forced": true, "default": true }]));
}

#[test]
fn encrypted_tracks_are_told_with_their_codec() {
    let protection = boxed(b"sinf", &[&boxed(b"frma", &[b"vp09"])]);
    let bytes = file(&[Built { entry: picture(b"encv", &[&protection]), ..Built::default() }], &[]);
    check(&bytes, "/encrypted", json!(true));
    check(&bytes, "/video/0/codec", json!("vp9"));
}

#[test]
fn colours_and_shapes_of_the_entry_are_taken() {
    let colour = boxed(b"colr", &[b"nclx\0\x09\0\x10\0\x09\0"]);
    let field = boxed(b"fiel", &[&[2, 9]]);
    let bytes = file(&[Built { entry: picture(b"vp09", &[&colour, &field]), ..Built::default() }], &[]);
    check(&bytes, "/video/0/hdr", json!("hdr10"));
    check(&bytes, "/video/0/scan", json!("interlaced"));
}

#[test]
fn tags_of_both_kinds_become_facts() {
    let item = |kind: &[u8; 4], form: u32, value: &[u8]| {
        boxed(kind, &[&boxed(b"data", &[&numbers(&[form, 0]), value])])
    };
    let items = [
        item(b"\xa9nam", 1, b"The  Title"),
        item(b"\xa9ART", 1, b"Some One"),
        item(b"\xa9day", 1, b"2019-03-04"),
        item(b"\xa9too", 1, b"Writer 1"),
        item(b"tvsh", 1, b"Show"),
        item(b"tvsn", 21, &[0, 0, 0, 2]),
        item(b"tves", 21, &[5]),
        item(b"covr", 13, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x07\0\0\0\x05\x08\0\0\0\0"),
    ];
    let list = boxed(b"ilst", &[&items.concat()]);
    let handler = boxed(b"hdlr", &[&[0; 8], b"mdir", &[0; 13]]);
    let meta = boxed(b"meta", &[&[0; 4], &handler, &list]);
    let bytes = file(&[Built::default()], &[boxed(b"udta", &[&meta])]);
    let facts = facts(&bytes);
    let told = json!({
        "title": facts["title"], "authors": facts["authors"], "date": facts["date"], "year": facts["year"],
        "writing_app": facts["writing_app"], "series": facts["series"], "season": facts["season"],
        "episode": facts["episode"], "cover": facts["cover"],
    });
    let want = json!({
        "title": "The Title", "authors": ["Some One"], "date": "2019-03-04", "year": 2019,
        "writing_app": "Writer 1", "series": "Show", "season": 2, "episode": 5,
        "cover": { "media_type": "image/png", "width": 7, "height": 5, "bytes": 29 },
    });
    assert_eq!(told, want);
    let cover = crate::read::cover(&mut Cursor::new(&bytes)).unwrap().unwrap();
    assert_eq!((cover.media_type, cover.bytes.len()), ("image/png", 29));

    let old = boxed(b"udta", &[&boxed(b"\xa9nam", &[b"\0\x03\0\0Old"]), &[0; 4]]);
    check(&file(&[Built::default()], &[old]), "/title", json!("Old"));
}

/// A film in fragments: the movie box, then pieces of ten samples each.
fn fragmented(pieces: u32) -> Vec<u8> {
    let defaults = boxed(b"mvex", &[&boxed(b"trex", &[&numbers(&[0, 1, 1, 512, 100, 0])])]);
    let mut bytes = file(&[Built { durations: &[], ..Built::default() }], &[defaults]);
    for piece in 0..pieces {
        let header = boxed(b"tfhd", &[&numbers(&[0x02_0000, 1])]);
        let time = boxed(b"tfdt", &[&numbers(&[0, piece * 5120])]);
        let run = boxed(b"trun", &[&numbers(&[1, 10, 200])]);
        let track = boxed(b"traf", &[&header, &time, &run]);
        bytes.extend(boxed(b"moof", &[&boxed(b"mfhd", &[&numbers(&[0, piece + 1])]), &track]));
        bytes.extend(boxed(b"mdat", &[&[0; 1000]]));
    }
    bytes
}

#[test]
fn fragments_add_up() {
    check(&fragmented(5), "/duration_ms", json!(2000));
    check(&fragmented(5), "/video/0/fps", json!(25));
    check(&fragmented(5), "/video/0/frame_rate_mode", json!("cfr"));
}

#[test]
fn of_many_fragments_the_last_is_found_from_the_end() {
    check(&fragmented(900), "/duration_ms", json!(360_000));
}

#[test]
fn media_data_is_never_read_through() {
    const SIZE: u64 = 20 << 30;
    let movie = file(&[Built::default()], &[]).split_off(TYPE.len());
    let open = SIZE - movie.len() as u64 - TYPE.len() as u64;
    let data = [&b"\0\0\0\x01mdat"[..], &open.to_be_bytes()].concat();
    let pieces = vec![(0, TYPE.to_vec()), (TYPE.len() as u64, data), (SIZE - movie.len() as u64, movie)];
    let mut sparse = Sparse::new(SIZE, pieces);
    let found = inspect(&mut sparse).unwrap();
    assert_eq!(found.facts["duration_ms"], json!(2000));
    assert!(sparse.read.get() < 200 << 10, "{} bytes were read", sparse.read.get());
}

#[test]
fn a_file_without_a_movie_is_unreadable_and_says_why() {
    let check = |bytes: &[u8], word: &str| {
        let error = inspect(&mut Cursor::new(bytes)).expect_err("nothing to tell").to_string();
        assert!(error.contains(word), "{error}");
    };
    check(TYPE, "moov");
    check(&[TYPE, b"\0\0\0\x04moov\0\0\0\0"].concat(), "claims 4 bytes");
    check(&[TYPE, b"\0\xff\xff\xffmdatabc"].concat(), "mdat");
}

#[test]
fn a_cut_file_tells_what_it_has_and_that_it_is_cut() {
    let mut bytes = file(&[Built::default()], &[]);
    bytes.extend(b"\0\x10\0\0mdat----");
    let found = inspect(&mut Cursor::new(&bytes)).unwrap();
    assert_eq!(found.facts["video"][0]["fps"], json!(25));
    assert!(found.damage.unwrap().what.contains("mdat"));
}

#[test]
fn pictures_in_the_same_container_are_left_to_others() {
    let claims = |brand: &[u8; 4]| {
        let bytes = [b"\0\0\0\x14ftyp", &brand[..], &[0; 8]].concat();
        sniff(&Head { size: bytes.len() as u64, bytes, members: Vec::new() })
    };
    assert!(claims(b"isom") && claims(b"qt  ") && claims(b"M4B "));
    assert!(!claims(b"heic") && !claims(b"avif"));
}

proptest! {
    #[test]
    fn no_damaged_file_panics_or_costs_much(
        place in 0..1500_usize, byte: u8, end in 0..1600_usize, longest in any::<bool>(),
    ) {
        let mut bytes = if longest { fragmented(2) } else { file(&[Built::default()], &[]) };
        if let Some(there) = bytes.get_mut(place) {
            *there = byte;
        }
        bytes.truncate(end.max(8));
        let limits = Limits::default();
        let _ = inspect_within(&mut Cursor::new(&bytes), &limits);
        let _ = cover(&mut Cursor::new(&bytes), &limits);
    }

    #[test]
    fn a_length_that_lies_never_panics(place in 0..80_usize, length: u32) {
        let mut bytes = fragmented(2);
        let at = place * 4;
        if let Some(there) = bytes.get_mut(at..at + 4) {
            there.copy_from_slice(&length.to_be_bytes());
        }
        let _ = inspect(&mut Cursor::new(&bytes));
    }
}
