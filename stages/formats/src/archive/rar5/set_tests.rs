//! Sets of volumes, written and read back in memory.

use proptest::prelude::*;

use super::super::InMemory;
use super::super::rar::bench::{self, Set, codes};
use super::super::split::SplitError;
use super::*;

pub const TIME: i64 = 1_464_090_157;

/// Packs files whose bytes follow from their place; gives the volumes.
pub fn pack(entries: Vec<Entry>, base: &str, options: Options) -> Set {
    let layout = Layout::new(entries, base, options).unwrap();
    bench::write(&layout, PartSums::new(&layout), &bench::byte_of)
}

pub fn entries(sizes: &[u64]) -> Vec<Entry> {
    bench::files(sizes, TIME)
}

pub fn options(volume: u64, hash: Hash) -> Options {
    Options { volume: Some(volume), hash, ..Options::default() }
}

pub const HASHES: [Hash; 2] = [Hash::Crc32, Hash::Blake2sp];

fn verdict(set: &[(String, Vec<u8>)]) -> Verdict {
    bench::verdict(&READING, set)
}

fn check(sizes: &[u64], options: Options) -> Set {
    let entries = entries(sizes);
    let set = pack(entries.clone(), "base", options);
    bench::check(&READING, &entries, &set);
    set
}

/// Bytes of headers in a volume of one byte of each file.
fn around(sizes: &[u64], options: &Options) -> u64 {
    let headers = entries(sizes).iter().map(|entry| header::file_len(entry, options).unwrap()).sum::<u64>();
    8 + 8 + 8 + headers
}

#[test]
fn single_archives_are_read_back() {
    for hash in HASHES {
        check(&[0], Options { hash, ..Options::default() });
        let (host, extended_time) = (Host::Windows, true);
        check(&[1000, 0, 7, 127, 128], Options { hash, host, extended_time, ..Options::default() });
    }
}

#[test]
fn sets_are_read_back_around_every_boundary() {
    for hash in HASHES {
        let options = options(300, hash);
        let room = 300 - around(&[9], &options);
        let second = header::file_len(&entries(&[9, 9])[1], &options).unwrap();
        for first in (room - second - 3..=room + 2).chain(2 * room - 2..=2 * room + 1) {
            for second in [0, 1, 2, 200] {
                check(&[first, second], options.clone());
            }
        }
    }
}

#[test]
fn every_volume_but_the_last_is_exactly_full_beyond_number_128() {
    for hash in HASHES {
        let options = options(500, hash);
        let per_volume = 500 - around(&[60_000], &options) - 1;
        // What the first volume has more room than most, the one of number 128 has less.
        for (volumes, over, total) in
            [(128, 0, 128), (128, 1, 128), (128, 2, 129), (129, 0, 129), (129, 1, 130), (140, 77, 141)]
        {
            let set = check(&[volumes * per_volume + over], options.clone());
            assert_eq!(set.len(), total);
            assert!(set[..set.len() - 1].iter().all(|(_, bytes)| bytes.len() == 500), "{volumes}");
        }
    }
}

#[test]
fn a_thousand_volumes_are_named_as_wide_as_their_number() {
    let options = options(100, Hash::Crc32);
    let layout = Layout::new(vec![Entry::file("a", 47_000, TIME)], "b", options.clone()).unwrap();
    let total = layout.volumes().len();
    assert!((1000..2000).contains(&total), "{total}");
    for (index, volume) in layout.volumes().iter().enumerate() {
        assert_eq!(volume.name, format!("b.part{:04}.rar", index + 1));
        assert!(volume.size == 100 || index + 1 == total);
    }
    let old = Options { naming: Naming::Old, ..options };
    let error = Layout::new(vec![Entry::file("a", 47_000, TIME)], "b", old).unwrap_err();
    assert!(matches!(error, Error::Split(SplitError::TooManyVolumes { most: 901, .. })), "{error}");
}

#[test]
fn directories_are_listed_and_have_no_checksum_to_miss() {
    for hash in HASHES {
        let entries =
            vec![Entry::directory("d", TIME), Entry::directory("d/e", -5), Entry::file("d/a", 3, TIME)];
        let set = pack(entries, "x", Options { hash, ..Options::default() });
        let verdict = verdict(&set);
        let listed: Vec<_> =
            verdict.members.iter().map(|member| (member.name.as_str(), member.directory)).collect();
        assert_eq!(listed, [("d", true), ("d/e", true), ("d/a", false)]);
        assert_eq!((verdict.faults, verdict.unchecked), (vec![], vec![]));
    }
}

