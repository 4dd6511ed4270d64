//! Lets a person choose among candidates, on a terminal and nowhere else.

use std::io::{BufRead, IsTerminal, stderr, stdin};

use stages::enrich::{Enrich, Enrichment, Hit, State};

use crate::exit::{Exit, Failure};
use crate::ui::{Ui, clean, words};

/// Fails where nobody could answer.
pub fn needs_a_terminal() -> Result<(), Failure> {
    if stdin().is_terminal() && stderr().is_terminal() {
        return Ok(());
    }
    Err(Failure::usage("`--choose` asks on a terminal, and there is none")
        .hint("say which it is with `pin: { tmdb: 1399 }` under the step's `with`"))
}

/// Asks which candidates are meant, where that is not sure; says whether one was chosen.
pub fn of(enrichment: &Enrichment, options: &mut Enrich, ui: &Ui) -> Result<bool, Failure> {
    let mut has_chosen = false;
    for outcome in enrichment.providers.iter().filter(|outcome| outcome.state == State::NeedsReview) {
        ui.say(&format!("{} {}", ui.err.name(&outcome.name), clean(&outcome.message)));
        for (number, hit) in outcome.candidates.iter().enumerate() {
            ui.say(&format!("  {}  {}", ui.err.bold(&(number + 1).to_string()), line(hit)));
        }
        ui.say(&format!("which one is it? 1 to {}, or Enter for none", outcome.candidates.len()));
        if let Some(hit) = answer(&outcome.candidates)? {
            *options = options.clone().with_pin(&outcome.name, &hit.id);
            has_chosen = true;
        }
    }
    Ok(has_chosen)
}

/// What to write so that the choice stays.
pub fn as_pins(options: &Enrich) -> String {
    let pins: Vec<String> = options.pins().map(|(name, id)| format!("{name}: {id}")).collect();
    format!(
        "to keep the choice, write under `steps:` of the manifest:\n  enrich: {{ with: {{ pin: {{ {} }} }} }}",
        pins.join(", ")
    )
}

fn answer(candidates: &[Hit]) -> Result<Option<&Hit>, Failure> {
    let mut line = String::new();
    stdin().lock().read_line(&mut line).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot read the answer: {}", words::reason(&error)))
    })?;
    let number = line.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    Ok(number.and_then(|number| candidates.get(number)))
}

/// A candidate on one line.
pub fn line(hit: &Hit) -> String {
    let title = hit.titles.first().map_or("?", String::as_str);
    let year = hit.year.map_or_else(String::new, |year| format!(" ({year})"));
    let by = if hit.authors.is_empty() { String::new() } else { format!(" by {}", hit.authors.join(", ")) };
    clean(&format!("{:.2}  {}{year}{by}  [{}]", hit.score, words::short(title, 80), hit.id))
}
