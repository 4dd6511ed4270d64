//! Plans, runs and reports a DAG of steps.
//!
//! A [`Plan`] exists only if it can run; [`run::Runner`] runs many of them in one pool and tells what happens as
//! [`Event`]s; a [`Report`] is the fold of the events. Knows no file format, no manifest syntax, no network and no
//! database, and never prints, reads the environment or asks the time: callers hand those in through [`World`].

mod artifact;
mod digest;
mod error;
mod event;
mod fact;
mod fixed;
mod forecast;
mod job;
mod outside;
mod plan;
mod reads;
mod registry;
mod report;
pub mod run;
mod stage;
mod stamp;
mod state;
pub mod template;
pub mod tree;
pub mod value;
mod why;
mod world;

pub use artifact::{Artifact, Digests};
pub use digest::Digest;
pub use error::{Code, StageError};
pub use event::{Event, FileProgress, Happening, Kept, Status};
pub use fact::{Candidate, Fact, Facts};
pub use forecast::{Forecast, forecast};
pub use job::{Input, Job, Span};
pub use outside::{Outside, Shared};
pub use plan::{
    From, Keep, Origin, Pick, Pinned, Plan, PlanFault, Retry, Shape, Source, Step, StepIndex, TimeRule,
};
pub use registry::{Kind, OptionFault, Registry};
pub use report::{ReleaseReport, Report, StepReport};
pub use run::{Cancel, Judgement, Leftovers, Runner, Selection, Sources, Workplace, judge, look_at_sources};
pub use stage::{AnyStage, Asset, Lane, Output, Phase, Stage};
pub use state::{Entries, Log, ReleaseKey, Store};
pub use template::{Condition, Language, Template};
pub use why::{Change, Why};
pub use world::{ReadSecret, SecretRef, Site, World};
