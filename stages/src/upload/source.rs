//! The files of a release as they are sent: each is read once for all destinations that keep pace, and digested on the
//! way.
//!
//! Whoever needs a block first reads it and leaves it on a shelf for the others. The shelf is small: who is too slow for
//! it reads for himself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use engine::{Artifact, Digests, StageError};
use formats::digest::Digester;

use super::faults;
use super::flow::{Flow, lock};
use crate::files;

/// How much is read at a time.
pub(super) const BLOCK: u64 = 256 * 1024;
/// The digest that every file is known by.
pub(super) const DIGEST: &str = "sha256";
/// How many blocks may wait for slower destinations: 12 MiB.
const ROOM: usize = 48;
/// How many blocks that are done with are kept to be filled again: 2 MiB.
const MOST_SPARE: usize = 8;
/// How long the faster wait for the slower before they part.
const PATIENCE: Duration = Duration::from_millis(250);

/// A file to be sent.
pub(super) struct Source {
    pub(super) name: String,
    path: PathBuf,
    pub(super) size: u64,
    /// The time of its last change, in nanoseconds.
    pub(super) modified: i64,
    /// Digests taken when it was packed.
    packed: Digests,
    /// Destinations that may still need it.
    takers: AtomicUsize,
    reading: Mutex<Reading>,
    shelf: Arc<Shelf>,
    flow: Arc<Flow>,
}

#[derive(Default)]
struct Reading {
    file: Option<File>,
    digester: Option<Digester>,
    /// Blocks that were digested.
    digested: u64,
    /// The digests of the whole file.
    whole: Option<BTreeMap<String, String>>,
}

/// Blocks that wait for slower destinations.
#[derive(Default)]
pub(super) struct Shelf {
    blocks: Mutex<Shelved>,
    taken: Condvar,
    /// The destinations have parted: nobody waits for anybody any more.
    apart: AtomicBool,
    /// Room of blocks that nobody wants any more: making it anew for every block takes as long as filling it.
    spare: Mutex<Vec<Vec<u8>>>,
}

/// Bytes of a file, shared by the destinations that want them.
pub(super) type Block = Arc<Vec<u8>>;

/// A file and the number of a block of it.
type Spot = (String, u64);

#[derive(Default)]
struct Shelved {
    /// By file and number: the bytes, and how many still want them.
    blocks: BTreeMap<Spot, (Block, usize)>,
    order: VecDeque<Spot>,
}

impl Source {
    /// A file for so many destinations.
    pub(super) fn new(
        artifact: &Artifact,
        takers: usize,
        shelf: &Arc<Shelf>,
        flow: &Arc<Flow>,
    ) -> Result<Self, StageError> {
        let path = &artifact.path;
        let found = std::fs::metadata(path).map_err(|error| StageError::reading(path, &error))?;
        if found.len() != artifact.size {
            return Err(faults::changed(&artifact.name));
        }
        Ok(Self {
            name: artifact.name.clone(),
            path: path.clone(),
            size: artifact.size,
            modified: modified(&found),
            packed: artifact.digests.clone(),
            takers: AtomicUsize::new(takers),
            reading: Mutex::default(),
            shelf: Arc::clone(shelf),
            flow: Arc::clone(flow),
        })
    }

    /// The digest that it is known by, where it was taken when it was packed.
    pub(super) fn packed_digest(&self) -> Option<&str> {
        self.packed.get(DIGEST)
    }

    /// The digest that it is known by, if it was taken of what was sent.
    pub(super) fn digest_taken(&self) -> Option<String> {
        lock(&self.reading).whole.as_ref()?.get(DIGEST).cloned()
    }

    /// How many blocks it has.
    pub(super) const fn blocks(&self) -> u64 {
        self.size.div_ceil(BLOCK)
    }

