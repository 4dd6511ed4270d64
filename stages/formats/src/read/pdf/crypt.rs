//! The standard security handler with the empty password that most encrypted files open with.
//!
//! RC4 and AES in every version up to that of PDF 2.0. Tries no other password. Without the key, strings are left out
//! rather than shown as noise.

use super::file::File;
use super::object::{Dictionary, Id, Object};
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes256};
use md5::{Digest, Md5};
use sha2::{Sha256, Sha384, Sha512};

/// How an encrypted file is read.
pub struct Crypt {
    /// The key, when the empty password gives it.
    key: Option<Vec<u8>>,
    strings: Method,
    streams: Method,
    metadata: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Identity,
    Rc4,
    /// AES with a key of the object's own.
    Aes128,
    /// AES with the file's key.
    Aes256,
    Unknown,
}

/// What stands for a password that is shorter than 32 bytes.
const PADDING: [u8; 32] = [
    0x28, 0xbf, 0x4e, 0x5e, 0x4e, 0x75, 0x8a, 0x41, 0x64, 0x00, 0x4e, 0x56, 0xff, 0xfa, 0x01, 0x08, 0x2e,
    0x2e, 0x00, 0xb6, 0xd0, 0x68, 0x3e, 0x80, 0x2f, 0x0c, 0xa9, 0xfe, 0x64, 0x53, 0x69, 0x7a,
];

impl Crypt {
    /// How the file is encrypted; nothing when it is not.
    pub fn open(file: &mut File<'_>) -> Option<Self> {
        let trailer = file.trailer.clone();
        file.crypt = None;
        let dictionary = match file.value(&trailer, "Encrypt") {
            Object::Dictionary(dictionary) => dictionary,
            Object::Null if matches!(trailer.get("Encrypt"), Object::Null) => return None,
            // It says that it is encrypted, and how cannot be told.
            _ => Dictionary::default(),
        };
        let version = file.value(&dictionary, "V").whole().unwrap_or_default();
        let (strings, streams) = match version {
            1..=3 => (Method::Rc4, Method::Rc4),
            4 | 5 => {
                let filters = file.value(&dictionary, "CF");
                let mut of = |name: &str| {
                    let Some(name) = dictionary.get(name).name() else { return Method::Identity };
                    let name = String::from_utf8_lossy(name).into_owned();
                    let filter = filters.dictionary().map(|filters| file.value(filters, &name));
                    method(&name, filter.as_ref().and_then(Object::dictionary))
                };
                (of("StrF"), of("StmF"))
            }
            _ => (Method::Unknown, Method::Unknown),
        };
        let metadata = file.value(&dictionary, "EncryptMetadata") != Object::Boolean(false);
        let standard = dictionary.names("Filter", "Standard");
        let key = if standard { key(file, &dictionary, version, metadata) } else { None };
        Some(Self { key, strings, streams, metadata })
    }

    /// Whether the empty password opens the file.
    pub fn is_open(&self) -> bool {
        self.key.is_some()
    }

    /// An object with its strings decrypted, or without them when there is no key.
    pub fn object(&self, id: Id, object: Object) -> Object {
        match object {
            Object::Text(text) => self.decrypt(self.strings, id, &text).map_or(Object::Null, Object::Text),
            Object::Array(list) => {
                Object::Array(list.into_iter().map(|entry| self.object(id, entry)).collect())
            }
            Object::Dictionary(Dictionary(entries)) => Object::Dictionary(Dictionary(
                entries.into_iter().map(|(name, value)| (name, self.object(id, value))).collect(),
            )),
            other => other,
        }
    }

    /// A stream's bytes, unless there is no key.
    pub fn stream(&self, id: Id, dictionary: &Dictionary, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let own = dictionary.get("Filter");
        let own = own.name().or_else(|| own.array()?.first()?.name()) == Some(b"Crypt");
        let plain = dictionary.names("Type", "XRef")
            || own
            || !self.metadata && dictionary.names("Type", "Metadata")
            || self.streams == Method::Identity;
        if plain { Some(bytes) } else { self.decrypt(self.streams, id, &bytes) }
    }

