//! Cuts samples: the first pages of books and comics, a minute of films.
//!
//! Books are cut by `formats`. Film is copied by `ffmpeg` where there is one, without encoding it anew; without it the
//! step says so and makes nothing.

mod film;

use std::io::BufReader;
use std::path::Path;

use engine::{Input, Job, OptionFault, Output, Site, Stage, StageError, Template};
use formats::archive::dos_time::DosTime;
use formats::name;
use formats::sample::{Amount, CutError, cut};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::files;

/// Makes a sample of each book, comic or film it takes; everything else is passed by.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sample {
    /// How many pages of a PDF or a comic, or documents of an EPUB in the order of reading. The default is 10 pages or 3
    /// documents.
    #[schemars(range(min = 1))]
    pages: Option<usize>,
    /// How many seconds of a film, from its middle.
    #[schemars(range(min = 1, max = 3600))]
    seconds: u32,
    /// The name of the file without its extension. The default is the release's name in lower case with `-sample`; of
    /// several samples, each has its number behind it.
    #[schemars(extend("x-path" = true))]
    file: Option<Template>,
}

impl Default for Sample {
    fn default() -> Self {
        Self { pages: None, seconds: 60, file: None }
    }
}

impl Stage for Sample {
    const NAME: &'static str = "sample";
    const ABOUT: &'static str = "cuts the first pages off books and a minute out of films";

    fn check(&self, _: &Site) -> Vec<OptionFault> {
        let mut faults = Vec::new();
        if self.pages == Some(0) {
            faults.push(OptionFault::new("pages", "a sample has at least one page"));
        }
        if !(1..=3_600).contains(&self.seconds) {
            faults.push(OptionFault::new("seconds", "a sample has 1 to 3600 seconds"));
        }
        faults
    }

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        let mut artifacts = Vec::new();
        let total = job.inputs().len() as u64;
        let many = job.inputs().iter().filter(|input| is_likely(&input.artifact.name)).count() > 1;
        for (done, input) in job.inputs().iter().enumerate() {
            job.check()?;
            let base = self.base(job, many.then_some(artifacts.len() + 1))?;
            let artifact = if film::is_film(&input.artifact.name) {
                film::cut(job, input, &base, self.seconds)?
            } else {
                self.book(job, input, &base)?
            };
            artifacts.extend(artifact);
            job.progress(done as u64 + 1, total, "files");
        }
        if artifacts.is_empty() && !job.inputs().iter().any(|input| film::is_film(&input.artifact.name)) {
            job.note("there is no book, comic or film to make a sample of");
        }
        Ok(Output { artifacts, ..Output::default() })
    }
}

impl Sample {
    /// The name of the sample without its extension.
    fn base(&self, job: &Job<'_>, number: Option<usize>) -> Result<String, StageError> {
        let base = match &self.file {
            Some(template) => job.render(template)?.trim().to_owned(),
            None => {
                format!("{}-sample", name::truncate(&job.release().unwrap_or("release").to_lowercase(), 230))
            }
        };
        Ok(number.map_or(base.clone(), |number| format!("{base}{number}")))
    }

    fn book(&self, job: &Job<'_>, input: &Input, base: &str) -> Result<Option<engine::Artifact>, StageError> {
        let name = &input.artifact.name;
        let amount = Amount { pages: self.pages.unwrap_or(10), documents: self.pages.unwrap_or(3) };
        let mut source = BufReader::new(files::open(&input.artifact.path)?);
        let cut = match cut(&mut source, amount, DosTime::from_unix(job.time())) {
            Ok(cut) => cut,
            Err(CutError::Format) => return Ok(None),
            Err(CutError::Large) => {
                job.note(format!("{name}: is too large to be cut, and gets no sample"));
                return Ok(None);
            }
            Err(error) => {
                return Err(StageError::new("input/unreadable", format!("`{name}` {error}"))
                    .hint("leave the step out (`sample: false`), or pick other files for it"));
            }
        };
        job.count_read(input.artifact.size);
        job.note(format!("{name}: {} of {} kept", cut.kept, cut.of));
        let file = with_extension(base, cut.extension);
        files::write(job, &file, &cut.bytes).map(Some)
    }
}

/// Whether a sample will be made of a file, by its name.
fn is_likely(name: &str) -> bool {
    let extension = extension(name);
    film::is_film(name) || ["epub", "pdf", "cbz"].contains(&extension.as_str())
}

/// The extension in lower case.
fn extension(name: &str) -> String {
    Path::new(name)
        .extension()
        .map(|extension| extension.to_string_lossy().to_lowercase())
        .unwrap_or_default()
}

/// A name with this extension, once.
fn with_extension(base: &str, extension: &str) -> String {
    let ending = format!(".{extension}");
    if base.to_lowercase().ends_with(&ending) { base.to_owned() } else { base.to_owned() + &ending }
}

#[cfg(test)]
mod tests;
