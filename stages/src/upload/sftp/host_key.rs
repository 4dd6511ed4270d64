//! Whether a server's key is the one it should have: by a pinned fingerprint, or by files as OpenSSH keeps them.
//!
//! Reads `known_hosts` from text (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"); opens nothing and connects to nobody.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use engine::StageError;
use formats::digest::Digester;

/// Length of the block that SHA-1 takes at a time, which HMAC fills.
const SHA1_BLOCK: usize = 64;

/// What a line says about a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The type of the key, such as `ssh-ed25519`.
    pub(super) kind: String,
    pub(super) key: Vec<u8>,
    pub(super) revoked: bool,
}

/// The key that a server must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(Vec<u8>);

impl Fingerprint {
    /// Reads a fingerprint as `ssh-keygen -l` prints it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            "has a `fingerprint` that is not of the form `SHA256:…` that `ssh-keygen -l` prints".to_owned()
        };
        let digits = text.strip_prefix("SHA256:").ok_or_else(wrong)?;
        let bytes = STANDARD_NO_PAD.decode(digits.trim_end_matches('=')).map_err(|_| wrong())?;
        if bytes.len() == 32 { Ok(Self(bytes)) } else { Err(wrong()) }
    }

    fn of(key: &[u8]) -> Self {
        Self(unhex(&super::super::remote::sha256(key)))
    }

    fn shown(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(&self.0))
    }
}

/// What the text of a `known_hosts` file says about a server.
pub(super) fn known(text: &str, host: &str, port: u16) -> Vec<Known> {
    let with_port = format!("[{host}]:{port}");
    let name = if port == 22 { host } else { &with_port };
    text.lines().filter_map(|line| entry(line, &name.to_lowercase())).collect()
}

fn entry(line: &str, name: &str) -> Option<Known> {
    let mut words = line.split_whitespace();
    let mut first = words.next().filter(|word| !word.starts_with('#'))?;
    let mut revoked = false;
    if let Some(marker) = first.strip_prefix('@') {
        // Certificates of hosts are none that the library could check.
        revoked = marker == "revoked";
        if !revoked {
            return None;
        }
        first = words.next()?;
    }
    if !is_meant(first, name) {
        return None;
    }
    let kind = words.next()?.to_owned();
    let key = STANDARD.decode(words.next()?).ok()?;
    Some(Known { kind, key, revoked })
}

/// Whether a list of patterns, or one hashed name, means this server.
fn is_meant(names: &str, name: &str) -> bool {
    if let Some(hashed) = names.strip_prefix("|1|") {
        return hashed.split_once('|').is_some_and(|(salt, digest)| {
            let (salt, digest) = (STANDARD.decode(salt), STANDARD.decode(digest));
            salt.ok()
                .zip(digest.ok())
                .is_some_and(|(salt, digest)| hmac_sha1(&salt, name.as_bytes()) == digest)
        });
    }
    let mut meant = false;
    for pattern in names.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if fits(pattern.to_lowercase().as_bytes(), name.as_bytes()) => return false,
            Some(_) => {}
            None => meant |= fits(pattern.to_lowercase().as_bytes(), name.as_bytes()),
        }
    }
    meant
}

/// Whether a name fits a pattern with `*` and `?`, in time that the lengths bound.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut pos, mut star) = (0, 0, None);
    while at < name.len() {
        match pattern.get(pos) {
            Some(b'*') => {
                star = Some((pos, at));
                pos += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[at] => {
                at += 1;
                pos += 1;
            }
            _ => {
                let Some((last, from)) = star else { return false };
                star = Some((last, from + 1));
                (pos, at) = (last + 1, from + 1);
            }
        }
    }
    pattern[pos..].iter().all(|byte| *byte == b'*')
}

fn hmac_sha1(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut padded = if key.len() > SHA1_BLOCK { sha1(&[key]) } else { key.to_vec() };
    padded.resize(SHA1_BLOCK, 0);
    let with = |mask: u8| padded.iter().map(|byte| byte ^ mask).collect::<Vec<u8>>();
    sha1(&[&with(0x5c), &sha1(&[&with(0x36), message])])
}

fn sha1(parts: &[&[u8]]) -> Vec<u8> {
    let Ok(mut digester) = Digester::new(["sha1"]) else { return Vec::new() };
    for part in parts {
        digester.update(part);
    }
    digester.finish().into_values().next().map(|digits| unhex(&digits)).unwrap_or_default()
}

