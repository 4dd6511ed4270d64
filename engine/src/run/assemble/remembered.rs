//! What is remembered of a release that is about to appear, and whether it is there already.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::Piece;
use crate::digest::Digest;
use crate::stamp;
use crate::state::record::{FileRecord, FolderRecord, ReleaseRecord};

/// How much of two files is held side by side.
const BLOCK: usize = 64 * 1024;

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

/// Whether two folders hold the same files with the same bytes.
pub(super) fn same_tree(one: &Path, other: &Path) -> bool {
    tree(one).ok().zip(tree(other).ok()).is_some_and(|(left, right)| {
        left == right
            && left.keys().all(|name| same_bytes(&one.join(name), &other.join(name)).unwrap_or(false))
    })
}

/// Every file below a folder with its size.
fn tree(folder: &Path) -> io::Result<BTreeMap<String, u64>> {
    let mut found = BTreeMap::new();
    let mut open = vec![String::new()];
    while let Some(name) = open.pop() {
        for entry in fs::read_dir(folder.join(&name))? {
            let entry = entry?;
            let inner = entry.file_name().to_string_lossy().into_owned();
            let inner = if name.is_empty() { inner } else { format!("{name}/{inner}") };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                open.push(inner);
            } else if kind.is_file() {
                found.insert(inner, entry.metadata()?.len());
            } else {
                return Err(io::Error::other("neither file nor folder"));
            }
        }
    }
    Ok(found)
}

fn same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    let (mut left, mut right) = (vec![0; BLOCK], vec![0; BLOCK]);
    loop {
        let (got, also) = (fill(&mut one, &mut left)?, fill(&mut other, &mut right)?);
        if left.get(..got) != right.get(..also) {
            return Ok(false);
        }
        if got == 0 {
            return Ok(true);
        }
    }
}

fn fill(file: &mut File, block: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(room) = block.get_mut(filled..).filter(|room| !room.is_empty()) {
        match file.read(room) {
            Ok(0) => break,
            Ok(got) => filled += got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
