//! Logins at a server that takes no password and asks questions instead. OpenSSH does so only with PAM, which tests
//! cannot set up; the other ways to log in are tested with real servers.

use std::net::TcpListener;
use std::process::Command;
use std::thread;

use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Response, Session, run_stream};
use russh::{Channel, ChannelId};
use serde_json::json;

use super::*;
use crate::upload::sftp::open;

/// Asks in two rounds: for a name, which may be seen, and for the password, which may not.
struct Door {
    round: usize,
}

impl Handler for Door {
    type Error = russh::Error;

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let said: Vec<String> =
            response.into_iter().flatten().map(|said| String::from_utf8_lossy(&said).into_owned()).collect();
        self.round += 1;
        let ask = |question: &'static str, echo: bool| Auth::Partial {
            name: "door".into(),
            instructions: "".into(),
            prompts: vec![(question.into(), echo)].into(),
        };
        Ok(match (self.round, said.as_slice()) {
            (1, []) => ask("Who goes there?", true),
            (2, [seen]) if seen.is_empty() => ask("Password:", false),
            (3, [hidden]) if hidden == "open sesame" => Auth::Accept,
            _ => Auth::reject(),
        })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        _: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_success(channel)
    }

    async fn data(
        &mut self,
        channel: ChannelId,
        _: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        // The one answer that a login waits for: version 3 without extensions.
        session.data(channel, vec![0, 0, 0, 5, 2, 0, 0, 0, 3])
    }
}

/// Lets so many in, or not.
fn serve(key: PrivateKey, times: usize) -> (u16, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = Arc::new(Config {
        keys: vec![key],
        auth_rejection_time: std::time::Duration::ZERO,
        ..Config::default()
    });
    let serving = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for _ in 0..times {
                let (stream, _) = listener.accept().unwrap();
                stream.set_nonblocking(true).unwrap();
                let stream = tokio::net::TcpStream::from_std(stream).unwrap();
                // Whoever comes may leave at any time.
                if let Ok(session) = run_stream(Arc::clone(&config), stream, Door { round: 0 }).await {
                    let _ = session.await;
                }
            }
        });
    });
    (port, serving)
}

#[test]
fn questions_are_answered_with_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let mut keygen = Command::new("ssh-keygen");
    if !keygen
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&path)
        .status()
        .is_ok_and(|made| made.success())
    {
        println!("SKIPPED: ssh-keygen is not installed");
        return;
    }
    let (port, serving) = serve(read_key(&path, None).unwrap(), 2);
    let public = fs::read_to_string(path.with_extension("pub")).unwrap();
    let hosts = folder.path().join("hosts");
    fs::write(&hosts, format!("[127.0.0.1]:{port} {public}")).unwrap();
    let connect = |password: &'static str| {
        let settings = json!({ "host": "127.0.0.1", "port": port, "user": "me", "timeout": "20s",
            "known_hosts": hosts, "password": { "env": "PASSWORD" } });
        open(&settings, &|_| Ok(password.into())).unwrap().connect().map(drop)
    };
    connect("open sesame").unwrap();
    let error = connect("wr0ng-hunter2").unwrap_err();
    assert_eq!((&*error.code, error.retriable), ("remote/refused", false), "{error:?}");
    assert!(!format!("{error:?}").contains("hunter2"));
    serving.join().unwrap();
}
