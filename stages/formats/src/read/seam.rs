//! What every reader takes and gives: the seam between the table of readers and a format.
//!
//! Knows no format but the two containers (ZIP and OLE 2) whose member names several formats are told apart by.

use super::Limits;
use super::ole::compound::{self, Compound};
use super::zipped::Container;
use serde_json::{Map, Value};
use std::io::{self, Read, Seek, SeekFrom};

/// Bytes that can be read from anywhere in them.
pub trait Source: Read + Seek {}

impl<T: Read + Seek> Source for T {}

/// What a file turned out to be and to say about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The name of the format, as in `inspect`'s output.
    pub format: &'static str,
    /// Facts by name; what is not known is absent.
    pub facts: Map<String, Value>,
    /// What was odd about the file, as fragments; none of it kept a fact from being read.
    pub notes: Vec<String>,
    /// What is broken in the file, when it is: the facts are then those that could still be read.
    pub damage: Option<Damage>,
    /// The chapters of a film, in its order, where it lists them with their times.
    pub chapters: Vec<Chapter>,
}

/// A chapter of a film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    /// When it begins, in milliseconds from the beginning of the film.
    pub start_ms: u64,
    /// What it is called; empty when it has no name.
    pub title: String,
}

impl Found {
    /// Nothing known yet of a file of this format.
    #[must_use]
    pub fn new(format: &'static str) -> Self {
        Self { format, facts: Map::new(), notes: Vec::new(), damage: None, chapters: Vec::new() }
    }

    /// Keeps the first damage: what follows from it is no news.
    pub(super) fn damaged(&mut self, damage: Damage) {
        self.damage.get_or_insert(damage);
    }
}

/// Where and how a file is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Damage {
    /// What is wrong, as a fragment.
    pub what: String,
    /// Offset in the file, when there is one to name.
    pub at: Option<u64>,
}

impl Damage {
    /// Damage with no offset to name.
    pub(super) fn of(what: impl Into<String>) -> Self {
        Self { what: what.into(), at: None }
    }
}

/// Why a file gave no facts at all. A file that gave some has [`Found::damage`] instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file is of this format and too broken to say anything.
    #[error("not a readable {format} file: {damage}")]
    Unreadable {
        /// The format that claimed the file.
        format: &'static str,
        /// What is wrong, and where.
        damage: Damage,
    },
    /// The source itself could not be read.
    #[error("{0}")]
    Source(#[from] io::Error),
}

/// One format's row in the table of readers.
pub struct Reader {
    /// The format's name.
    pub name: &'static str,
    /// What it reads, for `bindery stages` and the like.
    pub about: &'static str,
    /// Extensions such files usually carry, lower-case. Never used to decide.
    pub extensions: &'static [&'static str],
    /// Whether this reader claims a file that begins like this.
    pub sniff: fn(&Head) -> bool,
    /// Reads the facts, all but `size`.
    pub read: fn(&mut dyn Source, &Limits) -> Result<Found, ReadError>,
    /// Reads the cover picture, for formats that can carry one.
    pub cover: Option<CoverReader>,
}

/// Reads the cover picture of a file, if it has one.
pub type CoverReader = fn(&mut dyn Source, &Limits) -> Result<Option<Cover>, ReadError>;

/// A cover picture as it lies in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// Its media type, told by its content.
    pub media_type: &'static str,
    /// The picture.
    pub bytes: Vec<u8>,
}

/// What readers decide by.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The first 4 KiB, or all of a shorter file.
    pub bytes: Vec<u8>,
    /// Length of the whole file.
    pub size: u64,
    /// Names of the members when the file is a ZIP, or of the topmost ones when it is an OLE 2 container, with a directory
    /// that can be read; many formats are one.
    pub members: Vec<String>,
}

impl Head {
    /// How many bytes a head holds.
    pub const LENGTH: u64 = 4096;

    /// Reads the head and leaves the source at its start.
    pub(super) fn take(source: &mut dyn Source, limits: &Limits) -> io::Result<Self> {
        let mut head = Self::start(source)?;
        if head.bytes.starts_with(b"PK") {
            head.members = members(source, limits);
            source.rewind()?;
        } else if head.bytes.starts_with(compound::SIGNATURE) {
            head.members =
                Compound::open(source, limits).map(|container| container.names()).unwrap_or_default();
            source.rewind()?;
        }
        Ok(head)
    }

    /// A head without members, for a reader that opens the container itself.
    pub(super) fn start(source: &mut dyn Source) -> io::Result<Self> {
        let size = source.seek(SeekFrom::End(0))?;
        source.rewind()?;
        let mut bytes = Vec::new();
        source.take(Self::LENGTH).read_to_end(&mut bytes)?;
        source.rewind()?;
        Ok(Self { bytes, size, members: Vec::new() })
    }

    /// Whether the file is a ZIP with a member of this name.
    #[must_use]
    pub fn has_member(&self, name: &str) -> bool {
        self.members.iter().any(|member| member == name)
    }

    /// Whether the first sign is `<`, whatever encoding of text it is in: markup cannot begin otherwise. Asked before
    /// anything costly is, since most files are none.
    #[must_use]
    pub fn opens_with_tag(&self) -> bool {
        let bytes = [b"\xef\xbb\xbf".as_slice(), b"\xff\xfe", b"\xfe\xff"]
            .iter()
            .find_map(|mark| self.bytes.strip_prefix(*mark))
            .unwrap_or(&self.bytes);
        bytes.iter().find(|byte| !byte.is_ascii_whitespace() && **byte != 0) == Some(&b'<')
    }

    /// The content of an OCF `mimetype` member, when it is stored and comes first.
    #[must_use]
    pub fn mimetype(&self) -> Option<&[u8]> {
        const NAME: std::ops::Range<usize> = 30..38;
        let header = self.bytes.strip_prefix(b"PK\x03\x04")?;
        let stored = header.get(4..6)? == [0, 0];
        let size = u32::from_le_bytes(header.get(14..18)?.try_into().ok()?);
        let name_length = u16::from_le_bytes(header.get(22..24)?.try_into().ok()?);
        let extra = u16::from_le_bytes(header.get(24..26)?.try_into().ok()?);
        if !stored || name_length != 8 || self.bytes.get(NAME)? != b"mimetype" {
            return None;
        }
        let start = NAME.end + usize::from(extra);
        self.bytes.get(start..start.checked_add(usize::try_from(size).ok()?)?)
    }
}

/// A directory that cannot be read leaves the decision to the first bytes.
fn members(source: &mut dyn Source, limits: &Limits) -> Vec<String> {
    Container::open(source, limits)
        .map(|container| container.names().map(str::to_owned).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_told_by_its_first_sign_in_every_encoding() {
        let check = |bytes: &[u8], want: bool| {
            let head = Head { bytes: bytes.to_vec(), ..Head::default() };
            assert_eq!(head.opens_with_tag(), want, "{bytes:?}");
        };
        check(b"<a>", true);
        check(b"\xef\xbb\xbf \r\n<a>", true);
        check(b"\xff\xfe<\0a\0", true);
        check(b"\0<\0a", true);
        check(b"a <b>", false);
        check(b"\x1a\x45\xdf\xa3", false);
        check(b"", false);
    }
}
