//! A run as lines of text: one a step for a single release, one a release for many.
//!
//! Pure: events in, lines out. Reads no clock but the events'.

use std::collections::BTreeMap;

use engine::{Artifact, Event, FileProgress, Happening, Status};

use super::pace::{Pace, of_files};
use super::{Paint, clean, words};

/// How often a long step says how far it is, in milliseconds.
const EVERY: u64 = 10_000;
/// Most different notes that a run of many releases keeps, and tells.
const MOST_NOTES: usize = 10_000;
const MOST_SHOWN: usize = 20;

/// Turns events into lines.
pub struct Plain {
    paint: Paint,
    /// Says of long steps how far they are.
    tells_progress: bool,
    /// What is done with releases: `making`.
    doing: &'static str,
    total: usize,
    over: usize,
    releases: BTreeMap<usize, Release>,
    steps: BTreeMap<(usize, String), Running>,
    /// Steps that were skipped one after the other for the same reason, which is told once.
    skipped: Option<Skipped>,
    /// Notes of steps in a run of many releases, and in how many each was made.
    notes: BTreeMap<(String, String), usize>,
    /// Notes that were not kept, since there are too many.
    untold: usize,
}

/// Steps of a release that were skipped, and why.
struct Skipped {
    release: usize,
    steps: Vec<String>,
    because: String,
}

/// A release that is being made.
#[derive(Default)]
struct Release {
    label: String,
    longest: usize,
    started: u64,
    files: usize,
    bytes: u64,
    failure: Option<String>,
}

/// A step that runs.
#[derive(Clone, Copy)]
struct Running {
    started: u64,
    told: u64,
    pace: Pace,
}

impl Plain {
    /// Lines in this colour, with progress of long steps or without.
    pub fn new(paint: Paint, tells_progress: bool) -> Self {
        Self {
            paint,
            tells_progress,
            doing: "making",
            total: 0,
            over: 0,
            releases: BTreeMap::new(),
            steps: BTreeMap::new(),
            skipped: None,
            notes: BTreeMap::new(),
            untold: 0,
        }
    }

    /// The same for something else than making.
    pub fn doing(self, doing: &'static str) -> Self {
        Self { doing, ..self }
    }

    /// What there is to say about an event, and about those before it that waited for company.
    pub fn line(&mut self, event: &Event) -> Option<String> {
        if let Happening::StepSkipped { release, step, because, .. } = &event.happening {
            return self.skip(*release, step, because);
        }
        let before = self.skips();
        let line = self.own_line(event);
        before.into_iter().chain(line).reduce(|before, line| format!("{before}\n{line}"))
    }

    fn own_line(&mut self, event: &Event) -> Option<String> {
        let now = milliseconds(&event.time);
        match &event.happening {
            Happening::RunStarted { releases } => {
                self.total = *releases;
                (*releases != 1).then(|| format!("{} {}", self.doing, words::count(*releases, "release")))
            }
            Happening::ReleaseStarted { release, at, steps } => {
                let longest = steps.iter().map(|step| step.chars().count()).max().unwrap_or(0);
                let entry = Release { label: clean(at), longest, started: now, ..Release::default() };
                let line = format!(
                    "{} {} in {}",
                    self.doing,
                    self.paint.bold(&entry.label),
                    words::count(steps.len(), "step")
                );
                self.releases.insert(*release, entry);
                self.is_single().then_some(line)
            }
            Happening::ReleaseNamed { release, name } => {
                let entry = self.releases.get_mut(release)?;
                entry.label = clean(name);
                self.is_single().then(|| format!("  the release is {}", self.paint.bold(&clean(name))))
            }
            Happening::StepStarted { release, step, .. } => {
                self.steps.insert(
                    (*release, step.clone()),
                    Running { started: now, told: now, pace: Pace::new(now) },
                );
                None
            }
            Happening::StepProgressed { release, step, done, total, unit, files } => {
                self.progress(*release, step, now, (*done, *total, unit), files)
            }
            Happening::StepNoted { release, step, message } => self.noted(*release, step, message),
            Happening::StepRetried { release, step, attempt, delay_ms, error, .. } => {
                let text = format!(
                    "{} {}; try {} begins in {}",
                    self.paint.odd("failed:"),
                    clean(error),
                    attempt + 1,
                    words::duration(*delay_ms)
                );
                self.step_line(*release, step, &text)
            }
            Happening::StepFailed { release, step, code, .. } if code == "step/cancelled" => {
                self.steps.remove(&(*release, step.clone()));
                self.step_line(*release, step, &self.paint.odd("interrupted"))
            }
            Happening::StepFailed { release, step, error, optional, .. } => {
                self.failed(*release, step, error, *optional)
            }
            Happening::StepFinished { release, step, artifacts, facts, .. } => {
                self.finished(*release, step, now, artifacts, facts.len())
            }
            Happening::ReleaseFinished { release, status, failure, .. } => {
                let failure = failure.as_ref().map(|failure| failure.error.as_str());
                self.release_over(*release, *status, now, failure)
            }
            // Told with its likes, to traces, and by the summary.
            Happening::StepSkipped { .. } | Happening::StepSpanned { .. } => None,
            Happening::RunFinished { .. } => self.notes_of_many(),
        }
    }

