//! Short digests that say whether two things are the same.
//!
//! Knows nothing of what is digested. They are for comparing, never for proving who made something.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// 128 bits of BLAKE3.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest([u8; 16]);

/// Takes a digest of parts, each kept apart from its neighbours.
#[derive(Clone, Default)]
pub(crate) struct Digesting(blake3::Hasher);

/// How much of a file is read at a time.
const BLOCK: usize = 256 * 1024;

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::short(&blake3::hash(bytes))
    }

    pub(crate) const fn bytes(self) -> [u8; 16] {
        self.0
    }

    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    fn short(hash: &blake3::Hash) -> Self {
        let (short, _) = hash.as_bytes().split_at(16);
        Self(short.try_into().unwrap_or_default())
    }
}

impl Digesting {
    /// Takes one part in. Its length goes first, so that no two lists of parts look the same.
    pub(crate) fn part(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        self
    }

    /// Takes a value in, as JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> &mut Self {
        // Values of ours are maps with text for keys, which is all that JSON asks for.
        let text = serde_json::to_vec(value).unwrap_or_default();
        self.part(&text)
    }

    pub(crate) fn finish(&self) -> Digest {
        Digest::short(&self.0.finalize())
    }
}

/// The whole BLAKE3 digest of a file, in hexadecimal.
pub(crate) fn of_file(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    read(path, |bytes| {
        hasher.update(bytes);
    })?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// The CRC-32 of a file, in hexadecimal.
pub(crate) fn crc32_of_file(path: &Path) -> io::Result<String> {
    let mut hasher = crc32fast::Hasher::new();
    read(path, |bytes| hasher.update(bytes))?;
    Ok(format!("{:08x}", hasher.finalize()))
}

fn read(path: &Path, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut block = vec![0; BLOCK];
    loop {
        match io::Read::read(&mut file, &mut block) {
            Ok(0) => return Ok(()),
            Ok(got) => take(block.get(..got).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What stands for the bytes of a small file; nothing for one that is larger or cannot be read.
pub(crate) fn of_small_file(path: &Path, size: u64) -> Option<Digest> {
    const SMALL: u64 = 64 * 1024;
    let digest = (size <= SMALL).then(|| of_file(path))?;
    digest.ok().map(|digest| Digest::of(digest.as_bytes()))
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let byte = |at: usize| text.get(at * 2..at * 2 + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
        let mut bytes = [0; 16];
        for (at, place) in bytes.iter_mut().enumerate() {
            *place = byte(at).ok_or_else(|| de::Error::custom("no digest"))?;
        }
        if text.len() == 32 { Ok(Self(bytes)) } else { Err(de::Error::custom("no digest")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_kept_apart() {
        let of = |parts: &[&str]| {
            let mut digesting = Digesting::default();
            for part in parts {
                digesting.part(part.as_bytes());
            }
            digesting.finish()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["", "a"]), of(&["a"]));
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
    }

    #[test]
    fn a_digest_is_written_and_read() {
        let digest = Digest::of(b"x");
        let text = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<Digest>(&text).unwrap(), digest);
        assert!(serde_json::from_str::<Digest>("\"abc\"").is_err());
        assert!(serde_json::from_str::<Digest>(&format!("\"{}0\"", digest)).is_err());
    }
}
