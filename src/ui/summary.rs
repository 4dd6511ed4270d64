//! What a run came to, in a few lines: what was made, what failed, where that is written, what to do.
//!
//! Pure: plans and report in, text out.

use std::collections::BTreeMap;

use engine::{Artifact, Plan, ReleaseReport, Report, Selection, Status};

use super::diagnostics::fault;
use super::{Paint, clean, words};

/// Most releases, and most failures, that are told one by one.
const MOST: usize = 10;
/// Most files of a release that are named.
const MOST_FILES: usize = 12;

/// The whole summary, without a line break at its end; empty when there is nothing to say.
pub fn summary(plans: &[&Plan], report: &Report, selection: &Selection, paint: Paint) -> String {
    let mut parts: Vec<String> = Vec::new();
    let pairs: Vec<(&Plan, &ReleaseReport)> = plans.iter().copied().zip(&report.releases).collect();
    // Of deliveries the notes say more.
    let is_there = |release: &ReleaseReport| {
        matches!(release.status, Status::Done | Status::UpToDate) && *selection != Selection::Deliver
    };
    let several = pairs.len() > 1;
    // Of many releases only those are listed that are new.
    let made: Vec<_> = pairs
        .iter()
        .filter(|(_, release)| is_there(release) && (!several || release.status == Status::Done))
        .collect();
    let listed =
        made.iter().take(MOST).map(|(plan, release)| of_release(plan, release, selection, made.len(), paint));
    parts.extend(listed.filter(|text| !text.is_empty()));
    if made.len() > MOST {
        parts.push(format!("and {} more", made.len() - MOST));
    }
    let failures: Vec<String> =
        pairs.iter().flat_map(|(plan, release)| failures(plan, release, paint)).collect();
    let told = failures.len().min(MOST);
    parts.extend(failures.iter().take(told).map(|failure| format!("\n{failure}")));
    if failures.len() > told {
        parts.push(format!(
            "and {} more; `--json` reports all of them",
            words::count(failures.len() - told, "failure")
        ));
    }
    parts.extend(kept(report, paint));
    if pairs.len() > 1 || report.status != Status::Done {
        let gap = if failures.is_empty() { "" } else { "\n" };
        parts.push(format!("{gap}{}", ending(report, paint)));
    }
    parts.join("\n").trim_start_matches('\n').to_owned()
}

/// Whether any failure is a bug of Bindery's.
pub fn has_bug(report: &Report) -> bool {
    let codes = report.releases.iter().flat_map(|release| {
        release.failure.iter().chain(release.steps.iter().filter_map(|step| step.failure.as_ref()))
    });
    codes.into_iter().any(|failure| failure.code.starts_with("bug/"))
}

fn of_release(
    plan: &Plan,
    release: &ReleaseReport,
    selection: &Selection,
    made: usize,
    paint: Paint,
) -> String {
    let files = shipped(plan, release, selection);
    let bytes: u64 = files.iter().map(|file| file.size).sum();
    let name = clean(release.name.as_deref().unwrap_or(&release.at));
    let head =
        format!("{}: {}, {}", paint.bold(&name), words::count(files.len(), "file"), words::bytes(bytes));
    if release.status == Status::UpToDate {
        return format!("{head}, {}", paint.good("up to date"));
    }
    if made > 1 {
        return head;
    }
    let width = files.iter().take(MOST_FILES).map(|file| words::bytes(file.size).len()).max().unwrap_or(0);
    let lines = files.iter().take(MOST_FILES).map(|file| {
        let size = format!("{:>width$}", words::bytes(file.size));
        format!("\n  {}  {}", paint.dim(&size), clean(&file.name))
    });
    let more = (files.len() > MOST_FILES).then(|| format!("\n  … and {} more", files.len() - MOST_FILES));
    std::iter::once(head).chain(lines).chain(more).collect()
}

/// The files of a release as they lie in its folder.
fn shipped<'r>(plan: &Plan, release: &'r ReleaseReport, selection: &Selection) -> Vec<&'r Artifact> {
    let ships = |id: &str| match selection {
        Selection::All | Selection::Make => {
            plan.shape.find(id).is_some_and(|index| plan.shape.step(index).ship)
        }
        Selection::Deliver => false,
        Selection::Only(only) => id == only,
        Selection::Until(_) => true,
    };
    let mut files: Vec<&Artifact> =
        release.steps.iter().filter(|step| ships(&step.step)).flat_map(|step| &step.artifacts).collect();
    files.sort_by(|left, right| left.name.cmp(&right.name));
    files
}

/// Every failure of a release, with the place of the step that failed.
fn failures(plan: &Plan, release: &ReleaseReport, paint: Paint) -> Vec<String> {
    let name = release.name.as_deref().unwrap_or(&release.at);
    let steps = release.steps.iter().filter(|step| step.status == Status::Failed).filter_map(|step| {
        let failure = step.failure.as_ref()?;
        let index = plan.shape.find(&step.step)?;
        let optional = plan.shape.step(index).optional;
        let place = format!("{} (step `{}` of {name})", plan.shape.step(index).place, step.step);
        let message = format!("{}: {} [{}]", step.step, failure.error, failure.code);
        let text = fault(&paint, &message, Some(&place), failure.hint.as_deref());
        Some(if optional { text.replacen("error:", "warning:", 1) } else { text })
    });
    let own = release.failure.iter().map(|failure| {
        let message = format!("{} [{}]", failure.error, failure.code);
        let place = if release.at == name { release.at.clone() } else { format!("{} ({name})", release.at) };
        fault(&paint, &message, Some(&place), failure.hint.as_deref())
    });
    steps.chain(own).collect()
}

