//! Writes and reads tar, the same bytes for the same input, compressed by others.
//!
//! Writes POSIX USTAR, with extended headers (PAX) only for what USTAR cannot hold: long names, names beyond
//! ASCII, files of 8 GiB and more. Says nothing of the machine: no owner, one mode, one time.

mod frames;
mod header;
mod member;
mod record;
mod verify;

#[cfg(test)]
mod tests;

use std::io::Write;

pub(super) use frames::Codec;
pub(super) use verify::verify;

use super::Progress;
use super::input::{self, Entry, Error, Open};

/// What all parts of a tar are a multiple of, in bytes.
const BLOCK: u64 = 512;

/// Bytes that [`write`] will write.
pub fn size(entries: &[Entry<'_>]) -> Result<u64, Error> {
    input::check(entries)?;
    let mut total = 2 * BLOCK;
    for entry in entries {
        let head = header::header(entry, 0).len() as u64;
        let padded = entry.size.checked_next_multiple_of(BLOCK).ok_or(Error::TooLarge)?;
        total = total.checked_add(padded).and_then(|sum| sum.checked_add(head)).ok_or(Error::TooLarge)?;
    }
    Ok(total)
}

/// Writes an archive of the files in their order. `modified` is in seconds since 1970.
pub fn write(
    entries: &[Entry<'_>],
    modified: i64,
    open: &mut Open<'_>,
    out: &mut dyn Write,
    progress: &mut Progress<'_>,
) -> Result<(), Error> {
    input::check(entries)?;
    for (index, entry) in entries.iter().enumerate() {
        out.write_all(&header::header(entry, modified)).map_err(Error::Write)?;
        input::copy(entry, index, open, &mut |bytes| out.write_all(bytes), progress)?;
        out.write_all(padding(entry.size)).map_err(Error::Write)?;
    }
    out.write_all(&[0; 2 * BLOCK as usize]).map_err(Error::Write)
}

/// What fills the last block of a file.
fn padding(size: u64) -> &'static [u8] {
    const ZEROS: &[u8] = &[0; BLOCK as usize];
    let rest = size % BLOCK;
    ZEROS.get(..if rest == 0 { 0 } else { (BLOCK - rest) as usize }).unwrap_or_default()
}
