//! The work of a delivery once it is known what lies there: files are compared or sent over several connections, and
//! the release gets its name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use engine::StageError;

use super::arrived::arrived_of;
use super::crew::{self, Act, Handfuls};
use super::deliver::{Delivery, Place};
use super::destination::Connection;
use super::far::{self, make_folders, tree};
use super::faults;
use super::flow::lock;
use super::ledger::{Ledger, State};
use super::options::OnConflict;
use super::proof::{Reached, prove};
use super::queue::Queue;
use super::send::{Sending, row};
use super::source::Source;

/// The work of a delivery.
pub(super) struct Work<'w> {
    delivery: &'w Delivery<'w>,
    ledger: &'w Ledger,
    place: &'w Place,
    /// Files that are there and proven, by name.
    reached: Mutex<BTreeMap<String, Reached>>,
}

/// What to do where something does not stay where it was put.
const MOVED: &str = "see whether something there moves or removes files, then `bindery resume`";
/// A list of more files than so many times those that are looked for costs more than asking about each.
const CROWD: usize = 4;

impl<'w> Work<'w> {
    pub(super) fn new(
        delivery: &'w Delivery<'w>,
        ledger: &'w Ledger,
        place: &'w Place,
        trusted: BTreeMap<String, Reached>,
    ) -> Self {
        for source in delivery.release.sources.iter().filter(|one| trusted.contains_key(&one.name)) {
            delivery.flow.done.fetch_add(source.size, Ordering::Relaxed);
            source.leave();
        }
        Self { delivery, ledger, place, reached: Mutex::new(trusted) }
    }

    /// The weakest proof of any file.
    pub(super) fn weakest(&self) -> Option<Reached> {
        lock(&self.reached).values().min_by_key(|reached| reached.proof).cloned()
    }

