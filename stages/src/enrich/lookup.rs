//! Asks every provider in turn and merges what they say. The order of the providers is that of the list, so that the
//! result is the same whichever answers faster.

use std::collections::BTreeMap;

use engine::value::rfc3339;
use engine::{Candidate, Fact, Facts};
use schemars::JsonSchema;
use serde::Serialize;

use super::matching::{self, Choice};
use super::outcome::{Outcome, State};
use super::provider::{Ask, Found, Provider, find};
use super::query::{Hit, Query, text_of};
use super::settings::Settings;
use super::{Enrich, FACTS, merge};
use crate::http::{Caller, Kind, Trouble};

/// Most candidates that are shown of a provider.
const SHOWN: usize = 10;
/// Who says what stands in the manifest.
const MANIFEST: &str = "manifest";

/// What all providers say of one thing.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "What providers say of a thing")]
pub struct Enrichment {
    /// What was sought, in a few words.
    pub sought: String,
    /// The providers in the order in which they were asked.
    pub providers: Vec<Outcome>,
    /// Every fact that a provider says something of, with all that is said.
    pub facts: BTreeMap<String, Told>,
    /// Whether the answers come from a recording.
    #[serde(skip)]
    plays: bool,
}

/// One fact and whether its sources agree.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Told {
    /// The fact as it was merged.
    #[serde(flatten)]
    pub fact: Fact,
    /// Whether sources contradict each other.
    pub conflict: bool,
}

impl Enrichment {
    /// The facts that the step gives: not those that the manifest settles.
    pub(super) fn given(&self) -> Facts {
        let given = self.facts.iter().filter(|(_, told)| told.fact.from != MANIFEST);
        given.map(|(name, told)| (name.clone(), told.fact.clone())).collect()
    }

    /// Why asking again another time may give more, in a few words.
    pub(super) fn unsettled(&self) -> Option<String> {
        if self.plays {
            return Some("the answers are from a recording".to_owned());
        }
        let open =
            self.providers.iter().find(|outcome| outcome.state.is_failure() || outcome.stale.is_some())?;
        Some(format!("{} {}", open.name, open.stale.as_ref().unwrap_or(&open.message)))
    }
}

/// Asks the providers. Where facts of others are pinned, only the one that is to be renewed is asked.
pub(super) fn look_up(
    options: &Enrich,
    known: &Facts,
    pinned: Option<&Facts>,
    caller: Caller<'_>,
) -> Enrichment {
    let mut query = Query::of(known, options.language.as_deref());
    let sought = query.shown();
    let mut said: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
    let mut providers = Vec::new();
    let renew = caller.world.outside.renew.as_deref().filter(|_| pinned.is_some());
    for name in options.providers.iter().filter(|name| renew.is_none_or(|only| only == name.as_str())) {
        let Some(provider) = find(name) else { continue };
        let (outcome, found) = one(options, provider, &query, caller);
        if let Some(found) = found {
            learn(&mut query, &found);
            for (fact, value) in found.facts {
                said.entry(fact.to_owned()).or_default().push(Candidate {
                    value,
                    from: name.clone(),
                    id: outcome.id.clone(),
                    at: found.at.clone(),
                    time: outcome.time.clone(),
                    score: outcome.score,
                });
            }
        }
        providers.push(outcome);
    }
    let facts = FACTS.iter().filter_map(|name| {
        let told = merged(options, name, said.remove(*name)?, known.get(name))?;
        Some(((*name).to_owned(), told))
    });
    let facts = facts.collect();
    Enrichment { sought, providers, facts, plays: caller.world.outside.replay.is_some() }
}

/// Asks one provider: by what it is pinned to, by identifiers, else by search.
fn one(
    options: &Enrich,
    provider: &'static Provider,
    query: &Query,
    caller: Caller<'_>,
) -> (Outcome, Option<Found>) {
    let name = provider.name;
    let pin = options.pinned_id(name);
    if !provider.media.contains(&query.media) {
        return (Outcome::new(name, State::NotAsked, "knows nothing of such things"), None);
    }
    if pin.is_none() && query.title.is_none() && query.isbn.is_none() && query.ids.is_empty() {
        return (
            Outcome::new(name, State::NotAsked, "was not asked: neither a title nor a number is known"),
            None,
        );
    }
    let ask = Settings::of(&caller.world.site, name)
        .and_then(|settings| Ask::new(provider, settings, options.language.clone(), &options.order, caller));
    let ask = match ask {
        Ok(ask) => ask,
        Err(why) => return (Outcome::new(name, State::Unauthorised, why), None),
    };
    let (mut outcome, found) = asked(options, &ask, query, pin).unwrap_or_else(|trouble| {
        if trouble.kind == Kind::Unauthorised {
            ask.shut(&trouble);
        }
        (Outcome::of(name, &trouble), None)
    });
    let (fetched, stale) = ask.heard();
    outcome.time = fetched.map(rfc3339);
    outcome.stale = stale;
    outcome.requests = ask.spent();
    (outcome, found)
}

