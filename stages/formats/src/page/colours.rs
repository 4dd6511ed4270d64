//! What colours a page is drawn in: those of a terminal or those of paper.
//!
//! Knows looks and no picture format.

use super::canvas::{Colour, Look};

/// Red, green and blue.
pub type Rgb = [u8; 3];

/// The colours of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// The palette of VGA on black.
    #[default]
    Terminal,
    /// Ink on paper, with the sixteen colours as inks and as light tints.
    Paper,
}

/// The palette of VGA in the order of ANSI: dark yellow is brown.
const VGA: [Rgb; 16] = [
    [0x00, 0x00, 0x00],
    [0xaa, 0x00, 0x00],
    [0x00, 0xaa, 0x00],
    [0xaa, 0x55, 0x00],
    [0x00, 0x00, 0xaa],
    [0xaa, 0x00, 0xaa],
    [0x00, 0xaa, 0xaa],
    [0xaa, 0xaa, 0xaa],
    [0x55, 0x55, 0x55],
    [0xff, 0x55, 0x55],
    [0x55, 0xff, 0x55],
    [0xff, 0xff, 0x55],
    [0x55, 0x55, 0xff],
    [0xff, 0x55, 0xff],
    [0x55, 0xff, 0xff],
    [0xff, 0xff, 0xff],
];

const PAPER: Rgb = [0xfb, 0xf8, 0xf0];
const INK: Rgb = [0x23, 0x21, 0x1e];

/// Inks that are read well on paper. What is white on black is black on white.
const INKS: [Rgb; 16] = [
    INK,
    [0x9c, 0x22, 0x1c],
    [0x2c, 0x6e, 0x2a],
    [0x85, 0x55, 0x0e],
    [0x22, 0x3f, 0x96],
    [0x7f, 0x28, 0x7d],
    [0x10, 0x69, 0x74],
    INK,
    [0x77, 0x72, 0x6a],
    [0xc2, 0x34, 0x2c],
    [0x2f, 0x86, 0x32],
    [0xa0, 0x6c, 0x06],
    [0x32, 0x58, 0xc4],
    [0xa4, 0x36, 0xa0],
    [0x12, 0x82, 0x90],
    [0x0e, 0x0d, 0x0c],
];

impl Theme {
    /// The ground of the page.
    #[must_use]
    pub fn ground(self) -> Rgb {
        self.paint(Look::default()).1
    }

    /// The ink of plain text.
    #[must_use]
    pub fn ink(self) -> Rgb {
        self.paint(Look::default()).0
    }

    /// Ink and ground of a look.
    pub(super) fn paint(self, look: Look) -> (Rgb, Rgb) {
        let bright = |index: u8| if look.bold && index < 8 { index + 8 } else { index };
        let ink = match look.ink {
            Colour::Default => Colour::Palette(bright(7)),
            Colour::Palette(index) => Colour::Palette(bright(index)),
            colour @ Colour::Rgb(..) => colour,
        };
        let ground = if look.ground == Colour::Default { Colour::Palette(0) } else { look.ground };
        let (ink, ground) = if look.reverse { (ground, ink) } else { (ink, ground) };
        let under = self.ground_of(ground);
        // Paper has two colours for one number; what was written to be unseen stays so.
        if look.concealed || ink == ground {
            return (under, under);
        }
        let over = match self {
            Self::Terminal => screen(ink),
            Self::Paper => on_paper(ink),
        };
        (if look.faint { blend(over, under, 50) } else { over }, under)
    }

    fn ground_of(self, colour: Colour) -> Rgb {
        match (self, colour) {
            (Self::Terminal, colour) => screen(colour),
            (Self::Paper, Colour::Palette(0) | Colour::Default) => PAPER,
            (Self::Paper, Colour::Palette(7 | 15)) => blend(INK, PAPER, 12),
            (Self::Paper, colour) => blend(screen(colour), PAPER, 28),
        }
    }
}

fn screen(colour: Colour) -> Rgb {
    match colour {
        Colour::Default => VGA[0],
        Colour::Palette(index) => VGA[usize::from(index & 15)],
        Colour::Rgb(red, green, blue) => [red, green, blue],
    }
}

fn on_paper(colour: Colour) -> Rgb {
    match colour {
        Colour::Default => INK,
        Colour::Palette(index) => INKS[usize::from(index & 15)],
        // Darkened until it is read well.
        Colour::Rgb(red, green, blue) => {
            const DARKEST: u32 = 88;
            let [r, g, b] = [red, green, blue].map(u32::from);
            let luma = (r * 3 + g * 6 + b) / 10;
            if luma <= DARKEST {
                return [red, green, blue];
            }
            [r, g, b].map(|level| u8::try_from(level * DARKEST / luma).unwrap_or(u8::MAX))
        }
    }
}

/// So many hundredths of one colour over another.
fn blend(over: Rgb, under: Rgb, hundredths: u16) -> Rgb {
    let mix = |a: u8, b: u8| (u16::from(a) * hundredths + u16::from(b) * (100 - hundredths)) / 100;
    let mut mixed = [0; 3];
    for (level, (a, b)) in mixed.iter_mut().zip(over.into_iter().zip(under)) {
        *level = u8::try_from(mix(a, b)).unwrap_or(u8::MAX);
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(theme: Theme, look: Look, want: (Rgb, Rgb)) {
        assert_eq!(theme.paint(look), want, "{theme:?} {look:?}");
    }

    #[test]
    fn bold_is_bright_and_reverse_exchanges() {
        let (plain, grey) = (Look::default(), [0xaa; 3]);
        check(Theme::Terminal, plain, (grey, [0; 3]));
        check(Theme::Terminal, Look { bold: true, ..plain }, ([0xff; 3], [0; 3]));
        check(Theme::Terminal, Look { reverse: true, ..plain }, ([0; 3], grey));
        check(Theme::Terminal, Look { faint: true, ..plain }, ([0x55; 3], [0; 3]));
        check(Theme::Terminal, Look { concealed: true, ..plain }, ([0; 3], [0; 3]));
        check(Theme::Paper, plain, (INK, PAPER));
        let hidden = Look { ink: Colour::Palette(0), ..plain };
        check(Theme::Paper, hidden, (PAPER, PAPER));
    }

    /// How far two colours are apart, as the web's guidelines count it: 4.5 and more is read well.
    fn contrast(one: Rgb, other: Rgb) -> f64 {
        let light = |colour: Rgb| {
            let linear = colour.map(|level| {
                let level = f64::from(level) / 255.0;
                if level <= 0.04045 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05
        };
        let (a, b) = (light(one), light(other));
        a.max(b) / a.min(b)
    }

    #[test]
    fn every_ink_is_read_well_on_paper() {
        for index in 1..16 {
            let (ink, ground) = Theme::Paper.paint(Look { ink: Colour::Palette(index), ..Look::default() });
            assert!(contrast(ink, ground) >= 4.0, "{index}: {:.2}", contrast(ink, ground));
        }
        for yellow in [[255, 255, 0], [255, 255, 255], [0, 255, 255]] {
            let [r, g, b] = yellow;
            let (ink, ground) = Theme::Paper.paint(Look { ink: Colour::Rgb(r, g, b), ..Look::default() });
            assert!(contrast(ink, ground) >= 4.0, "{yellow:?}: {:.2}", contrast(ink, ground));
        }
    }
}
