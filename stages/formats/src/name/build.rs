//! Writes a release name from facts, by the grammar of its kind.
//!
//! Says which fact is missing and never writes what the rules for names forbid: no character but letters, digits, dots,
//! hyphens, no two marks in a row, no name that is too long.

use serde_json::{Map, Value};
use thiserror::Error;

use super::dots::{dots, truncate};
use super::language;

/// Longest name of a book's release; series and films have no limit of their own, but file systems have one.
pub const LONGEST_BOOK: usize = 243;
/// Longest name that file systems take.
pub const LONGEST: usize = 255;

/// Why a name cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    /// The grammar has no such kind.
    #[error("there is no grammar for the kind `{0}`")]
    Kind(String),
    /// A fact that the kind's names need is not there.
    #[error("a name of the kind `{kind}` needs the fact `{fact}`")]
    Missing {
        /// The kind.
        kind: String,
        /// The fact's name.
        fact: &'static str,
    },
    /// Nothing of the text can be written in a name.
    #[error("`{0}` has no letter or digit that a name may hold")]
    Empty(&'static str),
    /// Even a shortened title leaves the name too long.
    #[error("the name would be longer than {0} characters")]
    Long(usize),
}

/// The kinds that the grammar writes, alphabetical.
pub const KINDS: &[Kind] = &[
    Kind { name: "comic", write: comic, most: LONGEST_BOOK },
    Kind { name: "docs", write: docs, most: LONGEST },
    Kind { name: "ebook", write: ebook, most: LONGEST_BOOK },
    Kind { name: "magazine", write: magazine, most: LONGEST_BOOK },
    Kind { name: "movie", write: movie, most: LONGEST },
    Kind { name: "tv", write: tv, most: LONGEST },
];

/// How names of a kind are written.
pub struct Kind {
    /// The kind.
    pub name: &'static str,
    write: fn(&mut Writer<'_>) -> Result<(), BuildError>,
    most: usize,
}

/// The name of a release of this kind with these facts.
pub fn build(kind: &str, facts: &Map<String, Value>) -> Result<String, BuildError> {
    let row = KINDS.iter().find(|row| row.name == kind).ok_or_else(|| BuildError::Kind(kind.to_owned()))?;
    let mut room = usize::MAX;
    // A title that is too long is shortened until the whole fits.
    for _ in 0..4 {
        let mut writer = Writer { kind: row.name, facts, room, longest_text: 0, name: String::new() };
        (row.write)(&mut writer)?;
        let group = writer.need("group")?;
        let name = format!("{}-{}", writer.name, group.replace(['.', '-'], "_"));
        if name.len() <= row.most {
            return Ok(name);
        }
        let over = name.len() - row.most;
        let longest = writer.longest_text.min(room);
        room = longest.checked_sub(over).filter(|&room| room > 0).ok_or(BuildError::Long(row.most))?;
    }
    Err(BuildError::Long(row.most))
}

/// A name that grows part by part.
struct Writer<'a> {
    kind: &'static str,
    facts: &'a Map<String, Value>,
    /// Most characters of a title.
    room: usize,
    longest_text: usize,
    name: String,
}

