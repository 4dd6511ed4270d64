//! What came of asking one provider: a state of its own, whatever the others said.

use engine::StageError;
use schemars::JsonSchema;
use serde::Serialize;

use super::query::Hit;
use crate::http::{Kind, Trouble};

/// How asking a provider ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It knows the thing, and said what it knows.
    Found,
    /// It has nothing that is like it.
    NotFound,
    /// It offers what may be it, and a person has to say which, or that none is.
    NeedsReview,
    /// It refuses the key, or there is none.
    Unauthorised,
    /// It wants to be asked less often, or the budget of the run is spent.
    Throttled,
    /// It could not be reached, or breaks down.
    Unreachable,
    /// It answers something else than what is known of it.
    ChangedShape,
    /// Nobody may be asked, and nothing that it said before is kept.
    Offline,
    /// It was not asked, since it knows nothing of such things or there is nothing to ask with.
    NotAsked,
}

/// What came of asking one provider.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Outcome {
    /// The provider.
    pub name: String,
    /// How it ended.
    pub state: State,
    /// What there is to say of it, as what follows the provider's name.
    pub message: String,
    /// What the provider calls the thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where its answer came from, without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// When it said so, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// How like what it knows is to what is sought, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Why this is an old answer, if it could not be asked anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<String>,
    /// What it offered, best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Hit>,
    /// How many requests went out to it in this run.
    pub requests: u64,
}

impl State {
    /// Whether it could not say, which is something else than that it knows nothing.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(
            self,
            Self::Unauthorised | Self::Throttled | Self::Unreachable | Self::ChangedShape | Self::Offline
        )
    }

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NotFound => "not_found",
            Self::NeedsReview => "needs_review",
            Self::Unauthorised => "unauthorised",
            Self::Throttled => "throttled",
            Self::Unreachable => "unreachable",
            Self::ChangedShape => "changed_shape",
            Self::Offline => "offline",
            Self::NotAsked => "not_asked",
        }
    }

    /// The code of a step that fails because of it.
    const fn code(self) -> &'static str {
        match self {
            Self::Found | Self::NotFound | Self::NotAsked => "enrich/not-found",
            Self::NeedsReview => "enrich/needs-review",
            Self::Unauthorised => "remote/refused",
            Self::Throttled => "remote/rate-limited",
            Self::Unreachable => "remote/unreachable",
            Self::ChangedShape => "remote/changed",
            Self::Offline => "remote/offline",
        }
    }
}

impl From<Kind> for State {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Throttled => Self::Throttled,
            Kind::Unauthorised => Self::Unauthorised,
            Kind::NotFound => Self::NotFound,
            Kind::Unreachable | Kind::Stopped => Self::Unreachable,
            Kind::Changed => Self::ChangedShape,
            Kind::Offline => Self::Offline,
        }
    }
}

impl Outcome {
    pub(super) fn new(name: &str, state: State, message: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            state,
            message: message.into(),
            id: None,
            at: None,
            time: None,
            score: None,
            stale: None,
            candidates: Vec::new(),
            requests: 0,
        }
    }

    pub(super) fn of(name: &str, trouble: &Trouble) -> Self {
        Self::new(name, trouble.kind.into(), trouble.message.clone())
    }

    /// It as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let stale = self.stale.as_ref().map_or_else(String::new, |why| {
            format!(", as it said on {}; now it {why}", self.time.as_deref().unwrap_or("an earlier day"))
        });
        format!("{}: {} ({}){stale}", self.name, self.message, self.state.word())
    }

    /// Fails unless it found the thing.
    pub(super) fn required(&self) -> Result<(), StageError> {
        if self.state == State::Found {
            return Ok(());
        }
        let error = StageError::new(self.state.code(), format!("`{}` {}", self.name, self.message));
        let name = &self.name;
        let error = match self.state {
            State::NeedsReview => {
                let first = self.candidates.first().map_or("…", |hit| hit.id.as_str());
                error.hint(format!(
                    "see the candidates with `bindery enrich`, then write `pin: {{ {name}: {first} }}` under the step's `with`"
                ))
            }
            State::Unauthorised => error.hint(format!("see `bindery providers test {name}`")),
            State::Throttled | State::Unreachable => {
                error.hint("run it again later: what was answered is kept").retriable()
            }
            State::Offline => error.hint("run it once without `--offline`"),
            State::ChangedShape => {
                error.hint("if this stays, the service has changed: leave it out of `providers`")
            }
            _ => error.hint(format!(
                "write `pin: {{ {name}: … }}` under the step's `with`, or leave it out of `require`"
            )),
        };
        Err(error)
    }
}
