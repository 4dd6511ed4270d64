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
                    let between = tokens.get(known.end).is_none_or(|token| token.bracket == 0);
                    if placed.first <= known.end || (between && placed.first == known.end + 1) {
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

/// A number that is the episode because a season stands before it: `S2 - 05`, `2nd Season - 12 END`, `S01.07.1080p`.
pub(super) fn episode_after_season(
    tokens: &[Token<'_>],
    all: &[Mark],
    season: &Placed<Numbering>,
) -> Option<Placed<Numbering>> {
    for (at, token) in tokens.iter().enumerate().skip(season.end) {
        if covered(all, at) {
            return None;
        }
        let Some(number) = Numbered::of(token) else { continue };
        let dashed = is_dash(token.gap);
        let follows = at == season.end && matches!(token.gap, " " | "." | "_") && number.digits == 2;
        let plain =
            at == season.end && tokens.get(at + 1).is_none_or(|next| next.gap != "." || covered(all, at + 1));
        if token.bracket != 0 || number.is_year() || !(dashed && number.digits > 1 || follows && plain) {
            continue;
        }
        if let Some((episodes, end)) = through(tokens, all, at, number.value) {
            return Some(Placed { value: Numbering { episodes, ..Numbering::default() }, first: at, end });
        }
        if ends(tokens, all, at) || dashed {
            return Some(Placed { value: number.numbering(), first: at, end: at + 1 });
        }
    }
    None
}

/// A word that is a number of an episode, with what may be glued to it: `05`, `#05`, `05v2`, `107a`.
struct Numbered {
    value: u32,
    digits: usize,
    version: Option<u32>,
    part: Option<char>,
    /// A `#` stands before it.
    signed: bool,
}

impl Numbered {
    fn of(token: &Token<'_>) -> Option<Self> {
        let bare = token.text.trim_start_matches('#');
        let (number, version) = match bare.split_once(['v', 'V']) {
            Some((number, version)) => (number, version.parse().ok().filter(|v| *v < 10)?),
            None => (bare, 0),
        };
        let lettered = number.strip_suffix(['a', 'b', 'c', 'A', 'B', 'C']).filter(|number| number.len() > 1);
        let part =
            lettered.and_then(|_| number.chars().next_back()).map(|letter| letter.to_ascii_lowercase());
        let number = lettered.unwrap_or(number);
        let fits = (1..=4).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        let value = number.parse().ok().filter(|_| fits)?;
        let version = (version > 0).then_some(version);
        Some(Self { value, digits: number.len(), version, part, signed: bare.len() < token.text.len() })
    }

    fn is_year(&self) -> bool {
        (1900..2040).contains(&self.value)
    }

    fn numbering(&self) -> Numbering {
        let (version, part) = (self.version, self.part);
        Numbering { episodes: vec![self.value], version, part, ..Numbering::default() }
    }
}

fn is_dash(gap: &str) -> bool {
    gap.contains(" - ") || gap.contains("_-_") || gap.contains(".-.")
}

/// Whether the title or the name ends behind this word. `END` says that a series does.
fn ends(tokens: &[Token<'_>], all: &[Mark], at: usize) -> bool {
    let Some(token) = tokens.get(at) else { return false };
    let edge = |at: usize| {
        tokens
            .get(at)
            .is_none_or(|next| covered(all, at) || next.bracket != token.bracket || is_dash(next.gap))
    };
    let last = tokens.get(at + 1).is_some_and(|next| matches!(next.text, "END" | "End" | "FIN" | "FINAL"));
    edge(at + 1) || (last && edge(at + 2))
}

/// The episodes from this one through the number behind it: `01-12`, `01 ~ 12`; and where they end.
fn through(tokens: &[Token<'_>], all: &[Mark], at: usize, first: u32) -> Option<(Vec<u32>, usize)> {
    /// A batch of more is none.
    const MOST: u32 = 400;
    let (token, next) = (tokens.get(at)?, tokens.get(at + 1)?);
    let last = Numbered::of(next).filter(|last| last.digits > 1 && !last.is_year())?;
    let joined = matches!(next.gap, "-" | "~" | " - " | " ~ " | "\u{ff5e}");
    let fits = joined
        && next.bracket == token.bracket
        && last.value > first
        && last.value - first < MOST
        && !covered(all, at + 1)
        && ends(tokens, all, at + 1);
    fits.then(|| ((first..=last.value).collect(), at + 2))
}

/// Numbers that are an episode by their place alone: ` - 05 `, `[05]`, `117` before tags.
pub(super) fn weak_numbering(
    tokens: &[Token<'_>],
    all: &[Mark],
    body: usize,
    video: bool,
) -> Option<Placed<Numbering>> {
    let one = |at: usize, value| Some(Placed { value, first: at, end: at + 1 });
    let anime = tokens.first().is_some_and(|first| first.opens == '[');
    for (at, token) in tokens.iter().enumerate().skip(body + 1) {
        let Some(number) = Numbered::of(token).filter(|number| !covered(all, at) && !number.is_year()) else {
            continue;
        };
        let dashed = is_dash(token.gap);
        let opens = tokens.get(at - 1).is_none_or(|before| before.bracket != token.bracket);
        let batch = (token.bracket != 0 && opens) || (token.bracket == 0 && number.value <= 1);
        if (dashed || batch || number.signed)
            && number.digits + usize::from(number.signed) > 1
            && let Some((episodes, end)) = through(tokens, all, at, number.value)
            && (token.bracket == 0 || tokens.get(end).is_none_or(|next| next.bracket != token.bracket))
        {
            return Some(Placed { value: Numbering { episodes, ..Numbering::default() }, first: at, end });
        }
        if token.bracket != 0 || (number.part.is_some() && !dashed) {
            continue;
        }
        let at_edge = ends(tokens, all, at);
        if (dashed && at_edge && number.digits > 1)
            || (anime && at_edge && (2..=3).contains(&number.digits))
            || (number.signed && (anime || video))
        {
            return one(at, number.numbering());
        }
    }
    if let Some((at, number)) = bracketed(tokens, all, body).filter(|_| anime) {
        return one(at, number.numbering());
    }
    if let Some(placed) = leading_number(tokens, body, video).or_else(|| part(tokens, all, body)) {
        return Some(placed);
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

/// A number that fills a bracket behind the title: `[05]`, `[24(END)]`.
fn bracketed(tokens: &[Token<'_>], all: &[Mark], body: usize) -> Option<(usize, Numbered)> {
    tokens.iter().enumerate().skip(body + 1).find_map(|(at, token)| {
        let apart = |other: Option<&Token<'_>>| other.is_none_or(|other| other.bracket != token.bracket);
        let alone = apart(at.checked_sub(1).and_then(|at| tokens.get(at))) && apart(tokens.get(at + 1));
        let number = Numbered::of(token).filter(|_| token.opens == '[' && alone && !covered(all, at))?;
        ((2..=3).contains(&number.digits) && number.part.is_none()).then_some((at, number))
    })
}

/// The part of a miniseries, `Show.Part3` or `Show.Part.3`: films have parts too, but also a year.
fn part(tokens: &[Token<'_>], all: &[Mark], body: usize) -> Option<Placed<Numbering>> {
    let is_year = |token: &Token<'_>| token.number().is_some_and(|value| (1_900..2_040).contains(&value));
    let broadcast = |mark: &Mark| {
        mark.class == Class::Source
            && mark.certain
            && (mark.tag.ends_with("TV") || mark.tag.starts_with("WEB"))
            || mark.class == Class::Source && mark.tag == "WEB"
    };
    if tokens.iter().any(is_year) || !all.iter().any(broadcast) {
        return None;
    }
    tokens.iter().enumerate().skip(body + 1).find_map(|(at, token)| {
        let lower = token.text.to_lowercase();
        let digits = lower.strip_prefix("part")?;
        let (value, end) = if digits.is_empty() {
            (
                tokens
                    .get(at + 1)
                    .filter(|next| matches!(next.gap, "." | " " | "_"))
                    .and_then(Token::number)?,
                at + 2,
            )
        } else {
            (digits.parse().ok()?, at + 1)
        };
        let fits = value < 100 && !(at..end).any(|at| covered(all, at));
        fits.then(|| Placed {
            value: Numbering { episodes: vec![value], ..Numbering::default() },
            first: at,
            end,
        })
    })
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
