//! Whatever happens between runs, they make what a first run would make.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::json;

use super::super::toys::{Log, Make, facts, listing, make, step};
use super::{Project, touch};
use crate::{Status, Step};

/// Something that happens to a project between two runs.
#[derive(Clone, Debug)]
enum Happens {
    Nothing,
    Source(u8),
    Touch,
    Title(u8),
    Text(usize, u8),
    Ship(usize),
    ReleaseGone,
    FilesGone(usize),
    FilesTouched(usize),
    StateGone,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        Just(Happens::Nothing),
        (0_u8..3).prop_map(Happens::Source),
        Just(Happens::Touch),
        (0_u8..3).prop_map(Happens::Title),
        (0_usize..5, 0_u8..3).prop_map(|(step, text)| Happens::Text(step, text)),
        (0_usize..5).prop_map(Happens::Ship),
        Just(Happens::ReleaseGone),
        (1_usize..6).prop_map(Happens::FilesGone),
        (1_usize..6).prop_map(Happens::FilesTouched),
        Just(Happens::StateGone),
    ]
}

/// How a project stands.
#[derive(Clone, Default)]
struct Written {
    title: u8,
    texts: [u8; 5],
    hidden: [bool; 5],
}

impl Written {
    fn steps(&self, edges: &[(usize, usize)], log: &Log) -> Vec<Step> {
        let title = format!("T{}", self.title);
        let mut find = step("find", facts(&[("title", &title)]), &["source"]);
        find.written = json!({ "with": { "title": title } });
        let made = (0..5).map(|number| {
            // What a step writes shows what it was given: the sizes of its files, and the title for some of them.
            let text =
                ["{{ files.size }}", "{{ title }}{% for f in files %}{{ f.size }},{% endfor %}", "{{ now }}"];
            let text = format!("{}{}", text[usize::from(self.texts[number])], "x".repeat(number));
            let mut from: Vec<String> =
                edges.iter().filter(|(a, b)| a < b && *b == number).map(|(a, _)| format!("s{a}")).collect();
            from.extend((number % 2 == 0).then(|| "source".into()));
            from.push("find".into());
            let from: Vec<&str> = from.iter().map(String::as_str).collect();
            let stage = Make { text: text.clone(), log: log.clone(), ..make(&format!("f{number}")) };
            let mut step = step(&format!("s{number}"), stage, &from);
            step.written = json!({ "with": { "text": text } });
            step.ship = number == 4 || !self.hidden[number];
            step
        });
        std::iter::once(find).chain(made).collect()
    }
}

/// Some files of the release.
fn made(project: &Project, number: usize) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(project.path("out/n")).unwrap().take(number).map(|entry| entry.unwrap().path())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_between_runs_they_make_what_a_first_run_would_make(
        edges in proptest::collection::vec((0_usize..5, 0_usize..5), 0..8),
        events in proptest::collection::vec(happens(), 1..6),
    ) {
        let (project, mut written, mut bytes) = (Project::new(), Written::default(), 0_u8);
        project.run(written.steps(&edges, &project.log), |_| {});
        for event in events {
            match event {
                Happens::Nothing => {}
                Happens::Source(content) => {
                    bytes = content;
                    fs::write(project.path("in.txt"), "a".repeat(usize::from(content) + 1)).unwrap();
                }
                Happens::Touch => touch(&project.path("in.txt")),
                Happens::Title(title) => written.title = title,
                Happens::Text(step, text) => written.texts[step] = text,
                Happens::Ship(step) => written.hidden[step] = !written.hidden[step],
                Happens::ReleaseGone => fs::remove_dir_all(project.path("out/n")).unwrap(),
                Happens::FilesGone(number) => made(&project, number).try_for_each(fs::remove_file).unwrap(),
                Happens::FilesTouched(number) => made(&project, number).for_each(|path| touch(&path)),
                Happens::StateGone => fs::remove_dir_all(project.path(".bindery")).unwrap(),
            }
            let outcome = project.run(written.steps(&edges, &project.log), |_| {});
            let first = Project::new();
            fs::copy(project.path("in.txt"), first.path("in.txt")).unwrap();
            first.run(written.steps(&edges, &first.log), |_| {});
            prop_assert_eq!(outcome.codes(), Vec::<String>::new(), "{:?}", event);
            prop_assert_eq!(listing(&project.path("out")), listing(&first.path("out")), "{:?}", event);
            let again = project.run(written.steps(&edges, &project.log), |_| {});
            prop_assert_eq!(again.report.releases[0].status, Status::UpToDate, "after {:?} {}", event, bytes);
            prop_assert_eq!(project.ran(), Vec::<String>::new());
            prop_assert_eq!(fs::read_dir(project.path("out")).unwrap().count(), 1);
        }
    }
}
