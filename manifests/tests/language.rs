//! Every `*.yaml` here is read as a manifest and every `*.toml` as configuration; `*.want` holds what comes out.
//!
//! `UPDATE=1` rewrites what is wanted.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bindery_manifests::{
    Diagnostic, File, Written, decode, emit, emit_with_origins, fragment_schema, github, in_order,
    manifest_schema, merge, node::Node, parse, read_config, render, schema_of, set_layer, validate,
    without_removed_steps,
};
use schemars::JsonSchema;
use serde::Deserialize;

fn check(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    let file = File::new(path.file_name().unwrap().to_str().unwrap(), text);
    let is_config = path.extension().is_some_and(|extension| extension == "toml");
    let found = if is_config { configuration(&file) } else { manifest(&file) };
    let want = path.with_extension("want");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&want, &found).unwrap();
    }
    let wanted = fs::read_to_string(&want).unwrap_or_default();
    assert_eq!(found, wanted, "{} (UPDATE=1 rewrites it)", want.display());
}

fn manifest(file: &std::sync::Arc<File>) -> String {
    let parsed = parse(file);
    let mut faults = parsed.faults;
    let Some(root) = parsed.root else { return render(&faults, false) };
    match decode::<Written>(&root, manifest_schema()) {
        Ok(_) if faults.is_empty() => return emit_with_origins(&root),
        Ok(_) => {}
        Err(more) => faults.extend(more),
    }
    render(&in_order(faults), false)
}

fn configuration(file: &std::sync::Arc<File>) -> String {
    match read_config(file) {
        Ok(read) => {
            let layers = merge(read.layers("ebook")).map(|node| emit_with_origins(&node)).unwrap_or_default();
            format!("{:#?}\n{layers}", read.config)
        }
        Err(faults) => render(&faults, false),
    }
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        all.filter(|path| path.extension().is_some_and(|ext| ext == "yaml" || ext == "toml")).collect();
    found.sort();
    found
}

fn node(text: &str) -> Node {
    parse(&File::new("test.yaml", text)).clean().unwrap()
}

fn codes(faults: &[Diagnostic]) -> Vec<(&'static str, usize)> {
    faults.iter().map(|fault| (fault.code, fault.place.as_ref().map_or(0, |place| place.line))).collect()
}

#[test]
fn every_fixture_gives_what_is_wanted() {
    let all = fixtures();
    assert!(all.len() > 20, "the fixtures are gone");
    all.iter().for_each(|path| check(path));
}

#[test]
fn ten_faults_yield_ten_diagnostics() {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ten-faults.yaml")).unwrap();
    let parsed = parse(&File::new("ten-faults.yaml", text));
    let faults = decode::<Written>(&parsed.root.unwrap(), manifest_schema()).unwrap_err();
    assert_eq!(parsed.faults.len() + faults.len(), 10, "{}", render(&faults, false));
}

#[test]
fn every_key_of_the_language_is_read() {
    let written: Written = decode(&node(include_str!("every-key.yaml")), manifest_schema()).unwrap();
    assert_eq!(written.steps.len(), 6);
    assert_eq!(written.extends.0, ["../house.yaml"]);
}

#[test]
fn a_fragment_needs_nothing_but_holds_no_more_than_a_manifest() {
    assert_eq!(validate(&node("group: A"), fragment_schema()), []);
    let faults = validate(&node("group: A\ngruop: B"), fragment_schema());
    assert_eq!(codes(&faults), [("manifest/unknown-key", 2)]);
}

#[test]
fn the_schema_carries_its_reference() {
    let schema = manifest_schema();
    assert_eq!(schema["properties"]["name"]["x-template"], "liquid");
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], serde_json::json!(["release"]));
    for (name, property) in schema["properties"].as_object().unwrap() {
        let words = property["description"].as_str().unwrap_or_default();
        assert!(words.ends_with('.'), "`{name}` lacks a sentence: {words}");
    }
}

/// Options of a stage that exists only here.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {
    format: Format,
    volume: Option<Volume>,
    #[serde(default)]
    sums: Vec<Format>,
    limit: Option<engine::value::Size>,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
enum Format {
    /// The old one.
    #[serde(rename = "rar4")]
    Rar4,
    #[serde(rename = "tar.gz")]
    TarGz,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "u64")]
struct Volume(u64);

impl TryFrom<u64> for Volume {
    type Error = String;

    fn try_from(size: u64) -> Result<Self, String> {
        if size >= 100 { Ok(Self(size)) } else { Err(format!("a volume of {size} bytes is too small")) }
    }
}

#[test]
fn the_options_of_a_step_are_checked_where_they_stand() {
    let root = node(
        "steps:\n  rar:\n    with:\n      format: targz\n      volume: 5\n      sums: [rar4, rar5, 3]\n      limit: 5 parsecs\n      lvel: 1\n",
    );
    let with = root.get("steps").and_then(|steps| steps.get("rar")?.get("with")).unwrap();
    let faults = decode::<Options>(with, &schema_of::<Options>()).unwrap_err();
    assert_eq!(
        codes(&faults),
        [
            ("manifest/unknown-value", 4),
            ("manifest/bad-value", 5),
            ("manifest/unknown-value", 6),
            ("manifest/wrong-type", 6),
            ("manifest/bad-value", 7),
            ("manifest/unknown-key", 8),
        ],
        "{}",
        render(&faults, false)
    );
    assert_eq!(faults[0].hint.as_deref(), Some("did you mean `tar.gz`?"));
    let good: Options =
        decode(&node("{format: rar4, volume: 100, limit: 1kB}"), &schema_of::<Options>()).unwrap();
    assert_eq!((good.format, good.volume.unwrap().0, good.limit.unwrap().bytes()), (Format::Rar4, 100, 1000));
    assert!(good.sums.is_empty());
}

