//! Deliveries from outside: they finish, repeat nothing, survive `kill -9`, and say what there is to see.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::world::{Ran, World, names, noise, tree};

const NAME: &str = "Some.Release-GRP";
const SECRET: &str = "hunter2-never-shown";

/// A project with a finished release and these destinations.
fn project(destinations: &str) -> World {
    let world = World::new();
    world.write("bindery.toml", destinations);
    for (name, size) in [("a.rar", 2_000_000), ("a.r00", 700_000), ("sub/c.bin", 300_000)] {
        world.write(&format!("dist/{NAME}/{name}"), noise(size));
    }
    world.write(&format!("dist/{NAME}/note.nfo"), "a note");
    world
}

fn local(more: &str) -> String {
    format!("[destinations.nas]\ntype = 'local'\npath = 'nas'\nretry_delay = '10ms'\n{more}\n")
}

fn is_delivered(world: &World, to: &str, when: &str) {
    let (here, there) = (world.path("dist").join(NAME), world.path(to).join(NAME));
    assert!(there.is_dir(), "{when}: nothing in {to}");
    assert!(tree(&here) == tree(&there), "{when}: other bytes in {to}");
    assert_eq!(names(&world.path(to)), [NAME], "{when}: left-overs");
}

fn release() -> String {
    format!("dist/{NAME}")
}

#[test]
fn a_finished_release_is_delivered_and_not_sent_twice() {
    let world = project(&local(""));
    let ran = world.done(&["upload", &release(), "--to", "nas"]);
    assert!(ran.stderr.contains("4 files at") && ran.stderr.contains("proven by hash"), "{}", ran.stderr);
    is_delivered(&world, "nas", "the first time");
    let again = world.done(&["upload", &release(), "--to", "nas", "--json"]).json();
    let step = &again["releases"][0]["steps"][0];
    assert_eq!((step["status"].as_str(), step["bytes_written"].as_u64()), (Some("done"), Some(0)), "{again}");
    assert_eq!(world.done(&["resume"]).stdout, "");
}

#[test]
fn several_destinations_get_it_at_once() {
    let two = "[destinations.nas]\ntype = 'local'\npath = 'nas'\n[destinations.two]\ntype = 'local'\npath = 'two'\n";
    let world = project(two);
    let ran = world.done(&["upload", &release(), "--to", "nas,two", "--json"]).json();
    is_delivered(&world, "nas", "both");
    is_delivered(&world, "two", "both");
    let step = &ran["releases"][0]["steps"][0];
    assert_eq!(step["bytes_written"].as_u64().unwrap(), 2 * step["bytes_read"].as_u64().unwrap(), "{ran}");
}

#[test]
fn a_single_file_is_delivered_under_its_name() {
    let world = project(&local(""));
    world.write("book.epub", "a book");
    world.done(&["upload", "book.epub", "--to", "nas"]);
    assert_eq!(fs::read(world.path("nas/book.epub")).unwrap(), b"a book");
    assert_eq!(names(&world.path("nas")), ["book.epub"]);
    world.write("book.epub", "another");
    assert_eq!(world.run(&["upload", "book.epub", "--to", "nas"]).code, Some(1));
    world.done(&["upload", "book.epub", "--to", "nas", "--on-conflict", "rename"]);
    assert_eq!(fs::read(world.path("nas/book.2.epub")).unwrap(), b"another");
    world.done(&["upload", "book.epub", "--to", "nas", "--on-conflict", "replace"]);
    assert_eq!(names(&world.path("nas")), ["book.2.epub", "book.epub"]);
}

