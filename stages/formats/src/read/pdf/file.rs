//! A PDF as objects by number, each read when it is asked for.
//!
//! Reads windows of the file and never all of it, within a budget. What an object means is for others.

use super::crypt::Crypt;
use super::filter;
use super::object::{Dictionary, Object};
use super::parse::{Indirect, Parser, Stop};
use super::xref::{Place, Sections};
use crate::read::{Limits, Source};
use std::collections::BTreeMap;
use std::io::{self, SeekFrom};
use std::rc::Rc;

/// An open file.
pub struct File<'a> {
    source: &'a mut dyn Source,
    /// Length in bytes.
    pub size: u64,
    /// What stands before the header, which offsets may or may not count.
    pub shift: u64,
    /// The cross-reference, newest section first.
    pub sections: Sections,
    /// Where objects were found by looking for them; decides when the cross-reference is broken.
    pub seen: Option<BTreeMap<u32, Place>>,
    /// What the file says about itself: the root, the information dictionary, the encryption.
    pub trailer: Dictionary,
    /// How to decrypt; none for what is not encrypted.
    pub crypt: Option<Crypt>,
    /// Why the source could not be read.
    pub failure: Option<io::Error>,
    /// Bytes that may still be read and unpacked.
    pub budget: u64,
    /// The most bytes one stream may unpack to.
    pub stream_bytes: u64,
    /// Objects that wait for others.
    depth: u32,
    unpacked: Option<(u32, Rc<Packed>)>,
}

/// An object as it was read.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    pub object: Object,
    /// Where the bytes of its stream begin in the file, when it is one.
    pub stream: Option<u64>,
    /// Its own name, which is part of the key of its strings.
    id: super::object::Id,
}

/// An object stream, unpacked.
struct Packed {
    bytes: Vec<u8>,
    /// Numbers of the objects and where they begin.
    index: BTreeMap<u32, usize>,
}

/// Streams whose length stands in other streams and the like; real files have two.
const DEEPEST: u32 = 8;

/// The first window on an object, which most objects fit.
const WINDOW: usize = 4 << 10;

/// The largest object that is parsed: a page tree's longest list is far below it.
const LARGEST_OBJECT: usize = 8 << 20;

impl<'a> File<'a> {
    pub fn new(source: &'a mut dyn Source, size: u64, shift: u64, limits: &Limits) -> Self {
        Self {
            source,
            size,
            shift,
            sections: Sections::default(),
            seen: None,
            trailer: Dictionary::default(),
            crypt: None,
            failure: None,
            budget: limits.structure_bytes,
            stream_bytes: limits.entry_bytes,
            depth: 0,
            unpacked: None,
        }
    }

    /// Bytes of the file from here on, fewer at its end, none beyond it or past the budget.
    pub fn window(&mut self, at: u64, length: usize) -> Vec<u8> {
        let length = (length as u64).min(self.size.saturating_sub(at)).min(self.budget);
        if length == 0 {
            return Vec::new();
        }
        self.budget -= length;
        let mut bytes = Vec::new();
        let read = self.source.seek(SeekFrom::Start(at)).and_then(|_| {
            let mut part = io::Read::take(&mut *self.source, length);
            io::Read::read_to_end(&mut part, &mut bytes)
        });
        if let Err(error) = read {
            self.failure.get_or_insert(error);
        }
        bytes
    }

