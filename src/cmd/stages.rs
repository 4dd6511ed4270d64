//! `bindery stages`: what steps can do, and with which options.

use engine::Lane;
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::ui::table::table;
use crate::ui::{Ui, words};

const AFTER: &str = "\
Examples:
  bindery stages
  bindery stages archive
  bindery stages --json";

/// List the stages that steps use, or the options of one
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The stage whose options are listed
    name: Option<String>,
    /// Print JSON: name, description, phase, lane and the schema of the options
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let registry = stages::registry();
    let Some(name) = &args.name else {
        if args.json {
            ui.json(&registry.iter().map(as_json).collect::<Vec<_>>())?;
        } else {
            let row = |kind: &engine::Kind| {
                vec![ui.out.name(kind.name), ui.out.dim(kind.phase.word()), kind.about.to_owned()]
            };
            ui.data(&table(&registry.iter().map(row).collect::<Vec<_>>()))?;
        }
        return Ok(Exit::Done);
    };
    let Some(kind) = registry.get(name) else {
        return Err(Failure::missing(format!("there is no stage {}", engine::value::shown(name)))
            .hint(words::did_you_mean(name, registry.iter().map(|kind| kind.name))));
    };
    if args.json {
        ui.json(&as_json(kind))?;
    } else {
        ui.data(&page(kind, ui))?;
    }
    Ok(Exit::Done)
}

fn as_json(kind: &engine::Kind) -> Value {
    json!({
        "name": kind.name,
        "about": kind.about,
        "phase": kind.phase.word(),
        "lane": lane(kind.lane),
        "options": *kind.schema,
    })
}

/// The word for a lane.
pub fn lane(lane: Lane) -> &'static str {
    match lane {
        Lane::Cpu => "cpu",
        Lane::Net => "net",
    }
}

fn page(kind: &engine::Kind, ui: &Ui) -> String {
    let schema = &*kind.schema;
    let head = format!("{}: {}\n", ui.out.bold(kind.name), kind.about);
    let options = options(schema);
    if options.is_empty() {
        return format!("{head}\nIt has no options.");
    }
    let body = options.iter().map(|option| {
        let type_of =
            if option.required { format!("{}, required", option.type_of) } else { option.type_of.clone() };
        let default =
            option.default.as_ref().map(|default| format!(", default {default}")).unwrap_or_default();
        let about = wrapped(&option.about);
        format!("\n  {}  {}{about}", ui.out.name(&option.name), ui.out.dim(&format!("{type_of}{default}")))
    });
    std::iter::once(head).chain(body).collect()
}

/// A description below its option, in lines that fit.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 92;
    let mut out = String::new();
    let mut column = WIDTH;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column + 1 + length > WIDTH {
            out.push_str("\n      ");
            column = length;
        } else {
            out.push(' ');
            column += 1 + length;
        }
        out.push_str(word);
    }
    out
}

#[derive(Debug, PartialEq, Eq)]
struct OptionRow {
    name: String,
    type_of: String,
    default: Option<String>,
    required: bool,
    about: String,
}

/// The options of a stage, as its schema lists them.
fn options(schema: &Value) -> Vec<OptionRow> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    let row = |(name, option): (&String, &Value)| OptionRow {
        name: name.clone(),
        type_of: type_of(option, schema, 0),
        default: option.get("default").filter(|value| says_something(value)).map(Value::to_string),
        required: required.contains(&name.as_str()),
        about: option.get("description").and_then(Value::as_str).unwrap_or_default().to_owned(),
    };
    properties.into_iter().flatten().map(row).collect()
}

/// Whether a default is worth a word: that a list is empty without one is no news.
fn says_something(value: &Value) -> bool {
    !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty())
}

/// The type of a value as people say it.
fn type_of(schema: &Value, root: &Value, depth: usize) -> String {
    // Schemas of ours refer to nothing deep; a ring would never end.
    const DEEPEST: usize = 8;
    let inner = |schema: &Value| type_of(schema, root, depth + 1);
    if depth > DEEPEST {
        return "value".to_owned();
    }
    if let Some(expected) = schema.get("x-expected").and_then(Value::as_str) {
        return expected.to_owned();
    }
    if schema.get("x-template").is_some() {
        return "template".to_owned();
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let found = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return found.map_or_else(|| "value".to_owned(), inner);
    }
    if let Some(value) = schema.get("const") {
        return value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let names: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        return names.join(" | ");
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(branches) = schema.get(key).and_then(Value::as_array) {
            let branches = branches.iter().filter(|branch| branch.get("type") != Some(&json!("null")));
            let mut names: Vec<String> = branches.map(inner).collect();
            names.dedup();
            return names.join(" | ");
        }
    }
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default()
        }
        _ => "value",
    };
    match kind {
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "true | false".to_owned(),
        "array" => match schema.get("items") {
            Some(items) => format!("list of {}", inner(items)),
            None => "list".to_owned(),
        },
        "object" => "mapping".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_told_from_their_schema() {
        let schema = json!({
            "properties": {
                "format": { "$ref": "#/$defs/Format", "description": "Which." },
                "file": { "anyOf": [{ "type": "string", "x-template": "liquid" }, { "type": "null" }] },
                "store": { "type": "array", "items": { "type": "string" }, "default": [] },
                "width": { "type": ["integer", "null"], "default": 80 },
            },
            "required": ["format"],
            "$defs": { "Format": { "oneOf": [{ "const": "zip" }, { "enum": ["rar4", "7z"] }] } },
        });
        let check = |at: usize, name: &str, type_of: &str, default: Option<&str>, required| {
            let found = &options(&schema)[at];
            assert_eq!((found.name.as_str(), found.type_of.as_str()), (name, type_of));
            assert_eq!((found.default.as_deref(), found.required), (default, required));
        };
        check(0, "format", "zip | rar4 | 7z", None, true);
        check(1, "file", "template", None, false);
        check(2, "store", "list of text", None, false);
        check(3, "width", "whole number", Some("80"), false);
    }
}
