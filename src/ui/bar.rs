//! A run as a moving display: lines of the plain kind above, what runs now below.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{Event, FileProgress, Happening};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::pace::{Pace, of_files};
use super::plain::{Plain, how_far, milliseconds};
use super::words;

/// Most steps that have a line of their own.
const MOST_LINES: usize = 6;
/// In a run of many releases, a step of fewer bytes is over before one could read its line.
const WORTH_A_LINE: u64 = 16_000_000;

/// The display. Dropping it leaves the plain lines.
pub struct Bar {
    plain: Plain,
    display: MultiProgress,
    total: ProgressBar,
    steps: BTreeMap<(usize, String), Line>,
    bytes: u64,
}

/// A step on the display, or one that is only counted.
struct Line {
    bar: Option<ProgressBar>,
    done: u64,
    pace: Pace,
}

impl Bar {
    /// A display on stderr, with these lines above it.
    pub fn new(plain: Plain) -> Self {
        let display = MultiProgress::new();
        let total = display.add(ProgressBar::new_spinner());
        total.set_style(style("{spinner} {msg}  {elapsed}"));
        total.enable_steady_tick(Duration::from_millis(100));
        Self { plain, display, total, steps: BTreeMap::new(), bytes: 0 }
    }

    /// Says a line above the display; for those who do not own it.
    pub fn say(&self) -> impl Fn(&str) + Send + 'static {
        let display = self.display.clone();
        // A display that cannot be drawn has lost its terminal.
        move |line| drop(display.println(line))
    }

    /// Shows what happened.
    pub fn show(&mut self, event: &Event) {
        match &event.happening {
            Happening::StepStarted { release, step, .. } => {
                self.begin(*release, step, milliseconds(&event.time));
            }
            Happening::StepProgressed { release, step, done, total, unit, files } => {
                let now = milliseconds(&event.time);
                self.progress(*release, step, now, (*done, *total, unit), files);
            }
            Happening::StepFinished { release, step, .. }
            | Happening::StepFailed { release, step, .. }
            | Happening::StepRetried { release, step, .. } => self.end(*release, step),
            _ => {}
        }
        if let Some(line) = self.plain.line(event) {
            // As above.
            let _ = self.display.println(line);
        }
        self.total.set_message(self.summary());
        if matches!(event.happening, Happening::RunFinished { .. }) {
            self.total.finish_and_clear();
        }
    }

    fn begin(&mut self, release: usize, step: &str, now: u64) {
        let bar = self.plain.is_single().then(|| self.line(release, step));
        self.steps.insert((release, step.to_owned()), Line { bar, done: 0, pace: Pace::new(now) });
    }

    fn progress(
        &mut self,
        release: usize,
        step: &str,
        now: u64,
        (done, total, unit): (u64, u64, &str),
        files: &[FileProgress],
    ) {
        let key = (release, step.to_owned());
        let shown = self.steps.values().filter(|line| line.bar.is_some()).count();
        let wants = unit == "bytes" && total >= WORTH_A_LINE && shown < MOST_LINES;
        let bare = self.steps.get(&key).is_some_and(|line| line.bar.is_none());
        let new = (wants && bare).then(|| self.line(release, step));
        let Some(line) = self.steps.get_mut(&key) else { return };
        line.bar = line.bar.take().or(new);
        if unit == "bytes" {
            self.bytes += done.saturating_sub(line.done);
            line.done = line.done.max(done);
        }
        if let Some(bar) = &line.bar {
            bar.set_length(total.max(1));
            bar.set_position(done);
            let pace = line.pace.at(now, done, total, unit);
            bar.set_message(format!("{}{pace}{}", how_far(done, total, unit), of_files(files)));
        }
    }

    fn end(&mut self, release: usize, step: &str) {
        let line = self.steps.remove(&(release, step.to_owned()));
        if let Some(bar) = line.and_then(|line| line.bar) {
            bar.finish_and_clear();
            self.display.remove(&bar);
        }
    }

    fn line(&self, release: usize, step: &str) -> ProgressBar {
        let bar = self.display.insert_before(&self.total, ProgressBar::new(1));
        bar.set_style(style("  {prefix}  [{bar:24}] {msg}").progress_chars("=> "));
        let label = words::short(self.plain.label(release), 40);
        bar.set_prefix(if self.plain.is_single() { step.to_owned() } else { format!("{label} {step}") });
        bar
    }

    fn summary(&self) -> String {
        let mut parts = Vec::new();
        let (over, total) = self.plain.share();
        if total != 1 {
            parts.push(format!("{over}/{}", words::count(total, "release")));
        }
        parts.push(format!("{} running", words::count(self.steps.len(), "step")));
        let ms = u64::try_from(self.total.elapsed().as_millis()).unwrap_or(u64::MAX);
        if self.bytes > 0 && ms >= 500 {
            let rate = u128::from(self.bytes) * 1000 / u128::from(ms);
            parts.push(format!("{}/s", words::bytes(u64::try_from(rate).unwrap_or(u64::MAX))));
        }
        parts.join(", ")
    }
}

/// A spinner with the number of bytes that were read, for tests of releases.
pub fn spinner(what: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.set_style(style("{spinner} {prefix}: {decimal_bytes} at {decimal_bytes_per_sec}"));
    bar.set_prefix(super::clean(what));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn style(template: &str) -> ProgressStyle {
    // The templates are our own and right; a wrong one would only cost its looks.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