    fn decrypt(&self, method: Method, id: Id, bytes: &[u8]) -> Option<Vec<u8>> {
        if method == Method::Identity {
            return Some(bytes.to_vec());
        }
        let key = self.key.as_deref()?;
        let own = |salt: &[u8]| {
            let mut hash = Md5::new();
            hash.update(key);
            hash.update(id.number.to_le_bytes().get(..3).unwrap_or_default());
            hash.update(id.generation.to_le_bytes());
            hash.update(salt);
            let length = (key.len() + 5).min(16);
            hash.finalize().get(..length).unwrap_or_default().to_vec()
        };
        match method {
            Method::Rc4 => Some(rc4(&own(b""), bytes)),
            Method::Aes128 => unpadded(cbc_decrypt(&own(b"sAlT"), bytes.get(..16)?, bytes.get(16..)?)?),
            Method::Aes256 => unpadded(cbc_decrypt(key, bytes.get(..16)?, bytes.get(16..)?)?),
            Method::Identity | Method::Unknown => None,
        }
    }
}

fn method(name: &str, filter: Option<&Dictionary>) -> Method {
    if name == "Identity" {
        return Method::Identity;
    }
    match filter.and_then(|filter| filter.get("CFM").name()) {
        Some(b"V2") => Method::Rc4,
        Some(b"AESV2") => Method::Aes128,
        Some(b"AESV3") => Method::Aes256,
        Some(b"None") => Method::Identity,
        _ => Method::Unknown,
    }
}

fn key(file: &mut File<'_>, dictionary: &Dictionary, version: u64, metadata: bool) -> Option<Vec<u8>> {
    let revision = file.value(dictionary, "R").whole()?;
    let user = file.value(dictionary, "U").text()?.to_vec();
    if version == 5 {
        let wrapped = file.value(dictionary, "UE").text()?.to_vec();
        return key_of_five(&user, &wrapped, revision);
    }
    let owner = file.value(dictionary, "O").text()?.to_vec();
    let permissions = match file.value(dictionary, "P") {
        #[expect(clippy::cast_possible_truncation, reason = "within the range; written signed or unsigned")]
        Object::Number(number) if number.abs() < 5e9 => number as i64,
        _ => return None,
    };
    let trailer = file.trailer.clone();
    let ids = file.value(&trailer, "ID");
    let id = ids.array().and_then(|ids| ids.first()?.text()).unwrap_or_default().to_vec();
    let bits = file.value(dictionary, "Length").whole().unwrap_or(40);
    let length = match version {
        1 => 5,
        4 => 16,
        // Some writers count bytes.
        _ => usize::try_from(if bits < 40 { bits } else { bits / 8 }).ok()?.clamp(5, 16),
    };
    let mut hash = Md5::new();
    hash.update(PADDING);
    hash.update(owner.get(..32)?);
    hash.update(permissions.to_le_bytes().get(..4)?);
    hash.update(&id);
    if revision >= 4 && !metadata {
        hash.update([0xff; 4]);
    }
    let mut digest = hash.finalize();
    if revision >= 3 {
        for _ in 0..50 {
            digest = Md5::digest(digest.get(..length)?);
        }
    }
    let key = digest.get(..length)?.to_vec();
    let proof = if revision >= 3 {
        let start = Md5::new().chain_update(PADDING).chain_update(&id).finalize().to_vec();
        (0..20)
            .fold(start, |bytes, round| rc4(&key.iter().map(|byte| byte ^ round).collect::<Vec<_>>(), &bytes))
    } else {
        rc4(&key, &PADDING)
    };
    user.starts_with(&proof).then_some(key)
}

/// The key of AES-256, when the empty password is the user's.
fn key_of_five(user: &[u8], wrapped: &[u8], revision: u64) -> Option<Vec<u8>> {
    let hash = |salt: &[u8]| if revision >= 6 { hardened(salt) } else { Some(Sha256::digest(salt).to_vec()) };
    if hash(user.get(32..40)?)? != user.get(..32)? {
        return None;
    }
    cbc_decrypt(&hash(user.get(40..48)?)?, &[0; 16], wrapped.get(..32)?)
}

