//! A run as Markdown, for people: what failed, what was made, and how long its steps took.

use std::fmt::Write;

use engine::{Plan, ReleaseReport, Status};
use manifests::Severity;

use super::account::{Account, Fault};
use super::times::Span;
use crate::ui::{clean, summary, words};

/// Most releases, and most faults, in the summary of a job, of which hosts take a megabyte.
const MOST: usize = 200;
/// Most releases whose steps are listed.
const MOST_WITH_STEPS: usize = 10;

/// The text of the file.
pub fn write(account: &Account<'_>) -> String {
    text(account, usize::MAX)
}

/// The same, never long.
pub fn brief(account: &Account<'_>) -> String {
    text(account, MOST)
}

fn text(account: &Account<'_>, most: usize) -> String {
    let report = &account.outcome.report;
    let head = match account.refused().count() {
        0 => summary::counts(report),
        wrong if report.releases.is_empty() => {
            format!("{} in manifests, nothing was made", words::count(wrong, "fault"))
        }
        wrong => format!("{}, {} in manifests", summary::counts(report), words::count(wrong, "fault")),
    };
    let took = account.times.whole.map(|span| format!(" in {}", words::duration(span.ms())));
    let mut out = format!("## Bindery: {head}{}\n", took.unwrap_or_default());
    faults(&mut out, &account.faults, most);
    releases(&mut out, account, most);
    if report.releases.len() <= MOST_WITH_STEPS {
        for (number, release, plan) in account.releases() {
            steps(&mut out, account, (number, release, plan));
        }
    }
    out
}

fn faults(out: &mut String, faults: &[Fault], most: usize) {
    if faults.is_empty() {
        return;
    }
    out.push_str("\n### What went wrong\n\n");
    for fault in faults.iter().take(most) {
        let word = if fault.severity == Severity::Error { "" } else { "warning: " };
        let of = fault.of.as_ref().map(|of| format!("{}: ", escaped(of))).unwrap_or_default();
        // Writing to a string cannot fail, here and below.
        let _ = write!(out, "- {word}**{of}{}** ({})", escaped(&fault.message), escaped(&fault.code));
        if let Some(spot) = &fault.spot {
            let _ = write!(out, " at {}:{}:{}", escaped(&spot.file), spot.line, spot.column);
        }
        if let Some(hint) = &fault.hint {
            let _ = write!(out, "  \n  {}", escaped(hint));
        }
        out.push('\n');
    }
    more(out, faults.len(), most);
}

fn releases(out: &mut String, account: &Account<'_>, most: usize) {
    let count = account.outcome.report.releases.len();
    if count == 0 {
        return;
    }
    out.push_str("\n| release | result | files | size | time |\n|---|---|--:|--:|--:|\n");
    for (number, release, plan) in account.releases().take(most) {
        let (files, bytes) = size(release, plan);
        let name = escaped(release.name.as_deref().unwrap_or(&release.at));
        let result = words::status(release.status);
        let result =
            if release.status == Status::Failed { format!("**{result}**") } else { result.to_owned() };
        let took = words::duration(account.times.release(number).ms());
        let _ = writeln!(out, "| {name} | {result} | {files} | {} | {took} |", words::bytes(bytes));
    }
    more(out, count, most);
}

/// The files that lie in the release's folder, and their bytes.
fn size(release: &ReleaseReport, plan: &Plan) -> (usize, u64) {
    if release.path.is_none() {
        return (0, 0);
    }
    let ships = |id: &str| plan.shape.find(id).is_some_and(|index| plan.shape.step(index).ship);
    let steps = release.steps.iter().filter(|step| ships(&step.step));
    let files = steps.flat_map(|step| &step.artifacts);
    files.fold((0, 0), |(files, bytes), file| (files + 1, bytes + file.size))
}

fn steps(out: &mut String, account: &Account<'_>, (number, release, plan): (usize, &ReleaseReport, &Plan)) {
    if release.steps.is_empty() {
        return;
    }
    let name = escaped(release.name.as_deref().unwrap_or(&release.at));
    let _ = write!(out, "\n<details><summary>Steps of {name}</summary>\n\n");
    out.push_str("| step | stage | result | read | written | time |\n|---|---|---|--:|--:|--:|\n");
    for step in &release.steps {
        let stage = plan.shape.find(&step.step).map_or("", |index| plan.shape.step(index).stage.name());
        let result = if step.status == Status::Done { "done" } else { words::status(step.status) };
        let took = account
            .times
            .step(number, &step.step)
            .map_or_else(String::new, |span: Span| words::duration(span.ms()));
        let (read, written) = (words::bytes(step.bytes_read), words::bytes(step.bytes_written));
        let id = escaped(&step.step);
        let _ = writeln!(out, "| {id} | {stage} | {result} | {read} | {written} | {took} |");
    }
    out.push_str("\n</details>\n");
}

fn more(out: &mut String, count: usize, most: usize) {
    if count > most {
        let _ = write!(out, "\nand {} more\n", count - most);
    }
}

/// Foreign text, which is shown as it is: it makes no cell, no markup and no link.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => out.extend(['\\', c]),
            // Nobody is called because a file bears a name.
            '@' => out.push_str("&#64;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_no_markup() {
        assert_eq!(escaped("a|b <i> [x](y) `@me`\n#1"), "a\\|b &lt;i&gt; \\[x\\](y) \\`&#64;me\\`\\\\n\\#1");
    }
}
