//! Events in, lines out.

use engine::Facts;

use super::*;

fn event(seconds: u64, happening: Happening) -> Event {
    Event { seq: 1, run: "r".into(), time: format!("2026-01-02T03:04:{seconds:02}.000Z"), happening }
}

fn check(releases: usize, happenings: Vec<(u64, Happening)>, wanted: &[&str]) {
    let mut plain = Plain::new(Paint::PLAIN, true);
    let start = (0, Happening::RunStarted { releases });
    let lines: Vec<String> = std::iter::once(start)
        .chain(happenings)
        .filter_map(|(at, what)| plain.line(&event(at, what)))
        .collect();
    assert_eq!(lines, wanted);
}

fn started(release: usize) -> (u64, Happening) {
    let steps = vec!["extract".into(), "rar".into()];
    (0, Happening::ReleaseStarted { release, at: format!("release.yaml#{release}"), steps })
}

fn named(release: usize) -> (u64, Happening) {
    (0, Happening::ReleaseNamed { release, name: format!("Book.{release}-GRP\u{1b}") })
}

fn step(release: usize, step: &str) -> (u64, Happening) {
    (0, Happening::StepStarted { release, step: step.into(), stage: "archive".into() })
}

fn finished(at: u64, release: usize, step: &str, sizes: &[u64]) -> (u64, Happening) {
    let artifacts =
        sizes.iter().enumerate().map(|(n, &size)| Artifact::new(format!("a.r{n:02}"), "", size)).collect();
    let (step, facts) = (step.to_owned(), Facts::new());
    (at, Happening::StepFinished { release, step, artifacts, facts, bytes_read: 0, bytes_written: 0 })
}

fn over(release: usize, status: Status) -> (u64, Happening) {
    (5, Happening::ReleaseFinished { release, status, path: None, failure: None, kept: None })
}

#[test]
fn a_single_release_has_a_line_a_step() {
    check(
        1,
        vec![
            started(0),
            step(0, "extract"),
            (0, Happening::StepNoted { release: 0, step: "extract".into(), message: "odd\ndate".into() }),
            finished(0, 0, "extract", &[]),
            named(0),
            step(0, "rar"),
            (
                4,
                Happening::StepProgressed {
                    release: 0,
                    step: "rar".into(),
                    done: 1,
                    total: 4,
                    unit: "bytes".into(),
                    files: Vec::new(),
                },
            ),
            (
                12,
                Happening::StepProgressed {
                    release: 0,
                    step: "rar".into(),
                    done: 2,
                    total: 4,
                    unit: "bytes".into(),
                    files: Vec::new(),
                },
            ),
            finished(13, 0, "rar", &[1_000_000, 5]),
            over(0, Status::Done),
        ],
        &[
            "making release.yaml#0 in 2 steps",
            "  extract  note: odd\\ndate",
            "  extract  done",
            "  the release is Book.0-GRP\\u{1b}",
            "  rar      50% of 4 bytes",
            "  rar      2 files, 1.0 MB in 13.0 s",
            "done in 5.0 s",
        ],
    );
}

#[test]
fn many_releases_have_a_line_each() {
    let failed = Happening::StepFailed {
        release: 1,
        step: "rar".into(),
        code: "disk/full".into(),
        error: "no space".into(),
        hint: None,
        optional: false,
    };
    check(
        12,
        vec![
            started(0),
            started(1),
            step(0, "rar"),
            step(1, "rar"),
            named(0),
            finished(1, 0, "rar", &[2_000]),
            (1, failed),
            over(1, Status::Failed),
            over(0, Status::Done),
        ],
        &[
            "making 12 releases",
            "[ 1/12] release.yaml#1  failed: rar: no space",
            "[ 2/12] Book.0-GRP\\u{1b}  2.0 kB in 5.0 s",
        ],
    );
}

#[test]
fn what_was_skipped_for_one_reason_is_told_once() {
    let skipped = |step: &str, because: &str| {
        (
            1,
            Happening::StepSkipped {
                release: 0,
                step: step.into(),
                because: because.into(),
                up_to_date: false,
                artifacts: Vec::new(),
            },
        )
    };
    check(
        1,
        vec![
            started(0),
            skipped("a", "x"),
            skipped("rar", "y"),
            skipped("nfo", "y"),
            over(0, Status::Failed),
        ],
        &["making release.yaml#0 in 2 steps", "  a        skipped: x", "  skipped rar and nfo: y"],
    );
}

#[test]
fn progress_without_an_end_is_an_amount() {
    assert_eq!(how_far(2_000_000, 0, "bytes"), "2.0 MB");
    assert_eq!(how_far(3, 4, "files"), "75% of 4 files");
    assert_eq!(how_far(9, 4, "files"), "100% of 4 files");
}

#[test]
fn a_note_of_many_releases_is_told_once_and_counted() {
    let note = |release: usize, message: &str| {
        (0, Happening::StepNoted { release, step: "enrich".into(), message: message.into() })
    };
    check(
        3,
        vec![
            started(0),
            started(1),
            note(0, "tmdb breaks off"),
            note(1, "tmdb breaks off"),
            note(1, "no year"),
            (9, Happening::RunFinished { status: Status::Done, report: Box::default() }),
        ],
        &[
            "making 3 releases",
            "  enrich: note: tmdb breaks off (in 2 releases)\n  and 1 note; `--report json=FILE` holds them",
        ],
    );
}
