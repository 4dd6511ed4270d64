//! A picture in a FictionBook: text in base 64, found by its id.
//!
//! Finds an element by its start tag alone, so that megabytes of other pictures are only stepped over.

use crate::read::Limits;
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine};

/// The bytes of the element `binary` with this id, unless they are more than a cover may have.
pub fn find(text: &str, id: &str, limits: &Limits) -> Option<Vec<u8>> {
    const START: &str = "binary";
    /// No start tag is longer.
    const LONGEST: usize = 512;
    let content = text.match_indices(START).find_map(|(at, _)| {
        let is_start = text.get(..at)?.ends_with('<') || text.get(..at)?.ends_with(':');
        let after = text.get(at + START.len()..)?;
        let end = after.as_bytes().iter().take(LONGEST).position(|byte| *byte == b'>');
        let tag = after.get(..end.filter(|_| is_start)?)?;
        names(tag, id).then(|| after.get(tag.len() + 1..)).flatten()
    })?;
    let content = content.split('<').next().unwrap_or_default();
    let most = usize::try_from(limits.cover_bytes).unwrap_or(usize::MAX);
    if content.len() / 4 * 3 > most {
        return None;
    }
    // Padding tells nothing, and some writers forget it.
    let digits: Vec<u8> =
        content.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=').collect();
    BASE64_STANDARD_NO_PAD.decode(digits).ok()
}

/// Whether a start tag's attributes give this id.
fn names(tag: &str, id: &str) -> bool {
    tag.split("id=").skip(1).any(|value| {
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else { return false };
        value.get(1..).and_then(|value| value.split(quote).next()) == Some(id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Option<&[u8]>) {
        assert_eq!(find(text, "a.png", &Limits::default()).as_deref(), want);
    }

    #[test]
    fn the_element_with_the_id_is_decoded() {
        check(
            "<binary id='b.png'>QQ==</binary><binary content-type=\"image/png\" id=\"a.png\">\nQk\nM=\n</binary>",
            Some(b"BC"),
        );
        check("<fb:binary id='a.png'>QkM", Some(b"BC"));
    }

    #[test]
    fn what_is_no_picture_is_none() {
        check("<binary id='a.png'>***</binary>", None);
        check("the binary id='a.png'>QkM=", None);
        check("<binary", None);
    }
}