#[test]
fn every_flipped_byte_of_a_set_is_a_fault() {
    for hash in HASHES {
        let set = pack(entries(&[260, 60, 5]), "base", options(250, hash));
        assert!(set.len() > 2);
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
}

#[test]
fn damage_is_called_by_its_name() {
    let crc = pack(entries(&[500, 60]), "base", options(200, Hash::Crc32));
    let hash = pack(entries(&[500, 60]), "base", options(200, Hash::Blake2sp));
    let check = |set: &Set, damage: &dyn Fn(&mut Set), want: &[&str]| {
        let mut set = set.clone();
        damage(&mut set);
        assert_eq!(codes(&verdict(&set).faults), want);
    };
    check(&crc, &|set| set[1].1[100] ^= 1, &["part-crc", "file-crc"]);
    check(&hash, &|set| set[1].1[150] ^= 1, &["part-hash", "file-hash"]);
    check(&crc, &|set| set[1].1[0] ^= 1, &["bad-signature", "size-mismatch", "file-crc"]);
    check(&crc, &|set| set[1].1[8] ^= 1, &["header-crc"]);
    check(&crc, &|set| set[1].1[33] ^= 1, &["header-crc", "part-mismatch"]);
}

#[test]
fn missing_and_misplaced_volumes_are_called_by_their_name() {
    let set = pack(entries(&[500, 60]), "base", options(200, Hash::Crc32));
    let damaged = |damage: &dyn Fn(&mut Set)| {
        let mut set = set.clone();
        damage(&mut set);
        codes(&verdict(&set).faults)
    };
    assert_eq!(damaged(&|set| drop(set.remove(1))), ["size-mismatch", "file-crc", "missing-volume"]);
    assert_eq!(damaged(&|set| drop(set.remove(0)))[0], "orphan-part");
    assert_eq!(damaged(&|set| drop(set.pop())), ["incomplete-file", "missing-volume"]);
    assert_eq!(damaged(&|set| set.swap(1, 2)), ["file-crc", "missing-volume", "volume-number"]);
    assert_eq!(damaged(&|set| set[1].1.truncate(197))[0], "truncated");
    assert_eq!(damaged(&|set| set[1].1.truncate(192)), ["no-end", "volume-size"]);
}

#[test]
fn zeros_may_fill_a_volume_up_and_nothing_else_may() {
    let mut set = pack(entries(&[500]), "base", options(200, Hash::Crc32));
    for (_, bytes) in &mut set {
        bytes.extend([0; 15]);
    }
    assert_eq!(codes(&verdict(&set).faults), Vec::<&str>::new());
    set[1].1.pop();
    set[1].1.push(1);
    assert_eq!(codes(&verdict(&set).faults), ["trailing-bytes"]);
}

#[test]
fn names_that_escape_are_faults_and_not_checked_is_not_a_fault() {
    let pack_one = || pack(vec![Entry::file("aa/b", 200, TIME)], "x", Options::default());
    let changed = |from: &[u8], to: &[u8]| {
        let mut set = pack_one();
        let bytes = &mut set[0].1;
        let at = bytes.windows(from.len()).position(|found| found == from).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to);
        refresh_header_crc(bytes, 16);
        set
    };
    assert_eq!(codes(&verdict(&changed(b"aa/b", b"../b")).faults), ["unsafe-name"]);
    // Method 3 in what says how the file is compressed, before host and name.
    let set = changed(&[0x80, 0x00, 1, 4], &[0x80, 0x03, 1, 4]);
    assert_eq!(verdict(&set).faults, []);
    assert_eq!(verdict(&set).unchecked[0].why, "it is compressed");
    assert!(matches!(extract(&InMemory(set), "aa/b", &mut Vec::new()), Err(ExtractError::NotStored(_))));
}

