//! Which names may go into an archive or a checksum file, and which may come out of one.
//!
//! Knows no file system: a name is safe when no system would take it for a place outside the folder it is
//! unpacked in.

/// Why a name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsafe {
    /// No name at all.
    #[error("the name is empty")]
    Empty,
    /// `/x`, `//host/x` or `C:x`.
    #[error("the name is absolute")]
    Absolute,
    /// `a//b` or `a/`.
    #[error("the name has an empty component")]
    EmptyComponent,
    /// `.` or `..` between the slashes.
    #[error("the name has a `.` or `..` component")]
    Dots,
    /// `a\b`: a folder on one system, a file name on another.
    #[error("the name has a backslash")]
    Backslash,
    /// Anything below space, or DEL and its kind.
    #[error("the name has a control character")]
    Control,
}

/// Says whether `name`, with forward slashes, stays inside the folder it is put in.
pub fn check(name: &str) -> Result<(), Unsafe> {
    let drive = |name: &str| {
        let mut letters = name.bytes();
        letters.next().is_some_and(|letter| letter.is_ascii_alphabetic()) && letters.next() == Some(b':')
    };
    if name.is_empty() {
        return Err(Unsafe::Empty);
    }
    if name.chars().any(char::is_control) {
        return Err(Unsafe::Control);
    }
    if name.starts_with(['/', '\\']) || drive(name) {
        return Err(Unsafe::Absolute);
    }
    if name.contains('\\') {
        return Err(Unsafe::Backslash);
    }
    for component in name.split('/') {
        match component {
            "" => return Err(Unsafe::EmptyComponent),
            "." | ".." => return Err(Unsafe::Dots),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_stay_inside_are_safe() {
        for name in ["a", "a/b.c", "..a/b..", "é/ж", "a b", ".hidden", "ab:c"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn names_that_escape_are_refused() {
        for (name, want) in [
            ("", Unsafe::Empty),
            ("/etc/passwd", Unsafe::Absolute),
            ("\\\\host\\x", Unsafe::Absolute),
            ("C:\\x", Unsafe::Absolute),
            ("c:x", Unsafe::Absolute),
            ("a\\..\\b", Unsafe::Backslash),
            ("a//b", Unsafe::EmptyComponent),
            ("a/", Unsafe::EmptyComponent),
            ("../a", Unsafe::Dots),
            ("a/../../b", Unsafe::Dots),
            ("./a", Unsafe::Dots),
            ("a\nb", Unsafe::Control),
            ("a\u{7f}", Unsafe::Control),
        ] {
            assert_eq!(check(name), Err(want), "{name:?}");
        }
    }
}
