//! The coordinator: the one thread that decides what runs, changes state and tells what happened.

mod dispatch;
mod hearing;
mod ready;
mod release;
mod standing;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rayon::ScopeFifo;

use self::ready::Ready;
use super::open::Open;
use super::scratch::Scratch;
use super::work::Message;
use super::{Cancel, Runner};
use crate::job::Stop;
use crate::{Event, Happening, Plan, ReleaseKey, Report, Status, StepIndex};

/// How often the coordinator looks at the clock and at the cancel flag while it hears nothing.
const TICK: Duration = Duration::from_millis(50);
/// How often it gives its core away before it sleeps, if it has just heard something: some tens of microseconds where
/// nobody wants the core.
const PATIENCE: usize = 100;

pub(super) struct Coordinator<'r, 's, 'scope> {
    runner: &'scope Runner<'scope>,
    plans: &'scope [Plan],
    cancel: &'r Cancel,
    sink: &'r mut dyn FnMut(&Event),
    cpu: &'s ScopeFifo<'scope>,
    net: &'s ScopeFifo<'scope>,
    tell: Sender<Message<'scope>>,
    hear: Receiver<Message<'scope>>,
    seq: u64,
    report: Report,
    /// Working folders by output folder.
    scratch: BTreeMap<PathBuf, Scratch>,
    open: BTreeMap<usize, Open<'scope>>,
    next: usize,
    /// Steps that can run, older releases first.
    ready: Ready,
    paused: Vec<(Instant, usize, StepIndex)>,
    deadlines: Vec<(Instant, usize, StepIndex)>,
    /// Releases that workers are recalling.
    recalling: usize,
    running_cpu: usize,
    running_net: usize,
    pools: BTreeMap<String, usize>,
    targets: BTreeSet<PathBuf>,
    keys: BTreeSet<ReleaseKey>,
    /// No step begins any more.
    stopping: bool,
}

impl<'r, 's, 'scope> Coordinator<'r, 's, 'scope> {
    pub(super) fn new(
        runner: &'scope Runner<'scope>,
        plans: &'scope [Plan],
        cancel: &'r Cancel,
        sink: &'r mut dyn FnMut(&Event),
        cpu: &'s ScopeFifo<'scope>,
        net: &'s ScopeFifo<'scope>,
    ) -> Self {
        let (tell, hear) = channel();
        Self {
            runner,
            plans,
            cancel,
            sink,
            cpu,
            net,
            tell,
            hear,
            seq: 0,
            report: Report::default(),
            scratch: BTreeMap::new(),
            open: BTreeMap::new(),
            next: 0,
            ready: Ready::default(),
            paused: Vec::new(),
            deadlines: Vec::new(),
            recalling: 0,
            running_cpu: 0,
            running_net: 0,
            pools: BTreeMap::new(),
            targets: BTreeSet::new(),
            keys: BTreeSet::new(),
            stopping: false,
        }
    }

    pub(super) fn run(mut self) -> Report {
        self.emit(Happening::RunStarted { releases: self.plans.len() });
        let mut patience = PATIENCE;
        loop {
            self.watch_clock();
            self.begin_releases();
            self.dispatch();
            if self.open.is_empty() && self.recalling == 0 && (self.stopping || self.next == self.plans.len())
            {
                break;
            }
            let message = self.next_message(patience);
            patience = if message.is_some() { PATIENCE } else { 0 };
            if let Some(message) = message {
                self.hear(message);
                while let Ok(message) = self.hear.try_recv() {
                    self.hear(message);
                }
            }
        }
        self.finish()
    }

