//! `bindery inspect`: the facts that files hold about themselves.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::{Map, Value};
use stages::facts::Inspection;

use crate::exit::{Exit, Failure};
use crate::ui::table::table;
use crate::ui::{Ui, clean, words};

const AFTER: &str = "\
Examples:
  bindery inspect book.epub
  bindery inspect *.epub --json | jq -r .facts.title";

/// Longest value that a table shows, in characters.
const LONGEST: usize = 200;

/// Files that are read at once before what was found in them is shown, so that many files are quick and need little memory.
const AT_ONCE: usize = 128;

/// Show the facts found in files
///
/// The format is decided by content, not by name. The exit code is 1 when a file is damaged or cannot be read; what
/// could be found in it is shown all the same.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let mut worst = Exit::Done;
    let read = args.files.chunks(AT_ONCE).flat_map(|files| match files {
        // One file is read here: threads cost more than they give.
        [file] => vec![stages::inspect(file)],
        files => files.par_iter().map(|file| stages::inspect(file)).collect(),
    });
    for (number, (file, found)) in args.files.iter().zip(read).enumerate() {
        match found {
            Ok(found) => {
                let damage = found.damage.as_ref().map(ToString::to_string);
                let damage = damage.or_else(|| broken_yaml(file, found.format));
                if damage.is_some() {
                    worst = worse(worst, Exit::Failed);
                }
                let seen = Inspection {
                    file: file.display().to_string(),
                    format: found.format.to_owned(),
                    facts: found.facts,
                    notes: found.notes,
                    damage,
                };
                if args.json {
                    ui.json_line(&seen)?;
                } else {
                    ui.data(&human(&seen, number > 0, ui))?;
                }
            }
            Err(error) => {
                let exit = if error.code == "input/missing" { Exit::Missing } else { Exit::Failed };
                let failure = Failure::new(exit, error.message);
                let failure = error.hint.into_iter().fold(failure, Failure::hint);
                worst = worse(worst, failure.tell(ui));
            }
        }
    }
    Ok(worst)
}

/// What keeps a text that is named as YAML from being read as such. Where templates stand nothing can be said.
fn broken_yaml(path: &Path, format: &str) -> Option<String> {
    let extension = path.extension()?.to_str()?;
    let is_yaml = ["yaml", "yml"].iter().any(|known| known.eq_ignore_ascii_case(extension));
    let is_small = || path.metadata().is_ok_and(|found| found.len() <= manifests::parse::MAX_BYTES as u64);
    if !is_yaml || format != "txt" || !is_small() {
        return None;
    }
    let text =
        std::fs::read_to_string(path).ok().filter(|text| !text.contains("{{") && !text.contains("{%"))?;
    let parsed = manifests::parse(&manifests::File::new(path.display().to_string(), text));
    // Tags and several documents are YAML all the same, though no manifest has them.
    let is_broken = |code: &str| {
        !matches!(code, "syntax/documents" | "syntax/template" | "syntax/too-large" | "syntax/tag")
    };
    let fault = parsed.faults.into_iter().last().filter(|_| parsed.root.is_none())?;
    let line = fault.place.as_ref().map_or(1, |place| place.line);
    is_broken(fault.code)
        .then(|| format!("named .{extension} but it is no YAML: {} in line {line}", fault.message))
}

/// A file that is missing outweighs one that is damaged.
fn worse(one: Exit, other: Exit) -> Exit {
    if (one as u8) < (other as u8) { other } else { one }
}

fn human(seen: &Inspection, apart: bool, ui: &Ui) -> String {
    let gap = if apart { "\n" } else { "" };
    let head = format!("{gap}{}: {}", ui.out.bold(&clean(&seen.file)), seen.format);
    let rows = rows(&seen.facts, "", &|name| ui.out.name(name));
    let facts = table(&rows).lines().map(|line| format!("\n  {line}")).collect::<String>();
    let notes = seen.notes.iter().map(|note| format!("\n  {} {}", ui.out.odd("note:"), clean(note)));
    let damage = seen.damage.iter().map(|what| format!("\n  {} {}", ui.out.bad("damaged:"), clean(what)));
    std::iter::once(head).chain([facts]).chain(notes).chain(damage).collect()
}

/// One row a fact; the entries of a mapping are rows of their own.
pub fn rows(facts: &Map<String, Value>, before: &str, paint: &dyn Fn(&str) -> String) -> Vec<Vec<String>> {
    let row = |(name, value): (&String, &Value)| {
        let name = format!("{before}{}", clean(name));
        match value {
            Value::Object(inner) => rows(inner, &format!("{name}."), paint),
            Value::Array(list) if list.iter().any(Value::is_object) => {
                let numbered =
                    list.iter().enumerate().map(|(at, value)| (format!("{}", at + 1), value.clone()));
                rows(&numbered.collect(), &format!("{name}."), paint)
            }
            value => vec![vec![paint(&name), words::short(&text(&name, value), LONGEST)]],
        }
    };
    facts.iter().flat_map(row).collect()
}

fn text(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) => clean(&text.split_whitespace().collect::<Vec<_>>().join(" ")),
        Value::Array(list) => list.iter().map(|value| text(name, value)).collect::<Vec<_>>().join(", "),
        Value::Number(number) if matches!(name, "size" | "cover.bytes") => {
            number.as_u64().map_or_else(|| number.to_string(), words::bytes)
        }
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

/// A file's facts as comments would show them, one `name: value` each.
pub fn lines(path: &Path) -> Option<(String, Vec<String>)> {
    let found = stages::inspect(path).ok()?;
    let rows = rows(&found.facts, "", &str::to_owned);
    Some((found.format.to_owned(), rows.into_iter().map(|row| words::short(&row.join(": "), 110)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_yaml(text: &str, want: Option<&str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        std::fs::write(&path, text).unwrap();
        assert_eq!(broken_yaml(&path, "txt").as_deref(), want, "{text}");
    }

    #[test]
    fn yaml_that_is_none_is_damage() {
        check_yaml(
            "a:\n\tb: 1\n",
            Some("named .yaml but it is no YAML: a tab where spaces are needed in line 2"),
        );
        check_yaml("a: 1\n", None);
        check_yaml("a: 1\n---\nb: 2\n", None);
        check_yaml("a: !Ref b\n", None);
        check_yaml("{{ if x }}\n\ta: 1\n", None);
    }

    #[test]
    fn facts_are_rows_and_mappings_are_many() {
        let facts = serde_json::json!({
            "title": "A\u{1b}\n  B", "size": 2000, "authors": ["X", "Y"], "encrypted": false,
            "cover": { "width": 10, "bytes": 1 }, "audio": [{ "codec": "aac" }],
        });
        let Value::Object(facts) = facts else { return };
        let shown: Vec<String> =
            rows(&facts, "", &str::to_owned).into_iter().map(|row| row.join("=")).collect();
        let wanted = [
            "title=A\\u{1b} B",
            "size=2.0 kB",
            "authors=X, Y",
            "encrypted=no",
            "cover.width=10",
            "cover.bytes=1 byte",
            "audio.1.codec=aac",
        ];
        assert_eq!(shown, wanted);
    }
}
