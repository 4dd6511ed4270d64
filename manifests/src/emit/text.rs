//! One scalar as YAML text: plain, quoted, or as a block.
//!
//! Knows which characters mean something to a YAML reader, also to readers of older versions.

use std::fmt::Write as _;

use crate::node::{Scalar, Value};
use crate::parse::is_ambiguous;
use crate::place::is_printable;

/// A key before its colon.
pub fn key(name: &str) -> String {
    if is_plain(name, true) { name.to_owned() } else { quoted(name) }
}

/// A scalar on a line of its own or after a key.
pub fn scalar_text(value: &Value) -> String {
    match value {
        Value::Scalar(Scalar::String(text)) if !is_plain(text, false) => quoted(text),
        Value::Scalar(scalar) => bare(scalar),
        Value::Sequence(_) | Value::Mapping(_) => String::new(),
    }
}

/// A scalar inside brackets.
pub fn in_flow(scalar: &Scalar) -> String {
    match scalar {
        Scalar::String(text) if !is_plain(text, true) => quoted(text),
        scalar => bare(scalar),
    }
}

/// The header and the lines of a text that reads back from a literal block.
pub fn literal(text: &str) -> Option<(&'static str, Vec<&str>)> {
    let body = text.trim_end_matches('\n');
    let is_block = text.contains('\n') && !body.starts_with([' ', '\n', '\t']) && !body.is_empty();
    let reads_back = body
        .split('\n')
        .all(|line| !line.starts_with('\t') && line.chars().all(|c| c == '\t' || is_printable(c)));
    // Lines of nothing but spaces confuse both people and the count of the indentation.
    let has_blank = body.split('\n').any(|line| !line.is_empty() && line.trim().is_empty());
    if !is_block || !reads_back || has_blank || is_template(text) && !body.contains('\n') {
        return None;
    }
    let ends = text.len() - body.len();
    let header = match ends {
        0 => "|-",
        1 => "|",
        _ => "|+",
    };
    let mut lines: Vec<&str> = body.split('\n').collect();
    lines.extend(std::iter::repeat_n("", ends.saturating_sub(1)));
    Some((header, lines))
}

fn bare(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Null => "null".to_owned(),
        Scalar::Bool(bool) => bool.to_string(),
        Scalar::Number(number) => number.to_string(),
        Scalar::String(text) => text.clone(),
    }
}

fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

fn is_plain(text: &str, narrow: bool) -> bool {
    let starts_well = |c: char| !"!&*-?:,[]{}#|>@`\"'%= \t<".contains(c);
    // A dash may begin a word when more of it follows at once. A question mark may too, but older readers
    // take it for a key when it stands in brackets.
    let starts = match text.chars().next() {
        Some('-') => text.chars().nth(1).is_some_and(|c| c.is_alphanumeric()),
        Some(c) => starts_well(c),
        None => false,
    };
    starts
        && !is_ambiguous(text)
        && !is_template(text)
        && text.chars().all(|c| is_printable(c) && c != '\u{85}')
        && !text.ends_with([' ', ':', '\t'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !(narrow && text.contains([',', '[', ']', '{', '}', ':']))
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            // Writing to a string cannot fail.
            c if u32::from(c) < 0x100 => drop(write!(out, "\\x{:02x}", u32::from(c))),
            c if u32::from(c) < 0x1_0000 => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => drop(write!(out, "\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}
