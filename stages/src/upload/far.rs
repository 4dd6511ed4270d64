//! What lies at the far end: names there, walks through folders, renames whose answer was lost.
//!
//! Names that a far end tells are foreign: one that would lead elsewhere is left out.

use std::collections::BTreeMap;

use engine::{Digest, StageError};

use super::destination::Connection;
use super::faults;

/// Most files that are looked at in one folder tree, and how deep it may be.
const MOST: usize = 200_000;
const DEEPEST: usize = 32;
/// The longest name that leaves room for what is put around it.
const LONGEST: usize = 240;

/// What lies below a folder: sizes of files, none for folders, by path relative to it.
pub(super) type Tree = BTreeMap<String, Option<u64>>;

/// The temporary name of a release.
pub(super) fn temporary(name: &str) -> String {
    if name.len() <= LONGEST {
        return format!(".bindery-{name}.part");
    }
    let digest = Digest::of(name.as_bytes()).to_string();
    format!(".bindery-{}.part", digest.get(..32).unwrap_or(&digest))
}

/// Another name for a release or a file, where one is taken: `NAME.2`, or `book.2.zip`.
pub(super) fn beside(name: &str, is_file: bool, number: u32) -> String {
    match name.rsplit_once('.').filter(|(stem, _)| is_file && !stem.is_empty()) {
        Some((stem, extension)) => format!("{stem}.{number}.{extension}"),
        None => format!("{name}.{number}"),
    }
}

/// What lies below a folder.
pub(super) fn tree(connection: &mut dyn Connection, folder: &str) -> Result<Tree, StageError> {
    let mut found = Tree::new();
    let mut open = vec![(String::new(), 0)];
    while let Some((below, depth)) = open.pop() {
        let at = if below.is_empty() { folder.to_owned() } else { format!("{folder}/{below}") };
        for entry in connection.list(&at)? {
            if !is_plain(&entry.name) {
                continue;
            }
            let path = if below.is_empty() { entry.name } else { format!("{below}/{}", entry.name) };
            if entry.folder && depth < DEEPEST {
                open.push((path.clone(), depth + 1));
            }
            found.insert(path, (!entry.folder).then_some(entry.size));
            if found.len() > MOST {
                let message = format!("`{folder}` holds more than {MOST} files");
                return Err(StageError::new("remote/too-many", message)
                    .hint("no release has so many: check `path` of the destination"));
            }
        }
    }
    Ok(found)
}

/// Whether a name stays in the folder it was told of.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0', '\r', '\n'])
}

/// Renames, and where the answer is lost looks whether it was done.
pub(super) fn rename(
    connection: &mut dyn Connection,
    from: &str,
    to: &str,
    retries: u32,
) -> Result<(), StageError> {
    let mut tries = 0;
    loop {
        let error = match connection.rename(from, to) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        // Some say no after they have done it.
        if connection.stat(from)?.is_none() && connection.stat(to)?.is_some() {
            return Ok(());
        }
        tries += 1;
        if !error.retriable || tries > retries {
            return Err(error);
        }
    }
}

/// Removes a folder with all that is in it.
pub(super) fn remove_all(connection: &mut dyn Connection, folder: &str) -> Result<(), StageError> {
    match connection.stat(folder)? {
        None => return Ok(()),
        Some(found) if !found.folder => return connection.remove(folder),
        Some(_) => {}
    }
    let tree = tree(connection, folder)?;
    // What lies deeper comes later in the order of names, so folders are empty when their turn comes.
    for (path, size) in tree.iter().rev() {
        let path = format!("{folder}/{path}");
        match size {
            Some(_) => connection.remove(&path)?,
            None => connection.remove_folder(&path)?,
        }
    }
    connection.remove_folder(folder)
}

/// Makes every folder that files will lie in, each once.
pub(super) fn make_folders<'f>(
    connection: &mut dyn Connection,
    root: &str,
    files: impl IntoIterator<Item = &'f str>,
) -> Result<(), StageError> {
    let inner: std::collections::BTreeSet<&str> =
        files.into_iter().filter_map(|file| Some(file.rsplit_once('/')?.0)).collect();
    connection.make_folder(root)?;
    inner.into_iter().try_for_each(|folder| connection.make_folder(&format!("{root}/{folder}")))
}

/// A conflict, told by what is in the way.
pub(super) fn taken(path: &str) -> StageError {
    faults::exists(format!("`{path}` is there already and holds something else"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_short_and_recognisable() {
        assert_eq!(temporary("A-GRP"), ".bindery-A-GRP.part");
        let long = temporary(&"x".repeat(250));
        assert!(long.len() < 255 && long != temporary(&"x".repeat(249)), "{long}");
        assert_eq!(beside("A.Release-GRP", false, 2), "A.Release-GRP.2");
        assert_eq!(beside("book.zip", true, 3), "book.3.zip");
        assert_eq!(beside(".hidden", true, 2), ".hidden.2");
    }

    #[test]
    fn foreign_names_lead_nowhere() {
        for name in ["", ".", "..", "a/b", "a\r\nDELE b"] {
            assert!(!is_plain(name), "{name:?}");
        }
        assert!(is_plain("a b.rar"));
    }
}
