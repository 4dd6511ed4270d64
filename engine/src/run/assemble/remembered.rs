//! What is remembered of a release that is about to appear.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::Piece;
use crate::digest::Digest;
use crate::stamp;
use crate::state::record::{FileRecord, FolderRecord, ReleaseRecord};

/// Notes what the folder of the release looks like. Renaming it changes none of that.
pub(super) fn look(record: &mut ReleaseRecord, folder: &Path, pieces: &[Piece]) -> io::Result<()> {
    let gone = || io::Error::from(io::ErrorKind::NotFound);
    let mut ids: BTreeMap<&str, Digest> =
        pieces.iter().map(|piece| (piece.name.as_str(), piece.id)).collect();
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    let mut open = vec![String::new()];
    while let Some(name) = open.pop() {
        let path = folder.join(&name);
        let (found, _) = stamp::at(&path).ok_or_else(gone)?;
        for entry in fs::read_dir(&path)? {
            let entry = entry?;
            let inner = entry.file_name().to_string_lossy().into_owned();
            let inner = if name.is_empty() { inner } else { format!("{name}/{inner}") };
            if entry.file_type()?.is_dir() {
                open.push(inner);
            } else {
                let (stamp, _) = stamp::at(&entry.path()).ok_or_else(gone)?;
                let id = ids.remove(inner.as_str()).unwrap_or_default();
                files.push(FileRecord { name: inner, stamp, id });
            }
        }
        folders.push(FolderRecord { name, inode: found.inode, modified: found.modified });
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    record.files = files;
    record.folder = folders.remove(0);
    record.folders = folders;
    Ok(())
}
