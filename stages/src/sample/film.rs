//! Copies a piece out of a film with `ffmpeg`, without encoding it anew.
//!
//! The film's name never reaches a shell, and `ffmpeg` is told to open files alone, so that a playlist in disguise
//! reaches nothing else.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use engine::{Artifact, Input, Job, StageError};

use super::{extension, with_extension};
use crate::files;

/// The program.
const PROGRAM: &str = "ffmpeg";
/// Where a sample begins at the earliest, so that it shows more than titles.
const EARLIEST: u64 = 120;
/// How often the work is asked whether it should stop.
const PAUSE: Duration = Duration::from_millis(50);
/// Most of what the program says that is kept.
const MOST_WORDS: u64 = 4_096;

/// Whether a file is a film, by its name.
pub(super) fn is_film(name: &str) -> bool {
    ["mkv", "mp4", "m4v", "webm", "avi", "mov", "ts", "m2ts", "mpg"].contains(&extension(name).as_str())
}

/// A piece of so many seconds, or nothing without the program.
pub(super) fn cut(
    job: &Job<'_>,
    input: &Input,
    base: &str,
    seconds: u32,
) -> Result<Option<Artifact>, StageError> {
    let name = &input.artifact.name;
    let file = with_extension(base, &extension(name));
    let place = files::place(job, &file)?;
    if let Some(parent) = place.parent() {
        std::fs::create_dir_all(parent).map_err(|error| StageError::writing(parent, &error))?;
    }
    for start in starts(job, seconds) {
        let child = match run(&input.artifact.path, &place, start, seconds) {
            Ok(child) => child,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                job.note(format!("{name}: gets no sample, since there is no `{PROGRAM}` here"));
                return Ok(None);
            }
            Err(error) => return Err(StageError::input(format!("cannot start `{PROGRAM}`: {error}"))),
        };
        let said = wait(job, child)?;
        if let Some(said) = said {
            return Err(StageError::new("input/unreadable", format!("`{name}` cannot be cut: {said}"))
                .hint("leave the step out (`sample: false`), or pick other files for it"));
        }
        // A film that ends before the sample begins gives a file of headers alone.
        if has_pictures(&place) {
            return files::adopt(job, &file, &place).map(Some);
        }
        let _ = std::fs::remove_file(&place);
    }
    job.note(format!("{name}: gets no sample, since nothing could be cut out of it"));
    Ok(None)
}

/// Where to begin, in seconds, the best place first.
fn starts(job: &Job<'_>, seconds: u32) -> Vec<u64> {
    let duration = job.facts().value("duration_ms").and_then(serde_json::Value::as_u64).map(|ms| ms / 1_000);
    let middle = duration.map(|duration| duration.saturating_sub(u64::from(seconds)) / 2);
    let first = middle.unwrap_or(EARLIEST);
    if first == 0 { vec![0] } else { vec![first, 0] }
}

fn run(source: &Path, target: &Path, start: u64, seconds: u32) -> io::Result<Child> {
    Command::new(PROGRAM)
        .args(["-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file"])
        .args(["-ss", &start.to_string()])
        .arg("-i")
        .arg(absolute(source))
        .args(["-t", &seconds.to_string(), "-map", "0", "-map", "-0:d?", "-map", "-0:t?", "-c", "copy"])
        .args([
            "-map_metadata",
            "-1",
            "-fflags",
            "+bitexact",
            "-flags",
            "+bitexact",
            "-avoid_negative_ts",
            "make_zero",
        ])
        .arg(absolute(target))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
}

/// An absolute path begins with a slash, and so is no option and no protocol.
fn absolute(path: &Path) -> std::path::PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Waits for the end; gives what was said if it was a bad one.
fn wait(job: &Job<'_>, mut child: Child) -> Result<Option<String>, StageError> {
    let stderr = child.stderr.take();
    let listener = thread::spawn(move || {
        let mut said = Vec::new();
        if let Some(mut stderr) = stderr {
            // What cannot be read is not told; the rest is swallowed so that the program never waits for us.
            let _ = stderr.by_ref().take(MOST_WORDS).read_to_end(&mut said);
            let _ = io::copy(&mut stderr, &mut io::sink());
        }
        String::from_utf8_lossy(&said).into_owned()
    });
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => {}
            Err(error) => return Err(StageError::input(format!("`{PROGRAM}` was lost: {error}"))),
        }
        if let Err(stop) = job.check() {
            let _ = child.kill();
            let _ = child.wait();
            return Err(stop);
        }
        thread::sleep(PAUSE);
    };
    let said = listener.join().unwrap_or_default();
    let first = said.lines().next().unwrap_or("it does not say why").to_owned();
    Ok((!status.success()).then_some(first))
}

/// Whether a cut holds more than headers.
fn has_pictures(path: &Path) -> bool {
    const HEADERS: u64 = 4_096;
    std::fs::metadata(path).is_ok_and(|found| found.len() > HEADERS)
}
