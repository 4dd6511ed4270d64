//! Releases of ours are clean, and every kind of damage to them is found.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use formats::archive::rar5;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::bench::{Bench, Done, NAME, noise};

fn look(path: &Path) -> Verdict {
    verify(path, &|_| Ok(())).unwrap()
}

/// `code file` of every fault.
fn faults(path: &Path) -> Vec<String> {
    look(path).faults.iter().map(|fault| format!("{} {}", fault.code, fault.file)).collect()
}

/// RAR volumes, NFO, SFV and SHA-256 over all of it.
fn film() -> Done {
    Bench::new()
        .file("film.mkv", noise(90_000, 6))
        .file("subs/film.srt", "1\n")
        .fact("title", "Film")
        .step("rar", "archive", &["source"], json!({ "format": "rar4", "volume": 20_000 }))
        .step("nfo", "nfo", &[], json!({}))
        .step("sfv", "checksum", &["rar"], json!({ "format": "sfv" }))
        .step("sums", "checksum", &["rar", "nfo", "sfv"], json!({ "format": "sha256" }))
        .go()
        .good()
}

/// RAR volumes, each in a ZIP with the NFO and the DIZ.
fn book() -> Done {
    Bench::new()
        .file("book.epub", noise(9_000, 7))
        .fact("title", "Book")
        .step("rar", "archive", &["source"], json!({ "format": "rar4", "volume": 2_500, "base": "book" }))
        .unshipped()
        .step("nfo", "nfo", &[], json!({}))
        .step("diz", "nfo", &["rar"], json!({ "template": "diz", "file": "file_id.diz" }))
        .step(
            "zip",
            "archive",
            &["rar", "nfo", "diz"],
            json!({ "format": "zip", "volume": "each", "base": "book" }),
        )
        .go()
        .good()
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x40;
    fs::write(path, bytes).unwrap();
}

#[test]
fn releases_of_ours_are_clean() {
    let film = film();
    let verdict = look(&film.release());
    assert_eq!((verdict.files, verdict.archives, verdict.sums), (8, 1, 7));
    assert_eq!((verdict.faults, verdict.unchecked), (vec![], vec![]));
    let book = book();
    let verdict = look(&book.release());
    assert_eq!(
        (verdict.files, verdict.archives, verdict.sums),
        (6, 5, 0),
        "four ZIPs and the one set inside them"
    );
    assert_eq!((verdict.faults, verdict.unchecked), (vec![], vec![]));
}

#[test]
fn a_flipped_byte_is_found_wherever_it_is() {
    for file in film().names() {
        let film = film();
        let path = film.release().join(file);
        let len = film.files[file].len();
        for at in [0, len / 2, len - 1] {
            flip(&path, at);
            let found = faults(&film.release());
            // Nothing sums the sums: damage to them shows at the files that they name.
            let names_others = file.ends_with(".sha256");
            assert!(!found.is_empty(), "{file} at {at}");
            assert!(
                names_others || found.iter().any(|fault| fault.ends_with(file)),
                "{file} at {at}: {found:?}"
            );
            flip(&path, at);
        }
        assert_eq!(faults(&film.release()), [""; 0]);
    }
}

#[test]
fn a_flipped_byte_in_any_zip_is_found() {
    let book = book();
    for file in book.names().into_iter().filter(|name| name.ends_with(".zip")) {
        let path = book.release().join(file);
        let len = book.files[file].len();
        for at in [0, 200, len / 2, len - 1] {
            // Among them what was packed, and what says where it lies.
            flip(&path, at);
            assert!(!faults(&book.release()).is_empty(), "{file} at {at}");
            flip(&path, at);
        }
    }
}

