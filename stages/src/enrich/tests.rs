//! Every provider on recordings made by hand, and what is made of their answers together.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use engine::{Fact, Outside};
use serde_json::{Value, json};

use super::*;
use crate::http::tests::server::{Asked, Reply, Server};

fn cassette(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cassettes").join(name)
}

fn world(settings: Value, outside: Outside) -> World {
    let settings = [("providers".to_owned(), settings)].into_iter().collect();
    World {
        site: Site { settings, ..Site::default() },
        now: Box::new(|| 1_600_000_000_000),
        secret: Box::new(|_| Ok("k3y-in-clear".into())),
        outside,
        ..World::default()
    }
}

fn facts(all: Value) -> Facts {
    let all = all.as_object().unwrap().clone();
    all.into_iter().map(|(name, value)| (name, Fact::new(value, "extract", "a file"))).collect()
}

fn options(with: Value) -> Enrich {
    serde_json::from_value(with).unwrap()
}

fn played(cassette_name: &str, with: Value, known: Value) -> Enrichment {
    let outside = Outside { replay: Some(cassette(cassette_name)), ..Outside::default() };
    options(with).look_up(&facts(known), &world(json!({}), outside), &|| false)
}

/// What is known of an episode, a film and a book.
fn episode() -> Value {
    json!({ "title": "harbour lights", "year": 2011, "season": 1, "episode": 2 })
}

fn book() -> Value {
    json!({ "title": "The Lamp Room", "authors": ["Author, Ann"], "year": 1999 })
}

const ISBN: &str = "9780306406157";

#[test]
fn every_provider_tells_every_state() {
    let check = |provider: &str, case: &str, known: Value, wanted: State, words: &str| {
        // TheTVDB names texts in the language that is asked for.
        let language = if provider == "tvdb" { json!("en") } else { Value::Null };
        let known = match known.get("title") {
            Some(_) if known["title"] == "harbour lights" => {
                let mut known = known;
                known["title"] = json!("Harbour Lights");
                known
            }
            _ => known,
        };
        let with = json!({ "providers": [provider], "language": language });
        let found = played(&format!("{provider}/{case}.json"), with, known);
        let outcome = &found.providers[0];
        assert_eq!(outcome.state, wanted, "{provider}/{case}: {outcome:?}");
        assert!(outcome.message.contains(words), "{provider}/{case}: {}", outcome.message);
        let has_facts = !found.facts.is_empty();
        assert_eq!(has_facts, wanted == State::Found, "{provider}/{case}");
        found
    };
    let without_year = |mut known: Value| {
        known.as_object_mut().unwrap().remove("year");
        known
    };
    let ids = json!({ "tmdb": "900001", "tvdb": 700001, "omdb": "tt7000001", "imdb": "tt7000001" });
    for provider in ["tmdb", "tvdb", "omdb"] {
        let by_id = json!({ "season": 1, "episode": 2, "identifiers": { provider: ids[provider] } });
        let by_id = check(provider, "by-id", by_id, State::Found, "by its number");
        assert_eq!(by_id.facts["episode_title"].fact.value, "The Late Tide");
        let found = check(provider, "by-search", episode(), State::Found, "by search");
        assert_eq!(found.facts["episode_title"].fact.value, "The Late Tide");
        assert_eq!(found.providers[0].score, Some(1.0));
        let near =
            check(provider, "close", without_year(episode()), State::NeedsReview, "2 are equally like it");
        assert_eq!(near.providers[0].candidates.len(), 2);
        check(provider, "none", episode(), State::NotFound, "nothing like Harbour Lights S01E02");
        check(provider, "throttled-then-fine", episode(), State::Found, "by search");
        check(provider, "refused", episode(), State::Unauthorised, "refuses the key");
        check(provider, "changed", episode(), State::ChangedShape, "");
        let mut beyond = episode();
        beyond["season"] = json!(9);
        check(provider, "no-such-episode", beyond, State::NeedsReview, "lists no");
    }
    for provider in ["openlibrary", "googlebooks"] {
        let by_id =
            check(provider, "by-id", json!({ "isbn": "0-306-40615-2" }), State::Found, "by its number");
        // What the file says of itself stays, and what was answered stands beside it.
        let said = &by_id.facts["isbn"].fact.candidates;
        assert!(said.iter().any(|one| one.from == provider && one.value == ISBN), "{said:?}");
        let found = check(provider, "by-search", book(), State::Found, "by search");
        assert!(found.facts["description"].fact.value.as_str().unwrap().starts_with("A keeper counts"));
        let near =
            check(provider, "close", without_year(book()), State::NeedsReview, "2 are equally like it");
        assert_eq!(near.providers[0].candidates.len(), 2);
        check(provider, "none", book(), State::NotFound, "nothing like The Lamp Room");
        check(provider, "throttled-then-fine", book(), State::Found, "by search");
        check(provider, "refused", book(), State::Unauthorised, "refuses the key");
        check(provider, "changed", book(), State::ChangedShape, "there is no");
        let mut numbered = book();
        numbered["isbn"] = json!(ISBN);
        check(provider, "other-isbn", numbered, State::NotFound, "nothing like");
    }
    check("googlebooks", "quota", book(), State::Throttled, "Limit");
    check("omdb", "limit", episode(), State::Throttled, "limit");
    let by_imdb = json!({ "season": 1, "episode": 2, "identifiers": { "imdb": "tt7000001" } });
    check("tmdb", "by-other-id", by_imdb.clone(), State::Found, "900001");
    check("tvdb", "by-other-id", by_imdb, State::Found, "700001");
    let film = json!({ "title": "The Long Jetty", "year": 1999, "duration_ms": 1 });
    let found = check("tmdb", "film", film.clone(), State::Found, "910001");
    assert_eq!(found.facts["date"].fact.value, "1999-10-15");
    let found = check("omdb", "film", film.clone(), State::Found, "tt7100001");
    assert_eq!(
        (&found.facts["date"].fact.value, &found.facts["cast"].fact.value),
        (&json!("1999-10-15"), &json!(["Ann Player", "Bo Player"]))
    );
    check("tvdb", "none", film, State::NotAsked, "nothing of such things");
    check("tmdb", "none", json!({ "resolution": "720p" }), State::NotAsked, "neither a title nor a number");
}

