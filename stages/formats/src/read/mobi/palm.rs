//! A Palm database: a name and numbered records.
//!
//! Knows no book. A record ends where the next begins; one that lies outside the file is empty.

use crate::read::{Damage, Source};
use std::io::{self, Read, SeekFrom};

/// Type and creator of the databases that are books, and whether it is bare text.
pub const KINDS: [(&[u8], bool); 2] = [(b"BOOKMOBI", false), (b"TEXtREAd", true)];

/// An open database.
pub struct Database<'a> {
    source: &'a mut dyn Source,
    /// Its name: a title made to fit 31 bytes as a rule.
    pub name: Vec<u8>,
    /// A text without a header of its own.
    pub is_text: bool,
    size: u64,
    starts: Vec<u32>,
}

impl<'a> Database<'a> {
    /// Reads the list of records; nothing when the file ends within it.
    pub fn open(source: &'a mut dyn Source) -> io::Result<Option<Self>> {
        const HEADER: usize = 78;
        const ENTRY: usize = 8;
        let size = source.seek(SeekFrom::End(0))?;
        source.rewind()?;
        let mut bytes = Vec::new();
        Read::take(&mut *source, (HEADER + ENTRY * usize::from(u16::MAX)) as u64).read_to_end(&mut bytes)?;
        let Some(count) = bytes.get(76..HEADER).map(|count| u16::from_be_bytes([count[0], count[1]])) else {
            return Ok(None);
        };
        let entries = bytes.get(HEADER..).unwrap_or_default().chunks_exact(ENTRY).take(usize::from(count));
        let starts: Vec<u32> =
            entries.filter_map(|entry| entry.first_chunk()).map(|start| u32::from_be_bytes(*start)).collect();
        let name =
            bytes.get(..32).unwrap_or_default().split(|&byte| byte == 0).next().unwrap_or_default().to_vec();
        let is_text = bytes
            .get(60..68)
            .is_some_and(|kind| KINDS.iter().any(|(known, text)| *text && kind.eq_ignore_ascii_case(known)));
        Ok((starts.len() == usize::from(count) && count > 0).then_some(Self {
            source,
            name,
            is_text,
            size,
            starts,
        }))
    }

    /// A record's bytes up to a limit.
    pub fn record(&mut self, index: usize, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let Some(&start) = self.starts.get(index) else { return Ok(bytes) };
        let start = u64::from(start);
        let end = self.starts.get(index + 1).map_or(self.size, |next| u64::from(*next)).min(self.size);
        self.source.seek(SeekFrom::Start(start))?;
        Read::take(&mut *self.source, end.saturating_sub(start).min(limit)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// What is wrong when the file ends before its last record begins.
    pub fn damage(&self) -> Option<Damage> {
        let missing = self.starts.iter().filter(|start| u64::from(**start) >= self.size).count();
        (missing > 0).then(|| Damage {
            what: format!("cut off: {missing} of {} records are missing", self.starts.len()),
            at: Some(self.size),
        })
    }
}
