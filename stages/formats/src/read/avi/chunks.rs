//! The chunks of a RIFF file: where each lies and what it is called.
//!
//! Knows sizes and their lies, and nothing of what a chunk holds.

use crate::read::Damage;
use crate::read::fields::Fields;
use crate::read::window::Window;
use crate::read::zipped::printable;
use std::io;

/// Where one chunk lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    pub kind: [u8; 4],
    /// The second code of a `RIFF` or `LIST` chunk, zeros for others.
    pub list: [u8; 4],
    /// Where its content begins, behind the second code of a list.
    pub body: u64,
    /// Where it ends, never past its parent.
    pub end: u64,
    /// Where the next one begins: chunks are padded to an even length.
    pub next: u64,
}

/// Most chunks that are looked at inside one.
const MOST: usize = 10_000;

/// The chunk at a place inside a parent that ends at `end`.
pub fn chunk(
    window: &mut Window,
    at: u64,
    end: u64,
    damage: &mut Option<Damage>,
) -> io::Result<Option<Chunk>> {
    const HEADER: u64 = 8;
    if end.saturating_sub(at) < HEADER {
        return Ok(None);
    }
    let header = window.bytes(at, 12)?;
    let mut fields = Fields(&header);
    let (Some(kind), Some(size)) = (fields.code(), fields.le32()) else { return Ok(None) };
    let is_list = matches!(&kind, b"RIFF" | b"LIST");
    let list = if is_list { fields.code().unwrap_or_default() } else { [0; 4] };
    let says = at.saturating_add(HEADER).saturating_add(size.into());
    if says > end {
        let name = printable(&String::from_utf8_lossy(if is_list { &list } else { &kind }));
        let what = format!("chunk `{name}` at byte {at} claims {size} bytes, {} are left", end - at - HEADER);
        damage.get_or_insert(Damage { what, at: Some(at) });
    }
    let body = (at + if is_list { 12 } else { HEADER }).min(end);
    let chunk_end = says.min(end).max(body);
    Ok(Some(Chunk { kind, list, body, end: chunk_end, next: says.saturating_add(says & 1).max(at + HEADER) }))
}

impl Chunk {
    /// The chunks in it.
    pub fn children(&self, window: &mut Window, damage: &mut Option<Damage>) -> io::Result<Vec<Self>> {
        let mut chunks = Vec::new();
        let mut at = self.body;
        while chunks.len() < MOST
            && let Some(chunk) = chunk(window, at, self.end, damage)?
        {
            at = chunk.next;
            chunks.push(chunk);
        }
        Ok(chunks)
    }

    /// Its content, up to a number of bytes.
    pub fn content(&self, window: &mut Window, most: u64) -> io::Result<Vec<u8>> {
        let length = self.end.saturating_sub(self.body).min(most);
        window.bytes(self.body, usize::try_from(length).unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn check(bytes: &[u8], want: &[([u8; 4], u64, u64)], damaged: bool) {
        let mut source = Cursor::new(bytes.to_vec());
        let mut window = Window::open(&mut source, 1 << 20).unwrap();
        let mut damage = None;
        let end = bytes.len() as u64;
        let parent = Chunk { kind: *b"RIFF", list: *b"AVI ", body: 0, end, next: end };
        let chunks = parent.children(&mut window, &mut damage).unwrap();
        let found: Vec<_> = chunks.iter().map(|chunk| (chunk.kind, chunk.body, chunk.end)).collect();
        assert_eq!(found, want);
        assert_eq!(damage.is_some(), damaged, "{damage:?}");
    }

    #[test]
    fn chunks_are_padded_to_an_even_length() {
        check(b"aaaa\x01\0\0\0x\0bbbb\0\0\0\0", &[(*b"aaaa", 8, 9), (*b"bbbb", 18, 18)], false);
        check(b"LIST\x06\0\0\0movixx", &[(*b"LIST", 12, 14)], false);
    }

    #[test]
    fn a_size_that_lies_is_reported_and_not_believed() {
        check(b"aaaa\xff\xff\xff\xffxxxx", &[(*b"aaaa", 8, 12)], true);
        check(b"LIST\0\0\0\0", &[(*b"LIST", 8, 8)], false);
    }
}
