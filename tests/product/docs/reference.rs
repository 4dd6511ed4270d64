//! Writes the reference page from what the program says of itself: schemas, stages, kinds.
//!
//! Filters are the one thing no command lists; they are read from the rows of their tables.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::world::World;

/// Where the tables of filters lie.
const FILTERS: [&str; 2] = ["stages/src/filters.rs", "engine/src/template/filter.rs"];

/// Where the table of blocks lies.
const BLOCKS: &str = "stages/src/blocks.rs";

/// The whole page.
pub fn reference(root: &Path) -> String {
    let world = World::new();
    let schema = |name: &str| world.done(&["schema", name]).json();
    let mut page = String::from(
        "# Reference\n\n<!-- Written by the tests from the program's own output: UPDATE=1 cargo test --test product \
         the_reference -->\n\nEverything a manifest can say, as the program knows it. \
         [manifest.md](manifest.md) explains it.\n\n- [Manifest](#manifest)\n- [Step](#step)\n- [Stages](#stages)\n\
         - [Kinds](#kinds)\n- [Filters](#filters)\n- [Blocks](#blocks)\n- [Facts](#facts)\n- [Configuration](#configuration)\n\
         - [Events](#events)\n",
    );
    let manifest = schema("manifest");
    section(&mut page, "## Manifest", &rows(&manifest, &manifest));
    section(&mut page, "## Step", &rows(&manifest["$defs"]["Step"], &manifest));
    page.push_str("\n## Stages\n");
    for stage in world.done(&["stages", "--json"]).json().as_array().unwrap() {
        let name = stage["name"].as_str().unwrap();
        let whole = world.done(&["stages", name, "--json"]).json();
        assert_eq!(*stage, whole, "the listing and the stage agree");
        let options = rows(&stage["options"], &stage["options"]);
        let about = stage["options"]["description"].as_str().unwrap();
        section(
            &mut page,
            &format!("### {name}\n\n{about} Phase: {}.", stage["phase"].as_str().unwrap()),
            &options,
        );
    }
    page.push_str("\n## Kinds\n");
    for kind in world.done(&["kinds", "--json"]).json().as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        let text = world.done(&["kinds", name]).stdout;
        write!(page, "\n### Kind {name}\n\n```yaml\n{}\n```\n", text.trim_end()).unwrap();
    }
    page.push_str(
        "\n## Filters\n\nBeside the standard filters of Liquid:\n\n| filter | gives |\n|---|---|\n",
    );
    for (name, about) in table(root, &FILTERS, "Filter") {
        writeln!(page, "| `{name}` | {} |", cell(&about)).unwrap();
    }
    page.push_str("\n## Blocks\n\nFor pages of a fixed width, beside the blocks and tags of Liquid:\n\n| block | does |\n|---|---|\n");
    for (name, about) in table(root, &[BLOCKS], "Block") {
        writeln!(page, "| `{name}` | {} |", cell(&about)).unwrap();
    }
    let facts = schema("facts");
    section(&mut page, "## Facts\n\nWhat is not known is absent.", &rows(&facts["$defs"]["Known"], &facts));
    let config = schema("config");
    section(&mut page, "## Configuration", &rows(&config, &config));
    page.push_str("\n## Events\n\nEvery event has `seq`, `run`, `time` and `event`.\n\n| event | when | with |\n|---|---|---|\n");
    for event in schema("events")["oneOf"].as_array().unwrap() {
        let properties = event["properties"].as_object().unwrap();
        let fields: Vec<String> =
            properties.keys().filter(|key| *key != "event").map(|key| format!("`{key}`")).collect();
        let (name, about) =
            (properties["event"]["const"].as_str().unwrap(), event["description"].as_str().unwrap());
        writeln!(page, "| `{name}` | {} | {} |", cell(about), fields.join(", ")).unwrap();
    }
    page
}

/// One key of a schema.
struct Row {
    name: String,
    type_of: String,
    default: String,
    about: String,
}

fn section(page: &mut String, head: &str, rows: &[Row]) {
    let with_defaults = rows.iter().any(|row| !row.default.is_empty());
    let line = |cells: [&str; 4]| {
        let [name, type_of, default, about] = cells;
        let default = if with_defaults { format!(" {default} |") } else { String::new() };
        format!("| {name} | {type_of} |{default} {about} |\n")
    };
    write!(page, "\n{head}\n\n{}", line(["key", "type", "default", "description"])).unwrap();
    page.push_str(if with_defaults { "|---|---|---|---|\n" } else { "|---|---|---|\n" });
    for Row { name, type_of, default, about } in rows {
        page.push_str(&line([&format!("`{name}`"), &cell(type_of), default, &cell(about)]));
    }
}

