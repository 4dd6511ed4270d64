//! Running again: up to date or told why, for one release and for a family.

use std::fs;
use std::process::Stdio;
use std::time::SystemTime;

use crate::world::{Ran, World, epub, names, noise, tree};

fn book() -> World {
    let world = World::new();
    world.write("book.epub", epub("A Book", "Ann Author", Some("2026"), 3_000));
    world.write(
        "release.yaml",
        "release: 1\nkind: ebook\ngroup: GRP\nsource: book.epub\ntime: 2026-01-01T00:00:00Z\n",
    );
    world.done(&["run"]);
    world
}

/// When each file below a folder was last written to.
fn times(world: &World, folder: &str) -> Vec<(String, SystemTime)> {
    let root = world.path(folder);
    let time = |name: &String| fs::metadata(root.join(name)).unwrap().modified().unwrap();
    tree(&root).keys().map(|name| (name.clone(), time(name))).collect()
}

#[test]
fn a_second_run_says_so_and_writes_nothing() {
    let world = book();
    let before = (times(&world, "dist"), times(&world, ".bindery"));
    let first = world.done(&["run"]);
    assert!(first.stderr.contains("up to date"), "{}", first.stderr);
    assert!(
        first.stdout.trim().starts_with("dist/") && first.stdout.lines().count() == 1,
        "{}",
        first.stdout
    );
    let report = world.done(&["run", "--json"]).json();
    let release = &report["releases"][0];
    assert_eq!((&report["status"], &release["status"]), (&"done".into(), &"up_to_date".into()));
    assert!(release["steps"][5]["artifacts"][0]["size"].as_u64() > Some(0), "{release}");
    assert_eq!((times(&world, "dist"), times(&world, ".bindery")), before);
    let lines = world.done(&["run", "--progress", "json"]).lines();
    assert!(lines.iter().all(|line| line["event"] != "step_started"));
    let skipped = lines.iter().filter(|line| line["event"] == "step_skipped");
    assert!(skipped.clone().count() >= 6 && skipped.clone().all(|line| line["because"] == "up to date"));
}

#[test]
fn plan_explain_and_run_agree_on_every_step() {
    let check = |change: &dyn Fn(&World), step: &str, because: &str| {
        let world = book();
        change(&world);
        let plan = world.done(&["plan", "--json"]).json();
        let steps = plan[0]["steps"].as_array().unwrap();
        let planned = steps.iter().find(|one| one["id"] == step).unwrap();
        assert_eq!(planned["because"], because);
        let explained = world.done(&["explain", "release.yaml", step, "--json"]).json();
        assert_eq!(explained[0]["because"], because);
        assert!(
            world
                .done(&["explain", "release.yaml", step])
                .stdout
                .contains(because.split(';').next().unwrap())
        );
        let told = world.done(&["run", "--progress", "json"]).lines();
        for one in steps {
            let started =
                |line: &&serde_json::Value| line["event"] == "step_started" && line["step"] == one["id"];
            let ran = told.iter().any(|line| started(&line));
            // A step that hangs on others may come out of them as it was.
            let may = one["why"]["why"] == "follows";
            assert!(may || ran != (one["up_to_date"] == true), "{}: ran {ran}", one["id"]);
        }
        assert_eq!(world.done(&["plan", "--json"]).json()[0]["up_to_date"], true);
    };
    let manifest = |world: &World, text: &str| {
        let before = fs::read_to_string(world.path("release.yaml")).unwrap();
        world.write("release.yaml", format!("{before}{text}"));
    };
    check(&|_| {}, "nfo", "up to date");
    check(
        &|world| manifest(world, "steps: { rar: { with: { volume: 2KB } } }\n"),
        "rar",
        "option `volume`: auto → 2KB",
    );
    check(&|world| manifest(world, "steps: { rar: { with: { volume: 2KB } } }\n"), "nfo", "up to date");
    check(&|world| manifest(world, "metadata: { publisher: Me }\n"), "nfo", "fact `publisher`: nothing → Me");
    check(&|world| manifest(world, "metadata: { publisher: Me }\n"), "zip", "depends on `nfo`, which runs");
    check(
        &|world| drop(world.write(".bindery/templates/diz.liquid", "{{ title }}").path("")),
        "diz",
        "template `diz` changed",
    );
    check(
        &|world| drop(world.write("book.epub", epub("A Book", "Ann Author", Some("2026"), 3_001)).path("")),
        "extract",
        "source `book.epub` changed",
    );
    check(&|world| fs::remove_dir_all(world.path("dist")).unwrap(), "extract", "up to date");
}

#[test]
fn a_release_of_a_family_is_the_same_wherever_it_stands_in_the_list() {
    let world = World::new();
    for name in ["b", "d"] {
        world.write(&format!("books/{name}.epub"), epub(name, "Ann Author", Some("2026"), 500));
    }
    world.write("release.yaml", "release: 1\nkind: ebook\ngroup: GRP\nfor_each: \"books/*.epub\"\n");
    world.done(&["run"]);
    world.write("books/a.epub", epub("a", "Ann Author", Some("2026"), 500));
    let ran = world.done(&["run"]);
    assert!(ran.stderr.contains("1 made, 2 up to date"), "{}", ran.stderr);
    assert_eq!(names(&world.path("dist")).len(), 3);
    assert_eq!(ran.stdout.lines().count(), 3);
}

