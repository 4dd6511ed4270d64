//! Finds secrets in clear text, and reads the references that should stand in their place.
//!
//! Knows secrets by the names of their keys; never puts a value into a message.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;

use crate::diagnostic::Diagnostic;
use crate::node::{Key, Node, Place, Scalar, Value};

const HINT: &str =
    "write a reference: `{ env = \"NAME\" }`, `{ file = \"path\" }` or `{ stored = \"name\" }`";

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// In this environment variable.
    Env(String),
    /// In this file.
    File(String),
    /// In the encrypted store, under this name.
    Stored(String),
}

/// A setting of a destination or a provider.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A reference to a secret.
    Secret(SecretRef),
    /// Anything else.
    Plain(Json),
}

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        let reference = json.as_object().filter(|map| map.len() == 1).and_then(|map| {
            let (key, value) = map.iter().next()?;
            reference(key, value.as_str()?)
        });
        Ok(reference.map_or(Self::Plain(json), Self::Secret))
    }
}

impl JsonSchema for Setting {
    fn schema_name() -> Cow<'static, str> {
        "Setting".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A setting. A secret is a reference: `{ env = \"NAME\" }`, `{ file = \"path\" }` or `{ stored = \"name\" }`.",
            "examples": [22, "example.org", { "env": "SFTP_PASSWORD" }],
        })
    }
}

/// What the search for secrets found.
pub struct Found {
    /// One fault for each secret in clear text.
    pub faults: Vec<Diagnostic>,
    /// What must not be shown.
    pub hidden: Vec<Place>,
}

/// Whether a key of this name holds a secret.
pub fn is_secret_name(name: &str) -> bool {
    const WORDS: [&str; 11] = [
        "password",
        "passwd",
        "passphrase",
        "pass",
        "pwd",
        "secret",
        "token",
        "api_key",
        "apikey",
        "secret_key",
        "secret_access_key",
    ];
    let name = name.to_ascii_lowercase().replace('-', "_");
    WORDS
        .iter()
        .any(|word| name.strip_suffix(word).is_some_and(|before| before.is_empty() || before.ends_with('_')))
}

/// Finds secrets in clear text and takes them out of the tree.
pub fn check(node: &mut Node) -> Found {
    let mut found = Found { faults: Vec::new(), hidden: Vec::new() };
    found.walk(node);
    if let Some((_, providers)) = entry_of(node, "providers") {
        entries_of(providers).flat_map(|(_, provider)| entries_of(provider)).for_each(|(key, value)| {
            if PROVIDER_SECRETS.contains(&key.name.as_str()) {
                found.secret(key, value);
            }
        });
    }
    found
}

/// Keys that hold secrets of metadata providers, and elsewhere need not.
const PROVIDER_SECRETS: [&str; 2] = ["key", "pin"];

fn entries_of(node: &mut Node) -> impl Iterator<Item = &mut (Key, Node)> {
    let entries = if let Value::Mapping(entries) = &mut node.value { Some(entries) } else { None };
    entries.into_iter().flatten()
}

fn entry_of<'n>(node: &'n mut Node, name: &str) -> Option<&'n mut (Key, Node)> {
    entries_of(node).find(|(key, _)| key.name == name)
}

impl Found {
    fn walk(&mut self, node: &mut Node) {
        match &mut node.value {
            Value::Mapping(entries) => {
                for (key, value) in entries {
                    if is_secret_name(&key.name) { self.secret(key, value) } else { self.walk(value) }
                }
            }
            Value::Sequence(items) => items.iter_mut().for_each(|item| self.walk(item)),
            Value::Scalar(Scalar::String(text)) if has_password(text) => {
                self.fault("an address with a password in it".to_owned(), &node.place);
                self.hide(node);
            }
            Value::Scalar(_) => {}
        }
    }

    fn secret(&mut self, key: &Key, value: &mut Node) {
        match &value.value {
            Value::Mapping(entries) => {
                let is_one = matches!(entries.as_slice(), [(key, node)] if node.as_str().is_some_and(|text| reference(&key.name, text).is_some()));
                if !is_one {
                    self.fault(
                        format!("the reference to the secret `{}` is not one of env, file, stored", key.name),
                        &key.place,
                    );
                    self.hide(value);
                }
            }
            Value::Scalar(Scalar::Null) => {}
            Value::Scalar(_) | Value::Sequence(_) => {
                self.fault(format!("the secret `{}` stands in clear text", key.name), &key.place);
                self.hide(value);
            }
        }
    }

    fn fault(&mut self, message: String, place: &Place) {
        self.faults.push(Diagnostic::error("config/clear-secret", message).at(place).hint(HINT));
    }

    fn hide(&mut self, node: &mut Node) {
        match &mut node.value {
            Value::Mapping(entries) => entries.iter_mut().for_each(|(_, value)| self.hide(value)),
            Value::Sequence(items) => items.iter_mut().for_each(|item| self.hide(item)),
            Value::Scalar(scalar) => {
                self.hidden.push(node.place.clone());
                *scalar = Scalar::Null;
            }
        }
    }
}

fn reference(key: &str, value: &str) -> Option<SecretRef> {
    match key {
        "env" => Some(SecretRef::Env(value.to_owned())),
        "file" => Some(SecretRef::File(value.to_owned())),
        "stored" => Some(SecretRef::Stored(value.to_owned())),
        _ => None,
    }
}

/// Whether an address carries a password: `scheme://user:password@host`.
fn has_password(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        authority
            .rsplit_once('@')
            .and_then(|(user, _)| user.split_once(':'))
            .is_some_and(|(_, word)| !word.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known() {
        for name in
            ["password", "API_KEY", "apiKey", "key-passphrase", "auth_token", "client_secret", "secret_key"]
        {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["user", "key_file", "token_url", "compass", "tokens", "host", "key"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn addresses_with_passwords_are_known() {
        assert!(has_password("ftp://me:pw@host/x"));
        for text in ["ftp://me@host", "http://host:80/a@b:c", "me:pw@host", "ftp://me:@host"] {
            assert!(!has_password(text), "{text}");
        }
    }
}
