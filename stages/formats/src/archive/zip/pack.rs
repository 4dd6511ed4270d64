//! Compresses one file, with its compressed bytes kept aside until their turn comes.
//!
//! Knows nothing of the archive. Bounded: above a limit the bytes go to scratch space that the caller provides.

use std::io::{self, Read, Seek, SeekFrom, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::super::{Progress, Stop, pump};
use super::Error;

/// Space for bytes that are too many for memory, such as a temporary file.
pub trait Scratch: Read + Write + Seek + Send {}
impl<T: Read + Write + Seek + Send> Scratch for T {}

/// A compressed file that waits for its place in an archive.
pub struct Packed<'a> {
    size: u64,
    crc32: u32,
    kept: Kept<'a>,
}

/// Compressed bytes held in memory.
const MEMORY: usize = 8 << 20;

/// Deflates all that `source` has from here on, at a level from 0 to 9. `scratch` is overwritten from its
/// beginning, and only used when the result is larger than 8 MiB. `progress` hears of bytes read.
pub fn pack<'a>(
    source: &mut dyn Read,
    level: u32,
    scratch: &'a mut dyn Scratch,
    progress: &mut Progress<'_>,
) -> Result<Packed<'a>, Error> {
    pack_within(source, level, scratch, MEMORY, progress)
}

fn pack_within<'a>(
    source: &mut dyn Read,
    level: u32,
    scratch: &'a mut dyn Scratch,
    limit: usize,
    progress: &mut Progress<'_>,
) -> Result<Packed<'a>, Error> {
    let kept = Kept { memory: Vec::new(), limit, scratch, len: 0 };
    let mut encoder = DeflateEncoder::new(kept, Compression::new(level.min(9)));
    let mut crc = crc32fast::Hasher::new();
    let size = pump(source, u64::MAX, &mut |bytes| {
        crc.update(bytes);
        encoder.write_all(bytes).map_err(Error::Scratch)?;
        progress(bytes.len() as u64).map_err(Error::Stopped)
    });
    let size = size.map_err(|stop: Stop<Error>| stop.or_else(Error::Read))?;
    let kept = encoder.finish().map_err(Error::Scratch)?;
    Ok(Packed { size, crc32: crc.finalize(), kept })
}

impl Packed<'_> {
    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// CRC-32 of the file.
    pub fn crc32(&self) -> u32 {
        self.crc32
    }

    /// Whether there are fewer compressed bytes than the file has.
    pub fn shrank(&self) -> bool {
        self.kept.len < self.size
    }

    /// Compressed bytes.
    pub(super) fn len(&self) -> u64 {
        self.kept.len
    }

    /// Gives the compressed bytes to `take`.
    pub(super) fn read(&mut self, take: &mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let spilled = self.kept.len.saturating_sub(self.kept.memory.len() as u64);
        take(&self.kept.memory)?;
        if spilled == 0 {
            return Ok(());
        }
        self.kept.scratch.seek(SeekFrom::Start(0)).map_err(Error::Scratch)?;
        let read = pump(&mut self.kept.scratch, spilled, take);
        match read.map_err(|stop| stop.or_else(Error::Scratch))? {
            read if read == spilled => Ok(()),
            _ => Err(Error::Scratch(io::ErrorKind::UnexpectedEof.into())),
        }
    }
}

/// Bytes of which the first lie in memory and the rest in scratch space.
struct Kept<'a> {
    memory: Vec<u8>,
    limit: usize,
    scratch: &'a mut dyn Scratch,
    len: u64,
}

impl Write for Kept<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let spilled = self.len - self.memory.len() as u64;
        let room = self.limit.saturating_sub(self.memory.len());
        let (near, far) = bytes.split_at(room.min(bytes.len()));
        self.memory.extend(near);
        self.len += near.len() as u64;
        if !far.is_empty() {
            if spilled == 0 {
                self.scratch.seek(SeekFrom::Start(0))?;
            }
            self.scratch.write_all(far)?;
            self.len += far.len() as u64;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn spilled_bytes_are_the_same_as_those_in_memory() {
        let content: Vec<u8> = (0..100_000u32).map(|at| (at.wrapping_mul(at) >> 9) as u8).collect();
        let compressed = |limit: usize| {
            // What lies in scratch space from before must not show.
            let mut scratch = Cursor::new(vec![7; 300_000]);
            scratch.set_position(5);
            let mut packed =
                pack_within(&mut content.as_slice(), 6, &mut scratch, limit, &mut |_| Ok(())).unwrap();
            assert_eq!((packed.size(), packed.crc32()), (100_000, crc32fast::hash(&content)));
            let mut bytes: Vec<u8> = Vec::new();
            packed
                .read(&mut |chunk| {
                    bytes.extend(chunk);
                    Ok(())
                })
                .unwrap();
            assert_eq!(bytes.len() as u64, packed.len());
            bytes
        };
        let whole = compressed(MEMORY);
        assert!(whole.len() < content.len());
        for limit in [0, 1, 1000, whole.len() - 1, whole.len()] {
            assert!(compressed(limit) == whole, "{limit}");
        }
    }
}
