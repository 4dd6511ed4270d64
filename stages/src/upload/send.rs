//! Sends one file: goes on behind what is there already and is ours, and comes back when it is proven that all of it
//! lies under its temporary name.

mod stream;

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use engine::StageError;

use self::stream::{Far, Stream};
use super::arrived::has_more;
use super::destination::Connection;
use super::faults;
use super::flow::Flow;
use super::ledger::{Ledger, Row, State};
use super::options::Proof;
use super::proof::{Reached, lies, prove, prove_by_reading};
use super::queue::{Queue, SMALL};
use super::retry::pause;
use super::settings::Common;
use super::source::{BLOCK, DIGEST, Source};

/// How much of what is there already is read back to see whether it is ours.
const TAIL: u64 = 64 * 1024;
/// How far it is gone back where the tail is not: what was written last when a machine died may be anything.
const BACK: u64 = 1024 * 1024;
/// How many blocks are read ahead of what is being sent.
const AHEAD: usize = 3;

/// What the files of a delivery to one destination have in common while they are sent.
pub(super) struct Sending<'d> {
    pub(super) ledger: &'d Ledger,
    pub(super) flow: &'d Arc<Flow>,
    pub(super) queue: &'d Queue,
    pub(super) common: &'d Common,
    pub(super) proof: Option<Proof>,
    /// What files are called where several destinations are shown.
    pub(super) label: &'d str,
}

