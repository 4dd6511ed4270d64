//! A release while it is being made: the states of its steps, and the one function that changes them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::Selection;
use crate::event::Failure;
use crate::job::Stop;
use crate::plan::From;
use crate::template::Scope;
use crate::{Artifact, Digests, Facts, Input, Phase, Plan, StageError, StepIndex, TimeRule};

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Not selected: as if it were not there.
    Left,
    /// Some step it takes from is unfinished, or its phase has not begun.
    Waiting,
    /// Ready, handed to a pool, or waiting to be tried again.
    Queued,
    /// It gave its output.
    Done,
    /// It gives nothing, and those that take from it go on without.
    Skipped,
    /// Failed, or needs a step that did.
    Lost,
}

impl State {
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Left | Self::Done | Self::Skipped | Self::Lost)
    }
}

/// What a step gave.
#[derive(Default)]
pub(super) struct Given {
    pub(super) artifacts: Vec<Artifact>,
    pub(super) facts: Arc<Facts>,
}

/// A release while it is being made.
pub(super) struct Open<'p> {
    pub(super) plan: &'p Plan,
    pub(super) sources: Vec<Artifact>,
    pub(super) time: i64,
    pub(super) name: Option<Arc<str>>,
    pub(super) folder: PathBuf,
    /// Where the finished release lies.
    pub(super) target: Option<PathBuf>,
    pub(super) assembled: bool,
    /// A worker is putting the release together.
    pub(super) assembling: bool,
    pub(super) failure: Option<Failure>,
    /// Stops what runs of it.
    pub(super) stops: Vec<Arc<Stop>>,
    pub(super) attempts: Vec<u32>,
    pub(super) given: Vec<Given>,
    states: Vec<State>,
    unmet: Vec<usize>,
    /// Unfinished steps by phase.
    left: [usize; 3],
    phase: Phase,
}

/// What follows from a step being over.
#[derive(Default)]
pub(super) struct Consequence {
    /// Steps that can run now.
    pub(super) ready: Vec<StepIndex>,
    /// Steps that can never run, and the step whose loss is the reason.
    pub(super) lost: Vec<(StepIndex, String)>,
    /// The phase that ended.
    pub(super) ended: Option<Phase>,
}

impl<'p> Open<'p> {
    pub(super) fn new(plan: &'p Plan, folder: PathBuf, selection: &Selection) -> Result<Self, StageError> {
        let shape = &plan.shape;
        let selected: Option<BTreeSet<StepIndex>> = match selection {
            Selection::All => None,
            Selection::Only(id) | Selection::Until(id) => {
                let step = shape.find(id).ok_or_else(|| {
                    let known: Vec<&str> = shape.steps().map(|(_, step)| step.id.as_str()).collect();
                    StageError::new("step/unknown", format!("there is no step `{id}`"))
                        .hint(format!("the steps are {}", known.join(", ")))
                })?;
                // The name of the release comes from all facts, so whatever gathers is needed as well.
                let gathering =
                    shape.steps().filter(|(_, s)| s.stage.phase() == Phase::Gather).map(|(i, _)| i);
                let mut needed = shape.needs(step);
                needed.extend(gathering.filter(|_| shape.step(step).stage.phase() > Phase::Gather));
                Some(needed)
            }
        };
        let (sources, newest) = look_at_sources(plan)?;
        let count = shape.len();
        let mut states = vec![State::Waiting; count];
        let mut left = [0; 3];
        let mut unmet = vec![0; count];
        for (index, step) in shape.steps() {
            if selected.as_ref().is_some_and(|selected| !selected.contains(&index)) {
                states[index.index()] = State::Left;
            } else {
                left[step.stage.phase() as usize] += 1;
                let is_left =
                    |giver: &StepIndex| selected.as_ref().is_some_and(|selected| !selected.contains(giver));
                unmet[index.index()] = shape.awaited(index).filter(|giver| !is_left(giver)).count();
            }
        }
        let time = match plan.time {
            TimeRule::At(time) => time,
            TimeRule::NewestSource => newest,
        };
        Ok(Self {
            plan,
            sources,
            time,
            name: None,
            folder,
            target: None,
            assembled: false,
            assembling: false,
            failure: None,
            stops: vec![Arc::default(); count],
            attempts: vec![0; count],
            given: (0..count).map(|_| Given::default()).collect(),
            states,
            unmet,
            left,
            phase: Phase::Gather,
        })
    }

