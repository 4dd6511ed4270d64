//! The client against a server that plays faults, and against its own cache and recordings.

mod parsers;
pub(crate) mod server;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use engine::Outside;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::server::{Asked, Reply, Server};
use super::*;

/// A world whose clock is set by hand.
struct Scene {
    folder: TempDir,
    clock: Arc<AtomicI64>,
    outside: Outside,
    offline: bool,
}

const HOUR: i64 = 3_600_000;

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let outside = Outside { cache: Some(folder.path().join("cache")), ..Outside::default() };
        Self { folder, clock: Arc::new(AtomicI64::new(1_000 * HOUR)), outside, offline: false }
    }

    fn later(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::Relaxed);
    }

    /// A world of the next run.
    fn world(&self) -> World {
        let clock = Arc::clone(&self.clock);
        World {
            now: Box::new(move || clock.load(Ordering::Relaxed)),
            offline: self.offline,
            outside: Outside {
                cache: self.outside.cache.clone(),
                record: self.outside.record.clone(),
                replay: self.outside.replay.clone(),
                refresh: self.outside.refresh,
                ..Outside::default()
            },
            ..World::default()
        }
    }
}

fn service(url: &str) -> Service {
    Service {
        name: "toy".into(),
        base: url.parse().unwrap(),
        rate: 1000.0,
        budget: 100,
        timeout: Duration::from_secs(5),
        patience: Duration::from_millis(900),
        max_age: Duration::from_secs(3600),
    }
}

fn request(path: &str) -> Request {
    Request::get(path).query("q", "a b").secret_query("key", "s3cr&t")
}

fn ask(world: &World, service: &Service, request: &Request) -> Result<Arc<Answer>, Trouble> {
    let http = Http::of(world);
    http.hide("s3cr&t");
    http.ask(service, request, Caller { world, stop: &|| false })
}

fn value(answer: &Result<Arc<Answer>, Trouble>) -> Value {
    answer.as_ref().unwrap().json().unwrap()
}

#[test]
fn an_answer_is_kept_until_it_is_old_and_then_confirmed() {
    let server = Server::new(|asked: &Asked| {
        if asked.headers.contains("if-none-match: \"v1\"") {
            Reply::Whole(304, vec![], vec![])
        } else {
            Reply::with(200, &[("etag", "\"v1\"")], &json!({ "a": 1 }))
        }
    });
    let (scene, service) = (Scene::new(), service(&server.url));
    let counts = |world: &World, wanted: usize| {
        assert_eq!(value(&ask(world, &service, &request("x"))), json!({ "a": 1 }));
        assert_eq!(server.count(), wanted);
    };
    let first = scene.world();
    counts(&first, 1);
    counts(&first, 1);
    counts(&scene.world(), 1);
    scene.later(2 * HOUR);
    counts(&scene.world(), 2);
    // What was confirmed is fresh again.
    counts(&scene.world(), 2);
    let mut anew = scene;
    anew.outside.refresh = true;
    counts(&anew.world(), 3);
}

#[test]
fn what_is_throttled_is_tried_again_when_the_service_says() {
    let turn = AtomicUsize::new(0);
    let server = Server::new(move |_| match turn.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::with(429, &[("retry-after", "0")], &json!({})),
        _ => Reply::json(&json!({ "a": 1 })),
    });
    let scene = Scene::new();
    assert_eq!(value(&ask(&scene.world(), &service(&server.url), &request("x"))), json!({ "a": 1 }));
    assert_eq!(server.count(), 2);
}

#[test]
fn a_service_that_wants_to_be_left_alone_is() {
    let server =
        Server::new(|_| Reply::with(429, &[("retry-after", "3600")], &json!({ "message": "Slow down." })));
    let (scene, service) = (Scene::new(), service(&server.url));
    let world = scene.world();
    let trouble = ask(&world, &service, &request("x")).unwrap_err();
    assert_eq!(
        (trouble.kind, trouble.message.as_str()),
        (Kind::Throttled, "asks to be asked less often: Slow down (again in 3600 s)")
    );
    assert_eq!(ask(&world, &service, &request("other")).unwrap_err().kind, Kind::Throttled);
    assert_eq!(server.count(), 1);
}

