//! Archives, written and read back by us and by foreign programs.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use proptest::prelude::*;

use super::super::{InMemory, Verdict, run_foreign as run, tar_gz, tar_zst};
use super::*;

type Files = Vec<(String, Vec<u8>)>;

fn quiet(_: u64) -> io::Result<()> {
    Ok(())
}

fn entries(files: &Files) -> Vec<Entry<'_>> {
    files.iter().map(|(name, bytes)| Entry { name, size: bytes.len() as u64 }).collect()
}

/// Writes the files as `tar`, `tar.gz` or `tar.zst`.
fn write_as(format: &str, level: u32, files: &Files) -> Vec<u8> {
    let mut out = Vec::new();
    let entries = entries(files);
    let mut open =
        |index: usize| -> io::Result<Box<dyn Read>> { Ok(Box::new(io::Cursor::new(files[index].1.clone()))) };
    let time = 1_464_090_157;
    match format {
        "tar" => write(&entries, time, &mut open, &mut out, &mut quiet),
        "tar.gz" => tar_gz::write(&entries, time, level, &mut open, &mut out, &mut quiet),
        _ => tar_zst::write(&entries, time, level, &mut open, &mut out, &mut quiet),
    }
    .unwrap();
    out
}

fn sample() -> Files {
    let noise: Vec<u8> = (0..5000u32).map(|at| blake3::hash(&at.to_le_bytes()).as_bytes()[0]).collect();
    let long = format!("{}/{}", "folder".repeat(20), "name".repeat(30));
    let split = format!("{}/{}", "folder".repeat(20), "name".repeat(20));
    [
        ("a.txt", vec![b'a'; 100_000]),
        ("s/b.bin", noise),
        ("é.nfo", b"x".to_vec()),
        ("empty", Vec::new()),
        ("block", vec![7; 512]),
        (&long, b"long".to_vec()),
        (&split, b"split".to_vec()),
        ("日本/語.txt", b"more".to_vec()),
    ]
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .into()
}

fn verdict_of(name: &str, bytes: &[u8]) -> Verdict {
    let volumes = InMemory(vec![(name.to_owned(), bytes.to_vec())]);
    match name.contains("zst") {
        true => tar_zst::verify(&volumes, &mut quiet).unwrap(),
        false => tar_gz::verify(&volumes, &mut quiet).unwrap(),
    }
}

fn codes(name: &str, bytes: &[u8]) -> Vec<&'static str> {
    verdict_of(name, bytes).faults.iter().map(|fault| fault.code).collect()
}

/// A tar as it would lie in a gzip: for what our own writer does not write.
fn zipped(tar: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(tar).unwrap();
    encoder.finish().unwrap()
}

/// A header of any kind, for what our own writer does not write.
fn odd(name: &str, kind: u8, link: &str) -> Vec<u8> {
    let mut block = header::header(&Entry { name, size: 0 }, 0);
    block[156] = kind;
    block[157..157 + link.len()].copy_from_slice(link.as_bytes());
    seal(&mut block);
    block
}

fn seal(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn check_round(format: &str, level: u32, files: &Files) {
    let bytes = write_as(format, level, files);
    assert!(bytes == write_as(format, level, files), "{format} at {level} differs");
    let verdict = verdict_of(&format!("x.{format}"), &bytes);
    assert_eq!((verdict.faults, verdict.unchecked), (vec![], vec![]), "{format} at {level}");
    let found: Vec<_> =
        verdict.members.into_iter().map(|member| (member.name, member.size, member.crc32)).collect();
    let want: Vec<_> = files
        .iter()
        .map(|(name, bytes)| (name.clone(), bytes.len() as u64, Some(crc32fast::hash(bytes))))
        .collect();
    assert_eq!(found, want);
}

#[test]
fn files_are_read_back_at_every_level() {
    for level in 0..=9 {
        check_round("tar.gz", level, &sample());
    }
    for level in 1..=19 {
        check_round("tar.zst", level, &sample());
    }
    assert_eq!(size(&entries(&sample())).unwrap(), write_as("tar", 0, &sample()).len() as u64);
}

#[test]
fn foreign_programs_take_our_archives() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let files = sample();
    for format in ["tar", "tar.gz", "tar.zst"] {
        fs::write(place.join(format!("x.{format}")), write_as(format, 9, &files)).unwrap();
    }
    let unpacked = |folder: &str| {
        for (name, bytes) in &files {
            assert!(fs::read(place.join(folder).join(name)).unwrap() == *bytes, "{folder}: {name}");
        }
        fs::remove_dir_all(place.join(folder)).unwrap();
        fs::create_dir(place.join(folder)).unwrap();
    };
    fs::create_dir(place.join("to")).unwrap();
    for arguments in [["-xf", "x.tar"].as_slice(), &["-xzf", "x.tar.gz"], &["--zstd", "-xf", "x.tar.zst"]] {
        for program in ["tar", "bsdtar"] {
            let all = [arguments, &["-C", "to"]].concat();
            if let Some((good, text)) = run(program, &all, place) {
                assert!(good && text.is_empty(), "{program} {arguments:?}: {text}");
                unpacked("to");
            }
        }
    }
    let script = "import sys, tarfile\n\
        t = tarfile.open('x.tar.gz')\n\
        assert all(m.isreg() and m.mode == 0o644 and m.uid == m.gid == 0 and m.uname == m.gname == ''\n\
        \x20   and m.mtime == 1464090157 for m in t)\n\
        print(len(t.getnames()))";
    for (program, arguments, want) in [
        ("gzip", ["-t", "x.tar.gz"].as_slice(), ""),
        ("zstd", &["-q", "-t", "x.tar.zst"], ""),
        ("zstd", &["-lv", "x.tar.zst"], "XXH64"),
        ("7z", &["t", "-y", "x.tar"], "Everything is Ok"),
        ("python3", &["-c", script], "8"),
    ] {
        if let Some((good, text)) = run(program, arguments, place) {
            assert!(good && text.contains(want), "{program}: {text}");
        }
    }
}

