//! Sources that are somewhere else: they come once, are proven, and are pinned like any other.

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::enrich::server::{Asked, Reply, Server};
use crate::world::{Ran, World, epub, names, tool, tree};

/// A server of one book, and a project that packs it.
fn project() -> (World, Server, Vec<u8>) {
    let book = epub("A Far Tale", "Ada Weaver", Some("2020"), 60_000);
    let served = book.clone();
    let server = Server::new(move |asked: &Asked| match asked.path.as_str() {
        "/books/tale.epub" => Reply::Whole(200, Vec::new(), served.clone()),
        "/other.epub" => Reply::Whole(200, Vec::new(), b"something else".to_vec()),
        _ => Reply::Whole(404, Vec::new(), Vec::new()),
    });
    let world = World::new();
    manifest(&world, &format!("{}books/tale.epub", server.url), &sha256(&world, &book), "");
    (world, server, book)
}

fn manifest(world: &World, url: &str, sha256: &str, more: &str) {
    let text = format!(
        "release: 1\nkind: generic\ngroup: GRP\nname: \"{{{{ title | dots }}}}-GRP\"\noutput: dist\nsource: {{ url: \"{url}\", sha256: {sha256}{more} }}\n"
    );
    world.write("release.yaml", text);
}

fn sha256(world: &World, bytes: &[u8]) -> String {
    world.write("sum.tmp", bytes);
    let sum = tool(&world.path("."), "sha256sum", &["sum.tmp"]).unwrap().stdout;
    fs::remove_file(world.path("sum.tmp")).unwrap();
    sum.split(' ').next().unwrap().to_owned()
}

#[test]
fn a_source_comes_once_and_its_release_is_like_any_other() {
    let (world, server, book) = project();
    world.done(&["check"]);
    assert_eq!(server.count(), 0, "`check` asks nobody");
    let plan = world.done(&["plan"]);
    assert!(plan.stdout.contains("was not fetched from") && server.count() == 0, "{}", plan.stdout);
    assert!(plan.stdout.contains("size not known") && !plan.stdout.contains("writes"), "{}", plan.stdout);
    let ran = world.done(&["run"]);
    assert!(ran.stderr.contains("fetched tale.epub"), "{}", ran.stderr);
    let made = tree(&world.path("dist/A.Far.Tale-GRP"));
    let again = world.done(&["run"]);
    assert!(again.stderr.contains("up to date") && !again.stderr.contains("fetch"), "{}", again.stderr);
    assert_eq!(server.count(), 1);

    // Another project finds it where it lies, and makes the same of it as of the file itself.
    fs::remove_dir_all(world.path("dist")).unwrap();
    fs::remove_dir_all(world.path(".bindery")).unwrap();
    world.done(&["run", "--offline"]);
    assert!(tree(&world.path("dist/A.Far.Tale-GRP")) == made && server.count() == 1);
    let volume = made.keys().find(|name| name.ends_with(".rar")).unwrap();
    let volume = world.path("dist/A.Far.Tale-GRP").join(volume);
    if tool(&world.path("."), "7z", &["x", "-oout", volume.to_str().unwrap()]).is_some() {
        assert!(fs::read(world.path("out/tale.epub")).unwrap() == book);
    }
}