/// Settings that tell themselves apart by their type.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
#[expect(dead_code, reason = "only their schema matters here")]
enum Tagged {
    Sftp { host: String, port: Option<u16> },
    Local { path: String },
}

#[test]
fn of_tagged_forms_only_the_chosen_one_speaks() {
    let faults = |text: &str| validate(&node(text), &schema_of::<Tagged>());
    assert_eq!(faults("{type: local, path: x}"), []);
    assert_eq!(
        codes(&faults("type: sftp\nport: many\n")),
        [("manifest/missing-key", 1), ("manifest/wrong-type", 2)]
    );
    let unknown = faults("type: stfp\nhost: x\n");
    assert_eq!(unknown[0].hint.as_deref(), Some("did you mean `sftp`?"));
}

#[test]
fn layers_merge_and_write_back() {
    let kind = node("release: 1\nsteps: {rar: {uses: archive, with: {volume: 15MB}}, nfo: {uses: nfo}}");
    let own = node("group: GRP\nsteps:\n  nfo: false\n");
    let set = set_layer(&["steps.rar.with.volume=50MB"]).unwrap();
    let merged = merge([kind, own].into_iter().chain(set)).unwrap();
    let text = emit_with_origins(&merged);
    assert!(text.contains("volume: 50MB  # --set:1"), "{text}");
    assert!(text.contains("nfo: false  # test.yaml:3"), "{text}");
    assert_eq!(node(&emit(&merged)), merged);
    assert_eq!(without_removed_steps(merged).get("steps").unwrap().entries().len(), 1);
}

#[test]
fn a_bomb_is_refused_at_once() {
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let uses = vec![format!("*a{}", level - 1); 10].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{uses}]\n"));
    }
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 1000].join(", "));
    let nested = format!("{}x{}", "[".repeat(60), "]".repeat(60));
    let deep = format!("a: &a {nested}\nb: {{c: {{d: {{e: {{f: *a}}}}}}}}\n");
    let anchors: String = (0..50).map(|at| format!("&n{at} [")).collect();
    let many = format!("{anchors}{}{}", vec!["x"; 50_000].join(", "), "]".repeat(50));
    let huge = "- x\n".repeat(300_000);
    let cases =
        [laughs, long, deep, many, huge, "[".repeat(100_000), "- ".repeat(100_000), "x".repeat(5 << 20)];
    for text in cases {
        let (start, name) = (Instant::now(), text.chars().take(20).collect::<String>());
        let parsed = parse(&File::new("bomb.yaml", text));
        assert!(parsed.root.is_none() && parsed.faults.len() == 1, "{name}");
        assert!(parsed.faults[0].code.starts_with("syntax/too-"), "{name}: {:?}", parsed.faults[0].message);
        assert!(start.elapsed() < Duration::from_secs(5), "{name}: {:?}", start.elapsed());
    }
}

#[test]
fn the_hostile_manifests_of_the_corpus_are_refused() {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let corpus = std::env::var_os("BINDERY_CORPUS").map_or(default, PathBuf::from);
    let Ok(entries) = fs::read_dir(corpus.join("hostile")) else {
        eprintln!("SKIPPED: no corpus");
        return;
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let manifests: Vec<_> = paths.filter(|path| path.extension().is_some_and(|ext| ext == "yaml")).collect();
    assert!(!manifests.is_empty());
    for path in manifests {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        let parsed = parse(&File::new("hostile.yaml", text));
        let faults = match &parsed.root {
            Some(root) => decode::<Written>(root, manifest_schema()).err().unwrap_or(parsed.faults),
            None => parsed.faults,
        };
        assert!(!faults.is_empty(), "{}", path.display());
        assert!(faults.iter().all(|fault| fault.place.is_some() && github(fault).starts_with("::error ")));
    }
}

#[test]
fn no_secret_is_shown_in_any_form() {
    let texts = [
        "[providers.tmdb]\napi_key = \"hunter2\"\n",
        "[destinations.home]\ntype = 5\npassword = \"hunter2\"\n",
        "destinations = { home = { type = \"sftp\", token = 'hunter2', type = 1 } }\n",
        "[destinations.home]\npassword = \"hunter2\n",
        "[destinations.home]\npassword = { env = 1, value = \"hunter2\" }\njobs = 0\n",
        "[destinations.home]\ntype = \"ftp\"\nurl = \"ftp://me:hunter2@example.org/\"\n",
        "[destinations.home]\nurl = \"ftp://me:hunter2@example.org/\nx = \n",
        "[destinations.home]\npassword = \"\"\"\nhunter2 \\q\n\"\"\"\n",
        "[destinations.home]\npassword = [\"hunter2\"]\n",
        "sorce = 1\n[destinations.home]\n\"password\" = \"hunter2\"\n",
    ];
    for text in texts {
        let faults = read_config(&File::new("bindery.toml", text)).unwrap_err();
        let json = serde_json::to_string(&faults).unwrap();
        let lines: String = faults.iter().map(github).collect();
        let all = format!("{}{json}{lines}{faults:?}", render(&faults, true));
        assert!(!all.contains("hunter2"), "{text}\n{all}");
    }
}
