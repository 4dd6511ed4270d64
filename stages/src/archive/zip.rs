//! ZIP archives: one of everything, or one for each file.

mod epub;
mod large;
mod outlet;
mod work;

use engine::{Artifact, Forecast, Input, Job, OptionFault, Output, StageError};

use super::{Archive, Hash, Host, Layout, Times, Volume};
use work::{Entry, Work, size};

/// Longest base of an 8.3 name.
const SHORT: usize = 8;

pub(super) fn check(options: &Archive) -> Vec<OptionFault> {
    let mut faults = Vec::new();
    if let Some(Volume::Size(_) | Volume::Auto) = options.volume {
        faults.push(
            OptionFault::new("volume", "a ZIP is not split")
                .hint("write `each` for an archive a file, or put RAR volumes inside"),
        );
    }
    if options.layout == Layout::Epub && options.volume.is_some() {
        faults.push(OptionFault::new("volume", "an EPUB is one file").hint("leave `volume` out"));
    }
    if options.level.is_some_and(|level| level > 9) {
        faults.push(OptionFault::new("level", "a level is from 0 to 9"));
    }
    let foreign = [
        ("naming", options.naming.is_some()),
        ("host", options.host != Host::Unix),
        ("times", options.times != Times::Release),
        ("hash", options.hash != Hash::Crc32),
        ("sizes", options.sizes.is_some()),
        ("most", options.most.is_some()),
        ("extended_time", options.extended_time),
    ];
    for (key, _) in foreign.iter().filter(|(_, set)| *set) {
        faults.push(OptionFault::new(key, format!("`{key}` is for `format: rar4` and `rar5`")));
    }
    faults
}

/// What the archives are at most: as large as if nothing shrank.
pub(super) fn forecast(options: &Archive, inputs: &[Input]) -> Forecast {
    /// Fixed bytes that a file takes in an archive beside its content and its name, written twice.
    const EACH: u64 = 30 + 46 + 2 * 28;
    /// Fixed bytes at the end of an archive.
    const END: u64 = 22 + 76;
    let room = |input: &Input| input.artifact.size + 2 * input.artifact.name.len() as u64 + EACH;
    let total = |inputs: &[&Input]| inputs.iter().map(|input| room(input)).sum::<u64>();
    let first = inputs.first().map(|input| input.from.as_str());
    let is_each = options.volume == Some(Volume::Each);
    let (each, shared): (Vec<&Input>, Vec<&Input>) =
        inputs.iter().partition(|input| is_each && Some(input.from.as_str()) == first);
    let files: Vec<Artifact> = if is_each {
        each.iter()
            .map(|input| Artifact::new("archive.zip", "", room(input) + total(&shared) + END))
            .collect()
    } else {
        vec![Artifact::new("archive.zip", "", total(&shared) + END)]
    };
    let read = inputs.iter().map(|input| input.artifact.size).sum();
    Forecast { read, files, exact: false, ..Forecast::default() }
}

pub(super) fn run(options: &Archive, job: &Job<'_>) -> Result<Output, StageError> {
    let base = options.base(job)?;
    let entries: Vec<Entry<'_>> = job.inputs().iter().enumerate().map(Entry::new).collect();
    let artifacts;
    let work = if options.volume == Some(Volume::Each) {
        let (each, shared) = apart(entries);
        let work = Work::new(options, job, size(&each) + work::readings(&shared, each.len()))?;
        let name = |number: usize| short_name(&base, number + 1, each.len());
        let names: Vec<String> = (0..each.len()).map(name).collect::<Result<_, _>>()?;
        artifacts = work.each(&names, &each, &shared)?;
        work
    } else {
        let work = Work::new(options, job, size(&entries))?;
        let (entries, extension) = match options.layout {
            Layout::Plain => (entries, "zip"),
            Layout::Epub => (epub::in_order(entries)?, "epub"),
        };
        artifacts = vec![work.archive(&format!("{base}.{extension}"), &entries)?];
        work
    };
    Ok(Output { artifacts, inputs: work.digests(), ..Output::default() })
}

/// The files of the first step, and those that go with each of them.
fn apart(entries: Vec<Entry<'_>>) -> (Vec<Entry<'_>>, Vec<Entry<'_>>) {
    let first = entries.first().map(|entry| entry.input.from.clone());
    entries.into_iter().partition(|entry| Some(&entry.input.from) == first.as_ref())
}

/// An 8.3 name with a running number: letters and digits of `base`, as many as leave room for the number.
fn short_name(base: &str, number: usize, count: usize) -> Result<String, StageError> {
    let digits = count.to_string().len().max(2);
    let letters: String =
        base.chars().filter(char::is_ascii_alphanumeric).take(SHORT.saturating_sub(digits)).collect();
    if letters.is_empty() {
        return Err(StageError::input(format!("no letter or digit of `{base}` is left for an 8.3 name"))
            .hint("set `base` to a template that gives some, such as `{{ title | ascii }}`"));
    }
    Ok(format!("{}{number:0digits$}.zip", letters.to_ascii_lowercase()))
}

#[cfg(test)]
mod pace_tests;
#[cfg(test)]
mod tests;
