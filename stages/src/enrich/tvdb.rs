//! TheTVDB, version 4 of its API: shows with their episodes in one of several orders.
//!
//! A key buys a token that is sent in a header. The token lives in memory alone; when it has run out, it is bought anew.

use serde_json::{Value, json};

use super::provider::{Ask, Found, NeedsKey, Provider};
use super::query::{Hit, Media, Query, year_in};
use super::shape::{self, array, list, needed, number, text, texts};
use crate::http::{Kind, Request, Trouble, encoded};

pub(super) const ROW: Provider = Provider {
    name: "tvdb",
    about: "shows of TheTVDB",
    media: &[Media::Episode],
    url: "https://api4.thetvdb.com/v4/",
    rate: 5.0,
    key: NeedsKey::Yes,
    by_id,
    search,
    get,
    probe,
};

/// Most pages of 500 episodes that are read of a show.
const PAGES: usize = 20;

fn by_id(ask: &Ask<'_>, query: &Query) -> Result<Option<Hit>, Trouble> {
    if let Some(id) = query.id("tvdb") {
        return Ok(Some(Hit { id: id.to_owned(), certain: true, ..Hit::default() }));
    }
    let Some(id) = query.id("imdb") else { return Ok(None) };
    let (answer, _) = call(ask, &Request::get(format!("search/remoteid/{}", encoded(id))))?;
    let found = entries(&answer)?;
    let series = found.iter().find_map(|entry| entry.get("series"));
    series.map(|series| Ok(Hit { id: needed(series, "/id")?, certain: true, ..Hit::default() })).transpose()
}

fn search(ask: &Ask<'_>, query: &Query) -> Result<Vec<Hit>, Trouble> {
    let Some(title) = &query.title else { return Ok(Vec::new()) };
    let (answer, _) = call(ask, &Request::get("search").query("query", title).query("type", "series"))?;
    let one = |entry: &Value| {
        let translated = entry.get("translations").and_then(Value::as_object).into_iter().flatten();
        let translated = translated.filter_map(|(_, title)| title.as_str().map(str::to_owned));
        let titles = text(entry, "/name").into_iter().chain(texts(entry, "/aliases", "")).chain(translated);
        Ok(Hit {
            id: text(entry, "/tvdb_id").map_or_else(|| needed(entry, "/id"), Ok)?,
            titles: titles.collect(),
            year: text(entry, "/year")
                .or_else(|| text(entry, "/first_air_time"))
                .as_deref()
                .and_then(year_in),
            ..Hit::default()
        })
    };
    entries(&answer)?.iter().map(one).collect()
}

fn get(ask: &Ask<'_>, query: &Query, id: &str) -> Result<Found, Trouble> {
    let path = format!("series/{}/extended", encoded(id));
    let (answer, at) = call(ask, &Request::get(path).query("meta", "translations").query("short", "true"))?;
    let show = answer.get("data").ok_or_else(|| shape::other("/data"))?;
    let mut found = Found { at, ..Found::default() };
    let own = needed(show, "/name")?;
    let mut ids = json!({ "tvdb": id });
    for remote in show.get("remoteIds").and_then(Value::as_array).into_iter().flatten() {
        let source = text(remote, "/sourceName").unwrap_or_default().to_lowercase();
        let scheme = ["imdb", "themoviedb"].iter().position(|name| source.contains(name));
        let scheme = scheme.and_then(|at| ["imdb", "tmdb"].get(at));
        if let (Some(scheme), Some(id)) = (scheme, text(remote, "/id")) {
            ids[*scheme] = id.into();
        }
    }
    found.add("identifiers", ids);
    if let Some(season) = query.season {
        episode(ask, &mut found, query, id, season)?;
    }
    found.add("title", Value::from(translated(ask, show, "nameTranslations", "name").unwrap_or(own)));
    let first = text(show, "/firstAired");
    let year = first.as_deref().and_then(year_in).or_else(|| number(show, "/year"));
    found.add("year", year.map(Value::from));
    let overview =
        translated(ask, show, "overviewTranslations", "overview").or_else(|| text(show, "/overview"));
    found.add("description", overview.map(Value::from));
    found.add("subjects", list(show, "/genres", "/name"));
    let network = text(show, "/originalNetwork/name").or_else(|| text(show, "/latestNetwork/name"));
    found.add("network", network.map(Value::from));
    found.add("poster_url", text(show, "/image").filter(|url| url.starts_with("http")).map(Value::from));
    Ok(found)
}

