//! Reads every member of a compressed tar and says what is wrong with it.
//!
//! Bounded: members are streamed and thrown away, names are remembered up to a limit, and an archive that unpacks
//! to more than honest ones do is given up on. The compression's own checksum is tested to the last frame.

use std::cell::Cell;
use std::io::{self, Read, SeekFrom};
use std::rc::Rc;

use super::super::bounds;
use super::super::{Progress, Stop, Verdict, Volumes, pump};
use super::frames::{Codec, Frames};
use super::member::{Found, Over};
use super::record::{self, Header};
use super::{BLOCK, padding};

/// Longest extended header: names in it are bounded by file systems.
const LONGEST: u64 = 1 << 20;

/// Checks the archive. Its only volume is read; a file that is compressed and holds no tar is tested as far as the
/// compression goes, unless its name has one of the `extensions` of an archive.
pub fn verify<C: Codec>(
    extensions: &[&str],
    volumes: &dyn Volumes,
    progress: &mut Progress<'_>,
) -> io::Result<Verdict> {
    let mut found = Found::default();
    if volumes.count() == 0 {
        return Ok(Verdict::default());
    }
    let volume = volumes.name(0).to_owned();
    let lower = volume.to_lowercase();
    let named = extensions.iter().any(|extension| lower.ends_with(&format!(".{extension}")));
    let opened = volumes.open(0).and_then(|mut file| {
        let size = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        Ok((file, size))
    });
    let (file, size) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            found.fault("unreadable", format!("cannot be read: {error}"));
            return Ok(found.verdict(&volume));
        }
    };
    let count = Rc::new(Cell::new(0));
    let mut frames = Frames::<C>::new(file, Rc::clone(&count));
    let left = bounds::unpacked(size);
    let mut walk = Walk { from: &mut frames, left, count, told: 0, progress, found };
    let ended = walk.archive();
    let known = named || !walk.found.members.is_empty();
    let mut ends = vec![ended];
    if matches!(ends.first(), Some(Err(End::Broken(..)))) {
        // What follows is no tar any more, but the compression's checksum still says whether it is whole.
        ends.push(walk.drain());
    }
    let Walk { mut found, .. } = walk;
    let begun = frames.begun > 0;
    if !begun {
        found.fault("bad-content", "the file does not begin as its name says");
    }
    if frames.trailing && begun {
        found.fault("trailing-bytes", "something follows the compressed bytes");
    }
    for end in ends {
        match end {
            Ok(()) => {}
            Err(End::Stopped(error)) => return Err(error),
            Err(End::Unreadable(error)) if C::refuses(&error) => {
                found.unchecked(&volume, "takes more memory than is given to it");
            }
            Err(End::Unreadable(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                found.fault("truncated", "the file ends within its compressed bytes");
            }
            Err(End::Unreadable(error)) => {
                found.fault("bad-content", format!("cannot be unpacked: {}", fragment(&error)));
            }
            Err(End::TooLarge) => {
                found.fault("too-large", "the files unpack to more than any honest archive holds");
            }
            Err(End::Broken(code, message)) if known && begun => found.fault(code, message),
            Err(End::Broken(..)) => {}
        }
    }
    Ok(found.verdict(&volume))
}

/// Why the walk ends early.
enum End {
    /// The watcher ended it.
    Stopped(io::Error),
    /// The file cannot be read or unpacked.
    Unreadable(io::Error),
    /// More came out than is taken.
    TooLarge,
    /// What came out is no tar: code and message.
    Broken(&'static str, String),
}

struct Walk<'a, 'p, R> {
    from: R,
    /// Bytes that may still be unpacked.
    left: u64,
    /// Bytes of the file that were read.
    count: Rc<Cell<u64>>,
    /// Those that `progress` knows of.
    told: u64,
    progress: &'a mut Progress<'p>,
    found: Found,
}

impl<R: Read> Walk<'_, '_, R> {
    fn archive(&mut self) -> Result<(), End> {
        let mut over = Over::default();
        loop {
            let block = self.block("the end of the archive is missing")?;
            if block.iter().all(|byte| *byte == 0) {
                return self.tail();
            }
            let header = record::header(&block).map_err(|why| End::Broken("bad-header", why.to_string()))?;
            match header.kind {
                b'x' | b'g' | b'L' | b'K' => {
                    let bytes = self.extended(header.size)?;
                    if !over.take(header.kind, &bytes) {
                        self.found.fault("bad-header", "an extended header cannot be read");
                    }
                }
                _ => self.member(&header, std::mem::take(&mut over))?,
            }
        }
    }