#[test]
fn a_pin_skips_the_search() {
    let with = json!({ "providers": ["tmdb"], "pin": { "tmdb": 900001 } });
    let found =
        played("tmdb/by-id.json", with, json!({ "title": "something else", "season": 1, "episode": 1 }));
    assert_eq!(found.providers[0].state, State::Found, "{:?}", found.providers);
    assert_eq!(found.facts["episode_title"].fact.value, "Low Water");
}

/// All recordings of episodes at once.
fn three() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["tmdb", "tvdb", "omdb"] {
        std::fs::copy(
            cassette(&format!("{name}/by-search.json")),
            folder.path().join(format!("{name}.json")),
        )
        .unwrap();
        std::fs::copy(cassette(&format!("{name}/by-id.json")), folder.path().join(format!("{name}-id.json")))
            .unwrap();
    }
    folder
}

fn of_three(with: Value, known: &Facts) -> Enrichment {
    let folder = three();
    let outside = Outside { replay: Some(folder.path().to_owned()), ..Outside::default() };
    options(with).look_up(known, &world(json!({ "tvdb": { "language": "en" } }), outside), &|| false)
}

#[test]
fn what_several_say_is_merged_as_declared_and_all_of_it_stays() {
    let with = json!({
        "providers": ["tvdb", "tmdb", "omdb"],
        "merge": { "title": "prefer(tmdb, tvdb)", "date": "majority", "subjects": "union", "description": "longest" },
    });
    let known = facts(json!({ "title": "Harbour Lights", "season": 1, "episode": 2, "year": 2011 }));
    let found = of_three(with, &known);
    let states: Vec<State> = found.providers.iter().map(|outcome| outcome.state).collect();
    assert_eq!(states, [State::Found; 3], "{:?}", found.providers);
    // Later providers are found by what earlier ones call it.
    assert!(found.providers[1].message.contains("by its number"), "{}", found.providers[1].message);
    let date = &found.facts["date"];
    assert_eq!(
        (&date.fact.value, date.fact.from.as_str(), date.conflict),
        (&json!("2011-04-24"), "tmdb", true)
    );
    assert_eq!(date.fact.candidates.len(), 3);
    let one = &date.fact.candidates[0];
    assert_eq!(
        (one.from.as_str(), one.id.as_deref(), one.time.as_deref()),
        ("tvdb", Some("700001"), Some("2020-09-13T12:26:40Z"))
    );
    assert!(one.at.starts_with("https://api4.thetvdb.com/v4/series/700001/extended?"), "{}", one.at);
    assert_eq!(found.facts["subjects"].fact.value, json!(["Drama", "Mystery", "Adventure"]));
    let ids = &found.facts["identifiers"];
    assert_eq!(
        (&ids.fact.value["imdb"], &ids.fact.value["tmdb"], ids.conflict),
        (&json!("tt7000001"), &json!("900001"), false)
    );
    // What the file says takes part: it wins where nothing is declared.
    let year = &found.facts["year"];
    assert_eq!((year.fact.from.as_str(), year.fact.candidates.len()), ("extract", 4));
}

