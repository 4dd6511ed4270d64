//! Rule sets through the program: listed, shown, held against manifests before a run and against folders after it.

use serde_json::json;

use crate::world::{World, epub, names};

#[test]
fn rule_sets_are_listed_and_shown_by_name_and_by_family() {
    let world = World::new();
    let listed = world.done(&["rules", "list", "--json"]).json();
    let known: Vec<&str> =
        listed.as_array().unwrap().iter().map(|info| info["name"].as_str().unwrap()).collect();
    assert_eq!(known, ["docs", "ebook-2022", "tv-web-2020", "tv-x264-2016", "tv-x265-2020"]);
    for name in known {
        let shown = world.done(&["rules", "show", name, "--json"]).json();
        assert!(shown["rules"]["rules"].as_array().is_some_and(|rules| rules.len() > 5), "{name}");
        // A set that could not be read would be a fault, whatever the folder holds.
        world.write("a/b.txt", "x");
        assert_ne!(world.run(&["rules", "test", "a", "--rules", name]).code, Some(2), "{name}");
    }
    assert!(world.done(&["rules", "show", "tv-web"]).stdout.contains("WEB and WEBRip v2.0"));
    let ran = world.run(&["rules", "show", "tv-wbe"]);
    assert!(ran.code == Some(3) && ran.stderr.contains("did you mean `tv-web`"), "{}", ran.stderr);
}

#[test]
fn a_manifest_is_held_against_its_rules_before_a_run() {
    let world = World::new();
    world.write("a.mkv", "no film at all");
    let manifest = |name: &str, with: &str| {
        format!(
            "release: 1\nkind: generic\ngroup: GRP\nname: \"{name}\"\nsource: a.mkv\nrules: tv-web\nsteps:\n  rar: {{ with: {{ {with} }} }}\n"
        )
    };
    world.write("release.yaml", manifest("Show.S01E02.WEB.H264-GRP", "format: rar4, volume: 50MB"));
    world.done(&["check"]);
    world.write("release.yaml", manifest("Show S1E2 WEB-GRP", "format: rar5, volume: 50MB"));
    let ran = world.run(&["check"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    for word in [
        "tv-web-2020/archive-format",
        "tv-web-2020/name-characters",
        "release.yaml:8:",
        "set `format` of the archive step",
    ] {
        assert!(ran.stderr.contains(word), "{word}\n{}", ran.stderr);
    }
    assert_eq!(world.run(&["run"]).code, Some(2), "what breaks a rule does not run");
    world.write("release.yaml", "release: 1\nkind: generic\ngroup: GRP\nsource: a.mkv\nrules: tv-wbe\n");
    let ran = world.run(&["check"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("did you mean `tv-web`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("release.yaml:5:8"), "{}", ran.stderr);
}

#[test]
fn pages_are_held_against_rules_before_a_run_and_on_their_own() {
    let world = World::new();
    world.write("a.txt", "no book at all");
    world.write(".bindery/templates/bare.liquid", "Title: {{ title | default: 'none' }}\n");
    let manifest = |name: &str, template: &str| {
        format!(
            "release: 1\nkind: generic\ngroup: GRP\nname: \"{name}\"\nsource: a.txt\nrules: ebook\nsteps:\n  nfo:\n    with:\n      template: {template}\n"
        )
    };
    world.write("release.yaml", manifest("{{ title }}-{{ group }}", "bare"));
    let ran = world.run(&["check"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for word in
        ["says nothing of publish or year", "ebook-2022/nfo-year", "release.yaml:10:", "set the fact `year`"]
    {
        assert!(ran.stderr.contains(word), "{word}\n{}", ran.stderr);
    }
    world.write("release.yaml", manifest("{{ title }}.{{ year }}.{{ source_tag }}-{{ group }}", "bare"));
    assert!(!world.done(&["check"]).stderr.contains("nfo-year"), "the name tells the year");
    let ran = world.done(&["templates", "check", "bare", "--rules", "ebook"]);
    assert!(ran.stdout.contains("against `ebook-2022/nfo-year`"), "{}", ran.stdout);
    assert!(!world.done(&["templates", "check", "bare"]).stdout.contains("ebook-2022"));
    world.write("Some.Release-GRP/a.nfo", "Title: none\r\n");
    let ran = world.run(&["templates", "check", "Some.Release-GRP/a.nfo", "--rules", "ebook"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stdout.contains("fault: the page says nothing of retail or scan or hybrid"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_book_keeps_the_rules_for_books_and_a_spoilt_one_does_not() {
    let world = World::new();
    world.write("book.epub", epub("Tide", "Ann Author", Some("2026-02-03"), 2_000));
    world.write("release.yaml", "release: 1\nkind: ebook\ngroup: GRP\nsource: book.epub\nrules: ebook\n");
    world.done(&["run"]);
    let release = format!("dist/{}", names(&world.path("dist"))[0]);
    let tested = world.done(&["rules", "test", &release, "--json"]).json();
    assert_eq!(tested["rules"], json!(["ebook-2022"]));
    assert_eq!(tested["findings"], json!([]), "{tested:#}");
    world.done(&["verify", &release, "--rules", "ebook"]);
    world.write(&format!("{release}/a very long name.zip"), "no archive");
    let ran = world.run(&["verify", &release, "--rules", "ebook"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("ebook-2022/zip-names") && ran.stdout.contains("help:"), "{}", ran.stdout);
    assert_eq!(world.run(&["rules", "test", &release]).code, Some(1));
    assert_eq!(world.run(&["rules", "test", "nosuch"]).code, Some(3));
}

#[test]
fn rule_sets_of_a_project_come_before_the_built_in_ones() {
    let world = World::new();
    world.write(
        ".bindery/rules/ours-2031.yaml",
        "# Ours\ntitle: Ours\nsource: us\nrules:\n  - id: short\n    text: Names are short.\n    advice: shorten it\n    test: { name: { most: 3 } }\n",
    );
    world.write("long-name/a.txt", "x");
    let ran = world.run(&["rules", "test", "long-name", "--rules", "ours"]);
    assert!(ran.code == Some(1) && ran.stdout.contains("ours-2031/short"), "{}\n{}", ran.stdout, ran.stderr);
    world.write(".bindery/rules/bad.yaml", "title: Bad\nsource: us\nrules: [{ id: x, tset: 1 }]\n");
    let ran = world.run(&["rules", "test", "long-name", "--rules", "bad"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("tset"), "{}", ran.stderr);
}

#[test]
fn automatic_volumes_have_the_sizes_that_the_rules_allow() {
    let world = World::new();
    let sizes = |text: &str, key: &str| {
        let from = text.find(key).unwrap_or_else(|| panic!("{key} in {text}")) + key.len();
        text[from..].split(']').next().unwrap().trim_start_matches([':', ' ', '[']).to_owned()
    };
    let kind = world.done(&["kinds", "ebook"]).stdout;
    let rules = world.done(&["rules", "show", "ebook"]).stdout;
    assert_eq!(sizes(&kind, "sizes"), sizes(&rules, "one_of"));
    assert!(kind.contains("most: 99") && rules.contains("most: 99"));
}
