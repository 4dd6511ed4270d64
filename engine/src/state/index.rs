//! Which entries of the state's log count, where they lie, and how they get there.

use std::collections::HashMap;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::record::ReleaseRecord;
use super::{Entries, FOLDER, Log, Outbox};
use crate::digest::Digest;

/// The first byte of an entry.
pub(super) const RELEASE: u8 = b'R';
pub(super) const DELIVERED: u8 = b'D';
pub(super) const EARLY: u8 = b'E';
pub(super) const SHAPE: u8 = b'S';
/// The bytes in front of an entry's body: what it is, and of what.
const HEAD: usize = 17;
/// How many bytes of entries that are no more of use are kept before the log is written anew.
const SLACK: u64 = 1 << 20;

/// Where in the log the entries are that count, and what is still to be written there.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// What the places below are places in.
    pub(super) reader: Option<Arc<File>>,
    /// The last entries of a release, newest last. There are two, since the newest may tell of a release that was
    /// about to appear when the run ended.
    pub(super) releases: HashMap<Digest, Vec<Range<usize>>>,
    /// What was delivered of the release that appeared last.
    pub(super) delivered: HashMap<Digest, Range<usize>>,
    /// Steps that found facts for a release that was not made.
    pub(super) early: HashMap<Digest, Range<usize>>,
    pub(super) shapes: HashMap<Digest, Range<usize>>,
    pub(super) log: Option<Log>,
    unwritten: Outbox,
    pub(super) trouble: Option<String>,
}

impl Index {
    pub(super) fn of(entries: &Entries, reader: Option<File>) -> Self {
        let mut index = Self { reader: reader.map(Arc::new), ..Self::default() };
        for range in &entries.found {
            index.place(entries.bytes.get(range.clone()).unwrap_or_default(), range.clone());
        }
        index
    }

    /// Takes note of where an entry lies.
    fn place(&mut self, entry: &[u8], at: Range<usize>) {
        let Some((kind, digest)) = head(entry) else { return };
        let body = at.start + HEAD..at.end;
        match kind {
            RELEASE => {
                self.delivered.remove(&digest);
                self.early.remove(&digest);
                let known = self.releases.entry(digest).or_default();
                known.push(body);
                if known.len() > 2 {
                    known.remove(0);
                }
            }
            DELIVERED => drop(self.delivered.insert(digest, body)),
            EARLY => drop(self.early.insert(digest, body)),
            SHAPE => drop(self.shapes.insert(digest, body)),
            _ => {}
        }
    }

    /// Adds an entry to the log, now or as soon as that is possible.
    pub(super) fn add(&mut self, kind: u8, digest: Digest, body: &[u8], sync: bool) {
        if self.log.is_some() {
            self.unwritten.push([&[kind], &digest.bytes()[..], body].concat(), sync);
            self.flush();
        }
    }

    /// Whether all that was added is in the log.
    pub(super) fn is_written(&self) -> bool {
        self.log.is_some() && self.unwritten.is_empty()
    }

    /// Writes what is not written yet.
    pub(super) fn flush(&mut self) {
        let Some(mut log) = self.log.take() else { return };
        let mut unwritten = std::mem::take(&mut self.unwritten);
        let flushed = unwritten.flush(&mut log, |entry, at| self.place(entry, at));
        let trouble = |error| crate::StageError::writing(Path::new(FOLDER), &error).message;
        self.trouble = flushed.err().map(trouble);
        (self.log, self.unwritten) = (Some(log), unwritten);
    }

    /// Writes the log anew when most of it is of no more use, and says whether it did. Releases that somebody took away
    /// are forgotten then, and so is what was found for releases that were not made.
    pub(super) fn tidy(&mut self, home: &Path, entries: &Entries, log: &mut Log) -> bool {
        let kept = self.delivered.values().chain(self.shapes.values());
        let used: usize = self.releases.values().flatten().chain(kept).map(Range::len).sum();
        if log.len() < SLACK + 2 * used as u64 {
            return false;
        }
        let bytes = &entries.bytes;
        let stays = |range: &Range<usize>| {
            let record: Option<ReleaseRecord> = serde_json::from_slice(bytes.get(range.clone())?).ok();
            record.filter(|record| home.join(&record.target).exists())
        };
        self.releases.retain(|_, ranges| ranges.iter().any(|range| stays(range).is_some()));
        let releases =
            self.releases.iter().flat_map(|(key, all)| all.iter().map(|range| (RELEASE, *key, range)));
        let delivered = self.delivered.iter().map(|(key, range)| (DELIVERED, *key, range));
        let shapes = self.shapes.iter().map(|(digest, range)| (SHAPE, *digest, range));
        let kept: Vec<Vec<u8>> = shapes
            .chain(releases)
            .chain(delivered)
            .filter_map(|(kind, digest, range)| {
                Some([&[kind], &digest.bytes()[..], bytes.get(range.clone())?].concat())
            })
            .collect();
        // The old log stays where the new one cannot be written; it is only larger than it need be.
        log.rewrite(kept.iter().map(Vec::as_slice)).is_ok()
    }
}

/// What an entry holds.
pub(super) fn read<T: DeserializeOwned>(reader: &File, range: &Range<usize>) -> Option<T> {
    let mut bytes = vec![0; range.len()];
    reader.read_exact_at(&mut bytes, range.start as u64).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn head(entry: &[u8]) -> Option<(u8, Digest)> {
    let (kind, rest) = entry.split_first()?;
    Some((*kind, Digest::from_bytes(*rest.first_chunk()?)))
}
