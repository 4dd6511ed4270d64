//! Finds the words of the vocabulary in a name, and the forms that are patterns rather than words.
//!
//! Says what a word could mean; whether it does, in its place, is told by `layout`.

use super::tokens::Token;
use super::vocabulary::{self, Class, Entry, LONGEST};

/// A run of words with a meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// What it tells of.
    pub class: Class,
    /// The tag as the grammar writes it.
    pub tag: String,
    /// The channels that are glued to a codec of sound.
    pub channels: Option<String>,
    /// Whether it means nothing else.
    pub certain: bool,
    /// Its first word.
    pub first: usize,
    /// How many words it has.
    pub len: usize,
}

/// Every mark of a name, in order and without overlaps. Words of `taken` are left alone.
pub(super) fn find(tokens: &[Token<'_>], taken: &[bool]) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if taken.get(at).copied().unwrap_or(false) {
            at += 1;
            continue;
        }
        let after_audio =
            marks.last().is_some_and(|mark| mark.class == Class::Audio && mark.first + mark.len == at);
        let free = tokens.len().min(at + LONGEST).min(
            (at..at + LONGEST)
                .find(|&next| taken.get(next).copied().unwrap_or(false))
                .unwrap_or(tokens.len()),
        );
        let run = tokens.get(at..free).unwrap_or_default();
        if let Some((class, tag, certain, len)) = pattern(run, after_audio).or_else(|| word(run)) {
            marks.push(Mark { class, tag, channels: None, certain, first: at, len });
            at += len;
        } else if let Some((tag, channels, len)) = with_channels(run) {
            let channels = Some(channels);
            marks.push(Mark {
                class: Class::Audio,
                tag: tag.to_owned(),
                channels,
                certain: true,
                first: at,
                len,
            });
            at += len;
        } else {
            at += 1;
        }
    }
    marks
}

type Meaning = (Class, String, bool, usize);

/// The longest run of words that the vocabulary knows.
fn word(run: &[Token<'_>]) -> Option<Meaning> {
    let (first, rest) = run.split_first()?;
    let mut joined = plain(first.text);
    let mut found = meaning(&joined, 1, first);
    for (at, token) in rest.iter().enumerate() {
        if token.bracket != first.bracket || !joins(token.gap) {
            break;
        }
        joined.push_str(&plain(token.text));
        // Single letters in a row are an acronym, not a tag that somebody cut up.
        let letters = joined.chars().count() <= at + 2;
        if joined.len() > 40 {
            break;
        }
        if !letters && let Some(longer) = meaning(&joined, at + 2, first) {
            found = Some(longer);
        }
    }
    found
}

/// Whether words with this between them may be one tag.
fn joins(gap: &str) -> bool {
    matches!(gap, "." | "-" | "_" | " " | "/" | ": " | " - " | "" | ":" | "+")
}

fn meaning(joined: &str, len: usize, first: &Token<'_>) -> Option<Meaning> {
    let Entry { class, tag, certain } = vocabulary::entry(joined, None)?;
    // `It` and `Max` are words; a service is written in capitals or in its own way.
    let shouted = first.text.chars().filter(|c| c.is_lowercase()).count() < 2 || first.text == tag;
    (class != Class::Service || joined.len() > 4 || shouted || first.text.to_lowercase() == first.text)
        .then(|| (class, tag.to_owned(), certain, len))
}

/// A word in lower case, without marks but for `+`, which tells tags apart.
pub(super) fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric() || *c == '+').flat_map(char::to_lowercase).collect()
}

