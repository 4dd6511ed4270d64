//! Draws with characters: frames, rules, columns, hanging indents. Everything is measured in display columns and comes out
//! as wide as it was asked for, whatever the text.
//!
//! Knows no template and no encoding. Text in here has been cleaned by whoever measures it ([`super::width`]).

use super::width::{clean, pad_right, truncate, width, wrap};

/// What a frame is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The name of the style.
    pub name: &'static str,
    /// Left corner, line and right corner at the top.
    pub top: [char; 3],
    /// Left and right side.
    pub sides: [char; 2],
    /// Left end, line and right end of a rule across the frame.
    pub joint: [char; 3],
    /// Left corner, line and right corner at the bottom.
    pub bottom: [char; 3],
}

/// Every style. All of it is in code page 437.
pub const FRAMES: &[Frame] = &[
    Frame {
        name: "ascii",
        top: ['+', '-', '+'],
        sides: ['|', '|'],
        joint: ['+', '-', '+'],
        bottom: ['+', '-', '+'],
    },
    Frame {
        name: "block",
        top: ['█', '▀', '█'],
        sides: ['█', '█'],
        joint: ['█', '─', '█'],
        bottom: ['█', '▄', '█'],
    },
    Frame {
        name: "double",
        top: ['╔', '═', '╗'],
        sides: ['║', '║'],
        joint: ['╟', '─', '╢'],
        bottom: ['╚', '═', '╝'],
    },
    Frame {
        name: "shade",
        top: ['▓', '▒', '░'],
        sides: ['▓', '░'],
        joint: ['▓', '─', '░'],
        bottom: ['▓', '▒', '░'],
    },
    Frame {
        name: "single",
        top: ['┌', '─', '┐'],
        sides: ['│', '│'],
        joint: ['├', '─', '┤'],
        bottom: ['└', '─', '┘'],
    },
];

/// Narrowest frame that holds anything, in columns.
pub const NARROWEST: usize = 8;

/// Begins and ends a rule that is as wide as what it will stand in; a control character, so that no text has it.
const RULE: char = '\u{1e}';
/// Parts its pattern from its title.
const PARTS: char = '\u{1f}';

/// The style of this name.
#[must_use]
pub fn frame(name: &str) -> Option<&'static Frame> {
    FRAMES.iter().find(|frame| frame.name == name)
}

/// A text in a frame, `columns` wide in all. Lines that do not fit are folded, a title is set into the top.
#[must_use]
pub fn boxed(text: &str, columns: usize, frame: &Frame, title: Option<&str>) -> String {
    let columns = columns.max(NARROWEST);
    let inner = columns - 4;
    let mut lines = vec![edge(frame.top, columns, title)];
    for line in body_lines(text) {
        if let Some((pattern, title)) = as_rule(line) {
            let [left, own, right] = frame.joint;
            let filling = pattern.chars().next().unwrap_or(own);
            lines.push(edge([left, filling, right], columns, (!title.is_empty()).then_some(title)));
            continue;
        }
        for part in fold(line, inner) {
            let [left, right] = frame.sides;
            lines.push(format!("{left} {} {right}", pad_right(&part, inner)));
        }
    }
    lines.push(edge(frame.bottom, columns, None));
    lines.join("\n")
}

/// A line of `columns` made of a pattern, with a title near its left end.
#[must_use]
pub fn rule(columns: usize, pattern: &str, title: Option<&str>) -> String {
    let pattern = clean(pattern).replace('\n', "");
    let pattern = if width(&pattern) == 0 { "─".to_owned() } else { pattern };
    let repeat = |columns: usize| {
        let times = columns / width(&pattern).max(1) + 1;
        pad_right(&truncate(&pattern.repeat(times), columns), columns)
    };
    let title = title
        .map(|title| truncate(title.trim(), columns.saturating_sub(6)))
        .filter(|title| !title.is_empty());
    match title {
        Some(title) if columns > 8 => {
            let head = format!("{} {title} ", repeat(2));
            let rest = columns.saturating_sub(width(&head));
            head + &repeat(rest)
        }
        _ => repeat(columns),
    }
}

/// A rule that gets its width from what it stands in: a frame, a column or the page.
#[must_use]
pub fn open_rule(pattern: &str, title: Option<&str>) -> String {
    let plain = |text: &str| clean(text).replace('\n', " ");
    format!("{RULE}{}{PARTS}{}{RULE}", plain(pattern), plain(title.unwrap_or_default()))
}

