//! What is written of a run for machines and for people who were not there: JUnit, Markdown, annotations, traces.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::world::{Ran, World, content, epub, tool};

/// What readers of JUnit rely on, as others have written it down: which elements and attributes there are, and that
/// counts are those of the cases.
const JUNIT: &str = r#"
import re, sys, xml.etree.ElementTree as xml
root = xml.parse(sys.argv[1]).getroot()
known = {
    "testsuites": ("name tests failures errors skipped disabled time timestamp", "testsuite"),
    "testsuite": ("name tests failures errors skipped disabled time timestamp hostname id package",
                  "properties testcase system-out system-err"),
    "testcase": ("name classname time status assertions", "skipped error failure system-out system-err"),
    "failure": ("message type", ""), "error": ("message type", ""),
    "skipped": ("message type", ""), "system-out": ("", ""),
}
def walk(element):
    attributes, children = known[element.tag]
    assert set(element.attrib) <= set(attributes.split()), element.attrib
    for child in element:
        assert child.tag in children.split(), (element.tag, child.tag)
        walk(child)
assert root.tag == "testsuites"
walk(root)
for element in [root] + root.findall("testsuite"):
    cases = list(element.iter("testcase"))
    count = lambda tag: sum(case.find(tag) is not None for case in cases)
    wanted = [len(cases), count("failure"), count("error"), count("skipped")]
    assert [int(element.get(key)) for key in ("tests", "failures", "errors", "skipped")] == wanted, element.attrib
    assert element.get("name")
