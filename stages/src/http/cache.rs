//! Answers on disk, one file each, so that the same is not asked day after day, and not at all without a network.
//!
//! Losing it costs time only, so nothing is synced and a file that cannot be read is one that is not there.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use super::{Answer, Kind, Trouble};

/// The version of the files' form; others are passed over.
const VERSION: u32 = 1;
/// Longest file that is read.
const LONGEST: u64 = 32 << 20;
/// That a service has no such thing is believed for this part of the time that an answer is.
const ABSENT: u32 = 24;

/// The answers of all services.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    parts: AtomicU64,
}

/// An answer as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    version: u32,
    url: String,
    status: u16,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    media_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    modified: Option<String>,
    /// When the service said so last, in milliseconds since 1970.
    fetched: i64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    base64: String,
}

impl Cache {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, parts: AtomicU64::new(0) }
    }

    pub(super) fn get(&self, service: &str, key: &str) -> Option<Kept> {
        let path = self.path(service, key);
        if fs::metadata(&path).ok()?.len() > LONGEST {
            return None;
        }
        let kept: Kept = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        (kept.version == VERSION).then_some(kept)
    }

    pub(super) fn put(&self, service: &str, key: &str, answer: &Answer) {
        let (text, base64) = match std::str::from_utf8(&answer.body) {
            Ok(text) => (text.to_owned(), String::new()),
            Err(_) => (String::new(), BASE64.encode(&answer.body)),
        };
        let kept = Kept {
            version: VERSION,
            url: answer.url.clone(),
            status: answer.status,
            media_type: answer.media_type.clone(),
            etag: answer.etag.clone(),
            modified: answer.modified.clone(),
            fetched: answer.fetched,
            text,
            base64,
        };
        self.write(service, key, &kept);
    }

    /// Keeps that there is no such thing.
    pub(super) fn put_absent(&self, service: &str, key: &str, url: &str, now: i64) {
        let kept = Kept {
            version: VERSION,
            url: url.to_owned(),
            status: 404,
            media_type: String::new(),
            etag: None,
            modified: None,
            fetched: now,
            text: String::new(),
            base64: String::new(),
        };
        self.write(service, key, &kept);
    }

    /// What cannot be kept is asked for again the next time.
    fn write(&self, service: &str, key: &str, kept: &Kept) {
        let path = self.path(service, key);
        let number = self.parts.fetch_add(1, Ordering::Relaxed);
        let part = path.with_extension(format!("{}-{number}.part", std::process::id()));
        let written = make_folder(&self.folder, &path)
            .and_then(|()| fs::write(&part, serde_json::to_vec(kept)?))
            .and_then(|()| fs::rename(&part, &path));
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
    }

    fn path(&self, service: &str, key: &str) -> PathBuf {
        self.folder.join(service).join(format!("{key}.json"))
    }
}

/// Makes the folder of a file, and lets version control know that it is no business of its.
fn make_folder(top: &Path, file: &Path) -> std::io::Result<()> {
    let Some(folder) = file.parent() else { return Ok(()) };
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    let above = top.parent().unwrap_or(top);
    let ignore = above.join(".gitignore");
    if ignore.exists() { Ok(()) } else { fs::write(ignore, "*\n") }
}

impl Kept {
    /// Whether it may be taken for true without asking.
    pub(super) fn is_fresh(&self, now: i64, max_age: Duration) -> bool {
        let max_age = if self.status == 404 { max_age / ABSENT } else { max_age };
        let age = u64::try_from(now.saturating_sub(self.fetched)).ok();
        age.is_some_and(|age| Duration::from_millis(age) < max_age)
    }

    /// Headers with which the service says only whether it would answer something else now.
    pub(super) fn conditions(&self) -> Vec<(&'static str, String)> {
        let etag = self.etag.clone().map(|etag| ("if-none-match", etag));
        let modified = self.modified.clone().map(|modified| ("if-modified-since", modified));
        etag.into_iter().chain(modified).collect()
    }

    /// The same, confirmed at this time.
    pub(super) fn seen_again(mut self, now: i64) -> Self {
        self.fetched = now;
        self
    }

    pub(super) fn into_answer(self) -> Result<Answer, Trouble> {
        if self.status == 404 {
            return Err(Trouble::new(Kind::NotFound, "does not have it"));
        }
        let body = if self.base64.is_empty() {
            Some(self.text.into_bytes())
        } else {
            BASE64.decode(self.base64).ok()
        };
        let body = body.ok_or_else(|| Trouble::new(Kind::Offline, "has an answer kept that is damaged"))?;
        Ok(Answer {
            url: self.url,
            status: self.status,
            media_type: self.media_type,
            etag: self.etag,
            modified: self.modified,
            fetched: self.fetched,
            body,
            stale: None,
        })
    }
}
