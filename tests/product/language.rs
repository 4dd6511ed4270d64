//! The manifest language through the program: faults told all at once, in words a person and a machine can use.

use std::time::{Duration, Instant};

use crate::world::{World, epub};

/// Ten faults of ten kinds.
const TEN: &str = r#"release: 1
kind: ebok
group: GRP
sorce: book.epub
source: missing.epub
time: yesterday
vars: [1]
steps:
  rar: { with: { volume: lots, format: rar4 }, uses: archive, from: [sauce] }
  sfv: { uses: chekcsum, with: { format: sfv } }
  nfo: { uses: nfo, timeout: soon, with: { template: nosuch } }
  nfo: false
"#;

#[test]
fn ten_faults_give_ten_diagnostics_with_places_and_hints() {
    let world = World::new();
    world.write("release.yaml", TEN);
    let ran = world.run(&["check", "release.yaml"]);
    assert_eq!(ran.code, Some(2));
    let count = ran.stderr.lines().filter(|line| line.starts_with("error")).count();
    assert_eq!(count, 10, "{}", ran.stderr);
    for hint in ["did you mean `ebook`", "did you mean `source`", "release.yaml:4:1"] {
        assert!(ran.stderr.contains(hint), "{hint}\n{}", ran.stderr);
    }
    let ran = world.run(&["check", "release.yaml", "--format", "json"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.json().to_string().contains("manifest/unknown-key"), "{}", ran.stdout);
    let ran = world.run(&["check", "release.yaml", "--format", "github"]);
    assert!(ran.stdout.contains("::error file=release.yaml,line=4,col=1"), "{}", ran.stdout);
}

#[test]
fn a_good_manifest_is_checked_without_touching_anything() {
    let world = World::new();
    world.write("book.epub", epub("A", "B", None, 10));
    world.write("release.yaml", "release: 1\nkind: ebook\ngroup: GRP\nsource: book.epub\n");
    world.done(&["check"]);
    assert!(!world.path("dist").exists());
}

#[test]
fn yaml_bombs_are_refused_quickly() {
    let world = World::new();
    let mut laughs =
        String::from("release: 1\nvars:\n  a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..12 {
        let refs = vec![format!("*a{}", level - 1); 9].join(", ");
        laughs.push_str(&format!("  a{level}: &a{level} [{refs}]\n"));
    }
    for (name, text) in [
        ("laughs.yaml", laughs),
        ("deep.yaml", "[".repeat(200_000)),
        ("wide.yaml", "a: [".to_owned() + &"1,".repeat(900_000)),
    ] {
        world.write(name, text);
        let begun = Instant::now();
        let ran = world.run(&["check", name]);
        assert_eq!(ran.code, Some(2), "{name}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{name}");
        assert!(ran.stderr.len() < 20_000, "{name} is quoted in part only");
    }
}

#[test]
fn a_projects_own_kind_fragments_and_configuration_work_together() {
    let world = World::new();
    world.write("p/a.txt", "# A Title\n\nSome text.\n");
    world.write(
        "p/.bindery/kinds/note.yaml",
        "# A note.\nkind: docs\nsteps:\n  zip: false\n  sums: { from: [source] }\n  upload: false\n",
    );
    world.write(
        "p/bindery.toml",
        "group = \"CONF\"\noutput = \"made\"\n[defaults.note.vars]\nhouse = \"from defaults\"\n",
    );
    world.write("house.yaml", "metadata: { publisher: \"{{ vars.house }}\" }\n");
    world.write("p/release.yaml", "release: 1\nkind: note\nextends: [../house.yaml]\nsource: a.txt\n");
    let ran = world.done(&["expand", "p/release.yaml", "--origins"]);
    for part in ["house: from defaults", "bindery.toml:", "house.yaml:1", "kind docs:"] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.stdout);
    }
    world.done(&["run", "p/release.yaml"]);
    assert_eq!(crate::world::names(&world.path("p/made")), ["A.Title.DOCS-CONF"]);
    let nfo = crate::world::tree(&world.path("p/made"))
        .into_iter()
        .find(|(name, _)| name.ends_with(".nfo"))
        .unwrap()
        .1;
    assert!(String::from_utf8_lossy(&nfo).contains("from defaults"));
}

#[test]
fn a_clear_secret_in_a_configuration_is_refused_and_never_shown() {
    let world = World::new();
    world.write("a.txt", "text").write("release.yaml", "release: 1\nkind: docs\ngroup: G\nsource: a.txt\n");
    world.write(
        "bindery.toml",
        "[destinations.far]\ntype = \"sftp\"\nhost = \"h\"\npassword = \"hunter2hunter2\"\n",
    );
    for arguments in [&["check"][..], &["run"], &["expand", "release.yaml"], &["plan", "--format", "json"]] {
        let ran = world.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        assert!(!ran.stderr.contains("hunter2") && !ran.stdout.contains("hunter2"), "{arguments:?}");
        assert!(ran.stderr.contains("env"), "the hint names references: {}", ran.stderr);
    }
}
