//! Reads every byte of a RAR set and says what is wrong with it.
//!
//! One pass, one volume at a time, bounded memory. Checks what no other reader does: the CRC of each volume where
//! there is one, its number, and that all parts of a file tell the same of it. Knows how to unpack nothing: what
//! is compressed or encrypted is named as not checked.

use std::io::{self, BufReader, Seek, SeekFrom};

use blake2s_simd::blake2sp;

use crate::digest::crc32_combine;

use super::super::{Progress, ReadSeek, Stop, Verdict, Volumes, pump};
use super::headers::{Block, EndHeader, FileHeader, Header, HeaderError, MOST_HEADERS, Reading};
use super::members::{Content, Members, Report, SERVICE, check_sums};
use super::volume_check::{Seen, check_volumes};

/// Checks the volumes, given in the order of their names.
pub fn verify(
    reading: &'static Reading,
    volumes: &mut dyn Volumes,
    progress: &mut Progress<'_>,
) -> io::Result<Verdict> {
    let mut check = Check { reading, report: Report::default(), members: Members::default() };
    let mut seen = Vec::new();
    for index in 0..volumes.count() {
        let volume_name = volumes.name(index).to_owned();
        check.report.volume = volume_name.clone();
        let opened = volumes.open(index).and_then(|mut volume| {
            let size = volume.seek(SeekFrom::End(0))?;
            volume.seek(SeekFrom::Start(0))?;
            Ok((volume, size))
        });
        let one = match opened {
            Ok((volume, size)) => check.scan(Seen::new(volume_name, size), volume, progress)?,
            Err(error) => {
                check.report.fault("unreadable", format!("cannot be read: {error}"), None);
                Seen::new(volume_name, 0)
            }
        };
        seen.push(one);
    }
    check.members.abandon("the last volume ends in the middle of it", &mut check.report);
    check_volumes(&seen, &mut check.report.verdict);
    Ok(check.report.verdict)
}

/// What is known while volumes are read.
struct Check {
    reading: &'static Reading,
    report: Report,
    members: Members,
}

type Buffered<'a> = BufReader<Box<dyn ReadSeek + 'a>>;

impl Check {
    /// Reads one volume to its end.
    fn scan<'a>(
        &mut self,
        mut seen: Seen,
        volume: Box<dyn ReadSeek + 'a>,
        progress: &mut Progress<'_>,
    ) -> io::Result<Seen> {
        let mut volume = BufReader::new(volume);
        let mut at = match self.reading.skip_marker(&mut volume) {
            Ok(at) => at,
            Err(error) => {
                self.header_fault(&error, 0);
                return Ok(seen);
            }
        };
        seen.readable = true;
        let mut crc32 = crc32fast::hash(self.reading.marker);
        for count in 0.. {
            let header = match (self.reading.header)(&mut volume, at) {
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
            let late = header.block == Block::Owner;
            self.check_sound(late || header.sound, at);
            if let Block::End(end) = &header.block {
                self.end(end, crc32, &header, &mut volume, progress)?;
                break;
            }
            if header.hides_the_rest() {
                self.report.verdict.unchecked(&self.report.volume, "its headers are encrypted");
                break;
            }
            crc32 = crc32_combine(crc32, crc32fast::hash(&header.bytes), header.len);
            let content = self.content(&header, &mut volume, progress)?;
            crc32 = crc32_combine(crc32, content.crc32, content.len);
            self.check_sound(!late || header.is_sound_with(content.crc32, content.len), at);
            let cut = content.len < header.content;
            at += header.len + content.len;
            self.judge(&header.block, content);
            if cut {
                break;
            }
        }
        Ok(seen)
    }

    fn judge(&mut self, block: &Block, content: Content) {
        match block {
            Block::File(file) => self.members.part(file, content, &mut self.report),
            Block::Service(service) if service.altered.is_none() => {
                let at = Some(content.at);
                check_sums(&SERVICE, service, content.crc32, content.hash, at, &mut self.report);
            }
            _ => {}
        }
    }

    /// Reads what follows a header. What cannot be read counts as not there.
    fn content(
        &mut self,
        header: &Header,
        volume: &mut Buffered<'_>,
        progress: &mut Progress<'_>,
    ) -> io::Result<Content> {
        let mut crc = crc32fast::Hasher::new();
        let mut running = header.file().and_then(|file| self.members.running(file));
        let mut hash = own_hash(&header.block);
        let mut len = 0;
        let read = pump(volume, header.content, &mut |bytes| {
            crc.update(bytes);
            for state in running.iter_mut().chain(&mut hash) {
                state.update(bytes);
            }
            len += bytes.len() as u64;
            progress(bytes.len() as u64)
        });
        match read {
            Err(Stop::Taking(error)) => return Err(error),
            Err(Stop::Reading(error)) => {
                let at = header.at + len;
                self.report.fault("unreadable", format!("cannot be read: {error}"), Some(at));
            }
            Ok(_) if len < header.content => {
                let message = format!("the volume ends {} bytes early", header.content - len);
                self.report.fault("truncated", message, Some(header.at));
            }
            Ok(_) => {}
        }
        let hash = hash.map(|state| *state.finalize().as_array());
        Ok(Content { at: header.at, len, crc32: crc.finalize(), hash, running })
    }

    fn check_sound(&mut self, sound: bool, at: u64) {
        if !sound {
            self.report.fault("header-crc", "the header has another checksum than it says", Some(at));
        }
    }

    fn end(
        &mut self,
        end: &EndHeader,
        crc32: u32,
        header: &Header,
        volume: &mut Buffered<'_>,
        progress: &mut Progress<'_>,
    ) -> io::Result<()> {
        if end.volume_crc.is_some_and(|said| said != crc32) {
            let message = "the volume has another crc-32 than its end says";
            self.report.fault("volume-crc", message, Some(header.at));
        }
        let behind = header.at + header.len;
        let mut len = 0;
        let mut zeros = true;
        let read = pump(volume, u64::MAX, &mut |bytes| {
            zeros &= bytes.iter().all(|byte| *byte == 0);
            len += bytes.len() as u64;
            progress(bytes.len() as u64)
        });
        match read {
            Err(Stop::Taking(error)) => return Err(error),
            Err(Stop::Reading(error)) => {
                self.report.fault("unreadable", format!("cannot be read: {error}"), Some(behind + len));
            }
            Ok(_) => {}
        }
        if len > 0 && !(zeros && self.reading.zeros_fill) {
            let message = format!("{len} bytes follow the end of the volume");
            self.report.fault("trailing-bytes", message, Some(behind));
        }
        Ok(())
    }

    fn header_fault(&mut self, error: &HeaderError, at: u64) {
        let code = match error {
            HeaderError::Signature(_) => "bad-signature",
            HeaderError::Truncated => "truncated",
            HeaderError::Malformed { .. } => "bad-header",
            HeaderError::TooMany(_) => "too-many-headers",
            HeaderError::Unreadable(_) => "unreadable",
        };
        self.report.fault(code, error.to_string(), Some(at));
    }
}

/// A BLAKE2sp of nothing yet, where the header says that of the bytes right behind it.
fn own_hash(block: &Block) -> Option<blake2sp::State> {
    let says = |file: &FileHeader| file.blake2sp.is_some();
    let own = match block {
        Block::File(file) => file.continued && says(file),
        Block::Service(service) => says(service),
        _ => false,
    };
    own.then(blake2sp::State::new)
}
