//! Stretches of a step's work, such as one volume, for traces.
//!
//! Costs nothing where no trace is asked for: no clock is read and no name is made.

use std::time::Instant;

use super::{Job, Said};

/// A stretch of the work that has begun. It is over when this is dropped.
#[must_use = "a span is over when it is dropped"]
pub struct Span<'a>(Option<Open<'a>>);

struct Open<'a> {
    tell: &'a (dyn Fn(Said) + Sync),
    /// When the step began.
    step: Instant,
    began: Instant,
    name: String,
}

impl Job<'_> {
    /// Whether anybody wants to hear of spans.
    #[must_use]
    pub fn is_traced(&self) -> bool {
        self.traced.is_some()
    }

    /// Begins a stretch of the work. Stretches may overlap, and may be on any thread.
    pub fn span(&self, name: impl FnOnce() -> String) -> Span<'_> {
        let open = |step| Open { tell: self.tell, step, began: Instant::now(), name: name() };
        Span(self.traced.map(open))
    }
}

impl Drop for Span<'_> {
    fn drop(&mut self) {
        let Some(Open { tell, step, began, name }) = self.0.take() else { return };
        let us = |from: Instant, to: Instant| {
            u64::try_from(to.saturating_duration_since(from).as_micros()).unwrap_or(u64::MAX)
        };
        tell(Said::Span { name, after_us: us(step, began), took_us: us(began, Instant::now()) });
    }
}
