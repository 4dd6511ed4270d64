//! Release names through the program: read, built, and of one grammar with what a run makes.

use serde_json::{Value, json};

use crate::world::World;

#[test]
fn names_are_read_as_objects_one_a_line() {
    let world = World::new();
    let names = ["Harbour.Lights.S02E05.1080p.WEB.H264-GRP", "The.Late.Tide.2014.BluRay-GRP"];
    let lines = world.done(&["name", "parse", "--json", "--", names[0], names[1]]).lines();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["input"], &lines[0]["kind"]), (&json!(names[0]), &json!("tv")));
    assert_eq!((&lines[0]["facts"]["season"], &lines[0]["facts"]["group"]), (&json!(2), &json!("GRP")));
    assert_eq!((&lines[1]["kind"], &lines[1]["facts"]["year"]), (&json!("movie"), &json!(2014)));
    let human = world.done(&["name", "parse", names[0]]).stdout;
    assert!(human.contains("Harbour Lights") && human.contains("resolution"), "{human}");
}

#[test]
fn a_name_is_built_as_a_run_makes_it() {
    let world = World::new();
    let build = |kind: &str, set: &[&str]| {
        let mut arguments = vec!["name", "build", "--kind", kind];
        for assignment in set {
            arguments.extend(["--set", assignment]);
        }
        world.done(&arguments).stdout.trim().to_owned()
    };
    let episode = [
        "title=Harbour Lights",
        "season=2",
        "episode=5",
        "episodes=[5, 6]",
        "language=de",
        "resolution=1080p",
        "group=GRP",
    ];
    assert_eq!(build("tv", &episode), "Harbour.Lights.S02E05-E06.GERMAN.1080p.WEB-GRP");
    let film = ["title=Die Brücke", "language=de", "year=2014", "source_tag=BluRay", "group=GRP"];
    assert_eq!(build("movie", &film), "Die.Bruecke.2014.GERMAN.BluRay-GRP");
    let ran = world.run(&["name", "build", "--kind", "movie", "--set", "title=A"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("`year`") && ran.stderr.contains("--set year="), "{}", ran.stderr);
    let ran = world.run(&["name", "build", "--kind", "tvv", "--set", "title=A"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("did you mean `tv`"), "{}", ran.stderr);
}

#[test]
fn templates_of_kinds_and_the_grammar_write_the_same_names() {
    let world = World::new();
    let cases = [
        (
            "tv",
            json!({"title": "Harbour Lights", "season": 2, "episode": 5, "episode_title": "The Storm", "language": "fr",
                      "resolution": "1080p", "source_tag": "WEB", "video_codec_tag": "H264", "group": "GRP"}),
        ),
        (
            "tv",
            json!({"title": "Harbour Lights", "season": 2, "episode": 5, "episodes": [5, 6, 7], "source_tag": "HDTV", "group": "GRP"}),
        ),
        (
            "ebook",
            json!({"title": "The Lamp Room", "authors": ["Agatha Shore"], "year": 2020, "language": "de", "source_tag": "SCAN", "format": "epub", "group": "GRP"}),
        ),
        (
            "ebook",
            json!({"title": "The Lamp Room", "authors": ["Agatha Shore"], "year": 2020, "source_tag": "RETAIL", "format": "pdf", "group": "GRP"}),
        ),
        ("docs", json!({"title": "A Guide", "year": 2020, "group": "GRP"})),
    ];
    for (kind, facts) in cases {
        let Value::Object(facts) = facts else { panic!("{facts}") };
        let by_grammar = stages::name::build(kind, &facts).unwrap();
        let set: Vec<String> = facts.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut arguments = vec!["name", "build", "--kind", kind];
        for assignment in &set {
            arguments.extend(["--set", assignment.as_str()]);
        }
        assert_eq!(world.done(&arguments).stdout.trim(), by_grammar);
        let read = stages::name::parse(&by_grammar);
        assert_eq!(read.kind, kind, "{by_grammar}");
        for fact in
            ["title", "authors", "season", "episode", "episodes", "year", "resolution", "source_tag", "group"]
        {
            if let Some(value) = facts.get(fact) {
                assert_eq!(read.facts.get(fact), Some(value), "{fact} of {by_grammar}");
            }
        }
    }
}
