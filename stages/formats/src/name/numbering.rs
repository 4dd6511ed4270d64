//! Season and episode numbers in all the forms that names give them.
//!
//! Looks only at the place it is given; whether a number belongs to a title is its caller's to judge.

mod words;

use super::cursor::Cursor;

/// Longest run of episodes or seasons that a range may stand for.
const LONGEST_RANGE: u32 = 400;
/// What stands before the number of an episode.
const EPISODE_WORDS: &[&str] = &[
    "episodes",
    "episode",
    "episodio",
    "episodul",
    "aflevering",
    "folge",
    "avsnitt",
    "Эпизод",
    "эпизод",
    "Серия",
    "серия",
    "Серии",
    "серии",
    "odcinek",
    "\u{e9}pisode",
    "\u{c9}pisode",
    "eps",
    "ep",
];
/// Marks that part the words of a name.
const GAP: &[u8] = b" ._-";

/// What numbers say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbering {
    /// The seasons.
    pub seasons: Vec<u32>,
    /// The episodes.
    pub episodes: Vec<u32>,
    /// The letter of a part of an episode: `a` in `S02E01A`.
    pub part: Option<char>,
    /// The disc of a season.
    pub disc: Option<u32>,
    /// The version of an episode, as in `05v2`.
    pub version: Option<u32>,
    /// Where it ends, in bytes.
    pub end: usize,
}