fn check_fault(reply: impl Fn() -> Reply + Send + Sync + 'static, wanted: Kind, words: &str, asked: usize) {
    let server = Server::new(move |_| reply());
    let scene = Scene::new();
    let mut service = service(&server.url);
    if words.contains("longer") {
        service.timeout = Duration::from_millis(150);
        service.patience = Duration::ZERO;
    }
    let trouble = ask(&scene.world(), &service, &request("x")).unwrap_err();
    assert!(trouble.kind == wanted && trouble.message.contains(words), "{trouble:?}");
    assert!(!trouble.message.contains("s3cr"), "{trouble:?}");
    assert!(server.count() >= asked, "{}", server.count());
    // Nothing of it is kept.
    assert!(
        Cache::new(scene.folder.path().join("cache/http")).get("toy", &request("x").key(&service)).is_none()
    );
}

#[test]
fn every_fault_has_a_kind_and_words_of_its_own() {
    check_fault(|| Reply::text(500, "text/plain", "oh"), Kind::Unreachable, "answers 500", 2);
    check_fault(|| Reply::Cut(b"{\"a\":".to_vec()), Kind::Unreachable, "breaks off", 2);
    check_fault(|| Reply::Silence, Kind::Unreachable, "takes longer", 1);
    check_fault(|| Reply::text(200, "application/json", "{\"a\": s3cr&t"), Kind::Changed, "no JSON", 1);
    check_fault(
        || Reply::text(200, "text/html; charset=utf-8", "<p>hi"),
        Kind::Changed,
        "text/html instead of JSON",
        1,
    );
    check_fault(
        || Reply::text(200, "application/json", &" ".repeat(10 << 20)),
        Kind::Changed,
        "more than 4 MB",
        1,
    );
    check_fault(
        || Reply::with(401, &[], &json!({ "status_message": "Bad key s3cr&t." })),
        Kind::Unauthorised,
        "Bad key [secret]",
        1,
    );
    check_fault(|| Reply::with(403, &[], &json!({})), Kind::Unauthorised, "refuses the key", 1);
    check_fault(|| Reply::with(418, &[], &json!({})), Kind::Changed, "answers 418", 1);
    let leads = |to: &'static str| move || Reply::Whole(302, vec![("location", to.into())], vec![]);
    check_fault(leads("http://127.0.0.1:1/"), Kind::Changed, "private address `127.0.0.1`", 1);
    check_fault(leads("http://[::1]/"), Kind::Changed, "private address", 1);
    check_fault(leads("file:///etc/passwd"), Kind::Changed, "`file:` address", 1);
    check_fault(leads("/again"), Kind::Changed, "leads on more than", 6);
}

#[test]
fn a_server_that_is_not_there_cannot_be_reached() {
    let gone = Server::new(|_| Reply::Silence).url.clone();
    let trouble = ask(&Scene::new().world(), &service(&gone), &request("x")).unwrap_err();
    assert!(
        trouble.kind == Kind::Unreachable && trouble.message.contains("cannot be reached at `127.0.0.1`"),
        "{trouble:?}"
    );
}

#[test]
fn an_answer_may_lead_on_within_its_own_server() {
    let server = Server::new(|asked: &Asked| match asked.path.as_str() {
        "/there" => Reply::json(&json!("here")),
        _ => Reply::Whole(301, vec![("location", "/there".into())], vec![]),
    });
    assert_eq!(value(&ask(&Scene::new().world(), &service(&server.url), &request("x"))), json!("here"));
}

#[test]
fn what_is_absent_is_believed_for_a_while() {
    let server = Server::new(|_| Reply::with(404, &[], &json!({})));
    let (scene, service) = (Scene::new(), service(&server.url));
    for _ in 0..2 {
        assert_eq!(ask(&scene.world(), &service, &request("x")).unwrap_err().kind, Kind::NotFound);
    }
    assert_eq!(server.count(), 1);
    scene.later(HOUR / 10);
    assert_eq!(ask(&scene.world(), &service, &request("x")).unwrap_err().kind, Kind::NotFound);
    assert_eq!(server.count(), 2);
}

#[test]
fn equal_questions_at_once_go_out_once() {
    let server = Server::new(|_| {
        std::thread::sleep(Duration::from_millis(60));
        Reply::json(&json!({ "a": 1 }))
    });
    let (scene, service) = (Scene::new(), service(&server.url));
    let world = scene.world();
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| assert_eq!(value(&ask(&world, &service, &request("x"))), json!({ "a": 1 })));
        }
    });
    assert_eq!(server.count(), 1);
}

