//! Finds the objects of a file whose cross-reference is broken, by looking for them.
//!
//! Reads the file once, front to back; of objects with one number the last one counts, as it is the newest.

use super::crypt::Crypt;
use super::file::File;
use super::object::{Dictionary, Id, Object};
use super::parse::is_space;
use super::xref::Place;
use std::collections::BTreeMap;

/// What the scan met.
#[derive(Default)]
struct Scan {
    places: BTreeMap<u32, Place>,
    trailers: Vec<u64>,
    /// Numbers of object streams, in order.
    containers: Vec<u32>,
    cross_references: Vec<u64>,
    catalog: Option<Id>,
    information: Option<Id>,
}

/// Objects that are kept: more than any book has.
const MOST_OBJECTS: usize = 1_000_000;
const MOST_CONTAINERS: usize = 20_000;
const MOST_TRAILERS: usize = 1_000;

/// The largest file that is looked through.
const LARGEST_FILE: u64 = 1 << 30;

/// Looks for every object, and for what the trailer would say.
pub fn rebuild(file: &mut File<'_>) {
    // Set first, so that nothing in here asks for it again.
    file.seen = Some(BTreeMap::new());
    let usual = file.budget;
    file.budget = file.budget.saturating_add(file.size.min(LARGEST_FILE) * 2);
    let mut scan = scan(file);
    file.budget = usual;
    file.seen = Some(std::mem::take(&mut scan.places));
    find_trailer(file, &scan);
    file.crypt = Crypt::open(file);
    for &container in &scan.containers {
        for number in file.packed_numbers(container) {
            if let Some(seen) = &mut file.seen
                && seen.len() < MOST_OBJECTS
            {
                seen.entry(number).or_insert(Place::In(container));
            }
        }
    }
    // The catalogue may lie in an object stream, where the scan does not look.
    if !is_catalog(file, file.trailer.get("Root").clone()) {
        find_catalog(file);
    }
}

fn scan(file: &mut File<'_>) -> Scan {
    const PIECE: usize = 256 << 10;
    /// What an object begins with may lie across two pieces.
    const OVERLAP: usize = 1 << 10;
    let mut scan = Scan::default();
    let mut at = 0_u64;
    let end = file.size.min(LARGEST_FILE);
    while at < end {
        let piece = file.window(at, PIECE + OVERLAP);
        if piece.is_empty() {
            break;
        }
        // Words in the overlap are met again at the start of the next piece.
        let searched = if at + piece.len() as u64 >= end { piece.len() } else { PIECE.min(piece.len()) };
        for (place, word) in piece.windows(3).enumerate().take(searched) {
            match word {
                b"obj" => scan.object(&piece, place, at),
                b"tra" if piece.get(place..).is_some_and(|rest| rest.starts_with(b"trailer")) => {
                    scan.trailers.push(at + place as u64 + 7);
                    // Were there ever too many, the newest would count.
                    scan.trailers.drain(..scan.trailers.len().saturating_sub(MOST_TRAILERS));
                }
                _ => {}
            }
        }
        at += PIECE as u64;
        // The number before the word may lie in the piece before.
        at = if at < end { at.saturating_sub(32) } else { at };
    }
    scan
}

impl Scan {
    /// Takes in an object whose word `obj` stands here, when a number and a generation stand before it.
    fn object(&mut self, piece: &[u8], word: usize, base: u64) {
        let Some((generation, before)) = number_before(piece, word) else { return };
        let Some((number, start)) = number_before(piece, before) else { return };
        let (Ok(number), Ok(generation)) = (u32::try_from(number), u16::try_from(generation)) else { return };
        if self.places.len() >= MOST_OBJECTS && !self.places.contains_key(&number) {
            return;
        }
        let at = base + start as u64;
        self.places.insert(number, Place::At(at));
        let id = Id { number, generation };
        let head = piece.get(word + 3..).unwrap_or_default();
        let head = head.get(..head.len().min(512)).unwrap_or_default();
        // It goes on to its end or to the next one, so that each byte is looked at once.
        let end = head.windows(3).position(|word| word == b"obj").unwrap_or(head.len());
        let head = head.get(..end).unwrap_or_default();
        let has = |name: &[u8]| head.windows(name.len()).any(|word| word == name);
        if has(b"/ObjStm") && self.containers.len() < MOST_CONTAINERS {
            self.containers.push(number);
        } else if has(b"/XRef") && self.cross_references.len() < MOST_TRAILERS {
            self.cross_references.push(at);
        } else if has(b"/Catalog") {
            self.catalog = Some(id);
        } else if (has(b"/Producer") || has(b"/CreationDate"))
            && ![b"/Type", b"/Subt", b"/Pare"].iter().any(|name| has(*name))
        {
            self.information = Some(id);
        }
    }
}

/// A number that ends before this place, with only white space between, and where it begins.
fn number_before(bytes: &[u8], end: usize) -> Option<(u64, usize)> {
    let before = bytes.get(..end)?;
    let digits_end = before.iter().rposition(|&byte| !is_space(byte))? + 1;
    let digits = before.get(..digits_end)?;
    let start = digits.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1);
    let number = str::from_utf8(digits.get(start..)?).ok()?.parse().ok()?;
    Some((number, start))
}

fn find_trailer(file: &mut File<'_>, scan: &Scan) {
    let known = !matches!(file.trailer.get("Root"), Object::Null);
    let candidates = scan.trailers.iter().rev().map(|&at| (at, true));
    let candidates = candidates.chain(scan.cross_references.iter().rev().map(|&at| (at, false)));
    let mut dictionaries = Vec::new();
    for (at, plain) in candidates {
        let object = if plain {
            file.parse_at(at, |parser| parser.object())
        } else {
            file.indirect_at(at).map(|found| found.object)
        };
        if let Some(dictionary) = object.as_ref().and_then(Object::dictionary) {
            dictionaries.push(dictionary.clone());
        }
    }
    let rooted = dictionaries.iter().find(|dictionary| !matches!(dictionary.get("Root"), Object::Null));
    if !known {
        let mut trailer = rooted.or(dictionaries.first()).cloned().unwrap_or_default();
        let mut underlay = |name: &str, id: Option<Id>| {
            if let Some(id) = id.filter(|_| matches!(trailer.get(name), Object::Null)) {
                trailer.0.push((name.as_bytes().to_vec(), Object::Reference(id)));
            }
        };
        underlay("Root", scan.catalog);
        underlay("Info", scan.information.filter(|_| rooted.is_none()));
        file.trailer = trailer;
    }
}

fn is_catalog(file: &mut File<'_>, object: Object) -> bool {
    let root = file.resolve(&object);
    root.dictionary()
        .is_some_and(|root| root.names("Type", "Catalog") || !matches!(root.get("Pages"), Object::Null))
}

fn find_catalog(file: &mut File<'_>) {
    const MOST_LOOKED_AT: usize = 10_000;
    let packed = file.seen.iter().flatten().filter(|(_, place)| matches!(place, Place::In(_)));
    let numbers: Vec<u32> = packed.map(|(number, _)| *number).take(MOST_LOOKED_AT).collect();
    let found = numbers.into_iter().find(|&number| {
        file.get(number).dictionary().is_some_and(|dictionary| dictionary.names("Type", "Catalog"))
    });
    if let Some(number) = found {
        let Dictionary(entries) = &mut file.trailer;
        entries.retain(|(name, _)| name != b"Root");
        entries.push((b"Root".to_vec(), Object::Reference(Id { number, generation: 0 })));
    }
}
