//! A page as SVG: text as text in whatever font of fixed width there is, lines and blocks as areas that meet.
//!
//! Knows markup, and pixels of what is drawn only. Each stretch of text is set to the width of its cells, so that columns
//! stand where they are meant to whatever the font.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Page;
use super::canvas::{Cell, Row};
use super::colours::{Rgb, Theme};
use super::font::{self, HEIGHT, WIDTH};
use super::html::{escaped, hex};

/// Free space around the page.
const MARGIN: usize = 16;
/// Where letters stand, from the top of their cell.
const BASELINE: usize = 12;

/// The page as a picture with this title.
#[must_use]
pub fn svg(page: &Page, theme: Theme, title: &str) -> String {
    let width = page.columns * WIDTH + 2 * MARGIN;
    let height = page.rows.len().max(1) * HEIGHT + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
        escaped(title),
        hex(theme.ground()),
    );
    let mut areas = Areas::default();
    let mut text = String::new();
    for (number, row) in page.rows.iter().enumerate() {
        let y = MARGIN + number * HEIGHT;
        grounds(row, theme, y, &mut areas);
        drawings(row, theme, y, &mut areas);
        letters(row, theme, y, &mut text);
    }
    areas.write(&mut svg);
    svg.push_str(
        "<g font-family=\"'Cascadia Mono','DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"13\" xml:space=\"preserve\">\n",
    );
    svg.push_str(&text);
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// Rectangles by colour and by how much of what lies below they hide, in hundredths. Grounds come first.
#[derive(Default)]
struct Areas(BTreeMap<(bool, Rgb, u8), String>);

impl Areas {
    fn add(&mut self, is_ink: bool, colour: Rgb, cover: u8, [x, y, width, height]: [usize; 4]) {
        let path = self.0.entry((is_ink, colour, cover)).or_default();
        // Writing to a string cannot fail.
        let _ = write!(path, "M{x} {y}h{width}v{height}h-{width}z");
    }

    fn write(self, svg: &mut String) {
        svg.push_str("<g shape-rendering=\"crispEdges\">\n");
        for ((_, colour, cover), path) in self.0 {
            let opacity = if cover < 100 { format!(" fill-opacity=\"0.{cover}\"") } else { String::new() };
            svg.extend(["<path fill=\"", &hex(colour), "\"", &opacity, " d=\"", &path, "\"/>\n"]);
        }
        svg.push_str("</g>\n");
    }
}

fn grounds(row: &Row, theme: Theme, y: usize, areas: &mut Areas) {
    for run in row.runs(|one, other| one.look == other.look) {
        let ground = theme.paint(run.look).1;
        if ground != theme.ground() {
            areas.add(false, ground, 100, [MARGIN + run.column * WIDTH, y, run.columns * WIDTH, HEIGHT]);
        }
    }
}

/// Lines and blocks, with the same ones beside each other as one.
fn drawings(row: &Row, theme: Theme, y: usize, areas: &mut Areas) {
    let mut column = 0;
    while let Some(cell) = row.cells.get(column) {
        let behind = row.cells.get(column..).unwrap_or_default();
        let count = behind.iter().take_while(|next| *next == cell).count().max(1);
        if font::is_drawn(cell.character) {
            draw(*cell, count, theme, [MARGIN + column * WIDTH, y], areas);
        }
        column += count;
    }
}

fn draw(cell: Cell, count: usize, theme: Theme, [x, y]: [usize; 2], areas: &mut Areas) {
    let ink = theme.paint(cell.look).0;
    let shade = match cell.character {
        '░' => Some(25),
        '▒' => Some(50),
        '▓' => Some(75),
        _ => None,
    };
    if let Some(cover) = shade {
        areas.add(true, ink, cover, [x, y, count * WIDTH, HEIGHT]);
        return;
    }
    let glyph = font::glyph(cell.character).unwrap_or_default();
    let mut top = 0;
    for rows in glyph.chunk_by(|one, other| one == other) {
        let bits = rows.first().copied().unwrap_or(0);
        if bits == 0xff {
            areas.add(true, ink, 100, [x, y + top, count * WIDTH, rows.len()]);
        } else {
            for (from, length) in stretches(bits) {
                for at in 0..count {
                    areas.add(true, ink, 100, [x + at * WIDTH + from, y + top, length, rows.len()]);
                }
            }
        }
        top += rows.len();
    }
}

/// Pixels beside each other: where they begin and how many they are.
fn stretches(bits: u8) -> Vec<(usize, usize)> {
    let set: Vec<bool> = (0..WIDTH).map(|column| bits & 0x80 >> column != 0).collect();
    let mut at = 0;
    let mut found = Vec::new();
    for stretch in set.chunk_by(|one, other| one == other) {
        if stretch.first() == Some(&true) {
            found.push((at, stretch.len()));
        }
        at += stretch.len();
    }
    found
}

/// Text, in stretches of one look without wide gaps: a gap's width is that of its cells whatever the font.
fn letters(row: &Row, theme: Theme, y: usize, svg: &mut String) {
    let is_text = |cell: &Cell| cell.character != ' ' && !font::is_drawn(cell.character);
    for run in row.runs(|one, other| one.look == other.look && is_text(one) == is_text(other)) {
        let shown = run.text.trim();
        if shown.is_empty() || shown.starts_with(font::is_drawn) {
            continue;
        }
        let (ink, _) = theme.paint(run.look);
        let style = [
            (run.look.italic, " font-style=\"italic\""),
            (run.look.underline, " text-decoration=\"underline\""),
        ];
        let style: String = style.iter().filter(|(is_on, _)| *is_on).map(|(_, style)| *style).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{style}>{}</text>",
            MARGIN + run.column * WIDTH,
            y + BASELINE,
            run.columns * WIDTH,
            hex(ink),
            escaped(shown),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Reading, read};

    fn check(text: &str, wanted: &[&str]) {
        let page = read(text.as_bytes(), &Reading::default()).unwrap();
        let svg = svg(&page, Theme::Terminal, "a <b>");
        for part in wanted {
            assert!(svg.contains(part), "{part} is not in {svg}");
        }
    }

    #[test]
    fn text_keeps_its_columns_and_is_escaped() {
        check(
            "  a<b",
            &["<text x=\"32\" y=\"28\" textLength=\"24\"", ">a&lt;b</text>", "<title>a &lt;b&gt;</title>"],
        );
        check("日", &["textLength=\"16\"", ">日</text>", "width=\"48\""]);
        check("\u{1b}[31mx", &["fill=\"#aa0000\">x</text>"]);
    }

    #[test]
    fn blocks_and_lines_are_areas() {
        check("██", &["<path fill=\"#aaaaaa\" d=\"M16 16h16v16h-16z\"/>"]);
        check("░", &["fill-opacity=\"0.25\" d=\"M16 16h8v16h-8z\""]);
        check("──", &["M16 23h16v1h-16z"]);
        check("\u{1b}[44m ", &["<path fill=\"#0000aa\" d=\"M16 16h8v16h-8z\"/>"]);
    }
}
