//! Gives back the bytes of a stored file from its volumes.
//!
//! Chooses no path: the bytes go to a writer, and the name is for the caller to judge.

use std::io::{self, Write};

use super::super::{Stop, Volumes, pump};
use super::header::{FILE, STORED};
use super::parse::{HeaderError, Headers};

/// Why a file cannot be given back.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// No such file in these volumes.
    #[error("`{0}` is not in the archive")]
    Absent(String),
    /// Compressed or encrypted.
    #[error("`{0}` is not stored as it is")]
    NotStored(String),
    /// Parts do not follow each other, or one is cut.
    #[error("`{0}` is not complete")]
    Incomplete(String),
    /// The content is not what was packed.
    #[error("`{0}` has another crc-32 than the archive says")]
    Crc(String),
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
pub fn extract(volumes: &mut dyn Volumes, name: &str, sink: &mut dyn Write) -> Result<u64, ExtractError> {
    let mut crc = crc32fast::Hasher::new();
    let mut begun = false;
    let mut written = 0;
    for index in 0..volumes.count() {
        let volume_name = volumes.name(index).to_owned();
        let broken = |why| ExtractError::Volume { volume: volume_name.clone(), why };
        let volume = volumes.open(index).map_err(|error| broken(HeaderError::Unreadable(error)))?;
        let mut headers = Headers::new(volume).map_err(broken)?;
        while let Some(header) = headers.next() {
            let header = header.map_err(broken)?;
            let Some(file) = header.file.as_ref().filter(|file| header.kind == FILE && file.name == name)
            else {
                continue;
            };
            if file.method != STORED || file.encrypted {
                return Err(ExtractError::NotStored(name.to_owned()));
            }
            if file.continues != begun {
                return Err(ExtractError::Incomplete(name.to_owned()));
            }
            begun = true;
            let content = headers.content(&header).map_err(|error| broken(HeaderError::Unreadable(error)))?;
            let copied = pump(content, header.content, &mut |bytes| {
                crc.update(bytes);
                sink.write_all(bytes)
            });
            let copied = copied.map_err(|stop| match stop {
                Stop::Reading(error) => broken(HeaderError::Unreadable(error)),
                Stop::Taking(error) => ExtractError::Write(error),
            })?;
            if copied != header.content {
                return Err(ExtractError::Incomplete(name.to_owned()));
            }
            written += copied;
            if !file.continued {
                return match (written == file.size, crc.finalize() == file.crc32) {
                    (false, _) => Err(ExtractError::Incomplete(name.to_owned())),
                    (_, false) => Err(ExtractError::Crc(name.to_owned())),
                    _ => Ok(written),
                };
            }
        }
    }
    match begun {
        true => Err(ExtractError::Incomplete(name.to_owned())),
        false => Err(ExtractError::Absent(name.to_owned())),
    }
}
