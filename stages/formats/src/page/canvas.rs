//! The grid that a text is written on: a cursor, a colour, cells that come into being when something is written there.
//!
//! Knows no escape sequence. Wherever the cursor is sent it stays within bounds, and only what is written takes memory.

use super::{MAX_LINES, PageError};
use crate::text::width;

/// The second cell of a wide character.
pub(super) const TAIL: char = '\0';

/// One place on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// What stands there; the second cell of a wide character has `\0`.
    pub character: char,
    /// How it looks.
    pub look: Look,
}

/// A line of cells, as far as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The cells from the left.
    pub cells: Vec<Cell>,
    /// Marks over the character of a column, such as accents, in the order they came.
    marks: Vec<(usize, char)>,
}

/// Colour of ink or ground.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Colour {
    /// That of the theme.
    #[default]
    Default,
    /// One of a terminal's sixteen, in the order of ANSI.
    Palette(u8),
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

/// How a character looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Look {
    /// The ink.
    pub ink: Colour,
    /// The ground.
    pub ground: Colour,
    /// Brighter, or heavier.
    pub bold: bool,
    /// Weaker.
    pub faint: bool,
    /// Slanted.
    pub italic: bool,
    /// With a line below.
    pub underline: bool,
    /// Blinking.
    pub blink: bool,
    /// Ink and ground exchanged.
    pub reverse: bool,
    /// Not to be seen.
    pub concealed: bool,
}

/// Cells of a row that look the same and stand beside each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) column: usize,
    pub(super) columns: usize,
    pub(super) text: String,
    pub(super) look: Look,
}

const BLANK: Cell = Cell {
    character: ' ',
    look: Look {
        ink: Colour::Default,
        ground: Colour::Default,
        bold: false,
        faint: false,
        italic: false,
        underline: false,
        blink: false,
        reverse: false,
        concealed: false,
    },
};

impl Row {
    /// The characters as text.
    #[must_use]
    pub fn text(&self) -> String {
        self.runs(|_, _| true).into_iter().map(|run| run.text).collect()
    }

    /// Cells joined for as long as they are alike to the function, which is given the first and the next one.
    pub(super) fn runs(&self, alike: impl Fn(&Cell, &Cell) -> bool) -> Vec<Run> {
        let mut runs: Vec<(Cell, Run)> = Vec::new();
        for (column, cell) in self.cells.iter().enumerate() {
            match runs.last_mut() {
                Some((_, run)) if cell.character == TAIL => run.columns += 1,
                Some((first, run)) if alike(first, cell) => {
                    self.push(column, cell.character, &mut run.text);
                    run.columns += 1;
                }
                _ => {
                    let mut text = String::new();
                    self.push(column, cell.character, &mut text);
                    runs.push((*cell, Run { column, columns: 1, text, look: cell.look }));
                }
            }
        }
        runs.into_iter().map(|(_, run)| run).collect()
    }

    /// The marks over a column.
    pub(super) fn marks(&self, column: usize) -> impl Iterator<Item = char> {
        self.marks.iter().filter(move |(at, _)| *at == column).map(|(_, mark)| *mark)
    }

    fn push(&self, column: usize, character: char, text: &mut String) {
        text.push(if character == TAIL { ' ' } else { character });
        text.extend(self.marks(column));
    }

    fn put(&mut self, column: usize, cell: Cell) {
        if self.cells.len() <= column {
            self.cells.resize(column + 1, BLANK);
        }
        // Half a wide character is none.
        let is_tail = self.cells.get(column).is_some_and(|cell| cell.character == TAIL);
        if is_tail
            && cell.character != TAIL
            && let Some(head) = column.checked_sub(1).and_then(|head| self.cells.get_mut(head))
        {
            head.character = ' ';
        }
        if let Some(tail) = self.cells.get_mut(column + 1).filter(|next| next.character == TAIL) {
            tail.character = ' ';
        }
        if !self.marks.is_empty() {
            self.marks.retain(|(at, _)| *at != column);
        }
        if let Some(place) = self.cells.get_mut(column) {
            *place = cell;
        }
    }

    fn trim(&mut self) {
        let filled = self.cells.iter().rposition(|cell| *cell != BLANK).map_or(0, |last| last + 1);
        self.cells.truncate(filled);
    }
}

/// The grid while it is written.
pub(super) struct Canvas {
    rows: Vec<Row>,
    width: usize,
    /// Whether blinking means a bright ground.
    ice: bool,
    pub(super) look: Look,
    row: usize,
    column: usize,
    saved: (usize, usize),
    /// Above this row nothing was written since it was erased.
    first_used: usize,
}

impl Canvas {
    pub(super) fn new(width: usize, ice: bool) -> Self {
        let look = Look::default();
        Self { rows: Vec::new(), width, ice, look, row: 0, column: 0, saved: (0, 0), first_used: 0 }
    }

    /// The rows, without those at the end that hold nothing.
    pub(super) fn finish(mut self) -> Vec<Row> {
        self.rows.iter_mut().for_each(Row::trim);
        let filled = self.rows.iter().rposition(|row| !row.cells.is_empty()).map_or(0, |last| last + 1);
        self.rows.truncate(filled);
        self.rows
    }

