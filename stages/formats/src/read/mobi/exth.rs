//! The EXTH header: numbered records of metadata.
//!
//! Knows the numbers that Bindery asks for. Lengths that lead out of the header end it.

pub const AUTHOR: u32 = 100;
pub const PUBLISHER: u32 = 101;
pub const DESCRIPTION: u32 = 103;
pub const ISBN: u32 = 104;
pub const SUBJECT: u32 = 105;
pub const PUBLISHED: u32 = 106;
pub const CONTRIBUTOR: u32 = 108;
pub const RIGHTS: u32 = 109;
pub const SOURCE: u32 = 112;
pub const ASIN: u32 = 113;
pub const COVER: u32 = 201;
pub const THUMBNAIL: u32 = 202;
/// The key of the lock of old books, and the one of new ones.
pub const LOCKS: [u32; 2] = [401, 208];
pub const TITLE: u32 = 503;
pub const ASIN_OF_OLD: u32 = 504;
pub const LANGUAGE: u32 = 524;

/// The records, in order.
#[derive(Default)]
pub struct Exth(Vec<(u32, Vec<u8>)>);

impl Exth {
    /// Reads what stands behind the MOBI header.
    pub fn parse(bytes: &[u8]) -> Self {
        /// No book has more.
        const MOST: usize = 4096;
        let mut records = Vec::new();
        let long =
            |bytes: &[u8], at: usize| bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        let count = long(bytes, 8).filter(|_| bytes.starts_with(b"EXTH")).unwrap_or_default();
        let mut rest = bytes.get(12..).unwrap_or_default();
        while records.len() < MOST.min(usize::try_from(count).unwrap_or(MOST)) {
            let (Some(kind), Some(length)) = (long(rest, 0), long(rest, 4)) else { break };
            let Some((record, after)) =
                usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length))
            else {
                break;
            };
            let Some(value) = record.get(8..) else { break };
            records.push((kind, value.to_vec()));
            rest = after;
        }
        Self(records)
    }

    /// Every record of a kind, in order.
    pub fn all(&self, kind: u32) -> impl Iterator<Item = &[u8]> {
        self.0.iter().filter(move |(known, _)| *known == kind).map(|(_, value)| value.as_slice())
    }

    /// The number in the first record of a kind.
    pub fn number(&self, kind: u32) -> Option<u32> {
        let value = self.all(kind).next()?;
        (value.len() <= 4).then(|| value.iter().fold(0, |number, &byte| number << 8 | u32::from(byte)))
    }
}
