//! Real servers, started for each test: the suite that every type passes, and every way to fail with its code.

use std::fs;
use std::path::Path;

use engine::{SecretRef, StageError};
use serde_json::{Value, json};

use super::conformance::{Traits, put, suite};
use crate::bench::noise;
use crate::upload::destination::Destination;
use crate::upload::{ftp, sftp};
use servers::Server;

#[path = "../../../../tests/servers/proxy.rs"]
pub(super) mod proxy;
#[path = "../../../../tests/servers/servers.rs"]
pub(super) mod servers;

/// The password of `alice`, with a space that a command could trip over.
const PASSWORD: &str = "s3cret pass";

const FTP: Traits = Traits { tells_taken: false, hashes: true, free: false };
const SFTP: Traits = Traits { tells_taken: true, hashes: true, free: true };

fn secret(reference: &SecretRef) -> Result<String, String> {
    match reference {
        SecretRef::Env(name) if name == "PASSWORD" => Ok(PASSWORD.into()),
        SecretRef::Env(name) if name == "WRONG" => Ok("wr0ng-hunter2".into()),
        SecretRef::Env(name) if name == "SESAME" => Ok("open sesame".into()),
        _ => Err("it is not set".into()),
    }
}

pub(super) fn open(settings: &Value) -> Box<dyn Destination> {
    let opened = match settings["type"].as_str().unwrap() {
        "ftp" => ftp::open(settings, &secret),
        "ftps" => ftp::open_secure(settings, &secret),
        _ => sftp::open(settings, &secret),
    };
    opened.unwrap()
}

/// Settings with others over them; null takes one away.
pub(super) fn with(base: &Value, more: Value) -> Value {
    let mut all = base.as_object().unwrap().clone();
    for (key, value) in more.as_object().unwrap() {
        if value.is_null() {
            all.remove(key)
        } else {
            all.insert(key.clone(), value.clone())
        };
    }
    Value::Object(all)
}

pub(super) fn plain(server: &Server) -> Value {
    json!({ "type": "ftp", "host": "127.0.0.1", "port": server.port, "user": "alice", "timeout": "20s",
        "password": { "env": "PASSWORD" } })
}

pub(super) fn secure(server: &Server) -> Value {
    with(
        &plain(server),
        json!({ "type": "ftps", "host": "localhost", "ca": server.file("certificates/ca.pem") }),
    )
}

pub(super) fn openssh(server: &Server) -> Value {
    json!({ "type": "sftp", "host": "127.0.0.1", "port": server.port, "user": servers::me(), "timeout": "20s",
        "key": server.file("id"), "known_hosts": server.file("known_hosts") })
}

/// SFTP of `proftpd`, whose users need no account on this machine.
fn other_sftp(server: &Server) -> Value {
    let key = fs::read_to_string(server.file("hostkey.pub")).unwrap();
    let key: Vec<&str> = key.split_whitespace().take(2).collect();
    let hosts = server.file("hosts");
    fs::write(&hosts, format!("[127.0.0.1]:{} {}\n", server.port, key.join(" "))).unwrap();
    json!({ "type": "sftp", "host": "127.0.0.1", "port": server.port, "user": "alice", "timeout": "20s",
        "password": { "env": "PASSWORD" }, "known_hosts": hosts })
}

/// Whoever connects is refused with this code, and no secret is told.
fn refused(settings: &Value, code: &str, retriable: bool) -> StageError {
    let destination = open(settings);
    let error = destination.connect().map(drop).unwrap_err();
    failed(&error, code, retriable);
    let shown = format!("{error:?} {}", destination.address());
    assert!(!shown.contains(PASSWORD) && !shown.contains("hunter2"), "{shown}");
    error
}

fn failed(error: &StageError, code: &str, retriable: bool) {
    assert_eq!((&*error.code, error.retriable), (code, retriable), "{error:?}");
    assert!(error.hint.is_some(), "{error:?}");
}

macro_rules! start {
    ($script:literal $(, $key:ident = $value:literal)*) => {
        match Server::start($script, &[$((stringify!($key), $value)),*]) {
            Some(server) => server,
            None => return,
        }
    };
}

mod cuts;

