//! Destinations of the types `ftp` and `ftps`.
//!
//! Makes destinations of their settings and logs in; what is done with a connection is in `ftp/connection.rs`.

mod connection;
mod data;
mod digest;
mod listing;
mod look;
mod reply;
mod tls;
mod transfer;

use std::collections::HashMap;
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::{SecretRef, StageError, value};
use serde::Deserialize;
use serde_json::Value;
use suppaftp::types::FileType;
use suppaftp::{FtpError, ImplFtpStream, Status};

use self::connection::Ftp;
use self::data::{Early, data_connection};
use self::tls::{Connector, Fingerprint, Trust};
use super::destination::{Connection, Destination};
use super::remote::{self, Hidden, Patience, ReadSecret};

/// Settings of `type = "ftp"`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    /// Name or address of the server.
    host: String,
    /// Its port; usually 21.
    port: Option<u16>,
    /// Who logs in; `anonymous` unless set.
    user: Option<String>,
    /// The password, as a reference.
    password: Option<SecretRef>,
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

/// Settings of `type = "ftps"`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Secure {
    host: String,
    /// Usually 21, or 990 with `implicit`.
    port: Option<u16>,
    user: Option<String>,
    password: Option<SecretRef>,
    #[serde(default)]
    path: String,
    connections: Option<usize>,
    timeout: Option<value::Duration>,
    connect_timeout: Option<value::Duration>,
    /// Whether connections begin with TLS, rather than asking for it with `AUTH TLS`.
    #[serde(default)]
    implicit: bool,
    /// A file with the certificates of the authorities to trust, in place of the system's.
    ca: Option<PathBuf>,
    /// The fingerprint of the one certificate to trust.
    fingerprint: Option<String>,
}

/// The control connection, secured or not.
type Control = ImplFtpStream<tls::Tls>;

/// A server of FTP.
#[derive(Debug)]
struct Server {
    host: String,
    port: u16,
    user: String,
    password: Hidden,
    path: String,
    connections: usize,
    patience: Patience,
    security: Option<Security>,
}

#[derive(Debug)]
struct Security {
    implicit: bool,
    trust: Trust,
    /// Set once the server has refused TLS 1.2.
    newer: AtomicBool,
}

/// What is wrong with the settings of `type = "ftp"`.
pub(super) fn check(settings: &Value) -> Result<(), String> {
    let own: Plain = remote::settings(settings)?;
    check_text(&own.host, own.connections, own.user.as_deref(), &own.path)
}

/// Makes a destination of `type = "ftp"`.
pub(super) fn open(settings: &Value, secret: ReadSecret<'_>) -> Result<Box<dyn Destination>, StageError> {
    check(settings).map_err(invalid)?;
    let own: Plain = remote::settings(settings).map_err(invalid)?;
    Ok(Box::new(Server {
        host: own.host,
        port: own.port.unwrap_or(21),
        password: password(secret, own.password.as_ref())?,
        user: own.user.unwrap_or_else(|| "anonymous".into()),
        path: own.path,
        connections: own.connections.unwrap_or(2),
        patience: Patience::new(own.connect_timeout, own.timeout),
        security: None,
    }))
}

/// What is wrong with the settings of `type = "ftps"`.
pub(super) fn check_secure(settings: &Value) -> Result<(), String> {
    let own: Secure = remote::settings(settings)?;
    check_text(&own.host, own.connections, own.user.as_deref(), &own.path)?;
    if own.ca.is_some() && own.fingerprint.is_some() {
        return Err("has both a `ca` and a `fingerprint`; one of them says whom to trust".into());
    }
    own.fingerprint.as_deref().map_or(Ok(()), |text| Fingerprint::parse(text).map(drop))
}

/// Makes a destination of `type = "ftps"`.
pub(super) fn open_secure(
    settings: &Value,
    secret: ReadSecret<'_>,
) -> Result<Box<dyn Destination>, StageError> {
    check_secure(settings).map_err(invalid)?;
    let own: Secure = remote::settings(settings).map_err(invalid)?;
    let pinned = own.fingerprint.as_deref().map(Fingerprint::parse).transpose().map_err(invalid)?;
    let trust = Trust::new(own.ca.as_deref(), pinned)?;
    Ok(Box::new(Server {
        host: own.host,
        port: own.port.unwrap_or(if own.implicit { 990 } else { 21 }),
        password: password(secret, own.password.as_ref())?,
        user: own.user.unwrap_or_else(|| "anonymous".into()),
        path: own.path,
        connections: own.connections.unwrap_or(2),
        patience: Patience::new(own.connect_timeout, own.timeout),
        security: Some(Security { implicit: own.implicit, trust, newer: AtomicBool::new(false) }),
    }))
}

fn invalid(why: String) -> StageError {
    StageError::input(format!("the destination {why}")).hint("see [destinations] in `bindery.toml`")
}

fn check_text(host: &str, connections: Option<usize>, user: Option<&str>, path: &str) -> Result<(), String> {
    remote::check_common(host, connections)?;
    if [user.unwrap_or_default(), path].iter().any(|text| text.chars().any(char::is_control)) {
        return Err("has control characters in `user` or `path`".into());
    }
    Ok(())
}

fn password(secret: ReadSecret<'_>, reference: Option<&SecretRef>) -> Result<Hidden, StageError> {
    let Some(reference) = reference else { return Ok(Hidden::new("anonymous@".into())) };
    let password = remote::secret(secret, "password", reference)?;
    if password.reveal().chars().any(char::is_control) {
        return Err(StageError::new("secret/invalid", "`password` holds control characters")
            .hint("a password of FTP is one line of text"));
    }
    Ok(password)
}

