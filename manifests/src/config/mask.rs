//! Hides secrets in the text that diagnostics quote, without moving a column.
//!
//! Knows places and lines; what a secret is, others say.

use std::sync::Arc;

use super::is_secret_name;
use crate::diagnostic::Diagnostic;
use crate::node::{File, Node, Place, Value};

/// The file with these places hidden. The same file when there are none.
pub fn places(file: &Arc<File>, hidden: &[Place]) -> Arc<File> {
    if hidden.is_empty() {
        return Arc::clone(file);
    }
    let mut ranges: Vec<_> = hidden.iter().map(Place::byte_range).collect();
    ranges.sort_by_key(|range| range.start);
    let (mut text, mut at) = (String::with_capacity(file.text.len()), 0);
    for range in ranges.into_iter().filter(|range| range.start < range.end) {
        text.push_str(file.text.get(at..range.start).unwrap_or(""));
        text.extend(file.text.get(range.start.max(at)..range.end).unwrap_or("").chars().map(hide));
        at = at.max(range.end);
    }
    text.push_str(file.text.get(at..).unwrap_or(""));
    File::new(file.name.clone(), text)
}

/// The file with everything hidden that may be a secret, for a text that could not be read.
pub fn broken_text(file: &Arc<File>) -> Arc<File> {
    let mut text = String::with_capacity(file.text.len());
    let mut closing: Option<&str> = None;
    for line in file.text.split_inclusive('\n') {
        if let Some(quotes) = closing {
            text.extend(line.chars().map(hide));
            closing = closing.filter(|_| !line.contains(quotes));
            continue;
        }
        let Some(start) = secret_start(line) else {
            text.push_str(&without_passwords(line));
            continue;
        };
        let (shown, hidden) = line.split_at(start);
        text.push_str(shown);
        text.extend(hidden.chars().map(hide));
        closing = ["\"\"\"", "'''"].into_iter().find(|quotes| hidden.matches(quotes).count() == 1);
    }
    File::new(file.name.clone(), text)
}

/// The same faults, quoting the masked file.
pub fn faults(faults: Vec<Diagnostic>, file: &Arc<File>, masked: &Arc<File>) -> Vec<Diagnostic> {
    let replaced = |mut fault: Diagnostic| {
        fault
            .place
            .iter_mut()
            .chain(fault.related.iter_mut().map(|(place, _)| place))
            .for_each(|place| replace(place, file, masked));
        fault
    };
    faults.into_iter().map(replaced).collect()
}

/// Points a tree into the masked file.
pub fn tree(node: &mut Node, file: &Arc<File>, masked: &Arc<File>) {
    replace(&mut node.place, file, masked);
    match &mut node.value {
        Value::Mapping(entries) => {
            for (key, value) in entries {
                replace(&mut key.place, file, masked);
                tree(value, file, masked);
            }
        }
        Value::Sequence(items) => items.iter_mut().for_each(|item| tree(item, file, masked)),
        Value::Scalar(_) => {}
    }
}

fn replace(place: &mut Place, file: &Arc<File>, masked: &Arc<File>) {
    if Arc::ptr_eq(&place.file, file) {
        place.file = Arc::clone(masked);
    }
}

fn hide(c: char) -> char {
    if matches!(c, '\n' | '\r') { c } else { '*' }
}

/// Where the value begins that follows the first secret's name on the line.
fn secret_start(line: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut at = 0;
    while let Some(start) = line.get(at..)?.find(is_part).map(|start| at + start) {
        let rest = line.get(start..)?;
        let end = start + rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if is_secret_name(line.get(start..end)?) {
            return Some(end);
        }
        at = end;
    }
    None
}

/// Hides what stands between `://` and the last `@` of a line.
fn without_passwords(line: &str) -> String {
    let range = line.find("://").map(|at| at + 3).zip(line.rfind('@')).filter(|(start, end)| start < end);
    let Some((start, end)) = range else { return line.to_owned() };
    let part = |range: std::ops::Range<usize>| line.get(range).unwrap_or("");
    let hidden: String = part(start..end).chars().map(hide).collect();
    format!("{}{hidden}{}", part(0..start), part(end..line.len()))
}
