//! Metadata providers from outside: a server that plays all of them, recordings, locks, and a network that goes away.

#[path = "../../stages/src/http/tests/server.rs"]
#[expect(dead_code, reason = "the tests of the client use the rest of it")]
pub(crate) mod server;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use self::server::{Asked, Reply, Server};
use crate::world::{Ran, World, epub, names, tree};

const KEYS: [(&str, &str); 3] =
    [("TMDB_KEY", "tmdb-k3y-in-clear"), ("TVDB_KEY", "tvdb-k3y-in-clear"), ("OMDB_KEY", "omdb-k3y-in-clear")];
const TOKEN: &str = "tvdb-t0k3n-in-clear";

/// TMDb, TheTVDB and OMDb with one show of a hundred episodes.
fn answer(asked: &Asked) -> Reply {
    let path = asked.path.split('?').next().unwrap();
    let query = asked.path.split('?').nth(1).unwrap_or_default();
    let numbers = 1..=100;
    let found = match path {
        "/tmdb/search/tv" => {
            json!({ "results": [{ "id": 1, "name": "Harbour Lights", "first_air_date": "2011-04-17" }] })
        }
        "/tmdb/tv/1" => {
            json!({ "id": 1, "name": "Harbour Lights", "first_air_date": "2011-04-17", "genres": [{ "name": "Drama" }], "external_ids": {} })
        }
        "/tmdb/tv/1/season/1" => {
            json!({ "episodes": numbers.map(|number| json!({ "episode_number": number, "name": format!("Part {number}"), "air_date": "2011-04-17" })).collect::<Vec<_>>() })
        }
        "/tvdb/login" => json!({ "data": { "token": TOKEN } }),
        "/tvdb/search" => json!({ "data": [{ "tvdb_id": "7", "name": "Harbour Lights", "year": "2011" }] }),
        "/tvdb/series/7/extended" => {
            json!({ "data": { "id": 7, "name": "Harbour Lights", "year": "2011", "firstAired": "2011-04-17" } })
        }
        "/tvdb/series/7/episodes/default" => {
            json!({ "data": { "episodes": numbers.map(|number| json!({ "seasonNumber": 1, "number": number, "name": format!("Part {number}"), "aired": "2011-04-17" })).collect::<Vec<_>>() }, "links": { "next": null } })
        }
        "/omdb/" if query.contains("s=") && !query.contains("i=") => {
            json!({ "Response": "True", "Search": [{ "Title": "Harbour Lights", "Year": "2011–", "imdbID": "tt9" }] })
        }
        "/omdb/" if query.contains("Season=1") => {
            json!({ "Response": "True", "Episodes": numbers.map(|number| json!({ "Title": format!("Part {number}"), "Released": "2011-04-17", "Episode": number.to_string() })).collect::<Vec<_>>() })
        }
        "/omdb/" => {
            json!({ "Response": "True", "Title": "Harbour Lights", "Year": "2011–", "Genre": "Drama", "echo": asked.path })
        }
        _ => return Reply::with(404, &[], &json!({})),
    };
    Reply::json(&found)
}

/// A project whose providers are all played by one server.
fn project(server: &Server, more: &str) -> World {
    let world = World::new();
    let provider = |name: &str, key: &str| {
        format!(
            "[providers.{name}]\nurl = \"{}{name}/\"\nkey = {{ env = \"{key}\" }}\nrate = 1000\npatience = \"0s\"\n{more}\n",
            server.url
        )
    };
    let tables = [provider("tmdb", "TMDB_KEY"), provider("tvdb", "TVDB_KEY"), provider("omdb", "OMDB_KEY")];
    world.write("bindery.toml", tables.concat());
    world
}

