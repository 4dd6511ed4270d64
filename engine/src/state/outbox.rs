//! Entries on their way into a log: what cannot be written now is tried again with the next one.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;

use super::Log;

/// Entries that are not written yet, oldest first, and whether each has to outlast a power cut.
#[derive(Debug, Default)]
pub(crate) struct Outbox(VecDeque<(Vec<u8>, bool)>);

impl Outbox {
    /// Adds an entry behind the others.
    pub(crate) fn push(&mut self, entry: Vec<u8>, sync: bool) {
        self.0.push_back((entry, sync));
    }

    /// Whether all was written.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes the entries in their order, and tells each with its place. What stands behind one that cannot be written
    /// stays.
    pub(crate) fn flush(
        &mut self,
        log: &mut Log,
        mut written: impl FnMut(&[u8], Range<usize>),
    ) -> io::Result<()> {
        while let Some((entry, sync)) = self.0.front() {
            let place = log.add(entry, *sync)?;
            written(entry, place);
            self.0.pop_front();
        }
        Ok(())
    }
}
