//! Whole deliveries to real servers through a way that fails: hundreds of cuts, each ending proven.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use engine::StageError;
use serde_json::{Value, json};

use super::fake::{NAME, Tide};
use super::far::proxy::{Fault, HOST, How, Proxy, Way};
use super::far::servers::Server;
use super::far::{open, openssh, plain, secure, with};
use crate::bench::{listing, noise};
use crate::upload::destination::{Connection, Destination, Entry};
use crate::upload::source::BLOCK;
use crate::upload::{faults, local};

/// How many cuts there are for each type; `BINDERY_CUTS` says another number.
fn number() -> usize {
    std::env::var("BINDERY_CUTS").ok().and_then(|number| number.parse().ok()).unwrap_or(300)
}

/// How many of them happen in one delivery.
const AT_ONCE: usize = 4;
/// Most that is sent twice for one cut.
const AGAIN: u64 = 1024 * 1024 + BLOCK;

/// Where and how connections fail: near the beginning of what is said or sent, or anywhere.
fn fault(seed: u64, total: u64) -> Fault {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut chance = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let after = match chance(4) {
        0 => chance(1_500),
        1 => BLOCK - 2 + chance(5),
        _ => chance(total),
    };
    let way = if chance(4) == 0 { Way::Down } else { Way::Up };
    let how = match chance(8) {
        0..=3 => How::Reset,
        4..=6 => How::End,
        _ => How::Stall,
    };
    let times = if how == How::Stall { 1 } else { AT_ONCE };
    Fault { how, way, after, times }
}

/// A release for a delivery, and its size: two large files, and small ones that go together.
fn release(seed: u64) -> (Tide, u64) {
    let files = [
        ("a.rar", noise(900_000, seed + 1)),
        ("b.r00", noise(300_000, seed)),
        ("c.sfv", noise(90, seed)),
        ("d.nfo", noise(4_000, seed + 2)),
        ("e.diz", noise(400, seed + 3)),
    ];
    let total = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    (Tide::new(&files), total)
}

/// Everything lies there and nothing else, the ledger knows, and little was sent twice.
fn is_proven(tide: &Tide, folder: &Path, total: u64, failed: usize, when: &str) {
    let there = listing(folder);
    let wanted: BTreeMap<String, Vec<u8>> =
        tide.files.iter().map(|(name, bytes)| (format!("{NAME}/{name}"), bytes.clone())).collect();
    assert!(there == wanted, "{when}: {:?}", there.keys());
    assert!(tide.known().is_finished(), "{when}");
    let most = total + AGAIN * failed as u64;
    assert!(tide.sent.get() <= most, "{when}: {} of {total} after {failed} cuts", tide.sent.get());
}

fn many_cuts(server: &Server, settings: &Value) {
    let settings =
        with(settings, json!({ "retry_delay": "1ms", "retries": 8, "timeout": "5s", "path": "in" }));
    let ports = || server.passive.iter().copied().chain([server.port]);
    let proxy = Proxy::start(ports(), Fault { how: How::End, way: Way::Up, after: u64::MAX, times: 0 });
    let (mut cuts, mut seed) = (0, 0);
    let number = number();
    while cuts < number {
        let (tide, total) = release(seed);
        let fault = fault(seed, total / 2);
        let when = format!("seed {seed}: {fault:?}");
        proxy.fail(fault);
        let (delivered, notes) = tide.go_to(open(&settings), &settings);
        let failed = proxy.failed();
        delivered.unwrap_or_else(|error| panic!("{when}: {error:?}\n{}", notes.join("\n")));
        is_proven(&tide, &server.home().join("in"), total, failed, &when);
        fs::remove_dir_all(server.home().join("in").join(NAME)).unwrap();
        (cuts, seed) = (cuts + failed, seed + 1);
        assert!(seed < 4 * number as u64, "only {cuts} cuts in {seed} deliveries");
    }
}

#[test]
fn three_hundred_cuts_of_ftp_end_proven() {
    let Some(server) = Server::start("proftpd", &[]) else { return };
    many_cuts(&server, &with(&plain(&server), json!({ "host": HOST })));
}

#[test]
fn three_hundred_cuts_of_ftps_end_proven() {
    let Some(server) = Server::start("proftpd", &[("TLS", "required"), ("REUSE", "required")]) else {
        return;
    };
    many_cuts(&server, &with(&secure(&server), json!({ "host": HOST })));
}

#[test]
fn three_hundred_cuts_of_sftp_end_proven() {
    let Some(server) = Server::start("sshd", &[]) else { return };
    many_cuts(&server, &with(&openssh(&server), json!({ "host": HOST })));
}

