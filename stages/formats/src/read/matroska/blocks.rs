//! The first frames of tracks, and when they are shown.
//!
//! Reads the start of few frames and jumps over all others; frames are not decoded here.

use super::ebml::{Element, Stream, number, unsigned};
use super::encoding::Encoding;
use super::ids;
use std::io;

/// What is wanted of one track.
#[derive(Debug, Default)]
pub struct Wish {
    /// The track's number.
    pub track: u64,
    /// How many frames.
    pub frames: usize,
    /// How many bytes of each.
    pub bytes: u64,
    /// How many times of frames.
    pub times: usize,
    /// How its frames are packed.
    pub encoding: Encoding,
}

/// What came of a wish.
#[derive(Debug, Default)]
pub struct Seen {
    /// Frames, as the codec wants them.
    pub frames: Vec<Vec<u8>>,
    /// When frames are shown, in ticks, in the order of the file.
    pub times: Vec<i64>,
    /// Whether these are all frames that the track has.
    pub all: bool,
}

/// Blocks that are passed at most.
const BLOCKS: usize = 4_000;
/// Bytes of frames that are read at most.
const BYTES: u64 = 3 << 20;
/// Headers of other elements that are passed at most.
const ELEMENTS: usize = 8_000;

/// Grants wishes from the clusters that begin with `first`, one of them for each wish.
pub fn look(stream: &mut Stream<'_>, first: Element, end: u64, wishes: &[Wish]) -> io::Result<Vec<Seen>> {
    let mut look =
        Look { wishes, seen: wishes.iter().map(|_| Seen::default()).collect(), time: 0, blocks: 0, bytes: 0 };
    stream.go(first.start)?;
    let whole = look.walk(stream, end)?;
    look.seen.iter_mut().for_each(|seen| seen.all = whole);
    Ok(look.seen)
}

struct Look<'w> {
    wishes: &'w [Wish],
    seen: Vec<Seen>,
    time: i64,
    blocks: usize,
    bytes: u64,
}

impl Look<'_> {
    /// Whether the end of the frames was reached.
    fn walk(&mut self, stream: &mut Stream<'_>, end: u64) -> io::Result<bool> {
        for _ in 0..ELEMENTS {
            if stream.position() >= end {
                return Ok(true);
            }
            if self.blocks >= BLOCKS || self.bytes >= BYTES || self.granted() {
                return Ok(false);
            }
            let Some(element) = stream.element()? else { return Ok(false) };
            match element.id {
                // What is inside comes next, whether or not the size is known.
                ids::CLUSTER | ids::BLOCK_GROUP => continue,
                ids::TIMESTAMP => {
                    let body = stream.bytes(element.size.unwrap_or_default().min(8))?;
                    self.time = unsigned(&body).and_then(|time| i64::try_from(time).ok()).unwrap_or_default();
                }
                ids::SIMPLE_BLOCK | ids::BLOCK => self.block(stream, element)?,
                ids::CUES | ids::TAGS | ids::ATTACHMENTS | ids::CHAPTERS | ids::SEEK_HEAD | ids::EBML => {}
                _ => {}
            }
            let Some(end) = element.end() else { return Ok(false) };
            stream.go(end)?;
        }
        Ok(false)
    }

    fn granted(&self) -> bool {
        self.wishes
            .iter()
            .zip(&self.seen)
            .all(|(wish, seen)| seen.frames.len() >= wish.frames && seen.times.len() >= wish.times)
    }

    fn block(&mut self, stream: &mut Stream<'_>, element: Element) -> io::Result<()> {
        /// Number of the track, time and flags.
        const HEADER: u64 = 8 + 2 + 1;
        self.blocks += 1;
        let size = element.size.unwrap_or_default();
        let header = stream.bytes(size.min(HEADER))?;
        let Some((track, length)) = number(&header, true) else { return Ok(()) };
        let Some(&[high, low, _]) = header.get(length..).and_then(|rest| rest.first_chunk::<3>()) else {
            return Ok(());
        };
        let wished = self.wishes.iter().zip(&mut self.seen).find(|(wish, _)| wish.track == track);
        let Some((wish, seen)) = wished else { return Ok(()) };
        if seen.times.len() < wish.times {
            seen.times.push(self.time.saturating_add(i16::from_be_bytes([high, low]).into()));
        }
        if seen.frames.len() < wish.frames {
            let start = element.body.saturating_add(length as u64 + 3);
            stream.go(start)?;
            let left = size.saturating_sub(length as u64 + 3);
            let frame = stream.bytes(left.min(wish.bytes))?;
            self.bytes += frame.len() as u64;
            // A frame that cannot be unpacked was looked for all the same.
            seen.frames.push(wish.encoding.frame(&frame).unwrap_or_default());
        }
        Ok(())
    }
}

/// The time of the last frame in the last bytes of a file, in ticks.
pub fn last_time(stream: &mut Stream<'_>, end: u64) -> io::Result<Option<i64>> {
    const TAIL: u64 = 2 << 20;
    const MARK: [u8; 4] = ids::CLUSTER.to_be_bytes();
    let start = end.saturating_sub(TAIL);
    stream.go(start)?;
    let tail = stream.bytes(end.saturating_sub(start))?;
    let mut clusters: Vec<usize> =
        tail.windows(4).enumerate().filter(|(_, four)| *four == MARK).map(|(at, _)| at).collect();
    while let Some(at) = clusters.pop() {
        let mut look = Times::default();
        stream.go(start + at as u64)?;
        look.walk(stream, end)?;
        if let Some(last) = look.last {
            return Ok(Some(last));
        }
    }
    Ok(None)
}

#[derive(Default)]
struct Times {
    time: Option<i64>,
    last: Option<i64>,
}

impl Times {
    fn walk(&mut self, stream: &mut Stream<'_>, end: u64) -> io::Result<()> {
        for _ in 0..ELEMENTS {
            if stream.position() >= end {
                return Ok(());
            }
            let Some(element) = stream.element()? else { return Ok(()) };
            let size = element.size.unwrap_or_default();
            match element.id {
                ids::CLUSTER | ids::BLOCK_GROUP => continue,
                ids::TIMESTAMP => {
                    self.time =
                        unsigned(&stream.bytes(size.min(8))?).and_then(|time| i64::try_from(time).ok());
                }
                ids::SIMPLE_BLOCK | ids::BLOCK => {
                    let header = stream.bytes(size.min(11))?;
                    let offset = number(&header, true)
                        .and_then(|(_, length)| header.get(length..)?.first_chunk::<2>())
                        .map(|two| i64::from(i16::from_be_bytes(*two)));
                    let shown = self.time.zip(offset).map(|(time, offset)| time.saturating_add(offset));
                    self.last = self.last.max(shown);
                }
                _ => {}
            }
            let Some(end) = element.end() else { return Ok(()) };
            stream.go(end)?;
        }
        Ok(())
    }
}
