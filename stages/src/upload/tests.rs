//! Deliveries to a folder: whole, proven and never over something else.

mod conformance;
mod driver;
mod fake;
mod far;
mod real;

use std::fs;
use std::path::Path;

use engine::Site;
use serde_json::{Value, json};

use conformance::{Traits, suite};

use crate::bench::{Bench, Done, NAME, faults, faults_at, listing, noise};

/// A release of two files that goes to the folder `to` beside it, after `before` has been there.
fn deliver(before: impl Fn(&Path)) -> Done {
    let root = tempfile::tempdir().unwrap();
    before(root.path());
    let done = bench(root.path()).go();
    copy_back(root.path(), done.folder());
    done
}

fn bench(root: &Path) -> Bench {
    Bench::new()
        .file("a.bin", noise(700_000, 5))
        .file("sub/b.txt", "bee")
        .destination("nas", json!({ "type": "local", "path": root.join("to/deep") }))
        .step("rar", "archive", &["source"], json!({ "format": "rar4", "volume": 300_000 }))
        .step("up", "upload", &["rar"], json!({ "to": "nas" }))
}

/// Keeps what was delivered longer than the folder it was delivered to.
fn copy_back(root: &Path, folder: &Path) {
    for (name, bytes) in listing(root) {
        let to = folder.join("delivered").join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, bytes).unwrap();
    }
}

fn delivered(done: &Done) -> Vec<String> {
    listing(&done.folder().join("delivered")).into_keys().collect()
}

#[test]
fn a_folder_does_all_that_a_destination_must() {
    let root = tempfile::tempdir().unwrap();
    let settings = json!({ "type": "local", "path": root.path() });
    let local = crate::upload::local::open(&settings, &|_| Err("none".into())).unwrap();
    suite(local.as_ref(), root.path(), Traits { tells_taken: true, hashes: true, free: true });
}

#[test]
fn a_release_is_delivered_whole_under_its_name() {
    let done = deliver(|_| {}).good();
    assert_eq!(listing(&done.folder().join("delivered/to/deep").join(NAME)), done.files);
    assert_eq!(delivered(&done).len(), 3, "{:?}", delivered(&done));
    let size: u64 = done.files.values().map(|bytes| bytes.len() as u64).sum();
    assert_eq!((done.read, done.written), (size, size));
    assert!(done.notes[0].ends_with("; proven by hash (sha256)"), "{:?}", done.notes);
}

#[test]
fn what_a_cut_off_delivery_left_is_replaced() {
    let part = format!("to/deep/.bindery-{NAME}.part/old");
    let done = deliver(|root| {
        fs::create_dir_all(root.join(&part)).unwrap();
        fs::write(root.join(&part).join("stale"), "x").unwrap();
    });
    assert_eq!(delivered(&done.good()).len(), 3);
}

#[test]
fn the_same_bytes_count_as_delivered() {
    let root = tempfile::tempdir().unwrap();
    bench(root.path()).go().good();
    let again = bench(root.path()).go().good();
    assert!(again.notes[0].contains(", which was there already; proven by"), "{:?}", again.notes);
    assert_eq!(again.written, 0);
}

#[test]
fn something_else_of_that_name_is_left_alone() {
    let check = |spoil: &dyn Fn(&Path)| {
        let root = tempfile::tempdir().unwrap();
        bench(root.path()).go().good();
        let there = root.path().join("to/deep").join(NAME);
        spoil(&there);
        let before = listing(root.path());
        let done = bench(root.path()).go();
        let (code, _, hint) = done.failure.clone().unwrap();
        assert_eq!(code, "remote/exists");
        assert!(hint.starts_with("remove it, name the release otherwise"), "{hint}");
        assert!(listing(root.path()) == before);
        assert!(!done.files.is_empty(), "the release itself is made");
    };
    let file = "test.release-grp.rar";
    check(&|there| {
        let mut bytes = fs::read(there.join(file)).unwrap();
        bytes[1_000] ^= 1;
        fs::write(there.join(file), bytes).unwrap();
    });
    check(&|there| fs::write(there.join(file), "short").unwrap());
    check(&|there| {
        fs::remove_dir_all(there).unwrap();
        fs::write(there, "a file").unwrap();
    });
}