/// Forms with numbers in them.
fn pattern(run: &[Token<'_>], after_audio: bool) -> Option<Meaning> {
    let first = run.first()?;
    let lower = first.text.to_lowercase().replace('*', "x");
    let lower = plain(&lower);
    let one = |class, tag: String| Some((class, tag, true, 1));
    if let Some(resolution) = resolution(&lower) {
        return one(Class::Resolution, resolution);
    }
    if let (Some(by), Some(height)) = (run.get(1), run.get(2))
        && matches!(by.text, "x" | "X")
        && let Some(resolution) = resolution(&format!("{lower}x{}", plain(height.text)))
    {
        return Some((Class::Resolution, resolution, true, 3));
    }
    if let Some(height) = run.get(1).filter(|height| height.gap == " * ")
        && let Some(resolution) = resolution(&format!("{lower}x{}", plain(height.text)))
    {
        return Some((Class::Resolution, resolution, true, 2));
    }
    if let Some(next) = run.get(1)
        && matches!(next.gap, "." | " " | "-")
        && matches!(plain(next.text).as_str(), "p" | "i")
        && matches!(lower.as_str(), "480" | "576" | "720" | "1080" | "2160")
    {
        return Some((Class::Resolution, format!("{lower}{}", plain(next.text)), true, 2));
    }
    if let Some(channels) = channels(run, after_audio) {
        return Some(channels);
    }
    if let Some(version) = version(run) {
        return Some(version);
    }
    if lower.len() == 8
        && first.opens != ' '
        && lower.bytes().all(|byte| byte.is_ascii_hexdigit())
        && lower.bytes().any(|b| b.is_ascii_digit())
        && first.number().is_none_or(|n| n > 21_001_231)
    {
        return one(Class::Checksum, first.text.to_uppercase());
    }
    if let Some(size) = size(run, &lower) {
        return Some(size);
    }
    if let Some(rest) =
        lower.strip_prefix(|c: char| c.is_ascii_digit()).map(|rest| rest.strip_prefix('x').unwrap_or(rest))
        && matches!(rest, "dvd" | "dvd5" | "dvd9" | "dvdr")
    {
        return one(Class::Source, "DVD".into());
    }
    // Frames a second and rates say little, but they are no title.
    let rated = ["fps", "kbps", "mbps"].iter().find_map(|unit| lower.strip_suffix(unit));
    if rated.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())) {
        let class = if lower.ends_with("fps") { Class::Picture } else { Class::Size };
        return one(class, lower);
    }
    let bare = lower.strip_prefix(['h', 'x']).unwrap_or(&lower);
    (bare.len() > 3
        && bare.len() < lower.len()
        && matches!(bare, "264hd" | "264hi10p" | "265m" | "26410bit" | "26510bit"))
    .then(|| (Class::Video, lower.get(..4).unwrap_or_default().replace('h', "H"), true, 1))
}

/// `1080p`, `720p60`, `1080hd`, `1280x720`.
fn resolution(lower: &str) -> Option<String> {
    let digits = lower.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = lower.split_at_checked(digits)?;
    if let Some(height) = rest.strip_prefix('x').filter(|_| (3..=4).contains(&digits)) {
        let letter = if height.ends_with('i') { 'i' } else { 'p' };
        let height = height.trim_end_matches(|c: char| c.is_ascii_lowercase());
        let height: u32 = height.parse().ok().filter(|height| (100..=4_320).contains(height))?;
        let width: u32 = number.parse().ok().filter(|width| (100..=8_200).contains(width))?;
        return Some(shape(width, height, letter));
    }
    let known = matches!(
        number,
        "240" | "360" | "368" | "480" | "540" | "576" | "720" | "900" | "1080" | "1440" | "2160" | "4320"
    );
    let (letter, rate) = rest.split_at_checked(1)?;
    let rated = rate.is_empty()
        || rate.bytes().all(|byte| byte.is_ascii_digit()) && rate.len() <= 3
        || matches!(rate, "hd" | "x" | "fps" | "25" | "50" | "60fps" | "50fps" | "24fps" | "30fps");
    match letter {
        "p" | "i" if known && rated => Some(format!("{number}{letter}")),
        "h" if known && rate == "d" => Some(format!("{number}p")),
        _ => None,
    }
}

/// The resolution that a picture of this size counts as: by its height where its shape is usual, by its width where its
/// height was cropped, else the size itself.
fn shape(width: u32, height: u32, letter: char) -> String {
    const HEIGHTS: &[u32] = &[240, 288, 360, 368, 480, 540, 576, 720, 900, 1_080, 1_440, 2_160, 4_320];
    let usual = (12..=19).contains(&(width.saturating_mul(10) / height.max(1)));
    if HEIGHTS.contains(&height) && usual {
        return format!("{height}{letter}");
    }
    match (width, width.saturating_mul(10) > height.saturating_mul(18)) {
        (3_840, true) => "2160p".to_owned(),
        (1_920, true) => "1080p".to_owned(),
        (1_280, true) => "720p".to_owned(),
        _ => format!("{width}x{height}"),
    }
}

