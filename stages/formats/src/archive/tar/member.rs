//! What a tar holds, and what of it must not be unpacked.
//!
//! Knows headers and names only; the bytes of members pass elsewhere.

use std::collections::HashSet;

use super::super::{Member, Verdict, bounds, name};
use super::record::{self, Header};

/// What extended headers say of the next member.
#[derive(Default)]
pub(super) struct Over {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
}

/// A member as its headers have it.
pub(super) struct Laid {
    pub(super) name: String,
    pub(super) crc32: Option<u32>,
    /// Bytes that follow the header.
    pub(super) content: u64,
    /// Its content can be read as it stands.
    pub(super) plain: bool,
    kind: u8,
    link: String,
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Found {
    pub(super) members: Vec<Member>,
    faults: Vec<(&'static str, String)>,
    unchecked: Vec<(String, String)>,
    links: HashSet<String>,
    /// Bytes of names.
    names: usize,
}

impl Over {
    /// Takes an extended header, of POSIX or of GNU tar; false when it cannot be read.
    pub(super) fn take(&mut self, kind: u8, bytes: &[u8]) -> bool {
        match kind {
            b'L' => self.path = Some(record::text(bytes).to_vec()),
            b'K' => self.link = Some(record::text(bytes).to_vec()),
            b'x' => return self.records(bytes),
            // What holds for all members is a comment, or what no one writes for all.
            _ => return record::records(bytes, &mut |_, _| {}),
        }
        true
    }

    fn records(&mut self, bytes: &[u8]) -> bool {
        let mut good = true;
        let read = record::records(bytes, &mut |key, value| match key {
            b"path" => self.path = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"size" => {
                self.size = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
                good &= self.size.is_some();
            }
            _ => self.sparse |= key.starts_with(b"GNU.sparse."),
        });
        read && good
    }

    /// Lays the extended headers over the header they precede.
    pub(super) fn lay(self, header: &Header) -> Laid {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut name = text(self.path.as_deref().unwrap_or(&header.name));
        let mut kind = header.kind;
        // Before there were kinds, a slash told a folder.
        if matches!(kind, b'\0' | b'7') {
            kind = if name.ends_with('/') { b'5' } else { b'0' };
        }
        // `tar -c .` writes `./` before every name; it leads nowhere.
        while let Some(rest) = name.strip_prefix("./") {
            name = rest.trim_start_matches('/').to_owned();
        }
        if kind == b'5' && (name.is_empty() || name == ".") {
            name = "./".to_owned();
        }
        let content = if (b'1'..=b'6').contains(&kind) { 0 } else { self.size.unwrap_or(header.size) };
        let link = text(self.link.as_deref().unwrap_or(&header.link));
        Laid { name, crc32: None, content, plain: kind == b'0' && !self.sparse, kind, link }
    }
}

impl Found {
    /// Says what is wrong with a member; false when there are too many to go on.
    pub(super) fn judge(&mut self, laid: &Laid) -> bool {
        self.names += laid.name.len() + laid.link.len();
        if self.members.len() >= bounds::MOST_FILES || self.names > bounds::MOST_NAMES {
            return false;
        }
        let shown = laid.name.escape_debug().to_string();
        if laid.name != "./"
            && let Err(why) = name::check(laid.name.strip_suffix('/').unwrap_or(&laid.name))
        {
            self.fault("unsafe-name", format!("`{shown}` must not be unpacked: {why}"));
        }
        let below = laid.name.match_indices('/').filter_map(|(at, _)| laid.name.get(..at));
        if !self.links.is_empty() && below.into_iter().any(|folder| self.links.contains(folder)) {
            self.fault("unsafe-link", format!("`{shown}` would be unpacked through a link"));
        }
        match laid.kind {
            b'0' if laid.plain => {}
            b'0' | b'S' => self.unchecked(&laid.name, "is sparse"),
            b'1' | b'2' => self.judge_link(laid, &shown),
            b'3' | b'4' | b'6' => {
                self.fault("special-file", format!("`{shown}` is a device or a pipe"));
            }
            // A folder, and the label of a tape.
            b'5' | b'V' => {}
            _ => self.unchecked(&laid.name, "is of an unknown kind"),
        }
        true
    }

    fn judge_link(&mut self, laid: &Laid, shown: &str) {
        let target = laid.link.as_str();
        let depth = laid.name.matches('/').count();
        let inside = match laid.kind {
            b'1' => name::check(target.trim_start_matches("./")).is_ok(),
            _ => stays(target, depth),
        };
        if !inside {
            let target = target.escape_debug();
            self.fault("unsafe-link", format!("`{shown}` is a link to `{target}`, which may lie outside"));
        }
        if laid.kind == b'2' {
            self.links.insert(laid.name.clone());
        }
    }

    pub(super) fn keep(&mut self, laid: Laid) {
        let directory = laid.kind == b'5';
        self.members.push(Member { name: laid.name, size: laid.content, crc32: laid.crc32, directory });
    }

    pub(super) fn fault(&mut self, code: &'static str, message: impl Into<String>) {
        if self.faults.len() < Verdict::FAULT_LIMIT {
            self.faults.push((code, message.into()));
        }
    }

    pub(super) fn unchecked(&mut self, name: &str, why: &str) {
        if self.unchecked.len() < Verdict::FAULT_LIMIT {
            self.unchecked.push((name.to_owned(), why.to_owned()));
        }
    }

    /// The verdict on that volume.
    pub(super) fn verdict(mut self, volume: &str) -> Verdict {
        let mut names: Vec<&str> = self
            .members
            .iter()
            .filter(|member| !member.directory)
            .map(|member| member.name.as_str())
            .collect();
        names.sort_unstable();
        if let Some([name, ..]) = names.windows(2).find(|two| two.first() == two.last()) {
            let message = format!("two files have the same name, `{}`", name.escape_debug());
            self.faults.push(("duplicate-name", message));
        }
        let mut verdict = Verdict { members: self.members, ..Verdict::default() };
        for (code, message) in self.faults {
            verdict.fault(code, message, Some(volume), None);
        }
        for (name, why) in self.unchecked {
            verdict.unchecked(&name, &why);
        }
        verdict
    }
}

/// Says whether a link from a folder that deep stays inside. Leading `..` alone are taken: after a name, that name
/// may be a link itself.
fn stays(target: &str, depth: usize) -> bool {
    let up = target.split('/').take_while(|component| matches!(*component, ".." | ".")).collect::<Vec<_>>();
    let rest: Vec<&str> = target.split('/').skip(up.len()).filter(|component| *component != ".").collect();
    let climbs = up.iter().filter(|component| **component == "..").count();
    let rest = rest.join("/");
    climbs <= depth && (!up.is_empty() && rest.is_empty() || name::check(rest.trim_end_matches('/')).is_ok())
}
