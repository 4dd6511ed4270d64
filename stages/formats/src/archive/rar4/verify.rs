//! Reads every byte of a RAR 4 set and says what is wrong with it.
//!
//! One pass, one volume at a time, bounded memory. Checks what no other reader does: the CRC of each volume, its
//! number, and that all parts of a file tell the same of it. Knows how to unpack nothing: what is compressed or
//! encrypted is named as not checked.

use std::collections::HashSet;
use std::io::{self, BufReader, Seek, SeekFrom};

use crate::digest::crc32_combine;

use super::super::{Member, Progress, ReadSeek, Stop, Verdict, Volumes, name, pump};
use super::header as bits;
use super::parse::{FileHeader, Header, HeaderError, MOST_HEADERS, read_header, read_marker};
use super::volume_check::{Seen, check_volumes};

/// Files listed at most, against archives that are nothing but names.
const MOST_MEMBERS: usize = 1_000_000;
/// Bytes of names kept at most, since a name can have 64 KiB.
const MOST_NAME_BYTES: usize = 64 << 20;
/// A file of which RAR keeps older versions under the same name.
const OLD_VERSION: u16 = 0x0800;

/// Checks the volumes, given in the order of their names.
pub fn verify(volumes: &mut dyn Volumes, progress: &mut Progress<'_>) -> io::Result<Verdict> {
    let mut check = Check::default();
    let mut seen = Vec::new();
    for index in 0..volumes.count() {
        let volume_name = volumes.name(index).to_owned();
        check.volume = volume_name.clone();
        let opened = volumes.open(index).and_then(|mut volume| {
            let size = volume.seek(SeekFrom::End(0))?;
            volume.seek(SeekFrom::Start(0))?;
            Ok((volume, size))
        });
        let one = match opened {
            Ok((volume, size)) => check.scan(Seen::new(volume_name, size), volume, progress)?,
            Err(error) => {
                check.fault("unreadable", format!("cannot be read: {error}"), None);
                Seen::new(volume_name, 0)
            }
        };
        seen.push(one);
    }
    check.abandon("the last volume ends in the middle of it");
    check_volumes(&seen, &mut check.verdict);
    Ok(check.verdict)
}

/// What is known while volumes are read.
#[derive(Default)]
struct Check {
    verdict: Verdict,
    volume: String,
    names: HashSet<String>,
    name_bytes: usize,
    open: Option<OpenFile>,
}

/// A file of which parts were seen.
struct OpenFile {
    first: FileHeader,
    crc32: u32,
    len: u64,
    whole: bool,
}

/// The bytes that follow a header.
struct Content {
    len: u64,
    crc32: u32,
}

