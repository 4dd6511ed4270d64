//! The facts of films and series.
//!
//! Reads what `layout` settled; finds no tag itself.

use serde_json::{Map, Value, json};

use super::group::{self, Maker};
use super::layout::Layout;
use super::numbering;
use super::title;
use super::vocabulary::Class;

/// Every fact of a name but those that depend on its kind.
pub(super) fn facts(layout: &Layout<'_>, maker: &Maker) -> Map<String, Value> {
    let mut facts = Map::new();
    put(&mut facts, "title", title_of(layout, maker));
    numbers(layout, &mut facts);
    put(&mut facts, "episode_title", episode_title(layout, maker));
    if let Some(day) = &layout.day {
        let day = &day.value;
        facts.insert("date".into(), format!("{:04}-{:02}-{:02}", day.year, day.month, day.day).into());
        facts.insert("year".into(), day.year.into());
    }
    let season = layout.numbering.as_ref().and_then(|number| number.value.seasons.first().copied());
    if let Some(year) = season.filter(|season| (1_900..2_040).contains(season)) {
        facts.insert("year".into(), year.into());
    }
    if let Some(year) = &layout.year {
        facts.insert("year".into(), year.value.into());
    }
    tags(layout, maker, &mut facts);
    put(&mut facts, "group", maker.group.clone().unwrap_or_default());
    put(&mut facts, "site", maker.site.clone().unwrap_or_default());
    facts
}

/// Adds a text that is not empty.
pub(super) fn put(facts: &mut Map<String, Value>, name: &str, text: String) {
    if !text.is_empty() {
        facts.insert(name.to_owned(), text.into());
    }
}

fn title_of(layout: &Layout<'_>, maker: &Maker) -> String {
    let mut first = layout.body;
    let mut end = layout.title_end;
    if layout.numbering.as_ref().is_some_and(|number| number.first == first) {
        first = layout.numbering.as_ref().map_or(first, |number| number.end);
        // Behind a number of its own kind, `01 - Title`, stands the title; behind `E01` the episode's.
        if layout.tokens.get(layout.body).is_none_or(|token| token.number().is_none()) || first >= end {
            return String::new();
        }
    }
    // An address before the title is no part of it: `www.site.com - Title`.
    if maker.first.is_none()
        && maker.group.is_some()
        && maker.group.as_deref() == layout.tokens.first().map(|token| token.text)
        && first == 0
    {
        first = 1;
    }
    if let Some(behind) = address(layout, first, end) {
        first = behind;
    }
    if let Some(known_as) = (first + 1..end)
        .find(|&at| layout.tokens.get(at).is_some_and(|token| matches!(token.text, "AKA" | "aka" | "a.k.a")))
    {
        end = known_as;
    }
    title::text(layout.text(first, end))
}

fn address(layout: &Layout<'_>, first: usize, end: usize) -> Option<usize> {
    let starts = layout
        .tokens
        .get(first)
        .is_some_and(|token| ["www", "ww"].iter().any(|www| token.text.eq_ignore_ascii_case(www)));
    if starts
        && let Some(behind) = (first + 2..end.min(first + 6))
            .find(|&at| layout.tokens.get(at).is_some_and(|token| token.gap.contains(" - ")))
    {
        return Some(behind);
    }
    let dotted = layout.tokens.get(first + 1).is_some_and(|token| token.gap == ".");
    if !dotted {
        return None;
    }
    let behind = (first + 1..end.min(first + 6))
        .find(|&at| layout.tokens.get(at).is_some_and(|token| token.gap.contains(['-', ' ', '_'])))?;
    let text = layout.text(first, behind).to_lowercase();
    (starts || group::is_address(&text)).then_some(behind)
}

fn numbers(layout: &Layout<'_>, facts: &mut Map<String, Value>) {
    let Some(numbering) = layout.numbering.as_ref().map(|placed| &placed.value) else { return };
    match &numbering.seasons[..] {
        [] => {}
        [season] => {
            facts.insert("season".into(), (*season).into());
        }
        [first, ..] => {
            facts.insert("season".into(), (*first).into());
            facts.insert("seasons".into(), json!(numbering.seasons));
        }
    }
    if let Some(first) = numbering.episodes.first() {
        facts.insert("episode".into(), (*first).into());
        if numbering.episodes.len() > 1 {
            facts.insert("episodes".into(), json!(numbering.episodes));
        }
    }
    if let Some(part) = numbering.part {
        facts.insert("part".into(), part.to_string().into());
    }
    for (name, value) in [("disc", numbering.disc), ("version", numbering.version)] {
        if let Some(value) = value {
            facts.insert(name.into(), value.into());
        }
    }
}

