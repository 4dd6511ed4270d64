//! The order in which the steps of a shape can run, and what they want of each other.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use petgraph::algo::{has_path_connecting, kosaraju_scc};
use petgraph::graph::DiGraph;
use petgraph::visit::EdgeRef;

use super::shape::{Edge, StepIndex};
use super::{From, PlanFault, Step};

pub(super) fn steps_taken(step: &Step) -> impl Iterator<Item = &str> {
    step.from.iter().filter_map(|from| match from {
        From::Source => None,
        From::Step(id) => Some(id.as_str()),
    })
}

/// Every ring, walked along its edges so that it reads `a -> b -> a`.
pub(super) fn cycles(graph: &DiGraph<Step, Edge>) -> Vec<PlanFault> {
    let mut faults = Vec::new();
    // The other algorithm for it calls itself as deep as steps follow each other, and a manifest may have many.
    for ring in kosaraju_scc(graph) {
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
pub(super) fn in_order(graph: &DiGraph<Step, Edge>) -> Vec<StepIndex> {
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
pub(super) fn carry(graph: &mut DiGraph<Step, Edge>) -> Option<(StepIndex, BTreeSet<String>)> {
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

pub(super) fn wanted(graph: &DiGraph<Step, Edge>) -> BTreeMap<StepIndex, BTreeSet<String>> {
    let mut wanted: BTreeMap<StepIndex, BTreeSet<String>> = BTreeMap::new();
    for edge in graph.edge_references().filter(|edge| *edge.weight() == Edge::Takes) {
        wanted.entry(edge.source()).or_default().extend(graph[edge.target()].stage.wants());
    }
    wanted
}
