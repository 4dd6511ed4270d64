//! Copies with digests that want bytes in order: a few kinds of small tasks, and every thread takes the most urgent.
//!
//! One thread at a time reads the next block (the digests of a source want them in order); any thread writes blocks;
//! for each volume one thread at a time digests what was read, once the volume is sealed. A block goes back to the
//! pool when it is written and digested.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use engine::{Digests, StageError};
use formats::digest::Digester;

use super::{Sealed, Work};
use crate::files;

/// How much is read at a time. Whole pages, and below 128 KiB: larger blocks get a mapping and a page of bookkeeping each
/// from the C library, which over a whole volume comes to most of a megabyte.
const BLOCK: u64 = 120 * 1024;
/// Most blocks that are held: a volume of 50 MB and hardly more, since they are most of a run's memory.
const MOST_BLOCKS: u64 = 412;
/// Blocks beyond one whole volume without which reading would stall.
const SLACK: u64 = 4;
/// Blocks that are enough when nothing has to wait for a seal.
const FEW_BLOCKS: u64 = 64;

/// Writes all volumes; gives the digests of each volume and of each input.
pub(super) fn write(
    work: &Work<'_, '_>,
    of_volumes: bool,
) -> Result<(Vec<Digests>, Vec<Digests>), StageError> {
    let largest =
        work.layout.volumes.iter().map(|volume| blocks_of(work, volume.parts.clone())).max().unwrap_or(0);
    let fits = largest + SLACK <= MOST_BLOCKS;
    let sealed_before = of_volumes && !fits;
    if sealed_before {
        work.take_crcs()?;
    }
    let pool = if of_volumes && fits { largest + SLACK } else { FEW_BLOCKS };
    let run = Run {
        work,
        of_volumes,
        sealed_before,
        changed: Condvar::new(),
        state: Mutex::new(State::new(work, pool, sealed_before)?),
    };
    rayon::scope(|scope| {
        for _ in 0..rayon::current_num_threads() {
            scope.spawn(|_| run.work_on());
        }
    });
    let state = run.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match state.failed {
        Some(error) => Err(error),
        None => Ok((state.volumes.into_iter().map(|volume| volume.digests).collect(), state.inputs)),
    }
}

/// How many blocks the parts of a volume take.
fn blocks_of(work: &Work<'_, '_>, parts: std::ops::Range<usize>) -> u64 {
    let parts = work.layout.parts.get(parts).unwrap_or_default();
    parts.iter().map(|part| part.len.div_ceil(BLOCK)).sum()
}

/// Bytes of a part on their way.
struct Block {
    volume: usize,
    at: u64,
    bytes: Vec<u8>,
}

/// What the threads share.
struct Run<'a, 'w, 'j> {
    work: &'a Work<'w, 'j>,
    of_volumes: bool,
    sealed_before: bool,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Free blocks; blocks are made as long as `unmade` lasts.
    free: Vec<Vec<u8>>,
    unmade: u64,
    /// The reader, while no thread has it.
    reader: Option<Reader>,
    to_write: VecDeque<Arc<Block>>,
    volumes: Vec<OneVolume>,
    /// Volumes that are sealed and not digested to their end.
    open: VecDeque<usize>,
    /// Blocks that are read and not written.
    unwritten: u64,
    inputs: Vec<Digests>,
    failed: Option<StageError>,
}

/// Where reading stands.
struct Reader {
    part: usize,
    offset: u64,
    source: Option<(usize, File)>,
    crc: crc32fast::Hasher,
    digester: Option<Digester>,
}

#[derive(Default)]
struct OneVolume {
    pending: VecDeque<Arc<Block>>,
    sealed: Option<Sealed>,
    next_piece: usize,
    at: u64,
    digester: Option<Digester>,
    busy: bool,
    digests: Digests,
}

/// What a thread does next.
enum Task {
    Digest(usize, OneVolume),
    Read(Reader, Vec<u8>),
    Write(Arc<Block>),
    Wait,
    End,
}

impl State {
    fn new(work: &Work<'_, '_>, pool: u64, sealed_before: bool) -> Result<Self, StageError> {
        let count = work.layout.volumes.len();
        let mut volumes: Vec<OneVolume> = (0..count).map(|_| OneVolume::default()).collect();
        let mut open = VecDeque::new();
        if sealed_before {
            for (index, volume) in volumes.iter_mut().enumerate() {
                volume.sealed = Some(work.seal(index)?);
                open.push_back(index);
            }
        }
        let reader =
            Reader { part: 0, offset: 0, source: None, crc: crc32fast::Hasher::new(), digester: None };
        Ok(Self {
            free: Vec::new(),
            unmade: pool,
            reader: Some(reader),
            to_write: VecDeque::new(),
            volumes,
            open,
            unwritten: 0,
            inputs: vec![Digests::new(); work.job.inputs().len()],
            failed: None,
        })
    }
}

