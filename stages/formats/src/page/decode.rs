//! From bytes to text: which encoding, without the SAUCE record and the marks around the text.
//!
//! Knows encodings and no escape sequence. Notes are drawn in code page 437 by old custom, so that wins in doubt.

use super::PageError;
use super::sauce::{self, Sauce};
use crate::read::txt::encoding::{self, Encoding};

/// A text and how it was found.
pub(super) struct Decoded {
    pub(super) text: String,
    pub(super) encoding: String,
    /// Whether control characters stand for the pictures that DOS drew for them.
    pub(super) pictures: bool,
    pub(super) sauce: Option<Sauce>,
}

/// Decodes a file, in the encoding that was asked for or in the one it seems to be in.
pub(super) fn decode(bytes: &[u8], wanted: Option<&str>) -> Result<Decoded, PageError> {
    let (content, sauce) = sauce::split(bytes);
    let encoding = wanted.map_or_else(|| Ok(detect(content)), named)?;
    let is_dos = matches!(encoding, Encoding::Cp437 | Encoding::Cp850);
    let pictures = is_dos || content.is_ascii();
    let content = if pictures { before_end_mark(content) } else { content };
    if wanted.is_none() && is_binary(content, encoding) {
        return Err(PageError::NotText);
    }
    let mut decoder = encoding.decoder();
    let mut text = decoder.decode(content);
    text.push_str(&decoder.finish());
    Ok(Decoded { text, encoding: encoding.name(), pictures, sauce })
}

fn named(name: &str) -> Result<Encoding, PageError> {
    match name.to_ascii_lowercase().as_str() {
        "cp437" | "ibm437" => Ok(Encoding::Cp437),
        "cp850" | "ibm850" => Ok(Encoding::Cp850),
        label => encoding_rs::Encoding::for_label(label.as_bytes())
            // The one that stands for all that must not be decoded would show nothing at all.
            .filter(|encoding| *encoding != encoding_rs::REPLACEMENT)
            .map(Encoding::Web)
            .ok_or_else(|| {
                PageError::UnknownEncoding(name.chars().filter(|c| !c.is_control()).take(40).collect())
            }),
    }
}

/// What Unicode does not settle is a code page of DOS, unless nothing is drawn with it and it reads well as Western text.
fn detect(bytes: &[u8]) -> Encoding {
    let web = match encoding::detect(bytes) {
        Encoding::Web(web) => web,
        dos => return dos,
    };
    let is_unicode = [encoding_rs::UTF_8, encoding_rs::UTF_16LE, encoding_rs::UTF_16BE].contains(&web);
    // The guess for UTF-8 also stands for bytes that end in the midst of a character.
    if is_unicode && (web != encoding_rs::UTF_8 || std::str::from_utf8(bytes).is_ok()) {
        return Encoding::Web(web);
    }
    if web == encoding_rs::WINDOWS_1252 && reads_western(bytes) {
        Encoding::Web(web)
    } else {
        Encoding::Cp437
    }
}

/// Whether letters and quotation marks of Windows stand where words have them, and nearly nothing else above ASCII.
fn reads_western(bytes: &[u8]) -> bool {
    let high = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    let at = |at: Option<usize>| at.and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
    let fit = bytes.iter().enumerate().filter(|(place, byte)| {
        let (before, after) = (at(place.checked_sub(1)), at(place.checked_add(1)));
        let by_letter = before.is_ascii_alphabetic() || after.is_ascii_alphabetic();
        let is_mark = matches!(byte, 0x85 | 0x91..=0x97);
        (is_mark || by_letter && **byte >= 0xc0) && before.is_ascii() && after.is_ascii()
    });
    fit.count() * 10 >= high * 9
}

/// Zeros and a good share of other controls are those of a program or a picture. Unicode has no pictures for controls;
/// DOS has, and some are drawn with.
fn is_binary(bytes: &[u8], encoding: Encoding) -> bool {
    let odd = |byte: &&u8| **byte < 0x20 && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1a | 0x1b);
    match encoding {
        Encoding::Web(web) if web == encoding_rs::UTF_16LE || web == encoding_rs::UTF_16BE => false,
        _ => {
            let zeros = bytes.iter().filter(|byte| **byte == 0).count();
            zeros * 50 > bytes.len() || bytes.iter().filter(odd).count() * 4 > bytes.len()
        }
    }
}

/// DOS ends a text at byte 0x1A. Only padding may follow it, since the byte is a picture, too: an arrow.
fn before_end_mark(bytes: &[u8]) -> &[u8] {
    let padding = |byte: &u8| matches!(byte, 0x1a | 0 | b' ' | b'\r' | b'\n');
    let end = bytes.iter().rposition(|byte| !padding(byte)).map_or(0, |last| last + 1);
    let (text, tail) = bytes.split_at(end);
    tail.iter().position(|byte| *byte == 0x1a).map_or(bytes, |at| bytes.get(..end + at).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], encoding: &str, text: &str) {
        let decoded = decode(bytes, None).unwrap_or_else(|error| panic!("{bytes:?}: {error}"));
        assert_eq!((decoded.encoding.as_str(), decoded.text.as_str()), (encoding, text), "{bytes:?}");
    }

    #[test]
    fn unicode_shows_itself_and_the_rest_is_dos() {
        check(b"plain", "utf-8", "plain");
        check("é ═".as_bytes(), "utf-8", "é ═");
        check("\u{feff}é".as_bytes(), "utf-8", "é");
        check(b"\xff\xfe\xe9\0", "utf-16le", "é");
        check(b"\xfe\xff\0\xe9", "utf-16be", "é");
        check(b"one \xfe two", "cp437", "one ■ two");
        check(b"\xda\xbf\r\n\xc0\xd9", "cp437", "┌┐\r\n└┘");
        check(b"cut \xc3", "cp437", "cut ├");
        check(
            b"\x93Don\x92t,\x94 she said \x96 and didn\x92t wait\x85 It wasn\x92t far \x96 he\x92d know.",
            "windows-1252",
            "“Don’t,” she said – and didn’t wait… It wasn’t far – he’d know.",
        );
    }

    #[test]
    fn what_was_asked_for_is_taken() {
        let decoded = decode(b"\xd5", Some("CP850")).unwrap();
        assert_eq!((decoded.text.as_str(), decoded.encoding.as_str()), ("ı", "cp850"));
        assert_eq!(decode(b"\xcf", Some("koi8-r")).unwrap().text, "о");
        assert_eq!(decode(b"", Some("nosuch")).err(), Some(PageError::UnknownEncoding("nosuch".into())));
        assert!(decode(b"", Some("replacement")).is_err());
    }

    #[test]
    fn the_end_mark_of_dos_ends_a_text_but_an_arrow_in_it_does_not() {
        check(b"text\r\n\x1a", "utf-8", "text\r\n");
        check(b"text\x1a\x1a\0\0", "utf-8", "text");
        check(b"a \x1a b", "utf-8", "a \u{1a} b");
    }

    #[test]
    fn programs_are_no_text() {
        assert_eq!(decode(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0", None).err(), Some(PageError::NotText));
        assert_eq!(decode(b"\x01\x02\x03\x04abc", None).err(), Some(PageError::NotText));
        check(b"I \x03 you \x01 and more", "utf-8", "I \u{3} you \u{1} and more");
    }
}