    /// How many releases are over, and how many there are.
    pub fn share(&self) -> (usize, usize) {
        (self.over, self.total)
    }

    /// What a release is called by now.
    pub fn label(&self, release: usize) -> &str {
        self.releases.get(&release).map_or("", |entry| entry.label.as_str())
    }

    /// Whether the run makes one release only.
    pub fn is_single(&self) -> bool {
        self.total == 1
    }

    fn step_line(&self, release: usize, step: &str, text: &str) -> Option<String> {
        let longest = self.releases.get(&release)?.longest;
        self.is_single().then(|| format!("  {step:longest$}  {text}"))
    }

    /// Tells a note, or in a run of many releases keeps it until it is known how many say the same.
    fn noted(&mut self, release: usize, step: &str, message: &str) -> Option<String> {
        if self.is_single() {
            let note = format!("{} {}", self.paint.odd("note:"), clean(message));
            return self.step_line(release, step, &note);
        }
        let key = (step.to_owned(), message.to_owned());
        if self.notes.len() < MOST_NOTES || self.notes.contains_key(&key) {
            *self.notes.entry(key).or_default() += 1;
        } else {
            self.untold += 1;
        }
        None
    }

    /// What several releases had to say alike; what one alone says would hide it, and is counted.
    fn notes_of_many(&mut self) -> Option<String> {
        let (many, single): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.notes).into_iter().partition(|(_, times)| *times > 1);
        let (shown, rest) = many.split_at(many.len().min(MOST_SHOWN));
        let line = |((step, message), times): &((String, String), usize)| {
            format!("  {step}: {} {} (in {times} releases)", self.paint.odd("note:"), clean(message))
        };
        let other = single.len() + rest.len() + std::mem::take(&mut self.untold);
        let other = (other > 0).then(|| {
            let also = if shown.is_empty() { "" } else { "and " };
            self.paint
                .dim(&format!("  {also}{}; `--report json=FILE` holds them", words::count(other, "note")))
        });
        shown.iter().map(line).chain(other).reduce(|before, line| format!("{before}\n{line}"))
    }

    /// Keeps a skipped step until it is known who else was skipped.
    fn skip(&mut self, release: usize, step: &str, because: &str) -> Option<String> {
        match &mut self.skipped {
            Some(skipped) if skipped.release == release && skipped.because == because => {
                skipped.steps.push(step.to_owned());
                None
            }
            _ => {
                let before = self.skips();
                let (steps, because) = (vec![step.to_owned()], because.to_owned());
                self.skipped = Some(Skipped { release, steps, because });
                before
            }
        }
    }

    fn skips(&mut self) -> Option<String> {
        let Skipped { release, steps, because } = self.skipped.take()?;
        match steps.as_slice() {
            [one] => self.step_line(release, one, &self.paint.dim(&format!("skipped: {}", clean(&because)))),
            more => {
                let names: Vec<&str> = more.iter().map(String::as_str).collect();
                let text = format!("  skipped {}: {}", words::list(&names), clean(&because));
                self.is_single().then(|| self.paint.dim(&text))
            }
        }
    }

    fn progress(
        &mut self,
        release: usize,
        step: &str,
        now: u64,
        far: (u64, u64, &str),
        files: &[FileProgress],
    ) -> Option<String> {
        let running = self.steps.get_mut(&(release, step.to_owned()))?;
        if !self.tells_progress || now.saturating_sub(running.told) < EVERY {
            return None;
        }
        running.told = now;
        let pace = running.pace.at(now, far.0, far.1, far.2);
        let text = format!("{}{pace}{}", how_far(far.0, far.1, far.2), of_files(files));
        self.step_line(release, step, &self.paint.dim(&text))
    }

    fn failed(&mut self, release: usize, step: &str, error: &str, optional: bool) -> Option<String> {
        self.steps.remove(&(release, step.to_owned()));
        if !optional {
            let entry = self.releases.get_mut(&release)?;
            entry.failure.get_or_insert(format!("{step}: {}", clean(error)));
        }
        let word =
            if optional { self.paint.odd("failed, which is allowed:") } else { self.paint.bad("failed:") };
        self.step_line(release, step, &format!("{word} {}", clean(error)))
    }

    fn finished(
        &mut self,
        release: usize,
        step: &str,
        now: u64,
        made: &[Artifact],
        facts: usize,
    ) -> Option<String> {
        let running = self.steps.remove(&(release, step.to_owned()));
        let bytes = made.iter().map(|artifact| artifact.size).sum();
        let entry = self.releases.get_mut(&release)?;
        entry.files += made.len();
        entry.bytes += bytes;
        let mut text = match made {
            [] if facts > 0 => words::count(facts, "fact"),
            [] => "done".to_owned(),
            [one] => format!("{}, {}", clean(&one.name), words::bytes(bytes)),
            more => format!("{}, {}", words::count(more.len(), "file"), words::bytes(bytes)),
        };
        let took = running.map_or(0, |running| now.saturating_sub(running.started));
        if took >= 1000 {
            text.push_str(&self.paint.dim(&format!(" in {}", words::duration(took))));
        }
        self.step_line(release, step, &text)
    }

    fn release_over(
        &mut self,
        release: usize,
        status: Status,
        now: u64,
        failure: Option<&str>,
    ) -> Option<String> {
        self.over += 1;
        self.steps.retain(|(of, _), _| *of != release);
        let entry = self.releases.remove(&release).unwrap_or_default();
        let took = words::duration(now.saturating_sub(entry.started));
        if self.is_single() {
            return (status == Status::Done).then(|| format!("{} in {took}", self.paint.good("done")));
        }
        let width = self.total.to_string().len();
        if status == Status::UpToDate {
            // Ten thousand of them would hide the one that is new; the summary counts them.
            return None;
        }
        let head = format!("[{:width$}/{}]", self.over, self.total);
        let text = match status {
            Status::Done => {
                let made = format!("{} in {took}", words::bytes(entry.bytes));
                format!("{}  {}", entry.label, self.paint.dim(&made))
            }
            Status::Cancelled => format!("{}  {}", entry.label, self.paint.odd("interrupted")),
            _ => {
                let why = failure.map(clean).or(entry.failure).unwrap_or_else(|| "not made".to_owned());
                format!("{}  {} {}", entry.label, self.paint.bad("failed:"), words::short(&why, 200))
            }
        };
        Some(format!("{} {text}", self.paint.dim(&head)))
    }
}

/// How far a step is.
pub fn how_far(done: u64, total: u64, unit: &str) -> String {
    let amount =
        |count: u64| if unit == "bytes" { words::bytes(count) } else { format!("{count} {}", clean(unit)) };
    match (u128::from(done) * 100).checked_div(u128::from(total)) {
        None => amount(done),
        Some(percent) => format!("{}% of {}", percent.min(100), amount(total)),
    }
}

/// A time such as `2026-01-02T03:04:05.678Z` in milliseconds since some midnight; enough for differences of a run,
/// which no step outlasts by a month.
pub fn milliseconds(time: &str) -> u64 {
    let number = |range: std::ops::Range<usize>| {
        time.get(range).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0)
    };
    let days = number(8..10);
    ((days * 24 + number(11..13)) * 60 + number(14..16)) * 60_000 + number(17..19) * 1000 + number(20..23)
}

#[cfg(test)]
mod tests;
