//! The facts of music, audio books, games and programs: who, what, and which version.
//!
//! Reads what `layout` settled; names of these are only told apart, not written.

use serde_json::{Map, Value, json};

use super::layout::Layout;
use super::title;
use super::video::put;
use super::vocabulary::Class;

/// Settles artist, title and group of a name whose parts are joined by hyphens.
pub(super) fn amend(layout: &Layout<'_>, facts: &mut Map<String, Value>) {
    let tokens = &layout.tokens;
    let dashes = |spaced: bool| -> Vec<usize> {
        let fits = |gap: &str| {
            if spaced {
                gap.contains(" -") || gap.contains("_-") || gap.contains("+-") || gap.contains(".-.")
            } else {
                gap.contains('-')
            }
        };
        let found = tokens.iter().enumerate().skip(layout.body + 1);
        found.filter(|(_, token)| token.bracket == 0 && fits(token.gap)).map(|(at, _)| at).collect()
    };
    let spaced = dashes(true);
    let all = dashes(false);
    let limit = layout.tags.min(tokens.len());
    let parts = if spaced.first().is_some_and(|&first| first < limit) { &spaced } else { &all };
    if let Some(&first) = parts.first().filter(|&&first| first <= limit) {
        let is_year = |at: usize| {
            layout.year.as_ref().is_some_and(|year| year.first == at)
                || tokens
                    .get(at)
                    .and_then(super::tokens::Token::number)
                    .is_some_and(|n| (1_900..2_040).contains(&n))
        };
        let start = if is_year(first) && parts.get(1) == Some(&(first + 1)) { first + 1 } else { first };
        let next = all.iter().copied().find(|&at| at > start).unwrap_or(tokens.len());
        let bracket = (start + 1..tokens.len())
            .find(|&at| tokens.get(at).is_some_and(|token| token.bracket != 0))
            .unwrap_or(tokens.len());
        let year =
            layout.year.as_ref().map(|year| year.first).filter(|&year| year > start).unwrap_or(tokens.len());
        let tagged = if layout.tags > start { layout.tags } else { tokens.len() };
        let end = next.min(bracket).min(year).min(tagged).max(start + 1);
        let work = title::text(layout.text(start, end));
        let artist = title::text(layout.text(layout.body, first));
        if !work.is_empty() && !artist.is_empty() {
            facts.insert("authors".into(), json!([artist]));
            facts.insert("title".into(), work.into());
        }
        if start > first
            && let Some(year) = tokens.get(first).and_then(super::tokens::Token::number)
        {
            facts.insert("year".into(), year.into());
        }
    }
    facts.remove("episode_title");
    if !layout.name.contains(' ')
        && let Some(&last) = all.last()
    {
        let group = layout.text(last, tokens.len());
        let short = group.len().checked_sub(4).and_then(|at| group.split_at_checked(at));
        let group =
            short.filter(|(_, end)| end.eq_ignore_ascii_case("_int")).map_or(group, |(group, _)| group);
        put(facts, "group", group.to_owned());
    }
}

/// Adds platform and version of a game or a program, and ends its title before them.
pub(super) fn amend_program(layout: &Layout<'_>, facts: &mut Map<String, Value>) {
    put(
        facts,
        "platform",
        layout
            .of(Class::Game)
            .find(|mark| !matches!(mark.tag.as_str(), "UPDATE" | "INCL" | "EUR" | "USA" | "JPN" | "ISO"))
            .map(|mark| mark.tag.clone())
            .unwrap_or_default(),
    );
    if let Some(version) = layout.of(Class::Version).next() {
        facts.insert("version".into(), version.tag.trim_start_matches(['v', 'V']).into());
    }
}
