//! The Movie Database, version 3 of its API: shows, seasons and films.
//!
//! A long key is a token and stands in a header; the short key of version 3 stands in the query, since the service
//! knows no other way for it.

use serde_json::{Value, json};

use super::provider::{Ask, Found, NeedsKey, Provider};
use super::query::{Hit, Media, Query, year_in};
use super::shape::{self, array, list, needed, number, text, texts};
use crate::http::{Kind, Request, Trouble, encoded};

pub(super) const ROW: Provider = Provider {
    name: "tmdb",
    about: "films and shows of The Movie Database",
    media: &[Media::Episode, Media::Movie],
    url: "https://api.themoviedb.org/3/",
    rate: 20.0,
    key: NeedsKey::Yes,
    by_id,
    search,
    get,
    probe,
};

const IMAGES: &str = "https://image.tmdb.org/t/p/";
/// Keys of version 3 have 32 characters; tokens are far longer.
const LONGEST_KEY: usize = 64;

fn by_id(ask: &Ask<'_>, query: &Query) -> Result<Option<Hit>, Trouble> {
    if let Some(id) = query.id("tmdb") {
        return Ok(Some(Hit { id: id.to_owned(), certain: true, ..Hit::default() }));
    }
    let known = [("imdb", "imdb_id"), ("tvdb", "tvdb_id")];
    let known = known.iter().find_map(|(scheme, source)| Some((query.id(scheme)?, *source)));
    let Some((id, source)) = known else { return Ok(None) };
    let (answer, _) =
        ask.json(&call(ask, &format!("find/{}", encoded(id)), &[("external_source", source)])?)?;
    let at = if query.media == Media::Movie { "/movie_results" } else { "/tv_results" };
    let first = array(&answer, at)?.first();
    first.map(|thing| Ok(Hit { certain: true, ..hit(thing)? })).transpose()
}

fn search(ask: &Ask<'_>, query: &Query) -> Result<Vec<Hit>, Trouble> {
    let Some(title) = &query.title else { return Ok(Vec::new()) };
    let path = if query.media == Media::Movie { "search/movie" } else { "search/tv" };
    let (answer, _) = ask.json(&call(ask, path, &[("query", title)])?)?;
    array(&answer, "/results")?.iter().map(hit).collect()
}

fn get(ask: &Ask<'_>, query: &Query, id: &str) -> Result<Found, Trouble> {
    let is_film = query.media == Media::Movie;
    let kind = if is_film { "movie" } else { "tv" };
    let request = call(ask, &format!("{kind}/{}", encoded(id)), &[("append_to_response", "external_ids")])?;
    let (thing, at) = ask.json(&request)?;
    let mut found = Found { at, ..Found::default() };
    let title = if is_film { "/title" } else { "/name" };
    needed(&thing, title)?;
    let mut ids = json!({ "tmdb": id });
    for (scheme, place) in
        [("imdb", "/external_ids/imdb_id"), ("tvdb", "/external_ids/tvdb_id"), ("imdb", "/imdb_id")]
    {
        text(&thing, place).into_iter().for_each(|id| ids[scheme] = id.into());
    }
    found.add("identifiers", ids);
    if !is_film && let Some(season) = query.season {
        episode(ask, &mut found, query, id, season)?;
    }
    found.add("title", text(&thing, title).map(Value::from));
    let first = text(&thing, if is_film { "/release_date" } else { "/first_air_date" });
    found.add("year", first.as_deref().and_then(year_in).map(Value::from));
    if is_film {
        found.add("date", first.as_deref().and_then(shape::date).map(Value::from));
    }
    found.add("description", text(&thing, "/overview").map(Value::from));
    found.add("subjects", list(&thing, "/genres", "/name"));
    found.add("network", texts(&thing, "/networks", "/name").into_iter().next().map(Value::from));
    let images = ask.settings.images.as_deref().unwrap_or(IMAGES).trim_end_matches('/');
    found.add("poster_url", text(&thing, "/poster_path").map(|path| format!("{images}/w780{path}").into()));
    Ok(found)
}

fn probe(ask: &Ask<'_>) -> Result<(), Trouble> {
    let (answer, _) = ask.json(&call(ask, "configuration", &[])?)?;
    needed(&answer, "/images/secure_base_url").map(drop)
}

/// What the list of a season says of the first episode that is sought.
fn episode(ask: &Ask<'_>, found: &mut Found, query: &Query, id: &str, season: u32) -> Result<(), Trouble> {
    let request = call(ask, &format!("tv/{}/season/{season}", encoded(id)), &[])?;
    let list = match ask.json(&request) {
        Ok((list, _)) => list,
        Err(trouble) if trouble.kind == Kind::NotFound => {
            found.lacks = Some(format!("lists no season {season}"));
            return Ok(());
        }
        Err(trouble) => return Err(trouble),
    };
    let episodes = array(&list, "/episodes")?;
    let Some(&wanted) = query.episodes.first() else { return Ok(()) };
    let Some(episode) = episodes.iter().find(|one| number(one, "/episode_number") == Some(i64::from(wanted)))
    else {
        found.lacks = Some(format!("lists no S{season:02}E{wanted:02}"));
        return Ok(());
    };
    found.add("episode_title", text(episode, "/name").map(Value::from));
    found.add("date", text(episode, "/air_date").as_deref().and_then(shape::date).map(Value::from));
    found.add("description", text(episode, "/overview").map(Value::from));
    Ok(())
}

fn call(ask: &Ask<'_>, path: &str, query: &[(&str, &str)]) -> Result<Request, Trouble> {
    let request = query.iter().fold(Request::get(path), |request, (name, value)| request.query(name, value));
    let language = ask.language.as_deref().filter(|_| !path.starts_with("configuration"));
    let request = language.into_iter().fold(request, |request, language| request.query("language", language));
    Ok(match ask.key()? {
        Some(key) if key.len() > LONGEST_KEY => {
            request.secret_header("authorization", format!("Bearer {key}"))
        }
        Some(key) => request.secret_query("api_key", &key),
        None => request,
    })
}

fn hit(thing: &Value) -> Result<Hit, Trouble> {
    let titles: Vec<String> = ["/name", "/title", "/original_name", "/original_title"]
        .iter()
        .filter_map(|at| text(thing, at))
        .collect();
    let first = text(thing, "/first_air_date").or_else(|| text(thing, "/release_date"));
    Ok(Hit { id: needed(thing, "/id")?, titles, year: first.as_deref().and_then(year_in), ..Hit::default() })
}
