//! Asks providers for facts, keeps what each of them said, and never guesses.
//!
//! What a provider is lies in `enrich/provider.rs`, one file and one row each. Matching and merging know no provider
//! by name, and no state of a provider is ever taken for its having no facts.

mod googlebooks;
mod lookup;
mod matching;
mod merge;
mod omdb;
mod openlibrary;
mod outcome;
mod pictures;
mod provider;
mod query;
mod settings;
mod shape;
#[cfg(test)]
mod tests;
mod tmdb;
mod tvdb;

use std::collections::BTreeMap;

use engine::{Asset, Facts, Job, Lane, OptionFault, Output, Phase, Site, Stage, StageError, World};
use schemars::JsonSchema;
use serde::Deserialize;

use self::merge::Policy;
use self::provider::{PROVIDERS, find};
use self::settings::Settings;
use crate::http::Caller;

pub use self::lookup::{Enrichment, Told};
pub use self::outcome::{Outcome, State};
pub use self::provider::{Listing, NeedsKey, Test, list, suited, test};
pub use self::query::{Hit, Media};

/// The sources of facts beside providers: what files say of themselves, and what their names say.
const OWN: [&str; 2] = ["extract", "name"];

/// The facts that providers give.
const FACTS: &[&str] = &[
    "title",
    "subtitle",
    "authors",
    "publisher",
    "year",
    "date",
    "language",
    "description",
    "subjects",
    "pages",
    "isbn",
    "identifiers",
    "episode_title",
    "network",
    "directors",
    "cast",
    "cover_url",
    "poster_url",
];

/// Completes facts from metadata providers. What `metadata` of the manifest says wins over all of them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Enrich {
    /// Which providers to ask, in this order: `openlibrary`, `googlebooks`, `tvdb`, `tmdb`, `omdb`. Nobody is asked when
    /// the list is empty.
    providers: Vec<String>,
    /// How like a candidate has to be to be taken, from 0 to 1. Below it nothing is taken, and a person is asked to look.
    #[schemars(range(min = 0.5, max = 1.0))]
    accept: f64,
    /// What providers call the thing, such as `{ tmdb: 1399 }`. Nothing is searched then.
    pin: BTreeMap<String, Id>,
    /// How each fact is made of what several sources say: `prefer(tvdb, tmdb)`, `longest`, `shortest`, `union`,
    /// `earliest` or `majority`. Sources are the providers, `extract` and `name`. By default what files say of
    /// themselves wins, then the providers in their order, then names of files; identifiers are joined.
    merge: BTreeMap<String, Policy>,
    /// Providers that have to find it, and facts that have to be known in the end; the step fails otherwise.
    require: Vec<String>,
    /// The language that titles and texts are asked for in, such as `en` or `de-DE`.
    language: Option<String>,
    /// In which order TheTVDB counts episodes: `default`, `official`, `dvd`, `absolute`, `alternate` or `regional`.
    order: String,
    /// Saves the cover of a book that a provider shows as a file for other steps.
    cover: bool,
    /// Saves the poster of a film or show that a provider shows as a file for other steps.
    poster: bool,
}

/// What a provider calls a thing: a number or a text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Id {
    Number(u64),
    Text(String),
}

impl Default for Enrich {
    fn default() -> Self {
        Self {
            providers: Vec::new(),
            accept: 0.9,
            pin: BTreeMap::new(),
            merge: BTreeMap::new(),
            require: Vec::new(),
            language: None,
            order: "default".to_owned(),
            cover: false,
            poster: false,
        }
    }
}

impl Enrich {
    /// The same with other providers, where there are any.
    #[must_use]
    pub fn with_providers(mut self, names: &[String]) -> Self {
        if !names.is_empty() {
            self.providers = names.to_vec();
        }
        self
    }

    /// The same, with what a provider calls the thing.
    #[must_use]
    pub fn with_pin(mut self, provider: &str, id: &str) -> Self {
        self.pin.insert(provider.to_owned(), Id::Text(id.to_owned()));
        self
    }

