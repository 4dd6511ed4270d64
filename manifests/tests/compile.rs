//! Every folder of `tests/compile/` with a `release.yaml` is loaded and compiled against toy stages; `want.txt` holds
//! the plans or the diagnostics that come out.
//!
//! Beside the manifest a case may hold `site/kinds/`, `user.toml`, `bindery.toml` (weaker first), `set.txt` (an
//! assignment a line) and `epoch.txt`. `UPDATE=1` rewrites what is wanted.

#[path = "compile/listing.rs"]
mod listing;
#[path = "compile/toys.rs"]
mod toys;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bindery_manifests::{
    Compiled, Configuration, Context, Diagnostic, Effective, File, Kinds, compile, emit, emit_with_origins,
    load, load_text, read_config, render,
};
use engine::{Registry, Site};
use listing::{Detail, listing};
use proptest::prelude::*;

type Outcome<T> = Result<T, Vec<Diagnostic>>;

fn check(case: &Case) {
    let found = match case.load().and_then(|effective| compile(&effective, &case.context())) {
        Ok(done) => {
            let warnings =
                if done.warnings.is_empty() { String::new() } else { render(&done.warnings, false) + "\n" };
            warnings + &listing(&done.plans, Detail::All)
        }
        Err(faults) => render(&faults, false),
    };
    let root = case.folder.parent().unwrap().to_str().unwrap();
    let found = found.replace(case.folder.to_str().unwrap(), "<case>").replace(root, "<cases>");
    let want = case.folder.join("want.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&want, &found).unwrap();
    }
    let wanted = fs::read_to_string(&want).unwrap_or_default();
    assert_eq!(found, wanted, "{} (UPDATE=1 rewrites it)", want.display());
}

/// A folder with a manifest and what it rests on.
struct Case {
    folder: PathBuf,
    registry: Registry,
}

impl Case {
    fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile");
        let mut folders: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        let cases = folders.into_iter().filter(|folder| folder.join("release.yaml").exists());
        cases.map(|folder| Self { folder, registry: toys::registry() }).collect()
    }

    fn named(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile").join(name);
        Self { folder, registry: toys::registry() }
    }

    fn load(&self) -> Outcome<Effective> {
        load(&self.folder.join("release.yaml"), "release.yaml", &self.context())
    }

    fn compile_text(&self, text: &str) -> Outcome<Compiled> {
        let context = self.context();
        load_text(text, "release.yaml", &self.folder, &context)
            .and_then(|effective| compile(&effective, &context))
    }

    fn context(&self) -> Context<'_> {
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).ok();
        let configuration = |name: &str| -> Option<Configuration> {
            let shown = self.folder.join(name).display().to_string();
            Some(read_config(&File::new(shown, read(name)?)).unwrap())
        };
        let settings = serde_json::json!({ "destinations": { "home": {}, "mirror": {} } });
        Context {
            registry: &self.registry,
            site: Site { settings: settings.as_object().unwrap().clone(), ..Site::default() },
            kinds: Arc::new(Kinds::new(&[self.folder.join("site"), self.folder.with_file_name("shared")])),
            configurations: ["user.toml", "bindery.toml"].into_iter().filter_map(configuration).collect(),
            set: read("set.txt").unwrap_or_default().lines().map(str::to_owned).collect(),
            cwd: self.folder.join("elsewhere"),
            fetched: "/cache/fetched".into(),
            epoch: read("epoch.txt").map(|text| text.trim().parse().unwrap()),
        }
    }
}

#[test]
fn every_case_gives_what_is_wanted() {
    let all = Case::all();
    assert!(all.len() > 40, "the cases are gone");
    all.iter().for_each(check);
}

#[test]
fn ten_faults_of_every_sort_are_ten_diagnostics() {
    let case = Case::named("ten-faults");
    let faults =
        case.load().and_then(|effective| compile(&effective, &case.context())).map(|_| ()).unwrap_err();
    assert_eq!(faults.len(), 10, "{}", render(&faults, false));
}

#[test]
fn what_is_expanded_compiles_to_the_same_plans() {
    let mut seen = 0;
    for case in Case::all() {
        let Ok(effective) = case.load() else { continue };
        let Ok(first) = compile(&effective, &case.context()) else { continue };
        seen += 1;
        for text in [emit(&effective.expanded()), emit_with_origins(&effective.expanded())] {
            let bare = Case { registry: toys::registry(), folder: case.folder.clone() };
            let mut context = bare.context();
            // What it was expanded with must be in it, and saying it again must change nothing.
            for set in [context.set.clone(), Vec::new()] {
                context.set = set;
                let again = load_text(&text, "release.yaml", &case.folder, &context)
                    .and_then(|effective| compile(&effective, &context))
                    .unwrap_or_else(|faults| panic!("{}\n{text}", render(&faults, false)));
                let (left, right) =
                    (listing(&first.plans, Detail::Plan), listing(&again.plans, Detail::Plan));
                assert_eq!(left, right, "{}\n{text}", case.folder.display());
            }
        }
    }
    assert!(seen > 15, "only {seen} cases compile");
}

#[test]
fn a_missing_or_strange_file_is_a_diagnostic() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("latin.yaml"), b"release: 1\nname: \xfc\n").unwrap();
    fs::write(folder.path().join("huge.yaml"), "# x\n".repeat(2 << 20)).unwrap();
    let case = Case::named("smallest");
    for (name, wanted) in [
        ("gone.yaml", "cannot read `m.yaml`: no such file or directory"),
        (".", "cannot read `m.yaml`: it is a folder"),
        ("latin.yaml", "cannot read `m.yaml`: it is not UTF-8 text (byte 17 is not)"),
        ("huge.yaml", "cannot read `m.yaml`: it is longer than 4 MiB"),
    ] {
        let faults = load(&folder.path().join(name), "m.yaml", &case.context()).unwrap_err();
        let found: Vec<_> = faults.iter().map(|fault| (fault.code, fault.message.as_str())).collect();
        assert_eq!(found, [("manifest/unreadable", wanted)]);
    }
}

