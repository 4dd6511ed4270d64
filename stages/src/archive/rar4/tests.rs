//! RAR sets as a run makes them, judged by foreign programs and against their sources.

use std::fs;

use serde_json::{Value, json};

use crate::bench::{Bench, Done, faults, foreign, listing, noise};

const VOLUME: usize = 20_000;

fn book() -> Bench {
    Bench::new()
        .file("book.bin", noise(90_001, 1))
        .file("notes/read me.txt", "some words\n")
        .file("notes/empty.txt", "")
        .file("small.bin", noise(1_234, 2))
}

fn options(more: &[(&str, Value)]) -> Value {
    let mut with = json!({ "format": "rar4", "volume": VOLUME });
    for (key, value) in more {
        with[*key] = value.clone();
    }
    with
}

/// Foreign readers take the set for whole and give the sources back.
fn judge(done: &Done, first: &str) {
    let release = done.release();
    if let Some((good, text)) = foreign("lsar", &["-t", first], &release) {
        assert!(good && text.contains("4 passed, 0 failed."), "{text}");
    }
    if let Some((good, text)) = foreign("7z", &["x", "-y", "-o../unpacked", first], &release) {
        if text.contains("Cannot open the file as") || text.contains("Unsupported archive") {
            eprintln!("SKIPPED: this 7z does not know RAR");
            return;
        }
        assert!(good && text.contains("Everything is Ok"), "{text}");
        assert_eq!(listing(&done.folder().join("out/unpacked")), listing(&done.folder().join("in")));
    }
}

