//! Disks that are full or fail, and two runs at once: a clear end, and a next run that leaves what an undisturbed one
//! would have left.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Project, steps};
use crate::world::{Ran, names, tree};

/// Lets calls fail with an error, one at a time, and expects a clear end and a good next run.
fn survives(error: &str, calls: &[&str], most: usize) {
    let project = Project::new();
    let (mut failed, mut spared, mut repeated) = (0, 0, 0);
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
            let done = steps(&ran.stdout, "step_finished");
            let next = project.next(&when);
            let again = &steps(&next.stdout, "step_started") & &done;
            // A release whose record could not be written is not known, and says so; and what the system could not
            // write down may be lost, whatever it says later, so it is made anew.
            let is_forgotten = ran.code == Some(0) && ran.stderr.contains("the next run will not know");
            let is_lost = *call == "fsync" && ran.stderr.contains("/release/");
            assert!(
                again.is_empty() || is_forgotten || is_lost,
                "{when}: {again:?} ran again: {}",
                ran.stderr
            );
            repeated += usize::from(!again.is_empty());
            spared += usize::from(ran.code != Some(0) && !done.is_empty() && again.is_empty());
            project.clear();
            number += 1 + number / most;
        }
    }
    eprintln!("{failed} runs failed, {spared} of them when steps were done, and {repeated} were repeated");
    assert!(failed >= 10, "only {failed} runs failed");
    assert!(spared >= 3, "only {spared} runs failed when steps were done");
}

impl Project {
    /// The release is there, though what is remembered of it or what was left to clean up may not be as it should.
    fn is_whole_or_remembers_less(&self, when: &str) {
        let found = tree(&self.world.path("dist").join(&self.release));
        assert!(found == self.wanted, "{when}: the run ended well with other bytes");
    }
}

/// Runs on a disk of so many KiB, then on the same disk with room. Tells what the first run said, what lay in `dist`
/// after it, and what the second run left; nothing where no disk can be made.
const ON_A_SMALL_DISK: &str = r#"
mkdir dist && mount -t tmpfs -o size="$1"k tmpfs dist 2>/dev/null || exit 77
"$BINDERY" run --progress json >first.out 2>first.err; echo $? >first.code
ls -A dist >first.left
mount -o remount,size=10m dist
"$BINDERY" run --progress json >second.out 2>second.err; echo $? >second.code
cp -r dist saved
"#;

#[test]
fn a_disk_that_is_really_full_is_told_and_the_next_run_goes_on_with_more_room() {
    let project = Project::new();
    let size: usize = project.wanted.values().map(Vec::len).sum();
    let (mut full, mut spared) = (0, 0);
    for share in [1, 25, 50, 75, 90, 110, 130, 160] {
        let kib = (size * share / 100).div_ceil(1024).max(4).to_string();
        let when = format!("on a disk of {kib} KiB");
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", ON_A_SMALL_DISK, "sh", &kib]);
        command.current_dir(project.world.path("")).env("BINDERY", env!("CARGO_BIN_EXE_bindery"));
        command.env("XDG_CONFIG_HOME", project.world.path("home"));
        let ran = command.stdin(Stdio::null()).stderr(Stdio::null()).status();
        if !ran.is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: a disk of one's own takes root and unshare");
            return;
        }
        let read = |name: &str| fs::read_to_string(project.world.path(name)).unwrap();
        if read("first.code") == "1\n" {
            full += 1;
            let told = read("first.err");
            assert!(told.contains("no space left") || told.contains("disk/full"), "{when}: {told}");
            // Not the release: what was done waits in a working folder, for the next run to take over or to remove.
            let left = read("first.left");
            assert!(left.lines().all(|name| name.starts_with(".bindery-")), "{when}: {left} is there");
            let done = steps(&read("first.out"), "step_finished");
            let again = &steps(&read("second.out"), "step_started") & &done;
            assert!(again.is_empty(), "{when}: {again:?} ran again");
            spared += usize::from(!done.is_empty() && !left.is_empty());
        } else {
            assert_eq!(read("first.code"), "0\n", "{when}: {}", read("first.err"));
        }
        assert_eq!(read("second.code"), "0\n", "{when}: {}", read("second.err"));
        assert_eq!(names(&project.world.path("saved")), [project.release.as_str()], "{when}");
        assert!(tree(&project.world.path("saved").join(&project.release)) == project.wanted, "{when}");
        fs::remove_dir_all(project.world.path("saved")).unwrap();
        project.clear();
    }
    assert!(full >= 3, "only {full} runs found the disk full");
    assert!(spared >= 2, "in only {spared} of them work was taken over");
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
    project.next("after waiting");
}
