//! Proves that what lies at the far end is what was sent, as far as it is asked for and as far as it can be had.

use std::io::{self, Write};
use std::sync::Arc;

use engine::{Digest, StageError};

use super::destination::Connection;
use super::flow::Flow;
use super::options::Proof;
use super::source::{BLOCK, DIGEST, Source};

/// Digests in the order in which a far end is asked for them: the first is known already when a file was sent.
const ALGORITHMS: [&str; 6] = [DIGEST, "sha512", "blake3", "sha1", "md5", "crc32"];
/// How much of a file is read back in one place, and in how many places.
const SAMPLE: u64 = 64 * 1024;
const PLACES: u64 = 4;

/// How far it is proven, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) proof: Proof,
    pub(super) by: String,
}

/// Proves a file whose size is known to be right; none if something else lies there. Without a level asked for, it is
/// the best that can be had without reading everything back.
pub(super) fn prove(
    connection: &mut dyn Connection,
    path: &str,
    source: &Source,
    asked: Option<Proof>,
    flow: &Flow,
) -> Result<Option<Reached>, StageError> {
    if asked == Some(Proof::Size) || source.size == 0 {
        // Of nothing there is nothing more to prove.
        let proof = if source.size == 0 { Proof::Hash } else { Proof::Size };
        return Ok(reached(proof, "size"));
    }
    if asked != Some(Proof::Sample)
        && let Some((algorithm, digest)) = connection.hash(path, &ALGORITHMS)?
    {
        let same = is_same(&source.digest(&algorithm)?, &digest);
        return Ok(if same { reached(Proof::Hash, &algorithm) } else { None });
    }
    if asked == Some(Proof::Hash) || source.size <= SAMPLE * PLACES {
        return prove_by_reading(connection, path, source, flow);
    }
    for offset in places(source) {
        let wanted = source.part(offset, SAMPLE)?;
        if !lies(connection, path, offset, &wanted)? {
            return Ok(None);
        }
    }
    Ok(reached(Proof::Sample, "samples"))
}

/// Proves a file by reading all of it back, whatever level is asked for.
pub(super) fn prove_by_reading(
    connection: &mut dyn Connection,
    path: &str,
    source: &Source,
    flow: &Flow,
) -> Result<Option<Reached>, StageError> {
    let same = read_back(connection, path, source, flow)?;
    Ok(if same { reached(Proof::Hash, "read back") } else { None })
}

fn reached(proof: Proof, by: &str) -> Option<Reached> {
    Some(Reached { proof, by: by.to_owned() })
}

/// Whether these very bytes lie at a place of a file.
pub(super) fn lies(
    connection: &mut dyn Connection,
    path: &str,
    offset: u64,
    wanted: &[u8],
) -> Result<bool, StageError> {
    let mut found = Vec::with_capacity(wanted.len());
    connection.get(path, offset, wanted.len() as u64, &mut found)?;
    Ok(found == wanted)
}

/// Whether two digests are the same, however they are written: some leave out zeros in front.
fn is_same(one: &str, other: &str) -> bool {
    one.trim_start_matches('0').eq_ignore_ascii_case(other.trim().trim_start_matches('0'))
}

/// Where samples are taken: at both ends, and in between in places that differ from file to file and stay the same from
/// look to look.
fn places(source: &Source) -> impl Iterator<Item = u64> + '_ {
    let last = source.size - SAMPLE;
    let between = (2..PLACES).map(move |number| {
        let chance = Digest::of(format!("{number} {} {}", source.name, source.size).as_bytes()).to_string();
        let chance = chance.get(..15).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        chance.unwrap_or_default() % last.max(1)
    });
    [0, last].into_iter().chain(between)
}

/// Reads all of it back and compares it with the file, block by block.
fn read_back(
    connection: &mut dyn Connection,
    path: &str,
    source: &Source,
    flow: &Flow,
) -> Result<bool, StageError> {
    source.digest(DIGEST)?;
    let mut compared = Compared { source, at: 0, block: None, same: true, flow, fault: None };
    let got = connection.get(path, 0, source.size, &mut compared);
    if let Some(fault) = compared.fault {
        return Err(fault);
    }
    Ok(got? == source.size && compared.same)
}

/// Compares what is written to it with a file.
struct Compared<'a> {
    source: &'a Source,
    at: u64,
    block: Option<(u64, Arc<[u8]>)>,
    same: bool,
    flow: &'a Flow,
    fault: Option<StageError>,
}

impl Compared<'_> {
    fn wanted(&mut self, length: usize) -> Result<Vec<u8>, StageError> {
        self.flow.check()?;
        let number = self.at / BLOCK;
        let bytes = match &self.block {
            Some((known, bytes)) if *known == number => Arc::clone(bytes),
            _ => self.source.part(number * BLOCK, BLOCK.min(self.source.size - number * BLOCK))?.into(),
        };
        let begin = usize::try_from(self.at - number * BLOCK).unwrap_or(0);
        let wanted = bytes.get(begin..bytes.len().min(begin + length)).unwrap_or_default().to_vec();
        self.block = Some((number, bytes));
        Ok(wanted)
    }
}

impl Write for Compared<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.same || bytes.is_empty() {
            return Ok(bytes.len());
        }
        if self.at >= self.source.size {
            self.same = false;
            return Ok(bytes.len());
        }
        match self.wanted(bytes.len()) {
            Ok(wanted) => {
                self.same = bytes.starts_with(&wanted);
                self.at += wanted.len() as u64;
                Ok(wanted.len().max(1))
            }
            // Failing here would look like a lost connection, and all of it would be asked for again.
            Err(error) => {
                self.same = false;
                self.fault = Some(error);
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