#[test]
fn ftp_does_all_of_it() {
    let server = start!("proftpd");
    suite(open(&plain(&server)).as_ref(), &server.home(), FTP);
}

#[test]
fn ftp_does_all_of_it_without_newer_commands() {
    let server =
        start!("proftpd", DENY = "MLSD MLST EPSV HASH XSHA256 XSHA1 XSHA512 XSHA XMD5 XCRC MD5 OPTS_HASH");
    suite(open(&plain(&server)).as_ref(), &server.home(), Traits { hashes: false, ..FTP });
}

#[test]
fn ftp_does_all_of_it_without_the_older_way_to_ask_for_data() {
    let server = start!("proftpd", DENY = "PASV");
    suite(open(&plain(&server)).as_ref(), &server.home(), FTP);
}

#[test]
fn ftps_does_all_of_it_where_sessions_must_be_used_again() {
    let server = start!("proftpd", TLS = "required", REUSE = "required");
    suite(open(&secure(&server)).as_ref(), &server.home(), FTP);
}

#[test]
fn ftps_that_begins_with_tls_does_all_of_it() {
    let server = start!("proftpd", TLS = "implicit", REUSE = "required");
    let settings = with(&secure(&server), json!({ "implicit": true }));
    suite(open(&settings).as_ref(), &server.home(), FTP);
}

#[test]
fn ftps_of_a_server_that_knows_little_does_all_of_it() {
    let server = start!("vsftpd", TLS = "required");
    let settings = with(&secure(&server), json!({ "user": "ftp" }));
    suite(open(&settings).as_ref(), &server.home(), Traits { hashes: false, ..FTP });
}

#[test]
fn ftps_takes_newer_tls_where_the_server_wants_it() {
    let server = start!("proftpd", TLS = "required", PROTOCOLS = "TLSv1.3");
    let mut far = open(&secure(&server)).connect().unwrap();
    put(far.as_mut(), "in/a", &noise(300_000, 1));
    put(far.as_mut(), "in/b", &noise(300_000, 2));
}

#[test]
fn sftp_does_all_of_it() {
    let server = start!("sshd");
    suite(open(&openssh(&server)).as_ref(), &server.home(), SFTP);
}

#[test]
fn sftp_of_an_account_that_runs_no_programs_does_the_rest() {
    let server = start!("sshd", ONLY_SFTP = "1");
    suite(open(&openssh(&server)).as_ref(), &server.home(), Traits { hashes: false, ..SFTP });
}

#[test]
fn sftp_of_another_server_does_all_of_it() {
    let server = start!("proftpd", SFTP = "1");
    suite(open(&other_sftp(&server)).as_ref(), &server.home(), Traits { tells_taken: false, ..SFTP });
}

#[test]
fn a_wrong_password_is_refused_for_good() {
    let wrong = json!({ "password": { "env": "WRONG" } });
    let server = start!("proftpd");
    refused(&with(&plain(&server), wrong.clone()), "remote/refused", false);
    let server = start!("proftpd", TLS = "required");
    refused(&with(&secure(&server), wrong.clone()), "remote/refused", false);
    let server = start!("proftpd", SFTP = "1");
    refused(&with(&other_sftp(&server), wrong), "remote/refused", false);
}

#[test]
fn keys_open_the_door_that_they_fit() {
    let server = start!("sshd", ONLY_SFTP = "1");
    let settings = openssh(&server);
    let key = |name: &str| json!({ "key": server.file(name) });
    refused(&with(&settings, key("id_stranger")), "remote/refused", false);
    refused(&with(&settings, key("id_locked")), "secret/invalid", false);
    refused(&with(&settings, key("none")), "secret/missing", false);
    let locked =
        |name: &str| with(&with(&settings, key("id_locked")), json!({ "passphrase": { "env": name } }));
    refused(&locked("WRONG"), "secret/invalid", false);
    open(&locked("SESAME")).connect().unwrap();
    open(&with(&settings, key("id_rsa"))).connect().unwrap();
    let server = start!("proftpd", SFTP = "1");
    open(&with(&other_sftp(&server), json!({ "password": null, "key": server.file("id") })))
        .connect()
        .unwrap();
}

