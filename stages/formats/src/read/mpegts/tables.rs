//! Tables of a transport stream: which programs there are, and which streams each consists of.
//!
//! Knows sections, the two tables and descriptors as bytes; what a descriptor means is told elsewhere.

use crate::read::fields::Fields;

/// A section that is put together from packets.
#[derive(Debug, Default)]
pub struct Section(Vec<u8>);

/// A program and the packets its table comes in.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    pub number: u16,
    pub pid: u16,
}

/// What a program consists of.
#[derive(Debug, PartialEq, Eq)]
pub struct Program<'a> {
    pub number: u16,
    /// The packets that carry its clock.
    pub clock: u16,
    pub descriptors: &'a [u8],
    pub streams: Vec<Row<'a>>,
}

/// One stream of a program.
#[derive(Debug, PartialEq, Eq)]
pub struct Row<'a> {
    pub kind: u8,
    pub pid: u16,
    pub descriptors: &'a [u8],
}

impl Section {
    /// Adds a packet's payload; gives the section when it is whole.
    pub fn add(&mut self, payload: &[u8], starts: bool) -> Option<Vec<u8>> {
        /// A section has 3 bytes of header and at most 4093 more.
        const LONGEST: usize = 4096;
        if starts {
            let (pointer, rest) = payload.split_first()?;
            self.0 = rest.get(usize::from(*pointer)..)?.to_vec();
        } else if !self.0.is_empty() && self.0.len() < LONGEST {
            self.0.extend_from_slice(payload);
        }
        let [_, high, low, ..] = *self.0.as_slice() else { return None };
        let length = 3 + (usize::from(high & 0x0f) << 8 | usize::from(low));
        let whole = self.0.get(..length)?.to_vec();
        self.0.clear();
        Some(whole)
    }
}

/// The programs in a program association table.
pub fn programs(section: &[u8]) -> Option<Vec<Entry>> {
    let body = body(section, 0)?;
    let entries = body.as_chunks::<4>().0.iter().filter_map(|row| {
        let mut fields = Fields(row);
        let (number, pid) = (fields.be16()?, fields.be16()? & 0x1fff);
        // Number 0 is the network's own table.
        (number != 0).then_some(Entry { number, pid })
    });
    Some(entries.collect())
}

/// The streams in a program map table.
pub fn program(section: &[u8]) -> Option<Program<'_>> {
    let number = Fields(section.get(3..)?).be16()?;
    let mut fields = Fields(body(section, 2)?);
    let clock = fields.be16()? & 0x1fff;
    let length = fields.be16()? & 0x0fff;
    let descriptors = fields.take(length.into())?;
    let mut streams = Vec::new();
    while let (Some(kind), Some(pid), Some(length)) = (fields.byte(), fields.be16(), fields.be16()) {
        let descriptors = fields.take(usize::from(length & 0x0fff).min(fields.0.len())).unwrap_or_default();
        streams.push(Row { kind, pid: pid & 0x1fff, descriptors });
    }
    Some(Program { number, clock, descriptors, streams })
}

/// What stands between the common header and the checksum of a table that is in force.
fn body(section: &[u8], table: u8) -> Option<&[u8]> {
    const HEADER: usize = 8;
    const CHECKSUM: usize = 4;
    if *section.first()? != table || section.get(5)? & 1 == 0 {
        return None;
    }
    section.get(HEADER..section.len().checked_sub(CHECKSUM)?)
}

/// Descriptors as tag and content.
pub fn descriptors(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut fields = Fields(bytes);
    std::iter::from_fn(move || {
        let (tag, length) = (fields.byte()?, fields.byte()?);
        Some((tag, fields.take(length.into())?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &[u8] =
        b"\x02\xb0\x17\0\x01\xc1\0\0\xe1\0\xf0\0\x1b\xe1\0\xf0\0\x0f\xe1\x01\xf0\x06\x0a\x04eng\0";

    #[test]
    fn a_section_may_come_in_several_packets() {
        let mut section = Section::default();
        let first: Vec<u8> = [&[0][..], &MAP[..10]].concat();
        assert_eq!(section.add(&first, true), None);
        let length = 3 + 0x17;
        assert_eq!(section.add(&MAP[10..], false).map(|whole| whole.len()), Some(length));
        assert_eq!(section.add(b"\0\x01", false), None);
    }

    #[test]
    fn a_map_names_streams_with_their_descriptors() {
        let map = [MAP, &[0; 4]].concat();
        let program = program(&map).unwrap();
        assert_eq!((program.number, program.clock), (1, 0x100));
        let rows: Vec<_> = program.streams.iter().map(|row| (row.kind, row.pid)).collect();
        assert_eq!(rows, [(0x1b, 0x100), (0x0f, 0x101)]);
        let told: Vec<_> = descriptors(program.streams[1].descriptors).collect();
        assert_eq!(told, [(0x0a, &b"eng\0"[..])]);
    }

    #[test]
    fn programs_leave_the_network_out() {
        let table = b"\0\xb0\x11\0\x01\xc1\0\0\0\0\xe0\x10\0\x05\xf0\x00....";
        assert_eq!(programs(table), Some(vec![Entry { number: 5, pid: 0x1000 }]));
        assert_eq!(programs(&table[..9]), None);
    }
}
