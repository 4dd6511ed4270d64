//! A page of text as a reader sees it: NFO, FILE_ID.DIZ, ANSI art, as a grid of cells, and drawn as PNG, SVG, HTML or
//! for a terminal.
//!
//! Knows characters, colours and pixels; no file, no terminal and no template. What it reads may be hostile: bytes,
//! columns, lines and pixels are bounded, and no cell holds what could steer a terminal.

mod ansi;
mod canvas;
mod colours;
mod decode;
mod font;
mod html;
mod png;
mod sauce;
mod svg;
mod terminal;
#[cfg(test)]
mod tests;

pub use canvas::{Cell, Colour, Look, Row};
pub use colours::{Rgb, Theme};
pub use html::html;
pub use png::png;
pub use sauce::Sauce;
pub use svg::svg;
pub use terminal::{ansi, plain};

use thiserror::Error;

/// Longest file that is read, in bytes.
pub const MAX_BYTES: usize = 2 << 20;
/// Most columns of a page.
pub const MAX_COLUMNS: usize = 320;
/// Most lines of a page.
pub const MAX_LINES: usize = 5000;
/// Most pixels of a picture.
pub const MAX_PIXELS: usize = 100_000_000;
/// Largest pixels of a picture: one of the font as so many in each direction.
pub const MAX_SCALE: usize = 8;

/// Width of a screen, where art in ANSI wraps.
const SCREEN: usize = 80;
/// Where lines of a plain text wrap; notes of releases stay well below.
const PLAIN: usize = 160;

/// How bytes are to be read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The encoding, `cp437`, `cp850` or one of the WHATWG's labels; found out when it is not given.
    pub encoding: Option<String>,
    /// Columns at which lines wrap; the file's own, or what is usual, when it is not given.
    pub width: Option<usize>,
}

/// A page and what it was read from.
#[derive(Debug, Clone)]
pub struct Page {
    /// Lines from the top, none empty at the end.
    pub rows: Vec<Row>,
    /// Columns that the page takes.
    pub columns: usize,
    /// The encoding it was read in: the WHATWG's name in lower case, or the code page.
    pub encoding: String,
    /// Whether escape sequences coloured it or moved about in it.
    pub is_ansi: bool,
    /// The record at the end of the file, if there is one.
    pub sauce: Option<Sauce>,
}

/// Why a page cannot be read or drawn.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PageError {
    /// More bytes than a page may have.
    #[error("it is longer than {MAX_BYTES} bytes, and no page is")]
    TooLong,
    /// More lines than a page may have.
    #[error("it has more than {MAX_LINES} lines")]
    TooManyLines,
    /// Bytes that are no text.
    #[error("it is no text")]
    NotText,
    /// An encoding that nobody knows.
    #[error("there is no encoding `{0}`")]
    UnknownEncoding(String),
    /// A width outside of what is possible.
    #[error("a width is from 1 to {MAX_COLUMNS} columns")]
    Width,
    /// A picture that would be too large.
    #[error("the picture would have {width} × {height} pixels, which is more than {MAX_PIXELS}")]
    TooLarge {
        /// Pixels in a line.
        width: usize,
        /// Lines of pixels.
        height: usize,
    },
    /// The PNG could not be written.
    #[error("the picture cannot be written: {0}")]
    Png(String),
}

/// Reads a page: finds its encoding, strips a SAUCE record and follows ANSI escape sequences.
///
/// # Errors
/// When the bytes are too many or no text, or when the reading asks for what does not exist.
pub fn read(bytes: &[u8], reading: &Reading) -> Result<Page, PageError> {
    if bytes.len() > MAX_BYTES {
        return Err(PageError::TooLong);
    }
    if reading.width.is_some_and(|width| !(1..=MAX_COLUMNS).contains(&width)) {
        return Err(PageError::Width);
    }
    let decoded = decode::decode(bytes, reading.encoding.as_deref())?;
    let is_ansi = decoded.text.contains("\u{1b}[");
    let own = decoded.sauce.as_ref().and_then(|sauce| sauce.columns).map(usize::from);
    let own = own.filter(|columns| (1..=MAX_COLUMNS).contains(columns));
    let width = reading.width.or(own).unwrap_or(if is_ansi { SCREEN } else { PLAIN });
    let ice = decoded.sauce.as_ref().is_some_and(|sauce| sauce.ice_colours);
    let mut canvas = canvas::Canvas::new(width, ice);
    ansi::interpret(&decoded.text, decoded.pictures, &mut canvas)?;
    let rows = canvas.finish();
    let used = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let columns = if is_ansi { width } else { used.max(1) };
    Ok(Page { rows, columns, encoding: decoded.encoding, is_ansi, sauce: decoded.sauce })
}

impl Page {
    /// A page of lines that are known to be text.
    ///
    /// # Errors
    /// When there are too many of them.
    pub fn of_text(text: &str) -> Result<Self, PageError> {
        read(text.as_bytes(), &Reading { encoding: Some("utf-8".into()), width: None })
    }

    /// The lines as text, without spaces at their ends.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.text().trim_end().to_owned()).collect()
    }
}
