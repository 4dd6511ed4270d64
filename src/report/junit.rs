//! A run as JUnit XML: a release is a test suite, a step a test case.
//!
//! Keeps to what every reader of the format knows: suites of cases with `failure`, `error`, `skipped` and `system-out`.

use std::fmt::Write;

use engine::{Plan, ReleaseReport, Status, StepReport};
use jiff::Timestamp;

use super::account::{Account, Fault};
use super::times::{Span, Times};
use crate::ui::words;

/// A test suite.
struct Suite {
    name: String,
    span: Option<Span>,
    cases: Vec<Case>,
}

/// A test case.
struct Case {
    name: String,
    ms: u64,
    end: End,
    /// Notes, and the place of what failed.
    said: Vec<String>,
}

/// How a test case ended.
enum End {
    Passed,
    Failed { code: String, message: String, text: String },
    Broken { code: String, message: String, text: String },
    Skipped { why: String },
}

/// The text of the file.
pub fn write(account: &Account<'_>) -> String {
    let refused = account.refused().fold(Vec::new(), |mut suites: Vec<Suite>, fault| {
        let name = fault.spot.as_ref().map_or("manifests", |spot| spot.file.as_str());
        match suites.iter_mut().find(|suite| suite.name == name) {
            Some(suite) => suite.cases.push(of_fault(fault)),
            None => suites.push(Suite { name: name.to_owned(), span: None, cases: vec![of_fault(fault)] }),
        }
        suites
    });
    let made = account.releases().map(|(number, release, plan)| suite(number, release, plan, account.times));
    document(&refused.into_iter().chain(made).collect::<Vec<_>>(), account.times.whole)
}

fn suite(number: usize, release: &ReleaseReport, plan: &Plan, times: &Times) -> Suite {
    let mut cases: Vec<Case> = release
        .steps
        .iter()
        .map(|step| of_step(step, plan, times.step(number, &step.step).map_or(0, Span::ms)))
        .collect();
    let own = match (&release.failure, release.status) {
        (Some(failure), _) => {
            Some(wrong(&failure.code, &failure.error, failure.hint.as_deref(), &release.at))
        }
        (None, Status::Cancelled) => Some(interrupted(&release.at)),
        (None, _) if cases.is_empty() => Some(End::Skipped { why: words::status(release.status).to_owned() }),
        _ => None,
    };
    cases.extend(own.map(|end| Case { name: "release".to_owned(), ms: 0, end, said: Vec::new() }));
    let name = release.name.clone().unwrap_or_else(|| release.at.clone());
    Suite { name, span: Some(times.release(number)).filter(|span| span.began > 0), cases }
}

fn of_step(step: &StepReport, plan: &Plan, ms: u64) -> Case {
    let planned = plan.shape.find(&step.step).map(|index| plan.shape.step(index));
    let place = planned.map_or("", |planned| planned.place.as_str());
    let failure = step.failure.as_ref();
    let error = failure.map(|failure| failure.error.clone()).unwrap_or_default();
    let end = match step.status {
        Status::Done | Status::UpToDate => End::Passed,
        Status::Failed if planned.is_some_and(|planned| planned.optional) => {
            End::Skipped { why: format!("failed, which is allowed: {error}") }
        }
        Status::Failed => {
            let code = failure.map_or("step/failed", |failure| failure.code.as_str());
            wrong(code, &error, failure.and_then(|failure| failure.hint.as_deref()), place)
        }
        Status::Cancelled => interrupted(place),
        Status::Skipped => End::Skipped { why: error },
        Status::Unfinished => End::Skipped { why: words::status(Status::Unfinished).to_owned() },
    };
    let mut said = step.notes.clone();
    if step.status == Status::UpToDate {
        said.push(words::status(Status::UpToDate).to_owned());
    }
    Case { name: step.step.clone(), ms, end, said }
}