#[test]
fn what_is_missing_or_cut_is_named() {
    let check = |done: Done, act: &dyn Fn(&Path), wanted: &[&str]| {
        act(&done.release());
        let found = faults(&done.release());
        for want in wanted {
            assert!(found.iter().any(|fault| fault.starts_with(want)), "{want} is not in {found:?}");
        }
    };
    let remove = |name: &'static str| move |folder: &Path| fs::remove_file(folder.join(name)).unwrap();
    check(
        film(),
        &remove("test.release-grp.r01"),
        &["missing-volume test.release-grp.r01", "missing-file test.release-grp.r01"],
    );
    check(
        film(),
        &remove("test.release-grp.rar"),
        &["missing-volume test.release-grp.rar", "missing-file test.release-grp.rar"],
    );
    check(film(), &remove("test.release-grp.r03"), &["missing-file test.release-grp.r03"]);
    check(film(), &remove("test.release-grp.nfo"), &["missing-file test.release-grp.nfo"]);
    check(book(), &remove("book02.zip"), &["missing-volume book.r00"]);
    check(
        book(),
        &|folder| {
            let bytes = fs::read(folder.join("book01.zip")).unwrap();
            fs::write(folder.join("book01.zip"), &bytes[..bytes.len() - 40]).unwrap();
        },
        &[""],
    );
    check(
        film(),
        &|folder| fs::write(folder.join("test.release-grp.sfv"), "").unwrap(),
        &["empty-checksum-file test.release-grp.sfv"],
    );
    check(
        film(),
        &|folder| fs::write(folder.join("x.md5"), "no sums here\n").unwrap(),
        &["bad-checksum-file x.md5"],
    );
}

#[test]
fn the_last_volume_of_a_set_in_zips_is_missed() {
    let book = book();
    fs::remove_file(book.release().join("book04.zip")).unwrap();
    let found = faults(&book.release());
    assert!(found.iter().any(|fault| fault.ends_with("book.r01")), "{found:?}");
}

#[test]
fn a_volume_that_lies_in_two_zips_is_a_fault() {
    let book = book();
    fs::copy(book.release().join("book01.zip"), book.release().join("book09.zip")).unwrap();
    assert_eq!(faults(&book.release()), ["duplicate-volume book.rar"]);
}

#[test]
fn names_that_lead_out_are_never_opened() {
    let film = film();
    let outside = film.folder().join("out/secret");
    fs::write(&outside, "a").unwrap();
    let lines = format!("../secret e8b7be43\r\n{} e8b7be43\r\n..\\other e8b7be43\r\n", outside.display());
    fs::write(film.release().join("x.sfv"), lines).unwrap();
    let verdict = look(&film.release());
    assert_eq!(verdict.faults.len(), 3);
    assert!(
        verdict.faults.iter().all(|fault| fault.code == "unsafe-name" && fault.file == "x.sfv"),
        "{:?}",
        verdict.faults
    );
    assert_eq!(verdict.sums, 7);
}

#[test]
fn links_are_not_followed() {
    let film = film();
    let secret = film.folder().join("secret.rar");
    fs::write(&secret, "Rar!").unwrap();
    symlink(&secret, film.release().join("link.rar")).unwrap();
    symlink(film.folder(), film.release().join("folder")).unwrap();
    fs::write(film.release().join("x.sfv"), "link.rar 00000000\r\nfolder/secret.rar 00000000\r\n").unwrap();
    let verdict = look(&film.release());
    let unchecked: Vec<&str> = verdict.unchecked.iter().map(|unchecked| unchecked.file.as_str()).collect();
    assert_eq!(unchecked, ["folder", "link.rar"]);
    assert_eq!(faults(&film.release()), ["missing-file folder/secret.rar", "missing-file link.rar"]);
}

#[test]
fn what_cannot_be_tested_is_said() {
    let folder = tempfile::tempdir().unwrap();
    // A RAR 5 whose second header says that the others are encrypted.
    let encrypted = b"Rar!\x1a\x07\x01\x00\x78\xc8\xa9\x98\x02\x04\x00rest";
    fs::write(folder.path().join("x.part1.rar"), encrypted).unwrap();
    fs::write(folder.path().join("notes.s01"), "a file with an extension like a volume's").unwrap();
    let odd = std::os::unix::ffi::OsStrExt::from_bytes(b"\xff.rar");
    let odd: &std::ffi::OsStr = odd;
    fs::write(folder.path().join(odd), "x").unwrap();
    let verdict = look(folder.path());
    assert_eq!(verdict.faults, []);
    let why: Vec<&str> = verdict.unchecked.iter().map(|unchecked| unchecked.why.as_str()).collect();
    assert_eq!(
        why,
        ["`x.part1.rar` its headers are encrypted", "has a name that is not UTF-8 and was not opened"]
    );
}

