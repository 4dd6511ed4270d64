//! Templates as people meet them: listed, shown, begun, rendered, imported, checked, and named by manifests.

use crate::world::{World, epub};

fn book(template: &str) -> World {
    let world = World::new();
    world.write("book.epub", epub("A Book", "Ann Author", Some("2026-02-03"), 2_000));
    let steps = format!("steps:\n  nfo: {{ with: {{ template: {template} }} }}\n");
    world.write(
        "release.yaml",
        format!("release: 1\nkind: ebook\ngroup: GRP\nsource: book.epub\nvars: {{ house: H }}\n{steps}"),
    );
    world
}

#[test]
fn every_template_is_listed_shown_and_rendered() {
    let world = World::new();
    let listed = world.done(&["templates", "list", "--json"]).json();
    let names: Vec<&str> =
        listed.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["classic", "diz", "docs", "ebook", "minimal", "plain", "tv"]);
    let table = world.done(&["templates", "list"]).stdout;
    for name in names {
        assert!(table.contains(name));
        assert!(world.done(&["templates", "show", name]).stdout.starts_with("---\nname:"));
        let shown = world.done(&["templates", "show", name, "--json"]).json();
        assert!(shown["text"].as_str().unwrap().contains("{{ title"), "{shown}");
        let page = world.done(&["templates", "render", name, "--json"]).json();
        assert_eq!(page["remarks"], serde_json::json!([]), "{name}");
        assert!(page["lines"].as_array().unwrap().len() > 3);
    }
    assert!(world.done(&["templates", "check"]).stdout.contains("classic: ok"));
    assert_eq!(world.run(&["templates", "show", "clasic"]).code, Some(3));
}

#[test]
fn a_template_of_ones_own_is_begun_found_and_used() {
    let world = book("mine");
    assert_eq!(world.run(&["check"]).code, Some(2), "there is none yet");
    world.done(&["templates", "new", "mine", "--like", "classic"]);
    assert_eq!(world.run(&["templates", "new", "mine"]).code, Some(2), "nothing is overwritten");
    assert!(world.done(&["templates", "list"]).stdout.contains("mine"));
    world.done(&["check"]);
    world.done(&["run"]);
    let nfo = std::fs::read(world.release("dist").join("ann.author.a.book-grp.nfo")).unwrap();
    assert!(nfo.starts_with(&[0xc9, 0xcd]) && nfo.ends_with(b"\xbc\r\n"), "a double frame");
    world.done(&["templates", "render", "mine", "--from", "book.epub", "--output", "page.nfo"]);
    assert!(std::fs::read(world.path("page.nfo")).unwrap().starts_with(&[0xc9, 0xcd]));
    assert!(world.done(&["templates", "check", "page.nfo"]).stdout.contains("ok"));
}

#[test]
fn a_path_is_relative_to_the_manifest() {
    let world = book("art/page.liquid");
    world.write("art/page.liquid", "{{ title }} of {{ house }}");
    world.done(&["check"]);
    let ran = world.command(&["run", "../release.yaml"]).current_dir(world.path("art")).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let nfo = world.release("dist").join("ann.author.a.book-grp.nfo");
    assert_eq!(std::fs::read_to_string(nfo).unwrap(), "A Book of H\r\n");
}

#[test]
fn what_nobody_knows_is_told_before_anything_runs() {
    let check = |text: &str, wanted: &[&str]| {
        let world = book("page");
        world.write(".bindery/templates/page.liquid", text);
        let ran = world.run(&["check"]);
        assert_eq!(ran.code, Some(if wanted.is_empty() { 0 } else { 2 }), "{text}\n{}", ran.stderr);
        for word in wanted {
            assert!(ran.stderr.contains(word), "{word}\n{}", ran.stderr);
        }
    };
    check("a\n {{ titel }}", &["line 2, column 5", "nobody knows `titel`", "did you mean `title`?"]);
    check("{{ titel | default: \"x\" }}", &[]);
    check("{% if titel %}{{ titel }}{% endif %}", &[]);
    check("{{ house }} {{ vars.house }} {{ isbn }} {{ files.size }} {{ now }}", &[]);
    check("{{ vars.hause }}", &["nobody knows `vars.hause`", "did you mean `vars.house`?"]);
    check("---\nwitdh: 70\n---\n", &["line 2, column 1", "no key `witdh`", "did you mean `width`?"]);
    check("---\nwidth: 70\n---\n{{ title | upcas }}", &["line 4, column 12", "did you mean `upcase`?"]);
    check("a\n  ☃", &["line 2, column 3", "code page 437 has no `☃` (U+2603)"]);
    check("---\nencoding: utf-8\n---\n☃", &[]);
}

