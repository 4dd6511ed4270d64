//! Digests that the server takes: by an extension of SFTP, or by a program that it may run.
//!
//! Accounts for SFTP alone run no programs; they are asked once.

use std::time::Duration;

use engine::StageError;

use super::connection::Sftp;
use super::wire::{self, Reply, Request};

/// How fast a far end is taken to digest a file, in bytes a second.
const SPEED: u64 = 10_000_000;

/// A digest: its name for the extension and the programs that print it, for a shell.
struct Row {
    name: &'static str,
    programs: &'static [&'static str],
    digits: usize,
}

const ROWS: &[Row] = &[
    Row { name: "sha512", programs: &["sha512sum", "shasum -a 512"], digits: 128 },
    Row { name: "sha256", programs: &["sha256sum", "shasum -a 256"], digits: 64 },
    Row { name: "sha1", programs: &["sha1sum", "shasum -a 1"], digits: 40 },
    Row { name: "md5", programs: &["md5sum"], digits: 32 },
];

impl Sftp {
    /// The digest by the first of these algorithms that the server has.
    pub(super) fn digest(
        &mut self,
        path: &str,
        size: u64,
        algorithms: &[&str],
    ) -> Result<Option<(String, String)>, StageError> {
        let patience = self.patience.answer + Duration::from_secs(size / SPEED);
        self.client.session.patience = patience;
        let rows = algorithms.iter().filter_map(|wanted| ROWS.iter().find(|row| row.name == *wanted));
        let rows: Vec<&Row> = rows.collect();
        let found = self
            .by_extension(path, &rows)
            .map(|found| found.or_else(|| rows.iter().find_map(|row| self.by_program(path, row))));
        self.client.session.patience = self.patience.answer;
        found
    }

    fn by_extension(&mut self, path: &str, rows: &[&Row]) -> Result<Option<(String, String)>, StageError> {
        if rows.is_empty() || self.checks_nothing {
            return Ok(None);
        }
        let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
        let request = Request::Check { path, algorithms: &names.join(",") };
        let doing = format!("taking the digest of `{path}`");
        let Reply::Extended(answer) = self.client.ask(request, &doing)? else {
            // Servers name the extension or not, whether they have it or not.
            self.checks_nothing = true;
            return Ok(None);
        };
        let Some((name, digest)) = wire::checked(&answer) else { return Ok(None) };
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let row = rows.iter().find(|row| row.name == name && row.digits == digits.len());
        Ok(row.map(|row| (row.name.to_owned(), digits)))
    }

    /// Runs a program on the other side. Whatever goes wrong there, the file is still proven by other means.
    fn by_program(&mut self, path: &str, row: &Row) -> Option<(String, String)> {
        if self.runs_nothing {
            return None;
        }
        // Programs may begin in another folder.
        let Ok(Reply::Names(names)) = self.client.ask(Request::RealPath { path }, "looking for the path")
        else {
            return None;
        };
        let quoted = quoted(&names.first()?.0);
        let commands: Vec<String> =
            row.programs.iter().map(|program| format!("{program} {quoted} 2>/dev/null")).collect();
        let output = self.client.session.run(&commands.join(" || "));
        let digest = output.as_deref().and_then(|output| digest_in(output, row.digits));
        if digest.is_none() {
            self.runs_nothing = true;
        }
        digest.map(|digest| (row.name.to_owned(), digest))
    }
}

/// The digest at the start of what a program printed; a name with odd characters has a backslash before it.
fn digest_in(output: &str, digits: usize) -> Option<String> {
    let word = output.split_whitespace().next()?.trim_start_matches('\\');
    let usable = word.len() == digits && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    usable.then(|| word.to_ascii_lowercase())
}

/// A path as one word for a shell, and never an option.
fn quoted(path: &str) -> String {
    let dot = if path.starts_with('-') { "./" } else { "" };
    format!("'{dot}{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_single_words_for_a_shell() {
        let check = |path: &str, wanted: &str| assert_eq!(quoted(path), wanted);
        check("/a b", "'/a b'");
        check("it's; rm -rf $(x)", r"'it'\''s; rm -rf $(x)'");
        check("-c", "'./-c'");
    }

    #[test]
    fn only_a_digest_counts_as_one() {
        assert_eq!(digest_in("\\ABCD  a\\nb\n", 4).as_deref(), Some("abcd"));
        assert_eq!(digest_in("This account is for SFTP only.\n", 4), None);
        assert_eq!(digest_in("", 4), None);
    }
}
