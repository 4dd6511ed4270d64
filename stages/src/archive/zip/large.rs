//! Puts files into an archive that are too large to be made ready in memory, one at a time, each read once.
//!
//! A file that is stored is copied. A file that is deflated is read in rounds; while the pieces of one round are
//! compressed on all threads, the ones before are written and the next round is read. So two rounds of the file and
//! two of compressed pieces are in memory.

use std::fs::File;
use std::io::{self, Read, Write};

use engine::StageError;
use formats::archive::zip::{Error, Method, Probe, REACH, deflate_piece};
use formats::digest::Digester;
use rayon::prelude::*;

use super::work::{Entry, Open, Work, changed, given_crc};
use crate::archive::go_on;
use crate::files;

/// Bytes of a file that are compressed at a time.
const ROUND: usize = 8 << 20;
/// Bytes that one thread compresses at a time. The bytes of archives depend on it.
const PIECE: usize = 512 * 1024;
/// Bytes that are copied at a time.
const BLOCK: usize = 256 * 1024;
/// Bytes of memory that a file takes that is deflated.
pub(super) const BUFFERS: u64 = 4 * ROUND as u64;

/// Adds a file to the archive.
pub(super) fn add(work: &Work<'_, '_>, open: &mut Open<'_, '_>, entry: &Entry<'_>) -> Result<(), StageError> {
    let mut source = Source::new(work, entry)?;
    let mut first = Vec::new();
    if !work.is_stored(entry) {
        source.round(&mut first, &[])?;
        if Probe::default().shrinks(&first) {
            if deflate(work, open, &mut source, first)? {
                return source.finish();
            }
            // The probe misjudged it, which takes a second reading.
            source = Source::new(work, entry)?;
            first = Vec::new();
        }
    }
    store(work, open, &mut source, first)?;
    source.finish()
}

/// Copies `first`, which was read already, and the rest of the file.
fn store(
    work: &Work<'_, '_>,
    open: &mut Open<'_, '_>,
    source: &mut Source<'_, '_, '_>,
    first: Vec<u8>,
) -> Result<(), StageError> {
    let artifact = &source.entry.input.artifact;
    let entry = *source.entry;
    let stored = match given_crc(&entry) {
        Some(crc32) => {
            let mut content = first.as_slice().chain(&mut *source);
            let added = open
                .writer
                .store(&artifact.name, artifact.size, crc32, &mut content, &mut |_| go_on(work.job));
            added.map_err(Failure::Zip)
        }
        None => open
            .writer
            .pour(&artifact.name, artifact.size, Method::Stored, |out| {
                out.write_all(&first).map_err(Error::Write)?;
                drop(first);
                let mut block = vec![0; BLOCK];
                loop {
                    let room = source.fill(&mut block)?;
                    if room == 0 {
                        return Ok(source.crc32());
                    }
                    out.write_all(block.get(..room).unwrap_or_default()).map_err(Error::Write)?;
                }
            })
            .map(|_| ()),
    };
    stored.map_err(|failure| source.fault.take().unwrap_or_else(|| failure.told(work, open, &entry)))
}

/// Gives `false` when that made it no smaller.
fn deflate(
    work: &Work<'_, '_>,
    open: &mut Open<'_, '_>,
    source: &mut Source<'_, '_, '_>,
    first: Vec<u8>,
) -> Result<bool, StageError> {
    let artifact = &source.entry.input.artifact;
    let entry = *source.entry;
    let poured = open.writer.pour(&artifact.name, artifact.size, Method::Deflated, |out| {
        let (mut round, mut start, mut next) = (first, 0, Vec::new());
        let mut waiting: Vec<Vec<u8>> = Vec::new();
        loop {
            let last = source.read == artifact.size;
            let (ahead, packed) = rayon::join(
                || -> Result<usize, Failure> {
                    write(out, &waiting)?;
                    let before = round.get(round.len().saturating_sub(REACH)..).unwrap_or_default();
                    if !last {
                        source.round(&mut next, before)?;
                    }
                    Ok(before.len())
                },
                || pieces(&round, start, last, work.level),
            );
            start = ahead?;
            waiting = packed.map_err(Error::Read)?;
            if last {
                write(out, &waiting)?;
                return Ok(source.crc32());
            }
            std::mem::swap(&mut round, &mut next);
        }
    });
    poured.map_err(|failure: Failure| failure.told(work, open, &entry))
}

