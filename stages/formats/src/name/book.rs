//! The facts of books, comics, magazines and documents.
//!
//! Where nothing parts an author from a title, a list of given names and one of publishers decide.

use serde_json::{Map, Value, json};

use super::cursor::Cursor;
use super::date;
use super::layout::Layout;
use super::title;
use super::video::put;
use super::vocabulary::{self, Class};

/// Settles title, authors, issue, source and format of a book's name.
pub(super) fn amend(layout: &Layout<'_>, kind: &str, facts: &mut Map<String, Value>) {
    for wrong in ["season", "episode", "episodes", "episode_title", "version"] {
        facts.remove(wrong);
    }
    let tagged = layout.of(Class::BookType).next().is_some() || layout.of(Class::BookSource).next().is_some();
    if !tagged && layout.name.contains(' ') && matches!(kind, "ebook" | "comic") {
        loose(layout, kind, facts);
        return;
    }
    let mut end = layout.title_end;
    if matches!(kind, "magazine" | "comic" | "ebook") {
        end = end.min(issue(layout, facts).unwrap_or(end));
    }
    let day = layout.day.as_ref();
    if let Some(day) =
        day.filter(|day| facts.get("issue").and_then(Value::as_u64) == Some(u64::from(day.value.day)))
    {
        let before = day.first.checked_sub(1).and_then(|at| layout.tokens.get(at));
        if before.is_some_and(|word| word.text.chars().all(char::is_alphabetic) && word.text.len() < 7) {
            facts.insert("date".into(), format!("{:04}-{:02}", day.value.year, day.value.month).into());
        }
    }
    end = end.min(month(layout, end, facts).unwrap_or(end));
    let written = layout.text(layout.body, end.max(layout.body + 1));
    if matches!(kind, "ebook" | "audiobook") {
        let (authors, work) = split(written);
        if !authors.is_empty() {
            facts.insert("authors".into(), json!(authors));
        }
        put(facts, "title", work);
    } else {
        put(facts, "title", title::text(written));
    }
    if let Some(source) = layout.of(Class::BookSource).next() {
        put(facts, "source_tag", source.tag.clone());
    } else if facts
        .get("flags")
        .is_some_and(|flags| flags.as_array().is_some_and(|flags| flags.contains(&"HYBRID".into())))
    {
        put(facts, "source_tag", "HYBRID".into());
    }
    format(layout, facts);
}

/// The format, by its tag or else by the extension.
fn format(layout: &Layout<'_>, facts: &mut Map<String, Value>) {
    let extension = facts.get("container").and_then(Value::as_str);
    let extension = extension
        .filter(|extension| matches!(vocabulary::container(extension), Some("book" | "comic" | "document")))
        .map(str::to_owned);
    let tag = layout.of(Class::BookFormat).next().map(|mark| mark.tag.to_lowercase());
    if let Some(format) = tag.or(extension) {
        facts.insert("format".into(), format.into());
    }
}

/// Names as people give them to their own files: `Author - [Series 01] - Title (2004, Publisher)`.
fn loose(layout: &Layout<'_>, kind: &str, facts: &mut Map<String, Value>) {
    for wrong in ["group", "site", "title", "authors", "year"] {
        facts.remove(wrong);
    }
    let name = layout.name;
    let end = name
        .char_indices()
        .find(|(at, c)| *c == '(' && *at > 0 || *c == '[' && is_note(name.get(*at..).unwrap_or_default()));
    let (head, notes) = name.split_at_checked(end.map_or(name.len(), |(at, _)| at)).unwrap_or((name, ""));
    for note in notes.split(['(', ')', '[', ']', ',', ';']).map(str::trim) {
        let year = note.parse::<u32>().ok().filter(|year| note.len() == 4 && (1_400..2_100).contains(year));
        if let Some(year) = year.filter(|_| !facts.contains_key("year")) {
            facts.insert("year".into(), year.into());
        }
    }
    if kind == "comic" {
        let words: Vec<&str> = head.split_whitespace().collect();
        let last = words.last().copied().unwrap_or_default().trim_start_matches('#');
        match last.parse::<u32>().ok().filter(|_| words.len() > 1) {
            Some(issue) => {
                facts.insert("issue".into(), issue.into());
                put(
                    facts,
                    "title",
                    title::text(&words.split_last().map(|(_, rest)| rest.join(" ")).unwrap_or_default()),
                );
            }
            None => put(facts, "title", title::text(head)),
        }
        format(layout, facts);
        return;
    }
    let mut parts: Vec<&str> = head.split(" - ").map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() == 3
        && let Some((series, index)) = parts.get(1).and_then(|part| series(part))
    {
        put(facts, "series", series);
        facts.insert("series_index".into(), index);
        parts.remove(1);
    }
    let (authors, work) = split(&parts.join(" - "));
    if !authors.is_empty() {
        facts.insert("authors".into(), json!(authors));
    }
    put(facts, "title", work);
    format(layout, facts);
}

