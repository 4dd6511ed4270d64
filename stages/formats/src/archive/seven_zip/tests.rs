//! Archives, written and read back by us and by foreign programs.

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use proptest::prelude::*;

use super::super::{InMemory, Verdict, run_foreign as run};
use super::*;

type Files = Vec<(String, Vec<u8>)>;

fn quiet(_: u64) -> io::Result<()> {
    Ok(())
}

fn write_at(level: u32, files: &Files) -> Vec<u8> {
    let entries: Vec<_> =
        files.iter().map(|(name, bytes)| Entry { name, size: bytes.len() as u64 }).collect();
    let mut open =
        |index: usize| -> io::Result<Box<dyn Read>> { Ok(Box::new(Cursor::new(files[index].1.clone()))) };
    let mut out = Cursor::new(Vec::new());
    write(&entries, 1_464_090_157, level, &mut open, &mut out, &mut quiet).unwrap();
    out.into_inner()
}

fn sample() -> Files {
    let noise: Vec<u8> = (0..5000u32).map(|at| blake3::hash(&at.to_le_bytes()).as_bytes()[0]).collect();
    let long = format!("{}/{}", "folder".repeat(20), "name".repeat(30));
    [
        ("a.txt", vec![b'a'; 100_000]),
        ("empty", Vec::new()),
        ("s/b.bin", noise),
        ("é.nfo", b"x".to_vec()),
        (&long, b"long".to_vec()),
        ("日本/😀.txt", b"more".to_vec()),
        ("empty too", Vec::new()),
    ]
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .into()
}

fn verdict(name: &str, bytes: &[u8]) -> Verdict {
    verify(&InMemory(vec![(name.to_owned(), bytes.to_vec())]), &mut quiet).unwrap()
}

fn codes(bytes: &[u8]) -> Vec<&'static str> {
    verdict("x.7z", bytes).faults.iter().map(|fault| fault.code).collect()
}

fn check_round(level: u32, files: &Files) {
    let bytes = write_at(level, files);
    assert!(bytes == write_at(level, files), "{level} differs");
    let verdict = verdict("x.7z", &bytes);
    assert_eq!((verdict.faults, verdict.unchecked), (vec![], vec![]), "{level}");
    let found: Vec<_> = verdict
        .members
        .into_iter()
        .map(|member| (member.name, member.size, member.crc32.unwrap_or_default()))
        .collect();
    let want: Vec<_> = files
        .iter()
        .map(|(name, bytes)| (name.clone(), bytes.len() as u64, crc32fast::hash(bytes)))
        .collect();
    assert_eq!(found, want);
}

/// Packs the start of an archive anew after its header was changed.
fn sealed(packed: &[u8], header: &[u8]) -> Vec<u8> {
    [&header::start(packed.len() as u64, header), packed, header].concat()
}

/// Packed bytes and header of one of our archives.
fn parts(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let offset = u64::from_le_bytes(bytes[12..20].try_into().unwrap()) as usize;
    (bytes[32..32 + offset].to_vec(), bytes[32 + offset..].to_vec())
}

#[test]
fn files_are_read_back_at_every_level() {
    for level in 0..=9 {
        check_round(level, &sample());
        check_round(level, &vec![("one".to_owned(), b"file".repeat(100))]);
        check_round(level, &vec![("none".to_owned(), Vec::new())]);
        check_round(level, &vec![]);
    }
}

#[test]
fn foreign_programs_take_our_archives() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let files = sample();
    for level in [0, 1, 6, 9] {
        fs::write(place.join("x.7z"), write_at(level, &files)).unwrap();
        for (program, arguments, want) in [
            ("7z", ["x", "-y", "-oto", "x.7z"].as_slice(), "Everything is Ok"),
            ("bsdtar", &["-xf", "x.7z", "-C", "to"], ""),
        ] {
            fs::create_dir_all(place.join("to")).unwrap();
            let Some((good, text)) = run(program, arguments, place) else { continue };
            assert!(good && text.contains(want) && !text.contains("WARN"), "{program} at {level}: {text}");
            for (name, bytes) in &files {
                assert!(fs::read(place.join("to").join(name)).unwrap() == *bytes, "{program}: {name}");
            }
            fs::remove_dir_all(place.join("to")).unwrap();
        }
        if let Some((good, text)) = run("7z", &["l", "-slt", "x.7z"], place) {
            assert!(good && text.contains("Modified = 2016-05-24") && text.contains("-rw-r--r--"), "{text}");
        }
    }
}

