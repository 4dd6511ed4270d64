//! What all archive formats have in common: the table of formats, volumes, faults.
//!
//! Opens no path: whoever verifies hands in something that opens volumes one at a time.

mod bounds;
pub mod dos_time;
pub mod input;
pub mod name;
pub mod rar;
pub mod rar4;
pub mod rar5;
pub mod seven_zip;
pub mod split;
pub mod tar;
pub mod tar_gz;
pub mod tar_zst;
pub mod volumes;
pub mod zip;

use std::io::{self, Read, Seek};
use std::ops::Range;

use serde::Serialize;

/// One archive format. Everything outside its own file that depends on the format is in this row.
pub struct Format {
    /// Name as manifests write it.
    pub name: &'static str,
    /// Extensions of a first volume, lower-case, without the dot.
    pub extensions: &'static [&'static str],
    /// What a file of this format begins with, any one of these.
    pub magic: &'static [&'static [u8]],
    /// Reads everything and says what is wrong.
    pub verify: Verify,
}

/// Every archive format, alphabetical. A new one is a file and a row.
pub const FORMATS: &[Format] = &[
    Format { name: "7z", extensions: &["7z"], magic: seven_zip::MAGIC, verify: seven_zip::verify },
    Format { name: "rar4", extensions: &["rar"], magic: &[&rar4::MARKER], verify: rar4::verify },
    Format { name: "rar5", extensions: &["rar"], magic: &[&rar5::MARKER], verify: rar5::verify },
    Format { name: "tar.gz", extensions: tar_gz::EXTENSIONS, magic: tar_gz::MAGIC, verify: tar_gz::verify },
    Format {
        name: "tar.zst",
        extensions: tar_zst::EXTENSIONS,
        magic: tar_zst::MAGIC,
        verify: tar_zst::verify,
    },
    Format { name: "zip", extensions: &["zip"], magic: zip::MAGIC, verify: zip::verify },
];

/// Checks one archive. An error comes from `progress` alone; what cannot be read is a fault.
pub type Verify = fn(&dyn Volumes, &mut Progress<'_>) -> io::Result<Verdict>;

/// Told how many more bytes were done, often; zero means "still alive". Its error ends the work.
pub type Progress<'a> = dyn FnMut(u64) -> io::Result<()> + Send + 'a;

/// Bytes that can be read from any place.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek + ?Sized> ReadSeek for T {}

/// The volumes of one archive in their order. As many are open at a time as [`Volumes::at_once`] says.
pub trait Volumes: Sync {
    /// How many volumes there are.
    fn count(&self) -> usize;
    /// File name of a volume, for faults.
    fn name(&self, index: usize) -> &str;
    /// Opens a volume at its first byte.
    fn open(&self, index: usize) -> io::Result<Box<dyn ReadSeek + '_>>;
    /// How many volumes may be read at once.
    fn at_once(&self) -> usize {
        1
    }
    /// Does the work for each of these volumes, in any order and on whatever threads there are.
    fn each(&self, volumes: Range<usize>, work: &(dyn Fn(usize) + Sync)) {
        volumes.for_each(work);
    }
}

/// Something wrong with an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Stable kebab-case word.
    pub code: &'static str,
    /// Lower-case fragment.
    pub message: String,
    /// File name of the volume.
    pub volume: Option<String>,
    /// Offset in the volume, in bytes.
    pub at: Option<u64>,
}

/// Something in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Path in the archive, with forward slashes. Not to be opened when a fault calls it unsafe.
    pub name: String,
    /// Unpacked size in bytes.
    pub size: u64,
    /// CRC-32 of the content as found, where it was read.
    pub crc32: Option<u32>,
    /// Is a directory.
    pub directory: bool,
}

/// Something that could not be checked, which is not a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unchecked {
    /// Path in the archive, or a volume's file name.
    pub name: String,
    /// Lower-case fragment.
    pub why: String,
}

/// What a check of an archive found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What the archive holds, in its order.
    pub members: Vec<Member>,
    /// Empty when all is well.
    pub faults: Vec<Fault>,
    /// What was seen and not checked.
    pub unchecked: Vec<Unchecked>,
}

/// The format whose file begins with these bytes.
pub fn sniff(head: &[u8]) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.magic.iter().any(|magic| head.starts_with(magic)))
}

/// The format that a file's extension promises.
pub fn named(file: &str) -> Option<&'static Format> {
    let lower = file.to_ascii_lowercase();
    let ends = |extension: &&str| lower.strip_suffix(*extension).is_some_and(|stem| stem.ends_with('.'));
    FORMATS.iter().find(|format| format.extensions.iter().any(ends))
}

