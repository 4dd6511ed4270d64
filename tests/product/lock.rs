//! Locks: what they pin, that `--locked` names whatever differs, that another machine makes the same bytes.

use std::fs;
use std::process::Command;

use crate::world::{Ran, World, epub, names, tree};

const MANIFEST: &str = "release: 1\nkind: ebook\nextends: [house.yaml]\ngroup: GRP\nrules: ours\nfor_each: \"books/*.epub\"\n\
    steps:\n  nfo: { with: { template: own } }\n  upload: false\n";
const FILES: [(&str, &str); 4] = [
    ("house.yaml", "vars: { press: Tide }\n"),
    (".bindery/templates/own.liquid", "{{ title }} {{ vars.press }}\n"),
    (".bindery/rules/ours-2026.yaml", "# Ours\ntitle: Ours\nsource: here\nrules: []\n"),
    ("bindery.toml", "output = \"dist\"\n"),
];

/// A project of two releases with their lock.
fn project() -> World {
    let world = World::new();
    for (name, text) in FILES {
        world.write(name, text);
    }
    world.write("books/a.epub", epub("First Book", "Ann Author", Some("2026"), 900));
    world.write("books/b.epub", epub("Second Book", "Bo Author", Some("2025"), 700));
    world.write("release.yaml", MANIFEST);
    touch(&world, "books/a.epub", "2026-01-02T03:04:05Z");
    touch(&world, "books/b.epub", "2026-01-02T03:04:06Z");
    world.done(&["lock"]);
    world
}

fn touch(world: &World, name: &str, time: &str) {
    let touched = Command::new("touch").args(["-d", time]).arg(world.path(name)).status().unwrap();
    assert!(touched.success());
}

fn differs(world: &World, arguments: &[&str]) -> Ran {
    let ran = world.run(arguments);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("lock/differs"), "{}", ran.stderr);
    ran
}

#[test]
fn a_lock_makes_the_same_bytes_on_another_machine() {
    let world = project();
    assert!(!world.path("dist").exists(), "locking leaves nothing but the lock");
    world.done(&["run", "--locked"]);
    let made = tree(&world.path("dist"));
    let other = World::new();
    for name in ["release.yaml", "release.lock", "house.yaml", "bindery.toml", "books/a.epub", "books/b.epub"]
    {
        other.write(name, fs::read(world.path(name)).unwrap());
    }
    other.write(FILES[1].0, FILES[1].1).write(FILES[2].0, FILES[2].1);
    // The files bear the time of the copy there, and the lock says better.
    other.done(&["run"]);
    assert!(tree(&other.path("dist")) == made);
    other.done(&["run", "--locked", "--offline"]);
    let ran = other.done(&["reproduce"]);
    assert_eq!(ran.stdout.matches("the same bytes").count(), 2, "{}", ran.stdout);
    for release in names(&other.path("dist")) {
        other.done(&["verify", &format!("dist/{release}"), "--lock", "release.lock"]);
    }
    fs::remove_dir_all(other.path("dist")).unwrap();
    assert!(other.done(&["reproduce"]).stdout.contains("compared with the lock"));
    assert!(!other.path("dist").exists());
}

#[test]
fn whatever_the_lock_pins_is_named_when_it_differs() {
    let world = project();
    let book = fs::read(world.path("books/a.epub")).unwrap();
    let check = |name: &str, bytes: &[u8], wanted: &[&str]| {
        let before = fs::read(world.path(name)).ok();
        world.write(name, bytes);
        let ran = differs(&world, &["run", "--locked"]);
        for part in wanted {
            assert!(ran.stderr.contains(part), "{name}: {part}: {}", ran.stderr);
        }
        assert!(!world.path("dist").exists(), "{name}: nothing is made");
        match before {
            Some(before) => {
                world.write(name, before);
            }
            None => fs::remove_file(world.path(name)).unwrap(),
        }
        touch(&world, "books/a.epub", "2026-01-02T03:04:05Z");
    };
    let lock = fs::read_to_string(world.path("release.lock")).unwrap();
    let changed = |from: &str, to: &str| {
        assert!(lock.contains(from), "{from}: {lock}");
        lock.replacen(from, to, 1)
    };
    // The world changes under the lock.
    check(
        "books/a.epub",
        &[&book[..], b"x"].concat(),
        &["source `a.epub` of Ann.Author.First.Book", "bytes"],
    );
    check("books/c.epub", &epub("Third", "Cy", Some("2024"), 9), &["release of `books/c.epub` is new"]);
    check("house.yaml", b"vars: { press: Reef }\n", &["file `house.yaml`", "`vars` of the manifest"]);
    check(".bindery/templates/own.liquid", b"{{ title }}\n", &["template `own`"]);
    check(
        ".bindery/rules/ours-2026.yaml",
        b"# Ours\ntitle: Ours\nsource: there\nrules: []\n",
        &["file `rules ours-2026`"],
    );
    // A newer set of the family takes the place of the one that was meant.
    check(
        ".bindery/rules/ours-2027.yaml",
        FILES[2].1.as_bytes(),
        &["file `rules ours-2026` is gone", "file `rules ours-2027` is new"],
    );
    check("release.yaml", MANIFEST.replace("GRP", "OTHER").as_bytes(), &["`group` of the manifest"]);
    let volume = MANIFEST.replace("  upload", "  rar: { with: { volume: 9KB } }\n  upload");
    check("release.yaml", volume.as_bytes(), &["`steps.rar` of the manifest"]);
    let time = MANIFEST.replace("group", "time: 2020-01-01T00:00:00Z\ngroup");
    check("release.yaml", time.as_bytes(), &["time of Ann.Author.First.Book", "→ 2020-01-01T00:00:00Z"]);
    let one = MANIFEST.replace("*.epub", "a*.epub");
    check(
        "release.yaml",
        one.as_bytes(),
        &["release of `books/b.epub` is gone", "`for_each` of the manifest"],
    );
    // The lock comes from another program.
    check("release.lock", changed("bindery = \"", "bindery = \"9.").as_bytes(), &["Bindery: 9."]);
    check(
        "release.lock",
        changed("language = 1", "language = 2").as_bytes(),
        &["the manifest language: 2 → 1"],
    );
    check("release.lock", changed("archive = 1", "archive = 9").as_bytes(), &["stage `archive`: 9 → 1"]);
    check(
        "release.lock",
        changed("kind ebook\" = \"", "kind ebook\" = \"0").as_bytes(),
        &["file `kind ebook`"],
    );
    world.done(&["run", "--locked"]);
}