    fn sources(&self) -> &'w [Source] {
        self.delivery.release.sources
    }

    fn is_proven(&self, source: &Source) -> bool {
        lock(&self.reached).contains_key(&source.name)
    }

    fn prove(&self, source: &Source, reached: Reached) {
        let state = State::Verified { proof: reached.proof, by: reached.by.clone() };
        let mut row = row(source, state);
        row.sha256 = source.digest_taken();
        self.ledger.jot([row]);
        lock(&self.reached).insert(source.name.clone(), reached);
    }

    /// Compares the files that lie there under their names, and gives those that have to be sent.
    pub(super) fn check_what_is_there(
        &self,
        connection: &mut Box<dyn Connection>,
    ) -> Result<Vec<usize>, StageError> {
        let (place, release) = (self.place, self.delivery.release);
        let conflicts: Mutex<BTreeSet<usize>> = Mutex::default();
        let conflict = |number: usize, source: &Source, is_folder: bool| {
            if release.on_conflict == OnConflict::Verify || is_folder {
                return Err(far::taken(&place.at(&place.name, &source.name)));
            }
            lock(&conflicts).insert(number);
            Ok(())
        };
        let mut alike = Vec::new();
        for (number, source) in self.sources().iter().enumerate() {
            match place.found(&source.name) {
                Some(_) if self.is_proven(source) => {}
                Some(Some(size)) if size == source.size => alike.push((0, size, number)),
                Some(size) => conflict(number, source, size.is_none())?,
                None => {}
            }
        }
        let queue = Queue::new(alike);
        let nothing = Handfuls { send: &|_, _| Ok(true), look: &|_, _| Ok(()) };
        self.with_queue(connection, &queue, &nothing, &|connection, number| {
            let Some(source) = self.sources().get(number) else { return Ok(()) };
            let path = place.at(&place.name, &source.name);
            let flow = self.delivery.flow;
            match prove(connection, &path, source, self.delivery.proof(), flow)? {
                Some(reached) => {
                    flow.done.fetch_add(source.size, Ordering::Relaxed);
                    source.leave();
                    self.prove(source, reached);
                    Ok(())
                }
                None => conflict(number, source, false),
            }
        })?;
        let missing = self.sources().iter().enumerate().filter(|(_, source)| !self.is_proven(source));
        Ok(missing.map(|(number, _)| number).collect())
    }

    /// Sends files under their temporary names and proves them.
    pub(super) fn send(
        &self,
        connection: &mut Box<dyn Connection>,
        missing: &[usize],
    ) -> Result<(), StageError> {
        let (place, release, opened) = (self.place, self.delivery.release, self.delivery.opened);
        self.clear(connection.as_mut())?;
        let files: Vec<(usize, &Source)> =
            missing.iter().filter_map(|&number| Some((number, self.sources().get(number)?))).collect();
        if files.is_empty() {
            return Ok(());
        }
        let begun = |source: &Source| place.begun.get(&source.name).copied().flatten();
        let needed: u64 =
            files.iter().map(|(_, source)| source.size.saturating_sub(begun(source).unwrap_or(0))).sum();
        if let Some(free) = connection.free()?.filter(|free| *free < needed) {
            return Err(faults::full(format!("{needed} bytes are to be sent, and {free} are free there")));
        }
        if !place.is_file {
            make_folders(connection.as_mut(), &place.part, files.iter().map(|(_, one)| one.name.as_str()))?;
        }
        let turns = files.iter().map(|(number, one)| (release.turns.of(&one.name), one.size, *number));
        let queue = Queue::new(turns);
        let label = if release.is_shared { format!("{}: ", opened.name) } else { String::new() };
        let sending = Sending {
            ledger: self.ledger,
            flow: self.delivery.flow,
            queue: &queue,
            common: &opened.common,
            proof: self.delivery.proof(),
            label: &label,
        };
        // What the far end lists of small files that were sent together.
        let arrived: Mutex<BTreeMap<usize, u64>> = Mutex::default();
        let fresh = |numbers: &[usize]| {
            let sources = numbers.iter().filter_map(|&number| Some((number, self.sources().get(number)?)));
            let fresh = sources.filter(|(_, source)| begun(source).is_none());
            let placed = fresh.map(|(number, source)| (number, place.at(&place.part, &source.name), source));
            placed.collect::<Vec<(usize, String, &Source)>>()
        };
        let handfuls = Handfuls {
            send: &|connection, numbers| {
                let few = fresh(numbers);
                self.ledger.note(few.iter().map(|(_, _, source)| row(source, State::Sending { offset: 0 })));
                sending.send_handful(connection, few.iter().map(|(_, path, source)| (path.as_str(), *source)))
            },
            look: &|connection, numbers| {
                let few = fresh(numbers);
                let wanted: Vec<(&str, u64)> =
                    few.iter().map(|(_, path, source)| (path.as_str(), source.size)).collect();
                let found = arrived_of(connection, &wanted, files.len() <= CROWD * few.len())?;
                let whole = few.iter().filter(|(_, path, source)| found.get(path) == Some(&source.size));
                self.ledger.jot(whole.map(|(_, _, source)| row(source, State::Landed)));
                lock(&arrived)
                    .extend(few.iter().filter_map(|(number, path, _)| Some((*number, *found.get(path)?))));
                Ok(())
            },
        };
        self.with_queue(connection, &queue, &handfuls, &|connection, number| {
            let Some(source) = self.sources().get(number) else { return Ok(()) };
            let path = place.at(&place.part, &source.name);
            let now = lock(&arrived).remove(&number);
            let sent = sending.send(connection, &path, source, now.or_else(|| begun(source)), now.is_some());
            source.leave();
            match sent {
                Ok(reached) => {
                    self.prove(source, reached);
                    Ok(())
                }
                Err(error) => {
                    if !matches!(error.code.as_ref(), "step/cancelled" | "step/timeout" | "step/skipped") {
                        let code = error.code.to_string();
                        self.ledger.note([row(source, State::Failed { code })]);
                    }
                    Err(error)
                }
            }
        })
    }

    /// Removes what lies under the temporary name and is not of this release.
    fn clear(&self, connection: &mut dyn Connection) -> Result<(), StageError> {
        if self.place.is_file {
            return Ok(());
        }
        let ours: BTreeSet<&str> = self.sources().iter().map(|source| source.name.as_str()).collect();
        for (path, size) in self.place.begun.iter().rev() {
            let holds_ours = || ours.iter().any(|file| file.starts_with(&format!("{path}/")));
            let at = format!("{}/{path}", self.place.part);
            match size {
                Some(_) if !ours.contains(path.as_str()) => connection.remove(&at)?,
                None if !holds_ours() => connection.remove_folder(&at)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Gives everything its name, and looks whether all of it is there.
    pub(super) fn appear(
        &self,
        connection: &mut dyn Connection,
        missing: &[usize],
    ) -> Result<(), StageError> {
        let (place, retries) = (self.place, self.delivery.opened.common.retries);
        self.delivery.flow.check()?;
        let waits = |(number, source): &(usize, &Source)| {
            missing.contains(number) || place.found(&source.name).is_none()
        };
        let waiting: Vec<&Source> =
            self.sources().iter().enumerate().filter(waits).map(|(_, source)| source).collect();
        if place.there.is_none() && !place.is_file && !waiting.is_empty() {
            match far::rename(connection, &place.part, &place.name, retries) {
                // All of it was seen there in this run, and a folder that gets another name holds what it held.
                Ok(()) => return self.confirm_folder(connection),
                Err(error) if error.retriable || error.code == "remote/exists" => return Err(error),
                // Not every far end renames folders.
                Err(_) => {}
            }
        }
        if !waiting.is_empty() && !place.is_file {
            make_folders(connection, &place.name, waiting.iter().map(|source| source.name.as_str()))?;
        }
        for source in waiting {
            self.delivery.flow.check()?;
            let (from, to) = (place.at(&place.part, &source.name), place.at(&place.name, &source.name));
            if place.found(&source.name).is_some() {
                connection.remove(&to)?;
            }
            far::rename(connection, &from, &to, retries)?;
        }
        if !place.is_file {
            far::remove_all(connection, &place.part)?;
        }
        self.confirm(connection)
    }

    /// Looks whether the folder lies there under its name.
    fn confirm_folder(&self, connection: &mut dyn Connection) -> Result<(), StageError> {
        let name = &self.place.name;
        if connection.stat(name)?.is_some_and(|found| found.folder) {
            return Ok(());
        }
        let message = format!("the folder `{name}` got its name, and does not lie there");
        Err(StageError::new("remote/missing", message).hint(MOVED))
    }

    /// Looks whether everything lies there under its name.
    fn confirm(&self, connection: &mut dyn Connection) -> Result<(), StageError> {
        let place = self.place;
        let there = if place.is_file {
            let size = connection.stat(&place.name)?.map(|found| found.size);
            self.sources().iter().map(|source| (source.name.clone(), size)).collect()
        } else {
            tree(connection, &place.name)?
        };
        match self.sources().iter().find(|source| there.get(&source.name) != Some(&Some(source.size))) {
            None => Ok(()),
            Some(source) => Err(StageError::new(
                "remote/missing",
                format!("`{}` was sent and proven, and does not lie there under its name", source.name),
            )
            .hint(MOVED)),
        }
    }

    /// Lets as many connections as there may be take files from a queue.
    fn with_queue(
        &self,
        connection: &mut Box<dyn Connection>,
        queue: &Queue,
        handfuls: &Handfuls<'_>,
        act: &Act<'_>,
    ) -> Result<(), StageError> {
        let Delivery { opened, flow, .. } = self.delivery;
        crew::work(&opened.destination, flow, connection, queue, handfuls, act)
    }
}
