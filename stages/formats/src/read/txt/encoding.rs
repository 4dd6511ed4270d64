//! Which encoding a text is in, and its decoder.
//!
//! Marks and UTF-8's own rules decide first. The web's encodings are told apart by a library that was made for it; the
//! two code pages of DOS, which it does not know, by what is drawn with them and by letters where letters must be.

use crate::text::{cp437, cp850};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{KOI8_R, KOI8_U, UTF_8, UTF_16BE, UTF_16LE};

/// An encoding of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// One of the WHATWG's.
    Web(&'static encoding_rs::Encoding),
    Cp437,
    Cp850,
}

impl Encoding {
    /// Its name as a fact: the WHATWG's in lower case, or the code page.
    pub fn name(self) -> String {
        match self {
            Self::Web(encoding) => encoding.name().to_ascii_lowercase(),
            Self::Cp437 => "cp437".to_owned(),
            Self::Cp850 => "cp850".to_owned(),
        }
    }

    pub fn decoder(self) -> Decoder {
        let kind = match self {
            Self::Web(encoding) => Kind::Web(Box::new(encoding.new_decoder_with_bom_removal())),
            Self::Cp437 => Kind::Table(cp437::decode),
            Self::Cp850 => Kind::Table(cp850::decode),
        };
        Decoder { kind, damaged: false }
    }
}

/// Decodes a text piece by piece.
pub struct Decoder {
    kind: Kind,
    damaged: bool,
}

enum Kind {
    Web(Box<encoding_rs::Decoder>),
    Table(fn(&[u8]) -> String),
}

impl Decoder {
    /// The text of the next bytes.
    pub fn decode(&mut self, bytes: &[u8]) -> String {
        self.step(bytes, false)
    }

    /// What was still open at the end.
    pub fn finish(&mut self) -> String {
        self.step(&[], true)
    }

    /// Whether some bytes so far meant nothing.
    pub fn is_damaged(&self) -> bool {
        self.damaged
    }

    fn step(&mut self, bytes: &[u8], last: bool) -> String {
        match &mut self.kind {
            Kind::Table(decode) => decode(bytes),
            Kind::Web(decoder) => {
                let most = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len());
                let mut text = String::with_capacity(most);
                let (_, _, damaged) = decoder.decode_to_string(bytes, &mut text, last);
                self.damaged |= damaged;
                text
            }
        }
    }
}

/// Whether the beginning of a file is text in some encoding.
pub fn is_text(head: &[u8]) -> bool {
    if marked(head).is_some() || unmarked_utf_16(head).is_some() {
        return true;
    }
    // End of file, form feed and escape belong to old texts; other controls may stray in, a few in a thousand.
    let allowed = |byte: &u8| {
        *byte >= 0x20 && *byte != 0x7f || matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1a | 0x1b)
    };
    let strays = head.iter().filter(|byte| !allowed(byte)).count();
    !head.contains(&0) && strays * 200 <= head.len()
}