#[test]
fn archives_of_7_zip_are_without_fault() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    fs::create_dir_all(place.join("in/empty folder")).unwrap();
    let executable = std::env::current_exe().unwrap();
    for (name, bytes) in [
        ("a.txt", b"hello ".repeat(1000)),
        ("empty", Vec::new()),
        ("é", b"x".to_vec()),
        // Without its beginning, or 7-Zip would know it for a program and choose for itself.
        ("program", fs::read(executable).unwrap().into_iter().skip(9_999).take(300_000).collect()),
    ] {
        fs::write(place.join("in").join(name), bytes).unwrap();
    }
    for (options, unchecked) in [
        (["-mx=5"].as_slice(), 0),
        (&["-mx=0"], 0),
        (&["-mx=9", "-ms=off"], 0),
        (&["-m0=lzma"], 0),
        (&["-m0=lzma2", "-mhc=off"], 0),
        (&["-m0=bcj", "-m1=lzma"], 0),
        (&["-m0=delta:4", "-m1=lzma2"], 0),
        (&["-m0=deflate"], 0),
        (&["-m0=ppmd"], 3),
        (&["-m0=bzip2"], 3),
        (&["-m0=bcj2"], 3),
        (&["-psecret"], 3),
        (&["-psecret", "-mhe=on"], 1),
    ] {
        let _ = fs::remove_file(place.join("x.7z"));
        let arguments = [["a", "-y", "x.7z", "./in/*"].as_slice(), options].concat();
        let Some((good, text)) = run("7z", &arguments, place) else { continue };
        assert!(good, "{text}");
        let verdict = verdict("x.7z", &fs::read(place.join("x.7z")).unwrap());
        assert_eq!(verdict.faults, [], "{options:?}");
        assert_eq!(verdict.unchecked.len(), unchecked, "{options:?}: {:?}", verdict.unchecked);
        let folders = verdict.members.iter().filter(|member| member.directory).count();
        assert_eq!((verdict.members.len(), folders), if unchecked == 1 { (0, 0) } else { (5, 1) });
    }
}

#[test]
fn damage_is_called_by_its_name() {
    for level in [0, 6] {
        let whole = write_at(level, &sample());
        let check = |damage: &dyn Fn(&mut Vec<u8>), want: &[&str]| {
            let mut bytes = whole.clone();
            damage(&mut bytes);
            assert_eq!(codes(&bytes), want, "{level}");
        };
        check(&|bytes| bytes[0] ^= 1, &["bad-header"]);
        check(&|bytes| bytes[13] ^= 1, &["header-crc"]);
        check(&|bytes| *bytes.last_mut().unwrap() ^= 1, &["header-crc"]);
        check(&|bytes| bytes.truncate(20), &["truncated"]);
        check(&|bytes| bytes.truncate(bytes.len() - 1), &["truncated"]);
        check(&|bytes| bytes.extend(b"more"), &["trailing-bytes"]);
        let code = if level == 0 { "file-crc" } else { "bad-content" };
        let found = verdict("x.7z", &{
            let mut bytes = whole.clone();
            bytes[50] ^= 0x55;
            bytes
        });
        assert!(found.faults.iter().any(|fault| [code, "file-crc"].contains(&fault.code)), "{found:?}");
        assert_eq!(found.members.len(), 7);
    }
    let (packed, header) = parts(&write_at(0, &sample()));
    let renamed = |from: &str, to: &str| {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let (from, mut header) = (wide(from), header.clone());
        let at = header.windows(from.len()).position(|window| window == from).unwrap();
        header.splice(at..at + from.len(), wide(to));
        codes(&sealed(&packed, &header))
    };
    assert_eq!(renamed("s/b.bin", "../.bin"), ["unsafe-name"]);
    assert_eq!(renamed("a.txt", "/.txt"), ["unsafe-name"]);
    assert_eq!(renamed("empty too", "s/b.bin\0a"), ["duplicate-name"]);
    assert_eq!(codes(&sealed(&packed[..packed.len() - 1], &header)), ["truncated"]);
}

