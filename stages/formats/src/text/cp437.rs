//! Code page 437, the character set of the IBM PC, both ways.
//!
//! Knows one table and no substitutes: what the page lacks is for the caller to settle. Bytes below 0x80 are ASCII, controls
//! included; the page's pictures for those (smileys, suits) are not written, since readers take the bytes for controls.
//! Source: the Unicode consortium's mapping table for IBM PC code page 437.

use std::fmt;

/// The first character that the code page lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lacks {
    /// The character.
    pub character: char,
    /// Line of the text it is on, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Lacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { character, line, column } = self;
        let shown = if character.is_control() { ' ' } else { *character };
        write!(
            f,
            "code page 437 has no `{shown}` (U+{:04X}) as in line {line}, column {column}",
            u32::from(*character)
        )
    }
}

impl std::error::Error for Lacks {}

/// Encodes a text.
///
/// # Errors
/// When the page lacks a character; the first one is named.
pub fn encode(text: &str) -> Result<Vec<u8>, Lacks> {
    let (mut line, mut column) = (1, 1);
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        bytes.push(byte_for(character).ok_or(Lacks { character, line, column })?);
        if character == '\n' {
            (line, column) = (line + 1, 1);
        } else {
            column += 1;
        }
    }
    Ok(bytes)
}

/// Decodes bytes; every byte means something.
#[must_use]
pub fn decode(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char_for(byte)).collect()
}

/// Whether the page has a character.
#[must_use]
pub fn has(character: char) -> bool {
    byte_for(character).is_some()
}

fn byte_for(character: char) -> Option<u8> {
    if character.is_ascii() {
        return u8::try_from(character).ok();
    }
    let offset = HIGH.iter().position(|&known| known == character)?;
    u8::try_from(offset + 0x80).ok()
}

fn char_for(byte: u8) -> char {
    // Every byte without a place in the upper half is ASCII.
    byte.checked_sub(0x80)
        .and_then(|offset| HIGH.get(usize::from(offset)).copied())
        .unwrap_or(char::from(byte))
}

/// 0x80 to 0xFF.
#[rustfmt::skip]
const HIGH: [char; 128] = [
    '\u{c7}', '\u{fc}', '\u{e9}', '\u{e2}', '\u{e4}', '\u{e0}', '\u{e5}', '\u{e7}',
    '\u{ea}', '\u{eb}', '\u{e8}', '\u{ef}', '\u{ee}', '\u{ec}', '\u{c4}', '\u{c5}',
    '\u{c9}', '\u{e6}', '\u{c6}', '\u{f4}', '\u{f6}', '\u{f2}', '\u{fb}', '\u{f9}',
    '\u{ff}', '\u{d6}', '\u{dc}', '\u{a2}', '\u{a3}', '\u{a5}', '\u{20a7}', '\u{192}',
    '\u{e1}', '\u{ed}', '\u{f3}', '\u{fa}', '\u{f1}', '\u{d1}', '\u{aa}', '\u{ba}',
    '\u{bf}', '\u{2310}', '\u{ac}', '\u{bd}', '\u{bc}', '\u{a1}', '\u{ab}', '\u{bb}',
    '\u{2591}', '\u{2592}', '\u{2593}', '\u{2502}', '\u{2524}', '\u{2561}', '\u{2562}', '\u{2556}',
    '\u{2555}', '\u{2563}', '\u{2551}', '\u{2557}', '\u{255d}', '\u{255c}', '\u{255b}', '\u{2510}',
    '\u{2514}', '\u{2534}', '\u{252c}', '\u{251c}', '\u{2500}', '\u{253c}', '\u{255e}', '\u{255f}',
    '\u{255a}', '\u{2554}', '\u{2569}', '\u{2566}', '\u{2560}', '\u{2550}', '\u{256c}', '\u{2567}',
    '\u{2568}', '\u{2564}', '\u{2565}', '\u{2559}', '\u{2558}', '\u{2552}', '\u{2553}', '\u{256b}',
    '\u{256a}', '\u{2518}', '\u{250c}', '\u{2588}', '\u{2584}', '\u{258c}', '\u{2590}', '\u{2580}',
    '\u{3b1}', '\u{df}', '\u{393}', '\u{3c0}', '\u{3a3}', '\u{3c3}', '\u{b5}', '\u{3c4}',
    '\u{3a6}', '\u{398}', '\u{3a9}', '\u{3b4}', '\u{221e}', '\u{3c6}', '\u{3b5}', '\u{2229}',
    '\u{2261}', '\u{b1}', '\u{2265}', '\u{2264}', '\u{2320}', '\u{2321}', '\u{f7}', '\u{2248}',
    '\u{b0}', '\u{2219}', '\u{b7}', '\u{221a}', '\u{207f}', '\u{b2}', '\u{25a0}', '\u{a0}',
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, want: Result<&[u8], (char, usize, usize)>) {
        let got = encode(text);
        let want =
            want.map(<[u8]>::to_vec).map_err(|(character, line, column)| Lacks { character, line, column });
        assert_eq!(got, want);
    }

    #[test]
    fn letters_and_lines_have_their_bytes() {
        check("\u{c9}t\u{e9}\r\n", Ok(b"\x90t\x82\r\n"));
        check("\u{2554}\u{2550}\u{2557}\u{2591}\u{2588}", Ok(b"\xc9\xcd\xbb\xb0\xdb"));
        check("\u{3b1}\u{df}\u{221e}\u{25a0}\u{a0}", Ok(b"\xe0\xe1\xec\xfe\xff"));
    }

    #[test]
    fn the_character_it_lacks_is_named_with_its_place() {
        check("one\nprice: 5 \u{20ac}", Err(('\u{20ac}', 2, 10)));
        check("\u{fe}", Err(('\u{fe}', 1, 1)));
        let lacks = encode("\u{20ac}").expect_err("no euro in 1981");
        assert_eq!(lacks.to_string(), "code page 437 has no `\u{20ac}` (U+20AC) as in line 1, column 1");
    }

    #[test]
    fn all_256_bytes_go_round() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(encode(&decode(&all)), Ok(all));
    }

    proptest! {
        #[test]
        fn what_encodes_decodes_to_itself(text in "[\\x00-\u{ff}\u{2500}-\u{25a0}]{0,40}") {
            if let Ok(bytes) = encode(&text) {
                prop_assert_eq!(decode(&bytes), text);
            }
        }
    }
}