#[test]
fn a_set_is_of_the_generation_that_its_sound_volumes_begin_with() {
    let folder = tempfile::tempdir().unwrap();
    let options = rar5::Options { volume: Some(1_000), ..rar5::Options::default() };
    let layout = rar5::Layout::new(vec![rar5::Entry::file("a", 2_500, 0)], "x", options).unwrap();
    let mut sums = rar5::PartSums::new(&layout);
    let mut source = |_, _, room: &mut [u8]| {
        room.fill(7);
        Ok(())
    };
    for (index, volume) in layout.volumes().iter().enumerate() {
        let mut file = fs::File::create(folder.path().join(&volume.name)).unwrap();
        rar5::write_volume(&layout, index, &mut sums, &mut source, &mut file, &mut |_| Ok(())).unwrap();
    }
    let verdict = look(folder.path());
    assert_eq!((verdict.archives, verdict.faults, verdict.unchecked), (1, vec![], vec![]));
    flip(&folder.path().join("x.part1.rar"), 0);
    assert_eq!(faults(folder.path()), ["bad-signature x.part1.rar", "orphan-part x.part2.rar"]);
}

#[test]
fn one_file_is_tested_with_what_belongs_to_it() {
    let film = film();
    let check = |name: &str, archives: usize, sums: usize| {
        let verdict = look(&film.release().join(name));
        assert_eq!((verdict.archives, verdict.sums, verdict.files), (archives, sums, 1), "{name}");
        assert_eq!(verdict.faults, []);
    };
    check("test.release-grp.rar", 1, 0);
    check("test.release-grp.r01", 1, 0);
    check("test.release-grp.sfv", 0, 5);
    check("test.release-grp.nfo", 0, 0);
    flip(&film.release().join("test.release-grp.r02"), 500);
    assert!(!faults(&film.release().join("test.release-grp.rar")).is_empty());
    assert_eq!(
        faults(&film.release().join("test.release-grp.sfv")),
        ["checksum-mismatch test.release-grp.r02"]
    );
    let gone = verify(&film.release().join("nothing"), &|_| Ok(()));
    assert_eq!(gone.unwrap_err().code, "input/missing");
}

#[test]
fn a_test_can_be_stopped() {
    let film = film();
    let stopped = verify(&film.release(), &|_| Err(StageError::cancelled()));
    assert_eq!(stopped.unwrap_err().code, "step/cancelled");
    let sums = verify(&film.release().join(format!("{}.sha256", NAME.to_lowercase())), &|_| {
        Err(StageError::cancelled())
    });
    assert_eq!(sums.unwrap_err().code, "step/cancelled");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_bytes_make_it_panic(
        files in proptest::collection::vec(
            (
                proptest::sample::select(vec!["x.rar", "x.r00", "x.part2.rar", "x.zip", "x.sfv", "x.md5", "x.sha256", "d/x.zip"]),
                proptest::sample::select(vec![&b""[..], b"Rar!\x1a\x07\x00", b"PK\x03\x04", b"PK\x05\x06"]),
                proptest::collection::vec(any::<u8>(), 0..300),
            ),
            1..5,
        ),
    ) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("d")).unwrap();
        for (name, head, bytes) in files {
            fs::write(folder.path().join(name), [head, &bytes].concat()).unwrap();
        }
        look(folder.path());
    }

    #[test]
    fn no_damage_to_a_release_makes_it_panic(file in 0_usize..8, at in any::<prop::sample::Index>(), with in any::<u8>()) {
        static FILM: std::sync::LazyLock<Done> = std::sync::LazyLock::new(film);
        let folder = tempfile::tempdir().unwrap();
        for (number, (name, bytes)) in FILM.files.iter().enumerate() {
            let mut bytes = bytes.clone();
            if number == file {
                let at = at.index(bytes.len());
                bytes[at] = with;
            }
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        look(folder.path());
    }
}
