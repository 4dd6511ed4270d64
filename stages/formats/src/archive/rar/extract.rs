//! Gives back the bytes of a stored file from its volumes.
//!
//! Chooses no path: the bytes go to a writer, and the name is for the caller to judge.

use std::io::{self, Write};

use blake2s_simd::blake2sp;

use super::super::{Stop, Volumes, pump};
use super::headers::{FileHeader, HeaderError, Headers, Reading};

/// Why a file cannot be given back.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// No such file in these volumes.
    #[error("`{0}` is not in the archive")]
    Absent(String),
    /// Compressed, encrypted or a link.
    #[error("`{0}` is not stored as it is")]
    NotStored(String),
    /// Parts do not follow each other, or one is cut.
    #[error("`{0}` is not complete")]
    Incomplete(String),
    /// The content is not what was packed.
    #[error("`{0}` has another crc-32 than the archive says")]
    Crc(String),
    /// The content is not what was packed.
    #[error("`{0}` has another blake2sp than the archive says")]
    Hash(String),
    /// A volume cannot be read as one.
    #[error("volume `{volume}`: {why}")]
    Volume {
        /// File name.
        volume: String,
        /// Why.
        why: HeaderError,
    },
    /// Writing to the sink.
    #[error("cannot write: {0}")]
    Write(#[source] io::Error),
}

/// Writes the content of the file called `name` to `sink`; gives its size. What was written before an error is to
/// be thrown away.
pub fn extract(
    reading: &'static Reading,
    volumes: &dyn Volumes,
    name: &str,
    sink: &mut dyn Write,
) -> Result<u64, ExtractError> {
    let mut copied = Copied { written: 0, crc32: crc32fast::Hasher::new(), hash: None };
    let mut begun = false;
    for index in 0..volumes.count() {
        let volume_name = volumes.name(index).to_owned();
        let broken = |why| ExtractError::Volume { volume: volume_name.clone(), why };
        let volume = volumes.open(index).map_err(|error| broken(HeaderError::Unreadable(error)))?;
        let mut headers = Headers::new(reading, volume).map_err(broken)?;
        while let Some(header) = headers.next() {
            let header = header.map_err(broken)?;
            let Some(file) = header.file().filter(|file| file.name == name) else { continue };
            if file.altered.is_some() {
                return Err(ExtractError::NotStored(name.to_owned()));
            }
            if file.continues != begun {
                return Err(ExtractError::Incomplete(name.to_owned()));
            }
            if !begun && file.blake2sp.is_some() {
                copied.hash = Some(blake2sp::State::new());
            }
            begun = true;
            let content = headers.content(&header).map_err(|error| broken(HeaderError::Unreadable(error)))?;
            let part = pump(content, header.content, &mut |bytes| copied.take(bytes, sink));
            let part = part.map_err(|stop| match stop {
                Stop::Reading(error) => broken(HeaderError::Unreadable(error)),
                Stop::Taking(error) => ExtractError::Write(error),
            })?;
            if part != header.content {
                return Err(ExtractError::Incomplete(name.to_owned()));
            }
            if !file.continued {
                return copied.judge(file);
            }
        }
    }
    match begun {
        true => Err(ExtractError::Incomplete(name.to_owned())),
        false => Err(ExtractError::Absent(name.to_owned())),
    }
}

/// What was copied so far.
struct Copied {
    written: u64,
    crc32: crc32fast::Hasher,
    hash: Option<blake2sp::State>,
}

impl Copied {
    fn take(&mut self, bytes: &[u8], sink: &mut dyn Write) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.crc32.update(bytes);
        if let Some(hash) = &mut self.hash {
            hash.update(bytes);
        }
        sink.write_all(bytes)
    }

    /// Compares with the header of the last part.
    fn judge(self, last: &FileHeader) -> Result<u64, ExtractError> {
        if last.size.is_some_and(|size| size != self.written) {
            return Err(ExtractError::Incomplete(last.name.clone()));
        }
        if last.crc32.is_some_and(|crc32| crc32 != self.crc32.finalize()) {
            return Err(ExtractError::Crc(last.name.clone()));
        }
        let hash = self.hash.map(|hash| *hash.finalize().as_array());
        if last.blake2sp.is_some() && last.blake2sp != hash {
            return Err(ExtractError::Hash(last.name.clone()));
        }
        Ok(self.written)
    }
}
