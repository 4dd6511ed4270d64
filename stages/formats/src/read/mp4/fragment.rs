//! Movie fragments: what they add to the samples of each track, and how long a fragmented film is.
//!
//! Walks a bounded number of fragments from the start; of a longer film the last ones are found from its end.

use super::boxes::{Node, first};
use super::samples::{Place, Timing};
use crate::read::Damage;
use crate::read::fields::Fields;
use crate::read::window::Window;
use std::collections::BTreeMap;
use std::io;

/// Default durations and sizes of samples, by track.
pub type Defaults = BTreeMap<u32, (u32, u32)>;

/// What the fragments add to a track.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Added {
    pub timing: Timing,
    pub bytes: u64,
    pub first: Option<Place>,
    /// The latest time at which a sample of a fragment ends, in the track's own time.
    pub ends: u64,
}

/// What the fragments add, by track.
pub type Fragments = BTreeMap<u32, Added>;

/// Most samples that are counted in one run, and bytes read of one.
const RUN: u64 = 1 << 20;
/// Most tracks whose fragments are followed.
const TRACKS: usize = 1000;

/// Reads the defaults in a movie-extends box, and the duration of the whole in the movie's time when it says so.
pub fn defaults(window: &mut Window, node: Node, damage: &mut Option<Damage>) -> io::Result<(Defaults, u64)> {
    let mut defaults = Defaults::new();
    let mut duration = 0;
    for node in node.children(window, damage)?.into_iter().take(TRACKS) {
        let content = node.content(window, 24)?;
        let mut fields = Fields(&content);
        if node.kind == *b"trex" {
            let mut parse = || {
                fields.skip(4)?;
                let track = fields.be32()?;
                fields.skip(4)?;
                Some((track, (fields.be32()?, fields.be32()?)))
            };
            defaults.extend(parse());
        } else if node.kind == *b"mehd" {
            let long = fields.be32().is_some_and(|flags| flags >> 24 == 1);
            duration = if long { fields.be64() } else { fields.be32().map(u64::from) }.unwrap_or(0);
        }
    }
    Ok((defaults, duration))
}

/// Adds one fragment.
pub fn add(
    window: &mut Window,
    fragment: Node,
    defaults: &Defaults,
    fragments: &mut Fragments,
    damage: &mut Option<Damage>,
) -> io::Result<()> {
    for part in fragment.children(window, damage)?.into_iter().take(TRACKS) {
        if part.kind != *b"traf" {
            continue;
        }
        let parts = part.children(window, damage)?;
        let Some(header) = first(&parts, b"tfhd") else { continue };
        let Some(header) = Header::read(&header.content(window, 40)?, defaults) else { continue };
        if fragments.len() >= TRACKS && !fragments.contains_key(&header.track) {
            continue;
        }
        let added = fragments.entry(header.track).or_default();
        let started = match first(&parts, b"tfdt") {
            Some(time) => base_time(&time.content(window, 12)?),
            None => None,
        };
        let before = added.timing.duration;
        for run in parts.iter().filter(|node| node.kind == *b"trun") {
            let content = run.content(window, RUN)?;
            header.run(&content, fragment.at, added);
        }
        let lasted = added.timing.duration - before;
        let start = started.unwrap_or(added.ends);
        added.ends = added.ends.max(start.saturating_add(lasted));
    }
    Ok(())
}

/// The last fragments of a file, found from its end: those whose box begins within the last part of it.
pub fn last(window: &mut Window, after: u64) -> io::Result<Vec<Node>> {
    const TAIL: u64 = 4 << 20;
    let size = window.size();
    let start = size.saturating_sub(TAIL).max(after);
    let tail = window.bytes(start, usize::try_from(size.saturating_sub(start)).unwrap_or_default())?;
    let mut nodes = Vec::new();
    for (index, part) in tail.windows(16).enumerate() {
        // A fragment begins with its own header box, of a fixed size.
        if part.get(4..8) != Some(b"moof") || part.get(8..16) != Some(b"\0\0\0\x10mfhd") {
            continue;
        }
        let at = start + index as u64;
        let Some(length) = Fields(part).be32().map(u64::from) else { continue };
        if at + length <= size && length >= 24 {
            nodes.push(Node { kind: *b"moof", at, body: at + 8, end: at + length });
        }
    }
    Ok(nodes)
}

/// The duration that a segment index tells, in milliseconds.
pub fn indexed_ms(content: &[u8]) -> Option<u64> {
    let mut fields = Fields(content);
    let long = fields.byte()? == 1;
    fields.skip(3 + 4)?;
    let scale = fields.be32()?;
    fields.skip(if long { 16 } else { 8 } + 2)?;
    let count = fields.be16()?;
    let mut total = 0_u64;
    for _ in 0..count {
        fields.skip(4)?;
        total = total.saturating_add(fields.be32()?.into());
        fields.skip(4)?;
    }
    super::track::milliseconds(total, scale)
}

