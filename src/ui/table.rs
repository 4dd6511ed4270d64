//! Columns that line up, whatever script is in them.

use unicode_width::UnicodeWidthStr;

/// Rows with their columns aligned and two spaces between. The last column is as wide as it likes.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| rows.iter().filter_map(|row| row.get(at)).map(|cell| shown(cell)).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate() {
            line.push_str(cell);
            if at + 1 < row.len() {
                let width = widths.get(at).copied().unwrap_or(0);
                line.extend(std::iter::repeat_n(' ', width.saturating_sub(shown(cell)) + 2));
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.truncate(out.trim_end_matches('\n').len());
    out
}

/// How many columns a text takes; styles take none.
fn shown(text: &str) -> usize {
    let parts = text.split('\u{1b}').enumerate();
    parts
        .map(|(at, part)| {
            if at == 0 { part } else { part.split_once('m').map_or("", |(_, rest)| rest) }.width()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let rows =
            [row(&["a", "b", "c"]), row(&["日本", "\u{1b}[1mx\u{1b}[0m", ""]), row(&["", "", "long one"])];
        assert_eq!(table(&rows), "a     b  c\n日本  \u{1b}[1mx\u{1b}[0m\n         long one");
    }
}
