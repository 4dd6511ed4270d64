//! What is written of a run besides what is shown: reports in files, annotations for a code host, traces.
//!
//! A fold over the events. Every format is a file and a row of [`FORMATS`].

mod account;
mod codequality;
mod github;
mod host;
mod json;
mod junit;
mod markdown;
mod times;
mod trace;

use std::fs;
use std::path::{Path, PathBuf};

use engine::Event;
use manifests::Diagnostic;

use self::account::{Account, Fault};
use self::host::Host;
use self::times::Times;
use self::trace::Trace;
use crate::args::Running;
use crate::execute::Outcome;
use crate::exit::{Exit, Failure};
use crate::project::Surroundings;
use crate::ui::{Ui, words};

/// A format of reports.
struct Format {
    name: &'static str,
    write: fn(&Account<'_>) -> String,
}

/// Every format, by name. A new one is a file and a row.
const FORMATS: &[Format] = &[
    Format { name: "codequality", write: codequality::write },
    Format { name: "json", write: json::write },
    Format { name: "junit", write: junit::write },
    Format { name: "markdown", write: markdown::write },
];

/// A report that was asked for, such as `junit=report.xml`.
#[derive(Clone, Debug)]
pub struct Wanted {
    format: &'static str,
    file: PathBuf,
}

/// Everything that is written of one run.
pub struct Reports {
    wanted: Vec<Wanted>,
    trace: Option<Trace>,
    host: Host,
    times: Times,
    faults: Vec<Fault>,
}

impl Wanted {
    /// Reads an argument.
    pub fn parse(text: &str) -> Result<Self, String> {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        let form = || format!("write it as FORMAT=FILE, where FORMAT is one of {}", known.join(", "));
        let (name, file) = text.split_once('=').filter(|(_, file)| !file.is_empty()).ok_or_else(form)?;
        let format = known.iter().find(|format| **format == name).ok_or_else(|| {
            format!("there is no format `{name}`; {}", words::did_you_mean(name, known.iter().copied()))
        })?;
        Ok(Self { format, file: PathBuf::from(file) })
    }
}

impl Reports {
    /// Prepares what was asked for, and what the code host hears of unasked. Begins the trace.
    pub fn open(running: &Running, surroundings: &Surroundings) -> Result<Self, Failure> {
        for wanted in &running.report {
            // A run of an hour must not end with a report that cannot be written.
            if wanted.file.is_dir() {
                return Err(Failure::usage(format!("`{}` is a folder and no report", wanted.file.display())));
            }
            make_folder(&wanted.file)?;
        }
        let trace = match &running.trace {
            Some(file) => {
                make_folder(file)?;
                Some(Trace::create(file, &surroundings.registry).map_err(|error| unwritable(file, &error))?)
            }
            None => None,
        };
        let host = Host::read(&surroundings.cwd);
        Ok(Self { wanted: running.report.clone(), trace, host, times: Times::default(), faults: Vec::new() })
    }

    /// Takes one more event into account.
    pub fn hear(&mut self, event: &Event) {
        if let Some(trace) = &mut self.trace {
            trace.hear(event);
        }
        if self.is_wanted() {
            self.times.hear(event);
        }
    }

    /// Takes faults of manifests into account.
    pub fn note(&mut self, faults: &[Diagnostic]) {
        if self.is_wanted() {
            self.faults.extend(faults.iter().map(|fault| Fault::of_diagnostic(fault, &self.host)));
        }
    }

    /// Takes into account what kept a run from beginning, or from being what it was to be.
    pub fn note_failure(&mut self, failure: &Failure) {
        match failure {
            Failure::Diagnostics(faults) => self.note(faults),
            Failure::Message { message, hint, .. } => {
                self.faults.push(Fault::of_message(message, hint.clone()))
            }
        }
    }

    /// Writes everything about a run that is over; `json` is what `--json` prints of it.
    pub fn write(
        &self,
        outcome: &Outcome,
        json: &dyn Fn() -> serde_json::Result<String>,
        ui: &Ui,
    ) -> Result<(), Failure> {
        if let Some((file, error)) = self.trace.as_ref().and_then(Trace::trouble) {
            ui.say(&format!(
                "{} cannot write the whole trace to `{}`: {}",
                ui.err.odd("warning:"),
                file.display(),
                words::reason(error)
            ));
        }
        if !self.is_wanted() {
            return Ok(());
        }
        let faults = self.faults.iter().cloned().chain(account::faults(outcome, &self.host)).collect();
        self.put(&Account { outcome, times: &self.times, faults, json }, ui)
    }

    /// Writes everything about a run that did not begin, since manifests are wrong.
    pub fn write_refusal(&self, ui: &Ui) -> Result<(), Failure> {
        let outcome = Outcome::default();
        self.write(&outcome, &|| serde_json::to_string_pretty(&outcome.report), ui)
    }

    fn is_wanted(&self) -> bool {
        !self.wanted.is_empty() || self.host.hears()
    }

    fn put(&self, account: &Account<'_>, ui: &Ui) -> Result<(), Failure> {
        if self.host.is_github {
            github::annotate(&account.faults).iter().for_each(|line| ui.say(line));
        }
        if let Some(file) = &self.host.summary {
            let text = markdown::brief(account);
            // The summary is the host's own: a run is not worse for one that could not be told there.
            if let Err(error) = append(file, &text) {
                let name = file.display();
                ui.say(&format!(
                    "{} cannot write `{name}`: {}",
                    ui.err.odd("warning:"),
                    words::reason(&error)
                ));
            }
        }
        for wanted in &self.wanted {
            let Some(format) = FORMATS.iter().find(|format| format.name == wanted.format) else { continue };
            fs::write(&wanted.file, (format.write)(account))
                .map_err(|error| unwritable(&wanted.file, &error))?;
        }
        Ok(())
    }
}

fn append(file: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    fs::File::options().append(true).create(true).open(file)?.write_all(text.as_bytes())
}

fn make_folder(file: &Path) -> Result<(), Failure> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or(Ok(()), fs::create_dir_all).map_err(|error| unwritable(file, &error))
}

fn unwritable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("cannot write `{}`: {}", file.display(), words::reason(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_asked_for_by_format_and_file() {
        let check = |text: &str, wanted: Result<(&str, &str), &str>| match (Wanted::parse(text), wanted) {
            (Ok(found), Ok((format, file))) => {
                assert_eq!((found.format, found.file.as_path()), (format, Path::new(file)));
            }
            (Err(found), Err(part)) => assert!(found.contains(part), "{found}"),
            (found, wanted) => panic!("{text}: {found:?}, not {wanted:?}"),
        };
        check("junit=a/b=c.xml", Ok(("junit", "a/b=c.xml")));
        check("junit", Err("FORMAT=FILE"));
        check("json=", Err("FORMAT=FILE"));
        check("junt=x", Err("did you mean `junit`?"));
    }

    #[test]
    fn formats_are_in_order() {
        assert!(FORMATS.is_sorted_by_key(|format| format.name));
    }
}
