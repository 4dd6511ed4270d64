//! Samples of books and films made here.

use std::process::Command;

use serde_json::json;

use crate::bench::Bench;

/// A comic of three pages, made by our own archive stage.
fn comic() -> Vec<u8> {
    let bench = Bench::new().file("1.jpg", "one").file("2.jpg", "two").file("10.jpg", "ten");
    bench.run("archive", json!({ "format": "zip", "level": 0 })).good().files.into_values().next().unwrap()
}

#[test]
fn a_sample_bears_the_releases_name_and_says_what_it_kept() {
    let done = Bench::new().file("a.cbz", comic()).run("sample", json!({ "pages": 2 })).good();
    assert_eq!(done.files.keys().collect::<Vec<_>>(), ["test.release-grp-sample.cbz"]);
    assert!(done.notes.iter().any(|note| note.contains("2 of 3 kept")), "{:?}", done.notes);
    let done = Bench::new().file("a.cbz", comic()).run("sample", json!({ "file": "x/{{ group }}" })).good();
    assert_eq!(done.files.keys().collect::<Vec<_>>(), ["x/GRP.cbz"]);
}

#[test]
fn several_samples_have_numbers() {
    let done = Bench::new().file("a.cbz", comic()).file("b.cbz", comic()).run("sample", json!({})).good();
    let names: Vec<&String> = done.files.keys().collect();
    assert_eq!(names, ["test.release-grp-sample1.cbz", "test.release-grp-sample2.cbz"]);
}

#[test]
fn what_is_no_book_is_passed_by_with_a_word() {
    let done = Bench::new().file("a.txt", "words").run("sample", json!({}));
    assert!(
        done.files.is_empty() && done.notes.iter().any(|note| note.contains("no book")),
        "{:?}",
        done.notes
    );
}

#[test]
fn a_damaged_book_is_an_error_with_a_way_on() {
    let failure = Bench::new().file("a.pdf", "%PDF-1.7 nothing").run("sample", json!({})).failure.unwrap();
    assert_eq!(failure.0, "input/unreadable");
    assert!(failure.1.contains("`a.pdf` is damaged") && failure.2.contains("sample: false"), "{failure:?}");
}

#[test]
fn a_film_is_cut_without_being_encoded_anew() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc=duration=12:size=320x240:rate=10"])
        .args(["-c:v", "mpeg4", "-g", "10"])
        .arg(folder.path().join("film.mkv"))
        .status();
    if made.is_err() {
        eprintln!("SKIPPED: ffmpeg is not installed");
        let done = Bench::new().file("film.mkv", "x").run("sample", json!({}));
        assert!(done.notes.iter().any(|note| note.contains("no `ffmpeg`")), "{:?}", done.notes);
        return;
    }
    let film = std::fs::read(folder.path().join("film.mkv")).unwrap();
    // Without a duration among the facts the usual place lies behind the end, and the beginning is taken.
    let done = Bench::new().file("film.mkv", &film).run("sample", json!({ "seconds": 3 })).good();
    let sample = &done.files["test.release-grp-sample.mkv"];
    assert!(sample.len() > 5_000 && sample.len() < film.len(), "{} of {}", sample.len(), film.len());
    let failure = Bench::new().file("film.mkv", "no film").run("sample", json!({})).failure.unwrap();
    assert_eq!(failure.0, "input/unreadable", "{failure:?}");
}
