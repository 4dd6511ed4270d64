//! Rules against folders that keep them and folders that do not.

use std::fs;
use std::path::Path;

use engine::Site;
use serde_json::{Value, json};

use super::*;

/// A release folder with these files, tested by one rule.
fn check(name: &str, files: &[(&str, &[u8])], test: Value, wanted: &[(&str, &str)]) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(name);
    for (file, bytes) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    let findings = set(test.clone(), "stated").test("set", &folder).unwrap();
    let got: Vec<(&str, &str)> =
        findings.iter().map(|finding| (finding.file.as_str(), finding.message.as_str())).collect();
    assert_eq!(got, wanted, "{test}");
}

fn set(test: Value, certainty: &str) -> RuleSet {
    let rule =
        json!({ "id": "rule", "text": "The rule.", "advice": "do it", "certainty": certainty, "test": test });
    serde_json::from_value(json!({ "title": "T", "source": "s", "rules": [rule] })).unwrap()
}

const NAME: &str = "Show.S01E02.WEB.H264-GRP";

#[test]
fn files_are_counted_and_their_names_read() {
    let one = json!({ "files": { "match": ["*.nfo"], "least": 1, "most": 1 } });
    check(NAME, &[("a.nfo", b"")], one.clone(), &[]);
    check(NAME, &[("A.NFO", b"")], one.clone(), &[]);
    check(NAME, &[("sub/a.nfo", b"")], one.clone(), &[("", "there are 0 of *.nfo, and 1 wanted")]);
    check(NAME, &[("a.nfo", b""), ("b.nfo", b"")], one, &[("", "there are 2 of *.nfo, and 1 wanted")]);
    let lower = json!({ "files": { "match": ["**/*.rar"], "lowercase": true, "group": true } });
    check(NAME, &[("show-grp.rar", b"")], lower.clone(), &[]);
    check(
        NAME,
        &[("Show.rar", b"")],
        lower,
        &[
            ("Show.rar", "has capitals in its name"),
            ("Show.rar", "does not have the group `grp` in its name"),
        ],
    );
    let short = json!({ "files": { "match": ["*.zip"], "short": true } });
    check(
        NAME,
        &[("eightchr.zip", b""), ("ninechars.zip", b"")],
        short,
        &[("ninechars.zip", "has a name longer than eight characters, a dot and three")],
    );
    let only = json!({ "only": { "match": ["*.nfo", "Sample/*.mkv"] } });
    check(
        NAME,
        &[("a.nfo", b""), ("Sample/s.mkv", b""), ("x.exe", b"")],
        only,
        &[("x.exe", "does not belong there")],
    );
}

#[test]
fn volumes_have_one_allowed_size_but_for_the_last() {
    let test = json!({ "sizes": { "match": ["*.rar", "*.r[0-9][0-9]"], "one_of": [10], "multiple_of": 50, "most": 3 } });
    let bytes = |size: usize| vec![0; size];
    let (ten, hundred, four) = (bytes(10), bytes(100), bytes(4));
    check(NAME, &[("a.rar", &ten), ("a.r00", &ten), ("a.r01", &four)], test.clone(), &[]);
    check(NAME, &[("a.rar", &hundred), ("a.r00", &four)], test.clone(), &[]);
    check(NAME, &[("a.rar", &four)], test.clone(), &[]);
    check(
        NAME,
        &[("a.rar", &four), ("a.r00", &four)],
        test.clone(),
        &[("a.rar", "has 4 bytes, which is no size that volumes may have")],
    );
    check(
        NAME,
        &[("a.rar", &ten), ("a.r00", &hundred)],
        test.clone(),
        &[("a.r00", "is the last volume and larger than the others")],
    );
    let many: Vec<(&str, &[u8])> = vec![("a.rar", &ten), ("a.r00", &ten), ("a.r01", &ten), ("a.r02", &four)];
    check(NAME, &many, test, &[("a.rar", "its set has 4 volumes, and 3 are allowed")]);
}

#[test]
fn archives_are_known_by_content() {
    let test = json!({ "archive": { "match": ["*.rar"], "formats": ["rar4"], "stored": true } });
    check(
        NAME,
        &[("a.rar", b"Rar!\x1a\x07\x01\x00 and more of it")],
        test.clone(),
        &[("a.rar", "is of the format rar5, and rar4 allowed")],
    );
    check(
        NAME,
        &[("a.rar", b"no archive at all")],
        test.clone(),
        &[("a.rar", "is no archive by its content")],
    );
    check(NAME, &[("a.rar", b"Rar!\x1a\x07\x00")], test, &[]);
}

#[test]
fn texts_have_their_width_and_words() {
    let test = json!({ "text": { "match": ["*.nfo"], "columns": 5, "lines": 2, "holds": ["retail"], "unless": "year" } });
    check(
        NAME,
        &[("a.nfo", b"RETAiL")],
        test.clone(),
        &[("a.nfo", "has lines of 6 columns, and 5 are allowed")],
    );
    check(
        NAME,
        &[("a.nfo", b"a\r\nb\r\nc")],
        test.clone(),
        &[("a.nfo", "has 3 lines, and 2 are allowed"), ("a.nfo", "says nothing of retail")],
    );
    check("Film.2020.WEB.H264-GRP", &[("a.nfo", b"\xdb\xdb\xdb")], test, &[]);
    let counter = json!({ "text": { "match": ["file_id.diz"], "counter": true } });
    check(NAME, &[("FILE_ID.DIZ", b"DISK: [xx/05]")], counter.clone(), &[]);
    check(
        NAME,
        &[("file_id.diz", b"and/or disk 1 of 5")],
        counter,
        &[("file_id.diz", "has no counter of disks, such as `[xx/05]`")],
    );
}

