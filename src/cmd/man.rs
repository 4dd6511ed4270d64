//! `bindery man`: manual pages.

use std::fs;
use std::io;
use std::path::PathBuf;

use clap_mangen::Man;

use crate::args;
use crate::exit::{Exit, Failure};
use crate::ui::{Ui, words};

const AFTER: &str = "\
Examples:
  bindery man | man -l -
  bindery man ~/.local/share/man/man1";

/// Print the manual page, or write all pages to a folder
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The folder, which is made when it does not exist
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let mut command = args::whole();
    command.build();
    let Some(folder) = &args.folder else {
        let page = page(command).map_err(|error| failed(&error))?;
        ui.data(String::from_utf8_lossy(&page).trim_end())?;
        return Ok(Exit::Done);
    };
    fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let all: Vec<clap::Command> = command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
        .cloned()
        .chain([command.clone()])
        .collect();
    for command in all {
        let name = command.get_display_name().unwrap_or(command.get_name()).replace(' ', "-");
        let path = folder.join(format!("{name}.1"));
        let written = page(command).and_then(|page| fs::write(&path, page));
        written.map_err(|error| {
            Failure::new(
                Exit::Failed,
                format!("cannot write `{}`: {}", path.display(), words::reason(&error)),
            )
        })?;
        ui.data(&path.display().to_string())?;
    }
    Ok(Exit::Done)
}

fn page(command: clap::Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(page)
}

fn failed(error: &io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("cannot write the manual: {}", words::reason(error)))
}