/// Uploads with a limit and kills the program when so many bytes are there.
fn killed(world: &World, bytes: u64) {
    let mut child = world
        .command(&["upload", &release(), "--to", "nas", "--progress", "plain"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let part = world.path("nas").join(format!(".bindery-{NAME}.part"));
    while size(&part) < bytes && child.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

fn size(folder: &Path) -> u64 {
    let mut size = 0;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        // A file may be renamed while it is looked at.
        let Ok(found) = entry.metadata() else { continue };
        size += if found.is_dir() { self::size(&entry.path()) } else { found.len() };
    }
    size
}

#[test]
fn a_killed_delivery_is_finished_by_resume() {
    let world = project(&local("limit = '4MB'"));
    let mut sent = 0;
    for bytes in [1, 400_000, 1_200_000, 2_500_000] {
        killed(&world, bytes);
        let when = format!("killed at {bytes}");
        assert!(!world.path("nas").join(NAME).exists(), "{when}: half a release");
        sent = sent.max(size(&world.path("nas")));
    }
    assert!(sent > 0, "it was killed before it began");
    world.write("bindery.toml", local(""));
    let report = world.done(&["resume", "--json"]).json();
    is_delivered(&world, "nas", "resumed");
    let written = report["releases"][0]["steps"][0]["bytes_written"].as_u64().unwrap();
    let total = size(&world.path("dist").join(NAME));
    assert!(written <= total - sent + (1 << 20) + 262_144, "{written} of {total}, {sent} were there");
    let nothing = world.done(&["resume"]);
    assert!(nothing.stderr.contains("nothing to resume"), "{}", nothing.stderr);
    assert_eq!(world.run(&["resume", "Nosuch.Release-GRP"]).code, Some(3));
    world.done(&["resume", NAME]);
}

#[test]
fn an_interrupted_delivery_ends_with_130_and_goes_on() {
    let world = project(&local("limit = '1MB'"));
    let mut command = world.command(&["upload", &release(), "--to", "nas"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while size(&world.path("nas")) == 0 {
        thread::sleep(Duration::from_millis(2));
    }
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    world.write("bindery.toml", local(""));
    world.done(&["resume", &release()]);
    is_delivered(&world, "nas", "after an interrupt");
}

#[test]
fn two_uploads_at_once_share_the_work() {
    let world = project(&local("limit = '8MB'"));
    let both: Vec<_> = (0..2)
        .map(|_| {
            let mut command = world.command(&["upload", &release(), "--to", "nas", "--json"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let ran: Vec<Ran> = both.into_iter().map(|child| Ran::of(child.wait_with_output().unwrap())).collect();
    let written = |ran: &Ran| ran.json()["releases"][0]["steps"][0]["bytes_written"].as_u64().unwrap();
    for one in &ran {
        assert_eq!(one.code, Some(0), "{}", one.stderr);
    }
    let total: u64 = ran.iter().map(written).sum();
    assert_eq!(total, size(&world.path("dist").join(NAME)));
    is_delivered(&world, "nas", "two at once");
}

#[test]
fn a_plain_run_again_finishes_a_failed_delivery() {
    let world = World::new();
    world.write("bindery.toml", local("").replace("'nas'", "'blocked/nas'"));
    world.write("blocked", "a file where a folder should be");
    world.write("book.txt", "Some words of a text.\n".repeat(2_000));
    let manifest = "release: 1\nkind: docs\ngroup: GRP\nname: Some.Release-GRP\nsource: book.txt\ntime: 2026-01-01T00:00:00Z\nsteps:\n  upload: { with: { to: nas } }\n";
    world.write("release.yaml", manifest);
    let ran = world.run(&["run"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("remote/exists"), "{}", ran.stderr);
    assert_eq!(world.run(&["run"]).code, Some(1), "never green while something is missing");
    fs::remove_file(world.path("blocked")).unwrap();
    let ran = world.done(&["run", "--json"]).json();
    let steps = ran["releases"][0]["steps"].as_array().unwrap();
    let status = |id: &str| steps.iter().find(|step| step["step"] == id).unwrap()["status"].clone();
    assert_eq!((status("upload"), status("zip")), ("done".into(), "up_to_date".into()), "{ran}");
    is_delivered(&world, "blocked/nas", "after a run again");
    let ran = world.done(&["run", "--json"]).json();
    assert_eq!(ran["releases"][0]["status"], "up_to_date");
}

#[test]
fn destinations_are_listed_shown_and_tried() {
    let world = project(&local("[destinations.gone]\ntype = 'gopher'\n"));
    let listed = world.done(&["destinations", "list", "--json"]).json();
    assert_eq!(listed[0]["name"], "nas");
    assert!(listed[1]["fault"].as_str().unwrap().contains("gopher"), "{listed}");
    assert!(world.done(&["destinations"]).stdout.contains("local"));
    let shown = world.done(&["destinations", "show", "nas", "--json"]).json();
    assert_eq!(shown["settings"]["type"], "local");
    let tried = world.done(&["destinations", "test", "nas", "--json"]).json();
    assert_eq!((tried["ok"].as_bool(), tried["hash"].as_str()), (Some(true), Some("sha256")), "{tried}");
    let names_of: Vec<&str> =
        tried["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(names_of, ["login", "write", "resume", "rename", "read", "hash", "delete", "space"]);
    assert_eq!(names(&world.path("nas")), [""; 0]);
    assert_eq!(world.run(&["destinations", "test", "nosuch"]).code, Some(3));
    assert_eq!(world.run(&["destinations", "show", "nosuch"]).code, Some(3));
    fs::remove_dir(world.path("nas")).unwrap();
    world.write("nas", "a file");
    let ran = world.run(&["destinations", "test", "nas"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(ran.stdout.contains("remote/exists") && ran.stdout.contains("help:"), "{}", ran.stdout);
}

#[test]
fn a_release_there_is_held_against_here_the_ledger_and_its_sums() {
    let world = project(&local(""));
    let sums = "a.rar 00000000\n";
    world.done(&["upload", &release(), "--to", "nas"]);
    world.done(&["verify", &release(), "--remote", "nas"]);
    world.done(&["verify", NAME, "--remote", "nas"]);
    let file = world.path("nas").join(NAME).join("a.r00");
    let mut bytes = fs::read(&file).unwrap();
    bytes[9] ^= 1;
    fs::write(&file, bytes).unwrap();
    for path in [release().as_str(), NAME] {
        let ran = world.run(&["verify", path, "--remote", "nas", "--json"]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert_eq!(ran.json()["faults"][0]["file"], "a.r00");
        assert_eq!(ran.json()["faults"][0]["code"], "checksum-mismatch");
    }
    fs::remove_dir_all(world.path(".bindery/uploads")).unwrap();
    world.write(&format!("nas/{NAME}/x.sfv"), sums);
    let ran = world.run(&["verify", NAME, "--remote", "nas", "--json"]);
    assert_eq!((ran.code, ran.json()["faults"][0]["file"].as_str()), (Some(1), Some("a.rar")));
    assert_eq!(world.run(&["verify", "Nosuch", "--remote", "nas"]).code, Some(3));
    assert_eq!(world.run(&["verify", NAME, "--remote", "nosuch"]).code, Some(3));
    assert_eq!(world.run(&["verify", "../no-release-is-called-so", "--remote", "nas"]).code, Some(2));
}

#[test]
fn a_plan_can_ask_the_destinations() {
    let world = World::new();
    world.write("bindery.toml", local(""));
    world.write("book.txt", "Some words of a text.\n".repeat(200));
    let manifest = "release: 1\nkind: docs\ngroup: GRP\nname: A-GRP\nsource: book.txt\nsteps:\n  upload: { with: { to: nas } }\n";
    world.write("release.yaml", manifest);
    let plan = world.done(&["plan", "--probe", "--json"]).json();
    assert_eq!(plan[0]["probes"][0]["ok"], true, "{plan}");
    assert!(world.done(&["plan", "--probe"]).stdout.contains("nas: ready"));
    fs::remove_dir(world.path("nas")).unwrap();
    world.write("nas", "a file");
    assert_eq!(world.run(&["plan", "--probe"]).code, Some(1));
    world.done(&["plan"]);
}

#[test]
fn a_dry_run_sends_nothing() {
    let world = project(&local(""));
    let ran = world.done(&["upload", &release(), "--to", "nas", "--dry-run"]);
    assert!(ran.stderr.contains("4 of 4 files would be sent"), "{}", ran.stderr);
    assert!(!world.path("nas").exists() || names(&world.path("nas")).is_empty());
}

#[test]
fn wrong_usage_and_missing_things_have_their_codes() {
    let world = project(&local(""));
    let check = |arguments: &[&str], wanted: i32| {
        let ran = world.run(arguments);
        assert_eq!(ran.code, Some(wanted), "{arguments:?}\n{}", ran.stderr);
        assert!(ran.stderr.contains("error") || ran.stderr.contains("Usage"), "{}", ran.stderr);
    };
    check(&["upload", "nosuch", "--to", "nas"], 3);
    check(&["upload", &release(), "--to", "nosuch"], 2);
    check(&["upload", &release()], 2);
    check(&["upload", &release(), "--to", "nas", "--order", "["], 2);
}

#[test]
fn no_output_ever_holds_a_secret() {
    let destinations = format!(
        "{}[destinations.far]\ntype = 'local'\npath = 'far'\npassword = {{ env = 'TEST_SECRET' }}\n[destinations.file]\ntype = 'local'\npath = 'x'\npassword = {{ file = 'secret.txt' }}\n",
        local("")
    );
    let world = project(&destinations);
    world.write("secret.txt", format!("{SECRET}\n"));
    let release = release();
    let all: [&[&str]; 8] = [
        &["upload", &release, "--to", "nas,far", "--progress", "json"],
        &["upload", &release, "--to", "far", "--json"],
        &["destinations", "list", "--json"],
        &["destinations", "show", "far"],
        &["destinations", "test", "--json"],
        &["destinations", "test"],
        &["verify", &release, "--remote", "far"],
        &["resume"],
    ];
    for arguments in all {
        let output = world.command(arguments).env("TEST_SECRET", SECRET).output().unwrap();
        let ran = Ran::of(output);
        assert!(!ran.stdout.contains(SECRET) && !ran.stderr.contains(SECRET), "{arguments:?}");
    }
    for (name, bytes) in tree(&world.path(".bindery")) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(SECRET), "{name}");
    }
}

#[test]
fn progress_tells_of_the_whole_and_of_single_files() {
    let world = project(&local("limit = '8MB'"));
    let lines = world.done(&["upload", &release(), "--to", "nas", "--progress", "json"]).lines();
    let told: Vec<&Value> = lines.iter().filter(|line| line["event"] == "step_progressed").collect();
    assert!(!told.is_empty());
    let last = told[told.len() - 1];
    assert_eq!(last["total"].as_u64(), Some(size(&world.path("dist").join(NAME))), "{last}");
    let named = |line: &&&Value| line["files"].as_array().is_some_and(|files| !files.is_empty());
    let file = &told.iter().find(named).expect("files under way")["files"][0];
    assert!(file["name"].is_string() && file["done"].is_u64() && file["total"].is_u64(), "{file}");
}