    fn member(&mut self, header: &Header, over: Over) -> Result<(), End> {
        let mut more = header.extended;
        while more {
            more =
                self.block("the headers of a sparse file end early")?.get(504).is_some_and(|flag| *flag != 0);
        }
        let mut member = over.lay(header);
        if !self.found.judge(&member) {
            return Err(End::Broken("too-many-files", "there are more files than are looked at".into()));
        }
        let mut crc = crc32fast::Hasher::new();
        let got = self.take(member.content, &mut |bytes| crc.update(bytes))?;
        if got < member.content {
            let name = member.name.escape_debug();
            let message = format!("`{name}` has {got} bytes, its header says {}", member.content);
            return Err(End::Broken("truncated", message));
        }
        member.crc32 = member.plain.then(|| crc.finalize());
        self.found.keep(member);
        let rest = padding(got).len() as u64;
        match self.take(rest, &mut |_| {})? {
            got if got == rest => Ok(()),
            _ => Err(End::Broken("truncated", "the archive ends within a block".into())),
        }
    }

    /// After the first block of zeros come only zeros.
    fn tail(&mut self) -> Result<(), End> {
        let mut clean = true;
        self.take(u64::MAX, &mut |bytes| clean &= bytes.iter().all(|byte| *byte == 0))?;
        if !clean {
            self.found.fault("trailing-bytes", "something follows the end of the archive");
        }
        Ok(())
    }

    fn drain(&mut self) -> Result<(), End> {
        self.take(u64::MAX, &mut |_| {}).map(drop)
    }

    fn extended(&mut self, size: u64) -> Result<Vec<u8>, End> {
        if size > LONGEST {
            return Err(End::Broken("bad-header", format!("an extended header has {size} bytes")));
        }
        let mut bytes = Vec::new();
        let padded = size.next_multiple_of(BLOCK);
        let got = self.take(padded, &mut |some| bytes.extend(some))?;
        if got < padded {
            return Err(End::Broken("truncated", "an extended header ends early".into()));
        }
        bytes.truncate(size as usize);
        Ok(bytes)
    }

    fn block(&mut self, missing: &str) -> Result<Vec<u8>, End> {
        let mut block = Vec::with_capacity(BLOCK as usize);
        match self.take(BLOCK, &mut |bytes| block.extend(bytes))? {
            BLOCK => Ok(block),
            _ => Err(End::Broken("truncated", missing.to_owned())),
        }
    }

    /// Gives as many unpacked bytes as there are, up to `len`, to `each`.
    fn take(&mut self, len: u64, each: &mut dyn FnMut(&[u8])) -> Result<u64, End> {
        let Self { from, left, count, told, progress, .. } = self;
        let most = len.min(*left);
        let got = pump(from, most, &mut |bytes| {
            each(bytes);
            *left -= bytes.len() as u64;
            let fresh = count.get() - *told;
            *told += fresh;
            progress(fresh)
        });
        let got = got.map_err(|stop| match stop {
            Stop::Reading(error) => End::Unreadable(error),
            Stop::Taking(error) => End::Stopped(error),
        })?;
        // An archive as large as the limit is as suspicious as one beyond it.
        if got < len && *left == 0 { Err(End::TooLarge) } else { Ok(got) }
    }
}

/// A foreign error as a part of our sentence.
fn fragment(error: &io::Error) -> String {
    error.to_string().trim_end_matches('.').chars().filter(|character| !character.is_control()).collect()
}
