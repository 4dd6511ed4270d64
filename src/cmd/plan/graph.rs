//! Plans as graphs for Graphviz and Mermaid.
//!
//! Trusts no text: whatever is in a name stays inside its label.

use std::fmt::Write;

use super::wire::{PlanListing, StepListing};

/// The plans as one DOT graph, a cluster each.
pub fn dot(plans: &[PlanListing]) -> String {
    let mut out = String::from("digraph bindery {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
    for (number, plan) in plans.iter().enumerate() {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "  subgraph cluster_{number} {{\n    label={};", quoted(&plan.at));
        let _ = writeln!(out, "    p{number}_source [label=\"source\", shape=folder];");
        for (at, step) in plan.steps.iter().enumerate() {
            let style = if step.ship { "" } else { ", style=\"rounded,dashed\"" };
            let _ = writeln!(out, "    p{number}_s{at} [label={}{style}];", quoted(&label(step)));
        }
        for (giver, taker) in edges(plan) {
            let _ = writeln!(out, "    {} -> p{number}_s{taker};", node(number, giver));
        }
        out.push_str("  }\n");
    }
    out.push('}');
    out
}

/// The plans as one Mermaid flowchart, a subgraph each.
pub fn mermaid(plans: &[PlanListing]) -> String {
    let mut out = String::from("flowchart LR");
    for (number, plan) in plans.iter().enumerate() {
        let _ = write!(out, "\n  subgraph p{number}[\"{}\"]", escaped(&plan.at));
        let _ = write!(out, "\n    p{number}_source[(\"source\")]");
        for (at, step) in plan.steps.iter().enumerate() {
            let _ = write!(out, "\n    p{number}_s{at}[\"{}\"]", escaped(&label(step)));
        }
        for (giver, taker) in edges(plan) {
            let _ = write!(out, "\n    {} --> p{number}_s{taker}", node(number, giver));
        }
        out.push_str("\n  end");
    }
    out
}

fn label(step: &StepListing) -> String {
    if step.id == step.uses { step.id.clone() } else { format!("{} ({})", step.id, step.uses) }
}

fn node(plan: usize, giver: Option<usize>) -> String {
    giver.map_or_else(|| format!("p{plan}_source"), |step| format!("p{plan}_s{step}"))
}

/// Who gives to whom, by the number of the step; nobody is the source.
fn edges(plan: &PlanListing) -> Vec<(Option<usize>, usize)> {
    let number = |id: &str| plan.steps.iter().position(|step| step.id == id);
    let takes = plan
        .steps
        .iter()
        .enumerate()
        .flat_map(|(taker, step)| step.from.iter().map(move |from| (from, taker)));
    takes
        .filter_map(
            |(from, taker)| {
                if from == "source" { Some((None, taker)) } else { Some((Some(number(from)?), taker)) }
            },
        )
        .collect()
}

/// A DOT string. A backslash would begin an escape of a label, such as `\N`.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A text inside the quotes of a Mermaid label. Anything but letters, digits and a few marks is written by its number,
/// since quotes, brackets, `;` and `#` would end it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            c if c.is_alphanumeric() || " .,:/_-()".contains(c) => out.push(c),
            c if c.is_control() => out.push(' '),
            c => drop(write!(out, "#{};", u32::from(c))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(id: &str, from: &[&str]) -> StepListing {
        StepListing {
            id: id.into(),
            uses: "archive".into(),
            place: String::new(),
            phase: "make".into(),
            lane: "cpu".into(),
            from: from.iter().map(|&from| from.into()).collect(),
            picks: false,
            into: None,
            ship: id != "rar",
            optional: false,
            condition: None,
            retries: 0,
            timeout_ms: None,
            destinations: Vec::new(),
            digests: Vec::new(),
            reads: 0,
            writes: 0,
            files: 0,
            exact: false,
            up_to_date: false,
            because: String::new(),
            why: engine::Why::Never,
            notes: Vec::new(),
        }
    }

    fn plan(at: &str) -> PlanListing {
        PlanListing {
            at: at.into(),
            name: String::new(),
            release: None,
            up_to_date: false,
            problem: None,
            output: String::new(),
            time: None,
            bytes: 0,
            reads: 0,
            writes: 0,
            keeps: 0,
            free: None,
            took: None,
            probes: Vec::new(),
            sources: Vec::new(),
            steps: vec![step("rar", &["source"]), step("archive", &["rar", "gone"])],
        }
    }

    #[test]
    fn dot_draws_steps_and_edges() {
        let wanted = "digraph bindery {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n  subgraph cluster_0 {\n    label=\"a.yaml\";\n    p0_source [label=\"source\", shape=folder];\n    p0_s0 [label=\"rar (archive)\", style=\"rounded,dashed\"];\n    p0_s1 [label=\"archive\"];\n    p0_source -> p0_s0;\n    p0_s0 -> p0_s1;\n  }\n}";
        assert_eq!(dot(&[plan("a.yaml")]), wanted);
    }

    #[test]
    fn no_name_ends_its_label() {
        let evil = "x\"]; evil -> y \\N\n<b>;#`";
        assert_eq!(quoted(evil), "\"x\\\"]; evil -> y \\\\N <b>;#`\"");
        assert_eq!(escaped(evil), "x#34;#93;#59; evil -#62; y #92;N #60;b#62;#59;#35;#96;");
        let drawn = mermaid(&[plan(evil)]);
        assert_eq!(drawn.matches('"').count() % 2, 0);
        assert!(!drawn.contains("evil ->"), "{drawn}");
    }

    #[test]
    fn mermaid_draws_steps_and_edges() {
        let wanted = "flowchart LR\n  subgraph p0[\"a.yaml\"]\n    p0_source[(\"source\")]\n    p0_s0[\"rar (archive)\"]\n    p0_s1[\"archive\"]\n    p0_source --> p0_s0\n    p0_s0 --> p0_s1\n  end";
        assert_eq!(mermaid(&[plan("a.yaml")]), wanted);
    }
}
