//! Fetches sources into folders that are named after their digests: whole and proven, or not at all.
//!
//! What was cut off goes on where it ended. Knows where a file comes from and goes to, and nothing of releases.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use engine::{Origin, StageError, World};
use formats::digest::Digester;
use reqwest::Url;

use crate::files;
use crate::http::download::{Stream, failure};
use crate::http::{Caller, Http, Trouble};

/// The time of a file whose server tells none, so that it is the same wherever it is fetched: 1980-01-01, the earliest
/// that archives can hold.
const NO_TIME: u64 = 315_532_800;
const BLOCK: usize = 256 * 1024;
/// How often a file is looked at that another process fetches.
const LOOK: Duration = Duration::from_millis(50);

/// A file that is to be here.
pub struct Fetch<'f> {
    /// Its name, for messages.
    pub name: &'f str,
    /// Where it comes from.
    pub origin: &'f Origin,
    /// Where it is to lie.
    pub path: &'f Path,
    /// The world with its clock and proxy.
    pub world: &'f World,
    /// Whether it is to be left as it is.
    pub stop: &'f (dyn Fn() -> bool + Sync),
}

impl Fetch<'_> {
    /// Whether it lies here. It is read through unless it is as it was when it was proven.
    pub fn is_here(&self) -> Result<bool, StageError> {
        let Ok(found) = fs::metadata(self.path) else { return Ok(false) };
        if !found.is_file() {
            return Ok(false);
        }
        let mark = mark(&found);
        if fs::read_to_string(self.beside("proven")).is_ok_and(|text| text == mark) {
            return Ok(true);
        }
        let mut digester = digester()?;
        let mut file = files::open(self.path)?;
        self.digest(&mut file, &mut digester)?;
        let is_right = sha256(digester) == self.origin.sha256;
        if is_right {
            self.prove(&mark);
        }
        Ok(is_right)
    }

    /// Fetches it, says how far that is on the way (bytes done, bytes in all), and gives its size.
    pub fn fetch(&self, tell: &mut dyn FnMut(u64, Option<u64>)) -> Result<u64, StageError> {
        let url = Url::parse(&self.origin.url)
            .map_err(|error| StageError::input(format!("{} is no address: {error}", self.origin.url)))?;
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(|error| StageError::writing(folder, &error))?;
        }
        let mut part = self.part()?;
        if self.is_here()? {
            // Another process was first.
            let _ = fs::remove_file(self.beside("part"));
            return fs::metadata(self.path)
                .map(|found| found.len())
                .map_err(|error| StageError::reading(self.path, &error));
        }
        let mut resumed = size(&part, self.path)? > 0;
        loop {
            let (found, modified) = self.receive(&url, &mut part, tell).inspect_err(|_| self.tidy(&part))?;
            if found == self.origin.sha256 {
                return self.keep(&part, modified);
            }
            part.set_len(0).map_err(|error| StageError::writing(self.path, &error))?;
            // What was here before may have been of another file.
            if !std::mem::take(&mut resumed) {
                self.tidy(&part);
                return Err(StageError::new(
                    "source/digest",
                    format!(
                        "`{}` from {url} is another file: its SHA-256 digest is {found}, and {} is wanted",
                        self.name, self.origin.sha256
                    ),
                )
                .hint("if it was changed on purpose and is what you want, write its new digest"));
            }
        }
    }

    /// Appends what is missing, however often the connection ends; gives the digest of the whole and its time.
    fn receive(
        &self,
        url: &Url,
        part: &mut File,
        tell: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<(String, Option<i64>), StageError> {
        let http = Http::of(self.world);
        let caller = Caller { world: self.world, stop: self.stop };
        let told = |trouble: Trouble| failure(self.name, url, &trouble);
        let (mut attempt, mut modified) = (0, None);
        loop {
            let done = size(part, self.path)?;
            let trouble = match http.open(url, done, caller) {
                Ok(None) => break,
                Ok(Some(mut stream)) => {
                    modified = stream.modified;
                    match self.append(part, &mut stream, tell)? {
                        Ok(()) => break,
                        Err(trouble) => trouble,
                    }
                }
                Err(trouble) => trouble,
            };
            // Only attempts that brought nothing count.
            attempt = if size(part, self.path)? > done { 1 } else { attempt + 1 };
            http.wait(trouble, attempt, self.stop).map_err(told)?;
        }
        let mut digester = digester()?;
        part.seek(SeekFrom::Start(0)).map_err(|error| StageError::reading(self.path, &error))?;
        self.digest(part, &mut digester)?;
        Ok((sha256(digester), modified))
    }

    fn append(
        &self,
        part: &mut File,
        stream: &mut Stream,
        tell: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<Result<(), Trouble>, StageError> {
        let writing = |error: std::io::Error| {
            let mut error = StageError::writing(self.path, &error);
            error.hint = error
                .hint
                .map(|_| "this is where fetched files are kept; see to space and permissions there".into());
            error
        };
        part.set_len(stream.from).and_then(|()| part.seek(SeekFrom::Start(stream.from))).map_err(writing)?;
        if let (Some(total), Some(folder)) = (stream.total, self.path.parent()) {
            files::reserve(folder, total.saturating_sub(stream.from))
                .map_err(|error| error.hint("free some space where fetched files are kept"))?;
        }
        let (mut done, mut block) = (stream.from, vec![0; BLOCK]);
        loop {
            if (self.stop)() {
                return Err(StageError::cancelled());
            }
            tell(done, stream.total);
            match stream.read(&mut block) {
                Ok(0) => return Ok(Ok(())),
                Ok(count) => {
                    part.write_all(block.get(..count).unwrap_or_default()).map_err(writing)?;
                    done += count as u64;
                }
                Err(trouble) => return Ok(Err(trouble)),
            }
        }
    }

    /// Leaves nothing behind where nothing came.
    fn tidy(&self, part: &File) {
        if part.metadata().is_ok_and(|found| found.len() == 0) {
            let _ = fs::remove_file(self.beside("part"));
            // One that holds something else stays.
            let _ = self.path.parent().map(fs::remove_dir);
        }
    }

    /// The file that is under way, which is this process's alone.
    fn part(&self) -> Result<File, StageError> {
        let path = self.beside("part");
        let writing = |error: std::io::Error| StageError::writing(&path, &error);
        loop {
            let part = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
            let part = part.map_err(writing)?;
            match part.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    if (self.stop)() {
                        return Err(StageError::cancelled());
                    }
                    std::thread::sleep(LOOK);
                    continue;
                }
                Err(TryLockError::Error(error)) => return Err(writing(error)),
            }
            // Whoever had it may have given it its name meanwhile.
            let same = fs::metadata(&path).and_then(|named| Ok(named.ino() == part.metadata()?.ino()));
            if same.unwrap_or(false) {
                return Ok(part);
            }
        }
    }

    /// Gives what came its time and its name.
    fn keep(&self, part: &File, modified: Option<i64>) -> Result<u64, StageError> {
        let seconds = modified.and_then(|time| u64::try_from(time).ok()).unwrap_or(NO_TIME);
        let writing = |error: std::io::Error| StageError::writing(self.path, &error);
        part.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).map_err(writing)?;
        part.sync_all().map_err(writing)?;
        fs::rename(self.beside("part"), self.path).map_err(writing)?;
        if let Some(folder) = self.path.parent() {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(writing)?;
        }
        let found = part.metadata().map_err(writing)?;
        self.prove(&mark(&found));
        Ok(found.len())
    }

    /// Notes that it was proven. Where that fails it is proven again.
    fn prove(&self, mark: &str) {
        let _ = fs::write(self.beside("proven"), mark);
    }

    fn digest(&self, from: &mut dyn Read, digester: &mut Digester) -> Result<(), StageError> {
        let mut block = vec![0; BLOCK];
        loop {
            if (self.stop)() {
                return Err(StageError::cancelled());
            }
            match from.read(&mut block).map_err(|error| StageError::reading(self.path, &error))? {
                0 => return Ok(()),
                count => digester.update(block.get(..count).unwrap_or_default()),
            }
        }
    }

    /// A hidden file of ours that belongs to it; sources are never hidden.
    fn beside(&self, what: &str) -> PathBuf {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        self.path.with_file_name(format!(".{name}.{what}"))
    }
}

/// What tells whether a file is as it was when it was proven.
fn mark(found: &fs::Metadata) -> String {
    format!("{} {}.{} {}", found.len(), found.mtime(), found.mtime_nsec(), found.ino())
}

fn size(part: &File, path: &Path) -> Result<u64, StageError> {
    part.metadata().map(|found| found.len()).map_err(|error| StageError::reading(path, &error))
}

fn digester() -> Result<Digester, StageError> {
    Digester::new(["sha256"]).map_err(|error| StageError::input(error.to_string()))
}

fn sha256(digester: Digester) -> String {
    digester.finish().remove("sha256").unwrap_or_default()
}

#[cfg(test)]
mod tests;
