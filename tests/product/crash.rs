//! Runs that are cut off at every kind of moment: the next run goes on, repeats nothing that was done, and leaves the
//! bytes of an undisturbed run and nothing else.

mod faults;

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

    /// Runs again, and holds what is left against what an undisturbed run leaves.
    fn next(&self, when: &str) -> Ran {
        let ran = self.world.run(&["run", "--progress", "json"]);
        assert_eq!(ran.code, Some(0), "{when}: {}", ran.stderr);
        self.is_whole(when);
        ran
    }

    /// The same after a run that was killed when it had told this much. The next one takes over exactly what was done.
    fn goes_on(&self, told: &str, when: &str) -> Moment {
        let is_there = self.world.path("dist").join(&self.release).exists();
        let ran = self.next(when);
        let (begun, done) = (steps(told, "step_started"), steps(told, "step_finished"));
        let (started, resumed) = (steps(&ran.stdout, "step_started"), resumed(&ran.stdout));
        let all = || format!("{when}\n{told}\n--\n{}", ran.stdout);
        assert!(started.is_disjoint(&done), "{:?} ran again {}", &started & &done, all());
        if is_there {
            // A release that appeared is remembered whole, and only what delivers it can be left to do.
            assert!(started.iter().all(|step| step == "upload"), "{started:?} ran again {}", all());
            return Moment::Late;
        }
        // What is done is written down before it is told. So what is taken over was told to be done, or was on its
        // way to be told.
        assert!(resumed.is_superset(&done), "{:?} was not taken over {}", &done - &resumed, all());
        assert!(resumed.is_subset(&begun), "{:?} was never begun {}", &resumed - &begun, all());
        if resumed.is_empty() { Moment::Early } else { Moment::Midway }
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

/// When in its life a run was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    /// Before a step of it was done.
    Early,
    /// When steps were done and the release was not there.
    Midway,
    /// When the release was there.
    Late,
}

/// The steps that a run took over from one that was cut off.
fn resumed(log: &str) -> BTreeSet<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let taken = lines.filter(|line| line["because"] == "done before an earlier run failed or was cut off");
    taken.filter_map(|line| line["step"].as_str().map(str::to_owned)).collect()
}

/// The steps of which a log tells this.
fn steps(log: &str, event: &str) -> BTreeSet<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let told = lines.filter(|line| line["event"] == event);
    told.filter_map(|line| line["step"].as_str().map(str::to_owned)).collect()
}

/// Kills runs at the calls of these names: every one up to `most`, then ever fewer. At least so many are killed, and
/// some of them when steps were done.
fn kills_at_least(calls: &[&str], most: usize, wanted: usize) {
    let project = Project::new();
    let mut moments = Vec::new();
    for call in calls {
        let mut number = 1;
        loop {
            let Some(ran) = project.tampered(call, "signal=SIGKILL", number) else { return };
            // Where no thread makes so many calls, the run ends by itself.
            if ran.code == Some(0) {
                break;
            }
            moments.push(project.goes_on(&ran.stdout, &format!("killed at {call} {number}")));
            project.clear();
            number += 1 + number / most;
        }
        project.clear();
    }
    are_enough(&moments, wanted);
}

fn are_enough(moments: &[Moment], wanted: usize) {
    let count = |wanted| moments.iter().filter(|moment| **moment == wanted).count();
    let [early, midway, late] = [Moment::Early, Moment::Midway, Moment::Late].map(count);
    eprintln!("killed {early} before a step was done, {midway} before the release was there, {late} after");
    assert!(moments.len() >= wanted, "only {} runs were killed", moments.len());
    assert!(midway > 0, "no run was killed when steps were done");
}

#[test]
fn a_run_killed_at_any_write_is_finished_by_the_next() {
    kills_at_least(&["write", "pwrite64"], 32, 55);
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
    kills_at_least(&["openat", "close", "read"], 8, 55);
}

#[test]
fn a_run_killed_at_any_time_is_finished_by_the_next() {
    const POINTS: u32 = 120;
    let project = Project::new();
    // The first run of a program is slower than those after it.
    let mut lives: Vec<Duration> = (0..5)
        .map(|_| {
            let begun = Instant::now();
            project.world.done(&["run"]);
            let life = begun.elapsed();
            project.clear();
            life
        })
        .collect();
    lives.sort();
    let whole = lives[2];
    let mut moments = Vec::new();
    for point in 0..POINTS {
        let mut command = project.world.command(&["run", "--progress", "json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * point / POINTS);
        child.kill().unwrap();
        let ran = Ran::of(child.wait_with_output().unwrap());
        let moment = project.goes_on(&ran.stdout, &format!("killed after {point}/{POINTS} of {whole:?}"));
        // One that was quicker than the first ended by itself.
        moments.extend(ran.code.is_none().then_some(moment));
        project.clear();
    }
    are_enough(&moments, POINTS as usize / 2);
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
