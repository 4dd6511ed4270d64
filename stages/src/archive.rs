//! Packs files into archives: the options all formats share, and the table of formats.
//!
//! Knows no format's bytes: those are in `formats`, and each file below joins one of them to a job.

mod rar;
mod rar4;
mod rar5;
mod seven_zip;
mod tar_gz;
mod tar_zst;
mod volumes;
mod whole;
mod zip;

use std::borrow::Cow;
use std::collections::BTreeSet;

use engine::value::Size;
use engine::{Forecast, Input, Job, OptionFault, Output, Site, Stage, StageError, Template};
use globset::{Glob, GlobSet, GlobSetBuilder};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// Packs everything the step takes into an archive.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// The format: `rar4` or `rar5` (stored, in volumes), `zip` (deflated), `7z`, `tar.gz` or `tar.zst`.
    format: String,
    /// The exact size of a volume (`rar4`, `rar5`), `auto` for the smallest of `sizes` that makes at most `most`
    /// volumes, or `each` (`zip`): an archive with an 8.3 name for every file of the
    /// first step in `from`, the files of the other steps in each of them.
    #[serde(default)]
    volume: Option<Volume>,
    /// The sizes that `volume: auto` may choose from; a size given as `volume` needs none. The default is the
    /// multiples of `50MB`.
    #[serde(default)]
    sizes: Option<Vec<Size>>,
    /// Most volumes that `volume: auto` may make. The default is 101.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10000))]
    most: Option<usize>,
    /// How RAR volumes are named: `x.rar`, `x.r00` … (`old`, the default of `rar4`) or `x.part1.rar` … (`part`, the
    /// default of `rar5`).
    #[serde(default)]
    naming: Option<Naming>,
    /// Name of the archive without its extension. The default is the release's name in lower case.
    #[serde(default)]
    #[schemars(extend("x-path" = true))]
    base: Option<Template>,
    /// How hard to compress: 0 to 9 for `zip`, `tar.gz` and `7z`, by default 6; 1 to 19 for `tar.zst`, by default 9.
    /// A 7z takes eleven times its dictionary of memory, which is 8 MiB at 6 and 64 MiB at 9.
    #[serde(default)]
    #[schemars(range(max = 19))]
    level: Option<u32>,
    /// Globs of files that are stored in a ZIP instead of compressed. The default is what is compressed already.
    #[serde(default)]
    store: Option<Vec<String>>,
    /// The system that a RAR says it was made on.
    #[serde(default)]
    host: Host,
    /// Keeps odd seconds in a RAR as the official packer does. Without it they are rounded down, as in a ZIP.
    #[serde(default)]
    extended_time: bool,
    /// What files in a RAR are checked with: `crc32`, or `blake2sp` (`rar5`).
    #[serde(default)]
    hash: Hash,
    /// What time files bear in the archive: the release's one time, or that of each file.
    #[serde(default)]
    times: Times,
    /// What the archive is: any files (`plain`), or an EPUB (`epub`), a ZIP called `.epub` whose first file is
    /// `mimetype`.
    #[serde(default)]
    layout: Layout,
}

/// How volumes come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Volume {
    Auto,
    Each,
    Size(u64),
}

impl<'de> Deserialize<'de> for Volume {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        match value.as_str() {
            Some("auto") => return Ok(Self::Auto),
            Some("each") => return Ok(Self::Each),
            _ => {}
        }
        let size: Size = serde_json::from_value(value).map_err(serde::de::Error::custom)?;
        Ok(Self::Size(size.bytes()))
    }
}

impl JsonSchema for Volume {
    fn schema_name() -> Cow<'static, str> {
        "Volume".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let size = generator.subschema_for::<Size>();
        json_schema!({ "anyOf": [{ "enum": ["auto", "each"] }, size], "x-expected": "a size such as `50MB`, `auto` or `each`" })
    }
}

/// How RAR volumes are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Naming {
    Old,
    Part,
}

/// The system that a RAR says it was made on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Host {
    #[default]
    Unix,
    Windows,
}

/// What files in a RAR are checked with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Hash {
    #[default]
    Crc32,
    Blake2sp,
}

/// What time files bear in the archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Times {
    #[default]
    Release,
    Source,
}

/// What an archive is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Layout {
    #[default]
    Plain,
    Epub,
}

/// One archive format and what it can be asked for.
struct Writer {
    name: &'static str,
    check: fn(&Archive) -> Vec<OptionFault>,
    wants: &'static [&'static str],
    /// Whether it gives digests of its inputs.
    carries: bool,
    forecast: fn(&Archive, &[Input]) -> Forecast,
    run: fn(&Archive, &Job<'_>) -> Result<Output, StageError>,
}

