//! Files come whole and proven, whatever the server does on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::bench::noise;
use crate::http::tests::server::{Asked, Reply, Server};

struct Shelf {
    folder: tempfile::TempDir,
    world: World,
}

impl Shelf {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), world: World::default() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("digest/book.epub")
    }

    fn with<T>(&self, url: &str, bytes: &[u8], act: impl FnOnce(&Fetch<'_>) -> T) -> T {
        let sha256 = of(bytes);
        let origin = Origin { url: url.to_owned(), sha256 };
        let path = self.path();
        act(&Fetch { name: "book.epub", origin: &origin, path: &path, world: &self.world, stop: &|| false })
    }

    fn fetch(&self, url: &str, bytes: &[u8]) -> Result<u64, StageError> {
        self.with(url, bytes, |fetch| fetch.fetch(&mut |_, _| {}))
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path().join("digest")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn of(bytes: &[u8]) -> String {
    let mut digester = digester().unwrap();
    digester.update(bytes);
    sha256(digester)
}

/// The byte that a request asks to begin with.
fn from(asked: &Asked) -> usize {
    let range = asked.headers.lines().find_map(|line| line.strip_prefix("range: bytes="));
    range.map_or(0, |range| range.trim_end_matches('-').parse().unwrap())
}

fn part(bytes: &[u8], from: usize) -> Reply {
    let range = format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
    Reply::Whole(206, vec![("content-range", range)], bytes[from..].to_vec())
}

#[test]
fn a_file_comes_once_and_is_known_again() {
    let bytes = noise(700_000, 1);
    let (shelf, served) = (Shelf::new(), bytes.clone());
    let when = "Sun, 06 Nov 1994 08:49:37 GMT";
    let server =
        Server::new(move |_| Reply::Whole(200, vec![("last-modified", when.to_owned())], served.clone()));
    let url = format!("{}book.epub", server.url);
    assert!(!shelf.with(&url, &bytes, |fetch| fetch.is_here().unwrap()));
    assert_eq!(shelf.fetch(&url, &bytes).unwrap(), 700_000);
    assert_eq!(fs::read(shelf.path()).unwrap(), bytes);
    assert_eq!(fs::metadata(shelf.path()).unwrap().mtime(), 784_111_777);
    assert_eq!(shelf.names(), [".book.epub.proven", "book.epub"]);
    assert!(shelf.with(&url, &bytes, |fetch| fetch.is_here().unwrap()));
    assert_eq!(shelf.fetch(&url, &bytes).unwrap(), 700_000);
    assert_eq!(server.count(), 1);
    // A file that was changed is not the one, and comes anew.
    fs::write(shelf.path(), "other").unwrap();
    assert!(!shelf.with(&url, &bytes, |fetch| fetch.is_here().unwrap()));
    shelf.fetch(&url, &bytes).unwrap();
    assert_eq!(fs::read(shelf.path()).unwrap(), bytes);
}

#[test]
fn what_is_cut_off_goes_on_where_it_ended() {
    let bytes = noise(500_000, 2);
    let (shelf, served, turn) = (Shelf::new(), bytes.clone(), AtomicUsize::new(0));
    let server = Server::new(move |asked| match turn.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::Cut(served[..200_000].to_vec()),
        1 => Reply::Whole(503, vec![("retry-after", "0".into())], Vec::new()),
        _ => part(&served, from(asked)),
    });
    shelf.fetch(&server.url, &bytes).unwrap();
    assert_eq!(fs::read(shelf.path()).unwrap(), bytes);
    let froms: Vec<usize> = server.asked().iter().map(from).collect();
    assert_eq!(froms, [0, 200_000, 200_000]);
    // No time was told, so it is one that is the same everywhere.
    assert_eq!(fs::metadata(shelf.path()).unwrap().mtime(), 315_532_800);
}

#[test]
fn a_server_without_parts_gives_the_whole_again() {
    let bytes = noise(300_000, 3);
    let (shelf, served) = (Shelf::new(), bytes.clone());
    let server = Server::new(move |_| Reply::Whole(200, vec![], served.clone()));
    fs::create_dir_all(shelf.folder.path().join("digest")).unwrap();
    fs::write(shelf.folder.path().join("digest/.book.epub.part"), &bytes[..1000]).unwrap();
    shelf.fetch(&server.url, &bytes).unwrap();
    assert_eq!(fs::read(shelf.path()).unwrap(), bytes);
    assert_eq!(server.asked().iter().map(from).collect::<Vec<_>>(), [1000]);
}

#[test]
fn left_overs_of_another_file_do_no_harm() {
    let bytes = noise(300_000, 4);
    let (shelf, served) = (Shelf::new(), bytes.clone());
    let server = Server::new(move |asked| match from(asked) {
        0 => Reply::Whole(200, vec![], served.clone()),
        beyond if beyond >= served.len() => Reply::Whole(416, vec![], Vec::new()),
        begin => part(&served, begin),
    });
    for left in [noise(1000, 5), noise(400_000, 6), bytes.clone()] {
        let _ = fs::remove_dir_all(shelf.folder.path().join("digest"));
        fs::create_dir_all(shelf.folder.path().join("digest")).unwrap();
        fs::write(shelf.folder.path().join("digest/.book.epub.part"), left).unwrap();
        shelf.fetch(&server.url, &bytes).unwrap();
        assert_eq!(fs::read(shelf.path()).unwrap(), bytes);
    }
}

#[test]
fn another_file_is_refused_and_not_kept() {
    let shelf = Shelf::new();
    let server = Server::new(|_| Reply::Whole(200, vec![], b"another".to_vec()));
    let error = shelf.fetch(&server.url, b"wanted").unwrap_err();
    assert_eq!(error.code, "source/digest");
    assert!(error.message.contains(&of(b"another")) && error.message.contains(&of(b"wanted")), "{error}");
    assert!(!shelf.folder.path().join("digest").exists(), "nothing is left");
}

#[test]
fn each_refusal_is_a_failure_of_its_own() {
    let check = |status: u16, wanted: &str| {
        let shelf = Shelf::new();
        let server =
            Server::new(move |_| Reply::Whole(status, vec![("retry-after", "9999".into())], Vec::new()));
        let error = shelf.fetch(&server.url, b"wanted").unwrap_err();
        assert_eq!(error.code, wanted, "{error}");
        assert!(error.hint.is_some() && error.message.contains("127.0.0.1"), "{error:?}");
        assert_eq!(server.count(), 1);
    };
    check(404, "remote/missing");
    check(403, "remote/denied");
    check(429, "remote/rate-limited");
    check(503, "remote/unreachable");
    check(204, "remote/refused");
}

#[test]
fn nobody_is_led_to_a_private_address() {
    let shelf = Shelf::new();
    let server =
        Server::new(|_| Reply::Whole(302, vec![("location", "http://127.0.0.1:1/x".into())], Vec::new()));
    let error = shelf.fetch(&server.url, b"wanted").unwrap_err();
    assert!(error.code == "remote/refused" && error.message.contains("private address"), "{error}");
}

#[test]
fn two_at_once_fetch_it_once() {
    let bytes = noise(400_000, 7);
    let served = bytes.clone();
    let server = Server::new(move |_| {
        std::thread::sleep(Duration::from_millis(200));
        Reply::Whole(200, vec![], served.clone())
    });
    let shelf = Arc::new(Shelf::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| shelf.fetch(&server.url, &bytes).unwrap());
        }
    });
    assert_eq!((server.count(), fs::read(shelf.path()).unwrap()), (1, bytes));
}
