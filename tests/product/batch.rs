//! Lists of jobs: what they may say, what becomes of wrong ones, and that a batch is finished where it was cut off.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::world::{Ran, World, epub, names, tree};

fn books() -> World {
    let world = World::new();
    for (number, name) in ["one", "two", "three"].iter().enumerate() {
        let title = format!("Book {}", number + 1);
        world.write(&format!("{name}.epub"), epub(&title, "Ann Author", Some("2026"), 2_000));
    }
    world
}

/// Runs a list and gives the code and each job's status.
fn statuses(world: &World, list: &str, options: &[&str]) -> (Option<i32>, Vec<String>, Ran) {
    world.write("jobs.json", list);
    let ran = world.run(&[&["batch", "--file", "jobs.json", "--json"], options].concat());
    let report = ran.json();
    let jobs = report["jobs"].as_array().unwrap();
    let statuses = jobs.iter().map(|job| job["status"].as_str().unwrap().to_owned()).collect();
    (ran.code, statuses, ran)
}

#[test]
fn a_job_in_the_older_shape_makes_what_pack_makes() {
    let world = books();
    let list = json!({ "jobs": [{
        "type": "EBOOK", "file_path": "one.epub", "group": "GRP", "enable_api": false, "source_type": "SCAN",
        "release_name": null, "profile": "retail", "nfo_template": "plain", "link": "https://example.org/{{ x }}",
        "output_dir": "batched",
    }] });
    world.write("jobs.json", list.to_string());
    let ran = world.done(&["batch", "--file", "jobs.json"]);
    assert_eq!(ran.stdout.trim(), "batched/Ann.Author.Book.1.2026.SCAN.EPUB.eBook-GRP");
    world.done(&[
        "pack",
        "--type",
        "ebook",
        "--file",
        "one.epub",
        "--group",
        "GRP",
        "--no-enrich",
        "--template",
        "plain",
        "--set",
        "vars.source_tag=SCAN",
        "--set",
        "vars.profile=retail",
        "--set",
        "vars.link=x",
        "--output",
        "packed",
    ]);
    assert_eq!(tree(&world.path("batched")), tree(&world.path("packed")));
}

#[test]
fn a_wrong_job_costs_no_other_its_release() {
    let world = books();
    let list = r#"{"jobs": [
        {"type": "EBOOK", "file": "one.epub", "group": "GRP"},
        {"type": "EBOK", "file": "two.epub", "group": "GRP"},
        {"type": "EBOOK", "file": "gone.epub", "group": "GRP"},
        {"type": "EBOOK", "group": 7, "enable_api": "no"},
        {"type": "EBOOK", "file": "two.epub", "group": "GRP", "grup": "X"},
        {"type": "EBOOK", "file": "two.epub", "file_path": "one.epub", "group": "GRP"},
        {"type": "EBOOK", "file": "three.epub", "group": "GRP", "nfo_template": "nosuch"},
        {"type": "DOCS", "file": "three.epub", "group": "GRP", "release_name": "a/b"},
        17,
        "nosuch.yaml"
    ], "extra": 1}"#;
    let (code, found, ran) = statuses(&world, list, &[]);
    assert_eq!(code, Some(1));
    let mut wanted = vec!["failed"; 10];
    (wanted[0], wanted[4]) = ("done", "done");
    assert_eq!(found, wanted, "{}", ran.stderr);
    assert_eq!(names(&world.path("dist")).len(), 2);
    for said in [
        "did you mean `ebook`?",
        "jobs.json:3:18",
        "there is no file `gone.epub`",
        "the job has no `file`",
        "`enable_api` must be `true` or `false`",
        "unknown key `grup`",
        "did you mean `group`?",
        "`file` and `file_path` say the same",
        "`nosuch`",
        "jobs.json:8:81",
        "a job is a mapping",
        "there is no manifest `nosuch.yaml`",
        "unknown key `extra`",
        "10 jobs: 2 made, 8 failed",
    ] {
        assert!(ran.stderr.contains(said), "{said}\n{}", ran.stderr);
    }
    let report = ran.json();
    assert_eq!(report["jobs"][1]["faults"][0]["at"], "jobs.json:3:18");
    assert_eq!(report["jobs"][4]["faults"][0]["severity"], "warning");
    assert_eq!(report["jobs"][7]["releases"][0]["status"], "failed");
    let (code, found, _) = statuses(&world, list, &["--fail-fast"]);
    assert_eq!((code, found[4].as_str()), (Some(2), "unfinished"), "nothing is begun");
}

