//! Members of an OLE 2 container by name, within limits.
//!
//! Knows no format that is kept in one.

use crate::read::zipped::Metered;
use crate::read::{Damage, Limits, Source};
use std::cell::Cell;
use std::io::Read;
use std::path::Path;
use std::rc::Rc;

/// What every such container begins with.
pub const SIGNATURE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// An open container.
pub struct Compound<'a> {
    file: cfb::CompoundFile<Metered<'a>>,
}

impl<'a> Compound<'a> {
    /// Reads the allocation tables and the directory. Tables that refer to one sector many times would grow far beyond
    /// the file, so what is read for them counts.
    pub fn open(source: &'a mut dyn Source, limits: &Limits) -> Result<Self, Damage> {
        let budget = Rc::new(Cell::new(Some(limits.directory_bytes)));
        let file = cfb::OpenOptions::new()
            .open_with(Metered { inner: source, budget: budget.clone() })
            .map_err(|error| Damage::of(error.to_string()))?;
        // From here on a member's own limit bounds what is read.
        budget.set(None);
        Ok(Self { file })
    }

    /// The names at the top of the container.
    pub fn names(&self) -> Vec<String> {
        const MOST: usize = 1000;
        self.file.read_root_storage().take(MOST).map(|entry| entry.name().to_owned()).collect()
    }

    /// A member's bytes up to `limit`; as many as can be read, and nothing when there is no such member.
    pub fn read(&mut self, name: &str, limit: u64) -> Option<Vec<u8>> {
        let stream = self.file.open_stream(Path::new("/").join(name)).ok()?;
        let mut bytes = Vec::new();
        // What was read before a fault is kept by the reader.
        let _ = stream.take(limit).read_to_end(&mut bytes);
        Some(bytes)
    }
}
