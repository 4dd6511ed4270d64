//! What is asked and what is answered, as values. Secrets have places of their own, so that all else may be shown.

use std::fmt::Write;

use engine::Digest;
use reqwest::Url;
use serde_json::Value;

use super::wire::Raw;
use super::{Service, Trouble};

/// One question to a service.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Relative to the base of the service, or a whole address that an answer gave.
    path: String,
    query: Vec<(String, String)>,
    secret_query: Vec<(String, String)>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) secret_headers: Vec<(&'static str, String)>,
    /// What is sent, as JSON; it is secret as a whole.
    pub(super) secret_body: Option<Value>,
    pub(super) expect: Expect,
    /// Whether the answer may be kept.
    pub(super) keeps: bool,
}

/// What an answer has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    Json,
    Image,
    /// A file of any length, which is written away as it comes.
    File,
}

/// What a service answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The address it came from, without secrets.
    pub(crate) url: String,
    pub(crate) status: u16,
    pub(crate) media_type: String,
    pub(crate) etag: Option<String>,
    pub(crate) modified: Option<String>,
    /// When the service said so last, in milliseconds since 1970.
    pub(crate) fetched: i64,
    pub(crate) body: Vec<u8>,
    /// Why this is an old answer, if the service could not be asked anew.
    pub(crate) stale: Option<String>,
}

impl Request {
    /// Asks for JSON at a path below the service's base.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            query: Vec::new(),
            secret_query: Vec::new(),
            headers: Vec::new(),
            secret_headers: Vec::new(),
            secret_body: None,
            expect: Expect::Json,
            keeps: true,
        }
    }

    /// Asks for a picture at a whole address.
    pub(crate) fn image(url: impl Into<String>) -> Self {
        Self { expect: Expect::Image, ..Self::get(url) }
    }

    /// Asks for a file at a whole address, from a byte of it on.
    pub(super) fn file(url: impl Into<String>, from: u64) -> Self {
        let headers = if from > 0 { vec![("range", format!("bytes={from}-"))] } else { Vec::new() };
        Self { expect: Expect::File, headers, keeps: false, ..Self::get(url) }
    }

    /// Sends a secret; the answer is not kept.
    pub(crate) fn post_secret(path: impl Into<String>, body: Value) -> Self {
        Self { secret_body: Some(body), keeps: false, ..Self::get(path) }
    }

    pub(crate) fn query(mut self, name: &str, value: impl ToString) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn secret_query(mut self, name: &str, value: &str) -> Self {
        self.secret_query.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn secret_header(mut self, name: &'static str, value: String) -> Self {
        self.secret_headers.push((name, value));
        self
    }

    pub(crate) const fn method(&self) -> &'static str {
        if self.secret_body.is_some() { "POST" } else { "GET" }
    }

    /// What tells it from other requests, without secrets.
    pub(super) fn key(&self, service: &Service) -> String {
        let parts = [service.name.as_str(), self.method(), &self.shown(service)];
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        let text: Vec<String> = parts.into_iter().map(str::to_owned).chain(headers).collect();
        Digest::of(text.join("\n").as_bytes()).to_string()
    }

    /// The path and the query as recordings know them: relative to the base, without secrets.
    pub(super) fn told(&self) -> String {
        with_query(&self.path, &self.query)
    }

    /// The address without secrets.
    pub(super) fn shown(&self, service: &Service) -> String {
        match self.whole(service) {
            Ok(url) => with_query(url.as_str(), &self.query),
            Err(_) => self.told(),
        }
    }

    /// The address with secrets.
    pub(super) fn url(&self, service: &Service) -> Result<Url, String> {
        let all: Vec<(String, String)> = self.query.iter().chain(&self.secret_query).cloned().collect();
        Url::parse(&with_query(self.whole(service)?.as_str(), &all))
            .map_err(|error| format!("has no such address: {error}"))
    }

    fn whole(&self, service: &Service) -> Result<Url, String> {
        let is_whole = self.path.starts_with("https://") || self.path.starts_with("http://");
        let found = if is_whole { Url::parse(&self.path) } else { service.base.join(&self.path) };
        found.map_err(|error| format!("has no such address: {error}"))
    }
}

impl Expect {
    /// The most bytes of an answer that are read.
    pub(super) const fn limit(self) -> usize {
        match self {
            Self::Json => 4 << 20,
            Self::Image => 20 << 20,
            Self::File => usize::MAX,
        }
    }

    pub(super) const fn accept(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Image => "image/*",
            Self::File => "*/*",
        }
    }

    /// Fails unless an answer is what was asked for.
    pub(super) fn check(self, raw: &Raw) -> Result<(), Trouble> {
        let media_type = raw.media_type.as_str();
        let subtype = media_type.split_once('/').map_or("", |(_, subtype)| subtype);
        match self {
            Self::Json => {
                let is_json = media_type.is_empty() || subtype == "json" || subtype.ends_with("+json");
                if !is_json {
                    return Err(Trouble::changed(format!("answers {media_type} instead of JSON")));
                }
                serde_json::from_slice::<serde::de::IgnoredAny>(&raw.body)
                    .map(drop)
                    .map_err(|error| Trouble::changed(format!("answers what is no JSON: {error}")))
            }
            Self::File => Ok(()),
            Self::Image if media_type.starts_with("image/") => Ok(()),
            Self::Image => Err(Trouble::changed(format!("answers {media_type} instead of a picture"))),
        }
    }
}

impl Answer {
    /// The answer as JSON.
    pub(crate) fn json(&self) -> Result<Value, Trouble> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Trouble::changed(format!("answers what is no JSON: {error}")))
    }

    pub(super) fn stale_because(mut self, trouble: &Trouble) -> Self {
        self.stale = Some(trouble.message.clone());
        self
    }
}

/// What an answer says went wrong, in its own words.
pub(super) fn detail(body: &[u8]) -> Option<String> {
    const LONGEST: usize = 160;
    let json: Value = serde_json::from_slice(body).ok()?;
    let words = ["/status_message", "/error/message", "/message", "/Error", "/error"];
    let text = words.iter().find_map(|at| json.pointer(at)?.as_str())?;
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    Some(plain.trim().trim_end_matches('.').to_owned()).filter(|text| !text.is_empty())
}

fn with_query(path: &str, query: &[(String, String)]) -> String {
    let mut out = path.to_owned();
    for (name, value) in query {
        out.push(if out.contains('?') { '&' } else { '?' });
        // Writing to a string cannot fail.
        let _ = write!(out, "{}={}", encoded(name), encoded(value));
    }
    out
}

/// The text as it stands in a query or as one part of a path.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
