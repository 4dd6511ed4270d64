//! ZIP archives of many files and of large ones: the same for any number of threads, each file read once.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::bench::{Bench, Done, foreign, listing, noise};

const MIB: usize = 1 << 20;
const ZIP: &str = "test.release-grp.zip";

/// Text that shrinks, and differs from seed to seed.
fn text(len: usize, seed: u64) -> Vec<u8> {
    let words = noise(len / 5 + 1, seed);
    let mut text: Vec<u8> =
        words.iter().flat_map(|word| format!("{:04} ", u32::from(*word) * 39).into_bytes()).collect();
    text.truncate(len);
    text
}

fn bench(files: &[(String, Vec<u8>)]) -> Bench {
    files.iter().fold(Bench::new(), |bench, (name, bytes)| bench.file(name, bytes))
}

fn zip(files: &[(String, Vec<u8>)], jobs: usize, with: &Value) -> Done {
    let mut with = with.clone();
    with["format"] = json!("zip");
    bench(files).jobs(jobs).run("archive", with).good()
}

/// Names in the order of the archive's directory.
fn order(zip: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let start = zip.len() - 6;
    let mut at = u32::from_le_bytes(zip[start..start + 4].try_into().unwrap()) as usize;
    while zip[at..].starts_with(b"PK\x01\x02") {
        let len = usize::from(u16::from_le_bytes([zip[at + 28], zip[at + 29]]));
        found.push(String::from_utf8(zip[at + 46..at + 46 + len].to_vec()).unwrap());
        at += 46 + len;
    }
    found
}

/// Foreign programs give the sources back.
fn judge(done: &Done) {
    for (program, arguments) in [
        ("unzip", ["-tqq", ZIP].as_slice()),
        ("7z", &["x", "-y", "-o../unpacked", ZIP]),
        ("python3", &["-m", "zipfile", "-t", ZIP]),
    ] {
        if let Some((good, text)) = foreign(program, arguments, &done.release()) {
            assert!(good && !text.to_lowercase().contains("warning"), "{program}: {text}");
        }
    }
    let unpacked = listing(&done.folder().join("out/unpacked"));
    assert!(unpacked.is_empty() || unpacked == listing(&done.folder().join("in")));
}

/// Every number of threads gives the same archive, in the order of the files, and reads each file once.
fn check(files: &[(String, Vec<u8>)], with: &Value) {
    let size: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    let first = zip(files, 1, with);
    assert_eq!((first.read, first.written), (size as u64, first.files[ZIP].len() as u64));
    assert_eq!(order(&first.files[ZIP]), files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
    judge(&first);
    for jobs in [2, 7] {
        let other = zip(files, jobs, with);
        assert!(other.files == first.files, "{jobs} jobs");
        assert_eq!(other.read, size as u64);
    }
}

fn named(contents: Vec<Vec<u8>>) -> Vec<(String, Vec<u8>)> {
    contents.into_iter().enumerate().map(|(at, bytes)| (format!("d{}/f{at:04}", at % 7), bytes)).collect()
}

#[test]
fn many_small_files_come_out_the_same_for_any_number_of_threads() {
    let sizes = noise(700, 1);
    let contents = sizes.iter().enumerate().map(|(at, size)| {
        let len = usize::from(*size) * 20;
        if at % 5 == 0 { noise(len, at as u64) } else { text(len, at as u64) }
    });
    let files = named(contents.collect());
    check(&files, &json!({}));
    check(&files[..300], &json!({ "level": 0 }));
}

#[test]
fn large_files_come_out_the_same_and_those_that_do_not_shrink_are_stored() {
    let mut mixed = noise(9 * MIB, 9);
    mixed[MIB..2 * MIB].fill(1);
    let contents = vec![
        text(20 * MIB + 3, 1),
        text(100, 2),
        noise(9 * MIB, 3),
        text(16 * MIB, 4),
        mixed,
        vec![0; 8 * MIB + 1],
    ];
    let files = named(contents);
    check(&files, &json!({ "level": 1 }));
    let zips = zip(&files[2..3], 2, &json!({})).files;
    assert!(zips[ZIP].len() > 9 * MIB && zips[ZIP].len() < 9 * MIB + 200);
}

#[test]
fn digests_of_the_archive_are_right_however_its_files_were_put() {
    let files = named(vec![text(1_000, 1), noise(9 * MIB, 2), text(9 * MIB, 3), text(2_000, 4)]);
    let done = bench(&files)
        .step("zip", "archive", &["source"], json!({ "format": "zip" }))
        .step("sums", "checksum", &["zip"], json!({ "format": "sha256" }))
        .go()
        .good();
    assert_eq!(done.read, 0, "the sums are those taken while writing");
    let sums = done.files.iter().find(|(name, _)| name.ends_with("256")).unwrap().1;
    let mut digester = formats::digest::Digester::new(["sha256"]).unwrap();
    digester.update(&done.files[ZIP]);
    assert!(String::from_utf8_lossy(sums).contains(&digester.finish()["sha256"]));
}

#[test]
fn digests_of_the_files_are_given_to_steps_that_want_them() {
    let files = named(vec![text(1_000, 1), noise(9 * MIB, 2), text(9 * MIB, 3)]);
    let done = bench(&files)
        .step("zip", "archive", &["source"], json!({ "format": "zip" }))
        .step("sums", "checksum", &["source"], json!({ "format": "sha256" }))
        .go()
        .good();
    assert_eq!(done.read, 0);
    let sums = done.files.iter().find(|(name, _)| name.ends_with("256")).unwrap().1;
    for (_, bytes) in &files {
        let mut digester = formats::digest::Digester::new(["sha256"]).unwrap();
        digester.update(bytes);
        assert!(String::from_utf8_lossy(sums).contains(&digester.finish()["sha256"]));
    }
}

#[test]
fn archives_of_each_file_come_out_the_same_for_any_number_of_threads() {
    let made = |jobs: usize| {
        let each = json!({ "format": "zip", "volume": "each", "base": "x" });
        let rar = json!({ "format": "rar4", "volume": 9_000_000, "base": "inner" });
        Bench::new()
            .jobs(jobs)
            .file("book.bin", noise(40 * MIB, 4))
            .step("rar", "archive", &["source"], rar)
            .unshipped()
            .step("nfo", "nfo", &[], json!({ "template": "plain", "file": "shared.nfo" }))
            .step("zip", "archive", &["rar", "nfo"], each)
            .go()
            .good()
    };
    let first = made(1);
    assert_eq!(first.files.len(), 6);
    let inner = 40 * MIB as u64;
    assert!(first.read > inner && first.read < inner + 2_000, "the shared file is read once: {}", first.read);
    assert!(made(2).files == first.files && made(7).files == first.files);
}

fn book() -> BTreeMap<&'static str, Vec<u8>> {
    BTreeMap::from([
        ("META-INF/container.xml", b"<container/>".to_vec()),
        ("OEBPS/text.xhtml", text(50_000, 1)),
        ("mimetype", b"application/epub+zip".to_vec()),
    ])
}

