//! Writes the headers of a file: USTAR, after an extended header (PAX) where USTAR cannot say it.
//!
//! Source: POSIX.1-2017, `pax`, "ustar Interchange Format" and "pax Extended Header".

use super::super::input::Entry;
use super::{BLOCK, padding};

/// The largest number that eleven octal digits hold: a size of 8 GiB less one, or a time in 2242.
const MOST: u64 = 0o777_7777_7777;
/// Longest name, and longest folder before it.
const NAME: usize = 100;
const PREFIX: usize = 155;

/// All header blocks of a file.
pub(super) fn header(entry: &Entry<'_>, modified: i64) -> Vec<u8> {
    let modified = u64::try_from(modified).unwrap_or_default().min(MOST);
    let place = split(entry.name);
    let mut records = Vec::new();
    if place.is_none() {
        record(&mut records, "path", entry.name);
    }
    if entry.size > MOST {
        record(&mut records, "size", &entry.size.to_string());
    }
    let mut blocks = Vec::new();
    let fallback = plain(entry.name);
    let (prefix, name) = place.unwrap_or(("", &fallback));
    if !records.is_empty() {
        let base = name.rsplit('/').next().unwrap_or_default();
        let own = plain(&format!("PaxHeaders/{base}"));
        blocks.extend(block("", &own, records.len() as u64, modified, b'x'));
        blocks.extend(&records);
        blocks.extend(padding(records.len() as u64));
    }
    // A reader takes the size from the extended header, where there is one.
    let size = if entry.size > MOST { 0 } else { entry.size };
    blocks.extend(block(prefix, name, size, modified, b'0'));
    blocks
}

/// The name as folder and rest that a header has room for; none when it needs an extended header.
fn split(name: &str) -> Option<(&str, &str)> {
    if !name.is_ascii() {
        return None;
    }
    if name.len() <= NAME {
        return Some(("", name));
    }
    // The longest folder leaves the shortest rest.
    let cut = name.get(..=PREFIX.min(name.len() - 1))?.rfind('/')?;
    let (prefix, rest) = (name.get(..cut)?, name.get(cut + 1..)?);
    (!prefix.is_empty() && rest.len() <= NAME).then_some((prefix, rest))
}

/// What readers without PAX see.
fn plain(name: &str) -> String {
    let ascii = name.chars().map(|character| if character.is_ascii() { character } else { '_' });
    ascii.take(NAME).collect()
}

/// `length key=value\n`, where the length counts its own digits.
fn record(records: &mut Vec<u8>, key: &str, value: &str) {
    let rest = key.len() + value.len() + 3;
    let mut len = rest + rest.to_string().len();
    len = rest + len.to_string().len();
    records.extend(format!("{len} {key}={value}\n").bytes());
}

fn block(prefix: &str, name: &str, size: u64, modified: u64, kind: u8) -> Vec<u8> {
    let mut block = Vec::with_capacity(BLOCK as usize);
    let mut field = |bytes: &[u8], room: usize| {
        block.extend(bytes.iter().take(room));
        block.extend(std::iter::repeat_n(0, room.saturating_sub(bytes.len())));
    };
    field(name.as_bytes(), NAME);
    field(b"0000644", 8);
    field(b"0000000", 8);
    field(b"0000000", 8);
    field(format!("{size:011o}").as_bytes(), 12);
    field(format!("{modified:011o}").as_bytes(), 12);
    // The checksum is taken with spaces in its own place.
    field(b"        ", 8);
    field(&[kind], 1);
    field(b"", 100);
    field(b"ustar\x0000", 8);
    field(b"", 64);
    field(b"0000000", 8);
    field(b"0000000", 8);
    field(prefix.as_bytes(), PREFIX);
    field(b"", 12);
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block.splice(148..156, format!("{sum:06o}\0 ").bytes());
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_split_where_it_has_to_be() {
        let long = |a: usize, b: usize| format!("{}/{}", "a".repeat(a), "b".repeat(b));
        for (name, want) in [
            ("a".repeat(100), Some((0, 100))),
            ("a".repeat(101), None),
            (long(50, 49), Some((0, 100))),
            (long(155, 100), Some((155, 100))),
            (long(156, 100), None),
            (long(155, 101), None),
            (long(1, 101), None),
            (format!("{}/{}", long(60, 80), "c".repeat(60)), Some((141, 60))),
            ("é".to_owned(), None),
        ] {
            let found = split(&name).map(|(prefix, rest)| (prefix.len(), rest.len()));
            assert_eq!(found, want, "{name}");
        }
    }

    #[test]
    fn a_record_counts_its_own_digits() {
        // No record is a hundred bytes long: the third digit makes it one more.
        for (value, want) in [(1, "9 path=a\n"), (90, "99 path="), (91, "101 path="), (92, "102 path=")] {
            let mut records = Vec::new();
            record(&mut records, "path", &"a".repeat(value));
            let text = String::from_utf8(records).unwrap();
            assert!(text.starts_with(want), "{text}");
            assert!(text.starts_with(&format!("{} ", text.len())), "{text}");
        }
    }
}
