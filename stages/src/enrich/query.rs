//! What is sought, from the facts that are known, and what a provider offers for it.

use std::collections::BTreeMap;

use engine::{Fact, Facts};
use formats::read::identifier::isbn13;
use serde::Serialize;
use serde_json::Value;

/// What kind of thing is sought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    #[default]
    /// A book.
    Book,
    /// An episode, or a season, of a show.
    Episode,
    /// A film.
    Movie,
}

/// What is known of what is sought.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Query {
    pub(crate) media: Media,
    pub(crate) title: Option<String>,
    pub(crate) authors: Vec<String>,
    pub(crate) year: Option<i64>,
    /// Thirteen digits.
    pub(crate) isbn: Option<String>,
    /// Identifiers by their scheme: `tmdb`, `imdb`, `openlibrary` …
    pub(crate) ids: BTreeMap<String, String>,
    pub(crate) season: Option<u32>,
    pub(crate) episodes: Vec<u32>,
    /// The day an episode was shown, of shows that are told apart by it.
    pub(crate) date: Option<String>,
    pub(crate) language: Option<String>,
}

/// One thing that a provider offers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Hit {
    /// What the provider calls it.
    pub id: String,
    /// Its titles, the main one first.
    pub titles: Vec<String>,
    /// Its authors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// When it appeared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i64>,
    /// How like it is to what is sought, 0 to 1.
    pub score: f64,
    /// Whether an identifier says that it is the thing.
    pub certain: bool,
}

/// The facts that a query is made of, so that a step that asks rests on them alone.
pub(crate) const ASKED: &[&str] = &[
    "title",
    "authors",
    "year",
    "isbn",
    "identifiers",
    "season",
    "episode",
    "episodes",
    "date",
    "language",
    "resolution",
    "duration_ms",
];

impl Media {
    /// How much title, authors and year weigh.
    pub(crate) const fn weights(self) -> (f64, f64, f64) {
        match self {
            Self::Book => (0.5, 0.4, 0.1),
            Self::Episode | Self::Movie => (0.8, 0.0, 0.2),
        }
    }
}

impl Query {
    /// What is sought, by what is known.
    pub(crate) fn of(known: &Facts, language: Option<&str>) -> Self {
        let value = |name: &str| known.value(name);
        let text = |name: &str| value(name).and_then(text_of);
        // What a template made is text.
        let number = |name: &str| text(name).and_then(|number| number.parse().ok());
        let mut ids: BTreeMap<String, String> = BTreeMap::new();
        for (scheme, id) in value("identifiers").and_then(Value::as_object).into_iter().flatten() {
            let id = text_of(id).or_else(|| id.as_array()?.first().and_then(text_of));
            ids.extend(id.map(|id| (scheme.clone(), id)));
        }
        let season = number("season");
        let mut episodes: Vec<u32> =
            texts(value("episodes")).iter().filter_map(|text| text.parse().ok()).collect();
        if episodes.is_empty() {
            episodes.extend(number("episode"));
        }
        let is_film = ["resolution", "duration_ms"].iter().any(|name| value(name).is_some());
        let media = if season.is_some() || !episodes.is_empty() {
            Media::Episode
        } else if is_film {
            Media::Movie
        } else {
            Media::Book
        };
        let isbn = text("isbn").or_else(|| ids.get("isbn").cloned()).and_then(|isbn| isbn13(&isbn));
        let year = value("year").and_then(year_of).or_else(|| text("date").and_then(|date| year_in(&date)));
        Self {
            media,
            title: text("title"),
            authors: texts(value("authors")),
            year,
            isbn,
            ids,
            season,
            episodes,
            date: text("date").filter(|date| date.len() == 10),
            language: language.map(str::to_owned),
        }
    }

    /// An identifier of this scheme.
    pub(crate) fn id(&self, scheme: &str) -> Option<&str> {
        self.ids.get(scheme).map(String::as_str)
    }

    /// What is sought in a few words, for messages.
    pub(crate) fn shown(&self) -> String {
        let title = self.title.as_deref().unwrap_or("what has no title");
        let episode = match (self.season, self.episodes.first()) {
            (Some(season), Some(episode)) => format!(" S{season:02}E{episode:02}"),
            (Some(season), None) => format!(" season {season}"),
            _ => String::new(),
        };
        let year = self.year.map_or_else(String::new, |year| format!(" ({year})"));
        format!("{title}{episode}{year}")
    }
}

/// A value as text, if it is one or a number.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A list of texts, or the one text that stands for it.
pub(crate) fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(text_of).collect(),
        Some(value) => text_of(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The year of a value: a number, or what a date begins with.
pub(crate) fn year_of(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| year_in(value.as_str()?))
}

/// The first four digits in a text that can be a year.
pub(crate) fn year_in(text: &str) -> Option<i64> {
    let digits = text.split(|c: char| !c.is_ascii_digit());
    digits.filter(|part| part.len() == 4).find_map(|part| part.parse().ok()).filter(|year| *year >= 1000)
}

/// The facts of these names.
pub(crate) fn only(names: &[&str], known: impl Fn(&str) -> Option<Fact>) -> Facts {
    names.iter().filter_map(|name| Some(((*name).to_owned(), known(name)?))).collect()
}
