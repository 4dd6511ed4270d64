//! Where the time of a run goes, as trace events that Perfetto and Chrome show.
//!
//! Written while the run runs. What is in the file is whole JSON after every event, however the run ends.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use engine::{Event, Happening, Lane, Registry};
use serde_json::{Value, json};

use super::times::milliseconds;

/// The process that steps are shown in.
const STEPS: u32 = 1;
/// The process that stretches of steps, such as volumes, are shown in.
const PARTS: u32 = 2;
/// What ends the file, and is written over by what comes next.
const TAIL: &[u8] = b"\n]\n";

/// A trace that is being written.
pub struct Trace {
    path: PathBuf,
    file: File,
    /// Whether nothing was written yet.
    is_empty: bool,
    trouble: Option<io::Error>,
    /// Which pool each stage runs in.
    lanes: BTreeMap<&'static str, Lane>,
    /// Who has which row of a pool; freed rows are taken again.
    rows: BTreeMap<Row, Option<Holder>>,
    /// When each row of stretches is free again, in microseconds.
    parts: Vec<i64>,
    /// How many releases the runs before this one had, and how many this one has.
    before: usize,
    of_run: usize,
    /// What releases are called since they were begun.
    open: BTreeMap<usize, String>,
    bytes: u64,
}

/// A row of the display: as many as steps run at once in a pool.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    is_net: bool,
    number: usize,
}

/// The step that a row shows now.
struct Holder {
    release: usize,
    step: String,
    /// When it began, in microseconds.
    began: i64,
    bytes: u64,
}

impl Trace {
    /// Begins a trace in a file.
    pub fn create(path: &Path, registry: &Registry) -> io::Result<Self> {
        let mut trace = Self {
            path: path.to_owned(),
            file: File::create(path)?,
            is_empty: true,
            trouble: None,
            lanes: registry.iter().map(|kind| (kind.name, kind.lane)).collect(),
            rows: BTreeMap::new(),
            parts: Vec::new(),
            before: 0,
            of_run: 0,
            open: BTreeMap::new(),
            bytes: 0,
        };
        // A pipe cannot be gone back in, and it is better to know that before anything is made.
        trace.add(
            &json!({ "ph": "M", "name": "process_name", "pid": STEPS, "args": { "name": "bindery" } }),
        )?;
        Ok(trace)
    }

    /// Why the trace is not whole, and where it was to lie.
    pub fn trouble(&self) -> Option<(&Path, &io::Error)> {
        self.trouble.as_ref().map(|trouble| (self.path.as_path(), trouble))
    }

    /// Writes down what happened.
    pub fn hear(&mut self, event: &Event) {
        let now = milliseconds(&event.time).saturating_mul(1000);
        for entry in self.entries(&event.happening, now) {
            if self.trouble.is_some() {
                return;
            }
            self.trouble = self.add(&entry).err();
        }
    }

    fn entries(&mut self, happening: &Happening, now: i64) -> Vec<Value> {
        match happening {
            Happening::RunStarted { releases } => {
                self.before += self.of_run;
                self.of_run = *releases;
                Vec::new()
            }
            Happening::ReleaseStarted { release, at, steps } => {
                self.open.insert(self.before + release, at.clone());
                vec![self.of_release("b", *release, now, &json!({ "steps": steps.len() }))]
            }
            Happening::ReleaseNamed { release, name } => {
                vec![self.of_release("n", *release, now, &json!({ "release": name }))]
            }
            Happening::ReleaseFinished { release, status, path, .. } => {
                let end = self.of_release("e", *release, now, &json!({ "status": status, "path": path }));
                self.open.remove(&(self.before + release));
                vec![end]
            }
            Happening::StepStarted { release, step, stage } => self.begin(*release, step, stage, now),
            Happening::StepProgressed { release, step, done, unit, .. } if unit == "bytes" => {
                self.progress(*release, step, *done, now)
            }
            Happening::StepSpanned { release, step, name, after_us, took_us } => {
                self.part(*release, step, name, (micros(*after_us), micros(*took_us)))
            }
            Happening::StepNoted { release, step, message } => {
                let row = self.row_of(*release, step);
                let note = row.map(|row| {
                    json!({
                        "ph": "i", "s": "t", "name": "note", "pid": STEPS, "tid": tid(row), "ts": now,
                        "args": { "message": message },
                    })
                });
                note.into_iter().collect()
            }
            Happening::StepFinished { release, step, artifacts, bytes_read, bytes_written, .. } => {
                let args = json!({
                    "status": "done", "bytes_read": bytes_read, "bytes_written": bytes_written,
                    "files": artifacts.len(),
                });
                self.end(*release, step, now, &args)
            }
            Happening::StepFailed { release, step, code, error, .. } => {
                self.end(*release, step, now, &json!({ "status": "failed", "code": code, "error": error }))
            }
            Happening::StepRetried { release, step, code, error, .. } => {
                self.end(*release, step, now, &json!({ "status": "retried", "code": code, "error": error }))
            }
            Happening::StepProgressed { .. }
            | Happening::StepSkipped { .. }
            | Happening::RunFinished { .. } => Vec::new(),
        }
    }

