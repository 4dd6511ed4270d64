//! Finds files that lie uncompressed in a ZIP archive, so that archives inside can be read where they are.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use zip::{CompressionMethod, ZipArchive};

use super::super::{ReadSeek, name};

/// A file that is stored in an archive, as a range of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Path in the archive.
    pub name: String,
    /// Offset of its first byte.
    pub start: u64,
    /// Bytes of it.
    pub size: u64,
}

/// Every stored file with a safe name. An archive that cannot be read has none: `verify` says what is wrong with it.
pub fn stored(archive: &mut dyn ReadSeek) -> Vec<Stored> {
    let Ok(mut archive) = ZipArchive::new(BufReader::new(archive)) else { return Vec::new() };
    let mut found = Vec::new();
    for index in 0..archive.len() {
        let Ok(file) = archive.by_index_raw(index) else { continue };
        if file.compression() != CompressionMethod::Stored || file.encrypted() || file.is_dir() {
            continue;
        }
        let (Some(start), Ok(member)) = (file.data_start(), file.name()) else { continue };
        if name::check(&member).is_ok() {
            found.push(Stored { name: member.into_owned(), start, size: file.size() });
        }
    }
    found
}

/// A file of an archive, and where its bytes lie if they are stored as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Path in the archive. It may be unsafe, and is not to be opened.
    pub name: String,
    /// Its size when unpacked, as the archive says.
    pub size: u64,
    /// Its bytes, if they are neither compressed nor encrypted.
    pub stored: Option<Stored>,
}

/// Every file of an archive. One that cannot be read has none: `verify` says what is wrong with it.
pub fn list(archive: &mut dyn ReadSeek) -> Vec<Listed> {
    let Ok(mut archive) = ZipArchive::new(BufReader::new(archive)) else { return Vec::new() };
    let mut found = Vec::new();
    for index in 0..archive.len() {
        let Ok(file) = archive.by_index_raw(index) else { continue };
        let Ok(name) = file.name().map(|name| name.into_owned()) else { continue };
        if file.is_dir() {
            continue;
        }
        let plain = file.compression() == CompressionMethod::Stored && !file.encrypted();
        let stored = file.data_start().filter(|_| plain);
        let stored = stored.map(|start| Stored { name: name.clone(), start, size: file.size() });
        found.push(Listed { size: file.size(), name, stored });
    }
    found
}

/// The content of the file of that name, of at most so many bytes; nothing if it cannot be read.
pub fn content(archive: &mut dyn ReadSeek, name: &str, most: u64) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(BufReader::new(archive)).ok()?;
    let file = archive.by_name(name).ok()?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// A range of another reader's bytes, as a reader of its own.
pub struct Section<R> {
    inner: R,
    start: u64,
    size: u64,
    at: u64,
}

impl<R: Read + Seek> Section<R> {
    /// The bytes of `stored` in the archive that `inner` reads.
    pub fn new(inner: R, stored: &Stored) -> Self {
        Self { inner, start: stored.start, size: stored.size, at: 0 }
    }
}

impl<R: Read + Seek> Read for Section<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = room.len().min(left);
        self.inner.seek(SeekFrom::Start(self.start.saturating_add(self.at)))?;
        let got = self.inner.read(room.get_mut(..wanted).unwrap_or_default())?;
        self.at += got as u64;
        Ok(got)
    }
}

impl<R: Read + Seek> Seek for Section<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn a_section_reads_its_own_bytes_alone() {
        let stored = Stored { name: "x".into(), start: 2, size: 3 };
        let mut section = Section::new(Cursor::new(b"abcdefg"), &stored);
        let mut text = String::new();
        section.read_to_string(&mut text).unwrap();
        assert_eq!(text, "cde");
        assert_eq!(section.seek(SeekFrom::End(-1)).unwrap(), 2);
        text.clear();
        section.read_to_string(&mut text).unwrap();
        assert_eq!(text, "e");
        assert!(section.seek(SeekFrom::Current(-9)).is_err());
    }
}