fn asked(
    options: &Enrich,
    ask: &Ask<'_>,
    query: &Query,
    pin: Option<String>,
) -> Result<(Outcome, Option<Found>), Trouble> {
    let provider = ask.provider;
    let is_pinned = pin.is_some();
    let certain = match pin {
        Some(id) => Some(Hit { id, certain: true, ..Hit::default() }),
        None => (provider.by_id)(ask, query)?,
    };
    let mut hits = match certain {
        Some(hit) => vec![hit],
        None => (provider.search)(ask, query)?,
    };
    matching::rank(query, &mut hits);
    let offered = hits.len();
    let shown: Vec<Hit> = hits.iter().take(SHOWN).cloned().collect();
    let review = |message: String| {
        let outcome = Outcome::new(provider.name, State::NeedsReview, message);
        Ok((
            Outcome { candidates: shown.clone(), score: shown.first().map(|hit| hit.score), ..outcome },
            None,
        ))
    };
    match matching::choose(query, &hits, options.accept) {
        Choice::None if offered == 0 => {
            let message = format!("has nothing like {}", query.shown());
            Ok((Outcome::new(provider.name, State::NotFound, message), None))
        }
        Choice::None => {
            let message = format!("offers {offered}, none of them like {}", query.shown());
            Ok((Outcome { candidates: shown, ..Outcome::new(provider.name, State::NotFound, message) }, None))
        }
        Choice::Unsure => {
            let best = hits.first().map_or(0.0, |hit| hit.score);
            let close = hits.iter().filter(|hit| hit.score > best - 0.03).count();
            let why = if best >= options.accept {
                format!("{close} are equally like it")
            } else {
                format!("the nearest is like it by {best:.2}, and {:.2} is asked for", options.accept)
            };
            review(format!("offers {offered} for {}, and {why}", query.shown()))
        }
        Choice::Sure(at) => {
            let Some(hit) = hits.get(at) else { return review("offers nothing".into()) };
            let found = (provider.get)(ask, query, &hit.id)?;
            let by = match (is_pinned, hit.certain) {
                (true, _) => "as pinned",
                (_, true) => "by its number",
                _ => "by search",
            };
            if let (Some(lacks), false) = (&found.lacks, hit.certain) {
                return review(format!("has {} by that title, but {lacks}", hit.id));
            }
            let lacks = found.lacks.as_ref().map_or_else(String::new, |lacks| format!("; it {lacks}"));
            let message = format!("knows it as {}, found {by}, like by {:.2}{lacks}", hit.id, hit.score);
            let outcome = Outcome::new(provider.name, State::Found, message);
            let (id, at, score) = (Some(hit.id.clone()), Some(found.at.clone()), Some(round(hit.score)));
            Ok((Outcome { id, at, score, candidates: shown, ..outcome }, Some(found)))
        }
    }
}

/// Later providers look for what earlier ones call it.
fn learn(query: &mut Query, found: &Found) {
    let ids =
        found.facts.iter().find(|(name, _)| *name == "identifiers").and_then(|(_, ids)| ids.as_object());
    for (scheme, id) in ids.into_iter().flatten() {
        if let Some(id) = text_of(id) {
            query.ids.entry(scheme.clone()).or_insert(id);
        }
    }
}

/// One fact of all that is said of it.
fn merged(options: &Enrich, name: &str, mut said: Vec<Candidate>, known: Option<&Fact>) -> Option<Told> {
    let policy = options.policy(name);
    let own = known.map(|fact| Candidate {
        value: fact.value.clone(),
        from: fact.from.clone(),
        id: None,
        at: fact.at.clone(),
        time: None,
        score: fact.score,
    });
    said.extend(own);
    let conflict = match name {
        "identifiers" => ids_differ(&said),
        // Everybody has words and pictures of his own.
        "description" | "cover_url" | "poster_url" => false,
        _ => merge::conflict(&policy, &said),
    };
    let sources = options.order_of_sources();
    let fact = merge::merge(&policy, &said, &sources)?;
    // What the manifest says is not merged: it wins.
    let fact = match known.filter(|known| known.from == MANIFEST) {
        Some(known) => Fact { candidates: fact.candidates, ..known.clone() },
        None => fact,
    };
    Some(Told { fact, conflict })
}

/// Whether two sources call the thing differently in one scheme.
fn ids_differ(said: &[Candidate]) -> bool {
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    let pairs = said.iter().filter_map(|one| one.value.as_object()).flatten();
    let mut pairs = pairs.filter_map(|(scheme, id)| Some((scheme.as_str(), text_of(id)?)));
    // The number that a file gives itself is that of the file alone.
    pairs.any(|(scheme, id)| {
        !matches!(scheme, "uuid" | "id" | "uri")
            && seen.insert(scheme, id.clone()).is_some_and(|before| before != id)
    })
}

fn round(score: f64) -> f64 {
    (score * 1000.0).round() / 1000.0
}
