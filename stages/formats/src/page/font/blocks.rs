//! Block elements, computed: areas in eighths and quarters of a cell, and shades.
//!
//! The shades are those of a screen of DOS: points that go on evenly from cell to cell.

use super::{Glyph, HEIGHT};

/// Every block of U+2580 to U+259F.
pub(super) fn glyphs() -> impl Iterator<Item = (char, Glyph)> {
    ('\u{2580}'..='\u{259f}').map(|character| (character, draw(character)))
}

fn draw(character: char) -> Glyph {
    let rows = |from: usize, to: usize| area(0xff, from, to);
    let eighths = |first: char| 8 - (character as usize - first as usize);
    match character {
        '\u{2580}' => rows(0, 8),
        '\u{2581}'..='\u{2587}' => rows(HEIGHT - 2 * (character as usize - 0x2580), HEIGHT),
        '\u{2588}' => rows(0, HEIGHT),
        '\u{2589}'..='\u{258f}' => area(0xff << (8 - eighths('\u{2588}')), 0, HEIGHT),
        '\u{2590}' => area(0x0f, 0, HEIGHT),
        '\u{2591}' => shade([0x11, 0x44]),
        '\u{2592}' => shade([0x55, 0xaa]),
        '\u{2593}' => shade([0x77, 0xdd]),
        '\u{2594}' => rows(0, 2),
        '\u{2595}' => area(0x01, 0, HEIGHT),
        '\u{2596}' => quarters([false, false, true, false]),
        '\u{2597}' => quarters([false, false, false, true]),
        '\u{2598}' => quarters([true, false, false, false]),
        '\u{2599}' => quarters([true, false, true, true]),
        '\u{259a}' => quarters([true, false, false, true]),
        '\u{259b}' => quarters([true, true, true, false]),
        '\u{259c}' => quarters([true, true, false, true]),
        '\u{259d}' => quarters([false, true, false, false]),
        '\u{259e}' => quarters([false, true, true, false]),
        _ => quarters([false, true, true, true]),
    }
}

fn area(pixels: u8, from: usize, to: usize) -> Glyph {
    let mut glyph = [0; HEIGHT];
    glyph.iter_mut().take(to).skip(from).for_each(|row| *row = pixels);
    glyph
}

fn shade([even, odd]: [u8; 2]) -> Glyph {
    let mut glyph = [even; HEIGHT];
    glyph.iter_mut().skip(1).step_by(2).for_each(|row| *row = odd);
    glyph
}

/// Above left and right, below left and right.
fn quarters([a, b, c, d]: [bool; 4]) -> Glyph {
    let half = |left: bool, right: bool| (u8::from(left) * 0xf0) | (u8::from(right) * 0x0f);
    let mut glyph = area(half(a, b), 0, 8);
    glyph.iter_mut().skip(8).for_each(|row| *row = half(c, d));
    glyph
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(character: char, ink: u32) {
        let pixels: u32 = draw(character).iter().map(|row| row.count_ones()).sum();
        assert_eq!(pixels, ink, "{character}");
    }

    #[test]
    fn blocks_cover_what_their_names_say() {
        for (character, ink) in [('▀', 64), ('▄', 64), ('▌', 64), ('▐', 64), ('█', 128), ('▁', 16), ('▏', 16)]
        {
            check(character, ink);
        }
        for (character, ink) in
            [('▇', 112), ('▉', 112), ('▔', 16), ('▕', 16), ('▘', 32), ('▙', 96), ('▟', 96)]
        {
            check(character, ink);
        }
        for (character, ink) in [('░', 32), ('▒', 64), ('▓', 96)] {
            check(character, ink);
        }
    }

    #[test]
    fn halves_and_shades_add_up() {
        let (upper, lower) = (draw('▀'), draw('▄'));
        assert!(upper.iter().zip(lower).all(|(a, b)| a ^ b == 0xff));
        assert!(draw('▙').iter().zip(draw('▝')).all(|(a, b)| a ^ b == 0xff));
        assert!(draw('░').iter().zip(draw('▓')).all(|(light, dark)| light & dark == *light));
    }
}
