//! Finds the dotted names that a template asks for, by its text alone.
//!
//! Gives too many rather than too few: words of tags and filters are among them, and do no harm.

use std::collections::BTreeSet;

/// Every dotted path inside `{{ … }}` and `{% … %}`, outside string literals.
pub(super) fn paths(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let close = if rest[start..].starts_with("{{") { "}}" } else { "%}" };
        let body = &rest[start + 2..];
        let end = body.find(close).unwrap_or(body.len());
        in_expression(&body[..end], &mut found);
        rest = body.get(end + 2..).unwrap_or_default();
    }
    found
}

/// Every path that a `for` tag loops over.
pub(super) fn loops(text: &str) -> Vec<Vec<String>> {
    let tags = text.split("{%").skip(1).filter_map(|rest| rest.split("%}").next());
    let fors = tags.map(|tag| tag.trim_matches('-').trim()).filter(|tag| tag.starts_with("for "));
    let ranges = fors.filter_map(|tag| tag.split_once(" in ")).map(|(_, range)| range.trim());
    let mut found = Vec::new();
    for range in ranges {
        in_expression(range.split_whitespace().next().unwrap_or_default(), &mut found);
    }
    found
}

/// Every name that stands below another, such as `codec` in `video[0].codec`.
pub(super) fn below(text: &str) -> BTreeSet<&str> {
    let tails = text
        .split('.')
        .skip(1)
        .filter(|tail| tail.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'));
    let end = |tail: &str| {
        tail.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(tail.len())
    };
    tails.filter_map(|tail| tail.get(..end(tail))).filter(|name| *name != "size").collect()
}

fn in_expression(text: &str, found: &mut Vec<Vec<String>>) {
    let mut path: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in text.chars().chain([' ']) {
        if let Some(open) = quote {
            if c == open {
                quote = None;
            }
            continue;
        }
        match c {
            '"' | '\'' => quote = Some(c),
            c if c.is_alphanumeric() || c == '_' || c == '-' => word.push(c),
            '.' if !word.is_empty() => path.push(std::mem::take(&mut word)),
            _ => {
                if !word.is_empty() {
                    path.push(std::mem::take(&mut word));
                }
                let full = std::mem::take(&mut path);
                if full.first().is_some_and(|head| head.starts_with(|c: char| c.is_alphabetic() || c == '_'))
                {
                    found.push(full);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: &[&str]) {
        let found: Vec<String> = paths(text).into_iter().map(|path| path.join(".")).collect();
        assert_eq!(found, wanted, "{text}");
    }

    #[test]
    fn finds_paths_and_leaves_strings_alone() {
        check("a {{ title }} b", &["title"]);
        check("{{ identifiers.isbn }}", &["identifiers.isbn"]);
        check("{{ \"no.name\" }}{% if x == 'y' %}", &["if", "x"]);
        check("{{ unclosed", &["unclosed"]);
        check("no liquid { } % }", &[]);
        check("{{ 12 }}{{-t-}}", &[]);
        check("{{- t -}}", &["t"]);
    }

    #[test]
    fn finds_what_is_looped_over() {
        let found = loops("{% for a in authors limit: 2 %}{%- for f in x.files -%}{% if for %}");
        assert_eq!(found, [vec!["authors".to_owned()], vec!["x".to_owned(), "files".to_owned()]]);
    }
}
