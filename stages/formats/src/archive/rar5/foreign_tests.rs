//! Foreign programs judge our sets, and we judge theirs.

use std::fs;
use std::io::{Seek, SeekFrom, Write};

use blake2s_simd::blake2sp;

use super::super::rar::bench::{
    Foreign, byte_of, check_foreign, check_foreign_listing, check_foreign_refuse, check_official, put,
    rarfile_tests, read_set, verdict, write,
};
use super::super::rar::{Block, FileHeader, Headers};
use super::super::{InMemory, run_foreign as run};
use super::set_tests::{HASHES, TIME, entries, options, pack};
use super::*;

fn check(set: &[(String, Vec<u8>)], files: usize) {
    check_foreign(&READING, set, files);
}

#[test]
fn foreign_readers_take_single_archives() {
    for hash in HASHES {
        check(&pack(entries(&[1000, 0, 7]), "x", Options { hash, ..Options::default() }), 3);
        let (host, extended_time) = (Host::Windows, true);
        check(&pack(entries(&[5]), "x", Options { hash, host, extended_time, ..Options::default() }), 1);
        let folders = vec![
            Entry::directory("d", TIME),
            Entry::directory("d/e", TIME),
            Entry::file("d/a", 3, TIME),
            Entry::file("d/e/empty", 0, i64::MAX),
        ];
        check(&pack(folders, "x", Options { hash, ..Options::default() }), 4);
    }
}

#[test]
fn foreign_readers_take_sets() {
    for hash in HASHES {
        check(&pack(entries(&[30_000, 10, 5_000]), "a.b-GRP", options(9_999, hash)), 3);
        check(&pack(entries(&[50]), "x", options(1000, hash)), 1);
    }
}

#[test]
fn foreign_readers_take_more_than_128_volumes() {
    for hash in HASHES {
        let set = pack(entries(&[130 * 950]), "x", options(1000, hash));
        assert!(set.len() > 130);
        check(&set, 1);
    }
}

#[test]
fn foreign_readers_take_volumes_that_close_early_or_end_with_a_file() {
    for hash in HASHES {
        let header = |index: usize| {
            let entry = &entries(&[9, 9])[index];
            header::file_len(entry, &options(300, hash)).unwrap()
        };
        let room = 300 - 24 - header(0);
        for first in
            [room, room - 1, room - header(1) + 1, room - header(1), room - header(1) - 1, 2 * room - 1]
        {
            for second in [0, 1, 100] {
                check(&pack(entries(&[first, second]), "x", options(300, hash)), 2);
            }
        }
    }
}

#[test]
fn foreign_readers_notice_the_damage_we_notice() {
    for hash in HASHES {
        let mut set = pack(entries(&[3_000]), "x", options(1000, hash));
        set[1].1[500] ^= 1;
        assert!(!verdict(&READING, &set).faults.is_empty());
        // lsar knows no BLAKE2sp and passes what it cannot check.
        let lsar = (hash == Hash::Crc32).then_some(Foreign::Lsar);
        check_foreign_refuse(&set, &lsar.into_iter().chain([Foreign::SevenZip]).collect::<Vec<_>>());
    }
}

#[test]
fn names_in_five_scripts_come_out_of_foreign_readers_as_they_went_in() {
    let names = ["ünï/çedille", "кириллица", "ελληνικά", "漢字/かな", "עברית"];
    let files = |(index, name): (usize, &&str)| Entry::file(*name, 3 + index as u64, TIME);
    let set = pack(names.iter().enumerate().map(files).collect(), "x", options(200, Hash::Crc32));
    check(&set, names.len());
    let directory = put(&set);
    if let Some((_, text)) = run("unar", &["-q", "-D", "x.part1.rar"], directory.path()) {
        for (index, name) in names.iter().enumerate() {
            let found = fs::read(directory.path().join(name)).expect(&text);
            assert_eq!(found, (0..3 + index as u64).map(|place| byte_of(index, place)).collect::<Vec<u8>>());
        }
    }
}

