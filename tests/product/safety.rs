//! Nothing lost and nothing half made: existing releases, interruption, kill, full disks, hostile files.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::world::{Ran, World, epub, names, noise, tree};

const MANIFEST: &str = "release: 1\nkind: generic\ngroup: GRP\nsource: big.bin\ntime: 2026-01-01T00:00:00Z\n\
    steps: { rar: { with: { volume: 1MB } } }\n";

fn big(megabytes: usize) -> World {
    let world = World::new();
    world.write("big.bin", noise(megabytes << 20)).write("release.yaml", MANIFEST);
    world
}

#[test]
fn an_existing_release_is_left_alone_unless_forced() {
    let world = World::new();
    world.write("book.epub", epub("A", "B", Some("2026"), 100));
    world.write("release.yaml", "release: 1\nkind: ebook\ngroup: GRP\nsource: book.epub\n");
    world.done(&["run"]);
    let release = world.release("dist");
    fs::write(release.join("mine.txt"), "precious").unwrap();
    let before = tree(&release);
    world.done(&["run"]);
    assert!(tree(&release) == before, "what is up to date needs no room");
    let other = ["run", "--set", "metadata.publisher=P"];
    let ran = world.run(&other);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("exists already") && ran.stderr.contains("--force"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`mine.txt` was put into it"), "{}", ran.stderr);
    assert!(tree(&release) == before);
    world.done(&[&other[..], &["--force"]].concat());
    assert!(!release.join("mine.txt").exists());
    assert_eq!(names(&world.path("dist")).len(), 1);
}

/// Starts a run and waits until it has begun to write.
fn started(world: &World) -> Child {
    let mut command = world.command(&["run", "release.yaml", "--progress", "plain"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        let working = fs::read_dir(world.path("dist")).is_ok_and(|mut entries| entries.next().is_some());
        if working {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn a_killed_run_leaves_no_half_release_and_the_next_one_cleans_up() {
    let world = big(64);
    let mut child = started(&world);
    signal(&child, "-KILL");
    child.wait().unwrap();
    let left = names(&world.path("dist"));
    assert!(left.iter().all(|name| name.starts_with(".bindery-")), "{left:?}");
    world.done(&["run"]);
    assert_eq!(names(&world.path("dist")), ["big-GRP"]);
}

#[test]
fn an_interrupted_run_says_so_and_leaves_no_half_release() {
    let world = big(64);
    let child = started(&world);
    signal(&child, "-INT");
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert!(ran.stderr.contains("interrupted"), "{}", ran.stderr);
    only_work_is_left(&names(&world.path("dist")), &ran.stderr);
    world.done(&["run"]);
    assert_eq!(names(&world.path("dist")), ["big-GRP"]);
}

/// Whatever is left of a run that made no release waits for the next one, and is told.
fn only_work_is_left(left: &[String], told: &str) {
    for name in left {
        assert!(name.starts_with(".bindery-"), "{left:?}");
        assert!(told.contains(&format!("/{name}`")) && told.contains("the next run goes on there"), "{told}");
    }
}

#[test]
fn a_full_disk_is_told_and_leaves_no_half_release() {
    let world = big(8);
    fs::create_dir(world.path("small")).unwrap();
    let small = world.path("small").display().to_string();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=3m", "tmpfs", &small]).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: no right to mount a small file system");
        return;
    }
    let ran = world.run(&["run", "--output", "small/dist"]);
    let left = names(&world.path("small/dist"));
    assert!(Command::new("umount").arg(&small).status().unwrap().success());
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("no space left on device"), "{}", ran.stderr);
    only_work_is_left(&left, &ran.stderr);
}

#[test]
fn an_output_that_cannot_be_written_is_told() {
    let world = big(1);
    world.write("file", "not a folder");
    let ran = world.run(&["run", "--output", "file/dist"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("cannot write"), "{}", ran.stderr);
}

#[test]
fn a_fact_that_nobody_knows_is_told_with_where_it_was_looked_for_and_how_to_set_it() {
    let world = World::new();
    world.write("book.epub", epub("A Book", "Ann Author", None, 100));
    world.write("release.yaml", "release: 1\nkind: ebook\ngroup: GRP\nsource: book.epub\n");
    let ran = world.run(&["run"]);
    assert_eq!(ran.code, Some(1));
    for part in ["`year`", "`extract`", "book.epub", "metadata:"] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    assert_eq!(names(&world.path("dist")), [""; 0]);
    world.done(&["run", "--set", "metadata.year=1999"]);
    assert_eq!(names(&world.path("dist")), ["Ann.Author.A.Book.1999.RETAIL.EPUB.eBook-GRP"]);
}

#[test]
fn a_damaged_book_is_refused_and_a_foreign_file_has_no_facts() {
    let world = World::new();
    let book = epub("A Book", "Ann Author", Some("2026"), 4000);
    world.write("cut.epub", &book[..book.len() / 2]).write("junk.epub", noise(500));
    let ran = world.run(&["inspect", "--json", "cut.epub"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    world.write("release.yaml", "release: 1\nkind: ebook\ngroup: GRP\nsource: cut.epub\n");
    let ran = world.run(&["run"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("cut.epub"), "{}", ran.stderr);
    assert_eq!(names(&world.path("dist")), [""; 0]);
}

#[test]
fn two_runs_at_once_make_one_release_and_the_second_finds_it_up_to_date() {
    let world = big(16);
    let both: Vec<Child> = (0..2)
        .map(|_| world.command(&["run"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let ran: Vec<Ran> = both.into_iter().map(|child| Ran::of(child.wait_with_output().unwrap())).collect();
    assert!(ran.iter().all(|ran| ran.code == Some(0)), "{} {}", ran[0].stderr, ran[1].stderr);
    assert_eq!(ran.iter().filter(|ran| ran.stderr.contains("up to date")).count(), 1);
    assert_eq!(names(&world.path("dist")), ["big-GRP"]);
    world.done(&["verify", "dist/big-GRP"]);
}

#[test]
fn no_file_of_the_release_leads_out_of_it() {
    let world = World::new();
    world.write("a.txt", "text");
    for (key, value) in
        [("sfv.with.file", "../../x.sfv"), ("rar.with.base", "/tmp/x"), ("nfo.into", "a/../..")]
    {
        world.write("release.yaml", "release: 1\nkind: generic\ngroup: GRP\nsource: a.txt\n");
        let ran = world.run(&["run", "--set", &format!("steps.{key}={value}")]);
        assert_eq!(ran.code, Some(2), "{key}: {}", ran.stderr);
        assert!(ran.stderr.contains("leads out of the release"), "{}", ran.stderr);
    }
    let ran =
        world.run(&["run", "--set", "name={{ title }}-{{ group }}", "--set", "metadata.title=../../up"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(!world.path("../up-GRP").exists());
}