#[test]
fn a_file_of_8_gib_gets_an_extended_header() {
    let directory = tempfile::tempdir().unwrap();
    for (size, blocks) in [(8u64 << 30, 3), ((8 << 30) - 1, 1)] {
        let head = header::header(&Entry { name: "big", size }, 1_464_090_157);
        assert_eq!(head.len(), blocks * 512);
        let file = fs::File::create(directory.path().join("x.tar")).unwrap();
        (&file).write_all(&head).unwrap();
        file.set_len(head.len() as u64 + size.next_multiple_of(512) + 1024).unwrap();
        if let Some((good, text)) = run("tar", &["-tvf", "x.tar"], directory.path()) {
            assert!(good && text.contains(&size.to_string()), "{text}");
        }
        let script = "import tarfile\nprint([m.size for m in tarfile.open('x.tar')])";
        if let Some((good, text)) = run("python3", &["-c", script], directory.path()) {
            assert!(good && text.trim() == format!("[{size}]"), "{text}");
        }
    }
    assert!(size(&[Entry { name: "a", size: u64::MAX }]).is_err());
}

#[test]
fn archives_of_other_programs_are_without_fault() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let long = "long".repeat(50);
    fs::create_dir_all(place.join("in").join(&long)).unwrap();
    for name in ["in/a.txt", "in/é", &format!("in/{long}/{long}")] {
        fs::write(place.join(name), "hello hello hello").unwrap();
    }
    for flavour in ["gnu", "pax", "ustar", "v7", "oldgnu"] {
        // The two old ones have no room for the long name.
        let what = if matches!(flavour, "ustar" | "v7") { "./a.txt" } else { "." };
        let arguments = [&format!("--format={flavour}"), "-czf", "x.tar.gz", "-C", "in", what];
        if let Some((good, text)) = run("tar", &arguments, place) {
            assert!(good, "{text}");
            let verdict = verdict_of("x.tar.gz", &fs::read(place.join("x.tar.gz")).unwrap());
            assert_eq!((verdict.faults, verdict.unchecked), (vec![], vec![]), "{flavour}");
            let plain = verdict.members.iter().filter(|member| !member.directory).count();
            assert_eq!(plain, if what == "." { 3 } else { 1 }, "{flavour}");
        }
    }
}

#[test]
fn damage_is_called_by_its_name() {
    for format in ["tar.gz", "tar.zst"] {
        let whole = write_as(format, 6, &sample());
        let name = format!("x.{format}");
        let check = |damage: &dyn Fn(&mut Vec<u8>), want: &[&str]| {
            let mut bytes = whole.clone();
            damage(&mut bytes);
            assert_eq!(codes(&name, &bytes), want, "{format}");
        };
        check(&|bytes| bytes.truncate(bytes.len() - 3), &["truncated"]);
        check(&|bytes| bytes.truncate(bytes.len() / 2), &["truncated"]);
        check(&|bytes| bytes.extend(b"more"), &["trailing-bytes"]);
        check(&|bytes| bytes.clear(), &["bad-content"]);
        check(&|bytes| *bytes = b"PK".to_vec(), &["bad-content"]);
        let at = whole.len() - 5;
        check(&|bytes| bytes[at] ^= 1, &["bad-content"]);
    }
    let tar = write_as("tar", 0, &sample());
    let check = |damage: &dyn Fn(&mut Vec<u8>), want: &[&str]| {
        let mut bytes = tar.clone();
        damage(&mut bytes);
        assert_eq!(codes("x.tgz", &zipped(&bytes)), want);
        // Under a name that promises no tar it is only a compressed file, unless it begins as a tar.
        let known = !verdict_of("x.gz", &zipped(&bytes)).members.is_empty();
        assert_eq!(codes("x.gz", &zipped(&bytes)), if known { want } else { &[] });
    };
    check(&|bytes| bytes[0] ^= 1, &["bad-header"]);
    check(&|bytes| bytes[150] ^= 1, &["bad-header"]);
    check(&|bytes| bytes.truncate(70_000), &["truncated"]);
    check(&|bytes| bytes.truncate(512 + 100_000), &["truncated"]);
    check(&|bytes| bytes.truncate(bytes.len() - 1024), &["truncated"]);
    check(&|bytes| bytes.extend([0; 9000]), &[]);
    check(&|bytes| bytes.extend(b"more"), &["trailing-bytes"]);
}

