//! Reads the header of a 7z archive.
//!
//! Bounded: every count is held against the bytes that are left or a limit before anything is made for it.

use super::super::bounds;
use super::START;
use super::bytes::{Bytes, Nonsense};
use super::folder::Folder;
use super::header::part;

/// A header as it stands. Streams are cut out of folders, and files take streams, in their order.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) streams: Streams,
    pub(super) files: Vec<File>,
}

/// Where the bytes of all files are.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// Where the first packed stream begins, after the start of the archive.
    pub(super) at: u64,
    pub(super) packed: Vec<u64>,
    pub(super) folders: Vec<Folder>,
}

/// The bytes of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) size: u64,
    pub(super) crc32: Option<u32>,
}

/// A file, or what is none.
#[derive(Debug, Clone, Default)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) has_stream: bool,
    pub(super) directory: bool,
    pub(super) link: bool,
}

/// What a header turns out to be.
pub(super) enum Parsed {
    Header(Header),
    /// The header itself was packed as the one file of these streams.
    Encoded(Streams),
}

impl Streams {
    /// For each folder the offset in the file and the length of what it is packed in; none where they overflow.
    pub(super) fn places(&self) -> Vec<Option<(u64, u64)>> {
        let mut at = START.checked_add(self.at);
        let mut sizes = self.packed.iter();
        let mut place = |folder: &Folder| {
            let len = sizes.by_ref().take(folder.packed).try_fold(0u64, |sum, size| sum.checked_add(*size));
            let place = at.zip(len);
            at = place.and_then(|(at, len)| at.checked_add(len));
            place
        };
        self.folders.iter().map(&mut place).collect()
    }
}

pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, Nonsense> {
    let mut from = Bytes(bytes);
    match from.number()? {
        part::ENCODED_HEADER => Ok(Parsed::Encoded(from.streams()?)),
        part::HEADER => Ok(Parsed::Header(from.header()?)),
        _ => Err(Nonsense),
    }
}

