//! The SAUCE record: what a text says of itself behind its end, for viewers of NFO and ANSI files.
//!
//! Knows bytes; where they lie is the caller's. Source: the SAUCE specification, revision 00.

use super::cp437;
use super::transliterate::ascii;

/// Bytes of the record.
const RECORD: usize = 128;
/// Bytes of a line of comment.
const COMMENT: usize = 64;
/// The character behind which DOS programs read no more.
const END: u8 = 0x1a;

/// What the record says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sauce {
    /// The title, at most 35 bytes.
    pub title: String,
    /// Who made it, at most 20 bytes.
    pub author: String,
    /// The group, at most 20 bytes.
    pub group: String,
    /// The date as `YYYYMMDD`.
    pub date: String,
    /// Width of the text in columns.
    pub columns: u16,
    /// Lines of the text.
    pub lines: u16,
    /// The font, such as `IBM VGA`; at most 22 bytes.
    pub font: String,
    /// Lines of comment, at most 255 of 64 bytes.
    pub comments: Vec<String>,
}

/// Puts a record behind a text: an end-of-file character, the comments, the record. Texts are written in code page 437
/// and cut to what their fields hold.
#[must_use]
pub fn append(text: &[u8], sauce: &Sauce) -> Vec<u8> {
    let mut bytes = text.to_vec();
    bytes.push(END);
    let comments = sauce.comments.get(..sauce.comments.len().min(255)).unwrap_or_default();
    if !comments.is_empty() {
        bytes.extend_from_slice(b"COMNT");
        comments.iter().for_each(|comment| bytes.extend(field::<COMMENT>(comment, b' ')));
    }
    bytes.extend_from_slice(b"SAUCE00");
    bytes.extend(field::<35>(&sauce.title, b' '));
    bytes.extend(field::<20>(&sauce.author, b' '));
    bytes.extend(field::<20>(&sauce.group, b' '));
    bytes.extend(field::<8>(&sauce.date, b' '));
    bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    // A text of plain characters.
    bytes.extend([1, 0]);
    bytes.extend(sauce.columns.to_le_bytes());
    bytes.extend(sauce.lines.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.push(u8::try_from(comments.len()).unwrap_or(u8::MAX));
    bytes.push(0);
    bytes.extend(field::<22>(&sauce.font, 0));
    bytes
}

/// Takes the record off a file: the text before it, and what the record says. A file without one is all text.
#[must_use]
pub fn split(bytes: &[u8]) -> (&[u8], Option<Sauce>) {
    let start = bytes.len().saturating_sub(RECORD);
    let record = bytes.get(start..).unwrap_or_default();
    if record.len() != RECORD || !record.starts_with(b"SAUCE") {
        return (bytes, None);
    }
    let text = |from: usize, length: usize| text_of(record.get(from..from + length).unwrap_or_default());
    let number = |at: usize| match record.get(at..at + 2) {
        Some(&[low, high]) => u16::from_le_bytes([low, high]),
        _ => 0,
    };
    let count = usize::from(record.get(104).copied().unwrap_or(0));
    let mut sauce = Sauce {
        title: text(7, 35),
        author: text(42, 20),
        group: text(62, 20),
        date: text(82, 8),
        columns: number(96),
        lines: number(98),
        font: text(106, 22),
        comments: Vec::new(),
    };
    let before = bytes.get(..start).unwrap_or_default();
    let block = before.len().checked_sub(5 + count * COMMENT).filter(|_| count > 0);
    let block =
        block.and_then(|at| before.split_at_checked(at)).filter(|(_, block)| block.starts_with(b"COMNT"));
    let text = block.map_or(before, |(text, block)| {
        let lines = block.get(5..).unwrap_or_default().chunks(COMMENT);
        sauce.comments = lines.map(text_of).collect();
        text
    });
    (text.strip_suffix(&[END]).unwrap_or(text), Some(sauce))
}

/// A text in a field of `N` bytes.
fn field<const N: usize>(text: &str, filling: u8) -> [u8; N] {
    let mut bytes = [filling; N];
    let line = super::width::clean(text).replace('\n', " ");
    let encoded = cp437::encode(&line).or_else(|_| cp437::encode(&ascii(&line, None))).unwrap_or_default();
    bytes.iter_mut().zip(encoded).for_each(|(place, byte)| *place = byte);
    bytes
}

fn text_of(bytes: &[u8]) -> String {
    let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    cp437::decode(bytes).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sauce() -> Sauce {
        Sauce {
            title: "A Title".into(),
            author: "Ann".into(),
            group: "GRP".into(),
            date: "20260203".into(),
            columns: 80,
            lines: 25,
            font: "IBM VGA".into(),
            comments: vec!["first".into(), "sécond".into()],
        }
    }

    #[test]
    fn the_record_has_its_fields_where_the_format_says() {
        let bytes = append(b"text\r\n", &Sauce { comments: Vec::new(), ..sauce() });
        assert_eq!(bytes.len(), 6 + 1 + 128);
        let record = &bytes[7..];
        assert_eq!(&record[..14], b"SAUCE00A Title");
        assert_eq!(&record[82..94], b"20260203\x06\0\0\0");
        assert_eq!(&record[94..100], &[1, 0, 80, 0, 25, 0]);
        assert_eq!(&record[104..], b"\0\0IBM VGA\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    }

    #[test]
    fn a_record_is_taken_off_again() {
        assert_eq!(split(&append(b"text", &sauce())), (&b"text"[..], Some(sauce())));
        assert_eq!(split(b"no record"), (&b"no record"[..], None));
        let long = Sauce { title: "Дом ".repeat(40), ..Sauce::default() };
        let bytes = append(b"", &long);
        assert!(split(&bytes).1.unwrap().title.starts_with("Dom Dom"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_split(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0..200usize) {
            let _ = split(&bytes);
            let whole = append(&bytes, &sauce());
            prop_assert_eq!(split(&whole), (&bytes[..], Some(sauce())));
            let _ = split(whole.get(cut..).unwrap_or_default());
        }
    }
}
