//! The rules of the house that a compiler does not know: who may know whom, how long files are, what they begin with.

use std::fs;
use std::path::{Path, PathBuf};

/// A crate: its folder, the crates of ours it may depend on, and what its code must never mention.
struct Room {
    folder: &'static str,
    knows: &'static [&'static str],
    never: &'static [&'static str],
}

/// The table of the house.
const ROOMS: &[Room] = &[
    Room {
        folder: "stages/formats",
        knows: &[],
        never: &["engine::", "std::thread", "rayon", "SystemTime", "std::env::", "File::open", "println!"],
    },
    Room {
        folder: "engine",
        knows: &[],
        never: &[
            "SystemTime::now",
            "std::env::",
            "println!",
            "yaml",
            "\"archive\"",
            "\"nfo\"",
            "\"checksum\"",
            "sql",
            "reqwest",
        ],
    },
    Room {
        folder: "stages",
        knows: &["engine", "formats"],
        never: &["manifests::", "SystemTime::now", "std::env::", "println!"],
    },
    Room {
        folder: "manifests",
        knows: &["engine"],
        never: &[
            "stages::",
            "formats::",
            "SystemTime::now",
            "std::env::",
            "println!",
            "\"archive\"",
            "\"nfo\"",
            "\"checksum\"",
            "\"upload\"",
        ],
    },
    Room { folder: ".", knows: &["engine", "manifests", "stages"], never: &[] },
];

const OURS: &[&str] = &["engine", "formats", "manifests", "stages"];

/// Longest file of code, in lines. Most have less than 300.
const LONGEST: usize = 450;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of Rust below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The code of a file without its tests, which may do as they like.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let is_test = path.file_stem().is_some_and(|stem| {
        let stem = stem.to_string_lossy();
        stem == "tests" || stem.ends_with("_tests") || stem == "bench" || stem == "corpus"
    });
    if is_test || path.components().any(|part| part.as_os_str() == "tests") {
        return String::new();
    }
    without_test_items(&text)
}

/// Leaves out every item behind `#[cfg(test)]`, up to the brace or semicolon that ends it.
fn without_test_items(text: &str) -> String {
    let mut lines = Vec::new();
    let mut rest = text.lines();
    while let Some(line) = rest.next() {
        if line.trim_start() != "#[cfg(test)]" {
            lines.push(line);
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        for line in rest.by_ref() {
            let is_end =
                line.len() > indent && !line[indent..].starts_with([' ', '}']) && line.ends_with(';');
            lines.push("");
            if is_end || line[indent.min(line.len())..].starts_with('}') {
                break;
            }
        }
        lines.push("");
    }
    lines.join("\n")
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[test]
fn crates_depend_on_each_other_as_the_table_says() {
    for room in ROOMS {
        let manifest = fs::read_to_string(root().join(room.folder).join("Cargo.toml")).unwrap();
        let section = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let section = section.split("\n[").next().unwrap_or_default();
        for name in OURS {
            let depends = section.lines().any(|line| line.starts_with(&format!("{name}.workspace")));
            assert!(!depends || room.knows.contains(name), "{} may not depend on {name}", room.folder);
        }
    }
}

#[test]
fn code_mentions_only_what_its_crate_may_know() {
    let mut faults = Vec::new();
    for room in ROOMS {
        let folder = root().join(room.folder).join("src");
        for path in sources(&folder) {
            let code = code(&path);
            for (number, line) in code.lines().enumerate() {
                let line = line.split("//").next().unwrap_or_default();
                for word in room.never.iter().filter(|word| line.contains(*word)) {
                    faults.push(format!("{}:{}: mentions {word}", shown(&path), number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn library_code_neither_unwraps_nor_leaves_work_behind() {
    let mut faults = Vec::new();
    for room in ROOMS.iter().filter(|room| room.folder != ".") {
        for path in sources(&root().join(room.folder).join("src")) {
            for (number, line) in code(&path).lines().enumerate() {
                let plain = line.split("//").next().unwrap_or_default();
                let unwraps = [".unwrap()", ".expect(", "panic!(", "unreachable!("]
                    .iter()
                    .any(|word| plain.contains(word));
                let left = ["TODO", "FIXME", "#[allow("].iter().any(|word| line.contains(word));
                if unwraps || left {
                    faults.push(format!("{}:{}: {}", shown(&path), number + 1, line.trim()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_begin_with_what_they_do_and_are_short_enough_to_read() {
    let mut faults = Vec::new();
    for path in ["engine", "manifests", "stages", "src", "tests"]
        .iter()
        .flat_map(|folder| sources(&root().join(folder)))
    {
        let text = fs::read_to_string(&path).unwrap();
        if !text.starts_with("//!") {
            faults.push(format!("{} does not begin with what it does", shown(&path)));
        }
        let lines = text.lines().count();
        if lines > LONGEST {
            faults.push(format!("{} has {lines} lines", shown(&path)));
        }
        if path.file_name().is_some_and(|name| name == "mod.rs") {
            faults.push(format!("{} is a mod.rs", shown(&path)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for room in ROOMS {
        let manifest = fs::read_to_string(root().join(room.folder).join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} has lints of its own", room.folder);
    }
}