fn write(out: &mut dyn Write, packed: &[Vec<u8>]) -> Result<(), Failure> {
    packed.iter().try_for_each(|piece| out.write_all(piece)).map_err(|error| Error::Write(error).into())
}

/// Compresses what a round has from `start` on; what lies before it was compressed earlier.
fn pieces(round: &[u8], start: usize, last: bool, level: u32) -> io::Result<Vec<Vec<u8>>> {
    let starts: Vec<usize> = (start..round.len()).step_by(PIECE).collect();
    let pack = |at: &usize| {
        let end = round.len().min(at + PIECE);
        let (before, piece) = round.split_at_checked(*at).unwrap_or_default();
        let piece = piece.get(..end - at).unwrap_or(piece);
        deflate_piece(before, piece, last && end == round.len(), level)
    };
    starts.par_iter().with_max_len(1).map(pack).collect()
}

/// A file that is read from its beginning to its end; all that is wanted of its bytes is taken as they pass.
struct Source<'s, 'a, 'j> {
    work: &'s Work<'a, 'j>,
    entry: &'s Entry<'s>,
    file: File,
    crc: crc32fast::Hasher,
    digester: Option<Digester>,
    read: u64,
    /// What a reader who knows no such faults was not told.
    fault: Option<StageError>,
}

impl<'s, 'a, 'j> Source<'s, 'a, 'j> {
    fn new(work: &'s Work<'a, 'j>, entry: &'s Entry<'s>) -> Result<Self, StageError> {
        let file = files::open(&entry.input.artifact.path)?;
        let digester = work.digester(entry)?;
        Ok(Self { work, entry, file, crc: crc32fast::Hasher::new(), digester, read: 0, fault: None })
    }

    fn crc32(&self) -> u32 {
        self.crc.clone().finalize()
    }

    /// Fills `round` with `before` and the file's next bytes.
    fn round(&mut self, round: &mut Vec<u8>, before: &[u8]) -> Result<(), StageError> {
        round.clear();
        round.extend(before);
        round.resize(before.len() + ROUND, 0);
        let mut len = before.len();
        while let Some(room) = round.get_mut(len..).filter(|room| !room.is_empty()) {
            let block = room.len().min(BLOCK);
            match self.fill(room.get_mut(..block).unwrap_or_default())? {
                0 => break,
                got => len += got,
            }
        }
        round.truncate(len);
        Ok(())
    }

    /// Reads what comes next; gives 0 at the end of a file that has the size that it had.
    fn fill(&mut self, room: &mut [u8]) -> Result<usize, StageError> {
        let artifact = &self.entry.input.artifact;
        self.work.job.check()?;
        let got = loop {
            match self.file.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read.map_err(|error| StageError::reading(&artifact.path, &error))?,
            }
        };
        let bytes = room.get(..got).unwrap_or_default();
        self.crc.update(bytes);
        self.digester.iter_mut().for_each(|digester| digester.update(bytes));
        self.read += got as u64;
        if self.read > artifact.size || (got == 0 && self.read < artifact.size) {
            return Err(changed(artifact));
        }
        self.work.job.count_read(got as u64);
        self.work.passed(got as u64);
        Ok(got)
    }

    /// Nothing may come after the end, and an earlier step's CRC must still be right.
    fn finish(mut self) -> Result<(), StageError> {
        self.fill(&mut [0])?;
        if given_crc(self.entry).is_some_and(|crc32| crc32 != self.crc32()) {
            return Err(changed(&self.entry.input.artifact));
        }
        let digester = self.digester.take();
        self.work.keep(self.entry, digester);
        Ok(())
    }
}

impl Read for Source<'_, '_, '_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.fill(room).map_err(|error| {
            let message = error.message.clone();
            self.fault = Some(error);
            io::Error::other(message)
        })
    }
}

enum Failure {
    Stage(StageError),
    Zip(Error),
}

impl Failure {
    fn told(self, work: &Work<'_, '_>, open: &Open<'_, '_>, entry: &Entry<'_>) -> StageError {
        match self {
            Self::Stage(error) => error,
            Self::Zip(error) => work.fault(&open.path, Some(entry), error),
        }
    }
}

impl From<StageError> for Failure {
    fn from(error: StageError) -> Self {
        Self::Stage(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Zip(error)
    }
}