    pub(super) fn state(&self, step: StepIndex) -> State {
        self.states[step.index()]
    }

    /// What can run at the very beginning.
    pub(super) fn begin(&mut self) -> Consequence {
        self.open_phase(Phase::Gather)
    }

    /// The one place where a step's state changes to an end.
    pub(super) fn settle(&mut self, step: StepIndex, end: State) -> Consequence {
        let mut then = Consequence::default();
        let id = self.plan.shape.step(step).id.clone();
        self.end(step, end, &id, &mut then);
        self.advance(&mut then);
        then
    }

    /// Ends every step that has not begun, because the release or the run is over.
    pub(super) fn abandon(&mut self) -> Vec<StepIndex> {
        let open: Vec<StepIndex> =
            self.plan.shape.steps().map(|(i, _)| i).filter(|&i| self.state(i) == State::Waiting).collect();
        for &index in &open {
            self.states[index.index()] = State::Lost;
            self.left[self.plan.shape.step(index).stage.phase() as usize] -= 1;
        }
        open
    }

    pub(super) fn is_over(&self) -> bool {
        self.states.iter().all(|state| state.is_over())
    }

    pub(super) fn is_lost(&self) -> bool {
        self.failure.is_some() || self.states.contains(&State::Lost)
    }

    fn end(&mut self, step: StepIndex, end: State, because: &str, then: &mut Consequence) {
        self.states[step.index()] = end;
        self.left[self.plan.shape.step(step).stage.phase() as usize] -= 1;
        let takers: Vec<StepIndex> = self.plan.shape.takers(step).collect();
        for taker in takers {
            if self.state(taker) != State::Waiting {
                continue;
            }
            if end == State::Lost {
                then.lost.push((taker, because.to_owned()));
                self.end(taker, State::Lost, because, then);
                continue;
            }
            self.unmet[taker.index()] -= 1;
            if self.unmet[taker.index()] == 0 && self.plan.shape.step(taker).stage.phase() <= self.phase {
                self.states[taker.index()] = State::Queued;
                then.ready.push(taker);
            }
        }
    }

    /// Says so when the phase is over. The coordinator names the release after gathering and assembles it after
    /// making, and then opens the next phase itself.
    fn advance(&self, then: &mut Consequence) {
        if self.left[self.phase as usize] == 0 {
            then.ended = Some(self.phase);
        }
    }

    /// Begins a phase and gives what can run in it.
    pub(super) fn open_phase(&mut self, phase: Phase) -> Consequence {
        self.phase = phase;
        let mut then = Consequence { ready: self.take_ready(), ..Consequence::default() };
        self.advance(&mut then);
        then
    }

    fn take_ready(&mut self) -> Vec<StepIndex> {
        let (states, unmet, phase) = (&self.states, &self.unmet, self.phase);
        let ready: Vec<StepIndex> = self
            .plan
            .shape
            .steps()
            .filter(|(index, step)| {
                states[index.index()] == State::Waiting
                    && unmet[index.index()] == 0
                    && step.stage.phase() <= phase
            })
            .map(|(index, _)| index)
            .collect();
        for index in &ready {
            self.states[index.index()] = State::Queued;
        }
        ready
    }

    /// The facts that reach a step: what its givers know, the later step in the plan winning, and `metadata` over all.
    pub(super) fn facts_for(&self, step: StepIndex) -> Facts {
        let mut givers: Vec<StepIndex> = self.plan.shape.givers(step).collect();
        givers.sort_by_key(|&giver| self.plan.shape.position(giver));
        self.merged(givers)
    }

    /// Everything that was gathered.
    pub(super) fn facts_gathered(&self) -> Facts {
        let gathering = self.plan.shape.steps().filter(|(_, step)| step.stage.phase() == Phase::Gather);
        self.merged(gathering.map(|(index, _)| index))
    }

