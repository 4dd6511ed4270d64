//! What a ZIP archive must be like to be an EPUB: `mimetype` first, stored, and names that every reader takes.

use engine::StageError;
use formats::archive::zip::{MIMETYPE, MIMETYPE_NAME, check_names};

use super::work::Entry;

/// The files in the order in which an EPUB has them.
pub(super) fn in_order(entries: Vec<Entry<'_>>) -> Result<Vec<Entry<'_>>, StageError> {
    check_names(entries.iter().map(|entry| entry.input.artifact.name.as_str()))
        .map_err(|fault| StageError::input(fault.to_string()))?;
    let (mut first, rest): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|entry| entry.input.artifact.name == MIMETYPE_NAME);
    let Some(entry) = first.first_mut() else {
        return Err(StageError::input(format!(
            "an EPUB begins with a file `{MIMETYPE_NAME}`, and there is none"
        ))
        .hint(format!("add one that holds `{}` and nothing else", MIMETYPE.escape_ascii())));
    };
    entry.required = Some(MIMETYPE);
    first.extend(rest);
    Ok(first)
}

/// The fault of a file that must have this content and has another.
pub(super) fn wrong_content(name: &str, wanted: &[u8]) -> StageError {
    StageError::input(format!("`{name}` of an EPUB holds `{}` and nothing else", wanted.escape_ascii()))
        .hint("no byte-order mark and no newline at its end")
}