fn epub(files: &BTreeMap<&'static str, Vec<u8>>) -> Done {
    let bench = files.iter().fold(Bench::new(), |bench, (name, bytes)| bench.file(name, bytes));
    bench.run("archive", json!({ "format": "zip", "layout": "epub" }))
}

#[test]
fn an_epub_begins_with_its_mimetype() {
    let done = epub(&book()).good();
    assert_eq!(done.names(), ["test.release-grp.epub"]);
    let bytes = &done.files["test.release-grp.epub"];
    assert_eq!(&bytes[30..58], b"mimetypeapplication/epub+zip");
    assert_eq!(
        (&bytes[6..10], &bytes[28..30]),
        ([0; 4].as_slice(), [0; 2].as_slice()),
        "stored, no extra field"
    );
    assert_eq!(order(bytes), ["mimetype", "META-INF/container.xml", "OEBPS/text.xhtml"]);
}

#[test]
fn files_that_make_no_epub_are_refused() {
    let check = |name: &'static str, content: Option<&[u8]>, wanted: &str| {
        let mut files = book();
        match content {
            Some(content) => drop(files.insert(name, content.to_vec())),
            None => drop(files.remove(name)),
        }
        let done = epub(&files);
        assert_eq!(done.code(), "input/invalid");
        let (_, message, _) = done.failure.unwrap();
        assert!(message.contains(wanted), "{message}");
    };
    check("mimetype", None, "an EPUB begins with a file `mimetype`, and there is none");
    check(
        "mimetype",
        Some(b"application/epub+zip\n"),
        "`mimetype` of an EPUB holds `application/epub+zip` and nothing else",
    );
    check("mimetype", Some(b"application/zip+epub"), "`mimetype` of an EPUB holds");
    check("OEBPS/what?.xhtml", Some(b""), "the name has '?'");
    check("OEBPS/Text.xhtml", Some(b""), "differs from another file in case alone");
}

#[test]
fn a_large_file_that_changes_under_the_work_makes_no_release() {
    for (format, len) in [("rar4", 9 * MIB), ("none", 9 * MIB)] {
        for bytes in [noise(len, 1), text(len, 1)] {
            let bench = Bench::new().file("large", bytes).meddle(move |folder| {
                let other = if format == "rar4" { noise(len - 1, 2) } else { noise(len + 1, 2) };
                fs::write(folder.join("large"), other).unwrap();
            });
            assert_eq!(bench.run("archive", json!({ "format": "zip" })).code(), "input/changed");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn sizes_around_the_limits_are_read_back(
        picks in prop::collection::vec((0usize..5, -2isize..3, 0u64..3), 1..5), level in 0u32..4,
    ) {
        let contents = picks.into_iter().map(|(limit, by, seed)| {
            let len = [0, 4096, MIB, 8 * MIB, 16 * MIB][limit].saturating_add_signed(by);
            if seed == 0 { noise(len, 5) } else { text(len, seed) }
        });
        check(&named(contents.collect()), &json!({ "level": level, "store": ["*1"] }));
    }
}
