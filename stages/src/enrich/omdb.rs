//! The OMDb API: films and shows by the identifiers of IMDb, and by search.
//!
//! Its key stands in the query, since it knows no other way. What it does not know it says with status 200.

use serde_json::{Value, json};

use super::provider::{Ask, Found, NeedsKey, Provider};
use super::query::{Hit, Media, Query, year_in};
use super::shape::{self, array, needed, number, split, text};
use crate::http::{Kind, Request, Trouble};

pub(super) const ROW: Provider = Provider {
    name: "omdb",
    about: "films and shows of the OMDb API",
    media: &[Media::Episode, Media::Movie],
    url: "https://www.omdbapi.com/",
    rate: 5.0,
    key: NeedsKey::Yes,
    by_id,
    search,
    get,
    probe,
};

fn by_id(_: &Ask<'_>, query: &Query) -> Result<Option<Hit>, Trouble> {
    let id = query.id("omdb").or_else(|| query.id("imdb"));
    Ok(id.map(|id| Hit { id: id.to_owned(), certain: true, ..Hit::default() }))
}

fn search(ask: &Ask<'_>, query: &Query) -> Result<Vec<Hit>, Trouble> {
    let Some(title) = &query.title else { return Ok(Vec::new()) };
    let kind = if query.media == Media::Movie { "movie" } else { "series" };
    let Some((answer, _)) = call(ask, Request::get("").query("s", title).query("type", kind))? else {
        return Ok(Vec::new());
    };
    let one = |entry: &Value| {
        Ok(Hit {
            id: needed(entry, "/imdbID")?,
            titles: vec![needed(entry, "/Title")?],
            year: text(entry, "/Year").as_deref().and_then(year_in),
            ..Hit::default()
        })
    };
    array(&answer, "/Search")?.iter().map(one).collect()
}

fn get(ask: &Ask<'_>, query: &Query, id: &str) -> Result<Found, Trouble> {
    let missing = || Trouble::new(Kind::NotFound, format!("knows no {id}"));
    let (thing, at) =
        call(ask, Request::get("").query("i", id).query("plot", "full"))?.ok_or_else(missing)?;
    let mut found = Found { at, ..Found::default() };
    needed(&thing, "/Title")?;
    found.add("identifiers", json!({ "imdb": id }));
    if query.media == Media::Episode
        && let Some(season) = query.season
    {
        let list = call(ask, Request::get("").query("i", id).query("Season", season))?;
        episode(&mut found, query, season, list.as_ref().map(|(list, _)| list))?;
    }
    found.add("title", text(&thing, "/Title").map(Value::from));
    found.add("year", text(&thing, "/Year").as_deref().and_then(year_in).map(Value::from));
    if query.media == Media::Movie {
        found.add("date", text(&thing, "/Released").as_deref().and_then(day).map(Value::from));
        found.add("directors", split(&thing, "/Director"));
        found.add("cast", split(&thing, "/Actors"));
    }
    found.add("description", text(&thing, "/Plot").map(Value::from));
    found.add("subjects", split(&thing, "/Genre"));
    found.add("poster_url", text(&thing, "/Poster").map(Value::from));
    Ok(found)
}

fn probe(ask: &Ask<'_>) -> Result<(), Trouble> {
    call(ask, Request::get("").query("s", "emma").query("type", "movie")).map(drop)
}

/// What the list of a season says of the first episode that is sought.
fn episode(found: &mut Found, query: &Query, season: u32, list: Option<&Value>) -> Result<(), Trouble> {
    let Some(&wanted) = query.episodes.first() else {
        if list.is_none() {
            found.lacks = Some(format!("lists no season {season}"));
        }
        return Ok(());
    };
    let entries = list.map(|list| array(list, "/Episodes")).transpose()?.unwrap_or_default();
    let Some(episode) = entries.iter().find(|entry| number(entry, "/Episode") == Some(i64::from(wanted)))
    else {
        found.lacks = Some(format!("lists no S{season:02}E{wanted:02}"));
        return Ok(());
    };
    found.add("episode_title", text(episode, "/Title").map(Value::from));
    found.add("date", text(episode, "/Released").as_deref().and_then(shape::date).map(Value::from));
    Ok(())
}

/// Asks; nothing where the service says that it has no such thing.
fn call(ask: &Ask<'_>, request: Request) -> Result<Option<(Value, String)>, Trouble> {
    let request = ask.key()?.into_iter().fold(request, |request, key| request.secret_query("apikey", &key));
    let (answer, at) = ask.json(&request).map_err(limit)?;
    match answer.get("Response").and_then(Value::as_str) {
        Some("True") => Ok(Some((answer, at))),
        Some("False") => {
            let words = text(&answer, "/Error").unwrap_or_default();
            let lower = words.to_lowercase();
            if lower.contains("not found")
                || lower.contains("incorrect imdb")
                || lower.contains("too many results")
            {
                Ok(None)
            } else if lower.contains("limit") {
                Err(Trouble::new(Kind::Throttled, "says that its limit is reached"))
            } else if lower.contains("key") {
                Err(Trouble::new(Kind::Unauthorised, "refuses the key"))
            } else {
                Err(Trouble::changed(format!("answers {}", engine::value::shown(&words))))
            }
        }
        _ => Err(shape::other("/Response")),
    }
}

/// A spent limit is answered like a wrong key, and is none.
fn limit(trouble: Trouble) -> Trouble {
    let is_limit = trouble.status == Some(401) && trouble.message.to_lowercase().contains("limit");
    if is_limit { Trouble { kind: Kind::Throttled, ..trouble } } else { trouble }
}

/// A day such as `17 Apr 2011`.
fn day(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.split_whitespace().collect();
    let &[day, month, year] = words.as_slice() else { return shape::date(text) };
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    shape::date(&format!("{year}-{month:02}-{day:0>2}"))
}