/// Every archive format that is written. A new one is a file, a `mod` line and a row.
const WRITERS: &[Writer] = &[
    Writer {
        name: "7z",
        check: seven_zip::check,
        wants: &[],
        carries: true,
        forecast: seven_zip::forecast,
        run: seven_zip::run,
    },
    Writer {
        name: "rar4",
        check: rar4::check,
        wants: &[],
        carries: true,
        forecast: rar4::forecast,
        run: rar4::run,
    },
    Writer {
        name: "rar5",
        check: rar5::check,
        wants: &[],
        carries: true,
        forecast: rar5::forecast,
        run: rar5::run,
    },
    Writer {
        name: "tar.gz",
        check: tar_gz::check,
        wants: &[],
        carries: true,
        forecast: whole::forecast,
        run: tar_gz::run,
    },
    Writer {
        name: "tar.zst",
        check: tar_zst::check,
        wants: &[],
        carries: true,
        forecast: whole::forecast,
        run: tar_zst::run,
    },
    Writer {
        name: "zip",
        check: zip::check,
        wants: &["crc32"],
        carries: true,
        forecast: zip::forecast,
        run: zip::run,
    },
];

impl Archive {
    fn writer(&self) -> Option<&'static Writer> {
        WRITERS.iter().find(|writer| writer.name == self.format)
    }

    fn base(&self, job: &Job<'_>) -> Result<String, StageError> {
        job.render(self.base.as_ref().unwrap_or(&Template::new("{{ release | downcase }}")))
    }

    /// Which files are stored.
    fn stored(&self) -> Result<GlobSet, globset::Error> {
        let mut set = GlobSetBuilder::new();
        let default = || STORED.iter().map(ToString::to_string).collect();
        for glob in self.store.clone().unwrap_or_else(default) {
            set.add(Glob::new(&glob)?);
        }
        set.build()
    }

    /// The time that a file bears in the archive, in seconds since 1970-01-01 UTC.
    fn seconds_of(&self, job: &Job<'_>, input: &Input) -> Result<i64, StageError> {
        // What a step made bears the time of this run, which no other run would repeat.
        if self.times == Times::Release || input.from != "source" {
            return Ok(job.time());
        }
        let path = &input.artifact.path;
        let modified = path.metadata().and_then(|found| found.modified());
        let modified = modified.map_err(|error| StageError::reading(path, &error))?;
        let seconds = modified.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Ok(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}

/// What is compressed already and would only take time.
const STORED: &[&str] = &[
    "*.rar",
    "*.[r-z][0-9][0-9]",
    "*.zip",
    "*.7z",
    "*.gz",
    "*.xz",
    "*.zst",
    "*.bz2",
    "*.epub",
    "*.cbz",
    "*.jpg",
    "*.jpeg",
    "*.png",
    "*.webp",
    "*.mkv",
    "*.mp4",
    "*.m4v",
    "*.webm",
    "*.avi",
    "*.mp3",
    "*.m4a",
    "*.ogg",
    "*.opus",
    "*.flac",
];

impl Stage for Archive {
    const NAME: &'static str = "archive";
    const ABOUT: &'static str =
        "packs files: RAR 4 and RAR 5 volumes (stored), ZIP (deflated), 7z, tar.gz, tar.zst";

    fn check(&self, _: &Site) -> Vec<OptionFault> {
        let Some(writer) = self.writer() else {
            let known: Vec<&str> = WRITERS.iter().map(|writer| writer.name).collect();
            return vec![
                OptionFault::new("format", format!("unknown archive format `{}`", self.format))
                    .hint(format!("use one of: {}", known.join(", "))),
            ];
        };
        let mut faults = (writer.check)(self);
        // What is usual is right, and making the matcher takes longer than all the rest of a test.
        let own = self.store.is_some().then(|| self.stored().err()).flatten();
        faults.extend(own.map(|error| OptionFault::new("store", error.to_string())));
        faults
    }

    fn wants(&self) -> BTreeSet<String> {
        self.writer().map(|writer| writer.wants.iter().map(ToString::to_string).collect()).unwrap_or_default()
    }

    fn forecast(&self, inputs: &[Input]) -> Forecast {
        self.writer().map(|writer| (writer.forecast)(self, inputs)).unwrap_or_default()
    }

    fn carries(&self) -> bool {
        self.writer().is_some_and(|writer| writer.carries)
    }

    fn minds_times(&self) -> bool {
        self.times == Times::Source
    }

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        if job.inputs().is_empty() {
            return Err(StageError::input("there is nothing to pack").hint(
                "name `source` or steps that make files in `from`, and see what `pick` leaves of them",
            ));
        }
        match self.writer() {
            Some(writer) => (writer.run)(self, job),
            None => Err(StageError::input(format!("unknown archive format `{}`", self.format))),
        }
    }
}

/// Turns a stop of the job into the error that a codec passes on unread.
fn go_on(job: &Job<'_>) -> std::io::Result<()> {
    job.check().map_err(|error| std::io::Error::other(error.message))
}
