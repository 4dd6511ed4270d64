//! The cross-reference: where each object lies, as tables and as streams, newest first.
//!
//! Keeps where a table lies and not what is in it, so that a million objects cost nothing. Entries are looked up one at a
//! time.

use super::file::File;
use super::object::{Dictionary, Object};
use super::parse::{Parser, Stop, is_space};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Where an object lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At an offset in the file.
    At(u64),
    /// In the object stream of this number.
    In(u32),
}

/// The sections of a cross-reference, newest first.
#[derive(Clone, Default)]
pub struct Sections(Rc<Vec<Section>>);

enum Section {
    Table(Vec<Range>),
    Stream(Entries),
}

/// Entries of one width that follow each other in the file.
struct Range {
    first: u32,
    count: u32,
    at: u64,
    width: u64,
}

/// Entries as a cross-reference stream holds them.
struct Entries {
    bytes: Vec<u8>,
    widths: [usize; 3],
    /// First numbers and counts.
    index: Vec<(u32, u32)>,
}

/// Updates of one file; a form that was saved daily for years has fewer.
const MOST_SECTIONS: usize = 4096;

/// Ranges of numbers in all sections, each of which a search may have to pass.
const MOST_RANGES: usize = 100_000;

/// Follows the cross-reference from the end of the file. False when it is broken.
pub fn read(file: &mut File<'_>) -> bool {
    let Some(start) = start(file) else { return false };
    // What stands before the header is counted by some writers and not by others.
    let mut shifts = vec![file.shift, 0];
    shifts.dedup();
    for shift in shifts {
        file.shift = shift;
        file.trailer = Dictionary::default();
        if let Some(sections) = chain(file, start) {
            file.sections = Sections(Rc::new(sections));
            return !matches!(file.trailer.get("Root"), Object::Null);
        }
    }
    false
}

impl Sections {
    /// Where the newest section that knows this object says that it lies; nothing for one that is free or unknown.
    pub fn find(&self, number: u32, file: &mut File<'_>) -> Option<Place> {
        for section in self.0.iter() {
            match section {
                Section::Table(ranges) => {
                    let within =
                        |range: &&Range| number.checked_sub(range.first).is_some_and(|at| at < range.count);
                    if let Some(range) = ranges.iter().find(within) {
                        return range.entry(number - range.first, file);
                    }
                }
                Section::Stream(entries) => {
                    if let Some(entry) = entries.find(number) {
                        return entry.place(file.shift);
                    }
                }
            }
        }
        None
    }
}

impl Section {
    fn ranges(&self) -> usize {
        match self {
            Self::Table(ranges) => ranges.len(),
            Self::Stream(entries) => entries.index.len(),
        }
    }
}

impl Range {
    fn entry(&self, number: u32, file: &mut File<'_>) -> Option<Place> {
        let bytes = file.window(self.at + u64::from(number) * self.width, 20);
        let (offset, _, free) = entry(&bytes)?;
        (!free && offset > 0).then(|| Place::At(offset.saturating_add(file.shift)))
    }
}

/// One entry of a cross-reference stream: kind, and two numbers.
struct Entry(u64, u64);

impl Entry {
    fn place(&self, shift: u64) -> Option<Place> {
        match self.0 {
            1 => Some(Place::At(self.1.saturating_add(shift))),
            2 => Some(Place::In(u32::try_from(self.1).ok()?)),
            _ => None,
        }
    }
}

impl Entries {
    fn find(&self, number: u32) -> Option<Entry> {
        let mut before = 0_usize;
        for &(first, count) in &self.index {
            if let Some(at) = number.checked_sub(first)
                && at < count
            {
                return self.entry(before.checked_add(usize::try_from(at).ok()?)?);
            }
            before = before.checked_add(usize::try_from(count).ok()?)?;
        }
        None
    }

    fn entry(&self, at: usize) -> Option<Entry> {
        let [kind, one, two] = self.widths;
        let width = kind + one + two;
        let bytes = self.bytes.get(at.checked_mul(width)?..)?.get(..width)?;
        let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
        let (first, rest) = bytes.split_at_checked(kind)?;
        // Without a kind, an entry is one of the first kind.
        let kind = if kind == 0 { 1 } else { number(first) };
        Some(Entry(kind, number(rest.get(..one)?)))
    }
}

/// What the last `startxref` says.
fn start(file: &mut File<'_>) -> Option<u64> {
    const WORD: &[u8] = b"startxref";
    for length in [2 << 10, 64 << 10] {
        let tail = file.window(file.size.saturating_sub(length), usize::try_from(length).ok()?);
        if let Some(at) = tail.windows(WORD.len()).rposition(|word| word == WORD) {
            let mut rest = tail.get(at + WORD.len()..)?.to_vec();
            rest.push(b'\n');
            return Parser::new(&rest).unsigned().ok();
        }
    }
    None
}

