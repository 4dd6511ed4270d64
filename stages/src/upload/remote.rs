//! What all far ends share: settings, secrets, a TCP line within a time limit, failures by code.
//!
//! Knows no protocol. What a server says is cut short and freed of secrets before anyone sees it.

use std::fmt;
use std::io;
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use engine::{SecretRef, StageError, value};
use formats::digest::Digester;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a secret by its reference.
pub(super) type ReadSecret<'a> = &'a dyn Fn(&SecretRef) -> Result<String, String>;

/// Settings that mean the same for every type, and are looked after elsewhere.
const COMMON: &[&str] = &[
    "type",
    "limit",
    "window",
    "retries",
    "retry_delay",
    "retry",
    "proof",
    "dry_run",
    "on_conflict",
    "order",
];

/// Longest line of a server that is shown.
const LONGEST: usize = 200;

/// Most connections to one destination.
const MOST_CONNECTIONS: usize = 32;

/// How long to wait for a far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patience {
    /// Until it takes the connection.
    pub(super) connect: Duration,
    /// Until it answers, or takes or sends some bytes.
    pub(super) answer: Duration,
}

impl Patience {
    /// With the usual times where none are set.
    pub(super) fn new(connect: Option<value::Duration>, answer: Option<value::Duration>) -> Self {
        let time = |set: Option<value::Duration>, usual| {
            set.map_or(Duration::from_secs(usual), Duration::from).max(Duration::from_millis(1))
        };
        Self { connect: time(connect, 20), answer: time(answer, 60) }
    }
}

/// A secret that no debug print shows.
#[derive(Clone)]
pub(super) struct Hidden(String);

impl Hidden {
    pub(super) const fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself, for whoever hands it to the far end.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// A text without the secret in it, for servers that echo what they refuse.
    pub(super) fn strike(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "…") }
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(…)")
    }
}

/// The settings of a type, without those that all have in common; or what is wrong, as a fragment that follows the
/// destination's name.
pub(super) fn settings<T: DeserializeOwned>(settings: &Value) -> Result<T, String> {
    let mut own = settings.clone();
    if let Value::Object(own) = &mut own {
        own.retain(|key, _| !COMMON.contains(&key.as_str()));
    }
    T::deserialize(own).map_err(|error| format!("cannot be used: {error}"))
}

/// Checks what every type that is reached over a network has.
pub(super) fn check_common(host: &str, connections: Option<usize>) -> Result<(), String> {
    if host.is_empty() || host.chars().any(|c| c.is_control() || c.is_whitespace() || c == '/') {
        return Err("needs a `host`, a name or address without a scheme".into());
    }
    if connections.is_some_and(|number| !(1..=MOST_CONNECTIONS).contains(&number)) {
        return Err(format!("has `connections` outside of 1 to {MOST_CONNECTIONS}"));
    }
    Ok(())
}

/// Reads the secret that a setting refers to.
pub(super) fn secret(read: ReadSecret<'_>, key: &str, reference: &SecretRef) -> Result<Hidden, StageError> {
    read(reference).map(Hidden::new).map_err(|error| {
        let hint = match reference {
            SecretRef::Env(name) => {
                format!("set `{name}`, or change `{key}` of the destination in `bindery.toml`")
            }
            SecretRef::File(_) | SecretRef::Stored(_) => {
                format!("`{key}` of the destination in `bindery.toml` says where it is looked for")
            }
        };
        StageError::new("secret/missing", format!("`{key}` cannot be read: {error}")).hint(hint)
    })
}

/// A path at the destination: its own folder and what lies in it. Control characters would end a command of FTP early
/// and begin another.
pub(super) fn place(base: &str, path: &str) -> Result<String, StageError> {
    if let Some(bad) = path.chars().find(|c| c.is_control()) {
        return Err(StageError::new(
            "remote/name",
            format!("no file at a destination can have {bad:?} in its name: {path:?}"),
        )
        .hint("name it otherwise"));
    }
    let base_end = base.trim_end_matches('/');
    Ok(match (base_end.is_empty(), path.is_empty()) {
        (_, true) if base.is_empty() => String::new(),
        (true, true) => "/".into(),
        (false, true) => base_end.into(),
        (true, false) if base.is_empty() => path.into(),
        (_, false) => format!("{base_end}/{path}"),
    })
}

/// The last part of a path.
pub(super) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The folder above, if the path names one.
pub(super) fn parent(path: &str) -> Option<&str> {
    let (above, _) = path.trim_end_matches('/').rsplit_once('/')?;
    (!above.is_empty()).then_some(above)
}

/// Opens a TCP connection to the first address that answers.
pub(super) fn reach(host: &str, port: u16, patience: Patience) -> Result<TcpStream, StageError> {
    let (to, within) = (host.to_owned(), patience.connect);
    let stream = within_time(within, move || {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in (to.as_str(), port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, within) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    });
    let stream = stream.map_err(|error| unreachable(host, port, &error))?;
    tune(&stream, patience).map_err(|error| unreachable(host, port, &error))?;
    Ok(stream)
}

