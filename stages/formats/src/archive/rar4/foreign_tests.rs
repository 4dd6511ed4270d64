//! Foreign programs judge our sets, and we judge theirs.

use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::digest::crc32_combine;

use super::super::volumes::set_of;
use super::super::{InMemory, Verdict, run_foreign as run, sniff};
use super::set_tests::{byte_of, entries, options, pack, pack_bytes};
use super::*;

fn put(set: &[(String, Vec<u8>)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in set {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    directory
}

/// A 7-Zip that knows RAR, which some distributions build it without.
fn seven_zip() -> Option<&'static str> {
    let knows = |program: &&str| {
        let formats = Command::new(program).arg("i").output();
        formats.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("Rar"))
    };
    let found = ["7z", "7zz"].into_iter().find(knows);
    if found.is_none() {
        eprintln!("SKIPPED: there is no 7z that reads RAR");
    }
    found
}

/// All foreign readers must take the set for whole, and find all of it.
fn check(set: &[(String, Vec<u8>)], files: usize) {
    let directory = put(set);
    let (first, place) = (set[0].0.as_str(), directory.path());
    if let Some((good, text)) = seven_zip().and_then(|program| run(program, &["t", "-y", first], place)) {
        assert!(good && text.contains("Everything is Ok"), "{text}");
        assert!(!text.to_lowercase().contains("warning"), "{text}");
        if set.len() > 1 {
            let line = format!("Volumes = {}", set.len());
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
    }
    if let Some((good, text)) = run("lsar", &["-t", first], place) {
        assert!(good && text.contains(&format!("{files} passed, 0 failed.")), "{text}");
    }
    let script = "import sys\ntry:\n    import rarfile\nexcept ImportError:\n    sys.exit(77)\n\
                  r = rarfile.RarFile(sys.argv[1])\nr.testrar()\n\
                  print(len(r.volumelist()), sum(i.file_size for i in r.infolist()))";
    match run("python3", &["-c", script, first], place) {
        Some((true, text)) => {
            let size: u64 = verdict(set).members.iter().map(|member| member.size).sum();
            assert_eq!(text.trim(), format!("{} {size}", set.len()));
        }
        Some((false, text)) if text.is_empty() => eprintln!("SKIPPED: rarfile is not installed"),
        Some((_, text)) => panic!("{text}"),
        None => {}
    }
}

fn verdict(set: &[(String, Vec<u8>)]) -> Verdict {
    verify(&mut InMemory(set.to_vec()), &mut |_| Ok(())).unwrap()
}

#[test]
fn foreign_readers_take_single_archives() {
    check(&pack(entries(&[1000, 0, 7]), "x", Options::default()), 3);
    let host = Host::Windows;
    check(&pack(entries(&[5]), "x", Options { host, extended_time: true, ..Options::default() }), 1);
}

#[test]
fn foreign_readers_take_sets_of_both_namings() {
    for naming in [Naming::Old, Naming::Part] {
        check(&pack(entries(&[30_000, 10, 5_000]), "a.b-GRP", options(9_999, naming)), 3);
        check(&pack(entries(&[112 * (1000 - 82) + 1]), "x", options(1000, naming)), 1);
        check(&pack(entries(&[50]), "x", options(1000, naming)), 1);
    }
}

#[test]
fn foreign_readers_take_volumes_that_close_early_or_end_with_a_file() {
    // A volume of 200 has room for 118 bytes of the first file; the second has a header of 44.
    for first in [118, 117, 118 - 43, 118 - 44, 118 - 45, 236] {
        for second in [0, 1, 100] {
            check(&pack(entries(&[first, second]), "x", options(200, Naming::Old)), 2);
        }
    }
}

#[test]
fn foreign_readers_notice_the_damage_we_notice() {
    let mut set = pack(entries(&[3_000]), "x", options(1000, Naming::Old));
    set[1].1[500] ^= 1;
    assert!(!verdict(&set).faults.is_empty());
    let directory = put(&set);
    for (program, argument) in seven_zip().map(|program| (program, "t")).into_iter().chain([("lsar", "-t")]) {
        if let Some((good, text)) = run(program, &[argument, "x.rar"], directory.path()) {
            assert!(!good, "{program}: {text}");
        }
    }
}

#[test]
fn sets_of_official_rar_are_without_fault_and_rebuilt_byte_for_byte() {
    let Some(directory) = env::var_os("RARFILE_TESTS").map(PathBuf::from) else {
        eprintln!("SKIPPED: RARFILE_TESTS does not name the test/files folder of rarfile's source");
        return;
    };
    for (first, base, naming) in
        [("rar3-old.rar", "rar3-old", Naming::Old), ("rar3-vols.part1.rar", "rar3-vols", Naming::Part)]
    {
        let set = read_set(&directory, first);
        assert_eq!(verdict(&set).faults, []);
        let content = |name: &str| {
            let mut bytes = Vec::new();
            extract(&mut InMemory(set.clone()), name, &mut bytes).unwrap();
            bytes
        };
        let (big, small) = (content("vols/bigfile.txt"), content("vols/smallfile.txt"));
        // 2016-05-24 11:42:37 and :43, as the headers say with their odd second.
        let file = |name: &str, size: usize, time| Entry {
            mode: 0o100_664,
            ..Entry::file(name, size as u64, DosTime::from_unix(time))
        };
        let entries = vec![
            file("vols/bigfile.txt", big.len(), 1_464_090_157),
            file("vols/smallfile.txt", small.len(), 1_464_090_163),
        ];
        let options = Options { extended_time: true, ..options(102_400, naming) };
        let byte = |entry: usize, place: u64| [&big, &small][entry][place as usize];
        let ours = pack_bytes(entries, base, options, &byte);
        assert!(ours == set, "{base} differs");
    }
}

#[test]
fn archives_of_official_rar_are_without_fault() {
    let mut folders = vec![corpus().join("archive")];
    folders.extend(env::var_os("RARFILE_TESTS").map(PathBuf::from));
    for folder in folders {
        let Ok(files) = fs::read_dir(&folder) else {
            eprintln!("SKIPPED: {} is not there", folder.display());
            continue;
        };
        for path in files.map(|file| file.unwrap().path()) {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let later = super::super::volumes::place(&name).is_none_or(|place| place.index > 0);
            if later || sniff(&fs::read(&path).unwrap()).is_none_or(|format| format.name != "rar4") {
                continue;
            }
            let verdict = verdict(&read_set(&folder, &name));
            assert_eq!(verdict.faults, [], "{name}");
            assert!(!verdict.members.is_empty() || !verdict.unchecked.is_empty(), "{name}");
        }
    }
}

#[test]
fn foreign_readers_know_the_size_of_files_beyond_4_gib() {
    let size = (1 << 32) + 1000;
    let layout = Layout::new(entries(&[size, 5]), "x", options(3 << 30, Naming::Old)).unwrap();
    let mut crcs = PartCrcs::new(&layout);
    for (index, part) in layout.parts().iter().enumerate() {
        crcs.set(index, crc_of_zeros(part.len));
    }
    let directory = tempfile::tempdir().unwrap();
    for (index, volume) in layout.volumes().iter().enumerate() {
        // Nothing but the headers takes space: the files are holes.
        let mut file = fs::File::create(directory.path().join(&volume.name)).unwrap();
        file.set_len(volume.size).unwrap();
        for (at, piece) in seal(&layout, index, &crcs).unwrap().pieces {
            file.seek(SeekFrom::Start(at)).unwrap();
            file.write_all(&piece).unwrap();
        }
    }
    let want = size.to_string();
    let listings =
        seven_zip().map(|program| (program, ["l", "x.rar"])).into_iter().chain([("lsar", ["-l", "x.rar"])]);
    for (program, arguments) in listings {
        if let Some((good, text)) = run(program, &arguments, directory.path()) {
            assert!(good && text.contains(&want), "{program}: {text}");
        }
    }
}

/// CRC-32 of so many zero bytes, by doubling.
fn crc_of_zeros(len: u64) -> u32 {
    match len {
        0 => 0,
        1 => crc32fast::hash(&[0]),
        _ => {
            let half = crc_of_zeros(len / 2);
            let even = crc32_combine(half, half, len / 2);
            crc32_combine(even, crc_of_zeros(len % 2), len % 2)
        }
    }
}

fn corpus() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    env::var_os("BINDERY_CORPUS").map_or_else(beside, PathBuf::from)
}

fn read_set(directory: &Path, first: &str) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(directory).unwrap();
    let names: Vec<String> = files.filter_map(|file| file.unwrap().file_name().into_string().ok()).collect();
    let read = |name: String| {
        let bytes = fs::read(directory.join(&name)).unwrap();
        (name, bytes)
    };
    set_of(first, &names).volumes.into_iter().map(read).collect()
}

#[test]
fn unicode_names_come_out_of_foreign_readers_as_they_went_in() {
    let directory = put(&pack(entries(&[1, 2, 3]), "x", Options::default()));
    if let Some((_, text)) = run("lsar", &["x.rar"], directory.path()) {
        assert!(text.contains("2ünï/漢字.nfo"), "{text}");
    }
    if let Some((_, text)) = run("unar", &["-q", "-D", "x.rar"], directory.path()) {
        let found = fs::read(directory.path().join("2ünï/漢字.nfo")).expect(&text);
        assert_eq!(found, (0..3).map(|place| byte_of(2, place)).collect::<Vec<u8>>());
    }
}