impl Sending<'_> {
    /// Sends a file to `path`, where `there` bytes lie as far as is known, and proves it. Where they were sent just now
    /// their number says enough.
    pub(super) fn send(
        &self,
        connection: &mut dyn Connection,
        path: &str,
        source: &Source,
        there: Option<u64>,
        just_now: bool,
    ) -> Result<Reached, StageError> {
        let label = format!("{}{}", self.label, source.name);
        let mut far = Far { flow: self.flow, label: &label, size: source.size, done: 0 };
        let sent = self.send_with(connection, path, source, (there, just_now), &mut far);
        if sent.is_err() {
            // The bytes that are there stay; they count again when it goes on.
            far.set(0);
        }
        self.flow.over(&label);
        source.close();
        sent
    }

    fn send_with(
        &self,
        connection: &mut dyn Connection,
        path: &str,
        source: &Source,
        (mut there, mut has_sent): (Option<u64>, bool),
        far: &mut Far<'_>,
    ) -> Result<Reached, StageError> {
        let (mut stuck, mut has_begun_anew) = (0, false);
        // Where it was sent just now, that is written down already.
        let mut is_told = has_sent && there == Some(source.size);
        loop {
            self.flow.check()?;
            let from = match there {
                None => 0,
                // What proves it looks closer.
                Some(size) if size == source.size && (has_sent || self.proof != Some(Proof::Size)) => size,
                Some(size) => self.ours(connection, path, source, size)?,
            };
            far.set(from);
            if there == Some(source.size) && from == source.size {
                if !std::mem::take(&mut is_told) {
                    self.ledger.jot([row(source, State::Landed)]);
                }
                // Servers remember digests, and some still tell that of what lay there within the same second. So what
                // was sent once more is read back.
                let reached = if has_begun_anew {
                    prove_by_reading(connection, path, source, self.flow)?
                } else {
                    prove(connection, path, source, self.proof, self.flow)?
                };
                if let Some(reached) = reached {
                    // Whatever proves it, what was sent is held against what was packed.
                    source.digest(DIGEST)?;
                    return Ok(reached);
                }
                if std::mem::replace(&mut has_begun_anew, true) {
                    return Err(faults::corrupt(format!("`{}` was not stored as it was sent", source.name)));
                }
                self.flow
                    .note(format!("`{}` was not stored as it was sent; it is sent once more", source.name));
                connection.remove(path)?;
                there = None;
                continue;
            }
            has_sent = true;
            let outcome = self.put(connection, path, source, Some(from), far);
            if let Err(error) = &outcome
                && !error.retriable
            {
                return outcome.map(|()| Reached { proof: Proof::Size, by: String::new() });
            }
            let now = connection.stat(path)?.map(|entry| entry.size);
            // Getting on, or going back to bytes that are ours for sure, counts as getting somewhere.
            stuck = if now.unwrap_or(0) > from || now == Some(source.size) { 0 } else { stuck + 1 };
            if stuck > self.common.retries {
                return Err(outcome.err().unwrap_or_else(|| lies_about_size(source, now)));
            }
            match outcome {
                Ok(())
                    if now != Some(source.size)
                        && (stuck > 1 || has_more(connection, path, source, now)?) =>
                {
                    return Err(lies_about_size(source, now));
                }
                Ok(()) => {}
                Err(error) => {
                    self.flow.note(format!(
                        "`{}` was cut off at {} of {} bytes ({}); it goes on there",
                        source.name,
                        now.unwrap_or(0),
                        source.size,
                        error.message
                    ));
                    self.flow.rest(pause(self.common.retry_delay, stuck + 1))?;
                }
            }
            there = now;
        }
    }

    /// Sends whole small files one after the other, by the paths, and asks nobody what arrived of them. Says whether all
    /// went well; what did not shows when they are looked for, and `send` takes it up.
    pub(super) fn send_handful<'s>(
        &self,
        connection: &mut dyn Connection,
        files: impl Iterator<Item = (&'s str, &'s Source)>,
    ) -> Result<bool, StageError> {
        let mut went_well = true;
        for (path, source) in files {
            self.flow.check()?;
            let label = format!("{}{}", self.label, source.name);
            let mut far = Far { flow: self.flow, label: &label, size: source.size, done: 0 };
            let put = self.put(connection, path, source, None, &mut far);
            // They count when it is known that they are there.
            far.set(0);
            self.flow.over(&label);
            source.close();
            went_well = put.is_ok();
            if !went_well {
                break;
            }
        }
        // Also where something failed: nobody is to look for what is still on its way.
        Ok(connection.settle().is_ok() && went_well)
    }

    /// From where on a file of which `size` bytes are there is to be sent: behind them if their end is ours, a little
    /// before it if only that is, else from the beginning.
    fn ours(
        &self,
        connection: &mut dyn Connection,
        path: &str,
        source: &Source,
        size: u64,
    ) -> Result<u64, StageError> {
        if size == 0 || size > source.size {
            return Ok(0);
        }
        for end in [size, size.saturating_sub(BACK)] {
            let tail = source.tail(end, TAIL)?;
            if tail.is_empty() || !lies(connection, path, end - tail.len() as u64, &tail)? {
                continue;
            }
            if end == size || connection.truncate(path, end)? {
                return Ok(end);
            }
        }
        Ok(0)
    }

    /// Sends everything from an offset on; without one all of it, and nobody is asked then how much that was.
    fn put(
        &self,
        connection: &mut dyn Connection,
        path: &str,
        source: &Source,
        offset: Option<u64>,
        far: &mut Far<'_>,
    ) -> Result<(), StageError> {
        let from = offset.unwrap_or(0);
        let is_small = source.size <= SMALL;
        if !is_small || from > 0 {
            self.ledger.note([row(source, State::Sending { offset: from })]);
        }
        source.digest_up_to(from / BLOCK)?;
        thread::scope(|scope| {
            let (give, take) = sync_channel(AHEAD);
            let first = from / BLOCK;
            if source.blocks() > first + 1 {
                scope.spawn(move || {
                    for number in first..source.blocks() {
                        let block = source.block(number);
                        let failed = block.is_err();
                        // Nobody takes it where the connection was lost.
                        if give.send(block).is_err() || failed {
                            return;
                        }
                    }
                });
            } else if source.blocks() > first {
                // A channel with room for it: this does not wait.
                let _ = give.send(source.block(first));
                drop(give);
            } else {
                drop(give);
            }
            let skip = usize::try_from(from - first * BLOCK).unwrap_or(0);
            let ended = || {
                let row = row(source, State::MayHaveLanded);
                if is_small { self.ledger.jot([row]) } else { self.ledger.note([row]) }
            };
            let mut stream = Stream {
                sending: self,
                source,
                take,
                block: None,
                at: skip,
                left: source.size - from,
                fault: None,
                far,
                ended: Some(&ended),
            };
            let put = match offset {
                Some(offset) => connection.put(path, offset, &mut stream),
                None => connection.put_unconfirmed(path, &mut stream),
            };
            let (fault, left) = (stream.fault.take(), stream.left);
            // The reader ahead ends when nobody takes blocks any more.
            drop(stream);
            match (fault, put) {
                (Some(fault), _) => Err(fault),
                // Where everything is to stop, that is the reason.
                (None, Err(error)) => Err(self.flow.check().err().unwrap_or(error)),
                // A far end that stops taking has not got it all, whatever it says.
                (None, Ok(_)) if left > 0 => Err(faults::lost("the far end ended the transfer early")),
                (None, Ok(_)) => Ok(()),
            }
        })
    }
}

/// A row of the ledger for a file.
pub(super) fn row(source: &Source, state: State) -> Row {
    Row { file: source.name.clone(), size: source.size, modified: source.modified, sha256: None, state }
}

fn lies_about_size(source: &Source, now: Option<u64>) -> StageError {
    let says = now.map_or_else(|| "is not there".to_owned(), |now| format!("has {now} bytes"));
    faults::size(format!(
        "the far end confirmed all {} bytes of `{}` and then says that it {says}",
        source.size, source.name
    ))
}
