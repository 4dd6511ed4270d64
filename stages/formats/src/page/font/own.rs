//! Signs that Spleen lacks, drawn to go with it: those of code page 437, and the Greek letters that are not Latin ones.
//!
//! Drawn as text, so that one sees what one changes.

use super::{Glyph, HEIGHT};

/// Characters that look like one that Spleen has.
pub(super) const ALIKE: &[(&char, char)] = &[
    (&'►', '▶'),
    (&'◄', '◀'),
    (&'Y', 'Υ'),
    (&'o', 'ο'),
    (&'v', 'ν'),
    (&'ı', 'ι'),
    (&'u', 'υ'),
    (&'—', '―'),
    (&',', '‚'),
    (&'μ', 'µ'),
];

/// Every sign that is drawn here.
pub(super) fn glyphs() -> impl Iterator<Item = (char, Glyph)> {
    SIGNS.split("\n\n").filter_map(|drawing| {
        let mut lines = drawing.trim_matches('\n').lines();
        let mut head = lines.next()?.chars();
        let (character, top) = (head.next()?, head.as_str().trim().parse::<usize>().ok()?);
        let mut glyph = [0; HEIGHT];
        for (row, line) in glyph.iter_mut().skip(top).zip(lines) {
            *row = line.bytes().fold(0, |bits, byte| bits << 1 | u8::from(byte == b'#'));
        }
        Some((character, glyph))
    })
}

/// The character and the row its drawing begins at, then eight columns of points.
const SIGNS: &str = include_str!("signs.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_drawing_is_eight_columns_and_fits() {
        let drawings: Vec<&str> = SIGNS.trim().split("\n\n").collect();
        assert_eq!(glyphs().count(), drawings.len());
        for drawing in drawings {
            let mut lines = drawing.lines();
            let head = lines.next().unwrap();
            let top: usize = head[head.find(' ').unwrap()..].trim().parse().unwrap();
            let lines: Vec<&str> = lines.collect();
            assert!(top + lines.len() <= HEIGHT, "{head}");
            assert!(
                lines.iter().all(|line| line.len() == 8 && line.bytes().all(|b| b == b'#' || b == b'.')),
                "{head}"
            );
        }
    }
}
