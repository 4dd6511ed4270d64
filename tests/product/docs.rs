//! The documentation against the program: the generated reference is fresh, every example is right, every command,
//! failure code and link that is named exists.
//!
//! In a page a block of YAML that begins with `release:` is a manifest. A block whose first line is a comment with a
//! path (`# house.yaml`) is a file that the page's manifests rest on.

mod reference;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::world::{World, names};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page, by its path in the project.
fn pages() -> BTreeMap<String, String> {
    let inside = names(&root().join("docs")).into_iter().filter(|name| name.ends_with(".md"));
    let above = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned);
    let all = inside.map(|name| format!("docs/{name}")).chain(above);
    all.map(|name| (name.clone(), fs::read_to_string(root().join(&name)).unwrap())).collect()
}

/// The fenced blocks of a page: language and text.
fn blocks(page: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some((_, text)), None) => text.push_str(&format!("{line}\n")),
            (None, Some(language)) => open = Some((language, String::new())),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block does not end");
    found
}

/// The path in a block's first line, where that is a comment.
fn path_of(language: &str, text: &str) -> Option<String> {
    let first = text.lines().next()?;
    if !["yaml", "toml", "liquid"].contains(&language) || !first.starts_with(['#', '{']) {
        return None;
    }
    let ends = [".yaml", ".toml", ".liquid"];
    first.split_whitespace().find(|word| ends.iter().any(|end| word.ends_with(end))).map(str::to_owned)
}

#[test]
fn every_manifest_in_the_documentation_is_right() {
    let mut seen = 0;
    for (name, page) in pages() {
        let world = World::new();
        let blocks = blocks(&page);
        for (language, text) in &blocks {
            if let Some(path) = path_of(language, text) {
                world.write(&path, text);
            }
        }
        let manifests =
            blocks.iter().filter(|(language, text)| *language == "yaml" && text.starts_with("release:"));
        for (number, (_, text)) in manifests.enumerate() {
            let file = format!("release-{number}.yaml");
            world.write(&file, text);
            make_sources(&world, &world.done(&["expand", &file, "--json"]).json());
            let ran = world.run(&["check", &file]);
            assert_eq!(ran.code, Some(0), "{name}\n{text}\n{}", ran.stderr);
            assert!(!ran.stderr.contains("warning"), "{name}\n{text}\n{}", ran.stderr);
            seen += 1;
        }
    }
    assert!(seen >= 12, "{seen} manifests");
}

