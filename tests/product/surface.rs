//! The command line as people and scripts meet it: exit codes, streams, JSON, listings, completions.

use std::io::Read;
use std::process::Stdio;

use crate::world::{World, content, epub, names};

fn book() -> World {
    let world = World::new();
    world.write("book.epub", epub("A Book", "Ann Author", Some("2026-02-03"), 2_000));
    world.write("release.yaml", "release: 1\nkind: ebook\ngroup: GRP\nsource: book.epub\n");
    world
}

#[test]
fn exit_codes_say_what_kind_of_thing_went_wrong() {
    let world = book();
    let check = |arguments: &[&str], wanted: i32| {
        let ran = world.run(arguments);
        assert_eq!(ran.code, Some(wanted), "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        assert!(wanted == 0 || !ran.stderr.is_empty(), "{arguments:?} says why");
    };
    check(&["--version"], 0);
    check(&["--help"], 0);
    check(&[], 2);
    check(&["nosuch"], 2);
    check(&["run", "--nosuch"], 2);
    check(&["run", "nosuch.yaml"], 3);
    check(&["inspect", "nosuch.epub"], 3);
    check(&["verify", "nosuch"], 3);
    check(&["run", "--until", "nosuch"], 2);
    check(&["schema", "nosuch"], 2);
    check(&["run", "--set", "group"], 2);
    check(&["verify", "book.epub"], 0);
}

#[test]
fn events_are_one_object_a_line_and_end_with_the_report() {
    let world = book();
    let lines = world.done(&["run", "--progress", "json"]).lines();
    let kinds: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], kinds[kinds.len() - 1]), ("run_started", "run_finished"));
    for kind in ["release_named", "step_started", "step_finished", "release_finished"] {
        assert!(kinds.contains(&kind), "{kind}");
    }
    let numbers: Vec<u64> = lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=lines.len() as u64).collect::<Vec<_>>());
    assert!(
        lines
            .iter()
            .all(|line| line["run"] == lines[0]["run"] && line["time"].as_str().unwrap().ends_with('Z'))
    );
    let report = &lines[lines.len() - 1]["report"];
    assert_eq!(report["releases"][0]["status"], "done", "{report}");
}

#[test]
fn inspect_gives_one_object_a_file() {
    let world = book();
    world.write("note.txt", "# A Note\n\nSome words.\n");
    let lines = world.done(&["inspect", "--json", "book.epub", "note.txt"]).lines();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["format"], "epub");
    assert_eq!(lines[0]["facts"]["title"], "A Book");
    assert_eq!(lines[0]["facts"]["authors"], serde_json::json!(["Ann Author"]));
    assert_eq!(lines[0]["facts"]["year"], 2026);
    assert_eq!(lines[1]["format"], "txt");
    assert!(world.done(&["inspect", "book.epub"]).stdout.contains("A Book"));
}

#[test]
fn many_files_are_shown_in_the_order_in_which_they_were_named() {
    let world = World::new();
    let names: Vec<String> = (0..300).map(|number| format!("note {number}.txt")).collect();
    for (number, name) in names.iter().enumerate() {
        // The first of them take longest.
        world.write(name, "Some words.\n".repeat(if number % 100 == 0 { 50_000 } else { 1 }));
    }
    let mut arguments = vec!["inspect", "--json"];
    arguments.extend(names.iter().map(String::as_str));
    let lines = world.done(&arguments).lines();
    let shown: Vec<&str> = lines.iter().filter_map(|line| line["file"].as_str()).collect();
    assert_eq!(shown, names);
}

#[test]
fn init_writes_a_manifest_that_runs_and_overwrites_nothing() {
    let world = World::new();
    world.write("book.epub", epub("A Book", "Ann Author", Some("2026"), 500));
    world.done(&["init", "book.epub", "--group", "GRP"]);
    let text = std::fs::read_to_string(world.path("release.yaml")).unwrap();
    assert!(text.contains("kind: ebook") && text.contains("A Book"), "{text}");
    assert_ne!(world.run(&["init", "book.epub", "--group", "GRP"]).code, Some(0));
    world.done(&["run"]);
    assert_eq!(names(&world.path("dist")).len(), 1);
}

