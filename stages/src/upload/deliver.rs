//! Delivers one release to one destination: looks what is there, sends what is missing, and gives it its name.
//!
//! Files go into a folder with a temporary name, so that the release appears there whole. Where a folder of its name is
//! there already, they are renamed into it one by one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use engine::StageError;
use serde_json::Value;

use super::destination::{Connection, Destination};
use super::far::{self, Tree, tree};
use super::faults;
use super::flow::Flow;
use super::kinds::Opened;
use super::ledger::{Head, Known, Ledger, State};
use super::options::{OnConflict, Proof, Turns};
use super::proof::{Reached, prove};
use super::send::row;
use super::source::Source;
use super::work::Work;

/// A release as it is delivered everywhere.
pub(super) struct Release<'r> {
    pub(super) name: &'r str,
    /// Where it lies on this machine.
    pub(super) path: &'r Path,
    /// It is one file and no folder.
    pub(super) is_file: bool,
    pub(super) sources: &'r [Source],
    pub(super) turns: &'r Turns,
    pub(super) proof: Option<Proof>,
    pub(super) on_conflict: OnConflict,
    /// The options of the step, to go on with later.
    pub(super) options: &'r Value,
    /// The folder of what is kept between runs.
    pub(super) home: Option<&'r Path>,
    /// Whether there are other destinations.
    pub(super) is_shared: bool,
}

/// What came of a delivery.
#[derive(Debug)]
pub(super) struct Delivered {
    /// What the release is called there.
    pub(super) name: String,
    /// Files that were sent, and that were there already.
    pub(super) sent: usize,
    pub(super) found: usize,
    /// The weakest proof of any file.
    pub(super) reached: Option<Reached>,
}

/// Where a release goes at the far end.
pub(super) struct Place {
    pub(super) name: String,
    pub(super) part: String,
    pub(super) is_file: bool,
    /// What lies under its name, if anything does.
    pub(super) there: Option<Tree>,
    /// What lies under its temporary name.
    pub(super) begun: Tree,
}

impl Place {
    /// The path of a file under the name of the release or its temporary one.
    pub(super) fn at(&self, root: &str, file: &str) -> String {
        if self.is_file { root.to_owned() } else { format!("{root}/{file}") }
    }

    /// What lies under the name of a file.
    pub(super) fn found(&self, file: &str) -> Option<Option<u64>> {
        self.there.as_ref()?.get(file).copied()
    }
}

/// One delivery at work.
pub(super) struct Delivery<'d> {
    pub(super) release: &'d Release<'d>,
    pub(super) opened: &'d Opened,
    pub(super) flow: &'d Arc<Flow>,
}

