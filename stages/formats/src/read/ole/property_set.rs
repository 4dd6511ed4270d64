//! Property sets as OLE 2 documents keep them: numbered values in a stream of their own.
//!
//! Reads the few types that facts are made of. Every offset is foreign and checked; a value that lies is left out.
//! Format: MS-OLEPS.

use crate::read::codepage;
use crate::read::txt::encoding::Encoding;

/// A value of one of the types that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(i32),
    /// A date as ISO 8601.
    Moment(String),
}

/// The values of the first section by their numbers.
pub fn read(bytes: &[u8]) -> Vec<(u32, Value)> {
    section(bytes).unwrap_or_default()
}

/// The section that users fill follows the first one; its values have names.
pub fn read_named(bytes: &[u8]) -> Vec<(String, String)> {
    named(bytes).unwrap_or_default()
}

const MOST: u32 = 1000;

fn section(bytes: &[u8]) -> Option<Vec<(u32, Value)>> {
    let section = bytes.get(long(bytes, 44)? as usize..)?;
    let entries = entries(section)?;
    let encoding = encoding(section, &entries);
    Some(entries.iter().filter_map(|&(id, at)| Some((id, value(section, at, encoding)?))).collect())
}

fn named(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    if long(bytes, 24)? < 2 {
        return None;
    }
    let section = bytes.get(long(bytes, 64)? as usize..)?;
    let entries = entries(section)?;
    let encoding = encoding(section, &entries);
    let (_, dictionary) = entries.iter().find(|(id, _)| *id == 0)?;
    let count = long(section, *dictionary)?.min(MOST);
    let mut at = dictionary.checked_add(4)?;
    let mut named = Vec::new();
    for _ in 0..count {
        let (id, length) = (long(section, at)?, long(section, at.checked_add(4)?)? as usize);
        let start = at.checked_add(8)?;
        let name = text(section.get(start..start.checked_add(length)?)?, encoding);
        at = start.checked_add(length)?;
        let entry = entries.iter().find(|(known, _)| *known == id);
        if let Some(Value::Text(value)) = entry.and_then(|(_, at)| value(section, *at, encoding)) {
            named.push((name, value));
        }
    }
    Some(named)
}

fn entries(section: &[u8]) -> Option<Vec<(u32, usize)>> {
    let count = long(section, 4)?.min(MOST);
    let entry = |number: u32| {
        let at = 8 + 8 * number as usize;
        Some((long(section, at)?, long(section, at + 4)? as usize))
    };
    Some((0..count).map_while(entry).collect())
}

/// The first property names the code page of all texts in the section.
fn encoding(section: &[u8], entries: &[(u32, usize)]) -> Encoding {
    let page = entries.iter().find(|(id, _)| *id == 1).and_then(|(_, at)| short(section, at.checked_add(4)?));
    page.and_then(|page| codepage::encoding(i32::from(page)))
        .unwrap_or(Encoding::Web(encoding_rs::WINDOWS_1252))
}

fn value(section: &[u8], at: usize, encoding: Encoding) -> Option<Value> {
    const NUMBER_16: u32 = 2;
    const NUMBER_32: u32 = 3;
    const TEXT: u32 = 0x1e;
    const WIDE: u32 = 0x1f;
    const MOMENT: u32 = 0x40;
    let start = at.checked_add(4)?;
    let counted = |unit: usize| {
        let length = (long(section, start)? as usize).checked_mul(unit)?;
        let text = start.checked_add(4)?;
        section.get(text..text.checked_add(length)?)
    };
    match long(section, at)? & 0xffff {
        NUMBER_16 => short(section, start).map(|number| Value::Number(i32::from(number))),
        NUMBER_32 => Some(Value::Number(long(section, start)?.cast_signed())),
        TEXT => Some(Value::Text(text(counted(1)?, encoding))),
        WIDE => Some(Value::Text(text(counted(2)?, Encoding::Web(encoding_rs::UTF_16LE)))),
        MOMENT => {
            moment(u64::from(long(section, start)?) | u64::from(long(section, start.checked_add(4)?)?) << 32)
        }
        _ => None,
    }
}

fn text(bytes: &[u8], encoding: Encoding) -> String {
    let mut decoder = encoding.decoder();
    let mut text = decoder.decode(bytes);
    text.push_str(&decoder.finish());
    text.split('\0').next().unwrap_or_default().to_owned()
}

/// Tenths of microseconds since 1601 as a date; zero means that it was never set.
fn moment(ticks: u64) -> Option<Value> {
    const SECOND: u64 = 10_000_000;
    const DAY: u64 = 86_400;
    let seconds = ticks / SECOND;
    if seconds < DAY {
        return None;
    }
    let (days, clock) = (seconds / DAY, seconds % DAY);
    // Days since the first of March of the year 0, so that a leap day ends a year.
    let days = days + 584_694;
    let era = days / 146_097;
    let day = days % 146_097;
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (date, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    (year <= 9999)
        .then(|| Value::Moment(format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}Z")))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(ticks: u64, want: &str) {
        assert_eq!(moment(ticks), Some(Value::Moment(want.to_owned())));
    }

    #[test]
    fn ticks_are_days_since_1601() {
        check(116_444_736_000_000_000, "1970-01-01T00:00:00Z");
        check(125_911_583_990_000_000, "1999-12-31T23:59:59Z");
        check(125_962_560_000_000_000, "2000-02-29T00:00:00Z");
        assert_eq!(moment(0), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), ticks in any::<u64>()) {
            read(&bytes);
            read_named(&bytes);
            moment(ticks);
        }
    }
}
