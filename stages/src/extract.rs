//! Reads the facts that files hold about themselves.

mod chapters;
mod report;

use std::io::BufReader;
use std::path::Path;

use engine::{Artifact, Fact, Facts, Job, OptionFault, Output, Phase, Site, Stage, StageError};
use formats::name;
use formats::read::{self, Found, READERS};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::files;

/// Who says a fact that comes from the name of a file.
const NAME: &str = "name";

/// The facts that the name of a file may settle.
const FROM_NAMES: &[&str] = &[
    "authors",
    "season",
    "episode",
    "episodes",
    "episode_title",
    "part",
    "edition",
    "flags",
    "issue",
    "resolution",
    "series",
    "series_index",
    "service",
    "source_tag",
    "title",
    "video_codec_tag",
    "audio_tag",
    "volume",
    "year",
];

/// Reads title, authors, language and what else a file says about itself. Of several files the first one wins.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Extract {
    /// Which readers may be used. By default the content of each file decides.
    readers: Vec<String>,
    /// Saves the cover picture as a file for other steps.
    cover: bool,
    /// Saves the chapters of the first film that lists them, with times and names, as `chapters.txt` in the simple
    /// format that multiplexers read.
    chapters: bool,
    /// Adds the report of the program `mediainfo` about the first film as the fact `mediainfo_report`, when the program
    /// is there.
    report: bool,
}

impl Default for Extract {
    fn default() -> Self {
        Self { readers: Vec::new(), cover: false, chapters: false, report: true }
    }
}

impl Stage for Extract {
    const NAME: &'static str = "extract";
    const ABOUT: &'static str = "reads the facts that files hold about themselves";
    const PHASE: Phase = Phase::Gather;

    fn check(&self, _: &Site) -> Vec<OptionFault> {
        let known: Vec<&str> = READERS.iter().map(|reader| reader.name).collect();
        let unknown = self.readers.iter().filter(|name| !known.contains(&name.as_str()));
        unknown
            .map(|name| {
                OptionFault::new("readers", format!("there is no reader `{name}`"))
                    .hint(format!("the readers are {}", known.join(", ")))
            })
            .collect()
    }

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        let mut facts = Facts::new();
        let mut artifacts = Vec::new();
        let (mut covered, mut listed) = (false, false);
        let total = job.inputs().len() as u64;
        for (done, input) in job.inputs().iter().enumerate() {
            job.check()?;
            let artifact = &input.artifact;
            let named = from_name(artifact);
            let found = inspect(&artifact.path).map_err(with_a_way_on)?;
            if !self.readers.is_empty() && !self.readers.iter().any(|name| name == found.format) {
                continue;
            }
            for note in &found.notes {
                job.note(format!("{}: {note}", artifact.name));
            }
            if let Some(damage) = &found.damage {
                return Err(damaged(artifact, &damage.to_string()));
            }
            facts.underlay(&with_provenance(&found, artifact));
            if self.report && is_film(&found) && facts.value(REPORT).is_none() {
                add_report(&mut facts, artifact);
            }
            note_clashes(job, &facts, &named);
            facts.underlay(&named);
            if self.cover && !covered {
                artifacts.extend(cover(job, artifact)?);
                covered = !artifacts.is_empty();
            }
            if self.chapters && !found.chapters.is_empty() && !listed {
                artifacts.push(files::write(
                    job,
                    "chapters.txt",
                    chapters::simple(&found.chapters).as_bytes(),
                )?);
                listed = true;
            }
            job.progress(done as u64 + 1, total, "files");
        }
        Ok(Output { artifacts, facts, ..Output::default() })
    }
}

/// The facts of the file at `path`, by its content. A name that promises something else altogether is damage.
pub fn inspect(path: &Path) -> Result<Found, StageError> {
    let mut source = BufReader::new(files::open(path)?);
    let mut found = read::inspect(&mut source)
        .map_err(|error| StageError::new("input/unreadable", format!("`{}`: {error}", path.display())))?;
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    if found.damage.is_none() {
        found.damage = read::contradiction(&extension, &found);
    }
    Ok(found)
}

