//! Who made a release, and which site handed it on.
//!
//! Knows where names put a group: behind the last hyphen, in brackets, or before the title.

use super::layout::Layout;
use super::marks::Mark;
use super::vocabulary::Class;

/// The group and the site, as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Maker {
    pub group: Option<String>,
    pub site: Option<String>,
    /// The first word of the group; behind it are no tags.
    pub first: Option<usize>,
}

/// The group of a name.
pub(super) fn find(layout: &Layout<'_>) -> Maker {
    let mut maker = Maker::default();
    let tokens = &layout.tokens;
    let leading = leading(layout);
    let (end, trailing) = trailing(layout);
    if let Some((first, last)) = hyphened(layout, end) {
        maker.group = Some(layout.text(first, last).to_owned());
        maker.first = Some(first);
        maker.site = trailing.map(|(text, _)| text);
    } else if let Some((text, first)) = inside_bracket(layout) {
        maker.group = Some(text);
        maker.first = Some(first);
        maker.site = trailing.map(|(text, _)| text);
    } else if let Some((text, first)) = trailing.clone().filter(|(text, _)| !is_site(text)) {
        maker.group = Some(text);
        maker.first = Some(first);
    } else if let Some(text) = prefix(layout) {
        maker.group = Some(text);
    } else if let Some(first) = last_word(layout, end) {
        maker.group = Some(layout.text(first, end).to_owned());
        maker.first = Some(first);
    } else if let Some(text) = leading.clone() {
        maker.group = Some(text);
    }
    if let Some(group) = maker.group.as_mut()
        && let Some((name, posted)) = group.rsplit_once('-')
        && !name.is_empty()
        && POSTED.iter().any(|known| known.eq_ignore_ascii_case(posted))
    {
        *group = name.to_owned();
    }
    if maker.site.is_none() {
        maker.site = leading.filter(|text| maker.group.as_ref() != Some(text));
    }
    if maker.group.as_deref().is_some_and(|group| group.is_empty() || group.len() > 60) {
        maker.group = None;
        maker.first = None;
    }
    if maker.first.is_some_and(|first| first >= tokens.len()) {
        maker.first = None;
    }
    maker
}

/// What posters add behind a group's name.
const POSTED: &[&str] = &[
    "AsRequested",
    "BUYMORE",
    "Chamele0n",
    "GEROV",
    "NZBGeek",
    "Obfuscated",
    "Obfuscation",
    "postbot",
    "Rakuv",
    "RePACKPOST",
    "Scrambled",
    "WhiteRev",
    "xpost",
];

/// What stands in square brackets before the title.
fn leading(layout: &Layout<'_>) -> Option<String> {
    let first = layout.tokens.first().filter(|first| matches!(first.opens, '[' | '{') && layout.body > 0)?;
    let words = layout.tokens.iter().take_while(|token| token.bracket == first.bracket).count();
    let site = layout.text(0, words).trim().to_owned();
    (!layout.marked(0)).then_some(site)
}

/// The words of the last bracket when it ends the name and holds no tag; and where the words before it end.
fn trailing(layout: &Layout<'_>) -> (usize, Option<(String, usize)>) {
    let tokens = &layout.tokens;
    let mut end = tokens.len();
    let mut found = None;
    while let Some(last) = end.checked_sub(1).and_then(|last| tokens.get(last))
        && (matches!(last.opens, '[' | '{') || (last.opens == '(' && layout.tags + 1 < end))
    {
        let first =
            tokens.iter().take(end).rposition(|token| token.bracket != last.bracket).map_or(0, |at| at + 1);
        let site = is_site(layout.text(first, end));
        if first <= layout.body
            || (!site && (first..end).any(|at| layout.marked(at) && !is_checksum(layout, at)))
        {
            break;
        }
        if (site || !(first..end).any(|at| layout.marked(at))) && found.is_none() {
            found = Some((layout.text(first, end).to_owned(), first));
        }
        end = first;
    }
    (end, found)
}

fn is_checksum(layout: &Layout<'_>, at: usize) -> bool {
    layout.of(Class::Checksum).any(|mark| mark.first == at)
}

