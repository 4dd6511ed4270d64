//! A release while it is being made: the states of its steps, and the one function that changes them.

mod changes;
mod judge;
mod keeping;
mod naming;
mod past;
mod sources;
mod view;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::Selection;
use super::assemble::Over;
use crate::digest::Digest;
use crate::event::Failure;
use crate::job::Stop;
use crate::state::record::{ReleaseRecord, StepRecord};
use crate::{Artifact, Facts, Phase, Plan, StageError, StepIndex, Why};

pub(super) use self::judge::{Reused, Verdict};
pub(super) use self::past::{Past, Standing, find_in};
pub(super) use self::sources::{Found, Look, changed};

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

/// What a step gave.
#[derive(Default)]
pub(super) struct Given {
    pub(super) artifacts: Vec<Artifact>,
    /// What stands for the bytes of each artifact, where the release is remembered.
    pub(super) ids: Vec<Digest>,
    pub(super) facts: Arc<Facts>,
}

/// A release while it is being made.
pub(super) struct Open<'p> {
    pub(super) plan: &'p Plan,
    pub(super) sources: Vec<Artifact>,
    /// What the sources looked like.
    pub(super) found: Vec<Found>,
    pub(super) time: i64,
    pub(super) name: Option<Arc<str>>,
    /// Where it is made; nothing until there is something to make.
    pub(super) folder: Option<PathBuf>,
    /// Where the finished release lies.
    pub(super) target: Option<PathBuf>,
    pub(super) assembled: bool,
    /// A worker is looking at the sources, or putting the release together.
    pub(super) busy: bool,
    /// What is known of it from earlier runs.
    pub(super) past: Past,
    /// Why steps run whatever is known of them, by number.
    pub(super) must: Vec<Option<Why>>,
    /// Nothing of it has to be done, as far as anybody knows before it is done.
    pub(super) idle: bool,
    /// What happens to what lies where it belongs.
    pub(super) over: Over,
    /// What is remembered of each step of this run, by number.
    pub(super) made: Vec<Option<StepRecord>>,
    /// Steps that ran, and did not merely stand.
    pub(super) ran: usize,
    /// What was remembered when the release appeared.
    pub(super) record: Option<Box<ReleaseRecord>>,
    pub(super) failure: Option<Failure>,
    /// Stops what runs of it.
    pub(super) stops: Vec<Arc<Stop>>,
    pub(super) attempts: Vec<u32>,
    pub(super) given: Vec<Given>,
    states: Vec<State>,
    unmet: Vec<usize>,
    /// Some step is lost.
    lost: bool,
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
    pub(super) fn new(plan: &'p Plan, selection: &Selection) -> Result<Self, StageError> {
        let shape = &plan.shape;
        let selected: Option<BTreeSet<StepIndex>> = match selection {
            Selection::All | Selection::Deliver => None,
            Selection::Make => {
                let making = shape.steps().filter(|(_, step)| step.stage.phase() < Phase::Deliver);
                Some(making.map(|(index, _)| index).collect())
            }
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
        let (sources, found) = sources::at_first_sight(plan)?;
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
        Ok(Self {
            plan,
            time: sources::time(plan, &found),
            sources,
            found,
            name: None,
            folder: None,
            target: None,
            assembled: false,
            busy: false,
            past: Past::default(),
            must: vec![None; count],
            idle: false,
            over: Over::Refuse,
            made: vec![None; count],
            ran: 0,
            record: None,
            failure: None,
            stops: vec![Arc::default(); count],
            attempts: vec![0; count],
            given: (0..count).map(|_| Given::default()).collect(),
            states,
            unmet,
            lost: false,
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
            self.lost = true;
            self.left[self.plan.shape.step(index).stage.phase() as usize] -= 1;
        }
        open
    }

    pub(super) fn is_over(&self) -> bool {
        self.left == [0; 3]
    }

    pub(super) fn is_lost(&self) -> bool {
        self.failure.is_some() || self.lost
    }

    fn end(&mut self, step: StepIndex, end: State, because: &str, then: &mut Consequence) {
        self.states[step.index()] = end;
        self.lost |= end == State::Lost;
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
}