#[test]
fn a_letter_that_the_page_lacks_can_be_an_error() {
    let world = book("page");
    world.write(".bindery/templates/page.liquid", "ab\nc {{ title }}");
    let title = ["--set", "metadata.title=Xł日", "--set", "name=R-GRP"];
    let nfo = ["--set", "steps.nfo.with.file=r.nfo", "--until", "nfo"];
    let strict = ["--set", "steps.nfo.with.lacking=error"];
    let run = |more: &[&str]| world.run(&[&["run"], &title[..], &nfo, more].concat());
    let ran = run(&strict);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("line 2, column 5 of the page: code page 437 has no `日` (U+65E5)"),
        "{}",
        ran.stderr
    );
    let ran = run(&[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("code page 437 lacks `日`"), "{}", ran.stderr);
}

#[test]
fn an_older_template_is_imported_and_used() {
    let world = book("old");
    world.write(
        "old.nfo",
        b"\xc9\xcd {{title}}\r\n{{#if author}}By: {author}{{/if}}{{#ifnot isbn}} none{{/ifnot}}\r\n",
    );
    let made = world.done(&["templates", "import", "old.nfo", "--json"]).json();
    assert_eq!((&made["checked"], &made["unknown"]), (&5.into(), &serde_json::json!([])));
    world.done(&["run"]);
    let nfo = std::fs::read(world.release("dist").join("ann.author.a.book-grp.nfo")).unwrap();
    assert_eq!(nfo, b"\xc9\xcd A Book\r\nBy: Ann Author none\r\n");
    world.write("bad.nfo", "{{#if title}}");
    let ran = world.run(&["templates", "import", "bad.nfo"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("line 1, column 1"), "{}", ran.stderr);
    assert_eq!(world.run(&["templates", "import", "nosuch.nfo"]).code, Some(3));
}

#[test]
fn a_plan_counts_the_disks_before_there_are_any() {
    let world = book("plain");
    world.write("noise.bin", vec![7; 123_456]);
    let volumes = [
        "--set",
        "steps.rar.with.volume=20kB",
        "--set",
        "source=noise.bin",
        "--set",
        "name=R-GRP",
        "--set",
        "metadata.title=T",
        "--set",
        "metadata.authors=A",
    ];
    let plan = world.done(&[&["plan"], &volumes[..]].concat()).stdout;
    assert!(plan.contains("counts 7 files of rar"), "{plan}");
    world.done(&[&["run"], &volumes[..]].concat());
    let diz = std::fs::read_to_string(world.release("dist").join("file_id.diz")).unwrap();
    assert!(diz.starts_with("DISK: [xx/07]\r\n"), "{diz}");
    let path = world.release("dist").join("file_id.diz").display().to_string();
    world.done(&["templates", "check", &path]);
}

#[test]
fn a_record_stands_behind_the_text_where_it_is_asked_for() {
    let world = book("plain");
    world.done(&["run", "--set", "steps.nfo.with.sauce=true"]);
    let nfo = std::fs::read(world.release("dist").join("ann.author.a.book-grp.nfo")).unwrap();
    let record = &nfo[nfo.len() - 128..];
    assert!(record.starts_with(b"SAUCE00A Book ") && nfo[nfo.len() - 129] == 0x1a);
    assert_eq!(u32::from_le_bytes(record[90..94].try_into().unwrap()) as usize, nfo.len() - 129);
    let ran =
        world.run(&["check", "--set", "steps.nfo.with.sauce=true", "--set", "steps.nfo.with.encoding=utf-8"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
}
