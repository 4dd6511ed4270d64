//! Settles where the title of a name ends, which of the possible tags count, and what is the year.
//!
//! Words such as `German` or `Final` are tags beside certain tags and words of the title elsewhere.

mod numbers;

use numbers::{episode_after_season, first_day, first_numbering, weak_numbering};

use super::date::Day;
use super::marks::{self, Mark};
use super::numbering::Numbering;
use super::tokens::{self, Token};
use super::vocabulary::Class;

/// A number or a day and the words it takes.
#[derive(Clone, Debug)]
pub(super) struct Placed<T> {
    pub value: T,
    /// The first word.
    pub first: usize,
    /// Behind the last word.
    pub end: usize,
}

/// A name laid out.
#[derive(Clone, Debug)]
pub(super) struct Layout<'a> {
    /// The name without its extension.
    pub name: &'a str,
    pub tokens: Vec<Token<'a>>,
    /// The tags that count, in order.
    pub marks: Vec<Mark>,
    pub numbering: Option<Placed<Numbering>>,
    pub day: Option<Placed<Day>>,
    pub year: Option<Placed<u32>>,
    /// The first word that is not in brackets before the title.
    pub body: usize,
    /// Behind the last word of the title.
    pub title_end: usize,
    /// The first word of the tags; the number of words if there are none.
    pub tags: usize,
}

impl Layout<'_> {
    /// Whether a tag covers this word.
    pub fn marked(&self, at: usize) -> bool {
        covered(&self.marks, at)
    }

    /// The tags of a class.
    pub fn of(&self, class: Class) -> impl Iterator<Item = &Mark> {
        self.marks.iter().filter(move |mark| mark.class == class)
    }

    /// The text from one word to before another, as it is written.
    pub fn text(&self, first: usize, end: usize) -> &str {
        let start = self.tokens.get(first).map_or(0, |token| token.start);
        let end = end.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, Token::end);
        self.name.get(start..end).unwrap_or_default()
    }
}

/// Lays out a name without its extension.
pub(super) fn lay_out(name: &str, video: bool) -> Layout<'_> {
    let tokens = tokens::cut(name);
    let lower = name.to_ascii_lowercase();
    let body = body(&tokens);
    let day = first_day(&tokens, lower.as_bytes());
    let mut taken = vec![false; tokens.len()];
    cover(&mut taken, day.as_ref().map(|day| (day.first, day.end)));
    let (mut numbering, apart) = first_numbering(&tokens, lower.as_bytes(), &taken);
    cover(&mut taken, numbering.as_ref().map(|number| (number.first, number.end)));
    cover(&mut taken, apart);
    let all = marks::find(&tokens, &taken);
    if let Some(season) = numbering.as_mut()
        && season.value.seasons.len() == 1
        && season.value.episodes.is_empty()
        && season.value.disc.is_none()
        && apart.is_none()
        && let Some(found) = episode_after_season(&tokens, &all, season)
    {
        if found.first == season.end {
            season.end = found.end;
        }
        cover(&mut taken, Some((found.first, found.end)));
        (season.value.episodes, season.value.version) = (found.value.episodes, found.value.version);
    }
    if numbering.is_none() && day.is_none() {
        numbering = weak_numbering(&tokens, &all, body, video);
        cover(&mut taken, numbering.as_ref().map(|number| (number.first, number.end)));
    }
    let first_certain = all
        .iter()
        .filter(|mark| mark.certain && mark.class != Class::Checksum && mark.first >= body)
        .map(|mark| mark.first)
        .find(|&first| first > body || tokens.len() == 1);
    let numbered = [numbering.as_ref().map(|n| n.first), day.as_ref().map(|d| d.first)];
    let numbered_at = numbered.into_iter().flatten().min();
    let year = year(&tokens, &taken, &all, body, first_certain, numbered_at);
    let mut layout =
        Layout { name, tokens, marks: Vec::new(), numbering, day, year, body, title_end: 0, tags: 0 };
    layout.tags = first_tag(&layout, &all, first_certain);
    layout.title_end = title_end(&layout, &all);
    layout.title_end = before_tags(&layout, &all);
    layout.marks = bare_resolution(&layout, all);
    let (tags, year_end) = (layout.tags, layout.year.as_ref().map_or(usize::MAX, |year| year.end));
    let numbered = layout.numbering.is_some() || layout.day.is_some();
    layout.marks.retain(|mark| {
        mark.first >= tags
            || (mark.first >= layout.title_end && year_end < usize::MAX && mark.first + mark.len < year_end)
            || (mark.first < body && (mark.certain || mark.class == Class::Source))
            || (!numbered && mark.first >= year_end)
    });
    layout
}

