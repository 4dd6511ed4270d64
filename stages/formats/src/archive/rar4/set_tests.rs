//! Sets of volumes, written and read back in memory.

use proptest::prelude::*;

use super::super::InMemory;
use super::super::rar::bench::{self, Set, codes};
use super::*;

/// Packs files whose bytes follow from their place; gives the volumes.
pub fn pack(entries: Vec<Entry>, base: &str, options: Options) -> Set {
    pack_bytes(entries, base, options, &bench::byte_of)
}

/// Packs files with the bytes that `byte` says.
pub fn pack_bytes(entries: Vec<Entry>, base: &str, options: Options, byte: &dyn Fn(usize, u64) -> u8) -> Set {
    let layout = Layout::new(entries, base, options).unwrap();
    bench::write(&layout, PartCrcs::new(&layout), byte)
}

pub fn entries(sizes: &[u64]) -> Vec<Entry> {
    bench::files(sizes, DosTime::from_unix(1_464_090_157))
}

pub fn options(volume: u64, naming: Naming) -> Options {
    Options { volume: Some(volume), naming, ..Options::default() }
}

fn verdict(set: &[(String, Vec<u8>)]) -> Verdict {
    bench::verdict(&READING, set)
}

fn check(sizes: &[u64], options: Options) {
    let entries = entries(sizes);
    let set = pack(entries.clone(), "base", options);
    bench::check(&READING, &entries, &set);
}

#[test]
fn single_archives_are_read_back() {
    check(&[0], Options::default());
    check(&[1000, 0, 7], Options { host: Host::Windows, extended_time: true, ..Options::default() });
}

#[test]
fn sets_are_read_back_around_every_boundary() {
    // A volume of 200 holds 200 - 40 - 42 bytes of the first file, and the second file has a header of 44.
    let room = 200 - 40 - 42;
    for first in (room - 50..=room + 2).chain(2 * room - 1..=2 * room + 1) {
        for second in [0, 1, 2, 200] {
            check(&[first, second], options(200, Naming::Old));
        }
    }
}

#[test]
fn volumes_full_of_small_files_are_read_back_in_their_turn() {
    let set = pack(entries(&[1; 14_000]), "base", options(400_000, Naming::Old));
    let found = verdict(&set);
    assert_eq!((set.len(), found.members.len(), found.faults), (2, 14_000, vec![]));
}

#[test]
fn a_set_of_113_volumes_is_read_back() {
    for naming in [Naming::Old, Naming::Part] {
        let set = pack(entries(&[112 * (1000 - 82) + 1]), "base", options(1000, naming));
        assert_eq!(set.len(), 113);
        check(&[112 * (1000 - 82) + 1], options(1000, naming));
    }
}

#[test]
fn directories_are_listed() {
    let time = DosTime::EARLIEST;
    let set = pack(vec![Entry::directory("d", time), Entry::file("d/a", 3, time)], "x", Options::default());
    let verdict = verdict(&set);
    let listed: Vec<_> =
        verdict.members.iter().map(|member| (member.name.as_str(), member.directory)).collect();
    assert_eq!(listed, [("d", true), ("d/a", false)]);
    assert!(verdict.faults.is_empty());
}

#[test]
fn every_flipped_byte_of_a_set_is_a_fault() {
    let set = pack(entries(&[150, 60, 5]), "base", options(200, Naming::Part));
    for volume in 0..set.len() {
        for at in 0..set[volume].1.len() {
            for flip in [0x01, 0x80, 0xff, 0x20] {
                let mut damaged = set.clone();
                damaged[volume].1[at] ^= flip;
                assert!(!verdict(&damaged).faults.is_empty(), "volume {volume} at {at} with {flip:#x}");
            }
        }
    }
}

