//! How long releases and steps took: a fold over the events, which bear the only clock there is.

use std::collections::BTreeMap;

use engine::{Event, Happening};
use jiff::Timestamp;

/// A stretch of time, in milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// When it began.
    pub began: i64,
    /// When it ended; before that, when it was last heard of.
    pub ended: i64,
}

/// The times of everything in a command, which may be several runs one after the other.
#[derive(Debug, Default)]
pub struct Times {
    /// The whole.
    pub whole: Option<Span>,
    releases: BTreeMap<usize, Span>,
    steps: BTreeMap<(usize, String), Span>,
    /// How many releases the runs before this one had, and how many this one has.
    before: usize,
    of_run: usize,
}

impl Span {
    /// How long it is, in milliseconds.
    pub fn ms(self) -> u64 {
        u64::try_from(self.ended.saturating_sub(self.began)).unwrap_or(0)
    }

    fn of(now: i64) -> Self {
        Self { began: now, ended: now }
    }
}

impl Times {
    /// Takes one more event into account.
    pub fn hear(&mut self, event: &Event) {
        let now = milliseconds(&event.time);
        self.whole.get_or_insert_with(|| Span::of(now)).ended = now;
        match &event.happening {
            Happening::RunStarted { releases } => {
                self.before += self.of_run;
                self.of_run = *releases;
            }
            Happening::ReleaseStarted { release, .. } => {
                self.releases.insert(self.before + release, Span::of(now));
            }
            Happening::ReleaseFinished { release, .. } => {
                self.releases.entry(self.before + release).or_insert_with(|| Span::of(now)).ended = now;
            }
            // One that is tried again begins only once.
            Happening::StepStarted { release, step, .. } => {
                self.steps
                    .entry((self.before + release, step.clone()))
                    .or_insert_with(|| Span::of(now))
                    .ended = now;
            }
            Happening::StepFinished { release, step, .. } | Happening::StepFailed { release, step, .. } => {
                if let Some(span) = self.steps.get_mut(&(self.before + release, step.clone())) {
                    span.ended = now;
                }
            }
            _ => {}
        }
    }

    /// The time of a release, by its number in the whole.
    pub fn release(&self, number: usize) -> Span {
        self.releases.get(&number).copied().unwrap_or_default()
    }

    /// The time of a step; nothing when it did not run.
    pub fn step(&self, number: usize, step: &str) -> Option<Span> {
        self.steps.get(&(number, step.to_owned())).copied()
    }
}

/// A time of an event in milliseconds since 1970-01-01 UTC; 0 for what is no time.
pub fn milliseconds(time: &str) -> i64 {
    time.parse().map_or(0, Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(ms: u32, happening: Happening) -> Event {
        Event { seq: 1, run: "r".into(), time: format!("1970-01-01T00:00:00.{ms:03}Z"), happening }
    }

    #[test]
    fn a_second_run_goes_on_counting_releases() {
        let mut times = Times::default();
        let release = |release| Happening::ReleaseStarted { release, at: "a".into(), steps: Vec::new() };
        let step = Happening::StepStarted { release: 1, step: "zip".into(), stage: "archive".into() };
        for (ms, happening) in [
            (1, Happening::RunStarted { releases: 3 }),
            (2, Happening::RunStarted { releases: 2 }),
            (5, release(1)),
            (6, step),
        ] {
            times.hear(&event(ms, happening));
        }
        assert_eq!(times.release(4), Span { began: 5, ended: 5 });
        assert_eq!(times.step(4, "zip"), Some(Span { began: 6, ended: 6 }));
        assert_eq!(times.step(1, "zip"), None);
        assert_eq!(times.whole, Some(Span { began: 1, ended: 6 }));
    }
}
