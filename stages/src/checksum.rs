//! Writes checksum files from digests that were taken while the files were written.

use std::collections::BTreeSet;

use engine::{Artifact, Forecast, Input, Job, OptionFault, Output, Site, Stage, StageError, Template};
use formats::checksum::{self, FORMATS, Line, Style};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::files;

/// Writes checksum files over everything the step takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checksum {
    /// Which file to write, or a list of them: `sfv`, `md5`, `sha1`, `sha256`, `sha512` or `blake3`.
    format: OneOrMore,
    /// How lines of sums are written: as `sha256sum` does (`gnu`), or with the algorithm in front (`bsd`).
    #[serde(default)]
    style: Lines,
    /// The name of the file. With several formats each gets its own extension behind it.
    #[serde(default)]
    #[schemars(extend("x-path" = true))]
    file: Option<Template>,
}

/// One format or a list of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// How lines of sums are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Lines {
    #[default]
    Gnu,
    Bsd,
}

impl Checksum {
    fn names(&self) -> &[String] {
        match &self.format {
            OneOrMore::One(name) => std::slice::from_ref(name),
            OneOrMore::More(names) => names,
        }
    }

    fn file_name(&self, job: &Job<'_>, extension: &str) -> Result<String, StageError> {
        let default = Template::new("{{ release | downcase }}");
        let base = job.render(self.file.as_ref().unwrap_or(&default))?;
        let whole = self.file.is_some() && self.names().len() == 1;
        Ok(if whole { base } else { format!("{base}.{extension}") })
    }
}

impl Checksum {
    /// A file's name as it reads from where the checksum file lies.
    fn name_beside(&self, job: &Job<'_>, name: &str) -> Result<String, StageError> {
        let Some(folder) = job.into() else { return Ok(name.to_owned()) };
        let inside = name.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
        inside.map(str::to_owned).ok_or_else(|| {
            StageError::input(format!("`{name}` does not lie in `{folder}`, where the checksum file goes"))
                .hint("a checksum file names files beside or below it: leave `into` out, or `pick` the files there")
        })
    }
}

impl Stage for Checksum {
    const NAME: &'static str = "checksum";
    const ABOUT: &'static str = "writes checksum files: SFV, MD5, SHA-1, SHA-256, SHA-512, BLAKE3";

    fn check(&self, _: &Site) -> Vec<OptionFault> {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        let unknown = self.names().iter().filter(|name| !known.contains(&name.as_str()));
        let mut faults: Vec<OptionFault> = unknown
            .map(|name| {
                OptionFault::new("format", format!("unknown checksum format `{name}`"))
                    .hint(format!("use one of: {}", known.join(", ")))
            })
            .collect();
        let twice = self
            .names()
            .iter()
            .enumerate()
            .filter(|(at, name)| self.names().iter().take(*at).any(|n| n == *name));
        faults.extend(twice.map(|(_, name)| OptionFault::new("format", format!("`{name}` is there twice"))));
        if self.names().is_empty() {
            faults.push(
                OptionFault::new("format", "names no format")
                    .hint(format!("use one of: {}", known.join(", "))),
            );
        }
        faults
    }

    fn wants(&self) -> BTreeSet<String> {
        let formats = self.names().iter().filter_map(|name| checksum::format(name));
        formats.map(|format| format.algorithm.to_owned()).collect()
    }

    fn forecast(&self, inputs: &[Input]) -> Forecast {
        let wanted = Stage::wants(self);
        let known = |input: &&Input| wanted.iter().all(|name| input.artifact.digests.get(name).is_some());
        let read = inputs.iter().filter(|input| !known(input)).map(|input| input.artifact.size).sum();
        let formats = self.names().iter().filter_map(|name| checksum::format(name));
        let files = formats.map(|format| {
            let digits = formats::digest::algorithm(format.algorithm).map_or(0, |algorithm| algorithm.digits);
            // A digest, a name, and what parts and ends them in the longest style.
            let line = |input: &Input| (digits + input.artifact.name.len() + 16) as u64;
            Artifact::new(format!("sums.{}", format.extension), "", inputs.iter().map(line).sum())
        });
        Forecast { read, files: files.collect(), exact: false, ..Forecast::default() }
    }

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        if job.inputs().is_empty() {
            return Err(StageError::input("there is nothing to sum")
                .hint("name steps that make files in `from`, and see what `pick` leaves of them"));
        }
        let wanted = Stage::wants(self);
        let total = job.inputs().iter().map(|input| input.artifact.size).sum();
        let mut done = 0;
        let mut sums = Vec::with_capacity(job.inputs().len());
        for input in job.inputs() {
            let digests = files::digests(job, &input.artifact, &wanted, |bytes| {
                done += bytes;
                job.progress(done, total, "bytes");
            })?;
            sums.push((self.name_beside(job, &input.artifact.name)?, digests));
        }
        let style = match self.style {
            Lines::Gnu => Style::Gnu,
            Lines::Bsd => Style::Bsd,
        };
        let mut artifacts = Vec::new();
        for format in self.names().iter().filter_map(|name| checksum::format(name)) {
            let lines: Vec<Line> = sums
                .iter()
                .map(|(name, digests)| Line {
                    name: name.clone(),
                    hex: digests.get(format.algorithm).unwrap_or_default().to_owned(),
                })
                .collect();
            let text = format.write(&lines, style).map_err(|error| StageError::input(error.to_string()))?;
            artifacts.push(files::write(job, &self.file_name(job, format.extension)?, &text)?);
        }
        Ok(Output { artifacts, ..Output::default() })
    }
}

#[cfg(test)]
mod tests;
