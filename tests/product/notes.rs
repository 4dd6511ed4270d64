//! Notes as people meet them: shown in the terminal, drawn, told to programs.

use std::io::Write;
use std::process::Stdio;

use crate::world::{Ran, World, tool};

/// Code page 437, a colour, and a SAUCE record.
fn art() -> Vec<u8> {
    let mut note = b"\x1b[1;31m\xc9\xcd\xbb\x1b[0m\r\n\xba\x01\xba\r\n\xc8\xcd\xbc\r\n\x1aSAUCE00".to_vec();
    note.extend(format!("{:<35}{:<20}{:<20}20250131", "A frame", "Somebody", "GRP").bytes());
    note.extend([0, 0, 0, 0, 1, 1, 40, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
    note.extend([0; 22]);
    note
}

#[test]
fn a_note_is_shown_in_unicode_whatever_it_is_written_in() {
    let world = World::new();
    let check = |bytes: &[u8], encoding: &str, lines: &[&str]| {
        world.write("a.nfo", bytes);
        let shown = world.done(&["nfo", "show", "a.nfo"]);
        assert_eq!(shown.stdout.lines().collect::<Vec<_>>(), lines);
        let json = world.done(&["nfo", "show", "a.nfo", "--json"]).json();
        assert_eq!(json["encoding"], encoding);
        assert_eq!(json["lines"], serde_json::json!(lines));
        assert_eq!(json["file"], "a.nfo");
    };
    check(b"\xc9\xcd\xbb\r\n", "cp437", &["╔═╗"]);
    check("\u{feff}╔═╗ é\n".as_bytes(), "utf-8", &["╔═╗ é"]);
    check(b"\xff\xfeT\0T%\n\0x\0", "utf-16le", &["T╔", "x"]);
    check(&art(), "cp437", &["╔═╗", "║☺║", "╚═╝"]);
}

#[test]
fn colours_reach_a_terminal_and_nothing_else_does() {
    let world = World::new();
    world.write("a.nfo", b"\x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m\x1b[?25l\x1b[5n\r\n\xc3\xa9\r\n");
    let check = |when: &str, wanted: &str| {
        let shown = world.done(&["--color", when, "nfo", "show", "a.nfo"]);
        assert_eq!(shown.stdout, wanted);
    };
    check("always", "\u{1b}[31mred\u{1b}[0m\né\n");
    check("never", "red\né\n");
    check("auto", "red\né\n");
}

#[test]
fn a_sauce_record_is_told_and_not_shown() {
    let world = World::new();
    world.write("a.ans", art());
    let json = world.done(&["nfo", "show", "a.ans", "--json"]).json();
    assert_eq!(json["columns"], 40);
    assert_eq!(json["ansi"], true);
    assert_eq!(json["sauce"]["title"], "A frame");
    assert_eq!(json["sauce"]["date"], "2025-01-31");
    assert_eq!(json["sauce"].get("comments"), None);
}

#[test]
fn pictures_are_what_other_programs_take_for_pictures() {
    let world = World::new();
    world.write("a.ans", art());
    let drawn = ["--png", "a.png", "--svg", "a.svg", "--html", "a.html", "--ansi", "a.txt", "--scale", "2"];
    let ran = world.done(&[&["nfo", "show", "a.ans"], &drawn[..]].concat());
    assert_eq!(ran.stdout, "");
    let bytes = std::fs::read(world.path("a.png")).unwrap();
    let (header, size) = (&bytes[..8], &bytes[16..24]);
    assert_eq!(header, b"\x89PNG\r\n\x1a\n");
    assert_eq!(size, [[0, 0, 2, 0xc0], [0, 0, 0, 0xa0]].concat());
    let html = std::fs::read_to_string(world.path("a.html")).unwrap();
    assert!(html.contains("╔═╗") && html.contains("<title>a.ans</title>") && !html.contains("<script"));
    assert_eq!(std::fs::read_to_string(world.path("a.txt")).unwrap(), "\u{1b}[1;31m╔═╗\u{1b}[0m\n║☺║\n╚═╝\n");
    if let Some(ran) = tool(&world.path(""), "rsvg-convert", &["a.svg", "-o", "b.png"]) {
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    if let Some(ran) = tool(&world.path(""), "file", &["a.png"]) {
        assert!(ran.stdout.contains("704 x 160"), "{}", ran.stdout);
    }
}

#[test]
fn a_note_may_come_from_stdin_and_a_picture_go_to_stdout() {
    let world = World::new();
    let mut child = world
        .command(&["nfo", "show", "-", "--svg", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"a <note>").unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.starts_with("<svg ") && ran.stdout.contains("&lt;note&gt;"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_shown_is_refused_with_its_reason() {
    let world = World::new();
    world.write("a.nfo", "text");
    world.write("long.nfo", vec![b'a'; 3 << 20]);
    world.write("program", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0");
    world.write("lines.nfo", "\n".repeat(6000));
    let check = |arguments: &[&str], code: i32, part: &str| {
        let ran = world.run(&[&["nfo", "show"], arguments].concat());
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{arguments:?}: {}", ran.stderr);
    };
    check(&["nosuch.nfo"], 3, "`nosuch.nfo` does not exist");
    check(&["long.nfo"], 1, "longer than 2097152 bytes");
    check(&["program"], 1, "it is no text");
    check(&["lines.nfo"], 1, "more than 5000 lines");
    check(&["a.nfo", "--encoding", "nosuch"], 2, "there is no encoding `nosuch`");
    check(&["a.nfo", "--width", "9999"], 2, "from 1 to 320");
    check(&["a.nfo", "--scale", "9"], 2, "9");
    check(&["a.nfo", "--png", "no/such/a.png"], 1, "cannot write");
}
