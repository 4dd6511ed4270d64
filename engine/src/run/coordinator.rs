//! The coordinator: the one thread that decides what runs, changes state and tells what happened.

mod hearing;
mod release;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rayon::ScopeFifo;

use super::open::{Open, State};
use super::scratch::Scratch;
use super::work::{Message, Task};
use super::{Cancel, Runner};
use crate::job::{Stop, template_fault};
use crate::{Event, Happening, Lane, Plan, Report, StageError, Status, StepIndex};

/// How often the coordinator looks at the clock and at the cancel flag while it hears nothing.
const TICK: Duration = Duration::from_millis(50);

pub(super) struct Coordinator<'r, 's, 'scope> {
    runner: &'scope Runner<'scope>,
    plans: &'scope [Plan],
    cancel: &'r Cancel,
    sink: &'r mut dyn FnMut(&Event),
    cpu: &'s ScopeFifo<'scope>,
    net: &'s ScopeFifo<'scope>,
    tell: Sender<Message>,
    hear: Receiver<Message>,
    seq: u64,
    report: Report,
    /// Working folders by output folder.
    scratch: BTreeMap<PathBuf, Scratch>,
    open: BTreeMap<usize, Open<'scope>>,
    next: usize,
    /// Steps that can run, older releases first.
    ready: BTreeSet<(usize, usize, StepIndex)>,
    paused: Vec<(Instant, usize, StepIndex)>,
    deadlines: Vec<(Instant, usize, StepIndex)>,
    running_cpu: usize,
    running_net: usize,
    pools: BTreeMap<String, usize>,
    targets: BTreeSet<PathBuf>,
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
            ready: BTreeSet::new(),
            paused: Vec::new(),
            deadlines: Vec::new(),
            running_cpu: 0,
            running_net: 0,
            pools: BTreeMap::new(),
            targets: BTreeSet::new(),
            stopping: false,
        }
    }

    pub(super) fn run(mut self) -> Report {
        self.emit(Happening::RunStarted { releases: self.plans.len() });
        loop {
            self.watch_clock();
            self.begin_releases();
            self.dispatch();
            if self.open.is_empty() && (self.stopping || self.next == self.plans.len()) {
                break;
            }
            match self.hear.recv_timeout(TICK) {
                Ok(message) => {
                    self.hear(message);
                    while let Ok(message) = self.hear.try_recv() {
                        self.hear(message);
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
        self.finish()
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
        let opened =
            self.folder(plan, number).and_then(|folder| Open::new(plan, folder, &self.runner.selection));
        match opened {
            Ok(mut open) => {
                let then = open.begin();
                self.open.insert(number, open);
                self.follow(number, then);
            }
            Err(error) => {
                self.tell_release_failed(number, &error);
                self.after_failure();
            }
        }
    }

    fn folder(&mut self, plan: &Plan, number: usize) -> Result<PathBuf, StageError> {
        let output = plan.output.as_ref();
        if !self.scratch.contains_key(output) {
            let scratch =
                Scratch::new(output, &self.runner.id).map_err(|error| StageError::writing(output, &error))?;
            self.scratch.insert(output.clone(), scratch);
        }
        let root = self.scratch.get(output).map(Scratch::path).unwrap_or(output);
        Ok(root.join(number.to_string()))
    }

    /// Hands ready steps to the pools, as long as there is room.
    fn dispatch(&mut self) {
        if self.stopping {
            return;
        }
        let mut later = Vec::new();
        // A few more than there are threads, so that none waits for the coordinator.
        let (cpu_room, net_room) = (self.runner.jobs.max(1) + 2, self.runner.net_jobs.max(1));
        while let Some(first) = self.ready.pop_first() {
            let (number, _, index) = first;
            let Some(open) = self.open.get(&number) else { continue };
            let stage = Arc::clone(&open.plan.shape.step(index).stage);
            let full = match stage.lane() {
                Lane::Cpu => self.running_cpu >= cpu_room,
                Lane::Net => self.running_net >= net_room,
            };
            let pools = stage.pools();
            let depth = self.runner.pool_depth.max(1);
            if full || pools.iter().any(|pool| self.pools.get(pool).is_some_and(|&count| count >= depth)) {
                later.push(first);
                if self.running_cpu >= cpu_room && self.running_net >= net_room {
                    break;
                }
                continue;
            }
            if let Some(task) = self.task(number, index) {
                for pool in pools {
                    *self.pools.entry(pool).or_default() += 1;
                }
                let (world, tell) = (self.runner.world, self.tell.clone());
                match stage.lane() {
                    Lane::Cpu => {
                        self.running_cpu += 1;
                        self.cpu.spawn_fifo(move |_| task.work(world, &tell));
                    }
                    Lane::Net => {
                        self.running_net += 1;
                        self.net.spawn_fifo(move |_| task.work(world, &tell));
                    }
                }
            }
        }
        self.ready.extend(later);
    }

    /// Makes a task of a step, or settles it here when its condition does not hold.
    fn task(&mut self, number: usize, index: StepIndex) -> Option<Task> {
        let open = self.open.get_mut(&number)?;
        let step = open.plan.shape.step(index);
        let facts = open.facts_for(index);
        let scope = open.scope(&facts);
        if let Some(condition) = &step.condition {
            match condition.holds(&self.runner.world.site.language, &scope) {
                Ok(true) => {}
                Ok(false) => {
                    let because = format!("its condition `{}` does not hold", condition.text());
                    open.given[index.index()].facts = Arc::new(facts);
                    self.emit(Happening::StepSkipped { release: number, step: step.id.clone(), because });
                    self.settle(number, index, State::Skipped);
                    return None;
                }
                Err(error) => {
                    let error = template_fault(&condition.as_template(), error);
                    self.fail(number, index, &error);
                    return None;
                }
            }
        }
        let stop = Arc::new(Stop::default());
        open.stops[index.index()] = Arc::clone(&stop);
        if let Some(timeout) = step.timeout {
            self.deadlines.push((Instant::now() + timeout, number, index));
        }
        Some(Task {
            release: number,
            step: index,
            stage: Arc::clone(&step.stage),
            inputs: open.inputs_for(index),
            facts: Arc::new(facts),
            scope,
            wanted: open.plan.shape.wanted(index).clone(),
            carried: open.plan.shape.carried(index).cloned(),
            folder: open.folder.join("steps").join(index.index().to_string()),
            into: step.into.clone(),
            name: open.name.clone(),
            release_folder: open.target.clone(),
            time: open.time,
            stop,
        })
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
            if let Some(open) = self.open.get(&number) {
                self.ready.insert((number, open.plan.shape.position(step), step));
            }
        }
        for &(_, number, step) in self.deadlines.iter().filter(|&&(until, ..)| until <= now) {
            if let Some(open) = self.open.get(&number) {
                open.stops[step.index()].set(Stop::TIMED_OUT);
            }
        }
    }

    fn id(&self, number: usize, step: StepIndex) -> String {
        self.plans.get(number).map(|plan| plan.shape.step(step).id.clone()).unwrap_or_default()
    }
}
