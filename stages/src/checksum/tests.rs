//! Checksum files as a run makes them, judged by the programs that people check them with.

use serde_json::{Value, json};

use crate::bench::{Bench, Done, faults, foreign};

fn papers() -> Bench {
    Bench::new()
        .file("b.txt", "bee")
        .file("a b.txt", "a")
        .file("more/é.bin", vec![7; 300_000])
        .file("empty", "")
}

/// Puts the checksum file beside the sources and lets the program check them.
fn judge(done: &Done, file: &str, program: &str, arguments: &[&str]) {
    let folder = done.folder().join("in");
    std::fs::write(folder.join(file), &done.files[file]).unwrap();
    if let Some((good, text)) = foreign(program, &[arguments, &[file]].concat(), &folder) {
        assert!(good, "{program} on {file}: {text}");
    }
}

#[test]
fn every_format_is_what_its_program_checks() {
    let check = |format: &str, style: &str, program: &str, arguments: &[&str]| {
        let done = papers().run("checksum", json!({ "format": format, "style": style })).good();
        let file = format!("test.release-grp.{format}");
        assert_eq!(done.names(), [file.as_str()]);
        assert_eq!(done.read, 300_004, "{format}");
        judge(&done, &file, program, arguments);
    };
    for style in ["gnu", "bsd"] {
        for format in ["md5", "sha1", "sha256", "sha512"] {
            check(format, style, &format!("{format}sum"), &["--strict", "-c"]);
        }
    }
    check("blake3", "gnu", "b3sum", &["-c"]);
    check("sfv", "gnu", "cksfv", &["-q", "-f"]);
}

#[test]
fn lines_are_sorted_and_styled() {
    let check = |with: Value, wanted: &str| {
        let done = Bench::new().file("d/b", "b").file("a", "a").run("checksum", with).good();
        assert_eq!(
            done.files.values().next().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).as_deref(),
            Some(wanted)
        );
    };
    check(json!({ "format": "sfv" }), "a e8b7be43\r\nd/b 71beeff9\r\n");
    check(
        json!({ "format": "md5", "style": "bsd" }),
        "MD5 (a) = 0cc175b9c0f1b6a831c399e269772661\nMD5 (d/b) = 92eb5ffee6ae2fec3ad71c777531578f\n",
    );
}

#[test]
fn several_formats_share_one_reading_and_get_their_own_extensions() {
    let with = json!({ "format": ["sfv", "md5", "blake3"], "file": "sums/{{ group | downcase }}" });
    let done = papers().run("checksum", with).good();
    assert_eq!(done.names(), ["sums/grp.blake3", "sums/grp.md5", "sums/grp.sfv"]);
    assert_eq!(done.read, 300_004);
    let whole = papers().run("checksum", json!({ "format": "md5", "file": "MD5SUMS" })).good();
    assert_eq!(whole.names(), ["MD5SUMS"]);
}

#[test]
fn digests_that_were_given_are_not_taken_again() {
    let zip = papers().step("zip", "archive", &["source"], json!({ "format": "zip" }));
    let done =
        zip.step("sums", "checksum", &["zip"], json!({ "format": ["sfv", "sha512", "blake3"] })).go().good();
    assert_eq!(done.read, 0);
    assert!(done.text("test.release-grp.sfv").starts_with("test.release-grp.zip "));
    if let Some((good, text)) = foreign("sha512sum", &["-c", "test.release-grp.sha512"], &done.release()) {
        assert!(good, "{text}");
    }
}

#[test]
fn options_that_cannot_be_meant_are_refused_with_advice() {
    let check = |with: Value, wanted: &str| {
        let found = faults("checksum", with);
        assert!(found.len() == 1 && found[0].contains(wanted), "{found:?}");
    };
    check(
        json!({ "format": "crc" }),
        "format: unknown checksum format `crc` (use one of: blake3, md5, sfv, sha1, sha256, sha512)",
    );
    check(json!({ "format": [] }), "format: names no format");
    check(json!({ "format": ["md5", "md5"] }), "format: `md5` is there twice");
    check(json!({}), "format");
    check(json!({ "format": "md5", "style": "unix" }), "style");
}

#[test]
fn what_cannot_be_summed_is_refused() {
    assert_eq!(Bench::new().run("checksum", json!({ "format": "sfv" })).code(), "input/invalid");
    let done =
        papers().name("f", "../../../escaped").run("checksum", json!({ "format": "sfv", "file": "{{ f }}" }));
    assert_eq!(done.code(), "release/escape");
    assert!(!done.folder().join("escaped").exists());
    let gone = papers().meddle(|folder| std::fs::remove_file(folder.join("b.txt")).unwrap());
    assert_eq!(gone.run("checksum", json!({ "format": "sfv" })).code(), "input/missing");
}
