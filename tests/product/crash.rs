//! Runs that are cut off at every kind of moment, disks that fail, and two runs at once: the next run goes on, repeats
//! nothing that was done, and leaves the bytes of an undisturbed run and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::{Ran, World, epub, names, tree};

const MANIFEST: &str = "release: 1\nkind: ebook\ngroup: GRP\nsource: book.epub\ntime: 2026-01-01T00:00:00Z\n\
    steps:\n  rar: { with: { volume: 4KB } }\n  upload: { with: { to: shelf } }\n";
/// What lies in the state of a project, and nothing else ever.
const STATE: [&str; 3] = [".gitignore", "lock", "log"];

/// A project, and what an undisturbed run makes of it.
struct Project {
    world: World,
    release: String,
    wanted: BTreeMap<String, Vec<u8>>,
}

impl Project {
    fn new() -> Self {
        let world = World::new();
        world.write("book.epub", epub("A Book", "Ann Author", Some("2026"), 9_000));
        world.write("release.yaml", MANIFEST);
        world.write("bindery.toml", "[destinations.shelf]\ntype = \"local\"\npath = \"shelf\"\n");
        world.done(&["run"]);
        let wanted = tree(&world.release("dist"));
        let release = names(&world.path("dist")).remove(0);
        let project = Self { world, release, wanted };
        project.clear();
        project
    }

    fn clear(&self) {
        for folder in ["dist", "shelf", ".bindery"] {
            let _ = fs::remove_dir_all(self.world.path(folder));
        }
    }

    /// Runs again after a run that told this much, and holds against it what is left. Gives how many steps it took
    /// over.
    fn goes_on(&self, told: &str, when: &str) -> usize {
        let ran = self.world.run(&["run", "--progress", "json"]);
        assert_eq!(ran.code, Some(0), "{when}: {}", ran.stderr);
        let again = &steps(&ran.stdout, "step_started") & &steps(told, "step_finished");
        assert!(again.is_empty(), "{when}: {again:?} ran again\n{told}\n--\n{}", ran.stdout);
        self.is_whole(when);
        ran.stdout.matches("done before an earlier run was cut off\"").count()
    }

    fn is_whole(&self, when: &str) {
        for folder in ["dist", "shelf"] {
            assert_eq!(names(&self.world.path(folder)), [self.release.as_str()], "{when}: {folder}");
            let found = tree(&self.world.path(folder).join(&self.release));
            assert!(found == self.wanted, "{when}: {folder} holds other bytes");
        }
        assert_eq!(names(&self.world.path(".bindery/state")), STATE, "{when}");
    }

    /// A run in which the call of that number of each thread is tampered with.
    fn tampered(&self, call: &str, tampering: &str, number: usize) -> Option<Ran> {
        let mut command = Command::new("strace");
        let inject = format!("{call}:{tampering}:when={number}");
        command.args([
            "-f",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={call}"),
            "-e",
            &format!("inject={inject}"),
        ]);
        command.arg(env!("CARGO_BIN_EXE_bindery")).args(["run", "--jobs", "2", "--progress", "json"]);
        command.current_dir(self.world.path("")).env("XDG_CONFIG_HOME", self.world.path("home"));
        match command.stdin(Stdio::null()).output() {
            Ok(output) => Some(Ran::of(output)),
            Err(_) => {
                eprintln!("SKIPPED: strace is not installed");
                None
            }
        }
    }
}

/// The steps of which a log tells this.
fn steps(log: &str, event: &str) -> BTreeSet<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let told = lines.filter(|line| line["event"] == event);
    told.filter_map(|line| line["step"].as_str().map(str::to_owned)).collect()
}

/// Kills runs at the calls of these names: every one up to `most`, then ever fewer. Gives how many were killed, and
/// how many steps were taken over from them.
fn kill_at(calls: &[&str], most: usize) -> Option<(usize, usize)> {
    let project = Project::new();
    let (mut killed, mut resumed) = (0, 0);
    for call in calls {
        let mut number = 1;
        loop {
            let ran = project.tampered(call, "signal=SIGKILL", number)?;
            // Where no thread makes so many calls, the run ends by itself.
            if ran.code == Some(0) {
                break;
            }
            killed += 1;
            resumed += project.goes_on(&ran.stdout, &format!("killed at {call} {number}"));
            project.clear();
            number += 1 + number / most;
        }
        project.clear();
    }
    Some((killed, resumed))
}