/// What a search found. Where that is nothing, the list may be null.
fn entries(answer: &Value) -> Result<&[Value], Trouble> {
    match answer.get("data") {
        Some(Value::Null) => Ok(&[]),
        _ => array(answer, "/data"),
    }
}

fn probe(ask: &Ask<'_>) -> Result<(), Trouble> {
    token(ask).map(drop)
}

/// What the list of episodes says of the first one that is sought.
fn episode(ask: &Ask<'_>, found: &mut Found, query: &Query, id: &str, season: u32) -> Result<(), Trouble> {
    let language = language(ask).map_or_else(String::new, |language| format!("/{language}"));
    let path = format!("series/{}/episodes/{}{language}", encoded(id), encoded(ask.order));
    let wanted = query.episodes.first().copied();
    let is_it = |one: &Value| {
        number(one, "/seasonNumber") == Some(i64::from(season))
            && wanted.is_none_or(|wanted| number(one, "/number") == Some(i64::from(wanted)))
    };
    for page in 0..PAGES {
        let (answer, _) = call(ask, &Request::get(path.clone()).query("page", page))?;
        if let Some(episode) = array(&answer, "/data/episodes")?.iter().find(|one| is_it(one)) {
            if wanted.is_some() {
                found.add("episode_title", text(episode, "/name").map(Value::from));
                found.add("date", text(episode, "/aired").as_deref().and_then(shape::date).map(Value::from));
                found.add("description", text(episode, "/overview").map(Value::from));
            }
            return Ok(());
        }
        if text(&answer, "/links/next").is_none() {
            break;
        }
    }
    found.lacks = Some(match wanted {
        Some(wanted) => format!("lists no S{season:02}E{wanted:02} in its order `{}`", ask.order),
        None => format!("lists no season {season} in its order `{}`", ask.order),
    });
    Ok(())
}

/// A text of a show in the language that is wanted.
fn translated(ask: &Ask<'_>, show: &Value, list: &str, name: &str) -> Option<String> {
    let language = language(ask)?;
    let all = show.pointer(&format!("/translations/{list}"))?.as_array()?;
    let own = all.iter().find(|one| text(one, "/language").as_deref() == Some(language))?;
    text(own, &format!("/{name}"))
}

/// The language as the service names it, with three letters.
fn language(ask: &Ask<'_>) -> Option<&'static str> {
    const NAMES: [(&str, &str); 26] = [
        ("ar", "ara"),
        ("cs", "ces"),
        ("da", "dan"),
        ("de", "deu"),
        ("el", "ell"),
        ("en", "eng"),
        ("es", "spa"),
        ("fi", "fin"),
        ("fr", "fra"),
        ("he", "heb"),
        ("hr", "hrv"),
        ("hu", "hun"),
        ("it", "ita"),
        ("ja", "jpn"),
        ("ko", "kor"),
        ("nl", "nld"),
        ("no", "nor"),
        ("pl", "pol"),
        ("pt", "por"),
        ("ro", "ron"),
        ("ru", "rus"),
        ("sr", "srp"),
        ("sv", "swe"),
        ("tr", "tur"),
        ("uk", "ukr"),
        ("zh", "zho"),
    ];
    let wanted = ask.language.as_deref()?.split(['-', '_']).next()?.to_ascii_lowercase();
    NAMES.iter().find(|(short, long)| *short == wanted || *long == wanted).map(|(_, long)| *long)
}

/// Asks with the token, and once more with a new one if it has run out.
fn call(ask: &Ask<'_>, request: &Request) -> Result<(Value, String), Trouble> {
    if ask.is_at_hand(request) {
        return ask.json(request);
    }
    let bearer = |token: &str| request.clone().secret_header("authorization", format!("Bearer {token}"));
    let first = token(ask)?;
    match ask.json(&bearer(&first)) {
        Err(trouble) if trouble.kind == Kind::Unauthorised => {
            // Somebody else may have bought a new one meanwhile.
            if token(ask)? == first {
                ask.forget(&login(ask)?);
            }
            ask.json(&bearer(&token(ask)?))
        }
        told => told,
    }
}

fn token(ask: &Ask<'_>) -> Result<String, Trouble> {
    let (answer, _) = ask.json(&login(ask)?)?;
    let token = needed(&answer, "/data/token")?;
    ask.hide(&token);
    Ok(token)
}

fn login(ask: &Ask<'_>) -> Result<Request, Trouble> {
    let mut body = json!({ "apikey": ask.key()?.unwrap_or_default() });
    if let Some(reference) = &ask.settings.pin {
        body["pin"] = ask.secret("PIN", reference)?.into();
    }
    Ok(Request::post_secret("login", body))
}
