//! Markdown as people write it, and the plain texts that it must not be taken for.

use crate::read::{Limits, inspect, markdown};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Cursor;

fn check(text: &str, want: Value) {
    let found = markdown::read(&mut Cursor::new(text), &Limits::default()).expect("readable");
    assert_eq!(Value::Object(found.facts), want, "{text}");
}

fn format(text: &str, want: &str) {
    assert_eq!(inspect(&mut Cursor::new(text)).expect("readable").format, want, "{text}");
}

#[test]
fn fields_in_front_become_facts() {
    check(
        "---\ntitle: The Harbour\nauthor: [Ada Lane, {name: Bo Ek}]\ndate: 2020-05-01\nlang: en-gb\ntags:\n  - sea\n  - salt\nisbn: \"0306406152\"\n---\n\n# Other\n\nText here.\n",
        json!({
            "encoding": "utf-8", "title": "The Harbour", "authors": ["Ada Lane", "Bo Ek"], "date": "2020-05-01", "year": 2020,
            "language": "en-GB", "subjects": ["sea", "salt"], "isbn": "9780306406157", "identifiers": { "isbn": "9780306406157" },
            "words": 21,
        }),
    );
}

#[test]
fn the_first_heading_is_the_title() {
    let title = |text: &str| {
        let found = markdown::read(&mut Cursor::new(text), &Limits::default()).expect("readable");
        found.facts.get("title").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    assert_eq!(title("Intro\n\n# A **bold** `word` [link](http://x.example) #\n"), "A bold word link");
    assert_eq!(title("Title\n=====\n\n# Later\n"), "Title");
    assert_eq!(title("```\n# comment\n```\n\n# Real\n"), "Real");
    assert_eq!(title("## Second\n"), "");
}

#[test]
fn broken_fields_are_noted() {
    let text = "---\ntitle: [unclosed\n---\n\ntext\n";
    let found = markdown::read(&mut Cursor::new(text), &Limits::default()).expect("readable");
    assert!(found.notes.iter().any(|note| note.contains("fields in front")), "{:?}", found.notes);
}

#[test]
fn markup_of_several_kinds_is_claimed() {
    format("# Title\n\nSee [this](http://x.example).\n", "markdown");
    format("# Title\n\n```\ncode\n```\n", "markdown");
    format("# A\n\ntext\n\n## B\n\ntext\n\n## C\n\ntext\n", "markdown");
    format("<p align=center>\n<img src=a></p>\n<p>x</p>\n\n# T\n\n[a](b)\n", "markdown");
    format("# T\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", "markdown");
    format("---\nlayout: post\ntitle: A\n---\nplain words only\n", "markdown");
}

#[test]
fn plain_text_is_left_alone() {
    format("Call me Ishmael.\n\nSome years ago.\n", "txt");
    format("#!/bin/sh\n# A\n\n## B\n\n### C\n\n[x](y) ```\n", "txt");
    format("# config\nkey=value\n# more\nother=1\n", "txt");
    format("import os\n\n# A\n\nx = 1\n\n# B\n\ny = 2\n\n# C\n\nz = 3\n", "txt");
    format("1. one\n2. two\n* three\n- four\n", "txt");
    format("---\napiVersion: v1\nkind: Pod\n---\napiVersion: v1\n", "txt");
    format("---\ntitle: one document\n---\ntitle: another\n", "txt");
    format("#include <stdio.h>\n\nint a[1](int b);\n", "txt");
    format("-----\nA drawn line\n-----\n", "txt");
}

proptest! {
    #[test]
    fn no_text_panics(text in "(---\n|title: |\\[|\\]\\(|\\)|# |```\n|[a-z&*:>| \u{e9}]|\n){0,60}") {
        let _ = markdown::read(&mut Cursor::new(&text), &Limits::default());
        let _ = inspect(&mut Cursor::new(&text));
    }
}
