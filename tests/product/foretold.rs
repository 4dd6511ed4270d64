//! What `plan` foretells, held against what `run` does, over all examples.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::world::{World, names};

/// Every manifest of the examples, by its path below them.
fn manifests() -> Vec<String> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let folders = names(&examples).into_iter().filter(|name| examples.join(name).is_dir());
    let mut found = Vec::new();
    for folder in folders {
        let files = names(&examples.join(&folder)).into_iter().filter(|name| name.ends_with(".yaml"));
        let is_manifest = |name: &String| {
            fs::read_to_string(examples.join(&folder).join(name))
                .is_ok_and(|text| text.lines().any(|line| line.starts_with("release:")))
        };
        found.extend(files.filter(is_manifest).map(|name| format!("{folder}/{name}")));
    }
    assert!(found.len() >= 5, "{found:?}");
    found
}

/// The examples in a folder of their own.
fn examples() -> World {
    let world = World::new();
    for (name, bytes) in crate::world::tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")) {
        if !name.contains("dist/") && !name.contains(".bindery/state") {
            world.write(&name, bytes);
        }
    }
    world
}

/// Asks for the plan, runs, and holds one against the other.
fn check(world: &World, manifest: &str, options: &[&str]) {
    let plans = world.done(&[&["plan", manifest, "--json"], options].concat()).json();
    let report = world.done(&[&["run", manifest, "--json"], options].concat()).json();
    let (plans, releases) = (plans.as_array().unwrap(), report["releases"].as_array().unwrap());
    assert_eq!(plans.len(), releases.len(), "{manifest}");
    for (plan, release) in plans.iter().zip(releases) {
        let at = format!("{} {options:?}", plan["at"]);
        assert_eq!(plan["at"], release["at"]);
        assert_eq!(plan["up_to_date"] == true, release["status"] == "up_to_date", "{at}");
        let mut kept = 0;
        for (foretold, done) in
            plan["steps"].as_array().unwrap().iter().zip(release["steps"].as_array().unwrap())
        {
            kept += step(foretold, done, &at);
        }
        if plan["up_to_date"] == false {
            assert_eq!(plan["keeps"].as_u64().unwrap(), kept, "{at}");
            assert!(plan["free"].as_u64().unwrap() > 0, "{at}");
        }
    }
}

/// Holds a step against what was foretold of it, and gives the bytes it was to leave in the release.
fn step(foretold: &Value, done: &Value, at: &str) -> u64 {
    let at = format!("{at} {}", foretold["id"]);
    assert_eq!(foretold["id"], done["step"]);
    let ran = done["status"] == "done";
    // Whether a condition holds is known only in the run.
    if foretold.get("if").is_none() {
        let follows = foretold["why"]["why"] == "follows";
        assert!(ran || foretold["up_to_date"] == true || follows, "{at} was to run");
        assert!(!ran || foretold["up_to_date"] == false, "{at} was to stand");
    }
    if !ran {
        return if foretold["up_to_date"] == false && foretold["ship"] == true {
            number(foretold, "writes")
        } else {
            0
        };
    }
    let (written, made) = (number(done, "bytes_written"), done["artifacts"].as_array().map_or(0, Vec::len));
    if foretold["exact"] == true {
        assert_eq!(number(foretold, "reads"), number(done, "bytes_read"), "{at} reads");
        assert_eq!(number(foretold, "writes"), written, "{at} writes");
        assert_eq!(number(foretold, "files"), made as u64, "{at} files");
    } else {
        // Texts are too small to be foretold to the byte.
        assert!(written <= number(foretold, "writes") + 4096, "{at} writes {written}");
    }
    if foretold["ship"] == true { number(foretold, "writes") } else { 0 }
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_default()
}

#[test]
fn runs_do_what_plans_foretell() {
    let world = examples();
    for manifest in manifests() {
        check(&world, &manifest, &[]);
        // Nothing changed, so nothing runs; then an option of one step; then the group, which most of it bears.
        check(&world, &manifest, &[]);
        check(&world, &manifest, &["--set", "metadata.publisher=Another House"]);
        check(&world, &manifest, &["--set", "steps.nfo.with.width=70"]);
        check(&world, &manifest, &["--set", "group=OTHER"]);
    }
}

#[test]
fn space_is_told_with_what_is_free() {
    let world = examples();
    let tree = world.done(&["plan", "ebook/release.yaml"]).stdout;
    assert!(tree.lines().any(|line| line.contains("needs ") && line.contains(" free")), "{tree}");
    let many = world.done(&["plan", "season/release.yaml"]);
    assert!(many.stderr.contains("needs about ") && many.stderr.contains(" free"), "{}", many.stderr);
}
