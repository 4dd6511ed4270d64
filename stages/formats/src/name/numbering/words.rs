//! Numbers of seasons and episodes in words, and in languages that put the word behind the number.
//!
//! Knows the forms, not where in a name they may stand.

use super::super::cursor::Cursor;
use super::{GAP, Numbering};

/// `2 сезон 24 серия`, `2. évad 5. rész`, `7.Bolum`, `2期`.
pub(super) fn number_before_word(cursor: &mut Cursor<'_>) -> Option<Numbering> {
    const SEASONS: &[&str] = &["сезон", "Сезон", "sezon", "évad", "staffel", "期", "季"];
    const EPISODES: &[&str] =
        &["серия", "Серия", "эпизод", "bolum", "bölüm", "rész", "avsnitt", "話", "话", "集", "回"];
    let ordinal = |cursor: &mut Cursor<'_>| {
        let number = cursor.digits(1, 4)?;
        cursor.any(&["-й", "-я", "-го", "й", "я"]);
        cursor.marks(b" ._", 2);
        Some(number)
    };
    let number = ordinal(cursor)?;
    if cursor.any(EPISODES) {
        return Some(Numbering { episodes: vec![number], ..Numbering::default() });
    }
    if !cursor.any(SEASONS) {
        return None;
    }
    let mut numbering = Numbering { seasons: vec![number], ..Numbering::default() };
    numbering.episodes.extend(cursor.attempt(|cursor| {
        cursor.marks(b" ._", 2);
        let episode = ordinal(cursor)?;
        cursor.any(EPISODES).then_some(episode)
    }));
    Some(numbering)
}

/// `第2季`, `第二十三集`.
pub(super) fn ordinal_sign(cursor: &mut Cursor<'_>) -> Option<Numbering> {
    if !cursor.word("第") {
        return None;
    }
    let number = cursor.attempt(|cursor| cursor.digits(1, 4)).or_else(|| chinese(cursor))?;
    let one = |season: bool| {
        let (seasons, episodes) = if season { (vec![number], vec![]) } else { (vec![], vec![number]) };
        Some(Numbering { seasons, episodes, ..Numbering::default() })
    };
    if cursor.any(&["季", "期", "部"]) {
        return one(true);
    }
    if cursor.any(&["集", "話", "话", "回"]) { one(false) } else { None }
}

/// Chinese numbers below a hundred.
fn chinese(cursor: &mut Cursor<'_>) -> Option<u32> {
    const DIGITS: &[&str] = &["一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit =
        |cursor: &mut Cursor<'_>| DIGITS.iter().position(|digit| cursor.word(digit)).map(|at| at as u32 + 1);
    let tens = digit(cursor);
    if !cursor.word("十") {
        return tens;
    }
    Some(tens.unwrap_or(1) * 10 + digit(cursor).unwrap_or(0))
}

/// Numbers that people write as words or as Roman digits.
pub(super) fn spelled(cursor: &mut Cursor<'_>) -> Option<u32> {
    const WORDS: &[(&str, u32)] = &[
        ("one", 1),
        ("two", 2),
        ("three", 3),
        ("four", 4),
        ("five", 5),
        ("six", 6),
        ("seven", 7),
        ("eight", 8),
        ("nine", 9),
        ("ten", 10),
        ("viii", 8),
        ("vii", 7),
        ("vi", 6),
        ("iv", 4),
        ("v", 5),
        ("iii", 3),
        ("ii", 2),
        ("ix", 9),
        ("i", 1),
        ("x", 10),
        ("un", 1),
        ("deux", 2),
        ("trois", 3),
        ("quatre", 4),
        ("cinq", 5),
        ("sept", 7),
        ("huit", 8),
        ("neuf", 9),
        ("dix", 10),
        ("dos", 2),
        ("tres", 3),
        ("eins", 1),
        ("zwei", 2),
        ("drei", 3),
        ("vier", 4),
    ];
    WORDS.iter().find_map(|(word, number)| {
        let mut ahead = *cursor;
        (ahead.word(word) && ahead.at_edge()).then(|| cursor.at = ahead.at).map(|()| *number)
    })
}

/// `2nd Season`, `3ª temporada`.
pub(super) fn ordinal_season(cursor: &mut Cursor<'_>) -> Option<Numbering> {
    const ORDINALS: &[(&str, u32)] =
        &[("first", 1), ("second", 2), ("third", 3), ("fourth", 4), ("fifth", 5), ("sixth", 6)];
    let number = cursor
        .digits(1, 2)
        .or_else(|| ORDINALS.iter().find(|(word, _)| cursor.word(word)).map(|(_, number)| *number))?;
    cursor.any(&["st", "nd", "rd", "th", "\u{aa}", "\u{ba}", "a"]);
    cursor.marks(GAP, 2);
    cursor
        .any(&["season", "temporada", "saison", "stagione", "staffel"])
        .then(|| Numbering { seasons: vec![number], ..Numbering::default() })
}