impl Writer<'_> {
    fn language(&self) -> Option<&str> {
        self.facts.get("language").and_then(Value::as_str)
    }

    /// A fact as text; of a list the first entry.
    fn text(&self, fact: &str) -> Option<String> {
        let value = self.facts.get(fact)?;
        let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
        match value {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn number(&self, fact: &str) -> Option<u64> {
        let value = self.facts.get(fact)?;
        value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
    }

    /// A text that the name cannot do without, as words with dots.
    fn need(&self, fact: &'static str) -> Result<String, BuildError> {
        let missing = || BuildError::Missing { kind: self.kind.to_owned(), fact };
        let text = dots(&self.text(fact).ok_or_else(missing)?, self.language());
        if text.is_empty() { Err(BuildError::Empty(fact)) } else { Ok(text) }
    }

    fn push(&mut self, part: &str) {
        if part.is_empty() {
            return;
        }
        if !self.name.is_empty() {
            self.name.push('.');
        }
        self.name.push_str(part);
    }

    /// A text that may be shortened.
    fn words(&mut self, text: &str) {
        self.longest_text = self.longest_text.max(text.len());
        let short = truncate(text, self.room);
        self.push(&short);
    }

    fn title(&mut self) -> Result<(), BuildError> {
        let title = self.need("title")?;
        self.words(&title);
        Ok(())
    }

    /// The tags of a fact, each with dots between its words.
    fn tags(&mut self, fact: &str) {
        let list = match self.facts.get(fact) {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(tag).collect(),
            Some(Value::String(text)) => vec![tag(text)],
            _ => Vec::new(),
        };
        for part in list {
            self.push(&part);
        }
    }

    fn year(&mut self) {
        if let Some(year) = self.number("year") {
            self.push(&format!("{year:04}"));
        }
    }

    fn languages(&mut self) {
        if self.facts.contains_key("language_tags") {
            self.tags("language_tags");
        } else if let Some(language) = self.language().map(language::tag) {
            self.push(&language);
        }
    }

    /// What ends the names of films and series.
    fn picture(&mut self) {
        for fact in ["edition", "flags"] {
            self.tags(fact);
        }
        self.languages();
        for fact in ["resolution", "service", "source_tag"] {
            self.tags(fact);
        }
        self.sound();
        for fact in ["picture_tags", "video_codec_tag"] {
            self.tags(fact);
        }
    }

    fn sound(&mut self) {
        self.tags("audio_tag");
        if let Some(channels) = self.text("channels") {
            // `DDP5.1`, `AAC2.0`: channels follow codecs of letters without a dot.
            let glued = self.facts.get("audio_tag").and_then(Value::as_str);
            if glued.is_some_and(|tag| matches!(tag, "DD" | "DDP" | "AAC")) {
                self.name.push_str(&tag(&channels));
            } else {
                self.push(&tag(&channels));
            }
        }
    }

    fn numbered(&mut self, fact: &str, word: &str) {
        if let Some(number) = self.number(fact) {
            self.push(&format!("{word}{number}"));
        }
    }

    /// What ends the names of books.
    fn book(&mut self, kind: &str) -> Result<(), BuildError> {
        self.languages();
        let source = self.need("source_tag")?;
        self.push(&source);
        self.tags("flags");
        self.push(kind);
        if let Some(format) = self.text("format").filter(|format| format != "pdf") {
            self.push(&tag(&format.to_uppercase()));
        }
        self.push("eBook");
        Ok(())
    }
}

/// A tag with nothing in it that names forbid. `HDR10+` is written in letters.
fn tag(text: &str) -> String {
    dots(&text.replace('+', "Plus"), None)
}

fn tv(name: &mut Writer<'_>) -> Result<(), BuildError> {
    name.title()?;
    let dated = name.text("date").filter(|date| date.len() == 10 && !name.facts.contains_key("episode"));
    if let Some(date) = dated {
        name.push(&date.replace('-', "."));
    } else {
        if name.number("season").is_none_or(|season| season < 1_900) {
            name.year();
        }
        let numbering = numbering(name)?;
        name.push(&numbering);
    }
    if let Some(title) = name.text("episode_title") {
        let title = dots(&title, name.language());
        name.words(&title);
    }
    name.picture();
    Ok(())
}

/// `S01E02`, `S01E02-E04`, `E05`, `S01`, `S01-S03`.
fn numbering(name: &Writer<'_>) -> Result<String, BuildError> {
    let list = |fact: &str| -> Vec<u64> {
        let list = name.facts.get(fact).and_then(Value::as_array);
        list.map(|list| list.iter().filter_map(Value::as_u64).collect()).unwrap_or_default()
    };
    let (seasons, episodes) = (list("seasons"), list("episodes"));
    let mut text = String::new();
    if let Some(season) = name.number("season").or(seasons.first().copied()) {
        text.push_str(&format!("S{season:02}"));
    }
    if let (Some(first), Some(last)) = (seasons.first(), seasons.last())
        && first != last
    {
        return Ok(format!("S{first:02}-S{last:02}"));
    }
    let Some(first) = name.number("episode").or(episodes.first().copied()) else {
        let missing = || BuildError::Missing { kind: name.kind.to_owned(), fact: "episode" };
        return if text.is_empty() { Err(missing()) } else { Ok(text) };
    };
    text.push_str(&format!("E{first:02}"));
    let in_a_row =
        episodes.windows(2).all(|pair| matches!(pair, [one, next] if one.checked_add(1) == Some(*next)));
    match (&episodes[..], in_a_row) {
        ([_, .., last], true) => text.push_str(&format!("-E{last:02}")),
        ([_, rest @ ..], false) => text.extend(rest.iter().map(|episode| format!("E{episode:02}"))),
        _ => {}
    }
    if let Some(part) = name.text("part").filter(|part| part.len() == 1) {
        text.push_str(&tag(&part));
    }
    Ok(text)
}

fn movie(name: &mut Writer<'_>) -> Result<(), BuildError> {
    name.title()?;
    name.need("year")?;
    name.year();
    name.picture();
    Ok(())
}

fn ebook(name: &mut Writer<'_>) -> Result<(), BuildError> {
    let by = if name.facts.contains_key("authors") { "authors" } else { "publisher" };
    let by = name.need(by).map_err(|error| match error {
        BuildError::Missing { kind, .. } => BuildError::Missing { kind, fact: "authors" },
        other => other,
    })?;
    name.push(&by);
    name.title()?;
    name.tags("edition");
    name.need("year")?;
    name.year();
    name.book("")
}

fn comic(name: &mut Writer<'_>) -> Result<(), BuildError> {
    name.title()?;
    name.numbered("volume", "Vol.");
    name.numbered("issue", "No.");
    month(name);
    name.need("year")?;
    name.year();
    name.book("COMiC")
}

fn magazine(name: &mut Writer<'_>) -> Result<(), BuildError> {
    name.title()?;
    name.numbered("volume", "Vol.");
    name.numbered("issue", "No");
    month(name);
    name.need("year")?;
    name.year();
    name.book("MAGAZiNE")
}

/// The month of a date that has no day.
fn month(name: &mut Writer<'_>) {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let date = name.text("date").unwrap_or_default();
    let number = date.get(5..7).and_then(|month| month.parse::<usize>().ok());
    if let Some(month) =
        number.and_then(|number| MONTHS.get(number.checked_sub(1)?)).filter(|_| date.len() == 7)
    {
        name.push(month);
    }
}

fn docs(name: &mut Writer<'_>) -> Result<(), BuildError> {
    name.title()?;
    name.year();
    name.push("DOCS");
    Ok(())
}

#[cfg(test)]
mod tests;
