//! The words that release names are made of, read once from the text files beside this one.
//!
//! Knows how words are written, not where they may stand.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// What a word tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Class {
    Source,
    Video,
    Audio,
    Channels,
    Picture,
    Resolution,
    Language,
    Flag,
    Edition,
    Service,
    BookSource,
    BookFormat,
    BookType,
    Game,
    Music,
    Size,
    Checksum,
    Version,
    Noise,
}

/// A word or a run of words with a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// What it tells of.
    pub class: Class,
    /// How the grammar writes it.
    pub tag: &'static str,
    /// Whether it means nothing else; other words count only beside certain ones.
    pub certain: bool,
}

/// Most words that one form has, so that looking up is bounded.
pub(super) const LONGEST: usize = 5;

/// What the words mean, without the marks between them.
pub(super) fn entry(joined: &str, wanted: Option<Class>) -> Option<Entry> {
    let entries = WORDS.forms.get(joined)?;
    entries.iter().copied().find(|entry| wanted.is_none_or(|class| entry.class == class))
}

/// The kind of file that an extension tells: `video`, `book`, … Lower case.
pub(super) fn container(extension: &str) -> Option<&'static str> {
    WORDS.containers.get(extension).copied()
}

/// Every publisher, as it is written.
pub(super) fn publishers() -> impl Iterator<Item = &'static str> {
    lines(include_str!("vocabulary/publisher.txt"))
}

/// Whether an author's name often begins with this word.
pub(super) fn is_given_name(word: &str) -> bool {
    WORDS.given.contains(word)
}

struct Words {
    forms: HashMap<String, Vec<Entry>>,
    containers: HashMap<&'static str, &'static str>,
    given: HashSet<&'static str>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words {
        forms: HashMap::with_capacity(2_048),
        containers: HashMap::with_capacity(128),
        given: HashSet::with_capacity(1_024),
    };
    for (class, text) in FILES {
        for line in lines(text) {
            if let Some((tag, forms)) = line.split_once(':') {
                add(&mut words.forms, *class, tag, forms);
            }
        }
    }
    for line in lines(include_str!("vocabulary/container.txt")) {
        if let Some((kind, extensions)) = line.split_once(':') {
            words.containers.extend(extensions.split(',').map(|extension| (extension.trim(), kind)));
        }
    }
    words.given.extend(lines(include_str!("vocabulary/given.txt")).flat_map(str::split_whitespace));
    words
});

/// The files whose lines are `TAG: form, ~form`. Of a form in two files, the first file's meaning is preferred.
const FILES: &[(Class, &str)] = &[
    (Class::Source, include_str!("vocabulary/source.txt")),
    (Class::Video, include_str!("vocabulary/video.txt")),
    (Class::Audio, include_str!("vocabulary/audio.txt")),
    (Class::Resolution, include_str!("vocabulary/resolution.txt")),
    (Class::Picture, include_str!("vocabulary/picture.txt")),
    (Class::Edition, include_str!("vocabulary/edition.txt")),
    (Class::Flag, include_str!("vocabulary/flags.txt")),
    (Class::Language, include_str!("vocabulary/language.txt")),
    (Class::Service, include_str!("vocabulary/service.txt")),
    (Class::BookType, include_str!("vocabulary/book.txt")),
    (Class::Music, include_str!("vocabulary/music.txt")),
    (Class::Game, include_str!("vocabulary/game.txt")),
    (Class::Noise, include_str!("vocabulary/noise.txt")),
];

fn add(forms: &mut HashMap<String, Vec<Entry>>, class: Class, tag: &'static str, written: &str) {
    // Lines of the book's file carry their class before the tag.
    let (class, tag) = match tag.split_once(' ') {
        Some(("source", tag)) => (Class::BookSource, tag),
        Some(("format", tag)) => (Class::BookFormat, tag),
        Some(("type", tag)) => (Class::BookType, tag),
        _ => (class, tag),
    };
    for form in written.split(',').map(str::trim).filter(|form| !form.is_empty()) {
        let certain = !form.starts_with('~');
        let joined: String = form.chars().filter(|c| !matches!(c, '~' | ' ')).collect();
        forms.entry(joined).or_default().push(Entry { class, tag, certain });
    }
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_a_meaning_and_a_tag() {
        let check = |form: &str, class, tag| {
            assert_eq!(entry(form, Some(class)).map(|entry| entry.tag), Some(tag), "{form}");
        };
        check("webdl", Class::Source, "WEB-DL");
        check("dtshdma", Class::Audio, "DTS-HD.MA");
        check("amzn", Class::Service, "AMZN");
        check("retail", Class::BookSource, "RETAIL");
        assert_eq!(container("epub"), Some("book"));
        assert!(entry("nosuchword", None).is_none() && is_given_name("Haruki"));
        assert!(publishers().any(|name| name == "Apress"));
    }

    #[test]
    fn every_form_is_in_lower_case_and_short_enough() {
        for (class, text) in FILES {
            for line in lines(text) {
                let (_, forms) = line.split_once(':').unwrap_or_else(|| panic!("{class:?}: `{line}`"));
                for form in forms.split(',') {
                    assert_eq!(form, form.to_lowercase(), "{line}");
                    assert!(form.split_whitespace().count() <= LONGEST, "{line}");
                }
            }
        }
    }
}
