//! Real files with the values other tools read in them, for tests; absent from most machines.

use serde_json::Value;
use std::path::PathBuf;

/// The corpus's files whose path begins so, each with what is expected of it. None, and a loud word, without a corpus.
pub fn cases(prefix: &str) -> Vec<(String, Value)> {
    let Ok(lines) = std::fs::read_to_string(root().join("cases.jsonl")) else {
        eprintln!("SKIPPED: no corpus at {}; BINDERY_CORPUS names another place", root().display());
        return Vec::new();
    };
    let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("a row"));
    rows.map(|row| (row["file"].as_str().expect("a path").to_owned(), row["expected"].clone()))
        .filter(|(path, _)| path.starts_with(prefix))
        .collect()
}

/// A file of the corpus.
pub fn bytes(path: &str) -> Vec<u8> {
    std::fs::read(root().join(path)).expect("a corpus file")
}

fn root() -> PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    std::env::var_os("BINDERY_CORPUS").map_or_else(|| PathBuf::from(beside), PathBuf::from)
}
