//! Makes archives: files are read and compressed on all threads of the pool, and put in their order by one.
//!
//! Files of up to [`SMALL`] bytes are taken in windows of up to [`WINDOW`] bytes. While the members of one window are
//! written, those of the next are made. Each member depends on its file alone, so the bytes of the archive are the same
//! for any number of threads. Buffers stay below three windows, 48 MiB, whatever the sizes and the number of files: the
//! members of one window that wait to be written, and for those of the next at most the file itself and as much room to
//! compress into. Larger files are alone at their time, see [`super::large`].

use std::borrow::Cow;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use engine::{Artifact, Digests, Input, Job, StageError};
use formats::archive::dos_time::DosTime;
use formats::archive::zip::{Error, Member, Packer, Writer};
use formats::digest::Digester;
use globset::GlobSet;
use rayon::prelude::*;

use super::super::Archive;
use super::epub;
use super::large;
use super::outlet::Outlet;
use crate::files;

/// A file on its way into an archive.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    /// Its number among the inputs.
    pub(super) index: usize,
    pub(super) input: &'a Input,
    /// The content that it must have, and that is then stored.
    pub(super) required: Option<&'static [u8]>,
    /// The member, when it was made before.
    pub(super) ready: Option<&'a Member>,
}

/// Makes the archives of one job.
pub(super) struct Work<'a, 'j> {
    pub(super) job: &'a Job<'j>,
    pub(super) level: u32,
    stored: GlobSet,
    total: u64,
    done: Mutex<u64>,
    packers: Mutex<Vec<Packer>>,
    found: Mutex<Vec<Digests>>,
}

/// An archive that is being written.
pub(super) struct Open<'a, 'j> {
    pub(super) writer: Writer<Outlet<'a, 'j>>,
    pub(super) path: PathBuf,
}

/// Files with their members, in the order in which they are put.
type Made<'e> = Vec<(Entry<'e>, Cow<'e, Member>)>;

/// Files up to this size are made ready in memory. The bytes of archives depend on it.
const SMALL: u64 = 8 << 20;
/// Bytes of files that are in the works at a time.
const WINDOW: u64 = 16 << 20;
/// Files that are in the works at a time: tiny ones take memory beside their bytes.
const FILES: usize = 4096;
/// Bytes of shared files that are kept for all archives.
const SHARED: u64 = 4 << 20;
/// Bytes of buffers of archives that are made at the same time.
const BUFFERS: u64 = 3 * WINDOW - SHARED;

impl<'a> Entry<'a> {
    pub(super) fn new((index, input): (usize, &'a Input)) -> Self {
        Self { index, input, required: None, ready: None }
    }

    /// Bytes that are read to make its member; none for a file that is large.
    fn cost(&self) -> Option<u64> {
        match self.ready {
            Some(_) => Some(0),
            None => Some(self.input.artifact.size).filter(|size| *size <= SMALL),
        }
    }
}

impl<'a, 'j> Work<'a, 'j> {
    pub(super) fn new(options: &Archive, job: &'a Job<'j>, total: u64) -> Result<Self, StageError> {
        let stored = options.stored().map_err(|error| StageError::input(error.to_string()))?;
        let level = options.level.unwrap_or(6);
        let (done, packers, found) = Default::default();
        Ok(Self { job, level, stored, total, done, packers, found })
    }

