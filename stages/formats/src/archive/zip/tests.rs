//! Archives, written and read back by us and by foreign programs.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use proptest::prelude::*;

use super::super::{InMemory, Verdict, run_foreign as run};
use super::*;

fn quiet(_: u64) -> io::Result<()> {
    Ok(())
}

/// An archive in memory, with a gap at times.
#[derive(Default)]
struct Pages {
    bytes: Vec<u8>,
    gap: Option<(usize, usize)>,
}

impl Write for Pages {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Gap for Pages {
    fn leave_gap(&mut self, len: u64) -> io::Result<()> {
        let start = self.bytes.len();
        self.bytes.extend(vec![0xff; len as usize]);
        assert_eq!(self.gap.replace((start, start + len as usize)), None);
        Ok(())
    }

    fn fill_gap(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (start, end) = self.gap.take().unwrap();
        self.bytes[start..end].copy_from_slice(bytes);
        Ok(())
    }

    fn withdraw_gap(&mut self) -> io::Result<()> {
        self.bytes.truncate(self.gap.take().unwrap().0);
        Ok(())
    }
}

/// How a file is added.
#[derive(Clone, Copy, Debug)]
enum Way {
    Add,
    Store,
    PourStored,
    PourDeflated,
}

fn add(writer: &mut Writer<Pages>, name: &str, bytes: &[u8], way: Way) -> Result<bool, Error> {
    let (size, crc32) = (bytes.len() as u64, crc32fast::hash(bytes));
    match way {
        Way::Add => {
            let mut packer = Packer::new(6);
            packer.content().extend(bytes);
            writer.add(name, &packer.pack(true)).map(|()| true)
        }
        Way::Store => writer.store(name, size, crc32, &mut Cursor::new(bytes), &mut quiet).map(|()| true),
        Way::PourStored => writer.pour(name, size, Method::Stored, |out| {
            out.write_all(bytes).map_err(Error::Write)?;
            Ok(crc32)
        }),
        Way::PourDeflated => writer.pour(name, size, Method::Deflated, |out| {
            let piece = deflate_piece(&[], bytes, true, 6).map_err(Error::Read)?;
            out.write_all(&piece).map_err(Error::Write)?;
            Ok(crc32)
        }),
    }
}

/// Writes files, each in another way than the one before.
fn write(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = Writer::new(Pages::default(), DosTime::from_unix(1_464_090_157));
    let ways = [Way::Add, Way::Store, Way::PourDeflated, Way::PourStored];
    for ((name, bytes), way) in files.iter().zip(ways.into_iter().cycle()) {
        if !add(&mut writer, name, bytes, way).unwrap() {
            assert!(add(&mut writer, name, bytes, Way::PourStored).unwrap());
        }
    }
    writer.finish().unwrap().bytes
}

fn sample() -> Vec<(String, Vec<u8>)> {
    let noise = (0..5000u32).map(|at| blake3::hash(&at.to_le_bytes()).as_bytes()[0]).collect();
    [("a.txt", vec![b'a'; 100_000]), ("s/b.bin", noise), ("é.nfo", b"x".to_vec()), ("empty", Vec::new())]
        .map(|(name, bytes)| (name.to_owned(), bytes))
        .into()
}

fn verdict(bytes: &[u8]) -> Verdict {
    verify(&InMemory(vec![("x.zip".to_owned(), bytes.to_vec())]), &mut quiet).unwrap()
}

fn codes(bytes: &[u8]) -> Vec<&'static str> {
    verdict(bytes).faults.iter().map(|fault| fault.code).collect()
}

fn check(files: &[(String, Vec<u8>)]) {
    let bytes = write(files);
    let verdict = verdict(&bytes);
    assert_eq!(verdict.faults, []);
    let found: Vec<_> =
        verdict.members.into_iter().map(|member| (member.name, member.size, member.crc32)).collect();
    let want: Vec<_> = files
        .iter()
        .map(|(name, bytes)| (name.clone(), bytes.len() as u64, Some(crc32fast::hash(bytes))))
        .collect();
    assert_eq!(found, want);
}