impl Run<'_, '_, '_> {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work_on(&self) {
        let mut last = None;
        loop {
            let mut state = self.lock();
            let task = loop {
                match self.next(&mut state) {
                    Task::Wait => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                    task => break task,
                }
            };
            drop(state);
            let result = match task {
                Task::End | Task::Wait => return,
                Task::Digest(index, volume) => self.digest(index, volume),
                Task::Read(reader, block) => self.read(reader, block),
                Task::Write(block) => self.write_block(block, &mut last),
            };
            if let Err(error) = result {
                self.lock().failed.get_or_insert(error);
            }
            self.changed.notify_all();
        }
    }

    /// Digesting frees blocks, reading gives work to the others, writing can always be done.
    fn next(&self, state: &mut State) -> Task {
        if state.failed.is_some() {
            return Task::End;
        }
        let ready = |volume: &OneVolume| !volume.busy && (!volume.pending.is_empty() || volume.has_piece());
        let found = state.open.iter().copied().find(|&index| state.volumes.get(index).is_some_and(ready));
        if let Some(index) = found.filter(|_| self.of_volumes)
            && let Some(volume) = state.volumes.get_mut(index)
        {
            let taken = std::mem::take(volume);
            volume.busy = true;
            return Task::Digest(index, taken);
        }
        if let Some(reader) = state.reader.take_if(|reader| reader.part < self.work.layout.parts.len()) {
            if let Some(block) = state.free.pop() {
                return Task::Read(reader, block);
            }
            if state.unmade > 0 {
                state.unmade -= 1;
                return Task::Read(reader, Vec::new());
            }
            state.reader = Some(reader);
        }
        if let Some(block) = state.to_write.pop_front() {
            return Task::Write(block);
        }
        let read = state.reader.as_ref().is_some_and(|reader| reader.part >= self.work.layout.parts.len());
        if read && state.unwritten == 0 && (state.open.is_empty() || !self.of_volumes) {
            Task::End
        } else {
            Task::Wait
        }
    }

    /// Reads one block, and seals the volume that it completes.
    fn read(&self, mut reader: Reader, mut bytes: Vec<u8>) -> Result<(), StageError> {
        let work = self.work;
        let Some(part) = work.layout.parts.get(reader.part) else { return Ok(()) };
        if reader.source.as_ref().is_none_or(|(entry, _)| *entry != part.entry) {
            reader.source = Some((part.entry, work.source(part.entry)?));
            let wanted = work.job.inputs().get(part.entry).map(|input| work.job.wanted_of(input).clone());
            reader.digester = Some(files::digester(&wanted.unwrap_or_default())?);
        }
        let Some((entry, source)) = &reader.source else { return Ok(()) };
        let left = part.len - reader.offset;
        bytes.resize(usize::try_from(left.min(BLOCK)).unwrap_or_default(), 0);
        work.read(source, *entry, part.offset + reader.offset, &mut bytes)?;
        reader.crc.update(&bytes);
        if let Some(digester) = &mut reader.digester {
            digester.update(&bytes);
        }
        let block = Block { volume: part.volume, at: part.at + reader.offset, bytes };
        reader.offset += block.bytes.len() as u64;
        let mut input = None;
        let mut sealed = None;
        if reader.offset == part.len {
            let crc = std::mem::take(&mut reader.crc).finalize();
            if !self.sealed_before {
                work.set_crc(reader.part, crc);
            } else if work.crc(reader.part) != Some(crc) {
                return Err(super::changed(StageError::new(
                    "input/changed",
                    "a source changed while it was packed",
                )));
            }
            if !part.continued {
                work.ended(source, *entry)?;
                input = reader.digester.take().map(|digester| (*entry, digester.finish()));
                reader.source = None;
            }
            reader.part += 1;
            reader.offset = 0;
            let ends =
                work.layout.volumes.get(part.volume).is_some_and(|volume| volume.parts.end == reader.part);
            if ends && !self.sealed_before {
                sealed = Some((part.volume, self.seal(part.volume)?));
            } else if ends {
                sealed = Some((
                    part.volume,
                    self.put_pieces(part.volume, &work.seal(part.volume)?).map(|()| Sealed::default())?,
                ));
            }
        }
        let mut state = self.lock();
        let block = Arc::new(block);
        if self.of_volumes
            && let Some(volume) = state.volumes.get_mut(block.volume)
        {
            volume.pending.push_back(Arc::clone(&block));
        }
        if let Some((entry, digests)) = input
            && let Some(place) = state.inputs.get_mut(entry)
        {
            place.extend(digests);
        }
        if let Some((index, sealed)) = sealed.filter(|_| !self.sealed_before) {
            if let Some(volume) = state.volumes.get_mut(index) {
                volume.digests.insert("crc32", format!("{:08x}", sealed.crc32));
                volume.sealed = Some(sealed);
            }
            state.open.push_back(index);
        }
        state.unwritten += 1;
        state.to_write.push_back(block);
        state.reader = Some(reader);
        Ok(())
    }

    fn seal(&self, index: usize) -> Result<Sealed, StageError> {
        let sealed = self.work.seal(index)?;
        self.put_pieces(index, &sealed)?;
        Ok(sealed)
    }

    fn put_pieces(&self, index: usize, sealed: &Sealed) -> Result<(), StageError> {
        let volume = self.work.volume(index)?;
        sealed.pieces.iter().try_for_each(|(at, bytes)| self.work.put(&volume, index, *at, bytes))
    }

    /// Writes a block. `last` is the volume that the thread wrote to last, which is likely to be the next as well.
    fn write_block(&self, block: Arc<Block>, last: &mut Option<(usize, File)>) -> Result<(), StageError> {
        let kept = last.take().filter(|(index, _)| *index == block.volume);
        let (_, volume) = match kept {
            Some(kept) => last.insert(kept),
            None => last.insert((block.volume, self.work.volume(block.volume)?)),
        };
        self.work.begun(block.volume);
        self.work.put(volume, block.volume, block.at, &block.bytes)?;
        self.work.passed(block.volume, block.bytes.len() as u64)?;
        let mut state = self.lock();
        state.unwritten -= 1;
        state.give_back(block);
        Ok(())
    }

    /// Digests what a volume has ready, and ends it when that was all.
    fn digest(&self, index: usize, mut volume: OneVolume) -> Result<(), StageError> {
        let size = self.work.layout.volumes.get(index).map_or(0, |volume| volume.size);
        let mut digester = match volume.digester.take() {
            Some(digester) => digester,
            None => files::digester(self.work.job.wanted())?,
        };
        let mut spent = Vec::new();
        loop {
            let piece = volume.sealed.as_ref().and_then(|sealed| sealed.pieces.get(volume.next_piece));
            if let Some((_, bytes)) = piece.filter(|(at, _)| *at == volume.at) {
                digester.update(bytes);
                volume.at += bytes.len() as u64;
                volume.next_piece += 1;
            } else if let Some(block) = volume.pending.pop_front() {
                digester.update(&block.bytes);
                volume.at += block.bytes.len() as u64;
                spent.push(block);
                // Blocks go back one at a time while a volume is digested, so that reading goes on meanwhile.
                let mut state = self.lock();
                spent.drain(..).for_each(|block| state.give_back(block));
                drop(state);
                self.changed.notify_all();
                self.work.job.check()?;
            } else {
                break;
            }
        }
        let over = volume.at == size;
        if over {
            volume.digests.extend(digester.finish());
            let crc = volume.sealed.take().map(|sealed| sealed.crc32).unwrap_or_default();
            volume.digests.insert("crc32", format!("{crc:08x}"));
        } else {
            volume.digester = Some(digester);
        }
        let mut state = self.lock();
        if over {
            state.open.retain(|open| *open != index);
        }
        if let Some(place) = state.volumes.get_mut(index) {
            // Blocks that were read meanwhile wait in the place of the volume.
            volume.pending.append(&mut place.pending);
            volume.busy = false;
            *place = volume;
        }
        Ok(())
    }
}

impl OneVolume {
    /// Whether what stands around the parts goes on where digesting stopped.
    fn has_piece(&self) -> bool {
        let next = self.sealed.as_ref().and_then(|sealed| sealed.pieces.get(self.next_piece));
        next.is_some_and(|(at, _)| *at == self.at)
    }
}

impl State {
    /// A block is free when nobody needs it any more. Under the lock, so that the last of two is always seen.
    fn give_back(&mut self, block: Arc<Block>) {
        if let Ok(block) = Arc::try_unwrap(block) {
            self.free.push(block.bytes);
        }
    }
}