#[test]
fn offline_and_wrong_files_are_told() {
    let (world, server, _) = project();
    let ran = world.run(&["run", "--offline"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("was not fetched") && ran.stderr.contains("bindery fetch"), "{}", ran.stderr);
    let check = |path: &str, words: &str| {
        manifest(&world, &format!("{}{path}", server.url), &"0".repeat(64), "");
        let ran = world.run(&["run"]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
        assert!(!world.path("dist").exists());
    };
    check("other.epub", "source/digest");
    check("gone.epub", "remote/missing");
    let refused = |url: &str, words: &str| {
        manifest(&world, url, &"0".repeat(64), "");
        let ran = world.run(&["check"]);
        assert!(ran.code == Some(2) && ran.stderr.contains(words), "{}", ran.stderr);
    };
    refused("ftp://example.org/a.epub", "cannot be fetched");
    refused("https://me:pw@example.org/a.epub", "holds a login");
    refused("https://example.org/", "no name for a file");
    let kept = world.path("home/.cache/bindery/fetched");
    let left: Vec<String> = names(&kept).iter().flat_map(|folder| names(&kept.join(folder))).collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn a_source_that_does_not_come_keeps_no_other_release_from_being_made() {
    let (world, server, book) = project();
    let (sum, zero) = (sha256(&world, &book), "0".repeat(64));
    world.write(
        "release.yaml",
        format!(
            "release: 1\nkind: generic\ngroup: GRP\nname: \"{{{{ item.name }}}}-GRP\"\noutput: dist\nfor_each:\n  - {{ name: Good, at: books/tale.epub, sum: {sum} }}\n  - {{ name: Bad, at: gone.epub, sum: {zero} }}\nsource: {{ url: \"{}{{{{ item.at }}}}\", sha256: \"{{{{ item.sum }}}}\", name: \"{{{{ item.name }}}}.epub\" }}\n",
            server.url
        ),
    );
    let ran = world.run(&["run", "--keep-going"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("does not have it") && ran.stderr.contains("was not fetched"),
        "{}",
        ran.stderr
    );
    assert_eq!(names(&world.path("dist")), ["Good-GRP"]);
    let fetched = world.run(&["fetch", "--json"]);
    assert_eq!(fetched.code, Some(1), "{}", fetched.stderr);
}

#[test]
fn a_lock_pins_what_was_fetched() {
    let (world, server, book) = project();
    world.done(&["lock"]);
    let lock = fs::read_to_string(world.path("release.lock")).unwrap();
    assert!(lock.contains("tale.epub"), "{lock}");
    fs::remove_dir_all(world.path("home/.cache")).unwrap();
    world.done(&["run", "--locked"]);
    assert_eq!(server.count(), 2);
    world.done(&["reproduce"]);
    let url = format!("{}books/tale.epub", server.url);
    manifest(&world, &url, &sha256(&world, &book), ", name: other.epub");
    let ran = world.run(&["run", "--locked"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("other.epub"), "{}", ran.stderr);
}

#[test]
fn a_killed_fetch_goes_on() {
    let book = epub("A Far Tale", "Ada Weaver", Some("2020"), 300_000);
    let (served, stalls) = (book.clone(), Arc::new(AtomicBool::new(true)));
    let waits = Arc::clone(&stalls);
    let server = Server::new(move |asked: &Asked| {
        let from = asked.headers.lines().find_map(|line| line.strip_prefix("range: bytes="));
        let from: usize = from.map_or(0, |from| from.trim_end_matches('-').parse().unwrap());
        match (from, waits.load(Ordering::Relaxed)) {
            (0, true) => Reply::Cut(served[..150_000].to_vec()),
            (_, true) => Reply::Silence,
            (from, false) => {
                let range = format!("bytes {from}-{}/{}", served.len() - 1, served.len());
                Reply::Whole(206, vec![("content-range", range)], served[from..].to_vec())
            }
        }
    });
    let world = World::new();
    let sum = sha256(&world, &book);
    manifest(&world, &format!("{}tale.epub", server.url), &sum, "");
    let mut child = world.command(&["fetch"]).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    for _ in 0..500 {
        if server.count() >= 2 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    stalls.store(false, Ordering::Relaxed);
    let path = world.done(&["fetch"]).stdout;
    assert!(fs::read(path.trim()).unwrap() == book);
    assert!(server.asked().last().unwrap().headers.contains("range: bytes=150000-"));
}

#[test]
fn an_interrupted_fetch_ends_with_130() {
    let server = Server::new(|_| Reply::Whole(503, vec![("retry-after", "60".into())], Vec::new()));
    let world = World::new();
    manifest(&world, &format!("{}tale.epub", server.url), &"0".repeat(64), "");
    for command in ["fetch", "run", "lock", "reproduce"] {
        let before = server.count();
        let mut command = world.command(&[command]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while server.count() == before {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(tool(&world.path(""), "kill", &["-INT", &child.id().to_string()]).is_some());
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!(ran.code, Some(130), "{}", ran.stderr);
        assert!(ran.stderr.contains("fetching was interrupted"), "{}", ran.stderr);
    }
}