/// The numbering that begins at `at` of a name in lower case, where a word begins.
pub(super) fn at(lower: &[u8], at: usize) -> Option<Numbering> {
    let forms: [fn(&mut Cursor<'_>) -> Option<Numbering>; 8] = [
        season_then_episode,
        crossed,
        words::ordinal_season,
        words::number_before_word,
        words::ordinal_sign,
        episode_alone,
        chapter,
        one_of,
    ];
    forms.iter().find_map(|form| {
        let mut cursor = Cursor::new(lower, at);
        let mut numbering = form(&mut cursor)?;
        numbering.end = cursor.at;
        cursor.at_edge().then_some(numbering)
    })
}

/// `S01E02`, `S01E02-E04`, `S01E02E03`, `S01`, `S01-S03`, `Season 1 Episode 2`, `S01D02`.
fn season_then_episode(cursor: &mut Cursor<'_>) -> Option<Numbering> {
    let spelled = !cursor.peek(1).is_ascii_digit();
    let first = season(cursor)?;
    let mut numbering = Numbering { seasons: vec![first], ..Numbering::default() };
    while let Some((next, through)) = cursor.attempt(|cursor| {
        let last = numbering.seasons.last().copied().filter(|_| spelled);
        further_season(cursor, last)
    }) {
        extend(&mut numbering.seasons, next, through)?;
    }
    if let Some(disc) = cursor.attempt(disc) {
        numbering.disc = Some(disc);
        return Some(numbering);
    }
    if numbering.seasons.len() == 1 {
        cursor.attempt(|cursor| {
            let episode = episode_behind_season(cursor)?;
            numbering.episodes.push(episode);
            Some(())
        });
        more_episodes(cursor, &mut numbering);
    }
    Some(numbering)
}

fn disc(cursor: &mut Cursor<'_>) -> Option<u32> {
    cursor.marks(GAP, 1);
    if !cursor.any(&["disc", "disk", "d"]) {
        return None;
    }
    cursor.marks(b" .", 1);
    cursor.digits(1, 2).filter(|_| cursor.at_edge())
}

fn season(cursor: &mut Cursor<'_>) -> Option<u32> {
    const WORDS: &[&str] = &[
        "seasons",
        "season",
        "saisons",
        "saison",
        "staffel",
        "temporadas",
        "temporada",
        "stagione",
        "stagioni",
        "seizoen",
        "sezon",
        "sezona",
        "säsong",
        "сезон",
        "Сезон",
        "シーズン",
        "tem",
    ];
    if cursor.any(WORDS) {
        colon(cursor);
        return cursor.attempt(|cursor| cursor.digits(1, 4)).or_else(|| cursor.attempt(words::spelled));
    }
    if cursor.word("t") {
        // The Spanish `T02E05`; a T with digits alone is something else.
        return cursor.digits(1, 2).filter(|_| matches!(cursor.peek(0), b'e' | b'x'));
    }
    cursor.word("s").then(|| cursor.digits(1, 4)).flatten()
}

/// What may stand between a word and its number: `Сезон: 1`, `Season #2`, `Серия №180`.
fn colon(cursor: &mut Cursor<'_>) {
    cursor.marks(b" ._-:#", 3);
    cursor.word("\u{2116}");
}

/// A further season and whether those between are meant too. Behind a word, `Season 1 2 3` counts on from `last` without
/// more than gaps.
fn further_season(cursor: &mut Cursor<'_>, last: Option<u32>) -> Option<(u32, bool)> {
    let gap = |ahead: usize| matches!(cursor.peek(ahead), b' ' | b'_' | b'.');
    // `Season 2 - 05` names an episode, `Season 2-5` and `Season 1 - 4` seasons.
    let dashed = gap(0) && matches!(cursor.peek(1), b'-' | b'~') && gap(2);
    let from = cursor.at;
    let (through, joined) = joint(cursor)?;
    let counts_on = !joined && cursor.at > from;
    let marked = cursor.any(&["seasons", "season", "saison", "s"]);
    if marked {
        cursor.marks(GAP, 2);
    }
    let number = match (marked, joined) {
        (true, _) => cursor.digits(1, 4)?,
        (false, true) => cursor.digits(1, if dashed { 1 } else { 2 })?,
        (false, false) if counts_on => {
            cursor.digits(1, 2).filter(|number| last.is_some_and(|last| *number == last.saturating_add(1)))?
        }
        _ => return None,
    };
    let again = marked && cursor.peek(0) == b's' && cursor.peek(1).is_ascii_digit();
    let fraction = !marked && cursor.peek(0) == b'.' && cursor.peek(1).is_ascii_digit();
    ((cursor.at_edge() || again) && !fraction).then_some((number, through))
}

/// What joins two numbers: whether it means "through", and whether it is more than a gap.
fn joint(cursor: &mut Cursor<'_>) -> Option<(bool, bool)> {
    let from = cursor.at;
    cursor.marks(b" ._", 2);
    if cursor.marks(b"-~", 2) {
        cursor.marks(b" ._", 2);
        return Some((true, true));
    }
    if cursor.marks(b"&+,/", 1) {
        cursor.marks(b" ._", 2);
        if cursor.marks(b"&+", 1) {
            cursor.marks(b" ._", 2);
        }
        return Some((false, true));
    }
    let spaced = cursor.at > from;
    if spaced {
        for (word, through) in [
            ("to", true),
            ("thru", true),
            ("through", true),
            ("au", true),
            ("bis", true),
            ("and", false),
            ("et", false),
            ("a", true),
        ] {
            let mut ahead = *cursor;
            if ahead.word(word) && ahead.marks(b" ._", 2) {
                cursor.at = ahead.at;
                return Some((through, true));
            }
        }
    }
    Some((false, false))
}

fn extend(numbers: &mut Vec<u32>, next: u32, through: bool) -> Option<()> {
    let last = numbers.last().copied()?;
    if through && next > last && next - last <= LONGEST_RANGE {
        numbers.extend(last + 1..=next);
    } else if next != last && numbers.len() < LONGEST_RANGE as usize {
        numbers.push(next);
    }
    Some(())
}

fn episode_behind_season(cursor: &mut Cursor<'_>) -> Option<u32> {
    cursor.marks(b" ._-,", 3);
    // Russian and others part the two by a slash.
    cursor.attempt(|cursor| (cursor.marks(b"/", 1) && cursor.marks(b" ", 1)).then_some(()));
    if cursor.any(EPISODE_WORDS) {
        colon(cursor);
        cursor.marks(b"(", 1);
    } else if !cursor.any(&["capitulo", "xe", "e", "x"]) {
        return None;
    }
    cursor.marks(b" ._", 1);
    cursor.digits(1, 4).filter(|number| !(264..=266).contains(number))
}

/// Further episodes, a part's letter and a version.
fn more_episodes(cursor: &mut Cursor<'_>, numbering: &mut Numbering) {
    if numbering.episodes.is_empty() {
        return;
    }
    while let Some((next, through)) = cursor.attempt(|cursor| further_episode(cursor, &numbering.episodes)) {
        if extend(&mut numbering.episodes, next, through).is_none() {
            return;
        }
    }
    if let Some(version) = cursor.attempt(|cursor| {
        cursor.marks(b" ._-", 1);
        (cursor.word("v")).then(|| cursor.digits(1, 1)).flatten().filter(|_| cursor.at_edge())
    }) {
        numbering.version = Some(version);
    }
    let letter = cursor.peek(0);
    let mut edge = *cursor;
    edge.at += 1;
    if (b'a'..=b'f').contains(&letter) && edge.at_edge() {
        numbering.part = Some(char::from(letter));
        cursor.at += 1;
    }
}

fn further_episode(cursor: &mut Cursor<'_>, known: &[u32]) -> Option<(u32, bool)> {
    let last = known.last().copied()?;
    let from = cursor.at;
    // `1-8` is written like this, and `01-08`, but `01-8` is something else.
    let narrow = !cursor.behind(2).is_ascii_digit();
    let (through, joined) = joint(cursor)?;
    let spaced = cursor.at > from + 1;
    // The season may be said again: `S01E01-S01E02`, `1x01-1x02`.
    let again = cursor.attempt(|cursor| {
        cursor.word("s").then(|| cursor.digits(1, 4)).flatten()?;
        cursor.marks(b" ._", 1);
        cursor.word("e").then_some(())
    });
    let again = again.or_else(|| {
        cursor.attempt(|cursor| {
            cursor.digits(1, 2)?;
            cursor.word("x").then_some(())
        })
    });
    let marked = again.is_some() || cursor.any(&["episode", "ep", "e", "x"]);
    if !marked && (!joined || (spaced && through)) {
        return None;
    }
    let digits = cursor.at;
    let number = cursor.digits(1, if marked { 4 } else { 3 })?;
    let wide = cursor.at - digits > 1 || (narrow && through);
    let edge = cursor.at_edge() || matches!(cursor.peek(0), b'e' | b'x' | b's' | b'v');
    // A bare number is an episode only if it goes on from the last one and is no resolution.
    let fits =
        marked || (wide && number > last && !matches!(number, 480 | 540 | 576 | 720) && edge_is_end(cursor));
    (edge && fits).then_some((number, through))
}

/// Whether what follows a bare number is no fraction, such as channels.
fn edge_is_end(cursor: &Cursor<'_>) -> bool {
    cursor.at_edge()
        && !(cursor.peek(0) == b'.' && cursor.peek(1).is_ascii_digit() && !cursor.peek(2).is_ascii_digit())
}

/// `1x02`, `1x02-03`, `1x02x03`.
fn crossed(cursor: &mut Cursor<'_>) -> Option<Numbering> {
    let start = cursor.at;
    let season = cursor.digits(1, 4).filter(|season| *season < 100 || (1_900..2_040).contains(season))?;
    let two = cursor.at - start == 2;
    // `01E05`, in which the letter of the season was forgotten.
    if two && cursor.peek(0) == b'e' {
        cursor.at += 1;
        let episode = cursor.digits(2, 2).filter(|_| cursor.at_edge())?;
        return Some(Numbering { seasons: vec![season], episodes: vec![episode], ..Numbering::default() });
    }
    // The last two are the Cyrillic letter.
    if !cursor.any(&["x", "\u{d7}", " x ", "\u{445}", "\u{425}"]) {
        return None;
    }
    if cursor.word("all") {
        return Some(Numbering { seasons: vec![season], ..Numbering::default() });
    }
    let from = cursor.at;
    let episode = cursor.digits(1, 3)?;
    let shape = cursor.at - from == 1 && matches!((season, episode), (16, 9) | (4, 3) | (3, 2));
    // `0x539` is a number of another kind.
    let shape = shape || (season == 0 && episode > 99);
    if shape {
        return None;
    }
    let mut numbering = Numbering { seasons: vec![season], episodes: vec![episode], ..Numbering::default() };
    more_episodes(cursor, &mut numbering);
    Some(numbering)
}

/// `E05`, `Ep. 5`, `Episode 5`, `Folge 12`.
fn episode_alone(cursor: &mut Cursor<'_>) -> Option<Numbering> {
    let episode = if cursor.any(EPISODE_WORDS) {
        colon(cursor);
        cursor.marks(b"(", 1);
        cursor.digits(1, 4)?
    } else if cursor.word("e") {
        cursor.digits(2, 4)?
    } else {
        return None;
    };
    let mut numbering = Numbering { episodes: vec![episode], ..Numbering::default() };
    more_episodes(cursor, &mut numbering);
    Some(numbering)
}

/// `Cap.102`: season and episode as one number.
fn chapter(cursor: &mut Cursor<'_>) -> Option<Numbering> {
    if !cursor.any(&["cap\u{ed}tulo", "capitulo", "cap"]) {
        return None;
    }
    cursor.marks(b" ._", 2);
    let from = cursor.at;
    let number = cursor.digits(1, 4)?;
    let mut numbering = packed(number, cursor.at - from);
    if cursor.peek(0) == b'_' {
        let last = cursor.attempt(|cursor| {
            cursor.marks(b"_", 1);
            cursor.digits(3, 4)
        });
        if let Some(last) = last {
            extend(&mut numbering.episodes, last % 100, true);
        }
    }
    Some(numbering)
}

/// `05of10`, `5 of 10`, `5.van.12`.
fn one_of(cursor: &mut Cursor<'_>) -> Option<Numbering> {
    let episode = cursor.digits(1, 3)?;
    cursor.marks(b" ._", 1);
    if !cursor.any(&["of", "van", "din", "de"]) {
        return None;
    }
    cursor.marks(b" ._", 1);
    let of = cursor.digits(1, 3)?;
    (episode > 0 && episode <= of).then(|| Numbering { episodes: vec![episode], ..Numbering::default() })
}

/// A number of three or four digits that holds season and episode; of fewer, an episode.
pub(super) fn packed(number: u32, digits: usize) -> Numbering {
    if digits < 3 {
        return Numbering { episodes: vec![number], ..Numbering::default() };
    }
    Numbering { seasons: vec![number / 100], episodes: vec![number % 100], ..Numbering::default() }
}

/// Whether a word could be taken for the beginning of a numbering.
#[cfg(test)]
pub(super) fn begins(word: &str) -> bool {
    at(word.as_bytes(), 0).is_some()
        || ["season", "saison", "staffel", "episode", "folge", "cap", "tem", "disc"]
            .iter()
            .any(|start| word.starts_with(start))
}

#[cfg(test)]
mod tests;