/// All foreign readers must take the archive for whole.
fn check_foreign(bytes: &[u8], files: usize) {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("x.zip"), bytes).unwrap();
    let script = "import sys, zipfile\nz = zipfile.ZipFile('x.zip')\nassert z.testzip() is None\nprint(len(z.namelist()))";
    let count = files.to_string();
    for (program, arguments, want) in [
        ("unzip", ["-t", "-qq", "x.zip"].as_slice(), ""),
        ("7z", &["t", "-y", "x.zip"], "Everything is Ok"),
        ("python3", &["-c", script], &count),
    ] {
        if let Some((good, text)) = run(program, arguments, directory.path()) {
            assert!(
                good && text.contains(want) && !text.to_lowercase().contains("warning"),
                "{program}: {text}"
            );
        }
    }
}

#[test]
fn foreign_readers_take_our_archives() {
    check(&sample());
    check_foreign(&write(&sample()), 4);
}

#[test]
fn more_files_than_16_bits_count_are_read() {
    let files: Vec<_> = (0..70_000).map(|index| (format!("f{index}"), Vec::new())).collect();
    let bytes = write(&files);
    assert_eq!(verdict(&bytes).members.len(), 70_000);
    assert_eq!(codes(&bytes), Vec::<&str>::new());
    check_foreign(&bytes, 70_000);
}

#[test]
fn the_same_input_gives_the_same_bytes_without_extra_fields() {
    let bytes = write(&sample());
    assert_eq!(bytes, write(&sample()));
    // Needs 2.0, no flags, deflated, 2016-05-24 11:42:36.
    assert_eq!(bytes[4..14], [20, 0, 0, 0, 8, 0, 0x52, 0x5d, 0xb8, 0x48]);
    assert_eq!(bytes[26..30], [5, 0, 0, 0]);
}

#[test]
fn what_does_not_shrink_is_stored() {
    for way in [Way::Add, Way::PourDeflated] {
        let mut writer = Writer::new(Pages::default(), DosTime::EARLIEST);
        let (name, noise) = &sample()[1];
        if !add(&mut writer, name, noise, way).unwrap() {
            assert_eq!(writer.out.bytes, b"");
            add(&mut writer, name, noise, Way::PourStored).unwrap();
        }
        let bytes = writer.finish().unwrap().bytes;
        assert_eq!(bytes[8..10], [0, 0], "{way:?}");
        assert_eq!(codes(&bytes), Vec::<&str>::new());
    }
}

#[test]
fn however_a_file_is_stored_the_bytes_are_the_same() {
    let archive = |way: Way| {
        let mut writer = Writer::new(Pages::default(), DosTime::EARLIEST);
        add(&mut writer, "a", &sample()[1].1, way).unwrap();
        writer.finish().unwrap().bytes
    };
    assert!(archive(Way::Store) == archive(Way::PourStored) && archive(Way::Store) == archive(Way::Add));
}

#[test]
fn names_that_must_not_be_in_an_archive_are_refused() {
    let store = |writer: &mut Writer<Vec<u8>>, name: &str| {
        writer.store(name, 0, 0, &mut io::empty(), &mut quiet).map_err(|error| error.to_string())
    };
    let mut writer = Writer::new(Vec::new(), DosTime::EARLIEST);
    for (name, want) in [
        ("../a", "`../a` cannot be packed: the name has a `.` or `..` component"),
        ("/a", "`/a` cannot be packed: the name is absolute"),
        ("a\\b", "`a\\\\b` cannot be packed: the name has a backslash"),
        ("ok", ""),
        ("ok", "`ok` is there twice"),
    ] {
        assert_eq!(store(&mut writer, name).err().unwrap_or_default(), want);
    }
    assert!(
        store(&mut writer, &"x".repeat(65_536)).unwrap_err().ends_with("too long a name for the archive")
    );
}

