//! The older template language: its parts, what its names mean, and a renderer for comparison.
//!
//! A name in one pair of braces is a placeholder only where it is a known one, since drawings have braces too. What nobody
//! knows is nothing; a condition holds where a value is known.

use std::collections::BTreeSet;

use engine::template::Scope;
use serde_json::Value;

use crate::nfo::front::Fault;
use crate::nfo::known;

/// Deepest nesting of conditions, which is less than Liquid's own limit.
const MAX_DEPTH: usize = 40;

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Text as it stands.
    Text(String),
    /// A placeholder.
    Name(String),
    /// A condition and what it encloses.
    If { name: String, wanted: bool, inner: Vec<Part> },
}

/// Names of the older language and what they are called here; every other name is its own.
const MEANINGS: &[(&str, &str)] = &[
    ("author", "authors"),
    ("artist", "authors"),
    ("audio_codec", "audio_tag"),
    ("codec", "video_codec_tag"),
    ("filesize", "size"),
    ("genre", "subjects"),
    ("genres", "subjects"),
    ("group_name", "group"),
    ("groupname", "group"),
    ("lang", "language"),
    ("pagecount", "pages"),
    ("page_count", "pages"),
    ("plot", "description"),
    ("publication_date", "date"),
    ("release_date", "date"),
    ("release_name", "release"),
    ("releasename", "release"),
    ("summary", "description"),
    ("synopsis", "description"),
    ("tags", "subjects"),
    ("video_codec", "video_codec_tag"),
];

/// Facts that are lists of texts.
const LISTS: &[&str] = &["authors", "contributors", "episodes", "flags", "language_tags", "subjects"];

/// What a name is called here, and the filter that prints its value as the older packer did.
pub(super) fn meaning(name: &str) -> (String, &'static str) {
    let mut snake = String::new();
    for (at, c) in name.chars().enumerate() {
        let after_lower =
            at > 0 && name.chars().nth(at - 1).is_some_and(|before| before.is_ascii_lowercase());
        if c.is_ascii_uppercase() && after_lower {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    let fact = MEANINGS.iter().find(|(old, _)| *old == snake).map_or(snake.as_str(), |(_, fact)| fact);
    let filter = match fact {
        "size" | "files_size" => " | bytes",
        "duration_ms" => " | duration",
        fact if LISTS.contains(&fact) => " | join: \", \"",
        _ => "",
    };
    (fact.to_owned(), filter)
}

/// Takes a text apart.
pub(super) fn parse(text: &str) -> Result<Vec<Part>, Fault> {
    /// An open condition: where it begins, its name, whether it wants the value, and what stands around it.
    struct Open {
        at: usize,
        name: String,
        wanted: bool,
        around: Vec<Part>,
    }
    let mut open: Vec<Open> = Vec::new();
    let mut parts: Vec<Part> = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (length, mark) = mark(rest);
        let source = rest.get(..length).unwrap_or(rest);
        match mark {
            Mark::Text => push_text(&mut parts, source),
            Mark::Name(name) => parts.push(Part::Name(name)),
            Mark::Open { name, wanted } => {
                if open.len() >= MAX_DEPTH {
                    return Err(fault(text, at, format!("conditions are nested more than {MAX_DEPTH} deep")));
                }
                open.push(Open { at, name, wanted, around: std::mem::take(&mut parts) });
            }
            Mark::Close { wanted } => match open.pop().filter(|open| open.wanted == wanted) {
                Some(Open { name, around, .. }) => {
                    let inner = std::mem::replace(&mut parts, around);
                    parts.push(Part::If { name, wanted, inner });
                }
                None => return Err(fault(text, at, format!("`{source}` ends nothing"))),
            },
            Mark::Strange => {
                return Err(fault(text, at, format!("the older language has no `{source}`")));
            }
        }
        at += length;
    }
    match open.first() {
        Some(Open { at, name, wanted, .. }) => {
            let word = if *wanted { "if" } else { "ifnot" };
            Err(fault(text, *at, format!("`{{{{#{word} {name}}}}}` has no end")))
        }
        None => Ok(parts),
    }
}

/// Every name that parts ask for.
pub(super) fn names(parts: &[Part], found: &mut BTreeSet<String>) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Name(name) => drop(found.insert(name.clone())),
            Part::If { name, inner, .. } => {
                found.insert(name.clone());
                names(inner, found);
            }
        }
    }
}

