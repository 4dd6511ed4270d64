//! ZIP archives as a run makes them, judged by foreign programs and against their sources.

use std::fs;

use serde_json::{Value, json};

use super::short_name;
use crate::bench::{Bench, Done, faults, foreign, listing, noise};

#[test]
fn short_names_are_8_3_and_numbered() {
    let check = |base: &str, number, count, wanted: &str| {
        assert_eq!(short_name(base, number, count).ok().as_deref(), Some(wanted));
    };
    check("The Bindery Handbook", 1, 2, "thebin01.zip");
    check("a.b-c", 12, 99, "abc12.zip");
    check("handbook", 7, 120, "handb007.zip");
    assert!(short_name("…", 1, 1).is_err());
}

fn papers() -> Bench {
    let long = "words that go on and on, ".repeat(4_000);
    Bench::new()
        .file("a paper.txt", long)
        .file("more/é.txt", "short")
        .file("more/empty", "")
        .file("more/noise.bin", noise(5_000, 3))
        .file("picture.png", vec![0; 3_000])
}

/// Foreign readers take the archive for whole and give the sources back.
fn judge(done: &Done, name: &str) {
    if let Some((good, text)) = foreign("unzip", &["-t", name], &done.release()) {
        assert!(good && text.contains("No errors detected"), "{text}");
    }
    if let Some((good, text)) = foreign("7z", &["x", "-y", "-o../unpacked", name], &done.release()) {
        assert!(good && text.contains("Everything is Ok") && !text.contains("WARNING"), "{text}");
        assert_eq!(listing(&done.folder().join("out/unpacked")), listing(&done.folder().join("in")));
    }
}

/// Method of each member by name, as the archive's directory has it.
fn methods(zip: &[u8]) -> Vec<(String, u16)> {
    let mut found = Vec::new();
    let mut rest = zip;
    while let Some(at) = rest.windows(4).position(|window| window == b"PK\x01\x02") {
        let record = &rest[at..];
        let short = |at: usize| u16::from_le_bytes([record[at], record[at + 1]]);
        let name = &record[46..46 + usize::from(short(28))];
        found.push((String::from_utf8_lossy(name).into_owned(), short(10)));
        rest = &record[46..];
    }
    found
}

#[test]
fn many_files_become_one_archive_that_foreign_programs_read() {
    for level in [json!(null), json!(0), json!(1), json!(9)] {
        let done = papers().run("archive", json!({ "format": "zip", "level": level })).good();
        assert_eq!(done.names(), ["test.release-grp.zip"]);
        judge(&done, "test.release-grp.zip");
    }
}

#[test]
fn what_is_compressed_already_or_named_is_stored() {
    let check = |with: Value, stored: &[&str]| {
        let done = papers().run("archive", with).good();
        let methods = methods(&done.files["test.release-grp.zip"]);
        let found: Vec<&str> =
            methods.iter().filter(|(_, method)| *method == 0).map(|(name, _)| name.as_str()).collect();
        assert_eq!((found.as_slice(), methods.len()), (stored, 5));
        judge(&done, "test.release-grp.zip");
    };
    let unshrinkable = ["more/é.txt", "more/empty", "more/noise.bin"];
    check(json!({ "format": "zip" }), &[&unshrinkable[..], &["picture.png"]].concat());
    check(json!({ "format": "zip", "store": [] }), &unshrinkable);
    check(json!({ "format": "zip", "store": ["*.txt"] }), &[&["a paper.txt"], &unshrinkable[..]].concat());
}

#[test]
fn the_same_sources_give_the_same_bytes() {
    let run = || papers().run("archive", json!({ "format": "zip" })).good();
    assert!(run().files == run().files);
}

fn volumes(count: usize, base: &str) -> Bench {
    let rar = json!({ "format": "rar4", "volume": 1_000, "base": "inner" });
    let plain = json!({ "template": "plain", "file": "shared.nfo" });
    Bench::new()
        .file("book.bin", noise(count * 900, 4))
        .step("rar", "archive", &["source"], rar)
        .unshipped()
        .step("nfo", "nfo", &[], plain)
        .step("zip", "archive", &["rar", "nfo"], json!({ "format": "zip", "volume": "each", "base": base }))
}

