//! Foreign programs judge our sets, and we judge theirs.

use std::fs;
use std::io::{Seek, SeekFrom, Write};

use crate::digest::crc32_combine;

use super::super::rar::bench::{
    Foreign, byte_of, check_foreign, check_foreign_listing, check_foreign_refuse, check_official, put,
    rarfile_tests, read_set, verdict,
};
use super::super::{InMemory, run_foreign as run};
use super::set_tests::{entries, options, pack, pack_bytes};
use super::*;

fn check(set: &[(String, Vec<u8>)], files: usize) {
    check_foreign(&READING, set, files);
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
    assert!(!verdict(&READING, &set).faults.is_empty());
    check_foreign_refuse(&set, &[Foreign::SevenZip, Foreign::Lsar]);
}

#[test]
fn sets_of_official_rar_are_without_fault_and_rebuilt_byte_for_byte() {
    let Some(directory) = rarfile_tests() else { return };
    for (first, base, naming) in
        [("rar3-old.rar", "rar3-old", Naming::Old), ("rar3-vols.part1.rar", "rar3-vols", Naming::Part)]
    {
        let set = read_set(&directory, first);
        assert_eq!(verdict(&READING, &set).faults, []);
        let content = |name: &str| {
            let mut bytes = Vec::new();
            extract(&InMemory(set.clone()), name, &mut bytes).unwrap();
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
    check_official(&READING, &[]);
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
    check_foreign_listing(directory.path(), "x.rar", size, &[Foreign::SevenZip, Foreign::Lsar]);
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
