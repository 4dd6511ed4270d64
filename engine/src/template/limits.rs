//! What a template may ask for at most, told from its text: Liquid's parser recurses, and it makes whole ranges at once.

use std::collections::BTreeSet;

use super::TemplateError;

/// Longest template, in bytes.
pub(super) const MAX_TEMPLATE: usize = 256 * 1024;
/// Deepest nesting of blocks: some thousand levels overflow the stack.
const MAX_DEPTH: usize = 50;
/// Highest number in a range such as `(1..100)`.
const MAX_RANGE: u64 = 10_000;
/// Most rounds of loops over ranges, one inside the other.
const MAX_ROUNDS: u64 = 1_000_000;
/// Deepest nesting of loops.
const MAX_LOOPS: usize = 4;

/// Whether a template keeps within the limits.
pub(super) fn within(text: &str) -> Result<(), TemplateError> {
    let refuse = |message: String, at: usize| {
        let (line, column) = place(text, at);
        Err(TemplateError::Syntax { message, line, column })
    };
    if text.len() > MAX_TEMPLATE {
        return refuse(format!("the template is longer than {MAX_TEMPLATE} bytes"), 0);
    }
    if depth(text) > MAX_DEPTH {
        return refuse(format!("blocks are nested more than {MAX_DEPTH} deep"), 0);
    }
    for (at, _) in text.match_indices("..") {
        let digits: String = text[at + 2..].chars().take_while(char::is_ascii_digit).collect();
        if digits.parse::<u64>().map_or(!digits.is_empty(), |number| number > MAX_RANGE) {
            return refuse(format!("a range may not pass {MAX_RANGE}"), at);
        }
    }
    let mut rounds: Vec<u64> = Vec::new();
    for (at, word, rest) in tags(text) {
        match word {
            "for" | "tablerow" => {
                let range = rest.split_once(" in ").map(|(_, range)| range.trim()).unwrap_or_default();
                let count = match span(range) {
                    Ok(count) => count,
                    Err(end) => {
                        return refuse(
                            format!("a range ends with a number or a `size`, and `{end}` is neither"),
                            at,
                        );
                    }
                };
                rounds.push(count);
                if rounds.len() > MAX_LOOPS {
                    return refuse(format!("loops are nested more than {MAX_LOOPS} deep"), at);
                }
                if rounds.iter().fold(1_u64, |all, count| all.saturating_mul(*count)) > MAX_ROUNDS {
                    return refuse(format!("these loops go more than {MAX_ROUNDS} rounds"), at);
                }
            }
            "endfor" | "endtablerow" => drop(rounds.pop()),
            _ => {}
        }
    }
    Ok(())
}

/// How many numbers a range has; one for what is no range, since what it loops over lies in memory already.
fn span(range: &str) -> Result<u64, String> {
    let Some(inner) = range.strip_prefix('(') else { return Ok(1) };
    let inner = inner.split_once(')').map_or(inner, |(inner, _)| inner);
    let Some((start, end)) = inner.split_once("..") else { return Ok(1) };
    let (start, end) = (start.trim(), end.trim());
    match (start.parse::<i64>(), end.parse::<i64>()) {
        (Ok(start), Ok(end)) => Ok(end.saturating_sub(start).unsigned_abs().saturating_add(1)),
        (_, Ok(_)) => Err(start.to_owned()),
        (Ok(start), Err(_)) if start >= 0 && end.ends_with(".size") => Ok(1),
        _ => Err(end.to_owned()),
    }
}

/// Offset, first word and the rest of every tag.
fn tags(text: &str) -> impl Iterator<Item = (usize, &str, &str)> {
    text.match_indices("{%").map(|(at, _)| {
        let inner = text[at + 2..].trim_start_matches('-').trim_start();
        let word = inner.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inner.len());
        let rest = inner.get(word..).unwrap_or_default();
        let rest = rest.split_once("%}").map_or(rest, |(rest, _)| rest);
        (at, inner.get(..word).unwrap_or_default(), rest)
    })
}

/// The deepest nesting of block tags: of every name whose `end…` stands somewhere. Within one expression parentheses and
/// brackets nest too.
fn depth(text: &str) -> usize {
    let ended: BTreeSet<&str> = tags(text).filter_map(|(_, word, _)| word.strip_prefix("end")).collect();
    let openers = ["if", "unless", "for", "case", "capture", "tablerow", "ifchanged", "raw", "comment"];
    let mut deepest = 0_usize;
    let mut open = 0_usize;
    for (_, word, _) in tags(text) {
        if word.starts_with("end") {
            open = open.saturating_sub(1);
        } else if openers.contains(&word) || ended.contains(word) {
            open += 1;
        }
        deepest = deepest.max(open);
    }
    let mut brackets = 0_usize;
    for c in text.chars() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(brackets);
    }
    deepest
}

/// Line and column in characters, from 1, of a byte of a text.
pub(super) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    (line, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_take_forever_is_refused_where_it_stands() {
        let check = |text: &str, wanted: Option<(&str, usize)>| {
            let found = within(text).err().map(|error| match error {
                TemplateError::Syntax { message, line, .. } => (message, line),
                other => (other.to_string(), 0),
            });
            assert_eq!(found.as_ref().map(|(message, line)| (message.as_str(), *line)), wanted, "{text}");
        };
        let ten = "{% for i in (1..10000) %}";
        check(&format!("a\n{ten}{{% endfor %}}"), None);
        check(
            &format!("{ten}\n{ten}{{% endfor %}}{{% endfor %}}"),
            Some(("these loops go more than 1000000 rounds", 2)),
        );
        check(&format!("{ten}{{% endfor %}}{ten}{{% endfor %}}"), None);
        check(
            "\n{% for i in (1..size) %}{% endfor %}",
            Some(("a range ends with a number or a `size`, and `size` is neither", 2)),
        );
        check("{% for i in (1..files.size) %}{% endfor %}", None);
        check(&"{% for a in b %}".repeat(5), Some(("loops are nested more than 4 deep", 1)));
    }
}
