//! Cuts the beginning off books: the first pages of a PDF or a comic, the first documents of an EPUB.
//!
//! Bytes in, bytes out. Video is not cut here: that takes a foreign program, and the stage calls it.

mod comic;
mod epub;
mod pdf;
mod tree;
mod zipped;

use std::io::{Read, SeekFrom};

use thiserror::Error;

use crate::archive::ReadSeek;
use crate::archive::dos_time::DosTime;

/// Largest book that is cut, in bytes: a cut holds it in memory.
const LARGEST: u64 = 1 << 30;

/// The beginning of a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The extension of its file, without the dot.
    pub extension: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How many pages, pictures or documents it has.
    pub kept: usize,
    /// How many the whole has.
    pub of: usize,
}

/// Why a book cannot be cut.
#[derive(Debug, Error)]
pub enum CutError {
    /// It is of no format that can be cut.
    #[error("is no PDF, EPUB or CBZ")]
    Format,
    /// Its content is encrypted.
    #[error("is encrypted")]
    Encrypted,
    /// It is too large to be held in memory.
    #[error("is larger than the {LARGEST} bytes that can be cut")]
    Large,
    /// It is broken.
    #[error("is damaged: {0}")]
    Damaged(String),
}

/// How much to keep.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    /// Pages of a PDF or a comic.
    pub pages: usize,
    /// Documents of an EPUB, in the order of reading.
    pub documents: usize,
}

/// Cuts a book, whose format its content tells. Files in the result bear `time`.
pub fn cut(source: &mut dyn ReadSeek, amount: Amount, time: DosTime) -> Result<Cut, CutError> {
    let damaged = |error: std::io::Error| CutError::Damaged(error.to_string());
    let size = source.seek(SeekFrom::End(0)).map_err(damaged)?;
    source.seek(SeekFrom::Start(0)).map_err(damaged)?;
    let mut head = Vec::new();
    source.take(1_024).read_to_end(&mut head).map_err(damaged)?;
    source.seek(SeekFrom::Start(0)).map_err(damaged)?;
    if size > LARGEST {
        return Err(CutError::Large);
    }
    let mut bytes = Vec::new();
    if head.windows(5).any(|window| window == b"%PDF-") {
        source.read_to_end(&mut bytes).map_err(damaged)?;
        return pdf::cut(&bytes, amount.pages);
    }
    if !head.starts_with(b"PK\x03\x04") {
        return Err(CutError::Format);
    }
    let mut archive = zipped::Archive::open(source)?;
    if archive.has("META-INF/container.xml") {
        epub::cut(&mut archive, amount.documents, time)
    } else {
        comic::cut(&mut archive, amount.pages, time)
    }
}

#[cfg(test)]
mod tests;