/// Pattern and title of a line that is an open rule.
#[must_use]
pub fn as_rule(line: &str) -> Option<(&str, &str)> {
    line.trim_matches([' ', '\r']).strip_prefix(RULE)?.strip_suffix(RULE)?.split_once(PARTS)
}

/// Texts beside each other, each folded to its width, with so many spaces between them.
#[must_use]
pub fn side_by_side(parts: &[(&str, usize)], gap: usize) -> String {
    let folded: Vec<(Vec<String>, usize)> = parts
        .iter()
        .map(|(text, columns)| {
            let columns = (*columns).max(1);
            let lines = body_lines(text).flat_map(|line| match as_rule(line) {
                Some((pattern, title)) => vec![rule(columns, pattern, Some(title))],
                None => fold(line, columns),
            });
            (lines.collect(), columns)
        })
        .collect();
    let height = folded.iter().map(|(lines, _)| lines.len()).max().unwrap_or(0);
    let row = |at: usize| {
        let cells = folded.iter().map(|(lines, columns)| {
            pad_right(lines.get(at).map(String::as_str).unwrap_or_default(), *columns)
        });
        cells.collect::<Vec<_>>().join(&" ".repeat(gap)).trim_end().to_owned()
    };
    (0..height).map(row).collect::<Vec<_>>().join("\n")
}

