//! Digests taken while bytes pass, asked for by name.
//!
//! Refuses to know where bytes come from or go to, and what a digest is used for.

use std::collections::BTreeMap;
use std::io::{self, Write};

use blake2s_simd::blake2sp;
use sha2::Digest as _;

/// One digest algorithm that can be asked for by name.
pub struct Algorithm {
    /// Name as users write it, lower-case.
    pub name: &'static str,
    /// Length of the digest in hexadecimal digits.
    pub digits: usize,
    start: fn() -> Box<dyn Running>,
}

/// Every algorithm. A new one is a row.
pub const ALGORITHMS: &[Algorithm] = &[
    Algorithm { name: "blake2sp", digits: 64, start: || Box::new(blake2sp::State::new()) },
    Algorithm { name: "blake3", digits: 64, start: || Box::new(blake3::Hasher::new()) },
    Algorithm { name: "crc32", digits: 8, start: || Box::new(crc32fast::Hasher::new()) },
    Algorithm { name: "md5", digits: 32, start: || Box::new(Block(md5::Md5::new())) },
    Algorithm { name: "sha1", digits: 40, start: || Box::new(Block(sha1::Sha1::new())) },
    Algorithm { name: "sha256", digits: 64, start: || Box::new(Block(sha2::Sha256::new())) },
    Algorithm { name: "sha512", digits: 128, start: || Box::new(Block(sha2::Sha512::new())) },
];

/// A name that no row of [`ALGORITHMS`] has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown digest algorithm `{0}`")]
pub struct UnknownAlgorithm(pub String);

/// Takes several digests of one stream at once.
#[derive(Default)]
pub struct Digester {
    running: BTreeMap<&'static str, Box<dyn Running>>,
}

/// A writer that digests and counts what passes through it.
pub struct Hashing<W> {
    out: W,
    digester: Digester,
    written: u64,
}

/// The algorithm of that name.
pub fn algorithm(name: &str) -> Option<&'static Algorithm> {
    ALGORITHMS.iter().find(|row| row.name == name)
}

/// CRC-32 of `a` followed by `b`, from the CRC-32 of both and the length of `b` in bytes.
pub fn crc32_combine(a: u32, b: u32, len_b: u64) -> u32 {
    let mut joined = crc32fast::Hasher::new_with_initial(a);
    joined.combine(&crc32fast::Hasher::new_with_initial_len(b, len_b));
    joined.finalize()
}

impl Digester {
    /// Begins all named digests; a name given twice counts once.
    pub fn new<I>(names: I) -> Result<Self, UnknownAlgorithm>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut running = BTreeMap::new();
        for name in names {
            let row = algorithm(name.as_ref()).ok_or_else(|| UnknownAlgorithm(name.as_ref().to_owned()))?;
            running.insert(row.name, (row.start)());
        }
        Ok(Self { running })
    }

    /// Takes the next bytes of the stream.
    pub fn update(&mut self, bytes: &[u8]) {
        for digest in self.running.values_mut() {
            digest.update(bytes);
        }
    }

    /// Algorithm name → lower-case hexadecimal digest.
    pub fn finish(self) -> BTreeMap<String, String> {
        self.running.into_iter().map(|(name, digest)| (name.to_owned(), digest.finish())).collect()
    }
}

impl<W: Write> Hashing<W> {
    /// Digests what is written to `out` from here on.
    pub fn new(out: W, digester: Digester) -> Self {
        Self { out, digester, written: 0 }
    }

    /// Bytes that passed so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// The writer, the number of bytes that passed and their digests.
    pub fn finish(self) -> (W, u64, BTreeMap<String, String>) {
        (self.out, self.written, self.digester.finish())
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes)?;
        // A writer that claims more than it was given is wrong; what exists is all that can be digested.
        let passed = bytes.get(..taken).unwrap_or(bytes);
        self.digester.update(passed);
        self.written += passed.len() as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A digest that has begun.
trait Running: Send {
    fn update(&mut self, bytes: &[u8]);
    fn finish(self: Box<Self>) -> String;
}

/// Any digest of the RustCrypto family.
struct Block<D>(D);

impl<D: sha2::Digest + Send> Running for Block<D> {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(self: Box<Self>) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Running for blake3::Hasher {
    fn update(&mut self, bytes: &[u8]) {
        blake3::Hasher::update(self, bytes);
    }

    fn finish(self: Box<Self>) -> String {
        self.finalize().to_hex().to_string()
    }
}

impl Running for blake2sp::State {
    fn update(&mut self, bytes: &[u8]) {
        blake2sp::State::update(self, bytes);
    }

    fn finish(self: Box<Self>) -> String {
        self.finalize().to_hex().to_string()
    }
}

impl Running for crc32fast::Hasher {
    fn update(&mut self, bytes: &[u8]) {
        crc32fast::Hasher::update(self, bytes);
    }

    fn finish(self: Box<Self>) -> String {
        format!("{:08x}", self.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, text: &str, want: &str) {
        let mut digester = Digester::new([name]).unwrap();
        for byte in text.as_bytes() {
            digester.update(&[*byte]);
        }
        let got = digester.finish();
        assert_eq!(got[name], want);
        assert_eq!(want.len(), algorithm(name).unwrap().digits);
    }

    #[test]
    fn gives_the_published_digest_of_abc() {
        check("crc32", "abc", "352441c2");
        check("md5", "abc", "900150983cd24fb0d6963f7d28e17f72");
        check("sha1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
        check("sha256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        check("blake3", "abc", "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");
        check("blake2sp", "abc", "70f75b58f1fecab821db43c88ad84edde5a52600616cd22517b7bb14d440a7d5");
        check("crc32", "", "00000000");
        check("blake2sp", "", "dd0e891776933f43c7d032b08a917e25741f8aa9a12c12e1cac8801500f2ca4f");
        check(
            "sha512",
            "abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        );
    }

    #[test]
    fn an_unknown_name_is_named_in_the_error() {
        assert_eq!(Digester::new(["sha256", "crc"]).err(), Some(UnknownAlgorithm("crc".to_owned())));
    }

    #[test]
    fn a_hashing_writer_counts_and_digests_what_was_taken() {
        let mut out = Hashing::new(Vec::new(), Digester::new(ALGORITHMS.iter().map(|row| row.name)).unwrap());
        out.write_all(b"ab").unwrap();
        out.write_all(b"c").unwrap();
        assert_eq!(out.written(), 3);
        let (bytes, size, digests) = out.finish();
        assert_eq!((bytes.as_slice(), size), (b"abc".as_slice(), 3));
        assert_eq!(digests.len(), ALGORITHMS.len());
        assert_eq!(digests["crc32"], "352441c2");
    }

    proptest::proptest! {
        #[test]
        fn combined_crc_is_the_crc_of_both(a: Vec<u8>, b: Vec<u8>) {
            let whole = [a.as_slice(), &b].concat();
            let joined = crc32_combine(crc32fast::hash(&a), crc32fast::hash(&b), b.len() as u64);
            proptest::prop_assert_eq!(joined, crc32fast::hash(&whole));
        }
    }
}