fn cover(taken: &mut [bool], range: Option<(usize, usize)>) {
    if let Some((first, end)) = range {
        for flag in taken.iter_mut().take(end).skip(first) {
            *flag = true;
        }
    }
}

fn covered(marks: &[Mark], at: usize) -> bool {
    let behind = marks.partition_point(|mark| mark.first <= at);
    behind.checked_sub(1).and_then(|last| marks.get(last)).is_some_and(|mark| at < mark.first + mark.len)
}

/// The first word behind the brackets that stand before a title, if anything does.
fn body(tokens: &[Token<'_>]) -> usize {
    let behind =
        tokens.iter().position(|token| token.bracket == 0 || token.opens == '(').unwrap_or(tokens.len());
    let brackets = tokens.get(..behind).unwrap_or_default();
    let begins = |number: usize| brackets.iter().position(|token| token.bracket == number);
    let is_number =
        tokens.get(behind).is_none_or(|token| token.number().is_some_and(|number| number < 1_900));
    // `[Group][Title][05][1080p]`: where everything is in brackets, the second one holds the title.
    if is_number
        && begins(3).is_some()
        && let Some(second) = begins(2)
    {
        return second;
    }
    if behind == tokens.len() { 0 } else { behind }
}

/// The year: of several, the one in brackets or the last before the tags; never the title's first word alone.
fn year(
    tokens: &[Token<'_>],
    taken: &[bool],
    all: &[Mark],
    body: usize,
    certain: Option<usize>,
    numbered: Option<usize>,
) -> Option<Placed<u32>> {
    let candidates: Vec<usize> = tokens
        .iter()
        .enumerate()
        .filter(|(at, token)| {
            token.text.len() == 4
                && token.number().is_some_and(|year| (1_900..2_040).contains(&year))
                && !taken.get(*at).copied().unwrap_or(false)
                && !covered(all, *at)
        })
        .map(|(at, _)| at)
        .collect();
    let tags = [certain, numbered].into_iter().flatten().min().unwrap_or(tokens.len());
    let alone = |at: usize| {
        let bracket = tokens.get(at).map_or(0, |token| token.bracket);
        bracket != 0 && tokens.iter().filter(|token| token.bracket == bracket).count() == 1
    };
    let fits = |&&at: &&usize| at != body || alone(at);
    let chosen = candidates
        .iter()
        .filter(fits)
        .find(|&&at| alone(at) && at < tags.saturating_add(3))
        .or_else(|| candidates.iter().filter(fits).rfind(|&&at| at < tags))
        .or_else(|| candidates.iter().find(|&&at| at > tags))?;
    let value = tokens.get(*chosen)?.number()?;
    Some(Placed { value, first: *chosen, end: chosen + 1 })
}

/// Drops tags from the end of a title that stand before a year or a number: `Title.EXTENDED.2016`.
fn before_tags(layout: &Layout<'_>, all: &[Mark]) -> usize {
    let mut end = layout.title_end;
    let written = layout.text(layout.body, end);
    let shouts = |text: &str| {
        text.chars().all(|c| !c.is_lowercase()) && text.chars().filter(|c| c.is_alphabetic()).count() > 1
    };
    let all_shout = shouts(written);
    while let Some(mark) = all.iter().rfind(|mark| mark.first + mark.len == end && mark.first > layout.body) {
        let text = layout.text(mark.first, end);
        let left = mark.first - layout.body;
        let plain = match mark.class {
            // `The.Final.Cut.2004` is a title.
            Class::Edition if left == 1 && article(layout.tokens.get(layout.body)) => break,
            Class::Edition | Class::Picture => mark.len > 1 || mark.tag == "3D",
            // `Show.COMPLETE.S01-S03`
            Class::Flag if mark.tag == "COMPLETE" && left > 1 => season_follows(layout, end),
            // Two capitals may be a word of a title that is written with spaces: `House MD`.
            Class::Flag if text.len() < 3 && layout.name.contains(' ') => break,
            Class::Flag => mark.len > 1,
            Class::Language => left > 2 && mark.tag.len() > 3 && text.len() > 3,
            _ => break,
        };
        if !(plain || (!all_shout && shouts(text))) {
            break;
        }
        end = mark.first;
    }
    end
}

fn season_follows(layout: &Layout<'_>, at: usize) -> bool {
    layout.numbering.as_ref().is_some_and(|number| number.first == at && number.value.episodes.is_empty())
}

fn article(word: Option<&Token<'_>>) -> bool {
    word.is_some_and(|word| matches!(word.text.to_lowercase().as_str(), "the" | "a" | "an" | "my"))
}

/// Adds resolutions without their letter, which only stand beside other tags: `720.HDTV`.
fn bare_resolution(layout: &Layout<'_>, mut all: Vec<Mark>) -> Vec<Mark> {
    if all.iter().any(|mark| mark.class == Class::Resolution) {
        return all;
    }
    let bare = layout.tokens.iter().enumerate().skip(layout.title_end.max(1)).find(|(at, token)| {
        let beside = covered(&all, at + 1) || covered(&all, at.saturating_sub(1));
        matches!(token.text, "480" | "576" | "720" | "1080" | "2160") && beside && !covered(&all, *at)
    });
    if let Some((first, token)) = bare {
        let behind = all.partition_point(|mark| mark.first < first);
        let tag = format!("{}p", token.text);
        all.insert(
            behind,
            Mark { class: Class::Resolution, tag, channels: None, certain: true, first, len: 1 },
        );
    }
    all
}

/// The first word of the tags: the first certain one, and the possible ones that lead up to it without a gap.
fn first_tag(layout: &Layout<'_>, all: &[Mark], certain: Option<usize>) -> usize {
    // A name of tags alone has no title.
    let technical =
        |mark: &Mark| matches!(mark.class, Class::Source | Class::Video | Class::Audio | Class::Resolution);
    if all.iter().any(technical) && all.iter().map(|mark| mark.len).sum::<usize>() == layout.tokens.len() {
        return 0;
    }
    let numbered = layout.numbering.as_ref().map(|number| number.end).into_iter();
    let numbered = numbered.chain(layout.day.as_ref().map(|day| day.end));
    let year = layout.year.as_ref().map(|year| year.end);
    let certain = certain.unwrap_or_else(|| tail(layout, all));
    let floor = numbered.chain(year).filter(|&end| end <= certain).max().unwrap_or(layout.body + 1);
    let mut first = certain;
    while let Some(mark) = all.iter().rfind(|mark| mark.first + mark.len == first && mark.first >= floor) {
        first = mark.first;
    }
    first
}

/// Where possible tags begin that run to the end of the name or to the group.
fn tail(layout: &Layout<'_>, all: &[Mark]) -> usize {
    let count = layout.tokens.len();
    let end = match layout.tokens.iter().rposition(|token| token.gap == "-") {
        Some(at) if at + 2 >= count && !covered(all, at) => at,
        _ => count,
    };
    let mut first = end;
    while let Some(mark) = all.iter().rfind(|mark| mark.first + mark.len == first && mark.first > layout.body)
    {
        first = mark.first;
    }
    let anchored = layout.year.is_some() || layout.numbering.is_some() || layout.day.is_some() || end < count;
    if anchored { first } else { count }
}

fn opens_bracket(tokens: &[Token<'_>], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| tokens.get(at));
    tokens.get(at).is_some_and(|token| {
        token.bracket != 0 && before.is_some_and(|before| before.bracket != token.bracket)
    })
}

fn title_end(layout: &Layout<'_>, all: &[Mark]) -> usize {
    let body = layout.body;
    let tokens = &layout.tokens;
    let numbered = layout.numbering.as_ref().map(|number| number.first);
    let day = layout.day.as_ref().map(|day| day.first);
    let year = layout.year.as_ref().map(|year| year.first);
    if layout.tags == 0 {
        return 0;
    }
    let anchors = [numbered, day, year, Some(layout.tags)];
    let mut end = anchors.into_iter().flatten().filter(|&at| at > body).min().unwrap_or(tokens.len());
    let mut from = body + 1;
    while let Some(first) = (from..end.min(tokens.len())).find(|&at| opens_bracket(tokens, at)) {
        let bracket = tokens.get(first).map(|token| token.bracket);
        let behind =
            tokens.iter().skip(first).take_while(|token| Some(token.bracket) == bracket).count() + first;
        // A bracket behind the title is no part of it; one in it is: `You Are (Not) Alone`.
        let goes_on = tokens.get(behind).is_some_and(|next| {
            behind < end
                && next.bracket == 0
                && next.number().is_none()
                && next.gap.trim_matches([')', ']']).len() < 2
        });
        if !goes_on
            || (first..=behind).any(|at| covered(all, at))
            || tokens.get(first).is_some_and(|t| t.number().is_some())
        {
            end = first;
            break;
        }
        from = behind;
    }
    end.min(tokens.len())
}
