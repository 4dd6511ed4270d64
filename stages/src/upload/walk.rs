//! Walks a release at the far end and holds it against what is known of it: the release here, else the ledger, else the
//! checksum files that lie there.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use engine::{Artifact, StageError, World};
use formats::checksum;
use formats::digest::Digester;

use super::destination::{Connection, Destination};
use super::far::{Tree, tree};
use super::flow::Flow;
use super::ledger::{self, Row};
use super::options::Proof;
use super::proof::prove;
use super::source::{DIGEST, Source};
use super::{kinds, watch};
use crate::files;
use crate::verify::{Fault, Unchecked, Verdict};

/// Longest checksum file that is fetched.
const MOST_BYTES: u64 = 16 << 20;

/// A release at a destination.
pub struct Remote<'r> {
    /// The destination's name.
    pub destination: &'r str,
    /// What the release is called there.
    pub name: &'r str,
    /// The same release here, if it is here.
    pub here: Option<&'r Path>,
    /// The folder of what is kept between runs, for the ledger.
    pub home: &'r Path,
}

/// Tests a release at a destination: every file is there, in its size, with its digest.
pub fn verify(
    remote: &Remote<'_>,
    world: &World,
    cancelled: &(dyn Fn() -> bool + Sync),
    note: &dyn Fn(String),
) -> Result<Verdict, StageError> {
    watch::beside(world, cancelled, note, |flow| {
        let opened = kinds::open(remote.destination, world, flow)?;
        let address = opened.destination.address();
        let mut connection = opened.destination.connect()?;
        let connection = connection.as_mut();
        let there = match connection.stat(remote.name)? {
            None => {
                let message = format!("there is no `{}` at {address}", remote.name);
                return Err(StageError::new("remote/missing", message)
                    .hint("`bindery upload PATH --to NAME` takes it there"));
            }
            Some(found) if found.folder => tree(connection, remote.name)?,
            Some(found) => Tree::from([(String::new(), Some(found.size))]),
        };
        let path = format!("{}/{}", address.trim_end_matches('/'), remote.name);
        let files = there.values().filter(|size| size.is_some()).count();
        let verdict = Verdict { path, files, ..Verdict::default() };
        let mut walk = Walk { remote, connection, there, verdict, flow };
        match (remote.here, walk.rows()) {
            (Some(here), _) => walk.against_release(here)?,
            (None, Some(rows)) => walk.against_ledger(&rows)?,
            (None, None) => walk.against_sums()?,
        }
        let Walk { mut verdict, .. } = walk;
        verdict.faults.sort();
        verdict.unchecked.sort();
        Ok(verdict)
    })
}

struct Walk<'w> {
    remote: &'w Remote<'w>,
    connection: &'w mut dyn Connection,
    there: Tree,
    verdict: Verdict,
    flow: &'w Arc<Flow>,
}

