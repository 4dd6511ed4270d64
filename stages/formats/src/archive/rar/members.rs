//! Joins the parts of files as they are read, and judges each file where it ends.
//!
//! Reads nothing itself: `verify` brings headers and what the bytes behind them sum up to.

use std::collections::HashSet;

use blake2s_simd::blake2sp;

use crate::digest::crc32_combine;

use super::super::{Member, Verdict, name};
use super::headers::FileHeader;

/// Files listed at most, against archives that are nothing but names.
const MOST_MEMBERS: usize = 1_000_000;
/// Bytes of names kept at most, since a name can have 64 KiB and more.
const MOST_NAME_BYTES: usize = 64 << 20;

/// The verdict so far, and the volume that is being read.
#[derive(Default)]
pub(super) struct Report {
    pub verdict: Verdict,
    pub volume: String,
}

impl Report {
    pub fn fault(&mut self, code: &'static str, message: impl Into<String>, at: Option<u64>) {
        self.verdict.fault(code, message, Some(&self.volume), at);
    }
}

/// The bytes that followed a header.
pub(super) struct Content {
    /// Offset of the header in the volume.
    pub at: u64,
    pub len: u64,
    pub crc32: u32,
    /// BLAKE2sp of these bytes, where a header said one of a part.
    pub hash: Option<[u8; 32]>,
    /// Of the file up to here, where its headers say one.
    pub running: Option<blake2sp::State>,
}

/// The files that were seen, and the one of which more parts are to come.
#[derive(Default)]
pub(super) struct Members {
    names: HashSet<String>,
    name_bytes: usize,
    open: Option<OpenFile>,
}

/// A file of which parts were seen.
struct OpenFile {
    first: FileHeader,
    crc32: u32,
    running: Option<blake2sp::State>,
    len: u64,
    whole: bool,
}

impl Members {
    /// The BLAKE2sp that the bytes of the next part continue, where its header says one.
    pub fn running(&mut self, file: &FileHeader) -> Option<blake2sp::State> {
        file.blake2sp?;
        let fresh = blake2sp::State::new;
        Some(if file.continues { self.open.as_mut()?.running.take()? } else { fresh() })
    }

    /// Takes one part of a file: joins it to earlier ones, and judges the file where it ends.
    pub fn part(&mut self, file: &FileHeader, content: Content, report: &mut Report) {
        let at = Some(content.at);
        if !file.continues {
            self.abandon("a new file begins in the middle of it", report);
            self.check_name(file, at, report);
        }
        let mut open = self.open.take().unwrap_or_else(|| {
            if file.continues {
                report.fault("orphan-part", format!("the beginning of `{}` is missing", file.name), at);
            }
            OpenFile { first: file.clone(), crc32: 0, running: None, len: 0, whole: !file.continues }
        });
        if !agree(&open.first, file) {
            let message = format!("parts of `{}` and `{}` do not agree", open.first.name, file.name);
            report.fault("part-mismatch", message, at);
        }
        open.crc32 = crc32_combine(open.crc32, content.crc32, content.len);
        open.len = open.len.saturating_add(content.len);
        let (part_hash, running) = (content.hash, content.running);
        if file.continued {
            if file.altered.is_none() {
                check_sums(&PART, file, content.crc32, part_hash, at, report);
            }
            open.running = running;
            self.open = Some(open);
            return;
        }
        if file.altered.is_none() && open.whole {
            let hash = running.map(|state| *state.finalize().as_array());
            check_whole(file, &open, hash, at, report);
        }
        self.list(open, report);
    }

    /// A file whose rest does not come.
    pub fn abandon(&mut self, why: &str, report: &mut Report) {
        if let Some(open) = self.open.take() {
            let message = format!("`{}` is not complete: {why}", open.first.name);
            report.fault("incomplete-file", message, None);
            self.list(open, report);
        }
    }

    fn check_name(&mut self, file: &FileHeader, at: Option<u64>, report: &mut Report) {
        if let Err(why) = name::check(&file.name) {
            let message = format!("`{}` must not be unpacked: {why}", file.name.escape_debug());
            report.fault("unsafe-name", message, at);
        }
        // Older versions bear the name of the file that they are versions of.
        let new = file.old_version || self.is_full(report) || self.names.insert(file.name.clone());
        if !new {
            report.fault("duplicate-name", format!("`{}` is there twice", file.name), at);
        }
        self.name_bytes = self.name_bytes.saturating_add(file.name.len());
    }

    /// Lists a file of which no more parts are expected.
    fn list(&mut self, open: OpenFile, report: &mut Report) {
        if self.is_full(report) {
            return report.fault("too-many-files", "there are more files than are listed", None);
        }
        let file = open.first;
        let summed = file.directory || open.len == 0 || file.crc32.is_some() || file.blake2sp.is_some();
        if let Some(why) = file.altered.or((!summed).then_some("it has no checksum")) {
            report.verdict.unchecked(&file.name, why);
        }
        report.verdict.members.push(Member {
            name: file.name,
            size: file.size.unwrap_or(open.len),
            crc32: file.altered.is_none().then_some(open.crc32),
            directory: file.directory,
        });
    }

    fn is_full(&self, report: &Report) -> bool {
        report.verdict.members.len() >= MOST_MEMBERS || self.name_bytes >= MOST_NAME_BYTES
    }
}

/// Bytes that have sums, and what it is called when the sums are wrong.
pub(super) struct Summed {
    crc: &'static str,
    hash: &'static str,
    whose: &'static str,
}

const PART: Summed = Summed { crc: "part-crc", hash: "part-hash", whose: "a part of " };
const WHOLE: Summed = Summed { crc: "file-crc", hash: "file-hash", whose: "" };
pub(super) const SERVICE: Summed =
    Summed { crc: "service-crc", hash: "service-hash", whose: "the archive's own " };

/// Compares what bytes sum up to with what their header says.
pub(super) fn check_sums(
    summed: &Summed,
    said: &FileHeader,
    crc32: u32,
    hash: Option<[u8; 32]>,
    at: Option<u64>,
    report: &mut Report,
) {
    let (name, whose) = (&said.name, summed.whose);
    if said.crc32.is_some_and(|said| said != crc32) {
        report.fault(summed.crc, format!("{whose}`{name}` has another crc-32 than its header says"), at);
    }
    if said.blake2sp.is_some() && said.blake2sp != hash {
        report.fault(summed.hash, format!("{whose}`{name}` has another blake2sp than its header says"), at);
    }
}

fn check_whole(
    file: &FileHeader,
    open: &OpenFile,
    hash: Option<[u8; 32]>,
    at: Option<u64>,
    report: &mut Report,
) {
    if let Some(size) = file.size.filter(|size| *size != open.len) {
        let message = format!("`{}` has {} bytes, its header says {size}", file.name, open.len);
        report.fault("size-mismatch", message, at);
    }
    check_sums(&WHOLE, file, open.crc32, hash, at, report);
}

/// Whether two parts tell the same of their file.
fn agree(first: &FileHeader, later: &FileHeader) -> bool {
    let told = |file: &FileHeader| {
        let own = (file.name.clone(), file.size, file.modified, file.attributes, file.host);
        (own, file.altered, file.directory, file.crc32.is_some(), file.blake2sp.is_some())
    };
    told(first) == told(later)
}