#[test]
fn each_volume_gets_an_archive_with_the_shared_files() {
    let done = volumes(3, "{{ release }}").go().good();
    assert_eq!(done.names(), ["shared.nfo", "testre01.zip", "testre02.zip", "testre03.zip"]);
    for (number, name) in ["inner.rar", "inner.r00", "inner.r01"].into_iter().enumerate() {
        let zip = &done.files[&format!("testre0{}.zip", number + 1)];
        let found: Vec<String> = methods(zip).into_iter().map(|(name, _)| name).collect();
        assert_eq!(found, [name, "shared.nfo"]);
    }
}

#[test]
fn over_a_hundred_archives_keep_8_3_names() {
    let done = volumes(104, "{{ release }}").go().good();
    let zips: Vec<&str> = done.names().into_iter().filter(|name| name.ends_with(".zip")).collect();
    assert!(zips.len() > 99, "{}", zips.len());
    assert_eq!(zips[0], "testr001.zip");
    assert!(zips.iter().all(|name| name.len() == 12));
    assert_eq!(volumes(1, "…").go().code(), "input/invalid");
}

#[test]
fn options_that_cannot_be_meant_are_refused_with_advice() {
    let check = |with: Value, wanted: &str| {
        let found = faults("archive", with);
        assert!(found.len() == 1 && found[0].contains(wanted), "{found:?}");
    };
    check(json!({ "format": "zip", "volume": "50MB" }), "volume: a ZIP is not split (write `each`");
    check(json!({ "format": "zip", "naming": "part" }), "naming: `naming` is for `format: rar4`");
    check(json!({ "format": "zip", "host": "windows" }), "host: `host` is for `format: rar4`");
    check(json!({ "format": "zip", "times": "source" }), "times: `times` is for `format: rar4`");
    check(
        json!({ "format": "zip", "layout": "epub", "volume": "each" }),
        "volume: an EPUB is one file (leave",
    );
    for format in ["7z", "tar.gz", "tar.zst"] {
        check(json!({ "format": format, "layout": "epub" }), "layout");
    }
    check(json!({ "format": "zip", "level": 10 }), "level");
    check(json!({ "format": "zip", "level": -1 }), "level");
    check(json!({ "format": "zip", "store": ["[a"] }), "store");
}

#[test]
fn a_source_that_changes_under_the_work_makes_no_release() {
    let check = |with: Value, act: fn(&std::path::Path), code: &str| {
        let done = papers().meddle(act).run("archive", with.clone());
        assert_eq!(done.code(), code, "{with}: {:?}", done.failure);
    };
    for with in [json!({ "format": "zip" }), json!({ "format": "zip", "level": 0 })] {
        check(with.clone(), |folder| fs::remove_file(folder.join("a paper.txt")).unwrap(), "input/missing");
        check(
            with.clone(),
            |folder| fs::write(folder.join("a paper.txt"), "short").unwrap(),
            "input/changed",
        );
        check(with, |folder| fs::write(folder.join("more/é.txt"), "longer now").unwrap(), "input/changed");
    }
}

#[test]
fn a_base_that_leads_elsewhere_is_refused_before_anything_is_written() {
    for base in ["../../../escaped", "/tmp/bindery-escaped", "a\\b", "a\u{1b}b"] {
        let done = papers().name("b", base).run("archive", json!({ "format": "zip", "base": "{{ b }}" }));
        assert_eq!(done.code(), "release/escape", "{base:?}");
        assert!(
            !done.folder().join("escaped.zip").exists() && !fs::exists("/tmp/bindery-escaped.zip").unwrap()
        );
    }
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    let done = Bench::new()
        .file("large.bin", vec![0; 64 << 20])
        .cancelled()
        .run("archive", json!({ "format": "zip" }));
    assert_eq!(done.code(), "step/cancelled");
    assert!(listing(&done.folder().join("out")).is_empty());
}