    fn merged(&self, givers: impl IntoIterator<Item = StepIndex>) -> Facts {
        let mut facts = Facts::new();
        for index in givers {
            facts.overlay(&self.given[index.index()].facts);
        }
        facts.overlay(&self.plan.metadata);
        facts
    }

    pub(super) fn inputs_for(&self, step: StepIndex) -> Vec<Input> {
        let step = self.plan.shape.step(step);
        let delivers = step.stage.phase() == Phase::Deliver;
        let mut inputs = Vec::new();
        for from in &step.from {
            let (id, artifacts) = match from {
                From::Source => ("source", self.sources.as_slice()),
                From::Step(id) => {
                    // What is delivered is the release: files made for other steps alone are not in it.
                    let takes = |index: &StepIndex| !delivers || self.plan.shape.step(*index).ship;
                    let giver = self.plan.shape.find(id).filter(takes);
                    let given = giver.map(|index| self.given[index.index()].artifacts.as_slice());
                    (id.as_str(), given.unwrap_or_default())
                }
            };
            let picked = artifacts
                .iter()
                .filter(|artifact| step.pick.as_ref().is_none_or(|pick| pick.takes(&artifact.name)));
            inputs.extend(picked.map(|artifact| Input { artifact: artifact.clone(), from: id.to_owned() }));
        }
        inputs
    }

    /// Keeps what a step learned of the sources while it read them.
    pub(super) fn learn(&mut self, step: StepIndex, digests: Vec<Digests>) {
        if digests.is_empty() {
            return;
        }
        let inputs = self.inputs_for(step);
        for (input, digests) in inputs.iter().zip(digests).filter(|(input, _)| input.from == "source") {
            if let Some(source) = self.sources.iter_mut().find(|source| source.path == input.artifact.path) {
                source
                    .digests
                    .extend(digests.iter().map(|(name, digest)| (name.to_owned(), digest.to_owned())));
            }
        }
    }

    /// What templates see.
    pub(super) fn scope(&self, facts: &Facts) -> Scope {
        let mut scope = Scope::new();
        for (name, fact) in facts.iter() {
            scope.set(name, fact.value.clone());
        }
        let vars = self.plan.names.get("vars").and_then(serde_json::Value::as_object);
        for (name, value) in vars.into_iter().flatten() {
            scope.set_default(name, value.clone());
        }
        for (name, value) in self.plan.names.iter() {
            scope.set(name, value.clone());
        }
        if let Some(item) = &self.plan.item {
            scope.set("item", item.clone());
        }
        if let Some(first) = self.plan.sources.first() {
            let last = first.name.rsplit('/').next().unwrap_or_default();
            let (stem, extension) =
                last.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((last, ""));
            let count = self.plan.sources.len();
            scope.set(
                "source",
                json!({ "name": first.name, "stem": stem, "extension": extension, "count": count }),
            );
        }
        if let Some(name) = &self.name {
            scope.set("release", name.as_ref());
        }
        scope.set(
            "now",
            Timestamp::from_second(self.time).unwrap_or_default().strftime("%F %T +0000").to_string(),
        );
        scope
    }
}

impl crate::Pick {
    /// Whether it takes a file of this name: the glob is held against the whole name and against its last part.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        self.0.is_match(name) || name.rsplit('/').next().is_some_and(|last| self.0.is_match(last))
    }
}

/// The source files as they are now, and the newest modification time among them.
fn look_at_sources(plan: &Plan) -> Result<(Vec<Artifact>, i64), StageError> {
    let mut newest = 0;
    let mut artifacts = Vec::with_capacity(plan.sources.len());
    for source in &plan.sources {
        let found =
            std::fs::metadata(&source.path).map_err(|error| StageError::reading(&source.path, &error))?;
        if !found.is_file() {
            return Err(StageError::new(
                "input/unreadable",
                format!("`{}` is not a file", source.path.display()),
            ));
        }
        let modified = found.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
        newest = newest.max(modified.map_or(0, Timestamp::as_second));
        artifacts.push(Artifact::new(&source.name, &source.path, found.len()));
    }
    Ok((artifacts, newest))
}
