//! The seam behind which all work lies: a stage is its options struct.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{Artifact, Digest, Digests, Facts, Forecast, Input, Job, OptionFault, Site, StageError};

/// The code behind a step. The fields of the implementing struct are its options (`with`).
pub trait Stage: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// The name that manifests use, in kebab-case.
    const NAME: &'static str;
    /// One line for `bindery stages`.
    const ABOUT: &'static str;
    /// Raised whenever the same options and inputs would give other bytes.
    const VERSION: u32 = 1;
    /// Which pool it runs in.
    const LANE: Lane = Lane::Cpu;
    /// When in the life of a release it runs.
    const PHASE: Phase = Phase::Make;

    /// Faults that the types cannot express, found before anything runs.
    fn check(&self, site: &Site) -> Vec<OptionFault> {
        let _ = site;
        Vec::new()
    }

    /// The digests it wants to be given with its inputs, by algorithm.
    fn wants(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    /// What it will read and write, as far as the sizes of its inputs tell.
    fn forecast(&self, inputs: &[Input]) -> Forecast {
        let _ = inputs;
        Forecast::default()
    }

    /// Whether it reads every byte of its inputs and can take digests of them on the way ([`Job::wanted_of`]).
    fn carries(&self) -> bool {
        false
    }

    /// What it uses beside its options and inputs, such as a template of the user's: when one of them changes, the
    /// step runs again.
    fn assets(&self, site: &Site) -> Vec<Asset> {
        let _ = site;
        Vec::new()
    }

    /// Whether what it makes depends on the modification time of each of its inputs.
    fn minds_times(&self) -> bool {
        false
    }

    /// Whether it asks somebody outside, so that what it gives may differ from day to day.
    fn asks(&self) -> bool {
        Self::LANE == Lane::Net
    }

    /// Named pools whose depth it must respect, such as one for a destination.
    fn pools(&self) -> Vec<String> {
        Vec::new()
    }

    /// Does the work.
    fn run(&self, job: &Job<'_>) -> Result<Output, StageError>;
}

/// Something that a stage uses beside its options and inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// What it is, such as ``template `ebook` ``.
    pub name: String,
    /// The digest of its bytes.
    pub digest: Digest,
}

impl Asset {
    /// An asset with these bytes.
    pub fn new(name: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        Self { name: name.into(), digest: Digest::of(bytes.as_ref()) }
    }
}

/// Which pool a stage runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Uses a core, or the disk.
    Cpu,
    /// Waits for the network.
    Net,
}

/// When a stage runs: first all facts are gathered, then the release has its name, then its files are made, then it
/// appears under its final name, then it is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Finds facts; the release has no name yet.
    Gather,
    /// Makes files of the release.
    Make,
    /// Takes the finished release somewhere.
    Deliver,
}

impl Phase {
    /// The word shown in listings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Gather => "gather",
            Self::Make => "make",
            Self::Deliver => "deliver",
        }
    }
}

/// What a step gives to those that take from it.
#[derive(Debug, Default)]
pub struct Output {
    /// Files it made, in the order in which they belong.
    pub artifacts: Vec<Artifact>,
    /// Facts it found; they win over the ones it inherited.
    pub facts: Facts,
    /// What it could not find out although it tried, in a few words. Then it runs again the next time.
    pub unsettled: Option<String>,
    /// Digests it took of its inputs, in their order; none, or fewer than there are inputs, where it took none.
    pub inputs: Vec<Digests>,
}

/// A stage with its options, whatever its type.
pub trait AnyStage: Send + Sync {
    /// [`Stage::NAME`].
    fn name(&self) -> &'static str;
    /// [`Stage::VERSION`].
    fn version(&self) -> u32;
    /// [`Stage::LANE`], unless nobody is asked.
    fn lane(&self) -> Lane;
    /// [`Stage::PHASE`].
    fn phase(&self) -> Phase;
    /// [`Stage::check`].
    fn check(&self, site: &Site) -> Vec<OptionFault>;
    /// [`Stage::wants`].
    fn wants(&self) -> BTreeSet<String>;
    /// [`Stage::forecast`].
    fn forecast(&self, inputs: &[Input]) -> Forecast;
    /// [`Stage::carries`].
    fn carries(&self) -> bool;
    /// [`Stage::assets`].
    fn assets(&self, site: &Site) -> Vec<Asset>;
    /// [`Stage::minds_times`].
    fn minds_times(&self) -> bool;
    /// [`Stage::asks`].
    fn asks(&self) -> bool;
    /// [`Stage::pools`].
    fn pools(&self) -> Vec<String>;
    /// [`Stage::run`].
    fn run(&self, job: &Job<'_>) -> Result<Output, StageError>;
}

impl<S: Stage> AnyStage for S {
    fn name(&self) -> &'static str {
        S::NAME
    }
    fn version(&self) -> u32 {
        S::VERSION
    }
    fn lane(&self) -> Lane {
        if Stage::asks(self) { S::LANE } else { Lane::Cpu }
    }
    fn phase(&self) -> Phase {
        S::PHASE
    }
    fn check(&self, site: &Site) -> Vec<OptionFault> {
        Stage::check(self, site)
    }
    fn wants(&self) -> BTreeSet<String> {
        Stage::wants(self)
    }
    fn forecast(&self, inputs: &[Input]) -> Forecast {
        Stage::forecast(self, inputs)
    }
    fn carries(&self) -> bool {
        Stage::carries(self)
    }
    fn assets(&self, site: &Site) -> Vec<Asset> {
        Stage::assets(self, site)
    }
    fn minds_times(&self) -> bool {
        Stage::minds_times(self)
    }
    fn asks(&self) -> bool {
        Stage::asks(self)
    }
    fn pools(&self) -> Vec<String> {
        Stage::pools(self)
    }
    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        Stage::run(self, job)
    }
}