/// PDF 2.0's hash of the empty password and a salt.
fn hardened(salt: &[u8]) -> Option<Vec<u8>> {
    let mut key = Sha256::digest(salt).to_vec();
    let mut round = 0_u32;
    loop {
        let cipher = Aes128::new_from_slice(key.get(..16)?).ok()?;
        let mut previous: [u8; 16] = key.get(16..32)?.try_into().ok()?;
        let mut encrypted = Vec::with_capacity(key.len() * 64);
        for block in key.repeat(64).chunks_exact(16) {
            let mut mixed = Array::from(previous);
            mixed.iter_mut().zip(block).for_each(|(byte, other)| *byte ^= other);
            cipher.encrypt_block(&mut mixed);
            previous = mixed.into();
            encrypted.extend(previous);
        }
        let sum: u32 = encrypted.iter().take(16).map(|&byte| u32::from(byte)).sum();
        key = match sum % 3 {
            0 => Sha256::digest(&encrypted).to_vec(),
            1 => Sha384::digest(&encrypted).to_vec(),
            _ => Sha512::digest(&encrypted).to_vec(),
        };
        round += 1;
        if round >= 64 && u32::from(*encrypted.last()?) <= round - 32 {
            return Some(key.get(..32)?.to_vec());
        }
    }
}

fn cbc_decrypt(key: &[u8], start: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let ciphers = (Aes128::new_from_slice(key).ok(), Aes256::new_from_slice(key).ok());
    let mut previous: [u8; 16] = start.try_into().ok()?;
    let mut plain = Vec::with_capacity(bytes.len());
    for block in bytes.chunks_exact(16) {
        let block: [u8; 16] = block.try_into().ok()?;
        let mut mixed = Array::from(block);
        match &ciphers {
            (Some(cipher), _) => cipher.decrypt_block(&mut mixed),
            (_, Some(cipher)) => cipher.decrypt_block(&mut mixed),
            _ => return None,
        }
        plain.extend(mixed.iter().zip(previous).map(|(byte, other)| byte ^ other));
        previous = block;
    }
    Some(plain)
}

/// Takes the padding off; what has none that is right is left as it is.
fn unpadded(mut plain: Vec<u8>) -> Option<Vec<u8>> {
    let count = usize::from(*plain.last()?);
    if (1..=16).contains(&count) && count <= plain.len() {
        plain.truncate(plain.len() - count);
    }
    Some(plain)
}

fn rc4(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut state: [u8; 256] = std::array::from_fn(|at| u8::try_from(at).unwrap_or_default());
    let mut other = 0_u8;
    for (at, key) in (0..=u8::MAX).zip(key.iter().cycle()) {
        other = other.wrapping_add(state[usize::from(at)]).wrapping_add(*key);
        state.swap(usize::from(at), usize::from(other));
    }
    let (mut one, mut two) = (0_u8, 0_u8);
    let mut next = || {
        one = one.wrapping_add(1);
        two = two.wrapping_add(state[usize::from(one)]);
        state.swap(usize::from(one), usize::from(two));
        state[usize::from(state[usize::from(one)].wrapping_add(state[usize::from(two)]))]
    };
    bytes.iter().map(|byte| byte ^ next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &[u8], plain: &[u8], want: &[u8]) {
        assert_eq!(rc4(key, plain), want);
        assert_eq!(rc4(key, want), plain);
    }

    #[test]
    fn rc4_gives_the_published_bytes() {
        check(b"Key", b"Plaintext", &[0xbb, 0xf3, 0x16, 0xe8, 0xd9, 0x40, 0xaf, 0x0a, 0xd3]);
        check(b"Wiki", b"pedia", &[0x10, 0x21, 0xbf, 0x04, 0x20]);
    }
}