fn of_fault(fault: &Fault) -> Case {
    let place = fault.spot.as_ref().map(|spot| format!("{}:{}:{}", spot.file, spot.line, spot.column));
    let end = wrong(&fault.code, &fault.message, fault.hint.as_deref(), place.as_deref().unwrap_or(""));
    let name = place.map_or_else(|| fault.code.clone(), |place| format!("{} at {place}", fault.code));
    Case { name, ms: 0, end, said: Vec::new() }
}

/// A failure; a bug of ours is an error of the test.
fn wrong(code: &str, message: &str, hint: Option<&str>, place: &str) -> End {
    let mut text = format!("{message} [{code}]");
    if !place.is_empty() {
        let _ = write!(text, "\n--> {place}");
    }
    if let Some(hint) = hint {
        let _ = write!(text, "\nhelp: {hint}");
    }
    let (code, message) = (code.to_owned(), message.to_owned());
    if code.starts_with("bug/") {
        End::Broken { code, message, text }
    } else {
        End::Failed { code, message, text }
    }
}

fn interrupted(place: &str) -> End {
    let End::Failed { code, message, text } = wrong("step/cancelled", "interrupted", None, place) else {
        return End::Passed;
    };
    End::Broken { code, message, text }
}

fn document(suites: &[Suite], whole: Option<Span>) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all = || suites.iter().flat_map(|suite| &suite.cases);
    let _ = writeln!(
        out,
        "<testsuites name=\"bindery\" {} time=\"{}\">",
        counts(all()),
        seconds(whole.map_or(0, Span::ms))
    );
    for suite in suites {
        let span = suite.span.unwrap_or_default();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" {} time=\"{}\"{}>",
            escaped(&suite.name),
            counts(suite.cases.iter()),
            seconds(span.ms()),
            suite.span.map(|span| format!(" timestamp=\"{}\"", timestamp(span.began))).unwrap_or_default(),
        );
        for case in &suite.cases {
            one(&mut out, case, &suite.name);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn one(out: &mut String, case: &Case, suite: &str) {
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
        escaped(suite),
        escaped(&case.name),
        seconds(case.ms)
    );
    let end = match &case.end {
        End::Passed => String::new(),
        End::Failed { code, message, text } => element("failure", code, message, text),
        End::Broken { code, message, text } => element("error", code, message, text),
        End::Skipped { why } => format!("      <skipped message=\"{}\"/>\n", escaped(why)),
    };
    let said = match case.said.as_slice() {
        [] => String::new(),
        said => format!("      <system-out>{}</system-out>\n", escaped(&said.join("\n"))),
    };
    // Writing to a string cannot fail, here and above.
    let _ = match (end.is_empty(), said.is_empty()) {
        (true, true) => writeln!(out, "{head}/>"),
        _ => writeln!(out, "{head}>\n{end}{said}    </testcase>"),
    };
}

fn element(name: &str, code: &str, message: &str, text: &str) -> String {
    let (code, message, text) = (escaped(code), escaped(message), escaped(text));
    format!("      <{name} type=\"{code}\" message=\"{message}\">{text}</{name}>\n")
}

fn counts<'c>(cases: impl Iterator<Item = &'c Case>) -> String {
    let (mut tests, mut failures, mut errors, mut skipped) = (0, 0, 0, 0);
    for case in cases {
        tests += 1;
        match case.end {
            End::Passed => {}
            End::Failed { .. } => failures += 1,
            End::Broken { .. } => errors += 1,
            End::Skipped { .. } => skipped += 1,
        }
    }
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// Universal time without saying so, as the format has it.
fn timestamp(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Text between tags and quotes. What XML cannot hold at all is replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push('\t'),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_format_has_them() {
        assert_eq!(seconds(61_005), "61.005");
        assert_eq!(timestamp(1_767_225_600_999), "2026-01-01T00:00:00");
    }

    #[test]
    fn no_text_ends_its_element() {
        assert_eq!(escaped("a\"<b>&\u{1b}\u{ffff}\n"), "a&quot;&lt;b&gt;&amp;\u{fffd}\u{fffd}&#10;");
    }
}
