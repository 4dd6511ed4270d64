//! Hands steps that are ready to the pools, unless what they gave before stands.

use std::sync::Arc;
use std::time::Instant;

use super::super::open::Verdict;
use super::super::work::{Remember, Task};
use super::Coordinator;
use crate::job::{Stop, template_fault};
use crate::{Lane, StepIndex, Why};

/// The folder of the steps' folders in a release's working folder.
pub(super) const STEPS: &str = "steps";

impl Coordinator<'_, '_, '_> {
    /// Hands ready steps to the pools, as long as there is room.
    pub(super) fn dispatch(&mut self) {
        if self.stopping {
            return;
        }
        // What stands is settled at once and may make steps of either lane ready.
        while self.dispatch_lane(Lane::Cpu) | self.dispatch_lane(Lane::Net) {}
    }

    /// Hands out steps of a lane; says whether there was one.
    fn dispatch_lane(&mut self, lane: Lane) -> bool {
        // A few more than there are threads, so that none waits for the coordinator.
        let room = match lane {
            Lane::Cpu => self.runner.jobs.max(1) + 2,
            Lane::Net => self.runner.net_jobs.max(1),
        };
        let depth = self.runner.pool_depth.max(1);
        let (mut any, mut later) = (false, Vec::new());
        while *self.running(lane) < room
            && let Some(turn) = self.ready.pop(lane)
        {
            let (number, _, index) = turn;
            let Some(open) = self.open.get(&number) else { continue };
            let pools = open.plan.shape.step(index).stage.pools();
            if pools.iter().any(|pool| self.pools.get(pool).is_some_and(|&count| count >= depth)) {
                later.push(turn);
                continue;
            }
            any = true;
            if let Some(task) = self.task(number, index) {
                for pool in pools {
                    *self.pools.entry(pool).or_default() += 1;
                }
                *self.running(lane) += 1;
                let (world, tell) = (self.runner.world, self.tell.clone());
                match lane {
                    Lane::Cpu => self.cpu.spawn_fifo(move |_| task.work(world, &tell)),
                    Lane::Net => self.net.spawn_fifo(move |_| task.work(world, &tell)),
                }
            }
        }
        later.into_iter().for_each(|turn| self.ready.insert(lane, turn));
        any
    }

    /// How many steps of a lane run.
    pub(super) fn running(&mut self, lane: Lane) -> &mut usize {
        match lane {
            Lane::Cpu => &mut self.running_cpu,
            Lane::Net => &mut self.running_net,
        }
    }

    /// Makes a task of a step, or settles it here when its condition does not hold or what it gave before stands.
    fn task(&mut self, number: usize, index: StepIndex) -> Option<Task> {
        let world = self.runner.world;
        let open = self.open.get_mut(&number)?;
        let step = open.plan.shape.step(index);
        let facts = open.facts_for(index);
        let scope = open.scope(&facts);
        if let Some(condition) = &step.condition {
            match condition.holds(&world.site.language, &scope) {
                Ok(true) => {}
                Ok(false) => {
                    open.given[index.index()].facts = Arc::new(facts);
                    let why = Why::Condition { condition: condition.text().to_owned() };
                    self.leave_out(number, index, &why);
                    return None;
                }
                Err(error) => {
                    let error = template_fault(&condition.as_template(), error);
                    self.fail(number, index, &error);
                    return None;
                }
            }
        }
        if open.plan.keep.is_some()
            && open.must[index.index()].is_none()
            && open.attempts[index.index()] == 0
            && let Verdict::Stands(why, reused) = open.judge(index, &facts, &scope, world)
        {
            self.reuse(number, index, &facts, &why, *reused);
            return None;
        }
        let working = match self.working(number) {
            Ok(working) => working,
            Err(error) => {
                self.fail(number, index, &error);
                return None;
            }
        };
        let open = self.open.get_mut(&number)?;
        open.ran += 1;
        let stop = Arc::new(Stop::default());
        open.stops[index.index()] = Arc::clone(&stop);
        if let Some(timeout) = step.timeout {
            self.deadlines.push((Instant::now() + timeout, number, index));
        }
        let taken = open.taken_by(index);
        let remember = open.plan.keep.as_ref().map(|_| Remember {
            id: step.id.clone(),
            fixed: open.plan.shape.fixed(&world.site).step(index),
            inputs: taken.digest,
            working: working.clone(),
        });
        Some(Task {
            release: number,
            step: index,
            id: step.id.clone(),
            stage: Arc::clone(&step.stage),
            inputs: taken.inputs,
            stamps: taken.stamps,
            facts: Arc::new(facts),
            scope,
            remember,
            wanted: open.plan.shape.wanted(index).clone(),
            carried: open.plan.shape.carried(index).cloned(),
            folder: working.join(STEPS).join(folder_name(&step.id, index)),
            into: step.into.clone(),
            name: open.name.clone(),
            release_folder: open.target.clone(),
            home: open.plan.keep.as_ref().map(|keep| keep.store.folder()),
            time: open.time,
            pinned: open.plan.pinned.clone(),
            stop,
            traced: self.runner.traced,
        })
    }
}

/// The folder of a step keeps its name from run to run, so that nothing of another step is ever in it.
pub(super) fn folder_name(id: &str, index: StepIndex) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if id.chars().all(is_plain) && id.len() <= 100 { id.to_owned() } else { format!("#{}", index.index()) }
}
