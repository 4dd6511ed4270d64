//! The first record of a book: PalmDOC header, MOBI header, title.
//!
//! Knows where the numbers stand; what they mean to people is decided elsewhere.

use super::exth::Exth;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// What the first record says.
pub struct Header {
    /// Whether the text is locked, and needs a key that is not in the file.
    pub encrypted: bool,
    /// How its texts are encoded.
    pub encoding: &'static Encoding,
    /// Language and region, as Windows numbers them.
    pub locale: Option<u32>,
    /// The title, in full.
    pub full_name: Option<Vec<u8>>,
    /// The record of the first picture.
    pub first_image: Option<u32>,
    pub exth: Exth,
    version: Option<u32>,
}

impl Header {
    /// Reads a record; nothing when it is too short for the oldest header.
    pub fn parse(record: &[u8]) -> Option<Self> {
        /// The flag that says that an EXTH header follows.
        const HAS_EXTH: u32 = 0x40;
        const UTF_8_PAGE: u32 = 65001;
        let short = |at: usize| record.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes));
        let encrypted = short(12)? != 0;
        let is_mobi = record.get(16..20) == Some(b"MOBI");
        let long = |at: usize| record.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        let length = long(20).unwrap_or_default();
        // A number counts when the header says that it is long enough to hold it.
        let field = |at: usize| long(at).filter(|_| is_mobi && u64::from(length) + 16 >= at as u64 + 4);
        let size = |number: u32| usize::try_from(number).ok();
        let full_name = || {
            let start = size(field(84)?)?;
            let name = record.get(start..)?.get(..size(field(88)?)?)?;
            Some(name.to_vec())
        };
        let exth = || {
            field(128).filter(|flags| flags & HAS_EXTH != 0)?;
            record.get(size(length)?.checked_add(16)?..).map(Exth::parse)
        };
        Some(Self {
            encrypted,
            encoding: if field(28) == Some(UTF_8_PAGE) { UTF_8 } else { WINDOWS_1252 },
            locale: field(92).filter(|locale| *locale != 0),
            full_name: full_name().filter(|name| !name.is_empty()),
            first_image: field(108).filter(|first| *first != u32::MAX && *first != 0),
            exth: exth().unwrap_or_default(),
            version: field(36),
        })
    }

    /// Books whose first header is of the newest kind are AZW3; one that holds both kinds begins with the older.
    pub fn format(&self) -> &'static str {
        if self.version.is_some_and(|version| version >= 8) { "azw3" } else { super::MOBI }
    }
}