impl Bytes<'_> {
    fn header(&mut self) -> Result<Header, Nonsense> {
        let mut header = Header::default();
        loop {
            match self.number()? {
                part::END => return Ok(header),
                part::ARCHIVE_PROPERTIES => {
                    while self.number()? != part::END {
                        self.sized()?;
                    }
                }
                part::MAIN_STREAMS => header.streams = self.streams()?,
                part::FILES => header.files = self.files()?,
                _ => return Err(Nonsense),
            }
        }
    }

    fn streams(&mut self) -> Result<Streams, Nonsense> {
        let mut streams = Streams::default();
        let mut cut = false;
        loop {
            match self.number()? {
                part::END => break,
                part::PACKED => (streams.at, streams.packed) = self.packed()?,
                part::UNPACKED => streams.folders = self.folders()?,
                part::SUBSTREAMS if !cut => {
                    self.substreams(&mut streams.folders)?;
                    cut = true;
                }
                _ => return Err(Nonsense),
            }
        }
        if !cut {
            for folder in &mut streams.folders {
                folder.streams = vec![Stream { size: folder.size, crc32: folder.crc32 }];
            }
        }
        Ok(streams)
    }

    fn packed(&mut self) -> Result<(u64, Vec<u64>), Nonsense> {
        let at = self.number()?;
        let count = self.count()?;
        let mut sizes = Vec::new();
        loop {
            match self.number()? {
                part::END => break,
                part::SIZES => sizes = (0..count).map(|_| self.number()).collect::<Result<_, _>>()?,
                part::CRCS => drop(self.crcs(count)?),
                _ => return Err(Nonsense),
            }
        }
        if sizes.len() == count { Ok((at, sizes)) } else { Err(Nonsense) }
    }

    fn folders(&mut self) -> Result<Vec<Folder>, Nonsense> {
        if self.number()? != part::FOLDERS {
            return Err(Nonsense);
        }
        let count = self.count()?;
        self.inside()?;
        let mut coded = Vec::new();
        for _ in 0..count {
            coded.push(self.folder()?);
        }
        if self.number()? != part::UNPACKED_SIZES {
            return Err(Nonsense);
        }
        let mut folders = Vec::with_capacity(coded.len());
        for folder in coded {
            let sizes: Vec<u64> =
                (0..folder.coders.len()).map(|_| self.number()).collect::<Result<_, _>>()?;
            folders.push(folder.with(&sizes)?);
        }
        loop {
            match self.number()? {
                part::END => return Ok(folders),
                part::CRCS => {
                    let crcs = self.crcs(count)?;
                    folders.iter_mut().zip(crcs).for_each(|(folder, crc32)| folder.crc32 = crc32);
                }
                _ => return Err(Nonsense),
            }
        }
    }

    fn substreams(&mut self, folders: &mut [Folder]) -> Result<(), Nonsense> {
        let mut id = self.number()?;
        let mut counts = vec![1; folders.len()];
        if id == part::SUBSTREAM_COUNTS {
            let mut total = 0;
            for count in &mut counts {
                *count = usize::try_from(self.number()?).map_err(|_| Nonsense)?;
                total += *count;
                if *count > bounds::MOST_FILES || total > bounds::MOST_FILES {
                    return Err(Nonsense);
                }
            }
            id = self.number()?;
        }
        let sized = id == part::SIZES;
        for (folder, count) in folders.iter_mut().zip(&counts) {
            let mut left = folder.size;
            for index in 0..*count {
                // The last size is what is left.
                let size = if index + 1 == *count {
                    left
                } else if sized {
                    self.number()?
                } else {
                    return Err(Nonsense);
                };
                left = left.checked_sub(size).ok_or(Nonsense)?;
                folder.streams.push(Stream { size, crc32: None });
            }
        }
        if sized {
            id = self.number()?;
        }
        // A folder with one stream and a CRC of its own needs no other.
        let own = |folder: &Folder| folder.streams.len() == 1 && folder.crc32.is_some();
        for folder in folders.iter_mut().filter(|folder| own(folder)) {
            let crc32 = folder.crc32;
            folder.streams.iter_mut().for_each(|stream| stream.crc32 = crc32);
        }
        while id != part::END {
            if id != part::CRCS {
                return Err(Nonsense);
            }
            let open: Vec<&mut Stream> = folders
                .iter_mut()
                .filter(|folder| !own(folder))
                .flat_map(|folder| folder.streams.iter_mut())
                .collect();
            let crcs = self.crcs(open.len())?;
            open.into_iter().zip(crcs).for_each(|(stream, crc32)| stream.crc32 = crc32);
            id = self.number()?;
        }
        Ok(())
    }

    fn files(&mut self) -> Result<Vec<File>, Nonsense> {
        let count = self.count()?;
        let mut files = vec![File { has_stream: true, ..File::default() }; count];
        let mut empty = Vec::new();
        loop {
            let id = self.number()?;
            if id == part::END {
                return Ok(files);
            }
            let mut own = Bytes(self.sized()?);
            match id {
                part::EMPTY_STREAMS => {
                    empty = own.bits(count)?;
                    for (file, empty) in files.iter_mut().zip(&empty) {
                        (file.has_stream, file.directory) = (!empty, *empty);
                    }
                }
                part::EMPTY_FILES => {
                    let flags = own.bits(empty.iter().filter(|empty| **empty).count())?;
                    let without = files.iter_mut().filter(|file| !file.has_stream);
                    without.zip(flags).for_each(|(file, flag)| file.directory = !flag);
                }
                part::NAMES => {
                    own.inside()?;
                    for file in &mut files {
                        file.name = own.name()?;
                    }
                }
                part::ATTRIBUTES => {
                    let defined = own.defined(count)?;
                    own.inside()?;
                    for (file, _) in files.iter_mut().zip(defined).filter(|(_, defined)| *defined) {
                        let attributes = u32::from_le_bytes(own.array()?);
                        let mode = if attributes & 0x8000 != 0 { attributes >> 16 } else { 0 };
                        file.link = mode & 0o170_000 == 0o120_000 || attributes & 0x400 != 0;
                    }
                }
                // Times, what is padding, and what we know nothing of.
                _ => {}
            }
        }
    }
}
