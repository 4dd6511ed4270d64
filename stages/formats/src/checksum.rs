//! Checksum files: the table of formats, and what their lines have in common.
//!
//! Digests nothing: a file is written from digests that were taken before, and what is read is for the caller to
//! compare. Opens nothing: a name that was read is only given out when it stays beside the checksum file.

pub mod sfv;
pub mod sums;

use std::collections::HashSet;

use crate::archive::name;
use crate::digest;

/// One checksum file format.
pub struct Format {
    /// Name as manifests write it.
    pub name: &'static str,
    /// Extension of the file, without the dot.
    pub extension: &'static str,
    /// The digest it is made of, a row of [`digest::ALGORITHMS`].
    pub algorithm: &'static str,
    /// What a line of the BSD style begins with.
    tag: &'static str,
    write_line: fn(&Format, &Line, Style) -> Option<String>,
    parse_line: fn(&Format, &str) -> Result<Option<Line>, &'static str>,
}

/// Every checksum file format, alphabetical. A new one is a row, and a file when its lines are of a new kind.
pub const FORMATS: &[Format] = &[
    sums("blake3", "blake3", "BLAKE3"),
    sums("md5", "md5", "MD5"),
    Format {
        name: "sfv",
        extension: "sfv",
        algorithm: "crc32",
        tag: "CRC32",
        write_line: sfv::write_line,
        parse_line: sfv::parse_line,
    },
    sums("sha1", "sha1", "SHA1"),
    sums("sha256", "sha256", "SHA256"),
    sums("sha512", "sha512", "SHA512"),
];

/// One file and its digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// Path as it stands in the file. Before opening anything, ask [`Line::safe_name`].
    pub name: String,
    /// Lower-case hexadecimal digest.
    pub hex: String,
}

/// How lines look; SFV has one style only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// `digest  name`
    #[default]
    Gnu,
    /// `SHA256 (name) = digest`
    Bsd,
}

/// Why a checksum file cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A digest that is none of this algorithm.
    #[error("`{hex}` is not a {algorithm} digest")]
    Digest {
        /// What was given.
        hex: String,
        /// What was expected.
        algorithm: &'static str,
    },
    /// A name that a line of this format cannot hold.
    #[error("`{}` cannot stand in a {format} file", .name.escape_debug())]
    Name {
        /// The name.
        name: String,
        /// The format.
        format: &'static str,
    },
    /// Two lines for one file.
    #[error("`{}` is there twice", .0.escape_debug())]
    Duplicate(String),
    /// A line that is none.
    #[error("line {line}: {why}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What was expected.
        why: &'static str,
    },
    /// More lines than are read.
    #[error("there are more than {0} lines")]
    TooMany(usize),
}

/// Lines read at most: more than any release has, and few enough for the memory.
const MOST_LINES: usize = 1_000_000;

/// The format of that name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// The format of a file with that name, by its extension in any case, or by a name such as `SHA256SUMS`.
pub fn format_of(file: &str) -> Option<&'static Format> {
    let last = file.rsplit('/').next().unwrap_or(file).to_ascii_lowercase();
    if let Some(name) = last.strip_suffix("sums").or_else(|| last.strip_suffix("sums.txt")) {
        let name = if name == "b3" { "blake3" } else { name };
        return FORMATS.iter().find(|format| format.name == name);
    }
    let (_, extension) = file.rsplit_once('.')?;
    FORMATS.iter().find(|format| format.extension.eq_ignore_ascii_case(extension))
}

impl Format {
    /// The file for these lines, sorted by the bytes of their names, which stay as given.
    pub fn write(&self, lines: &[Line], style: Style) -> Result<Vec<u8>, Error> {
        let mut sorted: Vec<&Line> = lines.iter().collect();
        sorted.sort();
        let mut seen = HashSet::new();
        let mut file = String::new();
        for line in sorted {
            if !self.is_digest(&line.hex) || line.hex.bytes().any(|byte| byte.is_ascii_uppercase()) {
                return Err(Error::Digest { hex: line.hex.clone(), algorithm: self.algorithm });
            }
            if !seen.insert(line.name.as_str()) {
                return Err(Error::Duplicate(line.name.clone()));
            }
            let unfit = || Error::Name { name: line.name.clone(), format: self.name };
            file.push_str(&(self.write_line)(self, line, style).ok_or_else(unfit)?);
        }
        Ok(file.into_bytes())
    }

    /// The lines of a file, in its order. Digests become lower-case; what is not UTF-8 is read as Latin-1.
    pub fn parse(&self, file: &[u8]) -> Result<Vec<Line>, Error> {
        let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
        let mut lines = Vec::new();
        for (index, bytes) in file.split(|byte| *byte == b'\n').enumerate() {
            let text = match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                Err(_) => bytes.iter().copied().map(char::from).collect(),
            };
            let found = (self.parse_line)(self, text.strip_suffix('\r').unwrap_or(&text));
            lines.extend(found.map_err(|why| Error::Line { line: index + 1, why })?);
            if lines.len() > MOST_LINES {
                return Err(Error::TooMany(MOST_LINES));
            }
        }
        Ok(lines)
    }

    /// Whether the text is a digest of this format, in any case.
    fn is_digest(&self, hex: &str) -> bool {
        let digits = digest::algorithm(self.algorithm).map(|algorithm| algorithm.digits);
        digits == Some(hex.len()) && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

impl Line {
    /// The name, when it stays in the folder of the checksum file. Any other name is never to be opened.
    pub fn safe_name(&self) -> Result<&str, name::Unsafe> {
        name::check(&self.name).map(|()| self.name.as_str())
    }
}

const fn sums(name: &'static str, algorithm: &'static str, tag: &'static str) -> Format {
    let (write_line, parse_line) = (sums::write_line as _, sums::parse_line as _);
    Format { name, extension: name, algorithm, tag, write_line, parse_line }
}

#[cfg(test)]
mod tests;
