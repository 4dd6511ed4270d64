//! Finds the day and the numbering in a name, those included that only their place tells.
//!
//! Reads no single form itself; that is left to `date` and `numbering`.

use super::super::date::{self, Day};
use super::super::marks::Mark;
use super::super::numbering::{self, Numbering};
use super::super::tokens::Token;
use super::super::vocabulary::Class;
use super::{Placed, covered};

/// Finds the first word at which a pattern fits, and the words it takes.
fn first_fit<T>(
    tokens: &[Token<'_>],
    from: usize,
    mut fit: impl FnMut(&Token<'_>) -> Option<(T, usize)>,
) -> Option<Placed<T>> {
    tokens.iter().enumerate().skip(from).find_map(|(first, token)| {
        let (value, end) = fit(token)?;
        let words = tokens.iter().skip(first).take_while(|word| word.start < end).count();
        Some(Placed { value, first, end: first + words })
    })
}

pub(super) fn first_day(tokens: &[Token<'_>], lower: &[u8]) -> Option<Placed<Day>> {
    first_fit(tokens, 0, |token| date::at(lower, token.start).map(|day| (day, day.end)))
}

/// The first numbering with an episode; failing that, the first of all.
/// The words of an episode's number that stands apart from its season's are the second value.
pub(super) fn first_numbering(
    tokens: &[Token<'_>],
    lower: &[u8],
    taken: &[bool],
) -> (Option<Placed<Numbering>>, Option<(usize, usize)>) {
    let mut first: Option<Placed<Numbering>> = None;
    let mut apart = None;
    let mut from = 0;
    while let Some(placed) = first_fit(tokens, from, |token| {
        numbering::at(lower, token.start).map(|number| {
            let end = number.end;
            (number, end)
        })
    }) {
        from = placed.end.max(placed.first + 1);
        if taken.get(placed.first).copied().unwrap_or(false) {
            continue;
        }
        match &mut first {
            None => {
                let whole = !placed.value.episodes.is_empty() && !placed.value.seasons.is_empty();
                first = Some(placed);
                if whole {
                    break;
                }
            }
            // A season and an episode that stand apart are one numbering.
            Some(known) => {
                let value = &mut known.value;
                let season_only = value.episodes.is_empty() && !placed.value.episodes.is_empty();
                let episode_only = value.seasons.is_empty() && placed.value.episodes.is_empty();
                if season_only {
                    if !placed.value.seasons.is_empty() {
                        value.seasons.clone_from(&placed.value.seasons);
                    }
                    value.episodes.clone_from(&placed.value.episodes);
                    value.version = placed.value.version;
                    if placed.first <= known.end + 1 {
                        known.end = placed.end;
                    } else {
                        apart = Some((placed.first, placed.end));
                    }
                    break;
                } else if episode_only && !placed.value.seasons.is_empty() {
                    value.seasons.clone_from(&placed.value.seasons);
                    break;
                }
            }
        }
    }
    (first, apart)
}

/// Numbers that are an episode by their place alone: ` - 05 `, `117` before tags.
pub(super) fn weak_numbering(
    tokens: &[Token<'_>],
    all: &[Mark],
    body: usize,
    video: bool,
) -> Option<Placed<Numbering>> {
    let episode = |token: &Token<'_>| -> Option<(u32, usize, Option<u32>)> {
        let (number, version) = match token.text.split_once(['v', 'V']) {
            Some((number, version)) => (number, version.parse().ok().filter(|v| *v < 10)?),
            None => (token.text, 0),
        };
        let digits = number.len();
        let fits = (1..=4).contains(&digits) && number.bytes().all(|byte| byte.is_ascii_digit());
        let value: u32 = number.parse().ok().filter(|_| fits)?;
        Some((value, digits, (version > 0).then_some(version)))
    };
    let one = |at: usize, numbering| Some(Placed { value: numbering, first: at, end: at + 1 });
    for (at, token) in tokens.iter().enumerate().skip(body + 1) {
        let Some((value, digits, version)) = episode(token) else { continue };
        if covered(all, at) || (1900..2040).contains(&value) {
            continue;
        }
        let next = tokens.get(at + 1);
        let at_edge = next.is_none_or(|next| {
            covered(all, at + 1)
                || next.bracket != token.bracket
                || next.gap.contains(" - ")
                || next.gap.contains("_-_")
        });
        let dashed = token.gap.contains(" - ") || token.gap.contains("_-_") || token.gap.contains(".-.");
        let anime = tokens.first().is_some_and(|first| first.opens == '[');
        let plain = Numbering { episodes: vec![value], version, ..Numbering::default() };
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        let range = before
            .and_then(Token::number)
            .filter(|first| token.gap == "-" && *first < value && at > body + 1);
        if let Some(first) = range.filter(|_| at_edge && digits > 1)
            && before.is_some_and(|before| before.gap.contains(" - ") || before.gap.contains("_-_"))
        {
            let episodes = (first..=value).take(400).collect();
            return Some(Placed { value: Numbering { episodes, ..plain }, first: at - 1, end: at + 1 });
        }
        if dashed && at_edge && token.bracket == 0 && digits > 1 {
            return one(at, plain);
        }
        if anime && token.bracket == 0 && at_edge && (2..=3).contains(&digits) {
            return one(at, plain);
        }
    }
    if let Some(leading) = leading_number(tokens, body, video) {
        return Some(leading);
    }
    let padded = tokens.iter().enumerate().skip(body + 1).find(|(at, token)| {
        let two = token.text.len() == 2 && token.number().is_some() && token.bracket == 0;
        let next = all.iter().find(|mark| mark.first == at + 1);
        let padded = token.text.starts_with('0') && token.text != "00";
        let on_air = next.is_some_and(|mark| matches!(mark.tag.as_str(), "HDTV" | "PDTV" | "DSR" | "SDTV"));
        !covered(all, *at) && token.gap != "-" && two && (on_air || (padded && next.is_some()))
    });
    if let Some((at, token)) = padded {
        return one(at, numbering::packed(token.number()?, 2));
    }
    let (last, token) = tokens.iter().enumerate().skip(body + 1).find(|(at, token)| {
        token.number().is_some_and(|value| {
            (101..10_000).contains(&value)
                && !(1_900..2_040).contains(&value)
                && value % 100 > 0
                && value % 100 < 40
        }) && matches!(token.text.len(), 3 | 4)
            && token.bracket == 0
            && !covered(all, *at)
            && covered(all, at + 1)
            && all.iter().any(|mark| mark.first == at + 1 && mark.certain && tv_source(mark))
    })?;
    let is_year = |token: &Token<'_>| token.number().is_some_and(|value| (1_920..2_040).contains(&value));
    let behind_year = last.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(is_year);
    let on_air = all.iter().any(|mark| mark.first == last + 1 && mark.tag == "HDTV");
    let fight = tokens.get(body).is_some_and(|first| matches!(first.text, "UFC" | "WWE"));
    (!fight && (!tokens.iter().any(is_year) || (behind_year && on_air)))
        .then(|| numbering::packed(token.number().unwrap_or(0), token.text.len()))
        .and_then(|value| one(last, value))
}

/// A number before the title: `03-Show`, `01 - Title`, `003. Show`.
fn leading_number(tokens: &[Token<'_>], body: usize, video: bool) -> Option<Placed<Numbering>> {
    let (first, next) = (tokens.get(body)?, tokens.get(body + 1)?);
    let anime = body > 0 && tokens.first().is_some_and(|token| token.opens == '[');
    let value = first.number().filter(|_| matches!(first.text.len(), 2 | 3))?;
    let padded = first.text.starts_with('0');
    let parted = next.gap.contains('-') || next.gap == ". " || (anime && padded);
    let sure = padded || (anime && next.gap.contains(" - "));
    let fits = parted && sure && (video || anime || next.gap.contains(" - "));
    fits.then(|| Placed {
        value: Numbering { episodes: vec![value], ..Numbering::default() },
        first: body,
        end: body + 1,
    })
}

fn tv_source(mark: &Mark) -> bool {
    matches!(mark.tag.as_str(), "HDTV" | "PDTV" | "DSR" | "SDTV" | "TVRip" | "DVB" | "AHDTV")
        || mark.class == Class::Resolution
        || mark.class == Class::Video
}
