//! Every command: a new one is a file, a `mod` line and a row.

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

use clap::{ArgMatches, FromArgMatches};

use crate::exit::{Exit, Failure};
use crate::ui::Ui;

/// One command.
pub struct Row {
    /// What it is called on the command line.
    pub name: &'static str,
    options: fn(clap::Command) -> clap::Command,
    run: fn(&ArgMatches, &Ui) -> Result<Exit, Failure>,
}

impl Row {
    /// The command with its options and its help.
    pub fn command(&self) -> clap::Command {
        (self.options)(clap::Command::new(self.name))
    }

    /// Does it.
    pub fn run(&self, matches: &ArgMatches, ui: &Ui) -> Result<Exit, Failure> {
        (self.run)(matches, ui)
    }
}

/// The row of a module whose `Args` are its options and whose `run` does it.
macro_rules! row {
    ($name:ident) => {
        row!($name, args => &args)
    };
    ($name:ident, owned) => {
        row!($name, args => args)
    };
    ($name:ident, $args:ident => $given:expr) => {
        Row {
            name: stringify!($name),
            options: <$name::Args as clap::Args>::augment_args,
            run: |matches, ui| {
                let $args = $name::Args::from_arg_matches(matches)
                    .map_err(|error| Failure::usage(error.to_string()))?;
                $name::run($given, ui)
            },
        }
    };
}

/// What Bindery can do, in the order in which it is listed.
pub const COMMANDS: &[Row] = &[
    row!(init),
    row!(check),
    row!(expand),
    row!(plan),
    row!(explain),
    row!(fetch),
    row!(lock, owned),
    row!(reproduce),
    row!(run, owned),
    row!(pack, owned),
    row!(batch, owned),
    row!(upload),
    row!(resume),
    row!(destinations),
    row!(inspect),
    row!(enrich),
    row!(providers),
    row!(verify),
    row!(stages),
    row!(kinds),
    row!(rules),
    row!(schema),
    row!(nfo),
    row!(templates),
    row!(completions),
    row!(man),
    row!(name),
];