/// Short texts in so many columns over a width, filled row by row; longer ones are cut.
#[must_use]
pub fn grid(entries: &[String], count: usize, columns: usize) -> String {
    const GAP: usize = 2;
    let count = count.clamp(1, columns.max(1));
    let each = (columns + GAP) / count;
    let each = each.saturating_sub(GAP).max(1);
    let rows = entries.chunks(count).map(|row| {
        let cells = row.iter().map(|entry| fit(entry, each));
        cells.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// A text whose first line begins at column `indent` and whose others are indented so far, none passing `columns`.
#[must_use]
pub fn hang(text: &str, columns: usize, indent: usize) -> String {
    let indent = indent.min(columns.saturating_sub(1));
    wrap(text, columns - indent).join(&format!("\n{}", " ".repeat(indent)))
}

/// A text on one line of exactly `columns`: filled with spaces, or cut with three dots.
#[must_use]
pub fn fit(text: &str, columns: usize) -> String {
    pad_right(&shortened(text, columns, "..."), columns)
}

/// A text on one line of at most `columns`; one that was cut ends in `ellipsis`.
#[must_use]
pub fn shortened(text: &str, columns: usize, ellipsis: &str) -> String {
    let whole = truncate(text, usize::MAX);
    if width(&whole) <= columns {
        return whole;
    }
    let ellipsis = truncate(ellipsis, columns);
    let kept = truncate(&whole, columns - width(&ellipsis));
    format!("{}{ellipsis}", kept.trim_end())
}

/// A line as lines of at most `columns`. What follows the first is indented as the line is, or as far as the text behind
/// its label (`Title ....: …`).
#[must_use]
pub fn fold(line: &str, columns: usize) -> Vec<String> {
    let line = clean(line).replace('\n', " ");
    let line = line.trim_end();
    if width(line) <= columns {
        return vec![line.to_owned()];
    }
    let (head, rest) = line.split_at(hanging(line, columns / 2));
    let indent = width(head);
    let mut folded: Vec<String> = Vec::new();
    for part in wrap(rest, columns.saturating_sub(indent)) {
        let before = if folded.is_empty() { head.to_owned() } else { " ".repeat(indent) };
        folded.push(format!("{before}{part}").trim_end().to_owned());
    }
    folded
}

/// Where in a line the text begins that hangs: behind its label, or behind its indent.
fn hanging(line: &str, most: usize) -> usize {
    let spaces = |from: usize| line[from..].len() - line[from..].trim_start_matches(' ').len();
    let fits = |at: &usize| width(&line[..*at]) <= most;
    let label = line.find(": ").map(|at| at + 2 + spaces(at + 2)).filter(fits);
    // A colon in a sentence is no label: a label is dotted, padded, or one word.
    let is_label = |at: &usize| {
        let name = line[..*at].trim_end().trim_end_matches(':');
        name.ends_with([' ', '.']) || !name.trim().contains(' ')
    };
    label.filter(is_label).unwrap_or_else(|| {
        let indent = spaces(0);
        indent.min(most)
    })
}

/// A line with its two ends, and a title set into it.
fn edge([left, line, right]: [char; 3], columns: usize, title: Option<&str>) -> String {
    format!("{left}{}{right}", rule(columns.saturating_sub(2), &line.to_string(), title))
}

/// The lines of a text without the line breaks that the tags around it leave.
fn body_lines(text: &str) -> impl Iterator<Item = &str> {
    let text = text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n')).unwrap_or(text);
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.split('\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_frame_holds_what_does_not_fit() {
        let double = frame("double").unwrap();
        let text = "\nTitle ..: a long title of words\nx\n";
        let wanted = [
            "╔══ Facts ═════════════╗",
            "║ Title ..: a long     ║",
            "║           title of   ║",
            "║           words      ║",
            "║ x                    ║",
            "╚══════════════════════╝",
        ];
        let wanted = wanted.join("\n");
        assert_eq!(boxed(text, 24, double, Some("Facts")), wanted);
        let ruled = boxed(&format!("a\n{}\nb", open_rule("", Some("N"))), 12, frame("single").unwrap(), None);
        assert_eq!(ruled, "┌──────────┐\n│ a        │\n├── N ─────┤\n│ b        │\n└──────────┘");
        assert!(FRAMES.iter().all(|frame| super::super::cp437::encode(&boxed("x", 9, frame, None)).is_ok()));
    }

    #[test]
    fn lines_hang_behind_their_label() {
        let check = |line: &str, columns: usize, wanted: &[&str]| assert_eq!(fold(line, columns), wanted);
        check("  one two three", 10, &["  one two", "  three"]);
        check("Note: one two three", 12, &["Note: one", "      two", "      three"]);
        check("he said so: one two three", 14, &["he said so:", "one two three"]);
        check("漢字漢字漢字", 5, &["漢字", "漢字", "漢字"]);
        assert_eq!(hang("one two three", 12, 5), "one two\n     three");
    }

    #[test]
    fn rules_columns_and_cells_are_as_wide_as_asked() {
        assert_eq!(rule(7, "-=", None), "-=-=-=-");
        assert_eq!(rule(14, "─", Some("Notes")), "── Notes ─────");
        assert_eq!(rule(3, "漢", None), "漢 ");
        assert_eq!(side_by_side(&[("a b c", 3), ("x\ny", 2)], 2), "a b  x\nc    y");
        assert_eq!(grid(&["a".into(), "long word".into(), "c".into()], 2, 14), "a       lon...\nc");
        assert_eq!(
            (fit("ab", 4), fit("abcdef", 5), fit("漢字漢", 5)),
            ("ab  ".into(), "ab...".into(), "漢...".into())
        );
    }

    proptest! {
        #[test]
        fn nothing_breaks_a_frame(text in "(?s)([\u{6f22}\u{301}\u{202e}\\x1b\u{1f600}: \n]|.){0,200}", columns in 8_usize..60, style in 0..5_usize) {
            let made = boxed(&text, columns, &FRAMES[style], Some(&text));
            let lines: Vec<&str> = made.split('\n').collect();
            prop_assert!(lines.len() >= 3);
            for line in &lines {
                prop_assert_eq!(width(line), columns, "{:?}", line);
                prop_assert!(!line.chars().any(char::is_control));
            }
            for line in lines.get(1..lines.len() - 1).unwrap() {
                let [left, right] = FRAMES[style].sides;
                let [start, _, end] = FRAMES[style].joint;
                prop_assert!(line.starts_with([left, start]) && line.ends_with([right, end]));
            }
        }

        #[test]
        fn nothing_passes_its_width(text in "\\PC{0,100}", columns in 1_usize..50, indent in 0_usize..60) {
            let too_wide = |made: &str| made.split('\n').any(|line| width(line) > columns);
            prop_assert!(!too_wide(&fold(&text, columns).join("\n")));
            prop_assert!(!too_wide(&rule(columns, &text, Some(&text))));
            prop_assert_eq!(width(&fit(&text, columns)), columns);
            let hung = hang(&text, columns, indent);
            let first = hung.split('\n').next().unwrap_or_default();
            prop_assert!(width(first) + indent.min(columns - 1) <= columns);
            prop_assert!(!too_wide(&grid(&[text.clone(), text], 2, columns.max(6))) || columns < 6);
        }
    }
}
