//! Box drawing, computed: each character is four arms of some weight that meet in the middle.
//!
//! Spleen draws double lines as single ones; here they are two. Dashes, arcs and diagonals remain the font's.

use super::{Glyph, HEIGHT, WIDTH};

/// The arms of U+2500 to U+257F: up, right, down, left. 1 is light, 2 heavy, 3 double; dots are not ours.
const ARMS: [&str; 8] = [
    "0101 0202 1010 2020 .... .... .... .... .... .... .... .... 0110 0210 0120 0220",
    "0011 0012 0021 0022 1100 1200 2100 2200 1001 1002 2001 2002 1110 1210 2110 1120",
    "2120 2210 1220 2220 1011 1012 2011 1021 2021 2012 1022 2022 0111 0112 0211 0212",
    "0121 0122 0221 0222 1101 1102 1201 1202 2101 2102 2201 2202 1111 1112 1211 1212",
    "2111 1121 2121 2112 2211 1122 1221 2212 1222 2122 2221 2222 .... .... .... ....",
    "0303 3030 0310 0130 0330 0013 0031 0033 1300 3100 3300 1003 3001 3003 1310 3130",
    "3330 1013 3031 3033 0313 0131 0333 1303 3101 3303 1313 3131 3333 .... .... ....",
    ".... .... .... .... 0001 1000 0100 0010 0002 2000 0200 0020 0201 1020 0102 2010",
];

/// Where a line lies across its direction: from, to.
type Band = (usize, usize);

/// Every character with arms.
pub(super) fn glyphs() -> impl Iterator<Item = (char, Glyph)> {
    let arms = ARMS.into_iter().flat_map(|line| line.split(' '));
    ('\u{2500}'..='\u{257f}').zip(arms).filter_map(|(character, arms)| {
        let [up @ b'0'..=b'3', right, down, left] = arms.as_bytes() else { return None };
        Some((character, draw([up, right, down, left].map(|weight| weight - b'0'))))
    })
}

fn draw([up, right, down, left]: [u8; 4]) -> Glyph {
    let mut glyph = [0; HEIGHT];
    let across = Crossing { bands: columns, before: left, behind: right, middle: WIDTH / 2, end: WIDTH };
    let along = Crossing { bands: rows, before: up, behind: down, middle: HEIGHT / 2, end: HEIGHT };
    for (y, x) in along.areas(&across) {
        fill(&mut glyph, x, y);
    }
    for (x, y) in across.areas(&along) {
        fill(&mut glyph, x, y);
    }
    glyph
}

/// Vertical lines by their columns. Two pixels look as thick as the stems of letters.
fn columns(weight: u8) -> &'static [Band] {
    match weight {
        1 => &[(3, 5)],
        2 => &[(2, 6)],
        3 => &[(1, 3), (5, 7)],
        _ => &[],
    }
}

/// Horizontal lines by their rows.
fn rows(weight: u8) -> &'static [Band] {
    match weight {
        1 => &[(7, 8)],
        2 => &[(6, 9)],
        3 => &[(5, 6), (9, 10)],
        _ => &[],
    }
}

/// One direction of a character: the arm before the middle and the one behind it.
struct Crossing {
    /// Lines that run across this direction, by where they lie on it.
    bands: fn(u8) -> &'static [Band],
    before: u8,
    behind: u8,
    middle: usize,
    end: usize,
}

impl Crossing {
    /// Areas of both arms: from where to where on this direction, and the band on the other one.
    fn areas(&self, other: &Self) -> Vec<(Band, Band)> {
        let mut areas = Vec::new();
        for (place, lines) in [(self.before, true), (self.behind, false)] {
            let bands = (other.bands)(place);
            for (number, band) in bands.iter().enumerate() {
                let beside = if bands.len() < 2 {
                    None
                } else if number == 0 {
                    Some(other.before)
                } else {
                    Some(other.behind)
                };
                let limit = self.limit(lines, place, beside, other);
                areas.push((if lines { (0, limit) } else { (limit, self.end) }, *band));
            }
        }
        areas
    }

