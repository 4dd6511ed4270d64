//! Reads one volume of a RAR set from its first byte to its last and tells what it saw, in order.
//!
//! Knows no other volume: whoever listens joins the parts of files and judges them.

use std::io::{self, BufReader, Seek, SeekFrom};

use blake2s_simd::blake2sp;

use crate::digest::crc32_combine;

use super::super::{Progress, ReadSeek, Stop, Volumes, pump};
use super::headers::{Block, EndHeader, FileHeader, Header, HeaderError, MOST_HEADERS, Reading};
use super::members::Content;
use super::volume_check::Seen;

/// Something that was seen in a volume.
pub(super) enum Sight {
    /// A fault: its code, a message and where it is.
    Fault(&'static str, String, Option<u64>),
    /// The headers from here on are encrypted.
    Hidden,
    /// What a header says, and the bytes behind it.
    Part(Box<(Block, Content)>),
}

/// Who is told what a volume holds.
pub(super) trait Listener {
    /// The BLAKE2sp that the bytes of this part continue, where its header says one.
    ///
    /// # Errors
    /// When the scan is to end here.
    fn running(&mut self, file: &FileHeader) -> Result<Option<blake2sp::State>, Halt>;
    /// Takes the next thing that was seen.
    ///
    /// # Errors
    /// When the scan is to end here.
    fn take(&mut self, sight: Sight) -> Result<(), Halt>;
}

/// Why a scan ends before its volume does.
pub(super) enum Halt {
    /// The watcher ended the work.
    Stopped(io::Error),
    /// The listener has heard enough.
    Enough,
}

/// Reads the volume of that index.
pub(super) fn scan(
    reading: &'static Reading,
    volumes: &dyn Volumes,
    index: usize,
    listener: &mut dyn Listener,
    progress: &mut Progress<'_>,
) -> Result<Seen, Halt> {
    let name = volumes.name(index).to_owned();
    let opened = volumes.open(index).and_then(|mut volume| {
        let size = volume.seek(SeekFrom::End(0))?;
        volume.seek(SeekFrom::Start(0))?;
        Ok((volume, size))
    });
    match opened {
        Ok((volume, size)) => {
            let volume = BufReader::new(volume);
            Scan { reading, volume, listener, progress }.through(Seen::new(name, size))
        }
        Err(error) => {
            let message = format!("cannot be read: {error}");
            listener.take(Sight::Fault("unreadable", message, None))?;
            Ok(Seen::new(name, 0))
        }
    }
}

/// A volume that is being read.
struct Scan<'a, 'v, 'p> {
    reading: &'static Reading,
    volume: BufReader<Box<dyn ReadSeek + 'v>>,
    listener: &'a mut dyn Listener,
    progress: &'a mut Progress<'p>,
}

