//! Plans as text, for comparison.

use std::fmt::Write;

use engine::{From, Plan, Step, TimeRule};

/// How much is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Everything, with the places things are written at.
    All,
    /// What the plans do.
    Plan,
}

/// Every plan, with its steps where they differ from the plan before.
pub fn listing(plans: &[Plan], detail: Detail) -> String {
    let mut out = String::new();
    for (number, plan) in plans.iter().enumerate() {
        release(&mut out, plan, detail).unwrap();
        if number == 0 {
            for (_, one) in plan.shape.steps() {
                step(&mut out, one, detail).unwrap();
            }
        }
    }
    out
}

fn release(out: &mut String, plan: &Plan, detail: Detail) -> std::fmt::Result {
    writeln!(out, "{}", plan.at)?;
    writeln!(out, "  name: {}", plan.name.text())?;
    writeln!(out, "  output: {}", tidy(&plan.output))?;
    if let TimeRule::At(time) = plan.time {
        writeln!(out, "  time: {time}")?;
    }
    for source in &plan.sources {
        writeln!(out, "  source: {} <- {}", source.name, source.path.display())?;
    }
    for (name, fact) in plan.metadata.iter() {
        write!(out, "  fact: {name} = {}", fact.value)?;
        match detail {
            Detail::All => writeln!(out, " ({} {})", fact.from, fact.at)?,
            Detail::Plan => writeln!(out)?,
        }
    }
    let item = plan.item.iter().map(|item| ("item", item));
    let named = plan.names.iter().map(|(name, value)| (name.as_str(), value));
    for (name, value) in named.chain(item) {
        writeln!(out, "  sees: {name} = {value}")?;
    }
    Ok(())
}

fn step(out: &mut String, step: &Step, detail: Detail) -> std::fmt::Result {
    let from: Vec<&str> = step
        .from
        .iter()
        .map(|from| match from {
            From::Source => "source",
            From::Step(id) => id,
        })
        .collect();
    write!(out, "  step: {} <- [{}]", step.id, from.join(", "))?;
    if detail == Detail::All {
        write!(out, " ({})", step.place)?;
    }
    writeln!(out, "\n    {}", step.stage.pools().join(" "))?;
    if let Some(pick) = &step.pick {
        let taken = ["a.txt", "b.bin", "sub/c.txt"].into_iter().filter(|name| pick.takes(name));
        writeln!(out, "    pick: takes {}", taken.collect::<Vec<_>>().join(", "))?;
    }
    if let Some(into) = &step.into {
        writeln!(out, "    into: {}", into.text())?;
    }
    if let Some(condition) = &step.condition {
        writeln!(out, "    if: {}", condition.text())?;
    }
    if !step.ship || step.optional {
        writeln!(out, "    ship: {}, optional: {}", step.ship, step.optional)?;
    }
    if step.retry.times > 0 || step.timeout.is_some() {
        writeln!(out, "    retry: {:?}, timeout: {:?}", step.retry, step.timeout)?;
    }
    Ok(())
}

/// A path without its detours: `a/b/../c` is `a/c`.
fn tidy(path: &std::path::Path) -> String {
    let mut tidy = std::path::PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(tidy.pop()),
            part => tidy.push(part),
        }
    }
    tidy.display().to_string()
}
