//! Every built-in template over facts of every kind, and the options that turn lines into bytes.

use formats::text::{cp437, width};
use serde_json::{Value, json};

use crate::bench::{Bench, Done, faults};

/// Built-in templates and the widths they are made for.
const TEMPLATES: &[(&str, usize)] =
    &[("classic", 80), ("diz", 44), ("docs", 80), ("ebook", 80), ("minimal", 80), ("plain", 80), ("tv", 80)];

fn full() -> Vec<(&'static str, Value)> {
    vec![
        ("title", json!("The Man Who Was Thursday")),
        ("subtitle", json!("A Nightmare")),
        ("authors", json!(["Gilbert Keith Chesterton", "Another Writer"])),
        ("publisher", json!("Project Gutenberg")),
        ("date", json!("1999-04-01")),
        ("year", json!(1999)),
        ("language", json!("en")),
        ("isbn", json!("9780000000002")),
        ("series", json!("Novels")),
        ("series_index", json!(3)),
        (
            "subjects",
            json!([
                "Detective and mystery stories",
                "Anarchists -- Fiction",
                "London (England) -- Fiction",
                "Satire"
            ]),
        ),
        ("format", json!("epub")),
        ("size", json!(1_234_567)),
        ("pages", json!(215)),
        ("words", json!(57_000)),
        ("rights", json!("Public domain in the USA. Copyright laws differ all over the world: check yours.")),
        (
            "description",
            json!(
                "In a surreal turn-of-the-century London, Gabriel Syme, a poet, is recruited to a secret anti-anarchist taskforce at Scotland Yard.\n\nLucian Gregory, an anarchistic poet, lives in the suburb of Saffron Park."
            ),
        ),
        ("source_tag", json!("WEB")),
        ("season", json!(1)),
        ("episode", json!(2)),
        ("episode_title", json!("The Secret of Gabriel Syme")),
        ("resolution", json!("1080p")),
        ("video_codec_tag", json!("H.264")),
        ("audio_tag", json!("DDP5.1")),
    ]
}

fn bench(facts: &[(&str, Value)]) -> Bench {
    let mut bench = Bench::new().file("a.rar", "a").file("a.r00", "b");
    for (name, value) in facts {
        bench = bench.fact(name, value.clone());
    }
    bench
}

/// The page of a template: every line fits, every byte can be read back, nothing steers a terminal.
fn check(facts: &[(&str, Value)], template: &str, columns: usize) -> (Done, Vec<String>) {
    let mut made = None;
    for encoding in ["utf-8", "ascii", "cp437"] {
        let with = json!({ "template": template, "width": columns, "file": "x.nfo", "encoding": encoding });
        let done = bench(facts).run("nfo", with).good();
        let bytes = &done.files["x.nfo"];
        let text = match encoding {
            "cp437" => cp437::decode(bytes),
            _ => String::from_utf8(bytes.clone()).unwrap(),
        };
        assert!(encoding != "ascii" || text.is_ascii(), "{text}");
        assert!(encoding != "cp437" || cp437::encode(&text).as_ref() == Ok(bytes));
        let lines: Vec<String> =
            text.strip_suffix("\r\n").unwrap().split("\r\n").map(str::to_owned).collect();
        for line in &lines {
            assert!(width::width(line) <= columns, "{template}, {encoding}: {line}");
            assert!(width::clean(line) == *line && !line.ends_with(' '), "{template}, {encoding}: {line:?}");
        }
        assert!(!lines[0].is_empty() && !lines[lines.len() - 1].is_empty(), "{lines:?}");
        assert!(
            lines
                .windows(2)
                .all(|pair| matches!(template, "ebook" | "minimal") || !pair.iter().all(String::is_empty)),
            "{text}"
        );
        made = Some((done, lines));
    }
    made.unwrap()
}

fn check_all(facts: &[(&str, Value)]) {
    for (template, columns) in TEMPLATES {
        check(facts, template, *columns);
    }
}

#[test]
fn pages_of_full_and_of_few_facts_fit() {
    check_all(&full());
    check_all(&[("title", json!("T"))]);
    check_all(&[("title", json!("T")), ("year", json!(1999)), ("authors", json!(["A"]))]);
}

#[test]
fn usual_facts_need_no_wrapping_after_the_template() {
    for (template, columns) in TEMPLATES {
        let (done, lines) = check(&full(), template, *columns);
        assert_eq!(done.notes, [""; 0], "{template}");
        assert!(*template != "diz" || lines.len() <= 10, "{lines:?}");
    }
}

#[test]
fn long_facts_fit() {
    let long = "word after word after word, ".repeat(360);
    let unbroken = "W".repeat(10_000);
    for text in [long.as_str(), unbroken.as_str()] {
        let mut facts = full();
        for name in [
            "title",
            "subtitle",
            "publisher",
            "series",
            "description",
            "rights",
            "episode_title",
            "source_tag",
        ] {
            facts.push((name, json!(text)));
        }
        facts.push(("authors", json!(vec!["A. Writer"; 300])));
        facts.push(("subjects", json!(vec![text; 20])));
        check_all(&facts);
        let (_, lines) = check(&facts, "diz", 44);
        assert!(lines.len() <= 10, "{lines:?}");
    }
}

