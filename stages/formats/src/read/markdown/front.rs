//! The fields in front of a Markdown text: YAML between two lines of dashes.
//!
//! Knows the names that publishing tools give them. A file of several YAML documents has none.

use crate::read::properties::{Properties, fill};
use serde_json::Value;

/// What fields are called, at least one of which must be there.
const NAMES: &[&str] = &[
    "title",
    "author",
    "authors",
    "creator",
    "date",
    "lang",
    "language",
    "layout",
    "tags",
    "keywords",
    "description",
    "slug",
    "categories",
    "subtitle",
    "abstract",
    "publisher",
    "draft",
    "subject",
    "summary",
    "permalink",
    "isbn",
];

/// No real text has more in front of it.
const LONGEST: usize = 64 << 10;

/// The fields and the text behind them, when there are any.
pub fn split(text: &str) -> Option<(&str, &str)> {
    let after = text.strip_prefix("---")?;
    let (rest_of_line, after) = after.split_once('\n')?;
    if !rest_of_line.trim().is_empty() {
        return None;
    }
    let mut length = 0;
    for line in after.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            let fields = after.get(..length)?;
            let body = after.get(length + line.len()..)?;
            return (is_named(fields) && !is_yaml(body)).then_some((fields, body));
        }
        length += line.len();
        if length > LONGEST {
            break;
        }
    }
    None
}

fn is_named(fields: &str) -> bool {
    fields.lines().filter_map(key).any(|key| NAMES.iter().any(|name| name.eq_ignore_ascii_case(key)))
}

/// The key of a line that is not indented.
fn key(line: &str) -> Option<&str> {
    let (key, after) = line.split_once(':')?;
    let bare = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    (bare && (after.is_empty() || after.starts_with([' ', '\r']))).then_some(key)
}

/// Whether what follows goes on as another YAML document.
fn is_yaml(body: &str) -> bool {
    let first = body.lines().find(|line| !line.trim().is_empty());
    first.is_some_and(|line| key(line).is_some())
}

/// Puts the fields into the properties they name.
///
/// # Errors
/// Why they are no mapping that could be read.
pub fn read(fields: &str, properties: &mut Properties) -> Result<(), String> {
    if fields.trim().is_empty() {
        return Ok(());
    }
    let fields: Value = serde_saphyr::from_str(fields).map_err(|error| {
        let message = error.to_string();
        message.lines().next().unwrap_or_default().chars().take(200).collect::<String>()
    })?;
    let Value::Object(fields) = fields else { return Err("they are no mapping".to_owned()) };
    for (name, value) in &fields {
        let texts = texts(value);
        let first = || texts.first().map(String::as_str).unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "title" => fill(&mut properties.title, first()),
            "author" | "authors" | "creator" => properties.authors.extend(texts),
            "contributor" | "contributors" | "editor" | "translator" => properties.contributors.extend(texts),
            "date" | "published" => fill(&mut properties.date, first()),
            "lang" | "language" => fill(&mut properties.language, first()),
            "description" | "abstract" | "summary" => fill(&mut properties.description, first()),
            "subject" | "category" | "categories" => properties.topics.extend(texts),
            "tags" | "keywords" => properties.keywords.extend(texts),
            "publisher" => fill(&mut properties.publisher, first()),
            "rights" | "license" | "licence" | "copyright" => fill(&mut properties.rights, first()),
            "series" | "belongs-to-collection" => fill(&mut properties.series, first()),
            "series_index" | "group-position" => fill(&mut properties.series_index, first()),
            "isbn" | "doi" | "issn" => {
                properties
                    .identifiers
                    .extend(texts.into_iter().map(|text| (text, Some(name.to_ascii_lowercase()))));
            }
            "identifier" => properties.identifiers.extend(texts.into_iter().map(|text| (text, None))),
            _ => {}
        }
    }
    Ok(())
}

/// The texts of a value: one, a list of them, or mappings that hold a name or text.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![number.to_string()],
        Value::Array(list) => list.iter().filter(|value| !value.is_array()).flat_map(texts).collect(),
        Value::Object(fields) => {
            let text = ["name", "text"].iter().find_map(|key| fields.get(*key)?.as_str());
            text.map(str::to_owned).into_iter().collect()
        }
        Value::Null | Value::Bool(_) => Vec::new(),
    }
}
