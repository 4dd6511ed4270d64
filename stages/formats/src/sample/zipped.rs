//! Reads members of a ZIP within limits, and writes another.
//!
//! Knows nothing of books.

use std::io::{BufReader, Read};

use zip::ZipArchive;

use super::CutError;
use crate::archive::ReadSeek;
use crate::archive::dos_time::DosTime;
use crate::archive::zip::{Packer, Writer};

/// Most bytes of one member.
const MOST_OF_ONE: u64 = 256 << 20;
/// Most bytes of all members that are read.
const MOST_OF_ALL: u64 = 1 << 30;
/// Most members.
const MOST_MEMBERS: usize = 100_000;

/// An archive that is read.
pub(super) struct Archive<'a> {
    inner: ZipArchive<BufReader<&'a mut dyn ReadSeek>>,
    names: Vec<String>,
    left: u64,
}

impl<'a> Archive<'a> {
    pub(super) fn open(source: &'a mut dyn ReadSeek) -> Result<Self, CutError> {
        let inner =
            ZipArchive::new(BufReader::new(source)).map_err(|error| CutError::Damaged(error.to_string()))?;
        if inner.len() > MOST_MEMBERS {
            return Err(CutError::Damaged(format!("{} members are too many", inner.len())));
        }
        let names = inner.file_names().filter_map(|name| name.ok().map(|name| name.into_owned())).collect();
        Ok(Self { inner, names, left: MOST_OF_ALL })
    }

    /// The names in the archive's order.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// A member's bytes.
    pub(super) fn read(&mut self, name: &str) -> Result<Vec<u8>, CutError> {
        let damaged = |why: String| CutError::Damaged(format!("`{}`: {why}", name.escape_debug()));
        let most = MOST_OF_ONE.min(self.left);
        let member = self.inner.by_name(name).map_err(|error| damaged(error.to_string()))?;
        if member.encrypted() {
            return Err(CutError::Encrypted);
        }
        let mut bytes = Vec::new();
        member.take(most + 1).read_to_end(&mut bytes).map_err(|error| damaged(error.to_string()))?;
        if bytes.len() as u64 > most {
            return Err(damaged("is too large".into()));
        }
        self.left -= bytes.len() as u64;
        Ok(bytes)
    }
}

/// Writes an archive of these members, in this order; those that must be stored come with `false`.
pub(super) fn write(members: &[(String, Vec<u8>, bool)], time: DosTime) -> Result<Vec<u8>, CutError> {
    let damaged = |error: crate::archive::zip::Error| CutError::Damaged(error.to_string());
    let mut writer = Writer::new(Vec::new(), time);
    for (name, bytes, deflate) in members {
        let mut packer = Packer::new(6);
        packer.content().extend_from_slice(bytes);
        writer.add(name, &packer.pack(*deflate)).map_err(damaged)?;
    }
    writer.finish().map_err(damaged)
}
