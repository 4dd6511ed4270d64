//! Members of a ZIP container by name, within limits.
//!
//! Knows no format that is kept in a ZIP. Names are only ever compared, never used as paths.

use super::{Damage, Limits, Source};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;
use zip::ZipArchive;
use zip::result::ZipError;

/// An open container.
pub struct Container<'a> {
    archive: ZipArchive<Metered<'a>>,
    by_name: BTreeMap<String, usize>,
    encrypted: bool,
}

/// What a member held, and what was wrong with it when it could not be read to its end.
pub struct Member {
    pub bytes: Vec<u8>,
    pub damage: Option<Damage>,
    /// It is longer than the limit and ends there.
    pub cut: bool,
}

impl<'a> Container<'a> {
    /// Reads the directory.
    pub fn open(source: &'a mut dyn Source, limits: &Limits) -> Result<Self, Damage> {
        source.rewind().map_err(|error| Damage::of(error.to_string()))?;
        let budget = Rc::new(Cell::new(Some(limits.directory_bytes)));
        let archive = ZipArchive::new(Metered { inner: source, budget: budget.clone() })
            .map_err(|error| fault(&error))?;
        if archive.len() > limits.entries {
            return Err(Damage::of(format!(
                "{} members, more than the {} allowed",
                archive.len(),
                limits.entries
            )));
        }
        let mut by_name = BTreeMap::new();
        let mut encrypted = false;
        for index in 0..archive.len() {
            let Ok(entry) = archive.by_index_data(index) else { continue };
            encrypted |= entry.encrypted();
            if let Ok(name) = entry.name() {
                by_name.entry(name.into_owned()).or_insert(index);
            }
        }
        // From here on a member's own limit bounds what is read.
        budget.set(None);
        Ok(Self { archive, by_name, encrypted })
    }

    /// Every member's name, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The comment on the whole archive.
    pub fn comment(&self) -> &[u8] {
        self.archive.comment()
    }

    /// Whether some member is encrypted by means of ZIP.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// The name a member really has, since some packers disagree with themselves about case.
    pub fn find(&self, name: &str) -> Option<&str> {
        let exact = self.by_name.get_key_value(name).map(|(key, _)| key.as_str());
        exact.or_else(|| self.names().find(|known| known.eq_ignore_ascii_case(name)))
    }

    /// A member's bytes up to `limit`; nothing when there is no such member.
    pub fn read(&mut self, name: &str, limit: u64) -> Option<Member> {
        let index = *self.by_name.get(self.find(name)?)?;
        let mut bytes = Vec::new();
        let damage = match self.archive.by_index(index) {
            Ok(entry) => entry
                .take(limit.saturating_add(1))
                .read_to_end(&mut bytes)
                .err()
                .map(|error| error.to_string()),
            Err(error) => Some(fault(&error).what),
        };
        let damage = damage.map(|why| Damage::of(format!("`{}`: {why}", printable(name))));
        let cut = bytes.len() as u64 > limit;
        bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Some(Member { bytes, damage, cut })
    }
}

/// A foreign name as it may stand in a message.
pub fn printable(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(120).collect()
}

fn fault(error: &ZipError) -> Damage {
    match error {
        ZipError::Io(error) => Damage::of(error.to_string()),
        other => Damage::of(other.to_string()),
    }
}

/// Bounds the bytes read while the directory is looked for and taken in: a directory that says it has millions of
/// entries would otherwise be held in memory before anyone could count them.
pub struct Metered<'a> {
    pub inner: &'a mut dyn Source,
    /// Bytes left, or no bound any more.
    pub budget: Rc<Cell<Option<u64>>>,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if let Some(left) = self.budget.get() {
            let rest = left.checked_sub(read as u64);
            self.budget
                .set(Some(rest.ok_or_else(|| io::Error::other("the directory is larger than allowed"))?));
        }
        Ok(read)
    }
}

impl Seek for Metered<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.inner.seek(position)
    }
}
