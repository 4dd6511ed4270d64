//! Google Books: volumes by ISBN and by search. It answers without a key, though less often.
//!
//! A question for an ISBN that no book has may be answered with a thousand volumes; only one that bears it counts.

use serde_json::{Value, json};

use super::provider::{Ask, Found, NeedsKey, Provider};
use super::query::{Hit, Media, Query, year_in};
use super::shape::{self, list, needed, number, text, texts};
use crate::http::{Kind, Request, Trouble, encoded};
use formats::read::identifier::isbn13;
use formats::read::language::bcp47;

pub(super) const ROW: Provider = Provider {
    name: "googlebooks",
    about: "volumes of Google Books",
    media: &[Media::Book],
    url: "https://www.googleapis.com/books/v1/",
    rate: 2.0,
    key: NeedsKey::Optional,
    by_id,
    search,
    get,
    probe,
};

fn by_id(ask: &Ask<'_>, query: &Query) -> Result<Option<Hit>, Trouble> {
    if let Some(id) = query.id("googlebooks").or_else(|| query.id("google")) {
        return Ok(Some(Hit { id: id.to_owned(), certain: true, ..Hit::default() }));
    }
    let Some(isbn) = &query.isbn else { return Ok(None) };
    let found = volumes(ask, &format!("isbn:{isbn}"))?;
    let with_it = found.iter().find(|volume| isbns(volume).contains(isbn));
    with_it.map(|volume| Ok(Hit { certain: true, ..hit(volume)? })).transpose()
}

fn search(ask: &Ask<'_>, query: &Query) -> Result<Vec<Hit>, Trouble> {
    let Some(title) = &query.title else { return Ok(Vec::new()) };
    let quoted = |text: &str| text.replace('"', " ");
    let author = query.authors.first().map(|name| format!(" inauthor:\"{}\"", quoted(name)));
    let wanted = format!("intitle:\"{}\"{}", quoted(title), author.unwrap_or_default());
    volumes(ask, &wanted)?.iter().map(hit).collect()
}

fn get(ask: &Ask<'_>, query: &Query, id: &str) -> Result<Found, Trouble> {
    let (volume, at) =
        ask.json(&with_key(ask, Request::get(format!("volumes/{}", encoded(id))))?).map_err(quota)?;
    needed(&volume, "/volumeInfo/title")?;
    let info = &volume["volumeInfo"];
    let mut found = Found { at, ..Found::default() };
    for name in ["title", "subtitle", "publisher"] {
        found.add(name, text(info, &format!("/{name}")).map(Value::from));
    }
    found.add("authors", list(info, "/authors", ""));
    found.add("description", text(info, "/description").map(|text| shape::prose(&text).into()));
    // `Fiction / Thrillers / General` is a path through a tree; each of its parts is a subject.
    let mut subjects: Vec<String> = Vec::new();
    for part in texts(info, "/categories", "").iter().flat_map(|path| path.split(" / ")) {
        let part = part.trim();
        if part != "General" && !part.is_empty() && !subjects.iter().any(|known| known == part) {
            subjects.push(part.to_owned());
        }
    }
    found.add("subjects", Value::from(subjects));
    let published = text(info, "/publishedDate");
    found.add("date", published.as_deref().and_then(shape::date).map(Value::from));
    found.add("year", published.as_deref().and_then(year_in).map(Value::from));
    found.add("language", text(info, "/language").and_then(|text| bcp47(&text)).map(Value::from));
    found.add("pages", number(info, "/pageCount").filter(|pages| *pages > 0).map(Value::from));
    let isbns = isbns(&volume);
    let isbn = query.isbn.clone().filter(|isbn| isbns.contains(isbn)).or_else(|| isbns.into_iter().next());
    found.add("isbn", isbn.clone().map(Value::from));
    let mut ids = json!({ "google": id });
    isbn.into_iter().for_each(|isbn| ids["isbn"] = isbn.into());
    found.add("identifiers", ids);
    let sizes = ["extraLarge", "large", "medium", "small", "thumbnail"];
    let cover = sizes.iter().find_map(|size| text(info, &format!("/imageLinks/{size}")));
    found.add("cover_url", cover.map(|url| url.replacen("http://", "https://", 1).into()));
    Ok(found)
}

fn probe(ask: &Ask<'_>) -> Result<(), Trouble> {
    volumes(ask, "intitle:emma").map(drop)
}

fn volumes(ask: &Ask<'_>, wanted: &str) -> Result<Vec<Value>, Trouble> {
    let request =
        Request::get("volumes").query("q", wanted).query("maxResults", 10).query("printType", "books");
    let (answer, _) = ask.json(&with_key(ask, request)?).map_err(quota)?;
    // Where nothing is found, the list is left out.
    if number(&answer, "/totalItems").ok_or_else(|| shape::other("/totalItems"))? == 0 {
        return Ok(Vec::new());
    }
    shape::array(&answer, "/items").map(<[Value]>::to_vec)
}

/// The key stands in the query: the service knows no other way.
fn with_key(ask: &Ask<'_>, request: Request) -> Result<Request, Trouble> {
    Ok(ask.key()?.into_iter().fold(request, |request, key| request.secret_query("key", &key)))
}

/// A spent quota is answered like a wrong key, and is none.
fn quota(trouble: Trouble) -> Trouble {
    let words = trouble.message.to_lowercase();
    let is_quota = trouble.status == Some(403) && ["quota", "limit"].iter().any(|word| words.contains(word));
    if is_quota { Trouble { kind: Kind::Throttled, ..trouble } } else { trouble }
}

fn isbns(volume: &Value) -> Vec<String> {
    let all = texts(volume, "/volumeInfo/industryIdentifiers", "/identifier");
    all.into_iter().filter_map(|isbn| isbn13(&isbn)).collect()
}

fn hit(volume: &Value) -> Result<Hit, Trouble> {
    let info = volume.get("volumeInfo").ok_or_else(|| shape::other("/volumeInfo"))?;
    let title = text(info, "/title");
    let whole = title.clone().zip(text(info, "/subtitle")).map(|(title, more)| format!("{title}: {more}"));
    Ok(Hit {
        id: needed(volume, "/id")?,
        titles: title.into_iter().chain(whole).collect(),
        authors: texts(info, "/authors", ""),
        year: text(info, "/publishedDate").as_deref().and_then(year_in),
        ..Hit::default()
    })
}
