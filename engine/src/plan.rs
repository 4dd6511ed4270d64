//! What will happen: a DAG of steps that exists only if it can run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use globset::GlobSet;
use petgraph::algo::{has_path_connecting, tarjan_scc};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use serde_json::Value;

use crate::template::{Condition, Template};
use crate::{AnyStage, Facts};

/// One release to be made: a shape it may share with many others, and what is its own.
#[derive(Clone)]
pub struct Plan {
    /// The steps.
    pub shape: Arc<Shape>,
    /// Where it is written down, `file` or `file#item`.
    pub at: String,
    /// The template of the release's name.
    pub name: Arc<Template>,
    /// The folder in which the release appears.
    pub output: Arc<PathBuf>,
    /// The source files.
    pub sources: Vec<Source>,
    /// Facts that win over whatever is found (`metadata`).
    pub metadata: Facts,
    /// Further names that templates see, such as `group`, `kind` and `vars`; shared by the releases of a family.
    pub names: Arc<serde_json::Map<String, Value>>,
    /// What the release is made of in its family; templates see it as `item`.
    pub item: Option<Value>,
    /// How the one time of the release is found.
    pub time: TimeRule,
}

/// A source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it lies.
    pub path: PathBuf,
    /// Its name inside a release, `/` between folders.
    pub name: String,
}

/// How the one time of a release is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeRule {
    /// The newest modification time of the sources.
    NewestSource,
    /// This one, in seconds since 1970-01-01 UTC.
    At(i64),
}

/// One step as it will run.
pub struct Step {
    /// Its id, unique in the shape.
    pub id: String,
    /// Where it is written down, `file:line:column`.
    pub place: String,
    /// The stage with its options.
    pub stage: Arc<dyn AnyStage>,
    /// What it takes, in this order.
    pub from: Vec<From>,
    /// Which of the files it takes.
    pub pick: Option<Pick>,
    /// A folder inside the release for what it makes.
    pub into: Option<Template>,
    /// Whether what it makes belongs to the release.
    pub ship: bool,
    /// Whether the release goes on when it fails.
    pub optional: bool,
    /// When it runs at all.
    pub condition: Option<Condition>,
    /// What is done when it fails in a way that may pass.
    pub retry: Retry,
    /// How long it may take.
    pub timeout: Option<Duration>,
}

/// Something a step takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// The source files.
    Source,
    /// What the step of this id made.
    Step(String),
}

/// Globs over the names of files; one that matches is enough.
#[derive(Clone, Debug)]
pub struct Pick(pub GlobSet);

/// How often and when a step is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often, beyond the first time.
    pub times: u32,
    /// The first pause; it doubles from try to try.
    pub delay: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { times: 0, delay: Duration::from_secs(1) }
    }
}

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
}

/// Why one step comes before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    /// It takes what the other gives.
    Takes,
    /// It is given digests that the other takes of the sources while it reads them.
    Waits,
}

/// Why steps make no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanFault {
    /// Two steps have the same id.
    Duplicate {
        /// The id.
        step: String,
    },
    /// A step takes from a step that does not exist.
    Unknown {
        /// The step that takes.
        step: String,
        /// What it takes from.
        from: String,
    },
    /// Steps take from each other in a ring.
    Cycle {
        /// The ids, the first again at the end.
        steps: Vec<String>,
    },
    /// A step takes from one that runs in a later phase.
    Early {
        /// The step that takes.
        step: String,
        /// What it takes from.
        from: String,
    },
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
        Ok(Self { graph, order, positions, by_id, wanted, carried })
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
}

fn steps_taken(step: &Step) -> impl Iterator<Item = &str> {
    step.from.iter().filter_map(|from| match from {
        From::Source => None,
        From::Step(id) => Some(id.as_str()),
    })
}

/// Every ring, walked along its edges so that it reads `a -> b -> a`.
fn cycles(graph: &DiGraph<Step, Edge>) -> Vec<PlanFault> {
    let mut faults = Vec::new();
    for ring in tarjan_scc(graph) {
        let members: BTreeSet<_> = ring.iter().copied().collect();
        let Some(&start) = members.first() else { continue };
        if members.len() == 1 && graph.find_edge(start, start).is_none() {
            continue;
        }
        let mut path = vec![start];
        let mut at = start;
        while let Some(next) =
            graph.neighbors_directed(at, petgraph::Incoming).filter(|n| members.contains(n)).min()
        {
            if let Some(from) = path.iter().position(|&seen| seen == next) {
                path.drain(..from);
                path.push(next);
                break;
            }
            path.push(next);
            at = next;
        }
        faults.push(PlanFault::Cycle { steps: path.iter().map(|&index| graph[index].id.clone()).collect() });
    }
    faults
}

/// A topological order that follows the phases and, within them, the order in which the steps are written. Gives
/// fewer steps than there are exactly when some of them take from each other in a ring.
fn in_order(graph: &DiGraph<Step, Edge>) -> Vec<StepIndex> {
    let key = |index: StepIndex| Reverse((graph[index].stage.phase(), index));
    let mut unmet: Vec<usize> = graph
        .node_indices()
        .map(|index| graph.neighbors_directed(index, petgraph::Incoming).count())
        .collect();
    let mut open: BinaryHeap<_> =
        graph.node_indices().filter(|index| unmet[index.index()] == 0).map(key).collect();
    let mut order = Vec::with_capacity(unmet.len());
    while let Some(Reverse((_, index))) = open.pop() {
        order.push(index);
        for taker in graph.neighbors(index) {
            unmet[taker.index()] -= 1;
            if unmet[taker.index()] == 0 {
                open.push(key(taker));
            }
        }
    }
    order
}

/// Lets the steps that want digests of the sources wait for the first one that reads the sources anyway.
fn carry(graph: &mut DiGraph<Step, Edge>) -> Option<(StepIndex, BTreeSet<String>)> {
    let reads = |index: &StepIndex| {
        let step = &graph[*index];
        step.from.contains(&From::Source) && step.pick.is_none() && step.condition.is_none() && !step.optional
    };
    let carrier = graph.node_indices().filter(reads).find(|index| graph[*index].stage.carries())?;
    let wants = |index: &StepIndex| {
        let step = &graph[*index];
        *index != carrier
            && step.from.contains(&From::Source)
            && step.stage.phase() == graph[carrier].stage.phase()
            && !step.stage.wants().is_empty()
            && !has_path_connecting(&*graph, *index, carrier, None)
    };
    let waiting: Vec<StepIndex> = graph.node_indices().filter(wants).collect();
    let wanted = waiting.iter().flat_map(|index| graph[*index].stage.wants()).collect();
    for index in &waiting {
        if graph.find_edge(carrier, *index).is_none() {
            graph.add_edge(carrier, *index, Edge::Waits);
        }
    }
    (!waiting.is_empty()).then_some((carrier, wanted))
}

fn wanted(graph: &DiGraph<Step, Edge>) -> BTreeMap<StepIndex, BTreeSet<String>> {
    let mut wanted: BTreeMap<StepIndex, BTreeSet<String>> = BTreeMap::new();
    for edge in graph.edge_references().filter(|edge| *edge.weight() == Edge::Takes) {
        wanted.entry(edge.source()).or_default().extend(graph[edge.target()].stage.wants());
    }
    wanted
}