#[test]
fn a_plan_is_drawn_four_ways() {
    let world = book();
    let tree = world.done(&["plan"]).stdout;
    for step in ["extract", "enrich", "rar", "nfo", "diz", "zip", "sfv"] {
        assert!(tree.contains(step), "{step}\n{tree}");
    }
    let json = world.done(&["plan", "--format", "json"]).stdout;
    serde_json::from_str::<serde_json::Value>(&json).unwrap();
    let dot = world.done(&["plan", "--format", "dot"]).stdout;
    assert!(dot.trim_start().starts_with("digraph") && dot.trim_end().ends_with('}'), "{dot}");
    let mermaid = world.done(&["plan", "--format", "mermaid"]).stdout;
    assert!(mermaid.contains("flowchart") || mermaid.contains("graph "), "{mermaid}");
    assert!(!world.path("dist").exists(), "a plan makes nothing");
}

#[test]
fn until_stops_behind_a_step_and_leaves_what_it_made_to_look_at() {
    let world = book();
    world.done(&["run", "--until", "nfo"]);
    assert_eq!(names(&world.path("dist")), ["Ann.Author.A.Book.2026.RETAIL.EPUB.eBook-GRP.partial"]);
    world.done(&["run"]);
}

#[test]
fn listings_describe_themselves() {
    let world = World::new();
    for arguments in [&["stages", "--json"][..], &["kinds", "--json"]] {
        serde_json::from_str::<serde_json::Value>(&world.done(arguments).stdout).unwrap();
    }
    let stages = world.done(&["stages"]).stdout;
    for stage in ["archive", "checksum", "enrich", "extract", "nfo", "upload"] {
        assert!(stages.contains(stage), "{stage}");
    }
    assert!(world.done(&["stages", "archive"]).stdout.contains("volume"));
    assert!(world.done(&["kinds", "ebook"]).stdout.contains("rar:"));
    assert!(world.done(&["completions", "bash"]).stdout.contains("bindery"));
    assert!(world.done(&["man"]).stdout.starts_with(".") || world.done(&["man"]).stdout.contains(".TH"));
}

#[test]
fn no_escape_codes_reach_a_file_and_no_color_is_heeded() {
    let world = World::new();
    world.write("release.yaml", "release: 1\nsorce: x\n");
    for arguments in [&["check"][..], &["run"], &["stages"], &["--help"]] {
        let ran = world.run(arguments);
        assert!(!ran.stdout.contains('\u{1b}') && !ran.stderr.contains('\u{1b}'), "{arguments:?}");
    }
    assert!(world.run(&["check", "--color", "always"]).stderr.contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let world = World::new();
    let mut child =
        world.command(&["schema", "manifest"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panic"), "{said}");
}

#[test]
fn the_committed_schemas_are_fresh_and_the_examples_keep_them() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let world = World::new();
    world.done(&["schema", "--all", "made"]);
    let committed = crate::world::tree(&root.join("schemas"));
    let made = crate::world::tree(&world.path("made"));
    if std::env::var_os("UPDATE").is_some() {
        for (name, bytes) in &made {
            std::fs::write(root.join("schemas").join(name), bytes).unwrap();
        }
        return;
    }
    assert_eq!(committed.keys().collect::<Vec<_>>(), made.keys().collect::<Vec<_>>());
    for (name, bytes) in &made {
        assert!(
            committed[name] == *bytes,
            "schemas/{name} is stale: UPDATE=1 cargo nextest run committed_schemas"
        );
    }
    let script = "import sys, json, yaml, jsonschema\nschema = json.load(open(sys.argv[1]))\n\
        for path in sys.argv[2:]:\n    jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(yaml.safe_load(open(path)), default=str)))\n";
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let ready = crate::world::tool(root, &python, &["-c", "import yaml, jsonschema"]);
    if ready.is_none_or(|ran| ran.code != Some(0)) {
        eprintln!("SKIPPED: python has no yaml or no jsonschema");
        return;
    }
    let manifests = [
        "ebook/release.yaml",
        "documents/release.yaml",
        "library/release.yaml",
        "library/series.yaml",
        "season/release.yaml",
    ];
    let paths: Vec<String> =
        manifests.iter().map(|name| root.join("examples").join(name).display().to_string()).collect();
    let schema = root.join("schemas/manifest.json").display().to_string();
    let arguments: Vec<&str> =
        ["-c", script, &schema].into_iter().chain(paths.iter().map(String::as_str)).collect();
    content(root, &python, &arguments);
}
