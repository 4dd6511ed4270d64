//! What a provider is: one file and one row, behind which its requests and the shapes of its answers lie.

use std::cell::RefCell;
use std::sync::Arc;

use engine::{Facts, SecretRef, Site, World};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::outcome::State;
use super::query::{Hit, Media, Query};
use super::settings::Settings;
use super::{googlebooks, omdb, openlibrary, tmdb, tvdb};
use crate::http::{Answer, Caller, Http, Kind, Request, Service, Trouble};

/// A source of facts on the network.
pub(crate) struct Provider {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// What it knows.
    pub(crate) media: &'static [Media],
    pub(crate) url: &'static str,
    /// Requests a second that it is content with.
    pub(crate) rate: f64,
    pub(crate) key: NeedsKey,
    /// Finds the thing by an identifier, which is certain.
    pub(crate) by_id: fn(&Ask<'_>, &Query) -> Result<Option<Hit>, Trouble>,
    /// Offers what is like it.
    pub(crate) search: fn(&Ask<'_>, &Query) -> Result<Vec<Hit>, Trouble>,
    /// What it says of the thing that it calls so.
    pub(crate) get: fn(&Ask<'_>, &Query, &str) -> Result<Found, Trouble>,
    /// Asks the smallest thing that needs the key.
    pub(crate) probe: fn(&Ask<'_>) -> Result<(), Trouble>,
}

/// Every provider. A new one is a file, a `mod` line and a row.
pub(crate) const PROVIDERS: &[&Provider] =
    &[&openlibrary::ROW, &googlebooks::ROW, &tvdb::ROW, &tmdb::ROW, &omdb::ROW];

/// Whether a provider wants a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NeedsKey {
    /// It takes none.
    No,
    /// It answers without one, though less often.
    Optional,
    /// It answers nothing without one.
    Yes,
}

/// What a provider says of one thing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Facts by name.
    pub(crate) facts: Vec<(&'static str, Value)>,
    /// The address of the answer, without secrets.
    pub(crate) at: String,
    /// What does not fit although the thing does, such as an episode that is not there.
    pub(crate) lacks: Option<String>,
}

/// The door through which a provider is asked.
pub(crate) struct Ask<'a> {
    pub(crate) provider: &'static Provider,
    pub(crate) settings: Settings,
    pub(crate) language: Option<String>,
    /// In which order episodes are counted.
    pub(crate) order: &'a str,
    http: Arc<Http>,
    service: Service,
    caller: Caller<'a>,
    heard: RefCell<Heard>,
}

/// What is noticed while a provider is asked.
#[derive(Default)]
struct Heard {
    /// The oldest answer that was used, in milliseconds since 1970.
    fetched: Option<i64>,
    stale: Option<String>,
}

/// The provider of this name.
pub(crate) fn find(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.name == name).copied()
}

impl<'a> Ask<'a> {
    pub(crate) fn new(
        provider: &'static Provider,
        settings: Settings,
        language: Option<String>,
        order: &'a str,
        caller: Caller<'a>,
    ) -> Result<Self, String> {
        let service = settings.service(provider)?;
        let language = language.or_else(|| settings.language.clone());
        let (http, heard) = (Http::of(caller.world), RefCell::default());
        Ok(Self { provider, settings, language, order, http, service, caller, heard })
    }

    /// The answer to a request as JSON, and the address it came from.
    pub(crate) fn json(&self, request: &Request) -> Result<(Value, String), Trouble> {
        let answer = self.answer(request)?;
        Ok((answer.json()?, answer.url.clone()))
    }

    /// The answer to a request.
    pub(crate) fn answer(&self, request: &Request) -> Result<Arc<Answer>, Trouble> {
        let answer = self.http.ask(&self.service, request, self.caller)?;
        let mut heard = self.heard.borrow_mut();
        heard.fetched = Some(heard.fetched.map_or(answer.fetched, |known| known.min(answer.fetched)));
        if answer.stale.is_some() {
            heard.stale.clone_from(&answer.stale);
        }
        Ok(answer)
    }

    /// Whether the answer to a request is known already, so that nobody has to be asked.
    pub(crate) fn is_at_hand(&self, request: &Request) -> bool {
        self.needs_none() || self.http.is_at_hand(&self.service, request, self.caller.world)
    }

    /// Forgets an answer, so that it is asked for again.
    pub(crate) fn forget(&self, request: &Request) {
        self.http.forget(&self.service, request);
    }

    /// Asks nothing more of a provider that refuses the key.
    pub(crate) fn shut(&self, trouble: &Trouble) {
        self.http.shut(&self.service, trouble);
    }

