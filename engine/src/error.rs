//! What goes wrong in a step, as a stable code, a sentence and a hint.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::Path;

/// A stable word for a kind of failure, such as `disk/full`. Scripts may match on it.
pub type Code = Cow<'static, str>;

/// Why a step failed. The message is a lower-case fragment; the engine adds the step's name once.
#[derive(Debug)]
pub struct StageError {
    /// The stable code.
    pub code: Code,
    /// What happened.
    pub message: String,
    /// What the user can do about it.
    pub hint: Option<String>,
    /// Whether doing the same again may help.
    pub retriable: bool,
}

impl StageError {
    /// An error with a code of the caller's.
    pub fn new(code: impl Into<Code>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), hint: None, retriable: false }
    }

    /// An option or input that cannot be used.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new("input/invalid", message)
    }

    /// A file that could not be read.
    #[must_use]
    pub fn reading(path: &Path, error: &io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::NotFound => "input/missing",
            io::ErrorKind::UnexpectedEof => "input/changed",
            _ => "input/unreadable",
        };
        Self::new(code, format!("cannot read `{}`: {}", path.display(), reason(error)))
    }

    /// A file or folder that could not be written.
    #[must_use]
    pub fn writing(path: &Path, error: &io::Error) -> Self {
        let (code, hint) = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                ("disk/full", Some("free some space, or set `output` to a folder on another disk"))
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                ("disk/denied", Some("choose another `output` or change the folder's permissions"))
            }
            _ => ("disk/io", None),
        };
        let this = Self::new(code, format!("cannot write `{}`: {}", path.display(), reason(error)));
        hint.into_iter().fold(this, Self::hint)
    }

    /// The run was cancelled while the step ran.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new("step/cancelled", "cancelled")
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Marks the failure as one that may pass by itself.
    #[must_use]
    pub fn retriable(mut self) -> Self {
        self.retriable = true;
        self
    }
}

impl fmt::Display for StageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StageError {}

/// The system's sentence without its error number, which says nothing to most readers.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let plain = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = plain.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => "unknown error".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_has_its_own_code_and_a_hint() {
        let error = StageError::writing(Path::new("x"), &io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(error.code, "disk/full");
        assert!(error.hint.is_some());
    }

    #[test]
    fn a_system_error_reads_as_a_fragment() {
        let error = StageError::reading(Path::new("a.epub"), &io::Error::from_raw_os_error(2));
        assert_eq!(error.to_string(), "cannot read `a.epub`: no such file or directory");
        assert_eq!(error.code, "input/missing");
    }
}