    /// Gives the step the first free row of its pool; a new row says its name.
    fn begin(&mut self, release: usize, step: &str, stage: &str, now: i64) -> Vec<Value> {
        let is_net = self.lanes.get(stage) == Some(&Lane::Net);
        let is_free = |row: &Row| !matches!(self.rows.get(row), Some(Some(_)));
        let Some(row) = (0..).map(|number| Row { is_net, number }).find(is_free) else { return Vec::new() };
        let mut entries = Vec::new();
        if !self.rows.contains_key(&row) {
            let name = format!("{} {}", if is_net { "network" } else { "core" }, row.number + 1);
            for (key, value) in [
                ("thread_name", json!({ "name": name })),
                ("thread_sort_index", json!({ "sort_index": tid(row) })),
            ] {
                entries.push(json!({ "ph": "M", "name": key, "pid": STEPS, "tid": tid(row), "args": value }));
            }
        }
        let whole = self.before + release;
        let at = self.open.get(&whole).cloned().unwrap_or_default();
        entries.push(json!({
            "ph": "B", "name": step, "cat": stage, "pid": STEPS, "tid": tid(row), "ts": now,
            "args": { "stage": stage, "of": at },
        }));
        self.rows.insert(row, Some(Holder { release: whole, step: step.to_owned(), began: now, bytes: 0 }));
        entries
    }

    fn end(&mut self, release: usize, step: &str, now: i64, args: &Value) -> Vec<Value> {
        // A step may fail before it begins, such as one whose condition cannot be told.
        let Some(row) = self.row_of(release, step) else { return Vec::new() };
        self.rows.insert(row, None);
        vec![json!({ "ph": "E", "name": step, "pid": STEPS, "tid": tid(row), "ts": now, "args": args })]
    }

    /// A stretch of a step, in the first row that is free all the while. A new row says its name.
    fn part(&mut self, release: usize, step: &str, name: &str, (after, took): (i64, i64)) -> Vec<Value> {
        let row = self.row_of(release, step);
        let Some(holder) = row.and_then(|row| self.rows.get(&row)?.as_ref()) else { return Vec::new() };
        let began = holder.began.saturating_add(after);
        let ended = began.saturating_add(took);
        let of = self.open.get(&(self.before + release)).cloned().unwrap_or_default();
        let mut entries = Vec::new();
        let free = self.parts.iter().position(|free| *free <= began);
        let row = free.unwrap_or_else(|| {
            self.parts.push(0);
            let row = self.parts.len() - 1;
            if row == 0 {
                let args = json!({ "name": "volumes" });
                entries.push(json!({ "ph": "M", "name": "process_name", "pid": PARTS, "args": args }));
            }
            let args = json!({ "name": format!("volumes {}", row + 1) });
            entries.push(
                json!({ "ph": "M", "name": "thread_name", "pid": PARTS, "tid": row + 1, "args": args }),
            );
            row
        });
        if let Some(free) = self.parts.get_mut(row) {
            *free = ended;
        }
        entries.push(json!({
            "ph": "X", "name": name, "cat": "volume", "pid": PARTS, "tid": row + 1, "ts": began, "dur": took,
            "args": { "step": step, "of": of },
        }));
        entries
    }

    /// How many bytes all steps together have got through, as a curve.
    fn progress(&mut self, release: usize, step: &str, done: u64, now: i64) -> Vec<Value> {
        let Some(row) = self.row_of(release, step) else { return Vec::new() };
        let Some(Some(holder)) = self.rows.get_mut(&row) else { return Vec::new() };
        self.bytes = self.bytes.saturating_add(done.saturating_sub(holder.bytes));
        holder.bytes = holder.bytes.max(done);
        let args = json!({ "bytes": self.bytes });
        vec![json!({ "ph": "C", "name": "bytes", "pid": STEPS, "ts": now, "args": args })]
    }