/// Whether a square bracket holds a note, such as a year, rather than a series.
fn is_note(bracket: &str) -> bool {
    let inside = bracket.trim_start_matches('[').split(']').next().unwrap_or_default();
    !inside.contains(' ') && inside.len() < 12 && !bracket.contains(" - ")
}

/// A series and the place in it: `[Foundation 01]`, `Discworld 3.5`.
fn series(part: &str) -> Option<(String, Value)> {
    let part = part.trim_matches(['[', ']', '(', ')', ' ']);
    let (name, index) = part.rsplit_once([' ', '#'])?;
    let index: f64 =
        index.trim_start_matches('#').parse().ok().filter(|index: &f64| (0.0..10_000.0).contains(index))?;
    let whole = (index.fract() == 0.0).then(|| Value::from(index as u64));
    Some((title::text(name), whole.unwrap_or_else(|| json!(index))))
}

/// Author and title: parted by a hyphen with gaps, by `by`, or by what a publisher or a given name tells.
fn split(written: &str) -> (Vec<String>, String) {
    for dash in [" - ", ".-.", "_-_", " \u{2013} ", " \u{2014} "] {
        if let Some((before, after)) = written.split_once(dash) {
            let (mut who, mut what) = (title::text(before), title::text(after));
            if !begins_with_name(&who)
                && begins_with_name(&what)
                && !what.contains(" - ")
                && what.split(' ').count() <= 4
                && dash == " - "
            {
                std::mem::swap(&mut who, &mut what);
            }
            if !who.is_empty() && !what.is_empty() {
                return (people(&who), what);
            }
        }
    }
    let text = title::text(written);
    if let Some((what, who)) = text.rsplit_once(" by ").filter(|(_, who)| begins_with_name(who)) {
        return (people(who), what.to_owned());
    }
    if let Some((who, what)) = publisher(&text).or_else(|| author(&text)) {
        return (vec![who], what);
    }
    // `Author.Name-Title.of.Book`: a hyphen parts them when a name stands before it.
    if let Some((before, after)) = written.split_once('-') {
        let who = title::text(before);
        if begins_with_name(&who) && (2..=4).contains(&who.split(' ').count()) && !after.is_empty() {
            return (vec![who], title::text(after));
        }
    }
    (Vec::new(), text)
}

fn begins_with_name(text: &str) -> bool {
    let first = text.split([' ', '.']).next().unwrap_or_default();
    let mut words = text.split(' ');
    let surname_first = words.next().is_some_and(|word| word.ends_with(','))
        && words.next().is_some_and(vocabulary::is_given_name);
    vocabulary::is_given_name(first) || surname_first || is_initial(first)
}

fn is_initial(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    letters == 1 && word.chars().all(|c| c.is_uppercase() || c == '.')
}

/// Several people in one text; a surname that stands first is put last.
fn people(text: &str) -> Vec<String> {
    let text = text.replace(" & ", ";").replace(" and ", ";").replace(" et ", ";");
    let mut people = Vec::new();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        match part.split_once(", ") {
            Some((last, first))
                if !last.contains(' ') && first.split(' ').count() <= 3 && !first.contains(',') =>
            {
                people.push(format!("{first} {last}"));
            }
            _ => people.extend(part.split(", ").map(str::to_owned)),
        }
    }
    people
}

fn publisher(text: &str) -> Option<(String, String)> {
    let lower = text.to_lowercase();
    let fits = |name: &&str| {
        let name = name.to_lowercase();
        lower.strip_prefix(&name).is_some_and(|rest| rest.starts_with(' ') && rest.len() > 2)
    };
    let name = vocabulary::publishers().filter(fits).max_by_key(|name| name.len())?;
    let (who, what) = text.split_at_checked(name.len())?;
    Some((who.to_owned(), what.trim().to_owned()))
}

