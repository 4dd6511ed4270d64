//! Tar compressed with Zstandard.
//!
//! One frame with its content's size and checksum, made by one thread: the bytes depend on the files and the level
//! alone, never on how many cores there are.

use std::io::{self, BufRead, Write};

use zstd::stream::{read, write};

use super::input::{Entry, Error, Open};
use super::tar::{self, Codec};
use super::{Progress, Verdict, Volumes};

/// A frame with content.
pub const MAGIC: &[&[u8]] = &[b"\x28\xb5\x2f\xfd"];
/// Extensions of an archive.
pub const EXTENSIONS: &[&str] = &["tar.zst", "tzst"];

/// Writes an archive of the files in their order, at a level from 1 to 19. `modified` is in seconds since 1970.
pub fn write(
    entries: &[Entry<'_>],
    modified: i64,
    level: u32,
    open: &mut Open<'_>,
    out: &mut dyn Write,
    progress: &mut Progress<'_>,
) -> Result<(), Error> {
    let mut encoder = encoder(out, level, tar::size(entries)?).map_err(Error::Write)?;
    tar::write(entries, modified, open, &mut encoder, progress)?;
    encoder.finish().map(drop).map_err(Error::Write)
}

/// Reads everything and says what is wrong.
pub fn verify(volumes: &dyn Volumes, progress: &mut Progress<'_>) -> io::Result<Verdict> {
    tar::verify::<Zstd>(EXTENSIONS, volumes, progress)
}

fn encoder<W: Write>(out: W, level: u32, size: u64) -> io::Result<write::Encoder<'static, W>> {
    let mut encoder = write::Encoder::new(out, level.clamp(1, 19).cast_signed())?;
    encoder.include_checksum(true)?;
    encoder.include_contentsize(true)?;
    encoder.set_pledged_src_size(Some(size))?;
    Ok(encoder)
}

struct Zstd;

impl Codec for Zstd {
    type Frame<R: BufRead> = read::Decoder<'static, R>;

    fn begins(first: u8) -> bool {
        // Content, or one of the sixteen kinds of frames that readers skip.
        first == 0x28 || first & 0xf0 == 0x50
    }

    fn begin<R: BufRead>(source: R) -> io::Result<Self::Frame<R>> {
        Ok(read::Decoder::with_buffer(source)?.single_frame())
    }

    fn end<R: BufRead>(frame: Self::Frame<R>) -> R {
        frame.finish()
    }

    fn refuses(error: &io::Error) -> bool {
        // The library has a code for it, which the crate tells as text alone.
        error.to_string().contains("too much memory")
    }
}