impl Scan<'_, '_, '_> {
    fn through(&mut self, mut seen: Seen) -> Result<Seen, Halt> {
        let mut at = match self.reading.skip_marker(&mut self.volume) {
            Ok(at) => at,
            Err(error) => {
                self.header_fault(&error, 0)?;
                return Ok(seen);
            }
        };
        seen.readable = true;
        let mut crc32 = crc32fast::hash(self.reading.marker);
        for count in 0.. {
            let header = match (self.reading.header)(&mut self.volume, at) {
                Ok(Some(_)) if count >= MOST_HEADERS => Err(HeaderError::TooMany(MOST_HEADERS)),
                other => other,
            };
            let header = match header {
                Ok(Some(header)) => header,
                Ok(None) => break,
                Err(error) => {
                    self.header_fault(&error, at)?;
                    break;
                }
            };
            seen.note(&header);
            let late = header.block == Block::Owner;
            self.check_sound(late || header.sound, at)?;
            if let Block::End(end) = &header.block {
                self.end(end, crc32, &header)?;
                break;
            }
            if header.hides_the_rest() {
                self.listener.take(Sight::Hidden)?;
                break;
            }
            crc32 = crc32_combine(crc32, crc32fast::hash(&header.bytes), header.len);
            let content = self.content(&header)?;
            crc32 = crc32_combine(crc32, content.crc32, content.len);
            self.check_sound(!late || header.is_sound_with(content.crc32, content.len), at)?;
            let cut = content.len < header.content;
            at += header.len + content.len;
            self.listener.take(Sight::Part(Box::new((header.block, content))))?;
            if cut {
                break;
            }
        }
        Ok(seen)
    }

    /// Reads what follows a header. What cannot be read counts as not there.
    fn content(&mut self, header: &Header) -> Result<Content, Halt> {
        let mut crc = crc32fast::Hasher::new();
        let mut running = match header.file() {
            Some(file) => self.listener.running(file)?,
            None => None,
        };
        let mut hash = own_hash(&header.block);
        let mut len = 0;
        let progress = &mut *self.progress;
        let read = pump(&mut self.volume, header.content, &mut |bytes| {
            crc.update(bytes);
            for state in running.iter_mut().chain(&mut hash) {
                state.update(bytes);
            }
            len += bytes.len() as u64;
            progress(bytes.len() as u64)
        });
        match read {
            Err(Stop::Taking(error)) => return Err(Halt::Stopped(error)),
            Err(Stop::Reading(error)) => {
                let at = header.at + len;
                self.fault("unreadable", format!("cannot be read: {error}"), Some(at))?;
            }
            Ok(_) if len < header.content => {
                let message = format!("the volume ends {} bytes early", header.content - len);
                self.fault("truncated", message, Some(header.at))?;
            }
            Ok(_) => {}
        }
        let hash = hash.map(|state| *state.finalize().as_array());
        Ok(Content { at: header.at, len, crc32: crc.finalize(), hash, running })
    }

    fn check_sound(&mut self, sound: bool, at: u64) -> Result<(), Halt> {
        if sound {
            return Ok(());
        }
        self.fault("header-crc", "the header has another checksum than it says", Some(at))
    }

    fn end(&mut self, end: &EndHeader, crc32: u32, header: &Header) -> Result<(), Halt> {
        if end.volume_crc.is_some_and(|said| said != crc32) {
            let message = "the volume has another crc-32 than its end says";
            self.fault("volume-crc", message, Some(header.at))?;
        }
        let behind = header.at + header.len;
        let mut len = 0;
        let mut zeros = true;
        let progress = &mut *self.progress;
        let read = pump(&mut self.volume, u64::MAX, &mut |bytes| {
            zeros &= bytes.iter().all(|byte| *byte == 0);
            len += bytes.len() as u64;
            progress(bytes.len() as u64)
        });
        match read {
            Err(Stop::Taking(error)) => return Err(Halt::Stopped(error)),
            Err(Stop::Reading(error)) => {
                self.fault("unreadable", format!("cannot be read: {error}"), Some(behind + len))?;
            }
            Ok(_) => {}
        }
        if len > 0 && !(zeros && self.reading.zeros_fill) {
            let message = format!("{len} bytes follow the end of the volume");
            self.fault("trailing-bytes", message, Some(behind))?;
        }
        Ok(())
    }

    fn header_fault(&mut self, error: &HeaderError, at: u64) -> Result<(), Halt> {
        let code = match error {
            HeaderError::Signature(_) => "bad-signature",
            HeaderError::Truncated => "truncated",
            HeaderError::Malformed { .. } => "bad-header",
            HeaderError::TooMany(_) => "too-many-headers",
            HeaderError::Unreadable(_) => "unreadable",
        };
        self.fault(code, error.to_string(), Some(at))
    }

    fn fault(&mut self, code: &'static str, message: impl Into<String>, at: Option<u64>) -> Result<(), Halt> {
        self.listener.take(Sight::Fault(code, message.into(), at))
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
