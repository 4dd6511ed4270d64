//! Reads MPEG program streams: MPG files and the VOB files of DVDs.
//!
//! Takes in the start, where every stream speaks, and the end, for the last times; nothing between.

mod streams;
#[cfg(test)]
mod tests;

use super::video::Film;
use super::window::Window;
use super::{Damage, Found, Head, Limits, ReadError, Source};
use streams::Streams;

/// Bytes that are read from the start, and from the end.
const START: usize = 4 << 20;
const END: usize = 1 << 20;

/// Claims files that begin with a pack, and those cut out of a longer one that have a whole pack near their start.
#[must_use]
pub fn sniff(head: &Head) -> bool {
    // The four bits behind the start code tell the generation: 01 for MPEG-2, 0010 for MPEG-1.
    let begins =
        |bytes: &[u8]| matches!(bytes, [0, 0, 1, 0xba, next, ..] if next >> 6 == 0b01 || next >> 4 == 0b0010);
    begins(&head.bytes) || head.bytes.windows(4 + 14).any(is_pack)
}

/// Whether a pack of MPEG-2 stands here with all its marker bits, and another start code behind it.
fn is_pack(bytes: &[u8]) -> bool {
    let [0, 0, 1, 0xba, a, _, b, _, c, d, _, _, e, stuffing, next @ ..] = bytes else { return false };
    let marked = a & 0xc4 == 0x44 && b & 4 == 4 && c & 4 == 4 && d & 1 == 1 && e & 3 == 3;
    marked && stuffing & 7 == 0 && matches!(next, [0, 0, 1, 0xb9..=0xff])
}

/// Reads streams and the duration.
///
/// # Errors
/// When the source cannot be read, or has no streams at its start.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let mut window = Window::open(source, (START + END) as u64)?;
    let mut streams = Streams::default();
    streams.start(&window.bytes(0, START)?);
    if streams.is_empty() {
        let damage = Damage::of("its start has no packets of pictures or sound");
        return Err(ReadError::Unreadable { format: "mpegps", damage });
    }
    let size = window.size();
    let tail = size.saturating_sub(END as u64);
    streams.end(&window.bytes(tail, END)?);
    let mut film = Film { encrypted: streams.encrypted, ..Film::default() };
    streams.tell(&mut film, size);
    let mut found = Found::new("mpegps");
    film.tell(&mut found, size, limits);
    Ok(found)
}
