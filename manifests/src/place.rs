//! Texts, the places in them, and foreign text made fit for a message.
//!
//! Knows nothing of what the texts say.

use std::sync::{Arc, OnceLock};

pub use engine::value::{is_printable, shown, shown_path};

/// A text that was read, with the name a person knows it by.
#[derive(Debug)]
pub struct File {
    /// The path as shown in messages, or a pseudo name such as `--set`.
    pub name: String,
    /// The whole text.
    pub text: String,
    starts: OnceLock<Vec<usize>>,
}

impl File {
    /// Wraps a text so that places can point into it. A byte order mark is no part of the text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let mut text = text.into();
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        Arc::new(Self { name: name.into(), text, starts: OnceLock::new() })
    }

    /// Line `number` (from 1) without its line break.
    pub fn line(&self, number: usize) -> Option<&str> {
        let starts = self.starts();
        let start = *starts.get(number.checked_sub(1)?)?;
        let end = starts.get(number).copied().unwrap_or(self.text.len());
        self.text.get(start..end).map(|line| line.trim_end_matches(['\n', '\r']))
    }

    /// The line and column (from 1, in characters) of a byte offset.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let starts = self.starts();
        let line = starts.partition_point(|start| *start <= offset).max(1);
        let start = starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or("");
        (line, before.chars().count() + 1)
    }

    // Computed on first need: most files are read without a fault.
    fn starts(&self) -> &[usize] {
        self.starts.get_or_init(|| {
            let bytes = self.text.as_bytes();
            let breaks = bytes.iter().enumerate().filter(|(at, byte)| match byte {
                b'\n' => true,
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            });
            std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect()
        })
    }
}

/// A stretch of a file. Lines and columns count from 1, columns and lengths are in characters.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file it lies in.
    pub file: Arc<File>,
    /// The line it begins on.
    pub line: usize,
    /// The column it begins at.
    pub column: usize,
    /// How many characters it covers; 0 for something that was left out.
    pub len: usize,
}

impl Place {
    /// The first character of a file.
    pub fn start_of(file: &Arc<File>) -> Self {
        Self { file: Arc::clone(file), line: 1, column: 1, len: 0 }
    }

    /// The place of a range of bytes.
    pub fn of_bytes(file: &Arc<File>, range: std::ops::Range<usize>) -> Self {
        let (line, column) = file.position(range.start);
        let len = file.text.get(range).map_or(0, |text| text.chars().count());
        Self { file: Arc::clone(file), line, column, len }
    }

    /// One character of another line of the same file.
    pub fn of_line(other: &Self, line: usize, column: usize) -> Self {
        Self { file: Arc::clone(&other.file), line, column, len: 1 }
    }

    /// The line it begins on, as written.
    pub fn source_line(&self) -> &str {
        self.file.line(self.line).unwrap_or("")
    }

    /// The bytes of the file it covers.
    pub fn byte_range(&self) -> std::ops::Range<usize> {
        let start = self.line.checked_sub(1).and_then(|line| self.file.starts().get(line).copied());
        let start = start.unwrap_or(self.file.text.len());
        let rest = self.file.text.get(start..).unwrap_or("");
        let first = self.column.saturating_sub(1);
        let mut offsets = rest.char_indices().map(|(at, _)| start + at).chain([self.file.text.len()]);
        let begin = offsets.nth(first).unwrap_or(self.file.text.len());
        let end = match self.len {
            0 => begin,
            len => offsets.nth(len - 1).unwrap_or(self.file.text.len()),
        };
        begin..end
    }

    /// What is written there, as far as it lies on the first line.
    pub fn written(&self) -> String {
        self.source_line().chars().skip(self.column.saturating_sub(1)).take(self.len).collect()
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        (self.line, self.column, self.len) == (other.line, other.column, other.len)
            && self.file.name == other.file.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_every_kind_of_line_break() {
        let file = File::new("f", "a\nb\r\nc\rd");
        let lines: Vec<_> = (0..=5).map(|number| file.line(number)).collect();
        assert_eq!(lines, [None, Some("a"), Some("b"), Some("c"), Some("d"), None]);
    }

    #[test]
    fn positions_count_characters() {
        let file = File::new("f", "é\nüx");
        assert_eq!(file.position(file.text.len() - 1), (2, 2));
        let place = Place::of_bytes(&file, 3..6);
        assert_eq!((place.written().as_str(), place.byte_range()), ("üx", 3..6));
    }

    #[test]
    fn foreign_text_is_shown_on_one_line() {
        assert_eq!(shown("a\u{1b}[2Jb\n"), "`a\\u{1b}[2Jb\\u{a}`");
        assert_eq!(shown(&"x".repeat(99)).chars().count(), 63);
    }
}
