//! What providers say, as a table for people: the providers, then the facts with everything that is said of each.

use engine::Candidate;
use serde_json::Value;
use stages::enrich::{Outcome, State, Told};

use super::{Enriched, choice};
use crate::ui::table::table;
use crate::ui::{Paint, Ui, clean, words};

/// Longest value that is shown, in characters.
const LONGEST: usize = 60;

/// The table.
pub fn human(enriched: &Enriched, apart: bool, ui: &Ui) -> String {
    let gap = if apart { "\n" } else { "" };
    let head =
        format!("{gap}{}: {}", ui.out.bold(&clean(&enriched.file)), clean(&enriched.enrichment.sought));
    let providers = &enriched.enrichment.providers;
    let rows: Vec<Vec<String>> = providers.iter().map(|outcome| provider(outcome, ui.out)).collect();
    let mut lines = vec![head];
    lines.extend(table(&rows).lines().map(|line| format!("  {line}")));
    for outcome in providers.iter().filter(|outcome| outcome.state == State::NeedsReview) {
        lines.push(format!("  {} offers", ui.out.name(&outcome.name)));
        lines.extend(outcome.candidates.iter().map(|hit| format!("    {}", choice::line(hit))));
    }
    let rows: Vec<Vec<String>> =
        enriched.enrichment.facts.iter().flat_map(|(name, told)| fact(name, told, ui.out)).collect();
    if !rows.is_empty() {
        lines.push(String::new());
        lines.extend(table(&rows).lines().map(|line| format!("  {line}")));
    }
    lines.join("\n")
}

fn provider(outcome: &Outcome, paint: Paint) -> Vec<String> {
    let word = match outcome.state {
        State::Found => paint.good(outcome.state.word()),
        State::NotFound | State::NotAsked => paint.dim(outcome.state.word()),
        State::NeedsReview => paint.odd(outcome.state.word()),
        _ => paint.bad(outcome.state.word()),
    };
    let stale =
        outcome.stale.as_ref().map_or_else(String::new, |why| format!("; an old answer, since it {why}"));
    vec![paint.name(&outcome.name), word, clean(&format!("{}{stale}", outcome.message))]
}

/// The fact itself, then what else is said of it.
fn fact(name: &str, told: &Told, paint: Paint) -> Vec<Vec<String>> {
    let mark = if told.conflict { paint.odd("differ") } else { String::new() };
    let fact = &told.fact;
    let mut rows = vec![vec![
        paint.name(&clean(name)),
        mark,
        shown(&fact.value),
        paint.bold(&clean(&fact.from)),
        fact.score.map_or_else(String::new, |score| format!("{score:.2}")),
        paint.dim(&clean(&fact.at)),
    ]];
    let is_it = |one: &&Candidate| one.value == fact.value && one.from == fact.from && one.at == fact.at;
    for one in fact.candidates.iter().filter(|one| !is_it(one)) {
        rows.push(vec![
            String::new(),
            String::new(),
            paint.dim(&shown(&one.value)),
            clean(&one.from),
            one.score.map_or_else(String::new, |score| format!("{score:.2}")),
            paint.dim(&clean(&one.at)),
        ]);
    }
    rows
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Value::Array(list) => list.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(map) => {
            map.iter().map(|(name, value)| format!("{name} {}", shown(value))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    words::short(&clean(&text), LONGEST)
}