#[test]
fn a_source_that_is_not_as_said_is_an_error() {
    for (size, crc32) in [(3, 0), (4, 0x3524_41c2), (2, 0x3524_41c2)] {
        let mut writer = Writer::new(Vec::new(), DosTime::EARLIEST);
        let error = writer.store("a", size, crc32, &mut b"abc".as_slice(), &mut quiet).unwrap_err();
        assert_eq!(error.to_string(), "`a` changed while it was packed");
        let mut writer = Writer::new(Pages::default(), DosTime::EARLIEST);
        let poured: Result<bool, Error> = writer.pour("a", size + 7, Method::Stored, |out| {
            out.write_all(b"abc").map_err(Error::Write)?;
            Ok(crc32)
        });
        assert_eq!(poured.unwrap_err().to_string(), "`a` changed while it was packed");
    }
}

#[test]
fn damage_is_called_by_its_name() {
    let bytes = write(&sample());
    let stored = bytes.windows(7).position(|window| window == b"s/b.bin").unwrap() + 100;
    let damaged = |damage: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        damage(&mut bytes);
        codes(&bytes)
    };
    assert_eq!(damaged(&|bytes| bytes[stored] ^= 1), ["file-crc"]);
    assert!(!damaged(&|bytes| bytes[60] ^= 0xff).is_empty(), "in deflated bytes");
    assert_eq!(damaged(&|bytes| bytes[16] ^= 1), ["header-mismatch"]);
    assert_eq!(damaged(&|bytes| bytes.truncate(1000)), ["bad-directory"]);
    let rename = |bytes: &mut Vec<u8>, from: &[u8], to: &[u8]| {
        for at in 0..bytes.len() - from.len() {
            if bytes[at..].starts_with(from) {
                bytes[at..at + to.len()].copy_from_slice(to);
            }
        }
    };
    assert_eq!(damaged(&|bytes| rename(bytes, b"s/b.bin", b"../.bin")), ["unsafe-name"]);
    assert_eq!(damaged(&|bytes| rename(bytes, b"empty", b"a.txt"))[0], "duplicate-name");
}

#[test]
fn an_archive_that_unpacks_to_too_much_is_given_up_on() {
    let volumes = InMemory(vec![("x.zip".to_owned(), write(&sample()))]);
    for limits in [Limits { total: 104_000, ratio: 1100 }, Limits { total: 1 << 40, ratio: 10 }] {
        let verdict = verify_within(limits, &volumes, &mut quiet).unwrap();
        assert_eq!(verdict.faults[0].code, "too-large");
    }
}

#[test]
fn archives_of_other_programs_are_without_fault() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = std::env::var_os("BINDERY_CORPUS").map_or_else(beside, Into::into).join("archive");
    for name in ["unicode.zip", "deflate.zip", "zip64.zip"] {
        match fs::read(corpus.join(name)) {
            Ok(bytes) => assert_eq!(verdict(&bytes).faults, [], "{name}"),
            Err(_) => eprintln!("SKIPPED: {name} is not in {}", corpus.display()),
        }
    }
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.txt"), "hello hello hello hello hello").unwrap();
    for arguments in [["-q", "plain.zip", "a.txt"].as_slice(), &["-q", "-P", "secret", "locked.zip", "a.txt"]]
    {
        if run("zip", arguments, directory.path()).is_some() {
            let name = arguments[arguments.len() - 2];
            let verdict = verdict(&fs::read(directory.path().join(name)).unwrap());
            assert_eq!(verdict.faults, [], "{name}");
            assert_eq!(verdict.unchecked.len(), usize::from(name == "locked.zip"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_files_are_read_back(
        files in prop::collection::btree_map("[a-zé]{1,9}(/[a-z ]{1,5})?", prop::collection::vec(0u8..4, 0..3000), 0..6),
    ) {
        check(&files.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn torn_archives_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), cut: prop::sample::Index,
    ) {
        let mut bytes = write(&sample());
        let keep = bytes.len() - cut.index(bytes.len()) / 50;
        bytes.truncate(keep);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        verdict(&bytes);
    }

    #[test]
    fn a_changed_byte_of_a_file_is_a_fault(at in 0usize..5000, change in 1u8..) {
        let mut bytes = write(&sample());
        let start = bytes.windows(7).position(|window| window == b"s/b.bin").unwrap() + 7;
        bytes[start + at] ^= change;
        prop_assert_eq!(codes(&bytes), ["file-crc"]);
    }
}
