//! Every command: a new one is a file, a `mod` line, a variant and a row.

mod batch;
mod check;
mod completions;
mod destinations;
mod enrich;
mod expand;
mod explain;
mod fetch;
mod init;
mod inspect;
mod kinds;
mod lock;
mod man;
mod name;
mod nfo;
mod pack;
mod plan;
mod providers;
mod reproduce;
mod resume;
mod rules;
mod run;
mod schema;
mod stages;
mod templates;
mod upload;
mod verify;

use clap::Subcommand;

use crate::exit::{Exit, Failure};
use crate::ui::Ui;

/// What Bindery can do. The options of a command are made when it is named: making those of all took longer than reading
/// a small file.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    Init(init::Args),
    Check(check::Args),
    Expand(expand::Args),
    Plan(plan::Args),
    Explain(explain::Args),
    Fetch(fetch::Args),
    Lock(lock::Args),
    Reproduce(reproduce::Args),
    Run(run::Args),
    Pack(pack::Args),
    Batch(batch::Args),
    Upload(upload::Args),
    Resume(resume::Args),
    Destinations(destinations::Args),
    Inspect(inspect::Args),
    Enrich(enrich::Args),
    Providers(providers::Args),
    Verify(verify::Args),
    Stages(stages::Args),
    Kinds(kinds::Args),
    Rules(rules::Args),
    Schema(schema::Args),
    Nfo(nfo::Args),
    Templates(templates::Args),
    Completions(completions::Args),
    Man(man::Args),
    Name(name::Args),
}

impl Command {
    /// Does it.
    pub fn run(self, ui: &Ui) -> Result<Exit, Failure> {
        match self {
            Self::Init(args) => init::run(&args, ui),
            Self::Check(args) => check::run(&args, ui),
            Self::Expand(args) => expand::run(&args, ui),
            Self::Plan(args) => plan::run(&args, ui),
            Self::Explain(args) => explain::run(&args, ui),
            Self::Fetch(args) => fetch::run(&args, ui),
            Self::Lock(args) => lock::run(args, ui),
            Self::Reproduce(args) => reproduce::run(&args, ui),
            Self::Run(args) => run::run(args, ui),
            Self::Pack(args) => pack::run(args, ui),
            Self::Batch(args) => batch::run(args, ui),
            Self::Upload(args) => upload::run(&args, ui),
            Self::Resume(args) => resume::run(&args, ui),
            Self::Destinations(args) => destinations::run(&args, ui),
            Self::Inspect(args) => inspect::run(&args, ui),
            Self::Enrich(args) => enrich::run(&args, ui),
            Self::Providers(args) => providers::run(&args, ui),
            Self::Verify(args) => verify::run(&args, ui),
            Self::Stages(args) => stages::run(&args, ui),
            Self::Kinds(args) => kinds::run(&args, ui),
            Self::Rules(args) => rules::run(&args, ui),
            Self::Schema(args) => schema::run(&args, ui),
            Self::Nfo(args) => nfo::run(&args, ui),
            Self::Templates(args) => templates::run(&args, ui),
            Self::Completions(args) => completions::run(&args, ui),
            Self::Man(args) => man::run(&args, ui),
            Self::Name(args) => name::run(&args, ui),
        }
    }
}
