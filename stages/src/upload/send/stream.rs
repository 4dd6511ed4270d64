//! The bytes of one file on their way out, counted and shown.

use std::io::{self, Read};
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use engine::StageError;

use super::super::flow::Flow;
use super::super::source::{Block, Source};
use super::Sending;

/// Shows how far a file is, and counts it in the whole.
pub(super) struct Far<'d> {
    pub(super) flow: &'d Flow,
    pub(super) label: &'d str,
    pub(super) size: u64,
    pub(super) done: u64,
}

impl Far<'_> {
    pub(super) fn set(&mut self, done: u64) {
        let total = &self.flow.done;
        if done >= self.done {
            total.fetch_add(done - self.done, Ordering::Relaxed);
        } else {
            total.fetch_sub(self.done - done, Ordering::Relaxed);
        }
        self.done = done;
        self.flow.far(self.label, done, self.size);
    }
}

/// The bytes of a file on their way out.
pub(super) struct Stream<'s, 'd, 'f> {
    pub(super) sending: &'s Sending<'d>,
    pub(super) source: &'s Source,
    pub(super) take: Receiver<Result<Block, StageError>>,
    pub(super) block: Option<Block>,
    /// Where in the block the next byte lies.
    pub(super) at: usize,
    pub(super) left: u64,
    /// Why it ended early, if that was not the connection.
    pub(super) fault: Option<StageError>,
    pub(super) far: &'s mut Far<'f>,
    /// Told once when all was given.
    pub(super) ended: Option<&'s dyn Fn()>,
}

impl Stream<'_, '_, '_> {
    fn next(&mut self, room: &mut [u8]) -> Result<usize, StageError> {
        self.sending.flow.check()?;
        if self.sending.queue.is_over() {
            return Err(StageError::new("step/skipped", "another file of the delivery failed"));
        }
        if self.left == 0 {
            self.ended.take().into_iter().for_each(|ended| ended());
            return Ok(0);
        }
        if let Some(done) = self.block.take_if(|block| self.at >= block.len()) {
            self.source.give_back(done);
            self.at = 0;
        }
        let block = match &self.block {
            Some(block) => block,
            None => {
                let gone = |_| Err(StageError::new("bug/upload", "the reader of a file ended early"));
                self.block.insert(self.take.recv().unwrap_or_else(gone)?)
            }
        };
        let rest = block.get(self.at..).unwrap_or_default();
        let count = rest.len().min(room.len());
        let (room, rest) = (room.get_mut(..count).unwrap_or_default(), rest.get(..count).unwrap_or_default());
        room.copy_from_slice(rest);
        self.at += count;
        self.left -= count as u64;
        self.sending.flow.sent.fetch_add(count as u64, Ordering::Relaxed);
        self.far.set(self.far.done + count as u64);
        Ok(count)
    }
}

impl Read for Stream<'_, '_, '_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.next(room).map_err(|error| {
            let told = io::Error::other(error.message.clone());
            self.fault = Some(error);
            told
        })
    }
}
