//! `bindery nfo`: looks at the notes of releases. Each of its commands is a file, a `mod` line, a variant and a row.

pub mod show;

use clap::Subcommand;

use crate::exit::{Exit, Failure};
use crate::ui::Ui;

const AFTER: &str = "\
Examples:
  bindery nfo show release.nfo
  bindery nfo show file_id.diz --png diz.png";

/// Look at NFO, FILE_ID.DIZ and other notes
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER, subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(show::Args),
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    match &args.command {
        Command::Show(args) => show::run(args, ui),
    }
}