#[test]
fn a_header_that_asks_for_too_much_is_given_up_on() {
    let check = |parts: &[&[u8]], want: &[&str]| {
        let header = parts.concat();
        let verdict = verdict("x.7z", &sealed(&[0; 64], &header));
        let found: Vec<&str> = verdict.faults.iter().map(|fault| fault.code).collect();
        assert_eq!(found, want, "{header:02x?}");
    };
    const HUGE: &[u8] = b"\xff\0\0\0\0\0\0\0\x40";
    // So many files, packed streams, folders.
    check(&[b"\x01\x05", HUGE, b"\0\0"], &["bad-header"]);
    check(&[b"\x01\x04\x06\x00", HUGE, b"\x09"], &["bad-header"]);
    check(&[b"\x01\x04\x07\x0b", HUGE, b"\x00"], &["bad-header"]);
    // Files of that size, and a packed header of that size.
    let streams =
        [b"\x06\x00\x01\x09\x40\x00\x07\x0b\x01\x00\x01\x21\x21\x01\x28\x0c".as_slice(), HUGE, b"\x00\x00"];
    check(&[b"\x01\x04", &streams.concat(), b"\x05\x01\x11\x05\0a\0\0\0\0\0"], &["too-large"]);
    check(&[b"\x17", &streams.concat()], &["too-large"]);
    let mut bytes = sealed(&[], &[]);
    bytes[20..28].fill(0x7f);
    let crc32 = crc32fast::hash(&bytes[12..32]);
    bytes[8..12].copy_from_slice(&crc32.to_le_bytes());
    assert_eq!(codes(&bytes), ["truncated"]);
}

#[test]
fn parts_of_a_split_archive_are_not_checked() {
    let found = verdict("x.7z.001", &write_at(1, &sample())[..100]);
    assert_eq!((found.faults.len(), found.unchecked.len()), (0, 1));
}

#[test]
fn a_watcher_can_end_the_work() {
    let volumes = InMemory(vec![("x.7z".to_owned(), write_at(1, &sample()))]);
    let error = verify(&volumes, &mut |_| Err(io::Error::other("enough"))).unwrap_err();
    assert_eq!(error.to_string(), "enough");
}

#[test]
fn archives_in_the_corpus_are_read() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = std::env::var_os("BINDERY_CORPUS").map_or_else(beside, Into::into).join("archive");
    let Ok(listed) = fs::read_dir(&corpus) else {
        return eprintln!("SKIPPED: {} is not there", corpus.display());
    };
    for path in listed.flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|extension| extension == "7z") {
            assert_eq!(codes(&fs::read(&path).unwrap()), Vec::<&str>::new(), "{}", path.display());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_files_are_read_back(
        files in prop::collection::btree_map("[a-zé😀]{1,9}(/[a-z ]{1,5})?", prop::collection::vec(0u8..4, 0..3000), 0..6),
        level in 0u32..=9,
    ) {
        check_round(level, &files.into_iter().collect());
    }

    #[test]
    fn no_damage_breaks_the_reader(
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        level in 0u32..3, packed_too in any::<bool>(), cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (mut packed, mut header) = parts(&write_at(level, &sample()));
        for (at, byte) in &hits {
            let all = if packed_too { packed.len() + header.len() } else { header.len() };
            let at = at.index(all);
            match header.get_mut(at) {
                Some(place) => *place = *byte,
                None => packed[at - header.len()] = *byte,
            }
        }
        if let Some(cut) = cut {
            header.truncate(cut.index(header.len()));
        }
        codes(&sealed(&packed, &header));
    }

    #[test]
    fn no_header_breaks_the_reader(header in prop::collection::vec(prop_oneof![0u8..0x1a, any::<u8>()], 0..200)) {
        for first in [1, 0x17] {
            codes(&sealed(&[0; 40], &[&[first], header.as_slice()].concat()));
        }
    }
}