    /// What a worker says next. Steps that do little follow each other faster than a thread falls asleep and wakes up,
    /// so that is put off a little; whoever else wants the core has it meanwhile.
    fn next_message(&self, patience: usize) -> Option<Message<'scope>> {
        for _ in 0..patience {
            if let Ok(message) = self.hear.try_recv() {
                return Some(message);
            }
            std::thread::yield_now();
        }
        self.hear.recv_timeout(TICK).ok()
    }

    fn finish(mut self) -> Report {
        let status = if self.cancel.is_cancelled() {
            Status::Cancelled
        } else if self
            .report
            .releases
            .iter()
            .any(|release| matches!(release.status, Status::Failed | Status::Unfinished))
        {
            Status::Failed
        } else {
            Status::Done
        };
        // The report may be large: the event holds it while it is told, and then it is given back.
        self.report.status = status;
        let report = Box::new(std::mem::take(&mut self.report));
        match self.tell_all(Happening::RunFinished { status, report }).happening {
            Happening::RunFinished { report, .. } => *report,
            _ => self.report,
        }
    }

    fn emit(&mut self, happening: Happening) {
        self.tell_all(happening);
    }

    /// Tells an event to the report and to the sink, and gives it back.
    fn tell_all(&mut self, happening: Happening) -> Event {
        self.seq += 1;
        let now = Timestamp::from_millisecond((self.runner.world.now)()).unwrap_or_default();
        let event =
            Event { seq: self.seq, run: self.runner.id.clone(), time: format!("{now:.3}"), happening };
        self.report.apply(&event);
        (self.sink)(&event);
        event
    }

    /// Opens as many releases as it takes to keep the pools busy.
    fn begin_releases(&mut self) {
        let enough = self.runner.jobs.max(1) * 2;
        while !self.stopping
            && self.next < self.plans.len()
            && self.ready.len() < enough
            && self.open.len() < enough * 32
            && self.recalling < enough * 8
        {
            let number = self.next;
            self.next += 1;
            self.begin(number);
        }
    }

    fn begin(&mut self, number: usize) {
        let Some(plan) = self.plans.get(number) else { return };
        let steps = plan.shape.steps().map(|(_, step)| step.id.clone()).collect();
        self.emit(Happening::ReleaseStarted { release: number, at: plan.at.clone(), steps });
        // Both would work in one folder.
        if plan.keep.as_ref().is_some_and(|keep| !self.keys.insert(keep.key)) {
            self.tell_release_failed(number, &standing::twice());
            return self.after_failure();
        }
        let resumed = self.resumed(plan);
        let (runner, tell) = (self.runner, self.tell.clone());
        self.recalling += 1;
        self.cpu.spawn_fifo(move |_| super::work::recall(number, plan, resumed, runner, &tell));
    }

    /// Looks at the cancel flag, at pauses that are over and at steps that are out of time.
    fn watch_clock(&mut self) {
        if self.cancel.is_cancelled() && !self.stopping {
            self.stopping = true;
        }
        if self.stopping {
            let why = if self.cancel.is_cancelled() { Some(Stop::CANCELLED) } else { None };
            let open: Vec<usize> = self.open.keys().copied().collect();
            for number in open {
                if let (Some(why), Some(open)) = (why, self.open.get(&number)) {
                    open.stops.iter().for_each(|stop| stop.set(why));
                }
                self.abandon(number);
            }
            return;
        }
        let now = Instant::now();
        let (over, paused) =
            std::mem::take(&mut self.paused).into_iter().partition(|&(until, ..)| until <= now);
        self.paused = paused;
        let over: Vec<(Instant, usize, StepIndex)> = over;
        for (_, number, step) in over {
            self.make_ready(number, step);
        }
        for &(_, number, step) in self.deadlines.iter().filter(|&&(until, ..)| until <= now) {
            if let Some(open) = self.open.get(&number) {
                open.stops[step.index()].set(Stop::TIMED_OUT);
            }
        }
    }

    /// Lets a step wait for its turn.
    fn make_ready(&mut self, number: usize, step: StepIndex) {
        if let Some(open) = self.open.get(&number) {
            let shape = &open.plan.shape;
            let turn = (number, shape.position(step), step);
            self.ready.insert(shape.step(step).stage.lane(), turn);
        }
    }

    fn id(&self, number: usize, step: StepIndex) -> String {
        self.plans.get(number).map(|plan| plan.shape.step(step).id.clone()).unwrap_or_default()
    }
}