    fn of_release(&self, phase: &str, release: usize, now: i64, args: &Value) -> Value {
        let whole = self.before + release;
        json!({
            "ph": phase, "cat": "release", "id": whole + 1, "pid": STEPS, "tid": 0, "ts": now,
            "name": self.open.get(&whole).map_or("release", String::as_str), "args": args,
        })
    }

    fn row_of(&self, release: usize, step: &str) -> Option<Row> {
        let holds = |holder: &Holder| holder.release == self.before + release && holder.step == step;
        self.rows.iter().find(|(_, holder)| holder.as_ref().is_some_and(holds)).map(|(row, _)| *row)
    }

    /// Adds an entry in one write, which also ends the file again.
    fn add(&mut self, entry: &Value) -> io::Result<()> {
        let mut bytes = if self.is_empty { b"[\n".to_vec() } else { b",\n".to_vec() };
        serde_json::to_writer(&mut bytes, entry)?;
        bytes.extend(TAIL);
        let back = if self.is_empty { 0 } else { TAIL.len() as i64 };
        self.file.seek(SeekFrom::End(-back))?;
        self.is_empty = false;
        self.file.write_all(&bytes)
    }
}

fn micros(us: u64) -> i64 {
    i64::try_from(us).unwrap_or(i64::MAX)
}

/// Rows of the network stand below those of the cores.
fn tid(row: Row) -> usize {
    row.number + if row.is_net { 10_001 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(ms: u32, happening: Happening) -> Event {
        Event { seq: 1, run: "r".into(), time: format!("1970-01-01T00:00:00.{ms:03}Z"), happening }
    }

    fn started(step: &str) -> Happening {
        Happening::StepStarted { release: 0, step: step.into(), stage: "archive".into() }
    }

    fn spanned(name: &str, after_us: u64, took_us: u64) -> Happening {
        let (step, name) = ("rar".to_owned(), name.to_owned());
        Happening::StepSpanned { release: 0, step, name, after_us, took_us }
    }

    fn failed(step: &str) -> Happening {
        let (code, error) = ("disk/full".to_owned(), "no \"space\"\n".to_owned());
        Happening::StepFailed { release: 0, step: step.into(), code, error, hint: None, optional: false }
    }

    #[test]
    fn the_file_is_whole_after_every_event_and_rows_are_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.json");
        let mut trace = Trace::create(&path, &stages::registry()).unwrap();
        let mut entries = Vec::new();
        for (ms, happening) in [
            (1, Happening::RunStarted { releases: 1 }),
            (2, Happening::ReleaseStarted { release: 0, at: "r.yaml".into(), steps: vec![] }),
            (3, started("rar")),
            (4, started("zip")),
            (4, spanned("a.rar", 0, 700)),
            (4, spanned("a.r00", 300, 900)),
            (4, spanned("a.r01", 700, 100)),
            (5, failed("rar")),
            (6, started("sfv")),
        ] {
            trace.hear(&event(ms, happening));
            let text = std::fs::read_to_string(&path).unwrap();
            entries = serde_json::from_str::<Vec<Value>>(&text).unwrap();
        }
        let spans: Vec<(&str, &str, u64, u64)> = entries
            .iter()
            .filter(|entry| ["B", "E"].contains(&entry["ph"].as_str().unwrap()))
            .map(|entry| {
                let number = |key: &str| entry[key].as_u64().unwrap();
                (entry["ph"].as_str().unwrap(), entry["name"].as_str().unwrap(), number("tid"), number("ts"))
            })
            .collect();
        let wanted =
            [("B", "rar", 1, 3000), ("B", "zip", 2, 4000), ("E", "rar", 1, 5000), ("B", "sfv", 1, 6000)];
        assert_eq!(spans, wanted);
        let parts = entries.iter().filter(|entry| entry["ph"] == "X").map(|entry| {
            let number = |key: &str| entry[key].as_u64().unwrap();
            (entry["name"].as_str().unwrap(), number("tid"), number("ts"), number("dur"))
        });
        let wanted = [("a.rar", 1, 3000, 700), ("a.r00", 2, 3300, 900), ("a.r01", 1, 3700, 100)];
        assert_eq!(parts.collect::<Vec<_>>(), wanted);
        assert!(trace.trouble().is_none());
    }
}