fn chain(file: &mut File<'_>, start: u64) -> Option<Vec<Section>> {
    let mut sections = Vec::new();
    let mut visited = BTreeSet::new();
    let mut next = Some(start);
    while let Some(at) = next {
        let ranges: usize = sections.iter().map(Section::ranges).sum();
        if !visited.insert(at) || sections.len() >= MOST_SECTIONS || ranges > MOST_RANGES {
            break;
        }
        let place = at.saturating_add(file.shift);
        let (section, trailer) =
            if starts_table(file, place) { table(file, place)? } else { stream(file, place)? };
        // A file for old and new programs hides objects from the old ones in a stream beside the table.
        if let Some(hidden) = trailer.get("XRefStm").whole()
            && visited.insert(hidden)
            && let Some((hidden, _)) = stream(file, hidden.saturating_add(file.shift))
        {
            sections.push(hidden);
        }
        sections.push(section);
        next = trailer.get("Prev").whole();
        if matches!(file.trailer.get("Root"), Object::Null) {
            file.trailer = trailer;
        }
    }
    (!sections.is_empty()).then_some(sections)
}

fn starts_table(file: &mut File<'_>, at: u64) -> bool {
    let bytes = file.window(at, 64);
    Parser::new(&bytes).keyword(b"xref").is_ok()
}

fn table(file: &mut File<'_>, at: u64) -> Option<(Section, Dictionary)> {
    let mut ranges = Vec::new();
    let mut at = at + after(file, at, |parser| parser.keyword(b"xref"))?.1;
    loop {
        if let Some(((), length)) = after(file, at, |parser| parser.keyword(b"trailer")) {
            let object = file.parse_at(at + length, |parser| parser.object())?;
            return Some((Section::Table(ranges), object.dictionary()?.clone()));
        }
        if ranges.len() >= MOST_SECTIONS {
            return None;
        }
        let ((first, count), length) = after(file, at, range_head)?;
        let mut range = Range { first, count, at: at + length, width: 0 };
        if count > 0 {
            let (_, space) = after(file, range.at, |parser| {
                parser.skip_space();
                Ok(())
            })?;
            range.at += space;
            range.width = width(file, &range)?;
            // Some writers number the head of the free list 1.
            let head = entry(&file.window(range.at, 20))?;
            if range.first == 1 && head.2 && head.1 == 65535 && head.0 == 0 {
                range.first = 0;
            }
        }
        at = range.at + u64::from(count) * range.width;
        ranges.push(range);
    }
}

/// What stands at an offset, and how many bytes it takes.
fn after<T>(
    file: &mut File<'_>,
    at: u64,
    parse: impl Fn(&mut Parser<'_>) -> Result<T, Stop>,
) -> Option<(T, u64)> {
    let mut bytes = file.window(at, 256);
    bytes.push(b' ');
    let mut parser = Parser::new(&bytes);
    let value = parse(&mut parser).ok()?;
    Some((value, parser.at() as u64))
}

fn range_head(parser: &mut Parser<'_>) -> Result<(u32, u32), Stop> {
    let mut number = || u32::try_from(parser.unsigned()?).map_err(|_| Stop::Nonsense);
    Ok((number()?, number()?))
}

/// How many bytes an entry takes. The format says 20; some writers leave one out or add one.
fn width(file: &mut File<'_>, range: &Range) -> Option<u64> {
    [20, 19, 21, 18, 22].into_iter().find(|width| {
        let end = range.at.saturating_add(u64::from(range.count) * width);
        let last = file.window(end - width, 20);
        let mut ends = || {
            let mut next = file.window(end, 64);
            next.push(b' ');
            let mut parser = Parser::new(&next);
            parser.keyword(b"trailer").is_ok() || range_head(&mut parser).is_ok()
        };
        entry(&last).is_some() && ends()
    })
}

/// An entry of a table: two numbers, and whether it is free.
fn entry(bytes: &[u8]) -> Option<(u64, u64, bool)> {
    let mut parser = Parser::new(bytes);
    let (offset, generation) = (parser.unsigned().ok()?, parser.unsigned().ok()?);
    parser.skip_space();
    let kind = *bytes.get(parser.at())?;
    let ends = bytes.get(parser.at() + 1).is_none_or(|&byte| is_space(byte) || byte == b't');
    (matches!(kind, b'n' | b'f') && ends).then_some((offset, generation, kind == b'f'))
}

fn stream(file: &mut File<'_>, at: u64) -> Option<(Section, Dictionary)> {
    let found = file.indirect_at(at)?;
    let dictionary = found.object.dictionary()?.clone();
    if !dictionary.names("Type", "XRef") {
        return None;
    }
    let numbers: Vec<u64> = dictionary.get("W").array()?.iter().filter_map(Object::whole).collect();
    let &[kind, one, two] = numbers.as_slice() else { return None };
    if [kind, one, two].iter().any(|width| *width > 8) || kind + one + two == 0 {
        return None;
    }
    let widths = [kind, one, two].map(|width| usize::try_from(width).unwrap_or_default());
    let bytes = file.plain_stream(&dictionary, at + found.stream? as u64)?;
    let small = |object: &Object| object.whole().and_then(|number| u32::try_from(number).ok());
    let index = match dictionary.get("Index").array() {
        Some(list) => list
            .chunks_exact(2)
            .take(MOST_RANGES)
            .map(|pair| Some((small(pair.first()?)?, small(pair.get(1)?)?)))
            .collect::<Option<_>>()?,
        None => vec![(0, small(dictionary.get("Size"))?)],
    };
    Some((Section::Stream(Entries { bytes, widths, index }), dictionary))
}
