//! Archives in one file as a run makes them, judged by foreign programs and against their sources.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::bench::{Bench, Done, faults, foreign, listing, noise};

const FORMATS: [&str; 3] = ["7z", "tar.gz", "tar.zst"];

fn papers() -> Bench {
    Bench::new()
        .file("a paper.txt", "words that go on and on, ".repeat(40_000))
        .file("more/é.txt", "short")
        .file("more/empty", "")
        .file(&format!("more/{}.txt", "long".repeat(40)), "a long name")
        .file("more/noise.bin", noise(50_000, 3))
}

/// Foreign programs take the archive for whole and give the sources back.
fn judge(done: &Done, format: &str) {
    let name = format!("test.release-grp.{format}");
    let to = done.folder().join("out/unpacked");
    fs::create_dir_all(&to).unwrap();
    let programs: &[(&str, &[&str])] = match format {
        "7z" => &[("7z", &["x", "-y", "-bso0", "-o../unpacked"])],
        "tar.gz" => &[("gzip", &["-t"]), ("tar", &["-C", "../unpacked", "-xzf"])],
        _ => &[("zstd", &["-q", "-t"]), ("tar", &["-C", "../unpacked", "--zstd", "-xf"])],
    };
    for (program, arguments) in programs {
        let all = [*arguments, &[name.as_str()]].concat();
        if let Some((good, text)) = foreign(program, &all, &done.release()) {
            assert!(good && text.is_empty(), "{program}: {text}");
            if *program != "gzip" && *program != "zstd" {
                assert_eq!(listing(&to), listing(&done.folder().join("in")), "{program}");
            }
        }
    }
    fs::remove_dir_all(to).unwrap();
}

#[test]
fn many_files_become_one_archive_that_foreign_programs_read() {
    for format in FORMATS {
        for level in [json!(null), json!(1), json!(9)] {
            let done = papers().run("archive", json!({ "format": format, "level": level })).good();
            assert_eq!(done.names(), [format!("test.release-grp.{format}")]);
            judge(&done, format);
            let verdict = crate::verify::verify(&done.release(), &|_| Ok(())).unwrap();
            assert_eq!(
                (verdict.archives, verdict.faults, verdict.unchecked),
                (1, vec![], vec![]),
                "{format}"
            );
            let packed = done.artifacts[0].size;
            assert!(packed < 100_000, "{format}: {packed}");
            let total: u64 = listing(&done.folder().join("in")).values().map(|file| file.len() as u64).sum();
            assert_eq!((done.read, done.written), (total, packed), "{format}");
        }
    }
}

#[test]
fn damage_is_found() {
    for format in FORMATS {
        let done = papers().run("archive", json!({ "format": format })).good();
        let path = done.release().join(format!("test.release-grp.{format}"));
        let whole = fs::read(&path).unwrap();
        for at in [0, 40, whole.len() / 2, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            fs::write(&path, bytes).unwrap();
            let verdict = crate::verify::verify(&done.release(), &|_| Ok(())).unwrap();
            assert!(!verdict.faults.is_empty(), "{format}: byte {at}");
        }
        // A compressed file of another kind is no archive, and nothing is wrong with it.
        fs::remove_file(&path).unwrap();
    }
    let done = Bench::new().file("plain.gz", GZ).run("checksum", json!({ "format": "md5" })).good();
    fs::write(done.release().join("plain.gz"), GZ).unwrap();
    let verdict = crate::verify::verify(&done.release(), &|_| Ok(())).unwrap();
    assert_eq!((verdict.faults, verdict.unchecked), (vec![], vec![]));
}

/// What `printf a | gzip -n` gives.
const GZ: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x04\0\x43\xbe\xb7\xe8\x01\0\0\0";

#[test]
fn the_same_sources_give_the_same_bytes() {
    for format in FORMATS {
        let run = || papers().run("archive", json!({ "format": format })).good();
        assert!(run().files == run().files, "{format}");
    }
}

#[test]
fn digests_of_archive_and_inputs_are_those_of_their_bytes() {
    for format in FORMATS {
        let with = json!({ "format": "sha256", "file": "sums" });
        let done = papers()
            .step("pack", "archive", &["source"], json!({ "format": format }))
            .step("sums", "checksum", &["source", "pack"], with)
            .go()
            .good();
        let name = format!("test.release-grp.{format}");
        let sum = format!("{}  {name}", hex(&done.files[&name]));
        assert!(done.text("sums").contains(&sum), "{format}: {}", done.text("sums"));
        let paper = fs::read(done.folder().join("in/a paper.txt")).unwrap();
        assert!(done.text("sums").contains(&hex(&paper)), "{format}");
        assert_eq!(done.read, 0, "{format}: checksum reads what was digested");
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut digester = formats::digest::Digester::new(["sha256"]).unwrap();
    digester.update(bytes);
    digester.finish().remove("sha256").unwrap()
}

#[test]
fn options_that_cannot_be_meant_are_refused_with_advice() {
    let check = |with: Value, wanted: &str| {
        let found = faults("archive", with);
        assert!(found.len() == 1 && found[0].contains(wanted), "{found:?}");
    };
    for format in FORMATS {
        check(json!({ "format": format, "volume": "50MB" }), "volume: a `");
        check(json!({ "format": format, "volume": "each" }), "is one file (leave `volume` out");
        check(json!({ "format": format, "naming": "part" }), "naming: `naming` is not for `format: ");
        check(json!({ "format": format, "host": "windows" }), "host: `host` is not for `format: ");
        check(json!({ "format": format, "times": "source" }), "times: `times` is not for `format: ");
        check(json!({ "format": format, "store": ["*.txt"] }), "store: `store` is not for `format: ");
        check(json!({ "format": format, "level": 20 }), "level");
    }
    check(json!({ "format": "7z", "level": 10 }), "level: a level of `7z` is from 0 to 9");
    check(json!({ "format": "tar.gz", "level": 10 }), "level: a level of `tar.gz` is from 0 to 9");
    check(json!({ "format": "tar.zst", "level": 0 }), "level: a level of `tar.zst` is from 1 to 19");
    assert_eq!(faults("archive", json!({ "format": "tar.zst", "level": 19 })), Vec::<String>::new());
}

#[test]
fn a_source_that_changes_under_the_work_makes_no_release() {
    let check = |format: &str, act: fn(&Path), code: &str| {
        let done = papers().meddle(act).run("archive", json!({ "format": format }));
        assert_eq!(done.code(), code, "{format}: {:?}", done.failure);
    };
    for format in FORMATS {
        check(format, |folder| fs::remove_file(folder.join("a paper.txt")).unwrap(), "input/missing");
        check(format, |folder| fs::write(folder.join("a paper.txt"), "short").unwrap(), "input/changed");
        check(format, |folder| fs::write(folder.join("more/é.txt"), "longer now").unwrap(), "input/changed");
    }
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    for format in FORMATS {
        let done = Bench::new()
            .file("large.bin", vec![0; 64 << 20])
            .cancelled()
            .run("archive", json!({ "format": format }));
        assert_eq!(done.code(), "step/cancelled");
        assert!(listing(&done.folder().join("out")).is_empty());
    }
}