#[test]
fn what_must_not_be_unpacked_is_called_by_its_name() {
    let check = |blocks: &[Vec<u8>], want: &[&str]| {
        let tar = [blocks.concat(), vec![0; 1024]].concat();
        assert_eq!(codes("x.tgz", &zipped(&tar)), want);
    };
    check(&[odd("../a", b'0', "")], &["unsafe-name"]);
    check(&[odd("/a", b'0', "")], &["unsafe-name"]);
    check(&[odd("a\\b", b'0', "")], &["unsafe-name"]);
    check(&[odd("./a", b'0', ""), odd("./", b'5', ""), odd("b/", b'5', "")], &[]);
    check(&[odd("a", b'0', ""), odd("./a", b'0', "")], &["duplicate-name"]);
    check(&[odd("a/", b'5', ""), odd("a/", b'5', "")], &[]);
    check(&[odd("a", b'3', "")], &["special-file"]);
    for (name, kind, link, good) in [
        ("a", b'2', "b", true),
        ("a/b", b'2', "../c/d", true),
        ("a/b", b'2', "..", true),
        ("a/b", b'2', "../..", false),
        ("a", b'2', "../b", false),
        ("a", b'2', "/etc", false),
        ("a", b'2', "b/../..", false),
        ("a", b'1', "b/c", true),
        ("a", b'1', "../c", false),
    ] {
        check(&[odd(name, kind, link)], if good { &[] } else { &["unsafe-link"] });
    }
    check(&[odd("a", b'2', "b"), odd("a/c", b'0', "")], &["unsafe-link"]);
    let sparse = zipped(&[odd("a", b'S', ""), odd("b", b'Z', ""), vec![0; 1024]].concat());
    let verdict = verdict_of("x.tgz", &sparse);
    assert_eq!((verdict.faults.len(), verdict.unchecked.len()), (0, 2));
}

#[test]
fn several_frames_are_one_archive() {
    let tar = write_as("tar", 0, &sample());
    let (first, second) = tar.split_at(12_345);
    assert_eq!(codes("x.tgz", &[zipped(first), zipped(second)].concat()), Vec::<&str>::new());
    let skipped = b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec();
    let zstd = |bytes: &[u8]| zstd::stream::encode_all(bytes, 1).unwrap();
    let bytes = [skipped.clone(), zstd(first), skipped, zstd(second)].concat();
    assert_eq!(codes("x.tzst", &bytes), Vec::<&str>::new());
}

#[test]
fn a_watcher_can_end_the_work() {
    let bytes = write_as("tar.gz", 1, &sample());
    let volumes = InMemory(vec![("x.tgz".to_owned(), bytes)]);
    let stop = &mut |_| Err(io::Error::other("enough"));
    assert_eq!(tar_gz::verify(&volumes, stop).unwrap_err().to_string(), "enough");
}

#[test]
fn archives_in_the_corpus_are_read() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = std::env::var_os("BINDERY_CORPUS").map_or_else(beside, Into::into).join("archive");
    let Ok(listed) = fs::read_dir(&corpus) else {
        return eprintln!("SKIPPED: {} is not there", corpus.display());
    };
    for path in listed.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if [".tar.gz", ".tgz", ".tar.zst"].iter().any(|ending| name.ends_with(ending)) {
            assert_eq!(verdict_of(&name, &fs::read(&path).unwrap()).faults, [], "{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_files_are_read_back(
        files in prop::collection::btree_map("[a-zé]{1,60}(/[a-z ]{1,60}){0,4}", prop::collection::vec(0u8..4, 0..3000), 0..6),
    ) {
        let files: Files = files.into_iter().collect();
        check_round("tar.gz", 6, &files);
        check_round("tar.zst", 9, &files);
    }

    #[test]
    fn no_damage_breaks_the_reader(
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(), sealed in any::<bool>(),
    ) {
        let mut tar = write_as("tar", 0, &sample());
        for (at, byte) in &hits {
            // Most of the archive is one long file; what breaks readers is in the blocks around it.
            let at = (102_000 + at.index(tar.len() - 101_000)) % tar.len();
            tar[at] = *byte;
            let start = at / 512 * 512;
            if sealed {
                seal(&mut tar[start..start + 512]);
            }
        }
        codes("x.tgz", &zipped(&tar));
        for format in ["tar.gz", "tar.zst"] {
            let mut bytes = write_as(format, 3, &sample());
            for (at, byte) in &hits {
                let at = at.index(bytes.len());
                bytes[at] ^= *byte;
            }
            bytes.truncate(cut.index(bytes.len()) + 1);
            codes(&format!("x.{format}"), &bytes);
        }
    }
}
