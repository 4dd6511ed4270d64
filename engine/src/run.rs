//! Runs plans: one coordinator hands ready steps to two pools, hears what happened on one channel and tells it.
//!
//! The coordinator alone changes state and emits events; workers only do a step and report. Several releases share
//! the pools, older ones first, so that a slow one does not hold up the rest and only a few are open at a time.

mod assemble;
mod coordinator;
mod judgement;
mod names;
mod open;
mod scratch;
mod work;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Event, Plan, Report, World};
pub use judgement::{Judgement, Sources, judge, look_at_sources};
pub use scratch::{Leftovers, Workplace};

use coordinator::Coordinator;

/// How many steps may wait for the network at once, as a rule.
const NET_JOBS: usize = 8;
/// How many steps may use one destination or provider at once, as a rule.
const POOL_DEPTH: usize = 2;

/// How plans are run.
pub struct Runner<'w> {
    /// The run's id, unique on this machine.
    pub id: String,
    /// How many steps may use a core at a time, at least 1.
    pub jobs: usize,
    /// How many steps may wait for the network at a time, at least 1.
    pub net_jobs: usize,
    /// How many steps may be in one named pool at a time, at least 1.
    pub pool_depth: usize,
    /// Go on with what does not depend on a failure.
    pub keep_going: bool,
    /// Replace releases that exist.
    pub force: bool,
    /// Which steps to run.
    pub selection: Selection,
    /// Tell of the stretches that the work of steps has, such as volumes.
    pub traced: bool,
    /// The world outside.
    pub world: &'w World,
}

/// Which steps of every release are run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// All of them; the release appears when they are done.
    #[default]
    All,
    /// Those that make the release, and none that delivers it.
    Make,
    /// Those that deliver it: it lies in its output folder under its name already, whoever made it.
    Deliver,
    /// This step with what it needs; what it made appears in a folder `<release>.partial`.
    Only(String),
    /// This step and all that it needs; what they made appears in a folder `<release>.partial`.
    Until(String),
}

impl Selection {
    /// Whether the release is made whole.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        matches!(self, Self::All | Self::Make)
    }
}

/// Interrupts a run from another thread.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Lets running steps stop cleanly and starts no more.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether [`Cancel::cancel`] was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A pool of threads could not be made.
#[derive(Debug)]
pub struct PoolError(rayon::ThreadPoolBuildError);

impl std::fmt::Display for PoolError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot start threads: {}", self.0)
    }
}

impl std::error::Error for PoolError {}

impl<'w> Runner<'w> {
    /// A runner with what is usual.
    #[must_use]
    pub fn new(id: String, jobs: usize, world: &'w World) -> Self {
        let (net_jobs, pool_depth) = (NET_JOBS, POOL_DEPTH);
        let (keep_going, force, traced) = (false, false, false);
        let selection = Selection::All;
        Self { id, jobs, net_jobs, pool_depth, keep_going, force, selection, traced, world }
    }

    /// Runs the plans and tells `sink` everything that happens, on the calling thread.
    pub fn run(
        &self,
        plans: &[Plan],
        cancel: &Cancel,
        sink: &mut dyn FnMut(&Event),
    ) -> Result<Report, PoolError> {
        let pool = |threads: usize, name: &'static str| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads.max(1))
                .thread_name(move |number| format!("{name}-{number}"))
                .build()
                .map_err(PoolError)
        };
        let needs_net =
            plans.iter().any(|plan| plan.shape.steps().any(|(_, s)| s.stage.lane() == crate::Lane::Net));
        let cpu = pool(self.jobs, "cpu")?;
        let net = pool(if needs_net { self.net_jobs } else { 1 }, "net")?;
        let report = cpu.in_place_scope_fifo(|cpu| {
            net.in_place_scope_fifo(|net| Coordinator::new(self, plans, cancel, sink, cpu, net).run())
        });
        Ok(report)
    }
}

#[cfg(test)]
mod tests;
