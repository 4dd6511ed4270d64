//! Plans as a tree of phases and steps, for people.

use stages::upload::Probe;

use super::wire::{PlanListing, StepListing};
use crate::ui::table::table;
use crate::ui::{Paint, clean, words};

/// Most source files that are named.
const MOST_SOURCES: usize = 3;

/// Longest template of a name that is shown.
const MOST_LETTERS: usize = 90;

/// All plans, one below the other.
pub fn draw(plans: &[PlanListing], paint: Paint) -> String {
    plans.iter().map(|plan| one(plan, paint)).collect::<Vec<_>>().join("\n\n")
}

fn one(plan: &PlanListing, paint: Paint) -> String {
    let mut phases: Vec<(&str, Vec<&StepListing>)> = Vec::new();
    for step in &plan.steps {
        match phases.last_mut() {
            Some((phase, steps)) if *phase == step.phase => steps.push(step),
            _ => phases.push((&step.phase, vec![step])),
        }
    }
    let mut lines = vec![
        paint.bold(&clean(&plan.at)),
        format!("├─ {} {}", paint.dim("name   "), words::short(&clean(&plan.name), MOST_LETTERS)),
        format!("├─ {} {}", paint.dim("output "), clean(&plan.output)),
        format!("├─ {} {}", paint.dim("source "), sources(plan)),
    ];
    if let Some(release) = &plan.release {
        lines.push(format!("├─ {} {}", paint.dim("release"), clean(release)));
    }
    if let Some(problem) = &plan.problem {
        lines.push(format!("├─ {} {}", paint.bad("problem"), clean(problem)));
    }
    if plan.up_to_date {
        lines.push(format!("├─ {} {}", paint.dim("work   "), paint.good("none: the release is up to date")));
    } else if plan.writes > 0 && plan.problem.is_none() {
        let mut work = format!("reads {}, writes {}", words::bytes(plan.reads), words::bytes(plan.writes));
        if let Some(took) = plan.took {
            work.push_str(&format!("; its steps took {} the last time", words::duration(took)));
        }
        lines.push(format!("├─ {} {work}", paint.dim("work   ")));
        if let Some(free) = plan.free {
            let space = format!("needs {}, {} free", words::bytes(plan.writes), words::bytes(free));
            let space = if plan.lacks_space() { paint.bad(&format!("{space}: not enough")) } else { space };
            lines.push(format!("├─ {} {space}", paint.dim("space  ")));
        }
    }
    lines.extend(plan.probes.iter().map(|probe| asked(probe, paint)));
    let rows: Vec<Vec<String>> = plan.steps.iter().map(|step| row(step, paint)).collect();
    let table = table(&rows);
    let mut listed = table.lines();
    for (number, (phase, steps)) in phases.iter().enumerate() {
        let last = number + 1 == phases.len();
        lines.push(format!("{} {}", if last { "└─" } else { "├─" }, paint.dim(phase)));
        for at in 0..steps.len() {
            let trunk = if last { "  " } else { "│ " };
            let branch = if at + 1 == steps.len() { "└─" } else { "├─" };
            lines.push(format!("{trunk} {branch} {}", listed.next().unwrap_or_default()));
        }
    }
    lines.join("\n")
}

fn sources(plan: &PlanListing) -> String {
    let names: Vec<String> =
        plan.sources.iter().take(MOST_SOURCES).map(|source| clean(&source.path)).collect();
    let more = plan.sources.len().saturating_sub(names.len());
    let more = if more > 0 { format!(" and {}", words::count(more, "more file")) } else { String::new() };
    let known = plan.sources.iter().all(|source| source.size.is_some());
    let size = if known { words::bytes(plan.bytes) } else { "size not known".to_owned() };
    format!("{}{more} ({size})", names.join(", "))
}

fn row(step: &StepListing, paint: Paint) -> Vec<String> {
    let mut marks = Vec::new();
    if step.picks {
        marks.push("picks files".to_owned());
    }
    if let Some(into) = &step.into {
        marks.push(format!("into {}", clean(into)));
    }
    if !step.ship {
        marks.push("not shipped".to_owned());
    }
    if step.optional {
        marks.push("optional".to_owned());
    }
    if let Some(condition) = &step.condition {
        marks.push(format!("if {}", clean(condition)));
    }
    if step.lane == "net" {
        marks.push("network".to_owned());
    }
    if step.writes > 0 && !step.up_to_date {
        let about = if step.exact { "" } else { "about " };
        marks.push(format!("{}, {about}{}", words::count(step.files, "file"), words::bytes(step.writes)));
    }
    marks.extend(step.notes.iter().map(|note| clean(note)));
    let from = if step.from.is_empty() { "nothing".to_owned() } else { step.from.join(", ") };
    let because = words::short(&clean(&step.because), MOST_LETTERS);
    let because = if step.up_to_date { paint.good(&because) } else { because };
    let takes = format!("takes {from}");
    vec![paint.name(&step.id), step.uses.clone(), takes, because, paint.dim(&marks.join(", "))]
}

/// What a destination says.
fn asked(probe: &Probe, paint: Paint) -> String {
    let free = probe.free.map(|free| format!(", {} free", words::bytes(free))).unwrap_or_default();
    let there = match probe.is_there {
        Some(true) => ", the release is there already",
        _ => "",
    };
    let said = match &probe.problem {
        Some(problem) => paint.bad(&clean(problem)),
        None => format!("{}{free}{there}", paint.good("ready")),
    };
    format!("├─ {} {}: {said}", paint.dim("to     "), clean(&probe.destination))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::plan::wire::SourceListing;

    fn step(id: &str, phase: &str, from: &[&str], ship: bool) -> StepListing {
        StepListing {
            id: id.into(),
            uses: "archive".into(),
            place: "r:1:1".into(),
            phase: phase.into(),
            lane: "cpu".into(),
            from: from.iter().map(|&from| from.into()).collect(),
            picks: false,
            into: None,
            ship,
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
            because: engine::Why::Never.to_string(),
            why: engine::Why::Never,
            notes: Vec::new(),
        }
    }

    #[test]
    fn steps_stand_below_their_phase() {
        let plan = PlanListing {
            at: "release.yaml".into(),
            name: "{{ title }}".into(),
            release: None,
            up_to_date: false,
            problem: None,
            output: "dist".into(),
            time: None,
            bytes: 2000,
            reads: 0,
            writes: 0,
            keeps: 0,
            free: None,
            took: None,
            probes: Vec::new(),
            sources: vec![SourceListing { name: "a".into(), path: "a.epub".into(), size: Some(2000) }],
            steps: vec![
                step("extract", "gather", &["source"], true),
                step("rar", "make", &["source", "extract"], false),
                step("sfv", "make", &["rar"], true),
            ],
        };
        let wanted = "\
release.yaml
├─ name    {{ title }}
├─ output  dist
├─ source  a.epub (2.0 kB)
├─ gather
│  └─ extract  archive  takes source           never done before
└─ make
   ├─ rar      archive  takes source, extract  never done before  not shipped
   └─ sfv      archive  takes rar              never done before";
        assert_eq!(draw(std::slice::from_ref(&plan), Paint::PLAIN), wanted);
        let full = PlanListing { reads: 3, writes: 2000, free: Some(1999), ..plan };
        let wanted =
            "├─ work    reads 3 bytes, writes 2.0 kB\n├─ space   needs 2.0 kB, 2.0 kB free: not enough\n";
        assert!(draw(&[full], Paint::PLAIN).contains(wanted));
    }
}