fn kills_at_least(calls: &[&str], most: usize, wanted: usize) {
    if let Some((killed, resumed)) = kill_at(calls, most) {
        eprintln!("{killed} runs were killed, {resumed} steps taken over");
        // Many a call comes before the first step ends; enough of them must come after it.
        assert!(
            killed >= wanted && resumed >= killed / 8,
            "only {killed} killed, {resumed} steps taken over"
        );
    }
}

#[test]
fn a_run_killed_at_any_write_is_finished_by_the_next() {
    kills_at_least(&["write", "pwrite64"], 24, 40);
}

#[test]
fn a_run_killed_at_any_change_of_names_is_finished_by_the_next() {
    kills_at_least(&["rename", "renameat2", "mkdir", "unlink", "unlinkat", "ftruncate", "utimensat"], 8, 30);
}

#[test]
fn a_run_killed_at_any_sync_or_lock_is_finished_by_the_next() {
    kills_at_least(&["fsync", "fdatasync", "flock", "statx", "getdents64"], 8, 40);
}

#[test]
fn a_run_killed_at_any_opening_or_closing_of_a_file_is_finished_by_the_next() {
    kills_at_least(&["openat", "close", "read"], 8, 40);
}

#[test]
fn a_run_killed_at_any_time_is_finished_by_the_next() {
    const POINTS: u32 = 60;
    let project = Project::new();
    let begun = Instant::now();
    project.world.done(&["run"]);
    let whole = begun.elapsed();
    project.clear();
    let (mut killed, mut resumed) = (0, 0);
    for point in 0..POINTS {
        let mut command = project.world.command(&["run", "--progress", "json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * point / POINTS);
        child.kill().unwrap();
        let ran = Ran::of(child.wait_with_output().unwrap());
        killed += usize::from(ran.code.is_none());
        resumed += project.goes_on(&ran.stdout, &format!("killed after {point}/{POINTS} of {whole:?}"));
        project.clear();
    }
    eprintln!("{killed} runs were killed, {resumed} steps taken over");
    assert!(killed >= POINTS as usize / 2 && resumed > 0, "only {killed} killed, {resumed} steps taken over");
}

#[test]
fn a_run_that_goes_on_can_be_killed_as_well() {
    let project = Project::new();
    let mut told = String::new();
    for number in [3, 9, 14, 20, 26, 30] {
        let Some(ran) = project.tampered("write", "signal=SIGKILL", number) else { return };
        let again = &steps(&ran.stdout, "step_started") & &steps(&told, "step_finished");
        assert!(again.is_empty(), "{again:?} ran again");
        told.push_str(&ran.stdout);
    }
    project.goes_on(&told, "killed six times");
}

#[test]
fn a_release_appears_only_after_all_of_it_and_all_that_is_remembered_of_it_are_on_the_disk() {
    let project = Project::new();
    let log = project.world.path("calls");
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-e", "trace=fsync,fdatasync,rename,renameat2", "-o"]).arg(&log);
    command.arg(env!("CARGO_BIN_EXE_bindery")).args(["run", "--jobs", "1"]);
    command.current_dir(project.world.path("")).env("XDG_CONFIG_HOME", project.world.path("home"));
    let Ok(output) = command.output() else {
        eprintln!("SKIPPED: strace is not installed");
        return;
    };
    assert!(output.status.success());
    let calls = fs::read_to_string(&log).unwrap();
    let appears = format!("dist/{}\"", project.release);
    let at = calls.lines().position(|call| call.contains("renameat2(") && call.contains(&appears)).unwrap();
    let (before, after): (Vec<_>, Vec<_>) = calls
        .lines()
        .enumerate()
        .filter(|(_, call)| call.contains("sync("))
        .partition(|(line, _)| *line < at);
    let has = |calls: &[(usize, &str)], path: &str| {
        calls.iter().any(|(_, call)| call.contains(&format!("{path}>")))
    };
    for file in project.wanted.keys() {
        assert!(has(&before, &format!("/release/{file}")), "{file} was not synced before\n{calls}");
    }
    for path in ["/release", "/.bindery/state/log", "/.bindery/state"] {
        assert!(has(&before, path), "{path} was not synced before\n{calls}");
    }
    assert!(has(&after, "/dist"), "the output folder was not synced after\n{calls}");
}

/// Lets calls fail with an error, one at a time, and expects a clear end and a good next run.
fn survives(error: &str, calls: &[&str], most: usize) {
    let project = Project::new();
    let mut failed = 0;
    for call in calls {
        let mut number = 1;
        while number < 60 {
            let Some(ran) = project.tampered(call, &format!("error={error}"), number) else { return };
            let when = format!("{error} at {call} {number}");
            let is_known = matches!(ran.code, Some(0..=3)) || ran.stderr.contains("shared libraries");
            assert!(is_known, "{when}: ended with {:?}: {}", ran.code, ran.stderr);
            assert!(ran.code == Some(0) || ran.stderr.contains("error"), "{when}: no word of it");
            assert!(!ran.stderr.contains("panicked"), "{when}: {}", ran.stderr);
            failed += usize::from(ran.code != Some(0));
            if ran.code == Some(0) {
                project.is_whole_or_remembers_less(&when);
            }
            project.goes_on("", &when);
            project.clear();
            number += 1 + number / most;
        }
    }
    eprintln!("{failed} runs failed");
    assert!(failed >= 10, "only {failed} runs failed");
}

impl Project {
    /// The release is there, though what is remembered of it or what was left to clean up may not be as it should.
    fn is_whole_or_remembers_less(&self, when: &str) {
        let found = tree(&self.world.path("dist").join(&self.release));
        assert!(found == self.wanted, "{when}: the run ended well with other bytes");
    }
}

#[test]
fn a_full_disk_at_any_call_is_told_and_overcome() {
    survives("ENOSPC", &["write", "pwrite64", "mkdir", "rename", "fsync", "fdatasync", "fallocate"], 3);
}

#[test]
fn a_disk_that_fails_at_any_call_is_told_and_overcome() {
    survives("EIO", &["pwrite64", "rename", "renameat2", "fsync", "utimensat", "unlink", "flock"], 3);
}

#[test]
fn a_disk_that_cannot_be_read_at_any_call_is_told_and_overcome() {
    survives("EIO", &["openat", "read", "statx", "getdents64", "lseek"], 3);
}

#[test]
fn two_runs_at_once_share_the_work_fifty_times() {
    let project = Project::new();
    for round in 0..50 {
        let both: Vec<_> = (0..2)
            .map(|_| {
                let mut command = project.world.command(&["run", "--progress", "json"]);
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        let ran: Vec<Ran> =
            both.into_iter().map(|child| Ran::of(child.wait_with_output().unwrap())).collect();
        let when = format!("round {round}");
        for one in &ran {
            assert_eq!(one.code, Some(0), "{when}: {}", one.stderr);
        }
        let twice = &steps(&ran[0].stdout, "step_started") & &steps(&ran[1].stdout, "step_started");
        assert!(twice.is_empty(), "{when}: both did {twice:?}");
        project.is_whole(&when);
        project.clear();
    }
}

#[test]
fn a_run_that_waits_can_be_interrupted_and_says_what_it_waits_for() {
    let project = Project::new();
    fs::create_dir_all(project.world.path(".bindery/state")).unwrap();
    let lock = fs::File::create(project.world.path(".bindery/state/lock")).unwrap();
    lock.lock().unwrap();
    let mut command = project.world.command(&["run"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert!(ran.stderr.contains("waiting for another run"), "{}", ran.stderr);
    drop(lock);
    project.goes_on("", "after waiting");
}