    /// Parses something at an offset, in windows that grow until it fits.
    pub fn parse_at<T>(&mut self, at: u64, parse: impl Fn(&mut Parser<'_>) -> Result<T, Stop>) -> Option<T> {
        let mut length = WINDOW;
        loop {
            let mut bytes = self.window(at, length);
            let whole = at.saturating_add(bytes.len() as u64) >= self.size;
            if bytes.is_empty() {
                return None;
            }
            if whole {
                // So that what stands last ends there.
                bytes.extend(b"\nendobj\n");
            }
            match parse(&mut Parser::new(&bytes)) {
                Ok(value) => return Some(value),
                Err(Stop::End) if !whole && length < LARGEST_OBJECT => length *= 4,
                Err(_) => return None,
            }
        }
    }

    /// The object at an offset.
    pub fn indirect_at(&mut self, at: u64) -> Option<Indirect> {
        self.parse_at(at, |parser| parser.indirect())
    }

    /// The object of this number, or null.
    pub fn get(&mut self, number: u32) -> Object {
        self.load(number).object
    }

    /// The value itself, or the one it refers to.
    pub fn resolve(&mut self, object: &Object) -> Object {
        const MOST_HOPS: u32 = 32;
        let mut object = object.clone();
        for _ in 0..MOST_HOPS {
            match object {
                Object::Reference(id) => object = self.get(id.number),
                other => return other,
            }
        }
        Object::Null
    }

    /// The value of a name in a dictionary, or the one it refers to.
    pub fn value(&mut self, dictionary: &Dictionary, name: &str) -> Object {
        self.resolve(dictionary.get(name))
    }

    /// The object of this number, with where its stream begins. When the cross-reference leads astray, the objects are
    /// looked for.
    pub fn load(&mut self, number: u32) -> Loaded {
        if self.depth >= DEEPEST {
            return Loaded::default();
        }
        self.depth += 1;
        let mut loaded = self.place(number).map(|place| self.load_from(place, number));
        if matches!(loaded, Some(None)) && self.seen.is_none() {
            super::rebuild::rebuild(self);
            loaded = self.place(number).map(|place| self.load_from(place, number));
        }
        self.depth -= 1;
        loaded.flatten().unwrap_or_default()
    }

    /// The unpacked bytes of a stream, as far as they can be told.
    pub fn stream(&mut self, loaded: &Loaded) -> Option<Vec<u8>> {
        let dictionary = loaded.object.dictionary()?;
        let raw = self.raw_stream(dictionary, loaded.stream?);
        let raw = match &self.crypt {
            Some(crypt) if loaded.id.number != 0 => crypt.stream(loaded.id, dictionary, raw)?,
            _ => raw,
        };
        self.unpack(dictionary, raw)
    }

    /// As [`Self::stream`], for streams that are never encrypted.
    pub fn plain_stream(&mut self, dictionary: &Dictionary, start: u64) -> Option<Vec<u8>> {
        let raw = self.raw_stream(dictionary, start);
        self.unpack(dictionary, raw)
    }

    fn unpack(&mut self, dictionary: &Dictionary, raw: Vec<u8>) -> Option<Vec<u8>> {
        let filters = self.value(dictionary, "Filter");
        let parameters = self.value(dictionary, "DecodeParms");
        let filters = self.resolved_list(filters);
        let parameters = self.resolved_list(parameters);
        let unpacked = filter::unpack(raw, &filters, &parameters, self.stream_bytes.min(self.budget))?;
        self.budget = self.budget.saturating_sub(unpacked.len() as u64);
        Some(unpacked)
    }

    fn resolved_list(&mut self, object: Object) -> Vec<Object> {
        /// No stream is packed more often.
        const MOST_FILTERS: usize = 8;
        match object {
            Object::Array(list) => list.iter().take(MOST_FILTERS).map(|entry| self.resolve(entry)).collect(),
            Object::Null => Vec::new(),
            other => vec![other],
        }
    }

    fn place(&mut self, number: u32) -> Option<Place> {
        if let Some(seen) = &self.seen {
            return seen.get(&number).copied();
        }
        let sections = std::mem::take(&mut self.sections);
        let place = sections.find(number, self);
        self.sections = sections;
        place
    }

    fn load_from(&mut self, place: Place, number: u32) -> Option<Loaded> {
        match place {
            Place::At(at) => {
                let Indirect { id, object, stream } = self.indirect_at(at)?;
                if id.number != number {
                    return None;
                }
                let object = match &self.crypt {
                    Some(crypt) => crypt.object(id, object),
                    None => object,
                };
                Some(Loaded { object, stream: stream.map(|start| at + start as u64), id })
            }
            Place::In(container) => {
                let packed = self.packed(container)?;
                let start = *packed.index.get(&number)?;
                let object = Parser::new(packed.bytes.get(start..)?).object().ok()?;
                Some(Loaded { object, ..Loaded::default() })
            }
        }
    }

    /// The numbers of the objects in an object stream.
    pub fn packed_numbers(&mut self, container: u32) -> Vec<u32> {
        let packed = self.packed(container);
        packed.map(|packed| packed.index.keys().copied().collect()).unwrap_or_default()
    }

    fn packed(&mut self, container: u32) -> Option<Rc<Packed>> {
        if let Some((known, packed)) = &self.unpacked
            && *known == container
        {
            return Some(packed.clone());
        }
        // An object stream in another is nonsense that could go on for ever.
        let Some(Place::At(at)) = self.place(container) else { return None };
        let loaded = self.load_from(Place::At(at), container)?;
        let dictionary = loaded.object.dictionary()?.clone();
        let first = usize::try_from(self.value(&dictionary, "First").whole()?).ok()?;
        let count = usize::try_from(self.value(&dictionary, "N").whole()?).ok()?;
        let mut bytes = self.stream(&loaded)?;
        bytes.extend(b"\nendobj\n");
        let mut header = Parser::new(bytes.get(..first.min(bytes.len()))?);
        let mut index = BTreeMap::new();
        for _ in 0..count {
            let (Ok(number), Ok(offset)) = (header.unsigned(), header.unsigned()) else { break };
            let start = first.saturating_add(usize::try_from(offset).ok()?);
            index.entry(u32::try_from(number).ok()?).or_insert(start);
        }
        let packed = Rc::new(Packed { bytes, index });
        self.unpacked = Some((container, packed.clone()));
        Some(packed)
    }

    /// A stream's bytes: as many as it says when the word `endstream` follows them, else up to that word.
    fn raw_stream(&mut self, dictionary: &Dictionary, start: u64) -> Vec<u8> {
        let said = self.value(dictionary, "Length").whole();
        let said = said.filter(|length| start.saturating_add(*length) <= self.size);
        if let Some(length) = said.and_then(|length| usize::try_from(length).ok())
            && length as u64 <= self.stream_bytes
        {
            let mut bytes = self.window(start, length.saturating_add(32));
            let after = bytes.get(length..).unwrap_or_default();
            if after.windows(9).any(|word| word == b"endstream") {
                bytes.truncate(length);
                return bytes;
            }
        }
        self.up_to_end(start)
    }

    fn up_to_end(&mut self, start: u64) -> Vec<u8> {
        const PIECE: usize = 64 << 10;
        let mut bytes: Vec<u8> = Vec::new();
        loop {
            let piece = self.window(start + bytes.len() as u64, PIECE);
            let from = bytes.len().saturating_sub(8);
            bytes.extend(&piece);
            let tail = bytes.get(from..).unwrap_or_default();
            if let Some(end) = tail.windows(9).position(|word| word == b"endstream") {
                bytes.truncate(from + end);
                return bytes;
            }
            if piece.len() < PIECE || bytes.len() as u64 > self.stream_bytes {
                return bytes;
            }
        }
    }
}
