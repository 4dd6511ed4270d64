//! Locks are read as they were written, and each difference is found.

use engine::{Fact, Facts};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn file(size: u64) -> LockedFile {
    LockedFile { size, blake3: format!("{size:064x}") }
}

fn lock() -> Lock {
    let fact = Fact { score: Some(0.97), ..Fact::new(json!(["A", { "b": 1.5 }]), "tmdb", "https://x/1") };
    let release = LockedRelease {
        name: "The.Tale-GRP".into(),
        item: Some("books/a \"b\".epub".into()),
        time: "2026-01-31T12:00:00Z".into(),
        sources: [("a.epub".to_owned(), file(7))].into(),
        facts: [("enrich".to_owned(), Facts::from_iter([("cast".to_owned(), fact)]))].into(),
        outputs: [("sub/a.nfo".to_owned(), file(9)), ("plain".to_owned(), file(1))].into(),
    };
    Lock {
        manifest: [("group".to_owned(), "12".to_owned())].into(),
        files: [("../house.yaml".to_owned(), "ab".to_owned())].into(),
        assets: [("template `ebook`".to_owned(), "cd".to_owned())].into(),
        stages: [("archive".to_owned(), 1)].into(),
        releases: vec![release],
        ..Lock::new("0.1.0", 1)
    }
}

#[test]
fn a_lock_reads_well() {
    let wanted = "\
# Written by `bindery lock`. Keep it with the manifest.
version = 1
bindery = \"0.1.0\"
language = 1

[manifest]
group = \"12\"

[files]
\"../house.yaml\" = \"ab\"

[assets]
\"template `ebook`\" = \"cd\"

[stages]
archive = 1

[[release]]
name = \"The.Tale-GRP\"
item = \"books/a \\\"b\\\".epub\"
time = \"2026-01-31T12:00:00Z\"

[release.sources]
\"a.epub\" = { size = 7, blake3 = \"0000000000000000000000000000000000000000000000000000000000000007\" }

[release.facts.enrich]
cast = { value = [\"A\", { b = 1.5 }], from = \"tmdb\", at = \"https://x/1\", score = 0.97 }

[release.outputs]
plain = { size = 1, blake3 = \"0000000000000000000000000000000000000000000000000000000000000001\" }
\"sub/a.nfo\" = { size = 9, blake3 = \"0000000000000000000000000000000000000000000000000000000000000009\" }
";
    assert_eq!(lock().to_text(), wanted);
    assert_eq!(Lock::read(&File::new("x.lock", wanted)).unwrap(), lock());
}

#[test]
fn every_difference_has_its_name() {
    let check = |change: &dyn Fn(&mut Lock), wanted: &[&str]| {
        let mut other = lock();
        change(&mut other);
        let told: Vec<String> = lock().differences(&other).iter().map(ToString::to_string).collect();
        assert_eq!(told, wanted);
    };
    check(&|_| {}, &[]);
    check(&|lock| lock.bindery = "0.2.0".into(), &["Bindery: 0.1.0 → 0.2.0"]);
    check(
        &|lock| drop(lock.manifest.insert("group".into(), "34".into())),
        &["`group` of the manifest: 12 → 34"],
    );
    check(&|lock| lock.files.clear(), &["file `../house.yaml` is gone, was ab"]);
    check(&|lock| drop(lock.assets.insert("template `x`".into(), "1".into())), &["template `x` is new: 1"]);
    check(&|lock| lock.stages.values_mut().for_each(|version| *version = 2), &["stage `archive`: 1 → 2"]);
    check(&|lock| lock.releases.clear(), &["release of `books/a \"b\".epub` is gone, was The.Tale-GRP"]);
    check(
        &|lock| lock.releases[0].set_seconds(0),
        &["time of The.Tale-GRP: 2026-01-31T12:00:00Z → 1970-01-01T00:00:00Z"],
    );
    check(
        &|lock| drop(lock.releases[0].sources.insert("a.epub".into(), file(8))),
        &["source `a.epub` of The.Tale-GRP: 7 bytes, 000000000000 → 8 bytes, 000000000000"],
    );
    check(
        &|lock| drop(lock.releases[0].facts.remove("enrich")),
        &[
            "fact `cast` of step `enrich` of The.Tale-GRP is gone, was [\"A\",{\"b\":1.5}] (from tmdb at https://x/1)",
        ],
    );
}

#[test]
fn what_is_no_lock_is_refused_with_its_place() {
    let check = |text: &str, wanted: &str| {
        let fault = Lock::read(&File::new("x.lock", text)).unwrap_err();
        assert_eq!(fault.code, "lock/invalid");
        assert!(fault.message.contains(wanted), "{}", fault.message);
    };
    check("version = 9\nbindery = \"\"\nlanguage = 1", "unknown version 9");
    check("version = 1\nbindery = 3", "invalid type");
    check("version = 1\nbindery = \"\"\nlanguage = 1\nmore = 1", "more");
    check("version = 1\nbindery = \"\"\nlanguage = 1\n[[release]]\nname = \"x\"\ntime = \"noon\"", "no time");
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1e9..1e9_f64).prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Into::into),
            proptest::collection::btree_map(any::<String>(), inner, 1..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_again(name in any::<String>(), step in any::<String>(), value in value()) {
        let mut lock = lock();
        let text = value.as_str() == Some("");
        lock.releases[0].sources.insert(name.clone(), file(3));
        if !text {
            let facts = Facts::from_iter([(name.clone(), Fact::new(value, "p", name))]);
            lock.releases[0].facts.insert(step, facts);
        }
        prop_assert_eq!(Lock::read(&File::new("x", lock.to_text())).unwrap(), lock);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z=\\[\\]{}\"0-9 \n.]{0,80}") {
        let _ = Lock::read(&File::new("x", text));
    }
}
