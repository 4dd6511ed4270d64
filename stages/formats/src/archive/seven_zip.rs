//! Writes 7z archives, the same bytes for the same input, and tests any.
//!
//! All files are one LZMA2 stream. What the archive begins with points to its end, so it is filled in last: the only
//! format here that cannot be written front to back.

mod bytes;
mod coders;
mod folder;
mod header;
mod parse;
mod verify;

#[cfg(test)]
mod tests;

use std::io::{self, Seek, SeekFrom, Write};

use lzma_rust2::{Lzma2Options, Lzma2Writer};

pub use verify::verify;

use super::Progress;
use super::input::{self, Entry, Error, Open};
use header::{Coder, File};

/// What every archive begins with.
pub const MAGIC: &[&[u8]] = &[SIGNATURE];
const SIGNATURE: &[u8] = b"7z\xbc\xaf\x27\x1c";

/// Bytes of what comes before everything else.
const START: u64 = 32;

/// Something to write to whose beginning can be written last.
pub trait WriteSeek: Write + Seek {}
impl<T: Write + Seek + ?Sized> WriteSeek for T {}

/// Writes an archive of the files in their order, from the first byte of `out` on, at a level from 0 (stored) to 9.
/// `modified` is in seconds since 1970. Compressing takes about eleven times the dictionary: 256 KiB at level 0,
/// 8 MiB at 6, 64 MiB at 9, and never more than the files have.
pub fn write(
    entries: &[Entry<'_>],
    modified: i64,
    level: u32,
    open: &mut Open<'_>,
    out: &mut dyn WriteSeek,
    progress: &mut Progress<'_>,
) -> Result<(), Error> {
    let total = input::check(entries)?;
    out.write_all(&[0; START as usize]).map_err(Error::Write)?;
    let mut packed = Counted { out, count: 0 };
    let mut files = Vec::with_capacity(entries.len());
    let coder = if level == 0 {
        pack(entries, &mut files, open, &mut packed, progress)?;
        Coder::Copy
    } else {
        let (options, property) = options(level, total);
        let mut encoder = Lzma2Writer::new(&mut packed, options);
        pack(entries, &mut files, open, &mut encoder, progress)?;
        // Without a byte there is no stream, and so nothing that ends one.
        if total > 0 {
            encoder.finish().map_err(Error::Write)?;
        }
        Coder::Lzma2(property)
    };
    let Counted { out, count } = packed;
    let header = header::header(&files, modified, coder, count);
    out.write_all(&header).map_err(Error::Write)?;
    out.seek(SeekFrom::Start(0)).map_err(Error::Write)?;
    out.write_all(&header::start(count, &header)).map_err(Error::Write)?;
    out.flush().map_err(Error::Write)
}

/// Gives every file to `out`, and remembers its size and CRC-32.
fn pack<'a>(
    entries: &[Entry<'a>],
    files: &mut Vec<File<'a>>,
    open: &mut Open<'_>,
    out: &mut dyn Write,
    progress: &mut Progress<'_>,
) -> Result<(), Error> {
    for (index, entry) in entries.iter().enumerate() {
        let mut crc = crc32fast::Hasher::new();
        let mut take = |bytes: &[u8]| {
            crc.update(bytes);
            out.write_all(bytes)
        };
        input::copy(entry, index, open, &mut take, progress)?;
        files.push(File { name: entry.name, size: entry.size, crc32: crc.finalize() });
    }
    Ok(())
}

/// How to compress `total` bytes, and the byte that tells the size of the dictionary.
fn options(level: u32, total: u64) -> (Lzma2Options, u8) {
    let mut options = Lzma2Options::with_preset(level.min(9));
    let lzma = &mut options.lzma_options;
    let wanted = total.clamp(4096, u64::from(lzma.dict_size));
    let property = (0..40).find(|property| coders::dictionary(*property) >= wanted).unwrap_or(40);
    lzma.dict_size = u32::try_from(coders::dictionary(property)).unwrap_or(u32::MAX);
    (options, property)
}

struct Counted<'a> {
    out: &'a mut dyn WriteSeek,
    count: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.count += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