#[test]
fn bits_that_turn_on_the_way_are_found_and_sent_again() {
    let check = |server: &Server, settings: &Value| {
        let settings = with(settings, json!({ "host": HOST, "retry_delay": "1ms", "path": "in" }));
        let ports = server.passive.iter().copied().chain([server.port]);
        let fault = |after| Fault { how: How::Flip, way: Way::Up, after, times: 1 };
        let proxy = Proxy::start(ports, fault(0));
        for (seed, after) in [(1, 310_000), (2, 500_000), (3, 899_000)] {
            let (tide, _) = release(seed);
            proxy.fail(fault(after));
            let (delivered, notes) = tide.go_to(open(&settings), &settings);
            delivered.unwrap_or_else(|error| panic!("{after}: {error:?}\n{}", notes.join("\n")));
            assert_eq!(proxy.failed(), 1);
            let again = |note: &String| note.contains("sent once more") || note.contains("it goes on there");
            assert!(notes.iter().any(again), "{notes:?}");
            assert!(tide.known().is_finished());
            let there = server.home().join("in");
            let wanted = tide.files.iter().map(|(name, bytes)| (format!("{NAME}/{name}"), bytes.clone()));
            assert!(listing(&there) == wanted.collect());
            fs::remove_dir_all(there.join(NAME)).unwrap();
        }
    };
    if let Some(server) = Server::start("proftpd", &[]) {
        check(&server, &plain(&server));
    }
    if let Some(server) = Server::start("vsftpd", &[("TLS", "required")]) {
        check(&server, &with(&secure(&server), json!({ "user": "ftp" })));
    }
    if let Some(server) = Server::start("sshd", &[]) {
        check(&server, &openssh(&server));
    }
}

/// A folder on a share that goes away in the middle of files, each time after so many bytes more.
struct Share {
    inner: Box<dyn Destination>,
    /// Bytes until it goes away; nothing where it stays.
    left: Arc<Mutex<VecDeque<u64>>>,
}

struct Mounted {
    inner: Box<dyn Connection>,
    left: Arc<Mutex<VecDeque<u64>>>,
    is_gone: bool,
}

impl Destination for Share {
    fn connect(&self) -> Result<Box<dyn Connection>, StageError> {
        let (inner, left) = (self.inner.connect()?, Arc::clone(&self.left));
        Ok(Box::new(Mounted { inner, left, is_gone: false }))
    }

    fn address(&self) -> String {
        self.inner.address()
    }

    fn connections(&self) -> usize {
        self.inner.connections()
    }
}

impl Mounted {
    fn there(&mut self) -> Result<&mut dyn Connection, StageError> {
        if self.is_gone { Err(faults::lost("the share is gone")) } else { Ok(self.inner.as_mut()) }
    }
}

impl Connection for Mounted {
    fn put(&mut self, path: &str, offset: u64, from: &mut dyn Read) -> Result<u64, StageError> {
        let next = self.left.lock().unwrap().pop_front();
        let Some(next) = next else { return self.there()?.put(path, offset, from) };
        let sent = self.there()?.put(path, offset, &mut from.take(next))?;
        let mut left = self.left.lock().unwrap();
        match next.saturating_sub(sent) {
            0 => {
                self.is_gone = true;
                Err(faults::lost("the share went away"))
            }
            rest => {
                left.push_front(rest);
                Ok(sent)
            }
        }
    }

    fn stat(&mut self, path: &str) -> Result<Option<Entry>, StageError> {
        self.there()?.stat(path)
    }

    fn list(&mut self, folder: &str) -> Result<Vec<Entry>, StageError> {
        self.there()?.list(folder)
    }

    fn make_folder(&mut self, folder: &str) -> Result<(), StageError> {
        self.there()?.make_folder(folder)
    }

    fn get(&mut self, path: &str, offset: u64, length: u64, to: &mut dyn Write) -> Result<u64, StageError> {
        self.there()?.get(path, offset, length, to)
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), StageError> {
        self.there()?.rename(from, to)
    }

    fn remove(&mut self, path: &str) -> Result<(), StageError> {
        self.there()?.remove(path)
    }

    fn remove_folder(&mut self, folder: &str) -> Result<(), StageError> {
        self.there()?.remove_folder(folder)
    }

    fn hash(&mut self, path: &str, algorithms: &[&str]) -> Result<Option<(String, String)>, StageError> {
        self.there()?.hash(path, algorithms)
    }

    fn truncate(&mut self, path: &str, length: u64) -> Result<bool, StageError> {
        self.there()?.truncate(path, length)
    }

    fn free(&mut self) -> Result<Option<u64>, StageError> {
        self.there()?.free()
    }

    fn keep_alive(&mut self) -> Result<(), StageError> {
        self.there()?.keep_alive()
    }
}

#[test]
fn three_hundred_cuts_of_a_folder_end_proven() {
    let (mut cuts, mut seed) = (0, 0);
    while cuts < number() {
        let (tide, total) = release(seed);
        let far = tide.folder.path().join("far");
        let settings =
            json!({ "path": far, "retry_delay": "1ms", "retries": 8, "connections": 1 + seed % 3 });
        let places: VecDeque<u64> =
            (0..AT_ONCE as u64).map(|one| 1 + fault(seed * 10 + one, total / 3).after).collect();
        let left = Arc::new(Mutex::new(places.clone()));
        let share = Share {
            inner: local::open(&settings, &|_| Err(String::new())).unwrap(),
            left: Arc::clone(&left),
        };
        let when = format!("seed {seed}: {places:?}");
        let (delivered, notes) = tide.go_to(Box::new(share), &settings);
        delivered.unwrap_or_else(|error| panic!("{when}: {error:?}\n{}", notes.join("\n")));
        let failed = places.len() - left.lock().unwrap().len();
        is_proven(&tide, &far, total, failed, &when);
        (cuts, seed) = (cuts + failed, seed + 1);
    }
}