    /// A destination needs it no more.
    pub(super) fn leave(&self) {
        // Below zero it would wrap; a destination leaves each file once.
        let _ = self
            .takers
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |takers| Some(takers.saturating_sub(1)));
    }

    /// A block of it.
    pub(super) fn block(&self, number: u64) -> Result<Block, StageError> {
        if let Some(bytes) = self.shelf.take(&self.name, number) {
            return Ok(bytes);
        }
        let others = self.takers.load(Ordering::Relaxed).saturating_sub(1);
        if others > 0 {
            self.shelf.make_room();
        }
        // Held until the block lies on the shelf, so that nobody reads it meanwhile.
        let mut reading = lock(&self.reading);
        if let Some(bytes) = self.shelf.take(&self.name, number) {
            return Ok(bytes);
        }
        let bytes = self.read(&mut reading, number)?;
        self.shelf.put(&self.name, number, &bytes, others);
        Ok(bytes)
    }

    /// Takes a block back that is not needed any more.
    pub(super) fn give_back(&self, block: Block) {
        let mut spare = lock(&self.shelf.spare);
        if spare.len() < MOST_SPARE {
            spare.extend(Arc::into_inner(block));
        }
    }

    /// The bytes before `end`, at most `length` of them.
    pub(super) fn tail(&self, end: u64, length: u64) -> Result<Vec<u8>, StageError> {
        let length = length.min(end);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        self.read_at(&mut lock(&self.reading), &mut bytes, end - length)?;
        Ok(bytes)
    }

    /// Bytes from `offset` on.
    pub(super) fn part(&self, offset: u64, length: u64) -> Result<Vec<u8>, StageError> {
        self.tail((offset + length).min(self.size), length)
    }

    /// The digest of the whole file as it was sent, held against what was packed; what was not read yet is read.
    pub(super) fn digest(&self, algorithm: &str) -> Result<String, StageError> {
        self.digest_up_to(self.blocks())?;
        let mut reading = lock(&self.reading);
        if reading.whole.is_none() {
            self.finish(&mut reading)?;
        }
        if let Some(digest) = reading.whole.as_ref().and_then(|whole| whole.get(algorithm)) {
            return Ok(digest.clone());
        }
        let mut digester = files::digester(&BTreeSet::from([algorithm.to_owned()]))?;
        for number in 0..self.blocks() {
            self.flow.check()?;
            let mut bytes = vec![0; self.length(number)];
            self.read_at(&mut reading, &mut bytes, number * BLOCK)?;
            digester.update(&bytes);
        }
        let digests = digester.finish();
        let digest = digests.get(algorithm).cloned().unwrap_or_default();
        reading.whole.get_or_insert_default().extend(digests);
        Ok(digest)
    }

    /// Digests what comes before a block, so that it is read once although sending begins behind it.
    pub(super) fn digest_up_to(&self, block: u64) -> Result<(), StageError> {
        loop {
            self.flow.check()?;
            let mut reading = lock(&self.reading);
            if reading.whole.is_some() || reading.digested >= block {
                return Ok(());
            }
            let next = reading.digested;
            self.read(&mut reading, next)?;
        }
    }

    /// Closes the file; it is opened again if somebody needs it.
    pub(super) fn close(&self) {
        lock(&self.reading).file = None;
    }

    fn finish(&self, reading: &mut Reading) -> Result<(), StageError> {
        let digester = match reading.digester.take() {
            Some(digester) => digester,
            None => self.digester()?,
        };
        let found = std::fs::metadata(&self.path).map_err(|error| StageError::reading(&self.path, &error))?;
        let whole = digester.finish();
        let is_packed = whole
            .iter()
            .all(|(algorithm, digest)| self.packed.get(algorithm).is_none_or(|packed| packed == digest));
        if !is_packed || found.len() != self.size || modified(&found) != self.modified {
            return Err(faults::changed(&self.name));
        }
        reading.whole = Some(whole);
        Ok(())
    }

    /// The digests that are taken: the one that the file is known by, and one that it was packed with.
    fn digester(&self) -> Result<Digester, StageError> {
        let mut names = BTreeSet::from([DIGEST.to_owned()]);
        if self.packed.get(DIGEST).is_none() {
            let strong = ["blake3", "sha512", "sha1", "md5", "crc32"];
            names.extend(strong.iter().find(|name| self.packed.get(name).is_some()).map(|&s| s.to_owned()));
        }
        files::digester(&names)
    }

    fn read(&self, reading: &mut Reading, number: u64) -> Result<Block, StageError> {
        let mut bytes = lock(&self.shelf.spare).pop().unwrap_or_default();
        bytes.resize(self.length(number), 0);
        self.read_at(reading, &mut bytes, number * BLOCK)?;
        if number == reading.digested && reading.whole.is_none() {
            if reading.digester.is_none() {
                reading.digester = Some(self.digester()?);
            }
            reading.digester.iter_mut().for_each(|digester| digester.update(&bytes));
            reading.digested += 1;
        }
        Ok(Arc::new(bytes))
    }

    fn read_at(&self, reading: &mut Reading, room: &mut [u8], offset: u64) -> Result<(), StageError> {
        let file = match &reading.file {
            Some(file) => file,
            None => reading.file.insert(files::open(&self.path)?),
        };
        file.read_exact_at(room, offset).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => faults::changed(&self.name),
            _ => StageError::reading(&self.path, &error),
        })?;
        self.flow.read.fetch_add(room.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// The length of a block.
    fn length(&self, number: u64) -> usize {
        usize::try_from(self.size.saturating_sub(number * BLOCK).min(BLOCK)).unwrap_or(0)
    }
}

impl Shelf {
    fn take(&self, file: &str, number: u64) -> Option<Block> {
        let mut shelved = lock(&self.blocks);
        let key = (file.to_owned(), number);
        let (bytes, wanted) = shelved.blocks.get_mut(&key)?;
        let bytes = Arc::clone(bytes);
        *wanted -= 1;
        if *wanted == 0 {
            shelved.blocks.remove(&key);
            self.taken.notify_all();
        }
        Some(bytes)
    }

    /// Waits for the slower ones where there is no room. Who is waited for in vain once is not waited for again.
    fn make_room(&self) {
        let shelved = lock(&self.blocks);
        if shelved.blocks.len() >= ROOM && !self.apart.load(Ordering::Relaxed) {
            let waited = self.taken.wait_timeout_while(shelved, PATIENCE, |now| now.blocks.len() >= ROOM);
            let waited = waited.unwrap_or_else(PoisonError::into_inner);
            if waited.1.timed_out() {
                self.apart.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Leaves a block for others. Where there is no room the oldest goes.
    fn put(&self, file: &str, number: u64, bytes: &Block, wanted: usize) {
        if wanted == 0 {
            return;
        }
        let mut shelved = lock(&self.blocks);
        while shelved.blocks.len() >= ROOM
            && let Some(oldest) = shelved.order.pop_front()
        {
            shelved.blocks.remove(&oldest);
        }
        let key = (file.to_owned(), number);
        shelved.blocks.insert(key.clone(), (Arc::clone(bytes), wanted));
        shelved.order.push_back(key);
        if shelved.order.len() > 4 * ROOM {
            let Shelved { blocks, order } = &mut *shelved;
            order.retain(|key| blocks.contains_key(key));
        }
    }
}

fn modified(found: &std::fs::Metadata) -> i64 {
    found.mtime().saturating_mul(1_000_000_000).saturating_add(found.mtime_nsec())
}