/// A given name, initials or a second given name, particles, and a surname; then something must follow.
fn author(text: &str) -> Option<(String, String)> {
    const PARTICLES: &[&str] = &[
        "van", "von", "de", "der", "den", "di", "da", "du", "del", "la", "le", "Le", "La", "Van", "Von",
        "De", "Di", "ter", "ten", "bin", "al", "St", "Mc", "Mac", "O",
    ];
    const NO_SURNAME: &[&str] = &[
        "and", "und", "et", "of", "in", "the", "at", "on", "is", "to", "the", "und", "The", "And", "Of",
        "In", "vs",
    ];
    let words: Vec<&str> = text.split(' ').collect();
    let first = *words.first()?;
    if !(vocabulary::is_given_name(first)
        || (is_initial(first) && words.get(1).is_some_and(|word| is_initial(word))))
    {
        return None;
    }
    let mut end = 1;
    while words.get(end).is_some_and(|word| {
        is_initial(word)
            || PARTICLES.contains(word)
            || (vocabulary::is_given_name(word)
                && end < 2
                && words.get(end + 1).is_some_and(|next| capital(next) && !NO_SURNAME.contains(next))
                && words.len() > end + 2)
    }) {
        end += 1;
    }
    let surname = words.get(end)?;
    let possible = capital(surname)
        && !NO_SURNAME.contains(surname)
        && !surname.ends_with("'s")
        && !surname.bytes().any(|byte| byte.is_ascii_digit());
    let after = words.get(end + 1)?;
    let goes_on = matches!(*after, "and" | "und" | "of" | "et");
    (possible && !goes_on).then(|| {
        (
            words.iter().take(end + 1).copied().collect::<Vec<_>>().join(" "),
            words.iter().skip(end + 1).copied().collect::<Vec<_>>().join(" "),
        )
    })
}

fn capital(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

/// Volume and issue: `Vol.2`, `No.5`, `N02`, `#3`; gives the word they begin at.
fn issue(layout: &Layout<'_>, facts: &mut Map<String, Value>) -> Option<usize> {
    let mut first = None;
    let mut at = layout.body + 1;
    let marked: &[(&str, &[&str])] = &[
        ("volume", &["volume", "vol", "band", "tome", "v", "t"]),
        (
            "issue",
            &["issue", "no", "nr", "num", "number", "heft", "ausgabe", "numero", "n", "#", "ch", "chapter"],
        ),
    ];
    while let Some(token) = layout.tokens.get(at) {
        let lower = token.text.to_lowercase();
        let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = lower.get(stem.len()..).unwrap_or_default();
        let next = layout.tokens.get(at + 1).and_then(super::tokens::Token::number);
        for (name, words) in marked {
            if !words.contains(&stem) || facts.contains_key(*name) {
                continue;
            }
            let short = stem.len() < 2 && stem != "#";
            let value = if digits.is_empty() {
                next.filter(|_| !short || stem == "n")
            } else {
                digits.parse().ok().filter(|_| digits.len() < 5)
            };
            if let Some(value) = value {
                facts.insert((*name).into(), value.into());
                first.get_or_insert(at);
                at += usize::from(digits.is_empty());
                break;
            }
        }
        at += 1;
    }
    first
}

/// The month before the year, as magazines have it; gives the word it begins at.
fn month(layout: &Layout<'_>, end: usize, facts: &mut Map<String, Value>) -> Option<usize> {
    let year = layout.year.as_ref()?;
    let at = year.first.checked_sub(1).filter(|&at| at > layout.body)?;
    let lower = layout.tokens.get(at)?.text.to_lowercase();
    let mut cursor = Cursor::new(lower.as_bytes(), 0);
    let month = date::month(&mut cursor)?;
    facts.insert("date".into(), format!("{:04}-{month:02}", year.value).into());
    (at <= end).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_are_told_from_titles() {
        let check = |written: &str, authors: &[&str], work: &str| {
            let got = split(written);
            assert_eq!(
                (got.0.iter().map(String::as_str).collect::<Vec<_>>(), got.1.as_str()),
                (authors.to_vec(), work),
                "{written}"
            );
        };
        check("William.Gibson.Neuromancer", &["William Gibson"], "Neuromancer");
        check("Ursula.K.Le.Guin.The.Dispossessed", &["Ursula K Le Guin"], "The Dispossessed");
        check("Jane Austen - Emma", &["Jane Austen"], "Emma");
        check("Gibson, William - Neuromancer", &["William Gibson"], "Neuromancer");
        check("Emma by Jane Austen", &["Jane Austen"], "Emma");
        check("Packt.Learning.Rust", &["Packt"], "Learning Rust");
        check("Harry.Potter.and.the.Stone", &[], "Harry Potter and the Stone");
        check("The.Late.Tide", &[], "The Late Tide");
        check("Emma", &[], "Emma");
    }
}
