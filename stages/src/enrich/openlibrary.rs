//! Open Library: books by ISBN, by its own identifiers, and by search. It wants no key.
//!
//! An edition (`OL…M`) says what one printing says of itself; a work (`OL…W`) speaks of all its editions.

use serde_json::{Value, json};

use super::provider::{Ask, Found, NeedsKey, Provider};
use super::query::{Hit, Media, Query, year_in};
use super::shape::{self, array, list, needed, number, text, texts};
use crate::http::{Kind, Request, Trouble};
use formats::read::identifier::isbn13;
use formats::read::language::bcp47;

pub(super) const ROW: Provider = Provider {
    name: "openlibrary",
    about: "books of the Open Library",
    media: &[Media::Book],
    url: "https://openlibrary.org/",
    rate: 1.0,
    key: NeedsKey::No,
    by_id,
    search,
    get,
    probe,
};

/// What a search tells of each work.
const FIELDS: &str = "key,title,subtitle,author_name,first_publish_year,edition_count,language,cover_i";
const COVERS: &str = "https://covers.openlibrary.org/b/id/";

fn by_id(ask: &Ask<'_>, query: &Query) -> Result<Option<Hit>, Trouble> {
    if let Some(id) = query.id("openlibrary") {
        return Ok(Some(Hit { id: bare(id).to_owned(), certain: true, ..Hit::default() }));
    }
    let Some(isbn) = &query.isbn else { return Ok(None) };
    let Some((edition, _)) = edition(ask, "ISBN", isbn)? else { return Ok(None) };
    // What answers to a number and bears another is something else.
    if !isbns(&edition).contains(isbn) {
        return Ok(None);
    }
    let id = bare(&needed(&edition, "/key")?).to_owned();
    Ok(Some(Hit { certain: true, ..hit(&edition, id) }))
}

fn search(ask: &Ask<'_>, query: &Query) -> Result<Vec<Hit>, Trouble> {
    let Some(title) = &query.title else { return Ok(Vec::new()) };
    let request = Request::get("search.json").query("title", title);
    let request =
        query.authors.first().into_iter().fold(request, |request, name| request.query("author", name));
    let (answer, _) = ask.json(&request.query("fields", FIELDS).query("limit", 10))?;
    let one = |work: &Value| {
        let id = text(work, "/key").map(|key| bare(&key).to_owned())?;
        Some(Hit {
            authors: texts(work, "/author_name", ""),
            year: number(work, "/first_publish_year"),
            ..hit(work, id)
        })
    };
    Ok(array(&answer, "/docs")?.iter().filter_map(one).collect())
}

fn get(ask: &Ask<'_>, query: &Query, id: &str) -> Result<Found, Trouble> {
    if id.ends_with('W') { of_work(ask, id) } else { of_edition(ask, query, id) }
}

fn probe(ask: &Ask<'_>) -> Result<(), Trouble> {
    let (answer, _) = ask
        .json(&Request::get("search.json").query("title", "emma").query("fields", "key").query("limit", 1))?;
    array(&answer, "/docs").map(drop)
}