    /// The providers that are asked.
    #[must_use]
    pub fn providers(&self) -> &[String] {
        &self.providers
    }

    /// What providers call the thing, as the options say.
    pub fn pins(&self) -> impl Iterator<Item = (&str, String)> {
        self.pin.keys().filter_map(|name| Some((name.as_str(), self.pinned_id(name)?)))
    }

    /// Asks the providers what they know of a thing that these facts are known of.
    pub fn look_up(&self, known: &Facts, world: &World, stop: &(dyn Fn() -> bool + Sync)) -> Enrichment {
        lookup::look_up(self, known, None, Caller { world, stop })
    }

    fn pinned_id(&self, provider: &str) -> Option<String> {
        self.pin.get(provider).map(|id| match id {
            Id::Number(number) => number.to_string(),
            Id::Text(text) => text.trim().to_owned(),
        })
    }

    fn policy(&self, fact: &str) -> Policy {
        let own = || Policy::Prefer(vec!["extract".to_owned()]);
        let usual = || if fact == "identifiers" { Policy::Union } else { own() };
        self.merge.get(fact).cloned().unwrap_or_else(usual)
    }

    /// All sources, those first that are believed first where no policy says otherwise.
    fn order_of_sources(&self) -> Vec<&str> {
        let [files, names] = OWN;
        std::iter::once(files).chain(self.providers.iter().map(String::as_str)).chain([names]).collect()
    }

    /// Fails unless everything that `require` names is there.
    pub fn satisfied(&self, enrichment: &Enrichment, known: &Facts) -> Result<(), StageError> {
        for name in &self.require {
            if let Some(outcome) = enrichment.providers.iter().find(|outcome| outcome.name == *name) {
                outcome.required()?;
            } else if known.value(name).is_none() && !enrichment.facts.contains_key(name) {
                // A provider that could not say is no provider that knows nothing.
                enrichment
                    .providers
                    .iter()
                    .filter(|outcome| outcome.state.is_failure())
                    .try_for_each(Outcome::required)?;
                return Err(StageError::new(
                    "fact/missing",
                    format!("no provider knows `{name}`, which `require` names"),
                )
                .hint(format!("set it under `metadata:` (`{name}: …`), or leave it out of `require`")));
            }
        }
        Ok(())
    }

    fn tell(&self, job: &Job<'_>, enrichment: &Enrichment) {
        for outcome in &enrichment.providers {
            job.note(outcome.sentence());
        }
        for (name, told) in enrichment.facts.iter().filter(|(_, told)| told.conflict) {
            let said: Vec<String> = told
                .fact
                .candidates
                .iter()
                .map(|one| format!("{} {}", one.from, short(&one.value)))
                .collect();
            job.note(format!("sources differ on {name}: {}; taken from {}", said.join(", "), told.fact.from));
        }
    }
}

/// The beginning of a value.
fn short(value: &serde_json::Value) -> String {
    const LONGEST: usize = 80;
    let text = value.to_string();
    let cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() { cut + "…" } else { cut }
}

impl Stage for Enrich {
    const NAME: &'static str = "enrich";
    const ABOUT: &'static str = "completes facts from metadata providers";
    const PHASE: Phase = Phase::Gather;
    const LANE: Lane = Lane::Net;

