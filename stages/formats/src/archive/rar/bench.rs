//! What the tests of all generations of RAR share: sets made in memory, and foreign programs that judge them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use super::super::volumes::set_of;
use super::super::{Fault, InMemory, Verdict, run_foreign as run};
use super::*;

/// Volumes with their names.
pub type Set = Vec<(String, Vec<u8>)>;

/// Writes the volumes of a layout with the bytes that `byte` says.
pub fn write<D: Dialect>(layout: &Layout<D>, mut sums: D::Sums, byte: &dyn Fn(usize, u64) -> u8) -> Set {
    let mut source = |entry, offset, room: &mut [u8]| {
        for (place, out) in (offset..).zip(room) {
            *out = byte(entry, place);
        }
        Ok(())
    };
    let volume = |(index, volume): (usize, &Volume)| {
        let mut out = Vec::new();
        let done = write_volume(layout, index, &mut sums, &mut source, &mut out, &mut |_| Ok(())).unwrap();
        assert_eq!((done.size, volume.size), (out.len() as u64, out.len() as u64));
        assert_eq!(done.crc32, crc32fast::hash(&out));
        (volume.name.clone(), out)
    };
    layout.volumes().iter().enumerate().map(volume).collect()
}

pub fn byte_of(entry: usize, place: u64) -> u8 {
    (place.wrapping_mul(2_654_435_761) >> 11) as u8 ^ entry as u8
}

/// Files of these sizes with names of several kinds.
pub fn files<T: Copy>(sizes: &[u64], time: T) -> Vec<Entry<T>> {
    let name = |index| ["movie.mkv", "sub/a b.txt", "ünï/漢字.nfo", "d/e/f.bin"][index % 4];
    let file = |(index, size): (usize, &u64)| Entry::file(format!("{index}{}", name(index)), *size, time);
    sizes.iter().enumerate().map(file).collect()
}

pub fn verdict(reading: &'static Reading, set: &[(String, Vec<u8>)]) -> Verdict {
    verify(reading, &InMemory(set.to_vec()), &mut |_| Ok(())).unwrap()
}

pub fn codes(faults: &[Fault]) -> Vec<&'static str> {
    faults.iter().map(|fault| fault.code).collect()
}

/// The set must be without fault and hold these files with the bytes of [`byte_of`].
pub fn check<T>(reading: &'static Reading, entries: &[Entry<T>], set: &Set) {
    let verdict = verdict(reading, set);
    assert_eq!(verdict.faults, []);
    assert_eq!(verdict.unchecked, []);
    assert_eq!(verdict.members.len(), entries.len());
    for (index, (entry, member)) in entries.iter().zip(&verdict.members).enumerate() {
        let want: Vec<u8> = (0..entry.size).map(|place| byte_of(index, place)).collect();
        assert_eq!((&member.name, member.size), (&entry.name, entry.size));
        assert_eq!(member.crc32, Some(crc32fast::hash(&want)));
        let mut got = Vec::new();
        extract(reading, &InMemory(set.clone()), &entry.name, &mut got).unwrap();
        assert_eq!(got, want);
    }
}

pub fn put(set: &[(String, Vec<u8>)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in set {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    directory
}

/// A 7-Zip that knows RAR, which some distributions build it without.
pub fn seven_zip() -> Option<&'static str> {
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
pub fn check_foreign(reading: &'static Reading, set: &[(String, Vec<u8>)], files: usize) {
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
        let unknown = text.matches("Unknown").count();
        let passed = format!("{} passed, 0 failed", files - unknown);
        assert!(good && text.contains(&passed), "{text}");
    }
    let size: u64 = verdict(reading, set).members.iter().map(|member| member.size).sum();
    check_rarfile(first, place, &format!("{} {size}", set.len()));
}

fn check_rarfile(first: &str, place: &Path, want: &str) {
    let script = "import sys\ntry:\n    import rarfile\nexcept ImportError:\n    sys.exit(77)\n\
                  r = rarfile.RarFile(sys.argv[1])\nr.testrar()\n\
                  print(len(r.volumelist()), sum(i.file_size for i in r.infolist()))";
    let python = env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    match run(&python, &["-c", script, first], place) {
        Some((true, text)) => assert_eq!(text.trim(), want),
        Some((false, text)) if text.is_empty() => eprintln!("SKIPPED: rarfile is not installed"),
        Some((_, text)) => panic!("{text}"),
        None => {}
    }
}

/// A foreign program that reads archives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    SevenZip,
    Lsar,
}

impl Foreign {
    fn program(self) -> Option<&'static str> {
        match self {
            Self::SevenZip => seven_zip(),
            Self::Lsar => Some("lsar"),
        }
    }
}

/// These must find fault with the set.
pub fn check_foreign_refuse(set: &[(String, Vec<u8>)], readers: &[Foreign]) {
    let directory = put(set);
    for reader in readers {
        let argument = if *reader == Foreign::SevenZip { "t" } else { "-t" };
        let Some(program) = reader.program() else { continue };
        if let Some((good, text)) = run(program, &[argument, &set[0].0], directory.path()) {
            assert!(!good, "{program}: {text}");
        }
    }
}

/// The listings of these must show that size.
pub fn check_foreign_listing(directory: &Path, first: &str, size: u64, readers: &[Foreign]) {
    for reader in readers {
        let argument = if *reader == Foreign::SevenZip { "l" } else { "-l" };
        let Some(program) = reader.program() else { continue };
        if let Some((good, text)) = run(program, &[argument, first], directory) {
            assert!(good && text.contains(&size.to_string()), "{program}: {text}");
        }
    }
}

/// Every archive of the generation in the corpus and in rarfile's tests must be without fault, but for those named.
pub fn check_official(reading: &'static Reading, but: &[&str]) {
    let mut folders = vec![corpus().join("archive")];
    folders.extend(rarfile_tests());
    for folder in folders {
        let Ok(files) = fs::read_dir(&folder) else {
            eprintln!("SKIPPED: {} is not there", folder.display());
            continue;
        };
        for path in files.map(|file| file.unwrap().path()) {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let later = super::super::volumes::place(&name).is_none_or(|place| place.index > 0);
            if later || but.contains(&name.as_str()) || !fs::read(&path).unwrap().starts_with(reading.marker)
            {
                continue;
            }
            let verdict = verdict(reading, &read_set(&folder, &name));
            assert_eq!(verdict.faults, [], "{name}");
            assert!(!verdict.members.is_empty() || !verdict.unchecked.is_empty(), "{name}");
        }
    }
}

/// The folder `test/files` of rarfile's source.
pub fn rarfile_tests() -> Option<PathBuf> {
    let folder = env::var_os("RARFILE_TESTS").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: RARFILE_TESTS does not name the test/files folder of rarfile's source");
    }
    folder
}

fn corpus() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    env::var_os("BINDERY_CORPUS").map_or_else(beside, PathBuf::from)
}

pub fn read_set(directory: &Path, first: &str) -> Set {
    let files = fs::read_dir(directory).unwrap();
    let names: Vec<String> = files.filter_map(|file| file.unwrap().file_name().into_string().ok()).collect();
    let read = |name: String| {
        let bytes = fs::read(directory.join(&name)).unwrap();
        (name, bytes)
    };
    set_of(first, &names).volumes.into_iter().map(read).collect()
}