fn of_edition(ask: &Ask<'_>, query: &Query, id: &str) -> Result<Found, Trouble> {
    // The same request as the one that found it, where an ISBN did.
    let by_isbn = query.isbn.as_deref().map(|isbn| edition(ask, "ISBN", isbn)).transpose()?.flatten();
    let by_isbn = by_isbn.filter(|(edition, _)| text(edition, "/key").is_some_and(|key| bare(&key) == id));
    let found = match by_isbn {
        Some(found) => Some(found),
        None => edition(ask, "OLID", id)?,
    };
    let (edition, at) = found.ok_or_else(|| Trouble::new(Kind::NotFound, format!("knows no {id}")))?;
    let mut found = Found { at, ..Found::default() };
    common(&mut found, &edition);
    found.add("authors", list(&edition, "/authors", "/name"));
    found.add("publisher", texts(&edition, "/publishers", "").into_iter().next().map(Value::from));
    found.add("pages", number(&edition, "/number_of_pages").filter(|pages| *pages > 0).map(Value::from));
    let published = text(&edition, "/publish_date");
    found.add("date", published.as_deref().and_then(shape::date).map(Value::from));
    found.add("year", published.as_deref().and_then(year_in).map(Value::from));
    let language = texts(&edition, "/languages", "/key").into_iter().next();
    found.add("language", language.and_then(|key| bcp47(bare(&key))).map(Value::from));
    let isbn = query.isbn.clone().filter(|isbn| isbns(&edition).contains(isbn));
    let isbn = isbn.or_else(|| isbns(&edition).into_iter().next());
    found.add("isbn", isbn.clone().map(Value::from));
    let mut ids = json!({ "openlibrary": id });
    isbn.into_iter().for_each(|isbn| ids["isbn"] = isbn.into());
    found.add("identifiers", ids);
    cover(&mut found, number(&edition, "/covers/0"));
    // What the edition lacks its work may know.
    if let Some(work) = texts(&edition, "/works", "/key").first() {
        let (work, _) = ask.json(&Request::get(format!("works/{}.json", bare(work))))?;
        common(&mut found, &work);
    }
    Ok(found)
}

fn of_work(ask: &Ask<'_>, id: &str) -> Result<Found, Trouble> {
    let (work, at) = ask.json(&Request::get(format!("works/{id}.json")))?;
    needed(&work, "/title")?;
    let mut found = Found { at, ..Found::default() };
    common(&mut found, &work);
    let search = Request::get("search.json").query("q", format!("key:/works/{id}"));
    let (answer, _) = ask.json(&search.query("fields", FIELDS).query("limit", 1))?;
    if let Some(summary) = array(&answer, "/docs")?.first() {
        found.add("authors", list(summary, "/author_name", ""));
        found.add("year", number(summary, "/first_publish_year").map(Value::from));
        cover(&mut found, number(summary, "/cover_i"));
    }
    found.add("identifiers", json!({ "openlibrary": id }));
    Ok(found)
}

/// What editions and works say alike.
fn common(found: &mut Found, book: &Value) {
    found.add("title", text(book, "/title").map(Value::from));
    found.add("subtitle", text(book, "/subtitle").map(Value::from));
    let description = text(book, "/description").or_else(|| text(book, "/description/value"));
    found.add("description", description.map(|text| shape::prose(&text).into()));
    found.add("subjects", list(book, "/subjects", ""));
}

fn cover(found: &mut Found, number: Option<i64>) {
    let number = number.filter(|number| *number > 0);
    found.add("cover_url", number.map(|number| format!("{COVERS}{number}-L.jpg").into()));
}

/// An edition by one of its numbers, and the address of the answer.
fn edition(ask: &Ask<'_>, scheme: &str, id: &str) -> Result<Option<(Value, String)>, Trouble> {
    let name = format!("{scheme}:{id}");
    let request = Request::get("api/books").query("bibkeys", &name).query("format", "json");
    let (answer, at) = ask.json(&request.query("jscmd", "details"))?;
    let all = answer.as_object().ok_or_else(|| shape::other(&name))?;
    let Some(entry) = all.get(&name) else { return Ok(None) };
    let details = entry.get("details").cloned().ok_or_else(|| shape::other("/details"))?;
    Ok(Some((details, at)))
}

fn isbns(edition: &Value) -> Vec<String> {
    let all = texts(edition, "/isbn_13", "").into_iter().chain(texts(edition, "/isbn_10", ""));
    all.filter_map(|isbn| isbn13(&isbn)).collect()
}

fn hit(book: &Value, id: String) -> Hit {
    let title = text(book, "/title");
    let whole = title.clone().zip(text(book, "/subtitle")).map(|(title, more)| format!("{title}: {more}"));
    Hit { id, titles: title.into_iter().chain(whole).collect(), ..Hit::default() }
}

/// The last part of a key such as `/works/OL1W`.
fn bare(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}
