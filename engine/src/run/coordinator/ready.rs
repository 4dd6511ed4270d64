//! Steps that can run, by lane, older releases first.

use std::collections::BTreeSet;

use crate::{Lane, StepIndex};

/// A step's turn: the number of its release, its place there, and its number.
pub(super) type Turn = (usize, usize, StepIndex);

/// Steps that can run.
#[derive(Default)]
pub(super) struct Ready {
    cpu: BTreeSet<Turn>,
    net: BTreeSet<Turn>,
}

impl Ready {
    pub(super) fn insert(&mut self, lane: Lane, turn: Turn) {
        self.of(lane).insert(turn);
    }

    pub(super) fn pop(&mut self, lane: Lane) -> Option<Turn> {
        self.of(lane).pop_first()
    }

    pub(super) fn len(&self) -> usize {
        self.cpu.len() + self.net.len()
    }

    /// Takes out the steps of a release.
    pub(super) fn take(&mut self, release: usize) -> Vec<StepIndex> {
        let mut taken = Vec::new();
        for lane in [&mut self.cpu, &mut self.net] {
            let mut rest = lane.split_off(&(release, 0, StepIndex::new(0)));
            let mut behind = rest.split_off(&(release + 1, 0, StepIndex::new(0)));
            lane.append(&mut behind);
            taken.extend(rest.into_iter().map(|(_, _, step)| step));
        }
        taken
    }

    fn of(&mut self, lane: Lane) -> &mut BTreeSet<Turn> {
        match lane {
            Lane::Cpu => &mut self.cpu,
            Lane::Net => &mut self.net,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_releases_come_first_and_one_can_be_taken_out() {
        let mut ready = Ready::default();
        let turn = |release, place| (release, place, StepIndex::new(place));
        for (release, place) in [(2, 0), (1, 3), (1, 1), (0, 9)] {
            ready.insert(Lane::Cpu, turn(release, place));
        }
        ready.insert(Lane::Net, turn(1, 2));
        assert_eq!(ready.take(1), [StepIndex::new(1), StepIndex::new(3), StepIndex::new(2)]);
        assert_eq!((ready.len(), ready.pop(Lane::Cpu), ready.pop(Lane::Net)), (2, Some(turn(0, 9)), None));
    }
}