    /// Writes a character and moves behind it. The line that is full goes on below with the next character, so that a
    /// line end behind its last one makes no empty line.
    pub(super) fn put(&mut self, character: char) -> Result<(), PageError> {
        let columns = width::columns(character);
        if columns == 0 {
            self.mark(character);
            return Ok(());
        }
        // A wide character has no place on a page of one column.
        let (character, columns) = if columns > self.width { ('?', 1) } else { (character, columns) };
        if self.column + columns > self.width {
            self.new_line()?;
        }
        let (column, look) = (self.column, self.current_look());
        let row = self.row_to_write();
        row.put(column, Cell { character, look });
        for tail in column + 1..column + columns {
            row.put(tail, Cell { character: TAIL, look });
        }
        self.column += columns;
        Ok(())
    }

    /// Goes to the beginning of the next line.
    pub(super) fn new_line(&mut self) -> Result<(), PageError> {
        self.column = 0;
        self.row += 1;
        if self.row >= MAX_LINES { Err(PageError::TooManyLines) } else { Ok(()) }
    }

    pub(super) fn carriage_return(&mut self) {
        self.column = 0;
    }

    /// Goes to the next multiple of eight columns, at most to the last one.
    pub(super) fn tab(&mut self) {
        self.column = ((self.column / 8 + 1) * 8).min(self.width.saturating_sub(1)).max(self.column);
    }

    /// Moves by rows and columns, as far as the grid goes.
    pub(super) fn go(&mut self, down: isize, right: isize) {
        self.row = self.row.saturating_add_signed(down).min(MAX_LINES - 1);
        // Behind a full line the cursor still shows on its last column.
        let column = self.column.min(self.width.saturating_sub(1));
        self.column = column.saturating_add_signed(right).min(self.width.saturating_sub(1));
    }

    /// Goes to a place counted from 0; what is not given stays.
    pub(super) fn go_to(&mut self, row: Option<usize>, column: Option<usize>) {
        self.row = row.unwrap_or(self.row).min(MAX_LINES - 1);
        self.column = column.unwrap_or(self.column).min(self.width.saturating_sub(1));
    }

    pub(super) fn save(&mut self) {
        self.saved = (self.row, self.column);
    }

    pub(super) fn restore(&mut self) {
        (self.row, self.column) = self.saved;
    }

    /// Empties the page and goes to its beginning.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        (self.row, self.column, self.first_used) = (0, 0, 0);
    }

    pub(super) fn erase_below(&mut self) {
        self.erase_line_right();
        self.rows.truncate(self.row + 1);
    }

    pub(super) fn erase_above(&mut self) {
        self.erase_line_left();
        if let Some(above) = self.rows.get_mut(self.first_used..self.row) {
            above.fill(Row::default());
            self.first_used = self.row;
        }
    }

    /// Erases from the cursor to the line's end, in the colour of the ground.
    pub(super) fn erase_line_right(&mut self) {
        let column = self.column;
        if self.look.ground == Colour::Default {
            if let Some(row) = self.rows.get_mut(self.row) {
                if row.cells.get(column).is_some_and(|cell| cell.character == TAIL) {
                    row.put(column, BLANK);
                }
                row.cells.truncate(column);
                row.marks.retain(|(at, _)| *at < column);
            }
        } else {
            self.fill(column, self.width);
        }
    }

    /// Erases from the line's beginning up to the cursor.
    pub(super) fn erase_line_left(&mut self) {
        self.fill(0, (self.column + 1).min(self.width));
    }

    fn fill(&mut self, from: usize, to: usize) {
        let cell = Cell { character: ' ', look: Look { ground: self.look.ground, ..Look::default() } };
        let row = self.row_to_write();
        for column in from..to {
            row.put(column, cell);
        }
    }

    /// Puts a mark over the character before the cursor, if there is room for one more in the row.
    fn mark(&mut self, mark: char) {
        let most = self.width;
        let Some(mut column) = self.column.checked_sub(1) else { return };
        let Some(row) = self.rows.get_mut(self.row) else { return };
        if row.cells.get(column).is_some_and(|cell| cell.character == TAIL) {
            column = column.saturating_sub(1);
        }
        if row.marks.len() < most && column < row.cells.len() {
            row.marks.push((column, mark));
        }
    }

    fn current_look(&self) -> Look {
        let mut look = self.look;
        if self.ice && look.blink {
            look.blink = false;
            look.ground = match look.ground {
                Colour::Default => Colour::Palette(8),
                Colour::Palette(dark @ 0..=7) => Colour::Palette(dark + 8),
                other => other,
            };
        }
        look
    }

    fn row_to_write(&mut self) -> &mut Row {
        self.first_used = self.first_used.min(self.row);
        if self.rows.len() <= self.row {
            self.rows.resize_with(self.row + 1, Row::default);
        }
        &mut self.rows[self.row]
    }
}