/// Sets the times and sends small things at once.
pub(super) fn tune(stream: &TcpStream, patience: Patience) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(patience.answer))?;
    stream.set_write_timeout(Some(patience.answer))
}

/// Gives up waiting when the time is over. Looking up a name knows no time limit, so what was begun ends by itself.
pub(super) fn within_time<T: Send + 'static>(
    time: Duration,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (done, wait) = mpsc::channel();
    // The receiver is gone when time is up, and with it the interest in the result.
    thread::Builder::new().spawn(move || done.send(work()).unwrap_or_default())?;
    wait.recv_timeout(time).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Closes a connection at once, so that nothing that is dropped later waits for it.
pub(super) fn hang_up(stream: &TcpStream) {
    // One that is closed already is what was wanted.
    let _ = stream.shutdown(Shutdown::Both);
}

/// A host that could not be reached.
pub(super) fn unreachable(host: &str, port: u16, error: &io::Error) -> StageError {
    StageError::new(
        "remote/unreachable",
        format!("`{host}` port {port} cannot be reached: {}", reason(error)),
    )
    .hint("check `host` and `port`, the network and the server")
    .retriable()
}

/// A connection that ended, or waited too long, while `doing`.
pub(super) fn lost(doing: &str, error: &io::Error) -> StageError {
    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
        return timeout(doing);
    }
    StageError::new("remote/lost", format!("the connection was lost while {doing}: {}", reason(error)))
        .hint("try again; what has arrived is not sent twice")
        .retriable()
}

/// A far end that did not answer in time.
pub(super) fn timeout(doing: &str) -> StageError {
    StageError::new("remote/timeout", format!("the server did not answer in time while {doing}"))
        .hint("try again, or raise `timeout`")
        .retriable()
}

/// What went wrong with the data that was to be sent, which has nothing to do with the far end.
pub(super) fn source(error: io::Error) -> StageError {
    let text = reason(&error);
    match error.into_inner().map(|inner| inner.downcast::<StageError>()) {
        Some(Ok(error)) => *error,
        _ => StageError::new("input/unreadable", format!("what is to be sent cannot be read: {text}")),
    }
}

/// Reads until the block is full or nothing is left.
pub(super) fn fill(from: &mut dyn io::Read, block: &mut [u8]) -> Result<usize, StageError> {
    let mut filled = 0;
    while filled < block.len() {
        match from.read(&mut block[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(source(error)),
        }
    }
    Ok(filled)
}

/// The SHA-256 of a certificate or key, in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    let Ok(mut digester) = Digester::new(["sha256"]) else { return String::new() };
    digester.update(bytes);
    digester.finish().into_values().collect()
}

/// What a server said, on one line and not too long.
pub(super) fn said(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The system's sentence without its error number.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let plain = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = plain.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_joined_and_hold_no_control_characters() {
        let check = |base: &str, path: &str, wanted: &str| assert_eq!(place(base, path).unwrap(), wanted);
        check("", "", "");
        check("", "a/b", "a/b");
        check("/", "", "/");
        check("/", "a", "/a");
        check("srv/in/", "", "srv/in");
        check("/srv", "a b/ä", "/srv/a b/ä");
        for bad in ["a\r\nDELE b", "a\0", "\u{7f}"] {
            assert_eq!(&*place("x", bad).unwrap_err().code, "remote/name");
        }
        assert_eq!(
            (parent("/a/b"), parent("/a"), parent("a"), parent("a/b/")),
            (Some("/a"), None, None, Some("a"))
        );
    }

    #[test]
    fn secrets_are_struck_out_and_never_printed() {
        let secret = Hidden::new("hunter2".into());
        assert_eq!(secret.strike("530 me:hunter2 is wrong"), "530 me:… is wrong");
        assert_eq!(format!("{secret:?}"), "Hidden(…)");
        assert_eq!(Hidden::new(String::new()).strike("as it is"), "as it is");
    }

    #[test]
    fn what_servers_say_is_one_short_line() {
        assert_eq!(said("530-no\r\n530 \u{1b}[31mentry\t"), "530-no 530 [31mentry");
        assert_eq!(said(&"x".repeat(1000)).len(), LONGEST);
    }

    #[test]
    fn a_failure_of_the_source_keeps_its_own_words() {
        let own = StageError::cancelled();
        assert_eq!(&*source(io::Error::other(own)).code, "step/cancelled");
        assert_eq!(&*source(io::ErrorKind::NotFound.into()).code, "input/unreadable");
    }

    #[test]
    fn a_name_that_takes_too_long_is_not_waited_for() {
        let slow = within_time(Duration::from_millis(5), || {
            thread::sleep(Duration::from_millis(300));
            Ok(())
        });
        assert_eq!(slow.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