    /// The digests of the inputs that later steps want, in the order of the inputs.
    pub(super) fn digests(self) -> Vec<Digests> {
        self.found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes an archive of these files, in this order.
    pub(super) fn archive(&self, name: &str, entries: &[Entry<'_>]) -> Result<Artifact, StageError> {
        let _span = self.job.span(|| name.to_owned());
        let outlet = Outlet::new(self.job, name)?;
        let path = outlet.path().to_owned();
        let mut open = Open { writer: Writer::new(outlet, DosTime::from_unix(self.job.time())), path };
        let (mut waiting, mut rest) = (Made::new(), entries);
        while let Some(first) = rest.first() {
            let (window, behind) = rest.split_at(window(rest, WINDOW).max(1));
            let (put, made) = if first.cost().is_some() {
                rayon::join(|| self.put(&mut open, &waiting), || self.make(window))
            } else {
                (self.put(&mut open, &waiting), Ok(Made::new()))
            };
            put?;
            waiting = made?;
            if first.cost().is_none() {
                large::add(self, &mut open, first)?;
            }
            rest = behind;
        }
        self.put(&mut open, &waiting)?;
        let Open { writer, path } = open;
        writer.finish().map_err(|error| self.fault(&path, None, error))?.finish()
    }

    /// Makes an archive of every file of `each` together with all of `shared`, several at a time.
    pub(super) fn each(
        &self,
        names: &[String],
        each: &[Entry<'_>],
        shared: &[Entry<'_>],
    ) -> Result<Vec<Artifact>, StageError> {
        // What goes into every archive is read and made once, unless that is too much to keep.
        let kept = window(shared, SHARED);
        let (common, rest) = shared.split_at(kept);
        let common = self.make(common)?;
        let common = common.iter().map(|(entry, member)| Entry { ready: Some(member), ..*entry });
        let shared: Vec<Entry<'_>> = common.chain(rest.iter().copied()).collect();
        let archives: Vec<_> = names.iter().zip(each).collect();
        let mut artifacts = Vec::with_capacity(archives.len());
        let mut ahead = archives.as_slice();
        while !ahead.is_empty() {
            let mut room = BUFFERS;
            let fits = |(_, own): &&(&String, &Entry<'_>)| {
                room.checked_sub(self.buffers(&joined(own, &shared))).inspect(|left| room = *left).is_some()
            };
            let (batch, behind) = ahead.split_at(ahead.iter().take_while(fits).count().max(1));
            let made: Vec<_> = batch
                .par_iter()
                .with_max_len(1)
                .map(|(name, own)| self.archive(name, &joined(own, &shared)))
                .collect();
            for artifact in made {
                artifacts.push(artifact?);
            }
            ahead = behind;
        }
        Ok(artifacts)
    }

    /// Whether the file is not to be compressed.
    pub(super) fn is_stored(&self, entry: &Entry<'_>) -> bool {
        self.level == 0 || entry.required.is_some() || self.stored.is_match(&entry.input.artifact.name)
    }

    /// Says that so many bytes more were taken in. Behind a lock, so that what is told never goes back.
    pub(super) fn passed(&self, bytes: u64) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done = self.total.min(*done + bytes);
        self.job.progress(*done, self.total, "bytes");
    }

    /// What takes the digests that later steps want of an input.
    pub(super) fn digester(&self, entry: &Entry<'_>) -> Result<Option<Digester>, StageError> {
        let wanted = self.job.wanted_of(entry.input);
        if wanted.is_empty() { Ok(None) } else { files::digester(wanted).map(Some) }
    }

    /// Keeps the digests of an input for the end.
    pub(super) fn keep(&self, entry: &Entry<'_>, digester: Option<Digester>) {
        let Some(digester) = digester else { return };
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.len() <= entry.index {
            found.resize(entry.index + 1, Digests::new());
        }
        if let Some(digests) = found.get_mut(entry.index) {
            digests.extend(digester.finish());
        }
    }

    pub(super) fn fault(&self, path: &Path, entry: Option<&Entry<'_>>, error: Error) -> StageError {
        match error {
            Error::Write(error) => {
                self.job.check().err().unwrap_or_else(|| StageError::writing(path, &error))
            }
            Error::Read(error) => {
                StageError::reading(entry.map_or(path, |entry| &entry.input.artifact.path), &error)
            }
            Error::Stopped(_) => self.job.check().err().unwrap_or_else(StageError::cancelled),
            error @ Error::SourceChanged(_) => StageError::new("input/changed", error.to_string())
                .hint("run again when nothing writes to the source any more"),
            error => StageError::input(error.to_string()),
        }
    }

    /// Bytes of buffers that an archive of these files takes.
    fn buffers(&self, entries: &[Entry<'_>]) -> u64 {
        let small: u64 = entries.iter().filter_map(Entry::cost).sum();
        let mut large = entries.iter().filter(|entry| entry.cost().is_none());
        let rounds = if large.any(|entry| !self.is_stored(entry)) { large::BUFFERS } else { 0 };
        Outlet::BUFFERS + rounds.max(3 * small.min(WINDOW))
    }

    fn put(&self, open: &mut Open<'_, '_>, made: &[(Entry<'_>, Cow<'_, Member>)]) -> Result<(), StageError> {
        for (entry, member) in made {
            let added = open.writer.add(&entry.input.artifact.name, member);
            added.map_err(|error| self.fault(&open.path, Some(entry), error))?;
        }
        Ok(())
    }

    /// One file a task, since sizes differ; the first fault in the order of the files is the one that is told.
    fn make<'e>(&self, entries: &[Entry<'e>]) -> Result<Made<'e>, StageError> {
        let made: Vec<Result<_, StageError>> = entries
            .par_iter()
            .with_max_len(1)
            .map(|entry| match entry.ready {
                Some(member) => Ok((*entry, Cow::Borrowed(member))),
                None => self.member(entry).map(|member| (*entry, Cow::Owned(member))),
            })
            .collect();
        made.into_iter().collect()
    }

    fn member(&self, entry: &Entry<'_>) -> Result<Member, StageError> {
        self.job.check()?;
        let idle = self.packers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut packer = idle.unwrap_or_else(|| Packer::new(self.level));
        let content = packer.content();
        read_whole(&entry.input.artifact, content)?;
        self.job.count_read(content.len() as u64);
        if let Some(wanted) = entry.required.filter(|wanted| content.as_slice() != *wanted) {
            return Err(epub::wrong_content(&entry.input.artifact.name, wanted));
        }
        let mut digester = self.digester(entry)?;
        digester.iter_mut().for_each(|digester| digester.update(content));
        self.keep(entry, digester);
        let member = packer.pack(!self.is_stored(entry));
        if given_crc(entry).is_some_and(|crc32| crc32 != member.crc32()) {
            return Err(changed(&entry.input.artifact));
        }
        self.packers.lock().unwrap_or_else(PoisonError::into_inner).push(packer);
        self.passed(member.size());
        Ok(member)
    }
}

/// The CRC-32 of a file as the step that made it took it.
pub(super) fn given_crc(entry: &Entry<'_>) -> Option<u32> {
    entry.input.artifact.digests.get("crc32").and_then(|hex| u32::from_str_radix(hex, 16).ok())
}

/// The fault of a file that is not what it was.
pub(super) fn changed(artifact: &Artifact) -> StageError {
    StageError::new("input/changed", format!("`{}` changed while it was packed", artifact.name))
        .hint("run again when nothing writes to the source any more")
}

fn joined<'e>(own: &Entry<'e>, shared: &[Entry<'e>]) -> Vec<Entry<'e>> {
    [&[*own], shared].concat()
}

/// Bytes of all files together.
pub(super) fn size(entries: &[Entry<'_>]) -> u64 {
    entries.iter().map(|entry| entry.input.artifact.size).sum()
}

/// Bytes that are read of files that are shared by so many archives.
pub(super) fn readings(shared: &[Entry<'_>], archives: usize) -> u64 {
    let (once, again) = shared.split_at(window(shared, SHARED));
    size(once) + size(again) * archives as u64
}

/// How many files from the first on are small and have no more bytes than `limit` together.
fn window(entries: &[Entry<'_>], limit: u64) -> usize {
    let mut room = limit;
    let fits = |entry: &&Entry<'_>| {
        let left = entry.cost().and_then(|cost| room.checked_sub(cost));
        left.inspect(|left| room = *left).is_some()
    };
    entries.iter().take(FILES).take_while(fits).count()
}

/// Reads a file in one go; it must have the size that it had.
fn read_whole(artifact: &Artifact, content: &mut Vec<u8>) -> Result<(), StageError> {
    let size = usize::try_from(artifact.size).unwrap_or(usize::MAX);
    // One byte more would show that it grew; the rest of the room spares a reader's probing at the end.
    content.reserve(size.saturating_add(64));
    let mut file = files::open(&artifact.path)?.take(artifact.size.saturating_add(1));
    file.read_to_end(content).map_err(|error| StageError::reading(&artifact.path, &error))?;
    if content.len() == size { Ok(()) } else { Err(changed(artifact)) }
}
