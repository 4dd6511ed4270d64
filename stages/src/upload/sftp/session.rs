//! A session of SSH for code that waits: every step has its time, and none goes on behind anyone's back.
//!
//! The library is made for many sessions at once on a runtime. Here each session has a small runtime of its own, which
//! runs while something is waited for; dropping it closes the connection without waiting for the far end.

use std::future::Future;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::StageError;
use russh::client::{self, Handle, Handler};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PublicKeyOrCertificate};
use russh::{ChannelMsg, Preferred, cipher};
use tokio::runtime::{Builder, Runtime};

use super::super::remote::{self, Patience};

/// Ciphers, the quickest first: most processors have instructions for AES.
const CIPHERS: &[cipher::Name] = &[
    cipher::AES_128_GCM,
    cipher::AES_256_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];

/// Host keys, the best first.
const HOST_KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
];

/// How much a server may send ahead, in bytes.
const WINDOW: u32 = 4 << 20;

/// How many messages wait to be read; more than there are requests on the way, so that answers never block the line.
const MESSAGES: usize = 1024;

/// Most that a program on the other side may print, in bytes.
const LONGEST: usize = 4096;

/// Says of a host key whether it is the right one.
pub(super) type Judge = Box<dyn Fn(&[u8]) -> Result<(), StageError> + Send>;

pub(super) struct Session {
    // Before the runtime, which ends what they are part of.
    handle: Handle<Guard>,
    runtime: Runtime,
    pub(super) patience: Duration,
}

/// Stands at the door.
pub(super) struct Guard {
    judge: Judge,
    verdict: Arc<Mutex<Option<StageError>>>,
}

impl Handler for Guard {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let key = shown.public_key().to_bytes().unwrap_or_default();
        let verdict = (self.judge)(&key);
        let is_right = verdict.is_ok();
        if let Ok(mut told) = self.verdict.lock() {
            *told = verdict.err();
        }
        Ok(is_right)
    }
}

impl Session {
    /// Agrees on keys with a server that is who it should be; `kinds` are the types of the keys that are known.
    pub(super) fn begin(
        stream: TcpStream,
        kinds: &[String],
        judge: Judge,
        patience: Patience,
    ) -> Result<Self, StageError> {
        let doing = "setting up SSH";
        let broken = |error: std::io::Error| remote::lost(doing, &error);
        let runtime = Builder::new_current_thread().enable_all().build().map_err(broken)?;
        stream.set_nonblocking(true).map_err(broken)?;
        let verdict = Arc::new(Mutex::new(None));
        let guard = Guard { judge, verdict: Arc::clone(&verdict) };
        let config = Arc::new(config(kinds));
        let begun = wait(&runtime, patience.answer, doing, async {
            let stream = tokio::net::TcpStream::from_std(stream)?;
            client::connect_stream(config, stream, guard).await
        });
        let told = verdict.lock().ok().and_then(|mut told| told.take());
        let handle = told.map_or(begun, Err)?;
        Ok(Self { handle, runtime, patience: patience.answer })
    }

    /// Does something with the session, within its time.
    pub(super) fn step<T>(
        &mut self,
        doing: &str,
        work: impl AsyncFnOnce(&mut Handle<Guard>) -> Result<T, russh::Error>,
    ) -> Result<T, StageError> {
        wait(&self.runtime, self.patience, doing, work(&mut self.handle))
    }

    /// Waits for something that is under way on the session, within its time.
    pub(super) fn wait<T>(
        &self,
        doing: &str,
        work: impl Future<Output = Result<T, russh::Error>>,
    ) -> Result<T, StageError> {
        wait(&self.runtime, self.patience, doing, work)
    }

    /// What a program on the other side prints; none if it may not be run or fails.
    pub(super) fn run(&mut self, command: &str) -> Option<String> {
        let printed = self.step("running a program", async |handle| {
            let mut channel = handle.channel_open_session().await?;
            channel.exec(true, command).await?;
            // A server that runs SFTP whatever it is asked ends when there is nothing to read.
            channel.eof().await?;
            let (mut printed, mut status) = (Vec::new(), None);
            while let Some(message) = channel.wait().await {
                match message {
                    ChannelMsg::Data { data } if printed.len() + data.len() <= LONGEST => {
                        printed.extend_from_slice(&data)
                    }
                    ChannelMsg::ExitStatus { exit_status } => status = Some(exit_status),
                    ChannelMsg::Failure | ChannelMsg::Close => break,
                    _ => {}
                }
            }
            Ok((status == Some(0)).then(|| String::from_utf8_lossy(&printed).into_owned()))
        });
        printed.ok().flatten()
    }
}

fn config(kinds: &[String]) -> client::Config {
    let is_known = |algorithm: &Algorithm| {
        let is_rsa = matches!(algorithm, Algorithm::Rsa { .. });
        kinds.iter().any(|kind| kind == algorithm.as_str() || (kind == "ssh-rsa" && is_rsa))
    };
    let mut keys = HOST_KEYS.to_vec();
    keys.sort_by_key(|algorithm| !is_known(algorithm));
    client::Config {
        preferred: Preferred { cipher: CIPHERS.into(), key: keys.into(), ..Preferred::DEFAULT },
        window_size: WINDOW,
        channel_buffer_size: MESSAGES,
        ..client::Config::default()
    }
}

fn wait<T>(
    runtime: &Runtime,
    time: Duration,
    doing: &str,
    work: impl Future<Output = Result<T, russh::Error>>,
) -> Result<T, StageError> {
    match runtime.block_on(async { tokio::time::timeout(time, work).await }) {
        Ok(result) => result.map_err(|error| broken(doing, &error)),
        Err(_) => Err(remote::timeout(doing)),
    }
}

/// A failure of SSH itself.
pub(super) fn broken(doing: &str, error: &russh::Error) -> StageError {
    use russh::Error;
    match error {
        Error::IO(error) => remote::lost(doing, error),
        Error::ConnectionTimeout | Error::KeepaliveTimeout | Error::InactivityTimeout => {
            remote::timeout(doing)
        }
        Error::NoCommonAlgo { .. } | Error::UnknownAlgo | Error::Version | Error::WrongServerSig => {
            StageError::new(
                "remote/protocol",
                format!("SSH failed while {doing}: {}", remote::said(&error.to_string())),
            )
            .hint("the server may know old methods alone, which are not safe; it must be brought up to date")
        }
        other => remote::lost(doing, &std::io::Error::other(remote::said(&other.to_string()))),
    }
}
