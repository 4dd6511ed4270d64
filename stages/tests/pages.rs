//! Every built-in template over every set of sample facts, beside the pages that are wanted; and over facts that nobody
//! would think of.
//!
//! `UPDATE=1` writes the wanted pages anew. They are UTF-8, so that a difference can be read.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use bindery_stages::nfo::samples::SAMPLES;
use bindery_stages::nfo::{Encoding, Found, Limits, Look, Page, Templates, lint, page, read_page};
use engine::Language;
use engine::template::Scope;
use formats::text::{cp437, diz, draw, width};
use proptest::prelude::*;
use serde_json::{Value, json};

static LANGUAGE: LazyLock<Language> = LazyLock::new(bindery_stages::language);

fn wanted(template: &str, sample: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages").join(template).join(format!("{sample}.txt"))
}

fn built_in() -> Vec<Found> {
    let templates = Templates::default();
    templates.names().iter().map(|name| templates.find(name).unwrap()).collect()
}

fn made(template: &Found, scope: &Scope, encoding: Option<Encoding>) -> Page {
    let look = Look { encoding, ..Look::default() };
    page(&LANGUAGE, template, scope, &look)
        .unwrap_or_else(|error| panic!("{}: {}", template.name, error.message))
}

/// What holds for every page, whatever the facts.
fn check(template: &Found, page: &Page) {
    let name = &template.name;
    let bytes = page.bytes().unwrap_or_else(|error| panic!("{name}: {}", error.message));
    for line in &page.lines {
        assert!(width::width(line) <= page.width, "{name}: {line:?} is too wide");
        assert!(!line.chars().any(char::is_control), "{name}: {line:?} has a control code");
        assert!(!line.ends_with(' '), "{name}: {line:?} ends in space");
    }
    assert!(bytes.iter().all(|&byte| byte >= 0x20 || byte == b'\r' || byte == b'\n'), "{name}");
    if page.encoding == Encoding::Cp437 {
        let text = cp437::decode(&bytes);
        assert_eq!(cp437::encode(&text).as_deref(), Ok(&bytes[..]), "{name}");
        assert_eq!(text.replace("\r\n", "\n"), page.text(), "{name}");
    }
    assert!(template.front.lines.is_none_or(|most| page.lines.len() <= most), "{name}: {:?}", page.lines);
    let frame = if name == "classic" { "double" } else { "single" };
    if page.encoding != Encoding::Ascii && matches!(name.as_str(), "classic" | "tv") {
        keeps_its_frame(name, &page.lines, draw::frame(frame).unwrap());
    }
    if name == "diz" {
        assert!(diz::disks(&page.text()).is_some(), "{}", page.text());
    }
}

/// Every line from the frame's top to its bottom begins and ends with the frame, in the same columns.
fn keeps_its_frame(name: &str, lines: &[String], frame: &draw::Frame) {
    let bottom = lines.iter().position(|line| line.starts_with(frame.bottom[0])).unwrap();
    assert!(lines[0].starts_with(frame.top[0]), "{name}");
    for line in &lines[..=bottom] {
        assert_eq!(width::width(line), 80, "{name}: {line}");
        let ends = [frame.top, frame.joint, frame.bottom].map(|[left, _, right]| (left, right));
        let pair = (line.chars().next().unwrap(), line.chars().last().unwrap());
        assert!(ends.contains(&pair) || pair == (frame.sides[0], frame.sides[1]), "{name}: {line}");
    }
}

#[test]
fn every_design_gives_the_wanted_page_of_every_set_of_facts() {
    let mut stale = Vec::new();
    for template in built_in() {
        for sample in SAMPLES {
            let page = made(&template, &sample.scope(), None);
            check(&template, &page);
            let file = wanted(&template.name, sample.name);
            if std::env::var_os("UPDATE").is_some() {
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(&file, page.text()).unwrap();
            } else if fs::read_to_string(&file).ok().as_deref() != Some(page.text().as_str()) {
                stale.push(file.display().to_string());
            }
        }
    }
    assert!(stale.is_empty(), "UPDATE=1 cargo nextest run -p bindery-stages pages\n{}", stale.join("\n"));
}

#[test]
fn pages_of_usual_facts_are_clean_in_every_encoding() {
    for template in built_in() {
        for sample in SAMPLES.iter().filter(|sample| sample.name != "hostile") {
            for encoding in [Encoding::Cp437, Encoding::Utf8, Encoding::Ascii] {
                let page = made(&template, &sample.scope(), Some(encoding));
                check(&template, &page);
                let limits = Limits { lines: template.front.lines, ..Limits::of(&page) };
                assert_eq!(lint(&page.text(), &limits), [], "{}, {}", template.name, sample.name);
            }
            assert_eq!(
                made(&template, &sample.scope(), None).folded,
                0,
                "{}, {}",
                template.name,
                sample.name
            );
        }
    }
}