/// Where the files of releases that were not made wait for the next run. Facts that wait are not worth a word.
fn kept(report: &Report, paint: Paint) -> Vec<String> {
    let mut folders: BTreeMap<&str, u64> = BTreeMap::new();
    for kept in report.releases.iter().filter_map(|release| release.kept.as_ref()) {
        *folders.entry(&kept.folder).or_default() += kept.bytes;
    }
    let line = |(folder, bytes): (&str, u64)| {
        let text = format!(
            "what was done stays in `{}`, {}; the next run goes on there",
            clean(folder),
            words::bytes(bytes)
        );
        format!("\n{} {text}", paint.odd("note:"))
    };
    folders.into_iter().filter(|(_, bytes)| *bytes > 0).map(line).collect()
}

fn ending(report: &Report, paint: Paint) -> String {
    let text = counts(report);
    match report.status {
        Status::Done => paint.good(&text),
        Status::Cancelled => paint.odd(&text),
        _ => paint.bad(&text),
    }
}

/// How many releases there are and how they ended: `3 releases: 2 made, 1 failed`.
pub fn counts(report: &Report) -> String {
    let statuses = [Status::Done, Status::UpToDate, Status::Failed, Status::Cancelled, Status::Unfinished];
    let counted = statuses
        .map(|status| (report.count(status), words::status(status)))
        .into_iter()
        .filter(|(count, _)| *count > 0);
    let parts: Vec<String> = counted.map(|(count, word)| format!("{count} {word}")).collect();
    format!("{}: {}", words::count(report.releases.len(), "release"), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::{Facts, Retry, Shape, Step, StepReport, Template, TimeRule};

    use super::*;

    fn plan() -> Plan {
        let step = |id: &str, ship: bool| Step {
            id: id.into(),
            place: format!("release.yaml:7:{}", id.len()),
            stage: (stages::registry().get("enrich").unwrap().build)(serde_json::json!({})).unwrap(),
            from: Vec::new(),
            pick: None,
            into: None,
            ship,
            optional: false,
            condition: None,
            retry: Retry::default(),
            timeout: None,
            written: serde_json::Value::Null,
        };
        Plan {
            shape: Arc::new(Shape::new(vec![step("rar", false), step("zip", true)]).ok().unwrap()),
            at: "release.yaml".into(),
            name: Arc::new(Template::new("x")),
            output: Arc::default(),
            sources: Vec::new(),
            metadata: Facts::new(),
            names: Arc::default(),
            item: None,
            time: TimeRule::At(0),
            keep: None,
            pinned: None,
        }
    }

    fn done(step: &str, file: &str) -> StepReport {
        let artifacts = vec![Artifact::new(file, "", 2000)];
        StepReport { step: step.into(), status: Status::Done, artifacts, ..StepReport::default() }
    }

    fn check(steps: Vec<StepReport>, status: Status, selection: &Selection, wanted: &str) {
        let name = Some("A-GRP".to_owned());
        let release =
            ReleaseReport { at: "release.yaml".into(), name, status, steps, ..ReleaseReport::default() };
        let report = Report { run: "r".into(), status, releases: vec![release] };
        assert_eq!(summary(&[&plan()], &report, selection, Paint::PLAIN), wanted);
    }

    #[test]
    fn only_what_is_in_the_folder_is_listed() {
        let steps = || vec![done("rar", "a.rar"), done("zip", "a.zip")];
        check(steps(), Status::Done, &Selection::All, "A-GRP: 1 file, 2.0 kB\n  2.0 kB  a.zip");
        check(
            steps(),
            Status::Done,
            &Selection::Only("rar".into()),
            "A-GRP: 1 file, 2.0 kB\n  2.0 kB  a.rar",
        );
        let both = "A-GRP: 2 files, 4.0 kB\n  2.0 kB  a.rar\n  2.0 kB  a.zip";
        check(steps(), Status::Done, &Selection::Until("zip".into()), both);
    }

    #[test]
    fn a_failure_names_its_place_and_what_to_do() {
        let failure = serde_json::json!({ "code": "disk/full", "error": "no space", "hint": "free some" });
        let failure = serde_json::from_value(failure).unwrap();
        let step =
            StepReport { step: "zip".into(), status: Status::Failed, failure, ..StepReport::default() };
        let wanted = "error: zip: no space [disk/full]\n --> release.yaml:7:3 (step `zip` of A-GRP)\n  = help: free some\n\n1 release: 1 failed";
        check(vec![step], Status::Failed, &Selection::All, wanted);
    }

    #[test]
    fn an_interrupted_run_is_counted() {
        check(Vec::new(), Status::Cancelled, &Selection::All, "1 release: 1 interrupted");
    }
}
