//! Days in release names: `2022.11.03`, `03.11.2022`, `3rd Nov 2022`, `20221103`.

use super::cursor::Cursor;

/// A day and where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub year: u32,
    pub month: u32,
    pub day: u32,
    /// Where it ends, in bytes.
    pub end: usize,
}

/// The months as names write them.
pub(super) const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const GAP: &[u8] = b" ._-/";

/// Reads year, month and day.
type Form = fn(&mut Cursor<'_>) -> Option<(u32, u32, u32)>;

/// The day that begins at `at` of a name in lower case, where a word begins.
pub(super) fn at(lower: &[u8], at: usize) -> Option<Day> {
    let forms: [Form; 5] = [year_first, year_last, month_named, month_named_first, unbroken];
    forms.iter().find_map(|form| {
        let mut cursor = Cursor::new(lower, at);
        let (year, month, day) = form(&mut cursor)?;
        let exists = (1..=12).contains(&month) && (1..=31).contains(&day) && (1900..=2100).contains(&year);
        (exists && cursor.at_edge()).then_some(Day { year, month, day, end: cursor.at })
    })
}

/// The month a word begins like: 1 to 12.
pub(super) fn month(cursor: &mut Cursor<'_>) -> Option<u32> {
    const LONG: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let long = LONG.iter().position(|name| cursor.word(name));
    let number = long.or_else(|| MONTHS.iter().position(|name| cursor.word(name)))?;
    cursor.at_edge().then_some(number as u32 + 1)
}

fn year_first(cursor: &mut Cursor<'_>) -> Option<(u32, u32, u32)> {
    let year = cursor.digits(4, 4)?;
    let mark = cursor.peek(0);
    let month = cursor.marks(GAP, 1).then(|| cursor.digits(1, 2)).flatten()?;
    if cursor.peek(0) != mark || !cursor.marks(GAP, 1) {
        return None;
    }
    let day = cursor.digits(1, 2)?;
    Some((year, month, day))
}

fn year_last(cursor: &mut Cursor<'_>) -> Option<(u32, u32, u32)> {
    let first = cursor.digits(1, 2)?;
    let mark = cursor.peek(0);
    let second = cursor.marks(GAP, 1).then(|| cursor.digits(1, 2)).flatten()?;
    if cursor.peek(0) != mark || !cursor.marks(GAP, 1) {
        return None;
    }
    let year = cursor.digits(4, 4)?;
    // Day first, as most of the world writes it, unless that cannot be.
    Some(if second > 12 { (year, first, second) } else { (year, second, first) })
}

fn month_named(cursor: &mut Cursor<'_>) -> Option<(u32, u32, u32)> {
    let day = cursor.digits(1, 2)?;
    cursor.any(&["st", "nd", "rd", "th"]);
    cursor.marks(GAP, 2);
    let month = month(cursor)?;
    cursor.marks(b" ._-,", 2);
    Some((cursor.digits(4, 4)?, month, day))
}

fn month_named_first(cursor: &mut Cursor<'_>) -> Option<(u32, u32, u32)> {
    let month = month(cursor)?;
    cursor.marks(GAP, 2);
    let day = cursor.digits(1, 2)?;
    cursor.any(&["st", "nd", "rd", "th"]);
    cursor.marks(b" ._-,", 2);
    Some((cursor.digits(4, 4)?, month, day))
}

fn unbroken(cursor: &mut Cursor<'_>) -> Option<(u32, u32, u32)> {
    let number = cursor.digits(8, 8)?;
    Some((number / 10_000, number / 100 % 100, number % 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_every_form() {
        let check = |text: &str, wanted: Option<(u32, u32, u32)>| {
            let got = at(text.to_lowercase().as_bytes(), 0).map(|day| (day.year, day.month, day.day));
            assert_eq!(got, wanted, "{text}");
        };
        check("2022.11.03.Title", Some((2022, 11, 3)));
        check("03.11.2022", Some((2022, 11, 3)));
        check("11-23-2022", Some((2022, 11, 23)));
        check("3rd Nov 2014 HDTV", Some((2014, 11, 3)));
        check("September.9.2020", Some((2020, 9, 9)));
        check("20221103", Some((2022, 11, 3)));
        check("2022.13.40", None);
        check("2022.1080p", None);
        check("5.1.2012p", None);
    }
}