impl Walk<'_> {
    fn at(&self, file: &str) -> String {
        if self.there.contains_key("") {
            self.remote.name.to_owned()
        } else {
            format!("{}/{file}", self.remote.name)
        }
    }

    fn fault(&mut self, file: &str, code: &str, message: impl Into<String>) {
        self.verdict.faults.push(Fault { file: file.into(), code: code.into(), message: message.into() });
    }

    /// What the ledger says of a release that was delivered here.
    fn rows(&self) -> Option<BTreeMap<String, Row>> {
        let is_it = |known: &ledger::Known| {
            known.head.as_ref().is_some_and(|head| {
                head.destination == self.remote.destination && head.name == self.remote.name
            })
        };
        let known = ledger::all(self.remote.home).into_iter().find(|(_, known)| is_it(known))?;
        let rows = known.1.rows;
        rows.values().any(|row| row.sha256.is_some()).then_some(rows)
    }

    /// The size of a file there; what is wrong with it otherwise is a fault.
    fn has(&mut self, file: &str, size: u64) -> bool {
        let key = if self.there.contains_key("") { "" } else { file };
        match self.there.get(key).copied().flatten() {
            Some(found) if found == size => true,
            Some(found) => {
                self.fault(file, "size-mismatch", format!("has {found} bytes there, and {size} here"));
                false
            }
            None => {
                self.fault(file, "missing-file", "is missing there");
                false
            }
        }
    }

    fn against_release(&mut self, here: &Path) -> Result<(), StageError> {
        let files = super::release_files(here)?;
        let names: BTreeSet<String> = files.iter().map(|file| file.name.clone()).collect();
        for artifact in &files {
            if self.has(&artifact.name, artifact.size) {
                self.compare(artifact)?;
            }
        }
        self.strangers(&names);
        Ok(())
    }

    fn compare(&mut self, artifact: &Artifact) -> Result<(), StageError> {
        let source = Source::new(artifact, 1, &Arc::default(), self.flow)?;
        let path = self.at(&artifact.name);
        self.verdict.sums += 1;
        if prove(self.connection, &path, &source, Some(Proof::Hash), self.flow)?.is_none() {
            self.fault(&artifact.name, "checksum-mismatch", "holds other bytes there than here");
        }
        Ok(())
    }

    fn against_ledger(&mut self, rows: &BTreeMap<String, Row>) -> Result<(), StageError> {
        for (file, row) in rows {
            if !self.has(file, row.size) {
                continue;
            }
            match &row.sha256 {
                Some(wanted) => self.digest(file, &[(DIGEST, wanted.clone())], "the ledger")?,
                None => self
                    .verdict
                    .unchecked
                    .push(Unchecked { file: file.clone(), why: "the ledger knows its size alone".into() }),
            }
        }
        self.strangers(&rows.keys().cloned().collect());
        Ok(())
    }

    /// Files there that nobody knows of.
    fn strangers(&mut self, known: &BTreeSet<String>) {
        let strange = |(file, size): (&String, &Option<u64>)| {
            (size.is_some() && !file.is_empty() && !known.contains(file)).then(|| file.clone())
        };
        let strangers: Vec<String> = self.there.iter().filter_map(strange).collect();
        for file in strangers {
            self.verdict.unchecked.push(Unchecked { file, why: "is there and not in the release".into() });
        }
    }

    fn against_sums(&mut self) -> Result<(), StageError> {
        let mut claims: BTreeMap<String, Vec<(&'static str, String)>> = BTreeMap::new();
        let sums: Vec<(String, u64)> =
            self.there.iter().filter_map(|(file, size)| Some((file.clone(), (*size)?))).collect();
        for (file, size) in sums {
            let Some(format) = checksum::format_of(&file).filter(|_| size <= MOST_BYTES) else { continue };
            let mut bytes = Vec::new();
            let path = self.at(&file);
            self.connection.get(&path, 0, size, &mut bytes)?;
            let lines = match format.parse(&bytes) {
                Ok(lines) => lines,
                Err(error) => {
                    self.fault(&file, "bad-checksum-file", error.to_string());
                    continue;
                }
            };
            let folder = file.rfind('/').map_or("", |at| file.get(..=at).unwrap_or_default());
            for line in lines {
                match line.safe_name() {
                    Ok(name) => {
                        let claim = (format.algorithm, line.hex.clone());
                        claims.entry(format!("{folder}{name}")).or_default().push(claim);
                    }
                    Err(why) => self.fault(&file, "unsafe-name", format!("names {:?}: {why}", line.name)),
                }
            }
        }
        for (file, wanted) in claims {
            match self.there.get(&file).copied().flatten() {
                Some(_) => self.digest(&file, &wanted, "a checksum file there")?,
                None => self.fault(&file, "missing-file", "is missing there, but a checksum file names it"),
            }
        }
        Ok(())
    }

    /// Holds the digest of a file there against what somebody says of it.
    fn digest(&mut self, file: &str, wanted: &[(&str, String)], by: &str) -> Result<(), StageError> {
        self.flow.check()?;
        self.verdict.sums += 1;
        for (algorithm, wanted) in wanted {
            let found = self.digest_there(file, algorithm)?;
            if !found.eq_ignore_ascii_case(wanted) {
                let message = format!("has the {algorithm} {found} there, and {by} says {wanted}");
                self.fault(file, "checksum-mismatch", message);
            }
        }
        Ok(())
    }

    /// The digest of a file there: taken by the far end, or of what is read back.
    fn digest_there(&mut self, file: &str, algorithm: &str) -> Result<String, StageError> {
        let path = self.at(file);
        if let Some((by, digest)) = self.connection.hash(&path, &[algorithm])?
            && by == algorithm
        {
            return Ok(digest);
        }
        let mut taking = Taking(files::digester(&BTreeSet::from([algorithm.to_owned()]))?);
        self.connection.get(&path, 0, u64::MAX, &mut taking)?;
        Ok(taking.0.finish().into_values().next().unwrap_or_default())
    }
}

/// Digests what is written to it.
struct Taking(Digester);

impl Write for Taking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