    fn check(&self, site: &Site) -> Vec<OptionFault> {
        let known: Vec<&str> = PROVIDERS.iter().map(|provider| provider.name).collect();
        let mut faults = Vec::new();
        for (at, name) in self.providers.iter().enumerate() {
            if find(name).is_none() {
                faults.push(
                    OptionFault::new("providers", format!("there is no provider `{name}`"))
                        .hint(format!("there are {}", known.join(", "))),
                );
            } else if self.providers.iter().take(at).any(|before| before == name) {
                faults.push(OptionFault::new("providers", format!("`{name}` is named twice")));
            } else if let Err(why) = Settings::of(site, name) {
                faults.push(
                    OptionFault::new("providers", format!("the provider `{name}` {why}"))
                        .hint(format!("see [providers.{name}] in `bindery.toml`")),
                );
            }
        }
        if !(0.5..=1.0).contains(&self.accept) {
            faults.push(OptionFault::new("accept", "lies between 0.5 and 1"));
        }
        let sources = || known.iter().chain(&OWN).copied().collect::<Vec<_>>();
        for name in self.pin.keys().filter(|name| !known.contains(&name.as_str())) {
            faults.push(
                OptionFault::new("pin", format!("there is no provider `{name}`"))
                    .hint(format!("there are {}", known.join(", "))),
            );
        }
        for (fact, policy) in &self.merge {
            if !FACTS.contains(&fact.as_str()) {
                faults.push(
                    OptionFault::new("merge", format!("no provider gives a fact `{fact}`"))
                        .hint(format!("they give {}", FACTS.join(", "))),
                );
            }
            for name in policy.names().iter().filter(|name| !sources().contains(&name.as_str())) {
                faults.push(
                    OptionFault::new("merge", format!("there is no source `{name}` of facts"))
                        .hint(format!("there are {}", sources().join(", "))),
                );
            }
        }
        for name in &self.require {
            if known.contains(&name.as_str()) && !self.providers.contains(name) {
                faults.push(
                    OptionFault::new("require", format!("the provider `{name}` is not asked"))
                        .hint("add it to `providers`"),
                );
            } else if !known.contains(&name.as_str()) && !FACTS.contains(&name.as_str()) {
                faults.push(
                    OptionFault::new(
                        "require",
                        format!("`{name}` is neither a provider nor a fact that one gives"),
                    )
                    .hint(format!(
                        "providers are {}; facts are {}",
                        known.join(", "),
                        FACTS.join(", ")
                    )),
                );
            }
        }
        let orders = ["default", "official", "dvd", "absolute", "alternate", "regional"];
        if !orders.contains(&self.order.as_str()) {
            faults.push(
                OptionFault::new("order", format!("there is no order `{}`", self.order))
                    .hint(format!("there are {}", orders.join(", "))),
            );
        }
        faults
    }

    fn asks(&self) -> bool {
        !self.providers.is_empty()
    }

    fn pools(&self) -> Vec<String> {
        self.providers.iter().map(|name| format!("provider:{name}")).collect()
    }

    fn assets(&self, site: &Site) -> Vec<Asset> {
        let one = |name: &String| {
            let settings = Settings::of(site, name).ok()?;
            // What only says how often or with which key one asks changes no fact.
            let matters = [settings.url, settings.language];
            matters
                .iter()
                .any(Option::is_some)
                .then(|| Asset::new(format!("provider `{name}`"), format!("{matters:?}")))
        };
        self.providers.iter().filter_map(one).collect()
    }

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        let world = job.world();
        let stop = || job.check().is_err();
        let caller = Caller { world, stop: &stop };
        let pinned = job.pinned();
        if let Some(pinned) = pinned.filter(|_| world.outside.renew.is_none()) {
            job.note("the facts are those of the lock, and no provider was asked");
            let (artifacts, _) = pictures::save(self, job, pinned, caller)?;
            return Ok(Output { facts: pinned.clone(), artifacts, ..Output::default() });
        }
        if self.providers.is_empty() {
            job.note("no provider was asked: the facts stay as they were extracted");
            return Ok(Output::default());
        }
        let names: Vec<&str> = query::ASKED.iter().chain(FACTS).copied().collect();
        let known = query::only(&names, |name| job.known(name).cloned());
        let enrichment = lookup::look_up(self, &known, pinned, caller);
        job.check()?;
        self.tell(job, &enrichment);
        self.satisfied(&enrichment, &known)?;
        let mut facts = enrichment.given();
        pinned.into_iter().for_each(|pinned| facts.overlay(pinned));
        let (artifacts, lost) = pictures::save(self, job, &facts, caller)?;
        let unsettled = enrichment.unsettled().or(lost);
        Ok(Output { facts, artifacts, unsettled, ..Output::default() })
    }
}
