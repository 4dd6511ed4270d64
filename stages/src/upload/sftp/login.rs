//! Who is there on both sides: the server by its host key, the user by a key, an agent or a password.

use std::fs;
use std::path::{Path, PathBuf};

use engine::StageError;
use ssh2::{ErrorCode, KeyboardInteractivePrompt, MethodType, Prompt, Session};

use super::super::remote::{self, Hidden};
use super::client::broken;
use super::host_key::{self, Fingerprint, Known};

/// Ciphers, the quickest first: most processors have instructions for AES.
const CIPHERS: &[&str] = &[
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
];

/// Host keys, the best first.
const HOST_KEYS: &[&str] = &[
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
];

/// How the user proves who they are.
#[derive(Debug)]
pub(super) struct Proofs {
    pub(super) key: Option<PathBuf>,
    pub(super) passphrase: Option<Hidden>,
    pub(super) agent: bool,
    pub(super) password: Option<Hidden>,
}

/// What the server's key is compared with.
#[derive(Debug)]
pub(super) struct HostKey {
    pub(super) pinned: Option<Fingerprint>,
    pub(super) files: Vec<PathBuf>,
}

impl HostKey {
    /// What is known about the server; files that are not there say nothing.
    pub(super) fn known(&self, host: &str, port: u16) -> Vec<Known> {
        if self.pinned.is_some() {
            return Vec::new();
        }
        // One that cannot be read knows nobody, which is told as a key that is not known.
        let texts = self.files.iter().filter_map(|file| fs::read(file).ok());
        texts.flat_map(|text| host_key::known(&String::from_utf8_lossy(&text), host, port)).collect()
    }
}

/// Asks for ciphers and for a host key of a type that is known.
pub(super) fn prefer(session: &Session, known: &[Known]) {
    let set = |method: MethodType, wanted: &[&str]| {
        let supported = session.supported_algs(method).unwrap_or_default();
        let usable: Vec<&str> = wanted.iter().copied().filter(|name| supported.contains(name)).collect();
        // Without the preference the library's own order holds.
        let _ = session.method_pref(method, &usable.join(","));
    };
    set(MethodType::CryptCs, CIPHERS);
    set(MethodType::CryptSc, CIPHERS);
    let is_known = |name: &str| {
        known.iter().any(|line| line.kind == name || (line.kind == "ssh-rsa" && name.starts_with("rsa-")))
    };
    let mut order = HOST_KEYS.to_vec();
    order.sort_by_key(|name| !is_known(name));
    set(MethodType::HostKey, &order);
}

/// Makes sure of the server.
pub(super) fn check_host(
    session: &Session,
    host: &str,
    host_key: &HostKey,
    known: &[Known],
) -> Result<(), StageError> {
    let (key, _) = session.host_key().ok_or_else(|| {
        StageError::new("remote/protocol", format!("`{host}` shows no host key"))
            .hint("check `host` and `port`")
    })?;
    host_key::judge(host, key, host_key.pinned.as_ref(), known)
}

/// Logs in with what there is: key, agent, password.
pub(super) fn log_in(session: &Session, user: &str, proofs: &Proofs) -> Result<(), StageError> {
    let mut tried = Vec::new();
    let mut attempt = |what: &str, result: Result<(), ssh2::Error>| match result {
        Ok(()) => Ok(session.authenticated()),
        Err(error) if is_refusal(&error) => {
            tried.push(what.to_owned());
            Ok(false)
        }
        Err(error) => Err(broken("logging in", &error)),
    };
    if let Some(path) = &proofs.key
        && attempt("key", with_key(session, user, path, proofs.passphrase.as_ref())?)?
    {
        return Ok(());
    }
    if proofs.agent && attempt("agent", with_agent(session, user))? {
        return Ok(());
    }
    if let Some(password) = &proofs.password {
        if attempt("password", session.userauth_password(user, password.reveal()))? {
            return Ok(());
        }
        let mut answers = Answers(password);
        if attempt("password, asked for", session.userauth_keyboard_interactive(user, &mut answers))? {
            return Ok(());
        }
    }
    let tried = if tried.is_empty() { "nothing".to_owned() } else { tried.join(", ") };
    Err(StageError::new(
        "remote/refused",
        format!("the server refuses the login of `{user}` (tried: {tried})"),
    )
    .hint("check `user` and `password`, `key` or `agent`; and that the server knows the key"))
}

/// Tries every key that an agent holds.
fn with_agent(session: &Session, user: &str) -> Result<(), ssh2::Error> {
    let mut agent = session.agent()?;
    agent.connect()?;
    agent.list_identities()?;
    let mut last = ssh2::Error::new(ErrorCode::Session(-18), "the agent holds no key");
    for identity in agent.identities()? {
        match agent.userauth(user, &identity) {
            Err(error) if is_refusal(&error) => last = error,
            result => return result,
        }
    }
    Err(last)
}

fn with_key(
    session: &Session,
    user: &str,
    path: &Path,
    passphrase: Option<&Hidden>,
) -> Result<Result<(), ssh2::Error>, StageError> {
    let text = fs::read_to_string(path).map_err(|error| {
        StageError::new(
            "secret/missing",
            format!("the key `{}` cannot be read: {}", path.display(), remote::reason(&error)),
        )
        .hint("see `key` in [destinations]")
    })?;
    let result = session.userauth_pubkey_memory(user, None, &text, passphrase.map(Hidden::reveal));
    match result {
        Err(error) if is_unusable(&error) => {
            let hint = if passphrase.is_some() {
                "check `passphrase`; the file holds a private key as `ssh-keygen` makes it"
            } else {
                "the file holds a private key as `ssh-keygen` makes it; one with a passphrase needs `passphrase`, or an agent"
            };
            Err(StageError::new("secret/invalid", format!("the key `{}` cannot be used", path.display()))
                .hint(hint))
        }
        result => Ok(result),
    }
}

/// Whether the library could not make use of the key itself: it is of no kind it knows, or the passphrase is wrong.
fn is_unusable(error: &ssh2::Error) -> bool {
    matches!(error.code(), ErrorCode::Session(-16 | -49 | -6 | -34))
        || error.message().to_lowercase().contains("extract public key")
}

/// Whether the server refuses, rather than the line being broken.
fn is_refusal(error: &ssh2::Error) -> bool {
    // Authentication failed, public key unverified, method not supported, method none, agent protocol.
    matches!(error.code(), ErrorCode::Session(-18 | -19 | -33 | -4 | -42 | -37 | -39 | -34))
}

/// Answers whatever is asked for with the password, as servers with PAM want it.
struct Answers<'a>(&'a Hidden);

impl KeyboardInteractivePrompt for Answers<'_> {
    fn prompt<'p>(&mut self, _user: &str, _instructions: &str, prompts: &[Prompt<'p>]) -> Vec<String> {
        prompts
            .iter()
            .map(|prompt| if prompt.echo { String::new() } else { self.0.reveal().to_owned() })
            .collect()
    }
}
