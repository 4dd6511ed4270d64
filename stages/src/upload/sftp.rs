//! Destinations of the type `sftp`.
//!
//! Makes a destination of its settings and logs in; what is done with a connection is in `sftp/connection.rs`.

mod client;
mod connection;
mod digest;
mod fault;
mod host_key;
mod login;
mod session;
mod wire;

use std::fs;
use std::path::{Path, PathBuf};

use engine::{SecretRef, StageError, value};
use serde::Deserialize;
use serde_json::Value;

use self::client::Client;
use self::connection::Sftp;
use self::host_key::{Fingerprint, Known};
use self::login::Proofs;
use self::session::Session;
use super::destination::{Connection, Destination};
use super::remote::{self, Patience, ReadSecret};

/// Keys of hosts that everyone on this machine knows.
const SYSTEM_HOSTS: &str = "/etc/ssh/ssh_known_hosts";

/// Settings of `type = "sftp"`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Name or address of the server.
    host: String,
    /// Its port; usually 22.
    port: Option<u16>,
    /// Who logs in.
    user: String,
    /// The password, as a reference.
    password: Option<SecretRef>,
    /// A file with a private key.
    key: Option<PathBuf>,
    /// The passphrase of the key, as a reference.
    passphrase: Option<SecretRef>,
    /// Whether the keys of an agent are tried; usually where there is neither key nor password.
    agent: Option<bool>,
    /// The fingerprint of the server's key, `SHA256:…`. Without it the key must stand in `known_hosts`.
    fingerprint: Option<String>,
    /// A file of known hosts in place of the user's and the system's.
    known_hosts: Option<PathBuf>,
    /// The folder that paths begin in; without it where the login leads.
    #[serde(default)]
    path: String,
    /// How many connections may be open at once; usually 2.
    connections: Option<usize>,
    /// How long the server may take to answer; usually `60s`.
    timeout: Option<value::Duration>,
    /// How long it may take to reach the server; usually `20s`.
    connect_timeout: Option<value::Duration>,
}

/// A server of SFTP.
#[derive(Debug)]
struct Server {
    host: String,
    port: u16,
    user: String,
    path: String,
    connections: usize,
    patience: Patience,
    proofs: Proofs,
    host_key: HostKey,
}

/// What is wrong with the settings.
pub(super) fn check(settings: &Value) -> Result<(), String> {
    let own: Settings = remote::settings(settings)?;
    remote::check_common(&own.host, own.connections)?;
    if own.user.is_empty() || own.user.chars().chain(own.path.chars()).any(char::is_control) {
        return Err("needs a `user`, and no control characters in it or in `path`".into());
    }
    if own.passphrase.is_some() && own.key.is_none() {
        return Err("has a `passphrase` without a `key`".into());
    }
    own.fingerprint.as_deref().map_or(Ok(()), |text| Fingerprint::parse(text).map(drop))
}

/// Makes a destination of `type = "sftp"`.
pub(super) fn open(settings: &Value, secret: ReadSecret<'_>) -> Result<Box<dyn Destination>, StageError> {
    let invalid = |why: String| {
        StageError::input(format!("the destination {why}")).hint("see [destinations] in `bindery.toml`")
    };
    check(settings).map_err(invalid)?;
    let own: Settings = remote::settings(settings).map_err(invalid)?;
    let read = |key: &str, reference: &Option<SecretRef>| {
        reference.as_ref().map(|reference| remote::secret(secret, key, reference)).transpose()
    };
    // Nothing here asks the environment: where the user's own files are is read as secrets are.
    let home = secret(&SecretRef::Env("HOME".into())).ok().map(PathBuf::from);
    let proofs = Proofs {
        agent: own.agent.unwrap_or(own.key.is_none() && own.password.is_none()),
        passphrase: read("passphrase", &own.passphrase)?,
        password: read("password", &own.password)?,
        key: own.key.map(|path| at_home(&path, home.as_deref())),
    };
    let files = match own.known_hosts {
        Some(file) => vec![at_home(&file, home.as_deref())],
        None => {
            let mine = home.as_ref().map(|home| home.join(".ssh/known_hosts"));
            mine.into_iter().chain([SYSTEM_HOSTS.into()]).collect()
        }
    };
    let pinned = own.fingerprint.as_deref().map(Fingerprint::parse).transpose().map_err(invalid)?;
    Ok(Box::new(Server {
        host: own.host,
        port: own.port.unwrap_or(22),
        user: own.user,
        path: own.path,
        connections: own.connections.unwrap_or(2),
        patience: Patience::new(own.connect_timeout, own.timeout),
        proofs,
        host_key: HostKey { pinned, files },
    }))
}

/// A path with `~/` in front begins in the user's folder.
fn at_home(path: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

/// What the server's key is compared with.
#[derive(Clone, Debug)]
struct HostKey {
    pinned: Option<Fingerprint>,
    files: Vec<PathBuf>,
}

impl HostKey {
    /// What is known about the server; files that are not there say nothing.
    fn known(&self, host: &str, port: u16) -> Vec<Known> {
        if self.pinned.is_some() {
            return Vec::new();
        }
        // One that cannot be read knows nobody, which is told as a key that is not known.
        let texts = self.files.iter().filter_map(|file| fs::read(file).ok());
        texts.flat_map(|text| host_key::known(&String::from_utf8_lossy(&text), host, port)).collect()
    }
}

impl Destination for Server {
    fn connect(&self) -> Result<Box<dyn Connection>, StageError> {
        let stream = remote::reach(&self.host, self.port, self.patience)?;
        let known = self.host_key.known(&self.host, self.port);
        let kinds: Vec<String> = known.iter().map(|line| line.kind.clone()).collect();
        let (host, pinned) = (self.host.clone(), self.host_key.pinned.clone());
        let judge = move |key: &[u8]| host_key::judge(&host, key, pinned.as_ref(), &known);
        let mut session = Session::begin(stream, &kinds, Box::new(judge), self.patience)?;
        login::log_in(&mut session, &self.user, &self.proofs)?;
        let client = Client::start(session)?;
        Ok(Box::new(Sftp::new(client, self.path.clone(), self.patience)))
    }

    fn address(&self) -> String {
        let slash = if self.path.starts_with('/') { "" } else { "/" };
        format!("sftp://{}@{}:{}{slash}{}", self.user, self.host, self.port, self.path)
    }

    fn connections(&self) -> usize {
        self.connections
    }
}