#[test]
fn what_the_manifest_says_is_never_replaced() {
    let mut known = facts(json!({ "season": 1, "episode": 2, "identifiers": { "tmdb": 900001 } }));
    known.insert("episode_title", Fact::new("My Own Title", "manifest", "release.yaml"));
    let found =
        of_three(json!({ "providers": ["tmdb"], "merge": { "episode_title": "prefer(tmdb)" } }), &known);
    let told = &found.facts["episode_title"];
    assert!(told.fact.value == "My Own Title" && told.conflict, "{told:?}");
    assert_eq!(told.fact.candidates.len(), 2);
    assert!(found.given().get("episode_title").is_none() && found.given().get("title").is_some());
}

#[test]
fn what_is_required_decides_what_a_failure_means() {
    let check = |cassette_name: &str, require: Value, wanted: Option<&str>| {
        let provider = cassette_name.split('/').next().unwrap();
        let with = json!({ "providers": [provider], "require": require });
        let known = json!({ "title": "Harbour Lights", "season": 1, "episode": 2 });
        let found = played(cassette_name, with.clone(), known.clone());
        let code = options(with).satisfied(&found, &facts(known)).err().map(|error| error.code.into_owned());
        assert_eq!(code.as_deref(), wanted, "{cassette_name} {require}");
    };
    check("tmdb/by-search.json", json!(["tmdb", "episode_title"]), None);
    check("tmdb/refused.json", json!([]), None);
    check("tmdb/refused.json", json!(["tmdb"]), Some("remote/refused"));
    // A provider that could not say is no provider that knows nothing.
    check("tmdb/refused.json", json!(["episode_title"]), Some("remote/refused"));
    check("tmdb/none.json", json!(["episode_title"]), Some("fact/missing"));
    check("tmdb/none.json", json!(["title"]), None);
    check("tmdb/none.json", json!(["tmdb"]), Some("enrich/not-found"));
    check("tmdb/close.json", json!(["tmdb"]), Some("enrich/needs-review"));
    check("tmdb/changed.json", json!(["tmdb"]), Some("remote/changed"));
    check("omdb/limit.json", json!(["omdb"]), Some("remote/rate-limited"));
    check("omdb/by-id.json", json!(["omdb"]), Some("remote/offline"));
}

#[test]
fn wrong_options_are_told() {
    let check = |with: Value, wanted: &str| {
        let faults = crate::bench::faults("enrich", with.clone());
        assert!(faults.iter().any(|fault| fault.contains(wanted)), "{with}: {faults:?}");
    };
    check(json!({ "providers": ["imdb"] }), "no provider `imdb` (there are openlibrary");
    check(json!({ "providers": ["tmdb", "tmdb"] }), "named twice");
    check(json!({ "accept": 0.2 }), "between 0.5 and 1");
    check(json!({ "pin": { "imbd": 1 } }), "no provider `imbd`");
    check(json!({ "merge": { "title": "newest" } }), "no way of merging");
    check(json!({ "merge": { "tilte": "longest" } }), "no provider gives a fact `tilte`");
    check(json!({ "merge": { "title": "prefer(tdvb)" } }), "no source `tdvb`");
    check(json!({ "require": ["tmdb"] }), "`tmdb` is not asked");
    check(json!({ "require": ["x"] }), "neither a provider nor a fact");
    check(json!({ "order": "best" }), "no order `best`");
    assert_eq!(
        crate::bench::faults("enrich", json!({ "providers": ["tmdb"], "require": ["tmdb", "title"] })),
        [""; 0]
    );
}

