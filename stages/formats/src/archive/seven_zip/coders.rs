//! Undoes what the coders of a 7z archive did, one after another.
//!
//! Knows the usual ones, and bounds the memory of each before it begins.

use std::io::{self, BufReader, Read, SeekFrom};

use lzma_rust2::filter::bcj::BcjReader;
use lzma_rust2::filter::delta::DeltaReader;
use lzma_rust2::{Lzma2Reader, LzmaReader};

use super::super::ReadSeek;

/// One coder as the header has it: its name, its properties, and how many bytes come out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Coder {
    pub(super) id: Vec<u8>,
    pub(super) properties: Vec<u8>,
    pub(super) size: u64,
}

/// Why a chain of coders cannot be undone.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Nothing is wrong, but it is not known how.
    Unchecked(&'static str),
    /// The properties make no sense.
    Broken,
}

/// Largest dictionary: what 7-Zip takes at its highest level on large machines.
const MEMORY: u64 = 512 << 20;

/// The name of what encrypts.
const AES: &[u8] = &[0x06, 0xf1, 0x07, 0x01];

/// What comes out of the bytes at that offset and of that length when each of the coders was undone in turn.
pub(super) fn undo<'a>(
    file: &'a mut dyn ReadSeek,
    (at, len): (u64, u64),
    coders: &[Coder],
) -> Result<Box<dyn Read + 'a>, Refusal> {
    if coders.iter().any(|coder| coder.id == AES) {
        return Err(Refusal::Unchecked("is encrypted"));
    }
    let packed: Box<dyn Read + 'a> = match file.seek(SeekFrom::Start(at)) {
        Ok(_) => Box::new(file.take(len)),
        Err(error) => Box::new(Fails(Some(error))),
    };
    coders.iter().try_fold(packed, one)
}

/// Bytes of an LZMA2 dictionary.
pub(super) fn dictionary(property: u8) -> u64 {
    match property {
        0..40 => u64::from(2 | property & 1) << (property / 2 + 11),
        _ => u64::from(u32::MAX),
    }
}

fn one<'a>(from: Box<dyn Read + 'a>, coder: &Coder) -> Result<Box<dyn Read + 'a>, Refusal> {
    let first = || coder.properties.first().copied().ok_or(Refusal::Broken);
    Ok(match coder.id.as_slice() {
        [0x00] => from,
        [0x03] => Box::new(DeltaReader::new(from, usize::from(first()?) + 1)),
        [0x04] | [0x03, 0x03, 0x01, 0x03] => Box::new(BcjReader::new_x86(from, 0)),
        [0x05] | [0x03, 0x03, 0x02, 0x05] => Box::new(BcjReader::new_ppc(from, 0)),
        [0x06] | [0x03, 0x03, 0x04, 0x01] => Box::new(BcjReader::new_ia64(from, 0)),
        [0x07] | [0x03, 0x03, 0x05, 0x01] => Box::new(BcjReader::new_arm(from, 0)),
        [0x08] | [0x03, 0x03, 0x07, 0x01] => Box::new(BcjReader::new_arm_thumb(from, 0)),
        [0x09] | [0x03, 0x03, 0x08, 0x05] => Box::new(BcjReader::new_sparc(from, 0)),
        [0x0a] => Box::new(BcjReader::new_arm64(from, 0)),
        [0x0b] => Box::new(BcjReader::new_riscv(from, 0)),
        [0x21] => {
            let size = within(dictionary(first()?), coder.size)?;
            Box::new(Lzma2Reader::new(BufReader::new(from), size, None))
        }
        [0x03, 0x01, 0x01] => lzma(from, coder)?,
        [0x04, 0x01, 0x08] => Box::new(flate2::read::DeflateDecoder::new(from)),
        _ => return Err(Refusal::Unchecked("is compressed in an unknown way")),
    })
}

fn lzma<'a>(from: Box<dyn Read + 'a>, coder: &Coder) -> Result<Box<dyn Read + 'a>, Refusal> {
    let Some(([props, bytes @ ..], [])) = coder.properties.split_first_chunk::<5>() else {
        return Err(Refusal::Broken);
    };
    let size = within(u64::from(u32::from_le_bytes(*bytes)), coder.size)?;
    // Reading begins at once, so an error may be that of the file.
    match LzmaReader::new_with_props(BufReader::new(from), coder.size, *props, size, None) {
        Ok(reader) => Ok(Box::new(reader)),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Err(Refusal::Broken),
        Err(error) => Ok(Box::new(Fails(Some(error)))),
    }
}

/// The dictionary that is needed: no match can lie further back than the first byte.
fn within(dictionary: u64, size: u64) -> Result<u32, Refusal> {
    let needed = dictionary.min(size.max(4096));
    let small = u32::try_from(needed).ok().filter(|needed| u64::from(*needed) <= MEMORY);
    small.ok_or(Refusal::Unchecked("takes more memory than is given to it"))
}

/// Gives an error as soon as it is read.
struct Fails(Option<io::Error>);

impl Read for Fails {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(self.0.take().unwrap_or_else(|| io::ErrorKind::InvalidData.into()))
    }
}