#[test]
fn volumes_are_exactly_as_large_as_asked_and_named_in_order() {
    let check = |naming: &str, names: &[&str]| {
        let done = book().run("archive", options(&[("naming", json!(naming))])).good();
        let made: Vec<&str> = done.artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
        assert_eq!(made, names);
        let (last, full) = names.split_last().unwrap();
        assert!(full.iter().all(|name| done.files[*name].len() == VOLUME), "{naming}");
        assert!(done.files[*last].len() <= VOLUME);
        assert_eq!(done.written, done.files.values().map(|bytes| bytes.len() as u64).sum::<u64>());
        assert!(done.read >= 91_246, "{}", done.read);
        judge(&done, names[0]);
    };
    let base = "test.release-grp";
    let name = |rest: &str| format!("{base}.{rest}");
    let old: Vec<String> = ["rar", "r00", "r01", "r02", "r03"].map(name).into();
    let part: Vec<String> = (1..=5).map(|number| name(&format!("part{number}.rar"))).collect();
    check("old", &old.iter().map(String::as_str).collect::<Vec<_>>());
    check("part", &part.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn without_a_volume_there_is_one_archive() {
    let done = book().run("archive", json!({ "format": "rar4", "base": "{{ group | downcase }}-x" })).good();
    assert_eq!(done.names(), ["grp-x.rar"]);
    judge(&done, "grp-x.rar");
}

#[test]
fn the_same_sources_give_the_same_bytes() {
    let with = |times: &str| options(&[("times", json!(times)), ("host", json!("windows"))]);
    for times in ["release", "source"] {
        let (one, two) =
            (book().run("archive", with(times)).good(), book().run("archive", with(times)).good());
        assert!(one.files == two.files, "{times}");
    }
    let unix = book().run("archive", options(&[])).good();
    let windows = book().run("archive", with("release")).good();
    let source = book().run("archive", with("source")).good();
    assert!(unix.files != windows.files && windows.files != source.files);
    judge(&windows, "test.release-grp.rar");
    judge(&source, "test.release-grp.rar");
}

#[test]
fn what_a_step_made_bears_the_releases_time() {
    let make = || {
        let sums =
            Bench::new().file("a", "a").step("sums", "checksum", &["source"], json!({ "format": "md5" }));
        let with = json!({ "format": "rar4", "times": "source" });
        sums.step("rar", "archive", &["source", "sums"], with).go().good()
    };
    let first = make();
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    assert!(first.files == make().files, "the archive holds the time at which it was made");
}

#[test]
fn digests_taken_on_the_way_are_those_of_the_bytes() {
    let with = json!({ "format": ["sfv", "sha256"] });
    let done = book()
        .step("rar", "archive", &["source"], options(&[]))
        .step("sums", "checksum", &["rar"], with)
        .go()
        .good();
    assert_eq!(done.read, 0, "the sums were given");
    for (program, file) in [("sha256sum", "sha256"), ("cksfv", "sfv")] {
        let file = format!("test.release-grp.{file}");
        let arguments: Vec<&str> =
            if program == "cksfv" { vec!["-q", "-f", &file] } else { vec!["-c", &file] };
        if let Some((good, text)) = foreign(program, &arguments, &done.release()) {
            assert!(good, "{text}");
        }
    }
}

#[test]
fn options_that_cannot_be_meant_are_refused_with_advice() {
    let check = |with: Value, wanted: &str| {
        let found = faults("archive", with);
        assert!(found.len() == 1 && found[0].contains(wanted), "{found:?}");
    };
    check(
        json!({ "format": "rar4", "volume": 999 }),
        "volume: a volume of 999 bytes is too small (the smallest is",
    );
    check(json!({ "format": "rar4", "volume": "each" }), "volume: `each` is for `format: zip`");
    check(json!({ "format": "rar4", "level": 3 }), "level: `level` is for formats that compress");
    check(json!({ "format": "rar4", "store": [] }), "store: `store` is for formats that compress");
    check(
        json!({ "format": "rar9" }),
        "format: unknown archive format `rar9` (use one of: 7z, rar4, rar5, tar.gz, tar.zst, zip)",
    );
    check(json!({ "format": "rar4", "volume": "50 apples" }), "volume");
    check(json!({ "format": "rar4", "naming": "new" }), "naming");
    check(json!({ "format": "rar4", "colour": 1 }), "colour");
}

#[test]
fn a_source_that_changes_under_the_work_makes_no_release() {
    let check = |act: fn(&std::path::Path), code: &str| {
        let done = book().meddle(act).run("archive", options(&[]));
        assert_eq!(done.code(), code);
        assert!(done.failure.unwrap().1.contains("book.bin"));
    };
    check(|folder| fs::remove_file(folder.join("book.bin")).unwrap(), "input/missing");
    check(|folder| fs::write(folder.join("book.bin"), "short").unwrap(), "input/changed");
    check(|folder| fs::write(folder.join("book.bin"), noise(90_002, 1)).unwrap(), "input/changed");
}

#[test]
fn names_that_lead_elsewhere_and_empty_inputs_are_refused() {
    for base in ["../x", "/tmp/x", "a\\b", ""] {
        let done = book().name("b", base).run("archive", options(&[("base", json!("{{ b }}"))]));
        assert_eq!(done.code(), "input/invalid", "{base}: {:?}", done.failure);
    }
    assert_eq!(Bench::new().run("archive", options(&[])).code(), "input/invalid");
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    let done = Bench::new().file("large.bin", vec![0; 64 << 20]).cancelled();
    let done = done.run("archive", json!({ "format": "rar4", "volume": "1MB" }));
    assert_eq!(done.code(), "step/cancelled");
    assert!(listing(&done.folder().join("out")).is_empty());
}

#[test]
fn more_files_than_a_process_may_open_are_packed() {
    let mut bench = Bench::new();
    for number in 0..1_500 {
        bench = bench.file(&format!("{number}.txt"), "x");
    }
    bench.run("archive", json!({ "format": "rar4" })).good();
}

#[test]
fn volumes_too_large_to_be_held_have_right_digests_too() {
    let done = Bench::new()
        .file("film.bin", noise(60_000_000, 5))
        .step("rar", "archive", &["source"], json!({ "format": "rar4", "volume": "55MB", "base": "x" }))
        .step("sums", "checksum", &["rar"], json!({ "format": "sha256" }))
        .go()
        .good();
    assert_eq!(done.read, 0, "the sums are those taken while writing");
    let sums =
        done.files.iter().find(|(name, _)| name.ends_with("256")).map(|(_, bytes)| bytes.clone()).unwrap();
    for name in ["x.rar", "x.r00"] {
        let mut digester = formats::digest::Digester::new(["sha256"]).unwrap();
        digester.update(&done.files[name]);
        let line = format!("{}  {name}", digester.finish()["sha256"]);
        assert!(String::from_utf8_lossy(&sums).contains(&line), "{name}");
    }
}
