//! The steps of a release and who takes from whom.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use super::order::{carry, cycles, in_order, steps_taken, wanted};
use super::{PlanFault, Step};
use crate::Site;
use crate::fixed::Fixed;

/// The number of a step in its shape.
pub type StepIndex = NodeIndex<u32>;

/// The steps of a release and who takes from whom, in an order in which they can run.
pub struct Shape {
    graph: DiGraph<Step, Edge>,
    order: Vec<StepIndex>,
    /// Place in `order`, by number.
    positions: Vec<usize>,
    by_id: BTreeMap<String, StepIndex>,
    wanted: BTreeMap<StepIndex, BTreeSet<String>>,
    /// The step that reads the sources first, and the digests of them that later steps want.
    carried: Option<(StepIndex, BTreeSet<String>)>,
    fixed: OnceLock<Fixed>,
}

/// Why one step comes before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// It takes what the other gives.
    Takes,
    /// It is given digests that the other takes of the sources while it reads them.
    Waits,
}

impl Shape {
    /// Makes a shape of steps, or says everything that is wrong with them.
    pub fn new(steps: Vec<Step>) -> Result<Self, Vec<PlanFault>> {
        let mut faults = Vec::new();
        let mut graph = DiGraph::new();
        let mut by_id: BTreeMap<String, StepIndex> = BTreeMap::new();
        for step in steps {
            let id = step.id.clone();
            let index = graph.add_node(step);
            if by_id.insert(id.clone(), index).is_some() {
                faults.push(PlanFault::Duplicate { step: id });
            }
        }
        for index in graph.node_indices() {
            let taken: Vec<String> = steps_taken(&graph[index]).map(str::to_owned).collect();
            for from in taken {
                let Some(&giver) = by_id.get(&from) else {
                    faults.push(PlanFault::Unknown { step: graph[index].id.clone(), from });
                    continue;
                };
                if graph[giver].stage.phase() > graph[index].stage.phase() {
                    faults.push(PlanFault::Early { step: graph[index].id.clone(), from });
                }
                graph.update_edge(giver, index, Edge::Takes);
            }
        }
        faults.extend(cycles(&graph));
        if !faults.is_empty() {
            return Err(faults);
        }
        let carried = carry(&mut graph);
        let order = in_order(&graph);
        let wanted = wanted(&graph);
        let mut positions = vec![0; order.len()];
        for (position, index) in order.iter().enumerate() {
            positions[index.index()] = position;
        }
        Ok(Self { graph, order, positions, by_id, wanted, carried, fixed: OnceLock::new() })
    }

    /// The steps in an order in which they can run.
    pub fn steps(&self) -> impl Iterator<Item = (StepIndex, &Step)> {
        self.order.iter().map(|&index| (index, &self.graph[index]))
    }

    /// How many steps there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The step of this number.
    #[must_use]
    pub fn step(&self, index: StepIndex) -> &Step {
        &self.graph[index]
    }

    /// The number of the step of this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<StepIndex> {
        self.by_id.get(id).copied()
    }

    /// The step's place in the order of [`Shape::steps`], from 0.
    #[must_use]
    pub fn position(&self, index: StepIndex) -> usize {
        self.positions[index.index()]
    }

    /// The steps that the step takes from, in the order of its `from`.
    pub fn givers(&self, index: StepIndex) -> impl Iterator<Item = StepIndex> {
        steps_taken(&self.graph[index]).filter_map(|id| self.find(id))
    }

    /// The steps that take from the step.
    pub fn takers(&self, index: StepIndex) -> impl Iterator<Item = StepIndex> {
        self.graph.edges(index).map(|edge| edge.target())
    }

    /// The steps that a step waits for, whether it takes from them or not.
    pub fn awaited(&self, index: StepIndex) -> impl Iterator<Item = StepIndex> {
        self.graph.neighbors_directed(index, petgraph::Incoming)
    }

    /// The digests of the sources that this step is to take for later ones, since it is the first to read them.
    #[must_use]
    pub fn carried(&self, index: StepIndex) -> Option<&BTreeSet<String>> {
        self.carried.as_ref().filter(|(carrier, _)| *carrier == index).map(|(_, wanted)| wanted)
    }

    /// The digests that the takers of a step want of what it makes.
    #[must_use]
    pub fn wanted(&self, index: StepIndex) -> &BTreeSet<String> {
        const NONE: &BTreeSet<String> = &BTreeSet::new();
        self.wanted.get(&index).unwrap_or(NONE)
    }

    /// The step and everything it needs, in no particular order.
    #[must_use]
    pub fn needs(&self, index: StepIndex) -> BTreeSet<StepIndex> {
        let mut found = BTreeSet::from([index]);
        let mut open = vec![index];
        while let Some(next) = open.pop() {
            open.extend(self.givers(next).filter(|&giver| found.insert(giver)));
        }
        found
    }

    /// What is fixed of each step before anything is read. A shape lives within one site.
    pub(crate) fn fixed(&self, site: &Site) -> &Fixed {
        self.fixed.get_or_init(|| Fixed::of(self, site))
    }
}
