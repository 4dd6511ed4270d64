//! The text report of the program `mediainfo`, which NFOs of films traditionally carry.
//!
//! No fact hangs on it: without the program there is no report, and nothing else is different.

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Real reports are a few kilobytes long.
const LONGEST: u64 = 1 << 20;
/// The program reads little of a file, so it is quick unless it is stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// What `mediainfo` reports of a file, which it calls by `name` and not by its place on this machine. `None` when
/// the program is missing, fails or takes too long.
pub fn mediainfo(path: &Path, name: &str) -> Option<String> {
    report(Command::new("mediainfo"), path, name, PATIENCE)
}

fn report(mut program: Command, path: &Path, name: &str, patience: Duration) -> Option<String> {
    // A path that begins so is neither an option nor an address.
    let mut file = OsString::from("./");
    file.push(path.file_name()?);
    program.arg("--File_TestContinuousFileNames=0").arg(file).env("LC_ALL", "C.UTF-8");
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        program.current_dir(folder);
    }
    let mut child = program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let out = child.stdout.take()?;
    let text = thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut text = Vec::new();
            out.take(LONGEST).read_to_end(&mut text).map(|_| text)
        });
        let ended_well = wait(&mut child, patience);
        reader.join().ok()?.ok().filter(|_| ended_well)
    })?;
    named(&String::from_utf8_lossy(&text), name)
}

/// Whether the program came to a good end in time.
fn wait(child: &mut Child, patience: Duration) -> bool {
    const PAUSE: Duration = Duration::from_millis(2);
    let deadline = Instant::now() + patience;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if Instant::now() < deadline => thread::sleep(PAUSE),
            Ok(None) | Err(_) => break,
        }
    }
    // It may have ended by itself just now; either way it is gone after this.
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// The report with the file's name in the release; `None` when there is nothing in it.
fn named(report: &str, name: &str) -> Option<String> {
    const LABEL: &str = "Complete name";
    let name = name.rsplit('/').next().unwrap_or(name);
    let lines = report.lines().map(|line| match line.split_once(" : ") {
        Some((label, _)) if label.trim_end() == LABEL => format!("{label} : {name}"),
        _ => line.trim_end().to_owned(),
    });
    let text = lines.collect::<Vec<_>>().join("\n").trim().to_owned();
    text.contains(LABEL).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_script(script: &str, patience: Duration) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("-film.mkv");
        std::fs::write(&path, "film").unwrap();
        let mut program = Command::new("sh");
        program.args(["-c", script, "sh"]);
        report(program, &path, "Season 1/Film.mkv", patience)
    }

    #[test]
    fn the_report_names_the_file_as_the_release_does() {
        let script = r#"printf 'General\nComplete name    : %s/%s\nFormat    : Matroska \n\n' "$PWD" "$2""#;
        let want = "General\nComplete name    : Film.mkv\nFormat    : Matroska";
        assert_eq!(of_script(script, PATIENCE).as_deref(), Some(want));
    }

    #[test]
    fn the_file_is_no_option_of_the_program() {
        let script = r#"test "$(cat "$2")" = film && test "$2" = ./-film.mkv && echo 'Complete name : x'"#;
        assert_eq!(of_script(script, PATIENCE).as_deref(), Some("Complete name : Film.mkv"));
    }

    #[test]
    fn a_program_that_fails_says_nothing_or_hangs_gives_no_report() {
        assert_eq!(of_script("echo 'Complete name : x'; exit 1", PATIENCE), None);
        assert_eq!(of_script("true", PATIENCE), None);
        let start = Instant::now();
        assert_eq!(of_script("exec sleep 20", Duration::from_millis(50)), None);
        assert!(start.elapsed() < Duration::from_secs(10));
        assert_eq!(report(Command::new("no-such-program-here"), Path::new("a"), "a", PATIENCE), None);
    }
}