struct Header {
    track: u32,
    base: Option<u64>,
    duration: u32,
    size: u32,
}

impl Header {
    fn read(content: &[u8], defaults: &Defaults) -> Option<Self> {
        let mut fields = Fields(content);
        let flags = fields.be32()?;
        let track = fields.be32()?;
        let (mut duration, mut size) = defaults.get(&track).copied().unwrap_or_default();
        let mut base = None;
        if flags & 0x01 != 0 {
            base = Some(fields.be64()?);
        }
        if flags & 0x02 != 0 {
            fields.skip(4)?;
        }
        if flags & 0x08 != 0 {
            duration = fields.be32()?;
        }
        if flags & 0x10 != 0 {
            size = fields.be32()?;
        }
        Some(Self { track, base, duration, size })
    }

    fn run(&self, content: &[u8], fragment: u64, added: &mut Added) {
        let mut fields = Fields(content);
        let (Some(flags), Some(count)) = (fields.be32(), fields.be32()) else { return };
        let offset = if flags & 0x01 != 0 { fields.be32() } else { Some(0) }.unwrap_or(0);
        if flags & 0x04 != 0 {
            let _first_sample_flags = fields.be32();
        }
        let per_sample = [0x100, 0x200, 0x400, 0x800].iter().filter(|flag| flags & **flag != 0).count();
        if per_sample == 0 {
            if count > 0 {
                added.timing.add(count.into(), self.duration);
                added.timing.count(self.duration);
                added.bytes = added.bytes.saturating_add(u64::from(self.size).saturating_mul(count.into()));
                self.first(fragment, offset, self.size, added);
            }
            return;
        }
        for index in 0..count {
            let duration = if flags & 0x100 != 0 { fields.be32() } else { Some(self.duration) };
            let size = if flags & 0x200 != 0 { fields.be32() } else { Some(self.size) };
            let rest = (flags >> 10 & 1) + (flags >> 11 & 1);
            let (Some(duration), Some(size), Some(())) = (duration, size, fields.skip(rest as usize * 4))
            else {
                return;
            };
            added.timing.add(1, duration);
            added.timing.count(duration);
            added.bytes = added.bytes.saturating_add(size.into());
            if index == 0 {
                self.first(fragment, offset, size, added);
            }
        }
    }

    fn first(&self, fragment: u64, offset: u32, size: u32, added: &mut Added) {
        let base = self.base.unwrap_or(fragment);
        // The offset is signed; samples before their own fragment are not looked for.
        let place = base.checked_add(offset.into()).map(|at| Place { at, length: size.into() });
        added.first = added.first.or(place.filter(|_| offset < 1 << 31));
    }
}

fn base_time(content: &[u8]) -> Option<u64> {
    let mut fields = Fields(content);
    let long = fields.be32()? >> 24 == 1;
    if long { fields.be64() } else { fields.be32().map(u64::from) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_fields_of_its_own_has_the_defaults() {
        let header = Header { track: 1, base: None, duration: 512, size: 10 };
        let mut added = Added::default();
        header.run(b"\0\0\0\x01\0\0\0\x05\0\0\0\x40", 100, &mut added);
        assert_eq!((added.timing.frames, added.timing.duration, added.bytes), (5, 2560, 50));
        assert_eq!(added.first, Some(Place { at: 164, length: 10 }));
    }

    #[test]
    fn a_run_that_says_more_samples_than_it_has_ends_with_them() {
        let header = Header { track: 1, base: None, duration: 1, size: 1 };
        let mut added = Added::default();
        header.run(b"\0\0\x01\0\xff\xff\xff\xff\0\0\0\x07\0\0\0\x09", 0, &mut added);
        assert_eq!((added.timing.frames, added.timing.duration), (2, 16));
        assert_eq!(added.timing.spread, Some((7, 9)));
    }

    #[test]
    fn an_index_tells_the_duration() {
        let mut index = b"\0\0\0\0\0\0\0\x01\0\0\x03\xe8\0\0\0\0\0\0\0\0\0\0\0\x02".to_vec();
        index.extend(b"\0\0\0\x09\0\0\x07\xd0\0\0\0\0\0\0\0\x09\0\0\x01\xf4\0\0\0\0");
        assert_eq!(indexed_ms(&index), Some(2500));
        assert_eq!(indexed_ms(&index[..40]), None);
    }
}
