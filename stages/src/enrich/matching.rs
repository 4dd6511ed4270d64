//! How like two things are: a number between 0 and 1 from titles, authors and years, the same for every provider.
//!
//! Titles are compared as their words in plain letters, without articles and marks; what differs in a number is never
//! alike. Where one thing says nothing, nothing is made of it. The rules are told in `docs/enrich.md`.

use formats::text::transliterate::ascii;

use super::query::{Hit, Media, Query};

/// Titles that differ in a number, such as that of a sequel, are at most so alike.
const OTHER_NUMBER: f64 = 0.6;
/// A book's title with and one without a subtitle are so alike.
const SUBTITLE: f64 = 0.95;
/// The same for films and shows, where what follows a colon is often another work.
const OTHER_WORK: f64 = 0.85;
/// A second candidate that is no further behind makes the first one a guess.
const CLOSE: f64 = 0.03;
/// Below this a candidate is not even worth a look.
pub(crate) const FAR: f64 = 0.5;

/// What is to be made of the candidates of one provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The one with this number.
    Sure(usize),
    /// A person has to say.
    Unsure,
    /// None of them is like it.
    None,
}

/// Scores candidates, best first; of equals the order of the provider stays.
pub(crate) fn rank(query: &Query, hits: &mut [Hit]) {
    for hit in hits.iter_mut() {
        hit.score = if hit.certain { 1.0 } else { score(query, hit) };
    }
    hits.sort_by(|one, other| other.score.total_cmp(&one.score));
}

/// Which of the ranked candidates it is, if that can be said without guessing.
pub(crate) fn choose(query: &Query, hits: &[Hit], accept: f64) -> Choice {
    let Some(best) = hits.first() else { return Choice::None };
    if best.certain {
        return Choice::Sure(0);
    }
    if best.score < FAR {
        return Choice::None;
    }
    let is_rival = |hit: &&Hit| hit.score > best.score - CLOSE && !is_same(query, best, hit);
    let rivals = hits.iter().skip(1).filter(is_rival).count();
    if best.score < accept || rivals > 0 { Choice::Unsure } else { Choice::Sure(0) }
}

/// Whether two candidates for a book are entries of one: the same title, authors and year. Of films and shows each
/// entry is one.
fn is_same(query: &Query, one: &Hit, other: &Hit) -> bool {
    let plain = |hit: &Hit| hit.titles.first().map(|title| words(title, None)).unwrap_or_default();
    one.id == other.id
        || (query.media == Media::Book
            && plain(one) == plain(other)
            && one.year == other.year
            && authors(&one.authors, &other.authors).is_none_or(|alike| alike >= 1.0))
}

/// How like a candidate is to what is sought.
fn score(query: &Query, hit: &Hit) -> f64 {
    let Some(wanted) = &query.title else { return 0.0 };
    // A year behind a title may be part of it or say when.
    let mut readings = vec![(wanted.clone(), query.year)];
    readings.extend(dated(wanted).map(|(title, year)| (title, query.year.or(Some(year)))));
    let readings = readings.into_iter().flat_map(|(title, year)| {
        hit.titles.iter().flat_map(move |known| {
            let bare = in_brackets(known).map(|(title, said)| (title, hit.year.or(Some(said))));
            let known = [Some((known.clone(), hit.year)), bare].into_iter().flatten();
            let title = title.clone();
            known.map(move |(known, at)| (titles(&title, &known, query.media), years(query.media, year, at)))
        })
    });
    let people = authors(&query.authors, &hit.authors);
    let (title_weight, people_weight, year_weight) = query.media.weights();
    let whole = |(title, year): (f64, Option<f64>)| {
        let parts = [(Some(title), title_weight), (people, people_weight), (year, year_weight)]
            .map(|(value, weight)| value.map_or((0.0, 0.0), |value| (value * weight, weight)));
        let (sum, weight) = parts.into_iter().fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1));
        // Nothing makes up for another title.
        (sum / weight).min(0.3 + 0.7 * title)
    };
    readings.map(whole).fold(0.0, f64::max)
}

/// How like two titles are.
pub(crate) fn titles(one: &str, other: &str, media: Media) -> f64 {
    let spellings = [None, Some("de")];
    let whole = spellings
        .iter()
        .flat_map(|mine| spellings.map(|theirs| compared(&words(one, *mine), &words(other, theirs))))
        .fold(0.0, f64::max);
    let part = match (main_title(one), main_title(other)) {
        (Some(main), None) => compared(&words(main, None), &words(other, None)),
        (None, Some(main)) => compared(&words(one, None), &words(main, None)),
        _ => return whole,
    };
    whole.max(part * if media == Media::Book { SUBTITLE } else { OTHER_WORK })
}

/// How like two rows of words are: one less the share of letters that have to be changed.
fn compared(one: &[String], other: &[String]) -> f64 {
    if one.is_empty() || other.is_empty() {
        return 0.0;
    }
    let alike = strsim::normalized_damerau_levenshtein(&one.join(" "), &other.join(" "));
    if numbers(one) == numbers(other) { alike } else { alike.min(OTHER_NUMBER) }
}

