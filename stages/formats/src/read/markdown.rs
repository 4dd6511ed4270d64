//! Reads Markdown: the fields in front of the text, its first heading, and what plain text tells.
//!
//! Claims a text only when several kinds of markup are plainly meant; everything else is plain text.

mod front;

use super::markup::collapse;
use super::properties::{Properties, fill};
use super::txt::encoding;
use super::{Found, Head, Limits, ReadError, Source, txt};
use std::io::Read;

const FORMAT: &str = "markdown";

/// A text with fields in front, or with a heading and other markup that no plain text has.
#[must_use]
pub fn sniff(head: &Head) -> bool {
    if !txt::sniff(head) || head.bytes.starts_with(b"#!") {
        return false;
    }
    let text = encoding::detect(&head.bytes).decoder().decode(&head.bytes);
    let text = text.trim_start_matches('\u{feff}');
    front::split(text).is_some() || is_marked_up(text)
}

/// Reads a text's facts.
///
/// # Errors
/// When the source cannot be read.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let mut found = txt::read(source, limits)?;
    found.format = FORMAT;
    source.rewind()?;
    let mut sample = Vec::new();
    source.take(limits.sample_bytes as u64).read_to_end(&mut sample)?;
    let text = encoding::detect(&sample).decoder().decode(&sample);
    let text = text.trim_start_matches('\u{feff}');
    let (fields, body) = front::split(text).unwrap_or(("", text));
    let mut properties = Properties::default();
    if let Err(why) = front::read(fields, &mut properties) {
        found.note(format!("the fields in front cannot be read: {why}"));
    }
    fill(&mut properties.title, &heading(body).unwrap_or_default());
    found.facts.shift_remove("title");
    properties.put(&mut found, limits);
    Ok(found)
}

/// The first heading of the first level, in either style, outside of code.
fn heading(text: &str) -> Option<String> {
    let mut in_code = false;
    let mut before = "";
    for line in text.lines().take(2000) {
        let trimmed = line.trim();
        if is_fence(trimmed) {
            in_code = !in_code;
        } else if !in_code {
            let underlined = trimmed.len() >= 3 && trimmed.bytes().all(|byte| byte == b'=');
            let title = match line.strip_prefix("# ") {
                Some(title) => Some(title),
                None => (underlined && !before.is_empty()).then_some(before),
            };
            if let Some(title) = title.map(plain).filter(|title| title.chars().any(char::is_alphanumeric)) {
                return (title.chars().count() <= 300).then_some(title);
            }
        }
        before = trimmed;
    }
    None
}

/// A heading's text without marks of emphasis, code and links.
fn plain(text: &str) -> String {
    let text = text.trim().trim_end_matches('#');
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        match after.split_once("](").and_then(|(label, target)| Some((label, target.split_once(')')?.1))) {
            Some((label, after)) => {
                plain.push_str(before.trim_end_matches('!'));
                plain.push_str(label);
                rest = after;
            }
            None => break,
        }
    }
    plain.push_str(rest);
    collapse(&plain.replace("**", "").replace("__", "").replace('`', ""))
}

/// Whether a text has a heading and at least one more kind of markup, and reads like prose rather than a script whose
/// comments look like headings.
pub(super) fn is_marked_up(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let (mut headings, mut links, mut fences, mut rules, mut comments) = (0, 0, 0, 0, 0);
    let mut in_code = false;
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim();
        if is_fence(trimmed) {
            fences += 1;
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let is_blank =
            |at: Option<usize>| at.and_then(|at| lines.get(at)).is_none_or(|line| line.trim().is_empty());
        let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
        if (1..=6).contains(&hashes) && line.get(hashes..).is_some_and(|rest| rest.starts_with(' ')) {
            let apart = is_blank(at.checked_sub(1)) && is_blank(Some(at + 1));
            if apart { headings += 1 } else { comments += 1 }
        }
        links += usize::from(trimmed.contains("](") && trimmed.contains('['));
        rules += usize::from(is_table_rule(trimmed));
    }
    let emphasis = usize::from(text.contains("**") && text.split("**").count() >= 3);
    let kinds = [headings, links, fences / 2, rules].iter().filter(|count| **count > 0).count() + emphasis;
    let first = lines.iter().find(|line| !line.trim().is_empty()).copied().unwrap_or_default();
    let begins = first.starts_with('#');
    comments <= headings && (headings >= 1 && kinds >= 2 || headings >= 3 && begins)
        || links >= 2 && kinds >= 3
}

fn is_fence(line: &str) -> bool {
    line.starts_with("```") || line.starts_with("~~~")
}

/// The line under a table's head.
fn is_table_rule(line: &str) -> bool {
    line.contains("|--") | line.contains("| --") | line.contains("|:--") | line.contains("| :--")
        && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

#[cfg(test)]
mod tests;
