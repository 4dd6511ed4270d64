//! Pages as pictures: templates and notes of ours, drawn and held against pictures that were looked at.
//!
//! `UPDATE=1` writes the pictures anew. Look at them before they are committed.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use crate::world::World;

/// A template with lines, blocks and shades, which prints facts.
const TEMPLATE: &str = "\
---
description: a frame with a title
width: 34
---
░▒▓████████████████████████████▓▒░
╔════════════════════════════════╗
║{{ title | center: 32 }}║
╟──────────┬─────────────────────╢
║ Author   │ {{ authors | join: \", \" | left: 20 }}║
║ Year     │ {{ year | left: 20 }}║
╚══════════╧═════════════════════╝
";

/// Every ink on every ground, styles, and characters of many kinds.
fn colours() -> String {
    let mut note = String::new();
    for ground in 40..48 {
        for (bold, ink) in (30..38).map(|ink| ("", ink)).chain((30..38).map(|ink| ("1;", ink))) {
            note.push_str(&format!("\u{1b}[{bold}{ink};{ground}mA▒"));
        }
        note.push_str("\u{1b}[0m\r\n");
    }
    note + "\u{1b}[4munder\u{1b}[0m \u{1b}[7mreverse\u{1b}[0m \u{1b}[38;5;208m256\u{1b}[0m\r\nÀčšžЖяΩαβ€ 日本 e\u{301} ┏━┓╭─╮"
}

/// Size and pixels of a picture.
fn pixels(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    (frame.width, frame.height, pixels)
}

/// Draws with the given arguments and compares with the picture of this name.
fn check(world: &World, name: &str, arguments: &[&str]) {
    world.done(&[arguments, &["--png", "drawn.png"]].concat());
    let drawn = fs::read(world.path("drawn.png")).unwrap();
    let golden =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/product/pages").join(format!("{name}.png"));
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(golden.parent().unwrap()).unwrap();
        fs::write(&golden, &drawn).unwrap();
    }
    let wanted = fs::read(&golden).unwrap_or_else(|error| panic!("{}: {error}", golden.display()));
    let ((width, height, drawn), (wide, high, wanted)) = (pixels(&drawn), pixels(&wanted));
    assert_eq!((width, height), (wide, high), "{name}");
    let other = drawn.chunks(3).zip(wanted.chunks(3)).position(|(one, other)| one != other);
    let place = other.map(|at| (at as u32 % width, at as u32 / width));
    assert_eq!(place, None, "{name}: the first pixel that differs");
}

#[test]
fn pictures_are_those_that_were_looked_at() {
    let world = World::new();
    world.write(".bindery/templates/frame.liquid", TEMPLATE);
    world.write("facts.yaml", "title: Émile ≈ 100 °\nauthors: [Ada Quill]\nyear: 2025\n");
    world.write("colours.ans", colours());
    let frame = ["templates", "preview", "frame", "--facts", "facts.yaml"];
    check(&world, "frame-terminal", &frame);
    check(&world, "frame-paper", &[&frame[..], &["--colors", "paper", "--scale", "2"]].concat());
    let note = ["nfo", "show", "colours.ans", "--width", "40"];
    check(&world, "colours-terminal", &note);
    check(&world, "colours-paper", &[&note[..], &["--colors", "paper"]].concat());
}

#[test]
fn a_preview_shows_what_a_run_would_write() {
    let world = World::new();
    world.write(".bindery/templates/frame.liquid", TEMPLATE);
    world.write("facts.json", r#"{"file": "x", "facts": {"title": "T", "authors": ["A"], "year": 1999}}"#);
    let shown = world.done(&["templates", "preview", "frame", "--facts", "facts.json"]).stdout;
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 7, "{shown}");
    assert_eq!(lines[4], "║ Author   │ A                   ║");
    assert!(lines.iter().all(|line| line.chars().count() == 34), "{shown}");
}

#[test]
fn every_built_in_template_has_samples_and_takes_files() {
    let world = World::new();
    world.write("note.txt", "# A Fine Heading\n\nSome words.\n");
    let listed = world.done(&["templates", "list", "--json"]).json();
    for listing in listed.as_array().unwrap() {
        let name = listing["name"].as_str().unwrap();
        let samples = world.done(&["templates", "preview", name]);
        assert!(samples.stdout.lines().count() >= 3, "{name}: {}", samples.stdout);
    }
    let shown = world.done(&["templates", "preview", "docs", "--from", "note.txt"]).stdout;
    assert!(shown.contains("A Fine Heading"), "{shown}");
}

#[test]
fn a_preview_that_cannot_be_made_says_why() {
    let world = World::new();
    world.write(".bindery/templates/broken.liquid", "{% if %}");
    world.write(".bindery/templates/needy.liquid", "{{ zebra }}");
    world.write("list.yaml", "[a, b]");
    let check = |arguments: &[&str], code: i32, part: &str| {
        let ran = world.run(&[&["templates", "preview"], arguments].concat());
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{arguments:?}: {}", ran.stderr);
    };
    check(&["nosuch"], 3, "there is no template `nosuch`");
    check(&["broken"], 1, "broken");
    check(&["needy"], 1, "`zebra`");
    check(&["ebook", "--facts", "nosuch.yaml"], 3, "cannot read `nosuch.yaml`");
    check(&["ebook", "--sample", "nosuch"], 2, "there is no sample `nosuch`");
    check(&["ebook", "--from", "nosuch.epub"], 3, "nosuch.epub");
    check(&["ebook", "--facts", "list.yaml"], 2, "facts are a mapping");
    check(&["ebook", "--facts", "a", "--from", "b"], 2, "--from");
}