/// The words of a text in plain letters, without a leading or trailing article and without marks.
pub(crate) fn words(text: &str, language: Option<&str>) -> Vec<String> {
    const ARTICLES: [&str; 17] = [
        "the", "a", "an", "der", "die", "das", "le", "la", "les", "el", "los", "las", "il", "lo", "de",
        "het", "een",
    ];
    // Long titles are compared by their beginning: the effort grows with the square of their length.
    const LONGEST: usize = 300;
    let cut: String = text.chars().take(LONGEST).collect();
    let plain = ascii(&cut, language).to_lowercase().replace('&', " and ");
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in plain.chars().chain([' ']) {
        match c {
            c if c.is_ascii_alphanumeric() => word.push(c),
            '\'' | '`' => {}
            _ if !word.is_empty() => out.push(std::mem::take(&mut word)),
            _ => {}
        }
    }
    let is_article = |word: &String| ARTICLES.contains(&word.as_str());
    let ends_with_article = plain.trim_end().rsplit_once(',').is_some_and(|(before, last)| {
        !before.trim().is_empty()
            && ARTICLES.contains(&last.trim_matches(|c: char| !c.is_ascii_alphanumeric()))
    });
    if ends_with_article && out.len() > 1 {
        out.pop();
    }
    if out.len() > 1 && out.first().is_some_and(is_article) {
        out.remove(0);
    }
    out
}

/// The numbers among words, also in Roman numerals.
fn numbers(words: &[String]) -> Vec<u32> {
    const ROMAN: [&str; 15] =
        ["ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv", "xvi"];
    let roman =
        |word: &String| ROMAN.iter().zip(2..).find(|(known, _)| *known == word).map(|(_, number)| number);
    let mut found: Vec<u32> =
        words.iter().filter_map(|word| word.parse().ok().or_else(|| roman(word))).collect();
    found.sort_unstable();
    found
}

/// What stands before a subtitle.
fn main_title(title: &str) -> Option<&str> {
    let at =
        [": ", "; ", " - ", " \u{2013} ", " \u{2014} "].iter().filter_map(|mark| title.find(mark)).min()?;
    title.get(..at).map(str::trim).filter(|main| !main.is_empty())
}

/// A title and the year behind it, as in `Castle 2009`.
fn dated(title: &str) -> Option<(String, i64)> {
    if let Some(found) = in_brackets(title) {
        return Some(found);
    }
    let (before, last) = title.trim_end().rsplit_once([' ', '.'])?;
    let year = year(last)?;
    (!before.trim().is_empty()).then(|| (before.trim().to_owned(), year))
}

/// A title and the year in brackets behind it.
fn in_brackets(title: &str) -> Option<(String, i64)> {
    let (before, last) = title.trim_end().strip_suffix(')')?.rsplit_once('(')?;
    let year = year(last)?;
    (!before.trim().is_empty()).then(|| (before.trim().to_owned(), year))
}

fn year(text: &str) -> Option<i64> {
    let is_one = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|year| is_one && (1800..2100).contains(year))
}

/// How like two years are; nothing where one is not known.
fn years(media: Media, one: Option<i64>, other: Option<i64>) -> Option<f64> {
    let apart = one?.abs_diff(other?);
    Some(match (media, apart) {
        (_, 0) => 1.0,
        // A book has many editions.
        (Media::Book, 1..=3) => 0.8,
        (Media::Book, _) => 0.3,
        // A film is shown in one country in December and in the next in January.
        (_, 1) => 0.8,
        (_, 2) => 0.4,
        _ => 0.0,
    })
}

/// The share of authors that two lists have in common, of the shorter one; nothing where one is empty.
pub(crate) fn authors(one: &[String], other: &[String]) -> Option<f64> {
    let shorter = one.len().min(other.len());
    if shorter == 0 {
        return None;
    }
    let shared = one.iter().filter(|name| other.iter().any(|known| is_same_person(name, known))).count();
    Some((shared as f64 / shorter as f64).min(1.0))
}

/// Whether two names can be those of one person: the same family name, and first names that do not contradict.
fn is_same_person(one: &str, other: &str) -> bool {
    let (one, other) = (name_words(one), name_words(other));
    let (Some((last, first)), Some((other_last, other_first))) = (one.split_last(), other.split_last())
    else {
        return false;
    };
    if one.join("") == other.join("") {
        return true;
    }
    if last != other_last {
        return false;
    }
    let agree = |(a, b): (&String, &String)| {
        let is_short = a.len() == 1 || b.len() == 1;
        a == b || (is_short && a.chars().next() == b.chars().next())
    };
    first.first().zip(other_first.first()).is_none_or(agree)
}

/// A name as its words, `Last, First` turned round.
fn name_words(name: &str) -> Vec<String> {
    let turned = match name.split_once(',') {
        Some((last, first)) if !first.trim().is_empty() => format!("{first} {last}"),
        _ => name.to_owned(),
    };
    ascii(&turned, None)
        .to_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty() && !matches!(*word, "jr" | "sr" | "dr" | "prof" | "sir"))
        .map(|word| word.replace('\'', ""))
        .take(12)
        .collect()
}

#[cfg(test)]
mod tests;