/// The facts of a file with their provenance: what it says of itself, and what its name says where it says nothing.
pub fn facts_of(path: &Path, name: &str) -> Result<Facts, StageError> {
    let artifact = Artifact::new(name, path, 0);
    let mut facts = with_provenance(&inspect(path)?, &artifact);
    facts.underlay(&from_name(&artifact));
    Ok(facts)
}

/// The fact that holds the text report about a film.
const REPORT: &str = "mediainfo_report";

fn is_film(found: &Found) -> bool {
    ["video", "audio"].iter().any(|tracks| found.facts.contains_key(*tracks))
}

fn add_report(facts: &mut Facts, artifact: &Artifact) {
    if let Some(report) = report::mediainfo(&artifact.path, &artifact.name) {
        facts.insert(REPORT, Fact::new(report, Extract::NAME, &artifact.name));
    }
}

fn damaged(artifact: &Artifact, what: &str) -> StageError {
    with_a_way_on(StageError::new("input/unreadable", format!("`{}` is damaged: {what}", artifact.name)))
}

fn with_a_way_on(error: StageError) -> StageError {
    if error.code == "input/unreadable" {
        return error.hint(
            "repair the file, or leave the step out (`extract: false`) and put the facts under `metadata:`",
        );
    }
    error
}

fn with_provenance(found: &Found, artifact: &Artifact) -> Facts {
    let mut facts: Facts = found
        .facts
        .iter()
        .map(|(name, value)| (name.clone(), Fact::new(value.clone(), Extract::NAME, &artifact.name)))
        .collect();
    if found.format != read::UNKNOWN {
        facts.insert("format", Fact::new(found.format, Extract::NAME, &artifact.name));
    }
    facts
}

/// Facts that the name of a file tells. They are the weakest: what a file says of itself wins over its name.
fn from_name(artifact: &Artifact) -> Facts {
    let parsed = name::parse(&artifact.name);
    // A name that fits no grammar is only a name: whatever looks like a year or an author in it is chance.
    if !matches!(parsed.kind, "comic" | "ebook" | "magazine" | "movie" | "tv") {
        return Facts::new();
    }
    let tagged = ["container", "resolution", "source_tag", "video_codec_tag"];
    if parsed.kind == "movie" && !tagged.iter().any(|tag| parsed.facts.contains_key(*tag)) {
        return Facts::new();
    }
    let offered = parsed.facts.into_iter().filter(|(fact, _)| FROM_NAMES.contains(&fact.as_str()));
    offered.map(|(fact, value)| (fact, Fact::new(value, NAME, &artifact.name))).collect()
}

/// Says where the name of a file and the file itself tell different things.
fn note_clashes(job: &Job<'_>, facts: &Facts, named: &Facts) {
    for (fact, by_name) in named.iter() {
        let Some(own) = facts.get(fact).filter(|own| own.from != NAME && own.at == by_name.at) else {
            continue;
        };
        if !alike(&own.value, &by_name.value) {
            job.note(format!(
                "{}: its name says {fact} {}, and the file {}, which wins",
                by_name.at, by_name.value, own.value
            ));
        }
    }
}

/// Whether two values are the same but for marks and capitals.
fn alike(one: &Value, other: &Value) -> bool {
    let plain = |value: &Value| -> String {
        value.to_string().chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    plain(one) == plain(other)
}

fn cover(job: &Job<'_>, artifact: &Artifact) -> Result<Option<Artifact>, StageError> {
    let mut source = BufReader::new(files::open(&artifact.path)?);
    let cover = read::cover(&mut source).map_err(|error| damaged(artifact, &error.to_string()))?;
    let Some(cover) = cover else { return Ok(None) };
    let extension = cover.media_type.rsplit('/').next().unwrap_or("img").trim_end_matches("+xml");
    files::write(job, &format!("cover.{extension}"), &cover.bytes).map(Some)
}

#[cfg(test)]
mod tests;
