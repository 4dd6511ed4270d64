//! What an EPUB's container asks of a ZIP archive beyond being one, after EPUB 3.3, "OCF ZIP container".
//!
//! Looks at names alone. Letters are compared without case, but not normalised.

use std::collections::HashSet;

/// Name of the file that an EPUB begins with.
pub const MIMETYPE_NAME: &str = "mimetype";
/// All that this file holds.
pub const MIMETYPE: &[u8] = b"application/epub+zip";

/// Why a file cannot be in an EPUB under its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// The container forbids the character.
    #[error("`{}` cannot be in an EPUB: the name has {character:?}", .name.escape_debug())]
    Character {
        /// The name.
        name: String,
        /// The character.
        character: char,
    },
    /// A file or folder name ends in a dot.
    #[error("`{0}` cannot be in an EPUB: a name in it ends in a dot")]
    Dot(String),
    /// A file or folder name has more than 255 bytes.
    #[error("`{0}` cannot be in an EPUB: a name in it has more than 255 bytes")]
    Long(String),
    /// Two names differ in nothing but case.
    #[error("`{0}` is there twice, or differs from another file in case alone")]
    Twice(String),
}

/// The first fault in the names of an EPUB's files.
pub fn check_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<(), NameFault> {
    let mut seen = HashSet::new();
    for name in names {
        if let Some(character) = name.chars().find(|character| is_forbidden(*character)) {
            return Err(NameFault::Character { name: name.to_owned(), character });
        }
        if name.split('/').any(|part| part.ends_with('.')) {
            return Err(NameFault::Dot(name.to_owned()));
        }
        if name.split('/').any(|part| part.len() > LONGEST) {
            return Err(NameFault::Long(name.to_owned()));
        }
        if !seen.insert(name.to_lowercase()) {
            return Err(NameFault::Twice(name.to_owned()));
        }
    }
    Ok(())
}

/// Most bytes of a file or folder name.
const LONGEST: usize = 255;

fn is_forbidden(character: char) -> bool {
    let code = u32::from(character);
    "\"*:<>?\\|".contains(character)
        || character.is_control()
        || matches!(code, 0xe000..=0xf8ff | 0xf_0000.. | 0xfdd0..=0xfdef | 0xfff0..=0xffff | 0xe_0001)
        || code & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str], want: &str) {
        let found = check_names(names.iter().copied());
        assert_eq!(found.err().map(|fault| fault.to_string()).unwrap_or_default(), want);
    }

    #[test]
    fn names_are_those_the_container_allows() {
        check(&["mimetype", "META-INF/container.xml", "OEBPS/Über das Wasser.xhtml", "OEBPS/.hidden"], "");
        check(&["a", "b/what?"], "`b/what?` cannot be in an EPUB: the name has '?'");
        check(&["a\u{e000}"], "`a\\u{e000}` cannot be in an EPUB: the name has '\\u{e000}'");
        check(&["a\u{1ffff}"], "`a\\u{1ffff}` cannot be in an EPUB: the name has '\\u{1ffff}'");
        check(&["a./b"], "`a./b` cannot be in an EPUB: a name in it ends in a dot");
        check(
            &["a/Cover.JPG", "a/cover.jpg"],
            "`a/cover.jpg` is there twice, or differs from another file in case alone",
        );
        let long = format!("a/{}", "é".repeat(128));
        check(&[&long], &format!("`{long}` cannot be in an EPUB: a name in it has more than 255 bytes"));
        check(&[&"a/".repeat(300)], "");
    }
}
