//! What every type of destination must do, tried on one that is given: the same for a folder and for real servers.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use engine::StageError;
use formats::digest::Digester;

use crate::bench::noise;
use crate::upload::destination::{Connection, Destination};

/// What differs between types.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traits {
    /// It tells when a new name is taken.
    pub(super) tells_taken: bool,
    /// It takes digests.
    pub(super) hashes: bool,
    /// It says how much is free.
    pub(super) free: bool,
}

/// More than one block of any type, and no multiple of one.
const SIZE: usize = 1_300_007;

/// Runs the whole suite in the folder `in` of a destination whose own folder is `home`.
pub(super) fn suite(destination: &dyn Destination, home: &Path, traits: Traits) {
    let mut far = destination.connect().unwrap();
    let far = far.as_mut();
    folders_are_made(far, home);
    files_are_written_and_replaced(far, home);
    files_are_gone_on_with(far, home);
    small_files_go_by_the_handful(far, home);
    parts_are_read(far);
    names_are_listed(far, home);
    files_are_renamed(far, home, traits);
    files_are_proven(far, traits);
    files_and_folders_are_removed(far, home);
    commands_cannot_be_smuggled_in(far, home);
    far.keep_alive().unwrap();
    assert_eq!(far.free().unwrap().is_some_and(|free| free > 0), traits.free);
    // Last, because it may cost the connection.
    a_source_that_fails_says_so_itself(far);
    // Sessions of TLS must be good for any number of transfers, on each of several connections.
    let (mut one, mut other) = (destination.connect().unwrap(), destination.connect().unwrap());
    for number in 0..8 {
        for (who, far) in [("one", &mut one), ("other", &mut other)] {
            put(far.as_mut(), &format!("in/{who}{number}"), &noise(70_000, number));
        }
    }
}

/// Writes a whole file.
pub(super) fn put(far: &mut dyn Connection, path: &str, bytes: &[u8]) {
    assert_eq!(far.put(path, 0, &mut &bytes[..]).unwrap(), bytes.len() as u64, "{path}");
}

fn got(far: &mut dyn Connection, path: &str, offset: u64, length: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    assert_eq!(far.get(path, offset, length, &mut bytes).unwrap(), bytes.len() as u64);
    bytes
}

fn small_files_go_by_the_handful(far: &mut dyn Connection, home: &Path) {
    far.make_folder("in/small").unwrap();
    let bytes = |number: usize| noise(number * 1_000, number as u64);
    for number in 0..40 {
        let sent = far.put_unconfirmed(&format!("in/small/{number}"), &mut &bytes(number)[..]).unwrap();
        assert_eq!(sent, number as u64 * 1_000);
    }
    far.settle().unwrap();
    far.settle().unwrap();
    assert_eq!(far.list("in/small").unwrap().len(), 40);
    for number in 0..40 {
        assert!(fs::read(home.join(format!("in/small/{number}"))).unwrap() == bytes(number), "{number}");
    }
    // A file that cannot be opened is told at once or at the end, and the rest arrives.
    let refused = far.put_unconfirmed("in/nowhere/a", &mut &b"x"[..]);
    assert!(refused.and_then(|_| far.settle()).is_err());
    far.put_unconfirmed("in/small/last", &mut &b"last"[..]).unwrap();
    far.settle().unwrap();
    assert_eq!(fs::read(home.join("in/small/last")).unwrap(), b"last");
}

fn size(far: &mut dyn Connection, path: &str) -> Option<u64> {
    far.stat(path).unwrap().map(|entry| entry.size)
}

fn folders_are_made(far: &mut dyn Connection, home: &Path) {
    assert_eq!(far.stat("in/new/deep").unwrap(), None);
    far.make_folder("in/new/deep").unwrap();
    far.make_folder("in/new/deep").unwrap();
    assert!(home.join("in/new/deep").is_dir());
    let found = far.stat("in/new/deep").unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.folder, found.size), ("deep", true, 0));
    far.make_folder("").unwrap();
    assert!(far.stat("").unwrap().unwrap().folder);
}

fn files_are_written_and_replaced(far: &mut dyn Connection, home: &Path) {
    for bytes in [noise(SIZE, 1), noise(900, 2), Vec::new(), noise(SIZE, 3)] {
        put(far, "in/a file.bin", &bytes);
        assert!(fs::read(home.join("in/a file.bin")).unwrap() == bytes, "{} bytes", bytes.len());
        assert_eq!(size(far, "in/a file.bin"), Some(bytes.len() as u64));
    }
    for bytes in [noise(900, 4), Vec::new(), noise(20_000, 5)] {
        let sent = far.put_unconfirmed("in/a file.bin", &mut &bytes[..]).unwrap();
        assert_eq!((sent, size(far, "in/a file.bin")), (bytes.len() as u64, Some(bytes.len() as u64)));
        assert!(fs::read(home.join("in/a file.bin")).unwrap() == bytes, "{} bytes", bytes.len());
    }
}

fn files_are_gone_on_with(far: &mut dyn Connection, home: &Path) {
    let bytes = noise(SIZE, 4);
    for cut in [1, 65_536, 700_001, SIZE] {
        put(far, "in/resumed", &bytes[..cut]);
        let sent = far.put("in/resumed", cut as u64, &mut &bytes[cut..]).unwrap();
        assert_eq!(sent, (SIZE - cut) as u64);
        assert!(fs::read(home.join("in/resumed")).unwrap() == bytes, "cut at {cut}");
    }
}

