//! Who logs in, and how they prove it: by a key, an agent or a password.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::StageError;
use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg, decode_secret_key};

use super::super::remote::{self, Hidden};
use super::session::{Guard, Session};

/// Most questions that a server may ask in place of a password.
const MOST_QUESTIONS: usize = 8;

/// How the user proves who they are.
#[derive(Debug)]
pub(super) struct Proofs {
    pub(super) key: Option<PathBuf>,
    pub(super) passphrase: Option<Hidden>,
    pub(super) agent: bool,
    pub(super) password: Option<Hidden>,
}

/// Logs in with what there is: key, agent, password.
pub(super) fn log_in(session: &mut Session, user: &str, proofs: &Proofs) -> Result<(), StageError> {
    let doing = "logging in";
    let mut tried = Vec::new();
    if let Some(path) = &proofs.key {
        let key = read_key(path, proofs.passphrase.as_ref())?;
        if session.step(doing, async |handle| with_key(handle, user, key).await)? {
            return Ok(());
        }
        tried.push("key");
    }
    if proofs.agent {
        if session.step(doing, async |handle| with_agent(handle, user).await)? {
            return Ok(());
        }
        tried.push("agent");
    }
    if let Some(password) = &proofs.password {
        if session.step(doing, async |handle| with_password(handle, user, password).await)? {
            return Ok(());
        }
        tried.push("password");
    }
    let tried = if tried.is_empty() { "nothing".to_owned() } else { tried.join(", ") };
    Err(StageError::new(
        "remote/refused",
        format!("the server refuses the login of `{user}` (tried: {tried})"),
    )
    .hint("check `user` and `password`, `key` or `agent`; and that the server knows the key"))
}

/// Reads a private key, whose text is in no message.
fn read_key(path: &Path, passphrase: Option<&Hidden>) -> Result<PrivateKey, StageError> {
    let text = fs::read_to_string(path).map_err(|error| {
        let why = remote::reason(&error);
        StageError::new("secret/missing", format!("the key `{}` cannot be read: {why}", path.display()))
            .hint("see `key` in [destinations]")
    })?;
    decode_secret_key(&text, passphrase.map(Hidden::reveal)).map_err(|_| {
        let hint = if passphrase.is_some() {
            "check `passphrase`; the file holds a private key as `ssh-keygen` makes it"
        } else {
            "the file holds a private key as `ssh-keygen` makes it; one with a passphrase needs `passphrase`, or an agent"
        };
        StageError::new("secret/invalid", format!("the key `{}` cannot be used", path.display())).hint(hint)
    })
}

async fn with_key(handle: &mut Handle<Guard>, user: &str, key: PrivateKey) -> Result<bool, russh::Error> {
    let hash = rsa_hash(handle, key.algorithm().is_rsa()).await?;
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
    let answer = handle.authenticate_publickey(user, key).await?;
    accepted(handle, &answer)
}

/// Whether the server lets in. A connection that ends meanwhile looks like a refusal, and is none.
fn accepted(handle: &Handle<Guard>, answer: &AuthResult) -> Result<bool, russh::Error> {
    if !answer.success() && handle.is_closed() { Err(russh::Error::Disconnect) } else { Ok(answer.success()) }
}

/// Keys of RSA are used with the digest that the server likes best.
async fn rsa_hash(handle: &Handle<Guard>, is_rsa: bool) -> Result<Option<HashAlg>, russh::Error> {
    if !is_rsa {
        return Ok(None);
    }
    Ok(handle.best_supported_rsa_hash().await?.unwrap_or(Some(HashAlg::Sha512)))
}

/// Tries every key that an agent holds. Without an agent there is none.
async fn with_agent(handle: &mut Handle<Guard>, user: &str) -> Result<bool, russh::Error> {
    let Ok(mut agent) = AgentClient::connect_env().await else { return Ok(false) };
    let Ok(identities) = agent.request_identities().await else { return Ok(false) };
    for identity in identities {
        let AgentIdentity::PublicKey { key, .. } = identity else { continue };
        let hash = rsa_hash(handle, key.algorithm().is_rsa()).await?;
        // An agent that declines one key may have another.
        if matches!(
            handle.authenticate_publickey_with(user, key, hash, &mut agent).await,
            Ok(AuthResult::Success)
        ) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Hands the password over, or answers with it whatever the server asks without showing.
async fn with_password(
    handle: &mut Handle<Guard>,
    user: &str,
    password: &Hidden,
) -> Result<bool, russh::Error> {
    let answer = handle.authenticate_password(user, password.reveal()).await?;
    if accepted(handle, &answer)? {
        return Ok(true);
    }
    let mut answer = handle.authenticate_keyboard_interactive_start(user, None).await?;
    for _ in 0..MOST_QUESTIONS {
        let prompts = match answer {
            KeyboardInteractiveAuthResponse::Success => return Ok(true),
            KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(false),
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => prompts,
        };
        let reply = |echo: bool| if echo { String::new() } else { password.reveal().to_owned() };
        let replies = prompts.iter().map(|prompt| reply(prompt.echo)).collect();
        answer = handle.authenticate_keyboard_interactive_respond(replies).await?;
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