/// The page as the older language makes it.
pub(super) fn render(parts: &[Part], scope: &Scope) -> String {
    let mut page = String::new();
    for part in parts {
        match part {
            Part::Text(text) => page.push_str(text),
            Part::Name(name) => page.push_str(&printed(name, scope)),
            Part::If { name, wanted, inner } => {
                let value = scope.get(&meaning(name).0);
                let holds = value.is_some_and(|value| !value.is_null() && *value != Value::Bool(false));
                if holds == *wanted {
                    page.push_str(&render(inner, scope));
                }
            }
        }
    }
    page
}

fn printed(name: &str, scope: &Scope) -> String {
    let (fact, filter) = meaning(name);
    let Some(value) = scope.get(&fact) else { return String::new() };
    match (value, filter) {
        (Value::Array(list), _) => {
            let between = if filter.contains("join") { ", " } else { "" };
            list.iter().map(one).collect::<Vec<_>>().join(between)
        }
        (value, " | bytes") => value.as_u64().map_or_else(|| one(value), crate::filters::human),
        (value, " | duration") => crate::filters::duration_of(value).unwrap_or_else(|| one(value)),
        (Value::Bool(false), _) => String::new(),
        (value, _) => one(value),
    }
}

fn one(value: &Value) -> String {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| format!("{key}{}", one(value))).collect(),
        Value::Array(list) => list.iter().map(one).collect(),
        other => crate::filters::text_of(other),
    }
}

enum Mark {
    Text,
    Name(String),
    Open {
        name: String,
        wanted: bool,
    },
    Close {
        wanted: bool,
    },
    /// A tag that looks like one of the language and is none.
    Strange,
}

/// What a text begins with, and how long that is in bytes.
fn mark(text: &str) -> (usize, Mark) {
    let next =
        |from: usize| text.get(from..).and_then(|rest| rest.find('{')).map_or(text.len(), |at| from + at);
    if let Some(inner) = text.strip_prefix("{{") {
        // A third brace is one of a drawing, and the placeholder begins behind it.
        let end = inner.find("}}").filter(|_| !inner.starts_with('{'));
        if let Some(body) = end.and_then(|end| inner.get(..end)) {
            let length = body.len() + 4;
            let said = body.trim();
            let condition = |word: &str| said.strip_prefix(word).map(str::trim).filter(|name| is_name(name));
            return match said {
                "/if" => (length, Mark::Close { wanted: true }),
                "/ifnot" => (length, Mark::Close { wanted: false }),
                _ if is_name(said) => (length, Mark::Name(said.to_owned())),
                _ if said.starts_with("#if ") && condition("#if ").is_some() => (
                    length,
                    Mark::Open { name: condition("#if ").unwrap_or_default().to_owned(), wanted: true },
                ),
                _ if said.starts_with("#ifnot ") && condition("#ifnot ").is_some() => (
                    length,
                    Mark::Open { name: condition("#ifnot ").unwrap_or_default().to_owned(), wanted: false },
                ),
                _ if said.starts_with(['#', '/'])
                    && said.len() > 1
                    && said[1..].starts_with(|c: char| c.is_alphabetic()) =>
                {
                    (length, Mark::Strange)
                }
                _ => (1, Mark::Text),
            };
        }
        return (1, Mark::Text);
    }
    if let Some(inner) = text.strip_prefix('{') {
        let name = inner.split_once('}').map(|(name, _)| name).filter(|name| is_name(name));
        return match name.filter(|name| known::names().any(|known| known == meaning(name).0)) {
            Some(name) => (name.len() + 2, Mark::Name(name.to_owned())),
            None => (next(1).max(1), Mark::Text),
        };
    }
    (next(0), Mark::Text)
}

fn is_name(text: &str) -> bool {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain && text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.len() <= 64
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        Some(Part::Text(before)) => before.push_str(text),
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

fn fault(text: &str, at: usize, message: String) -> Fault {
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let hint = Some("it has `{{name}}`, `{{#if name}}…{{/if}}` and `{{#ifnot name}}…{{/ifnot}}`".to_owned());
    Fault { message, line, column, hint }
}
