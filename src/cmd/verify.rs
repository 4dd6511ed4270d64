//! `bindery verify`: tests finished releases, ours or anyone's.

mod remote;

use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};

use engine::StageError;
use manifests::Lock;
use stages::rules::Severity;
use stages::verify::{Fault, Verdict};

use crate::exit::{Exit, Failure};
use crate::lock;
use crate::rules;
use crate::signals;
use crate::ui::bar::spinner;
use crate::ui::{Ui, clean, paint, words};

const AFTER: &str = "\
Examples:
  bindery verify dist/Some.Release-MYGRP
  bindery verify dist/Some.Release-MYGRP --rules tv-web
  bindery verify dist/Some.Release-MYGRP --lock release.lock
  bindery verify dist/Some.Release-MYGRP --remote nas
  bindery verify Some.Release-MYGRP --remote nas
  bindery verify dist/* --json";

/// Test finished releases: every archive and every checksum
///
/// Reads archives through, archives inside archives too, and compares files with the checksum files beside them. The
/// exit code is 1 when anything is wrong.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// Release folders, or single files of releases; with `--remote` also the name of a release there
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Test against this rule set, too; may be repeated. `bindery rules` lists them
    #[arg(long, value_name = "SET")]
    rules: Vec<String>,
    /// Also hold the releases against this lock: every file with its bytes, and no other
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Test the releases at this destination: against the ones here, else against the ledger, else against the checksum
    /// files that lie there
    #[arg(long, value_name = "DEST", conflicts_with_all = ["rules", "lock"])]
    remote: Option<String>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    if let Some(destination) = &args.remote {
        return remote::run(&args.paths, destination, args.json, ui);
    }
    let sets = if args.rules.is_empty() { Vec::new() } else { rules::here(&args.rules)? };
    let locked = args.lock.as_ref().map(|path| the_lock(path)).transpose()?;
    let cancel = signals::listen().cancel;
    let mut worst = Exit::Done;
    for path in &args.paths {
        let moves = stderr().is_terminal() && !paint::is_dumb();
        let bar = moves.then(|| spinner(&path.display().to_string()));
        let result = stages::verify::verify(path, &|bytes| {
            if let Some(bar) = &bar {
                bar.inc(bytes);
            }
            if cancel.is_cancelled() { Err(StageError::cancelled()) } else { Ok(()) }
        });
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        let result = result.and_then(|mut verdict| {
            for named in &sets {
                let rules::Named { name, set, .. } = &**named;
                verdict.findings.extend(set.test(name, path)?);
            }
            Ok(verdict)
        });
        let exit = match result {
            Ok(mut verdict) => {
                if let Some(lock) = &locked {
                    verdict.faults.extend(against_lock(lock, path)?);
                }
                tell(&verdict, args.json, ui)?
            }
            Err(_) if cancel.is_cancelled() => return Ok(Exit::Interrupted),
            Err(error) => failed(path, error).tell(ui),
        };
        if (worst as u8) < (exit as u8) {
            worst = exit;
        }
    }
    Ok(worst)
}

fn the_lock(path: &Path) -> Result<Lock, Failure> {
    let lock = lock::read(path)?;
    lock.ok_or_else(|| Failure::missing(format!("there is no lock `{}`", path.display())))
}

/// What is in a release and not in its lock, or the other way round.
fn against_lock(lock: &Lock, path: &Path) -> Result<Vec<Fault>, Failure> {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let fault =
        |file: &str, code: &str, message: String| Fault { file: file.into(), code: code.into(), message };
    let Some(locked) = lock.releases.iter().find(|release| release.name == name) else {
        let known: Vec<&str> = lock.releases.iter().map(|release| release.name.as_str()).collect();
        let hint = words::did_you_mean(&name, known);
        return Ok(vec![fault("", "lock/unknown", format!("the lock has no release of this name; {hint}"))]);
    };
    let mut found = lock::outputs(&whole)?;
    let mut faults = Vec::new();
    for (file, wanted) in &locked.outputs {
        match found.remove(file) {
            None => faults.push(fault(file, "lock/missing", "is in the lock and not here".into())),
            Some(one) if one != *wanted => {
                faults.push(fault(file, "lock/changed", "is not what the lock says".into()));
            }
            Some(_) => {}
        }
    }
    faults.extend(found.keys().map(|file| fault(file, "lock/extra", "is here and not in the lock".into())));
    Ok(faults)
}

fn tell(verdict: &Verdict, json: bool, ui: &Ui) -> Result<Exit, Failure> {
    if json {
        ui.json_line(verdict)?
    } else {
        ui.data(&human(verdict, ui))?
    }
    let broken = verdict.findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if verdict.faults.is_empty() && !broken { Exit::Done } else { Exit::Failed })
}

fn failed(path: &Path, error: StageError) -> Failure {
    let exit = if error.code == "input/missing" && !path.exists() { Exit::Missing } else { Exit::Failed };
    let failure = Failure::new(exit, error.message);
    error.hint.into_iter().fold(failure, Failure::hint)
}

fn human(verdict: &Verdict, ui: &Ui) -> String {
    let broken = verdict.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let word = match verdict.faults.len() + broken {
        0 if verdict.archives + verdict.sums + verdict.findings.len() == 0 => ui.out.odd("nothing to test"),
        0 => ui.out.good("ok"),
        count => ui.out.bad(&words::count(count, "fault")),
    };
    let tested = format!(
        "{}, {}, {}",
        words::count(verdict.files, "file"),
        words::count(verdict.archives, "archive"),
        words::count(verdict.sums, "checksum"),
    );
    let head = format!("{}: {word} ({tested})", ui.out.bold(&clean(&verdict.path)));
    let faults = verdict.faults.iter().map(|fault| {
        let code = ui.out.dim(&format!("[{}]", clean(&fault.code)));
        format!("\n  {} {} {code}", ui.out.bad(&format!("{}:", clean(&fault.file))), clean(&fault.message))
    });
    let unchecked = verdict.unchecked.iter().map(|unchecked| {
        let file = ui.out.odd(&format!("{}:", clean(&unchecked.file)));
        format!("\n  {file} not tested: {}", clean(&unchecked.why))
    });
    let findings = verdict.findings.iter().map(|finding| format!("\n{}", rules::shown(finding, ui)));
    std::iter::once(head).chain(faults).chain(unchecked).chain(findings).collect()
}
