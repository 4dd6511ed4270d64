//! The parts of a segment: found in their order up to the first frames, then where the index says.
//!
//! Reads the parts whole, within bounds, and jumps over everything else.

use super::ebml::{Element, Stream, child, children, is_whole, number, unsigned};
use super::ids;
use crate::read::{Damage, Found};
use std::io;

/// What of a segment is read whole, as raw content.
#[derive(Debug, Default)]
pub struct Parts {
    /// About the whole.
    pub info: Vec<u8>,
    /// The tracks.
    pub tracks: Vec<u8>,
    /// The chapters.
    pub chapters: Vec<u8>,
    /// The tags, of which there may be several.
    pub tags: Vec<Vec<u8>>,
    /// Where the first frames lie.
    pub cluster: Option<Element>,
    /// Where the segment ends.
    pub end: u64,
}

/// Bytes of one part; real ones are far smaller.
const PART: u64 = 8 << 20;
/// Elements of a segment that are passed over.
const STEPS: usize = 512;
/// Entries of the index that are followed.
const JUMPS: usize = 64;

/// Reads the parts of the segment whose header is here.
pub fn parts(stream: &mut Stream<'_>, segment: Element, found: &mut Found) -> io::Result<Parts> {
    let mut parts = Parts { end: segment.end().unwrap_or(stream.size()), ..Parts::default() };
    if parts.end > stream.size() {
        let missing = parts.end - stream.size();
        found.damaged(Damage {
            what: format!("the file ends {missing} bytes before its segment does"),
            at: Some(stream.size()),
        });
        parts.end = stream.size();
    }
    let mut walk = Walk { parts, seen: Vec::new(), wanted: Vec::new(), segment };
    walk.in_order(stream, found)?;
    walk.by_index(stream, found)?;
    Ok(walk.parts)
}

struct Walk {
    parts: Parts,
    /// Where parts that were read begin.
    seen: Vec<u64>,
    /// Where the index says that parts begin.
    wanted: Vec<u64>,
    segment: Element,
}

impl Walk {
    /// Up to the first cluster, and on to the end when there is no index to jump by.
    fn in_order(&mut self, stream: &mut Stream<'_>, found: &mut Found) -> io::Result<()> {
        for _ in 0..STEPS {
            if stream.position() >= self.parts.end {
                return Ok(());
            }
            let at = stream.position();
            let Some(element) = stream.element()? else {
                found.damaged(Damage { what: "no element begins here".to_owned(), at: Some(at) });
                return Ok(());
            };
            self.take(stream, element, found)?;
            let indexed = !self.wanted.is_empty() && !self.parts.tracks.is_empty();
            let (Some(end), false) = (element.end(), indexed && self.parts.cluster.is_some()) else {
                return Ok(());
            };
            if end > self.parts.end {
                if end > stream.size() {
                    let what = format!("an element claims {} bytes", element.size.unwrap_or_default());
                    found.damaged(Damage { what, at: Some(element.start) });
                }
                return Ok(());
            }
            stream.go(end)?;
        }
        Ok(())
    }

    fn by_index(&mut self, stream: &mut Stream<'_>, found: &mut Found) -> io::Result<()> {
        for _ in 0..JUMPS {
            let Some(at) = self.wanted.pop() else { break };
            if self.seen.contains(&at) || at >= self.parts.end {
                continue;
            }
            stream.go(at)?;
            if let Some(element) = stream.element()? {
                self.take(stream, element, found)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, stream: &mut Stream<'_>, element: Element, found: &mut Found) -> io::Result<()> {
        if self.seen.contains(&element.start) {
            return Ok(());
        }
        self.seen.push(element.start);
        let name = match element.id {
            ids::CLUSTER => {
                self.parts.cluster.get_or_insert(element);
                return Ok(());
            }
            ids::SEEK_HEAD => "index",
            ids::INFO => "information",
            ids::TRACKS => "track",
            ids::CHAPTERS => "chapter",
            ids::TAGS => "tag",
            _ => return Ok(()),
        };
        let size = element.size.unwrap_or(PART);
        if size > PART {
            found.note(format!("the {name} part is longer than {PART} bytes and is not read to its end"));
        }
        let body = stream.bytes(size.min(PART).min(self.parts.end.saturating_sub(element.body)))?;
        if body.len() as u64 == size && !is_whole(&body) {
            found.note(format!("the checksum of the {name} part is wrong"));
        }
        match element.id {
            ids::SEEK_HEAD => self.index(&body),
            ids::INFO if self.parts.info.is_empty() => self.parts.info = body,
            ids::TRACKS if self.parts.tracks.is_empty() => self.parts.tracks = body,
            ids::CHAPTERS if self.parts.chapters.is_empty() => self.parts.chapters = body,
            ids::TAGS => self.parts.tags.push(body),
            _ => {}
        }
        Ok(())
    }

    /// Keeps the places of parts; the index counts from the segment's content on.
    fn index(&mut self, body: &[u8]) {
        const PARTS: [u32; 5] = [ids::SEEK_HEAD, ids::INFO, ids::TRACKS, ids::CHAPTERS, ids::TAGS];
        for (_, seek) in children(body).filter(|(id, _)| *id == ids::SEEK).take(JUMPS) {
            let id = child(seek, ids::SEEK_ID).and_then(|id| number(id, false));
            let place = child(seek, ids::SEEK_POSITION).and_then(unsigned);
            let (Some((id, _)), Some(place)) = (id, place) else { continue };
            if PARTS.iter().any(|part| u64::from(*part) == id) && self.wanted.len() < JUMPS {
                self.wanted.push(self.segment.body.saturating_add(place));
            }
        }
    }
}
