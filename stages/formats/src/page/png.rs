//! Draws a page as a PNG: as few bits a pixel as its colours need.
//!
//! Knows cells and pixels. Pixels are made line by line, so a large page takes time and no memory but the file's.

use std::collections::HashMap;
use std::io::Write;

use png::{BitDepth, ColorType, DeflateCompression, Encoder, EncodingError, Filter};

use super::canvas::{Look, Row, TAIL};
use super::colours::{Rgb, Theme};
use super::font::{self, Glyph};
use super::{MAX_PIXELS, MAX_SCALE, Page, PageError};

/// Free pixels around the page.
const MARGIN: usize = 16;
/// Row of a cell where the line below a character is.
const UNDERLINE: usize = 13;

/// Draws a page. `scale` is how many pixels, in each direction, one of the font takes: from 1 to [`MAX_SCALE`].
///
/// # Errors
/// When the picture would have more than [`MAX_PIXELS`].
pub fn png(page: &Page, theme: Theme, scale: usize) -> Result<Vec<u8>, PageError> {
    let scale = scale.clamp(1, MAX_SCALE);
    let width = (page.columns * font::WIDTH + 2 * MARGIN) * scale;
    let height = (page.rows.len().max(1) * font::HEIGHT + 2 * MARGIN) * scale;
    if width.saturating_mul(height) > MAX_PIXELS {
        return Err(PageError::TooLarge { width, height });
    }
    let mut colours = Colours::of(page, theme);
    encode(page, &mut colours, width, height, scale).map_err(|error| PageError::Png(error.to_string()))
}

/// The colours of a page by number: the ground is the first one.
struct Colours {
    all: Vec<Rgb>,
    /// Ink and ground of the looks that occur.
    looks: HashMap<Look, (usize, usize)>,
    last: (Look, (usize, usize)),
}

impl Colours {
    fn of(page: &Page, theme: Theme) -> Self {
        let mut numbers = HashMap::from([(theme.ground(), 0)]);
        let mut colours = Self { all: vec![theme.ground()], looks: HashMap::new(), last: Default::default() };
        let mut before = None;
        let looks = page.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.look);
        for look in looks.chain([Look::default()]).filter(|look| before.replace(*look) != Some(*look)) {
            colours.looks.entry(look).or_insert_with(|| {
                let (ink, ground) = theme.paint(look);
                let all = &mut colours.all;
                let mut number = |colour: Rgb| {
                    *numbers.entry(colour).or_insert_with(|| {
                        all.push(colour);
                        all.len() - 1
                    })
                };
                (number(ink), number(ground))
            });
        }
        colours.last = (Look::default(), colours.looks.get(&Look::default()).copied().unwrap_or_default());
        colours
    }

    /// Numbers of a look's ink and ground. Neighbours mostly look the same.
    fn numbers(&mut self, look: Look) -> (usize, usize) {
        if self.last.0 != look {
            self.last = (look, self.looks.get(&look).copied().unwrap_or_default());
        }
        self.last.1
    }

    fn depth(&self) -> Option<BitDepth> {
        match self.all.len() {
            0..=2 => Some(BitDepth::One),
            3..=4 => Some(BitDepth::Two),
            5..=16 => Some(BitDepth::Four),
            17..=256 => Some(BitDepth::Eight),
            _ => None,
        }
    }
}

fn encode(
    page: &Page,
    colours: &mut Colours,
    width: usize,
    height: usize,
    scale: usize,
) -> Result<Vec<u8>, EncodingError> {
    let size = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, size(width), size(height));
    let depth = colours.depth();
    encoder.set_depth(depth.unwrap_or(BitDepth::Eight));
    if depth.is_some() {
        encoder.set_color(ColorType::Indexed);
        encoder.set_palette(colours.all.concat());
    } else {
        encoder.set_color(ColorType::Rgb);
    }
    encoder.set_deflate_compression(DeflateCompression::Level(6));
    // Letters and lines repeat as they are; differences between them do not.
    encoder.set_filter(Filter::NoFilter);
    encoder.add_text_chunk("Software".to_owned(), "Bindery".to_owned())?;
    let mut writer = encoder.write_header()?;
    let mut stream = writer.stream_writer()?;
    let empty = packed(&vec![0; width], colours, depth);
    let mut repeat = |line: &[u8], times: usize| (0..times).try_for_each(|_| stream.write_all(line));
    repeat(&empty, MARGIN * scale)?;
    let mut line = vec![0; width];
    for row in 0..page.rows.len().max(1) {
        let drawn = page.rows.get(row).map_or_else(Vec::new, |row| draw(row, colours));
        for y in 0..font::HEIGHT {
            line.fill(0);
            let pixels = line.chunks_exact_mut(scale).skip(MARGIN);
            paint(&drawn, y, pixels);
            repeat(&packed(&line, colours, depth), scale)?;
        }
    }
    repeat(&empty, MARGIN * scale)?;
    stream.finish()?;
    drop(writer);
    Ok(file)
}

/// A cell on its way to pixels.
struct Drawn {
    glyph: Glyph,
    ink: usize,
    ground: usize,
}

fn draw(row: &Row, colours: &mut Colours) -> Vec<Drawn> {
    let mut drawn = Vec::with_capacity(row.cells.len());
    let mut before = ' ';
    for (column, cell) in row.cells.iter().enumerate() {
        let is_tail = cell.character == TAIL;
        let character = if is_tail { before } else { cell.character };
        let own = font::glyph(character).filter(|_| !is_tail);
        let mut glyph = own.unwrap_or_else(|| font::placeholder(character, is_tail));
        for mark in row.marks(column) {
            glyph = font::with_mark(glyph, mark);
        }
        if cell.look.underline {
            glyph[UNDERLINE] = 0xff;
        }
        let (ink, ground) = colours.numbers(cell.look);
        drawn.push(Drawn { glyph, ink, ground });
        before = character;
    }
    drawn
}

/// One line of pixels of a row of cells, each pixel as often as the scale asks for.
fn paint<'a>(drawn: &[Drawn], y: usize, mut pixels: impl Iterator<Item = &'a mut [usize]>) {
    for cell in drawn {
        let bits = cell.glyph.get(y).copied().unwrap_or(0);
        for column in 0..font::WIDTH {
            let colour = if bits & 0x80 >> column == 0 { cell.ground } else { cell.ink };
            if let Some(pixel) = pixels.next() {
                pixel.fill(colour);
            }
        }
    }
}

/// A line of pixels as the bytes of a PNG.
fn packed(line: &[usize], colours: &Colours, depth: Option<BitDepth>) -> Vec<u8> {
    let Some(depth) = depth else {
        return line
            .iter()
            .flat_map(|number| colours.all.get(*number).copied().unwrap_or_default())
            .collect();
    };
    let bits = depth as usize;
    let byte = |pixels: &[usize]| {
        let shifts = (0..8 / bits).map(|at| 8 - bits * (at + 1));
        // A depth is chosen so that every number fits.
        pixels.iter().zip(shifts).fold(0, |byte, (number, shift)| byte | (*number as u8) << shift)
    };
    line.chunks(8 / bits).map(byte).collect()
}
