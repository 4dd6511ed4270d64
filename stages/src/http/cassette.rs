//! Recordings of what was asked and answered: written without secrets, and played back without a network.
//!
//! A recording is a folder of JSON files with one exchange each, or a list of them. Equal requests are answered in the
//! order of the files; the last answer is given again and again.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use engine::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::secrets::Secrets;
use super::wire::Raw;
use super::{Kind, Request, Service, Trouble};

/// Whether there is a recording, and which way it runs.
pub(super) enum Tape {
    None,
    Records { folder: PathBuf, counts: Mutex<HashMap<String, usize>> },
    Plays { reels: Result<HashMap<String, Vec<Said>>, String>, heads: Mutex<HashMap<String, usize>> },
}

/// One exchange.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    request: Asked,
    response: Said,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    service: String,
    #[serde(default = "get")]
    method: String,
    /// Relative to the base of the service, without secrets.
    path: String,
}

/// An answer. Its body is given in one of three ways.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Said {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

fn get() -> String {
    "GET".to_owned()
}

impl Tape {
    pub(super) fn new(record: Option<&Path>, replay: Option<&Path>) -> Self {
        match (record, replay) {
            (_, Some(folder)) => Self::Plays { reels: load(folder), heads: Mutex::default() },
            (Some(folder), None) => Self::Records { folder: folder.to_owned(), counts: Mutex::default() },
            (None, None) => Self::None,
        }
    }

    pub(super) fn plays(&self) -> bool {
        matches!(self, Self::Plays { .. })
    }

    pub(super) fn records(&self) -> bool {
        matches!(self, Self::Records { .. })
    }

    /// The next answer to this request.
    pub(super) fn play(&self, service: &Service, request: &Request) -> Result<Raw, Trouble> {
        let Self::Plays { reels, heads } = self else {
            return Err(Trouble::new(Kind::Offline, "is not recorded"));
        };
        let reels = reels.as_ref().map_err(|why| Trouble::new(Kind::Offline, why.clone()))?;
        let told = request.told();
        let key = reel(&service.name, request.method(), &told);
        let Some(reel) = reels.get(&key) else {
            let method = request.method();
            return Err(Trouble::new(Kind::Offline, format!("has no answer to {method} {told} recorded")));
        };
        let mut heads = heads.lock().unwrap_or_else(PoisonError::into_inner);
        let head = heads.entry(key).or_default();
        let said = reel.get(*head).or_else(|| reel.last()).cloned().unwrap_or_default();
        *head += 1;
        said.raw()
    }

    /// Writes down an exchange. That it cannot be written ends no run; the recording lacks it then.
    pub(super) fn record(&self, service: &Service, request: &Request, raw: &Raw, secrets: &Secrets) {
        let Self::Records { folder, counts } = self else { return };
        let path = secrets.clean(&request.told());
        let key = reel(&service.name, request.method(), &path);
        let number = {
            let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(key.clone()).or_default();
            *count += 1;
            *count
        };
        let request = Asked { service: service.name.clone(), method: request.method().to_owned(), path };
        let exchange = Exchange { request, response: Said::of(raw, secrets) };
        let digest: String = Digest::of(key.as_bytes()).to_string().chars().take(12).collect();
        let file = folder.join(format!("{}-{digest}-{number:03}.json", service.name));
        let text = serde_json::to_string_pretty(&exchange).unwrap_or_default();
        let _ = fs::create_dir_all(folder).and_then(|()| fs::write(file, text + "\n"));
    }
}

impl Said {
    fn of(raw: &Raw, secrets: &Secrets) -> Self {
        let mut said = Self {
            status: raw.status,
            media_type: Some(raw.media_type.clone()).filter(|text| !text.is_empty()),
            etag: raw.etag.clone(),
            retry_after: raw.retry_after.clone(),
            ..Self::default()
        };
        match std::str::from_utf8(&raw.body) {
            Ok(text) => match serde_json::from_str(text) {
                Ok(json) => said.json = Some(without_tokens(json, secrets)),
                Err(_) => said.text = Some(secrets.clean(text)),
            },
            Err(_) => said.base64 = Some(BASE64.encode(&raw.body)),
        }
        said
    }

    fn raw(self) -> Result<Raw, Trouble> {
        let is_json = self.json.is_some();
        let body = match (self.json, self.text, self.base64) {
            (Some(json), ..) => json.to_string().into_bytes(),
            (_, Some(text), _) => text.into_bytes(),
            (.., Some(text)) => BASE64
                .decode(text)
                .map_err(|error| Trouble::new(Kind::Offline, format!("has a damaged recording: {error}")))?,
            _ => Vec::new(),
        };
        let media_type = self
            .media_type
            .unwrap_or_else(|| if is_json { "application/json".into() } else { String::new() });
        let (etag, retry_after) = (self.etag, self.retry_after);
        Ok(Raw { status: self.status, media_type, etag, modified: None, retry_after, body })
    }
}

/// An answer without the tokens that it hands out: what a service calls a token is a secret from the start.
fn without_tokens(json: Value, secrets: &Secrets) -> Value {
    match json {
        Value::Object(map) => {
            let one = |(name, value): (String, Value)| {
                let is_token = matches!(name.to_ascii_lowercase().as_str(), "token" | "access_token");
                let value = if is_token && value.is_string() {
                    Value::from("recorded-token")
                } else {
                    without_tokens(value, secrets)
                };
                (name, value)
            };
            map.into_iter().map(one).collect()
        }
        Value::Array(list) => list.into_iter().map(|value| without_tokens(value, secrets)).collect(),
        Value::String(text) => secrets.clean(&text).into(),
        other => other,
    }
}

/// What equal requests have in common, however their query is ordered and written.
fn reel(service: &str, method: &str, path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut pairs: Vec<String> = query.split('&').map(decoded).collect();
    pairs.sort();
    format!("{service} {method} {} {}", path.trim_start_matches('/'), pairs.join("&"))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        rest = after;
        match (byte, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(decoded)) => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Every exchange of a folder, or of one file, by what was asked.
fn load(folder: &Path) -> Result<HashMap<String, Vec<Said>>, String> {
    let fault =
        |file: &Path, why: String| format!("has a recording `{}` that is none: {why}", file.display());
    let mut files = vec![folder.to_owned()];
    if !folder.is_file() {
        let entries = fs::read_dir(folder).map_err(|error| fault(folder, error.to_string()))?;
        files = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        files.sort();
    }
    let mut reels: HashMap<String, Vec<Said>> = HashMap::new();
    for file in files {
        let text = fs::read_to_string(&file).map_err(|error| fault(&file, error.to_string()))?;
        let is_list = text.trim_start().starts_with('[');
        let exchanges: Vec<Exchange> = if is_list {
            serde_json::from_str(&text).map_err(|error| fault(&file, error.to_string()))?
        } else {
            vec![serde_json::from_str(&text).map_err(|error| fault(&file, error.to_string()))?]
        };
        for Exchange { request, response } in exchanges {
            reels.entry(reel(&request.service, &request.method, &request.path)).or_default().push(response);
        }
    }
    Ok(reels)
}