#[cfg(unix)]
#[test]
fn neither_an_endless_file_nor_a_wide_tree_of_fragments_keeps_it_busy() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    // Each file names the next one twenty times: 20^12 readings.
    for level in 0..12 {
        let list = vec![format!("f{}.yaml", level + 1); 20].join(", ");
        write(&format!("f{level}.yaml"), format!("extends: [{list}]\n"));
    }
    write("f12.yaml", "group: GRP\n".into());
    let case = Case::named("smallest");
    for text in [
        "release: 1\nextends: f0.yaml\n",
        "release: 1\nextends: /dev/zero\n",
        "release: 1\nsource: /dev/zero\n",
    ] {
        let (start, context) = (Instant::now(), case.context());
        let faults = load_text(text, "release.yaml", folder.path(), &context)
            .and_then(|effective| compile(&effective, &context))
            .map(|_| ())
            .unwrap_err();
        assert!(!faults.is_empty() && faults.len() < 100, "{text}");
        assert!(start.elapsed() < Duration::from_secs(5), "{text}: {:?}", start.elapsed());
    }
}

#[test]
fn laughs_in_a_manifest_are_refused_at_once() {
    let mut text = String::from("release: 1\nkind: toy\nvars:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let uses = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("  a{level}: &a{level} [{uses}]\n"));
    }
    let start = Instant::now();
    let faults = Case::named("smallest").compile_text(&text).map(|_| ()).unwrap_err();
    assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), ["syntax/too-large"]);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn globs_of_any_size_are_refused_or_read() {
    let case = Case::named("smallest");
    for glob in [
        "{".repeat(50_000),
        "?".repeat(2_000_000),
        "{a,".repeat(30_000) + &"}".repeat(30_000),
        "[a-z]*".repeat(9_000),
    ] {
        for text in [
            format!("release: 1\nkind: toy\nname: x\nsource: \"{glob}\"\n"),
            format!("release: 1\nkind: toy\nname: x\nsource: a.txt\nsteps: {{box: {{pick: \"{glob}\"}}}}\n"),
        ] {
            assert!(case.compile_text(&text).is_err(), "{}", &text[..60]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Case::named("smallest").compile_text(&text);
    }

    #[test]
    fn no_manifest_panics(lines in prop::collection::vec(lines(), 0..14)) {
        let text = format!("release: 1\nkind: toy\n{}", lines.concat());
        let found = Case::named("smallest").compile_text(&text);
        if let Err(faults) = found {
            prop_assert!(!faults.is_empty());
            let _ = render(&faults, true);
        }
    }
}

/// Lines that are nearly a manifest.
fn lines() -> impl Strategy<Value = String> {
    let words = || {
        prop::sample::select(vec![
            "a.txt",
            "*.txt",
            "**",
            "[",
            "{a",
            "{{ item.x }}",
            "{{ title | nope }}",
            "{{ group }}",
            "{% if",
            "../x",
            "/",
            "",
            "source",
            "facts",
            "box",
            "send",
            "own",
            "pack",
            "false",
            "~",
            "[]",
            "[facts, box]",
            "[own]",
            "{}",
            "5 MB",
            "5MB",
            "-1",
            "{url: x}",
            "[{x: 1}, {x: 2}]",
            "[1, two]",
            "\"\\xff%}\"",
            "2026-01-01T00:00:00Z",
            "{volume: 1MB, file: ../x}",
            "release.yaml",
            "shared",
            "own",
            "{env: X}",
        ])
    };
    let root = prop::sample::select(vec![
        "kind", "extends", "group", "name", "source", "for_each", "vars", "metadata", "rules", "output",
        "time", "steps", "sorce",
    ]);
    let key = prop::sample::select(vec![
        "uses", "from", "pick", "with", "if", "into", "ship", "optional", "retry", "timeout", "form",
    ]);
    let id = prop::sample::select(vec!["own", "box", "facts", "send", "source", "a b"]);
    prop_oneof![
        (root, words()).prop_map(|(key, word)| format!("{key}: {word}\n")),
        (id, key, words()).prop_map(|(id, key, word)| format!("steps: {{ {id}: {{ {key}: {word} }} }}\n")),
        prop::collection::vec(("own|box|sums|text", "uses|from|pick|with|if|into", words()), 1..5).prop_map(
            |steps| {
                let lines = steps.into_iter().map(|(id, key, word)| format!("  {id}:\n    {key}: {word}\n"));
                format!("steps:\n{}", lines.collect::<String>())
            }
        ),
    ]
}

#[test]
fn a_plan_is_cheap_to_keep_in_thousands() {
    let case = Case::named("smallest");
    let entries: String = (0..5_000).map(|number| format!("  - {{ number: {number} }}\n")).collect();
    let text = format!(
        "release: 1\nkind: toy\nname: \"x{{{{ number }}}}\"\nsource: a.txt\nmetadata: {{ number: \"{{{{ item.number }}}}\" }}\nfor_each:\n{entries}"
    );
    let start = Instant::now();
    let plans = case.compile_text(&text).map_err(|faults| render(&faults, false)).unwrap().plans;
    assert_eq!(plans.len(), 5_000);
    assert!(plans.iter().all(|plan| Arc::ptr_eq(&plan.shape, &plans[0].shape)));
    assert_eq!(plans[4_999].metadata.value("number"), Some(&4_999.into()));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}
