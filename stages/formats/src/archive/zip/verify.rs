//! Reads every file of a ZIP archive and says what is wrong with it.
//!
//! Bounded: files are streamed and thrown away, and an archive that unpacks to more than it declares room for is
//! given up on. What is encrypted or compressed in another way than deflate is named as not checked.

use std::io::{self, BufReader, Read, Seek};

use zip::read::ZipReadOptions;
use zip::{CompressionMethod, ZipArchive};

use super::super::{Member, Progress, Stop, Verdict, Volumes, name, pump};

/// What is still taken for an archive and not for a bomb.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most bytes of all files together.
    pub total: u64,
    /// Most bytes of all files for a byte of the archive.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        // Deflate cannot do better than 1032 to 1, so more means that files share their bytes.
        Self { total: 16 << 40, ratio: 1100 }
    }
}

/// Checks the archive within the usual limits.
pub fn verify(volumes: &dyn Volumes, progress: &mut Progress<'_>) -> io::Result<Verdict> {
    verify_within(Limits::default(), volumes, progress)
}

/// Checks the archive. Only its first volume is read: a ZIP that is split cannot be checked.
pub fn verify_within(
    limits: Limits,
    volumes: &dyn Volumes,
    progress: &mut Progress<'_>,
) -> io::Result<Verdict> {
    let mut verdict = Verdict::default();
    if volumes.count() == 0 {
        return Ok(verdict);
    }
    let volume = volumes.name(0).to_owned();
    let opened = volumes.open(0).and_then(|mut file| {
        let size = file.seek(io::SeekFrom::End(0))?;
        Ok((file, size))
    });
    let (file, size) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            verdict.fault("unreadable", format!("cannot be read: {error}"), Some(&volume), None);
            return Ok(verdict);
        }
    };
    let archive = match ZipArchive::new(BufReader::new(file)) {
        Ok(archive) => archive,
        Err(error) => {
            verdict.fault("bad-directory", fragment(&error.to_string()), Some(&volume), None);
            return Ok(verdict);
        }
    };
    let most = limits.total.min(limits.ratio.saturating_mul(size));
    let consistent = !archive.has_duplicate_names();
    if !consistent {
        verdict.fault("duplicate-name", "two files have the same name", Some(&volume), None);
    }
    let mut check = Check { archive, verdict, volume, left: most, consistent };
    for index in 0..check.archive.len() {
        if !check.file(index, progress)? {
            break;
        }
    }
    Ok(check.verdict)
}

/// What is known while files are read.
struct Check<R> {
    archive: ZipArchive<R>,
    verdict: Verdict,
    volume: String,
    /// Bytes that may still be unpacked.
    left: u64,
    /// Local headers can be held against the directory.
    consistent: bool,
}

impl<R: Read + Seek> Check<R> {
    /// Reads one file; `false` when the rest is not to be read.
    fn file(&mut self, index: usize, progress: &mut Progress<'_>) -> io::Result<bool> {
        let Ok(entry) = self.archive.by_index_data(index) else { return Ok(false) };
        let at = entry.header_start();
        let packed = entry.compressed_size();
        let method = entry.compression();
        let known = matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated);
        let encrypted = entry.encrypted();
        let name =
            entry.name().map_or_else(|_| String::from_utf8_lossy(entry.name_raw()).into_owned(), Into::into);
        let mut member = Member { size: entry.size(), crc32: None, directory: entry.is_dir(), name };
        let crc32 = entry.crc32();
        self.check_name(&member.name, at);
        let mut more = true;
        if encrypted || !known {
            let why = if encrypted { "it is encrypted" } else { "it is compressed in an unknown way" };
            self.verdict.unchecked(&member.name, why);
        } else {
            let (found, goes_on) = self.content(index, &member, at, progress)?;
            more = goes_on;
            member.crc32 = found;
            if found.is_some_and(|found| found != crc32) {
                self.fault("file-crc", format!("`{}` has another crc-32 than it says", member.name), at);
            }
        }
        progress(packed)?;
        self.verdict.members.push(member);
        Ok(more)
    }

    /// Unpacks one file; gives its CRC-32 when it could be read whole, and whether to go on.
    fn content(
        &mut self,
        index: usize,
        member: &Member,
        at: u64,
        progress: &mut Progress<'_>,
    ) -> io::Result<(Option<u32>, bool)> {
        let options = || ZipReadOptions::new();
        let strict = options().enforce_header_consistency(true);
        if self.consistent
            && let Err(error) = self.archive.by_index_with_options(index, strict).map(drop)
        {
            self.fault("header-mismatch", format!("`{}`: {}", member.name, fragment(&error.to_string())), at);
        }
        let mut crc = crc32fast::Hasher::new();
        let left = self.left;
        // The crate's own test of the CRC would hide how many bytes there are.
        let read = match self.archive.by_index_with_options(index, options().ignore_crc32(true)) {
            Ok(mut file) => pump(&mut file, left.saturating_add(1), &mut |bytes| {
                crc.update(bytes);
                progress(0)
            }),
            Err(error) => Err(Stop::Reading(error.into())),
        };
        match read {
            Err(Stop::Taking(error)) => Err(error),
            Err(Stop::Reading(error)) => {
                let message =
                    format!("`{}` cannot be unpacked: {}", member.name, fragment(&error.to_string()));
                self.fault("bad-content", message, at);
                Ok((None, true))
            }
            Ok(len) if len > left => {
                self.fault("too-large", "the files unpack to more than any honest archive holds", at);
                Ok((None, false))
            }
            Ok(len) => {
                self.left -= len;
                if len != member.size {
                    let message =
                        format!("`{}` has {len} bytes, its header says {}", member.name, member.size);
                    self.fault("size-mismatch", message, at);
                }
                Ok((Some(crc.finalize()), true))
            }
        }
    }

    fn check_name(&mut self, found: &str, at: u64) {
        // A directory is told by its last slash.
        if let Err(why) = name::check(found.strip_suffix('/').unwrap_or(found)) {
            let message = format!("`{}` must not be unpacked: {why}", found.escape_debug());
            self.fault("unsafe-name", message, at);
        }
    }

    fn fault(&mut self, code: &'static str, message: impl Into<String>, at: u64) {
        self.verdict.fault(code, message, Some(&self.volume), Some(at));
    }
}

/// A foreign error as a part of our sentence.
fn fragment(message: &str) -> String {
    message.trim_end_matches('.').chars().filter(|character| !character.is_control()).collect()
}