#[test]
fn nobody_answers_where_nothing_listens() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for kind in ["ftp", "ftps", "sftp"] {
        let settings = json!({ "type": kind, "host": "127.0.0.1", "port": port, "user": "me" });
        refused(&settings, "remote/unreachable", true);
        refused(&with(&settings, json!({ "host": "name.invalid" })), "remote/unreachable", true);
    }
}

#[test]
fn certificates_are_checked() {
    let server = start!("proftpd", TLS = "required");
    let settings = secure(&server);
    let unknown = with(&settings, json!({ "ca": null }));
    refused(&unknown, "remote/certificate", false);
    refused(&with(&unknown, json!({ "fingerprint": "ab".repeat(32) })), "remote/certificate", false);
    let pinned = with(&unknown, json!({ "fingerprint": fingerprint(&server.file("certificates/good.crt")) }));
    open(&pinned).connect().unwrap();
    let plain = start!("proftpd");
    refused(&secure(&plain), "remote/protocol", false);
    let expired = start!("proftpd", TLS = "required", CERTIFICATE = "expired");
    let error = refused(&secure(&expired), "remote/certificate", false);
    assert!(error.message.contains("expired"), "{error}");
    let other = start!("proftpd", TLS = "implicit", CERTIFICATE = "other");
    refused(&with(&secure(&other), json!({ "implicit": true })), "remote/certificate", false);
}

#[test]
fn a_certificate_that_signs_itself_is_trusted_where_the_file_of_authorities_has_it() {
    let by_itself = |server: &Server, name: &str| {
        with(&secure(server), json!({ "ca": server.file(&format!("certificates/{name}.crt")) }))
    };
    let own = start!("proftpd", TLS = "required", CERTIFICATE = "own");
    put(open(&by_itself(&own, "own")).connect().unwrap().as_mut(), "in/a", b"x");
    refused(&secure(&own), "remote/certificate", false);
    let expired = start!("proftpd", TLS = "required", CERTIFICATE = "own-expired");
    let error = refused(&by_itself(&expired, "own-expired"), "remote/certificate", false);
    assert!(error.message.contains("expired"), "{error}");
    let other = start!("proftpd", TLS = "required", CERTIFICATE = "own-other");
    let error = refused(&by_itself(&other, "own-other"), "remote/certificate", false);
    assert!(error.message.contains("elsewhere.example"), "{error}");
}

/// The fingerprint as `openssl` prints it.
fn fingerprint(certificate: &Path) -> String {
    let mut openssl = std::process::Command::new("openssl");
    let output =
        openssl.args(["x509", "-noout", "-fingerprint", "-sha256", "-in"]).arg(certificate).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().rsplit('=').next().unwrap().to_owned()
}

#[test]
fn host_keys_are_checked() {
    let server = start!("sshd", ONLY_SFTP = "1");
    let settings = openssh(&server);
    let hosts = server.file("other_hosts");
    let by_file = with(&settings, json!({ "known_hosts": hosts }));
    refused(&by_file, "remote/host-key-unknown", false);
    fs::write(&hosts, "").unwrap();
    let error = refused(&by_file, "remote/host-key-unknown", false);
    let hint = error.hint.unwrap();
    let shown = hint.split('"').nth(1).unwrap();
    open(&with(&by_file, json!({ "fingerprint": shown }))).connect().unwrap();
    let wrong = format!("SHA256:{}", "A".repeat(43));
    refused(&with(&settings, json!({ "fingerprint": wrong })), "remote/host-key-changed", false);

    // The key of another server, under this one's name; then the right one of another kind, hashed as ssh does it.
    let line = |key: &str| {
        let key = fs::read_to_string(server.file(key)).unwrap();
        format!("[127.0.0.1]:{} {key}", server.port)
    };
    fs::write(&hosts, line("id_stranger.pub")).unwrap();
    refused(&by_file, "remote/host-key-changed", false);
    fs::write(&hosts, line("hostkey_rsa.pub")).unwrap();
    let mut keygen = std::process::Command::new("ssh-keygen");
    assert!(keygen.args(["-q", "-H", "-f"]).arg(&hosts).output().unwrap().status.success());
    assert!(fs::read_to_string(&hosts).unwrap().starts_with("|1|"));
    open(&by_file).connect().unwrap();
}

