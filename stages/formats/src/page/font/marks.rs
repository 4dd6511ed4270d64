//! Accents that come as characters of their own, laid over the letter before them.
//!
//! Unicode writes `é` in two ways, and files of some systems hold the longer one.

use super::{Glyph, HEIGHT};

/// Greek letters with an accent, and what they are put together from.
pub(super) const ACCENTED: &[(char, char, char)] = &[
    ('ά', 'α', '\u{301}'),
    ('έ', 'ε', '\u{301}'),
    ('ή', 'η', '\u{301}'),
    ('ί', 'ι', '\u{301}'),
    ('ό', 'ο', '\u{301}'),
    ('ύ', 'υ', '\u{301}'),
    ('ώ', 'ω', '\u{301}'),
    ('ϊ', 'ι', '\u{308}'),
    ('ϋ', 'υ', '\u{308}'),
];

/// The letter with a mark, as far as the mark is known.
pub(super) fn marked(mut letter: Glyph, mark: char) -> Glyph {
    let top = letter.iter().position(|row| *row != 0).unwrap_or(5);
    let above = top.saturating_sub(3);
    let (first, rows) = match mark {
        '\u{300}' => (above, [0x60, 0x30]),
        '\u{301}' => (above, [0x0c, 0x18]),
        '\u{302}' => (above, [0x38, 0x6c]),
        '\u{303}' => (above, [0x76, 0xdc]),
        '\u{304}' => (above, [0x00, 0x7c]),
        '\u{306}' => (above, [0x44, 0x38]),
        '\u{307}' => (above, [0x18, 0x18]),
        '\u{308}' => (above, [0x6c, 0x6c]),
        '\u{30a}' => (above, [0x38, 0x38]),
        '\u{30b}' => (above, [0x36, 0x6c]),
        '\u{30c}' => (above, [0x6c, 0x38]),
        '\u{323}' => (HEIGHT - 3, [0x18, 0x18]),
        '\u{327}' | '\u{328}' => (HEIGHT - 4, [0x18, 0x30]),
        _ => return letter,
    };
    for (row, pixels) in letter.iter_mut().skip(first).zip(rows) {
        *row |= pixels;
    }
    letter
}

#[cfg(test)]
mod tests {
    use crate::page::font::{glyph, with_mark};

    #[test]
    fn marks_stand_over_their_letter_and_leave_it_as_it_is() {
        let letter = glyph('e').unwrap();
        for mark in '\u{300}'..='\u{30c}' {
            let marked = with_mark(letter, mark);
            assert!(letter.iter().zip(marked).all(|(a, b)| a & b == *a), "{mark:?}");
            let is_known = !matches!(mark, '\u{305}' | '\u{309}');
            assert_eq!(marked != letter, is_known, "{mark:?}");
        }
        assert_ne!(glyph('ά'), glyph('α'));
    }
}