    /// Where an arm ends in the middle. `beside` is, for one line of a double one, the other direction's arm on its side.
    fn limit(&self, is_before: bool, own: u8, beside: Option<u8>, other: &Self) -> usize {
        let lines: Vec<Band> =
            [other.before, other.behind].into_iter().flat_map(self.bands).copied().collect();
        let first = lines.iter().map(|band| band.0).min();
        let last = lines.iter().map(|band| band.1).max();
        // The other direction's lines, as this arm meets them: the far one, and the near one.
        let (Some(first), Some(last)) = (first, last) else { return self.middle };
        let is_double = other.before == 3 || other.behind == 3;
        let opposite = if is_before { self.behind } else { self.before };
        let double = (self.bands)(3);
        let near = match (double, is_before) {
            ([first, _], true) => first.1,
            ([_, last], false) => last.0,
            _ => self.middle,
        };
        let far = if is_before { last } else { first };
        match beside {
            // One line of a double arm at a double line: into the inner corner, through, or around the outer corner.
            Some(3) => near,
            Some(_) if is_double && opposite != 0 => self.middle,
            Some(_) => far,
            None if is_double && own != 3 && opposite != 0 => self.middle,
            // A single arm stops at a double line that goes by, and makes a corner with one that ends here.
            None if is_double && other.before != 0 && other.behind != 0 => near,
            None => far,
        }
    }
}

fn fill(glyph: &mut Glyph, x: Band, y: Band) {
    for row in glyph.iter_mut().take(y.1).skip(y.0) {
        for column in x.0..x.1 {
            *row |= 0x80 >> column;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::font::glyph;

    /// Pixels on the four sides of a glyph: up, right, down, left.
    fn sides(glyph: &Glyph) -> [u32; 4] {
        let bits = |mask: u8| {
            glyph
                .iter()
                .enumerate()
                .filter(|(_, row)| **row & mask != 0)
                .fold(0, |all, (at, _)| all | 1 << at)
        };
        [u32::from(glyph[0]), bits(1), u32::from(glyph[15]), bits(0x80)]
    }

    fn check(character: char, like: [char; 4]) {
        let [up, right, down, left] = like.map(|c| sides(&glyph(c).unwrap()));
        assert_eq!(sides(&glyph(character).unwrap()), [up[0], right[1], down[2], left[3]], "{character}");
    }

    #[test]
    fn arms_meet_the_line_of_their_weight_on_each_side() {
        check('╔', [' ', '═', '║', ' ']);
        check('╬', ['║', '═', '║', '═']);
        check('╟', ['║', '─', '║', ' ']);
        check('╤', [' ', '═', '│', '═']);
        check('┿', ['│', '━', '│', '━']);
        check('╾', [' ', '─', ' ', '━']);
        check('╭', [' ', '─', '│', ' ']);
        check('┄', [' ', '┄', ' ', '┄']);
    }

    #[test]
    fn every_arm_reaches_its_side_and_no_other() {
        for (character, pixels) in glyphs() {
            let at = character as usize - 0x2500;
            let arms = ARMS[at / 16].split(' ').nth(at % 16).unwrap();
            let reached: String =
                sides(&pixels).iter().map(|side| if *side == 0 { '0' } else { '1' }).collect();
            let wanted: String = arms.chars().map(|arm| if arm == '0' { '0' } else { '1' }).collect();
            assert_eq!(reached, wanted, "{character}");
        }
    }

    #[test]
    fn no_line_is_broken_where_arms_meet() {
        // Whatever is drawn hangs together, but for the two lines of a double one and the corners between them.
        for (character, pixels) in glyphs() {
            let parts = parts(pixels);
            let most = match character {
                '╬' => 4,
                '╠' | '╣' | '╦' | '╩' => 3,
                '═' | '║' | '╔' | '╗' | '╚' | '╝' | '╟' | '╢' | '╧' | '╤' => 2,
                _ => 1,
            };
            assert_eq!(parts, most, "{character}");
        }
    }

    /// How many areas of pixels there are that do not touch.
    fn parts(mut glyph: Glyph) -> usize {
        let mut parts = 0;
        while let Some(y) = glyph.iter().position(|row| *row != 0) {
            let mut open = vec![(glyph[y].leading_zeros() as usize, y)];
            while let Some((x, y)) = open.pop() {
                let bit = 0x80u8.checked_shr(u32::try_from(x).unwrap_or(u32::MAX)).unwrap_or(0);
                if glyph.get(y).is_none_or(|row| row & bit == 0) {
                    continue;
                }
                glyph[y] &= !bit;
                open.extend([(x + 1, y), (x.wrapping_sub(1), y), (x, y + 1), (x, y.wrapping_sub(1))]);
            }
            parts += 1;
        }
        parts
    }
}
