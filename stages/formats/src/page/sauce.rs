//! SAUCE, the record at the end of many texts of the scene: who made it, how wide it is, what its colours mean.
//!
//! Knows the record and no text. Source: the specification of SAUCE, revision 5, by its keeper.

use serde::Serialize;

use crate::text::cp437;

/// Bytes of the record.
const RECORD: usize = 128;
/// Bytes of a line of comment.
const COMMENT: usize = 64;

/// What a SAUCE record says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sauce {
    /// The title.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Who made it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// Their group or company.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// When, as an ISO 8601 date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// What kind of file it is; 1 is text.
    pub data_type: u8,
    /// Which kind of it; of texts 0 is plain, 1 ANSI.
    pub file_type: u8,
    /// Columns of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<u16>,
    /// Lines of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<u16>,
    /// Whether blinking means a bright background.
    pub ice_colours: bool,
    /// The name of the font.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub font: String,
    /// The comment, line by line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<String>,
}

/// Splits a file into its content and the record at its end, if there is one.
pub(super) fn split(bytes: &[u8]) -> (&[u8], Option<Sauce>) {
    let Some((before, record)) = bytes.split_last_chunk::<RECORD>() else { return (bytes, None) };
    let Some(mut sauce) = parse(record) else { return (bytes, None) };
    let mut content = before;
    let wanted = usize::from(record[104]) * COMMENT + 5;
    let comment = before.len().checked_sub(wanted).map(|at| before.split_at(at));
    if let Some((rest, block)) = comment
        && let Some(lines) = block.strip_prefix(b"COMNT")
        && !lines.is_empty()
    {
        sauce.comments = lines.chunks(COMMENT).map(text).collect();
        content = rest;
    }
    // The end-of-file mark keeps DOS from showing what follows.
    (content.strip_suffix(b"\x1a").unwrap_or(content), Some(sauce))
}

fn parse(record: &[u8; RECORD]) -> Option<Sauce> {
    let rest = record.strip_prefix(b"SAUCE")?;
    let (_version, rest) = rest.split_at_checked(2)?;
    let (title, rest) = rest.split_at_checked(35)?;
    let (author, rest) = rest.split_at_checked(20)?;
    let (group, rest) = rest.split_at_checked(20)?;
    let (date, rest) = rest.split_at_checked(8)?;
    let (_size, rest) = rest.split_at_checked(4)?;
    let [data_type, file_type, c0, c1, l0, l1, _, _, _, _, _comments, flags, font @ ..] = rest else {
        return None;
    };
    // Of the types of text these two have columns and lines here; others keep other numbers in the same place.
    let is_text = *data_type == 1 && *file_type <= 1;
    let number = |low: u8, high: u8| Some(u16::from_le_bytes([low, high])).filter(|n| is_text && *n > 0);
    Some(Sauce {
        title: text(title),
        author: text(author),
        group: text(group),
        date: iso(date),
        data_type: *data_type,
        file_type: *file_type,
        columns: number(*c0, *c1),
        lines: number(*l0, *l1),
        ice_colours: is_text && flags & 1 == 1,
        font: text(font),
        comments: Vec::new(),
    })
}

/// A field: it ends at a zero or at its trailing spaces, and controls in it are no text.
fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    let text = cp437::decode(field.get(..end).unwrap_or_default());
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim_end().to_owned()
}

fn iso(date: &[u8]) -> Option<String> {
    let digits = std::str::from_utf8(date).ok().filter(|date| date.bytes().all(|b| b.is_ascii_digit()))?;
    let (year, month, day) = (digits.get(..4)?, digits.get(4..6)?, digits.get(6..)?);
    let real = ("01"..="12").contains(&month) && ("01"..="31").contains(&day);
    real.then(|| format!("{year}-{month}-{day}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(comments: u8) -> Vec<u8> {
        let mut bytes = b"SAUCE00".to_vec();
        bytes.extend(format!("{:<35}{:<20}{:<20}20250131", "A title", "Somebody", "GRP").bytes());
        bytes.extend(7u32.to_le_bytes());
        bytes.extend([1, 1, 132, 0, 40, 0, 0, 0, 0, 0, comments, 1]);
        bytes.extend(b"IBM VGA\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(bytes.len(), RECORD);
        bytes
    }

    fn check(file: &[u8], content: &[u8], comments: &[&str]) {
        let (rest, sauce) = split(file);
        assert_eq!(rest, content);
        let sauce = sauce.unwrap();
        assert_eq!(sauce.comments, comments);
        assert_eq!((sauce.title.as_str(), sauce.author.as_str()), ("A title", "Somebody"));
        assert_eq!((sauce.group.as_str(), sauce.date.as_deref()), ("GRP", Some("2025-01-31")));
        assert_eq!((sauce.columns, sauce.lines, sauce.ice_colours), (Some(132), Some(40), true));
        assert_eq!(sauce.font, "IBM VGA");
    }

    #[test]
    fn the_record_its_comment_and_the_mark_before_them_are_no_content() {
        check(&[b"content\x1a", record(0).as_slice()].concat(), b"content", &[]);
        check(&[b"content", record(0).as_slice()].concat(), b"content", &[]);
        let comment = format!("COMNT{:<64}{:<64}", "one", "two");
        check(&[b"content\x1a", comment.as_bytes(), &record(2)].concat(), b"content", &["one", "two"]);
    }

    #[test]
    fn a_comment_that_is_not_there_takes_no_content() {
        check(&[b"content\x1a", record(255).as_slice()].concat(), b"content", &[]);
        check(&record(1), b"", &[]);
    }

    #[test]
    fn dates_that_are_none_are_left_out() {
        for date in [&b"        "[..], b"20251301", b"00000000", b"2025\xff"] {
            assert_eq!(iso(date), None, "{date:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_looks_like_a_record_is_read(before in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
            record in proptest::collection::vec(proptest::num::u8::ANY, 123)) {
            let file = [&before[..], b"SAUCE", &record].concat();
            let (content, sauce) = split(&file);
            proptest::prop_assert!(sauce.is_some() && before.starts_with(content));
        }
    }
}