impl Delivery<'_> {
    /// Delivers, and names the destination in whatever goes wrong.
    pub(super) fn run(&self) -> Result<Delivered, StageError> {
        self.deliver().map_err(|mut error| {
            if error.code != "step/cancelled" {
                error.message = format!("`{}`: {}", self.opened.name, error.message);
            }
            error
        })
    }

    fn deliver(&self) -> Result<Delivered, StageError> {
        let release = self.release;
        let head = Head {
            release: release.name.to_owned(),
            path: release.path.display().to_string(),
            destination: self.opened.name.clone(),
            address: self.opened.destination.address(),
            name: release.name.to_owned(),
            options: release.options.clone(),
            ended: false,
        };
        let home = release.home.filter(|_| !self.opened.common.dry_run);
        let ledger = Ledger::open(home, &head, self.flow)?;
        let known = ledger.known();
        let mut connection = self.opened.destination.connect()?;
        let place = self.place(connection.as_mut(), &known)?;
        let trusted = self.trusted(&known, &place);
        let head = Head { name: place.name.clone(), ..head };
        // From here on it is in doubt until the last row is proven.
        let planned = release.sources.iter().filter(|source| !trusted.contains_key(source.name.as_str()));
        ledger.jot(planned.map(|source| row(source, State::Planned)));
        ledger.note_head(head.clone());
        let work = Work::new(self, &ledger, &place, trusted);
        let missing = work.check_what_is_there(&mut connection)?;
        work.send(&mut connection, &missing)?;
        work.appear(connection.as_mut(), &missing)?;
        ledger.note_head(Head { ended: true, ..head });
        let reached = work.weakest();
        Ok(Delivered {
            name: place.name.clone(),
            sent: missing.len(),
            found: release.sources.len() - missing.len(),
            reached,
        })
    }

    /// The level of proof that is asked for. Where nothing is sent there is nothing to prove.
    pub(super) fn proof(&self) -> Option<Proof> {
        if self.opened.common.dry_run {
            return Some(Proof::Size);
        }
        self.release.proof.or(self.opened.common.proof)
    }

    /// Finds the name that the release gets there. What was begun under a name goes on under it.
    fn place(&self, connection: &mut dyn Connection, known: &Known) -> Result<Place, StageError> {
        let release = self.release;
        if let Some(head) = &known.head {
            let place = self.look(connection, head.name.clone())?;
            if place.there.is_some() || !place.begun.is_empty() || head.name == release.name {
                return self.fits(connection, place);
            }
        }
        let place = self.look(connection, release.name.to_owned())?;
        self.fits(connection, place)
    }

    /// The place itself, or with `on_conflict: rename` the next one that is free or holds the same.
    fn fits(&self, connection: &mut dyn Connection, mut place: Place) -> Result<Place, StageError> {
        let release = self.release;
        if release.on_conflict != OnConflict::Rename {
            return Ok(place);
        }
        let mut number = 2;
        while !self.holds_the_same(connection, &place)? {
            place = self.look(connection, far::beside(release.name, release.is_file, number))?;
            number += 1;
        }
        Ok(place)
    }

    fn holds_the_same(&self, connection: &mut dyn Connection, place: &Place) -> Result<bool, StageError> {
        for source in self.release.sources {
            let Some(size) = place.found(&source.name) else { continue };
            let path = place.at(&place.name, &source.name);
            if size != Some(source.size)
                || prove(connection, &path, source, self.proof(), self.flow)?.is_none()
            {
                return Ok(false);
            }
        }
        // A file where a folder belongs, or the other way round, holds nothing of ours.
        let is_other = |there: &Tree| there.contains_key("");
        Ok(!place.there.as_ref().is_some_and(is_other))
    }

    fn look(&self, connection: &mut dyn Connection, name: String) -> Result<Place, StageError> {
        let (part, is_file) = (far::temporary(&name), self.release.is_file);
        let file = self.release.sources.first().map(|source| source.name.clone()).unwrap_or_default();
        let one = |key: String, size: Option<u64>| Tree::from([(key, size)]);
        let there = match connection.stat(&name)? {
            None => None,
            Some(found) if is_file && !found.folder => Some(one(file.clone(), Some(found.size))),
            Some(found) if !is_file && found.folder => Some(tree(connection, &name)?),
            Some(_) => Some(one(String::new(), None)),
        };
        let begun = match connection.stat(&part)? {
            None => Tree::new(),
            Some(found) if is_file && !found.folder => one(file, Some(found.size)),
            Some(found) if !is_file && found.folder => tree(connection, &part)?,
            Some(_) => {
                far::remove_all(connection, &part)?;
                Tree::new()
            }
        };
        if there.as_ref().is_some_and(|there| there.contains_key(""))
            && self.release.on_conflict != OnConflict::Rename
        {
            let message = if is_file { "is a folder there" } else { "is a file there" };
            return Err(faults::exists(format!("`{name}` {message}")));
        }
        Ok(Place { name, part, is_file, there, begun })
    }

    /// Files of which the ledger says that they are proven as far as is asked for, and which lie there in their size.
    fn trusted(&self, known: &Known, place: &Place) -> BTreeMap<String, Reached> {
        let mut trusted = BTreeMap::new();
        let is_here = known.head.as_ref().is_some_and(|head| head.name == place.name);
        for source in self.release.sources.iter().filter(|_| is_here) {
            let Some(row) = known.rows.get(&source.name) else { continue };
            let State::Verified { proof, by } = &row.state else { continue };
            let same_file = row.size == source.size
                && match (source.packed_digest(), &row.sha256) {
                    (Some(packed), Some(sent)) => packed == sent,
                    _ => row.modified == source.modified,
                };
            let found = place.found(&source.name).or_else(|| place.begun.get(&source.name).copied());
            let lies = found == Some(Some(source.size));
            if same_file && lies && self.proof().is_none_or(|asked| *proof >= asked) {
                trusted.insert(source.name.clone(), Reached { proof: *proof, by: by.clone() });
            }
        }
        trusted
    }
}
