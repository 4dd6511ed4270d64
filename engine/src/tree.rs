//! Folders as a whole: what lies below one, what its bytes are, and where two differ.
//!
//! Follows no links: whoever compares folders wants to know what lies in them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

/// How much of two files is held side by side.
const BLOCK: usize = 64 * 1024;

/// A file whose bytes were digested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digested {
    /// Size in bytes.
    pub size: u64,
    /// Its BLAKE3 digest, in hexadecimal.
    pub blake3: String,
}

/// A file that two folders do not have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Difference {
    /// The file.
    pub file: String,
    /// How it differs.
    #[serde(flatten)]
    pub how: How,
}

/// How a file differs between two folders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum How {
    /// Only the first folder has it.
    Missing,
    /// Only the second folder has it.
    Extra,
    /// The files have other sizes.
    Size {
        /// In the first folder.
        one: u64,
        /// In the second.
        other: u64,
    },
    /// The files have one size and other bytes.
    Bytes {
        /// The first byte that differs, from 0.
        at: u64,
    },
    /// The files have one size and other digests.
    Digest,
}

/// The digest of bytes as [`Digested`] has it.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Every file below a folder with its size. Anything that is neither file nor folder is an error.
pub fn files(folder: &Path) -> io::Result<BTreeMap<String, u64>> {
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
                return Err(io::Error::other(format!("`{inner}` is neither file nor folder")));
            }
        }
    }
    Ok(found)
}

/// Every file below a folder with its digest.
pub fn digests(folder: &Path) -> io::Result<BTreeMap<String, Digested>> {
    let files: Vec<(String, u64)> = files(folder)?.into_iter().collect();
    let digested = files.into_par_iter().map(|(name, size)| {
        let blake3 = crate::digest::of_file(&folder.join(&name))?;
        Ok((name, Digested { size, blake3 }))
    });
    digested.collect()
}

/// Everything that two folders do not have in common, by the names of the files.
pub fn differences(one: &Path, other: &Path) -> io::Result<Vec<Difference>> {
    let (left, mut right) = (files(one)?, files(other)?);
    let mut found = Vec::new();
    for (name, size) in left {
        let how = match right.remove(&name) {
            None => Some(How::Missing),
            Some(other) if other != size => Some(How::Size { one: size, other }),
            Some(_) => first_difference(&one.join(&name), &other.join(&name))?.map(|at| How::Bytes { at }),
        };
        found.extend(how.map(|how| Difference { file: name, how }));
    }
    found.extend(right.into_keys().map(|file| Difference { file, how: How::Extra }));
    found.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(found)
}

/// The first byte in which two files differ.
fn first_difference(one: &Path, other: &Path) -> io::Result<Option<u64>> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    let (mut left, mut right) = (vec![0; BLOCK], vec![0; BLOCK]);
    let mut passed = 0;
    loop {
        let (got, also) = (fill(&mut one, &mut left)?, fill(&mut other, &mut right)?);
        let (left, right) = (left.get(..got).unwrap_or_default(), right.get(..also).unwrap_or_default());
        if left != right {
            let same = left.iter().zip(right).take_while(|(one, other)| one == other).count();
            return Ok(Some(passed + same as u64));
        }
        if got == 0 {
            return Ok(None);
        }
        passed += got as u64;
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

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = &self.file;
        match self.how {
            How::Missing => write!(f, "`{file}` is missing"),
            How::Extra => write!(f, "`{file}` is there in addition"),
            How::Size { one, other } => write!(f, "`{file}` has {other} bytes instead of {one}"),
            How::Digest => write!(f, "`{file}` has other bytes"),
            How::Bytes { at } => write!(f, "`{file}` differs from byte {at} on"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_found_and_told_by_its_place() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        };
        let mut long = vec![7; 3 * BLOCK];
        write("a/same", &long);
        write("b/same", &long);
        write("a/in/long", &long);
        long[2 * BLOCK + 5] = 8;
        write("b/in/long", &long);
        write("a/gone", b"");
        write("b/new", b"");
        write("a/size", b"1");
        write("b/size", b"12");
        let found = differences(&root.path().join("a"), &root.path().join("b")).unwrap();
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        let wanted = [
            "`gone` is missing",
            "`in/long` differs from byte 131077 on",
            "`new` is there in addition",
            "`size` has 2 bytes instead of 1",
        ];
        assert_eq!(told, wanted);
        assert_eq!(digests(&root.path().join("a")).unwrap()["gone"].blake3.len(), 64);
    }
}