for element in root.iter():
    if element.tag in ("testsuite", "testcase"):
        assert re.fullmatch(r"\d+\.\d{3}", element.get("time"))
    if element.get("timestamp"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", element.get("timestamp"))
for case in root.iter("testcase"):
    assert case.get("classname") and case.get("name")
    ends = [child.tag for child in case if child.tag in ("skipped", "error", "failure")]
    print(case.get("classname"), "|", case.get("name"), "|", " ".join(ends) or "passed")
"#;

/// A project with one release that is made and one whose first step that makes files fails.
fn world() -> World {
    let world = World::new();
    world.write("good.epub", epub("Good &lt;One>|x", "Ann Author", Some("2026"), 2_000));
    world.write("bad.epub", epub("Bad", "Ann Author", Some("2026"), 2_000));
    world.write(
        "release.yaml",
        "release: 1\nkind: ebook\ngroup: GRP\nfor_each: \"*.epub\"\nsteps:\n  diz: { optional: true }\n  nfo:\n    \
         with: { template: house }\n",
    );
    // Nobody knows the publisher, for which the template asks of the bad book alone.
    world.write(
        ".bindery/templates/house.liquid",
        "{{ title }}\n{% if title == \"Bad\" %}{{ publisher }}{% endif %}\n",
    );
    world
}

#[test]
fn junit_is_what_its_readers_know() {
    let world = world();
    let ran = world.run(&["run", "--keep-going", "--report", "junit=out/junit.xml"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let Some(listed) = content(&world.path(""), &python, &["-c", JUNIT, "out/junit.xml"]) else { return };
    let bad = "Ann.Author.Bad.2026.RETAIL.EPUB.eBook-GRP";
    let good = "Ann.Author.Good.One.x.2026.RETAIL.EPUB.eBook-GRP";
    for line in [
        format!("{bad} | nfo | failure"),
        format!("{bad} | zip | skipped"),
        format!("{bad} | extract | passed"),
        format!("{good} | nfo | passed"),
        format!("{good} | upload | passed"),
    ] {
        assert!(listed.stdout.lines().any(|found| found == line), "{line}\n{}", listed.stdout);
    }
    // A second run finds the good one up to date, which is no failure of anything.
    world.run(&["run", "--keep-going", "--report", "junit=out/junit.xml"]);
    let listed = content(&world.path(""), &python, &["-c", JUNIT, "out/junit.xml"]).unwrap();
    assert!(listed.stdout.contains(&format!("{good} | nfo | passed")), "{}", listed.stdout);
    // Manifests that are wrong are failures too.
    world.write("wrong.yaml", "release: 1\nkind: \"e\u{1}<book\"\nsorce: [x\n");
    assert_eq!(world.run(&["run", "wrong.yaml", "--report", "junit=out/wrong.xml"]).code, Some(2));
    let listed = content(&world.path(""), &python, &["-c", JUNIT, "out/wrong.xml"]).unwrap();
    assert!(
        listed.stdout.starts_with("wrong.yaml | ") && !listed.stdout.contains("passed"),
        "{}",
        listed.stdout
    );
}

#[test]
fn several_reports_tell_the_same_and_json_is_what_json_prints() {
    let world = world();
    let reports = "json=a/r.json,markdown=a/r.md,codequality=a/q.json";
    let ran = world.run(&["run", "--keep-going", "--json", "--report", reports, "--report", "junit=a/j.xml"]);
    assert_eq!(ran.code, Some(1));
    let read = |name: &str| fs::read_to_string(world.path(name)).unwrap();
    assert_eq!(read("a/r.json"), ran.stdout);
    let issues: Vec<Value> = serde_json::from_str(&read("a/q.json")).unwrap();
    assert_eq!(issues.len(), 1, "{issues:?}");
    assert_eq!(issues[0]["location"], json!({ "path": "release.yaml", "lines": { "begin": 7 } }));
    assert_eq!((&issues[0]["check_name"], &issues[0]["severity"]), (&json!("fact/missing"), &json!("major")));
    let wanted = "\
## Bindery: 2 releases: 1 made, 1 failed in T

### What went wrong

- **step \\`nfo\\` of Ann.Author.Bad.2026.RETAIL.EPUB.eBook-GRP: PROBLEM** (fact/missing) at release.yaml:7:3  
  ADVICE

| release | result | files | size | time |
|---|---|--:|--:|--:|
| Ann.Author.Bad.2026.RETAIL.EPUB.eBook-GRP | **failed** | 0 | 0 bytes | T |
| Ann.Author.Good.One.x.2026.RETAIL.EPUB.eBook-GRP | made | 4 | SIZE | T |
";
    let found = read("a/r.md");
    let (head, steps) = found.split_once("\n<details>").unwrap();
    assert_eq!(steady(head), steady(wanted), "{head}");
    assert!(
        steps.contains("| nfo | nfo | failed |") && steps.contains("| rar | archive | done |"),
        "{steps}"
    );
}

/// A text without what differs from run to run, and without the words of a failure.
fn steady(text: &str) -> String {
    let line = |line: &str| {
        let line = match (line.split_once("-GRP: "), line.split_once("** (")) {
            (Some((before, _)), Some((_, after))) => format!("{before}-GRP: PROBLEM** ({after}"),
            _ => line.to_owned(),
        };
        let line = if line.starts_with("  ") { "  ADVICE".to_owned() } else { line };
        let cells: Vec<&str> = line.split(" | ").collect();
        match cells.as_slice() {
            [name, result, files, size, time] if time.ends_with(" |") && *size != "size" => {
                let size = if size.contains("kB") { "SIZE" } else { size };
                format!("{name} | {result} | {files} | {size} | T |")
            }
            _ => line.rsplit_once(" in ").map_or(line.clone(), |(head, _)| format!("{head} in T")),
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_code_host_hears_what_is_wrong_beside_the_line() {
    let world = world();
    let run = |manifest: &str, options: &[&str]| {
        let mut command = world.command(&[&["run", manifest, "--keep-going"], options].concat());
        command
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_WORKSPACE", world.path(""))
            .env("GITHUB_STEP_SUMMARY", world.path("summary.md"))
            .current_dir(world.path("deep"));
        Ran::of(command.output().unwrap())
    };
    fs::create_dir(world.path("deep")).unwrap();
    fs::write(world.path("summary.md"), "before\n").unwrap();
    let ran = run("../release.yaml", &[]);
    let line = ran.stderr.lines().find(|line| line.starts_with("::error ")).unwrap_or_default();
    assert!(
        line.starts_with(
            "::error file=release.yaml,line=7,col=3,title=fact/missing::step `nfo` of Ann.Author.Bad"
        ),
        "{}",
        ran.stderr
    );
    assert!(!ran.stdout.contains("::"), "data stays data: {}", ran.stdout);
    let summary = fs::read_to_string(world.path("summary.md")).unwrap();
    assert!(summary.starts_with("before\n## Bindery: 2 releases: 1 made, 1 failed in "), "{summary}");
    world.write("wrong.yaml", "release: 1\nkind: ebook\nsorce: x\n");
    let ran = run("../wrong.yaml", &["--report", "codequality=q.json"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("::error file=wrong.yaml,line=3,col=1,endColumn=6,title=manifest/unknown-key::"),
        "{}",
        ran.stderr
    );
    let issues: Vec<Value> =
        serde_json::from_str(&fs::read_to_string(world.path("deep/q.json")).unwrap()).unwrap();
    assert!(
        issues.iter().any(
            |issue| issue["location"]["path"] == "wrong.yaml" && issue["location"]["lines"]["begin"] == 3
        )
    );
    // Elsewhere nobody asked for commands of a host.
    assert!(!world.run(&["run", "wrong.yaml"]).stderr.contains("::error"));
}

#[test]
fn plain_progress_is_lines_that_a_log_can_hold() {
    let world = world();
    let ran = world.run(&["run", "--keep-going", "--progress", "plain", "--jobs", "1"]);
    assert!(!ran.stderr.contains(['\u{1b}', '\r']), "{:?}", ran.stderr);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines[0], "making 2 releases");
    assert!(
        lines[1].starts_with("[1/2] Ann.Author.Bad") && lines[1].contains("failed: nfo:"),
        "{}",
        lines[1]
    );
    assert!(lines[2].starts_with("[2/2] Ann.Author.Good"), "{}", lines[2]);
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_anything_is_made() {
    let world = world();
    fs::create_dir(world.path("folder")).unwrap();
    for (option, code) in [
        ("--report=junit=folder", 2),
        ("--report=junt=x", 2),
        ("--report=junit", 2),
        ("--report=junit=good.epub/x", 1),
        ("--trace=good.epub/x", 1),
        ("--trace=folder", 1),
    ] {
        let ran = world.run(&["run", option]);
        assert_eq!(ran.code, Some(code), "{option}\n{}", ran.stderr);
        assert!(!ran.stderr.is_empty() && !world.path("dist").exists(), "{option}");
    }
}

/// The spans of a trace by row, with the check that they neither overlap nor lie in each other.
fn spans(world: &World) -> Vec<(String, f64)> {
    let text = fs::read_to_string(world.path("trace.json")).unwrap();
    let entries: Vec<Value> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut open: std::collections::BTreeMap<u64, (String, f64)> = Default::default();
    let mut spans = Vec::new();
    for entry in &entries {
        assert!(entry["ph"].is_string() && entry["pid"].is_u64() && entry["name"].is_string(), "{entry}");
        let row = entry["tid"].as_u64().unwrap_or(0);
        if entry["pid"] != 1 {
            continue;
        }
        match entry["ph"].as_str().unwrap() {
            "B" => {
                let span = (entry["name"].as_str().unwrap().to_owned(), entry["ts"].as_f64().unwrap());
                assert!(open.insert(row, span).is_none(), "one step a row: {entry}");
            }
            "E" => {
                let (name, began) = open.remove(&row).expect("what ends was begun");
                assert_eq!(entry["name"], name);
                spans.push((name, entry["ts"].as_f64().unwrap() - began));
            }
            _ => {}
        }
    }
    spans
}

#[test]
fn a_trace_has_a_span_for_every_step_that_ran() {
    let world = world();
    let ran = world.run(&["run", "--keep-going", "--json", "--trace", "trace.json"]);
    let report = ran.json();
    let steps = report["releases"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|release| release["steps"].as_array().unwrap());
    let mut wanted: Vec<String> = steps
        .filter(|step| ["done", "failed"].contains(&step["status"].as_str().unwrap()))
        .map(|step| step["step"].as_str().unwrap().to_owned())
        .collect();
    let mut found: Vec<String> = spans(&world).into_iter().map(|(name, _)| name).collect();
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted);
    assert!(spans(&world).iter().all(|(_, took)| *took >= 0.0));
}

#[test]
fn a_trace_has_a_span_for_every_volume_and_events_tell_of_none_without_one() {
    let world = World::new();
    world.write("book.epub", epub("A Book", "Ann Author", Some("2026"), 90_000));
    let manifest = "release: 1\nkind: ebook\ngroup: GRP\nsource: book.epub\nsteps:\n  \
        rar: { with: { volume: 20KB } }\n  sums: { uses: checksum, from: [rar], with: { format: sha256 }, ship: false }\n";
    for (manifest, what) in [
        (manifest.to_owned(), "in order"),
        (manifest.replace("format: sha256", "format: sfv"), "in any order"),
    ] {
        world.write("release.yaml", manifest);
        let ran = world.done(&["run", "--force", "--trace", "trace.json", "--progress", "json"]);
        let files = |step: &str| {
            let lines = ran.lines();
            let event = lines.iter().find(|e| e["event"] == "step_finished" && e["step"] == step).unwrap();
            let artifacts = event["artifacts"].as_array().unwrap().clone();
            artifacts.iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let mut wanted = [files("rar"), files("zip")].concat();
        wanted.sort();
        assert!(wanted.len() >= 10, "{what}: {wanted:?}");
        let text = fs::read_to_string(world.path("trace.json")).unwrap();
        let entries: Vec<Value> = serde_json::from_str(&text).unwrap();
        let spans: Vec<&Value> = entries.iter().filter(|entry| entry["cat"] == "volume").collect();
        let mut found: Vec<&str> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, wanted, "{what}");
        // No two of a row overlap.
        let mut rows: Vec<(u64, u64, u64)> = spans
            .iter()
            .map(|span| ["tid", "ts", "dur"].map(|key| span[key].as_u64().unwrap()).into())
            .collect();
        rows.sort_unstable();
        for pair in rows.windows(2) {
            let ((row, began, took), (next, after, _)) = (pair[0], pair[1]);
            assert!(row != next || began + took <= after, "{what}: {pair:?}");
        }
    }
    let ran = world.done(&["run", "--force", "--progress", "json"]);
    assert!(!ran.stdout.contains("step_spanned"), "{}", ran.stdout);
}

#[test]
fn a_trace_is_whole_however_the_run_ends() {
    for signal in ["-INT", "-KILL"] {
        let world = World::new();
        for number in 0..40 {
            world.write(
                &format!("b{number}.epub"),
                epub(&format!("B {number}"), "Ann", Some("2026"), 1_000_000),
            );
        }
        world.write("release.yaml", "release: 1\nkind: ebook\ngroup: GRP\nfor_each: \"*.epub\"\n");
        let mut child = world
            .command(&["run", "--trace", "trace.json", "--jobs", "1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while fs::metadata(world.path("trace.json")).map_or(0, |found| found.len()) < 6_000
            && begun.elapsed() < Duration::from_secs(60)
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        tool(&world.path(""), "kill", &[signal, &child.id().to_string()]);
        assert!(!child.wait().unwrap().success(), "{signal} ended it");
        assert!(!spans(&world).is_empty());
    }
}

#[test]
fn the_pipelines_of_the_examples_say_what_bindery_knows() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci");
    let world = World::new();
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let commands = "import sys, yaml\ndef walk(node):\n    \
        if isinstance(node, dict): [walk(value) for value in node.values()]\n    \
        elif isinstance(node, list): [walk(value) for value in node]\n    \
        elif str(node).startswith('bindery '): print(node)\nwalk(yaml.safe_load(open(sys.argv[1])))";
    for file in ["github.yml", "gitlab-ci.yml"] {
        if tool(&folder, &python, &["-c", "import yaml"]).is_none_or(|ran| ran.code != Some(0)) {
            eprintln!("SKIPPED: python has no yaml");
            return;
        }
        let listed = content(&folder, &python, &["-c", commands, file]).unwrap();
        assert!(
            listed.stdout.contains("bindery run ") && listed.stdout.contains("--locked"),
            "{}",
            listed.stdout
        );
        for line in listed.stdout.lines() {
            let mut words = line.split_whitespace().skip(1);
            let help = world.done(&[words.next().unwrap(), "--help"]).stdout;
            for option in words.filter(|word| word.starts_with("--")) {
                assert!(help.contains(option), "{file}: {line}: {option}");
            }
        }
    }
}