#[test]
fn what_the_archive_keeps_for_itself_is_no_member_and_is_checked_where_it_can_be() {
    let service = |name: &str, flags: u8, sum: &[u8], content: &[u8]| {
        let len = content.len() as u8;
        let fields = [&[flags, len, 0], sum, &[0, 1, name.len() as u8], name.as_bytes()].concat();
        [&header::with_crc(header::SERVICE, header::HAS_CONTENT, &[len], &fields, &[]), content].concat()
    };
    let mut set = pack(entries(&[50]), "x", Options::default());
    let bytes = &mut set[0].1;
    let sum = crc32fast::hash(b"a comment").to_le_bytes();
    let comment = service("CMT", header::HAS_CRC as u8, &sum, b"a comment");
    let behind = bytes.len() - 8;
    bytes.splice(behind..behind, service("QO", 0, &[], b"an index"));
    bytes.splice(16..16, comment.clone());
    assert_eq!(verdict(&set).faults, []);
    assert_eq!((verdict(&set).members.len(), verdict(&set).unchecked), (1, vec![]));
    set[0].1[16 + comment.len() - 1] ^= 1;
    assert_eq!(codes(&verdict(&set).faults), ["service-crc"]);
}

#[test]
fn links_and_encrypted_files_are_named_as_not_checked() {
    let file = |name: u8, record: &[u8]| {
        let fields = [0, 9, 0, 0, 1, 1, name];
        header::with_crc(header::FILE, header::HAS_CONTENT, &[0], &fields, record)
    };
    let mut set = pack(entries(&[50]), "x", Options::default());
    set[0].1.splice(16..16, [file(b'e', &[2, 1, 0]), file(b'l', &[5, 5, 1, 0, 1, b'x'])].concat());
    let verdict = verdict(&set);
    let why: Vec<_> =
        verdict.unchecked.iter().map(|found| (found.name.as_str(), found.why.as_str())).collect();
    assert_eq!(why, [("e", "it is encrypted"), ("l", "it is a link")]);
    assert_eq!(verdict.faults, []);
}

#[test]
fn a_wrong_sum_fails_extraction() {
    for hash in HASHES {
        let mut set = pack(vec![Entry::file("a", 500, TIME)], "x", options(200, hash));
        let middle = set[1].1.len() - 20;
        set[1].1[middle] ^= 1;
        let error = extract(&InMemory(set), "a", &mut Vec::new()).unwrap_err();
        let matches = match hash {
            Hash::Crc32 => matches!(error, ExtractError::Crc(_)),
            Hash::Blake2sp => matches!(error, ExtractError::Hash(_)),
        };
        assert!(matches, "{error}");
    }
}

fn refresh_header_crc(bytes: &mut [u8], at: usize) {
    let end = (at + 5 + usize::from(bytes[at + 4])).min(bytes.len());
    let crc = crc32fast::hash(&bytes[at + 4..end]);
    bytes[at..at + 4].copy_from_slice(&crc.to_le_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_set_is_read_back(
        sizes in prop::collection::vec(0u64..2000, 1..6), volume in 150u64..900,
        old: bool, record: bool, windows: bool, blake: bool,
    ) {
        let naming = if old { Naming::Old } else { Naming::Part };
        let host = if windows { Host::Windows } else { Host::Unix };
        let hash = if blake { Hash::Blake2sp } else { Hash::Crc32 };
        check(&sizes, Options { volume: Some(volume), naming, host, hash, extended_time: record });
    }

    #[test]
    fn any_changed_byte_is_a_fault(
        volume: prop::sample::Index, at: prop::sample::Index, change in 1u8.., blake: bool,
    ) {
        let hash = if blake { Hash::Blake2sp } else { Hash::Crc32 };
        let mut set = pack(entries(&[700, 0, 90]), "base", options(300, hash));
        let count = set.len();
        let bytes = &mut set[volume.index(count)].1;
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(!verdict(&set).faults.is_empty());
    }

    #[test]
    fn torn_and_mixed_sets_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..9),
        cut: prop::sample::Index, mend: bool, blake: bool,
    ) {
        let hash = if blake { Hash::Blake2sp } else { Hash::Crc32 };
        let mut set = pack(entries(&[700, 0, 90]), "base", options(300, hash));
        let count = set.len();
        for (volume, at, byte) in changes {
            let bytes = &mut set[volume.index(count)].1;
            // Most of what can be said wrong is said in the first hundred bytes.
            let at = at.index(if mend { 100 } else { bytes.len() });
            bytes[at] = byte;
            if mend {
                for header in [8, 16, 17] {
                    refresh_header_crc(bytes, header);
                }
            }
        }
        let last = &mut set[count - 1].1;
        last.truncate(cut.index(last.len()));
        verdict(&set);
        let _ = extract(&InMemory(set), "0movie.mkv", &mut io::sink());
    }
}