#[test]
fn where_nothing_can_be_remembered_releases_are_made_all_the_same() {
    let world = World::new();
    world.write("book.epub", epub("A Book", "Ann Author", Some("2026"), 300));
    world.write("release.yaml", "release: 1\nkind: ebook\ngroup: GRP\nsource: book.epub\n");
    world.write(".bindery", "a file");
    let ran = world.done(&["run"]);
    assert!(ran.stderr.contains("warning:") && ran.stderr.contains(".bindery/state"), "{}", ran.stderr);
    world.done(&["verify", world.release("dist").to_str().unwrap()]);
}

#[test]
fn a_source_that_vanishes_or_changes_meanwhile_is_told() {
    let world = World::new();
    world.write("big.bin", noise(48 << 20));
    world.write("release.yaml", "release: 1\nkind: generic\ngroup: GRP\nsource: [big.bin, small.txt]\n");
    let vanish: fn(&World) = |world| fs::remove_file(world.path("small.txt")).unwrap();
    let change: fn(&World) = |world| drop(fs::write(world.path("small.txt"), "more than before"));
    for (meddle, code) in [(vanish, "input/missing"), (change, "input/changed")] {
        world.write("small.txt", "small");
        let mut command = world.command(&["run", "--jobs", "1", "--force", "--progress", "json"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // As soon as anything is written the sources were looked at.
        while fs::read_dir(world.path("dist")).map_or(0, |entries| entries.count()) == 0 {
            std::thread::yield_now();
        }
        meddle(&world);
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!(ran.code, Some(1), "{code}: {}", ran.stderr);
        assert!(ran.stdout.contains(code), "{code}: {}", ran.stderr);
        // No release, and nothing but what steps had done that were over by then.
        for left in names(&world.path("dist")) {
            assert!(left.starts_with(".bindery-") && ran.stdout.contains(&left), "{left}: {}", ran.stdout);
        }
        fs::remove_dir_all(world.path("dist")).unwrap();
    }
}

#[test]
fn what_is_gone_from_a_release_is_made_again_and_what_was_changed_in_it_is_not_lost() {
    let world = book();
    let release = world.release("dist");
    let whole = tree(&release);
    let nfo = whole.keys().find(|name| name.ends_with(".nfo")).unwrap();
    fs::remove_file(release.join("file_id.diz")).unwrap();
    let plan = world.done(&["plan"]).stdout;
    assert!(plan.contains("its file `file_id.diz` is not there") && !plan.contains("problem"), "{plan}");
    assert_eq!(plan.matches(" is not there").count(), 1, "{plan}");
    let told = world.done(&["run", "--progress", "json"]).lines();
    let started = told.iter().filter(|line| line["event"] == "step_started");
    let ran: Vec<&str> = started.filter_map(|line| line["step"].as_str()).collect();
    assert_eq!(ran, ["rar", "diz"], "the rar is not kept, and the text counts its files");
    assert_eq!(tree(&release), whole);
    world.done(&["verify", release.to_str().unwrap()]);

    fs::write(release.join(nfo), "by hand").unwrap();
    let plan = world.done(&["plan"]).stdout;
    assert!(plan.contains(&format!("problem `{nfo}` is not as it was made")), "{plan}");
    assert!(plan.contains(&format!("its file `{nfo}` was touched since it was made")), "{plan}");
    assert!(!plan.contains(" is not there"), "{plan}");
    let ran = world.run(&["run"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("output/exists"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(release.join(nfo)).unwrap(), "by hand");
    world.done(&["run", "--force"]);
    assert_eq!(tree(&release), whole);
}

#[test]
fn a_large_source_that_was_touched_or_copied_is_known_by_its_bytes() {
    let world = World::new();
    let mut bytes = noise(17 << 20);
    world.write("big.bin", &bytes);
    let manifest = |steps: &str| {
        format!(
            "release: 1\nkind: generic\ngroup: GRP\nsource: big.bin\ntime: 2026-01-01T00:00:00Z\nsteps: {steps}\n"
        )
    };
    let checks = ["{}", "{ more: { uses: checksum, from: [source], with: { format: blake3 } } }"];
    for steps in checks {
        world.write("release.yaml", manifest(steps));
        world.done(&["run", "--force"]);
        fs::copy(world.path("big.bin"), world.path("copy")).unwrap();
        fs::rename(world.path("copy"), world.path("big.bin")).unwrap();
        let plan = world.done(&["plan"]).stdout;
        assert!(plan.contains("work    none: the release is up to date"), "{plan}");
        let ran = world.done(&["run"]);
        assert!(ran.stderr.contains("up to date"), "{steps}: {}", ran.stderr);
        bytes[9_000_000] ^= 1;
        world.write("big.bin", &bytes);
        let plan = world.done(&["plan"]).stdout;
        assert!(plan.contains("source `big.bin` changed"), "{steps}: {plan}");
        let ran = world.done(&["run"]);
        assert!(ran.stderr.contains("done in"), "{steps}: {}", ran.stderr);
    }
}
