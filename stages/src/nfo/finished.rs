//! Reads finished pages, ours or anyone's: their text and encoding, and the counter of disks that a FILE_ID.DIZ has.
//!
//! Knows no file and no template.

use formats::text::sauce::{self, Sauce};
use formats::text::{cp437, diz};

use super::front::Encoding;

/// A finished page as it can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The text; its lines end as in the file.
    pub text: String,
    /// How it is written.
    pub encoding: Encoding,
    /// What the record behind it says.
    pub sauce: Option<Sauce>,
    /// How many disks its counter tells, as checkers read it.
    pub disks: Option<u32>,
}

/// Reads a page: SAUCE off first, then UTF-8 where it is that, and code page 437 otherwise.
#[must_use]
pub fn read_page(bytes: &[u8]) -> Finished {
    let (bytes, sauce) = sauce::split(bytes);
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (text, encoding) = match std::str::from_utf8(bytes) {
        // A page of ASCII alone keeps to every encoding; of code page 437 it may have the rest too.
        Ok(text) if text.is_ascii() => (text.to_owned(), Encoding::Cp437),
        Ok(text) => (text.to_owned(), Encoding::Utf8),
        Err(_) => (cp437::decode(bytes), Encoding::Cp437),
    };
    let disks = diz::disks(&text);
    Finished { text, encoding, sauce, disks }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_as_viewers_do() {
        let check = |bytes: &[u8], text: &str, encoding: Encoding| {
            let read = read_page(bytes);
            assert_eq!((read.text.as_str(), read.encoding), (text, encoding));
        };
        check(b"\xc9\xcd\r\n", "╔═\r\n", Encoding::Cp437);
        check("\u{feff}Łódź".as_bytes(), "Łódź", Encoding::Utf8);
        check(&sauce::append(b"DISK: [xx/05]", &Sauce::default()), "DISK: [xx/05]", Encoding::Cp437);
        assert_eq!(read_page(b"DISK: [xx/05]\r\n").disks, Some(5));
    }
}