/// `5.1`, `7 1`, `51`, `6ch`.
fn channels(run: &[Token<'_>], after_audio: bool) -> Option<Meaning> {
    let first = run.first()?;
    let lower = first.text.to_lowercase();
    let next = run.get(1);
    let one = |tag: String, len| Some((Class::Channels, tag, true, len));
    if let (Some(front @ 1..=9), Some(next)) = (first.number().filter(|_| lower.len() == 1), next)
        && (next.gap == "." || (after_audio && matches!(next.gap, " " | "_" | ",")))
    {
        let back = next.text.to_lowercase();
        let back = back.strip_suffix("ch").unwrap_or(&back);
        let surround =
            matches!((front, back), (5 | 6 | 7 | 9, "1") | (1 | 2, "0") | (2, "1") | (3, "1") | (4..=7, "0"));
        if surround && (after_audio || matches!((front, back), (5 | 7, "1") | (2, "0"))) {
            return one(format!("{front}.{back}"), 2);
        }
    }
    if after_audio && matches!(lower.as_str(), "51" | "71" | "20" | "21" | "10" | "61") {
        let (front, back) = lower.split_at_checked(1)?;
        return one(format!("{front}.{back}"), 1);
    }
    match lower.as_str() {
        "2ch" => one("2.0".into(), 1),
        "6ch" => one("5.1".into(), 1),
        "8ch" => one("7.1".into(), 1),
        _ => None,
    }
}

/// `v1.0.2`, `16.30.19101301`.
fn version(run: &[Token<'_>]) -> Option<Meaning> {
    let (first, rest) = run.split_first()?;
    let number = first.text.strip_prefix(['v', 'V']).unwrap_or(first.text);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(number) {
        return None;
    }
    let marked = number.len() < first.text.len();
    let more = rest
        .iter()
        .take_while(|token| (token.gap == "." || (marked && token.gap == " ")) && digits(token.text))
        .count();
    let enough = if marked { 1 } else { 2 };
    if more < enough || more > 4 {
        return None;
    }
    let parts: Vec<&str> = run.iter().take(more + 1).map(|token| token.text).collect();
    Some((Class::Version, parts.join("."), true, more + 1))
}

/// `700MB`, `1.4 GB`.
fn size(run: &[Token<'_>], lower: &str) -> Option<Meaning> {
    let digits = lower.bytes().take_while(u8::is_ascii_digit).count();
    let unit = |text: &str| matches!(text, "mb" | "gb" | "gib" | "mib" | "gig");
    let (number, rest) = lower.split_at_checked(digits)?;
    if digits > 0 && unit(rest) {
        return Some((Class::Size, lower.to_uppercase(), true, 1));
    }
    let next = run.get(1)?;
    (digits == lower.len() && digits > 0 && next.gap == " " && unit(&plain(next.text)))
        .then(|| (Class::Size, format!("{number}{}", next.text.to_uppercase()), true, 2))
}

/// A codec of sound with its channels glued on: `DDP5.1`, `AAC2.0`, `DD51`.
fn with_channels(run: &[Token<'_>]) -> Option<(&'static str, String, usize)> {
    (1..=run.len().min(3)).rev().find_map(|words| {
        let last = run.get(words - 1)?;
        let mut joined: String = run.get(..words - 1)?.iter().map(|token| plain(token.text)).collect();
        if run.get(1..words)?.iter().any(|token| !joins(token.gap)) {
            return None;
        }
        let text = plain(last.text);
        let stem = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let channels = text.get(stem.len()..).filter(|digits| matches!(digits.len(), 1 | 2))?;
        joined.push_str(stem);
        let entry = vocabulary::entry(&joined, Some(Class::Audio)).filter(|_| !stem.is_empty())?;
        let next = run.get(words).filter(|next| {
            channels.len() == 1 && matches!(next.gap, "." | " " | "_") && matches!(next.text, "0" | "1" | "2")
        });
        let (front, back) = channels.split_at_checked(1)?;
        let said = match (next, channels) {
            (Some(next), _) => format!("{channels}.{}", next.text),
            (None, "51" | "71" | "20" | "10" | "61" | "21" | "40" | "50") => format!("{front}.{back}"),
            (None, "2" | "1") => format!("{channels}.0"),
            (None, "5" | "6" | "7") => format!("{channels}.1"),
            _ => return None,
        };
        Some((entry.tag, said, words + usize::from(next.is_some())))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tokens;
    use super::*;

    fn check(name: &str, wanted: &[(Class, &str)]) {
        let tokens = tokens::cut(name);
        let marks = find(&tokens, &[]);
        let got: Vec<(Class, &str)> = marks.iter().map(|mark| (mark.class, mark.tag.as_str())).collect();
        assert_eq!(got, wanted, "{name}");
    }

    #[test]
    fn tags_are_found_however_they_are_cut() {
        check("WEB-DL.H.264", &[(Class::Source, "WEB-DL"), (Class::Video, "H264")]);
        check("web dl h264", &[(Class::Source, "WEB-DL"), (Class::Video, "H264")]);
        check(
            "DDP5.1 DTS-HD.MA.7.1",
            &[(Class::Audio, "DDP"), (Class::Audio, "DTS-HD.MA"), (Class::Channels, "7.1")],
        );
        check("EAC3.51", &[(Class::Audio, "DDP"), (Class::Channels, "5.1")]);
        check(
            "1280x720 1080p60 720hd",
            &[(Class::Resolution, "720p"), (Class::Resolution, "1080p"), (Class::Resolution, "720p")],
        );
        check("[585d9971] 700MB", &[(Class::Checksum, "585D9971"), (Class::Size, "700MB")]);
        check("E.T. the house", &[]);
    }
}