#[test]
fn a_token_that_ran_out_is_bought_anew_and_is_written_nowhere() {
    let logins = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&logins);
    let server = Server::new(move |asked: &Asked| {
        let token = |number: usize| format!("t0k3n-number-{number}");
        if asked.path == "/login" {
            assert!(
                asked.method == "POST"
                    && asked.body.contains("k3y-in-clear")
                    && asked.body.contains("\"pin\"")
            );
            let number = count.fetch_add(1, Ordering::Relaxed);
            return Reply::json(&json!({ "status": "success", "data": { "token": token(number) } }));
        }
        // The first token has run out.
        if !asked.headers.contains(&format!("bearer {}", token(1))) {
            return Reply::with(401, &[], &json!({ "status": "failure", "message": "Unauthorized" }));
        }
        Reply::json(&json!({ "status": "success", "data": [] }))
    });
    let folder = tempfile::tempdir().unwrap();
    let outside = Outside { cache: Some(folder.path().to_owned()), ..Outside::default() };
    let settings =
        json!({ "tvdb": { "url": server.url, "key": { "env": "K" }, "pin": { "env": "P" }, "rate": 1000 } });
    let world = world(settings, outside);
    let found = options(json!({ "providers": ["tvdb"] })).look_up(&facts(episode()), &world, &|| false);
    assert_eq!(found.providers[0].state, State::NotFound, "{:?}", found.providers);
    assert_eq!((logins.load(Ordering::Relaxed), server.count()), (2, 4));
    let written = crate::bench::listing(folder.path());
    let written: String = written.values().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
    assert!(
        written.contains("success") && !written.contains("t0k3n") && !written.contains("k3y"),
        "{written}"
    );
}

#[test]
fn a_provider_without_a_key_or_with_a_wrong_one_is_asked_no_more() {
    let server = Server::new(|_| Reply::with(401, &[], &json!({ "status_message": "Invalid API key." })));
    let settings = json!({ "tmdb": { "url": server.url, "key": { "env": "K" }, "rate": 1000 } });
    let world = world(settings, Outside::default());
    let options = options(json!({ "providers": ["tmdb", "omdb"] }));
    for title in ["One", "Two"] {
        let known = facts(json!({ "title": title, "season": 1 }));
        let found = options.look_up(&known, &world, &|| false);
        assert_eq!(found.providers[0].state, State::Unauthorised);
        let omdb = &found.providers[1];
        assert!(
            omdb.state == State::Unauthorised && omdb.message.contains("has no key: set `key"),
            "{omdb:?}"
        );
    }
    assert_eq!(server.count(), 1);
    // The long form of a key goes into a header, the short one into the query, and neither into what is shown.
    assert!(server.asked()[0].path.contains("api_key=k3y-in-clear"));
}

#[test]
fn a_provider_is_listed_and_tested() {
    let server = Server::new(|_| Reply::json(&json!({ "numFound": 0, "docs": [] })));
    let settings = json!({ "openlibrary": { "url": server.url }, "tmdb": { "kee": 1 } });
    let world = world(settings, Outside::default());
    let listed = list(&world.site);
    let usable: Vec<&str> = listed.iter().filter(|one| one.usable).map(|one| one.name.as_str()).collect();
    assert_eq!(usable, ["openlibrary", "googlebooks"]);
    assert!(listed.iter().any(|one| one.fault.as_ref().is_some_and(|fault| fault.contains("`kee`"))));
    assert_eq!(test("openlibrary", &world, &|| false).unwrap().state, State::Found);
    assert_eq!(test("omdb", &world, &|| false).unwrap().state, State::Unauthorised);
    assert!(test("nobody", &world, &|| false).is_none());
}

#[test]
fn everything_registered_is_whole() {
    let names: std::collections::BTreeSet<&str> = PROVIDERS.iter().map(|provider| provider.name).collect();
    assert_eq!(names.len(), PROVIDERS.len());
    for provider in PROVIDERS {
        assert!(provider.url.starts_with("https://") && provider.url.ends_with('/'), "{}", provider.name);
        assert!(provider.rate > 0.0 && !provider.media.is_empty() && !OWN.contains(&provider.name));
    }
}