#[test]
fn manifests_and_their_paths_are_jobs_too() {
    let world = books();
    world.write(
        "lists/two.yaml",
        "release: 1\nkind: ebook\ngroup: GRP\nsource: ../two.epub\noutput: ../dist\n",
    );
    world.write(
        "lists/jobs.yaml",
        "- two.yaml\n- release: 1\n  kind: ebook\n  group: GRP\n  for_each: \"../*.epub\"\n  output: family\n\
         - { type: ebook, file: one.epub, group: GRP }\n",
    );
    let report = world.done(&["batch", "--file", "lists/jobs.yaml", "--json"]).json();
    let count = |job: usize| report["jobs"][job]["releases"].as_array().unwrap().len();
    assert_eq!([count(0), count(1), count(2)], [1, 3, 1]);
    assert_eq!(names(&world.path("dist")).len(), 2);
    assert_eq!(names(&world.path("lists/family")).iter().filter(|name| name.contains("Book")).count(), 3);
    world.write("wrong.yaml", "- release: 1\n  kind: ebook\n  group: GRP\n  sorce: one.epub\n");
    let ran = world.run(&["batch", "--file", "wrong.yaml"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("wrong.yaml:4:3") && ran.stderr.contains("`source`"), "{}", ran.stderr);
}

#[test]
fn a_list_comes_from_stdin_and_has_to_be_one() {
    let world = books();
    let check = |text: &str, code: i32, said: &str| {
        let mut child = world
            .command(&["batch", "--file", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!(ran.code, Some(code), "{text}\n{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{text}\n{}", ran.stderr);
    };
    check("[]", 0, "0 jobs");
    check(r#"{"type": "EBOOK", "file": "one.epub", "group": "GRP"}"#, 0, "1 job: 1 made");
    check(
        "{\t\"jobs\": [{\"type\": \"ebook\",\n\t\"file\": [\"two.epub\"], \"group\": \"\\u0047RP\"}]}",
        0,
        "1 made",
    );
    check("jobs: 5", 2, "no list of jobs");
    check("a: 1", 2, "no list of jobs");
    check("{", 2, "bracket");
    check("", 2, "no list of jobs");
    assert_eq!(world.run(&["batch", "--file", "nosuch"]).code, Some(3));
    assert_eq!(world.run(&["batch", "--file", "x", "--resume", "--force"]).code, Some(2));
}

#[test]
fn what_is_up_to_date_is_not_made_again() {
    let world = books();
    let list = |group: &str| {
        let job = |file: &str| json!({ "type": "EBOOK", "file": file, "group": group });
        json!({ "jobs": [job("one.epub"), job("two.epub")] }).to_string()
    };
    assert_eq!(statuses(&world, &list("GRP"), &[]).1, ["done", "done"]);
    world.write("two.epub", epub("Book 2", "Ann Author", Some("2026"), 3_000));
    assert_eq!(statuses(&world, &list("GRP"), &["--resume"]).1, ["up_to_date", "done"]);
    assert_eq!(statuses(&world, &list("GRP"), &["--force"]).1, ["done", "done"]);
    assert_eq!(statuses(&world, &list("NEW"), &["--resume"]).1, ["done", "done"]);
}

#[test]
fn a_batch_that_was_cut_off_goes_on_where_it_was() {
    let world = World::new();
    let files: Vec<String> = (0..12).map(|number| format!("b{number:02}.epub")).collect();
    for (number, file) in files.iter().enumerate() {
        world.write(file, epub(&format!("Book {number}"), "Ann Author", Some("2026"), 500_000));
    }
    let jobs: Vec<Value> =
        files.iter().map(|file| json!({ "type": "EBOOK", "file": file, "group": "GRP" })).collect();
    world.write("jobs.json", json!(jobs).to_string());
    let mut child = world
        .command(&["batch", "--file", "jobs.json", "--jobs", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let made = || names(&world.path("dist")).iter().filter(|name| name.starts_with("Ann")).count();
    while (!world.path("dist").exists() || made() < 3) && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = made();
    assert!(before >= 3, "{before} were made before the cut");
    let ran = world.done(&["batch", "--file", "jobs.json", "--resume", "--json"]);
    let report = ran.json();
    let count = |status: &str| {
        report["jobs"].as_array().unwrap().iter().filter(|job| job["status"] == status).count()
    };
    assert_eq!(count("up_to_date") + count("done"), 12);
    // The last one may have appeared without having been delivered.
    assert!(count("up_to_date") + 1 >= before, "{before} before, {}", count("up_to_date"));
    assert_eq!(names(&world.path("dist")).len(), 12, "nothing else is left behind");
}

#[test]
fn the_example_runs() {
    let world = World::new();
    for (name, bytes) in tree(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")) {
        if !name.contains("dist/") && !name.contains(".bindery/state") {
            world.write(&name, bytes);
        }
    }
    let mut command = world.command(&["batch", "--file", "jobs.json", "--json"]);
    let ran = Ran::of(command.current_dir(world.path("batch")).output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.json()["jobs"][2]["releases"].as_array().unwrap().len() > 1);
    assert_eq!(names(&world.path("batch/dist")).len(), 2);
}
