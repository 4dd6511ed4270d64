//! Unpacks every file of a 7z archive and says what is wrong with it.
//!
//! Bounded: files are streamed and thrown away, headers and dictionaries have limits, and an archive that says it
//! unpacks to more than honest ones do is not unpacked at all. What is encrypted or packed in another way than
//! 7-Zip's usual ones is named as not checked.

use std::io::{self, Read, Seek, SeekFrom};

use super::super::{Member, Progress, ReadSeek, Stop, Verdict, Volumes, bounds, name, pump};
use super::coders::{self, Refusal};
use super::folder::Folder;
use super::parse::{File, Header, Parsed, Stream, Streams, parse};
use super::{SIGNATURE, START};

/// Largest header, packed or not: room for the names of a million files.
const HEADER: u64 = 64 << 20;
/// How often a header may be packed again.
const NESTED: usize = 4;

/// Checks the archive. Only its first volume is read: a 7z that is split cannot be checked.
pub fn verify(volumes: &dyn Volumes, progress: &mut Progress<'_>) -> io::Result<Verdict> {
    let mut verdict = Verdict::default();
    if volumes.count() == 0 {
        return Ok(verdict);
    }
    let volume = volumes.name(0).to_owned();
    if volume.ends_with(".001") {
        verdict.unchecked(&volume, "is a part of a 7z that is split");
        return Ok(verdict);
    }
    let opened = volumes.open(0).and_then(|mut file| {
        let size = file.seek(SeekFrom::End(0))?;
        Ok((file, size))
    });
    let (file, size) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            verdict.fault("unreadable", format!("cannot be read: {error}"), Some(&volume), None);
            return Ok(verdict);
        }
    };
    let mut check = Check { file, size, end: size, verdict, volume, told: 0 };
    let ended = check.archive(progress);
    let mut verdict = check.verdict;
    match ended {
        Ok(()) => {}
        Err(End::Stopped(error)) => return Err(error),
        Err(End::Broken(code, message)) => verdict.fault(code, message, Some(&check.volume), None),
        Err(End::Unchecked(why)) => verdict.unchecked(&check.volume, why),
    }
    Ok(verdict)
}

/// Why the check ends early.
enum End {
    /// The watcher ended it.
    Stopped(io::Error),
    /// The archive cannot be read any further: code and message.
    Broken(&'static str, String),
    /// Nothing is wrong, but it is not known how to read it.
    Unchecked(&'static str),
}

/// A file with its stream.
struct Mine<'a> {
    index: usize,
    file: &'a File,
    stream: Stream,
}

struct Check<'a> {
    file: Box<dyn ReadSeek + 'a>,
    size: u64,
    /// Where packed bytes end and the header begins.
    end: u64,
    verdict: Verdict,
    volume: String,
    /// Bytes of the file that `progress` knows of.
    told: u64,
}