    /// The key; what is asked without one that is needed is told at once.
    pub(crate) fn key(&self) -> Result<Option<String>, Trouble> {
        let name = self.provider.name;
        match &self.settings.key {
            Some(reference) => self.secret("key", reference).map(Some),
            // A recording knows no keys, and what is kept was paid for.
            None if self.provider.key == NeedsKey::Yes && self.needs_none() => Ok(Some("none-needed".into())),
            None if self.provider.key == NeedsKey::Yes => Err(Trouble::new(
                Kind::Unauthorised,
                format!("has no key: set `key = {{ env = \"…\" }}` under [providers.{name}]"),
            )),
            None => Ok(None),
        }
    }

    /// A secret by its reference. From here on it is kept out of all that is written.
    pub(crate) fn secret(&self, what: &str, reference: &SecretRef) -> Result<String, Trouble> {
        if self.needs_none() {
            return Ok("none-needed".into());
        }
        let secret = (self.caller.world.secret)(reference)
            .map_err(|why| Trouble::new(Kind::Unauthorised, format!("has no {what}: {why}")))?;
        let secret = secret.trim().to_owned();
        if secret.is_empty() || secret.chars().any(char::is_control) {
            return Err(Trouble::new(Kind::Unauthorised, format!("has a {what} that is empty or no text")));
        }
        self.http.hide(&secret);
        Ok(secret)
    }

    /// Keeps a text out of all that is written.
    pub(crate) fn hide(&self, secret: &str) {
        self.http.hide(secret);
    }

    /// When the oldest answer that was used was given, and why it is an old one.
    pub(crate) fn heard(&self) -> (Option<i64>, Option<String>) {
        let heard = self.heard.borrow();
        (heard.fetched, heard.stale.clone())
    }

    /// The number of requests that went out to the provider in this run.
    pub(crate) fn spent(&self) -> u64 {
        self.http.spent(self.provider.name)
    }

    fn needs_none(&self) -> bool {
        self.http.plays() || self.caller.world.offline
    }
}

impl Found {
    /// Adds a fact; what is empty is none.
    pub(crate) fn add(&mut self, name: &'static str, value: impl Into<Option<Value>>) {
        let value = value.into().unwrap_or_default();
        let is_empty = match &value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        };
        if !is_empty && !self.facts.iter().any(|(known, _)| *known == name) {
            self.facts.push((name, value));
        }
    }
}

/// A provider as it is listed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "Metadata provider")]
pub struct Listing {
    /// Its name in manifests and configuration.
    pub name: String,
    /// What it knows.
    pub about: String,
    /// `book`, `episode` or `movie`.
    pub media: Vec<Media>,
    /// Where it is asked.
    pub url: String,
    /// `no`, `optional` or `yes`.
    pub needs_key: NeedsKey,
    /// Whether the configuration has a key for it. Whether it is there and right, `providers test` says.
    pub has_key: bool,
    /// Whether it can be asked: it needs no key, or has one.
    pub usable: bool,
    /// What is wrong with its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// What came of testing a provider.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "Test of a metadata provider")]
pub struct Test {
    /// The provider.
    pub name: String,
    /// `found` when it answered as it should; otherwise what went wrong.
    pub state: State,
    /// In words, as what follows the provider's name.
    pub message: String,
}

/// Every provider, as the configuration has it.
#[must_use]
pub fn list(site: &Site) -> Vec<Listing> {
    let one = |provider: &&'static Provider| {
        let settings = Settings::of(site, provider.name);
        let fault = settings.as_ref().err().cloned();
        let settings = settings.unwrap_or_default();
        let has_key = settings.key.is_some();
        Listing {
            name: provider.name.to_owned(),
            about: provider.about.to_owned(),
            media: provider.media.to_vec(),
            url: settings.url.unwrap_or_else(|| provider.url.to_owned()),
            needs_key: provider.key,
            has_key,
            usable: fault.is_none() && (has_key || provider.key != NeedsKey::Yes),
            fault,
        }
    };
    PROVIDERS.iter().map(one).collect()
}

/// Asks a provider the smallest thing, to see whether it answers and takes the key; nothing where there is no such one.
#[must_use]
pub fn test(name: &str, world: &World, stop: &(dyn Fn() -> bool + Sync)) -> Option<Test> {
    let provider = find(name)?;
    let told = |state: State, message: String| Test { name: name.to_owned(), state, message };
    let asked = Settings::of(&world.site, name)
        .and_then(|settings| Ask::new(provider, settings, None, "default", Caller { world, stop }));
    Some(match asked {
        Err(why) => told(State::Unauthorised, why),
        Ok(ask) => match (provider.probe)(&ask) {
            Ok(()) => told(State::Found, "answers as it should".to_owned()),
            Err(trouble) => told(trouble.kind.into(), trouble.message),
        },
    })
}

/// The providers that know such things and can be asked, in their usual order.
#[must_use]
pub fn suited(known: &Facts, site: &Site) -> Vec<String> {
    let media = Query::of(known, None).media;
    let suited = list(site).into_iter().filter(|listing| listing.usable && listing.media.contains(&media));
    suited.map(|listing| listing.name).collect()
}
