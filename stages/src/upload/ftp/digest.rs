//! Digests that the server takes: `HASH`, or the older commands with an X.

use std::time::Duration;

use engine::StageError;
use suppaftp::Status;

use super::connection::Ftp;

/// How fast a far end is taken to digest a file, in bytes a second.
const SPEED: u64 = 10_000_000;

/// A digest with the commands that take it, and its name for `HASH`.
struct Row {
    name: &'static str,
    commands: &'static [&'static str],
    word: &'static str,
    digits: usize,
}

const ROWS: &[Row] = &[
    Row { name: "sha512", commands: &["XSHA512"], word: "SHA-512", digits: 128 },
    Row { name: "sha256", commands: &["XSHA256"], word: "SHA-256", digits: 64 },
    Row { name: "sha1", commands: &["XSHA1", "XSHA"], word: "SHA-1", digits: 40 },
    Row { name: "md5", commands: &["XMD5"], word: "MD5", digits: 32 },
    Row { name: "crc32", commands: &["XCRC"], word: "CRC32", digits: 8 },
];

impl Ftp {
    /// The digest by the first of these algorithms that the server has.
    pub(super) fn digest(
        &mut self,
        path: &str,
        algorithms: &[&str],
        doing: &str,
    ) -> Result<Option<(String, String)>, StageError> {
        let size = self.control.size(path);
        let size = self.attempt(doing, size)?.unwrap_or_default() as u64;
        // What cannot be set leaves the shorter time.
        let _ = self.socket.set_read_timeout(Some(self.patience.answer + Duration::from_secs(size / SPEED)));
        let mut found = Ok(None);
        for row in algorithms.iter().filter_map(|wanted| ROWS.iter().find(|row| row.name == *wanted)) {
            found = self.hash_by(path, row, doing).map(|digest| {
                digest.and_then(|digest| Some((row.name.to_owned(), tidy(&digest, row.digits)?)))
            });
            if !matches!(found, Ok(None)) {
                break;
            }
        }
        let _ = self.socket.set_read_timeout(Some(self.patience.answer));
        found
    }

    /// The digest that `HASH` gives, which takes the rest of the line for the path.
    fn hash_by_name(
        &mut self,
        path: &str,
        word: &'static str,
        doing: &str,
    ) -> Result<Option<String>, StageError> {
        if self.hashing != Some(word) {
            let chosen = self.command(&format!("OPTS HASH {word}"), &[Status::CommandOk]);
            if self.attempt(doing, chosen)?.is_none() {
                return Ok(None);
            }
            self.hashing = Some(word);
        }
        let answer = self.command(&format!("HASH {path}"), &[Status::File]);
        Ok(self.attempt(doing, answer)?.and_then(|text| {
            let mut words = text.split_whitespace();
            words.next().filter(|found| found.eq_ignore_ascii_case(word))?;
            words.nth(1).map(str::to_owned)
        }))
    }

    fn hash_by(
        &mut self,
        path: &str,
        Row { commands, word, .. }: &Row,
        doing: &str,
    ) -> Result<Option<String>, StageError> {
        let takes = self.features.get("HASH").is_some_and(|list| {
            list.split(';').any(|one| one.trim().trim_end_matches('*').eq_ignore_ascii_case(word))
        });
        if takes && let Some(digest) = self.hash_by_name(path, word, doing)? {
            return Ok(Some(digest));
        }
        for command in *commands {
            if !self.has(command) {
                continue;
            }
            let answer =
                self.command(&format!("{command} {path}"), &[Status::RequestedFileActionOk, Status::File]);
            if let Some(text) = self.attempt(doing, answer)? {
                return Ok(text.split_whitespace().last().map(str::to_owned));
            }
        }
        Ok(None)
    }
}

/// Lower-case digits, with the zeros in front that some servers leave out.
fn tidy(digest: &str, digits: usize) -> Option<String> {
    let plain = digest.trim_start_matches("0x");
    let usable =
        !plain.is_empty() && plain.len() <= digits && plain.bytes().all(|byte| byte.is_ascii_hexdigit());
    usable.then(|| format!("{:0>digits$}", plain.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_brought_into_one_form() {
        let check =
            |text: &str, digits, wanted: Option<&str>| assert_eq!(tidy(text, digits).as_deref(), wanted);
        check("DEADBEEF", 8, Some("deadbeef"));
        check("BEEF", 8, Some("0000beef"));
        check("0xBEEF", 8, Some("0000beef"));
        check("failed", 8, None);
        check("", 8, None);
        check("aabbccddee", 8, None);
    }
}