fn episode_title(layout: &Layout<'_>, maker: &Maker) -> String {
    let ends = [layout.numbering.as_ref().map(|n| n.end), layout.day.as_ref().map(|d| d.end)];
    let Some(first) = ends.into_iter().flatten().max() else { return String::new() };
    let group = maker.first.unwrap_or(layout.tokens.len());
    let year = layout.year.as_ref().map(|year| year.first).filter(|&year| year >= first);
    let mut end = layout.tags.min(group).min(year.unwrap_or(usize::MAX)).min(layout.tokens.len());
    let bracket = layout.tokens.iter().enumerate().skip(first).take(end.saturating_sub(first));
    if let Some((at, _)) = bracket.clone().find(|(_, token)| token.bracket != 0) {
        end = at;
    }
    let leads = layout.numbering.as_ref().is_some_and(|number| number.first == layout.body)
        && layout.tokens.get(layout.body).is_some_and(|token| token.number().is_some());
    // Behind `S01E05_Other.Show.S02E06` stands no title of an episode.
    let lower = layout.name.to_ascii_lowercase();
    let crosses = layout.tokens.iter().take(end).skip(first).any(|token| {
        numbering::at(lower.as_bytes(), token.start)
            .is_some_and(|number| !number.seasons.is_empty() && !number.episodes.is_empty())
    });
    if first >= end || leads || crosses { String::new() } else { title::text(layout.text(first, end)) }
}

fn tags(layout: &Layout<'_>, maker: &Maker, facts: &mut Map<String, Value>) {
    let behind = maker.first.unwrap_or(usize::MAX);
    let of = |class: Class| {
        let mut tags: Vec<&str> = Vec::new();
        for mark in layout.of(class).filter(|mark| mark.first < behind) {
            if !tags.contains(&mark.tag.as_str()) {
                tags.push(&mark.tag);
            }
        }
        tags
    };
    put(facts, "source_tag", source(layout, behind));
    put(facts, "resolution", resolution(layout, behind));
    if let Some(video) = certain_first(layout, Class::Video, behind) {
        put(facts, "video_codec_tag", video);
    }
    sound(&of(Class::Audio), facts);
    for (class, name) in
        [(Class::Language, "language_tags"), (Class::Flag, "flags"), (Class::Picture, "picture_tags")]
    {
        let tags = of(class);
        if !tags.is_empty() {
            facts.insert(name.into(), json!(tags));
        }
    }
    for (class, name) in [
        (Class::Channels, "channels"),
        (Class::Service, "service"),
        (Class::Checksum, "checksum"),
        (Class::Size, "size_tag"),
    ] {
        put(facts, name, of(class).first().map(|tag| (*tag).to_owned()).unwrap_or_default());
    }
    if let Some(channels) =
        layout.of(Class::Audio).filter(|mark| mark.first < behind).find_map(|mark| mark.channels.clone())
    {
        put(facts, "channels", channels);
    }
    put(facts, "edition", of(Class::Edition).join("."));
}

fn certain_first(layout: &Layout<'_>, class: Class, behind: usize) -> Option<String> {
    let marks: Vec<_> = layout.of(class).filter(|mark| mark.first < behind).collect();
    marks.iter().find(|mark| mark.certain).or_else(|| marks.first()).map(|mark| mark.tag.clone())
}

fn source(layout: &Layout<'_>, behind: usize) -> String {
    let marks: Vec<_> = layout.of(Class::Source).filter(|mark| mark.first < behind).collect();
    let rip = marks.iter().find(|mark| mark.certain && mark.tag != "35mm");
    rip.or_else(|| marks.last()).map(|mark| mark.tag.clone()).unwrap_or_default()
}

fn resolution(layout: &Layout<'_>, behind: usize) -> String {
    let marks: Vec<_> = layout.of(Class::Resolution).filter(|mark| mark.first < behind).collect();
    let digits = marks.iter().find(|mark| {
        layout
            .tokens
            .get(mark.first)
            .is_some_and(|token| token.text.starts_with(|c: char| c.is_ascii_digit()) && token.text.len() > 2)
    });
    digits.or_else(|| marks.first()).map(|mark| mark.tag.clone()).unwrap_or_default()
}

/// One codec of sound is a text, several are a list. Atmos is part of the codec that carries it.
fn sound(tags: &[&str], facts: &mut Map<String, Value>) {
    let atmos = tags.contains(&"Atmos");
    let mut codecs: Vec<String> = tags
        .iter()
        .filter(|tag| !matches!(**tag, "Atmos" | "DUAL.AUDIO"))
        .map(|tag| (*tag).to_owned())
        .collect();
    if atmos {
        match codecs.iter_mut().find(|tag| matches!(tag.as_str(), "TrueHD" | "DDP" | "DD")) {
            Some(carrier) => carrier.push_str(".Atmos"),
            None => codecs.push("Atmos".to_owned()),
        }
    }
    match &codecs[..] {
        [] => {}
        [one] => {
            facts.insert("audio_tag".into(), one.as_str().into());
        }
        more => {
            facts.insert("audio_tag".into(), json!(more));
        }
    }
}
