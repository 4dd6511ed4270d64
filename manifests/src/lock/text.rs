//! A lock as TOML that reads and compares well: everything sorted, one thing a line.
//!
//! Written by hand, since no writer of TOML puts a file on one line.

use std::collections::BTreeMap;
use std::fmt::Write;

use engine::Fact;
use serde_json::Value;

use super::{Lock, LockedFile};

/// The lock as text.
pub(super) fn write(lock: &Lock) -> String {
    let mut out = String::from("# Written by `bindery lock`. Keep it with the manifest.\n");
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(out, "version = {}", lock.version);
    let _ = writeln!(out, "bindery = {}", quoted(&lock.bindery));
    let _ = writeln!(out, "language = {}", lock.language);
    table(&mut out, "manifest", &lock.manifest, |digest| quoted(digest));
    table(&mut out, "files", &lock.files, |digest| quoted(digest));
    table(&mut out, "assets", &lock.assets, |digest| quoted(digest));
    table(&mut out, "stages", &lock.stages, ToString::to_string);
    for release in &lock.releases {
        out.push_str("\n[[release]]\n");
        let _ = writeln!(out, "name = {}", quoted(&release.name));
        if let Some(item) = &release.item {
            let _ = writeln!(out, "item = {}", quoted(item));
        }
        let _ = writeln!(out, "time = {}", quoted(&release.time));
        table(&mut out, "release.sources", &release.sources, file);
        for (step, facts) in &release.facts {
            let facts: BTreeMap<String, &Fact> =
                facts.iter().map(|(name, fact)| (name.to_owned(), fact)).collect();
            table(&mut out, &format!("release.facts.{}", key(step)), &facts, |known| fact(known));
        }
        table(&mut out, "release.outputs", &release.outputs, file);
    }
    out
}

fn table<T>(out: &mut String, name: &str, entries: &BTreeMap<String, T>, write: impl Fn(&T) -> String) {
    if entries.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n[{name}]");
    for (name, entry) in entries {
        let _ = writeln!(out, "{} = {}", key(name), write(entry));
    }
}

fn file(file: &LockedFile) -> String {
    format!("{{ size = {}, blake3 = {} }}", file.size, quoted(&file.blake3))
}

fn fact(fact: &Fact) -> String {
    let mut parts = vec![
        format!("value = {}", value(&fact.value).unwrap_or_else(|| "\"\"".into())),
        format!("from = {}", quoted(&fact.from)),
    ];
    if !fact.at.is_empty() {
        parts.push(format!("at = {}", quoted(&fact.at)));
    }
    parts.extend(fact.score.map(|score| format!("score = {score:?}")));
    format!("{{ {} }}", parts.join(", "))
}

/// A value of JSON as TOML, which knows no null.
fn value(json: &Value) -> Option<String> {
    Some(match json {
        Value::Null => return None,
        Value::Bool(bool) => bool.to_string(),
        // Whole numbers beyond 63 bits are no numbers in TOML.
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.to_string(),
            (None, Some(float)) => format!("{float:?}"),
            (None, None) => quoted(&number.to_string()),
        },
        Value::String(text) => quoted(text),
        Value::Array(list) => {
            format!("[{}]", list.iter().filter_map(value).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let entries =
                map.iter().filter_map(|(name, json)| Some(format!("{} = {}", key(name), value(json)?)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    })
}

fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quoted(name) }
}

/// A string on one line. The escapes of JSON are escapes of TOML, which wants one more.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}
