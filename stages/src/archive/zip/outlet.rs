//! The archive's file as it is written: digests are taken on the way, and headers may be put in later.
//!
//! Knows no format. What was written after a gap is read back for digests once the gap is filled, since digests want
//! bytes in order; archives without gaps, and runs that want no digests, read nothing back.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use engine::{Artifact, Job, StageError};
use formats::archive::zip::Gap;
use formats::digest::Digester;

use crate::archive::go_on;
use crate::files;

/// A file on its way, with digests of all that was written.
pub(super) struct Outlet<'a, 'j> {
    job: &'a Job<'j>,
    name: String,
    path: PathBuf,
    file: File,
    digester: Option<Digester>,
    buffer: Vec<u8>,
    /// Bytes that are in the file.
    at: u64,
    /// Where something was left out, and how much.
    gap: Option<(u64, u64)>,
}

/// Bytes that are written or read back at a time.
const BLOCK: usize = 256 * 1024;

impl<'a, 'j> Outlet<'a, 'j> {
    /// Bytes of memory that it takes, and as much again for whoever fills it.
    pub(super) const BUFFERS: u64 = 4 * BLOCK as u64;

    /// Makes the file in the step's directory.
    pub(super) fn new(job: &'a Job<'j>, name: &str) -> Result<Self, StageError> {
        let path = files::place(job, name)?;
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| StageError::writing(parent, &error))?;
        }
        let file = File::options().read(true).write(true).create_new(true).open(&path);
        let file = file.map_err(|error| StageError::writing(&path, &error))?;
        let wanted = job.wanted();
        let digester = if wanted.is_empty() { None } else { Some(files::digester(wanted)?) };
        let buffer = Vec::with_capacity(BLOCK);
        Ok(Self { job, name: name.to_owned(), path, file, digester, buffer, at: 0, gap: None })
    }

    /// Where the file lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what is left and gives the artifact.
    pub(super) fn finish(mut self) -> Result<Artifact, StageError> {
        self.flush().map_err(|error| StageError::writing(&self.path, &error))?;
        self.job.count_written(self.at);
        let digests = self.digester.map(Digester::finish).unwrap_or_default();
        Ok(Artifact::new(&self.name, &self.path, self.at).with_digests(digests))
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        if let (Some(digester), None) = (&mut self.digester, self.gap) {
            digester.update(bytes);
        }
        Ok(())
    }

    /// Takes digests of what lies in the file from `start` on.
    fn catch_up(&mut self, start: u64) -> io::Result<()> {
        let Some(digester) = &mut self.digester else { return Ok(()) };
        let mut block = vec![0; BLOCK];
        let mut at = start;
        while at < self.at {
            let len = usize::try_from(self.at - at).unwrap_or(BLOCK).min(BLOCK);
            let room = block.get_mut(..len).unwrap_or_default();
            self.file.read_exact_at(room, at)?;
            digester.update(room);
            at += len as u64;
            go_on(self.job)?;
        }
        Ok(())
    }
}

impl Write for Outlet<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BLOCK {
            self.flush()?;
        }
        if bytes.len() >= BLOCK {
            self.put(bytes)?;
        } else {
            self.buffer.extend(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        self.put(&buffer)?;
        buffer.clear();
        self.buffer = buffer;
        Ok(())
    }
}

impl Gap for Outlet<'_, '_> {
    fn leave_gap(&mut self, len: u64) -> io::Result<()> {
        self.flush()?;
        self.gap = Some((self.at, len));
        self.at += len;
        Ok(())
    }

    fn fill_gap(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.flush()?;
        let Some((start, len)) = self.gap.take() else { return self.write_all(bytes) };
        self.file.write_all_at(bytes, start)?;
        if let Some(digester) = &mut self.digester {
            digester.update(bytes);
        }
        self.catch_up(start + len)
    }

    fn withdraw_gap(&mut self) -> io::Result<()> {
        self.buffer.clear();
        if let Some((start, _)) = self.gap.take() {
            self.file.set_len(start)?;
            self.at = start;
        }
        Ok(())
    }
}