fn rows(schema: &Value, root: &Value) -> Vec<Row> {
    let none = Map::new();
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let row = |(name, value): (&String, &Value)| Row {
        name: name.clone(),
        type_of: type_of(value, root),
        default: default(value, root, required.contains(&name.as_str())),
        about: value["description"].as_str().unwrap_or_default().to_owned(),
    };
    properties.iter().map(row).collect()
}

/// The default in a word: `required`, a value, or nothing where that says nothing.
fn default(value: &Value, root: &Value, required: bool) -> String {
    let empty = |value: &Value| {
        value.is_null()
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(Map::is_empty)
    };
    match value.get("default") {
        _ if required => "required".to_owned(),
        Some(default) if !empty(default) => {
            format!("`{}`", default.as_str().map_or_else(|| default.to_string(), str::to_owned))
        }
        // A choice without a stated default begins with it, which is checked below. One of a list of names has none.
        None if choices(value, root).len() > 1 && !may_be_null(value) => {
            format!("`{}`", choices(value, root)[0])
        }
        _ => String::new(),
    }
}

fn target<'s>(value: &'s Value, root: &'s Value) -> &'s Value {
    let pointer = value["$ref"].as_str().and_then(|link| link.strip_prefix('#'));
    pointer.and_then(|pointer| root.pointer(pointer)).unwrap_or(value)
}

fn choices<'s>(value: &'s Value, root: &'s Value) -> Vec<&'s str> {
    target(value, root)["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn may_be_null(value: &Value) -> bool {
    value["enum"].as_array().is_some_and(|words| words.iter().any(Value::is_null))
}

/// Whether in this code every choice with a default begins with it.
pub fn begins_with_defaults(code: &str) -> bool {
    let lines: Vec<&str> = code.lines().map(str::trim).collect();
    let before = lines.windows(2).filter(|pair| pair[1] == "#[default]").map(|pair| pair[0]);
    before.into_iter().all(|line| line.trim_start_matches("pub ").starts_with("enum ") && line.ends_with('{'))
}

/// The type of a value as people say it.
fn type_of(value: &Value, root: &Value) -> String {
    if let Some(expected) = value["x-expected"].as_str() {
        return expected.to_owned();
    }
    match value["x-template"].as_str() {
        Some("liquid") => return "template".to_owned(),
        Some(_) => return "condition".to_owned(),
        None => {}
    }
    if value.get("$ref").is_some() {
        return type_of(target(value, root), root);
    }
    if let Some(word) = value.get("const") {
        return format!("`{word}`");
    }
    let choices = choices(value, root);
    if !choices.is_empty() {
        return choices.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(branches) = value[key].as_array() {
            let known = branches.iter().filter(|branch| branch["type"] != "null");
            return known.map(|branch| type_of(branch, root)).collect::<Vec<_>>().join(", or ");
        }
    }
    let kinds = value["type"].as_array().cloned().unwrap_or_else(|| vec![value["type"].clone()]);
    let kind = kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("value");
    let range = match (value["minimum"].as_u64(), value["maximum"].as_u64()) {
        (Some(low), Some(high)) if value["format"] != "uint16" => format!(", {low} to {high}"),
        _ => String::new(),
    };
    match kind {
        "string" => "text".to_owned(),
        "integer" => format!("whole number{range}"),
        "boolean" => "`true` or `false`".to_owned(),
        "array" => format!("list of {}s", type_of(&value["items"], root)),
        "object" => "mapping".to_owned(),
        other => other.to_owned(),
    }
}

/// Names and descriptions of all rows of tables, by name.
fn table(root: &Path, files: &[&str], row: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(root.join(file)).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let quoted = |text: &str, key: &str| {
            let rest = text.split_once(&format!("{key}: \""))?.1;
            rest.split_once("\",\n").map(|(word, _)| word.to_owned())
        };
        let opening = format!("    {row} {{\n");
        let rows = code.split(opening.as_str()).skip(1);
        found.extend(rows.filter_map(|row| Some((quoted(row, "name")?, quoted(row, "about")?))));
    }
    assert!(found.len() >= 5, "{found:?}");
    found.sort();
    found
}

/// Text as a cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