#[test]
fn damage_is_called_by_its_name() {
    let set = pack(entries(&[500, 60]), "base", options(200, Naming::Old));
    let damaged = |damage: &dyn Fn(&mut Set)| {
        let mut set = set.clone();
        damage(&mut set);
        codes(&verdict(&set).faults)
    };
    assert_eq!(damaged(&|set| set[1].1[100] ^= 1), ["part-crc", "volume-crc", "file-crc"]);
    assert_eq!(damaged(&|set| set[1].1[0] ^= 1)[0], "bad-signature");
    assert_eq!(damaged(&|set| set[1].1[30] ^= 1)[0], "header-crc");
    assert_eq!(damaged(&|set| drop(set.remove(1))), ["size-mismatch", "file-crc", "missing-volume"]);
    assert_eq!(damaged(&|set| drop(set.remove(0)))[0], "orphan-part");
    assert_eq!(damaged(&|set| drop(set.pop()))[0], "incomplete-file");
    assert!(damaged(&|set| drop(set.pop())).contains(&"missing-volume"));
    assert_eq!(damaged(&|set| set[1].1.push(0))[0], "trailing-bytes");
    assert_eq!(damaged(&|set| set[1].1.truncate(190))[0], "truncated");
    assert_eq!(damaged(&|set| set.swap(1, 2)), ["file-crc", "missing-volume", "volume-number"]);
}

#[test]
fn names_that_escape_are_faults_and_not_checked_is_not_a_fault() {
    let time = DosTime::EARLIEST;
    let mut set = pack(vec![Entry::file("aa/b", 1, time)], "x", Options::default());
    set[0].1[52..54].copy_from_slice(b"..");
    refresh_header_crc(&mut set[0].1, 20);
    assert_eq!(codes(&verdict(&set).faults), ["unsafe-name"]);
    let mut set = pack(vec![Entry::file("a", 1, time)], "x", Options::default());
    set[0].1[45] = 0x33;
    refresh_header_crc(&mut set[0].1, 20);
    let verdict = verdict(&set);
    assert_eq!(codes(&verdict.faults), Vec::<&str>::new());
    assert_eq!(verdict.unchecked[0].why, "it is compressed");
    assert!(matches!(extract(&InMemory(set), "a", &mut Vec::new()), Err(ExtractError::NotStored(_))));
}

#[test]
fn the_watcher_can_end_a_check() {
    let set = pack(entries(&[500]), "base", options(200, Naming::Old));
    let stopped = verify(&InMemory(set), &mut |_| Err(io::Error::other("enough")));
    assert_eq!(stopped.unwrap_err().to_string(), "enough");
}

fn refresh_header_crc(bytes: &mut [u8], at: usize) {
    let len = usize::from(u16::from_le_bytes([bytes[at + 5], bytes[at + 6]]));
    let crc = crc32fast::hash(&bytes[at + 2..at + len]) as u16;
    bytes[at..at + 2].copy_from_slice(&crc.to_le_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_set_is_read_back(
        sizes in prop::collection::vec(0u64..2000, 1..6), volume in 130u64..900, part: bool, odd: bool, windows: bool,
    ) {
        let naming = if part { Naming::Part } else { Naming::Old };
        let host = if windows { Host::Windows } else { Host::Unix };
        check(&sizes, Options { volume: Some(volume), naming, host, extended_time: odd });
    }

    #[test]
    fn any_changed_byte_is_a_fault(volume: prop::sample::Index, at: prop::sample::Index, change in 1u8..) {
        let mut set = pack(entries(&[700, 0, 90]), "base", options(300, Naming::Old));
        let bytes = &mut set[volume.index(4)].1;
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(!verdict(&set).faults.is_empty());
    }

    #[test]
    fn torn_and_mixed_sets_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..9),
        cut: prop::sample::Index, mend: bool,
    ) {
        let mut set = pack(entries(&[700, 0, 90]), "base", options(300, Naming::Old));
        for (volume, at, byte) in changes {
            let bytes = &mut set[volume.index(4)].1;
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if mend {
                let end = (20 + usize::from(u16::from_le_bytes([bytes[25], bytes[26]]))).min(bytes.len());
                if end > 22 {
                    let crc = crc32fast::hash(&bytes[22..end]) as u16;
                    bytes[20..22].copy_from_slice(&crc.to_le_bytes());
                }
            }
        }
        let last = &mut set[3].1;
        last.truncate(cut.index(last.len()));
        verdict(&set);
        let _ = extract(&InMemory(set), "0movie.mkv", &mut io::sink());
    }
}