impl Destination for Server {
    fn connect(&self) -> Result<Box<dyn Connection>, StageError> {
        let control = match &self.security {
            None => self.greet()?,
            Some(security) => self.secured(security)?,
        };
        let early = Early::default();
        let control = control.passive_stream_builder(data_connection(self.patience, early.clone()));
        let socket = control.get_ref().try_clone().map_err(|error| remote::lost("connecting", &error))?;
        // From here on a failure hangs up, because the connection does when it is dropped.
        let mut ftp = Ftp::new(control, socket, self.password.clone(), self.path.clone(), self.patience);
        // What is secured begins with a handshake.
        ftp.early = self.security.is_none().then_some(early);
        self.log_in(&mut ftp)?;
        Ok(Box::new(ftp))
    }

    fn address(&self) -> String {
        let scheme = if self.security.is_some() { "ftps" } else { "ftp" };
        let slash = if self.path.starts_with('/') { "" } else { "/" };
        format!("{scheme}://{}@{}:{}{slash}{}", self.user, self.host, self.port, self.path)
    }

    fn connections(&self) -> usize {
        self.connections
    }
}

impl Server {
    fn greet(&self) -> Result<Control, StageError> {
        let stream = remote::reach(&self.host, self.port, self.patience)?;
        Control::connect_with_stream(stream)
            .map_err(|error| reply::failure("waiting for the greeting", error, &self.password))
    }

    fn secured(&self, security: &Security) -> Result<Control, StageError> {
        let begin = |newer| {
            let connector = security.trust.connector(newer, self.patience)?;
            if security.implicit { self.begin_with_tls(connector) } else { self.ask_for_tls(connector) }
        };
        match begin(security.newer.load(Ordering::Relaxed)) {
            Err(Refused::Version) => {
                security.newer.store(true, Ordering::Relaxed);
                begin(true).map_err(Refused::into_error)
            }
            found => found.map_err(Refused::into_error),
        }
    }

    fn ask_for_tls(&self, connector: Connector) -> Result<Control, Refused> {
        let control = self.greet()?;
        control.into_secure(connector, &self.host).map_err(|error| {
            if matches!(reply::refusal(&error), Some((500..=504 | 530 | 534, _))) {
                let text = reply::failure("asking for TLS", error, &self.password).message;
                return StageError::new("remote/protocol", text)
                    .hint("the server has no FTPS on this port; try `implicit = true` or another port")
                    .into();
            }
            self.tls_failure(error)
        })
    }

    /// The library opens the connection itself here, so the time limit is kept from outside.
    fn begin_with_tls(&self, connector: Connector) -> Result<Control, Refused> {
        let (host, port) = (self.host.clone(), self.port);
        // It would wait for as long as the system likes; this finds out sooner, and at what address.
        let probe: TcpStream = remote::reach(&host, port, self.patience)?;
        let address = probe.peer_addr().map_err(|error| remote::unreachable(&host, port, &error))?;
        drop(probe);
        let mut control = Control::connect_secure_implicit(address, connector, &host)
            .map_err(|error| self.tls_failure(error))?;
        for command in ["PBSZ 0", "PROT P"] {
            control
                .custom_command(command, &[Status::CommandOk])
                .map_err(|error| reply::failure("protecting the data connection", error, &self.password))?;
        }
        Ok(control)
    }

    fn tls_failure(&self, error: FtpError) -> Refused {
        if let FtpError::ConnectionError(error) = &error {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
            if let Some(rustls::Error::AlertReceived(rustls::AlertDescription::ProtocolVersion)) = inner {
                return Refused::Version;
            }
        }
        reply::failure("setting up TLS", error, &self.password).into()
    }

    fn log_in(&self, ftp: &mut Ftp) -> Result<(), StageError> {
        let control = &mut ftp.control;
        control
            .login(self.user.as_str(), self.password.reveal())
            .map_err(|error| reply::login(&self.user, error, &self.password))?;
        control.set_mode(ftp.passive.mode());
        // A server behind a router may name an address that exists on its side alone.
        control.set_passive_nat_workaround(true);
        let features = match control.feat() {
            Ok(features) => features,
            Err(error @ FtpError::ConnectionError(_)) => {
                return Err(reply::failure("asking what the server can do", error, &self.password));
            }
            // A server that does not tell is taken to know little.
            Err(_) => HashMap::new(),
        };
        let upper =
            features.into_iter().map(|(name, value)| (name.to_uppercase(), value.unwrap_or_default()));
        ftp.learn(upper.collect());
        let control = &mut ftp.control;
        control
            .transfer_type(FileType::Binary)
            .map_err(|error| reply::failure("asking for binary transfers", error, &self.password))
    }
}

/// Why TLS was not begun.
enum Refused {
    /// The server wants another version.
    Version,
    Error(StageError),
}

impl From<StageError> for Refused {
    fn from(error: StageError) -> Self {
        Self::Error(error)
    }
}

impl Refused {
    fn into_error(self) -> StageError {
        match self {
            Self::Error(error) => error,
            Self::Version => StageError::new("remote/protocol", "the server speaks neither TLS 1.2 nor 1.3")
                .hint("older versions are not safe; the server must be brought up to date"),
        }
    }
}
