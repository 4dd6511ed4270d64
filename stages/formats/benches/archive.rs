//! How fast archives are made and tested in memory: what the codecs cost without a disk.
//!
//! In process and without a framework: each figure is the median of several runs, with the slowest and the fastest.
//! `tests/bench` measures the program as a whole beside others.

use std::hint::black_box;
use std::io::{self, Cursor};
use std::time::Instant;

use bindery_formats::archive::dos_time::DosTime;
use bindery_formats::archive::{ReadSeek, Volumes, rar4, rar5, zip};
use bindery_formats::digest::Digester;

const SIZE: usize = 64 << 20;
const VOLUME: u64 = 10_000_000;
const RUNS: usize = 9;

fn main() {
    let bytes = noise();
    println!("{:<24} {:>10} {:>10} {:>10}", "MB/s", "median", "least", "most");
    for name in ["crc32", "md5", "sha1", "sha256", "sha512", "blake3", "blake2sp"] {
        measure(name, SIZE, || {
            let mut digester = Digester::new([name]).expect("a known algorithm");
            digester.update(&bytes);
            digester.finish()
        });
    }
    measure("rar4 write", SIZE, || four(&bytes));
    let set = four(&bytes);
    measure("rar4 verify", SIZE, || rar4::verify(&set, &mut |_| Ok(())).map(|verdict| verdict.faults.len()));
    for (name, hash) in [("crc32", rar5::Hash::Crc32), ("blake2sp", rar5::Hash::Blake2sp)] {
        measure(&format!("rar5 write, {name}"), SIZE, || five(&bytes, hash));
        let set = five(&bytes, hash);
        measure(&format!("rar5 verify, {name}"), SIZE, || {
            rar5::verify(&set, &mut |_| Ok(())).map(|verdict| verdict.faults.len())
        });
    }
    let text = text(&bytes);
    for level in [1, 6, 9] {
        let mut packer = zip::Packer::new(level);
        measure(&format!("zip text, level {level}"), text.len(), || {
            packer.content().clear();
            packer.content().extend_from_slice(&text);
            packer.pack(true).bytes().len()
        });
    }
}

/// Volumes in memory.
struct Set(Vec<(String, Vec<u8>)>);

impl Volumes for Set {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn name(&self, index: usize) -> &str {
        &self.0[index].0
    }

    fn open(&self, index: usize) -> io::Result<Box<dyn ReadSeek + '_>> {
        Ok(Box::new(Cursor::new(&self.0[index].1)))
    }
}

fn four(bytes: &[u8]) -> Set {
    let options = rar4::Options { volume: Some(VOLUME), ..rar4::Options::default() };
    let entry = rar4::Entry::file("video.bin", bytes.len() as u64, DosTime::from_unix(0));
    let layout = rar4::Layout::new(vec![entry], "video", options).expect("a set");
    let mut sums = rar4::PartCrcs::new(&layout);
    Set(layout
        .volumes()
        .iter()
        .enumerate()
        .map(|(index, volume)| {
            let mut out = Vec::with_capacity(VOLUME as usize);
            rar4::write_volume(&layout, index, &mut sums, &mut from(bytes), &mut out, &mut |_| Ok(()))
                .expect("written");
            (volume.name.clone(), out)
        })
        .collect())
}

fn five(bytes: &[u8], hash: rar5::Hash) -> Set {
    let options = rar5::Options { volume: Some(VOLUME), hash, ..rar5::Options::default() };
    let entry = rar5::Entry::file("video.bin", bytes.len() as u64, 0);
    let layout = rar5::Layout::new(vec![entry], "video", options).expect("a set");
    let mut sums = rar5::PartSums::new(&layout);
    Set(layout
        .volumes()
        .iter()
        .enumerate()
        .map(|(index, volume)| {
            let mut out = Vec::with_capacity(VOLUME as usize);
            rar5::write_volume(&layout, index, &mut sums, &mut from(bytes), &mut out, &mut |_| Ok(()))
                .expect("written");
            (volume.name.clone(), out)
        })
        .collect())
}

fn from(bytes: &[u8]) -> impl FnMut(usize, u64, &mut [u8]) -> io::Result<()> {
    |_, offset, room| {
        let offset = offset as usize;
        room.copy_from_slice(&bytes[offset..offset + room.len()]);
        Ok(())
    }
}

/// Bytes without any pattern.
fn noise() -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(SIZE).collect()
}

/// Words in the order that the noise says: 8 MiB.
fn text(noise: &[u8]) -> Vec<u8> {
    let words = ["volume ", "release ", "of ", "the ", "archive ", "and ", "checksum ", "written.\n"];
    let words = noise.iter().flat_map(|byte| words[usize::from(byte % 8)].bytes());
    words.take(8 << 20).collect()
}

fn measure<T>(name: &str, size: usize, mut work: impl FnMut() -> T) {
    black_box(work());
    let mut speeds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            size as f64 / 1e6 / start.elapsed().as_secs_f64()
        })
        .collect();
    speeds.sort_unstable_by(f64::total_cmp);
    println!("{name:<24} {:>10.0} {:>10.0} {:>10.0}", speeds[RUNS / 2], speeds[0], speeds[RUNS - 1]);
}