/// Makes empty files where a manifest looks for its sources.
fn make_sources(world: &World, manifest: &Value) {
    let texts = |value: &Value| -> Vec<String> {
        let list = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let for_each = manifest.get("for_each").cloned().unwrap_or_default();
    let matches: Vec<String> = texts(&for_each).iter().map(|glob| one_of(glob)).collect();
    matches.iter().for_each(|file| {
        world.write(file, "");
    });
    let stems = matches.iter().filter_map(|file| Path::new(file).file_stem()?.to_str());
    let mut items: Vec<BTreeMap<String, String>> =
        stems.map(|stem| BTreeMap::from([("stem".to_owned(), stem.to_owned())])).collect();
    for entry in for_each.as_array().into_iter().flatten().filter_map(Value::as_object) {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        items.push(entry.iter().map(|(key, value)| (key.clone(), text(value))).collect());
    }
    if items.is_empty() {
        items.push(BTreeMap::new());
    }
    for source in texts(manifest.get("source").unwrap_or(&Value::Null)) {
        for item in &items {
            let filled = item.iter().fold(source.clone(), |text, (key, value)| {
                text.replace(&format!("{{{{ item.{key} }}}}"), value)
            });
            assert!(!filled.contains("{{"), "keep the sources of examples simple: {filled}");
            let is_folder = Path::new(&filled).extension().is_none();
            let file = if is_folder { format!("{filled}/a.jpg") } else { one_of(&filled) };
            if !world.path(&file).exists() {
                world.write(&file, "");
            }
        }
    }
}

/// A file that a glob matches.
fn one_of(glob: &str) -> String {
    glob.replace("**/", "").replace('*', "a").replace('?', "b")
}

#[test]
fn every_command_in_the_documentation_exists_with_its_options() {
    let world = World::new();
    let mut helps: BTreeMap<String, String> = BTreeMap::new();
    let mut seen = 0;
    for (name, page) in pages() {
        for line in page.lines().filter(|line| line.starts_with('|')) {
            for span in line.split('`').skip(1).step_by(2) {
                let Some(call) = span.strip_prefix("bindery ") else { continue };
                // Some commands have commands of their own.
                let is_command = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
                let words: Vec<&str> = call.split_whitespace().take_while(is_command).collect();
                let command = words.join(" ");
                let help = helps.entry(command.clone()).or_insert_with(|| {
                    let ran = world.run(&[&words[..], &["--help"]].concat());
                    assert_eq!(ran.code, Some(0), "{name} names `bindery {command}`\n{}", ran.stderr);
                    ran.stdout
                });
                // In the table of commands, options behind the command belong to it as well.
                for option in line.split(['`', ' ', ',', '|']).filter(|word| word.starts_with("--")) {
                    assert!(help.contains(option), "{name}: `bindery {command}` has no {option}");
                }
                seen += 1;
            }
        }
    }
    assert!(seen >= 13, "{seen} commands");
}

#[test]
fn every_failure_code_in_the_documentation_is_in_the_code() {
    let sources: String = ["engine/src", "manifests/src", "src", "stages/src"]
        .iter()
        .flat_map(|folder| texts_in(&root().join(folder)))
        .collect();
    let page = fs::read_to_string(root().join("docs/manifest.md")).unwrap();
    let codes = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let codes: Vec<&str> = codes.filter(|code| code.contains('/') && !code.contains(['.', '*'])).collect();
    assert!(codes.len() >= 15, "{codes:?}");
    for code in codes {
        assert!(sources.contains(&format!("\"{code}\"")), "{code}");
    }
}

/// The paths of every file of Rust below a folder.
fn files_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = entries
        .flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path.display().to_string()] });
    below.filter(|path| path.ends_with(".rs")).collect()
}

fn texts_in(folder: &Path) -> Vec<String> {
    files_in(folder).iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn every_link_and_file_that_the_documentation_names_exists() {
    let folders = ["engine", "manifests", "stages", "src", "tests"];
    let files: Vec<String> = folders.iter().flat_map(|folder| files_in(&root().join(folder))).collect();
    for (name, page) in pages() {
        let folder = root().join(&name).parent().map(PathBuf::from).unwrap_or_default();
        let text = prose(&page);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            if file.starts_with("http") {
                continue;
            }
            let target = if file.is_empty() { root().join(&name) } else { folder.join(file) };
            assert!(target.exists(), "{name} links to {link}");
            if !anchor.is_empty() {
                let there = fs::read_to_string(&target).unwrap();
                assert!(anchors(&there).contains(&anchor.to_owned()), "{name} links to {link}");
            }
        }
        for span in
            text.split('`').skip(1).step_by(2).filter(|span| span.ends_with(".rs") && !span.contains(' '))
        {
            // Files that a reader is told to write are not there yet.
            let is_new = ["torrent", "tar_gz", "NAME", "mod.rs"].iter().any(|word| span.contains(word));
            let known = files.iter().any(|file| file.ends_with(&format!("/{span}")));
            assert!(is_new || known, "{name} names {span}");
        }
    }
}

/// A page without its fenced blocks.
fn prose(page: &str) -> String {
    page.split("```").step_by(2).collect()
}

/// What headings can be linked to as.
fn anchors(page: &str) -> Vec<String> {
    let headings =
        page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    headings
        .map(|text| text.to_lowercase().chars().filter(|c| plain(*c)).collect::<String>().replace(' ', "-"))
        .collect()
}

#[test]
fn the_reference_is_what_the_program_says_of_itself() {
    assert!(texts_in(&root().join("stages/src")).iter().all(|code| reference::begins_with_defaults(code)));
    let path = root().join("docs/reference.md");
    let found = reference::reference(root());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == found,
        "docs/reference.md is stale: UPDATE=1 cargo test --test product the_reference"
    );
}