#[test]
fn checksums_cover_what_they_must() {
    let test = json!({ "checksums": { "match": ["*.sfv"], "cover": ["*.rar", "*.r00"] } });
    check(
        NAME,
        &[("a.sfv", b"; a\r\nA.rar 00000000\r\n"), ("a.rar", b""), ("a.r00", b"")],
        test,
        &[("a.r00", "is covered by no checksum file")],
    );
}

#[test]
fn only_what_a_source_states_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    let test = json!({ "name": { "most": 1 } });
    for (certainty, wanted) in [
        ("stated", Severity::Error),
        ("recommended", Severity::Warning),
        ("inferred", Severity::Warning),
        ("ambiguous", Severity::Warning),
    ] {
        let findings = set(test.clone(), certainty).test("set", home.path()).unwrap();
        assert_eq!(
            findings.iter().map(|finding| finding.severity).collect::<Vec<_>>(),
            [wanted],
            "{certainty}"
        );
        assert_eq!((findings[0].code.as_str(), findings[0].advice.as_str()), ("set/rule", "do it"));
    }
}

#[test]
fn options_are_tested_before_a_run_where_they_are_written_down() {
    let set =
        set(json!({ "option": { "stage": "archive", "option": "format", "one_of": ["rar4"] } }), "stated");
    let step = |options: Value| DraftStep {
        id: "rar".into(),
        stage: "archive".into(),
        options: options.as_object().cloned().unwrap_or_default(),
    };
    let found = |options: Value| {
        set.test_draft("set", &Draft { steps: vec![step(options)], ..Draft::default() }, &Site::default())
    };
    assert!(found(json!({})).is_empty() && found(json!({ "format": "rar4" })).is_empty());
    assert!(found(json!({ "format": "{{ format }}" })).is_empty(), "a template is not known yet");
    let findings = found(json!({ "format": "rar5" }));
    assert_eq!(
        (findings[0].file.as_str(), findings[0].message.as_str()),
        ("rar/format", "`format` is rar5, and rar4 allowed")
    );
}

/// What is told of the page of a template before a run, where the name tells `named`.
fn drafted(template: &str, file: &str, named: &[&str], test: Value) -> Vec<(String, String, Severity)> {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join("templates")).unwrap();
    fs::write(home.path().join("templates/mine.liquid"), template).unwrap();
    let language = std::sync::Arc::new(crate::language());
    let site = Site { search: vec![home.path().to_owned()], language, ..Site::default() };
    let options = json!({ "template": "mine", "file": file });
    let step = DraftStep {
        id: "page".into(),
        stage: "nfo".into(),
        options: options.as_object().cloned().unwrap_or_default(),
    };
    let named = named.iter().map(ToString::to_string).collect();
    let draft = Draft { named, steps: vec![step], ..Draft::default() };
    let found = set(test, "stated").test_draft("set", &draft, &site);
    found.into_iter().map(|finding| (finding.file, finding.message, finding.severity)).collect()
}

#[test]
fn pages_are_tested_before_a_run_as_usual_facts_would_make_them() {
    let holds =
        json!({ "text": { "match": ["*.nfo"], "holds": ["publish", "year"], "unless": "year|date" } });
    let missing = (
        "page/template".to_owned(),
        "with usual facts the page says nothing of publish or year".to_owned(),
        Severity::Warning,
    );
    let check = |template: &str, file: &str, named: &[&str], wanted: &[_]| {
        assert_eq!(drafted(template, file, named, holds.clone()), wanted, "{template} {file} {named:?}");
    };
    check("Title: {{ title }}", "a.nfo", &["title"], std::slice::from_ref(&missing));
    check("Title: {{ title }}", "{{ title | dots }}.NFO", &[], &[missing]);
    check("Title: {{ title }}", "a.nfo", &["title", "year"], &[]);
    check("Year: {{ year }}", "a.nfo", &[], &[]);
    check("{% if publisher %}Published by {{ publisher }}{% endif %}", "a.nfo", &[], &[]);
    check("Title: {{ title }}", "file_id.diz", &[], &[]);
    check("Title: {{ titel }}", "a.nfo", &[], &[]);
    let counter = json!({ "text": { "match": ["file_id.diz"], "counter": true, "columns": 10 } });
    let found = drafted("{{ title }}", "file_id.diz", &[], counter.clone());
    let found: Vec<&str> = found.iter().map(|(_, message, _)| message.as_str()).collect();
    assert_eq!(
        found,
        [
            "with usual facts the page has lines of 22 columns, and 10 are allowed",
            "with usual facts the page has no counter of disks, such as `[xx/05]`"
        ]
    );
    assert_eq!(drafted("[xx/{{ files.size }}]", "file_id.diz", &[], counter), []);
}

#[test]
fn a_page_alone_is_tested_by_what_the_name_of_its_release_tells() {
    let test = json!({ "text": { "match": ["*.nfo"], "holds": ["retail"], "unless": "source_tag" } });
    let found = |file: &str, text: &str, release: &str| {
        set(test.clone(), "stated").test_page("set", file, text, release).len()
    };
    assert_eq!(found("a.nfo", "Title", ""), 1);
    assert_eq!(found("a.nfo", "Retail", ""), 0);
    assert_eq!(found("a.nfo", "Title", "Show.S01E02.WEB.H264-GRP"), 0);
    assert_eq!(found("a.txt", "Title", ""), 0);
}

#[test]
fn what_is_no_folder_is_refused() {
    assert!(set(json!({ "name": {} }), "stated").test("set", Path::new("/nonexistent/x")).is_err());
}