/// The format of that name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

impl Verdict {
    /// More faults than this say nothing new, and would let a hostile file fill the memory.
    const FAULT_LIMIT: usize = 1_000;

    fn fault(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        volume: Option<&str>,
        at: Option<u64>,
    ) {
        if self.faults.len() < Self::FAULT_LIMIT {
            let volume = volume.map(str::to_owned);
            self.faults.push(Fault { code, message: message.into(), volume, at });
        }
    }

    fn unchecked(&mut self, name: &str, why: &str) {
        if self.unchecked.len() < Self::FAULT_LIMIT {
            self.unchecked.push(Unchecked { name: name.to_owned(), why: why.to_owned() });
        }
    }
}

/// Why moving bytes ended early.
enum Stop<E> {
    /// They could not be read.
    Reading(io::Error),
    /// They were not taken.
    Taking(E),
}

/// Gives `len` bytes to `take`, or fewer where `from` ends, in chunks; gives how many there were.
fn pump<E>(
    from: &mut dyn Read,
    len: u64,
    take: &mut dyn FnMut(&[u8]) -> Result<(), E>,
) -> Result<u64, Stop<E>> {
    let mut buffer = vec![0; len.min(CHUNK) as usize];
    let mut done = 0;
    while done < len {
        let wanted = (len - done).min(CHUNK) as usize;
        let room = buffer.get_mut(..wanted).unwrap_or_default();
        let got = match from.read(room) {
            Ok(0) => break,
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Stop::Reading(error)),
        };
        take(room.get(..got).unwrap_or_default()).map_err(Stop::Taking)?;
        done += got as u64;
    }
    Ok(done)
}

/// Bytes moved at a time: large enough for disks, small enough for many workers.
const CHUNK: u64 = 256 * 1024;

/// Volumes in memory, which is what tests verify.
#[cfg(test)]
pub(crate) struct InMemory(pub Vec<(String, Vec<u8>)>);

#[cfg(test)]
impl Volumes for InMemory {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn name(&self, index: usize) -> &str {
        &self.0[index].0
    }

    fn open(&self, index: usize) -> io::Result<Box<dyn ReadSeek + '_>> {
        Ok(Box::new(io::Cursor::new(&self.0[index].1)))
    }

    fn at_once(&self) -> usize {
        3
    }
}

/// Runs a program that may be absent; gives its output when it is there.
#[cfg(test)]
pub(crate) fn run_foreign(
    program: &str,
    arguments: &[&str],
    directory: &std::path::Path,
) -> Option<(bool, String)> {
    match std::process::Command::new(program).args(arguments).current_dir(directory).output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            Some((output.status.success(), text + &String::from_utf8_lossy(&output.stderr)))
        }
        Err(_) => {
            eprintln!("SKIPPED: {program} is not installed");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_found_by_their_first_bytes() {
        let found = |head: &[u8]| sniff(head).map(|format| format.name);
        assert_eq!(found(b"Rar!\x1a\x07\x00 and more"), Some("rar4"));
        assert_eq!(found(b"Rar!\x1a\x07\x01\x00"), Some("rar5"));
        assert_eq!(found(b"PK\x03\x04"), Some("zip"));
        assert_eq!(found(b"PK\x05\x06"), Some("zip"));
        assert_eq!(found(b"7z\xbc\xaf\x27\x1c\0\x04"), Some("7z"));
        assert_eq!(found(b"\x1f\x8b\x08\0"), Some("tar.gz"));
        assert_eq!(found(b"\x28\xb5\x2f\xfd"), Some("tar.zst"));
        assert_eq!(found(b""), None);
    }

    #[test]
    fn formats_are_found_by_the_whole_extension() {
        let found = |name: &str| named(name).map(|format| format.name);
        assert_eq!(found("a.tar.GZ"), Some("tar.gz"));
        assert_eq!(found("a.tgz"), Some("tar.gz"));
        assert_eq!(found("a.b.tar.zst"), Some("tar.zst"));
        assert_eq!(found("a.7z"), Some("7z"));
        assert_eq!(found("a.zip"), Some("zip"));
        for name in ["a.gz", "a.zst", "tar.gz", "atar.gz", "zip", ""] {
            assert_eq!(found(name), None, "{name}");
        }
    }

    #[test]
    fn rows_are_alphabetical_and_found_by_name() {
        assert!(FORMATS.is_sorted_by_key(|format| format.name));
        assert!(FORMATS.iter().all(|row| format(row.name).is_some_and(|found| found.name == row.name)));
    }
}