/// The encoding of a text that begins with (or is) this sample.
pub fn detect(sample: &[u8]) -> Encoding {
    if let Some(encoding) = marked(sample).or_else(|| unmarked_utf_16(sample)) {
        return Encoding::Web(encoding);
    }
    let escapes = sample.windows(2).any(|pair| pair == b"\x1b$" || pair == b"\x1b(");
    if !escapes && is_utf_8(sample) {
        return Encoding::Web(UTF_8);
    }
    if let Some(page) = dos(sample) {
        return page;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(sample, true);
    let guess = detector.guess(None, Utf8Detection::Allow);
    // The detector never says KOI8-R, which differs from KOI8-U in the letters that only Ukrainian has.
    let ukrainian =
        sample.iter().any(|byte| matches!(byte, 0xa4 | 0xa6 | 0xa7 | 0xad | 0xb4 | 0xb6 | 0xb7 | 0xbd));
    Encoding::Web(if guess == KOI8_U && !ukrainian { KOI8_R } else { guess })
}

fn marked(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    encoding_rs::Encoding::for_bom(bytes).map(|(encoding, _)| encoding)
}

/// UTF-16 without a mark shows in zeros on one side of every pair: no script does without ASCII's spaces and line ends.
fn unmarked_utf_16(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let pairs = bytes.as_chunks::<2>().0;
    let zeros = |side: usize| pairs.iter().filter(|pair| pair[side] == 0).count();
    let (high, low) = (zeros(0), zeros(1));
    // Other scripts than Latin have zeros in spaces and line ends alone, and few values beside them.
    let is_narrow = |side: usize, zeros: usize| {
        let mut seen = [false; 256];
        pairs.iter().for_each(|pair| seen[usize::from(pair[side])] = true);
        pairs.len() >= 16 && zeros * 30 >= pairs.len() && seen.iter().filter(|seen| **seen).count() <= 6
    };
    let (encoding, is_latin) = match () {
        () if pairs.len() < 4 => return None,
        () if low == 0 && high * 10 >= pairs.len() * 4 => (UTF_16BE, true),
        () if high == 0 && low * 10 >= pairs.len() * 4 => (UTF_16LE, true),
        () if low == 0 && is_narrow(0, high) => (UTF_16BE, false),
        () if high == 0 && is_narrow(1, low) => (UTF_16LE, false),
        () => return None,
    };
    let is_prose = |text: &str| {
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        text.chars().all(is_fit) && (is_latin || letters * 10 >= text.chars().count() * 6)
    };
    let text = encoding.decode_without_bom_handling_and_without_replacement(pairs.as_flattened())?;
    is_prose(&text).then_some(encoding)
}

fn is_fit(c: char) -> bool {
    !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{c}')
}

/// Valid UTF-8 but for a character that the end of the sample cuts.
fn is_utf_8(sample: &[u8]) -> bool {
    std::str::from_utf8(sample).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// The code pages of DOS, by drawn lines and blocks (runs of one byte that no language repeats so) or by accented letters
/// between ASCII letters, where other encodings have quotes and dashes.
fn dos(sample: &[u8]) -> Option<Encoding> {
    /// Shades, horizontal lines and blocks: the same in both pages.
    const DRAWN: &[u8] = b"\xb0\xb1\xb2\xc4\xcd\xdb\xdc\xdf\xfe";
    /// The letters of western languages: the same in both pages.
    const LETTERS: &[u8] =
        b"\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x93\x94\x95\x96\x97\x98\
        \x99\x9a\xa0\xa1\xa2\xa3\xa4\xa5\xe1";
    /// Letters of page 850 where page 437 has corners, sums and fractions.
    const LETTERS_850: &[u8] =
        b"\xb5\xb6\xb7\xc6\xc7\xd2\xd3\xd4\xd6\xd7\xd8\xde\xe0\xe2\xe3\xe4\xe5\xe9\xea\xeb\xec";
    let high = sample.iter().filter(|byte| **byte >= 0x80).count();
    let drawn: usize = sample
        .chunk_by(|left, right| left == right)
        .filter(|run| run.len() >= 3 && run.first().is_some_and(|byte| DRAWN.contains(byte)))
        .map(<[u8]>::len)
        .sum();
    let (mut western, mut only_850, mut kinds) = (0, 0, 0u128);
    for letter in letters_inside_words(sample) {
        western += usize::from(LETTERS.contains(&letter));
        only_850 += usize::from(LETTERS_850.contains(&letter));
        kinds |= 1 << (letter & 0x7f);
    }
    // One kind of byte alone may be another page's apostrophe or dash.
    let written = kinds.count_ones() >= 2 && western >= 2 && (western + only_850) * 10 >= high * 6;
    let is_drawn = drawn >= 6 && drawn * 5 >= high;
    match () {
        () if high == 0 || !(written || is_drawn) => None,
        () if written && only_850 >= 2 => Some(Encoding::Cp850),
        () => Some(Encoding::Cp437),
    }
}

/// The high bytes that stand, alone or by twos and threes, between ASCII letters.
fn letters_inside_words(sample: &[u8]) -> Vec<u8> {
    const MOST: usize = 3;
    let runs: Vec<&[u8]> = sample.chunk_by(|left, right| left.is_ascii() == right.is_ascii()).collect();
    let inside = runs.windows(3).filter_map(|window| match window {
        [[.., before], letters, [after, ..]] => {
            let counts = before.is_ascii_alphabetic() && after.is_ascii_alphabetic() && letters.len() <= MOST;
            counts.then_some(*letters)
        }
        _ => None,
    });
    inside.flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(bytes: &[u8], name: &str) {
        assert_eq!(detect(bytes).name(), name, "{bytes:x?}");
    }

    #[test]
    fn marks_decide() {
        check(b"\xef\xbb\xbfa", "utf-8");
        check(b"\xff\xfea\0", "utf-16le");
        check(b"\xfe\xff\0a", "utf-16be");
    }

    #[test]
    fn utf_8_is_valid_utf_8_even_when_cut() {
        check(b"plain", "utf-8");
        check("na\u{ef}ve".as_bytes(), "utf-8");
        check(&"na\u{ef}ve".as_bytes()[..3], "utf-8");
    }

    #[test]
    fn utf_16_needs_no_mark() {
        let bytes = |big: bool| -> Vec<u8> {
            "Some text"
                .encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect()
        };
        check(&bytes(false), "utf-16le");
        check(&bytes(true), "utf-16be");
        let cyrillic = "\u{412}\u{441}\u{435} \u{441}\u{447}\u{430}\u{441}\u{442}\u{43b}\u{438}\u{432}\u{44b}\u{435} \u{441}\u{435}\u{43c}\u{44c}\u{438}";
        let wide: Vec<u8> = cyrillic.encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&wide, "utf-16le");
        assert!(is_text(&wide));
        let table: Vec<u8> = (1..=64u8).flat_map(|number| [number, 0x04, 1, 0]).collect();
        assert!(!is_text(&table));
        assert!(is_text(&bytes(true)));
    }

    #[test]
    fn drawings_are_code_page_437() {
        check(b"\xc9\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xbb\r\n\xba Title \xba\r\n\xc8\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xbc\r\n", "cp437");
        check(b"\xb0\xb1\xb2\xdb\xdb\xdb\xdb\xdb\xdb\xdb\xdb\xdb\xb2\xb1\xb0", "cp437");
    }

    #[test]
    fn accents_between_letters_are_a_dos_page() {
        check(b"Les \x82l\x8aves r\x82p\x8atent: th\x82\x83tre, fran\x87ais, probl\x8ame, d\x82j\x85 vu, lumi\x8are", "cp437");
        check(b"na\x87\xc6o, informa\x87\xe4es, cora\x87\xc6o, can\x87\xe4es, av\xa2s, tamb\x82m, posi\x87\xc6o", "cp850");
    }

    #[test]
    fn western_quotes_are_not_a_dos_page() {
        check(
            b"\x93Don\x92t,\x94 she said \x96 and didn\x92t wait\x85 It wasn\x92t far \x96 he\x92d know.",
            "windows-1252",
        );
        check(b"Les \xe9l\xe8ves r\xe9p\xe8tent: th\xe9\xe2tre, fran\xe7ais, probl\xe8me", "windows-1252");
    }

    #[test]
    fn other_scripts_are_told_apart() {
        let russian = "\u{412}\u{441}\u{435} \u{441}\u{447}\u{430}\u{441}\u{442}\u{43b}\u{438}\u{432}\u{44b}\u{435} \u{441}\u{435}\u{43c}\u{44c}\u{438} \u{43f}\u{43e}\u{445}\u{43e}\u{436}\u{438} \u{434}\u{440}\u{443}\u{433} \u{43d}\u{430} \u{434}\u{440}\u{443}\u{433}\u{430}";
        for encoding in [encoding_rs::WINDOWS_1251, KOI8_R] {
            check(&encoding.encode(russian).0, &encoding.name().to_ascii_lowercase());
        }
        let japanese = "\u{543e}\u{8f29}\u{306f}\u{732b}\u{3067}\u{3042}\u{308b}\u{3002}\u{540d}\u{524d}\u{306f}\u{307e}\u{3060}\u{7121}\u{3044}\u{3002}";
        for encoding in [encoding_rs::SHIFT_JIS, encoding_rs::EUC_JP, encoding_rs::ISO_2022_JP] {
            check(&encoding.encode(japanese).0, &encoding.name().to_ascii_lowercase());
        }
    }

    #[test]
    fn binary_is_not_text() {
        assert!(!is_text(b"MZ\0\x01\x02text text"));
        assert!(!is_text(&[1, 2, 3, 4, 5, 6, 7, 8]));
        assert!(is_text(b"text\twith\r\nlines\x1a"));
    }

    proptest! {
        #[test]
        fn text_in_utf_8_comes_back(text in "\\PC{1,200}", cut in 1..50usize) {
            let mut decoder = Encoding::Web(UTF_8).decoder();
            let mut decoded: String = text.as_bytes().chunks(cut).map(|piece| decoder.decode(piece)).collect();
            decoded.push_str(&decoder.finish());
            prop_assert_eq!(decoded.trim_start_matches('\u{feff}'), text.trim_start_matches('\u{feff}'));
            prop_assert!(!decoder.is_damaged());
        }
    }
}