#[test]
fn foreign_readers_know_the_size_of_files_beyond_4_gib() {
    let size = (1 << 32) + 1000;
    let layout = Layout::new(entries(&[size, 5]), "x", options(3 << 30, Hash::Blake2sp)).unwrap();
    let mut sums = PartSums::new(&layout);
    for number in 0..layout.parts().len() {
        sums.crcs.set(number, 0);
        sums.set_hash(number, [0; 32]);
    }
    let directory = tempfile::tempdir().unwrap();
    for (index, volume) in layout.volumes().iter().enumerate() {
        // Nothing but the headers takes space: the files are holes, which nobody here reads.
        let mut file = fs::File::create(directory.path().join(&volume.name)).unwrap();
        file.set_len(volume.size).unwrap();
        for (at, piece) in seal(&layout, index, &sums).unwrap().pieces {
            file.seek(SeekFrom::Start(at)).unwrap();
            file.write_all(&piece).unwrap();
        }
    }
    // lsar holds the sizes of RAR 5 in 32 bits.
    check_foreign_listing(directory.path(), "x.part1.rar", size, &[Foreign::SevenZip]);
}

#[test]
fn archives_of_official_rar_are_without_fault() {
    check_official(&READING, &[]);
}

/// What official `rar` wrote about a file.
fn file_headers(set: &[(String, Vec<u8>)]) -> Vec<(Vec<u8>, FileHeader)> {
    let volume = |(_, bytes): &(String, Vec<u8>)| {
        let headers = Headers::new(&READING, Box::new(io::Cursor::new(bytes.clone()))).unwrap();
        let files = headers.filter_map(|header| {
            let header = header.unwrap();
            match header.block {
                Block::File(file) => Some((header.bytes, file)),
                _ => None,
            }
        });
        files.collect::<Vec<_>>()
    };
    set.iter().flat_map(volume).collect()
}

#[test]
fn file_headers_of_official_rar_are_rebuilt_byte_for_byte() {
    let Some(directory) = rarfile_tests() else { return };
    let set = read_set(&directory, "rar5-vols.part1.rar");
    assert_eq!(set.len(), 3);
    let (lens, crcs) = ([98_489, 98_488, 8_023, 2_050], [0x5b40_4837, 0xb9a0_ccb6, 0x509a_d74c, 0xd08a_1f86]);
    let entry = |name: &str, size, time| Entry { mode: 0o100_664, ..Entry::file(name, size, time) };
    let big = entry("vols/bigfile.txt", 205_000, 1_464_079_357);
    let small = entry("vols/smallfile.txt", 2_050, 1_464_079_363);
    let found = file_headers(&set);
    for (index, (bytes, _)) in found.iter().enumerate() {
        let entry = if index < 3 { &big } else { &small };
        let (continues, continued) = (index == 1 || index == 2, index < 2);
        let (len, header) = (lens[index], bytes.len() as u64);
        let part = Part { entry: 0, volume: 0, offset: 0, len, at: 0, header, continues, continued };
        let ours = header::file(entry, &part, &Options::default(), &Said::Crc32(crcs[index]));
        assert_eq!(&ours, bytes, "{index}");
    }
    assert_eq!(found.len(), 4);
}

#[test]
fn the_blake2sp_of_official_rar_is_that_of_the_file() {
    let Some(directory) = rarfile_tests() else { return };
    let set = read_set(&directory, "rar5-blake.rar");
    let mut bytes = Vec::new();
    extract(&InMemory(set.clone()), "stest2.txt", &mut bytes).unwrap();
    let (_, said) = file_headers(&set).pop().unwrap();
    assert_eq!(said.blake2sp.as_ref(), Some(blake2sp::blake2sp(&bytes).as_array()));
}

#[test]
fn sets_of_official_rar_hold_what_ours_hold() {
    let Some(directory) = rarfile_tests() else { return };
    let set = read_set(&directory, "rar5-vols.part1.rar");
    let content = |name: &str| {
        let mut bytes = Vec::new();
        extract(&InMemory(set.clone()), name, &mut bytes).unwrap();
        bytes
    };
    let contents = [content("vols/bigfile.txt"), content("vols/smallfile.txt")];
    let file = |name: &str, bytes: &Vec<u8>| Entry::file(name, bytes.len() as u64, TIME);
    let entries = vec![file("vols/bigfile.txt", &contents[0]), file("vols/smallfile.txt", &contents[1])];
    let layout = Layout::new(entries, "x", options(102_400, Hash::Blake2sp)).unwrap();
    let ours = write(&layout, PartSums::new(&layout), &|entry, place| contents[entry][place as usize]);
    check(&ours, 2);
    assert_eq!(verdict(&READING, &ours).members, verdict(&READING, &set).members);
}
