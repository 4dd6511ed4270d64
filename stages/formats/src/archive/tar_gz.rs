//! Tar compressed with gzip.
//!
//! The gzip header names no file, no time and no system, so that the bytes depend on the files and the level alone.

use std::io::{self, BufRead, Write};

use flate2::bufread::GzDecoder;
use flate2::{Compression, GzBuilder};

use super::input::{Entry, Error, Open};
use super::tar::{self, Codec};
use super::{Progress, Verdict, Volumes};

/// Gzip, with its only method.
pub const MAGIC: &[&[u8]] = &[b"\x1f\x8b\x08"];
/// Extensions of an archive.
pub const EXTENSIONS: &[&str] = &["tar.gz", "tgz"];

/// Writes an archive of the files in their order, at a level from 0 to 9. `modified` is in seconds since 1970.
pub fn write(
    entries: &[Entry<'_>],
    modified: i64,
    level: u32,
    open: &mut Open<'_>,
    out: &mut dyn Write,
    progress: &mut Progress<'_>,
) -> Result<(), Error> {
    let mut encoder = GzBuilder::new().mtime(0).write(out, Compression::new(level.min(9)));
    tar::write(entries, modified, open, &mut encoder, progress)?;
    encoder.finish().map(drop).map_err(Error::Write)
}

/// Reads everything and says what is wrong.
pub fn verify(volumes: &dyn Volumes, progress: &mut Progress<'_>) -> io::Result<Verdict> {
    tar::verify::<Gzip>(EXTENSIONS, volumes, progress)
}

struct Gzip;

impl Codec for Gzip {
    type Frame<R: BufRead> = GzDecoder<R>;

    fn begins(first: u8) -> bool {
        first == 0x1f
    }

    fn begin<R: BufRead>(source: R) -> io::Result<GzDecoder<R>> {
        Ok(GzDecoder::new(source))
    }

    fn end<R: BufRead>(frame: GzDecoder<R>) -> R {
        frame.into_inner()
    }

    fn refuses(_: &io::Error) -> bool {
        false
    }
}
