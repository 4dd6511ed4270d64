//! The boxes of ISO base media and QuickTime files: where each lies and what it is called.
//!
//! Knows sizes and their lies, and nothing of what a box holds.

use crate::read::Damage;
use crate::read::fields::Fields;
use crate::read::window::Window;
use crate::read::zipped::printable;
use std::io;

/// Where one box lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    pub kind: [u8; 4],
    /// Where its header begins.
    pub at: u64,
    /// Where its content begins.
    pub body: u64,
    /// Where it ends, never past its parent.
    pub end: u64,
}

/// Most boxes that are looked at inside one.
pub const MOST: usize = 20_000;

/// What comes next in a row of boxes.
pub enum Step {
    Node(Node),
    /// The box says more than its parent has; what there is of it.
    Cut(Node, Damage),
    /// What stands there is no box.
    Broken(Damage),
    End,
}

/// The box at a place inside a parent that ends at `end`.
pub fn step(window: &mut Window, at: u64, end: u64) -> io::Result<Step> {
    const HEADER: u64 = 8;
    if end.saturating_sub(at) < HEADER {
        return Ok(Step::End);
    }
    let header = window.bytes(at, 16)?;
    let mut fields = Fields(&header);
    let (Some(short), Some(kind)) = (fields.be32(), fields.code()) else { return Ok(Step::End) };
    let (size, length) = match short {
        // Four zero bytes end a QuickTime user-data list; otherwise zero means "to the end".
        0 if kind == [0; 4] => return Ok(Step::End),
        0 => (end - at, HEADER),
        1 => (fields.be64().unwrap_or(0), 16),
        size => (u64::from(size), HEADER),
    };
    let name = printable(&String::from_utf8_lossy(&kind)).to_string();
    if size < length {
        return Ok(Step::Broken(Damage {
            what: format!("box `{name}` at byte {at} claims {size} bytes, less than its own header"),
            at: Some(at),
        }));
    }
    let node = Node { kind, at, body: (at + length).min(end), end: at.saturating_add(size).min(end) };
    if at.saturating_add(size) > end {
        let what = format!("box `{name}` at byte {at} claims {size} bytes, {} are left", end - at);
        return Ok(Step::Cut(node, Damage { what, at: Some(at) }));
    }
    Ok(Step::Node(node))
}

/// The boxes between two places, up to the first that is broken.
pub fn children(
    window: &mut Window,
    at: u64,
    end: u64,
    damage: &mut Option<Damage>,
) -> io::Result<Vec<Node>> {
    let mut nodes = Vec::new();
    let mut at = at;
    while nodes.len() < MOST {
        match step(window, at, end)? {
            Step::Node(node) => {
                at = node.end;
                nodes.push(node);
            }
            Step::Cut(node, found) => {
                damage.get_or_insert(found);
                nodes.push(node);
                break;
            }
            Step::Broken(found) => {
                damage.get_or_insert(found);
                break;
            }
            Step::End => break,
        }
    }
    Ok(nodes)
}

impl Node {
    /// Its content, up to a number of bytes.
    pub fn content(&self, window: &mut Window, most: u64) -> io::Result<Vec<u8>> {
        let length = self.end.saturating_sub(self.body).min(most);
        window.bytes(self.body, usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// The boxes in it.
    pub fn children(&self, window: &mut Window, damage: &mut Option<Damage>) -> io::Result<Vec<Self>> {
        children(window, self.body, self.end, damage)
    }
}

/// The first box of this kind.
pub fn first(nodes: &[Node], kind: &[u8; 4]) -> Option<Node> {
    nodes.iter().find(|node| node.kind == *kind).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn check(bytes: &[u8], want: &[(&[u8; 4], u64, u64)], damaged: bool) {
        let mut source = Cursor::new(bytes.to_vec());
        let mut window = Window::open(&mut source, 1 << 20).unwrap();
        let mut damage = None;
        let nodes = children(&mut window, 0, bytes.len() as u64, &mut damage).unwrap();
        let found: Vec<_> = nodes.iter().map(|node| (&node.kind, node.body, node.end)).collect();
        assert_eq!(found, want);
        assert_eq!(damage.is_some(), damaged, "{damage:?}");
    }

    #[test]
    fn boxes_have_short_long_and_open_sizes() {
        check(b"\0\0\0\x0aaaaa..\0\0\0\x08bbbb", &[(b"aaaa", 8, 10), (b"bbbb", 18, 18)], false);
        check(b"\0\0\0\x01aaaa\0\0\0\0\0\0\0\x11.", &[(b"aaaa", 16, 17)], false);
        check(b"\0\0\0\0aaaa....", &[(b"aaaa", 8, 12)], false);
    }

    #[test]
    fn a_size_that_lies_is_reported_and_not_believed() {
        check(b"\0\0\0\x04aaaa\0\0\0\x08bbbb", &[], true);
        check(b"\0\0\xff\0aaaa....", &[(b"aaaa", 8, 12)], true);
        check(b"\0\0\0\x01aaaa\xff\xff\xff\xff\xff\xff\xff\xff", &[(b"aaaa", 16, 16)], true);
        check(b"\0\0\0\x01aaaa\0\0\0\0\0\0\0\x02", &[], true);
    }

    #[test]
    fn zeros_end_a_list() {
        check(b"\0\0\0\x08aaaa\0\0\0\0", &[(b"aaaa", 8, 8)], false);
        check(b"\0\0\0\0\0\0\0\0\0\0\0\0", &[], false);
    }
}
