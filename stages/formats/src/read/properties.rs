//! What documents of every kind say about themselves, before it becomes facts.
//!
//! Knows how people fill in such fields: several authors or keywords in one, numbers that were never set.

use super::facts::{bounded, number};
use super::identifier::classify;
use super::language::bcp47;
use super::markup::collapse;
use super::zipped::printable;
use super::{Found, Limits};
use serde_json::Map;

/// Fields as they stand in the file; what is empty or zero is not known.
#[derive(Debug, Default)]
pub struct Properties {
    pub title: String,
    /// What it is about, and the category it was put in.
    pub topics: Vec<String>,
    /// Lists of keywords, which commas or semicolons part.
    pub keywords: Vec<String>,
    /// Names, of which a semicolon may part several.
    pub authors: Vec<String>,
    pub contributors: Vec<String>,
    pub publisher: String,
    pub description: String,
    pub rights: String,
    pub language: String,
    pub series: String,
    pub series_index: String,
    /// Values with the scheme that the file names for them.
    pub identifiers: Vec<(String, Option<String>)>,
    pub date: String,
    pub producer: String,
    pub pages: Option<u64>,
    pub words: Option<u64>,
}

impl Properties {
    /// A field that users add themselves, when its name is one of a fact.
    pub fn custom(&mut self, name: &str, value: &str) {
        let name = name.trim().to_ascii_lowercase();
        let field = match name.as_str() {
            "publisher" => &mut self.publisher,
            "language" => &mut self.language,
            "series" => &mut self.series,
            "series index" | "series_index" | "volume" => &mut self.series_index,
            "rights" | "copyright" | "license" | "licence" => &mut self.rights,
            "isbn" | "isbn-13" | "isbn13" | "isbn-10" | "isbn10" | "doi" | "issn" | "uuid" => {
                self.identifiers.push((value.to_owned(), Some(name)));
                return;
            }
            _ => return,
        };
        fill(field, value);
    }

    /// Puts everything down that is known.
    pub fn put(mut self, found: &mut Found, limits: &Limits) {
        found.set_text("title", &self.title, limits);
        found.set_list("authors", parted(&self.authors, &[';']), limits);
        found.set_list("contributors", parted(&self.contributors, &[';']), limits);
        found.set_text("publisher", &self.publisher, limits);
        found.set_lines("description", &self.description, limits);
        let topics = self.topics.iter().map(String::as_str);
        found.set_list("subjects", topics.chain(parted(&self.keywords, &[';', ','])), limits);
        found.set_lines("rights", &self.rights, limits);
        found.set_text("producer", &self.producer, limits);
        if let Some(language) = self.stated_language() {
            found.set_text("language", &language, limits);
        }
        // Midnight of 1601 or 1899 is what zero means in some programs.
        if !self.date.trim().is_empty()
            && !["1601-01-01", "1899-12-30"].iter().any(|zero| self.date.starts_with(zero))
        {
            found.set_date(&self.date);
        }
        let counts = [("pages", self.pages), ("words", self.words)];
        for (name, count) in
            counts.into_iter().filter_map(|(name, count)| Some((name, count.filter(|&count| count > 0)?)))
        {
            found.facts.insert(name.to_owned(), count.into());
        }
        if !self.series.trim().is_empty() {
            found.set_text("series", &self.series, limits);
            if let Some(index) = number(&self.series_index) {
                found.facts.insert("series_index".to_owned(), index.into());
            }
        }
        self.identify(found, limits);
    }

    /// The language that the file names: a tag, or a word that has the form of one.
    pub fn stated_language(&self) -> Option<String> {
        let text = self.language.trim();
        let formed = (5..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        bcp47(text).or_else(|| formed.then(|| text.to_ascii_lowercase()))
    }

    fn identify(&mut self, found: &mut Found, limits: &Limits) {
        let mut map = Map::new();
        for (value, scheme) in self.identifiers.drain(..).take(limits.list_items) {
            let value = collapse(&value);
            match classify(&value, scheme.as_deref()) {
                Some((key, value)) => {
                    map.entry(key).or_insert_with(|| bounded(&value, limits).into());
                }
                None if !value.is_empty() => found.note(format!("`{}` is no ISBN", printable(&value))),
                None => {}
            }
        }
        if let Some(isbn) = map.get("isbn") {
            found.facts.insert("isbn".to_owned(), isbn.clone());
        }
        found.set_map("identifiers", map);
    }
}

/// Fills a field that is empty still: of two values the first counts.
pub fn fill(field: &mut String, value: &str) {
    if field.trim().is_empty() {
        value.clone_into(field);
    }
}

fn parted<'a>(lists: &'a [String], separators: &'a [char]) -> impl Iterator<Item = &'a str> {
    lists.iter().flat_map(move |list| list.split(separators))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(properties: Properties, want: Value) {
        let mut found = Found::new("test");
        properties.put(&mut found, &Limits::default());
        assert_eq!(Value::Object(found.facts), want);
    }

    #[test]
    fn several_in_one_field_are_parted() {
        let properties = Properties {
            authors: vec!["Lane, Ada; Bo Ek;".to_owned()],
            topics: vec!["Ships, old and new".to_owned()],
            keywords: vec!["sea, salt; fish".to_owned()],
            ..Properties::default()
        };
        check(
            properties,
            json!({ "authors": ["Lane, Ada", "Bo Ek"], "subjects": ["Ships, old and new", "sea", "salt", "fish"] }),
        );
    }

    #[test]
    fn what_was_never_set_is_no_fact() {
        let properties = Properties {
            date: "1601-01-01T00:00:00Z".to_owned(),
            pages: Some(0),
            words: Some(0),
            title: "  ".to_owned(),
            language: "no idea at all".to_owned(),
            ..Properties::default()
        };
        check(properties, json!({}));
    }

    #[test]
    fn users_fields_count_when_their_name_is_one_of_a_fact() {
        let mut properties = Properties::default();
        properties.custom("ISBN", "0-306-40615-2");
        properties.custom("Series", "Harbour");
        properties.custom("volume", "2.0");
        properties.custom("Favourite colour", "blue");
        check(
            properties,
            json!({ "series": "Harbour", "series_index": 2, "isbn": "9780306406157", "identifiers": { "isbn": "9780306406157" } }),
        );
    }
}