fn unhex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Whether the key that a server shows is the one that is pinned, or one that is known.
pub(super) fn judge(
    host: &str,
    key: &[u8],
    pinned: Option<&Fingerprint>,
    known: &[Known],
) -> Result<(), StageError> {
    let found = Fingerprint::of(key);
    let changed = |hint: String| {
        StageError::new(
            "remote/host-key-changed",
            format!("`{host}` shows another host key than it should: {}", found.shown()),
        )
        .hint(hint)
    };
    if known.iter().any(|line| line.revoked && line.key == key) {
        return Err(changed("this key is marked as revoked in `known_hosts`; do not connect".into()));
    }
    if let Some(pinned) = pinned {
        return if *pinned == found {
            Ok(())
        } else {
            Err(changed(
                "someone may listen in; if the server got a new key, ask its owner, then set `fingerprint`"
                    .into(),
            ))
        };
    }
    let mut valid = known.iter().filter(|line| !line.revoked).peekable();
    if valid.peek().is_none() {
        return Err(StageError::new(
            "remote/host-key-unknown",
            format!("the host key of `{host}` is not known: {}", found.shown()),
        )
        .hint(format!(
            "compare it with what the server's owner says, then set `fingerprint = \"{}\"` or connect once with `ssh`",
            found.shown()
        )));
    }
    if valid.any(|line| line.key == key) {
        return Ok(());
    }
    Err(changed("someone may listen in; if the server got a new key, ask its owner, then remove the old one from `known_hosts`".into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIE0J2QxS6dN5pRWQ3mhOJyVxsFJY0tM0Z7NhjmXk2tdO";

    fn check(line: &str, host: &str, port: u16, wanted: bool) {
        assert_eq!(!known(line, host, port).is_empty(), wanted, "{line} {host} {port}");
    }

    #[test]
    fn lines_mean_the_hosts_they_name() {
        let line = |names: &str| format!("{names} ssh-ed25519 {KEY} comment");
        check(&line("box.example.org"), "BOX.example.org", 22, true);
        check(&line("box.example.org"), "box.example.org", 2222, false);
        check(&line("other,[box]:2222"), "box", 2222, true);
        check(&line("*.example.org,!bad.example.org"), "good.example.org", 22, true);
        check(&line("*.example.org,!bad.example.org"), "bad.example.org", 22, false);
        check(&line("10.0.0.?"), "10.0.0.7", 22, true);
        check(&line("#box"), "box", 22, false);
        check(&format!("box ssh-ed25519 {}", "!!!"), "box", 22, false);
        check("", "box", 22, false);
        check(&format!("@cert-authority * ssh-ed25519 {KEY}"), "box", 22, false);
    }

    #[test]
    fn hashed_names_are_found() {
        // Made by `ssh-keygen -H` for `[127.0.0.1]:2222`.
        let salt = STANDARD.encode([7; 20]);
        let digest = STANDARD.encode(hmac_sha1(&[7; 20], b"[127.0.0.1]:2222"));
        let line = format!("|1|{salt}|{digest} ssh-ed25519 {KEY}");
        check(&line, "127.0.0.1", 2222, true);
        check(&line, "127.0.0.1", 22, false);
    }

    #[test]
    fn hmac_is_that_of_rfc_2202() {
        assert_eq!(
            hmac_sha1(b"Jefe", b"what do ya want for nothing?"),
            unhex("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
        );
        assert_eq!(
            hmac_sha1(&[0xaa; 80], b"Test Using Larger Than Block-Size Key - Hash Key First"),
            unhex("aa4ae5e15272d00e95705637ce8a3b55ed402112")
        );
    }

    #[test]
    fn keys_are_judged() {
        let line = |key: &[u8], revoked| Known { kind: "ssh-ed25519".into(), key: key.to_vec(), revoked };
        let check = |pinned: Option<&[u8]>, known: &[Known], wanted: Result<(), &str>| {
            let pinned = pinned.map(Fingerprint::of);
            let found = judge("box", b"key", pinned.as_ref(), known);
            assert_eq!(found.map_err(|error| error.code.into_owned()), wanted.map_err(str::to_owned));
        };
        check(None, &[], Err("remote/host-key-unknown"));
        check(None, &[line(b"key", false)], Ok(()));
        check(None, &[line(b"old", false), line(b"key", false)], Ok(()));
        check(None, &[line(b"old", false)], Err("remote/host-key-changed"));
        check(None, &[line(b"key", false), line(b"key", true)], Err("remote/host-key-changed"));
        check(Some(b"key"), &[], Ok(()));
        check(Some(b"old"), &[line(b"key", false)], Err("remote/host-key-changed"));
    }

    #[test]
    fn fingerprints_are_read_as_they_are_printed() {
        let shown = Fingerprint::of(b"key").shown();
        assert_eq!(Fingerprint::parse(&shown), Ok(Fingerprint::of(b"key")));
        for bad in ["", "SHA256:", "MD5:00:11", "SHA256:AAAA", "SHA256:???"] {
            assert!(Fingerprint::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_file_does_harm(text in ".{0,300}", host in ".{0,20}") {
            let _ = known(&text, &host, 22);
        }

        #[test]
        fn a_name_fits_itself_and_a_star(name in "[a-z.]{0,20}") {
            prop_assert!(fits(name.as_bytes(), name.as_bytes()) && fits(b"*", name.as_bytes()));
        }
    }
}