#[test]
fn foreign_scripts_and_hostile_facts_fit_and_steer_nothing() {
    let texts = [
        "Война и мир",
        "吾輩は猫である",
        "كتاب الأغاني",
        "Σωκράτης",
        "Łódź… “quoted” — ﬁne ½ €",
        "de\u{301}compose\u{301}",
        "\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7} \u{9b}5m",
        "a\0b\u{8}c\u{7f}d\u{85}e\r\nf\rg\n\n\n\nh\ti",
        "😀👩‍👩‍👧🇩🇪\u{fe0f}",
        "\u{202e}gnp.exe\u{2066}x\u{2069}",
        "{{ group }} {% if %}",
        "…………………………………………………………………………………………………………………………",
        "\u{f8f1}x",
    ];
    for text in texts {
        let mut facts = full();
        for (_, value) in facts.iter_mut().filter(|(_, value)| value.is_string()) {
            *value = json!(text);
        }
        facts.push(("authors", json!([text, text])));
        facts.push(("subjects", json!([text])));
        check_all(&facts);
    }
}

#[test]
fn what_the_code_page_lacks_is_noted() {
    let (done, lines) = check(&[("title", json!("Мир"))], "plain", 80);
    assert_eq!(lines[2], "Title      : Mir");
    let note = "code page 437 lacks `М`, `и`, `р`: written in Latin letters (`encoding: utf-8` keeps them)";
    assert_eq!(done.notes, [note]);
    let german = [("title", json!("Größe")), ("language", json!("de"))];
    let ascii = bench(&german).run("nfo", json!({ "encoding": "ascii" })).good();
    assert!(ascii.text("test.release-grp.nfo").contains("Title      : Groesse\r\n"));
}

#[test]
fn columns_stay_where_one_letter_becomes_several() {
    let boxed = bench(&[("title", json!("So…"))])
        .asset("templates/box.liquid", "║{{ title | left: 10 }}║\n║{{ \"x\" | left: 10 }}║");
    let done = boxed.run("nfo", json!({ "template": "box" })).good();
    assert_eq!(cp437::decode(&done.files["test.release-grp.nfo"]), "║So...     ║\r\n║x         ║\r\n");
}

#[test]
fn a_fact_that_the_template_needs_and_nobody_knows_is_an_error_that_names_both() {
    let own = bench(&[]).asset("templates/own.liquid", "{{ release }} {{ title | upcase }}");
    let done = own.run("nfo", json!({ "template": "own" }));
    assert_eq!(done.code(), "fact/missing");
    let (_, message, hint) = done.failure.unwrap();
    assert_eq!(message, "nobody knows `title`, which the template `own` prints");
    assert!(hint.starts_with("set it under `metadata:` (`title: …`)"), "{hint}");
    let must = bench(&[]).run("nfo", json!({ "require": ["isbn"] }));
    assert_eq!(must.code(), "fact/missing");
}

#[test]
fn the_users_own_template_is_rendered_over_facts_vars_and_files() {
    let text = "{{ title }} by {{ group }} {{ vars.house }}\n{% for f in files %}{{ f.name }} {{ f.size }}\n{% endfor %}";
    let own = bench(&[("title", json!("T"))])
        .asset("templates/own.liquid", text)
        .name("vars", json!({ "house": "H" }));
    let with = json!({ "template": "own", "newline": "lf", "file": "read/{{ title | downcase }}.txt" });
    assert_eq!(own.run("nfo", with).good().text("read/t.txt"), "T by GRP H\na.rar 1\na.r00 1\n");
    let broken = bench(&[])
        .asset("templates/own.liquid", "{{ 7 | pad: \"x\" }}")
        .run("nfo", json!({ "template": "own" }));
    assert_eq!(broken.code(), "template/invalid");
    assert!(broken.failure.unwrap().1.starts_with("the template `own` cannot be rendered: "));
}

#[test]
fn the_disk_counter_is_one_that_programs_read() {
    let check = |count: usize, wanted: &str| {
        let mut bench = Bench::new().fact("title", "T");
        for number in 0..count {
            bench = bench.file(&format!("{number}"), "");
        }
        let with = json!({ "template": "diz", "file": "file_id.diz", "encoding": "ascii", "width": 44 });
        let done = bench.run("nfo", with).good();
        assert_eq!(done.text("file_id.diz").lines().next(), Some(wanted));
    };
    check(1, "DISK: [xx/01]");
    check(5, "DISK: [xx/05]");
    check(99, "DISK: [xx/99]");
    check(120, "DISK: [xxx/120]");
}

#[test]
fn options_that_cannot_be_meant_are_refused_with_advice() {
    let check = |with: Value, wanted: &str| {
        let found = faults("nfo", with);
        assert!(found.len() == 1 && found[0].contains(wanted), "{found:?}");
    };
    check(json!({ "template": "eboook" }), "template: there is no template `eboook` (did you mean `ebook`?)");
    check(json!({ "template": "../x" }), "template: `../x` is no template name");
    check(json!({ "width": 19 }), "width: a width is from 20 to 1000 columns");
    check(json!({ "width": 1001 }), "width: a width");
    check(json!({ "encoding": "latin1" }), "encoding");
    check(json!({ "newline": "cr" }), "newline");
    assert_eq!(faults("nfo", json!({})), [""; 0]);
}

#[test]
fn a_file_name_from_hostile_facts_stays_in_the_release() {
    for title in ["../../../escaped", "/tmp/bindery-escaped", "a\u{1b}[31m"] {
        let done = bench(&[("title", json!(title))]).run("nfo", json!({ "file": "{{ title }}.nfo" }));
        assert_eq!(done.code(), "release/escape", "{title:?}");
        assert!(
            !done.folder().join("escaped.nfo").exists()
                && !std::path::Path::new("/tmp/bindery-escaped.nfo").exists()
        );
    }
}