/// The words behind the hyphen that follows the last tag.
fn hyphened(layout: &Layout<'_>, end: usize) -> Option<(usize, usize)> {
    let tokens = &layout.tokens;
    let floor = layout.title_end.max(1);
    let bracket = tokens.get(end.checked_sub(1)?)?.bracket;
    // Past the last tag that is certain, everything may be a group's name.
    let certain = layout
        .marks
        .iter()
        .filter(|mark| mark.certain && mark.first + mark.len <= end && mark.class != Class::Checksum);
    let behind = certain.map(|mark| mark.first + mark.len).max().unwrap_or(0);
    let numbered = layout.numbering.as_ref().map_or(0, |number| number.end);
    let dated = layout.day.as_ref().map_or(0, |day| day.end);
    let dated = dated.max(layout.year.as_ref().map_or(0, |year| year.end).min(end.saturating_sub(1)));
    let from = behind.max(numbered).max(dated).max(floor);
    let joins =
        |at: usize| tokens.get(at).is_some_and(|token| token.hyphen_before() && token.bracket == bracket);
    let inside = |at: usize| layout.marks.iter().any(|mark| mark.first < at && at < mark.first + mark.len);
    let hyphens: Vec<usize> = (from..end).filter(|&at| joins(at) && !inside(at)).collect();
    let last = *hyphens.last()?;
    // All hyphens of a run are part of one name: `x264-AlFleNi-TeaM`, but not with words between.
    let first = hyphens
        .iter()
        .rev()
        .take_while(|&&at| {
            !(at..last).any(|at| {
                layout.marked(at)
                    || (at > from
                        && tokens
                            .get(at)
                            .is_some_and(|token| token.gap.contains(['.', ' ', '_']) && at != from))
            })
        })
        .last()
        .copied()
        .unwrap_or(last);
    let lonely = layout.tags >= tokens.len() && layout.year.is_none() && numbered == 0 && dated == 0;
    let spaced = layout.name.contains(' ');
    if lonely && (spaced || last + 1 < end) {
        return None;
    }
    // `x264.D-Z0N3`: a lone letter before the hyphen belongs to the group.
    let lone = first.checked_sub(1).filter(|&at| {
        at >= from.max(1)
            && !layout.marked(at)
            && tokens.get(at).is_some_and(|token| token.text.chars().all(char::is_alphabetic))
            && (tokens.get(at).is_some_and(|token| token.text.len() == 1) || is_half(layout, at))
    });
    let first = lone.unwrap_or(first);
    let first = if first == from || tokens.get(first).is_some_and(|token| !token.gap.contains(' ')) {
        first
    } else {
        last
    };
    let single = tokens.get(first).is_some_and(|token| token.gap.contains(' ')) && end - first > 3;
    // An episode's title may hold a hyphen; a group stands behind tags.
    let titled = behind == 0 && layout.tags >= tokens.len() && numbered > 0 && (spaced || first == numbered);
    (!single && !titled).then_some((first, end))
}

/// Whether a word right behind the codecs is the first half of a group's name: `AC3.Some-GRP`.
fn is_half(layout: &Layout<'_>, at: usize) -> bool {
    let codec =
        |mark: &Mark| matches!(mark.class, Class::Video | Class::Audio) && mark.first + mark.len == at;
    layout.marks.iter().any(codec)
        && layout.tokens.get(at).is_some_and(|token| {
            let text = token.text;
            let mixed = text.contains(char::is_lowercase) && text.contains(char::is_uppercase);
            token.gap != "-" && text.len() <= 12 && mixed && !text.to_lowercase().ends_with("subs")
        })
}

/// A group at the end of a bracket of tags: `(1080p x265 - Goki)`.
fn inside_bracket(layout: &Layout<'_>) -> Option<(String, usize)> {
    let tokens = &layout.tokens;
    let tagged = layout.marks.iter().rfind(|mark| mark.certain && mark.class != Class::Checksum)?;
    let bracket = tokens.get(tagged.first).map(|token| token.bracket).filter(|bracket| *bracket != 0)?;
    let last = tokens.iter().rposition(|token| token.bracket == bracket)?;
    let first = (tagged.first + tagged.len..=last).find(|&at| !layout.marked(at))?;
    let written = tokens.get(first)?;
    (last < first + 2 && written.gap.len() <= 3 && !written.gap.is_empty())
        .then(|| (layout.text(first, last + 1).to_owned(), first))
}

/// A group before the title, as names of files have it: `grp-the.title.1080p.x264`.
fn prefix(layout: &Layout<'_>) -> Option<String> {
    let (first, second) = (layout.tokens.first()?, layout.tokens.get(1)?);
    let small = !layout.name.contains(char::is_uppercase) && !layout.name.contains(' ');
    let dotted = layout.tokens.get(2).is_some_and(|third| third.gap == ".");
    let tagged = layout.tags < layout.tokens.len();
    (small && dotted && tagged && second.gap == "-" && first.text.len() <= 12 && layout.title_end > 1)
        .then(|| first.text.to_owned())
}

/// A single word behind the last tag: `AC3.TiTAN`.
fn last_word(layout: &Layout<'_>, end: usize) -> Option<usize> {
    let last = end.checked_sub(1)?;
    let token = layout.tokens.get(last)?;
    let said = last
        .checked_sub(1)
        .and_then(|at| layout.tokens.get(at))
        .is_some_and(|word| matches!(word.text, "by" | "par" | "By"));
    let tagged = layout.marks.iter().any(|mark| mark.first + mark.len == last || said)
        && layout.marks.iter().any(|mark| mark.certain && mark.first < last);
    let plain =
        token.number().is_none() && token.bracket == 0 && !layout.marked(last) && token.text.len() > 1;
    (tagged && plain && last > layout.title_end).then_some(last)
}

/// Whether a text is the address of a site, or a tag that sites add.
pub(super) fn is_site(text: &str) -> bool {
    const SITES: &[&str] =
        &["rartv", "eztv", "ettv", "rarbg", "eztvx.to", "tgx", "p2pdl", "vtv", "glotv", "ctrc"];
    let lower = text.to_lowercase();
    SITES.contains(&lower.as_str()) || is_address(&lower)
}

/// Whether a text looks like a host's name.
pub(super) fn is_address(lower: &str) -> bool {
    const ENDS: &[&str] = &[
        "com", "org", "net", "info", "ru", "to", "tv", "me", "io", "se", "ag", "am", "lt", "mx", "cc", "bz",
        "it", "fr", "de", "biz", "eu", "es", "cl", "xyz", "site", "club", "ws", "li", "ro", "pl", "ch", "pw",
        "vip", "top", "in",
    ];
    let lower = lower.trim();
    let Some((host, end)) = lower.rsplit_once('.') else { return false };
    let named = !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'));
    named
        && ENDS.contains(&end)
        && (host.starts_with("www.") || !host.contains('.') || host.matches('.').count() < 3)
}
