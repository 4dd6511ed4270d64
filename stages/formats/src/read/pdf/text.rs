//! Texts and dates as PDF writes them.
//!
//! Knows PDFDocEncoding, the marks of UTF-16 and UTF-8, and the order of a date's digits.

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE};

/// Decodes a text by its mark, else as PDFDocEncoding. Text without a mark that can only be UTF-8 is read as that: many
/// writers forget the mark.
pub fn decode(bytes: &[u8]) -> String {
    let text = match bytes {
        [0xfe, 0xff, rest @ ..] => UTF_16BE.decode_without_bom_handling(rest).0.into_owned(),
        [0xff, 0xfe, rest @ ..] => UTF_16LE.decode_without_bom_handling(rest).0.into_owned(),
        [0xef, 0xbb, 0xbf, rest @ ..] => UTF_8.decode_without_bom_handling(rest).0.into_owned(),
        _ => match str::from_utf8(bytes) {
            Ok(text) if !text.is_ascii() => text.to_owned(),
            _ => bytes.iter().map(|&byte| character(byte)).collect(),
        },
    };
    without_language(&text)
}

/// A date in ISO 8601, as precise as it is written: `D:20070915110231+02'00'` is `2007-09-15T11:02:31+02:00`.
pub fn date(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("D:").unwrap_or(text);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let zone = text.get(digits..)?;
    let part = |from: usize, length: usize, most: u32| -> Option<&str> {
        let part = text.get(from..from + length).filter(|_| from + length <= digits)?;
        let number: u32 = part.parse().ok()?;
        (number <= most && (from > 6 || number > 0)).then_some(part)
    };
    let mut iso = part(0, 4, 3000)?.to_owned();
    for (at, most, before) in [(4, 12, "-"), (6, 31, "-")] {
        let Some(part) = part(at, 2, most) else { return Some(iso) };
        iso.push_str(before);
        iso.push_str(part);
    }
    let (Some(hour), Some(minute)) = (part(8, 2, 23), part(10, 2, 59)) else { return Some(iso) };
    let Some(zone) = offset(zone) else { return Some(iso) };
    Some(format!("{iso}T{hour}:{minute}:{}{zone}", part(12, 2, 59).unwrap_or("00")))
}

/// `+02'00'` as `+02:00`. A time without one could be anywhere, so it is not told.
fn offset(text: &str) -> Option<String> {
    let mut digits = text.get(1..)?.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty());
    match text.as_bytes().first()? {
        b'Z' => Some("Z".to_owned()),
        sign @ (b'+' | b'-') => {
            let hours = digits.next().filter(|hours| hours.len() == 2)?;
            let minutes = digits.next().filter(|minutes| minutes.len() == 2).unwrap_or("00");
            Some(format!("{}{hours}:{minutes}", char::from(*sign)))
        }
        _ => None,
    }
}

/// Takes out the marks of languages: a code between two escape characters.
fn without_language(text: &str) -> String {
    const ESCAPE: char = '\u{1b}';
    if !text.contains(ESCAPE) {
        return text.to_owned();
    }
    text.split(ESCAPE).step_by(2).collect()
}

fn character(byte: u8) -> char {
    let named = match byte {
        0x18..=0x1f => LOW.get(usize::from(byte - 0x18)),
        0x80..=0xa0 => HIGH.get(usize::from(byte - 0x80)),
        _ => None,
    };
    named.copied().unwrap_or(char::from(byte))
}

const LOW: [char; 8] =
    ['\u{2d8}', '\u{2c7}', '\u{1b}', '\u{2d9}', '\u{2dd}', '\u{2db}', '\u{2da}', '\u{2dc}'];

const HIGH: [char; 33] = [
    '\u{2022}', '\u{2020}', '\u{2021}', '\u{2026}', '\u{2014}', '\u{2013}', '\u{192}', '\u{2044}',
    '\u{2039}', '\u{203a}', '\u{2212}', '\u{2030}', '\u{201e}', '\u{201c}', '\u{201d}', '\u{2018}',
    '\u{2019}', '\u{201a}', '\u{2122}', '\u{fb01}', '\u{fb02}', '\u{141}', '\u{152}', '\u{160}', '\u{178}',
    '\u{17d}', '\u{131}', '\u{142}', '\u{153}', '\u{161}', '\u{17e}', '\u{fffd}', '\u{20ac}',
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(bytes: &[u8], want: &str) {
        assert_eq!(decode(bytes), want);
    }

    #[test]
    fn marks_tell_the_encoding() {
        check(b"\xfe\xff\0A\x04\x16", "A\u{416}");
        check(b"\xff\xfeA\0\x16\x04", "A\u{416}");
        check(b"\xef\xbb\xbf\xd0\x96", "\u{416}");
        check(b"\xd0\x96", "\u{416}");
    }

    #[test]
    fn the_rest_is_pdf_doc_encoding() {
        check(b"L\xe9a \x8dx\x8e \xa0 \x93", "L\u{e9}a \u{201c}x\u{201d} \u{20ac} \u{fb01}");
    }

    #[test]
    fn marks_of_languages_are_no_text() {
        check(b"\xfe\xff\0\x1b\0e\0n\0\x1b\0A", "A");
    }

    #[test]
    fn dates_are_as_precise_as_they_are_written() {
        for (text, want) in [
            ("D:20070915110231+02'00'", Some("2007-09-15T11:02:31+02:00")),
            ("D:20070915110231Z00'00'", Some("2007-09-15T11:02:31Z")),
            ("D:20070915110231", Some("2007-09-15")),
            ("200709", Some("2007-09")),
            ("D:2007", Some("2007")),
            ("D:20071315", Some("2007")),
            ("soon", None),
        ] {
            assert_eq!(date(text).as_deref(), want, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..60), text in "(D:)?[0-9]{0,16}\\PC{0,8}") {
            decode(&bytes);
            date(&text);
        }
    }
}