impl Check<'_> {
    fn archive(&mut self, progress: &mut Progress<'_>) -> Result<(), End> {
        let Some(header) = self.header(progress)? else { return Ok(()) };
        self.list(&header.files);
        let total = header.streams.folders.iter().try_fold(0u64, |sum, folder| sum.checked_add(folder.size));
        if total.is_none_or(|total| total > bounds::unpacked(self.size)) {
            return Err(broken("too-large", "the files unpack to more than any honest archive holds"));
        }
        let mut files = header.files.iter().enumerate().filter(|(_, file)| file.has_stream);
        for (folder, place) in header.streams.folders.iter().zip(header.streams.places()) {
            self.folder(folder, place, &mut files, progress)?;
        }
        if files.next().is_some() {
            return Err(broken("bad-header", "there are more files than streams"));
        }
        let (size, told) = (self.size, self.told);
        progress(size.saturating_sub(told)).map_err(End::Stopped)
    }

    /// Finds the header, and unpacks it where it is packed itself; none when the archive holds nothing.
    fn header(&mut self, progress: &mut Progress<'_>) -> Result<Option<Header>, End> {
        let start = self.bytes(0, START)?;
        if !start.starts_with(SIGNATURE) {
            return Err(broken("bad-header", "the archive does not begin as a 7z does"));
        }
        let number = |at: usize, len: usize| {
            let bytes = start.get(at..at + len).unwrap_or_default();
            bytes.iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte))
        };
        if number(8, 4) != u64::from(crc32fast::hash(start.get(12..).unwrap_or_default())) {
            return Err(broken("header-crc", "the start of the archive has another crc-32 than it says"));
        }
        let (offset, len, crc32) = (number(12, 8), number(20, 8), number(28, 4));
        let at =
            START.checked_add(offset).ok_or_else(|| broken("truncated", "the header lies beyond the end"))?;
        match at.checked_add(len) {
            Some(end) if end == self.size => {}
            Some(end) if end < self.size => {
                self.fault("trailing-bytes", "something follows the end of the archive");
            }
            _ => return Err(broken("truncated", "the header lies beyond the end")),
        }
        self.end = at;
        if len == 0 {
            return Ok(None);
        }
        let mut bytes = self.bytes(at, len)?;
        if u64::from(crc32fast::hash(&bytes)) != crc32 {
            return Err(broken("header-crc", "the header has another crc-32 than it says"));
        }
        for _ in 0..NESTED {
            match parse(&bytes).map_err(|_| broken("bad-header", "the header makes no sense"))? {
                Parsed::Header(header) => return Ok(Some(header)),
                Parsed::Encoded(streams) => bytes = self.packed_header(&streams, progress)?,
            }
        }
        Err(broken("bad-header", "the header is packed too often"))
    }

    fn packed_header(&mut self, streams: &Streams, progress: &mut Progress<'_>) -> Result<Vec<u8>, End> {
        let nonsense = || broken("bad-header", "the packed header makes no sense");
        let (Some(folder), Some(place)) =
            (streams.folders.first(), streams.places().first().copied().flatten())
        else {
            return Err(nonsense());
        };
        let Some(chain) = &folder.chain else { return Err(End::Unchecked("is packed in an unknown way")) };
        if folder.size > HEADER {
            return Err(broken("too-large", "the header is larger than any honest one"));
        }
        let mut from = coders::undo(&mut *self.file, place, chain).map_err(|refusal| match refusal {
            Refusal::Unchecked(why) => End::Unchecked(why),
            Refusal::Broken => nonsense(),
        })?;
        let mut bytes = Vec::new();
        let read = pump(&mut from, folder.size, &mut |some| {
            bytes.extend(some);
            progress(0)
        });
        drop(from);
        match read {
            Err(Stop::Taking(error)) => Err(End::Stopped(error)),
            Ok(len) if len == folder.size => {
                let good = folder.crc32.is_none_or(|crc32| crc32 == crc32fast::hash(&bytes));
                if good {
                    Ok(bytes)
                } else {
                    Err(broken("header-crc", "the header has another crc-32 than it says"))
                }
            }
            _ => Err(broken("bad-header", "the packed header cannot be unpacked")),
        }
    }

    /// Unpacks a folder, and takes the files that lie in it from `files`.
    fn folder<'f>(
        &mut self,
        folder: &Folder,
        place: Option<(u64, u64)>,
        files: &mut impl Iterator<Item = (usize, &'f File)>,
        progress: &mut Progress<'_>,
    ) -> Result<(), End> {
        let mut mine: Vec<Mine<'_>> = Vec::new();
        for stream in &folder.streams {
            let Some((index, file)) = files.next() else {
                return Err(broken("bad-header", "there are more streams than files"));
            };
            mine.push(Mine { index, file, stream: *stream });
            self.found(index, stream.size, None);
        }
        let Some(place) = place.filter(|(at, len)| at.checked_add(*len).is_some_and(|end| end <= self.end))
        else {
            return Err(broken("truncated", "packed bytes lie beyond their end"));
        };
        let refusal = match &folder.chain {
            None => Some(Refusal::Unchecked("is compressed in an unknown way")),
            Some(chain) => self.unpack(chain, place, &mine, progress)?,
        };
        if let Some(refusal) = refusal {
            for Mine { file, .. } in &mine {
                match refusal {
                    Refusal::Unchecked(why) => self.verdict.unchecked(&file.name, why),
                    Refusal::Broken => self.fault("bad-content", &cannot(file, "its coders make no sense")),
                }
            }
        }
        self.told += place.1;
        progress(place.1).map_err(End::Stopped)
    }

    fn unpack(
        &mut self,
        chain: &[coders::Coder],
        place: (u64, u64),
        mine: &[Mine<'_>],
        progress: &mut Progress<'_>,
    ) -> Result<Option<Refusal>, End> {
        let mut from = match coders::undo(&mut *self.file, place, chain) {
            Ok(from) => from,
            Err(refusal) => return Ok(Some(refusal)),
        };
        let mut done = mine.iter();
        let mut found = Vec::new();
        let mut faults: Vec<(&'static str, String)> = Vec::new();
        for Mine { index, file, stream } in done.by_ref() {
            let mut crc = crc32fast::Hasher::new();
            let read = pump(&mut from, stream.size, &mut |bytes| {
                crc.update(bytes);
                progress(0)
            });
            let error = match read {
                Err(Stop::Taking(error)) => return Err(End::Stopped(error)),
                Err(Stop::Reading(error)) => Some(fragment(&error)),
                Ok(len) if len < stream.size => Some("its bytes end early".to_owned()),
                Ok(_) => None,
            };
            let crc32 = crc.finalize();
            found.push((*index, stream.size, error.is_none().then_some(crc32)));
            if let Some(error) = error {
                faults.push(("bad-content", cannot(file, &error)));
                break;
            }
            if stream.crc32.is_some_and(|stated| stated != crc32) {
                let name = file.name.escape_debug();
                faults.push(("file-crc", format!("`{name}` has another crc-32 than it says")));
            }
        }
        // What lies behind a broken file cannot be reached.
        let rest: Vec<_> = done.collect();
        if rest.is_empty() && faults.iter().all(|(code, _)| *code != "bad-content") {
            let more = pump(&mut from, 1, &mut |_| Ok::<(), io::Error>(()));
            if !matches!(more, Ok(0)) {
                faults.push(("size-mismatch", "more bytes come out than the files have".to_owned()));
            }
        }
        drop(from);
        faults.into_iter().for_each(|(code, message)| self.fault(code, &message));
        found.into_iter().for_each(|(index, size, crc32)| self.found(index, size, crc32));
        for Mine { file, .. } in rest {
            self.verdict.unchecked(&file.name, "lies behind bytes that cannot be unpacked");
        }
        Ok(None)
    }

    /// Remembers all files, and says what is wrong with their names.
    fn list(&mut self, files: &[File]) {
        for file in files {
            if let Err(why) = name::check(&file.name) {
                let shown = file.name.escape_debug();
                self.fault("unsafe-name", &format!("`{shown}` must not be unpacked: {why}"));
            }
            if file.link {
                self.verdict.unchecked(&file.name, "is a link, and where to was not looked at");
            }
            let crc32 = (!file.has_stream && !file.directory).then_some(0);
            let name = file.name.clone();
            self.verdict.members.push(Member { name, size: 0, crc32, directory: file.directory });
        }
        let plain = files.iter().filter(|file| !file.directory);
        let mut names: Vec<&str> = plain.map(|file| file.name.as_str()).collect();
        names.sort_unstable();
        if let Some([name, ..]) = names.windows(2).find(|two| two.first() == two.last()) {
            self.fault("duplicate-name", &format!("two files have the same name, `{}`", name.escape_debug()));
        }
    }

    fn found(&mut self, index: usize, size: u64, crc32: Option<u32>) {
        if let Some(member) = self.verdict.members.get_mut(index) {
            (member.size, member.crc32) = (size, crc32);
        }
    }

    fn bytes(&mut self, at: u64, len: u64) -> Result<Vec<u8>, End> {
        if len > HEADER {
            return Err(broken("too-large", "the header is larger than any honest one"));
        }
        let mut bytes = Vec::new();
        let read = self.file.seek(SeekFrom::Start(at));
        let read = read.and_then(|_| (&mut self.file).take(len).read_to_end(&mut bytes));
        match read {
            Err(error) => Err(broken("unreadable", &format!("cannot be read: {error}"))),
            Ok(read) if (read as u64) < len => Err(broken("truncated", "the archive ends within a header")),
            Ok(_) => Ok(bytes),
        }
    }

    fn fault(&mut self, code: &'static str, message: &str) {
        self.verdict.fault(code, message, Some(&self.volume), None);
    }
}

fn broken(code: &'static str, message: &str) -> End {
    End::Broken(code, message.to_owned())
}

fn cannot(file: &File, why: &str) -> String {
    format!("`{}` cannot be unpacked: {why}", file.name.escape_debug())
}

/// A foreign error as a part of our sentence.
fn fragment(error: &io::Error) -> String {
    error.to_string().trim_end_matches('.').chars().filter(|character| !character.is_control()).collect()
}