#[test]
fn nothing_half_delivered_remains_when_a_source_vanishes() {
    let root = tempfile::tempdir().unwrap();
    let done = Bench::new()
        .file("a", "a")
        .file("b", "b")
        .destination("nas", json!({ "type": "local", "path": root.path() }))
        .meddle(|folder| fs::remove_file(folder.join("b")).unwrap())
        .step("nfo", "nfo", &[], json!({}))
        .step("up", "upload", &["source"], json!({ "to": ["nas"] }))
        .go();
    assert_eq!(done.failure.unwrap().0, "input/missing");
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("to"), "a file where a folder should be").unwrap();
    let done = bench(root.path()).go();
    let (code, message, _) = done.failure.unwrap();
    assert_eq!(code, "remote/exists");
    assert!(message.contains("to/deep"), "{message}");
}

#[test]
fn several_destinations_are_fed_from_one_read() {
    let root = tempfile::tempdir().unwrap();
    let done = Bench::new()
        .file("a.bin", noise(9_000_000, 5))
        .destination("one", json!({ "type": "local", "path": root.path().join("one") }))
        .destination("two", json!({ "type": "local", "path": root.path().join("two") }))
        .step("rar", "archive", &["source"], json!({ "format": "rar4", "volume": 3_000_000 }))
        .step("up", "upload", &["rar"], json!({ "to": ["one", "two"] }))
        .go()
        .good();
    let size: u64 = done.files.values().map(|bytes| bytes.len() as u64).sum();
    // All of it fits on the shelf, so that neither ever has to read for itself.
    assert_eq!((done.read, done.written), (size, 2 * size));
    for place in ["one", "two"] {
        assert!(listing(&root.path().join(place).join(NAME)) == done.files, "{place}");
    }
}

#[test]
fn one_destination_that_fails_does_not_keep_the_other_from_its_release() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "no folder").unwrap();
    let done = Bench::new()
        .file("a.bin", noise(90_000, 5))
        .destination("bad", json!({ "type": "local", "path": root.path().join("file") }))
        .destination("good", json!({ "type": "local", "path": root.path().join("good") }))
        .step("rar", "archive", &["source"], json!({ "format": "rar4" }))
        .step("up", "upload", &["rar"], json!({ "to": ["bad", "good"] }))
        .go();
    let (code, message, _) = done.failure.clone().unwrap();
    assert_eq!(code, "remote/exists");
    assert!(message.starts_with("`bad`: "), "{message}");
    assert!(listing(&root.path().join("good").join(NAME)) == done.files);
}

#[test]
fn without_a_destination_the_release_stays() {
    let done =
        Bench::new().step("nfo", "nfo", &[], json!({})).step("up", "upload", &["nfo"], json!({})).go().good();
    assert_eq!(done.notes, ["no destination: the release stays where it is"]);
}

#[test]
fn destinations_that_cannot_be_used_are_refused_with_advice() {
    let check = |settings: Value, wanted: &str| {
        let mut site = Site::default();
        site.settings.insert("destinations".into(), settings);
        let found = faults_at(&site, "upload", json!({ "to": ["nas"] }));
        assert_eq!(found, [wanted]);
    };
    check(
        json!({ "box": {}, "home": {} }),
        "to: there is no destination `nas` (the configuration has box, home)",
    );
    check(
        json!({ "nas": { "type": "gopher" } }),
        "to: the destination `nas` has the type `gopher`, which this version cannot reach (it knows ftp, ftps, local, sftp)",
    );
    for settings in [
        json!({ "type": "local" }),
        json!({ "type": "local", "path": "" }),
        json!({ "type": "local", "path": 7 }),
    ] {
        check(
            json!({ "nas": settings }),
            "to: the destination `nas` has no `path` (see [destinations.nas] in `bindery.toml`)",
        );
    }
    let found = faults("upload", json!({ "to": "nas" }));
    assert_eq!(
        found,
        [
            "to: there is no destination `nas` (define it in `bindery.toml`: [destinations.nas] with `type` and `path`)"
        ]
    );
}
