//! Whole deliveries to real servers through a way that fails: hundreds of cuts, each ending proven.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use super::fake::{NAME, Tide};
use crate::bench::{listing, noise};
use crate::upload::far_tests::proxy::{Fault, HOST, How, Proxy, Way};
use crate::upload::far_tests::servers::Server;
use crate::upload::far_tests::{open, openssh, plain, secure, with};
use crate::upload::source::BLOCK;

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

fn many_cuts(server: &Server, settings: &Value) {
    let settings =
        with(settings, json!({ "retry_delay": "1ms", "retries": 8, "timeout": "2s", "path": "in" }));
    let ports = || server.passive.iter().copied().chain([server.port]);
    let proxy = Proxy::start(ports(), Fault { how: How::End, way: Way::Up, after: u64::MAX, times: 0 });
    let (mut cuts, mut seed) = (0, 0);
    let number = number();
    while cuts < number {
        let files = [
            ("a.rar", noise(900_000, seed + 1)),
            ("b.r00", noise(300_000, seed)),
            ("c.sfv", noise(90, seed)),
        ];
        let total: u64 = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        let tide = Tide::new(&files);
        let fault = fault(seed, total / 2);
        let when = format!("seed {seed}: {fault:?}");
        proxy.fail(fault);
        let (delivered, notes) = tide.go_to(open(&settings), &settings);
        let failed = proxy.failed();
        delivered.unwrap_or_else(|error| panic!("{when}: {error:?}\n{}", notes.join("\n")));
        let there = listing(&server.home().join("in"));
        let wanted: BTreeMap<String, Vec<u8>> =
            tide.files.iter().map(|(name, bytes)| (format!("{NAME}/{name}"), bytes.clone())).collect();
        assert!(there == wanted, "{when}: {:?}", there.keys());
        assert!(tide.known().is_finished(), "{when}");
        let most = total + AGAIN * failed as u64;
        assert!(tide.sent.get() <= most, "{when}: {} of {total} after {failed} cuts", tide.sent.get());
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