impl Check {
    /// Reads one volume to its end.
    fn scan<'a>(
        &mut self,
        mut seen: Seen,
        volume: Box<dyn ReadSeek + 'a>,
        progress: &mut Progress<'_>,
    ) -> io::Result<Seen> {
        let mut volume = BufReader::new(volume);
        let mut at = match read_marker(&mut volume) {
            Ok(at) => at,
            Err(error) => {
                self.header_fault(&error, 0);
                return Ok(seen);
            }
        };
        seen.readable = true;
        let mut crc32 = crc32fast::hash(&bits::MARKER);
        for count in 0.. {
            let header = match read_header(&mut volume, at) {
                Ok(Some(_)) if count >= MOST_HEADERS => Err(HeaderError::TooMany(MOST_HEADERS)),
                other => other,
            };
            let header = match header {
                Ok(Some(header)) => header,
                Ok(None) => break,
                Err(error) => {
                    self.header_fault(&error, at);
                    break;
                }
            };
            seen.note(&header);
            // The owner blocks of RAR 2 alone have a checksum that counts what follows them.
            let late = header.kind == bits::OWNER;
            self.check_sound(late || header.sound, at);
            if header.kind == bits::END {
                self.end(&header, crc32, seen.size);
                break;
            }
            if header.hides_the_rest() {
                let volume = self.volume.clone();
                self.verdict.unchecked(&volume, "its headers are encrypted");
                break;
            }
            crc32 = crc32_combine(crc32, crc32fast::hash(&header.bytes), header.len);
            let content = self.content(&header, &mut volume, progress)?;
            crc32 = crc32_combine(crc32, content.crc32, content.len);
            self.check_sound(!late || header.is_sound_with(content.crc32, content.len), at);
            if header.kind == bits::FILE
                && let Some(file) = &header.file
            {
                self.part(&header, file, &content);
            }
            at += header.len + content.len;
            if content.len < header.content {
                break;
            }
        }
        Ok(seen)
    }

    /// Reads what follows a header. What cannot be read counts as not there.
    fn content(
        &mut self,
        header: &Header,
        volume: &mut BufReader<Box<dyn ReadSeek + '_>>,
        progress: &mut Progress<'_>,
    ) -> io::Result<Content> {
        let mut crc = crc32fast::Hasher::new();
        let mut len = 0;
        let read = pump(volume, header.content, &mut |bytes| {
            crc.update(bytes);
            len += bytes.len() as u64;
            progress(bytes.len() as u64)
        });
        match read {
            Err(Stop::Taking(error)) => return Err(error),
            Err(Stop::Reading(error)) => {
                self.fault("unreadable", format!("cannot be read: {error}"), Some(header.at + len));
            }
            Ok(_) if len < header.content => {
                let message = format!("the volume ends {} bytes early", header.content - len);
                self.fault("truncated", message, Some(header.at));
            }
            Ok(_) => {}
        }
        Ok(Content { len, crc32: crc.finalize() })
    }

    fn check_sound(&mut self, sound: bool, at: u64) {
        if !sound {
            self.fault("header-crc", "the header has another checksum than it says", Some(at));
        }
    }

    fn end(&mut self, header: &Header, crc32: u32, size: u64) {
        if header.volume_crc.is_some_and(|said| said != crc32) {
            self.fault("volume-crc", "the volume has another crc-32 than its end says", Some(header.at));
        }
        let behind = header.at + header.len;
        if size > behind {
            let message = format!("{} bytes follow the end of the volume", size - behind);
            self.fault("trailing-bytes", message, Some(behind));
        }
    }

    /// Takes one part of a file: joins it to earlier ones, and judges the file where it ends.
    fn part(&mut self, header: &Header, file: &FileHeader, content: &Content) {
        let at = Some(header.at);
        if !file.continues {
            self.abandon("a new file begins in the middle of it");
            self.check_name(header, file);
        }
        let mut open = self.open.take().unwrap_or_else(|| {
            if file.continues {
                self.fault("orphan-part", format!("the beginning of `{}` is missing", file.name), at);
            }
            OpenFile { first: file.clone(), crc32: 0, len: 0, whole: !file.continues }
        });
        if !agree(&open.first, file) {
            let message = format!("parts of `{}` and `{}` do not agree", open.first.name, file.name);
            self.fault("part-mismatch", message, at);
        }
        open.crc32 = crc32_combine(open.crc32, content.crc32, content.len);
        open.len = open.len.saturating_add(content.len);
        if file.continued {
            if is_plain(file) && content.crc32 != file.crc32 {
                let message = format!("a part of `{}` has another crc-32 than its header says", file.name);
                self.fault("part-crc", message, at);
            }
            self.open = Some(open);
            return;
        }
        if is_plain(file) && open.whole {
            self.check_whole(file, &open, at);
        }
        self.list(open.first, open.crc32);
    }

    fn check_whole(&mut self, file: &FileHeader, open: &OpenFile, at: Option<u64>) {
        if open.len != file.size {
            let message = format!("`{}` has {} bytes, its header says {}", file.name, open.len, file.size);
            self.fault("size-mismatch", message, at);
        }
        if open.crc32 != file.crc32 {
            let message = format!("`{}` has another crc-32 than its header says", file.name);
            self.fault("file-crc", message, at);
        }
    }

    fn check_name(&mut self, header: &Header, file: &FileHeader) {
        if let Err(why) = name::check(&file.name) {
            let message = format!("`{}` must not be unpacked: {why}", file.name.escape_debug());
            self.fault("unsafe-name", message, Some(header.at));
        }
        let new = self.is_full() || self.names.insert(file.name.clone());
        if !new && !header.has(OLD_VERSION) {
            self.fault("duplicate-name", format!("`{}` is there twice", file.name), Some(header.at));
        }
        self.name_bytes = self.name_bytes.saturating_add(file.name.len());
    }

    /// Lists a file of which no more parts are expected.
    fn list(&mut self, file: FileHeader, crc32: u32) {
        if self.is_full() {
            return self.fault("too-many-files", "there are more files than are listed", None);
        }
        if file.encrypted {
            self.verdict.unchecked(&file.name, "it is encrypted");
        } else if file.method != bits::STORED {
            self.verdict.unchecked(&file.name, "it is compressed");
        }
        let crc32 = is_plain(&file).then_some(crc32);
        self.verdict.members.push(Member {
            name: file.name,
            size: file.size,
            crc32,
            directory: file.directory,
        });
    }

    fn is_full(&self) -> bool {
        self.verdict.members.len() >= MOST_MEMBERS || self.name_bytes >= MOST_NAME_BYTES
    }

    /// A file whose rest does not come.
    fn abandon(&mut self, why: &str) {
        if let Some(open) = self.open.take() {
            self.fault("incomplete-file", format!("`{}` is not complete: {why}", open.first.name), None);
            self.list(open.first, open.crc32);
        }
    }

    fn header_fault(&mut self, error: &HeaderError, at: u64) {
        let code = match error {
            HeaderError::Signature => "bad-signature",
            HeaderError::Truncated => "truncated",
            HeaderError::Malformed { .. } => "bad-header",
            HeaderError::TooMany(_) => "too-many-headers",
            HeaderError::Unreadable(_) => "unreadable",
        };
        self.fault(code, error.to_string(), Some(at));
    }

    fn fault(&mut self, code: &'static str, message: impl Into<String>, at: Option<u64>) {
        self.verdict.fault(code, message, Some(&self.volume), at);
    }
}

/// Whether the bytes in the archive are those of the file.
fn is_plain(file: &FileHeader) -> bool {
    file.method == bits::STORED && !file.encrypted
}

/// Whether two parts tell the same of their file.
fn agree(first: &FileHeader, later: &FileHeader) -> bool {
    let told = |file: &FileHeader| {
        (file.name.clone(), file.size, file.modified, file.attributes, file.host, file.method, file.encrypted)
    };
    told(first) == told(later)
}