#[test]
fn folders_that_may_not_be_written_to_stay_as_they_are() {
    let check = |settings: &Value| {
        let mut far = open(settings).connect().unwrap();
        for error in [
            far.put("locked/a", 0, &mut &b"x"[..]).map(drop).unwrap_err(),
            far.make_folder("locked/b/c").unwrap_err(),
        ] {
            failed(&error, "remote/denied", false);
        }
        // A refusal costs nothing but itself.
        put(far.as_mut(), "in/a", b"x");
    };
    check(&plain(&start!("proftpd")));
    check(&secure(&start!("proftpd", TLS = "required", REUSE = "required")));
    check(&with(&secure(&start!("vsftpd", TLS = "required")), json!({ "user": "ftp" })));
    check(&other_sftp(&start!("proftpd", SFTP = "1")));
    check(&openssh(&start!("sshd", DROP = "1")));
}

#[test]
fn a_full_disk_is_told_as_one() {
    let check = |mut server: Server, settings: &dyn Fn(&Server) -> Value| {
        if !server.mount_small_disk() {
            return;
        }
        let mut far = open(&settings(&server)).connect().unwrap();
        let error = far.put("small/a", 0, &mut &noise(3 << 20, 1)[..]).unwrap_err();
        failed(&error, "remote/full", false);
    };
    check(start!("proftpd"), &plain);
    check(start!("vsftpd", TLS = "required"), &|server| with(&secure(server), json!({ "user": "ftp" })));
    check(start!("sshd"), &openssh);
    check(start!("proftpd", SFTP = "1"), &other_sftp);
}

#[test]
fn a_crowded_server_is_tried_again_later() {
    let server = start!("proftpd", BUSY = "1");
    let settings = plain(&server);
    let first = open(&settings).connect().unwrap();
    refused(&settings, "remote/busy", true);
    drop(first);
}

#[test]
fn destinations_say_where_they_lead() {
    let check = |settings: Value, address: &str, connections: usize| {
        let destination = open(&settings);
        assert_eq!((destination.address().as_str(), destination.connections()), (address, connections));
    };
    let password = json!({ "env": "PASSWORD" });
    check(json!({ "type": "ftp", "host": "box", "path": "in" }), "ftp://anonymous@box:21/in", 2);
    check(
        json!({ "type": "ftps", "host": "box", "user": "me", "password": password, "implicit": true, "limit": "1MB" }),
        "ftps://me@box:990/",
        2,
    );
    let four = json!({ "type": "sftp", "host": "box", "user": "me", "path": "/srv", "connections": 4 });
    check(four, "sftp://me@box:22/srv", 4);
}

#[test]
fn settings_that_cannot_be_used_are_told() {
    let check = |settings: Value, wanted: &str| {
        let found = match settings["type"].as_str().unwrap() {
            "ftp" => ftp::check(&settings),
            "ftps" => ftp::check_secure(&settings),
            _ => sftp::check(&settings),
        };
        let found = found.unwrap_err();
        assert!(found.contains(wanted), "{found}");
    };
    check(json!({ "type": "ftp" }), "missing field `host`");
    check(json!({ "type": "ftp", "host": "ftp://box/" }), "needs a `host`");
    check(json!({ "type": "ftp", "host": "box", "paht": "x" }), "unknown field `paht`");
    check(json!({ "type": "ftp", "host": "box", "password": "clear" }), "cannot be used");
    check(json!({ "type": "ftp", "host": "box", "user": "a\r\nb" }), "control characters");
    check(json!({ "type": "ftps", "host": "box", "connections": 0 }), "outside of 1 to 32");
    check(json!({ "type": "ftps", "host": "box", "ca": "a", "fingerprint": "b" }), "both");
    check(json!({ "type": "ftps", "host": "box", "fingerprint": "b" }), "hexadecimal");
    check(json!({ "type": "sftp", "host": "box" }), "missing field `user`");
    check(json!({ "type": "sftp", "host": "box", "user": "me", "fingerprint": "ab" }), "ssh-keygen -l");
    let locked = json!({ "type": "sftp", "host": "box", "user": "me", "passphrase": { "env": "X" } });
    check(locked, "without a `key`");
}