/// A film of an example, whose own facts name no title.
fn film() -> Vec<u8> {
    let path = "examples/season/Harbour.Lights.S01E01.mkv";
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn season(world: &World, episodes: usize, with: &str) {
    for number in 1..=episodes {
        let name = format!("media/Harbour.Lights.S01E{number:02}.720p.WEB.x264-GRP.mkv");
        world.write(&name, film());
    }
    let manifest = format!(
        "release: 1\nkind: tv\ngroup: GRP\nfor_each: \"media/*.mkv\"\ntime: 2026-01-31T12:00:00Z\noutput: dist\n\
         steps:\n  enrich: {{ with: {with} }}\n  rar: {{ with: {{ volume: 50KB }} }}\n  upload: false\n"
    );
    world.write("release.yaml", manifest);
}

fn run(world: &World, arguments: &[&str]) -> Ran {
    let output = world.command(arguments).envs(KEYS).output().unwrap();
    Ran::of(output)
}

fn done(world: &World, arguments: &[&str]) -> Ran {
    let ran = run(world, arguments);
    assert_eq!(ran.code, Some(0), "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
    ran
}

/// How often each provider was asked, the purchase of a token aside.
fn counts(server: &Server) -> [usize; 3] {
    let asked = server.asked();
    let of = |name: &str| {
        asked.iter().filter(|asked| asked.path.starts_with(name) && asked.path != "/tvdb/login").count()
    };
    ["/tmdb/", "/tvdb/", "/omdb/"].map(of)
}

#[test]
fn a_season_of_a_hundred_episodes_asks_each_provider_three_things() {
    let server = Server::new(answer);
    let world = project(&server, "");
    season(&world, 100, "{ providers: [tmdb, tvdb, omdb], require: [tmdb, tvdb, omdb] }");
    let ran = done(&world, &["run", "--jobs", "4"]);
    assert_eq!(ran.stdout.lines().count(), 100, "{}", ran.stderr);
    assert!(ran.stdout.contains("Harbour.Lights.S01E100.Part.100"), "{}", ran.stdout);
    let [tmdb, tvdb, omdb] = counts(&server);
    println!("requests for 100 episodes: tmdb {tmdb}, tvdb {tvdb}, omdb {omdb}");
    assert!(tmdb <= 3 && tvdb <= 3 && omdb <= 3, "{tmdb} {tvdb} {omdb}");
    assert_eq!(server.asked().iter().filter(|asked| asked.path == "/tvdb/login").count(), 1);
    // What is up to date asks nobody, and neither does a new episode of a season that is known.
    let before = server.count();
    done(&world, &["run"]);
    world.write("media/Harbour.Lights.S01E99.720p.WEB.x264-GRP.mkv", film());
    done(&world, &["run"]);
    assert_eq!(server.count(), before);
}

/// Everything that a run leaves and says.
fn everything(world: &World, ran: &[Ran]) -> String {
    let files = tree(world.path("").as_path());
    let written = files.iter().map(|(name, bytes)| format!("{name}\n{}\n", String::from_utf8_lossy(bytes)));
    let said = ran.iter().map(|ran| format!("{}\n{}\n", ran.stdout, ran.stderr));
    written.chain(said).collect()
}

#[test]
fn no_key_is_written_anywhere() {
    let server = Server::new(|asked: &Asked| match asked.path.split('?').next() {
        // It repeats what it was sent, which some services do.
        Some("/tmdb/tv/1") => {
            let mut show =
                json!({ "id": 1, "name": "Harbour Lights", "first_air_date": "2011", "external_ids": {} });
            show["overview"] = format!("asked as {} with {}", asked.path, asked.headers).into();
            Reply::json(&show)
        }
        Some("/omdb/") => {
            Reply::with(401, &[], &json!({ "Error": format!("Invalid API key! {}", asked.path) }))
        }
        _ => answer(asked),
    });
    let world = project(&server, "");
    season(&world, 1, "{ providers: [tmdb, tvdb, omdb], merge: { description: longest } }");
    let ran = [
        done(&world, &["run", "--progress", "json", "--record", "tape"]),
        done(&world, &["lock"]),
        done(&world, &["enrich", "release.yaml", "--json"]),
        done(&world, &["enrich", "release.yaml"]),
        run(&world, &["providers", "test", "--json"]),
        done(&world, &["expand", "--json"]),
        done(&world, &["providers", "list", "--json"]),
        run(&world, &["run", "--force", "--refresh", "--set", "steps.enrich.with.require=[omdb]"]),
    ];
    let all = everything(&world, &ran);
    assert!(all.contains("asked as") && all.contains("Invalid API key") && all.contains("tape/"), "{all}");
    for secret in KEYS.iter().map(|(_, secret)| *secret).chain([TOKEN]) {
        assert!(
            server.asked().iter().any(|asked| format!("{asked:?}").contains(secret)),
            "{secret} was sent"
        );
        let at = all.find(secret).map(|at| &all[at.saturating_sub(200)..at]);
        assert_eq!(at, None, "{secret} is written");
    }
}

#[test]
fn a_network_that_goes_away_is_told_and_the_next_run_goes_on() {
    let is_there = Arc::new(AtomicBool::new(false));
    let there = Arc::clone(&is_there);
    let server = Server::new(move |asked: &Asked| {
        if asked.path.contains("/season/") && !there.load(Ordering::Relaxed) {
            Reply::Cut(b"{\"episodes\": [".to_vec())
        } else {
            answer(asked)
        }
    });
    let world = project(&server, "");
    season(&world, 2, "{ providers: [tmdb], require: [tmdb] }");
    let ran = run(&world, &["run", "--keep-going"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("remote/unreachable") && ran.stderr.contains("breaks off"), "{}", ran.stderr);
    assert!(!world.path("dist").exists() || tree(&world.path("dist")).is_empty());
    // Without `require` the releases are made, and what could not be said is asked for again the next time.
    let free = ["run", "--set", "steps.enrich.with.require=[]"];
    let ran = done(&world, &[&free[..], &["--progress", "plain"]].concat());
    assert!(ran.stderr.contains("(unreachable)"), "{}", ran.stderr);
    is_there.store(true, Ordering::Relaxed);
    let before = server.count();
    let ran = done(&world, &free);
    assert!(ran.stdout.contains("Part.1") && ran.stdout.contains("Part.2"), "{}\n{}", ran.stdout, ran.stderr);
    let asked = server.asked();
    let after: Vec<&str> =
        asked[before..].iter().map(|asked| asked.path.split('?').next().unwrap()).collect();
    assert_eq!(after, ["/tmdb/tv/1/season/1"], "the rest is kept");
    drop(server);
    // From here on there is no network at all.
    fs::remove_dir_all(world.path(".bindery/state")).unwrap();
    fs::remove_dir_all(world.path("dist")).unwrap();
    assert!(done(&world, &[&free[..], &["--offline"]].concat()).stdout.contains("Part.2"));
    fs::remove_dir_all(world.path(".bindery/cache")).unwrap();
    let ran = run(&world, &["run", "--offline", "--force"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("remote/offline"), "{}", ran.stderr);
}

#[test]
fn a_lock_pins_what_was_told_and_one_provider_can_be_renewed() {
    let server = Server::new(|asked: &Asked| answer(asked));
    let world = project(&server, "");
    season(&world, 1, "{ providers: [tmdb, omdb] }");
    done(&world, &["lock"]);
    let lock = fs::read_to_string(world.path("release.lock")).unwrap();
    assert!(lock.contains("[release.facts.enrich]") && lock.contains("from = \"tmdb\""), "{lock}");
    assert!(!lock.contains("candidates"), "{lock}");
    let before = server.count();
    fs::remove_dir_all(world.path(".bindery")).unwrap();
    done(&world, &["run", "--locked"]);
    done(&world, &["lock"]);
    assert_eq!(server.count(), before, "nobody is asked");
    let ran = done(&world, &["lock", "update", "--only", "tmdb"]);
    assert!(ran.stderr.contains("nothing changed"), "{}{}", ran.stdout, ran.stderr);
    let asked = server.asked();
    assert!(asked.len() > before && asked[before..].iter().all(|asked| asked.path.starts_with("/tmdb/")));
}

#[test]
fn a_fact_that_differs_from_the_lock_is_named() {
    let renames = Arc::new(AtomicBool::new(false));
    let renamed = Arc::clone(&renames);
    let server = Server::new(move |asked: &Asked| {
        if renamed.load(Ordering::Relaxed) && asked.path.contains("/season/") {
            return Reply::json(
                &json!({ "episodes": [{ "episode_number": 1, "name": "Another", "air_date": "2011-04-17" }] }),
            );
        }
        answer(asked)
    });
    let world = project(&server, "");
    season(&world, 1, "{ providers: [tmdb] }");
    done(&world, &["lock"]);
    let lock = fs::read_to_string(world.path("release.lock")).unwrap();
    // The lock says something else than what its release was made of.
    world.write("release.lock", lock.replace("\"Part 1\"", "\"Part 9\""));
    let ran = run(&world, &["run", "--locked"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("Part.1") && ran.stderr.contains("Part.9"), "{}", ran.stderr);
    fs::remove_dir_all(world.path("dist")).unwrap();
    world.write("release.lock", lock);
    // The provider says something else: what is locked stands, and an update tells both.
    renames.store(true, Ordering::Relaxed);
    done(&world, &["run", "--locked"]);
    assert!(names(&world.path("dist"))[0].contains("Part.1"));
    let told = done(&world, &["lock", "update"]).stdout;
    assert!(told.contains("episode_title") && told.contains("Part 1") && told.contains("Another"), "{told}");
}

fn cassette(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stages/tests/cassettes").join(name).display().to_string()
}

#[test]
fn enrich_shows_every_candidate_and_packs_nothing() {
    let world = World::new();
    world.write("book.epub", epub("The Lamp Room", "Ann Author", Some("1998"), 500));
    let tape = cassette("openlibrary/by-search.json");
    world.write("tape/a.json", fs::read_to_string(&tape).unwrap().replace("Author, Ann", "Ann Author"));
    let arguments = ["enrich", "book.epub", "--providers", "openlibrary", "--replay", "tape"];
    let told = done(&world, &[&arguments[..], &["--json"]].concat()).json();
    assert_eq!(told["providers"][0]["state"], "found", "{told}");
    let year = &told["facts"]["year"];
    assert_eq!(
        (&year["value"], &year["from"], &year["conflict"]),
        (&json!(1998), &json!("extract"), &json!(true))
    );
    assert_eq!(year["candidates"].as_array().map(Vec::len), Some(2), "{year}");
    let shown = done(&world, &arguments).stdout;
    for part in [
        "book.epub: The Lamp Room (1998)",
        "found",
        "differ",
        "1999",
        "https://openlibrary.org/works/OL1000001W.json",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(!world.path("dist").exists() && !world.path(".bindery").exists());
    assert_eq!(run(&world, &["enrich", "book.epub", "--choose"]).code, Some(2), "nobody can answer");
    assert_eq!(run(&world, &["enrich", "nosuch.epub"]).code, Some(3));
    assert_eq!(run(&world, &["enrich", "book.epub", "--replay", "nosuch"]).code, Some(3));
    assert_eq!(run(&world, &["providers", "test", "nosuch"]).code, Some(3));
    // Nothing was found, and nobody could say.
    fs::remove_file(world.path("tape/a.json")).unwrap();
    assert_eq!(run(&world, &arguments).code, Some(1));
}

#[test]
fn a_key_in_clear_text_is_refused_and_not_repeated() {
    let world = World::new();
    world.write("bindery.toml", "[providers.tmdb]\nkey = \"s3cr3t-words\"\n");
    world.write("book.epub", epub("A Book", "Ann Author", Some("2026"), 500));
    world.write("release.yaml", "release: 1\nkind: ebook\ngroup: GRP\nsource: book.epub\n");
    let ran = world.run(&["check"]);
    assert!(
        ran.code == Some(2) && ran.stderr.contains("secret `key` stands in clear text"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("s3cr3t"), "{}", ran.stderr);
}

#[test]
fn what_is_played_is_packed_with_its_facts() {
    let world = World::new();
    world.write("book.epub", epub("The Lamp Room", "Ann Author", None, 500));
    let tape = cassette("openlibrary/by-search.json");
    world.write("tape/a.json", fs::read_to_string(tape).unwrap().replace("Author, Ann", "Ann Author"));
    let set = "steps.enrich.with.providers=[openlibrary]";
    let ran = done(
        &world,
        &[
            "pack",
            "--type",
            "EBOOK",
            "--file",
            "book.epub",
            "--group",
            "GRP",
            "--set",
            set,
            "--replay",
            "tape",
        ],
    );
    // The year is from the provider: the book says none.
    assert!(ran.stdout.contains("The.Lamp.Room.1999"), "{}", ran.stdout);
    let told: Vec<Value> = done(&world, &["run", "--help"]).stdout.lines().map(Value::from).collect();
    assert!(told.iter().any(|line| line.as_str().is_some_and(|line| line.contains("--replay"))));
}