#[test]
fn the_budget_of_a_run_is_kept() {
    let server = Server::new(|_| Reply::json(&json!(1)));
    let service = Service { budget: 2, ..service(&server.url) };
    let scene = Scene::new();
    let world = scene.world();
    for path in ["a", "b"] {
        ask(&world, &service, &request(path)).unwrap();
    }
    let trouble = ask(&world, &service, &request("c")).unwrap_err();
    assert!(trouble.kind == Kind::Throttled && trouble.message.contains("budget"), "{trouble:?}");
    assert_eq!(server.count(), 2);
}

#[test]
fn offline_and_where_nobody_answers_an_old_answer_is_one() {
    let is_down = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let down = Arc::clone(&is_down);
    let server = Server::new(move |_| match down.load(Ordering::Relaxed) {
        true => Reply::text(500, "text/plain", ""),
        false => Reply::json(&json!(1)),
    });
    let (mut scene, service) = (Scene::new(), service(&server.url));
    scene.offline = true;
    assert_eq!(ask(&scene.world(), &service, &request("x")).unwrap_err().kind, Kind::Offline);
    assert_eq!(server.count(), 0);
    scene.offline = false;
    assert_eq!(ask(&scene.world(), &service, &request("x")).unwrap().stale, None);
    scene.later(1000 * HOUR);
    is_down.store(true, Ordering::Relaxed);
    let old = ask(&scene.world(), &service, &request("x")).unwrap();
    assert!(
        old.json() == Ok(json!(1)) && old.stale.as_deref().is_some_and(|why| why.contains("500")),
        "{old:?}"
    );
    scene.offline = true;
    assert_eq!(ask(&scene.world(), &service, &request("x")).unwrap().stale, None);
}

/// All that lies below a folder, as text.
fn everything(folder: &Path) -> String {
    let files = crate::bench::listing(folder);
    files.iter().map(|(name, bytes)| format!("{name}\n{}\n", String::from_utf8_lossy(bytes))).collect()
}

#[test]
fn a_recording_plays_without_a_network_and_holds_no_secret() {
    let turn = AtomicUsize::new(0);
    let server = Server::new(move |asked: &Asked| match asked.path.as_str() {
        "/login" => Reply::json(&json!({ "data": { "token": "t0k3n-from-above" } })),
        _ => Reply::json(&json!({ "you said": "s3cr&t", "turn": turn.fetch_add(1, Ordering::Relaxed) })),
    });
    let (mut scene, service) = (Scene::new(), service(&server.url));
    let tape = scene.folder.path().join("tape");
    scene.outside.record = Some(tape.clone());
    let login = Request::post_secret("login", json!({ "apikey": "s3cr&t" }));
    let world = scene.world();
    assert_eq!(value(&ask(&world, &service, &login))["data"]["token"], "t0k3n-from-above");
    let said = value(&ask(&world, &service, &request("x")));
    assert_eq!(said, json!({ "you said": "[secret]", "turn": 0 }));
    let written = everything(scene.folder.path());
    assert!(written.contains("you said"), "{written}");
    for secret in ["s3cr", "t0k3n"] {
        assert!(!written.contains(secret), "{written}");
    }
    drop(server);
    scene.outside.record = None;
    scene.outside.replay = Some(tape);
    let world = scene.world();
    assert_eq!(value(&ask(&world, &service, &request("x"))), said);
    let trouble = ask(&world, &service, &request("never")).unwrap_err();
    assert!(trouble.kind == Kind::Offline && trouble.message.contains("GET never?q=a%20b"), "{trouble:?}");
    fs::write(scene.folder.path().join("tape/z.json"), "{").unwrap();
    let trouble = ask(&scene.world(), &service, &request("x")).unwrap_err();
    assert!(trouble.kind == Kind::Offline && trouble.message.contains("z.json"), "{trouble:?}");
}

#[test]
fn work_that_is_to_stop_does_not_wait() {
    let server = Server::new(|_| Reply::with(429, &[("retry-after", "1")], &json!({})));
    let service = Service { patience: Duration::from_secs(3600), ..service(&server.url) };
    let scene = Scene::new();
    let world = scene.world();
    let stop = || server.count() > 0;
    let trouble = Http::of(&world).ask(&service, &request("x"), Caller { world: &world, stop: &stop });
    assert!(matches!(trouble.unwrap_err().kind, Kind::Stopped | Kind::Throttled));
    assert_eq!(server.count(), 1);
}