#[test]
fn all_bytes_and_the_pages_of_others_go_round() {
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(cp437::encode(&cp437::decode(&all)), Ok(all));
    let corpus = std::env::var_os("BINDERY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"), PathBuf::from);
    let Ok(entries) = fs::read_dir(corpus.join("nfo")) else {
        eprintln!("SKIPPED: no corpus of NFO files");
        return;
    };
    let mut count = 0;
    for path in entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "nfo"))
    {
        let bytes = fs::read(&path).unwrap();
        assert_eq!(cp437::encode(&cp437::decode(&bytes)).as_deref(), Ok(&bytes[..]), "{}", path.display());
        let read = read_page(&bytes);
        assert!(read.text.lines().count() > 1, "{}", path.display());
        count += 1;
    }
    assert!(count > 0, "the corpus has NFO files");
}

fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        "(?s).{0,60}",
        "[\u{5d0}-\u{5ea}\u{627}-\u{64a}\u{202a}-\u{202e}\u{2066}-\u{2069} ]{0,40}",
        "[\u{1f300}-\u{1f6ff}\u{200d}\u{fe0f}\u{1f1e6}-\u{1f1ff}]{0,20}",
        "(\\x1b\\[[0-9;]{0,4}[a-zA-Z]|\\x1b\\]0;x\\x07|[\\x00-\\x1f\u{80}-\u{9f}]|\r\n|\n){0,30}",
        "[\u{4e00}-\u{4fff}\u{ff01}-\u{ff5e}a ]{0,60}",
        "([║╟─╢╚═\u{f8f0}\u{f8f1}\u{1d}-\u{1f}]|\\{\\{|%\\}|[0-9]){0,40}",
        "[a-z\u{301}\u{308}]".prop_map(|text| text.repeat(10_000)),
        "[a-z\u{3b1}-\u{3c9}]{1,9} ?".prop_map(|text| text.repeat(1_500)),
    ]
}

fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => odd_text().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(|number| json!(number)),
        1 => any::<bool>().prop_map(Value::from),
        2 => prop::collection::vec(odd_text(), 0..6).prop_map(Value::from),
        1 => prop::collection::btree_map("[a-z]{1,6}", odd_text(), 0..3).prop_map(|map| json!(map)),
    ]
}

const TEXTS: &[&str] = &[
    "title",
    "subtitle",
    "publisher",
    "series",
    "description",
    "rights",
    "episode_title",
    "source_tag",
    "date",
    "year",
    "language",
    "isbn",
    "format",
    "resolution",
    "season",
    "episode",
    "audio_tag",
    "video_codec_tag",
    "pages",
    "words",
    "series_index",
];

fn odd_facts() -> impl Strategy<Value = Scope> {
    let texts = prop::collection::vec(odd_text(), TEXTS.len());
    let lists = prop::collection::vec(prop::collection::vec(odd_text(), 0..6), 2);
    let stream = || {
        let names = prop::sample::select(vec![
            "codec", "profile", "width", "height", "fps", "hdr", "language", "layout", "title",
        ]);
        let entry = prop::collection::btree_map(
            names,
            odd_value().prop_filter("a plain value", |v| !v.is_object() && !v.is_array()),
            0..6,
        );
        prop::collection::vec(entry, 0..4)
    };
    (texts, lists, stream(), stream(), any::<u64>(), any::<u64>()).prop_map(
        |(texts, lists, video, audio, size, ms)| {
            let mut scope = SAMPLES[0].scope();
            for (name, text) in TEXTS.iter().zip(texts) {
                scope.set(name, text);
            }
            scope.set("authors", lists[0].clone());
            scope.set("subjects", lists[1].clone());
            scope.set("video", json!(video));
            scope.set("audio", json!(audio));
            // A run has both, and neither is empty.
            scope.set("group", format!("G{}", lists[0].concat()));
            scope.set("release", format!("R{}", lists[1].concat()));
            scope.set("size", size);
            scope.set("duration_ms", ms);
            scope
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_facts_break_a_page(scope in odd_facts()) {
        for template in built_in() {
            check(&template, &made(&template, &scope, None));
        }
    }

    #[test]
    fn values_of_any_type_break_nothing(name in prop::sample::select(TEXTS.to_vec()), value in odd_value()) {
        let mut scope = SAMPLES[0].scope();
        scope.set(name, value);
        for template in built_in() {
            let look = Look::default();
            // A mapping where a text belongs cannot be printed; it must not be more than that.
            if let Ok(page) = page(&LANGUAGE, &template, &scope, &look) {
                check(&template, &page);
            }
        }
    }
}
