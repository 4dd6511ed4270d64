//! Packets of SFTP, version 3 (draft-ietf-secsh-filexfer-02) with the extensions of OpenSSH.
//!
//! Speaks bytes: requests are made, replies are read. Knows no connection and no words for failures.

/// Longest packet that is taken, in bytes.
pub(super) const LONGEST: usize = 1 << 20;

/// Flags of `OPEN`.
pub(super) const READ: u32 = 0x01;
pub(super) const WRITE: u32 = 0x02;
pub(super) const CREATE: u32 = 0x08;
pub(super) const TRUNCATE: u32 = 0x10;

/// Statuses of the drafts up to version 6, which servers use in version 3, too.
pub(super) const OK: u32 = 0;
pub(super) const END: u32 = 1;
pub(super) const MISSING: u32 = 2;
pub(super) const DENIED: u32 = 3;
pub(super) const FAILURE: u32 = 4;

/// What is asked of the server.
#[derive(Clone, Copy, Debug)]
pub(super) enum Request<'a> {
    Open { path: &'a str, flags: u32 },
    Close { handle: &'a [u8] },
    Read { handle: &'a [u8], offset: u64, length: u32 },
    Write { handle: &'a [u8], offset: u64, bytes: &'a [u8] },
    SetSize { path: &'a str, size: u64 },
    OpenFolder { path: &'a str },
    ReadFolder { handle: &'a [u8] },
    Remove { path: &'a str },
    MakeFolder { path: &'a str },
    RemoveFolder { path: &'a str },
    RealPath { path: &'a str },
    Stat { path: &'a str },
    Rename { from: &'a str, to: &'a str },
    Limits,
    Space { path: &'a str },
    Check { path: &'a str, algorithms: &'a str },
}

/// What the server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Status { number: u32, text: String },
    Handle(Vec<u8>),
    Data(Vec<u8>),
    Names(Vec<(String, Attributes)>),
    Attributes(Attributes),
    Extended(Vec<u8>),
}

/// What is said of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) size: u64,
    pub(super) mode: Option<u32>,
}

impl Attributes {
    pub(super) fn is_folder(&self) -> bool {
        self.mode.is_some_and(|mode| mode & 0o170_000 == 0o040_000)
    }

    pub(super) fn is_link(&self) -> bool {
        self.mode.is_some_and(|mode| mode & 0o170_000 == 0o120_000)
    }
}

/// The first packet, which has no number.
pub(super) fn hello() -> Vec<u8> {
    vec![0, 0, 0, 5, 1, 0, 0, 0, 3]
}

/// The extensions that the answer to the first packet names; none if it is something else.
pub(super) fn extensions(packet: &[u8]) -> Option<Vec<String>> {
    let mut rest = packet;
    if byte(&mut rest)? != 2 || number(&mut rest)? < 3 {
        return None;
    }
    let mut found = Vec::new();
    while let Some(name) = text(&mut rest) {
        string(&mut rest)?;
        found.push(name);
    }
    Some(found)
}

/// A request as a packet.
pub(super) fn write(id: u32, request: Request<'_>) -> Vec<u8> {
    let room = if let Request::Write { bytes, .. } = request { bytes.len() + 300 } else { 300 };
    let mut packet = Vec::with_capacity(room);
    packet.extend([0; 4]);
    fill(&mut packet, id, request);
    let length = u32::try_from(packet.len() - 4).unwrap_or(u32::MAX);
    packet[..4].copy_from_slice(&length.to_be_bytes());
    packet
}

fn fill(packet: &mut Vec<u8>, id: u32, request: Request<'_>) {
    let mut begin = |kind: u8| {
        packet.push(kind);
        packet.extend(id.to_be_bytes());
    };
    match request {
        Request::Open { path, flags } => {
            begin(3);
            put(packet, path.as_bytes());
            packet.extend(flags.to_be_bytes());
            packet.extend(0u32.to_be_bytes());
        }
        Request::Close { handle } => {
            begin(4);
            put(packet, handle);
        }
        Request::Read { handle, offset, length } => {
            begin(5);
            put(packet, handle);
            packet.extend(offset.to_be_bytes());
            packet.extend(length.to_be_bytes());
        }
        Request::Write { handle, offset, bytes } => {
            begin(6);
            put(packet, handle);
            packet.extend(offset.to_be_bytes());
            put(packet, bytes);
        }
        Request::SetSize { path, size } => {
            begin(9);
            put(packet, path.as_bytes());
            packet.extend(1u32.to_be_bytes());
            packet.extend(size.to_be_bytes());
        }
        Request::OpenFolder { path } => {
            begin(11);
            put(packet, path.as_bytes());
        }
        Request::ReadFolder { handle } => {
            begin(12);
            put(packet, handle);
        }
        Request::Remove { path } => {
            begin(13);
            put(packet, path.as_bytes());
        }
        Request::MakeFolder { path } => {
            begin(14);
            put(packet, path.as_bytes());
            packet.extend(0u32.to_be_bytes());
        }
        Request::RemoveFolder { path } => {
            begin(15);
            put(packet, path.as_bytes());
        }
        Request::RealPath { path } => {
            begin(16);
            put(packet, path.as_bytes());
        }
        Request::Stat { path } => {
            begin(17);
            put(packet, path.as_bytes());
        }
        Request::Rename { from, to } => {
            begin(18);
            put(packet, from.as_bytes());
            put(packet, to.as_bytes());
        }
        Request::Limits => {
            begin(200);
            put(packet, b"limits@openssh.com");
        }
        Request::Space { path } => {
            begin(200);
            put(packet, b"statvfs@openssh.com");
            put(packet, path.as_bytes());
        }
        Request::Check { path, algorithms } => {
            begin(200);
            put(packet, b"check-file-name");
            put(packet, path.as_bytes());
            put(packet, algorithms.as_bytes());
            // The whole file, as one block.
            packet.extend([0; 8 + 8 + 4]);
        }
    }
}

/// Reads a reply and the number of its request; none if it is malformed.
pub(super) fn read(packet: &[u8]) -> Option<(u32, Reply)> {
    let mut rest = packet;
    let kind = byte(&mut rest)?;
    let id = number(&mut rest)?;
    let reply = match kind {
        101 => {
            let number = number(&mut rest)?;
            // Old servers leave the text out.
            Reply::Status { number, text: text(&mut rest).unwrap_or_default() }
        }
        102 => Reply::Handle(string(&mut rest)?.to_vec()),
        103 => Reply::Data(string(&mut rest)?.to_vec()),
        104 => {
            let count = number(&mut rest)?;
            let mut names = Vec::new();
            for _ in 0..count {
                let name = text(&mut rest)?;
                string(&mut rest)?;
                names.push((name, attributes(&mut rest)?));
            }
            Reply::Names(names)
        }
        105 => Reply::Attributes(attributes(&mut rest)?),
        201 => Reply::Extended(rest.to_vec()),
        _ => return None,
    };
    Some((id, reply))
}

/// Free bytes by a reply to `Request::Space`.
pub(super) fn space(extended: &[u8]) -> Option<u64> {
    let field = |at: usize| long(&mut extended.get(8 * at..)?);
    Some(field(1)?.saturating_mul(field(4)?))
}

/// Longest packet and longest write by a reply to `Request::Limits`; 0 stands for no limit.
pub(super) fn limits(extended: &[u8]) -> Option<(u64, u64)> {
    let field = |at: usize| long(&mut extended.get(8 * at..)?);
    Some((field(0)?, field(2)?))
}

/// The algorithm and digest of a reply to `Request::Check`.
pub(super) fn checked(extended: &[u8]) -> Option<(String, &[u8])> {
    let mut rest = extended;
    let mut name = text(&mut rest)?;
    // Some repeat the name of the extension first, as a later draft has it.
    if name == "check-file" {
        name = text(&mut rest)?;
    }
    Some((name, rest))
}

fn put(packet: &mut Vec<u8>, bytes: &[u8]) {
    packet.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    packet.extend_from_slice(bytes);
}

fn attributes(rest: &mut &[u8]) -> Option<Attributes> {
    let flags = number(rest)?;
    let mut found = Attributes::default();
    if flags & 0x1 != 0 {
        found.size = long(rest)?;
    }
    if flags & 0x2 != 0 {
        take(rest, 8)?;
    }
    if flags & 0x4 != 0 {
        found.mode = Some(number(rest)?);
    }
    if flags & 0x8 != 0 {
        take(rest, 8)?;
    }
    if flags & 0x8000_0000 != 0 {
        for _ in 0..number(rest)? {
            string(rest)?;
            string(rest)?;
        }
    }
    Some(found)
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    take(rest, 1)?.first().copied()
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(take(rest, 4)?.try_into().ok()?))
}

fn long(rest: &mut &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(take(rest, 8)?.try_into().ok()?))
}

fn string<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = number(rest)?;
    take(rest, usize::try_from(length).ok()?)
}

fn text(rest: &mut &[u8]) -> Option<String> {
    Some(String::from_utf8_lossy(string(rest)?).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_write_is_laid_out_as_the_draft_says() {
        let packet = write(7, Request::Write { handle: b"h", offset: 258, bytes: b"abc" });
        let wanted = [
            &[0, 0, 0, 25, 6, 0, 0, 0, 7, 0, 0, 0, 1, b'h'][..],
            &258u64.to_be_bytes(),
            &[0, 0, 0, 3],
            b"abc",
        ];
        assert_eq!(packet, wanted.concat());
    }

    #[test]
    fn replies_are_read() {
        let check = |packet: &[u8], wanted: Option<Reply>| {
            assert_eq!(read(packet), wanted.map(|reply| (5, reply)), "{packet:?}");
        };
        let head = |kind: u8| vec![kind, 0, 0, 0, 5];
        let missing = Reply::Status { number: 2, text: "gone".into() };
        check(
            &[head(101), vec![0, 0, 0, 2, 0, 0, 0, 4], b"gone".to_vec(), vec![0; 4]].concat(),
            Some(missing),
        );
        check(&[head(101), vec![0; 4]].concat(), Some(Reply::Status { number: 0, text: String::new() }));
        check(&[head(102), vec![0, 0, 0, 1, 9]].concat(), Some(Reply::Handle(vec![9])));
        let folder =
            [head(105), vec![0, 0, 0, 5], 12u64.to_be_bytes().to_vec(), 0o040_755u32.to_be_bytes().to_vec()];
        let found = Attributes { size: 12, mode: Some(0o040_755) };
        assert!(found.is_folder() && !found.is_link());
        check(&folder.concat(), Some(Reply::Attributes(found)));
        check(&[head(104), vec![0xff; 4]].concat(), None);
        check(&head(99), None);
        check(&[], None);
    }

    #[test]
    fn the_first_answer_names_extensions() {
        let mut packet = vec![2, 0, 0, 0, 3];
        put(&mut packet, b"posix-rename@openssh.com");
        put(&mut packet, b"1");
        assert_eq!(extensions(&packet).unwrap(), ["posix-rename@openssh.com"]);
        assert_eq!(extensions(&[2, 0, 0, 0, 2]), None);
    }

    proptest! {
        #[test]
        fn no_packet_does_harm(packet: Vec<u8>, kind in prop::sample::select(vec![101u8, 102, 103, 104, 105, 201])) {
            let _ = (read(&packet), extensions(&packet), space(&packet), limits(&packet), checked(&packet));
            let _ = read(&[vec![kind, 0, 0, 0, 1], packet].concat());
        }
    }
}