#[test]
fn releases_that_come_out_differently_are_named() {
    let world = project();
    let lock = fs::read_to_string(world.path("release.lock")).unwrap();
    let (head, outputs) = lock.split_once("[release.outputs]").unwrap();
    let at = outputs.find("blake3 = \"").unwrap() + 10;
    let digit = if outputs[at..].starts_with('0') { "1" } else { "0" };
    let other = format!("{head}[release.outputs]{}{digit}{}", &outputs[..at], &outputs[at + 1..]);
    world.write("release.lock", other);
    let ran = differs(&world, &["run", "--locked"]);
    assert!(ran.stderr.contains("file `") && ran.stderr.contains("First.Book"), "{}", ran.stderr);
    let release = names(&world.path("dist")).remove(0);
    let ran = world.run(&["verify", &format!("dist/{release}"), "--lock", "release.lock"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("lock/changed"), "{}", ran.stdout);
}

#[test]
fn a_release_that_was_tampered_with_is_found_by_its_lock_and_by_reproduction() {
    let world = project();
    world.done(&["run"]);
    let release = format!("dist/{}", names(&world.path("dist")).remove(0));
    let nfo = names(&world.path(&release)).into_iter().find(|name| name.ends_with(".nfo")).unwrap();
    let mut bytes = fs::read(world.path(&release).join(&nfo)).unwrap();
    bytes[3] ^= 1;
    world.write(&format!("{release}/{nfo}"), &bytes);
    world.write(&format!("{release}/more"), "more");
    fs::remove_file(world.path(&release).join("file_id.diz")).unwrap();
    let ran = world.run(&["verify", &release, "--lock", "release.lock"]);
    for code in ["lock/changed", "lock/extra", "lock/missing"] {
        assert!(ran.stdout.contains(code), "{code}: {}", ran.stdout);
    }
    let ran = world.run(&["reproduce", "--json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let found = ran.json();
    assert_eq!(found[0]["same"], false);
    let told = found[0]["differences"].to_string();
    for part in ["\"how\":\"bytes\",\"at\":3", "\"how\":\"extra\"", "\"how\":\"missing\""] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(found[1]["same"], true);
}

#[test]
fn an_update_tells_what_changed_field_by_field() {
    let world = project();
    assert!(world.done(&["lock", "update"]).stderr.contains("nothing changed"));
    let before = fs::read_to_string(world.path("release.lock")).unwrap();
    world.write("books/b.epub", epub("Second Book", "Bo Author", Some("2024"), 700));
    touch(&world, "books/b.epub", "2026-03-02T03:04:06Z");
    let ran = world.done(&["lock", "update", "--only", "source"]);
    for part in
        ["name of Bo.Author.Second.Book.2025", "time of", "→ 2026-03-02T03:04:06Z", "source `b.epub` of"]
    {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("First"), "{}", ran.stdout);
    assert_ne!(fs::read_to_string(world.path("release.lock")).unwrap(), before);
    world.done(&["run", "--locked"]);
    // A source that was only touched keeps its time.
    touch(&world, "books/b.epub", "2026-04-02T03:04:06Z");
    assert_eq!(world.done(&["lock", "update", "--json"]).json(), serde_json::json!([]));
    let ran = world.run(&["lock", "update", "--only", "tmdb"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("no fact in the lock comes from `tmdb`"), "{}", ran.stderr);
}

#[test]
fn without_a_lock_or_with_a_broken_one_it_is_said() {
    let world = project();
    world.write("release.lock", "version = 1\nbindery = 7\n");
    let ran = world.run(&["run"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("release.lock:2:"), "{}", ran.stderr);
    fs::remove_file(world.path("release.lock")).unwrap();
    let ran = world.run(&["run", "--locked"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("bindery lock"), "{}", ran.stderr);
    let ran = world.run(&["reproduce"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(!world.path("dist").exists());
    let ran = world.run(&["lock", "update", "--only", "source"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("there is no lock `release.lock`"), "{}", ran.stderr);
    let ran = world.done(&["lock", "update"]);
    assert!(ran.stderr.contains("`release.lock` is new"), "{}", ran.stderr);
}