fn parts_are_read(far: &mut dyn Connection) {
    let bytes = noise(SIZE, 4);
    for (offset, length) in [(0, 10), (0, SIZE), (500_000, 600_000), (SIZE - 5, 100), (SIZE, 1), (7, 0)] {
        let wanted = &bytes[offset..(offset + length).min(SIZE)];
        assert!(got(far, "in/resumed", offset as u64, length as u64) == wanted, "{length} at {offset}");
    }
    let error = far.get("in/none", 0, 1, &mut io::sink()).unwrap_err();
    assert_eq!((&*error.code, error.retriable), ("remote/missing", false), "{error}");
}

fn names_are_listed(far: &mut dyn Connection, home: &Path) {
    let names = ["a b", "Ünïcode – 名", "-dash", "it's", "x;type=dir; y", ".hidden", "100%", "[1]*"];
    far.make_folder("in/odd/folder").unwrap();
    let mut wanted = BTreeMap::from([("folder".to_owned(), (true, 0))]);
    for (number, name) in names.iter().enumerate() {
        put(far, &format!("in/odd/{name}"), &vec![b'x'; number]);
        wanted.insert((*name).to_owned(), (false, number as u64));
        assert!(home.join("in/odd").join(name).is_file(), "{name}");
    }
    let found = far.list("in/odd").unwrap();
    let found: BTreeMap<_, _> =
        found.into_iter().map(|entry| (entry.name, (entry.folder, entry.size))).collect();
    assert_eq!(found, wanted);
    for (name, entry) in wanted {
        let there = far.stat(&format!("in/odd/{name}")).unwrap().unwrap();
        assert_eq!((there.name, (there.folder, there.size)), (name, entry));
    }
    assert!(far.list("in/odd/folder").unwrap().is_empty());
    assert!(far.list("").unwrap().iter().any(|entry| entry.name == "in" && entry.folder));
}

fn files_are_renamed(far: &mut dyn Connection, home: &Path, traits: Traits) {
    put(far, "in/old name", b"old");
    far.rename("in/old name", "in/new/name").unwrap();
    assert_eq!((size(far, "in/old name"), size(far, "in/new/name")), (None, Some(3)));
    far.rename("in/new/deep", "in/new/deeper").unwrap();
    assert!(home.join("in/new/deeper").is_dir());
    put(far, "in/other", b"other");
    match far.rename("in/other", "in/new/name") {
        Ok(()) => assert!(!traits.tells_taken),
        Err(error) => {
            assert_eq!((&*error.code, error.retriable), ("remote/exists", false), "{error}");
            assert_eq!(fs::read(home.join("in/new/name")).unwrap(), b"old");
            assert_eq!(fs::read(home.join("in/other")).unwrap(), b"other");
        }
    }
    assert_eq!(&*far.rename("in/none", "in/nothing").unwrap_err().code, "remote/missing");
}

fn files_are_proven(far: &mut dyn Connection, traits: Traits) {
    let bytes = noise(SIZE, 4);
    for path in ["in/resumed", "in/odd/it's named"] {
        put(far, path, &bytes);
        let digest = |name: &str| {
            let mut digester = Digester::new([name]).unwrap();
            digester.update(&bytes);
            digester.finish().remove(name).unwrap()
        };
        let found = far.hash(path, &["blake3", "sha256", "crc32", "md5"]).unwrap();
        assert_eq!(found, traits.hashes.then(|| ("sha256".to_owned(), digest("sha256"))), "{path}");
        let weaker = far.hash(path, &["md5"]).unwrap();
        assert_eq!(weaker, traits.hashes.then(|| ("md5".to_owned(), digest("md5"))), "{path}");
        assert_eq!(far.hash(path, &["blake3"]).unwrap(), None);
    }
    if far.truncate("in/resumed", 1000).unwrap() {
        assert!(got(far, "in/resumed", 0, 2000) == bytes[..1000]);
    }
}

fn files_and_folders_are_removed(far: &mut dyn Connection, home: &Path) {
    far.remove("in/other").unwrap();
    far.remove("in/other").unwrap();
    far.remove_folder("in/new/deeper").unwrap();
    far.remove_folder("in/new/deeper").unwrap();
    assert!(!home.join("in/other").exists() && !home.join("in/new/deeper").exists());
    far.remove_folder("in/new").unwrap_err();
    assert!(home.join("in/new/name").is_file());
}

fn commands_cannot_be_smuggled_in(far: &mut dyn Connection, home: &Path) {
    for path in ["in/a\r\nDELE in/resumed", "in/a\nb", "in/\0"] {
        let refused = |result: Result<(), StageError>| {
            assert_eq!(&*result.unwrap_err().code, "remote/name");
        };
        refused(far.put(path, 0, &mut &b"x"[..]).map(drop));
        refused(far.stat(path).map(drop));
        refused(far.list(path).map(drop));
        refused(far.get(path, 0, 1, &mut io::sink()).map(drop));
        refused(far.make_folder(path));
        refused(far.rename("in/resumed", path));
        refused(far.remove(path));
        refused(far.remove_folder(path));
        refused(far.hash(path, &["md5"]).map(drop));
    }
    assert!(home.join("in/resumed").is_file());
}

fn a_source_that_fails_says_so_itself(far: &mut dyn Connection) {
    struct Failing(usize);
    impl Read for Failing {
        fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::Error::other(StageError::cancelled()));
            }
            let read = block.len().min(self.0);
            self.0 -= read;
            Ok(read)
        }
    }
    let error = far.put("in/cancelled", 0, &mut Failing(SIZE)).unwrap_err();
    assert_eq!(&*error.code, "step/cancelled");
}
