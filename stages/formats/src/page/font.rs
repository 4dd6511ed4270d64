//! The font of pictures: 8 by 16 pixels a character, all of code page 437 and the Latin and Cyrillic letters besides.
//!
//! Letters and signs are those of Spleen 8x16 (by Frederic Cambus, BSD 2-clause licence), read from the file that the
//! crate `spleen-font` carries. Lines and blocks are computed, so that they meet whatever stands beside them; the few
//! signs that Spleen lacks are drawn here.

mod blocks;
mod lines;
mod marks;
mod own;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::text::width;

/// Pixels of a character from left to right; the highest bit of a row is the leftmost.
pub(super) const WIDTH: usize = 8;
/// Rows of pixels of a character.
pub(super) const HEIGHT: usize = 16;

/// The pixels of a character, row by row.
pub(super) type Glyph = [u8; HEIGHT];

static FONT: LazyLock<HashMap<char, Glyph>> = LazyLock::new(all);

/// The pixels of a character that the font has.
pub(super) fn glyph(character: char) -> Option<Glyph> {
    FONT.get(&character).copied()
}

/// The pixels of a character with a mark over or below it.
pub(super) fn with_mark(glyph: Glyph, mark: char) -> Glyph {
    marks::marked(glyph, mark)
}

/// Whether a character is drawn as lines and areas that meet those of its neighbours.
pub(super) fn is_drawn(character: char) -> bool {
    matches!(character, '\u{2500}'..='\u{259f}')
}

/// The pixels of a cell that stands for what the font lacks: an empty frame as wide as the character, of whose cells
/// this is the first or the second.
pub(super) fn placeholder(character: char, is_tail: bool) -> Glyph {
    let is_wide = width::columns(character) > 1;
    let (edge, body) = match (is_wide, is_tail) {
        (false, _) => (0b0111_1110, 0b0100_0010),
        (true, false) => (0b0111_1111, 0b0100_0000),
        (true, true) => (0b1111_1110, 0b0000_0010),
    };
    let mut glyph = [0; HEIGHT];
    for (row, pixels) in glyph.iter_mut().enumerate() {
        *pixels = match row {
            2 | 12 => edge,
            3..=11 => body,
            _ => 0,
        };
    }
    glyph
}

fn all() -> HashMap<char, Glyph> {
    let mut font = spleen();
    font.extend(own::glyphs());
    for (like, character) in own::ALIKE {
        if let Some(glyph) = font.get(like).copied() {
            font.insert(*character, glyph);
        }
    }
    for (accented, letter, mark) in marks::ACCENTED {
        if let Some(glyph) = font.get(letter).copied() {
            font.entry(*accented).or_insert(marks::marked(glyph, *mark));
        }
    }
    font.extend(blocks::glyphs());
    font.extend(lines::glyphs());
    font
}

/// Reads the font's file, a PC Screen Font of the first version: four bytes, 512 glyphs, and for each glyph the
/// characters it stands for, up to 0xFFFF. Sequences of characters begin with 0xFFFE and are passed over.
fn spleen() -> HashMap<char, Glyph> {
    const GLYPHS: usize = 512;
    let file = spleen_font::FONT_8X16.get(4..).unwrap_or_default();
    let (pixels, table) = file.split_at_checked(GLYPHS * HEIGHT).unwrap_or_default();
    let glyphs = pixels.as_chunks::<HEIGHT>().0;
    let units: Vec<u16> = table.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    let mut font = HashMap::new();
    for (glyph, names) in glyphs.iter().zip(units.split(|unit| *unit == 0xffff)) {
        let single = names.iter().take_while(|unit| **unit != 0xfffe);
        for character in single.filter_map(|unit| char::from_u32(u32::from(*unit))) {
            font.entry(character).or_insert(*glyph);
        }
    }
    font
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::cp437;

    /// What a screen of DOS shows for each of its 256 bytes.
    fn code_page() -> Vec<char> {
        let low = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼".chars();
        let high: Vec<u8> = (0x20..=0xff).collect();
        let high: Vec<char> =
            cp437::decode(&high).chars().map(|c| if c == '\u{7f}' { '⌂' } else { c }).collect();
        low.chain(high).collect()
    }

    fn ink(glyph: Glyph) -> u32 {
        glyph.iter().map(|row| row.count_ones()).sum()
    }

    #[test]
    fn all_256_characters_of_the_code_page_have_ink() {
        let page = code_page();
        assert_eq!(page.len(), 256);
        for character in page {
            let glyph = glyph(character).unwrap_or_else(|| panic!("no {character:?}"));
            let is_blank = matches!(character, ' ' | '\u{a0}');
            assert_eq!(ink(glyph) == 0, is_blank, "{character:?}");
        }
    }

    #[test]
    fn no_two_characters_of_the_code_page_look_the_same() {
        let mut seen = HashMap::new();
        for character in code_page().into_iter().filter(|c| !matches!(c, ' ' | '\u{a0}')) {
            if let Some(other) = seen.insert(glyph(character).unwrap(), character) {
                panic!("{other} and {character} look the same");
            }
        }
    }

    #[test]
    fn european_letters_are_there() {
        for character in "ÀÿĀŒœŠšŽžŁłŐőŰűİıĞğАЯаяЁёІіЇїЎўҐґΑΩαωςΨ€„“”‘’–—…•™".chars()
        {
            assert!(glyph(character).is_some(), "{character}");
        }
    }

    #[test]
    fn placeholders_are_as_wide_as_what_they_stand_for() {
        assert!(glyph('日').is_none());
        let (left, right) = (placeholder('日', false), placeholder('日', true));
        assert!(left[2] & 1 == 1 && right[2] & 0x80 == 0x80 && left[5] & 1 == 0);
        assert_eq!(placeholder('ა', false)[2], 0b0111_1110);
    }
}
